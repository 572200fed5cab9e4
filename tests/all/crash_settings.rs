//! Settings of two own devices, and the power that goes before every deed: nothing that was set is lost, both come to
//! the same, and no device writes two entries of one number.

use std::collections::BTreeSet;

use support::TestRng;
use support::crash::{Flaw, Keeping, Script, Stop, World, install, install_settings};
use support::home::Home;

const PHONE: usize = 0;
const LAPTOP: usize = 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    MakeKey,
    /// Reads letters.
    Read,
    Set(&'static str, &'static str),
    /// Takes what the server has.
    Take,
    /// Tells the other device what is here.
    Tell,
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (PHONE, Act::MakeKey),
        (LAPTOP, Act::Read),
        // At the same time, and two in a row, where a late tab would write the same number.
        (LAPTOP, Act::Set("theme", "light")),
        (PHONE, Act::Set("theme", "dark")),
        (PHONE, Act::Set("sound", "off")),
        (PHONE, Act::Take),
        (PHONE, Act::Tell),
        (LAPTOP, Act::Read),
        (LAPTOP, Act::Take),
        // A new key, and an entry under it.
        (LAPTOP, Act::MakeKey),
        (LAPTOP, Act::Set("sound", "on")),
        (PHONE, Act::Read),
        (PHONE, Act::Take),
        (LAPTOP, Act::Tell),
        (PHONE, Act::Read),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(2, keeping, flaw);
    let home = Home::new(1, 2, &mut TestRng::new(97));
    for (app, client) in world.apps.iter_mut().zip(home.clients) {
        install(app, client);
        install_settings(app);
    }
    world.publish_list(PHONE).unwrap();
    for who in [PHONE, LAPTOP] {
        world.publish_bundle(who).unwrap();
    }
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::MakeKey => world.make_settings_key(who),
        Act::Read => world.read_all(who, |world, mail| world.read_beside(who, mail)),
        Act::Set(name, value) => world.set(who, name, value),
        Act::Take => world.take_entries(who),
        Act::Tell => world.tell_heads(who),
    }
}

fn end(world: &mut World) -> Result<(), Stop> {
    let entries: BTreeSet<_> = world.entries().into_iter().collect();
    let [phone, laptop] = [PHONE, LAPTOP]
        .map(|app| &world.apps[app].memory.settings.values().next().expect("they are there").state);
    let numbers: BTreeSet<_> = entries
        .iter()
        .map(|entry| phone.head_of(entry).map(|head| (head.device, head.number)))
        .collect::<Result<_, _>>()?;
    if numbers.len() != 4 || entries.len() != 4 {
        return Stop::trouble(format!("{} entries of {} numbers", entries.len(), numbers.len()));
    }
    for app in &world.apps {
        let seen: BTreeSet<_> = app.eye.iter().collect();
        if seen.is_empty() || seen.len() != app.eye.len() {
            return Stop::trouble(format!("{:?} were shown", app.eye));
        }
    }
    let shown = [phone, laptop].map(|settings| {
        settings.iter().map(|(setting, value)| (setting, value.to_vec())).collect::<Vec<_>>()
    });
    let is_complete = phone.withheld().next().is_none() && laptop.withheld().next().is_none();
    if shown[0] != shown[1] || shown[0].len() != 2 || !is_complete {
        return Stop::trouble(format!("{shown:?} are set"));
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_settings_come_to_the_same() {
    SCRIPT.survives_every_cut(40);
}

#[test]
fn power_that_goes_again_writes_no_second_entry_of_a_number() {
    SCRIPT.survives_a_second_cut(40);
}

#[test]
fn settings_without_one_of_the_safeguards_are_caught() {
    SCRIPT.needs_every_safeguard();
}

#[test]
fn of_two_tabs_the_late_one_sets_nothing() {
    SCRIPT.survives_two_tabs(5);
}

#[test]
fn settings_from_a_backup_are_refused() {
    SCRIPT.survives_backups(10);
}

//! A group of three, and the power that goes before every deed: all agree on who is in, every text of a member is shown
//! once, and none of who was removed.

use support::crash::{App, Flaw, Keeping, Script, Stop, World, install};
use support::{TestRng, client};

const FOUNDER: usize = 0;
const SECOND: usize = 1;
const THIRD: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Act {
    Found(usize),
    Read,
    Say(&'static str),
    Add(usize),
    Remove(usize),
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (FOUNDER, Act::Found(SECOND)),
        (SECOND, Act::Read),
        (SECOND, Act::Say("1")),
        (FOUNDER, Act::Add(THIRD)),
        (FOUNDER, Act::Read),
        (SECOND, Act::Read),
        (THIRD, Act::Read),
        (FOUNDER, Act::Remove(SECOND)),
        // Said before it is known to be out.
        (SECOND, Act::Say("2")),
        (THIRD, Act::Read),
        (FOUNDER, Act::Read),
        (SECOND, Act::Read),
        (THIRD, Act::Say("3")),
        (FOUNDER, Act::Read),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(3, keeping, flaw);
    let mut rng = TestRng::new(96);
    for (app, name) in world.apps.iter_mut().zip(1..) {
        install(app, client(name, &mut rng));
    }
    for who in [FOUNDER, SECOND, THIRD] {
        world.publish_list(who).unwrap();
        world.publish_bundle(who).unwrap();
    }
    for who in [FOUNDER, SECOND, THIRD] {
        for of in [FOUNDER, SECOND, THIRD].into_iter().filter(|of| *of != who) {
            world.learn(who, of).unwrap();
        }
    }
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Found(with) => world.found_group(who, with),
        Act::Read => world.read_all(who, |world, mail| world.read_beside(who, mail)),
        Act::Say(text) => world.say_in_group(who, text),
        Act::Add(of) => world.change_group(who, of, true),
        Act::Remove(of) => world.change_group(who, of, false),
    }
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [FOUNDER, SECOND, THIRD].map(|app| world.apps[app].eye.clone());
    let texts = |texts: &[&str]| -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
    };
    if read != [texts(&["1", "3"]), texts(&[]), texts(&[])] {
        return Stop::trouble(format!("{read:?} were shown"));
    }
    let state = |app: &App| app.memory.groups.values().next().map(|kept| kept.state.state());
    let states = world.apps.iter().map(state).collect::<Vec<_>>();
    if states.iter().any(|state| state.is_none() || *state != states[0]) {
        return Stop::trouble(format!("{states:?}"));
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_all_agree_on_who_is_in_a_group() {
    SCRIPT.survives_every_cut(40);
}

#[test]
fn of_two_tabs_the_late_one_changes_no_group() {
    SCRIPT.survives_two_tabs(5);
}

#[test]
fn a_group_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}

//! Clients that write to all devices of an account and their own, and the power that goes before
//! every deed: between planning, fetching bundles and sealing too.

use latchstring::client::{MessageId, Repair, To};
use support::crash::{Flaw, Keeping, Script, Stop, World, install};
use support::home::Home;
use support::{NOW, TestRng};

/// Two devices of one account, and one of another.
const PHONE: usize = 0;
const LAPTOP: usize = 1;
const BOB: usize = 2;

/// Longer than what is sealed for each device.
const LONG: usize = 5000;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// The newest list of an app's account.
    Learn(usize),
    Replenish,
    Rotate,
    /// An hour that passes.
    Tick,
    /// A text of this length, to the other account and to the own devices.
    Write(usize),
    Read,
    /// The server loses what has waited longest for the app.
    Lose,
    /// Asks an app for the text of this length, which was lost.
    AskFor(usize, usize),
    /// Seals it again for an app.
    Resend(usize, usize),
    /// Tells the own devices what was read.
    ReportSeen,
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (BOB, Act::Replenish),
        (LAPTOP, Act::Replenish),
        (PHONE, Act::Learn(BOB)),
        (LAPTOP, Act::Learn(BOB)),
        (BOB, Act::Learn(PHONE)),
        (PHONE, Act::Write(1)),
        (LAPTOP, Act::Read),
        (BOB, Act::Read),
        (PHONE, Act::Write(2)),
        (BOB, Act::Write(3)),
        (PHONE, Act::Read),
        (LAPTOP, Act::Write(LONG)),
        (BOB, Act::Lose),
        (BOB, Act::Read),
        (BOB, Act::AskFor(PHONE, 2)),
        (PHONE, Act::Read),
        (PHONE, Act::Resend(BOB, 2)),
        (BOB, Act::Rotate),
        (LAPTOP, Act::ReportSeen),
        (LAPTOP, Act::Read),
        (BOB, Act::Tick),
        (BOB, Act::Read),
        (BOB, Act::Write(4)),
        (LAPTOP, Act::Read),
        (PHONE, Act::Read),
        (LAPTOP, Act::Write(5)),
        (BOB, Act::Read),
        (PHONE, Act::Read),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(3, keeping, flaw);
    let mut rng = TestRng::new(99);
    let homes = [Home::new(1, 2, &mut rng), Home::new(2, 1, &mut rng)];
    let clients = homes.into_iter().flat_map(|home| home.clients);
    for (app, client) in world.apps.iter_mut().zip(clients) {
        install(app, client);
    }
    world.publish_list(PHONE).unwrap();
    world.publish_list(BOB).unwrap();
    for who in [PHONE, LAPTOP, BOB] {
        world.publish_bundle(who).unwrap();
    }
    world
}

fn content(length: usize) -> Vec<u8> {
    vec![u8::try_from(length % 251).unwrap(); length]
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Learn(of) => world.learn(who, of),
        Act::Replenish => world.replenish(who),
        Act::Rotate => {
            let now = world.now;
            world.move_client(who, |client, rng| Ok(client.rotate(now, rng)), |_, _| {})?;
            world.publish_bundle(who)
        }
        Act::Tick => {
            let at = NOW + 2 * 3600;
            world.move_client(who, |client, _| Ok(client.expire(at)), |_, _| {}).map(drop)
        }
        Act::Write(length) => {
            let other = if who == BOB { PHONE } else { BOB };
            let to = To::Account(world.address(other).account);
            world.write(who, &content(length), |client, now| client.plan(to, now))
        }
        Act::Read => world.read_all(who, |world, mail| world.read_letter(who, mail)),
        Act::Lose => {
            // Also what came of it a second time.
            let lost = world.mail[who].pop_front().unwrap();
            world.mail[who].retain(|mail| mail.bytes != lost.bytes);
            Ok(())
        }
        Act::AskFor(from, length) => {
            let (from, id) = (world.address(from), id_of(world, length));
            world.write(who, b"", |client, now| client.request_resend(from, id, now))
        }
        Act::Resend(to, length) => {
            let (to, id) = (world.address(to), id_of(world, length));
            world.write(who, &content(length), |client, now| {
                client.plan_repair(&Repair::Resend { to, id }, now)
            })
        }
        Act::ReportSeen => {
            world.write(who, b"", |client, now| client.plan_repair(&Repair::SeenReport, now))
        }
    }
}

/// Returns the id of the text of this length.
fn id_of(world: &World, length: usize) -> MessageId {
    MessageId(world.published(&format!("id/{length}"))[0].clone().try_into().unwrap())
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [PHONE, LAPTOP, BOB].map(|app| world.apps[app].inbox());
    let read = read.map(|inbox| inbox.iter().map(Vec::len).collect::<Vec<_>>());
    let expected = [vec![3, LONG, 4, 5], vec![1, 2, 3, 4], vec![1, LONG, 2, 5]];
    if read != expected || world.apps.iter().any(|app| app.eye != app.inbox()) {
        return Stop::trouble(format!("{read:?} were read"));
    }
    // Whatever comes again is known.
    for (who, mail) in world.read.clone() {
        let before = world.apps[who].memory.bytes();
        world.read_letter(who, &mail)?;
        if world.apps[who].memory.bytes() != before {
            return Stop::trouble("a letter was read again");
        }
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_every_letter_is_read_once_on_every_device() {
    SCRIPT.survives_every_cut(100);
}

#[test]
fn power_that_goes_again_while_a_client_recovers_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(100);
}

#[test]
fn of_two_processes_the_late_one_loads_again_and_no_letter_is_lost() {
    SCRIPT.survives_two_tabs(10);
}

#[test]
fn a_client_is_refused_as_it_was_before_any_step() {
    SCRIPT.survives_backups(20);
}

#[test]
fn a_client_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}

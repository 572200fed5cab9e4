//! Two devices and their sessions, and the power that goes before every deed of their lives: before
//! a commit, before an outer anchor moves, before a message leaves or is shown, before it is
//! acknowledged.

use latchstring::Error;
use latchstring::session::{
    Accepted, Account, AccountId, Bundle, Device, OneTimePrekey, Role, Served, Session, Stock,
};
use latchstring::storage::Pending;
use support::crash::{App, Flaw, Keeping, Kept, Mail, Script, Stop, World, only};
use support::{NOW, TestRng, ids_of, one_time_prekeys};

const DAY: u64 = 86_400;
const MESSAGE: u8 = 1;

/// The initiator of all sessions, and who accepts them.
const ADA: usize = 0;
const BOB: usize = 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Publishes one-time prekeys if the server has few.
    Replenish,
    /// New signed prekeys.
    Rotate,
    /// Erases what is past its time, after so many days.
    Expire(u64),
    /// A session, saved with its first message sealed.
    Begin(u8),
    /// A session, saved before anything is sealed in it.
    BeginBare,
    /// A message in the newest session.
    Write(u8),
    Read,
    /// The server gives out the newest first.
    ReadBackwards,
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (BOB, Act::Replenish),
        (ADA, Act::Begin(1)),
        (ADA, Act::Write(2)),
        (BOB, Act::Read),
        (BOB, Act::Write(3)),
        (BOB, Act::Write(4)),
        (BOB, Act::Write(5)),
        (ADA, Act::ReadBackwards),
        (ADA, Act::Write(6)),
        (BOB, Act::Rotate),
        (BOB, Act::Read),
        (BOB, Act::Write(7)),
        (BOB, Act::Write(8)),
        (ADA, Act::BeginBare),
        (ADA, Act::Read),
        (ADA, Act::Write(9)),
        (BOB, Act::Read),
        (BOB, Act::Write(10)),
        (ADA, Act::Read),
        (BOB, Act::Expire(40)),
        (BOB, Act::Replenish),
        (ADA, Act::Write(11)),
        (BOB, Act::Read),
    ],
    act,
    check,
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(2, keeping, flaw);
    for (name, app) in (1..).zip(&mut world.apps) {
        let account = Account::generate(AccountId([name; 32]), &mut app.rng);
        let device = Device::generate(&account, NOW, &mut app.rng);
        let mut transaction = app.begin();
        let kept = Kept::new(&mut transaction, "device/own", device, &mut app.rng).unwrap();
        app.memory.devices.insert("device/own".to_owned(), kept);
        app.finish(transaction, &mut world.mail).unwrap();
    }
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Replenish => replenish(world, who),
        Act::Rotate => {
            move_device(world, who, |device, rng| Ok(device.rotate(NOW, rng)))?;
            publish_bundle(world, who)
        }
        Act::Expire(days) => {
            move_device(world, who, |device, _| Ok(device.expire(NOW + days * DAY)))
        }
        Act::Begin(text) => begin_session(world, who, Some(text)),
        Act::BeginBare => begin_session(world, who, None),
        Act::Write(text) => write(world, who, text),
        Act::Read => world.read_all(who, |world, mail| read(world, who, mail)),
        Act::ReadBackwards => world.read_backwards(who, |world, mail| read(world, who, mail)),
    }
}

/// Keys that were saved and not published are not missed: the server still has few.
fn replenish(world: &mut World, who: usize) -> Result<(), Stop> {
    publish_bundle(world, who)?;
    let (served, taken) = (ids_of(world.published("one-time")), ids_of(world.taken("one-time")));
    move_device(world, who, |device, _| Ok(device.note_published(taken, NOW)))?;
    let app = &mut world.apps[who];
    let device = only(&mut app.memory.devices)?;
    let bundle = Some(device.state.bundle().id());
    if !device.state.tasks(&Served { bundle, one_time: Stock::Ids(&served) }, NOW).replenish {
        return Ok(());
    }
    let mut transaction = app.disk.begin();
    let keys = device
        .step(&mut transaction, &mut app.rng, |device, rng| Ok(device.replenish(NOW, rng)))?;
    let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).collect();
    let keys = keys.iter().map(OneTimePrekey::encode);
    if world.apps[who].disk.flaw == Some(Flaw::SendsFirst) {
        world.upload("one-time", keys)?;
        let World { apps, mail, .. } = world;
        return apps[who].finish(transaction, mail);
    }
    let World { apps, mail, .. } = world;
    apps[who].finish(transaction, mail)?;
    world.upload("one-time", keys)?;
    move_device(world, who, |device, _| Ok(device.note_published(ids, NOW)))
}

fn publish_bundle(world: &mut World, who: usize) -> Result<(), Stop> {
    let bundle = only(&mut world.apps[who].memory.devices)?.state.bundle();
    world.publish("bundle", vec![bundle.encode()])?;
    move_device(world, who, |device, _| Ok(device.note_published([bundle.id()], NOW)))
}

/// Moves a device on, without marking it as done: to do it twice does no harm.
fn move_device<T>(
    world: &mut World,
    who: usize,
    step: impl for<'a> FnOnce(&'a mut Device, &mut TestRng) -> Result<Pending<'a, Device, T>, Error>,
) -> Result<(), Stop> {
    let World { apps, mail, .. } = world;
    let app = &mut apps[who];
    let mut transaction = app.begin();
    only(&mut app.memory.devices)?.step(&mut transaction, &mut app.rng, step)?;
    app.finish(transaction, mail)
}

fn begin_session(world: &mut World, who: usize, text: Option<u8>) -> Result<(), Stop> {
    let bundle = Bundle::decode(&world.published("bundle")[0])?;
    // The server gives each out once, also if it is never used.
    let one_time = world.board.get_mut("one-time").and_then(Vec::pop).unwrap();
    let bundle = bundle.attach(OneTimePrekey::decode(&one_time)?)?;
    let World { apps, mail, step, .. } = world;
    let app = &mut apps[who];
    let mut transaction = app.begin();
    let device = &only(&mut app.memory.devices)?.state;
    let mut session = device.initiate(&bundle, NOW, &mut app.rng)?;
    if let Some(text) = text {
        transaction.send(BOB, MESSAGE, session.encrypt(&[text], &mut app.rng)?);
    }
    let name = format!("session/{}", app.memory.sessions.len());
    let kept = Kept::new(&mut transaction, &name, session, &mut app.rng)?;
    transaction.done(*step);
    app.memory.sessions.insert(name, kept);
    app.finish(transaction, mail)
}

fn write(world: &mut World, who: usize, text: u8) -> Result<(), Stop> {
    let World { apps, mail, step, .. } = world;
    let app = &mut apps[who];
    let mut transaction = app.begin();
    let Some(mut session) = app.memory.sessions.last_entry() else {
        return Stop::trouble("there is no session");
    };
    let message = session.get_mut().step(&mut transaction, &mut app.rng, |session, rng| {
        session.stage_send().seal(&[text], rng)
    })?;
    transaction.send(1 - who, MESSAGE, message);
    transaction.done(*step);
    app.finish(transaction, mail)
}

fn read(world: &mut World, who: usize, mail: &Mail) -> Result<(), Stop> {
    let World { apps, mail: mails, .. } = world;
    let app = &mut apps[who];
    for session in app.memory.sessions.values_mut() {
        match session.state.open(&mail.bytes).map(drop) {
            Ok(()) => {
                let mut transaction = app.disk.begin();
                let opened = session
                    .step(&mut transaction, &mut app.rng, |session, _| session.open(&mail.bytes))?;
                transaction.show(&opened.content);
                return app.finish(transaction, mails);
            }
            // Read before the power went.
            Err(Error::Duplicate) => return Ok(()),
            // Of another session.
            Err(Error::Forged | Error::WrongPeer) => {}
            Err(error) => return Err(error.into()),
        }
    }
    accept(app, mails, &mail.bytes)
}

fn accept(
    app: &mut App,
    mails: &mut [std::collections::VecDeque<Mail>],
    first: &[u8],
) -> Result<(), Stop> {
    let device = only(&mut app.memory.devices)?;
    if device.state.accept(first, NOW).err() == Some(Error::Replay) {
        return Ok(());
    }
    let mut transaction = app.disk.begin();
    let Accepted { session, opened } =
        device.step(&mut transaction, &mut app.rng, |device, _| device.accept(first, NOW))?;
    let name = format!("session/{}", app.memory.sessions.len());
    let kept = Kept::new(&mut transaction, &name, session, &mut app.rng)?;
    transaction.show(&opened.content);
    app.memory.sessions.insert(name, kept);
    app.finish(transaction, mails)
}

/// Checks that each one-time prekey is there, or in the session that it began.
fn check(app: &App) -> Result<(), Stop> {
    let Some(device) = app.memory.devices.values().next() else { return Ok(()) };
    let began =
        |session: &&Session| session.role() == Role::Responder && session.used_one_time_prekey();
    let used = app.memory.sessions.values().map(|kept| &kept.state).filter(began).count();
    if (one_time_prekeys(&device.state) + used).is_multiple_of(50) {
        return Ok(());
    }
    Stop::trouble("a one-time prekey is gone without its session")
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [ADA, BOB].map(|app| world.apps[app].inbox().concat());
    let expected = [vec![5, 4, 3, 7, 8, 10], vec![1, 2, 6, 9, 11]];
    if read != expected || world.apps.iter().any(|app| app.eye != app.inbox()) {
        return Stop::trouble(format!("{read:?} were read"));
    }
    // Whatever comes again is known.
    for (who, mail) in world.read.clone() {
        let before = world.apps[who].memory.bytes();
        read_again(world, who, &mail)?;
        if world.apps[who].memory.bytes() != before {
            return Stop::trouble("a message was read again");
        }
    }
    Ok(())
}

fn read_again(world: &mut World, who: usize, mail: &Mail) -> Result<(), Stop> {
    match read(world, who, mail) {
        Err(Stop::Refused(Error::UnknownPrekey)) => Ok(()),
        other => other,
    }
}

#[test]
fn wherever_the_power_goes_everything_is_read_once_however_states_are_kept() {
    SCRIPT.survives_every_cut(90);
}

#[test]
fn power_that_goes_again_while_the_app_recovers_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(90);
}

#[test]
fn of_two_tabs_the_late_one_loads_again_and_nothing_happens_twice() {
    SCRIPT.survives_two_tabs(10);
}

#[test]
fn a_device_and_its_sessions_are_refused_as_they_were_before_any_step() {
    SCRIPT.survives_backups(20);
}

#[test]
fn an_app_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}

//! A companion that is linked and removed, and the power that goes before every deed of the
//! primary, the new device and a friend: no list is signed twice for one epoch, no link is half
//! made.

use latchstring::Error;
use latchstring::client::{
    Address, Client, LinkingDigits, LinkingPurpose, LinkingRequest, NewDevice, To,
};
use latchstring::session::{Account, AccountId};
use latchstring::storage::Pending;
use support::crash::{
    Flaw, Keeping, Kept, LETTER, Mail, Script, Stop, Transaction, World, install, only,
};
use support::linking::show_own_list;
use support::{TestRng, restored, started};

pub(super) const PRIMARY: usize = 0;
pub(super) const COMPANION: usize = 1;
pub(super) const BOB: usize = 2;

const OFFER: u8 = 10;
const ACCEPTANCE: u8 = 11;
const BRIEFING: u8 = 12;

/// The notes that the primary's app gives the new device beside all else.
const NOTES: &[u8] = b"settings";

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// The new device shows its code.
    Show,
    /// It does so, and is to be the primary.
    ShowPrimary,
    /// The primary approves what the code says.
    Approve,
    /// The primary shows its digits, which the user of the new device reads.
    ShowDigits,
    /// Offers, acceptances, briefings and letters.
    Read,
    /// Prekeys without one-time prekeys.
    Publish,
    PublishList,
    /// The newest list of an app's account.
    Learn(usize),
    Renew,
    /// The companion is removed.
    Remove,
    /// A text of this length, to the other account and to the own devices.
    Write(usize),
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (PRIMARY, Act::Learn(BOB)),
        (BOB, Act::Learn(PRIMARY)),
        (PRIMARY, Act::Write(1)),
        (BOB, Act::Read),
        (COMPANION, Act::Show),
        (PRIMARY, Act::Approve),
        (PRIMARY, Act::ShowDigits),
        (COMPANION, Act::Read),
        (PRIMARY, Act::Read),
        (PRIMARY, Act::PublishList),
        (COMPANION, Act::Read),
        (COMPANION, Act::Learn(PRIMARY)),
        (COMPANION, Act::Learn(BOB)),
        (COMPANION, Act::Publish),
        (BOB, Act::Learn(PRIMARY)),
        (BOB, Act::Write(2)),
        (PRIMARY, Act::Read),
        (COMPANION, Act::Read),
        (COMPANION, Act::Write(3)),
        (PRIMARY, Act::Read),
        (BOB, Act::Read),
        (PRIMARY, Act::Renew),
        (COMPANION, Act::Learn(PRIMARY)),
        (BOB, Act::Learn(PRIMARY)),
        (PRIMARY, Act::Remove),
        (PRIMARY, Act::PublishList),
        (BOB, Act::Learn(PRIMARY)),
        (COMPANION, Act::Learn(PRIMARY)),
        (BOB, Act::Write(4)),
        (PRIMARY, Act::Read),
    ],
    act,
    check: |_| Ok(()),
    end,
};

pub(super) fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(3, keeping, flaw);
    let mut rng = TestRng::new(99);
    for (name, who) in [(1, PRIMARY), (2, BOB)] {
        let account = Account::generate(AccountId([name; 32]), &mut rng);
        let app = &mut world.apps[who];
        install(app, Client::create(&account, world.now, &mut rng));
        let mut transaction = app.begin();
        let name = "account/own";
        let kept = Kept::new(&mut transaction, name, account, &mut app.rng).unwrap();
        app.memory.accounts.insert(name.to_owned(), kept);
        app.finish(transaction, &mut []).unwrap();
        world.publish_list(who).unwrap();
        world.publish_bundle(who).unwrap();
    }
    world
}

pub(super) fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Show => show_code(world, who, LinkingPurpose::Companion),
        Act::ShowPrimary => show_code(world, who, LinkingPurpose::Primary),
        Act::Approve => approve(world, who),
        Act::ShowDigits => show_digits(world, who),
        Act::Read => world.read_all(who, |world, mail| match mail.tag {
            OFFER => accept(world, who, mail),
            ACCEPTANCE => admit(world, who, mail),
            BRIEFING => begin_client(world, who, mail),
            _ => world.read_letter(who, mail),
        }),
        Act::Publish => world.publish_bundle(who),
        Act::PublishList => world.publish_list(who),
        Act::Learn(of) => world.learn(who, of),
        Act::Renew => {
            let (account, now) = (account(world, who)?, world.now);
            relist(world, who, |client| client.renew(&account, now), |_, ()| {})?;
            world.publish_list(who)
        }
        Act::Remove => {
            let companion = world.address(COMPANION).device;
            let (account, now) = (account(world, who)?, world.now);
            relist(world, who, |client| client.remove(&account, companion, now), |_, ()| {})
        }
        Act::Write(length) => {
            let other = if who == BOB { PRIMARY } else { BOB };
            let to = To::Account(world.address(other).account);
            world.write(who, &vec![7; length], |client, now| client.plan(to, now))
        }
    }
}

/// Saves the new device if there is none yet, and shows its code as often as it is asked for.
fn show_code(world: &mut World, who: usize, purpose: LinkingPurpose) -> Result<(), Stop> {
    let World { apps, mail, now, .. } = world;
    let app = &mut apps[who];
    if app.memory.new_devices.is_empty() {
        let new_device = match purpose {
            LinkingPurpose::Primary => NewDevice::generate_primary("a phone", *now, &mut app.rng)?,
            _ => NewDevice::generate("a laptop", *now, &mut app.rng)?,
        };
        let (mut transaction, name) = (app.begin(), "new-device/own");
        let kept = Kept::new(&mut transaction, name, new_device, &mut app.rng)?;
        app.memory.new_devices.insert(name.to_owned(), kept);
        app.finish(transaction, mail)?;
    }
    let code = only(&mut world.apps[who].memory.new_devices)?.state.code();
    world.publish("code", vec![code.as_bytes().to_vec()])
}

fn approve(world: &mut World, who: usize) -> Result<(), Stop> {
    let code = String::from_utf8(world.published("code")[0].clone()).unwrap();
    let (now, step) = (world.now, world.step);
    let request = LinkingRequest::read(&code, now)?;
    let account = account(world, who)?;
    let offered = world.move_client(
        who,
        |client, rng| match request.purpose() {
            LinkingPurpose::Primary => client.approve_transfer(&account, &request, now, rng),
            _ => client.approve(&account, &request, 4, now, rng),
        },
        |transaction, offer| {
            transaction.send(COMPANION, OFFER, offer.clone());
            transaction.done(step);
        },
    );
    offered.map(drop)
}

/// Returns the account of an app, which nothing changes, for its client to sign with: it is shown its list.
fn account(world: &mut World, who: usize) -> Result<Account, Stop> {
    show_own_list(world.client(who)?);
    Ok(restored(&only(&mut world.apps[who].memory.accounts)?.state))
}

/// Shows the digits of the offer that is open, as often as the user looks.
fn show_digits(world: &mut World, who: usize) -> Result<(), Stop> {
    world.apps[who].compare()?;
    // None once the device is admitted.
    let Some(digits) = world.client(who)?.linking_digits() else { return Ok(()) };
    let digits = digits.text().as_bytes().to_vec();
    world.publish("digits", vec![digits])
}

/// Lets the new device become an entrant.
fn accept(world: &mut World, who: usize, offer: &Mail) -> Result<(), Stop> {
    let Some(shown) = world.published("digits").first() else {
        return Stop::trouble("the primary shows no digits");
    };
    let digits = LinkingDigits::parse(core::str::from_utf8(shown).unwrap())?;
    let World { apps, mail, now, .. } = world;
    let app = &mut apps[who];
    let Some((_, new_device)) = app.memory.new_devices.pop_first() else {
        // It was accepted, and came again.
        let is_here = !app.memory.entrants.is_empty() || !app.memory.clients.is_empty();
        return if is_here { Ok(()) } else { Stop::trouble("the new device is gone") };
    };
    let linking_offer = new_device.state.open(&offer.bytes, *now)?;
    let mut transaction = app.begin();
    for (row, _) in app.disk.table(new_device.name()) {
        transaction.delete(row.clone());
    }
    let (entrant, acceptance) = linking_offer.accept(new_device.state, &digits, *now)?;
    let kept = Kept::new(&mut transaction, "entrant/own", entrant, &mut app.rng)?;
    app.memory.entrants.insert("entrant/own".to_owned(), kept);
    transaction.send(PRIMARY, ACCEPTANCE, acceptance);
    app.finish(transaction, mail)
}

/// Lets the entrant become a client.
fn begin_client(world: &mut World, who: usize, briefing: &Mail) -> Result<(), Stop> {
    let World { apps, mail, now, .. } = world;
    let app = &mut apps[who];
    let Some((_, entrant)) = app.memory.entrants.pop_first() else {
        // It was opened, and came again.
        return only(&mut app.memory.clients).map(drop);
    };
    let briefing = entrant.state.open(&briefing.bytes, *now)?;
    assert_eq!(briefing.notes(), NOTES);
    let mut transaction = app.begin();
    for (row, _) in app.disk.table(entrant.name()) {
        transaction.delete(row.clone());
    }
    let (client, account) = briefing.begin(entrant.state, *now, &mut app.rng)?;
    if let Some(account) = account {
        let account = Kept::new(&mut transaction, "account/own", account, &mut app.rng)?;
        app.memory.accounts.insert("account/own".to_owned(), account);
    }
    let kept = Kept::new(&mut transaction, "client/own", client, &mut app.rng)?;
    app.memory.clients.insert("client/own".to_owned(), kept);
    app.finish(transaction, mail)
}

fn admit(world: &mut World, who: usize, acceptance: &Mail) -> Result<(), Stop> {
    let (account, now) = (account(world, who)?, world.now);
    let primary = world.client(who)?;
    match primary.admit(&account, &acceptance.bytes, NOTES, now).map(drop) {
        Ok(()) => relist(
            world,
            who,
            |client| client.admit(&account, &acceptance.bytes, NOTES, now),
            |transaction, briefing| transaction.send(COMPANION, BRIEFING, briefing.clone()),
        ),
        Err(Error::NotAllowed) => relist(
            world,
            who,
            |client| client.transfer(&account, &acceptance.bytes, NOTES, now),
            |transaction, briefing| transaction.send(COMPANION, BRIEFING, briefing.clone()),
        ),
        // It was admitted, and came again.
        Err(Error::Expired) if !primary.is_listed() => Ok(()),
        Err(Error::Expired) if primary.list().devices().len() == 2 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Signs a list of the account that nobody has seen yet.
fn relist<T>(
    world: &mut World,
    who: usize,
    sign: impl for<'a> Fn(&'a mut Client) -> Result<Pending<'a, Client, T>, Error>,
    beside: impl FnOnce(&mut Transaction, &T),
) -> Result<(), Stop> {
    let step = world.step;
    if world.apps[who].disk.flaw == Some(Flaw::SendsFirst) {
        let mut ahead = started(world.client(who)?);
        sign(&mut ahead)?.apply();
        world.publish(
            &format!("list/{}", ahead.list().account().0[0]),
            vec![ahead.list().encode()],
        )?;
    }
    // A companion that was admitted is read of in a loop, whose end is not here.
    let is_step = world.mail[who].is_empty();
    let done = |transaction: &mut Transaction, out: &T| {
        beside(transaction, out);
        if is_step {
            transaction.done(step);
        }
    };
    world.move_client(who, |client, _| sign(client), done).map(drop)
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [PRIMARY, COMPANION, BOB].map(|app| world.apps[app].inbox());
    let read = read.map(|inbox| inbox.iter().map(Vec::len).collect::<Vec<_>>());
    if read != [vec![2, 3, 4], vec![2], vec![1, 3]] {
        return Stop::trouble(format!("{read:?} were read"));
    }
    let primary: Address = world.address(PRIMARY);
    for who in [PRIMARY, COMPANION, BOB] {
        let known = world.client(who)?.list_of(primary.account).unwrap();
        let devices: Vec<_> = known.devices().iter().map(Address::of).collect();
        if devices != [primary] {
            return Stop::trouble("the companion is still listed");
        }
    }
    for (who, mail) in world.read.clone() {
        if mail.tag == LETTER && who != COMPANION && mail.from != COMPANION {
            let before = world.apps[who].memory.bytes();
            world.read_letter(who, &mail)?;
            assert!(world.apps[who].memory.bytes() == before);
        }
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_a_companion_is_linked_once_and_removed_everywhere() {
    SCRIPT.survives_every_cut(80);
}

#[test]
fn power_that_goes_again_while_devices_recover_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(80);
}

#[test]
fn of_two_processes_of_one_device_the_one_that_is_behind_signs_no_list() {
    SCRIPT.survives_two_tabs(10);
}

#[test]
fn a_primary_and_a_companion_are_refused_as_they_were_before_any_step() {
    SCRIPT.survives_backups(20);
}

#[test]
fn a_device_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}

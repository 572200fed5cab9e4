//! Two accounts and five devices: `cargo run --release --example many_devices`.
//!
//! Ada has a phone, a laptop and a tablet, Grace a phone and a laptop. Each device reads and writes by
//! itself; none needs the phone. Between them stands a server, whose view is printed on the right:
//! it sees device lists, prekeys and envelopes, and no contents.
//!
//! The work of a program is in `member.rs`: `say`, `read` and `learn`, and one loop for what went wrong, which
//! `restored.rs` shows: a laptop that is put back by some letters, and comes right by itself. `tasks.rs` is what a program
//! does each day.

#![allow(clippy::expect_used, clippy::too_many_lines, reason = "a story has one thread")]

mod member;
mod restored;
mod server;
#[path = "../store/mod.rs"]
#[allow(dead_code, reason = "the other example uses the rest")]
mod store;
mod tasks;

use std::path::PathBuf;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::client::{Client, LinkingDigits, LinkingRequest, NewDevice, To};
use latchstring::session::{Account, AccountId, Fingerprint};
use latchstring::storage::{State, StateKey};
use member::{Member, Words};
use restored::People;
use server::Server;
use store::{Failure, Store};

const ADA: AccountId = AccountId(*b"ada, as chat.example knows her  ");
const GRACE: AccountId = AccountId(*b"grace, as chat.example knows her");

/// The owner of each device's client: what it is stored for.
const CLIENT: &str = "the client";

const DAY: u64 = 86_400;

/// Columns of the people's side of the page.
pub(crate) const WIDTH: usize = 88;

fn note(what: &str) {
    println!("{:WIDTH$}│", format!("   {what}"));
}

fn scene(title: &str) {
    println!("{:─<WIDTH$}┼{:─<58}", format!("── {title} "), "");
}

fn person(account: AccountId) -> &'static str {
    if account == ADA { "Ada" } else { "Grace" }
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("latchstring-devices-{}", std::process::id()))
}

/// Opens a device's file, under a key that the system's key store would have.
fn open(name: &str) -> Result<Store, Failure> {
    Ok(Store { path: folder().join(name), key: StateKey::new(1, &[9; 32])? })
}

/// Sets up the first device of an account, its primary. An app keeps the account in the same store, this page in
/// memory.
fn set_up(
    name: &'static str,
    account: &Account,
    now: u64,
    server: &mut Server,
) -> Result<Member, Failure> {
    let client = Client::create(account, now, &mut UnwrapErr(SysRng));
    server.publish(client.list());
    Member::new(name, &client, now, server)
}

/// Links a new device: it shows a linking code, the account's primary reads it and asks its user.
fn link(
    name: &'static str,
    primary: &Member,
    account: &Account,
    server: &mut Server,
) -> Result<Member, Failure> {
    let (now, rng) = (primary.now.get(), &mut UnwrapErr(SysRng));
    let device = NewDevice::generate(name, now, rng)?;
    let request = LinkingRequest::read(&device.code(), now)?;
    note(&format!("{} asks: link \"{}\"? Yes.", primary.name, request.description()));
    let offer = primary.sign(server, |client, now, rng| {
        client.approve(account, &request, Client::COMPANIONS, now, rng)
    })?;

    let shown = primary.client()?.linking_digits().expect("an offer is open").text();
    note(&format!("{} shows {}; they are typed at {name}.", primary.name, *shown));
    let offer = device.open(&offer, now)?;
    let (entrant, acceptance) = offer.accept(device, &LinkingDigits::parse(&shown)?, now)?;

    // The primary tells it whom the account knows. An app keeps the entrant in its store meanwhile.
    let briefing = primary
        .sign(server, |client, now, _| client.admit(account, &acceptance, b"settings", now))?;
    server.publish(primary.client()?.list());
    let (client, _) = entrant.open(&briefing, now)?.begin(entrant, now, rng)?;
    Member::new(name, &client, now, server)
}

fn main() -> Result<(), Failure> {
    std::fs::create_dir_all(folder())?;
    let result = run();
    std::fs::remove_dir_all(folder())?;
    result
}

fn run() -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = start.map_or(1_800_000_000, |since| since.as_secs());
    let server = &mut Server::default();

    println!("{:WIDTH$}│ what the server sees", "the people");
    scene("Two accounts");
    let (ada, grace) = (Account::generate(ADA, &mut rng), Account::generate(GRACE, &mut rng));
    let phone = &set_up("Ada's phone", &ada, now, server)?;
    let grace_phone = &set_up("Grace's phone", &grace, now, server)?;

    scene("Their other devices");
    let laptop = &mut link("Ada's laptop", phone, &ada, server)?;
    let tablet = &link("Ada's tablet", phone, &ada, server)?;
    let grace_laptop = &link("Grace's laptop", grace_phone, &grace, server)?;

    scene("They look each other up");
    laptop.learn(ADA, server)?;
    for member in [phone, laptop, tablet] {
        member.learn(GRACE, server)?;
    }
    for member in [grace_phone, grace_laptop] {
        member.learn(ADA, server)?;
    }
    let fingerprint = |here: &Client, there| {
        let there = here.list_of(there).expect("learned").devices();
        Fingerprint::of(here.certificate(), there.first().expect("a list names a device"))
    };
    assert!(fingerprint(&phone.client()?, GRACE) == fingerprint(&grace_laptop.client()?, ADA));
    note("the fingerprints on Ada's phone and on Grace's laptop are the same");

    scene("One message, every device");
    phone.say(GRACE, "hello from the phone", server)?;
    for member in [laptop, tablet, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    scene("Ada's phone is switched off");
    grace_laptop.say(ADA, "are you there?", server)?;
    tablet.read(server)?;
    tablet.say(GRACE, "yes, on the tablet", server)?;
    for member in [grace_phone, grace_laptop, laptop] {
        member.read(server)?;
    }
    note("the phone is switched on again:");
    phone.read(server)?;

    scene("The laptop loses power between saving and sending");
    let plan = laptop.client()?.plan(To::Account(GRACE), now)?;
    laptop.seal(plan, &Words::Said("this was on its way".to_owned()), server)?;
    let outer = laptop.client()?.anchor();
    laptop.store = open(laptop.name)?;
    let _: Client = laptop.store.load(CLIENT, Some(&outer))?;
    let (waiting, size) = (laptop.store.outbox()?.len(), laptop.store.size(CLIENT)?);
    note(&format!("{} finds {waiting} unsent envelopes beside {size} B of its own", laptop.name));
    laptop.deliver(server)?;
    for member in [phone, tablet, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    let others = [&*laptop, tablet, grace_phone];
    restored::play(&People { phone, laptop: grace_laptop, others }, server)?;

    scene("The tablet is stolen; Ada removes it");
    let stolen = tablet;
    let thief = stolen.address.device;
    phone.sign(server, |client, now, _| client.remove(&ada, thief, now))?;
    server.publish(phone.client()?.list());
    phone.say(GRACE, "my tablet is gone", server)?;
    for member in [laptop, grace_phone, grace_laptop] {
        member.read(server)?;
    }
    grace_phone.say(ADA, "then this is between us", server)?;
    let copied = server.copy(phone.address).expect("just sent");
    assert!(server.fetch(stolen.address).is_none());
    note("for the thief there is nothing");
    let mut client = stolen.client()?;
    let error =
        client.open(copied.from, &copied.envelope, now).expect_err("sealed for another device");
    note(&format!("the server gives the thief what is for the phone: {error}"));
    stolen.say(GRACE, "it is me, Ada", server)?;
    for member in [phone, laptop, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    scene("Grace sells her laptop; the server hides that from Ada");
    let sold = grace_laptop.address;
    grace_phone.sign(server, |client, now, _| client.remove(&grace, sold.device, now))?;
    server.publish(grace_phone.client()?.list());
    server.hides = Some(GRACE);
    laptop.say(GRACE, "the key is under the mat", server)?;
    grace_laptop.read(server)?;
    note("the buyer has read that. But Ada's letter said whom it was sealed for:");
    grace_phone.read(server)?;
    grace_phone.say(ADA, "mind: my laptop is sold", server)?;
    for member in [phone, laptop] {
        member.read(server)?;
        let name = member.name;
        for (by, of, mismatch) in member.client()?.mismatches() {
            let (who, whose) = (server.name(by), person(of));
            note(&format!("    open on {name}: {who} says {whose}'s list: {mismatch:?}"));
        }
    }

    scene("The server gives in");
    server.hides = None;
    for member in [phone, laptop] {
        member.learn(GRACE, server)?;
        assert_eq!(member.client()?.mismatches().count(), 0);
    }
    laptop.say(GRACE, "I moved the key", server)?;
    phone.read(server)?;
    grace_phone.read(server)?;
    assert!(server.fetch(sold).is_none());
    note("for the buyer there is nothing");

    scene("Eight days pass, in which each device does its tasks");
    for _day in 0..8 {
        for (member, account) in
            [(phone, Some(&ada)), (&*laptop, None), (grace_phone, Some(&grace))]
        {
            member.now.set(member.now.get().saturating_add(DAY));
            member.look_after(account, server)?;
        }
    }
    laptop.say(GRACE, "nothing new here", server)?;
    phone.read(server)?;
    grace_phone.read(server)?;
    Ok(())
}

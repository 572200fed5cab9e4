//! Two accounts and five devices: `cargo run --release --example many_devices`.
//!
//! Ada has a phone, a laptop and a tablet, Grace a phone and a laptop. Each device reads and writes by
//! itself; none needs the phone. Between them stands a server, whose view is printed on the right:
//! it sees device lists, prekeys and envelopes, and no contents.
//!
//! The work of a program is in `Member`: `say`, `read` and `learn`.

#![allow(clippy::expect_used, clippy::too_many_lines, reason = "a story has one thread")]

mod server;
#[path = "../store/mod.rs"]
#[allow(dead_code, reason = "the other example uses the rest")]
mod store;

use std::path::PathBuf;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, Envelope, LetterEvent, LinkingDigits, LinkingRequest, ListMismatch,
    ListUpdate, NewDevice, Plan, To,
};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, DeviceId, Fingerprint, OneTimePrekey};
use latchstring::storage::{Pending, State, StateKey};
use server::Server;
use store::{Failure, Store};

const ADA: AccountId = AccountId(*b"ada, as chat.example knows her  ");
const GRACE: AccountId = AccountId(*b"grace, as chat.example knows her");

/// The owner of each device's client: what it is stored for.
const CLIENT: &str = "the client";

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

/// One device: a store, in which there is a client.
struct Member {
    name: &'static str,
    address: Address,
    store: Store,
    now: u64,
}

impl Member {
    /// Saves a new client, then gives the server its prekeys.
    fn new(
        name: &'static str,
        client: &Client,
        now: u64,
        server: &mut Server,
    ) -> Result<Self, Failure> {
        let member = Self { name, address: client.address(), store: open(name)?, now };
        member.store.step(|step| step.save(CLIENT, None, client))?;
        let keys = member.change(|client, now, rng| Ok(client.replenish(now, rng)))?;
        let bundle = member.client()?.bundle();
        let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).chain([bundle.id()]).collect();
        server.stock(name, bundle, keys);
        // The server has taken them. Until that is noted they are given again.
        member.change(|client, now, _| Ok(client.note_published(ids, now)))?;
        Ok(member)
    }

    /// Loads the client as it is stored.
    fn client(&self) -> Result<Client, Failure> {
        self.store.load(CLIENT, None)
    }

    /// Moves the client on and saves it; only then is there something to publish or to show.
    fn change<T>(
        &self,
        work: impl for<'s> FnOnce(
            &'s mut Client,
            u64,
            &mut UnwrapErr<SysRng>,
        ) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Failure> {
        let client = self.client()?;
        self.store.step(|step| {
            step.change(CLIENT, client, |client| work(client, self.now, &mut UnwrapErr(SysRng)))
        })
    }

    /// Signs something as a primary: it must have seen the newest list of its account since it was loaded.
    fn sign<T>(
        &self,
        server: &Server,
        work: impl for<'s> FnOnce(
            &'s mut Client,
            u64,
            &mut UnwrapErr<SysRng>,
        ) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Failure> {
        let list = server.list(self.address.account, self.address)?;
        self.change(|client, now, rng| {
            client.learn(&list, now)?.apply();
            work(client, now, rng)
        })
    }

    /// Writes a message to all devices of an account and to this account's others.
    fn say(&self, to: AccountId, text: &str, server: &mut Server) -> Result<(), Failure> {
        println!("{:WIDTH$}│", format!("{} to {}: {text}", self.name, person(to)));
        let now = self.now;
        let plan = self.client()?.plan(To::Account(to), now)?;
        self.seal(plan, text, server)?;
        self.deliver(server)
    }

    /// Fetches the bundles that a plan misses, begins sessions with them, then seals and saves.
    fn seal(&self, mut plan: Plan, text: &str, server: &mut Server) -> Result<(), Failure> {
        let (now, rng) = (self.now, &mut UnwrapErr(SysRng));
        let mut missing: Vec<_> = plan.missing().collect();
        missing.sort_by_key(|address| server.name(*address));
        let client = self.client()?;
        for address in missing {
            let bundle = server.bundle(address)?;
            plan.supply(&client, &bundle, now, rng)?;
        }
        self.store.step(|step| {
            let content = Content::text(text)?;
            let out =
                step.change(CLIENT, client, |client| client.seal(&mut plan, &content, now, rng))?;
            out.envelopes.iter().try_for_each(|letter| step.post(Some(letter.to), &letter.message))
        })
    }

    /// Sends what was saved and not sent.
    fn deliver(&self, server: &mut Server) -> Result<(), Failure> {
        let mut waiting = self.store.outbox()?;
        waiting.sort_by_key(|waiting| waiting.to.map(|to| server.name(to)));
        for waiting in waiting {
            let to = waiting.to.expect("a letter is for a device");
            server.send(self.address, Envelope { to, message: waiting.message.clone() });
            self.store.sent(&waiting)?;
        }
        Ok(())
    }

    /// Reads everything that waits: opens, saves, and only then shows.
    fn read(&self, server: &mut Server) -> Result<(), Failure> {
        while let Some((from, envelope)) = server.fetch(self.address) {
            let receive = || self.change(|client, now, _| client.open(from, &envelope, now));
            let mut received = receive();
            if received.as_ref().is_err_and(|failure| is(failure, Error::Unlisted)) {
                // Somebody new, or somebody who is gone: the newest list tells.
                self.learn(from.account, server)?;
                received = receive();
            }
            let arrived = match received {
                Ok(arrived) => arrived,
                Err(failure) => {
                    let who = server.name(from);
                    note(&format!("✗ {} refuses what {who} sent: {failure}", self.name));
                    continue;
                }
            };
            let who = server.name(arrived.from);
            if let LetterEvent::Message(content) = &arrived.event {
                // Shown by its kind; this page says nothing but text.
                let text = content.as_text().unwrap_or("(something else)");
                note(&format!("{:<13} ← {who:<13} [{:?}] {text}", self.name, arrived.sender));
            }
            for alert in &arrived.alerts {
                match alert {
                    Alert::Lists { of, mismatch } => {
                        let (of, whose) = (*of, person(*of));
                        note(&format!("  ⚠ {who} reports another list of {whose}: {mismatch:?}"));
                        if *mismatch == ListMismatch::Ahead
                            && self.learn(of, server)? == ListUpdate::Nothing
                        {
                            note(&format!("  ⚠ the server withholds the newest list of {whose}!"));
                        }
                    }
                    Alert::ListsAgree { of } => {
                        note(&format!("    both know the same list of {} again", person(*of)));
                    }
                    other => note(&format!("    ({other:?})")),
                }
            }
        }
        Ok(())
    }

    /// Fetches an account's device list and says what it brought.
    fn learn(&self, of: AccountId, server: &Server) -> Result<ListUpdate, Failure> {
        let list = server.list(of, self.address)?;
        let update = self.change(|client, now, _| client.learn(&list, now))?;
        if let ListUpdate::Newer { added, removed } = &update {
            let name = |device: &DeviceId| server.name(Address { account: of, device: *device });
            let (added, removed) = (added.iter().map(name), removed.iter().map(name));
            let news = added
                .map(|who| format!("{who} came"))
                .chain(removed.map(|who| format!("{who} is gone")));
            note(&format!("    {} learns: {}", self.name, news.collect::<Vec<_>>().join(", ")));
        }
        Ok(update)
    }
}

/// Tells whether the library refused something with this error.
fn is(failure: &Failure, error: Error) -> bool {
    failure.downcast_ref() == Some(&error)
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("latchstring-devices-{}", std::process::id()))
}

/// Opens a device's file, under a key that the system's key store would have.
fn open(name: &str) -> Result<Store, Failure> {
    Ok(Store { path: folder().join(name), key: StateKey::new(1, &[9; 32])? })
}

/// Sets up the first device of an account, its primary. An app keeps the account in the same store; this
/// page ends before it is needed again.
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
    let (now, rng) = (primary.now, &mut UnwrapErr(SysRng));
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
    laptop.seal(plan, "this was on its way", server)?;
    let outer = laptop.client()?.anchor();
    laptop.store = open(laptop.name)?;
    let _: Client = laptop.store.load(CLIENT, Some(&outer))?;
    let (waiting, size) = (laptop.store.outbox()?.len(), laptop.store.size(CLIENT)?);
    note(&format!("{} finds {waiting} unsent envelopes beside {size} B of its own", laptop.name));
    laptop.deliver(server)?;
    for member in [phone, tablet, grace_phone, grace_laptop] {
        member.read(server)?;
    }

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
    let (from, envelope) = server.copy(phone.address).expect("just sent");
    assert!(server.fetch(stolen.address).is_none());
    note("for the thief there is nothing");
    let mut client = stolen.client()?;
    let error = client.open(from, &envelope, now).expect_err("sealed for another device");
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
    Ok(())
}

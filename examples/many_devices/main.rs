//! Two accounts and five devices: `cargo run --release --example many_devices`.
//!
//! Ada has a phone, a laptop and a tablet, Grace a phone and a laptop. Each device reads and writes by
//! itself; none needs the phone. Between them stands a server, whose view is printed on the right:
//! it sees device lists, prekeys and envelopes, and no contents.
//!
//! What a program must do is in `Member`: `say`, `read` and `learn`.

#![allow(clippy::expect_used, clippy::too_many_lines, reason = "a story has one thread")]

mod server;
#[path = "../sqlite_store/store/mod.rs"]
#[allow(dead_code, reason = "the other examples use the rest")]
mod store;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::{
    Account, AccountId, Address, Alert, Candidate, Change, Client, Content, DeviceId, Envelope,
    Error, Fingerprint, Learned, Plan, Proposal, StateKey, To, View,
};
use server::Server;
use store::{Failure, Kept, Store};

const ADA: AccountId = AccountId(*b"ada, as chat.example knows her  ");
const GRACE: AccountId = AccountId(*b"grace, as chat.example knows her");

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

/// One device: a client, and the database that it is kept in, here in memory.
struct Member {
    name: &'static str,
    client: Kept<Client>,
    store: Store,
    now: u64,
}

impl Member {
    /// Saves a new client, then gives the server its prekeys.
    fn new(
        name: &'static str,
        client: Client,
        mut store: Store,
        now: u64,
        server: &mut Server,
    ) -> Result<Self, Failure> {
        let client = store.keep("the client", client, &mut UnwrapErr(SysRng))?;
        let mut member = Self { name, client, store, now };
        let (keys, change) = member.client()?.replenish(now, &mut UnwrapErr(SysRng))?;
        member.save(change)?;
        server.stock(name, member.client()?.bundle()?, keys);
        Ok(member)
    }

    /// The client as it is stored.
    fn client(&mut self) -> Result<&Client, Failure> {
        self.client.get(&self.store)
    }

    /// Saves a change; only then is there something to publish.
    fn save(&mut self, change: Change) -> Result<(), Failure> {
        self.store.step(&mut UnwrapErr(SysRng), |step| step.change(&mut self.client, change))
    }

    /// Writes a message to all devices of an account and to this account's others.
    fn say(&mut self, to: AccountId, text: &str, server: &mut Server) -> Result<(), Failure> {
        println!("{:WIDTH$}│", format!("{} to {}: {text}", self.name, person(to)));
        let now = self.now;
        let plan = self.client()?.plan(To::Account(to), now)?;
        self.seal(plan, text, server)?;
        self.deliver(server)
    }

    /// Fetches the bundles that a plan misses, begins sessions with them, then seals and saves.
    fn seal(&mut self, mut plan: Plan, text: &str, server: &mut Server) -> Result<(), Failure> {
        let (now, rng) = (self.now, &mut UnwrapErr(SysRng));
        let mut missing: Vec<_> = plan.missing().collect();
        missing.sort_by_key(|address| server.name(*address));
        for address in missing {
            let bundle = server.bundle(address)?;
            plan.supply(self.client()?, &bundle, now, rng)?;
        }
        self.store.step(rng, |step| {
            step.send(&mut self.client, |client, rng| {
                client.seal(&mut plan, text.as_bytes(), now, rng)
            })
        })?;
        Ok(())
    }

    /// Sends what was saved and not sent.
    fn deliver(&mut self, server: &mut Server) -> Result<(), Failure> {
        let from = self.client()?.address();
        let mut waiting = self.store.outbox()?;
        waiting.sort_by_key(|waiting| waiting.to.map(|to| server.name(to)));
        for waiting in waiting {
            let to = waiting.to.expect("a letter is for a device");
            server.send(from, Envelope { to, message: waiting.message });
            self.store.sent(waiting.number)?;
        }
        Ok(())
    }

    /// Reads everything that waits: opens, saves, then shows.
    fn read(&mut self, server: &mut Server) -> Result<(), Failure> {
        let (now, here) = (self.now, self.client()?.address());
        while let Some((from, envelope)) = server.fetch(here) {
            let mut opened = self.client()?.open(from, &envelope, now);
            if matches!(opened, Err(Error::Unlisted)) {
                // Somebody new, or somebody who is gone: the newest list tells.
                self.learn(from.account, server)?;
                opened = self.client()?.open(from, &envelope, now);
            }
            let (arrived, change) = match opened {
                Ok(opened) => opened,
                Err(error) => {
                    let who = server.name(from);
                    note(&format!("✗ {} refuses what {who} sent: {error}", self.name));
                    continue;
                }
            };
            self.store.step(&mut UnwrapErr(SysRng), |step| {
                if let Content::Message(text) = &arrived.content {
                    step.read(self.client.owner(), text)?;
                }
                step.change(&mut self.client, change)
            })?;
            let who = server.name(arrived.from);
            if let Content::Message(text) = &arrived.content {
                let text = String::from_utf8_lossy(text);
                note(&format!("{:<13} ← {who:<13} [{:?}] {text}", self.name, arrived.origin));
            }
            for alert in &arrived.alerts {
                match alert {
                    Alert::Lists { of, view } => {
                        let (of, whose) = (*of, person(*of));
                        note(&format!("  ⚠ {who} reports another list of {whose}: {view:?}"));
                        if *view == View::Ahead && self.learn(of, server)? == Learned::Nothing {
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
    fn learn(&mut self, of: AccountId, server: &Server) -> Result<Learned, Failure> {
        let now = self.now;
        let list = server.list(of, self.client()?.address())?;
        let (learned, change) = self.client()?.learn(&list, now)?;
        if let Some(change) = change {
            self.save(change)?;
        }
        if let Learned::Newer { added, removed } = &learned {
            let name = |device: &DeviceId| server.name(Address { account: of, device: *device });
            let (added, removed) = (added.iter().map(name), removed.iter().map(name));
            let news = added
                .map(|who| format!("{who} came"))
                .chain(removed.map(|who| format!("{who} is gone")));
            note(&format!("    {} learns: {}", self.name, news.collect::<Vec<_>>().join(", ")));
        }
        Ok(learned)
    }
}

/// A database in memory, under a key that the system's key store would have.
fn open() -> Result<Store, Failure> {
    Store::open(":memory:", StateKey::new(1, &[9; 32])?)
}

/// The first device of an account, its primary. An app keeps the account in the same store; this page
/// ends before it is needed again.
fn settle(
    name: &'static str,
    account: &Account,
    now: u64,
    server: &mut Server,
) -> Result<Member, Failure> {
    let client = Client::create(account, now, &mut UnwrapErr(SysRng))?;
    server.publish(client.list());
    Member::new(name, client, open()?, now, server)
}

/// Links a new device: it shows a code, the account's primary reads it and asks its user.
fn link(
    name: &'static str,
    primary: &mut Member,
    account: &Account,
    server: &mut Server,
) -> Result<Member, Failure> {
    let (now, rng) = (primary.now, &mut UnwrapErr(SysRng));
    let candidate = Candidate::generate(name, now, rng)?;
    let proposal = Proposal::read(&candidate.code(), now)?;
    note(&format!("{} asks: link \"{}\"? Yes.", primary.name, proposal.description()));
    let (offer, change) =
        primary.client()?.approve(account, &proposal, Client::COMPANIONS, now, rng)?;
    primary.save(change)?;

    let welcome = candidate.open(&offer, now)?;
    let (client, acceptance) = welcome.accept(candidate, now, rng)?;
    let mut companion = Member::new(name, client, open()?, now, server)?;

    let change = primary.client()?.admit(account, &acceptance, now)?;
    primary.save(change)?;
    server.publish(primary.client()?.list());
    companion.learn(account.id(), server)?;
    Ok(companion)
}

fn main() -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = start.map_or(1_800_000_000, |since| since.as_secs());
    let server = &mut Server::default();

    println!("{:WIDTH$}│ what the server sees", "the people");
    scene("Two accounts");
    let (ada, grace) = (Account::generate(ADA, &mut rng), Account::generate(GRACE, &mut rng));
    let phone = &mut settle("Ada's phone", &ada, now, server)?;
    let grace_phone = &mut settle("Grace's phone", &grace, now, server)?;

    scene("Their other devices");
    let laptop = &mut link("Ada's laptop", phone, &ada, server)?;
    let tablet = &mut link("Ada's tablet", phone, &ada, server)?;
    let grace_laptop = &mut link("Grace's laptop", grace_phone, &grace, server)?;

    scene("They look each other up");
    laptop.learn(ADA, server)?;
    for member in [&mut *phone, laptop, tablet] {
        member.learn(GRACE, server)?;
    }
    for member in [&mut *grace_phone, grace_laptop] {
        member.learn(ADA, server)?;
    }
    let code = |here: &Client, there| {
        let there = here.list_of(there).expect("learned").devices();
        Fingerprint::of(here.certificate(), there.first().expect("a list names a device"))
    };
    assert!(code(phone.client()?, GRACE) == code(grace_laptop.client()?, ADA));
    note("the security codes on Ada's phone and on Grace's laptop are the same");

    scene("One message, every device");
    phone.say(GRACE, "hello from the phone", server)?;
    for member in [&mut *laptop, tablet, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    scene("Ada's phone is switched off");
    grace_laptop.say(ADA, "are you there?", server)?;
    tablet.read(server)?;
    tablet.say(GRACE, "yes, on the tablet", server)?;
    for member in [&mut *grace_phone, grace_laptop, laptop] {
        member.read(server)?;
    }
    note("the phone is switched on again:");
    phone.read(server)?;

    scene("The laptop loses power between saving and sending");
    let plan = laptop.client()?.plan(To::Account(GRACE), now)?;
    laptop.seal(plan, "this was on its way", server)?;
    let outer = laptop.client.anchor();
    laptop.client = laptop.store.load("the client", Some(&outer))?.expect("it is kept");
    let (waiting, size) = (laptop.store.outbox()?.len(), laptop.store.size("the client")?);
    note(&format!("{} finds {waiting} unsent envelopes beside {size} B of its own", laptop.name));
    laptop.deliver(server)?;
    for member in [&mut *phone, tablet, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    scene("The tablet is stolen; Ada removes it");
    let stolen = tablet;
    let change = phone.client()?.remove(&ada, stolen.client()?.address().device, now)?;
    phone.save(change)?;
    server.publish(phone.client()?.list());
    phone.say(GRACE, "my tablet is gone", server)?;
    for member in [&mut *laptop, grace_phone, grace_laptop] {
        member.read(server)?;
    }
    grace_phone.say(ADA, "then this is between us", server)?;
    let (from, envelope) = server.copy(phone.client()?.address()).expect("just sent");
    assert!(server.fetch(stolen.client()?.address()).is_none());
    note("for the thief there is nothing");
    let error =
        stolen.client()?.open(from, &envelope, now).err().expect("sealed for another device");
    note(&format!("the server gives the thief what is for the phone: {error}"));
    stolen.say(GRACE, "it is me, Ada", server)?;
    for member in [&mut *phone, laptop, grace_phone, grace_laptop] {
        member.read(server)?;
    }

    scene("Grace sells her laptop; the server hides that from Ada");
    let sold = grace_laptop.client()?.address();
    let change = grace_phone.client()?.remove(&grace, sold.device, now)?;
    grace_phone.save(change)?;
    server.publish(grace_phone.client()?.list());
    server.hides = Some(GRACE);
    laptop.say(GRACE, "the key is under the mat", server)?;
    grace_laptop.read(server)?;
    note("the buyer has read that. But Ada's letter said whom it was sealed for:");
    grace_phone.read(server)?;
    grace_phone.say(ADA, "mind: my laptop is sold", server)?;
    for member in [&mut *phone, laptop] {
        member.read(server)?;
        let name = member.name;
        for (by, of, view) in member.client()?.mismatches() {
            let (who, whose) = (server.name(by), person(of));
            note(&format!("    open on {name}: {who} says {whose}'s list: {view:?}"));
        }
    }

    scene("The server gives in");
    server.hides = None;
    for member in [&mut *phone, laptop] {
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

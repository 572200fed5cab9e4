//! Two people's clients in `SQLite`: one loses its power in the middle, and is given an old copy of its database in the
//! end, which is refused. So it begins anew, and both go on.
#![allow(clippy::print_stdout, reason = "an example talks")]
#![allow(dead_code, reason = "the other examples use the rest of the store")]

mod store;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use getrandom::{SysRng, rand_core::UnwrapErr};
use latchstring::client::{
    Address, Alert, Client, Enclosed, LetterEvent, Mail, Plan, Repair, Taken, To,
};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, Bundle, OneTimePrekey};
use latchstring::storage::StateKey;
use store::{Failure, Kept, Store, Waiting};

const NOW: u64 = 1_800_000_000;

/// The owner of the client: what it is stored for.
const CLIENT: &str = "the client";

fn open(path: &Path) -> Result<Store, Failure> {
    let key = StateKey::new(1, &[9; 32])?;
    Store::open(&path.to_string_lossy(), key)
}

/// The prekeys that a server has of each device.
type Server = BTreeMap<Address, (Bundle, Vec<OneTimePrekey>)>;

/// A device of somebody.
struct Home {
    path: PathBuf,
    store: Store,
    client: Kept<Client>,
}

impl Home {
    /// Makes an account with one device, saves both, and publishes its prekeys.
    fn new(path: PathBuf, id: u8, server: &mut Server) -> Result<Self, Failure> {
        let (mut store, rng) = (open(&path)?, &mut UnwrapErr(SysRng));
        let account = Account::generate(AccountId([id; 32]), rng);
        let client = Client::create(&account, NOW, rng);
        let client = store.step(rng, |step| {
            step.keep("the account", account)?;
            step.keep(CLIENT, client)
        })?;
        let mut home = Self { path, store, client };
        home.publish(server)?;
        Ok(home)
    }

    /// Gives the server new prekeys in the place of those that it has, and notes that it took them.
    fn publish(&mut self, server: &mut Server) -> Result<(), Failure> {
        let (Self { store, client, .. }, rng) = (self, &mut UnwrapErr(SysRng));
        let keys = store
            .step(rng, |step| step.change(client, |client, rng| Ok(client.replenish(NOW, rng))))?;
        let (address, bundle) = (client.get(store)?.address(), client.get(store)?.bundle());
        let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).chain([bundle.id()]).collect();
        server.insert(address, (bundle, keys));
        store.step(rng, |step| step.change(client, |client, _| Ok(client.note_published(ids, NOW))))
    }

    /// Learns the other's devices.
    fn meet(&mut self, other: &mut Self) -> Result<Address, Failure> {
        let their = other.client.get(&other.store)?;
        let (list, address) = (their.list().clone(), their.address());
        let Self { store, client, .. } = self;
        store.step(&mut UnwrapErr(SysRng), |step| {
            step.change(client, |client, _| client.learn(&list, NOW))
        })?;
        Ok(address)
    }

    /// Writes to the other, and brings it over.
    fn say(&mut self, text: &str, other: &mut Self, server: &mut Server) -> Result<(), Failure> {
        let to = other.client.get(&other.store)?.address().account;
        let plan = self.client.get(&self.store)?.plan(To::Account(to), NOW)?;
        self.seal(plan, Some(text.as_bytes()), server)?;
        self.deliver(other)
    }

    /// Seals what is said, if anything is, and has it in the outbox; keeps it by its id.
    fn seal(
        &mut self,
        mut plan: Plan,
        said: Option<&[u8]>,
        server: &mut Server,
    ) -> Result<(), Failure> {
        let (Self { store, client, .. }, rng) = (self, &mut UnwrapErr(SysRng));
        for device in plan.missing().collect::<Vec<_>>() {
            let Some((bundle, one_time)) = server.get_mut(&device) else { continue };
            let key = one_time.pop();
            let bundle = key.map_or_else(|| Ok(bundle.clone()), |key| bundle.attach(key))?;
            plan.supply(client.get(store)?, &bundle, NOW, rng)?;
        }
        plan.leave_out_missing();
        let content = said.map(|said| Content::app(1, said));
        let enclosed = content.as_ref().map_or(Enclosed::Nothing, Enclosed::Content);
        store.step(rng, |step| {
            let id = step.send(client, |client, rng| client.seal(&mut plan, enclosed, NOW, rng))?;
            said.map_or(Ok(()), |said| step.say(id, said, NOW))
        })
    }

    /// Brings over what is in the outbox.
    fn deliver(&mut self, other: &mut Self) -> Result<(), Failure> {
        let from = self.client.get(&self.store)?.address();
        for waiting in self.store.outbox()? {
            other.take(from, &waiting)?;
            self.store.sent(waiting.number)?;
        }
        Ok(())
    }

    /// Takes a letter in. What it says goes into the inbox with the change, from where it is shown.
    fn take(&mut self, from: Address, waiting: &Waiting) -> Result<(), Failure> {
        let Self { store, client, .. } = self;
        let mail = Mail { from, id: waiting.id, envelope: &waiting.message };
        let taken = store.step(&mut UnwrapErr(SysRng), |step| {
            let taken = step.change(client, |client, _| Ok(client.take(&mail, NOW)))?;
            if let Taken::Letter(letter) = &taken
                && let LetterEvent::Message(content) = &letter.event
            {
                step.read(CLIENT, &content.encode())?;
            }
            Ok(taken)
        })?;
        match taken {
            Taken::Letter(letter) if letter.alerts.contains(&Alert::SessionReset) => {
                println!("somebody is told that the other device began anew");
            }
            Taken::Unread(error) => println!("a letter did not open, and is asked for: {error}"),
            _ => {}
        }
        Ok(())
    }

    /// Does what the client lists, until that is nothing, and brings it over.
    fn repair(&mut self, other: &mut Self, server: &mut Server) -> Result<(), Failure> {
        while let Some(repair) = self.next_repair()? {
            let said = match repair {
                Repair::Resend { id, .. } | Repair::Backfill { id } => self.store.said(id)?,
                // There is no device here that could want a copy of what was read.
                Repair::Copy { .. } => None,
                // The plan says all.
                _ => Some(Vec::new()),
            };
            let Some(said) = said else {
                let Self { store, client, .. } = self;
                store.step(&mut UnwrapErr(SysRng), |step| {
                    step.change(client, |client, _| Ok(client.give_up(&repair, NOW)))
                })?;
                continue;
            };
            let plan = self.client.get(&self.store)?.plan_repair(&repair, NOW)?;
            self.seal(plan, Some(&said[..]).filter(|said| !said.is_empty()), server)?;
        }
        self.deliver(other)
    }

    fn next_repair(&mut self) -> Result<Option<Repair>, Failure> {
        Ok(self.client.get(&self.store)?.repairs(NOW).next())
    }

    /// Does what a start does: loads everything from the disk, and nothing older than the anchor outside of it.
    fn restart(&mut self) -> Result<(), Failure> {
        let outer = self.client.anchor();
        self.store = open(&self.path)?;
        let client = self.store.load(CLIENT, Some(&outer))?;
        self.client = client.ok_or(latchstring::Error::StateRollback)?;
        Ok(())
    }

    /// Begins anew from a database that is behind: the same device, with new prekeys and sessions. The anchor outside
    /// is that of the new client from here on, and no copy from before opens under it.
    fn begin_anew(&mut self, server: &mut Server) -> Result<(), Failure> {
        let client = self.store.step(&mut UnwrapErr(SysRng), |step| {
            step.begin_anew(CLIENT, |behind, rng| Client::restart(behind, NOW, rng))
        })?;
        self.client = client;
        self.publish(server)
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn StdError>> {
    let server = &mut Server::default();
    let mut ada = Home::new(folder.join("ada.sqlite"), 1, server)?;
    let mut grace = Home::new(folder.join("grace.sqlite"), 2, server)?;
    ada.meet(&mut grace)?;
    grace.meet(&mut ada)?;
    let backup = folder.join("backup.sqlite");
    for number in 0..100_u32 {
        ada.say(&format!("message {number}"), &mut grace, server)?;
        if number == 41 {
            grace.restart()?;
            println!("power is back: {} messages are there", grace.store.inbox()?.len());
            std::fs::copy(&grace.path, &backup)?;
        }
        if number % 10 == 9 {
            grace.say("I am reading", &mut ada, server)?;
        }
    }
    println!("grace has read {} messages, each once", grace.store.inbox()?.len());
    println!(
        "ada has read {} answers, and {} messages wait to be sent",
        ada.store.inbox()?.len(),
        ada.store.outbox()?.len()
    );
    println!("grace's client takes {} bytes on disk", grace.store.size(CLIENT)?);

    grace.path = backup;
    let Err(error) = grace.restart() else { return Err("an old copy was taken".into()) };
    println!("a backup of grace's database is refused: {error}");
    grace.begin_anew(server)?;
    // What others signed since the copy was made.
    grace.meet(&mut ada)?;
    grace.repair(&mut ada, server)?;
    ada.say("and on it goes", &mut grace, server)?;
    println!("grace has read {} messages: the backup's, and one more", grace.store.inbox()?.len());
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    let folder = std::env::temp_dir().join(format!("latchstring-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

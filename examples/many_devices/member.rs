//! One device with its store: what a program does. It loads the client for each step, saves it, and only then sends
//! or shows.
//!
//! All mail goes into [`Client::take`], what [`Client::repairs`] lists is done after each reading, and what
//! [`Client::tasks`] says each day (`tasks.rs`). There is no other rule: whatever was lost, restored or held back comes
//! right by these three.

use std::cell::Cell;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::client::{
    self, Address, Alert, Client, CopiedLetter, Enclosed, LetterEvent, ListMismatch, ListUpdate,
    MessageId, Need, Plan, ReceivedLetter, Repair, Taken, To,
};
use latchstring::content::Content;
use latchstring::session::{AccountId, DeviceId};
use latchstring::storage::Pending;

use crate::server::{Mail, Server};
use crate::store::{Failure, Store};
use crate::{CLIENT, WIDTH, note, open, person};

/// The words of a letter, as they are kept in case that somebody needs them once more.
pub(crate) enum Words {
    /// The plan says all.
    None,
    /// Those of this device.
    Said(String),
    /// Those of somebody else, for an own device.
    Copied(CopiedLetter),
}

/// One device: a store, in which there is a client.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) address: Address,
    pub(crate) store: Store,
    pub(crate) now: Cell<u64>,
}

impl Member {
    /// Saves a new client, then gives the server its prekeys.
    pub(crate) fn new(
        name: &'static str,
        client: &Client,
        now: u64,
        server: &mut Server,
    ) -> Result<Self, Failure> {
        let member =
            Self { name, address: client.address(), store: open(name)?, now: Cell::new(now) };
        member.store.step(|step| step.save(CLIENT, None, client))?;
        server.meet(name, member.address);
        member.look_after(None, server)?;
        Ok(member)
    }

    /// Loads the client as it is stored.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.store.load(CLIENT, None)
    }

    /// Moves the client on and saves it; only then is there something to publish or to show.
    pub(crate) fn change<T>(
        &self,
        work: impl for<'s> FnOnce(
            &'s mut Client,
            u64,
            &mut UnwrapErr<SysRng>,
        ) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Failure> {
        let client = self.client()?;
        self.store.step(|step| {
            step.change(CLIENT, client, |client| {
                work(client, self.now.get(), &mut UnwrapErr(SysRng))
            })
        })
    }

    /// Signs something as a primary: it must have seen the newest list of its account since it was loaded.
    pub(crate) fn sign<T>(
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
    pub(crate) fn say(
        &self,
        to: AccountId,
        text: &str,
        server: &mut Server,
    ) -> Result<(), Failure> {
        println!("{:WIDTH$}│", format!("{} to {}: {text}", self.name, person(to)));
        let plan = self.client()?.plan(To::Account(to), self.now.get())?;
        self.seal(plan, &Words::Said(text.to_owned()), server)?;
        self.deliver(server)
    }

    /// Fetches the bundles that a plan misses, begins sessions with them, then seals and saves. What is said is kept by
    /// its id, in case that somebody asks for it once more.
    pub(crate) fn seal(
        &self,
        mut plan: Plan,
        words: &Words,
        server: &mut Server,
    ) -> Result<(), Failure> {
        let (now, rng) = (self.now.get(), &mut UnwrapErr(SysRng));
        let mut missing: Vec<_> = plan.missing().collect();
        missing.sort_by_key(|address| server.name(*address));
        let client = self.client()?;
        let bundles: Vec<_> = missing.into_iter().flat_map(|of| server.bundle(of)).collect();
        plan.supply_all(&client, bundles, now, rng);
        // Of whom there is no bundle gets the letter later, and stops it for nobody else.
        plan.leave_out_missing();
        let content = if let Words::Said(text) = words { Some(Content::text(text)?) } else { None };
        let enclosed = match (words, &content) {
            (Words::Copied(copy), _) => Enclosed::Copy(copy),
            (_, Some(content)) => Enclosed::Content(content),
            _ => Enclosed::Nothing,
        };
        self.store.step(|step| {
            let out =
                step.change(CLIENT, client, |client| client.seal(&mut plan, enclosed, now, rng))?;
            if let Words::Said(text) = words {
                step.keep(said(out.id), text.as_bytes());
            }
            step.send(&out)
        })
    }

    /// Sends what was saved and not sent.
    pub(crate) fn deliver(&self, server: &mut Server) -> Result<(), Failure> {
        let mut waiting = self.store.outbox()?;
        waiting.sort_by_key(|waiting| waiting.to.map(|to| server.name(to)));
        for waiting in waiting {
            let to = waiting.to.expect("a letter is for a device");
            let (id, envelope) = (waiting.id, waiting.message.clone());
            server.send(to, Mail { from: self.address, id, envelope });
            self.store.sent(&waiting)?;
        }
        Ok(())
    }

    /// Reads everything that waits, then does what is to be done about what did not open.
    pub(crate) fn read(&self, server: &mut Server) -> Result<(), Failure> {
        while let Some(mail) = server.fetch(self.address) {
            self.take(&mail, server)?;
        }
        self.repair(server)
    }

    /// Takes an envelope in: opens it, saves what it says with the change, and only then shows it.
    pub(crate) fn take(&self, mail: &Mail, server: &mut Server) -> Result<(), Failure> {
        let mut taken = self.open(mail)?;
        if let Taken::Waits(Need::List(of)) = taken {
            // Somebody new, or somebody who is gone: the newest list tells.
            self.learn(of, server)?;
            taken = self.open(mail)?;
        }
        let who = server.name(mail.from);
        match taken {
            Taken::Letter(letter) => self.show(&letter, server)?,
            Taken::Known => note(&format!("{} has read that before, and shows nothing", self.name)),
            Taken::Waits(Need::List(_)) => {
                note(&format!("✗ {} drops what {who} sent: no list names it", self.name));
            }
            // An app keeps what waits for its user, or for an update. This page has neither.
            Taken::Waits(need) => note(&format!("✗ {} drops what {who} sent: {need:?}", self.name)),
            Taken::Unread(error) => {
                note(&format!("✗ {} cannot open what {who} sent:", self.name));
                note(&format!("    {error}; {}", self.doubt(mail.from)?));
            }
            Taken::Refused(error) => {
                note(&format!("✗ {} refuses what {who} sent: {error}", self.name));
            }
            other => note(&format!("    ({other:?})")),
        }
        Ok(())
    }

    fn open(&self, mail: &Mail) -> Result<Taken, Failure> {
        let client = self.client()?;
        self.store.step(|step| {
            let Mail { from, id, ref envelope } = *mail;
            let taken = step.change(CLIENT, client, |client| {
                Ok(client.take(&client::Mail { from, id, envelope }, self.now.get()))
            })?;
            if let Taken::Letter(letter) = &taken
                && let Some((row, content)) = to_keep(letter)
            {
                let is_new = step.keep(row, &content);
                assert!(is_new, "nothing is shown twice");
            }
            Ok(taken)
        })
    }

    /// Tells what the client makes of it, as the user could put it into a bug report.
    fn doubt(&self, of: Address) -> Result<String, Failure> {
        let report = self.client()?.diagnosis(Some(of), self.now.get()).to_string();
        let doubt = report.lines().find(|line| line.starts_with("doubt"));
        Ok(doubt.and_then(|line| line.split([',', ';']).next()).unwrap_or_default().to_owned())
    }

    fn show(&self, letter: &ReceivedLetter, server: &mut Server) -> Result<(), Failure> {
        let who = server.name(letter.from);
        match &letter.event {
            LetterEvent::Message(content) => {
                // Shown by its kind; this page says nothing but text.
                let text = content.as_text().unwrap_or("(something else)");
                note(&format!("{:<14} ← {who:<14} [{:?}] {text}", self.name, letter.sender));
            }
            LetterEvent::Copied(copy) => {
                let LetterEvent::Message(content) = copy.event()? else { return Ok(()) };
                let (text, from) = (content.as_text().unwrap_or("?"), server.name(copy.from));
                note(&format!("{:<14} ← {from:<14} [by {who}] {text}", self.name));
            }
            LetterEvent::ResendRequested => {
                note(&format!("{who} asks {} for what it could not open", self.name));
            }
            LetterEvent::NotResent(ids) => {
                note(&format!("⚠ {}: {} of {who} will not come", self.name, ids.len()));
            }
            _ => {}
        }
        for alert in &letter.alerts {
            self.warn(alert, who, server)?;
        }
        Ok(())
    }

    fn warn(&self, alert: &Alert, who: &str, server: &Server) -> Result<(), Failure> {
        match alert {
            Alert::Lists { of, mismatch } => {
                let whose = person(*of);
                note(&format!("  ⚠ {who} reports another list of {whose}: {mismatch:?}"));
                if *mismatch == ListMismatch::Ahead
                    && self.learn(*of, server)? == ListUpdate::Nothing
                {
                    note(&format!("  ⚠ the server withholds the newest list of {whose}!"));
                }
            }
            Alert::ListsAgree { of } => {
                note(&format!("    both know the same list of {} again", person(*of)));
            }
            Alert::SessionForked => {
                note(&format!(
                    "  ⚠ {who} was restored from a backup, or somebody has a copy of it"
                ));
            }
            Alert::RolledBack => {
                note(&format!("  ⚠ {} itself was put back, by what {who} remembers", self.name));
            }
            Alert::SessionRepaired => {
                note(&format!("    {who} has answered in the session that was begun anew"));
            }
            Alert::SessionReplaced => note("    they go on in the new session"),
            other => note(&format!("    ({other:?})")),
        }
        Ok(())
    }

    /// Does what the client lists, until that is nothing: asks for what did not open, and seals once more what others
    /// ask for, or were left out of.
    pub(crate) fn repair(&self, server: &mut Server) -> Result<(), Failure> {
        while let Some(repair) = self.client()?.repairs(self.now.get()).next() {
            let words = match &repair {
                Repair::Resend { id, .. } | Repair::Backfill { id } => self.said(*id)?,
                Repair::Copy { from, id, .. } => self.copied(*from, *id)?,
                Repair::Request { to } => {
                    note(&format!("{} asks {} for it", self.name, server.name(*to)));
                    Some(Words::None)
                }
                _ => Some(Words::None),
            };
            let Some(words) = words else {
                // Whoever waits for it is told that it does not come.
                self.change(|client, now, _| Ok(client.give_up(&repair, now)))?;
                continue;
            };
            let plan = self.client()?.plan_repair(&repair, self.now.get())?;
            self.seal(plan, &words, server)?;
        }
        self.deliver(server)
    }

    /// Returns what was said under an id, if that was kept.
    fn said(&self, id: MessageId) -> Result<Option<Words>, Failure> {
        let text = self.store.kept(&said(id))?.map(String::from_utf8).transpose()?;
        Ok(text.map(Words::Said))
    }

    /// Returns what was read of a device under an id, if that was kept.
    fn copied(&self, from: Address, id: MessageId) -> Result<Option<Words>, Failure> {
        let kept = self.store.kept(&read(from, id))?;
        let copy = kept.map(|bytes| CopiedLetter::from_bytes(&bytes)).transpose()?;
        Ok(copy.map(Words::Copied))
    }

    /// Fetches an account's device list and says what it brought.
    pub(crate) fn learn(&self, of: AccountId, server: &Server) -> Result<ListUpdate, Failure> {
        let list = server.list(of, self.address)?;
        let update = self.change(|client, now, _| client.learn(&list, now))?;
        if let ListUpdate::Newer { added, removed } = &update {
            let name = |device: &DeviceId| server.name(Address { account: of, device: *device });
            let (added, removed) = (added.iter().map(name), removed.iter().map(name));
            let added = added.map(|who| format!("{who} came"));
            let mut news: Vec<_> =
                added.chain(removed.map(|who| format!("{who} is gone"))).collect();
            if news.is_empty() {
                news.push(format!("a newer list of {}, with the same devices", person(of)));
            }
            note(&format!("    {} learns: {}", self.name, news.join(", ")));
        }
        Ok(update)
    }
}

/// Returns what is kept of a letter, and the row: what it says, so that own devices can have it from this one.
fn to_keep(letter: &ReceivedLetter) -> Option<(String, Vec<u8>)> {
    match &letter.event {
        LetterEvent::Message(content) => {
            let copy = letter.to_copy().map(|copy| copy.to_bytes());
            let kept = copy.unwrap_or_else(|| content.encode());
            Some((read(letter.from, letter.id), kept.to_vec()))
        }
        LetterEvent::Copied(copy) => Some((read(copy.from, copy.id), copy.to_bytes().to_vec())),
        _ => None,
    }
}

/// Names the row of what was said under an id.
fn said(id: MessageId) -> String {
    format!("said {id}")
}

/// Names the row of what was read of a device.
fn read(from: Address, id: MessageId) -> String {
    format!("read {from} {id}")
}

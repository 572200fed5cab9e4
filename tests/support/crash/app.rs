//! An app: its disk, what it holds in memory, and what its user has seen.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use latchstring::client::{Client, Entrant, NewDevice};
use latchstring::group::Group;
use latchstring::guest::{Chat, Invite};
use latchstring::session::{Account, Device, Session};
use latchstring::settings::Settings;
use latchstring::storage::State;

use super::super::described::assert_is_anonymous;
use super::super::{NOW, TestRng};
use super::{Disk, Flaw, Keeping, Kept, Letter, Mail, Power, Stop, Transaction};

pub type Shelf<S> = BTreeMap<String, Kept<S>>;

/// The states that are gone with the power.
#[derive(Default)]
pub struct Memory {
    pub accounts: Shelf<Account>,
    pub devices: Shelf<Device>,
    pub sessions: Shelf<Session>,
    pub new_devices: Shelf<NewDevice>,
    pub entrants: Shelf<Entrant>,
    pub clients: Shelf<Client>,
    pub invites: Shelf<Invite>,
    pub chats: Shelf<Chat>,
    pub settings: Shelf<Settings>,
    pub groups: Shelf<Group>,
}

/// Returns the first of a kind, of which an app may have only one.
pub fn only<S>(shelf: &mut Shelf<S>) -> Result<&mut Kept<S>, Stop> {
    shelf.values_mut().next().ok_or_else(|| Stop::Trouble("a state is missing".to_owned()))
}

impl Memory {
    /// Loads everything on the disk, at least as new as the outer anchors say.
    pub fn load(disk: &Disk) -> Result<Self, Stop> {
        let mut memory = Self::default();
        for name in disk.rows.keys().filter_map(|row| row.strip_suffix("#anchor")) {
            match name.split_once('/').unwrap().0 {
                "account" => put(&mut memory.accounts, disk, name)?,
                "device" => put(&mut memory.devices, disk, name)?,
                "session" => put(&mut memory.sessions, disk, name)?,
                "new-device" => put(&mut memory.new_devices, disk, name)?,
                "entrant" => put(&mut memory.entrants, disk, name)?,
                "client" => put(&mut memory.clients, disk, name)?,
                "invite" => put(&mut memory.invites, disk, name)?,
                "chat" => put(&mut memory.chats, disk, name)?,
                "settings" => put(&mut memory.settings, disk, name)?,
                "group" => put(&mut memory.groups, disk, name)?,
                other => panic!("no shelf for {other}"),
            }
        }
        Ok(memory)
    }

    /// Returns the bytes of all states, by their names.
    pub fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        list(&self.accounts, &mut all);
        list(&self.devices, &mut all);
        list(&self.sessions, &mut all);
        list(&self.new_devices, &mut all);
        list(&self.entrants, &mut all);
        list(&self.clients, &mut all);
        list(&self.invites, &mut all);
        list(&self.chats, &mut all);
        list(&self.settings, &mut all);
        list(&self.groups, &mut all);
        all
    }
}

fn put<S: State>(shelf: &mut Shelf<S>, disk: &Disk, name: &str) -> Result<(), Stop> {
    shelf.insert(name.to_owned(), Kept::load(disk, name)?);
    Ok(())
}

fn list<S: State>(shelf: &Shelf<S>, all: &mut BTreeMap<String, Vec<u8>>) {
    // Taken out of what would wipe them: without optimisation that takes longer than all else.
    let bytes = |kept: &Kept<S>| mem::take(&mut *kept.state.to_bytes());
    all.extend(shelf.iter().map(|(name, kept)| (name.clone(), bytes(kept))));
}

pub struct App {
    pub number: usize,
    pub disk: Disk,
    pub memory: Memory,
    /// The memory of another tab of the app.
    pub tab: Option<Memory>,
    pub rng: TestRng,
    /// The texts that the user has seen, which no power cut makes unseen.
    pub eye: Vec<Vec<u8>>,
}

impl App {
    pub fn new(number: usize, keeping: Keeping, flaw: Option<Flaw>, power: &Power) -> Self {
        let disk = Disk::new(keeping, flaw, power);
        let rng = TestRng::new(u64::try_from(number).unwrap() + 1);
        Self { number, disk, memory: Memory::default(), tab: None, rng, eye: Vec::new() }
    }

    /// Makes another app that holds the same.
    pub fn copy(&self, power: &Power) -> Result<Self, Stop> {
        let mut disk = self.disk.clone();
        disk.power = power.clone();
        let (rng, eye) = (self.rng.clone(), self.eye.clone());
        Ok(Self { number: self.number, memory: Memory::load(&disk)?, disk, tab: None, rng, eye })
    }

    /// Tells whether disk, user and randomness are as they are there.
    pub fn is_as(&self, other: &Self) -> bool {
        self.is_left_as(other) && self.rng == other.rng
    }

    /// Tells whether disk and user are as they are there.
    pub fn is_left_as(&self, other: &Self) -> bool {
        self.disk.rows == other.disk.rows
            && self.disk.outer == other.disk.outer
            && self.eye == other.eye
    }

    /// Goes to the other tab, if there is one.
    pub fn change_tab(&mut self) {
        if let Some(tab) = &mut self.tab {
            mem::swap(tab, &mut self.memory);
        }
    }

    pub fn begin(&self) -> Transaction {
        self.disk.begin()
    }

    pub fn has_done(&self, step: usize) -> bool {
        self.disk.rows.contains_key(&format!("done#{step}"))
    }

    /// Saves, then shows and sends.
    pub fn finish(
        &mut self,
        mut transaction: Transaction,
        mail: &mut [VecDeque<Mail>],
    ) -> Result<(), Stop> {
        let flaw = self.disk.flaw;
        if flaw == Some(Flaw::SendsFirst) {
            for letter in &transaction.letters {
                self.deliver(letter, mail)?;
            }
        }
        if flaw == Some(Flaw::ShowsFirst) {
            for text in &transaction.texts {
                self.disk.power.spend()?;
                self.eye.push(text.clone());
            }
        }
        let unsaved =
            if flaw == Some(Flaw::NoOutbox) { transaction.take_letters() } else { Vec::new() };
        let (outbox, inbox) = (self.disk.next_in("outbox"), self.disk.next_in("inbox"));
        for (place, letter) in (outbox..).zip(transaction.take_letters()) {
            transaction.put(format!("outbox#{place:04}"), letter.encode());
        }
        for (place, text) in (inbox..).zip(transaction.texts.clone()) {
            transaction.put(format!("inbox#{place:04}"), text);
        }
        self.disk.commit(transaction)?;
        for letter in unsaved {
            self.deliver(&letter, mail)?;
        }
        self.resume(mail)
    }

    fn deliver(&self, letter: &Letter, mail: &mut [VecDeque<Mail>]) -> Result<(), Stop> {
        self.disk.power.spend()?;
        let Letter { to, tag, bytes } = letter.clone();
        mail[to].push_back(Mail { from: self.number, tag, bytes });
        Ok(())
    }

    /// Shows what was saved and perhaps not seen, sends what was saved and perhaps not sent.
    pub fn resume(&mut self, mail: &mut [VecDeque<Mail>]) -> Result<(), Stop> {
        for text in self.inbox() {
            if !self.eye.contains(&text) {
                self.disk.power.spend()?;
                self.eye.push(text);
            }
        }
        let outbox: Vec<_> = self
            .disk
            .table("outbox")
            .map(|(row, bytes)| (row.clone(), Letter::decode(bytes)))
            .collect();
        for (row, letter) in outbox {
            self.deliver(&letter, mail)?;
            self.disk.power.spend()?;
            self.disk.rows.remove(&row);
        }
        Ok(())
    }

    pub fn inbox(&self) -> Vec<Vec<u8>> {
        self.disk.table("inbox").map(|(_, text)| text.clone()).collect()
    }

    /// Starts again from what is on the disk. What was seen is there, and no state is missing.
    pub fn restart(&mut self) -> Result<(), Stop> {
        self.memory = Memory::load(&self.disk)?;
        self.tab = self.tab.as_ref().map(|_| Memory::load(&self.disk)).transpose()?;
        for kept in self.memory.clients.values() {
            assert_is_anonymous(&kept.state.diagnosis(None, NOW).to_string());
        }
        let states = self.memory.bytes();
        if let Some(gone) = self.disk.outer.keys().find(|name| !states.contains_key(*name)) {
            return Stop::trouble(format!("{gone} is gone"));
        }
        let inbox = self.inbox();
        if let Some(lost) = self.eye.iter().find(|text| !inbox.contains(text)) {
            return Stop::trouble(format!("{lost:?} was shown and is forgotten"));
        }
        Ok(())
    }

    /// Checks that memory is what would be loaded, byte for byte.
    pub fn agrees(&self) -> Result<(), Stop> {
        let loaded = Memory::load(&self.disk)?.bytes();
        if loaded == self.memory.bytes() {
            return Ok(());
        }
        Stop::trouble("what is in memory is not what would be loaded")
    }

    /// Compares what is published straight from a state with the store, too.
    pub fn compare(&self) -> Result<(), Stop> {
        let compares = self.tab.is_some() && self.disk.flaw != Some(Flaw::NoComparison);
        if compares && self.is_behind() { Err(Stop::Stale) } else { Ok(()) }
    }

    /// Tells whether another tab has moved the store on.
    pub fn is_behind(&self) -> bool {
        Memory::load(&self.disk).is_ok_and(|loaded| loaded.bytes() != self.memory.bytes())
    }
}

//! The power goes at every point of every step of two clients' lives: before what is written is
//! committed, after it, after the outer anchor moved, and after the message left or was shown. Whatever
//! was before, each reads everything the other wrote, once.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use std::collections::{BTreeMap, VecDeque};

use latchstring::{
    Account, AccountId, Address, Anchor, Change, Client, Content, Error, Journal, State, StateKey,
    To,
};
use support::shelf::Shelf;
use support::{NOW, TestRng};

const OWNER: &[u8] = b"a client";

fn key() -> StateKey {
    StateKey::new(1, &[7; 32]).unwrap()
}

/// What a power cut leaves.
#[derive(Clone)]
struct Disk {
    snapshot: Shelf,
    entries: Vec<Vec<u8>>,
    outbox: VecDeque<Vec<u8>>,
    inbox: Vec<Vec<u8>>,
    /// Kept elsewhere, and moved after each commit.
    outer: Anchor,
}

/// Where the power goes in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    BeforeTheCommit,
    AfterTheCommit,
    AfterTheAnchor,
    AfterTheEffect,
}

const CUTS: [Cut; 4] =
    [Cut::BeforeTheCommit, Cut::AfterTheCommit, Cut::AfterTheAnchor, Cut::AfterTheEffect];

/// The power is gone.
#[derive(Debug)]
struct Dark;

/// One client, its disk, and the mail that comes to it until it says that it has it.
struct Home {
    client: Client,
    journal: Journal,
    disk: Disk,
    mail: VecDeque<Vec<u8>>,
    rng: TestRng,
    /// Texts, and the generation in which each was to be written.
    written: BTreeMap<u8, u64>,
    /// Where the power goes.
    cut: Option<Cut>,
}

impl Home {
    fn new(name: u8) -> Self {
        let mut rng = TestRng::new(name.into());
        let account = Account::generate(AccountId([name; 32]), &mut rng);
        let client = Client::create(&account, NOW, &mut rng).unwrap();
        let (snapshot, journal) = Journal::begin(&client, &key(), OWNER, &mut rng).unwrap();
        let (outbox, mail, outer) = (VecDeque::new(), VecDeque::new(), client.anchor());
        let snapshot = Shelf::of(snapshot);
        let disk = Disk { snapshot, entries: Vec::new(), outbox, inbox: Vec::new(), outer };
        let mut home =
            Self { client, journal, disk, mail, rng, written: BTreeMap::new(), cut: None };
        // A new snapshot falls due in the middle of the script, at one of them later than the other.
        for _ in 0..64 - 3 * name {
            let change = home.client.mend_clock(NOW).unwrap();
            home.change(change).unwrap();
        }
        home
    }

    /// The power is back: what is on the disk is all there is.
    fn restart(&mut self) {
        let Disk { snapshot, entries, outer, .. } = &self.disk;
        let (client, journal) =
            Journal::open(&key(), OWNER, Some(outer), snapshot.records(), entries).unwrap();
        (self.client, self.journal) = (client, journal);
        self.disk.outer = self.client.anchor();
    }

    fn goes_dark(&self, here: Cut) -> Result<(), Dark> {
        if self.cut == Some(here) { Err(Dark) } else { Ok(()) }
    }

    /// Begins a transaction: what the disk will hold, with a new snapshot if one is due.
    fn begin(&mut self) -> Disk {
        let mut after = self.disk.clone();
        if self.journal.is_full() {
            let renewed = self.journal.renew(&self.client, &key(), &mut self.rng);
            let (snapshot, journal) = renewed.unwrap();
            after.snapshot.put(snapshot);
            after.entries.clear();
            self.journal = journal;
        }
        after
    }

    /// Commits it.
    fn commit(&mut self, after: Disk) -> Result<(), Dark> {
        self.goes_dark(Cut::BeforeTheCommit)?;
        self.disk = after;
        self.goes_dark(Cut::AfterTheCommit)?;
        self.disk.outer = self.journal.anchor();
        self.goes_dark(Cut::AfterTheAnchor)
    }

    /// Sends what waits; a message that left may leave again.
    fn send_all(&mut self, to: &mut VecDeque<Vec<u8>>) -> Result<(), Dark> {
        while let Some(message) = self.disk.outbox.front() {
            to.push_back(message.clone());
            self.goes_dark(Cut::AfterTheEffect)?;
            self.disk.outbox.pop_front();
        }
        Ok(())
    }

    fn change(&mut self, change: Change) -> Result<(), Dark> {
        let mut after = self.begin();
        after.entries.push(self.journal.seal(&change, &mut self.rng).unwrap());
        self.commit(after)?;
        self.client.apply(change).unwrap();
        Ok(())
    }

    fn read_all(&mut self, from: Address) -> Result<(), Dark> {
        while let Some(message) = self.mail.front().cloned() {
            match self.client.open(from, &message, NOW) {
                Ok((arrived, change)) => {
                    let Content::Message(content) = &arrived.content else { panic!("no text") };
                    let mut after = self.begin();
                    after.entries.push(self.journal.seal(&change, &mut self.rng).unwrap());
                    after.inbox.push(content.to_vec());
                    self.commit(after)?;
                    self.client.apply(change).unwrap();
                    self.goes_dark(Cut::AfterTheEffect)?;
                }
                // Read before the power went; the server has not heard of it.
                Err(Error::Duplicate | Error::Replay) => {}
                Err(error) => panic!("{error:?}"),
            }
            self.mail.pop_front();
        }
        Ok(())
    }

    fn write(&mut self, other: &mut Self, text: &[u8]) -> Result<(), Dark> {
        let to = To::Account(other.client.address().account);
        let mut plan = self.client.plan(to, NOW).unwrap();
        for _ in plan.missing().collect::<Vec<_>>() {
            let bundle = other.client.bundle().unwrap();
            plan.supply(&self.client, &bundle, NOW, &mut self.rng).unwrap();
        }
        let mut after = self.begin();
        let sealed = self.client.seal(&mut plan, text, NOW, &mut self.rng).unwrap();
        let recorded = sealed.journal(&mut self.journal, &mut self.rng).unwrap();
        after.entries.push(recorded.record().to_vec());
        // In memory the client is ahead of the disk until the commit.
        after.outbox.push_back(recorded.apply().unwrap().envelopes[0].message.clone());
        self.commit(after)?;
        self.send_all(&mut other.mail)
    }
}

/// One step of either client's life.
#[derive(Clone, Copy)]
enum Act {
    Learn,
    Write(u8),
    Read,
    Rotate,
}

/// Who does what, in which order.
const SCRIPT: [(usize, Act); 17] = [
    (0, Act::Learn),
    (1, Act::Learn),
    (0, Act::Write(1)),
    (0, Act::Write(2)),
    (1, Act::Read),
    (1, Act::Write(3)),
    (1, Act::Rotate),
    (0, Act::Read),
    (0, Act::Write(4)),
    (0, Act::Write(5)),
    (1, Act::Read),
    (1, Act::Write(6)),
    (0, Act::Write(7)),
    (0, Act::Read),
    (1, Act::Read),
    (1, Act::Write(8)),
    (0, Act::Read),
];

/// A step, as often as it takes: what was committed before the power went is not done again.
fn act(homes: &mut [Home; 2], who: usize, act: Act) -> Result<(), Dark> {
    let [one, two] = homes;
    let (home, other) = if who == 0 { (one, two) } else { (two, one) };
    match act {
        Act::Learn => {
            let list = other.client.list().clone();
            let (_, change) = home.client.learn(&list, NOW).unwrap();
            change.map_or(Ok(()), |change| home.change(change))
        }
        Act::Write(text) => {
            home.send_all(&mut other.mail)?;
            // The app's own record of what it wrote goes into the same transaction, as the outbox does.
            let generation = home.client.anchor().generation();
            if home.written.get(&text).is_some_and(|at| generation > *at) {
                return Ok(());
            }
            home.written.insert(text, generation);
            home.write(other, &[text])
        }
        Act::Read => home.read_all(other.client.address()),
        Act::Rotate => {
            let (_, change) = home.client.rotate(NOW, &mut home.rng).unwrap();
            home.change(change)
        }
    }
}

/// The script, with the power going in one step at one point.
fn live(step: usize, cut: Cut) -> [Home; 2] {
    let mut homes = [Home::new(1), Home::new(2)];
    for (place, (who, what)) in SCRIPT.into_iter().enumerate() {
        homes[who].cut = (place == step).then_some(cut);
        if act(&mut homes, who, what).is_err() {
            homes[who].cut = None;
            homes[who].restart();
            act(&mut homes, who, what).unwrap();
        }
        homes[who].cut = None;
    }
    homes
}

#[test]
fn wherever_the_power_goes_everything_is_read_once() {
    for step in 0..SCRIPT.len() {
        for cut in CUTS {
            let homes = live(step, cut);
            let read = homes.each_ref().map(|home| home.disk.inbox.concat());
            assert_eq!(read, [vec![3, 6, 8], vec![1, 2, 4, 5, 7]], "step {step}, {cut:?}");
            for home in &homes {
                assert!(home.disk.outbox.is_empty() && home.mail.is_empty());
                assert!(home.journal.entries() < 20, "no snapshot was replaced");
                let opened = Journal::open::<Client>(
                    &key(),
                    OWNER,
                    Some(&home.disk.outer),
                    home.disk.snapshot.records(),
                    &home.disk.entries,
                );
                assert!(*opened.unwrap().0.to_bytes() == *home.client.to_bytes());
            }
        }
    }
}

#[test]
fn a_disk_from_before_any_step_is_refused_after_it() {
    let mut homes = [Home::new(1), Home::new(2)];
    for (who, what) in SCRIPT {
        let before = homes[who].disk.clone();
        act(&mut homes, who, what).unwrap();
        let after = &homes[who].disk;
        if after.outer != before.outer {
            let restored = Journal::open::<Client>(
                &key(),
                OWNER,
                Some(&after.outer),
                before.snapshot.records(),
                &before.entries,
            );
            assert_eq!(restored.err(), Some(Error::StateRollback));
        }
    }
}

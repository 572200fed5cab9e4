//! The parts of the world: accounts, devices, the server, and the ledger of everything that was sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use latchstring::Error;
use latchstring::client::{
    Address, Client, Conversation, DeviceList, ListHash, MessageId, Outgoing,
};
use latchstring::session::{Account, AccountId, AccountKey, HandshakeId};
use latchstring::storage::{Change, Pending, State, StateKey};

use crate::absent::{Absent, Queued};
use crate::clocks::Watch;
use crate::impostors::Impostors;
use crate::letters::Draft;
use crate::repairs::{Care, Style};
use crate::rollback::{Backup, Restored};
use crate::server::{Attacks, Server, below};
use crate::withheld::Named;
use support::{NOW, TestRng};

/// The truth about a device: whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In its account's newest list.
    Listed,
    /// It was, and may not know that it is no more.
    Removed,
    /// Only in a list that a thief of the account key has signed.
    Ghost,
}

/// A device.
pub struct Node {
    pub client: Client,
    pub person: usize,
    pub place: Place,
    pub watch: Watch,
    /// Set once it has learned that it is no more listed.
    pub knows: bool,
    /// The letters that it has shown, by sender and message id.
    pub read: BTreeSet<(Address, MessageId)>,
    /// The knowledge of its app of letters that are not read.
    pub care: Care,
    pub queued: Queued,
    /// The letters that were sealed and not yet sent, with the place of each envelope in the ledger.
    pub outbox: Vec<(Outgoing, BTreeMap<Address, usize>)>,
    pub draft: Option<Draft>,
    /// The copy that it is to be restored from.
    pub backup: Option<Box<Backup>>,
    /// The letters that its app has shown, and its client has forgotten.
    pub again: BTreeSet<(Address, MessageId)>,
    /// The session it sends on, by device.
    pub active: BTreeMap<Address, usize>,
    /// The sessions of others that it has accepted.
    pub accepted: BTreeSet<usize>,
    /// The other account keys that were shown to its user, who has not decided yet.
    pub shown: BTreeSet<(AccountId, AccountKey)>,
    /// The latest session that a device has begun, of those that were opened here.
    pub latest: BTreeMap<Address, usize>,
}

/// An account.
pub struct Person {
    pub account: Account,
    /// Its listed devices, the primary first.
    pub nodes: Vec<usize>,
}

/// A message of which every device is to read one copy.
pub struct Message {
    pub from: usize,
    pub id: MessageId,
    pub conversation: Conversation,
    pub members: Vec<AccountId>,
    pub content: Vec<u8>,
    pub blob: Option<Vec<u8>>,
    pub targets: BTreeSet<Address>,
    pub left_out: BTreeSet<Address>,
}

/// The content of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    Message(usize),
    Request,
    /// A refusal, or a request for copies.
    Answer,
    SeenReport,
}

/// An envelope that was sealed.
pub struct Sent {
    pub from: Address,
    pub to: Address,
    /// The session it is in.
    pub session: usize,
    pub held: Held,
    /// The lists that it names, by account.
    pub lists: Vec<(AccountId, ListHash)>,
    pub opened: bool,
}

/// A session that was begun.
pub struct Begun {
    pub by: Address,
    /// The time at which it was begun, on the clock of who did.
    pub at: u64,
    pub one_time: Option<Vec<u8>>,
    /// True if its bundle was too old: it must not be used then.
    pub is_stale: bool,
}

/// One direction of one session.
#[derive(Default)]
pub struct Course {
    /// The envelopes, in the order in which they were sealed.
    pub sent: Vec<usize>,
    /// The number of messages that the receiver was told to be skipped.
    pub skipped: usize,
    /// The number of messages that came after a later one.
    pub late: usize,
    pub last: Option<usize>,
}

pub struct World {
    pub rng: TestRng,
    pub now: u64,
    pub server: Server,
    /// The attacks of the whole history.
    pub attacks: Attacks,
    pub people: Vec<Person>,
    pub nodes: Vec<Node>,
    pub at: BTreeMap<Address, usize>,
    pub messages: Vec<Message>,
    pub by_name: BTreeMap<(Address, MessageId), usize>,
    pub sent: Vec<Sent>,
    /// The number of resend requests.
    pub requests: usize,
    pub sessions: Vec<Begun>,
    /// The sessions, by the handshakes that they were begun with.
    pub handshakes: BTreeMap<HandshakeId, usize>,
    pub courses: BTreeMap<(Address, Address, usize), Course>,
    pub one_time_used: BTreeSet<Vec<u8>>,
    /// The number of times that a device has given up sessions because its user said so.
    pub losses: usize,
    /// Envelopes that reached their device and did not open there.
    pub refused: BTreeMap<usize, Error>,
    pub counts: BTreeMap<String, usize>,
    pub largest: usize,
    /// The results of decoding lists, by their bytes: the same for everybody.
    pub decoded: BTreeMap<Vec<u8>, Result<DeviceList, Error>>,
    /// Set once the server does as it should.
    pub is_quiet: bool,
    pub impostors: Impostors,
    pub restored: Restored,
    pub absent: Absent,
    /// All that letters have said of newer lists than the known ones.
    pub named: Named,
}

/// The words under which records are sealed.
pub const OWNER: &[u8] = b"simulation";

pub fn key() -> StateKey {
    StateKey::new(1, &[7; 32]).unwrap()
}

impl World {
    pub fn new(seed: u64, attacks: Attacks, devices: &[usize]) -> Self {
        let mut world = Self {
            rng: TestRng::new(seed),
            now: NOW,
            server: Server { attacks, ..Server::default() },
            attacks,
            people: Vec::new(),
            nodes: Vec::new(),
            at: BTreeMap::new(),
            messages: Vec::new(),
            by_name: BTreeMap::new(),
            sent: Vec::new(),
            requests: 0,
            sessions: Vec::new(),
            handshakes: BTreeMap::new(),
            courses: BTreeMap::new(),
            one_time_used: BTreeSet::new(),
            losses: 0,
            refused: BTreeMap::new(),
            counts: BTreeMap::new(),
            largest: 0,
            decoded: BTreeMap::new(),
            is_quiet: false,
            impostors: Impostors::default(),
            restored: Restored::default(),
            absent: Absent::default(),
            named: Named::default(),
        };
        for (number, count) in devices.iter().enumerate() {
            world.add_account(AccountId([u8::try_from(number + 1).unwrap(); 32]));
            for _ in 1..*count {
                world.link(number);
            }
        }
        world
    }

    pub fn below(&mut self, end: usize) -> usize {
        below(&mut self.rng, end)
    }

    /// Tells whether it happens now, once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns the time on a device's clock.
    pub fn time(&self, node: usize) -> u64 {
        self.nodes[node].watch.time(self.now)
    }

    pub fn address(&self, node: usize) -> Address {
        self.nodes[node].client.address()
    }

    pub fn account(&self, person: usize) -> AccountId {
        self.people[person].account.id()
    }

    pub fn count(&mut self, what: &str) {
        match self.counts.get_mut(what) {
            Some(count) => *count += 1,
            None => _ = self.counts.insert(what.to_owned(), 1),
        }
    }

    pub fn count_error(&mut self, what: &str, error: Error) {
        self.count(&format!("{what}: {error:?}"));
    }

    pub fn stats(&self) -> String {
        let mut text = String::new();
        for (what, count) in &self.counts {
            writeln!(text, "  {count:7} {what}").unwrap();
        }
        let days = (self.now - NOW) / 86_400;
        writeln!(
            text,
            "  {} messages, {} envelopes, {} sessions, {} devices, {days} days, {} bytes at most",
            self.messages.len(),
            self.sent.len(),
            self.sessions.len(),
            self.nodes.len(),
            self.largest
        )
        .unwrap();
        text
    }

    /// Draws a device that is listed.
    pub fn some_node(&mut self) -> usize {
        loop {
            let node = self.below(self.nodes.len());
            if self.is_on(node) {
                return node;
            }
        }
    }

    /// Draws somebody whose primary is on.
    pub fn some_person(&mut self) -> usize {
        let node = self.some_node();
        let person = self.nodes[node].person;
        if self.is_on(self.people[person].nodes[0]) { person } else { 0 }
    }

    pub fn add_node(&mut self, client: Client, person: usize, place: Place) -> usize {
        let skew = if self.once_in(3) { self.below(1800) as u64 } else { 0 };
        let style = [Style::Follows, Style::Follows, Style::Always, Style::Never][self.below(4)];
        let care = Care::new(style, !self.once_in(5));
        let address = client.address();
        self.nodes.push(Node {
            client,
            person,
            place,
            watch: Watch::new(skew),
            knows: false,
            read: BTreeSet::new(),
            care,
            queued: Queued::default(),
            outbox: Vec::new(),
            draft: None,
            backup: None,
            again: BTreeSet::new(),
            active: BTreeMap::new(),
            accepted: BTreeSet::new(),
            shown: BTreeSet::new(),
            latest: BTreeMap::new(),
        });
        let node = self.nodes.len() - 1;
        self.at.insert(address, node);
        node
    }

    /// Copies the state of a device, once in a while: to be compared with what it is after a refusal.
    pub fn sample(&mut self, node: usize) -> Option<Vec<u8>> {
        self.once_in(128).then(|| self.nodes[node].client.to_bytes().to_vec())
    }

    /// Checks that a failed call, or one that was not applied, has left the state as it was.
    pub fn check_sample(&self, node: usize, before: Option<&Vec<u8>>, what: &str) {
        if let Some(before) = before {
            assert!(**before == **self.nodes[node].client.to_bytes(), "{what} changed the state");
        }
    }

    /// Does what changes a device's state; see [`commit`].
    pub fn commit<T>(
        &mut self,
        node: usize,
        operation: impl for<'s> FnOnce(
            &'s mut Client,
            &mut TestRng,
        ) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Error> {
        commit(&mut self.nodes[node].client, &mut self.rng, operation)
    }
}

/// Does what changes a state and applies the change: at once, or after a restart from a record of it.
pub fn commit<T>(
    client: &mut Client,
    rng: &mut TestRng,
    operation: impl for<'s> FnOnce(
        &'s mut Client,
        &mut TestRng,
    ) -> Result<Pending<'s, Client, T>, Error>,
) -> Result<T, Error> {
    if below(rng, 64) != 0 {
        return Ok(operation(client, rng)?.apply());
    }
    let (before, anchor) = (client.to_bytes(), client.anchor());
    let recorded = operation(client, rng)?.record(&key(), OWNER, &anchor, rng).unwrap();
    let record = recorded.record().map(<[u8]>::to_vec);
    let output = recorded.apply();
    if let Some(record) = record {
        restart(client, &before, &record);
    }
    Ok(output)
}

/// Lets a device end after a change was written and before the new state is.
fn restart(client: &mut Client, before: &[u8], record: &[u8]) {
    let change = || key().open::<Change<Client>>(OWNER, None, record).unwrap();
    let mut restarted = Client::from_bytes(before).unwrap();
    change().apply(&mut restarted).unwrap();
    assert_eq!(change().apply(&mut restarted), Err(Error::StaleChange));
    assert!(*restarted.to_bytes() == *client.to_bytes(), "a change read back does otherwise");
    *client = restarted;
}

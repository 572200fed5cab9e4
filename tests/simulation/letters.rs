//! Planning, fetching bundles, sealing.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::{Address, Client, Conversation, Envelope, Plan, Repair, Stop, To};
use latchstring::session::{AccountId, Bundle, MessageKind, OneTimePrekey};
use latchstring::storage::State;

use crate::server::{DAY, below};
use crate::world::{Begun, Held, Message, Sent, World, commit};
use support::town::{enclosed, said};

/// A plan, what it is for, and what was fetched for it.
pub struct Draft {
    pub plan: Plan,
    pub what: What,
    pub content: Vec<u8>,
    /// The sessions that would begin, unless the letter turns out to need none.
    pub begun: BTreeMap<Address, usize>,
    pub left_out: BTreeSet<Address>,
}

#[derive(Clone)]
pub enum What {
    New(Conversation, Vec<AccountId>),
    Resend(usize),
    Repair(Repair),
}

impl Draft {
    fn new(plan: Plan, what: What, content: Vec<u8>) -> Self {
        let left_out = BTreeSet::new();
        Self { plan, what, content, begun: BTreeMap::new(), left_out }
    }
}

impl World {
    /// Plans a message, fetching lists that are unknown or too old.
    pub fn plan(&mut self, node: usize, what: What, content: Vec<u8>) -> Result<Draft, Error> {
        let mut tried = BTreeSet::new();
        loop {
            let (now, before) = (self.time(node), self.sample(node));
            let client = &self.nodes[node].client;
            let plan = match &what {
                What::New(conversation, members) => client.plan(whom(conversation, members), now),
                What::Resend(message) => {
                    let message = &self.messages[*message];
                    client.plan_repair(&Repair::Backfill { id: message.id }, now)
                }
                What::Repair(repair) => client.plan_repair(repair, now),
            };
            self.check_sample(node, before.as_ref(), "planning");
            let error = match plan {
                Ok(plan) => {
                    let mut stopped: Vec<_> = plan.stopped().map(|(account, _)| account).collect();
                    stopped.retain(|account| tried.insert(*account));
                    if stopped.is_empty() {
                        plan.stopped().for_each(|(_, stop)| self.count(&format!("stop {stop:?}")));
                        return Ok(Draft::new(plan, what, content));
                    }
                    for account in stopped {
                        let _ = self.fetch(node, account);
                    }
                    continue;
                }
                Err(error) => error,
            };
            self.count_error("plan", error);
            if !matches!(
                error,
                Error::Unlisted
                    | Error::UnknownAccount
                    | Error::OwnDeviceUnlisted
                    | Error::ListExpired
            ) {
                return Err(error);
            }
            let mut accounts = self.accounts_of(node, &what);
            accounts.retain(|account| tried.insert(*account));
            if accounts.is_empty() {
                return Err(error);
            }
            for account in accounts {
                let _ = self.fetch(node, account);
            }
        }
    }

    /// Returns the accounts that a message goes to, the own one first.
    fn accounts_of(&self, node: usize, what: &What) -> Vec<AccountId> {
        let own = self.address(node).account;
        let mut accounts = vec![own];
        match what {
            What::New(conversation, members) => {
                accounts.extend(members);
                if let Conversation::With(account) = conversation {
                    accounts.push(*account);
                }
            }
            What::Resend(message) => {
                let message = &self.messages[*message];
                accounts.extend(&message.members);
                if let Conversation::With(account) = message.conversation {
                    accounts.push(account);
                }
            }
            What::Repair(Repair::Request { to } | Repair::Refuse { to }) => {
                accounts.push(to.account);
            }
            What::Repair(_) => {}
        }
        accounts.dedup();
        accounts
    }

    /// Fetches the bundles that a plan misses; devices without a good one are left out.
    pub fn supply(&mut self, node: usize, draft: &mut Draft) {
        let mut tries = 0;
        loop {
            let missing: Vec<_> = draft.plan.missing().collect();
            let Some(of) = missing.first().copied() else { return };
            tries += 1;
            let (bytes, one_time) = self.server.bundle(of, &mut self.rng);
            if let Err(error) = self.supply_one(node, draft, &missing, &bytes, one_time) {
                self.count_error("bundle", error);
            }
            if tries > 3 + 2 * missing.len() && draft.plan.missing().any(|address| address == of) {
                draft.plan.leave_out(of).unwrap();
                // What is only suspected gets the letter in the session that there is.
                if !draft.plan.devices().any(|address| address == of) {
                    self.count("left out");
                    draft.left_out.insert(of);
                }
            }
        }
    }

    fn supply_one(
        &mut self,
        node: usize,
        draft: &mut Draft,
        missing: &[Address],
        bytes: &[u8],
        one_time: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let mut bundle = Bundle::decode(bytes)?;
        if let Some(key) = &one_time {
            bundle = bundle.attach(OneTimePrekey::decode(key)?)?;
        }
        let now = self.time(node);
        let before = self.sample(node);
        let client = &self.nodes[node].client;
        let had = draft.plan.supply(client, &bundle, now, &mut self.rng)?;
        self.check_sample(node, before.as_ref(), "a bundle");
        let certificate = bundle.certificate();
        let of = Address { account: certificate.account(), device: certificate.device() };
        assert!(missing.contains(&of), "a bundle of a device that needs none was taken");
        let listed = client.list_of(of.account).and_then(|list| list.device(of.device));
        assert_eq!(listed, Some(certificate), "a bundle of an unlisted device was taken");
        assert_eq!(had, one_time.is_some());
        let published = self.server.bundles[&of].iter().find(|old| old.bytes == bytes);
        let published = published.expect("a bundle that nobody published was taken");
        let is_stale = now > published.at + 14 * DAY + 1800;
        self.sessions.push(Begun { by: self.address(node), at: now, one_time, is_stale });
        draft.begun.insert(of, self.sessions.len() - 1);
        Ok(())
    }

    /// Seals for all devices of a plan, or for none.
    pub fn seal(&mut self, node: usize, draft: &mut Draft) -> Result<(), Error> {
        let devices: Vec<_> = draft.plan.devices().collect();
        let (now, before) = (self.time(node), self.sample(node));
        let crashes = !self.is_quiet && self.once_in(40);
        let (client, rng) = (&mut self.nodes[node].client, &mut self.rng);
        let said = said(&draft.content);
        let sealed = if crashes {
            client.seal(&mut draft.plan, enclosed(&said), now, rng).map(|_dropped| None)
        } else {
            let plan = &mut draft.plan;
            commit(client, rng, |client, rng| client.seal(plan, enclosed(&said), now, rng))
                .map(Some)
        };
        let out = match sealed {
            Err(error) => {
                self.check_sample(node, before.as_ref(), "sealing");
                self.count_error("seal", error);
                return Err(error);
            }
            Ok(None) => {
                self.check_sample(node, before.as_ref(), "sealing without applying");
                return Ok(());
            }
            Ok(Some(out)) => out,
        };
        assert!(out.envelopes.iter().map(|envelope| envelope.to).eq(devices.iter().copied()));
        self.check_audience(node, draft, &devices);
        for device in &devices {
            self.check_named(node, device.account, "sealed");
        }
        self.note_own_list(node);
        let held = self.write_down(node, draft, &out, &devices);
        let from = self.address(node);
        let mut places = BTreeMap::new();
        let mut length = None;
        for envelope in &out.envelopes {
            let to = envelope.to;
            let session = self.session_of(node, draft, envelope);
            if MessageKind::of(&envelope.message) == Ok(MessageKind::Ordinary) {
                let length = *length.get_or_insert(envelope.message.len());
                assert_eq!(length, envelope.message.len(), "a length tells the device");
            }
            let lists = self.lists_named(node, draft, to);
            let opened = false;
            self.sent.push(Sent { from, to, session, held, lists, opened });
            places.insert(to, self.sent.len() - 1);
            let course = self.courses.entry((from, to, session)).or_default();
            course.sent.push(self.sent.len() - 1);
        }
        self.nodes[node].outbox.push((out, places));
        Ok(())
    }

    /// Tells in which session an envelope is. A first message begins one, unless its handshake is known.
    fn session_of(&mut self, node: usize, draft: &mut Draft, envelope: &Envelope) -> usize {
        let (to, begun) = (envelope.to, draft.begun.remove(&envelope.to));
        let kind = MessageKind::of(&envelope.message).unwrap();
        if let MessageKind::Initial(handshake) = kind {
            if !self.handshakes.contains_key(&handshake) {
                let session = begun.expect("a session begins by a bundle");
                assert!(!self.sessions[session].is_stale, "a stale bundle was taken");
                self.handshakes.insert(handshake, session);
                if let Some(old) = self.nodes[node].active.insert(to, session) {
                    self.note_repair(node, to, old);
                }
            }
            let active = self.nodes[node].active.get(&to);
            assert_eq!(self.handshakes.get(&handshake), active, "it goes in the active session");
        }
        self.nodes[node].active[&to]
    }

    /// Enters into the ledger what was sealed.
    fn write_down(
        &mut self,
        node: usize,
        draft: &Draft,
        out: &latchstring::client::Outgoing,
        devices: &[Address],
    ) -> Held {
        match &draft.what {
            What::New(conversation, members) => {
                let from = self.address(node);
                self.messages.push(Message {
                    from: node,
                    id: out.id,
                    conversation: *conversation,
                    members: members.clone(),
                    content: draft.content.clone(),
                    blob: out.blob.clone(),
                    targets: devices.iter().copied().collect(),
                    left_out: draft.left_out.clone(),
                });
                let left_out: BTreeSet<_> = out.left_out.iter().copied().collect();
                assert_eq!(left_out, draft.left_out);
                let message = self.messages.len() - 1;
                // Whose devices were all left out, for want of bundles, is not waited for.
                let waiting = out.stopped.iter().filter(|(_, stop)| *stop != Stop::NoBundle);
                self.note_queued(node, message, waiting.map(|(of, _)| *of).collect());
                assert!(self.by_name.insert((from, out.id), message).is_none());
                Held::Message(message)
            }
            What::Resend(message) => {
                let message = *message;
                let entry = &mut self.messages[message];
                assert_eq!(out.id, entry.id);
                entry.targets.extend(devices);
                entry.blob.clone_from(&out.blob);
                self.note_sealed(node, message);
                Held::Message(message)
            }
            What::Repair(Repair::Request { .. }) => {
                self.requests += 1;
                Held::Request
            }
            What::Repair(Repair::SeenReport) => Held::SeenReport,
            What::Repair(_) => Held::Answer,
        }
    }

    /// Plans, fetches, seals.
    pub fn say(&mut self, node: usize, what: What, content: Vec<u8>) -> Result<(), Error> {
        let mut draft = self.plan(node, what, content)?;
        self.supply(node, &mut draft);
        self.seal(node, &mut draft)
    }

    /// Seals a message again as a repair says.
    pub fn answer(&mut self, node: usize, repair: &Repair, message: usize) -> Result<(), Error> {
        let now = self.time(node);
        let plan = self.nodes[node].client.plan_repair(repair, now)?;
        self.count("answer");
        let content = self.messages[message].content.clone();
        let mut draft = Draft::new(plan, What::Resend(message), content);
        self.supply(node, &mut draft);
        self.seal(node, &mut draft)
    }
}

/// Returns whom a message in a conversation is for.
fn whom<'a>(conversation: &Conversation, members: &'a [AccountId]) -> To<'a> {
    match conversation {
        Conversation::With(account) => To::Account(*account),
        Conversation::Group(id) => To::Group { id: *id, members },
        _ => To::Own,
    }
}

/// Makes a second copy of a client, as a thief makes it.
pub fn copy(client: &Client) -> Client {
    Client::from_bytes(&client.to_bytes()).unwrap()
}

/// Draws the bytes of some content: mostly short, sometimes more than goes into an envelope.
pub fn content(rng: &mut support::TestRng) -> Vec<u8> {
    use latchstring::rand_core::Rng;
    let length = if below(rng, 100) == 0 { 4090 + below(rng, 12) } else { below(rng, 60) };
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    if let Some(first) = bytes.first_mut() {
        *first = 0;
    }
    bytes
}

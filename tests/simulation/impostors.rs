//! Whoever writes under a device's address and is not that device: what is heard of it, and what its peers are told.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::client::{Address, Alert, MessageId, ReceivedLetter};
use latchstring::session::{MessageKind, Position};

use crate::copied::{Copied, Writer};
use crate::server::{Mail, attack};
use crate::world::{Begun, Place, World};

/// The deeds of impostors.
#[derive(Default)]
pub struct Impostors {
    /// The devices whose identity key, or whole state, somebody else has.
    pub suspects: BTreeSet<Address>,
    /// All that was sealed by an impostor, by its bytes.
    pub forgeries: BTreeMap<Vec<u8>, Forgery>,
    /// The devices with which somebody has proven a session, and has not given it up since.
    pub met: BTreeSet<(usize, Address)>,
    pub copies: Vec<Copied>,
    /// All that was opened, by reader, writer, session and place.
    places: BTreeSet<(usize, Address, usize, (u32, u32))>,
}

/// A message of an impostor.
#[derive(Clone, Copy)]
pub struct Forgery {
    /// The one under whose address it is.
    pub from: Address,
    /// The session that it is in.
    pub session: usize,
    /// The copy that sealed it; none if it was made by who has no more than the identity key.
    pub copy: Option<usize>,
    /// True if it is the first of that copy in this session.
    pub is_first: bool,
}

impl Impostors {
    /// Forgets what a device has opened, and with whom.
    pub fn forget(&mut self, node: usize) {
        self.places.retain(|(by, ..)| *by != node);
        self.met.retain(|(by, _)| *by != node);
    }
}

impl World {
    /// Lets an impostor do something, once in a while.
    pub fn impose(&mut self) {
        if self.server.attacks & attack::THIEF != 0 && self.once_in(8) {
            self.thieve();
        }
        if self.server.attacks & attack::COPY != 0 && self.once_in(8) {
            self.copy_or_write();
        }
    }

    /// Tells whether somebody else has keys of one of the two devices.
    pub fn is_suspect(&self, one: Address, other: Address) -> bool {
        [one, other].iter().any(|end| self.impostors.suspects.contains(end))
    }

    /// Draws a companion to be stolen: the account can remove it.
    pub fn some_companion(&mut self) -> Option<usize> {
        let node = self.some_node();
        let primary = self.people[self.nodes[node].person].nodes[0];
        (node != primary).then_some(node)
    }

    /// Enters a session that an impostor begins.
    pub fn begin_as(&mut self, from: Address) -> usize {
        let at = self.now;
        self.sessions.push(Begun { by: from, at, one_time: None, is_stale: false });
        self.sessions.len() - 1
    }

    /// Has the server bring an impostor's message.
    pub fn bring_forgery(&mut self, to: Address, id: MessageId, message: Vec<u8>, made: Forgery) {
        self.impostors.suspects.insert(made.from);
        self.impostors.forgeries.insert(message.clone(), made);
        let mail = Mail { from: made.from, to, id, message, envelope: None, tries: 0 };
        self.server.bring(mail, &mut self.rng);
    }

    /// Notes a letter of the device itself.
    pub fn note_genuine(
        &mut self,
        node: usize,
        envelope: usize,
        mail: &Mail,
        arrived: &ReceivedLetter,
    ) {
        let (from, session) = (self.sent[envelope].from, self.sent[envelope].session);
        if MessageKind::of(&mail.message) == Ok(MessageKind::Ordinary)
            && self.nodes[node].active.get(&from) == Some(&session)
        {
            self.impostors.met.insert((node, from));
        }
        self.note_place(node, from, session, arrived.position);
        self.note_writer(node, Writer::Original(envelope), is_told(arrived));
    }

    /// Notes that something did not open.
    pub fn note_refused(&mut self, node: usize, is_true: Option<usize>, mail: &Mail) {
        match (is_true, self.impostors.forgeries.get(&mail.message)) {
            (Some(envelope), _) => self.note_writer(node, Writer::Original(envelope), true),
            (None, Some(Forgery { session, copy: Some(copy), is_first: true, .. })) => {
                let by = Writer::Copy(*copy, *session);
                self.note_writer(node, by, true);
            }
            _ => {}
        }
    }

    /// Checks and notes what an impostor has got through.
    pub fn hear_impostor(&mut self, node: usize, mail: &Mail, arrived: &ReceivedLetter) {
        let Some(forgery) = self.impostors.forgeries.get(&mail.message).copied() else {
            panic!("opened what nobody sent so: {:?}", mail.from);
        };
        let Forgery { from, session, copy, .. } = forgery;
        assert_eq!((arrived.from, mail.from), (from, from), "shown under another name");
        let list = self.nodes[node].client.list_of(from.account).unwrap();
        assert!(list.device(from.device).is_some(), "an unlisted device was heard");
        match copy {
            None => {
                let is_met = self.impostors.met.contains(&(node, from));
                if self.nodes[node].accepted.contains(&session) {
                    self.count("a thief, again");
                } else {
                    assert!(!is_met || is_alarm(arrived), "a thief is heard, and nobody is told");
                    self.count(if is_met { "a thief, told" } else { "a thief, first" });
                }
            }
            Some(copy) => {
                self.note_place(node, from, session, arrived.position);
                if forgery.is_first {
                    self.note_writer(node, Writer::Copy(copy, session), is_told(arrived));
                }
                self.count("a copy is heard");
            }
        }
        self.nodes[node].care.unread.remove(&(from, arrived.id));
        let begun = &self.sessions[session];
        let is_theirs = begun.by == from;
        self.one_time_used.extend(begun.one_time.clone());
        let reader = &mut self.nodes[node];
        let begins = is_theirs && reader.accepted.insert(session);
        if begins && !arrived.alerts.contains(&Alert::StraySession) {
            reader.active.insert(from, session);
        }
    }

    /// Checks that at one place of a session one message is shown.
    fn note_place(&mut self, node: usize, from: Address, session: usize, at: Position) {
        let place = (node, from, session, (at.chain, at.number));
        assert!(self.impostors.places.insert(place), "two messages at one place of a session");
    }

    /// Lets the accounts remove every device that is suspected: what their users are told to do.
    pub fn remove_suspects(&mut self) {
        for suspect in self.impostors.suspects.clone() {
            let node = self.at[&suspect];
            if self.nodes[node].place != Place::Listed {
                continue;
            }
            let person = self.nodes[node].person;
            let place = self.people[person].nodes.iter().position(|other| *other == node);
            self.remove_at(person, place.unwrap());
            assert_eq!(self.nodes[node].place, Place::Removed);
        }
    }
}

/// Tells whether the user is told that somebody may pose, or that a state is not what it was.
fn is_alarm(arrived: &ReceivedLetter) -> bool {
    let alarms =
        [Alert::SessionReset, Alert::SessionForked, Alert::RolledBack, Alert::StraySession];
    alarms.iter().any(|alarm| arrived.alerts.contains(alarm))
}

/// Tells whether anything is said of the session.
fn is_told(arrived: &ReceivedLetter) -> bool {
    is_alarm(arrived) || arrived.alerts.contains(&Alert::OldSession)
}

//! The checks that hold at every moment.

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Conversation, LetterEvent, ListHash, OwnContent, ReceivedLetter, Repair, Stop,
};
use latchstring::content::Sender;
use latchstring::session::AccountId;
use latchstring::storage::State;

use crate::letters::{Draft, What};
use crate::server::Mail;
use crate::world::{Held, World};
use support::town::bytes;

impl World {
    /// Checks that a letter goes to all devices of the known lists, and to no other, and that the lists are valid.
    pub fn check_audience(&self, node: usize, draft: &Draft, devices: &[Address]) {
        let (client, now) = (&self.nodes[node].client, self.time(node));
        assert!(!self.nodes[node].knows, "a removed device has sealed");
        for device in devices {
            let list = client.list_of(device.account).unwrap();
            assert!(list.device(device.device).is_some(), "sealed for a device that is unlisted");
            assert!(now <= list.expires(), "sealed by a list past its time");
            let mut shown = self.nodes[node].shown.iter();
            assert!(
                shown.all(|(account, _)| *account != device.account),
                "sealed while the user has not decided about another key"
            );
            assert!(
                client.changed_lists_of(device.account).next().is_none(),
                "sealed for a changed account"
            );
        }
        if let What::New(conversation, members) = &draft.what {
            let own = client.address();
            let mut accounts: BTreeSet<_> = members.iter().copied().collect();
            accounts.insert(own.account);
            if let Conversation::With(account) = conversation {
                accounts.insert(*account);
            }
            let stopped: BTreeSet<_> = draft.plan.stopped().collect();
            for (account, stop) in &stopped {
                let known = client.list_of(*account);
                match stop {
                    Stop::Unknown => assert!(known.is_none()),
                    Stop::ListOver => {
                        let known = known.unwrap();
                        let is_over = known.expires() < now || known.issued() > now;
                        assert!(is_over || self.is_misled(node));
                    }
                    Stop::Changed => assert!(client.changed_lists_of(*account).next().is_some()),
                    Stop::NoBundle => continue,
                    _ => {}
                }
                accounts.remove(account);
            }
            let all = accounts.iter().map(|account| client.list_of(*account).unwrap());
            let mut all: BTreeSet<_> = all.flat_map(Self::addresses).collect();
            all.remove(&own);
            let planned = devices.iter().chain(&draft.left_out).copied().collect();
            assert_eq!(all, planned, "the devices of a plan");
        }
    }

    /// Returns the lists that an envelope names.
    pub fn lists_named(
        &self,
        node: usize,
        draft: &Draft,
        to: Address,
    ) -> Vec<(AccountId, ListHash)> {
        let client = &self.nodes[node].client;
        let own = client.address().account;
        let of = |conversation: Conversation| match conversation {
            Conversation::With(account) => account,
            Conversation::Group(_) => to.account,
            _ => own,
        };
        let other = match &draft.what {
            What::New(conversation, _) => of(*conversation),
            What::Resend(message) => of(self.messages[*message].conversation),
            What::Repair(Repair::Request { to } | Repair::Refuse { to }) => to.account,
            What::Repair(_) => own,
        };
        let hash = |account| (account, client.list_of(account).unwrap().hash());
        let mut named = vec![hash(own)];
        // In a group the receiver reads the second list as its own account's.
        if other != own {
            named.push(hash(other));
        }
        named
    }

    /// Checks that it may open at all.
    pub fn check_opened(&self, node: usize, envelope: usize, arrived: &ReceivedLetter) {
        let (client, sent) = (&self.nodes[node].client, &self.sent[envelope]);
        assert!(!self.nodes[node].knows, "a removed device has opened a letter");
        assert!(!sent.opened, "an envelope was opened twice");
        let list = client.list_of(sent.from.account).unwrap();
        assert!(list.device(sent.from.device).is_some(), "an unlisted device was heard");
        let stands = self.nodes[node].accepted.contains(&sent.session)
            || self.sessions[sent.session].by == client.address();
        let told = arrived.alerts.iter().any(|alert| matches!(alert, Alert::ListOver { .. }));
        let is_read = self.time(node) <= list.expires() || (stands && told);
        assert!(is_read, "heard by a list past its time");
        let own = client.address().account == sent.from.account;
        assert_eq!(arrived.sender, if own { Sender::Own } else { Sender::Member });
        assert_eq!(arrived.from, sent.from);
    }

    /// Follows which session both sides are on.
    pub fn note_session(&mut self, node: usize, envelope: usize, arrived: &ReceivedLetter) {
        let (from, to, session) = {
            let sent = &self.sent[envelope];
            (sent.from, sent.to, sent.session)
        };
        let has = |alert: Alert| arrived.alerts.contains(&alert);
        let is_suspect = self.is_suspect(from, to);
        let is_excused = is_suspect || self.was_troubled(from, to);
        let nothing_lost = self.losses == 0 && !is_excused;
        assert!(!has(Alert::SessionForked) || is_excused, "an honest device forgets no session");
        assert!(!has(Alert::RolledBack) || !nothing_lost, "nobody has lost a session");
        let is_stray = has(Alert::StraySession);
        let says_so =
            has(Alert::NewSession) || has(Alert::SessionReplaced) || has(Alert::SessionReset);
        let begun = &self.sessions[session];
        let is_theirs = begun.by == from;
        assert!(!has(Alert::SessionRepaired) || begun.by == to, "who began it knows why");
        let is_first = begun.by == from && !self.nodes[node].accepted.contains(&session);
        let begins = is_first && !is_stray;
        if is_first {
            let of_copy = is_excused && has(Alert::SessionForked);
            let told = says_so || has(Alert::RolledBack) || is_stray || of_copy;
            assert!(told, "a first message begins a session, or it is a stray one");
            assert_eq!(has(Alert::NoOneTimePrekey), begun.one_time.is_none());
            if let Some(key) = begun.one_time.clone() {
                assert!(
                    self.one_time_used.insert(key),
                    "a one-time prekey has opened two sessions"
                );
            }
        } else {
            assert!(!says_so, "a session was accepted twice");
        }
        if has(Alert::SessionReset) {
            assert!(!nothing_lost, "nobody has lost a session");
            self.count("session reset");
        }
        let reader = node;
        let node = &mut self.nodes[node];
        if is_first {
            node.accepted.insert(session);
        }
        if is_theirs {
            let latest = node.latest.entry(from).or_insert(session);
            let is_back = begins && session < *latest;
            assert!(!is_back || is_excused, "a withheld session became the active one");
            *latest = session.max(*latest);
        }
        if begins {
            node.active.insert(from, session);
        }
        let is_active = node.active.get(&from) == Some(&session);
        let is_old = is_stray || has(Alert::OldSession);
        assert!(is_suspect || is_old != is_active, "whether the session is the active one");
        if is_old {
            self.count("old session");
        }
        self.sent[envelope].opened = true;
        if let Some(backup) = &mut self.nodes[reader].backup {
            backup.opened.push(envelope);
        }
        self.refused.remove(&envelope);
        let course = self.courses.get_mut(&(from, to, session)).unwrap();
        course.skipped += arrived.skipped;
        if course.last.is_some_and(|last| last > envelope) {
            course.late += 1;
        }
        course.last = course.last.max(Some(envelope));
    }

    /// Checks that a list that the sender knows otherwise is told, and stays so until it agrees.
    pub fn check_views(&self, node: usize, envelope: usize) {
        let (client, sent) = (&self.nodes[node].client, &self.sent[envelope]);
        for (subject, hash) in &sent.lists {
            let Some(known) = client.list_of(*subject) else { continue };
            let mut told = client.mismatches();
            let told = told.any(|(by, of, _)| by == sent.from && of == *subject);
            assert_eq!(told, known.hash() != *hash, "whether both know the same list");
        }
    }

    /// Checks that what is shown is what was sent, by that device, there, and was not shown before.
    pub fn check_content(&mut self, node: usize, envelope: usize, arrived: &ReceivedLetter) {
        let held = self.sent[envelope].held;
        let equivocates = |alert: &Alert| matches!(alert, Alert::Equivocation { .. });
        assert!(!arrived.alerts.iter().any(equivocates), "nobody said two things");
        let large;
        let content = match (&arrived.event, held) {
            (LetterEvent::ResendRequested, Held::Request | Held::Answer)
            | (LetterEvent::NotResent(_), Held::Answer)
            | (LetterEvent::SeenReport, Held::SeenReport) => return,
            (LetterEvent::Repeated(_), Held::Message(message)) => {
                let name = (arrived.from, self.messages[message].id);
                assert!(self.nodes[node].read.contains(&name), "kept back and never shown");
                self.count("repeated");
                return;
            }
            (
                LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)),
                Held::Message(_),
            ) => content,
            (LetterEvent::Blob(reference), Held::Message(message)) => {
                large = reference.open(self.messages[message].blob.as_ref().unwrap()).unwrap();
                &large
            }
            _ => panic!("another content than was sealed"),
        };
        let Held::Message(message) = held else { unreachable!() };
        let message = &self.messages[message];
        let (own, from) = (self.address(node), self.address(message.from));
        assert_eq!((arrived.from, arrived.id), (from, message.id));
        assert!(bytes(content) == message.content, "other words than were sent");
        assert!(message.targets.contains(&own), "shown to a device that it was not sealed for");
        let there = match message.conversation {
            Conversation::With(_) if own.account != from.account => {
                Conversation::With(from.account)
            }
            other => other,
        };
        assert_eq!(arrived.conversation, there);
        if message.conversation == Conversation::Own {
            assert_eq!(own.account, from.account, "own content from somebody else");
        }
        if let LetterEvent::Own(_) = arrived.event {
            assert_eq!(message.conversation, Conversation::Own);
        }
        let name = (arrived.from, arrived.id);
        if self.nodes[node].read.insert(name) {
            self.count("read");
        } else {
            assert!(self.nodes[node].again.remove(&name), "shown twice");
            self.count("a letter comes again");
        }
    }

    /// Checks that an envelope that is refused may be, for this reason.
    pub fn check_refused(&self, node: usize, is_true: Option<usize>, mail: &Mail, error: Error) {
        let client = &self.nodes[node].client;
        if self.nodes[node].knows {
            assert_eq!(error, Error::OwnDeviceUnlisted, "a removed device");
            return;
        }
        let known = client.list_of(mail.from.account);
        let is_listed = known.is_some_and(|list| list.device(mail.from.device).is_some());
        let is_self = mail.from == client.address();
        let has_place = client.list().device(client.address().device).is_some();
        if !is_listed && !is_self && has_place {
            let is_first = match error {
                Error::UnknownAccount => known.is_none(),
                Error::Unlisted | Error::AccountChanged => known.is_some(),
                _ => false,
            };
            assert!(is_first, "an unlisted device is refused first: {error:?}");
        }
        let Some(envelope) = is_true else { return };
        let sent = &self.sent[envelope];
        let is_excused =
            self.is_suspect(sent.from, sent.to) || self.was_troubled(sent.from, sent.to);
        match error {
            Error::Duplicate => assert!(sent.opened, "a duplicate of nothing"),
            Error::Replay => assert!(self.nodes[node].accepted.contains(&sent.session)),
            Error::Unlisted
            | Error::OwnDeviceUnlisted
            | Error::UnknownAccount
            | Error::ListExpired
            | Error::AccountChanged => {}
            Error::MessageKeyGone
            | Error::Forged
            | Error::UnknownPrekey
            | Error::RotationRequired => {
                let is_lossless = self.is_lossless_between(sent.from, sent.to);
                assert!(sent.opened || !is_lossless, "{error:?} on a polite server");
            }
            Error::StateCloned | Error::Inconsistent | Error::TooFarAhead if is_excused => {}
            _ => panic!("{error:?} for what an honest device has sealed"),
        }
    }

    /// Checks that what a device holds is bounded by the accounts and devices that it knows.
    pub fn check_size(&mut self, node: usize) {
        let client = &self.nodes[node].client;
        let length = client.to_bytes().len();
        let accounts = self.people.len();
        let devices: usize = (0..accounts)
            .filter_map(|person| client.list_of(self.account(person)))
            .map(|list| list.devices().len())
            .sum();
        let bound = bound(accounts, devices);
        assert!(length <= bound, "{length} bytes for {accounts} accounts, {devices} devices");
        self.largest = self.largest.max(length);
    }
}

/// Bytes of a state at most: prekeys, logs; six lists and 256 dismissals an account; five sessions a device.
fn bound(accounts: usize, devices: usize) -> usize {
    const LIST: usize = 8642;
    const PREKEYS: usize = (1000 + 50) * 112 + 32 * (1500 + 24 * 64);
    const SEEN: usize = 1024 * 89;
    let sent = 128 * (16 + 32 + 8 + 65 + accounts * 40 + 3 * devices * 41);
    let session = 4096 + 300 * 36;
    PREKEYS
        + SEEN
        + sent
        + accounts * (6 * LIST + 256 * 32)
        + devices * (5 * session + accounts * 72 + 64)
}

//! Reading: who wrote, what it says, and what is to be told to the user beside it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::session_choice::{Choice, Contradiction};
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::content::Sender;
use crate::protocol::franking::{FrankCheck, Schema};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::{Letter, LetterConversation};

use super::address::Address;
use super::client::{Client, Inner};
use super::consistency::Findings;
use super::delta::{Accept, ClientItem, MovedSession, Raised, Settled};
use super::doubt::Level;
use super::event::{Alert, LetterEvent, ReceivedLetter};
use super::limits::HOUR;
use super::peer::Peer;
use super::plan::Conversation;
use super::slot::{SessionStanding, Slot};
use crate::session::incoming::Incoming;
use crate::session::{Accepted, Decrypted, Session};
use crate::storage::Pending;

/// A message that did not open.
#[derive(Clone, Copy)]
pub(super) enum Unopened {
    /// Anybody can have made it: no header key opened it, or its sender was not known yet.
    Stranger(Error),
    /// Its header was sealed in a session.
    Header {
        error: Error,
        /// True if the device may still be on that session: it is the active one, or that is not proven. Of
        /// [`Error::StateCloned`] also if it is the one that the active session continues.
        is_present: bool,
    },
}

impl Unopened {
    pub(super) fn error(self) -> Error {
        match self {
            Self::Stranger(error) | Self::Header { error, .. } => error,
        }
    }
}

impl From<Error> for Unopened {
    fn from(error: Error) -> Self {
        Self::Stranger(error)
    }
}

/// A message that was opened, in one session or another.
struct ReadLetter {
    opened: Decrypted,
    standing: SessionStanding,
    found: Findings,
    /// The skipped keys of the account's sessions that there are then, if it brings some.
    keys: Option<usize>,
}

impl Client {
    /// Opens an envelope. Save the change, apply it, then show what arrived.
    ///
    /// `from` is the device that the transport names as its sender. It only says where to look: nothing opens
    /// but what that device sealed.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's.
    /// [`Error::UnknownAccount`] if no list of the account of `from` is known, [`Error::Unlisted`] if it does
    /// not name the device; [`Error::ListExpired`] for a first message under a list past its time;
    /// [`Error::AccountChanged`]: keep the envelope, fetch the list or ask the user, and open it again; drop it if
    /// the fetched list does not name the device either.
    /// [`Error::WrongPeer`] for a first message of another device than `from`. [`Error::Replay`] for a first
    /// message whose session is erased, and [`Error::UnknownPrekey`] for one whose prekeys are gone, as a one-time
    /// prekey is once it was used: if its content was not shown, it is lost, unless it is asked for again
    /// ([`Client::take`]). On `UnknownPrekey` compare what the server has
    /// ([`Client::tasks`]), withdraw and publish, and then answer ([`Error::answer`]). [`Error::NotSelf`] and
    /// [`Error::NotAllowed`] for what this sender may not say. [`Error::UnsupportedContent`] for a content of a later
    /// release: keep the envelope. [`Error::StateCloned`] for a message sent in a session after its sender had left
    /// it. Else as [`Device::accept`](crate::session::Device::accept) and [`Session::open`]. Nothing changes then.
    pub fn open(
        &mut self,
        from: Address,
        envelope: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, ReceivedLetter>, Error> {
        let now = self.inner.clock.now(now);
        let opened = self.inner.opened(from, envelope, FrankCheck::Skip, now);
        let (items, letter) = opened.map_err(Unopened::error)?;
        Ok(self.pending(now.supported(letter.support()), items, letter))
    }

    /// Opens an envelope and moves the client on, in one call. Save the client, then show what
    /// arrived.
    ///
    /// # Errors
    ///
    /// As [`Client::open`].
    pub fn receive(
        &mut self,
        from: Address,
        envelope: &[u8],
        now: u64,
    ) -> Result<ReceivedLetter, Error> {
        Ok(self.open(from, envelope, now)?.apply())
    }
}

impl Inner {
    /// Opens an envelope: returns what that changes, and what arrived.
    pub(super) fn opened(
        &self,
        from: Address,
        envelope: &[u8],
        frank: FrankCheck<'_>,
        now: Now,
    ) -> Result<(Vec<ClientItem>, ReceivedLetter), Unopened> {
        self.check_listed()?;
        let from = self.present(from, now);
        if from == self.address() {
            return Err(Error::WrongPeer.into());
        }
        let contact = self.known(from.account)?;
        contact.device(from.device)?;
        let over = contact.check_time(now).err().map(|_| contact.serves_until());
        let changed = contact.waiting.is_open();
        let ReadLetter { opened, standing, mut found, keys } =
            self.read(from, &Incoming::parse(envelope)?, now)?;
        let Decrypted { content, position, skipped, lost, secret } = opened;
        let surplus = keys.map(|keys| self.surplus(from.account, keys)).unwrap_or_default();
        let lost = lost.saturating_add(surplus.own);
        let others = surplus.others.into_iter();
        found.alerts.extend(others.map(|(of, messages)| Alert::Lost { of, messages }));
        let letter = Letter::decode(&content)?;
        self.check_sender(from, &letter)?;
        let is_reportable = from.account != self.account() && letter.is_message();
        let words = (Schema::Letter, Letter::words(&content));
        let evidence = frank.check(&secret, words, is_reportable)?;
        if letter.rolled_back && !found.alerts.contains(&Alert::RolledBack) {
            found.alerts.push(Alert::RolledBack);
        }
        if changed {
            found.alerts.push(Alert::AccountChanged);
        }
        if let Some(end) = over {
            let said_in_time = letter.sent <= end;
            found.alerts.push(Alert::ListOver { of: from.account, said_in_time });
        }
        self.compare_lists(from, &letter, &mut found);
        let event = self.take_in(from, &letter, &mut found)?;
        let Findings { mut items, alerts, target } = found;
        for item in &mut items {
            item.note_heard(letter.sent.min(now.reading()));
        }
        if matches!(event, LetterEvent::ResendRequested) && standing != SessionStanding::Active {
            items.extend(self.asked_elsewhere(from, now));
        }
        let refused = match &event {
            LetterEvent::NotResent(ids) if over.is_none() => &ids[..],
            _ => &[],
        };
        let settled = refused.iter().chain([&letter.id]).filter(|id| self.unread.has(from, id));
        let settled = settled.map(|id| Settled { from, id: *id });
        items.extend(settled.map(|settled| ClientItem::Settled(Box::new(settled))));
        let sender = if from.account == self.account() { Sender::Own } else { Sender::Member };
        let (conversation, audience) = self.filed(from, &letter);
        if let (Sender::Own, Conversation::With(account), None) = (sender, conversation, over)
            && self.is_newcomer(account)
        {
            items.push(ClientItem::Acquaint(Box::new(account)));
        }
        let (id, sent) = (letter.id, letter.sent);
        let arrived = ReceivedLetter {
            from,
            sender,
            conversation,
            id,
            sent,
            event,
            alerts,
            position,
            skipped,
            lost,
            audience,
            evidence,
            secret,
            target,
            opened_at: now.reading(),
        };
        Ok((items, arrived))
    }

    /// Returns where a letter belongs, and in a group this account and the audience.
    fn filed(
        &self,
        from: Address,
        letter: &Letter<'_>,
    ) -> (Conversation, Option<(AccountId, [u8; 32])>) {
        let own = self.account();
        match (letter.conversation, self.partner(from, letter)) {
            (LetterConversation::Group { id, audience }, _) => {
                (Conversation::Group(id), Some((own, audience)))
            }
            (_, Some(partner)) if partner != own => (Conversation::With(partner), None),
            _ => (Conversation::Own, None),
        }
    }

    /// Returns the doubt about a device that asks in a session that is not the active one: it does not hold that,
    /// unless it has not heard of it yet.
    fn asked_elsewhere(&self, of: Address, now: Now) -> Option<ClientItem> {
        let peer = self.peers.get(&of)?;
        let is_on_its_way = peer.waits(HOUR, now.steady());
        let rises = !is_on_its_way && peer.doubt.is_raised_by(Level::Shown);
        rises.then(|| ClientItem::Raised(Box::new(Raised { of, level: Level::Shown })))
    }

    fn read(
        &self,
        from: Address,
        envelope: &Incoming<'_>,
        now: Now,
    ) -> Result<ReadLetter, Unopened> {
        let Some(id) = envelope.handshake_id() else {
            return self.read_in_session(from, envelope, now, |_| true);
        };
        let named = |session: &Session| session.handshake_id() == id;
        match self.read_in_session(from, envelope, now, named) {
            Err(Unopened::Stranger(Error::Forged)) if !self.has_session_named(from, now, named) => {
                // A thief of a removed device's keys would begin a session.
                self.known(from.account)?.check_time(now)?;
                Ok(self.read_first(from, envelope, now)?)
            }
            read => read,
        }
    }

    fn has_session_named(&self, from: Address, now: Now, named: impl Fn(&Session) -> bool) -> bool {
        let peer = self.peers.get(&from);
        peer.is_some_and(|peer| peer.sessions(now).any(|(_, session)| named(session)))
    }

    /// Tries the sessions with the device in their order, the active one first.
    fn read_in_session(
        &self,
        from: Address,
        envelope: &Incoming<'_>,
        now: Now,
        wanted: impl Fn(&Session) -> bool,
    ) -> Result<ReadLetter, Unopened> {
        let peer = self.peers.get(&from).ok_or(Error::Forged)?;
        for (slot, session) in peer.sessions(now).filter(|(_, session)| wanted(session)) {
            let is_present = slot == Slot::Active || !peer.is_proven();
            let header = |error| {
                let is_copy = error == Error::StateCloned;
                let is_present = is_present || (is_copy && peer.has_just_left(session.id()));
                Unopened::Header { error, is_present }
            };
            let staged = match session.stage(envelope) {
                Err(Error::Forged) => continue,
                Err(Error::Malformed) => return Err(Error::Malformed.into()),
                staged => staged.map_err(header)?,
            };
            let is_turn = staged.header.is_turn();
            let (opened, delta) = match staged.open() {
                // The header key of the next chain is older than its other keys: the peer may answer what this
                // device has forgotten.
                Err(Error::Forged) if is_turn => return Err(Error::Forged.into()),
                opened => opened.map_err(header)?,
            };
            if peer.is_past(slot, opened.position) {
                return Err(header(Error::StateCloned));
            }
            let answers = slot == Slot::Active && peer.waits_for_repair();
            let standing = peer.standing(slot);
            let alert = match standing {
                SessionStanding::Active => None,
                SessionStanding::Replaced => Some(Alert::OldSession),
                SessionStanding::Stray => Some(Alert::StraySession),
            };
            let keys = (opened.skipped > 0).then(|| {
                let others = self.holdings.keys_of(from.account).saturating_sub(session.skipped());
                others.saturating_add(session.skipped_after(&delta))
            });
            let moved = MovedSession { with: from, slot, heard: 0, delta };
            let items = [ClientItem::Opened(Box::new(moved))].into();
            let repaired = answers.then_some(Alert::SessionRepaired);
            let alerts = alert.into_iter().chain(repaired).collect();
            let found = Findings { items, alerts, target: None };
            return Ok(ReadLetter { opened, standing, found, keys });
        }
        Err(Error::Forged.into())
    }

    fn read_first(
        &self,
        from: Address,
        envelope: &Incoming<'_>,
        now: Now,
    ) -> Result<ReadLetter, Error> {
        let (Accepted { session, mut opened }, prekeys) =
            self.device.accepted(envelope, now.firm(), None)?;
        // The handshake proves who wrote: the device that the signed list names, or another one.
        let listed =
            self.contact(from.account).and_then(|contact| contact.list.device(from.device));
        if listed != Some(session.peer()) {
            return Err(Error::WrongPeer);
        }
        let nothing = Peer::new(self.newest(from, now));
        let peer = self.peers.get(&from).unwrap_or(&nothing);
        let made = self.device.prekeys_made(envelope, now.firm())?;
        let (choice, contradiction) = peer.judge(&session, made, now);
        let activate = choice != Choice::Keep;
        let mut alerts: Vec<_> = contradiction.map(Alert::from).into_iter().collect();
        match choice {
            Choice::Keep => alerts.push(Alert::StraySession),
            // That all is as it should be is not said of what contradicts something.
            Choice::Activate | Choice::Replace if contradiction.is_some() => {}
            Choice::Activate => alerts.push(Alert::NewSession),
            Choice::Replace => alerts.push(Alert::SessionReplaced),
        }
        if !session.used_one_time_prekey() {
            alerts.push(Alert::NoOneTimePrekey);
        }
        let displaced = self.displaced_by(from, activate);
        let erased = displaced.newcomer.map(|device| Alert::NewcomerErased { device });
        alerts.extend(erased);
        opened.lost = opened.lost.saturating_add(displaced.keys);
        let others = self.holdings.keys_of(from.account).saturating_sub(displaced.keys);
        let keys = Some(others.saturating_add(session.skipped()));
        let items = Vec::from([
            self.prekeys(prekeys),
            ClientItem::Accept(Box::new(Accept {
                from,
                session,
                activate,
                found: contradiction,
                heard: 0,
            })),
        ]);
        let standing = if activate { SessionStanding::Active } else { SessionStanding::Stray };
        Ok(ReadLetter { opened, standing, found: Findings { items, alerts, target: None }, keys })
    }
}

impl From<Contradiction> for Alert {
    fn from(contradiction: Contradiction) -> Self {
        match contradiction {
            Contradiction::Reset => Self::SessionReset,
            Contradiction::Forked => Self::SessionForked,
            Contradiction::RolledBack => Self::RolledBack,
        }
    }
}

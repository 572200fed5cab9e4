//! Reading: who wrote, what it says, and what is to be told to the user beside it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::change::Change;
use crate::chat::Origin;
use crate::error::Error;
use crate::message::{self, MessageKind};
use crate::protocol::blob::Reference;
use crate::protocol::letter::{self, Letter};
use crate::protocol::ratchet::Position;
use crate::protocol::succession::Verdict;
use crate::session::{Opened, Session};

use super::contact::View;
use super::peer::Peer;
use super::plan::Conversation;
use super::step::{Accept, Moved, Step};
use super::{AccountId, Address, Client, Inner, MessageId};

/// A letter that was read: save the change that came with it, apply it, then show this.
pub struct Arrived {
    /// The device that sent it, as its session proved. Nothing that a server says is in this.
    pub from: Address,
    /// Whose words these are.
    pub origin: Origin,
    /// Where it belongs: for an own copy the conversation that it was sent in.
    pub conversation: Conversation,
    /// The message's name, the same on all devices that got it.
    pub id: MessageId,
    /// When it was sent, by the sender's clock.
    pub sent: u64,
    /// What it says.
    pub content: Content,
    /// What the user, or a log, should know beside it.
    pub alerts: Vec<Alert>,
    /// Where it stands among the sender's messages to this device.
    pub position: Position,
    /// Earlier messages that this one showed to be missing. They can still arrive.
    pub missing: usize,
    /// Still earlier messages that are lost.
    pub lost: usize,
    /// This account and the hash of the accounts that the sender sent to, in a group.
    audience: Option<(AccountId, [u8; 32])>,
}

impl Arrived {
    /// Whether a group's message came from one of these accounts and was sent to exactly these;
    /// this account counts, whether it is named or not. If not, somebody writes who is not in the
    /// group, or sender and receiver do not agree on who is: tell the user.
    ///
    /// A message in any other conversation was sent to both accounts and nobody else.
    #[must_use]
    pub fn is_for(&self, members: &[AccountId]) -> bool {
        let Some((own, audience)) = self.audience else { return true };
        let from_member = self.from.account == own || members.contains(&self.from.account);
        from_member && letter::audience(members.iter().copied().chain([own])) == audience
    }
}

/// What a letter says.
#[non_exhaustive]
pub enum Content {
    /// A message.
    Message(Zeroizing<Vec<u8>>),
    /// A message whose content is in a blob.
    Large(Large),
    /// Something from an own device, which nobody else can say.
    Own(Zeroizing<Vec<u8>>),
    /// The sender could not open the message of this name: see [`Client::plan_again`]. If it asks
    /// in a session that is not the active one, it cannot open that one either: an hour after that
    /// began the next plan needs a bundle for the device and begins another.
    AskedAgain(MessageId),
    /// Another own device told what it has read; what it found different is in the alerts.
    Witness,
    /// The message was read before, and sent again. There is nothing to show.
    Repeated,
}

/// The content of a message that is in a blob. Secret.
pub struct Large(pub(super) Reference);

impl Large {
    /// The SHA-256 of the blob, to fetch it by.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        self.0.hash()
    }

    /// How many bytes the content has, as the sender says.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.0.length()
    }

    /// Opens the blob.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] for anything but the blob that the sender meant.
    pub fn open(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.0.open(blob)
    }
}

/// Something to be told beside a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alert {
    /// The first session with this device.
    NewSession,
    /// The device went on in a new session, which continues the old one or won against another that
    /// was begun at the same time. Nothing is wrong.
    SessionReplaced,
    /// The device had lost its sessions and begins anew: it was restored, or somebody else has its
    /// keys.
    SessionReset,
    /// The device forgot a session that it had proven: its state was cloned or rolled back. Tell
    /// the user.
    SessionForked,
    /// The letter came in a session that is not the active one: it was held back, or it crossed
    /// with another.
    OldSession,
    /// The session was begun without a one-time prekey: they have run out, or a server withholds
    /// them.
    NoOneTimePrekey,
    /// The sender reported another device list of `of` than the one known here. It stays in
    /// [`Client::mismatches`] until the device reports the right one.
    Lists {
        /// Whose list.
        of: AccountId,
        /// What the report means.
        view: View,
    },
    /// The sender reports the device list of this account as it is known here, after it had
    /// reported another.
    ListsAgree {
        /// Whose list.
        of: AccountId,
    },
    /// A device told two things under one name: to this device something else than to another own
    /// device, or something else the second time. What came later is not shown.
    Equivocation {
        /// The device that did.
        by: Address,
        /// The message's name.
        id: MessageId,
    },
}

/// A message that was opened, in whichever session.
struct Read {
    opened: Opened,
    /// Whether it was opened in the active session.
    active: bool,
    steps: Vec<Step>,
    alerts: Vec<Alert>,
}

impl Client {
    /// Opens an envelope. Save the change, apply it, then show what arrived.
    ///
    /// `from` is the device that the transport names as its sender: where to look, and nothing
    /// more. Only what that device sealed opens.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if `from` is not in the known list of its account, or no list is known,
    /// or this device is no more one of its account's; [`Error::ListExpired`];
    /// [`Error::AccountChanged`]: keep the envelope, fetch the list or ask the user, and open it
    /// again; drop it if the fetched list does not name the device either. [`Error::WrongPeer`] for
    /// a first message of another device than `from`. [`Error::Replay`] for a first message whose
    /// session is gone: if its content was not shown, it is lost here, and can be asked for.
    /// [`Error::NotSelf`] for what only an own device may say. [`Error::Cloned`] for a message sent
    /// in a session after its sender had left it. Else as
    /// [`Device::accept`](crate::Device::accept), [`Session::stage`] and
    /// [`Staged::open`](crate::Staged::open). Nothing changes then.
    pub fn open(
        &self,
        from: Address,
        envelope: &[u8],
        now: u64,
    ) -> Result<(Arrived, Change), Error> {
        let inner = &*self.inner;
        let now = now.max(inner.clock);
        inner.check_listed()?;
        if from == inner.address() {
            return Err(Error::WrongPeer);
        }
        let contact = inner.contact(from.account).ok_or(Error::Unlisted)?;
        contact.device(from.device)?;
        contact.list.check(now)?;
        let Read { opened, active, mut steps, mut alerts } = inner.read(from, envelope, now)?;
        let Opened { content, position, missing, lost } = opened;
        let letter = Letter::decode(&content)?;
        letter.check_sender(from.account, inner.account())?;
        inner.compare_lists(from, &letter, &mut steps, &mut alerts);
        let content = inner.take_in(from, &letter, &mut steps, &mut alerts);
        if matches!(content, Content::AskedAgain(_)) && !active {
            steps.push(Step::Asked(Box::new(from)));
        }
        let origin = if from.account == inner.account() { Origin::Own } else { Origin::Member };
        let conversation = match letter.conversation {
            letter::Conversation::With(_) if origin == Origin::Member => {
                Conversation::With(from.account)
            }
            letter::Conversation::With(account) if account == inner.account() => Conversation::Own,
            letter::Conversation::With(account) => Conversation::With(account),
            letter::Conversation::Group { id, .. } => Conversation::Group(id),
        };
        let (id, sent) = (letter.id, letter.sent);
        let audience = match letter.conversation {
            letter::Conversation::Group { audience, .. } => Some((inner.account(), audience)),
            letter::Conversation::With(_) => None,
        };
        let arrived = Arrived {
            from,
            origin,
            conversation,
            id,
            sent,
            content,
            alerts,
            position,
            missing,
            lost,
            audience,
        };
        Ok((arrived, self.change(now, steps)?))
    }

    /// Opens an envelope and moves the client on, in one call. Save the client, then show what
    /// arrived.
    ///
    /// # Errors
    ///
    /// As [`Client::open`].
    pub fn receive(&mut self, from: Address, envelope: &[u8], now: u64) -> Result<Arrived, Error> {
        let (arrived, change) = self.open(from, envelope, now)?;
        self.apply(change)?;
        Ok(arrived)
    }
}

impl Inner {
    fn read(&self, from: Address, envelope: &[u8], now: u64) -> Result<Read, Error> {
        match MessageKind::of(envelope)? {
            MessageKind::Ordinary => self.read_in_session(from, envelope, now, |_| true),
            MessageKind::Initial { name } => {
                let named = |session: &Session| session.name() == name;
                match self.read_in_session(from, envelope, now, named) {
                    Err(Error::Forged) if !self.has_session_named(from, now, named) => {
                        self.read_first(from, envelope, now)
                    }
                    read => read,
                }
            }
        }
    }

    fn has_session_named(&self, from: Address, now: u64, named: impl Fn(&Session) -> bool) -> bool {
        let peer = self.peers.get(&from);
        peer.is_some_and(|peer| peer.sessions(now).any(|(_, session)| named(session)))
    }

    /// Tries the sessions with the device in their order, the active one first.
    fn read_in_session(
        &self,
        from: Address,
        envelope: &[u8],
        now: u64,
        wanted: impl Fn(&Session) -> bool,
    ) -> Result<Read, Error> {
        let peer = self.peers.get(&from).ok_or(Error::Forged)?;
        for (slot, session) in peer.sessions(now).filter(|(_, session)| wanted(session)) {
            let staged = match session.stage(envelope) {
                Err(Error::Forged) => continue,
                staged => staged?,
            };
            let (opened, delta) = staged.open_delta()?;
            if peer.is_past(slot, opened.position) {
                return Err(Error::Cloned);
            }
            let alerts = if slot == 0 { Vec::new() } else { [Alert::OldSession].into() };
            let moved = Moved { with: from, slot, delta };
            let steps = [Step::Opened(Box::new(moved))].into();
            return Ok(Read { opened, active: slot == 0, steps, alerts });
        }
        Err(Error::Forged)
    }

    fn read_first(&self, from: Address, envelope: &[u8], now: u64) -> Result<Read, Error> {
        message::prefix(envelope)?;
        let (session, opened, change) = self.device.accept(envelope, now)?.into_parts();
        // The handshake proves who wrote: the device that the signed list names, or another one.
        let listed =
            self.contact(from.account).and_then(|contact| contact.list.device(from.device));
        if listed != Some(session.peer()) {
            return Err(Error::WrongPeer);
        }
        let nothing = Peer::new(self.newest(from));
        let peer = self.peers.get(&from).unwrap_or(&nothing);
        let (activate, alert) = match peer.judge(&session, now) {
            Verdict::Activate => (true, Alert::NewSession),
            Verdict::Replace { reset: false } => (true, Alert::SessionReplaced),
            Verdict::Replace { reset: true } => (true, Alert::SessionReset),
            Verdict::Keep { forked: false } => (false, Alert::OldSession),
            Verdict::Keep { forked: true } => (false, Alert::SessionForked),
        };
        let mut alerts = Vec::from([alert]);
        if !session.used_one_time_prekey() {
            alerts.push(Alert::NoOneTimePrekey);
        }
        let steps = Vec::from([
            Step::Prekeys(Box::new(change)),
            Step::Accept(Box::new(Accept { from, session, activate })),
        ]);
        Ok(Read { opened, active: activate, steps, alerts })
    }
}

//! The state machine of a guest chat: what messages and time do to it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign;
use crate::protocol::clock::Clock;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::grant::{Grant, GrantStatement};
use crate::protocol::guest::invitation;
use crate::protocol::guest::invitation::{Approval, Policy};
use crate::protocol::guest::late_device;
use crate::protocol::guest::late_device::LateDevices;
use crate::protocol::guest::link::Locator;
use crate::protocol::guest::pin::PinStage;
use crate::protocol::guest::text::{ChatNames, KnownText};
use crate::protocol::handshake::replay::{FirstMessage, ShareId};
use crate::protocol::identity::certificate::{AccountKind, Certificate, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::Listed;
use crate::protocol::position::Role;
use crate::session::Session;

use super::delta::{ChatDelta, ChatStep};
use super::memory::ChatMemory;
use super::sessions::{ChatSession, ChatSessions};
use crate::client::ahead::Ahead;
use crate::client::{Address, Client};
use crate::protocol::content::Sender;
use crate::storage::Anchor;

/// The terms that both sides of a chat agree on by the link and the claim.
pub(crate) struct ChatTerms {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) locator: Locator,
    pub(crate) owner: sign::PublicKey,
    pub(crate) policy: Policy,
    /// The device of the host that made the link.
    pub(crate) maker: DeviceId,
    pub(crate) guest_name: String,
}

/// The beginning of a chat.
pub(crate) struct Beginning {
    pub(crate) terms: ChatTerms,
    pub(crate) own: Certificate,
    pub(crate) peer: Certificate,
    /// The host account's devices.
    pub(crate) list: DeviceList,
    /// Texts before the grant that count already.
    pub(crate) pending: usize,
    /// Those of the other side.
    pub(crate) texts: Vec<KnownText>,
    pub(crate) pin: PinStage,
    /// The grant, if another own device has let the guest in already.
    pub(crate) granted: Option<Grant>,
    /// With the guest, or with each addressed device of the host.
    pub(crate) sessions: Vec<Session>,
    /// The list of the host's devices that the other side knows.
    pub(crate) reported: Listed,
    pub(crate) late_devices: LateDevices,
}

/// A chat's state behind its box.
pub(super) struct Inner {
    pub(super) terms: ChatTerms,
    pub(super) own: Certificate,
    pub(super) peer: Certificate,
    pub(super) stage: Stage,
    pub(super) list: DeviceList,
    /// The newer list of which devices of the host have told, at a guest.
    pub(super) ahead: Ahead,
    pub(super) memory: ChatMemory,
    /// They live as long as the chat does.
    pub(super) sessions: ChatSessions,
    /// For late devices.
    pub(super) late_devices: LateDevices,
    pub(super) clock: Clock,
    pub(super) activity: u64,
    pub(super) anchor: Anchor,
}

pub(super) enum Stage {
    Waiting {
        pending: u8,
        pin: PinStage,
    },
    /// The grant that let the guest in, to be shared with own devices.
    Active(Box<Grant>),
    Ended(EndReason),
}

impl Inner {
    /// Refuses a chat that is over.
    pub(super) fn going(&self) -> Result<(), Error> {
        if matches!(self.stage, Stage::Ended(_)) { Err(Error::Ended) } else { Ok(()) }
    }

    /// Refuses the client of another device, and that of this one once its account has removed it: what it
    /// would sign or tell no longer counts as the host's.
    pub(super) fn hosted_by(&self, client: &Client) -> Result<(), Error> {
        if client.certificate() != &self.own {
            return Err(Error::WrongClient);
        }
        client.check_hosting()
    }

    /// Returns the address of a device of either side. The host's account may have another id than its certificates
    /// name.
    pub(super) fn address_of(&self, device: &Certificate) -> Address {
        Address::listed(&self.list, device)
    }

    /// Returns the kind of sender on the other side.
    pub(super) fn sender(&self) -> Sender {
        match self.peer.kind() {
            AccountKind::Guest => Sender::Guest,
            AccountKind::Member => Sender::Member,
        }
    }

    /// Returns the session with the device that the transport names; none with a device of the other side
    /// that has not joined yet.
    pub(super) fn session_with(&self, from: Address) -> Result<Option<&ChatSession>, Error> {
        let is_hosts = self.peer.kind() == AccountKind::Member && self.list.had(from.account);
        if from.account != self.peer.account() && !is_hosts {
            return Err(Error::WrongPeer);
        }
        let known = match self.sender() {
            Sender::Member => self.list.device(from.device),
            _ => Some(&self.peer).filter(|peer| peer.device() == from.device),
        };
        known.ok_or(Error::Unlisted)?;
        Ok(self.sessions.find(from.device))
    }

    /// Tells whether the link asks for a PIN.
    pub(super) fn asks_pin(&self) -> bool {
        self.terms.policy.approval == Approval::Pin
    }

    /// Returns what one more text does, or refuses it: before the grant only the guest may send some, and
    /// only so many; with a PIN none, so that none can overtake its proof.
    pub(super) fn room(&self, from_guest: bool) -> Result<ChatStep, Error> {
        match self.stage {
            Stage::Active(_) => Ok(ChatStep::Stay),
            Stage::Waiting { pending, .. }
                if from_guest && pending < self.terms.policy.max_pending && !self.asks_pin() =>
            {
                Ok(ChatStep::Pend)
            }
            Stage::Waiting { .. } => Err(Error::NotGranted),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Returns what an arriving text does, or refuses it. A waiting guest opens what overtook its grant: a
    /// host has sent nothing before it, and nothing at all to a guest that it owes the proof of a PIN.
    pub(super) fn incoming_text(&self, sender: Sender) -> Result<ChatStep, Error> {
        match (sender, &self.stage) {
            (Sender::Member, Stage::Waiting { pin: PinStage::Done, .. }) => Ok(ChatStep::Stay),
            _ => self.room(sender == Sender::Guest),
        }
    }

    /// Returns what a grant does: it lets the guest in, and does nothing the second time. It is refused
    /// before a PIN is proved both ways.
    pub(super) fn admission(&self, grant: Grant) -> Result<ChatStep, Error> {
        match self.stage {
            Stage::Waiting { pin: PinStage::Done, .. } => Ok(ChatStep::Grant(Box::new(grant))),
            Stage::Waiting { .. } => Err(Error::NotAllowed),
            Stage::Active(_) => Ok(ChatStep::Stay),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Tells whether there is a PIN that is not proved yet.
    pub(super) fn is_unproved(&self) -> bool {
        matches!(&self.stage, Stage::Waiting { pin, .. } if !matches!(pin, PinStage::Done))
    }

    /// Returns the stage of the PIN, while the chat waits.
    pub(super) fn pin(&self) -> Result<&PinStage, Error> {
        match &self.stage {
            Stage::Waiting { pin, .. } => Ok(pin),
            Stage::Active(_) => Err(Error::NotAllowed),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Returns the names by which devices know the chat.
    pub(super) fn names(&self) -> ChatNames {
        let guest = match self.sender() {
            Sender::Guest => &self.peer,
            _ => &self.own,
        };
        let (invitation, transcript) = (self.terms.invitation, self.terms.transcript);
        ChatNames { invitation, transcript, guest: guest.account() }
    }

    /// Makes the statement of a grant of this chat by a device of the host.
    pub(super) fn granted(&self, host: DeviceId, at: u64) -> GrantStatement<'_> {
        let guest = match self.sender() {
            Sender::Guest => &self.peer,
            _ => &self.own,
        };
        GrantStatement {
            invitation: &self.terms.invitation,
            transcript: &self.terms.transcript,
            guest: guest.account(),
            host,
            at,
        }
    }

    pub(super) fn apply(&mut self, next: Anchor, delta: ChatDelta) {
        self.anchor = next;
        // A clock that was ahead for a moment makes no chat live longer, and one that is behind ends none earlier.
        if delta.now.goes_on(self.clock) {
            self.activity = self.activity.min(delta.now.reading());
            self.sessions.bound_times(delta.now.reading());
            self.memory.bound_times(delta.now.reading());
        }
        self.clock = delta.now.clock();
        self.activity = self.activity.max(delta.activity);
        self.sessions.apply(next, delta.moved);
        match delta.begun {
            Some(session) if session.role() == Role::Responder => {
                if let LateDevices::Guest(secrets) = &mut self.late_devices {
                    // All are of the host's account, and one of them may be stolen.
                    let device = session.peer().device();
                    let (handshake, share) = (session.handshake_id(), ShareId::of_device(device));
                    secrets.prekey_set.memory.remember(FirstMessage { handshake, share });
                    secrets.gone.forget(device);
                }
                self.sessions.add(session, delta.now.reading());
            }
            Some(session) => self.sessions.begin_anew(session),
            None => {}
        }
        self.memory.apply(delta.known, &delta.step, delta.now.reading());
        let ended = Stage::Ended(EndReason::Here);
        self.stage = match (core::mem::replace(&mut self.stage, ended), delta.step) {
            (_, ChatStep::End(reason)) => self.over(reason),
            (_, ChatStep::Become(_)) => self.over(EndReason::BecameAccount),
            (stage, ChatStep::Learn(list)) => {
                let gone = match self.peer.kind() {
                    AccountKind::Member => self.sessions.keep(&list),
                    AccountKind::Guest => Vec::new(),
                };
                self.ahead.settle(&list);
                self.list = *list;
                self.remember_gone(gone);
                stage
            }
            (stage, ChatStep::Close(device)) => {
                let gone = self.sessions.remove(device);
                self.remember_gone(gone);
                stage
            }
            (Stage::Waiting { .. }, ChatStep::Grant(grant)) => {
                self.sessions.answered();
                Stage::Active(grant)
            }
            (Stage::Waiting { pending, pin }, ChatStep::Pend) => {
                Stage::Waiting { pending: pending.saturating_add(1), pin }
            }
            (Stage::Waiting { pending, .. }, ChatStep::Pin(pin)) => Stage::Waiting { pending, pin },
            (stage, _) => stage,
        };
        self.sessions.note(delta.notes, delta.now.reading());
        // Last, because a device that joins has its session only now.
        if let Some((by, listed)) = delta.report {
            self.sessions.report(by, listed);
            if self.peer.kind() == AccountKind::Member {
                self.ahead.note(listed.epoch, &self.list, delta.now.reading());
            }
        }
    }

    /// Erases the keys of a chat that is over.
    fn over(&mut self, reason: EndReason) -> Stage {
        self.sessions.clear();
        self.late_devices = LateDevices::Over;
        Stage::Ended(reason)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.anchor.write(writer);
        self.clock.write(writer);
        writer.u64(self.activity);
        self.terms.write(writer);
        self.own.write(writer);
        self.peer.write(writer);
        match &self.stage {
            Stage::Waiting { pending, pin } => {
                writer.u8(1);
                writer.u8(*pending);
                pin.write(writer);
            }
            Stage::Active(grant) => {
                writer.u8(2);
                grant.write(writer);
            }
            Stage::Ended(reason) => {
                writer.u8(3);
                writer.u8(reason.byte());
            }
        }
        self.list.write(writer);
        self.ahead.write(writer);
        self.memory.write(writer);
        self.sessions.write(writer);
        self.late_devices.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock, activity) =
            (Anchor::read(reader)?, Clock::read(reader)?, reader.u64()?);
        let terms = ChatTerms::read(reader)?;
        let (own, peer) = (Certificate::recall(reader)?, Certificate::recall(reader)?);
        let stage = match reader.u8()? {
            1 => Stage::Waiting { pending: reader.u8()?, pin: PinStage::read(reader)? },
            2 => Stage::Active(Box::new(Grant::read(reader)?)),
            3 => Stage::Ended(EndReason::decode(reader.u8()?)?),
            _ => return Err(Error::Malformed),
        };
        let list = DeviceList::recall(reader)?;
        let (ahead, memory) = (Ahead::read(reader, &list)?, ChatMemory::read(reader)?);
        let sessions = ChatSessions::read(reader)?;
        let late_devices = LateDevices::read(reader)?;
        Ok(Self {
            terms,
            own,
            peer,
            stage,
            list,
            ahead,
            memory,
            sessions,
            late_devices,
            clock,
            activity,
            anchor,
        })
    }
}

impl ChatTerms {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.invitation);
        writer.raw(&self.transcript);
        writer.raw(&self.locator.0);
        writer.raw(self.owner.bytes());
        self.policy.write(writer);
        writer.raw(&self.maker.0);
        writer.bytes(self.guest_name.as_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            invitation: *reader.array()?,
            transcript: *reader.array()?,
            locator: Locator(*reader.array()?),
            owner: sign::PublicKey::read(reader)?,
            policy: Policy::read(reader)?,
            maker: DeviceId(*reader.array()?),
            guest_name: invitation::name(reader)?,
        })
    }

    /// Returns the context of a late device's handshake: what an own device has told it of the chat is what the
    /// guest knows, or nothing opens.
    pub(super) fn join_context(&self) -> [u8; 32] {
        let mut terms = Writer::new();
        self.write(&mut terms);
        late_device::context(terms.written())
    }
}

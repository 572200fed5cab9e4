//! The state machine of a guest chat: what each message and each moment does to it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::change::{Change, Delta};
use crate::client::{Address, Client};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign;
use crate::protocol::content::EndReason;
use crate::protocol::devices::DeviceList;
use crate::protocol::grant::{Granted, Word};
use crate::protocol::identity::{AccountKind, Certificate, DeviceId};
use crate::protocol::invitation::{self, Approval, Policy};
use crate::protocol::join::Joining;
use crate::protocol::letter::Listed;
use crate::protocol::link::Locator;
use crate::protocol::pin::PinStage;
use crate::protocol::record::Anchor;
use crate::session::Session;

use super::delta::{ChatDelta, Step};
use super::event::Origin;
use super::seats::{Seat, Seats};

/// What both sides of a chat agree on by the link and the claim.
pub(crate) struct Terms {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) locator: Locator,
    pub(crate) owner: sign::PublicKey,
    pub(crate) policy: Policy,
}

/// What a chat begins with.
pub(crate) struct Beginning {
    pub(crate) terms: Terms,
    pub(crate) own: Certificate,
    pub(crate) peer: Certificate,
    pub(crate) peer_name: String,
    /// The host account's devices.
    pub(crate) list: DeviceList,
    /// Texts before the grant that count already.
    pub(crate) pending: usize,
    pub(crate) pin: PinStage,
    /// If another own device has let the guest in already.
    pub(crate) granted: Option<Word>,
    /// With the guest, or with each addressed device of the host.
    pub(crate) sessions: Vec<Session>,
    /// Which list of the host's devices the other side knows.
    pub(crate) reported: Listed,
    pub(crate) joining: Joining,
}

/// A chat's state behind its box.
pub(super) struct Inner {
    pub(super) terms: Terms,
    pub(super) own: Certificate,
    pub(super) peer: Certificate,
    pub(super) peer_name: String,
    pub(super) stage: Stage,
    pub(super) list: DeviceList,
    /// They live as long as the chat does.
    pub(super) seats: Seats,
    /// For devices of the host that come later.
    pub(super) joining: Joining,
    pub(super) clock: u64,
    pub(super) activity: u64,
    pub(super) anchor: Anchor,
}

pub(super) enum Stage {
    Waiting {
        pending: u8,
        pin: PinStage,
    },
    /// By whose word the guest was let in, to be shown to own devices.
    Active(Box<Word>),
    Ended(EndReason),
}

impl Inner {
    /// Refuses what is over.
    pub(super) fn going(&self) -> Result<(), Error> {
        if matches!(self.stage, Stage::Ended(_)) { Err(Error::Ended) } else { Ok(()) }
    }

    /// Refuses the client of another device, and that of this one once its account has removed it:
    /// what it would sign or tell is not the host's word any more.
    pub(super) fn hosted_by(&self, client: &Client) -> Result<(), Error> {
        if client.certificate() != &self.own {
            return Err(Error::BadArgument);
        }
        client.hosting(self.clock).map(drop)
    }

    /// Whose words arrive here.
    pub(super) fn origin(&self) -> Origin {
        match self.peer.kind() {
            AccountKind::Guest => Origin::Guest,
            AccountKind::Member => Origin::Member,
        }
    }

    /// The seat of the device that the transport names; none if it is of the other side, and has not
    /// come yet.
    pub(super) fn seat(&self, from: Address) -> Result<Option<&Seat>, Error> {
        if from.account != self.peer.account() {
            return Err(Error::WrongPeer);
        }
        let known = match self.origin() {
            Origin::Member => self.list.device(from.device),
            _ => Some(&self.peer).filter(|peer| peer.device() == from.device),
        };
        known.ok_or(Error::Unlisted)?;
        Ok(self.seats.find(from.device))
    }

    /// Whether the link asks for a PIN.
    pub(super) fn asks_pin(&self) -> bool {
        self.terms.policy.approval == Approval::Pin
    }

    /// Whether one more text has room: before the grant only the guest's, and only so many; with a
    /// PIN none, so that none can overtake its proof.
    pub(super) fn room(&self, from_guest: bool) -> Result<Step, Error> {
        match self.stage {
            Stage::Active(_) => Ok(Step::Stay),
            Stage::Waiting { pending, .. }
                if from_guest && pending < self.terms.policy.max_pending && !self.asks_pin() =>
            {
                Ok(Step::Pend)
            }
            Stage::Waiting { .. } => Err(Error::NotGranted),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// What an arriving text does. A waiting guest reads what overtook its grant: a host has sent
    /// nothing before it, and nothing at all to a guest that it owes the proof of a PIN.
    pub(super) fn arrival(&self, origin: Origin) -> Result<Step, Error> {
        match (origin, &self.stage) {
            (Origin::Member, Stage::Waiting { pin: PinStage::Done, .. }) => Ok(Step::Stay),
            _ => self.room(origin == Origin::Guest),
        }
    }

    /// What a grant does: lets in, or nothing the second time. Not before the PIN is proved both
    /// ways, if there is one.
    pub(super) fn admission(&self, word: Word) -> Result<Step, Error> {
        match self.stage {
            Stage::Waiting { pin: PinStage::Done, .. } => Ok(Step::Grant(Box::new(word))),
            Stage::Waiting { .. } => Err(Error::NotAllowed),
            Stage::Active(_) => Ok(Step::Stay),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// How far the PIN is, while the chat waits.
    pub(super) fn pin(&self) -> Result<&PinStage, Error> {
        match &self.stage {
            Stage::Waiting { pin, .. } => Ok(pin),
            Stage::Active(_) => Err(Error::NotAllowed),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// The grant of this chat by a device of the host.
    pub(super) fn granted(&self, host: DeviceId, at: u64) -> Granted<'_> {
        let guest = match self.origin() {
            Origin::Guest => &self.peer,
            _ => &self.own,
        };
        Granted {
            invitation: &self.terms.invitation,
            transcript: &self.terms.transcript,
            guest: guest.account(),
            host,
            at,
        }
    }

    pub(super) fn change(&self, now: u64, step: Step) -> Result<Change, Error> {
        let delta = ChatDelta { now, moved: Vec::new(), report: None, step };
        Change::new(self.anchor, Delta::Chat(delta))
    }

    pub(super) fn apply(&mut self, next: Anchor, delta: ChatDelta) {
        self.anchor = next;
        self.clock = delta.now;
        // A first message was opened as well as one that moves a session.
        if !delta.moved.is_empty() || matches!(delta.step, Step::Join(_)) {
            self.activity = delta.now;
        }
        self.seats.apply(next, delta.moved);
        let ended = Stage::Ended(EndReason::Here);
        self.stage = match (core::mem::replace(&mut self.stage, ended), delta.step) {
            (_, Step::End(reason)) => {
                self.seats.clear();
                self.joining = Joining::Over;
                Stage::Ended(reason)
            }
            (stage, Step::Learn(list)) => {
                if self.peer.kind() == AccountKind::Member {
                    self.seats.keep(&list);
                }
                self.list = *list;
                stage
            }
            (stage, Step::Join(session)) => {
                if let Joining::Guest(reception) = &mut self.joining {
                    reception.generation.remember(session.name());
                }
                self.seats.add(session);
                stage
            }
            (Stage::Waiting { .. }, Step::Grant(word)) => Stage::Active(word),
            (Stage::Waiting { pending, pin }, Step::Pend) => {
                Stage::Waiting { pending: pending.saturating_add(1), pin }
            }
            (Stage::Waiting { pending, .. }, Step::Pin(pin)) => Stage::Waiting { pending, pin },
            (stage, _) => stage,
        };
        // Last, because a device that comes has its seat only now.
        if let Some((by, listed)) = delta.report {
            self.seats.report(by, listed);
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.anchor.write(writer);
        writer.u64(self.clock);
        writer.u64(self.activity);
        self.terms.write(writer);
        self.own.write(writer);
        self.peer.write(writer);
        writer.bytes(self.peer_name.as_bytes());
        match &self.stage {
            Stage::Waiting { pending, pin } => {
                writer.u8(1);
                writer.u8(*pending);
                pin.write(writer);
            }
            Stage::Active(word) => {
                writer.u8(2);
                word.write(writer);
            }
            Stage::Ended(reason) => {
                writer.u8(3);
                writer.u8(reason.byte());
            }
        }
        self.list.write(writer);
        self.seats.write(writer);
        self.joining.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock, activity) = (Anchor::read(reader)?, reader.u64()?, reader.u64()?);
        let terms = Terms::read(reader)?;
        let (own, peer) = (Certificate::recall(reader)?, Certificate::recall(reader)?);
        let peer_name = invitation::name(reader)?;
        let stage = match reader.u8()? {
            1 => Stage::Waiting { pending: reader.u8()?, pin: PinStage::read(reader)? },
            2 => Stage::Active(Box::new(Word::read(reader)?)),
            3 => Stage::Ended(EndReason::decode(reader.u8()?)?),
            _ => return Err(Error::Malformed),
        };
        let (list, seats) = (DeviceList::recall(reader)?, Seats::read(reader)?);
        let joining = Joining::read(reader)?;
        Ok(Self {
            terms,
            own,
            peer,
            peer_name,
            stage,
            list,
            seats,
            joining,
            clock,
            activity,
            anchor,
        })
    }
}

impl Terms {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.invitation);
        writer.raw(&self.transcript);
        writer.raw(&self.locator.0);
        writer.raw(self.owner.bytes());
        self.policy.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            invitation: *reader.array()?,
            transcript: *reader.array()?,
            locator: Locator(*reader.array()?),
            owner: sign::PublicKey::decode(*reader.array()?)?,
            policy: Policy::read(reader)?,
        })
    }
}

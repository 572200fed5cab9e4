//! The state machine of a guest chat: what each message and each moment does to it.

use alloc::string::String;

use crate::change::{Change, Delta};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign;
use crate::protocol::claim::Granted;
use crate::protocol::content::EndReason;
use crate::protocol::course::{ChatDelta, Step};
use crate::protocol::identity::{AccountKind, Certificate};
use crate::protocol::invitation::{self, Approval, Policy};
use crate::protocol::link::Locator;
use crate::protocol::pin::PinStage;
use crate::protocol::record::Anchor;
use crate::session::Session;
use crate::state::private::Stateful;

use super::event::Origin;

/// What both sides of a chat agree on by the link and the claim.
pub(crate) struct Terms {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) locator: Locator,
    pub(crate) owner: sign::PublicKey,
    pub(crate) policy: Policy,
}

/// A chat's state behind its box.
pub(super) struct Inner {
    pub(super) terms: Terms,
    pub(super) own: Certificate,
    pub(super) peer: Certificate,
    pub(super) peer_name: String,
    pub(super) stage: Stage,
    pub(super) clock: u64,
    pub(super) activity: u64,
    pub(super) anchor: Anchor,
}

/// The session lives as long as the chat does.
pub(super) enum Stage {
    Waiting { session: Session, pending: u8, pin: PinStage },
    Active { session: Session },
    Ended(EndReason),
}

impl Inner {
    pub(super) fn session(&self) -> Result<&Session, Error> {
        match &self.stage {
            Stage::Waiting { session, .. } | Stage::Active { session } => Ok(session),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Whether the link asks for a PIN.
    fn asks_pin(&self) -> bool {
        self.terms.policy.approval == Approval::Pin
    }

    /// Whether one more text has room: before the grant only the guest's, and only so many; with a
    /// PIN none, so that none can overtake its proof.
    pub(super) fn room(&self, from_guest: bool) -> Result<Step, Error> {
        match self.stage {
            Stage::Active { .. } => Ok(Step::Stay),
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
    pub(super) fn admission(&self) -> Result<Step, Error> {
        match self.stage {
            Stage::Waiting { pin: PinStage::Done, .. } => Ok(Step::Grant),
            Stage::Waiting { .. } => Err(Error::NotAllowed),
            Stage::Active { .. } => Ok(Step::Stay),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// How far the PIN is, while the chat waits.
    pub(super) fn pin(&self) -> Result<&PinStage, Error> {
        match &self.stage {
            Stage::Waiting { pin, .. } => Ok(pin),
            Stage::Active { .. } => Err(Error::NotAllowed),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// The grant of this chat by its host device.
    pub(super) fn granted(&self, at: u64) -> Granted<'_> {
        let (guest, host) = match self.peer.kind() {
            AccountKind::Guest => (&self.peer, &self.own),
            AccountKind::Member => (&self.own, &self.peer),
        };
        Granted {
            invitation: &self.terms.invitation,
            transcript: &self.terms.transcript,
            guest: guest.account(),
            host: host.device(),
            at,
        }
    }

    pub(super) fn change(&self, now: u64, step: Step) -> Result<Change, Error> {
        let delta = ChatDelta { now, session: None, step };
        Change::new(self.anchor, Delta::Chat(delta))
    }

    pub(super) fn apply(&mut self, next: Anchor, delta: ChatDelta) {
        self.anchor = next;
        self.clock = delta.now;
        if let Some(mut session) = delta.session {
            self.activity = delta.now;
            if let Stage::Waiting { session: ours, .. } | Stage::Active { session: ours } =
                &mut self.stage
            {
                ours.apply_delta(next, &mut session);
            }
        }
        // The session, if it is not carried over, is wiped here.
        let ended = Stage::Ended(EndReason::Here);
        self.stage = match (core::mem::replace(&mut self.stage, ended), delta.step) {
            (_, Step::End(reason)) => Stage::Ended(reason),
            (Stage::Waiting { session, .. }, Step::Grant) => Stage::Active { session },
            (Stage::Waiting { session, pending, pin }, Step::Pend) => {
                Stage::Waiting { session, pending: pending.saturating_add(1), pin }
            }
            (Stage::Waiting { session, pending, .. }, Step::Pin(pin)) => {
                Stage::Waiting { session, pending, pin }
            }
            (stage, _) => stage,
        };
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
            Stage::Waiting { session, pending, pin } => {
                writer.u8(1);
                writer.u8(*pending);
                pin.write(writer);
                session.write(writer);
            }
            Stage::Active { session } => {
                writer.u8(2);
                session.write(writer);
            }
            Stage::Ended(reason) => {
                writer.u8(3);
                writer.u8(reason.byte());
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock, activity) = (Anchor::read(reader)?, reader.u64()?, reader.u64()?);
        let terms = Terms::read(reader)?;
        let (own, peer) = (Certificate::recall(reader)?, Certificate::recall(reader)?);
        let peer_name = invitation::name(reader)?;
        let stage = match reader.u8()? {
            1 => {
                let (pending, pin) = (reader.u8()?, PinStage::read(reader)?);
                Stage::Waiting { session: Session::read(reader)?, pending, pin }
            }
            2 => Stage::Active { session: Session::read(reader)? },
            3 => Stage::Ended(EndReason::decode(reader.u8()?)?),
            _ => return Err(Error::Malformed),
        };
        Ok(Self { terms, own, peer, peer_name, stage, clock, activity, anchor })
    }
}

impl Terms {
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.invitation);
        writer.raw(&self.transcript);
        writer.raw(&self.locator.0);
        writer.raw(self.owner.bytes());
        self.policy.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            invitation: *reader.array()?,
            transcript: *reader.array()?,
            locator: Locator(*reader.array()?),
            owner: sign::PublicKey::decode(*reader.array()?)?,
            policy: Policy::read(reader)?,
        })
    }
}

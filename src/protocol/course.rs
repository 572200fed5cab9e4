//! What can happen to a link and to a chat: `spec/state.md`, "Change, kind 0x10".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::content::EndReason;
use super::pin::PinStage;
use super::ratchet;

/// How often the passing of time alone is worth a change, in seconds.
pub(crate) const HOUR: u64 = 3600;

/// A moment of an open link.
pub(crate) struct InviteDelta {
    pub(crate) now: u64,
    pub(crate) outcome: Outcome,
}

/// What became of the link.
pub(crate) enum Outcome {
    /// Nothing: time has passed.
    Open,
    /// A claim with this transcript was taken.
    Claimed([u8; 32]),
    /// It was revoked, or its time is over.
    Ended,
}

impl InviteDelta {
    /// What names the change: the outcome, the time, and the claim or zeros.
    pub(crate) fn name(&self) -> [u8; 41] {
        let (outcome, claim) = match self.outcome {
            Outcome::Open => (0, [0; 32]),
            Outcome::Claimed(transcript) => (1, transcript),
            Outcome::Ended => (2, [0; 32]),
        };
        let parts = [outcome].into_iter().chain(self.now.to_be_bytes()).chain(claim);
        let mut name = [0; 41];
        for (to, from) in name.iter_mut().zip(parts) {
            *to = from;
        }
        name
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        match &self.outcome {
            Outcome::Open => writer.u8(0),
            Outcome::Claimed(transcript) => {
                writer.u8(1);
                writer.raw(transcript);
            }
            Outcome::Ended => writer.u8(2),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let outcome = match reader.u8()? {
            0 => Outcome::Open,
            1 => Outcome::Claimed(*reader.array()?),
            2 => Outcome::Ended,
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, outcome })
    }
}

/// One message or one moment in a chat.
pub(crate) struct ChatDelta {
    pub(crate) now: u64,
    pub(crate) session: Option<ratchet::Delta>,
    pub(crate) step: Step,
}

/// How a change moves a chat between waiting, active and ended.
pub(crate) enum Step {
    /// Not at all.
    Stay,
    /// One more text before the grant.
    Pend,
    /// One step of the PIN.
    Pin(PinStage),
    /// The guest is let in.
    Grant,
    /// It is over.
    End(EndReason),
}

impl ChatDelta {
    /// What names the change: how it moves the chat, the time, and its message if it has one.
    pub(crate) fn name(&self) -> [u8; 27] {
        let (step, reason) = match &self.step {
            Step::Stay => (0, 0),
            Step::Pend => (1, 0),
            Step::Grant => (2, 0),
            Step::End(reason) => (3, reason.byte()),
            Step::Pin(_) => (4, 0),
        };
        let message = self.session.as_ref().map(ratchet::Delta::name).unwrap_or_default();
        let parts = [step, reason].into_iter().chain(self.now.to_be_bytes()).chain(message);
        let mut name = [0; 27];
        for (to, from) in name.iter_mut().zip(parts) {
            *to = from;
        }
        name
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        match &self.step {
            Step::Stay => writer.u8(0),
            Step::Pend => writer.u8(1),
            Step::Grant => writer.u8(2),
            Step::End(reason) => {
                writer.u8(3);
                writer.u8(reason.byte());
            }
            Step::Pin(stage) => {
                writer.u8(4);
                stage.write(writer);
            }
        }
        writer.flag(self.session.is_some());
        if let Some(session) = &self.session {
            session.write(writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let step = match reader.u8()? {
            0 => Step::Stay,
            1 => Step::Pend,
            2 => Step::Grant,
            3 => Step::End(EndReason::decode(reader.u8()?)?),
            4 => Step::Pin(PinStage::read(reader)?),
            _ => return Err(Error::Malformed),
        };
        let session = if reader.flag()? { Some(ratchet::Delta::read(reader)?) } else { None };
        Ok(Self { now, session, step })
    }
}

//! What can happen to a link: `spec/state.md`, "Change, kind 0x10".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::grant::Settled;

/// How often the passing of time alone is worth a change, in seconds.
pub(crate) const HOUR: u64 = 3600;

/// A moment of an open link.
pub(crate) struct InviteDelta {
    pub(crate) now: u64,
    pub(crate) outcome: Outcome,
}

/// What became of the link.
pub(crate) enum Outcome {
    /// Nothing new, open or settled: time has passed.
    Open,
    /// A claim with this transcript was taken.
    Claimed([u8; 32]),
    /// It was revoked, or its time is over.
    Ended,
    /// Another own device has granted a claim.
    Settled(Box<Settled>),
    /// Own devices took different claims.
    Contested,
}

impl InviteDelta {
    /// What names the change: the outcome, the time, and the claim or zeros.
    pub(crate) fn name(&self) -> [u8; 41] {
        let (outcome, claim) = match &self.outcome {
            Outcome::Open => (0, [0; 32]),
            Outcome::Claimed(transcript) => (1, *transcript),
            Outcome::Ended => (2, [0; 32]),
            Outcome::Settled(settled) => (3, settled.transcript),
            Outcome::Contested => (4, [0; 32]),
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
            Outcome::Settled(settled) => {
                writer.u8(3);
                settled.write(writer);
            }
            Outcome::Contested => writer.u8(4),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let outcome = match reader.u8()? {
            0 => Outcome::Open,
            1 => Outcome::Claimed(*reader.array()?),
            2 => Outcome::Ended,
            3 => Outcome::Settled(Settled::read(reader)?),
            4 => Outcome::Contested,
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, outcome })
    }
}

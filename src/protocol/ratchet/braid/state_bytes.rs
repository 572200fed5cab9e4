//! A braid in a saved state: `spec/state.md`, "Session, kind 0x03".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kem;

use super::authenticator::{Authenticator, Labels};
use super::braid::{Braid, Ct1, Ct2, KeySide, Phase};
use super::collector::Collector;
use super::delta::secret;

impl Braid {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(self.epoch);
        self.authenticator.write(writer);
        writer.option(self.secret.as_ref(), |secret, writer| writer.raw(secret.expose()));
        self.phase.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>, labels: &'static Labels) -> Result<Self, Error> {
        let epoch = reader.u32()?;
        let authenticator = Box::new(Authenticator::read(reader)?);
        let secret = reader.option(secret)?;
        let phase = Phase::read(reader)?;
        if epoch == 0 {
            return Err(Error::Malformed);
        }
        Ok(Self { labels, epoch, authenticator, secret, phase })
    }

    /// Tells whether this can be the braid of a session, of its initiator or its responder, with epochs
    /// up to `pq_epoch` in the root.
    pub(crate) fn fits(&self, pq_epoch: u32, is_initiator: bool) -> bool {
        // A ciphertext side has its secret from its encapsulation on.
        let lacks_own = self.has_encapsulated() && self.secret.is_none();
        // One more than is in the root, two more while an agreed secret waits.
        let ahead = if self.shared_secret().is_some() { 2 } else { 1 };
        self.is_side_of(is_initiator)
            && !lacks_own
            && pq_epoch.checked_add(ahead) == Some(self.epoch)
    }

    /// Tells whether an initiator, or a responder, has this side in the braid's epoch.
    pub(crate) fn is_side_of(&self, is_initiator: bool) -> bool {
        let is_odd = !self.epoch.is_multiple_of(2);
        self.is_key_side() == (is_odd == is_initiator)
    }
}

impl Phase {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Fresh => writer.u8(0),
            Self::Key(side) => {
                writer.u8(1);
                writer.raw(side.key.seed().expose());
                writer.u16(side.count);
                side.ct1.write(writer);
                side.ct2.write(writer);
            }
            Self::Waiting(header) => {
                writer.u8(2);
                header.write(writer);
            }
            Self::Ct1(side) => {
                writer.u8(3);
                writer.raw(&side.header);
                writer.raw(side.coins.expose());
                writer.u16(side.count);
                side.vector.write(writer);
                writer.flag(side.acknowledged);
            }
            Self::Ct2(side) => {
                writer.u8(4);
                writer.raw(&side.stream);
                writer.u16(side.count);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Fresh),
            1 => KeySide::read(reader).map(Box::new).map(Self::Key),
            2 => Ok(Self::Waiting(Box::new(Collector::read(reader)?))),
            3 => Ok(Self::Ct1(Box::new(Ct1 {
                header: *reader.array()?,
                coins: secret(reader)?,
                count: reader.u16()?,
                stream: None,
                vector: Collector::read(reader)?,
                acknowledged: reader.flag()?,
            }))),
            4 => Ok(Self::Ct2(Box::new(Ct2 { stream: *reader.array()?, count: reader.u16()? }))),
            _ => Err(Error::Malformed),
        }
    }
}

impl KeySide {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let side = Self {
            key: kem::SecretKey::from_seed(reader.secret()?),
            count: reader.u16()?,
            expanded: None,
            ct1: Collector::read(reader)?,
            ct2: Collector::read(reader)?,
        };
        // With all of ct2 the epoch is over, and none of it comes before all of ct1.
        let is_early = !side.ct2.is_empty() && !side.ct1.is_complete();
        if is_early || side.ct2.is_complete() { Err(Error::Malformed) } else { Ok(side) }
    }
}

//! Changes of a device's own sender key: `spec/third-party.md`, "Groups".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::primitives::kdf::hash;
use crate::protocol::ratchet::ChainKey;
use crate::signal::policy::ForeignDevice;
use crate::storage::{Delta, DeltaKind};

use super::own_chain::{OwnChain, Told};

/// The change that one operation makes in a sender key.
pub(crate) enum OwnDelta {
    Sealed(Box<Sealed>),
    Rotated(Box<OwnChain>),
    Retired,
    Told(Box<(ForeignDevice, Told)>),
}

/// The state that a chain goes on with after a message.
pub(crate) struct Sealed {
    pub(super) key: ChainKey,
    pub(super) iteration: u32,
    /// The first bytes of the message's signature.
    pub(super) trace: [u8; 16],
}

impl Delta for OwnDelta {
    const KIND: DeltaKind = DeltaKind::SenderKey;

    /// Returns what was done, and what of its bytes names it.
    fn id(&self) -> impl AsRef<[u8]> {
        let (what, trace) = match self {
            Self::Sealed(sealed) => (0, sealed.trace),
            Self::Rotated(chain) => (1, first(chain.public.bytes())),
            Self::Retired => (2, [0; 16]),
            Self::Told(told) => {
                let mut name = Writer::new();
                told.0.write(&mut name);
                told.1.write(&mut name);
                (3, first(&hash(&[name.written()])))
            }
        };
        concat::<17>(&[&[what], &trace])
    }

    /// The end of a chain ends a journal too, whose entries and snapshot still have the key.
    fn is_turn(&self) -> bool {
        matches!(self, Self::Rotated(_) | Self::Retired)
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Sealed(sealed) => {
                writer.u8(0);
                writer.u32(sealed.iteration);
                writer.raw(sealed.key.0.expose());
                writer.raw(&sealed.trace);
            }
            Self::Rotated(chain) => {
                writer.u8(1);
                chain.write(writer);
            }
            Self::Retired => writer.u8(2),
            Self::Told(told) => {
                let (device, told) = &**told;
                writer.u8(3);
                device.write(writer);
                told.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Sealed(Box::new(Sealed {
                iteration: reader.u32()?,
                key: ChainKey(reader.secret()?),
                trace: *reader.array()?,
            }))),
            1 => OwnChain::read(reader).map(Box::new).map(Self::Rotated),
            2 => Ok(Self::Retired),
            3 => {
                let told = (ForeignDevice::read(reader)?, Told::read(reader)?);
                Ok(Self::Told(Box::new(told)))
            }
            _ => Err(Error::Malformed),
        }
    }
}

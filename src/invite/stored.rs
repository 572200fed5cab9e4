//! The state of an invite: `spec/state.md`, "Invite".

use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::change::Change;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::grant::Settled;
use crate::protocol::invitation::{self, Approval, MAX_SIGNED, Policy};
use crate::protocol::link::{Link, Locator};
use crate::protocol::pin::Pin;
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

use super::{Inner, Invite, Status};

impl Stateful for Invite {
    const KIND: u8 = 0x04;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.anchor.write(writer);
        writer.u64(inner.clock);
        inner.status.write(writer);
        writer.flag(inner.made);
        writer.bytes(inner.origin.as_bytes());
        inner.policy.write(writer);
        writer.raw(&inner.locator.0);
        writer.raw(&inner.invitation);
        writer.raw(inner.owner.seed().expose());
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, reader.u64()?);
        let (status, made) = (Status::read(reader)?, reader.flag()?);
        let inner = Inner {
            status,
            made,
            origin: invitation::origin(reader)?,
            policy: Policy::read(reader)?,
            locator: Locator(*reader.array()?),
            invitation: *reader.array()?,
            owner: sign::SecretKey::from_seed(Secret::copy(reader.array()?)),
            clock,
            anchor,
        };
        let held = made && inner.policy.approval == Approval::Pin;
        match &inner.status {
            Status::Open { pin, .. } if pin.is_some() != held => Err(Error::Malformed),
            _ => Ok(Self { inner: Box::new(inner) }),
        }
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
}

impl Status {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Open { signed, pin, .. } => {
                writer.u8(1);
                writer.bytes(signed);
                writer.flag(pin.is_some());
                if let Some(pin) = pin {
                    pin.write(writer);
                }
            }
            Self::Claimed(transcript) => {
                writer.u8(2);
                writer.raw(transcript);
            }
            Self::Ended => writer.u8(3),
            Self::Settled(settled) => {
                writer.u8(4);
                settled.write(writer);
            }
            Self::Contested => writer.u8(5),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => {
                let signed = Zeroizing::new(reader.bytes(MAX_SIGNED)?.to_vec());
                let link = Link::of(&signed);
                let pin = if reader.flag()? { Some(Pin::read(reader)?) } else { None };
                Self::Open { signed, link, pin }
            }
            2 => Self::Claimed(*reader.array()?),
            3 => Self::Ended,
            4 => Self::Settled(Settled::read(reader)?),
            5 => Self::Contested,
            _ => return Err(Error::Malformed),
        })
    }
}

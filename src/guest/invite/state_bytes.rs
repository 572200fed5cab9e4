//! An invite as it is stored: `spec/state.md`, "Invite, kind 0x04".

use alloc::boxed::Box;

use zeroize::Zeroizing;

use super::delta::{InviteChange, InviteDelta};
use super::invite::{Inner, Invite, Owner, Status};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign;
use crate::protocol::clock::Clock;
use crate::protocol::guest::grant::GrantedElsewhere;
use crate::protocol::guest::invitation::{Approval, MAX_SIGNED, Policy};
use crate::protocol::guest::link::{InviteLink, Locator};
use crate::protocol::guest::pin::Pin;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::origin::Origin;
use crate::storage::{Anchor, Stateful};

impl Stateful for Invite {
    const KIND: u8 = 0x04;

    type Delta = InviteDelta;
    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.anchor.write(writer);
        inner.clock.write(writer);
        inner.status.write(writer);
        writer.flag(matches!(inner.owner, Owner::Here(_)));
        writer.raw(&inner.maker.0);
        inner.origin.write(writer);
        inner.policy.write(writer);
        writer.raw(&inner.locator.0);
        writer.raw(&inner.invitation);
        match &inner.owner {
            Owner::Here(key) => writer.raw(key.seed().expose()),
            Owner::Elsewhere(key) => writer.raw(key.bytes()),
        }
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, Clock::read(reader)?);
        let (status, made) = (Status::read(reader)?, reader.flag()?);
        let inner = Inner {
            status,
            maker: DeviceId(*reader.array()?),
            origin: Origin::read(reader)?,
            policy: Policy::read(reader)?,
            locator: Locator(*reader.array()?),
            invitation: *reader.array()?,
            owner: if made {
                Owner::Here(sign::SecretKey::from_seed(reader.secret()?))
            } else {
                Owner::Elsewhere(sign::PublicKey::read(reader)?)
            },
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

    fn advance(&mut self, next: Anchor, delta: InviteDelta) {
        self.inner.anchor = next;
        self.inner.clock = delta.now.clock();
        // The link's secret is dropped with the old status.
        match delta.change {
            InviteChange::Open => {}
            InviteChange::Claimed(transcript) => self.inner.status = Status::Claimed(transcript),
            InviteChange::Ended => self.inner.status = Status::Ended,
            InviteChange::GrantedElsewhere(granted) => {
                self.inner.status = Status::GrantedElsewhere(granted);
            }
            InviteChange::Contested => self.inner.status = Status::Contested,
        }
    }
}

impl Status {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Open { signed, pin, .. } => {
                writer.u8(1);
                writer.bytes(signed);
                writer.option(pin.as_ref(), Pin::write);
            }
            Self::Claimed(transcript) => {
                writer.u8(2);
                writer.raw(transcript);
            }
            Self::Ended => writer.u8(3),
            Self::GrantedElsewhere(granted) => {
                writer.u8(4);
                granted.write(writer);
            }
            Self::Contested => writer.u8(5),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => {
                let signed = Zeroizing::new(reader.bytes(MAX_SIGNED)?.to_vec());
                let link = InviteLink::of(&signed);
                let pin = reader.option(Pin::read)?;
                Self::Open { signed, link, pin }
            }
            2 => Self::Claimed(*reader.array()?),
            3 => Self::Ended,
            4 => Self::GrantedElsewhere(GrantedElsewhere::read(reader)?),
            5 => Self::Contested,
            _ => return Err(Error::Malformed),
        })
    }
}

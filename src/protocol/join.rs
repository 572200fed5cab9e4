//! How devices of the host that are linked later come into a guest chat: `spec/guest-links.md`,
//! "Joining".
//!
//! ```text
//! shared = version ‖ kind ‖ host account id ‖ terms ‖ guest certificate ‖ u32 length ‖ guest name
//!        ‖ lasting ‖ its signature ‖ join key ‖ host device id ‖ u64 at ‖ grant signature
//! ```
//!
//! The first message of the new device is a handshake with the guest's lasting prekeys, bound to the
//! join key and to the transcript of the claim.

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::secret::Secret;

use super::bundle::Lasting;
use super::handshake::Psk;
use super::prekeys::Generation;

/// What a side keeps for devices that come later, as long as the chat lives.
pub(crate) enum Joining {
    /// Nothing: the chat is over.
    Over,
    /// The guest: what opens their first messages.
    Guest(Box<Reception>),
    /// A device of the host: what they begin with.
    Host(Box<Ticket>),
}

/// A guest's secrets for devices that come later.
pub(crate) struct Reception {
    pub(crate) agreement: dh::SecretKey,
    pub(crate) generation: Generation,
    pub(crate) key: Psk,
}

/// What a device of the host shows a guest that it was told of the chat by another one.
pub(crate) struct Ticket {
    pub(crate) lasting: Lasting,
    /// Boxed, so that it moves without leaving a copy behind.
    pub(crate) key: Box<Psk>,
}

impl Ticket {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.lasting.write(writer);
        writer.raw(self.key.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        let lasting = Lasting::read(reader)?;
        Ok(Box::new(Self { lasting, key: Box::new(key(reader)?) }))
    }
}

impl Joining {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Over => writer.u8(0),
            Self::Guest(reception) => {
                writer.u8(1);
                writer.raw(reception.agreement.seed().expose());
                reception.generation.write(writer);
                writer.raw(reception.key.expose());
            }
            Self::Host(ticket) => {
                writer.u8(2);
                ticket.write(writer);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Over),
            1 => {
                let agreement = dh::SecretKey::from_seed(Secret::copy(reader.array()?));
                let generation = Generation::read(reader)?;
                let key = key(reader)?;
                Ok(Self::Guest(Box::new(Reception { agreement, generation, key })))
            }
            2 => Ok(Self::Host(Ticket::read(reader)?)),
            _ => Err(Error::Malformed),
        }
    }
}

fn key(reader: &mut Reader<'_>) -> Result<Psk, Error> {
    Psk::new(Secret::copy(reader.array()?))
}

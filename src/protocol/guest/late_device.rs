//! Late devices of the host, and their way into a guest chat: `spec/guest-links.md`, "Joining".
//!
//! ```text
//! terms       = invitation id ‖ t ‖ locator ‖ owner key ‖ policy ‖ maker's device id
//!             ‖ u32(length) ‖ guest name
//! context     = SHA-256(LABEL(guest/join) ‖ terms)
//! shared chat = version ‖ kind ‖ host account id ‖ terms ‖ guest certificate
//!             ‖ signed prekeys ‖ join key ‖ grant
//! ```
//!
//! The first message of a late device is a handshake with the guest's signed prekeys, bound to the join
//! key and to the terms of the chat.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::{dh, kdf, sign};

use super::claim::GuestId;
use crate::protocol::handshake::bundle::SignedPrekeys;
use crate::protocol::handshake::prekeys::PrekeySet;
use crate::protocol::handshake::replay::ShareId;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::labels;

/// A side's memory for late devices, as long as the chat lives.
pub(crate) enum LateDevices {
    /// Nothing: the chat is over.
    Over,
    /// The guest's: what opens their first messages.
    Guest(Box<GuestSecrets>),
    /// A host device's: what they begin with.
    Host(Box<JoinTicket>),
}

/// A guest's secrets for late devices, and for a hand-over.
pub(crate) struct GuestSecrets {
    pub(crate) signing: sign::SecretKey,
    pub(crate) uid: GuestId,
    /// The hashes of the bundles that the claim was made by.
    pub(crate) bundles: Vec<[u8; 32]>,
    pub(crate) agreement: dh::SecretKey,
    pub(crate) prekey_set: PrekeySet,
    pub(crate) key: Psk,
    pub(crate) gone: GoneDevices,
}

impl GuestSecrets {
    /// Tells whether first messages of a device can be remembered no more: it has used up its share, which is no
    /// other device's, or all of them together the memory.
    pub(crate) fn is_full_for(&self, device: DeviceId) -> bool {
        let memory = &self.prekey_set.memory;
        memory.is_full() || memory.is_share_full(ShareId::of_device(device))
    }
}

/// Devices of the host that had come in and are in the chat no more, and when the last session of each was begun: a
/// first message that was held back brings none of them in again. The oldest first.
#[derive(Default)]
pub(crate) struct GoneDevices(Vec<(DeviceId, u64)>);

impl GoneDevices {
    /// Remembers a device. If there are too many, the oldest that the list does not name goes: whatever that one
    /// sends is refused.
    pub(crate) fn remember(&mut self, device: DeviceId, begun: u64, list: &DeviceList) {
        self.forget(device);
        self.0.push((device, begun));
        if self.0.len() > MAX_DEVICES {
            let unlisted = self.0.iter().position(|(gone, _)| list.device(*gone).is_none());
            self.0.remove(unlisted.unwrap_or_default());
        }
    }

    /// Forgets a device, which is in again.
    pub(crate) fn forget(&mut self, device: DeviceId) {
        self.0.retain(|(gone, _)| *gone != device);
    }

    /// Returns when the last session of a device was begun.
    pub(crate) fn begun(&self, device: DeviceId) -> Option<u64> {
        self.0.iter().find(|(gone, _)| *gone == device).map(|(_, begun)| *begun)
    }

    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |(device, begun), writer| {
            writer.raw(&device.0);
            writer.u64(*begun);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut all = Self::default();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let (device, begun) = (DeviceId(*reader.array()?), reader.u64()?);
            if all.begun(device).is_some() {
                return Err(Error::Malformed);
            }
            all.0.push((device, begun));
        }
        Ok(all)
    }
}

/// A host device's memory by which late devices can join: it shows that another device told them of the chat.
pub(crate) struct JoinTicket {
    pub(crate) signed_prekeys: SignedPrekeys,
    /// See note `[boxes]`.
    pub(crate) key: Box<Psk>,
}

impl JoinTicket {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.signed_prekeys.write(writer);
        writer.raw(self.key.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        let signed_prekeys = SignedPrekeys::read(reader)?;
        Ok(Box::new(Self { signed_prekeys, key: Box::new(key(reader)?) }))
    }
}

impl LateDevices {
    /// Returns the join key, which both sides of a chat hold as long as it lives.
    pub(crate) fn join_key(&self) -> Result<&Psk, Error> {
        match self {
            Self::Over => Err(Error::Ended),
            Self::Guest(secrets) => Ok(&secrets.key),
            Self::Host(ticket) => Ok(&ticket.key),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Over => writer.u8(0),
            Self::Guest(secrets) => {
                writer.u8(1);
                writer.raw(secrets.signing.seed().expose());
                writer.raw(&secrets.uid);
                writer.list(&secrets.bundles, |bundle, writer| writer.raw(bundle));
                writer.raw(secrets.agreement.seed().expose());
                secrets.prekey_set.write(writer);
                writer.raw(secrets.key.expose());
                secrets.gone.write(writer);
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
            1 => Ok(Self::Guest(Box::new(GuestSecrets {
                signing: sign::SecretKey::from_seed(reader.secret()?),
                uid: *reader.array()?,
                bundles: reader.list(MAX_DEVICES, |reader| reader.array().copied())?,
                agreement: dh::SecretKey::from_seed(reader.secret()?),
                prekey_set: PrekeySet::read(reader)?,
                key: key(reader)?,
                gone: GoneDevices::read(reader)?,
            }))),
            2 => Ok(Self::Host(JoinTicket::read(reader)?)),
            _ => Err(Error::Malformed),
        }
    }
}

/// Computes the context of a late device's handshake from the chat's terms.
pub(crate) fn context(terms: &[u8]) -> [u8; 32] {
    kdf::hash(&[labels::GUEST_JOIN, terms])
}

fn key(reader: &mut Reader<'_>) -> Result<Psk, Error> {
    Psk::new(reader.secret()?)
}

#[cfg(test)]
#[path = "tests/late_device.rs"]
mod tests;

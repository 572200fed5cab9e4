//! An envelope for many as it goes to a server, which hands each device its own: `spec/third-party.md`, "Sealed
//! sender".
//!
//! ```text
//! envelope  = 23 ‖ varint(number of recipients) ‖ recipient … ‖ E (32) ‖ body
//! recipient = service id (17) ‖ device … ‖ wrapped (32) ‖ proof (16)           service id ‖ 00 if it is left out
//! device    = device id ‖ u16(registration id, 14 bits; the highest bit if another device follows)
//! ```

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::protobuf::{put_varint, varint};
use crate::signal::address::Address;
use crate::signal::keys::IdentityKey;
use crate::signal::service_id::ServiceId;

use super::v2::{self, PROOF, WRAPPED};

/// The first byte of an envelope as it is sent.
const VERSION: u8 = 0x23;

/// Maximum number of recipients of one envelope.
const MAX_RECIPIENTS: usize = 4096;

/// The bit of a device that says that another one follows.
const MORE: u16 = 0x8000;

/// The highest registration id.
const MAX_REGISTRATION: u16 = 0x3fff;

/// A device of a recipient, with the id under which it is registered: a server refuses an envelope for a device that
/// has been registered anew since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientDevice {
    device: u8,
    registration: u16,
}

impl RecipientDevice {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a device id that is not 1 to 127, or a registration id of more than 14 bits.
    pub fn new(device: u8, registration: u16) -> Result<Self, Error> {
        if Address::is_device(device) && registration <= MAX_REGISTRATION {
            Ok(Self { device, registration })
        } else {
            Err(Error::Malformed)
        }
    }

    /// Returns the device id.
    #[must_use]
    pub fn device(&self) -> u8 {
        self.device
    }

    /// Returns the registration id.
    #[must_use]
    pub fn registration(&self) -> u16 {
        self.registration
    }
}

/// Somebody whom an envelope is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecipient {
    /// The recipient's service id.
    pub service_id: ServiceId,
    /// The identity key that all its devices share.
    pub identity: IdentityKey,
    /// The devices.
    pub devices: Vec<RecipientDevice>,
}

/// A recipient's part of an envelope, on its way into one.
pub(super) struct Wrapped<'a> {
    pub(super) recipient: &'a SealedRecipient,
    pub(super) parts: ([u8; WRAPPED], [u8; PROOF]),
}

/// Encodes an envelope.
///
/// # Errors
///
/// [`Error::NoRecipient`], [`Error::TooManyAccounts`]; [`Error::DeviceConflict`] if somebody or a device comes twice.
pub(super) fn encode(
    recipients: &[Wrapped<'_>],
    excluded: &[ServiceId],
    ephemeral: &[u8; 32],
    body: &[u8],
) -> Result<Vec<u8>, Error> {
    let count = recipients.len().saturating_add(excluded.len());
    let mut writer = Writer::new();
    writer.u8(VERSION);
    put_varint(&mut writer, u64::try_from(count).map_err(|_| Error::TooManyAccounts)?);
    for Wrapped { recipient, parts: (wrapped, proof) } in recipients {
        writer.raw(&recipient.service_id.encode());
        put_devices(&mut writer, &recipient.devices);
        writer.raw(wrapped);
        writer.raw(proof);
    }
    for service_id in excluded {
        writer.raw(&service_id.encode());
        writer.u8(0);
    }
    writer.raw(ephemeral);
    writer.raw(body);
    Ok(writer.public())
}

/// Checks that an envelope to these can be made.
pub(super) fn check(recipients: &[SealedRecipient], excluded: &[ServiceId]) -> Result<(), Error> {
    if recipients.is_empty() || recipients.iter().any(|recipient| recipient.devices.is_empty()) {
        return Err(Error::NoRecipient);
    }
    let count = recipients.len().saturating_add(excluded.len());
    if count > MAX_RECIPIENTS {
        return Err(Error::TooManyAccounts);
    }
    let named = recipients.iter().map(|recipient| &recipient.service_id).chain(excluded);
    let is_once = named.collect::<BTreeSet<_>>().len() == count;
    let are_once = |recipient: &SealedRecipient| {
        let devices: BTreeSet<u8> = recipient.devices.iter().map(|device| device.device).collect();
        devices.len() == recipient.devices.len()
    };
    if is_once && recipients.iter().all(are_once) { Ok(()) } else { Err(Error::DeviceConflict) }
}

fn put_devices(writer: &mut Writer, devices: &[RecipientDevice]) {
    let last = devices.len().saturating_sub(1);
    for (at, device) in devices.iter().enumerate() {
        writer.u8(device.device);
        writer.u16(if at == last { device.registration } else { device.registration | MORE });
    }
}

/// An envelope for many, as a server reads it: who gets which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentEnvelope<'a> {
    recipients: Vec<SentRecipient<'a>>,
    ephemeral: &'a [u8; 32],
    body: &'a [u8],
}

/// A recipient in an envelope for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentRecipient<'a> {
    service_id: ServiceId,
    devices: Vec<RecipientDevice>,
    /// Nothing of a recipient who is left out.
    parts: &'a [u8],
}

impl<'a> SentEnvelope<'a> {
    /// Decodes an envelope.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`]; [`Error::Malformed`], also if there are more than 4,096 recipients, or somebody or
    /// a device comes twice.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::UnknownVersion(version));
        }
        let count = usize::try_from(varint(&mut reader)?).map_err(|_| Error::Malformed)?;
        if count > MAX_RECIPIENTS {
            return Err(Error::Malformed);
        }
        // What is read grows with the bytes that are there, and not with the count.
        let (mut recipients, mut seen) = (Vec::new(), BTreeSet::new());
        for _ in 0..count {
            let recipient = SentRecipient::read(&mut reader)?;
            if !seen.insert(recipient.service_id) {
                return Err(Error::Malformed);
            }
            recipients.push(recipient);
        }
        Ok(Self { recipients, ephemeral: reader.array()?, body: reader.rest() })
    }

    /// Lists the recipients.
    #[must_use]
    pub fn recipients(&self) -> &[SentRecipient<'a>] {
        &self.recipients
    }

    /// Returns the envelope as each device of a recipient gets it; `None` for one who is left out.
    #[must_use]
    pub fn received_by(&self, recipient: &SentRecipient<'_>) -> Option<Vec<u8>> {
        let parts = recipient.parts;
        (!parts.is_empty()).then(|| [&[v2::VERSION], parts, self.ephemeral, self.body].concat())
    }
}

impl<'a> SentRecipient<'a> {
    /// Returns the recipient's service id.
    #[must_use]
    pub fn service_id(&self) -> ServiceId {
        self.service_id
    }

    /// Lists the devices. There are none if the sender has left the recipient out, for which it has reasons of its
    /// own.
    #[must_use]
    pub fn devices(&self) -> &[RecipientDevice] {
        &self.devices
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let service_id = ServiceId::read(reader)?;
        let mut devices = Vec::new();
        let mut seen = 0_u128;
        loop {
            let device = reader.u8()?;
            if device == 0 && devices.is_empty() {
                return Ok(Self { service_id, devices, parts: &[] });
            }
            let bits = reader.u16()?;
            let read = RecipientDevice::new(device, bits & !MORE)?;
            let bit = 1_u128.wrapping_shl(device.into());
            if seen & bit != 0 {
                return Err(Error::Malformed);
            }
            seen |= bit;
            devices.push(read);
            if bits & MORE == 0 {
                break;
            }
        }
        Ok(Self { service_id, devices, parts: reader.slice(WRAPPED + PROOF)? })
    }
}

//! Heads, which name an entry of a device, and what a device says that it has: `spec/settings.md`, "Heads".
//!
//! ```text
//! head  = device id ‖ u64(number) ‖ hash
//! heads = version ‖ kind ‖ account key ‖ device id ‖ u32(count) ‖ head …
//!         ‖ Ed25519(signing key, LABEL(settings/heads) ‖ all before)
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::sign;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::{labels, wire};

/// Maximum number of devices that have ever written settings of one account.
pub(crate) const MAX_AUTHORS: usize = 256;

ids! {
    /// The hash of an entry of an account's settings and, by the hash of the entry before in it, of all those.
    SettingsHash: 32;
}

/// A name of one entry of a device's chain of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingsHead {
    /// The device that has written it.
    pub device: DeviceId,
    /// Its number in the device's chain, from 1.
    pub number: u64,
    /// Its hash.
    pub hash: SettingsHash,
}

impl SettingsHead {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.device.0);
        writer.u64(self.number);
        writer.raw(&self.hash.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let device = DeviceId(*reader.array()?);
        let (number, hash) = (reader.u64()?, SettingsHash(*reader.array()?));
        if number == 0 { Err(Error::Malformed) } else { Ok(Self { device, number, hash }) }
    }

    /// Writes a list of heads, which is ascending.
    pub(crate) fn write_all(heads: &[Self], writer: &mut Writer) {
        writer.list(heads, Self::write);
    }

    /// Reads a list of heads: strictly ascending by device, so that each list has one encoding.
    pub(crate) fn read_all(reader: &mut Reader<'_>) -> Result<Vec<Self>, Error> {
        let heads: Vec<Self> = reader.list(MAX_AUTHORS, Self::read)?;
        let is_set = heads.is_sorted_by(|one, other| one.device < other.device);
        if is_set { Ok(heads) } else { Err(Error::Malformed) }
    }
}

/// The heads that a device says that it has.
pub(crate) struct SettingsHeads {
    pub(crate) device: DeviceId,
    pub(crate) heads: Vec<SettingsHead>,
    signed: Vec<u8>,
    signature: sign::Signature,
}

impl SettingsHeads {
    /// Encodes and signs the heads that a device has.
    pub(crate) fn sign(
        account: AccountKey,
        device: DeviceId,
        heads: &[SettingsHead],
        key: &sign::SecretKey,
    ) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::SETTINGS_HEADS);
        writer.raw(&account.0);
        writer.raw(&device.0);
        SettingsHead::write_all(heads, &mut writer);
        let signature = key.sign(labels::SETTINGS_HEADS, &[writer.written()]);
        writer.raw(&signature);
        writer.public()
    }

    /// Reads heads of devices of this account. The signature is not verified.
    pub(crate) fn decode(account: AccountKey, bytes: &[u8]) -> Result<Self, Error> {
        let (device, heads, signature) = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::SETTINGS_HEADS)?;
            if *reader.array()? != account.0 {
                return Err(Error::WrongPeer);
            }
            let device = DeviceId(*reader.array()?);
            Ok((device, SettingsHead::read_all(reader)?, *reader.array()?))
        })?;
        let signed = bytes.split_last_chunk::<{ sign::SIGNATURE }>().ok_or(Error::Malformed)?.0;
        Ok(Self { device, heads, signed: signed.to_vec(), signature })
    }

    /// Verifies the signature of the device.
    pub(crate) fn verify(&self, key: &sign::PublicKey) -> Result<(), Error> {
        key.verify(labels::SETTINGS_HEADS, &[&self.signed], &self.signature)
    }
}

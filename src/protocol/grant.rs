//! A host device's word that lets a guest in, and how own devices tell it to each other:
//! `spec/guest-links.md`, "Grant".
//!
//! ```text
//! signed = LABEL(guest/grant) ‖ invitation id ‖ t ‖ guest account ‖ host device id ‖ u64 at
//! record = version ‖ kind ‖ invitation id ‖ t ‖ guest account ‖ host device id ‖ u64 at
//!        ‖ Ed25519(host device's signing key, signed)
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::sign::{self, SIGNATURE};

use super::devices::DeviceList;
use super::handshake::Psk;
use super::identity::{AccountId, DeviceId};
use super::{labels, wire};

/// A host device's word that this guest, with this claim, is let in.
pub(crate) struct Granted<'a> {
    pub(crate) invitation: &'a [u8; 32],
    pub(crate) transcript: &'a [u8; 32],
    pub(crate) guest: AccountId,
    pub(crate) host: DeviceId,
    pub(crate) at: u64,
}

impl Granted<'_> {
    fn write(&self, writer: &mut Writer) {
        writer.raw(self.invitation);
        writer.raw(self.transcript);
        writer.raw(&self.guest.0);
        writer.raw(&self.host.0);
        writer.u64(self.at);
    }

    fn parts(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.public()
    }

    pub(crate) fn sign(&self, key: &sign::SecretKey) -> [u8; SIGNATURE] {
        key.sign(labels::GUEST_GRANT, &[&self.parts()])
    }

    pub(crate) fn verify(
        &self,
        key: &sign::PublicKey,
        signature: &[u8; SIGNATURE],
    ) -> Result<(), Error> {
        key.verify(labels::GUEST_GRANT, &[&self.parts()], signature)
    }

    /// The record for own devices.
    pub(crate) fn record(&self, signature: &[u8; SIGNATURE]) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(wire::VERSION, wire::GRANT);
        self.write(&mut writer);
        writer.raw(signature);
        writer.secret()
    }
}

/// Who let the guest in, and when. Public, and boxed where it is held: the variants beside it are
/// smaller.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    pub(crate) host: DeviceId,
    pub(crate) at: u64,
    pub(crate) signature: [u8; SIGNATURE],
}

impl Word {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.host.0);
        writer.u64(self.at);
        writer.raw(&self.signature);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            host: DeviceId(*reader.array()?),
            at: reader.u64()?,
            signature: *reader.array()?,
        })
    }
}

/// A grant that another own device has told.
pub(crate) struct Grant {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) guest: AccountId,
    pub(crate) word: Word,
}

impl Grant {
    /// Reads a record, and checks that a device of the list signed it.
    pub(crate) fn decode(record: &[u8], list: &DeviceList) -> Result<Self, Error> {
        let grant = Reader::all(record, |reader| {
            reader.begin(wire::VERSION, wire::GRANT)?;
            Ok(Self {
                invitation: *reader.array()?,
                transcript: *reader.array()?,
                guest: AccountId(*reader.array()?),
                word: Word::read(reader)?,
            })
        })?;
        let Self { invitation, transcript, guest, word } = &grant;
        let Word { host, at, signature } = *word;
        let key = list.device(host).ok_or(Error::Unlisted)?.identity().signing;
        Granted { invitation, transcript, guest: *guest, host, at }.verify(&key, &signature)?;
        Ok(grant)
    }
}

/// What a host device keeps of a link once another one has granted a claim of it: enough to open its
/// own envelope of that claim, and no other. Secret.
pub(crate) struct Settled {
    pub(crate) transcript: [u8; 32],
    pub(crate) word: Word,
    pub(crate) psk: Psk,
    pub(crate) record_key: Secret<32>,
}

impl Settled {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.transcript);
        self.word.write(writer);
        writer.raw(self.psk.expose());
        writer.raw(self.record_key.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        Ok(Box::new(Self {
            transcript: *reader.array()?,
            word: Word::read(reader)?,
            psk: Psk::new(Secret::copy(reader.array()?))?,
            record_key: Secret::copy(reader.array()?),
        }))
    }
}

//! Grants, by which a host device lets a guest in, and shared grants, by which own devices tell them to
//! each other: `spec/guest-links.md`, "Grant" and "Sharing a grant".
//!
//! ```text
//! grant statement = invitation id ‖ t ‖ guest account ‖ host device id ‖ u64(at)
//! signature       = Ed25519(host device's signing key, LABEL(guest/grant) ‖ grant statement)
//! shared grant    = version ‖ kind ‖ grant statement ‖ signature
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::primitives::sign::SIGNATURE;

use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::{labels, wire};

/// The bytes that the signature of a grant covers: this guest, with this claim, is let in.
pub(crate) struct GrantStatement<'a> {
    pub(crate) invitation: &'a [u8; 32],
    pub(crate) transcript: &'a [u8; 32],
    pub(crate) guest: AccountId,
    pub(crate) host: DeviceId,
    pub(crate) at: u64,
}

impl GrantStatement<'_> {
    fn write(&self, writer: &mut Writer) {
        writer.raw(self.invitation);
        writer.raw(self.transcript);
        writer.raw(&self.guest.0);
        writer.raw(&self.host.0);
        writer.u64(self.at);
    }

    fn parts(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
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

    /// Encodes the shared grant for own devices.
    pub(crate) fn encode(&self, signature: &[u8; SIGNATURE]) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(wire::VERSION, wire::SHARED_GRANT);
        self.write(&mut writer);
        writer.raw(signature);
        writer.secret()
    }
}

/// The host device that let the guest in, and the time. Public, and boxed where it is held, because the
/// variants beside it are smaller.
#[derive(Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) host: DeviceId,
    pub(crate) at: u64,
    pub(crate) signature: [u8; SIGNATURE],
}

impl Grant {
    /// Verifies that the host device which let a guest in signed so for this claim. A device that has
    /// left the list since is not checked: its grant was verified when it came, and its chats go on at
    /// the others.
    pub(crate) fn verify(
        &self,
        invitation: &[u8; 32],
        transcript: &[u8; 32],
        guest: AccountId,
        list: &DeviceList,
    ) -> Result<(), Error> {
        let Self { host, at, signature } = self;
        let Some(by) = list.device(*host) else { return Ok(()) };
        let statement = GrantStatement { invitation, transcript, guest, host: *host, at: *at };
        statement.verify(&by.identity().signing, signature)
    }

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
pub(crate) struct SharedGrant {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) guest: AccountId,
    pub(crate) grant: Grant,
}

impl SharedGrant {
    /// Reads a shared grant, and checks that a device of the list signed it.
    pub(crate) fn decode(bytes: &[u8], list: &DeviceList) -> Result<Self, Error> {
        let shared = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::SHARED_GRANT)?;
            Ok(Self {
                invitation: *reader.array()?,
                transcript: *reader.array()?,
                guest: AccountId(*reader.array()?),
                grant: Grant::read(reader)?,
            })
        })?;
        let Self { invitation, transcript, guest, grant } = &shared;
        let Grant { host, at, signature } = *grant;
        let key = list.device(host).ok_or(Error::Unlisted)?.identity().signing;
        GrantStatement { invitation, transcript, guest: *guest, host, at }
            .verify(&key, &signature)?;
        Ok(shared)
    }
}

/// A host device's memory of a link once another one has granted a claim of it: enough to open its own
/// envelope of that claim, and no other. Secret.
pub(crate) struct GrantedElsewhere {
    pub(crate) transcript: [u8; 32],
    pub(crate) grant: Grant,
    pub(crate) psk: Psk,
    pub(crate) credentials_key: Secret<32>,
}

impl GrantedElsewhere {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.transcript);
        self.grant.write(writer);
        writer.raw(self.psk.expose());
        writer.raw(self.credentials_key.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        Ok(Box::new(Self {
            transcript: *reader.array()?,
            grant: Grant::read(reader)?,
            psk: Psk::new(reader.secret()?)?,
            credentials_key: reader.secret()?,
        }))
    }
}

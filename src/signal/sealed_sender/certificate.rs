//! Certificates of senders: `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! server certificate = { 1: { 1: id, 2: server key (33) }, 2: signature by the trust root }
//! sender certificate = { 1: { 1: phone number, 2: device, 3: expires, fixed, in ms, 4: identity key (33),
//!                             5: server certificate or 8: the id of a well-known one,
//!                             6: UUID in text or 7: UUID (16) },
//!                        2: signature by the server key }
//! ```
//!
//! Both signatures are over the bytes of field 1.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::protobuf::{self, Field};
use crate::primitives::sign::Signature;
use crate::primitives::xeddsa;
use crate::signal::address::Address;
use crate::signal::keys::{IdentityKey, KEY, public_key, typed};
use crate::signal::service_id::{ServiceId, Uuid};

/// Maximum length of a sender certificate in bytes. A genuine one has about 400.
const MAX_CERTIFICATE: usize = 4096;

/// A key that signs certificates: a trust root's, or a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateKey(dh::PublicKey);

impl CertificateKey {
    /// Decodes a key: the byte 0x05, then 32 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        public_key(bytes).map(Self)
    }

    /// Encodes it in 33 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; KEY] {
        typed(&self.0)
    }

    fn verify(&self, signed: &Signed<'_>) -> Result<(), Error> {
        xeddsa::verify(&self.0, &[signed.content], signed.signature)
    }
}

/// Whom the app trusts to say who somebody is: the roots of a service, and the server certificates that sender
/// certificates name by an id.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    roots: Vec<CertificateKey>,
    servers: BTreeMap<u32, CertificateKey>,
}

impl Trust {
    /// Begins with trust roots, and no well-known server certificate.
    #[must_use]
    pub fn new(roots: &[CertificateKey]) -> Self {
        Self { roots: roots.to_vec(), servers: BTreeMap::new() }
    }

    /// Adds the server certificate that is well known under an id.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::WeakKey`]; [`Error::BadSignature`] if no root signed it. Nothing is added then.
    pub fn add_server(&mut self, id: u32, certificate: &[u8]) -> Result<(), Error> {
        let key = self.server(certificate)?;
        self.servers.insert(id, key);
        Ok(())
    }

    /// Returns the key in a server certificate that a root signed.
    fn server(&self, certificate: &[u8]) -> Result<CertificateKey, Error> {
        let signed = Signed::read(certificate)?;
        let [_, key] = protobuf::read::<2>(signed.content)?;
        let key = CertificateKey::decode(key.bytes()?)?;
        if self.roots.iter().any(|root| root.verify(&signed).is_ok()) {
            Ok(key)
        } else {
            Err(Error::BadSignature)
        }
    }
}

/// Something with a signature over it.
struct Signed<'a> {
    content: &'a [u8],
    signature: &'a Signature,
}

impl<'a> Signed<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let [content, signature] = protobuf::read::<2>(bytes)?;
        Ok(Self { content: content.bytes()?, signature: signature.array()? })
    }
}

/// A service's word that an identity key is the one of a device, for some days. Nothing of it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderCertificate {
    bytes: Box<[u8]>,
    identity: IdentityKey,
}

impl SenderCertificate {
    /// Decodes a certificate without verifying it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(Error::Malformed);
        }
        let identity = Claims::read(Signed::read(bytes)?.content)?.identity;
        Ok(Self { bytes: bytes.into(), identity })
    }

    /// Verifies that a server of these trust roots issued it, and that its time is not over.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a root or server did not sign it, if it names a server that is not known, or if
    /// `now` is past its end: nobody vouches for the sender any more.
    pub fn verify(&self, trust: &Trust, now: u64) -> Result<CertifiedSender, Error> {
        let signed = Signed::read(&self.bytes)?;
        let claims = Claims::read(signed.content)?;
        if now.saturating_mul(1000) > claims.expires {
            return Err(Error::BadSignature);
        }
        let server = match claims.server {
            Server::Enclosed(certificate) => trust.server(certificate)?,
            Server::Known(id) => *trust.servers.get(&id).ok_or(Error::BadSignature)?,
        };
        server.verify(&signed)?;
        CertifiedSender::of(&claims)
    }

    /// Returns the identity key that it names.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.identity
    }

    /// Returns the encoded certificate.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The sender that a verified certificate names. Only [`SenderCertificate::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedSender {
    address: Address,
    service_id: ServiceId,
    identity: IdentityKey,
    phone_number: Option<String>,
    expires: u64,
}

impl CertifiedSender {
    fn of(claims: &Claims<'_>) -> Result<Self, Error> {
        let service_id = ServiceId::Aci(claims.uuid);
        Ok(Self {
            address: Address::new(&service_id.to_string(), claims.device)?,
            service_id,
            identity: claims.identity,
            phone_number: claims.phone_number.map(Into::into),
            expires: claims.expires,
        })
    }

    /// Returns the address of the sender's device.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the service id of the sender.
    #[must_use]
    pub fn service_id(&self) -> ServiceId {
        self.service_id
    }

    /// Returns the identity key of the sender's device.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.identity
    }

    /// Returns the phone number that the service knows of the sender, if the certificate says it.
    #[must_use]
    pub fn phone_number(&self) -> Option<&str> {
        self.phone_number.as_deref()
    }

    /// Returns the time in milliseconds at which the certificate ends.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

/// The claims of a certificate, before it is verified.
struct Claims<'a> {
    phone_number: Option<&'a str>,
    device: u8,
    expires: u64,
    identity: IdentityKey,
    server: Server<'a>,
    uuid: Uuid,
}

/// The server that signed a certificate.
enum Server<'a> {
    Enclosed(&'a [u8]),
    Known(u32),
}

impl<'a> Claims<'a> {
    fn read(content: &'a [u8]) -> Result<Self, Error> {
        let [phone_number, device, expires, identity, enclosed, text, uuid, known] =
            protobuf::read::<8>(content)?;
        let server = match (enclosed.optional_bytes()?, known.optional_u32()?) {
            (Some(certificate), None) => Server::Enclosed(certificate),
            (None, Some(id)) => Server::Known(id),
            _ => return Err(Error::Malformed),
        };
        let device = u8::try_from(device.u32()?).ok().filter(|device| Address::is_device(*device));
        Ok(Self {
            phone_number: phone_number.optional_bytes()?.map(utf8).transpose()?,
            device: device.ok_or(Error::Malformed)?,
            expires: expires.fixed_u64()?,
            identity: IdentityKey::decode(identity.bytes()?)?,
            server,
            uuid: read_uuid(text, uuid)?,
        })
    }
}

fn read_uuid(text: Field<'_>, uuid: Field<'_>) -> Result<Uuid, Error> {
    match (text.optional_bytes()?, uuid.optional_bytes()?) {
        (Some(text), None) => utf8(text)?.parse(),
        (None, Some(uuid)) => uuid.try_into().map(Uuid).map_err(|_| Error::Malformed),
        _ => Err(Error::Malformed),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(bytes).map_err(|_| Error::Malformed)
}

#[cfg(test)]
#[path = "tests/certificate.rs"]
mod tests;

//! What a device publishes so that others can write to it: `spec/prekeys.md`.
//!
//! ```text
//! lasting  = id ‖ signed prekey ‖ last-resort KEM prekey ‖ created ‖ expires
//! one-time = id ‖ one-time prekey ‖ one-time KEM prekey
//! bundle   = version ‖ kind ‖ certificate
//!          ‖ lasting  ‖ Ed25519(signing key, LABEL(prekeys/lasting)  ‖ core ‖ lasting)
//!          ‖ 0 | 1 ‖ one-time ‖ Ed25519(signing key, LABEL(prekeys/one-time) ‖ core ‖ one-time)
//! ```

use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign::Signature;
use crate::primitives::{dh, kem};

use super::identity::{Certificate, Identity};
use super::{labels, wire};

/// How far a peer's clock may be behind that of the device that signed a bundle, in seconds.
pub(crate) const SKEW: u64 = 86_400;

/// A bundle is refused by initiators from this age on, and in whole if it claims to live longer:
/// two weeks, so that a server cannot go on serving keys whose owner replaced them long ago.
pub(crate) const VALID_FOR: u64 = 14 * 86_400;

/// A prekey's id: 8 random bytes, never all zero. It says nothing, and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PrekeyId(pub(crate) [u8; 8]);

impl PrekeyId {
    pub(crate) fn decode(bytes: [u8; 8]) -> Result<Self, Error> {
        Self::decode_option(bytes).ok_or(Error::Malformed)
    }

    /// An id, or `None` for the zeros that stand for none.
    pub(crate) fn decode_option(bytes: [u8; 8]) -> Option<Self> {
        (bytes != [0; 8]).then_some(Self(bytes))
    }
}

/// The lasting prekeys of one generation: served to every initiator until they rotate.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Lasting {
    pub(crate) id: PrekeyId,
    pub(crate) signed: dh::PublicKey,
    pub(crate) last_resort: kem::PublicKey,
    pub(crate) created: u64,
    pub(crate) expires: u64,
    signature: Signature,
}

impl Lasting {
    pub(crate) fn sign(
        identity: &Identity,
        id: PrekeyId,
        signed: dh::PublicKey,
        last_resort: kem::PublicKey,
        (created, expires): (u64, u64),
    ) -> Self {
        let mut lasting = Self { id, signed, last_resort, created, expires, signature: [0; 64] };
        let core = identity.certificate.core();
        lasting.signature =
            identity.signing.sign(labels::PREKEYS_LASTING, &[&core, &lasting.body()]);
        lasting
    }

    /// The bytes that the signature and the handshake's transcript cover, 1240.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&self.id.0);
        writer.raw(self.signed.bytes());
        writer.raw(self.last_resort.bytes());
        writer.u64(self.created);
        writer.u64(self.expires);
        writer.public()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.body());
        writer.raw(&self.signature);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: PrekeyId::decode(*reader.array()?)?,
            signed: dh::PublicKey::decode(*reader.array()?)?,
            last_resort: kem::PublicKey::decode(reader.array()?)?,
            created: reader.u64()?,
            expires: reader.u64()?,
            signature: *reader.array()?,
        })
    }

    pub(crate) fn verify(&self, owner: &Certificate) -> Result<(), Error> {
        // Else a signing key that was stolen once could sign a bundle that never grows old.
        let life = self.expires.checked_sub(self.created).ok_or(Error::Malformed)?;
        if life == 0 || life > VALID_FOR {
            return Err(Error::Malformed);
        }
        owner.identity().signing.verify(
            labels::PREKEYS_LASTING,
            &[&owner.core(), &self.body()],
            &self.signature,
        )
    }
}

/// A one-time prekey: an X25519 and an ML-KEM-768 key under one id and one signature, handed to
/// one initiator and erased when used.
///
/// A server stores these beside the bundle and hands out one with each copy of it
/// ([`Bundle::attach`]).
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePrekey {
    pub(crate) id: PrekeyId,
    pub(crate) agreement: dh::PublicKey,
    pub(crate) kem: kem::PublicKey,
    signature: Signature,
}

impl OneTimePrekey {
    pub(crate) fn sign(
        identity: &Identity,
        id: PrekeyId,
        agreement: dh::PublicKey,
        kem: kem::PublicKey,
    ) -> Self {
        let mut key = Self { id, agreement, kem, signature: [0; 64] };
        let core = identity.certificate.core();
        key.signature = identity.signing.sign(labels::PREKEYS_ONE_TIME, &[&core, &key.body()]);
        key
    }

    /// The bytes that the signature and the handshake's transcript cover, 1224.
    pub(crate) fn body(&self) -> Vec<u8> {
        one_time_body(self.id, &self.agreement, &self.kem)
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.body());
        writer.raw(&self.signature);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: PrekeyId::decode(*reader.array()?)?,
            agreement: dh::PublicKey::decode(*reader.array()?)?,
            kem: kem::PublicKey::decode(reader.array()?)?,
            signature: *reader.array()?,
        })
    }

    fn verify(&self, owner: &Certificate) -> Result<(), Error> {
        owner.identity().signing.verify(
            labels::PREKEYS_ONE_TIME,
            &[&owner.core(), &self.body()],
            &self.signature,
        )
    }

    /// The encoding of a one-time prekey on its own, 1290 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::ONE_TIME_PREKEY);
        self.write(&mut writer);
        writer.public()
    }

    /// Reads what [`OneTimePrekey::encode`] wrote. The signature is checked when the key is
    /// attached to the bundle of the device that signed it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::ONE_TIME_PREKEY)?;
            Self::read(reader)
        })
    }
}

impl fmt::Debug for OneTimePrekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimePrekey").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(crate) fn one_time_body(
    id: PrekeyId,
    agreement: &dh::PublicKey,
    kem: &kem::PublicKey,
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(&id.0);
    writer.raw(agreement.bytes());
    writer.raw(kem.bytes());
    writer.public()
}

/// A device's published keys. It exists only if every signature in it holds.
///
/// ```compile_fail,E0308
/// # use latchstring::{Device, rand_core::CryptoRng};
/// # fn begin(device: &Device, bytes: &[u8], rng: &mut impl CryptoRng) {
/// let session = device.initiate(bytes, 0, rng); // bytes are no bundle before they are verified
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle {
    pub(crate) certificate: Certificate,
    pub(crate) lasting: Lasting,
    pub(crate) one_time: Option<OneTimePrekey>,
}

impl Bundle {
    pub(crate) fn new(certificate: Certificate, lasting: Lasting) -> Self {
        Self { certificate, lasting, one_time: None }
    }

    /// This bundle with a one-time prekey of the same device: what a server hands to one
    /// initiator.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if another device signed the prekey.
    pub fn attach(&self, one_time: OneTimePrekey) -> Result<Self, Error> {
        one_time.verify(&self.certificate)?;
        Ok(Self { one_time: Some(one_time), ..self.clone() })
    }

    /// The device that published it. Whether that is the device you meant to reach is yours to
    /// check: compare the account and its key with what you know of the peer.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether it carries a one-time prekey. A session without one is weaker until the first
    /// answer (`spec/handshake.md`, "What it does not give").
    #[must_use]
    pub fn has_one_time_prekey(&self) -> bool {
        self.one_time.is_some()
    }

    /// Refuses a bundle outside its validity time.
    pub(crate) fn check(&self, now: u64) -> Result<(), Error> {
        let begun = now.saturating_add(SKEW) >= self.lasting.created;
        if begun && now < self.lasting.expires { Ok(()) } else { Err(Error::StalePrekey) }
    }

    /// The encoding that [`Bundle::decode`] reads: 1572 bytes, 2860 with a one-time prekey.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::BUNDLE);
        self.certificate.write(&mut writer);
        self.lasting.write(&mut writer);
        writer.flag(self.one_time.is_some());
        if let Some(one_time) = &self.one_time {
            one_time.write(&mut writer);
        }
        writer.public()
    }

    /// Reads and verifies a bundle.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`] and [`Error::WrongKind`] for the bytes,
    /// [`Error::Malformed`] also for a life of more than two weeks,
    /// [`Error::WeakKey`] for a key that is not canonical, of small order or not reduced,
    /// [`Error::BadSignature`] if any of the four signatures does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::BUNDLE)?;
            let certificate = Certificate::read(reader)?;
            let lasting = Lasting::read(reader)?;
            lasting.verify(&certificate)?;
            let one_time = if reader.flag()? { Some(OneTimePrekey::read(reader)?) } else { None };
            if let Some(one_time) = &one_time {
                one_time.verify(&certificate)?;
            }
            Ok(Self { certificate, lasting, one_time })
        })
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("certificate", &self.certificate)
            .field("prekey", &self.lasting.id)
            .field("one_time", &self.one_time)
            .finish_non_exhaustive()
    }
}

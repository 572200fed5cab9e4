//! Bundles, which a device publishes so that others can write to it: `spec/prekeys.md`.
//!
//! ```text
//! prekeys  = id ‖ signed prekey ‖ last-resort KEM prekey ‖ u64(created) ‖ u64(expires)
//! one-time = id ‖ one-time prekey ‖ one-time KEM prekey
//!
//! signed prekeys  = prekeys  ‖ Ed25519(signing key, LABEL(prekeys/lasting)  ‖ core ‖ prekeys)
//! signed one-time = one-time ‖ Ed25519(signing key, LABEL(prekeys/one-time) ‖ core ‖ one-time)
//!
//! bundle = version ‖ kind ‖ certificate ‖ signed prekeys ‖ byte 0  |  byte 1 ‖ signed one-time
//! ```

use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::secret::Secret;
use crate::primitives::sign::{Signature, Signer};
use crate::primitives::{dh, kem};
use crate::protocol::clock::SKEW;

use crate::protocol::identity::certificate::{Certificate, Identity};
use crate::protocol::{labels, wire};

/// The age from which initiators refuse a bundle, and the longest life that one may claim: two weeks,
/// so that a server cannot go on serving keys whose owner replaced them long ago.
pub(crate) const VALID_FOR: u64 = 14 * 86_400;

ids! {
    /// The id of signed prekeys, and of their bundle, or of a one-time prekey: 8 random bytes, never all zero. It
    /// says nothing, and is used once.
    PrekeyId: 8;
}

impl PrekeyId {
    /// Takes eight bytes that were drawn. Zeros stand for "none" on the wire, and become another id.
    pub(super) fn fresh(drawn: &Secret<8>) -> Self {
        if drawn.is_zero() { Self([0xff; 8]) } else { Self(*drawn.expose()) }
    }

    pub(crate) fn decode(bytes: [u8; 8]) -> Result<Self, Error> {
        Self::decode_option(bytes).ok_or(Error::Malformed)
    }

    /// Reads an id; zeros stand for `None`.
    pub(crate) fn decode_option(bytes: [u8; 8]) -> Option<Self> {
        (bytes != [0; 8]).then_some(Self(bytes))
    }
}

/// The signed prekey and the last-resort KEM prekey under one signature, served to every initiator
/// until they rotate.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SignedPrekeys {
    pub(crate) id: PrekeyId,
    pub(crate) signed: dh::PublicKey,
    pub(crate) last_resort: kem::PublicKey,
    pub(crate) created: u64,
    pub(crate) expires: u64,
    signature: Signature,
}

impl SignedPrekeys {
    pub(crate) fn sign(
        identity: &Identity,
        id: PrekeyId,
        signed: dh::PublicKey,
        last_resort: kem::PublicKey,
        (created, expires): (u64, u64),
    ) -> Self {
        let mut signed_prekeys =
            Self { id, signed, last_resort, created, expires, signature: [0; 64] };
        let core = identity.certificate.core();
        signed_prekeys.signature =
            identity.signing.sign(labels::PREKEYS_LASTING, &[&core, &signed_prekeys.body()]);
        signed_prekeys
    }

    /// Encodes the bytes that the signature and the handshake's transcript cover, 1240.
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
        // Otherwise a signing key that was stolen once could sign a bundle that never grows old.
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

/// A one-time prekey: an X25519 and an ML-KEM-768 key under one id and one signature, handed to one
/// initiator and erased when used.
///
/// A server stores these beside the bundle and hands out one with each copy of it ([`Bundle::attach`]).
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePrekey {
    pub(crate) id: PrekeyId,
    pub(crate) agreement: dh::PublicKey,
    pub(crate) kem: kem::PublicKey,
    signature: Signature,
}

/// A device that signs many one-time prekeys at once.
pub(crate) struct PrekeySigner {
    core: Vec<u8>,
    key: Signer,
}

impl PrekeySigner {
    pub(crate) fn new(identity: &Identity) -> Self {
        let core = identity.certificate.core().to_vec();
        Self { core, key: identity.signing.signer() }
    }
}

impl OneTimePrekey {
    pub(crate) fn sign(
        signer: &PrekeySigner,
        id: PrekeyId,
        agreement: dh::PublicKey,
        kem: kem::PublicKey,
    ) -> Self {
        let mut key = Self { id, agreement, kem, signature: [0; 64] };
        let body = key.body();
        key.signature = signer.key.sign(labels::PREKEYS_ONE_TIME, &[&signer.core, &body]);
        key
    }

    /// Encodes the bytes that the signature and the handshake's transcript cover, 1224.
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

    /// Returns the id by which a server and its device name it.
    #[must_use]
    pub fn id(&self) -> PrekeyId {
        self.id
    }

    /// Encodes a one-time prekey on its own, 1290 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::ONE_TIME_PREKEY);
        self.write(&mut writer);
        writer.public()
    }

    /// Reads what [`OneTimePrekey::encode`] wrote. The signature is checked when the key is attached to
    /// the bundle of the device that signed it.
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

/// The keys that a device publishes. It exists only if every signature in it holds.
///
/// ```compile_fail,E0308
/// # use latchstring::{session::Device, rand_core::CryptoRng};
/// # fn begin(device: &Device, bytes: &[u8], rng: &mut impl CryptoRng) {
/// let session = device.initiate(bytes, 0, rng); // bytes are no bundle before they are verified
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle {
    pub(crate) certificate: Certificate,
    pub(crate) signed_prekeys: SignedPrekeys,
    pub(crate) one_time: Option<OneTimePrekey>,
}

impl Bundle {
    pub(crate) fn new(certificate: Certificate, signed_prekeys: SignedPrekeys) -> Self {
        Self { certificate, signed_prekeys, one_time: None }
    }

    /// Returns this bundle with a one-time prekey of the same device: what a server hands to one
    /// initiator.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if another device signed the prekey.
    pub fn attach(&self, one_time: OneTimePrekey) -> Result<Self, Error> {
        one_time.verify(&self.certificate)?;
        Ok(Self { one_time: Some(one_time), ..self.clone() })
    }

    /// Returns the certificate of the device that published the bundle. Check yourself that it is the
    /// device you meant to reach: compare the account and its key with what you know of the peer.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Returns the id of its signed prekeys, by which a server and its device name it.
    #[must_use]
    pub fn id(&self) -> PrekeyId {
        self.signed_prekeys.id
    }

    /// Tells whether it carries a one-time prekey. A session without one is weaker until the first
    /// answer ("What it does not give" in [handshake.md](crate::spec::handshake)).
    #[must_use]
    pub fn has_one_time_prekey(&self) -> bool {
        self.one_time.is_some()
    }

    /// Returns when its signed prekeys were made, by its device's clock.
    pub(crate) fn made(&self) -> u64 {
        self.signed_prekeys.created
    }

    /// Refuses a bundle outside its validity time.
    pub(crate) fn check(&self, now: u64) -> Result<(), Error> {
        let begun = now.saturating_add(SKEW) >= self.signed_prekeys.created;
        if begun && now < self.signed_prekeys.expires { Ok(()) } else { Err(Error::StalePrekey) }
    }

    /// Encodes what [`Bundle::decode`] reads: 1572 bytes, 2860 with a one-time prekey.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::BUNDLE);
        self.certificate.write(&mut writer);
        self.signed_prekeys.write(&mut writer);
        writer.option(self.one_time.as_ref(), OneTimePrekey::write);
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
            let signed_prekeys = SignedPrekeys::read(reader)?;
            signed_prekeys.verify(&certificate)?;
            let one_time = reader.option(OneTimePrekey::read)?;
            if let Some(one_time) = &one_time {
                one_time.verify(&certificate)?;
            }
            Ok(Self { certificate, signed_prekeys, one_time })
        })
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("certificate", &self.certificate)
            .field("prekey", &self.signed_prekeys.id)
            .field("one_time", &self.one_time)
            .finish_non_exhaustive()
    }
}

//! The guest's keys and its claim: `spec/guest-links.md`, "Guest keys" and "Claim".
//!
//! ```text
//! prk       = HKDF-Extract(salt = LABEL(guest/seed), ikm = seed)
//! signing   = HKDF-Expand(prk, LABEL(guest/signing)   ‖ uid ‖ locator, 32)
//! agreement = HKDF-Expand(prk, LABEL(guest/agreement) ‖ uid ‖ locator, 32)
//! account   = SHA-256(LABEL(guest/account) ‖ uid ‖ locator ‖ signing key ‖ agreement key)
//!
//! t = SHA-256(LABEL(guest/claim) ‖ invitation id ‖ uid ‖ certificate core ‖ lasting ‖ u32 count
//!             ‖ for each host device: device id ‖ bundle hash ‖ ephemeral ‖ SHA-256(KEM ciphertext))
//! record = uid ‖ certificate ‖ Ed25519(signing, LABEL(guest/claim-proof) ‖ t)
//!          ‖ u32 count ‖ bundle hash … ‖ lasting ‖ its signature
//! claim  = version ‖ kind ‖ locator ‖ t ‖ salt ‖ sealed record ‖ HMAC(claim key, LABEL(guest/claim-tag) ‖ t)
//!          ‖ u32 count ‖ for each host device: device id ‖ u32 length ‖ first message
//!          ‖ Ed25519(claim seed, LABEL(guest/claim-admit) ‖ all before)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::kdf::{Prk, hash, mac};
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign::{self, SIGNATURE};

use super::bundle::{Bundle, Lasting, OneTimePrekey};
use super::devices::MAX_DEVICES;
use super::handshake::{Opening, PREFIX, Prefix};
use super::identity::{AccountId, AccountKind, Certificate, DeviceId, Identity};
use super::link::{LinkKeys, Locator};
use super::{labels, wire};

/// Bytes of one envelope at most: the first message with the longest allowed texts in it.
const MAX_ENVELOPE: usize = 512 * 1024;
/// Bytes of the guest's lasting prekeys with their signature.
const LASTING: usize = 1240 + SIGNATURE;
/// Bytes of a sealed record at most.
const MAX_RECORD: usize = 16 + 265 + 64 + 4 + 32 * MAX_DEVICES + LASTING + 16;

/// A guest's random identifier, public to the host, hidden from the server.
pub(crate) type GuestId = [u8; 16];

/// Makes a guest's identity: from a fresh seed, so that no other holder of the link can, and for
/// this link alone, so that two links know unrelated guests.
pub(crate) fn guest_identity(seed: &Secret<32>, uid: &GuestId, locator: Locator) -> Identity {
    let prk = Prk::extract(labels::GUEST_SEED, &[seed.expose()]);
    let key = |label| prk.expand::<32>(&[label, uid, &locator.0]);
    let signing = sign::SecretKey::from_seed(key(labels::GUEST_SIGNING));
    let agreement = dh::SecretKey::from_seed(key(labels::GUEST_AGREEMENT));
    let account = guest_account(uid, locator, &signing.public(), &agreement.public());
    let device = device_of(account);
    let certificate =
        Certificate::sign(AccountKind::Guest, account, &signing, device, &signing, &agreement);
    Identity { signing, agreement, certificate }
}

fn guest_account(
    uid: &GuestId,
    locator: Locator,
    signing: &sign::PublicKey,
    agreement: &dh::PublicKey,
) -> AccountId {
    AccountId(hash(&[labels::GUEST_ACCOUNT, uid, &locator.0, signing.bytes(), agreement.bytes()]))
}

/// A guest's one device is named by the first bytes of its account id.
fn device_of(account: AccountId) -> DeviceId {
    let mut device = [0; 8];
    for (to, from) in device.iter_mut().zip(account.0) {
        *to = from;
    }
    DeviceId(device)
}

/// What a transcript says of one host device.
pub(crate) struct Addressed {
    device: DeviceId,
    bundle: [u8; 32],
    ephemeral: dh::PublicKey,
    ciphertext: [u8; 32],
}

impl Addressed {
    pub(crate) fn new(bundle: &Bundle, opening: &Opening<'_>) -> Self {
        Self {
            device: bundle.certificate().device(),
            bundle: bundle_hash(bundle),
            ephemeral: *opening.ephemeral(),
            ciphertext: hash(&[opening.ciphertext()]),
        }
    }

    fn read(envelope: &Envelope<'_>, bundle: [u8; 32]) -> Result<Self, Error> {
        let prefix = envelope.prefix()?;
        Ok(Self {
            device: envelope.device,
            bundle,
            ephemeral: prefix.ephemeral,
            ciphertext: hash(&[prefix.ciphertext]),
        })
    }
}

/// The bundle as used: the certificate, and every public key.
fn bundle_hash(bundle: &Bundle) -> [u8; 32] {
    let one_time = bundle.one_time.as_ref().map(OneTimePrekey::body).unwrap_or_default();
    hash(&[&bundle.certificate().core(), &bundle.lasting.body(), &one_time])
}

/// The transcript that every device's handshake of this claim is bound to.
pub(crate) fn transcript(
    invitation: &[u8; 32],
    uid: &GuestId,
    guest: &Certificate,
    lasting: &Lasting,
    devices: &[Addressed],
) -> [u8; 32] {
    let mut writer = Writer::new();
    writer.count(devices.len());
    for device in devices {
        writer.raw(&device.device.0);
        writer.raw(&device.bundle);
        writer.raw(device.ephemeral.bytes());
        writer.raw(&device.ciphertext);
    }
    let (core, lasting) = (guest.core(), lasting.body());
    hash(&[labels::GUEST_CLAIM, invitation, uid, &core, &lasting, &writer.public()])
}

/// Encodes a claim: `messages` are the first messages for `devices`, in the same order.
pub(crate) fn encode(
    keys: &LinkKeys,
    uid: &GuestId,
    (guest, lasting): (&Identity, &Lasting),
    t: &[u8; 32],
    devices: &[(Addressed, Vec<u8>)],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let mut record = Writer::new();
    record.raw(uid);
    guest.certificate.write(&mut record);
    record.raw(&guest.signing.sign(labels::GUEST_CLAIM_PROOF, &[t]));
    record.count(devices.len());
    for (device, _) in devices {
        record.raw(&device.bundle);
    }
    lasting.write(&mut record);
    let mut salt = [0; 32];
    rng.fill_bytes(&mut salt);
    let sealed = seal_once(record_key(&keys.record_key(), &salt, t), t, &record.public())?;

    let mut writer = Writer::begin(wire::VERSION, wire::CLAIM);
    writer.raw(&keys.locator().0);
    writer.raw(t);
    writer.raw(&salt);
    writer.bytes(&sealed);
    writer.raw(tag(keys, t).expose());
    writer.count(devices.len());
    for (device, message) in devices {
        writer.raw(&device.device.0);
        writer.bytes(message);
    }
    let mut claim = writer.public();
    let signature = keys.claim_signing().sign(labels::GUEST_CLAIM_ADMIT, &[&claim]);
    claim.extend_from_slice(&signature);
    Ok(claim)
}

/// The key of one record: salt and transcript make it this claim's alone, either of them if the
/// other repeats.
fn record_key(key: &Secret<32>, salt: &[u8; 32], t: &[u8; 32]) -> Secret<32> {
    Prk::extract(salt, &[key.expose()]).expand(&[labels::GUEST_RECORD, t])
}

fn tag(keys: &LinkKeys, t: &[u8; 32]) -> Secret<32> {
    mac(&keys.claim_key(), &[labels::GUEST_CLAIM_TAG, t])
}

/// One device's part of a claim.
struct Envelope<'a> {
    device: DeviceId,
    message: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn prefix(&self) -> Result<Prefix<'a>, Error> {
        self.message.get(..PREFIX).ok_or(Error::Malformed).and_then(Prefix::decode)
    }
}

/// A claim as it arrived.
struct Claim<'a> {
    locator: Locator,
    transcript: &'a [u8; 32],
    salt: &'a [u8; 32],
    record: &'a [u8],
    tag: &'a [u8; 32],
    envelopes: Vec<Envelope<'a>>,
    signed: &'a [u8],
    signature: &'a [u8; SIGNATURE],
}

impl<'a> Claim<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(Error::Malformed)?;
        Reader::all(signed, |reader| {
            reader.begin(wire::VERSION, wire::CLAIM)?;
            Ok(Self {
                locator: Locator(*reader.array()?),
                transcript: reader.array()?,
                salt: reader.array()?,
                record: reader.bytes(MAX_RECORD)?,
                tag: reader.array()?,
                envelopes: Self::envelopes(reader)?,
                signed,
                signature,
            })
        })
    }

    /// Whether a holder of this link signed the claim.
    fn check(&self, locator: Locator, key: &sign::PublicKey) -> Result<(), Error> {
        if self.locator != locator {
            return Err(Error::WrongPeer);
        }
        key.verify(labels::GUEST_CLAIM_ADMIT, &[self.signed], self.signature)
    }

    /// At least one envelope, in ascending order of device ids: one encoding per set.
    fn envelopes(reader: &mut Reader<'a>) -> Result<Vec<Envelope<'a>>, Error> {
        let mut envelopes: Vec<Envelope<'a>> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let device = DeviceId(*reader.array()?);
            if envelopes.last().is_some_and(|last| last.device >= device) {
                return Err(Error::Malformed);
            }
            envelopes.push(Envelope { device, message: reader.bytes(MAX_ENVELOPE)? });
        }
        if envelopes.is_empty() { Err(Error::Malformed) } else { Ok(envelopes) }
    }
}

/// For the server: the digest of a claim that a holder of the link signed. Of all its bytes: the
/// transcript that a claim names cannot be checked without the link's secrets, so another holder of
/// the link could wrap it around bytes of its own.
pub(crate) fn admit(
    claim: &[u8],
    locator: Locator,
    key: &sign::PublicKey,
) -> Result<[u8; 32], Error> {
    let claim = Claim::decode(claim)?;
    claim.check(locator, key)?;
    Ok(hash(&[labels::GUEST_CLAIM_DIGEST, claim.signed, claim.signature]))
}

/// The transcript that a claim names, unverified: to tell a repetition.
pub(crate) fn named(claim: &[u8], locator: Locator) -> Result<[u8; 32], Error> {
    let claim = Claim::decode(claim)?;
    if claim.locator == locator { Ok(*claim.transcript) } else { Err(Error::WrongPeer) }
}

/// A claim that holds, as far as one host device can tell before its own handshake.
pub(crate) struct Verified<'a> {
    pub(crate) transcript: [u8; 32],
    pub(crate) guest: Certificate,
    /// What devices of the host that are linked later begin with.
    pub(crate) lasting: Lasting,
    /// The first message for this device.
    pub(crate) message: &'a [u8],
}

/// What opens the record of a claim.
pub(crate) struct Opener<'a> {
    pub(crate) locator: Locator,
    pub(crate) invitation: &'a [u8; 32],
    pub(crate) record_key: &'a Secret<32>,
}

/// For the host: checks everything about a claim except the handshake inside.
///
/// Cheapest first: a stranger, who does not hold the link, costs one signature verification.
pub(crate) fn verify<'a>(
    claim: &'a [u8],
    keys: &LinkKeys,
    device: DeviceId,
) -> Result<Verified<'a>, Error> {
    let claim = Claim::decode(claim)?;
    claim.check(keys.locator(), &keys.claim_signing().public())?;
    if !same(claim.tag, tag(keys, claim.transcript).expose()) {
        return Err(Error::Forged);
    }
    let (invitation, record_key) = (&keys.invitation_id(), &keys.record_key());
    Opener { locator: keys.locator(), invitation, record_key }.verify(&claim, device)
}

impl Opener<'_> {
    /// For a host device that knows by a grant which claim won: its transcript names all that counts
    /// in it, so that the keys that tell holders of the link apart from others are not needed.
    pub(crate) fn verify_granted<'a>(
        &self,
        claim: &'a [u8],
        device: DeviceId,
    ) -> Result<Verified<'a>, Error> {
        self.verify(&Claim::decode(claim)?, device)
    }

    fn verify<'a>(&self, claim: &Claim<'a>, device: DeviceId) -> Result<Verified<'a>, Error> {
        let key = record_key(self.record_key, claim.salt, claim.transcript);
        let record = open_once(key, claim.transcript, claim.record)?;
        let (uid, guest, proof, bundles, lasting) = Reader::all(&record, |reader| {
            let (uid, guest, proof) =
                (*reader.array()?, Certificate::read(reader)?, *reader.array()?);
            let bundles = (0..reader.count(MAX_DEVICES)?)
                .map(|_| reader.array::<32>().copied())
                .collect::<Result<Vec<_>, Error>>()?;
            Ok((uid, guest, proof, bundles, Lasting::read(reader)?))
        })?;
        if bundles.len() != claim.envelopes.len() {
            return Err(Error::Malformed);
        }
        let addressed = claim.envelopes.iter().zip(bundles);
        let addressed: Vec<_> = addressed
            .map(|(envelope, bundle)| Addressed::read(envelope, bundle))
            .collect::<Result<_, Error>>()?;
        let transcript = transcript(self.invitation, &uid, &guest, &lasting, &addressed);
        let identity = guest.identity();
        let account = guest_account(&uid, self.locator, &identity.signing, &identity.agreement);
        let is_guest = guest.kind() == AccountKind::Guest
            && guest.account() == account
            && guest.device() == device_of(account);
        if transcript != *claim.transcript || !is_guest {
            return Err(Error::WrongPeer);
        }
        identity.signing.verify(labels::GUEST_CLAIM_PROOF, &[&transcript], &proof)?;
        lasting.verify(&guest)?;
        let ours = claim.envelopes.iter().find(|envelope| envelope.device == device);
        let message = ours.ok_or(Error::WrongPeer)?.message;
        Ok(Verified { transcript, guest, lasting, message })
    }
}

//! The guest's keys and its claim: `spec/guest-links.md`, "Guest keys" and "Claim".
//!
//! ```text
//! prk       = HKDF-Extract(salt = LABEL(guest/seed), ikm = seed)
//! signing   = HKDF-Expand(prk, LABEL(guest/signing)   ‖ uid ‖ locator, 32)
//! agreement = HKDF-Expand(prk, LABEL(guest/agreement) ‖ uid ‖ locator, 32)
//! account   = SHA-256(LABEL(guest/account) ‖ uid ‖ locator ‖ signing public ‖ agreement public)
//!
//! t = SHA-256(LABEL(guest/claim) ‖ invitation id ‖ uid ‖ guest's core ‖ guest's prekeys ‖ u32(count)
//!             ‖ for each host device: device id ‖ bundle hash ‖ ephemeral ‖ SHA-256(KEM ciphertext))
//! credentials = uid ‖ certificate ‖ Ed25519(signing, LABEL(guest/claim-proof) ‖ t)
//!             ‖ u32(count) ‖ bundle hash … ‖ signed prekeys
//! salt      = hedged(guest's agreement secret, LABEL(guest/salt), t)
//! body      = version ‖ kind ‖ locator ‖ t ‖ salt ‖ u32(length) ‖ sealed credentials
//!             ‖ HMAC(claim MAC key, LABEL(guest/claim-tag) ‖ t)
//!             ‖ u32(count) ‖ for each host device: device id ‖ u32(length) ‖ first message
//! claim     = body ‖ Ed25519(claim seed, LABEL(guest/claim-admit) ‖ body)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::dh;
use crate::primitives::kdf::{Prk, hash, hedged, mac};
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign;
use crate::primitives::sign::SIGNATURE;

use super::link::{LinkKeys, Locator};
use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey, SignedPrekeys};
use crate::protocol::handshake::x3dh::{InitiatorHandshake, PREFIX, Prefix};
use crate::protocol::identity::certificate::{
    AccountId, AccountKind, Certificate, DeviceId, Identity,
};
use crate::protocol::identity::device_list::MAX_DEVICES;
use crate::protocol::{labels, wire};

/// Maximum length of one envelope in bytes: the first message with the longest allowed texts in it.
const MAX_ENVELOPE: usize = 20 * 1024;
/// Bytes of the guest's signed prekeys.
const SIGNED_PREKEYS: usize = 1240 + SIGNATURE;
/// Maximum length of sealed credentials in bytes.
const MAX_CREDENTIALS: usize = 16 + 265 + 64 + 4 + 32 * MAX_DEVICES + SIGNED_PREKEYS + 16;

/// A guest's random identifier, public to the host, hidden from the server.
pub(crate) type GuestId = [u8; 16];

/// Makes a guest's identity: from a fresh seed, so that no other holder of the link can, and for this
/// link alone, so that a guest's identities under two links are unrelated.
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

/// Returns the id of a guest's one device: the first bytes of its account id.
fn device_of(account: AccountId) -> DeviceId {
    DeviceId(first(&account.0))
}

/// A transcript's part about one host device.
pub(crate) struct Addressed {
    device: DeviceId,
    bundle: [u8; 32],
    ephemeral: dh::PublicKey,
    ciphertext: [u8; 32],
}

impl Addressed {
    pub(crate) fn new(bundle: &Bundle, handshake: &InitiatorHandshake<'_>) -> Self {
        Self {
            device: bundle.certificate().device(),
            bundle: bundle_hash(bundle),
            ephemeral: *handshake.ephemeral(),
            ciphertext: hash(&[handshake.ciphertext()]),
        }
    }

    fn read(envelope: &ClaimEnvelope<'_>, bundle: [u8; 32]) -> Result<Self, Error> {
        let prefix = envelope.prefix()?;
        Ok(Self {
            device: envelope.device,
            bundle,
            ephemeral: prefix.ephemeral,
            ciphertext: hash(&[prefix.ciphertext]),
        })
    }
}

/// Hashes a bundle as used: the certificate, and every public key.
pub(crate) fn bundle_hash(bundle: &Bundle) -> [u8; 32] {
    let one_time = bundle.one_time.as_ref().map(OneTimePrekey::body).unwrap_or_default();
    hash(&[&bundle.certificate().core(), &bundle.signed_prekeys.body(), &one_time])
}

/// Computes the transcript that every device's handshake of this claim is bound to.
pub(crate) fn transcript(
    invitation: &[u8; 32],
    uid: &GuestId,
    guest: &Certificate,
    signed_prekeys: &SignedPrekeys,
    devices: &[Addressed],
) -> [u8; 32] {
    let mut writer = Writer::new();
    writer.list(devices, |device, writer| {
        writer.raw(&device.device.0);
        writer.raw(&device.bundle);
        writer.raw(device.ephemeral.bytes());
        writer.raw(&device.ciphertext);
    });
    let (core, signed_prekeys) = (guest.core(), signed_prekeys.body());
    hash(&[labels::GUEST_CLAIM, invitation, uid, &core, &signed_prekeys, &writer.public()])
}

/// Encodes a claim: `messages` are the first messages for `devices`, in the same order.
pub(crate) fn encode(
    keys: &LinkKeys,
    uid: &GuestId,
    (guest, signed_prekeys): (&Identity, &SignedPrekeys),
    t: &[u8; 32],
    devices: &[(Addressed, Vec<u8>)],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let bundles: Vec<_> = devices.iter().map(|(device, _)| device.bundle).collect();
    let keys_of_guest = (&guest.certificate, &guest.signing);
    let credentials = credentials(uid, keys_of_guest, t, &bundles, signed_prekeys);
    let salt: Secret<32> = hedged(guest.agreement.seed(), labels::GUEST_SALT, &[t], rng);
    let salt = salt.expose();
    let sealed = seal_once(credentials_key(&keys.credentials_key(), salt, t), t, &credentials)?;

    let mut writer = Writer::begin(wire::VERSION, wire::CLAIM);
    writer.raw(&keys.locator().0);
    writer.raw(t);
    writer.raw(salt);
    writer.bytes(&sealed);
    writer.raw(tag(keys, t).expose());
    writer.list(devices, |(device, message), writer| {
        writer.raw(&device.device.0);
        writer.bytes(message);
    });
    let mut claim = writer.public();
    let signature = keys.claim_signing().sign(labels::GUEST_CLAIM_ADMIT, &[&claim]);
    claim.extend_from_slice(&signature);
    Ok(claim)
}

/// Encodes the credentials of a claim: all that its transcript covers of the guest, and that it holds its key.
pub(crate) fn credentials(
    uid: &GuestId,
    (certificate, signing): (&Certificate, &sign::SecretKey),
    t: &[u8; 32],
    bundles: &[[u8; 32]],
    signed_prekeys: &SignedPrekeys,
) -> Vec<u8> {
    let mut credentials = Writer::new();
    credentials.raw(uid);
    certificate.write(&mut credentials);
    credentials.raw(&signing.sign(labels::GUEST_CLAIM_PROOF, &[t]));
    credentials.list(bundles, |bundle, credentials| credentials.raw(bundle));
    signed_prekeys.write(&mut credentials);
    credentials.public()
}

/// Derives the key of one claim's credentials. Salt and transcript make it this claim's alone; either
/// of them is enough if the other repeats.
fn credentials_key(key: &Secret<32>, salt: &[u8; 32], t: &[u8; 32]) -> Secret<32> {
    Prk::extract(salt, &[key.expose()]).expand(&[labels::GUEST_RECORD, t])
}

fn tag(keys: &LinkKeys, t: &[u8; 32]) -> Secret<32> {
    mac(&keys.claim_mac_key(), &[labels::GUEST_CLAIM_TAG, t])
}

/// One device's part of a claim.
struct ClaimEnvelope<'a> {
    device: DeviceId,
    message: &'a [u8],
}

impl<'a> ClaimEnvelope<'a> {
    fn prefix(&self) -> Result<Prefix<'a>, Error> {
        self.message.get(..PREFIX).ok_or(Error::Malformed).and_then(Prefix::decode)
    }
}

/// A claim as it came.
struct Claim<'a> {
    locator: Locator,
    transcript: &'a [u8; 32],
    salt: &'a [u8; 32],
    credentials: &'a [u8],
    tag: &'a [u8; 32],
    envelopes: Vec<ClaimEnvelope<'a>>,
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
                credentials: reader.bytes(MAX_CREDENTIALS)?,
                tag: reader.array()?,
                envelopes: Self::envelopes(reader)?,
                signed,
                signature,
            })
        })
    }

    /// Checks that a holder of this link signed the claim.
    fn check(&self, locator: Locator, key: &sign::PublicKey) -> Result<(), Error> {
        if self.locator != locator {
            return Err(Error::WrongPeer);
        }
        key.verify(labels::GUEST_CLAIM_ADMIT, &[self.signed], self.signature)
    }

    /// Checks that these are the credentials of the claim, under the invitation of this id. Returns the guest and its
    /// prekeys.
    fn vouched(
        &self,
        locator: Locator,
        invitation: &[u8; 32],
        credentials: &[u8],
    ) -> Result<(Certificate, SignedPrekeys), Error> {
        let (uid, guest, proof, bundles, signed_prekeys) = Reader::all(credentials, |reader| {
            let (uid, guest, proof) =
                (*reader.array()?, Certificate::read(reader)?, *reader.array()?);
            let bundles: Vec<[u8; 32]> =
                reader.list(MAX_DEVICES, |reader| reader.array().copied())?;
            Ok((uid, guest, proof, bundles, SignedPrekeys::read(reader)?))
        })?;
        if bundles.len() != self.envelopes.len() {
            return Err(Error::Malformed);
        }
        let addressed = self.envelopes.iter().zip(bundles);
        let addressed: Vec<_> = addressed
            .map(|(envelope, bundle)| Addressed::read(envelope, bundle))
            .collect::<Result<_, Error>>()?;
        let transcript = transcript(invitation, &uid, &guest, &signed_prekeys, &addressed);
        let identity = guest.identity();
        let account = guest_account(&uid, locator, &identity.signing, &identity.agreement);
        let is_guest = guest.kind() == AccountKind::Guest
            && guest.account() == account
            && guest.device() == device_of(account);
        if transcript != *self.transcript || !is_guest {
            return Err(Error::WrongPeer);
        }
        identity.signing.verify(labels::GUEST_CLAIM_PROOF, &[&transcript], &proof)?;
        signed_prekeys.verify(&guest)?;
        Ok((guest, signed_prekeys))
    }

    /// Reads at least one envelope, in ascending order of device ids: one encoding per set.
    fn envelopes(reader: &mut Reader<'a>) -> Result<Vec<ClaimEnvelope<'a>>, Error> {
        let envelopes: Vec<_> = reader.list(MAX_DEVICES, |reader| {
            let device = DeviceId(*reader.array()?);
            Ok(ClaimEnvelope { device, message: reader.bytes(MAX_ENVELOPE)? })
        })?;
        let is_set = envelopes.is_sorted_by(|one, two| one.device < two.device);
        if envelopes.is_empty() || !is_set { Err(Error::Malformed) } else { Ok(envelopes) }
    }
}

/// Returns, for the server, the digest of a claim that a holder of the link signed. It is a digest of
/// all bytes: nobody can check the transcript that a claim shows without the link's secrets, so another
/// holder of the link could wrap it around bytes of its own.
pub(crate) fn admit(
    claim: &[u8],
    locator: Locator,
    key: &sign::PublicKey,
) -> Result<[u8; 32], Error> {
    let claim = Claim::decode(claim)?;
    claim.check(locator, key)?;
    Ok(hash(&[labels::GUEST_CLAIM_DIGEST, claim.signed, claim.signature]))
}

/// Reads the transcript that a claim shows, unverified: to tell a repetition.
pub(crate) fn named(claim: &[u8], locator: Locator) -> Result<[u8; 32], Error> {
    let claim = Claim::decode(claim)?;
    if claim.locator == locator { Ok(*claim.transcript) } else { Err(Error::WrongPeer) }
}

/// A claim that holds, as far as one host device can tell before its own handshake.
pub(crate) struct Verified<'a> {
    pub(crate) transcript: [u8; 32],
    pub(crate) guest: Certificate,
    /// The prekeys with which late devices begin.
    pub(crate) signed_prekeys: SignedPrekeys,
    /// The first message for this device.
    pub(crate) message: &'a [u8],
}

/// The keys that open the credentials of a claim.
pub(crate) struct ClaimOpener<'a> {
    pub(crate) locator: Locator,
    pub(crate) invitation: &'a [u8; 32],
    pub(crate) credentials_key: &'a Secret<32>,
}

/// Checks, for the host, everything about a claim except the handshake inside. The cheapest checks come
/// first: a stranger, who does not hold the link, costs one signature verification.
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
    let (invitation, credentials_key) = (&keys.invitation_id(), &keys.credentials_key());
    ClaimOpener { locator: keys.locator(), invitation, credentials_key }.verify(&claim, device)
}

impl ClaimOpener<'_> {
    /// Checks a claim that a grant has chosen. The grant's transcript covers all that counts in the
    /// claim, so that the keys which tell holders of the link from others are not needed.
    pub(crate) fn verify_granted<'a>(
        &self,
        claim: &'a [u8],
        device: DeviceId,
    ) -> Result<Verified<'a>, Error> {
        self.verify(&Claim::decode(claim)?, device)
    }

    fn verify<'a>(&self, claim: &Claim<'a>, device: DeviceId) -> Result<Verified<'a>, Error> {
        let key = credentials_key(self.credentials_key, claim.salt, claim.transcript);
        let credentials = open_once(key, claim.transcript, claim.credentials)?;
        let (guest, signed_prekeys) = claim.vouched(self.locator, self.invitation, &credentials)?;
        let transcript = *claim.transcript;
        let ours = claim.envelopes.iter().find(|envelope| envelope.device == device);
        let message = ours.ok_or(Error::WrongPeer)?.message;
        Ok(Verified { transcript, guest, signed_prekeys, message })
    }
}

/// Returns, for the server, the guest of a claim that its credentials open, under the invitation of this id.
pub(crate) fn guest_of(
    claim: &[u8],
    locator: Locator,
    (invitation, transcript): (&[u8; 32], &[u8; 32]),
    credentials: &[u8],
) -> Result<Certificate, Error> {
    let claim = Claim::decode(claim)?;
    if claim.locator != locator || claim.transcript != transcript {
        return Err(Error::WrongPeer);
    }
    Ok(claim.vouched(locator, invitation, credentials)?.0)
}

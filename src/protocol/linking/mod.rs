//! How a device becomes one of an account's: `spec/linking.md`.
//!
//! ```text
//! body   = form ‖ purpose ‖ u64(created) ‖ signing key ‖ agreement key ‖ ephemeral
//!        ‖ u8(length) ‖ description
//! code   = "1L." ‖ base64url(body ‖ secret ‖ SHA-256(LABEL(linking/check) ‖ body ‖ secret)[0..4])
//! prk    = HKDF-Extract(salt = secret, ikm = X25519(primary's ephemeral, ephemeral)
//!                                          ‖ X25519(primary's ephemeral, agreement key))
//! key i  = HKDF-Expand(prk, LABEL(linking/keys) ‖ byte i, 32)
//! t      = SHA-256(LABEL(linking/transcript) ‖ body ‖ primary's ephemeral
//!                  ‖ primary's core ‖ companion's core ‖ hash of the list)
//! offer  = version ‖ kind ‖ primary's ephemeral ‖ AES-256-GCM(key 1, 0, ad = all before ‖ body,
//!            primary's certificate ‖ companion's device id ‖ account signature
//!            ‖ Ed25519(primary's signing key, LABEL(linking/offer) ‖ t) ‖ u32(length) ‖ list)
//! accept = version ‖ kind ‖ AES-256-GCM(key 2, 0, ad = version ‖ kind ‖ t, device signature)
//! ```

mod code;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};

use super::devices::{DeviceList, MAX_DEVICES};
use super::identity::{Candidate, Certificate, DeviceId, Identity, IdentityKey};
use super::{labels, wire};

use code::Body;
pub use code::Proposal;
pub(crate) use code::Request;

/// How far the two clocks may be apart, in seconds.
const SKEW: u64 = 60;

/// For so long after a code was made its offer is taken, and after an offer its acceptance.
const LATE: u64 = 300;

/// Bytes of a list at most: 32 devices and a full trail.
const MAX_LIST: usize = 8642;

/// What both sides derive. The first seals the offer, the second the acceptance.
struct Keys {
    offer: Secret<32>,
    acceptance: Secret<32>,
}

impl Keys {
    fn derive(secret: &Secret<32>, by_ephemeral: &Secret<32>, by_agreement: &Secret<32>) -> Self {
        let ikm = [&by_ephemeral.expose()[..], by_agreement.expose()];
        let prk = Prk::extract(secret.expose(), &ikm);
        let key = |i: u8| prk.expand(&[labels::LINKING_KEYS, &[i]]);
        Self { offer: key(1), acceptance: key(2) }
    }
}

/// All that is agreed on.
struct Terms<'a> {
    body: &'a Body,
    ephemeral: &'a dh::PublicKey,
    primary: &'a Certificate,
    candidate: &'a Candidate,
    list: &'a DeviceList,
}

impl Terms<'_> {
    fn transcript(&self) -> [u8; 32] {
        hash(&[
            labels::LINKING_TRANSCRIPT,
            &self.body.encode(),
            self.ephemeral.bytes(),
            &self.primary.core(),
            &self.candidate.core(),
            self.list.hash(),
        ])
    }
}

/// What the offer's text is sealed with, besides its key.
fn offer_ad(ephemeral: &dh::PublicKey, body: &Body) -> Vec<u8> {
    let mut writer = Writer::begin(wire::VERSION, wire::LINKING_OFFER);
    writer.raw(ephemeral.bytes());
    writer.raw(&body.encode());
    writer.public()
}

fn acceptance_ad(transcript: &[u8; 32]) -> Vec<u8> {
    let mut writer = Writer::begin(wire::VERSION, wire::LINKING_ACCEPTANCE);
    writer.raw(transcript);
    writer.public()
}

/// The account's side: signs the device of a code, once its user has said yes to it.
///
/// The list is the one that holds now; the device stands on the next one, which is made from the
/// certificate that [`Pending::complete`] gives.
pub(crate) fn offer(
    proposal: &Proposal,
    primary: &Identity,
    account: &sign::SecretKey,
    list: &DeviceList,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<(Pending, Vec<u8>), Error> {
    proposal.check(now)?;
    let Proposal { body, secret } = proposal;
    let ours = &primary.certificate;
    let is_ours = account.public().bytes() == list.account_key() && is_listed(ours, list);
    if !is_ours || account.public() == body.identity.signing || is_known(&body.identity, list) {
        return Err(Error::WrongPeer);
    }
    if list.devices().len() >= MAX_DEVICES {
        return Err(Error::TooManyDevices);
    }
    let mut id = [0; 8];
    rng.fill_bytes(&mut id);
    // All that two offers to one code's keys can differ in.
    let about = [&list.hash()[..], &id, &body.encode()].concat();
    let seed = hedged(primary.agreement.seed(), labels::LINKING_EPHEMERAL, &about, rng);
    let ephemeral = dh::SecretKey::from_seed(seed);
    let candidate = Candidate::sign((list.account(), account), DeviceId(id), body.identity);

    let by_ephemeral = ephemeral.agree(&body.ephemeral)?;
    let by_agreement = ephemeral.agree(&body.identity.agreement)?;
    let keys = Keys::derive(secret, &by_ephemeral, &by_agreement);
    let ephemeral = ephemeral.public();
    let terms = Terms { body, ephemeral: &ephemeral, primary: ours, candidate: &candidate, list };
    let transcript = terms.transcript();

    let mut text = Writer::new();
    ours.write(&mut text);
    candidate.write(&mut text);
    text.raw(&primary.signing.sign(labels::LINKING_OFFER, &[&transcript]));
    text.bytes(&list.encode());
    let mut offer = Writer::begin(wire::VERSION, wire::LINKING_OFFER);
    offer.raw(ephemeral.bytes());
    offer.raw(&seal_once(keys.offer, &offer_ad(&ephemeral, body), text.written())?);
    let expires = now.checked_add(LATE).ok_or(Error::BadArgument)?;
    let key = Box::new(keys.acceptance);
    Ok((Pending { candidate, key, transcript, expires }, offer.public()))
}

fn is_listed(device: &Certificate, list: &DeviceList) -> bool {
    list.device(device.device()) == Some(device)
}

/// Whether a key of the device is one of the list's already.
fn is_known(identity: &IdentityKey, list: &DeviceList) -> bool {
    list.devices().iter().any(|device| device.identity().overlaps(identity))
}

/// An offer that was made: what the account waits for. Secret.
pub(crate) struct Pending {
    candidate: Candidate,
    key: Box<Secret<32>>,
    transcript: [u8; 32],
    expires: u64,
}

impl Pending {
    /// The certificate of the device, for the next list, if the device has accepted in time.
    pub(crate) fn complete(&self, acceptance: &[u8], now: u64) -> Result<Certificate, Error> {
        if now > self.expires {
            return Err(Error::Expired);
        }
        let sealed = Reader::all(acceptance, |reader| {
            reader.begin(wire::VERSION, wire::LINKING_ACCEPTANCE)?;
            reader.array::<{ sign::SIGNATURE + TAG }>()
        })?;
        // The state stays as it is until the caller has saved what follows from this.
        let text = open_once(self.key.duplicate(), &acceptance_ad(&self.transcript), sealed)?;
        let signature = Reader::all(&text, |reader| reader.array().copied())?;
        self.candidate.complete(signature)
    }

    /// Whether it was made for this code's device.
    pub(crate) fn is_of(&self, proposal: &Proposal) -> bool {
        self.candidate.identity() == proposal.identity()
    }

    /// The transcript of this offer, which is no other's.
    pub(crate) fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// Whether it is too late for the device to accept.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        now > self.expires
    }

    /// Writes what is waited for, for this device's own state.
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.candidate.keep(writer);
        writer.raw(self.key.expose());
        writer.raw(&self.transcript);
        writer.u64(self.expires);
    }

    /// Reads what [`Pending::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            candidate: Candidate::recall(reader)?,
            key: Box::new(Secret::copy(reader.array()?)),
            transcript: *reader.array()?,
            expires: reader.u64()?,
        })
    }
}

impl Request {
    /// Reads the offer that was made for this code. Nothing is agreed to yet: show whose account
    /// it is, and ask.
    pub(crate) fn open(&self, offer: &[u8], now: u64) -> Result<Offered, Error> {
        let created = self.created();
        if now > created.saturating_add(LATE) || now.saturating_add(SKEW) < created {
            return Err(Error::Expired);
        }
        let (ephemeral, sealed) = Reader::all(offer, |reader| {
            reader.begin(wire::VERSION, wire::LINKING_OFFER)?;
            Ok((dh::PublicKey::decode(*reader.array()?)?, reader.rest()))
        })?;
        let by_ephemeral = self.ephemeral.agree(&ephemeral)?;
        let by_agreement = self.agreement.agree(&ephemeral)?;
        let keys = Keys::derive(&self.secret, &by_ephemeral, &by_agreement);
        let text = open_once(keys.offer, &offer_ad(&ephemeral, &self.body), sealed)?;
        let (primary, candidate, signature, list) = Reader::all(&text, |reader| {
            let primary = Certificate::read(reader)?;
            let candidate = Candidate::read(reader, &primary, self.body.identity)?;
            let signature = *reader.array()?;
            let list = DeviceList::decode(reader.bytes(MAX_LIST)?)?;
            Ok((primary, candidate, signature, list))
        })?;
        let is_new =
            list.device(candidate.device()).is_none() && !is_known(&self.body.identity, &list);
        if !is_listed(&primary, &list) || !is_new {
            return Err(Error::WrongPeer);
        }
        let terms = Terms {
            body: &self.body,
            ephemeral: &ephemeral,
            primary: &primary,
            candidate: &candidate,
            list: &list,
        };
        let transcript = terms.transcript();
        let signing = &primary.identity().signing;
        signing.verify(labels::LINKING_OFFER, &[&transcript], &signature)?;
        Ok(Offered { list, primary, candidate, key: Box::new(keys.acceptance), transcript })
    }
}

/// An offer in which everything holds. Secret.
pub(crate) struct Offered {
    list: DeviceList,
    primary: Certificate,
    candidate: Candidate,
    key: Box<Secret<32>>,
    transcript: [u8; 32],
}

impl Offered {
    /// The account's devices so far.
    pub(crate) fn list(&self) -> &DeviceList {
        &self.list
    }

    /// The device that made the offer.
    pub(crate) fn primary(&self) -> &Certificate {
        &self.primary
    }

    /// The id under which the new device would be linked.
    pub(crate) fn device(&self) -> DeviceId {
        self.candidate.device()
    }

    /// Accepts: the new device's identity, and the acceptance for the primary. The device is one of
    /// the account's once it stands on a list.
    pub(crate) fn accept(self, request: &Request) -> Result<(Identity, Vec<u8>), Error> {
        let signature = self.candidate.countersign(&request.signing);
        let certificate = self.candidate.complete(signature)?;
        // The request stays as it is until the caller has saved what follows from this.
        let signing = sign::SecretKey::from_seed(request.signing.seed().duplicate());
        let agreement = dh::SecretKey::from_seed(request.agreement.seed().duplicate());
        let mut acceptance = Writer::begin(wire::VERSION, wire::LINKING_ACCEPTANCE);
        let key = self.key.duplicate();
        acceptance.raw(&seal_once(key, &acceptance_ad(&self.transcript), &signature)?);
        Ok((Identity { signing, agreement, certificate }, acceptance.public()))
    }
}

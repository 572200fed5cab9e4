//! The linking of a device to an account: `spec/linking.md`.
//!
//! ```text
//! body  = form ‖ purpose ‖ u64(created) ‖ signing key ‖ agreement key ‖ ephemeral
//!       ‖ u8(length) ‖ description
//! check = SHA-256(LABEL(linking/check) ‖ body ‖ linking secret)[0..4]
//! code  = "D1" ‖ base32(body ‖ linking secret ‖ check)
//! rendezvous id       = SHA-256(LABEL(linking/rendezvous) ‖ body ‖ linking secret)[0..16]
//! device id           = hedged(primary's agreement secret, LABEL(linking/device-id),
//!                              hash(n) of the list ‖ body, 8)
//! primary's ephemeral = hedged(primary's agreement secret, LABEL(linking/ephemeral),
//!                              hash(n) of the list ‖ device id ‖ body)
//! prk   = HKDF-Extract(salt = linking secret, ikm = X25519(primary's ephemeral, ephemeral)
//!                                                ‖ X25519(primary's ephemeral, agreement key))
//! key i = HKDF-Expand(prk, LABEL(linking/keys) ‖ byte i, 32)
//! t     = SHA-256(LABEL(linking/transcript) ‖ body ‖ primary's ephemeral
//!                 ‖ primary's core ‖ core of the new device ‖ hash(n) of the list)
//! digits = six decimal digits of prk and t: `digits`
//! text  = primary's certificate ‖ device id ‖ account signature
//!       ‖ Ed25519(primary's signing key, LABEL(linking/offer) ‖ t) ‖ u32(length) ‖ list
//! offer = version ‖ kind ‖ primary's ephemeral
//!       ‖ AES-256-GCM(key 1, 0, ad = version ‖ kind ‖ primary's ephemeral ‖ body, text)
//! acceptance = version ‖ kind ‖ AES-256-GCM(key 2, 0, ad = version ‖ kind ‖ t, device signature)
//! briefing   = what key 3 seals: `briefing`
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::briefing::BriefingKey;
use super::code::{CODE_SKEW, CodeBody, LATE, LinkingPurpose, LinkingRequest, Request};
use super::digits::LinkingDigits;
use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};

use crate::protocol::identity::certificate::{
    Certificate, DeviceId, Identity, IdentityKey, UncheckedCertificate,
};
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES, MAX_LIST};
use crate::protocol::{labels, wire};

/// The secret that both sides derive the keys of a linking from.
struct LinkingPrk(Prk);

impl LinkingPrk {
    fn new(secret: &Secret<32>, by_ephemeral: &Secret<32>, by_agreement: &Secret<32>) -> Self {
        let ikm = [&by_ephemeral.expose()[..], by_agreement.expose()];
        Self(Prk::extract(secret.expose(), &ikm))
    }

    /// Derives the key that seals the offer, which says what the others depend on.
    fn offer(&self) -> Secret<32> {
        self.key(1)
    }

    /// Derives what comes after the offer.
    fn rest(&self, transcript: [u8; 32]) -> LinkingKeys {
        LinkingKeys {
            acceptance: Box::new(self.key(2)),
            briefing: BriefingKey::new(Box::new(self.key(3)), transcript),
            digits: LinkingDigits::derive(&self.0, &transcript),
        }
    }

    fn key(&self, i: u8) -> Secret<32> {
        self.0.expand(&[labels::LINKING_KEYS, &[i]])
    }
}

/// The keys that both sides need after a linking's offer. Secret.
struct LinkingKeys {
    acceptance: Box<Secret<32>>,
    briefing: BriefingKey,
    digits: LinkingDigits,
}

impl LinkingKeys {
    /// Returns the transcript of the linking, which is no other's.
    fn transcript(&self) -> &[u8; 32] {
        self.briefing.transcript()
    }

    /// Makes a second copy of the acceptance's key, which is used up with the text that it seals or opens. The
    /// state stays as it is until the caller has saved what follows from that.
    fn acceptance(&self) -> Secret<32> {
        self.acceptance.duplicate()
    }
}

/// The public terms of a linking, on which both sides agree.
struct LinkingTerms<'a> {
    body: &'a CodeBody,
    ephemeral: &'a dh::PublicKey,
    primary: &'a Certificate,
    unchecked: &'a UncheckedCertificate,
    list: &'a DeviceList,
}

impl LinkingTerms<'_> {
    fn transcript(&self) -> [u8; 32] {
        hash(&[
            labels::LINKING_TRANSCRIPT,
            &self.body.encode(),
            self.ephemeral.bytes(),
            &self.primary.core(),
            &self.unchecked.core(),
            &self.list.hash().0,
        ])
    }
}

/// Encodes the associated data of the offer's text.
fn offer_ad(ephemeral: &dh::PublicKey, body: &CodeBody) -> Vec<u8> {
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

/// Signs the device of a code, on the account's side, once its user has said yes to it.
///
/// The list is the one that holds now; the device is on the next one, which is made from the
/// certificate that [`PendingLinking::complete`] gives.
pub(crate) fn offer(
    request: &LinkingRequest,
    primary: &Identity,
    account: &sign::SecretKey,
    list: &DeviceList,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<(PendingLinking, Vec<u8>), Error> {
    request.check(now)?;
    check_offer(&request.body, &primary.certificate, account, list)?;
    let about = [&list.hash().0[..], &request.body.encode()].concat();
    let id = hedged(primary.agreement.seed(), labels::LINKING_DEVICE_ID, &[&about], rng);
    offer_to((request, DeviceId(*id.expose())), primary, account, list, now, rng)
}

/// Makes the offer to a new device whose id is drawn.
pub(crate) fn offer_to(
    (request, id): (&LinkingRequest, DeviceId),
    primary: &Identity,
    account: &sign::SecretKey,
    list: &DeviceList,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<(PendingLinking, Vec<u8>), Error> {
    let LinkingRequest { body, secret } = request;
    let ours = &primary.certificate;
    // Two offers to one code's keys can differ in nothing else.
    let about: [&[u8]; 3] = [&list.hash().0, &id.0, &body.encode()];
    let seed = hedged(primary.agreement.seed(), labels::LINKING_EPHEMERAL, &about, rng);
    let ephemeral = dh::SecretKey::from_seed(seed);
    let unchecked = UncheckedCertificate::sign((list.first_id(), account), id, body.identity);

    let by_ephemeral = ephemeral.agree(&body.ephemeral)?;
    let by_agreement = ephemeral.agree(&body.identity.agreement)?;
    let prk = LinkingPrk::new(secret, &by_ephemeral, &by_agreement);
    let ephemeral = ephemeral.public();
    let terms =
        LinkingTerms { body, ephemeral: &ephemeral, primary: ours, unchecked: &unchecked, list };
    let transcript = terms.transcript();

    let mut text = Writer::new();
    ours.write(&mut text);
    unchecked.write(&mut text);
    text.raw(&primary.signing.sign(labels::LINKING_OFFER, &[&transcript]));
    text.bytes(&list.encode());
    let mut offer = Writer::begin(wire::VERSION, wire::LINKING_OFFER);
    offer.raw(ephemeral.bytes());
    offer.raw(&seal_once(prk.offer(), &offer_ad(&ephemeral, body), text.written())?);
    let expires = now.saturating_add(LATE);
    let (purpose, keys) = (body.purpose, prk.rest(transcript));
    Ok((PendingLinking { purpose, unchecked, keys, expires }, offer.public()))
}

/// Refuses to offer a place on a list that is not this account's or is full, and to a device whose keys
/// have one already.
fn check_offer(
    body: &CodeBody,
    ours: &Certificate,
    account: &sign::SecretKey,
    list: &DeviceList,
) -> Result<(), Error> {
    let new_device = &body.identity;
    let is_ours = account.public().bytes() == &list.account_key().0 && is_listed(ours, list);
    if !is_ours || account.public() == new_device.signing || is_known(new_device, list) {
        return Err(Error::WrongPeer);
    }
    // A new primary takes a place that there is.
    let adds = body.purpose == LinkingPurpose::Companion;
    let is_full = adds && list.devices().len() >= MAX_DEVICES;
    if is_full { Err(Error::TooManyDevices) } else { Ok(()) }
}

fn is_listed(device: &Certificate, list: &DeviceList) -> bool {
    list.device(device.device()) == Some(device)
}

/// Tells whether a key of the device is on the list already.
fn is_known(identity: &IdentityKey, list: &DeviceList) -> bool {
    list.devices().iter().any(|device| device.identity().overlaps(identity))
}

/// An offer that was made: what the account waits for. Secret.
pub(crate) struct PendingLinking {
    purpose: LinkingPurpose,
    unchecked: UncheckedCertificate,
    keys: LinkingKeys,
    expires: u64,
}

impl PendingLinking {
    /// Returns the certificate of the device, for the next list, if the device has accepted in time.
    pub(crate) fn complete(&self, acceptance: &[u8], now: u64) -> Result<Certificate, Error> {
        if now > self.expires {
            return Err(Error::Expired);
        }
        let sealed = Reader::all(acceptance, |reader| {
            reader.begin(wire::VERSION, wire::LINKING_ACCEPTANCE)?;
            reader.array::<{ sign::SIGNATURE + TAG }>()
        })?;
        let text = open_once(self.keys.acceptance(), &acceptance_ad(self.transcript()), sealed)?;
        let signature = Reader::all(&text, |reader| reader.array().copied())?;
        self.unchecked.complete(signature)
    }

    /// Returns what the device is to become.
    pub(crate) fn purpose(&self) -> LinkingPurpose {
        self.purpose
    }

    /// Tells whether the offer was made for this code's device.
    pub(crate) fn is_of(&self, request: &LinkingRequest) -> bool {
        self.unchecked.identity() == request.identity()
    }

    /// Returns the transcript of this offer, which is no other's.
    pub(crate) fn transcript(&self) -> &[u8; 32] {
        self.keys.transcript()
    }

    /// Returns the digits to show.
    pub(crate) fn digits(&self) -> &LinkingDigits {
        &self.keys.digits
    }

    /// Seals what the device is told once it has accepted.
    pub(crate) fn brief(&self, content: &[u8]) -> Result<Vec<u8>, Error> {
        self.keys.briefing.seal(content)
    }

    /// Tells whether it is too late for the device to accept.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        now > self.expires
    }

    /// Writes the pending linking for this device's own state.
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.unchecked.keep(writer);
        writer.raw(self.keys.acceptance.expose());
        self.keys.briefing.write(writer);
        self.keys.digits.write(writer);
        writer.u64(self.expires);
        self.purpose.write(writer);
    }

    /// Reads what [`PendingLinking::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let unchecked = UncheckedCertificate::recall(reader)?;
        let keys = LinkingKeys {
            acceptance: Box::new(reader.secret()?),
            briefing: BriefingKey::read(reader)?,
            digits: LinkingDigits::read(reader)?,
        };
        let (expires, purpose) = (reader.u64()?, LinkingPurpose::read(reader)?);
        Ok(Self { purpose, unchecked, keys, expires })
    }
}

impl Request {
    /// Reads the offer that was made for this code. Nothing is agreed to yet: show whose account it is,
    /// and ask.
    pub(crate) fn open(&self, offer: &[u8], now: u64) -> Result<Offered, Error> {
        let created = self.created();
        if now > created.saturating_add(LATE) || now.saturating_add(CODE_SKEW) < created {
            return Err(Error::Expired);
        }
        let (ephemeral, sealed) = Reader::all(offer, |reader| {
            reader.begin(wire::VERSION, wire::LINKING_OFFER)?;
            Ok((dh::PublicKey::decode(*reader.array()?)?, reader.rest()))
        })?;
        let by_ephemeral = self.ephemeral.agree(&ephemeral)?;
        let by_agreement = self.agreement.agree(&ephemeral)?;
        let prk = LinkingPrk::new(&self.secret, &by_ephemeral, &by_agreement);
        let text = open_once(prk.offer(), &offer_ad(&ephemeral, &self.body), sealed)?;
        let (primary, unchecked, signature, list) = Reader::all(&text, |reader| {
            let primary = Certificate::read(reader)?;
            let unchecked = UncheckedCertificate::read(reader, &primary, self.body.identity)?;
            let signature = *reader.array()?;
            let list = DeviceList::decode(reader.bytes(MAX_LIST)?)?;
            Ok((primary, unchecked, signature, list))
        })?;
        let is_new =
            list.device(unchecked.device()).is_none() && !is_known(&self.body.identity, &list);
        if !is_listed(&primary, &list) || !is_new {
            return Err(Error::WrongPeer);
        }
        let terms = LinkingTerms {
            body: &self.body,
            ephemeral: &ephemeral,
            primary: &primary,
            unchecked: &unchecked,
            list: &list,
        };
        let transcript = terms.transcript();
        let signing = &primary.identity().signing;
        signing.verify(labels::LINKING_OFFER, &[&transcript], &signature)?;
        Ok(Offered { list, primary, unchecked, keys: prk.rest(transcript) })
    }
}

/// An offer in which everything holds. Secret.
pub(crate) struct Offered {
    list: DeviceList,
    primary: Certificate,
    unchecked: UncheckedCertificate,
    keys: LinkingKeys,
}

impl Offered {
    /// Returns the account's devices so far.
    pub(crate) fn list(&self) -> &DeviceList {
        &self.list
    }

    /// Returns the certificate of the device that made the offer.
    pub(crate) fn primary(&self) -> &Certificate {
        &self.primary
    }

    /// Returns the id under which the new device would be linked.
    pub(crate) fn device(&self) -> DeviceId {
        self.unchecked.device()
    }

    /// Accepts, if the user has typed the digits that the primary shows. The device is one of the account's
    /// once it is on a list.
    pub(crate) fn accept(
        self,
        request: &Request,
        typed: &LinkingDigits,
    ) -> Result<AcceptedOffer, Error> {
        self.keys.digits.check(typed)?;
        let signature = self.unchecked.countersign(&request.signing);
        let certificate = self.unchecked.complete(signature)?;
        // The request stays as it is until the caller has saved what follows from this.
        let signing = sign::SecretKey::from_seed(request.signing.seed().duplicate());
        let agreement = dh::SecretKey::from_seed(request.agreement.seed().duplicate());
        let ad = acceptance_ad(self.keys.transcript());
        let mut acceptance = Writer::begin(wire::VERSION, wire::LINKING_ACCEPTANCE);
        acceptance.raw(&seal_once(self.keys.acceptance(), &ad, &signature)?);
        Ok(AcceptedOffer {
            purpose: request.purpose(),
            identity: Identity { signing, agreement, certificate },
            list: self.list,
            briefing: self.keys.briefing,
            acceptance: acceptance.public(),
        })
    }
}

/// An offer that was accepted: what the new device keeps, and what it answers. Secret.
pub(crate) struct AcceptedOffer {
    /// The purpose of the code, which the user of the primary has been asked about.
    pub(crate) purpose: LinkingPurpose,
    pub(crate) identity: Identity,
    /// The account's devices so far.
    pub(crate) list: DeviceList,
    pub(crate) briefing: BriefingKey,
    /// The acceptance, for the primary.
    pub(crate) acceptance: Vec<u8>,
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;

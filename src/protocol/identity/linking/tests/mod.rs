//! Linking from code to certificate.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod accounts;
mod altered;
mod codes;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::super::code::{CODE_SKEW, LATE, LinkingPurpose, LinkingRequest, Request};
use super::{
    LinkingDigits, LinkingPrk, LinkingTerms, MAX_LIST, Offered, PendingLinking, acceptance_ad,
    labels, offer, offer_ad, wire,
};
use crate::error::Error;
use crate::primitives::aead::seal_once;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::{dh, pasted, sign};
use crate::protocol::identity::certificate::{
    AccountId, AccountKind, Certificate, DeviceId, Identity, UncheckedCertificate,
};
use crate::protocol::identity::device_list::DeviceList;

const NOW: u64 = 1_800_000_000;
const COMPANION: LinkingPurpose = LinkingPurpose::Companion;

fn signing(byte: u8) -> sign::SecretKey {
    sign::SecretKey::from_seed(Secret::copy(&[byte; 32]))
}

fn agreement(byte: u8) -> dh::SecretKey {
    dh::SecretKey::from_seed(Secret::copy(&[byte; 32]))
}

fn device(account: &sign::SecretKey, byte: u8) -> Identity {
    let (signing, agreement) = (signing(byte), agreement(byte));
    let certificate = Certificate::sign(
        AccountKind::Member,
        AccountId([7; 32]),
        account,
        DeviceId([byte; 8]),
        &signing,
        &agreement,
    );
    Identity { signing, agreement, certificate }
}

/// An account with two devices, and a third that shows a code.
struct Room {
    account: sign::SecretKey,
    primary: Identity,
    list: DeviceList,
    request: Request,
    rng: TestRng,
}

impl Room {
    fn new() -> Self {
        Self::showing("Laptop, Linux")
    }

    fn showing(description: &str) -> Self {
        let mut rng = TestRng::new(1);
        let account = signing(0xff);
        let primary = device(&account, 1);
        let first = DeviceList::first(&account, primary.certificate.clone(), NOW);
        let both = vec![primary.certificate.clone(), device(&account, 2).certificate];
        let list = first.next(&account, both, NOW).unwrap();
        let request = Request::generate((COMPANION, description), NOW, &mut rng).unwrap();
        Self { account, primary, list, request, rng }
    }

    fn scanned(&self) -> LinkingRequest {
        LinkingRequest::read(&self.request.code(), NOW).unwrap()
    }

    fn offer_to(&mut self, scanned: &LinkingRequest) -> Result<(PendingLinking, Vec<u8>), Error> {
        offer(scanned, &self.primary, &self.account, &self.list, NOW, &mut self.rng)
    }

    fn offer(&mut self) -> (PendingLinking, Vec<u8>) {
        let scanned = self.scanned();
        self.offer_to(&scanned).unwrap()
    }

    fn open(&self, offer: &[u8]) -> Result<Offered, Error> {
        self.request.open(offer, NOW)
    }

    /// Makes an offer whose parts are as an insider, who holds the code, would like them.
    fn craft(&self, alter: impl FnOnce(&Self, &mut Parts)) -> Vec<u8> {
        let body = &self.request.body;
        let mut parts = Parts {
            own: agreement(9),
            primary: self.primary.certificate.clone(),
            device: DeviceId([3; 8]),
            by: sign::SecretKey::from_seed(self.account.seed().duplicate()),
            signer: sign::SecretKey::from_seed(self.primary.signing.seed().duplicate()),
            label: labels::LINKING_OFFER,
            list: self.list.clone(),
            flip: 0,
            bytes: None,
            rest: Vec::new(),
        };
        alter(self, &mut parts);
        let own = parts.own;
        let ephemeral = own.public();
        let unchecked = UncheckedCertificate::sign(
            (self.list.account(), &parts.by),
            parts.device,
            body.identity,
        );
        let terms = LinkingTerms {
            body,
            ephemeral: &ephemeral,
            primary: &parts.primary,
            unchecked: &unchecked,
            list: &parts.list,
        };
        let mut text = Writer::new();
        parts.primary.write(&mut text);
        let mut signed = Writer::new();
        unchecked.write(&mut signed);
        let mut signed = signed.public();
        signed[8 + 20] ^= parts.flip;
        text.raw(&signed);
        text.raw(&parts.signer.sign(parts.label, &[&terms.transcript()]));
        text.bytes(&parts.bytes.unwrap_or_else(|| parts.list.encode()));
        text.raw(&parts.rest);
        let prk = LinkingPrk::new(
            &self.request.secret,
            &own.agree(&body.ephemeral).unwrap(),
            &own.agree(&body.identity.agreement).unwrap(),
        );
        let sealed = seal_once(prk.offer(), &offer_ad(&ephemeral, body), text.written()).unwrap();
        [&[1, 0x13][..], ephemeral.bytes(), &sealed].concat()
    }

    fn crafted(&self, alter: impl FnOnce(&Self, &mut Parts)) -> Option<Error> {
        self.open(&self.craft(alter)).err()
    }
}

/// Accepts with the digits that the primary shows.
fn accept(offered: Offered, request: &Request) -> Result<(Identity, Vec<u8>), Error> {
    let shown = LinkingDigits::parse(&offered.keys.digits.text()).unwrap();
    offered.accept(request, &shown).map(|accepted| (accepted.identity, accepted.acceptance))
}

struct Parts {
    own: dh::SecretKey,
    primary: Certificate,
    device: DeviceId,
    by: sign::SecretKey,
    signer: sign::SecretKey,
    label: &'static [u8],
    list: DeviceList,
    /// The bit to flip in the account's signature over the new device, which the transcript does not
    /// cover.
    flip: u8,
    bytes: Option<Vec<u8>>,
    rest: Vec<u8>,
}

/// Decodes a code without its check bytes.
fn bytes(code: &str) -> Vec<u8> {
    let characters = code.strip_prefix("D1").unwrap();
    let bytes = pasted::decode(characters.as_bytes(), characters.len() * 5 / 8).unwrap();
    bytes[..bytes.len() - 4].to_vec()
}

/// Makes a code of these bytes, with the check bytes that belong to them.
fn code(bytes: &[u8]) -> String {
    let check = &hash(&[labels::LINKING_CHECK, bytes])[..4];
    pasted::write('D', &[bytes, check].concat()).to_string()
}

/// Offsets of the body's fields: form, purpose, created, three keys, length and text of the
/// description.
const CREATED: usize = 2;
const AGREEMENT: usize = 42;
const EPHEMERAL: usize = 74;
const LENGTH: usize = 106;

#[test]
fn the_example_of_the_page_is_what_both_sides_make() {
    let account = signing(0x11);
    let (signs, agrees) = (signing(0x12), agreement(0x13));
    let certificate = Certificate::sign(
        AccountKind::Member,
        AccountId([0x10; 32]),
        &account,
        DeviceId([0x14; 8]),
        &signs,
        &agrees,
    );
    let list = DeviceList::first(&account, certificate.clone(), NOW);
    let state = [0x15, 0x16, 0x18, 0x19].map(|byte| [byte; 32]).concat();
    let state = [&state[..], &NOW.to_be_bytes(), &[1, 13], b"Laptop, Linux"].concat();
    let request = Reader::all(&state, Request::read).unwrap();
    let primary = Identity { signing: signs, agreement: agrees, certificate };
    let room = Room { account, primary, list, request, rng: TestRng::new(1) };
    let offer = room.craft(|_, parts| {
        parts.own = agreement(0x1a);
        parts.device = DeviceId([0x17; 8]);
    });
    let offered = room.open(&offer).unwrap();
    let transcript = *offered.keys.transcript();
    let digits = offered.keys.digits.text();
    let (_, acceptance) = accept(offered, &room.request).unwrap();
    let page: String = include_str!("../../../../../spec/linking.md").split_whitespace().collect();
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |hex, byte| hex + &alloc::format!("{byte:02x}"))
    };
    assert!(page.contains(room.request.code().as_str()));
    assert!(page.contains(&alloc::format!("digits{}", *digits)), "{}", *digits);
    for shown in [&transcript[..], &hash(&[&offer]), &acceptance[2..34], &acceptance[66..]] {
        assert!(page.contains(&hex(shown)), "{}", hex(shown));
    }
}

#[test]
fn a_device_is_linked_and_both_sides_hold_one_certificate() {
    let mut room = Room::new();
    let scanned = room.scanned();
    assert_eq!(scanned.description(), "Laptop, Linux");
    assert_eq!(room.request.description(), "Laptop, Linux");
    assert_eq!(scanned.identity(), &room.request.body.identity);
    let (pending, offer) = room.offer_to(&scanned).unwrap();
    assert_eq!(offer.len(), 455 + room.list.encode().len());
    let offered = room.open(&offer).unwrap();
    assert_eq!(offered.list(), &room.list);
    assert_eq!(offered.primary(), &room.primary.certificate);
    let id = offered.device();
    let (identity, acceptance) = accept(offered, &room.request).unwrap();
    assert_eq!(acceptance.len(), 82);
    let certificate = pending.complete(&acceptance, NOW).unwrap();
    assert_eq!(certificate, identity.certificate);
    assert_eq!(Certificate::decode(&certificate.encode()).as_ref(), Ok(&certificate));
    assert_eq!((certificate.kind(), certificate.device()), (AccountKind::Member, id));
    assert_eq!(identity.signing.public(), certificate.identity().signing);
    assert_eq!(identity.agreement.public(), certificate.identity().agreement);
    let mut devices = room.list.devices().to_vec();
    devices.push(certificate.clone());
    let next = room.list.next(&room.account, devices, NOW).unwrap();
    assert_eq!(DeviceList::decode(&next.encode()).unwrap().device(id), Some(&certificate));
}

#[test]
fn an_offer_that_is_opened_again_is_accepted_with_the_same_bytes() {
    let mut room = Room::new();
    let (_, offer) = room.offer();
    let again = || accept(room.open(&offer).unwrap(), &room.request).unwrap().1;
    assert_eq!(again(), again());
}

#[test]
fn two_offers_for_one_code_have_other_ephemerals_and_ids() {
    let mut room = Room::new();
    let ((_, one), (_, other)) = (room.offer(), room.offer());
    assert_ne!(one[2..34], other[2..34]);
    assert_ne!(room.open(&one).unwrap().device(), room.open(&other).unwrap().device());
}

#[test]
fn a_generator_that_repeats_makes_another_ephemeral_for_a_code_that_was_altered() {
    let mut room = Room::new();
    let mut offer = |description: &str, created: u64| {
        room.request.body.description = description.into();
        room.request.body.created = created;
        room.rng = TestRng::new(5);
        room.offer().1
    };
    let one = offer("Laptop, Linux", NOW);
    assert_eq!(one, offer("Laptop, Linux", NOW));
    // The keys and the secret are the code's own: only the body tells these two offers apart.
    assert_ne!(one[2..34], offer("Tablet, Linux", NOW)[2..34]);
    assert_ne!(one[2..34], offer("Laptop, Linux", NOW + 1)[2..34]);
}

#[test]
fn what_waits_is_kept_and_read_again() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    let mut writer = Writer::new();
    room.request.write(&mut writer);
    let request = Reader::all(writer.written(), Request::read).unwrap();
    assert_eq!(request.code().as_str(), room.request.code().as_str());
    for length in 0..writer.written().len() {
        let read = Reader::all(&writer.written()[..length], Request::read);
        assert_eq!(read.err(), Some(Error::Malformed));
    }
    let mut writer = Writer::new();
    pending.write(&mut writer);
    let pending = Reader::all(writer.written(), PendingLinking::read).unwrap();
    for length in 0..writer.written().len() {
        let read = Reader::all(&writer.written()[..length], PendingLinking::read);
        assert_eq!(read.err(), Some(Error::Malformed));
    }
    let (identity, acceptance) = accept(request.open(&offer, NOW).unwrap(), &request).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Ok(identity.certificate));
    assert_eq!(pending.complete(&acceptance, NOW + LATE + 1), Err(Error::Expired));
}

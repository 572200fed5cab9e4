//! Linking from code to certificate, and every part of it altered, swapped, late or from somebody
//! else.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::{
    Keys, LATE, MAX_LIST, Offered, Pending, Proposal, Request, SKEW, Terms, acceptance_ad, labels,
    offer, offer_ad, wire,
};
use crate::error::Error;
use crate::primitives::aead::seal_once;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::generator::TestRng;
use crate::primitives::kdf::hash;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign, text};
use crate::protocol::devices::DeviceList;
use crate::protocol::identity::{
    AccountId, AccountKind, Candidate, Certificate, DeviceId, Identity,
};

const NOW: u64 = 1_800_000_000;

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
        let first = DeviceList::first(&account, primary.certificate.clone(), NOW).unwrap();
        let both = vec![primary.certificate.clone(), device(&account, 2).certificate];
        let list = first.next(&account, both, NOW).unwrap();
        let request = Request::generate(description, NOW, &mut rng).unwrap();
        Self { account, primary, list, request, rng }
    }

    fn proposal(&self) -> Proposal {
        Proposal::read(&self.request.code(), NOW).unwrap()
    }

    fn offer_to(&mut self, proposal: &Proposal) -> Result<(Pending, Vec<u8>), Error> {
        offer(proposal, &self.primary, &self.account, &self.list, NOW, &mut self.rng)
    }

    fn offer(&mut self) -> (Pending, Vec<u8>) {
        let proposal = self.proposal();
        self.offer_to(&proposal).unwrap()
    }

    fn open(&self, offer: &[u8]) -> Result<Offered, Error> {
        self.request.open(offer, NOW)
    }

    /// An offer whose parts are as an insider, who holds the code, would like them.
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
        let candidate =
            Candidate::sign((self.list.account(), &parts.by), parts.device, body.identity);
        let terms = Terms {
            body,
            ephemeral: &ephemeral,
            primary: &parts.primary,
            candidate: &candidate,
            list: &parts.list,
        };
        let mut text = Writer::new();
        parts.primary.write(&mut text);
        let mut signed = Writer::new();
        candidate.write(&mut signed);
        let mut signed = signed.public();
        signed[8 + 20] ^= parts.flip;
        text.raw(&signed);
        text.raw(&parts.signer.sign(parts.label, &[&terms.transcript()]));
        text.bytes(&parts.bytes.unwrap_or_else(|| parts.list.encode()));
        text.raw(&parts.rest);
        let keys = Keys::derive(
            &self.request.secret,
            &own.agree(&body.ephemeral).unwrap(),
            &own.agree(&body.identity.agreement).unwrap(),
        );
        let sealed = seal_once(keys.offer, &offer_ad(&ephemeral, body), text.written()).unwrap();
        [&[1, 0x13][..], ephemeral.bytes(), &sealed].concat()
    }

    fn crafted(&self, alter: impl FnOnce(&Self, &mut Parts)) -> Option<Error> {
        self.open(&self.craft(alter)).err()
    }
}

struct Parts {
    own: dh::SecretKey,
    primary: Certificate,
    device: DeviceId,
    by: sign::SecretKey,
    signer: sign::SecretKey,
    label: &'static [u8],
    list: DeviceList,
    /// In the account's signature over the new device, which the transcript does not cover.
    flip: u8,
    bytes: Option<Vec<u8>>,
    rest: Vec<u8>,
}

/// The bytes of a code, without their check bytes.
fn bytes(code: &str) -> Vec<u8> {
    let bytes = text::decode_up_to(code.strip_prefix("1L.").unwrap(), 207).unwrap();
    bytes[..bytes.len() - 4].to_vec()
}

/// A code of these bytes, with the check bytes that belong to them.
fn code(bytes: &[u8]) -> String {
    let check = &hash(&[labels::LINKING_CHECK, bytes])[..4];
    ["1L.", &text::encode(&[bytes, check].concat())].concat()
}

/// The body's fields: form, purpose, created, three keys, length and text of the description.
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
    let list = DeviceList::first(&account, certificate.clone(), NOW).unwrap();
    let state = [0x15, 0x16, 0x18, 0x19].map(|byte| [byte; 32]).concat();
    let state = [&state[..], &NOW.to_be_bytes(), &[13], b"Laptop, Linux"].concat();
    let request = Reader::all(&state, Request::read).unwrap();
    let primary = Identity { signing: signs, agreement: agrees, certificate };
    let room = Room { account, primary, list, request, rng: TestRng::new(1) };
    let offer = room.craft(|_, parts| {
        parts.own = agreement(0x1a);
        parts.device = DeviceId([0x17; 8]);
    });
    let offered = room.open(&offer).unwrap();
    let transcript = offered.transcript;
    let (_, acceptance) = offered.accept(&room.request).unwrap();
    let page: String = include_str!("../../../spec/linking.md").split_whitespace().collect();
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |hex, byte| hex + &alloc::format!("{byte:02x}"))
    };
    assert!(page.contains(room.request.code().as_str()));
    for shown in [&transcript[..], &hash(&[&offer]), &acceptance[2..34], &acceptance[66..]] {
        assert!(page.contains(&hex(shown)), "{}", hex(shown));
    }
}

#[test]
fn a_device_is_linked_and_both_sides_hold_one_certificate() {
    let mut room = Room::new();
    let proposal = room.proposal();
    assert_eq!(proposal.description(), "Laptop, Linux");
    assert_eq!(room.request.description(), "Laptop, Linux");
    assert_eq!(proposal.identity(), &room.request.body.identity);
    let (pending, offer) = room.offer_to(&proposal).unwrap();
    assert_eq!(offer.len(), 455 + room.list.encode().len());
    let offered = room.open(&offer).unwrap();
    assert_eq!(offered.list(), &room.list);
    assert_eq!(offered.primary(), &room.primary.certificate);
    let id = offered.device();
    let (identity, acceptance) = offered.accept(&room.request).unwrap();
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
    let accept = || room.open(&offer).unwrap().accept(&room.request).unwrap().1;
    assert_eq!(accept(), accept());
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
    // The keys and the secret are the code's own: only its body tells these apart.
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
    let pending = Reader::all(writer.written(), Pending::read).unwrap();
    for length in 0..writer.written().len() {
        let read = Reader::all(&writer.written()[..length], Pending::read);
        assert_eq!(read.err(), Some(Error::Malformed));
    }
    let (identity, acceptance) = request.open(&offer, NOW).unwrap().accept(&request).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Ok(identity.certificate));
    assert_eq!(pending.complete(&acceptance, NOW + LATE + 1), Err(Error::Expired));
}

#[test]
fn a_description_is_1_to_64_bytes_without_control_characters() {
    let mut rng = TestRng::new(5);
    let longest = "x".repeat(64);
    for fits in ["a", "Jürgens Rechner", &longest] {
        let room = Room::showing(fits);
        assert_eq!(room.proposal().description(), fits);
    }
    let long = "x".repeat(65);
    for not in ["", "two\nlines", "\u{7}", "\u{9b}31m", &long] {
        let made = Request::generate(not, NOW, &mut rng).err();
        assert_eq!(made, Some(Error::BadArgument), "{not:?}");
        // What a code says that was made in another way.
        let mut bytes = bytes(&Room::showing("a").request.code());
        bytes[LENGTH] = u8::try_from(not.len()).unwrap();
        bytes.splice(LENGTH + 1..LENGTH + 2, not.bytes());
        assert_eq!(Proposal::read(&code(&bytes), NOW).err(), Some(Error::LinkMangled), "{not:?}");
    }
    let mut bytes = bytes(&Room::showing("a").request.code());
    bytes[LENGTH + 1] = 0xff;
    assert_eq!(Proposal::read(&code(&bytes), NOW).err(), Some(Error::LinkMangled));
}

#[test]
fn no_character_of_a_code_can_be_changed() {
    // Lengths whose text has no, two or four spare bits at its end.
    for description in ["abc", "abcd", "abcde"] {
        let text = Room::showing(description).request.code();
        for place in 0..text.len() {
            for other in ['A', 'B', 'x', '-', '_', '=', ' ', '+', '\u{e9}'] {
                let mut altered: Vec<char> = text.chars().collect();
                if altered[place] == other {
                    continue;
                }
                altered[place] = other;
                let altered: String = altered.into_iter().collect();
                assert_eq!(Proposal::read(&altered, NOW).err(), Some(Error::LinkMangled));
            }
        }
        let last = text.chars().next_back().unwrap();
        for other in ('A'..='Z').chain('a'..='z').filter(|other| *other != last) {
            let altered = [&text[..text.len() - 1], other.to_string().as_str()].concat();
            assert_eq!(Proposal::read(&altered, NOW).err(), Some(Error::LinkMangled));
        }
    }
}

#[test]
fn a_code_that_is_cut_wrapped_or_of_another_form_is_mangled() {
    let text = Room::new().request.code();
    for length in 0..text.len() {
        let cut = Proposal::read(&text[..length], NOW).err();
        assert_eq!(cut, Some(Error::LinkMangled), "{length}");
    }
    let body = &text[3..];
    for altered in [
        [&text, "="].concat(),
        [&text, "A"].concat(),
        [" ", &text].concat(),
        ["1.", body].concat(),
        ["2L.", body].concat(),
        body.to_string(),
        "1L.".to_string() + &"A".repeat(100_000),
    ] {
        assert_eq!(Proposal::read(&altered, NOW).err(), Some(Error::LinkMangled));
    }
    // Another form or purpose, a byte too many, a length that says otherwise, all well checked.
    let genuine = bytes(&text);
    for alter in [
        |bytes: &mut Vec<u8>| bytes[0] = 2,
        |bytes: &mut Vec<u8>| bytes[1] = 0,
        |bytes: &mut Vec<u8>| bytes[1] = 2,
        |bytes: &mut Vec<u8>| bytes.push(0),
        |bytes: &mut Vec<u8>| bytes[LENGTH] += 1,
        |bytes: &mut Vec<u8>| bytes[LENGTH] -= 1,
    ] {
        let mut altered = genuine.clone();
        alter(&mut altered);
        assert_eq!(Proposal::read(&code(&altered), NOW).err(), Some(Error::LinkMangled));
    }
    assert!(Proposal::read(&code(&genuine), NOW).is_ok());
}

#[test]
fn no_byte_of_what_a_code_says_can_differ_between_the_two_sides() {
    let mut room = Room::new();
    let genuine = bytes(&room.request.code());
    let (mut refused, mut forged) = (0, 0);
    for place in 0..genuine.len() {
        let mut altered = genuine.clone();
        altered[place] ^= 1;
        // Somebody shows the account another code, with check bytes that hold.
        match Proposal::read(&code(&altered), NOW) {
            Err(error) => {
                let expected = [Error::LinkMangled, Error::WeakKey, Error::Expired];
                assert!(expected.contains(&error), "{place}: {error:?}");
                refused += 1;
            }
            Ok(proposal) => {
                let (_, offer) = room.offer_to(&proposal).unwrap();
                assert_eq!(room.open(&offer).err(), Some(Error::Forged), "{place}");
                forged += 1;
            }
        }
    }
    // At least the agreement and ephemeral keys, the description and the secret.
    assert!(forged > 32 + 32 + 13 + 32 && refused > 2, "{forged} {refused}");
}

#[test]
fn a_description_that_was_altered_in_the_code_makes_an_offer_that_the_device_refuses() {
    let mut room = Room::new();
    let mut altered = bytes(&room.request.code());
    altered[LENGTH + 1..LENGTH + 7].copy_from_slice(b"Tablet");
    let proposal = Proposal::read(&code(&altered), NOW).unwrap();
    assert_eq!(proposal.description(), "Tablet, Linux");
    let (_, offer) = room.offer_to(&proposal).unwrap();
    assert_eq!(room.open(&offer).err(), Some(Error::Forged));
}

#[test]
fn keys_of_a_code_are_canonical_and_agree_on_something() {
    let mut room = Room::new();
    let genuine = bytes(&room.request.code());
    for place in [AGREEMENT, EPHEMERAL] {
        let mut altered = genuine.clone();
        altered[place + 31] |= 0x80;
        assert_eq!(Proposal::read(&code(&altered), NOW).err(), Some(Error::WeakKey));
        altered[place..place + 32].fill(0);
        let proposal = Proposal::read(&code(&altered), NOW).unwrap();
        assert_eq!(room.offer_to(&proposal).err(), Some(Error::WeakKey), "small order");
    }
    let mut altered = genuine;
    altered[10..42].fill(0);
    altered[10] = 1;
    assert_eq!(Proposal::read(&code(&altered), NOW).err(), Some(Error::WeakKey), "small order");
}

#[test]
fn a_code_is_read_for_a_minute() {
    let room = Room::new();
    let code = room.request.code();
    for (now, error) in [
        (NOW - 61, Some(Error::Expired)),
        (NOW - 60, None),
        (NOW + 60, None),
        (NOW + 61, Some(Error::Expired)),
        (0, Some(Error::Expired)),
        (u64::MAX, Some(Error::Expired)),
    ] {
        assert_eq!(Proposal::read(&code, now).err(), error, "{now}");
    }
    let mut last = bytes(&code);
    last[CREATED..CREATED + 8].fill(0xff);
    assert_eq!(Proposal::read(&self::code(&last), NOW).err(), Some(Error::Expired));
}

#[test]
fn an_offer_is_made_and_opened_for_five_minutes() {
    let mut room = Room::new();
    let proposal = room.proposal();
    for (now, error) in [(NOW + 300, None), (NOW + 301, Some(Error::Expired))] {
        let Room { account, primary, list, rng, .. } = &mut room;
        assert_eq!(offer(&proposal, primary, account, list, now, rng).err(), error);
    }
    let (_, offer) = room.offer();
    for (now, error) in [
        (NOW - SKEW - 1, Some(Error::Expired)),
        (NOW - SKEW, None),
        (NOW + 300, None),
        (NOW + 301, Some(Error::Expired)),
    ] {
        assert_eq!(room.request.open(&offer, now).err(), error, "{now}");
    }
}

#[test]
fn an_acceptance_is_taken_for_five_minutes() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    let (_, acceptance) = room.open(&offer).unwrap().accept(&room.request).unwrap();
    for (now, error) in [(0, None), (NOW + 300, None), (NOW + 301, Some(Error::Expired))] {
        assert_eq!(pending.complete(&acceptance, now).err(), error, "{now}");
    }
}

#[test]
fn no_byte_of_an_offer_can_be_changed() {
    let mut room = Room::new();
    let (_, offer) = room.offer();
    for place in 0..offer.len() {
        for bit in [0x01, 0x80] {
            let mut altered = offer.clone();
            altered[place] ^= bit;
            let expected = match (place, bit) {
                (0, 1) => Error::Malformed,
                (0, _) => Error::UnknownVersion(0x81),
                (1, _) => Error::WrongKind,
                (33, 0x80) => Error::WeakKey,
                _ => Error::Forged,
            };
            assert_eq!(room.open(&altered).err(), Some(expected), "{place}");
        }
    }
    for length in 0..offer.len() {
        let error = room.open(&offer[..length]).err();
        let expected = if length < 34 + 16 { Error::Malformed } else { Error::Forged };
        assert_eq!(error, Some(expected), "{length}");
    }
    assert_eq!(room.open(&[&offer[..], &[0]].concat()).err(), Some(Error::Forged));
    let mut small = offer.clone();
    small[2..34].fill(0);
    assert_eq!(room.open(&small).err(), Some(Error::WeakKey), "small order");
}

#[test]
fn no_byte_of_an_acceptance_can_be_changed() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    let (_, acceptance) = room.open(&offer).unwrap().accept(&room.request).unwrap();
    for place in 0..acceptance.len() {
        let mut altered = acceptance.clone();
        altered[place] ^= 1;
        let expected = match place {
            0 => Error::Malformed,
            1 => Error::WrongKind,
            _ => Error::Forged,
        };
        assert_eq!(pending.complete(&altered, NOW), Err(expected), "{place}");
    }
    for length in 0..acceptance.len() {
        assert_eq!(pending.complete(&acceptance[..length], NOW), Err(Error::Malformed));
    }
    let longer = [&acceptance[..], &[0]].concat();
    assert_eq!(pending.complete(&longer, NOW), Err(Error::Malformed));
    assert!(pending.complete(&acceptance, NOW).is_ok());
}

#[test]
fn an_offer_for_another_code_is_forged() {
    let mut room = Room::new();
    let mut rng = TestRng::new(77);
    let other = Request::generate("Laptop, Linux", NOW, &mut rng).unwrap();
    let (pending, offer) = room.offer();
    assert_eq!(other.open(&offer, NOW).err(), Some(Error::Forged));
    // Nor does what the other device accepts complete this one.
    let proposal = Proposal::read(&other.code(), NOW).unwrap();
    let (_, theirs) = room.offer_to(&proposal).unwrap();
    let (_, acceptance) = other.open(&theirs, NOW).unwrap().accept(&other).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Err(Error::Forged));
    // Nor does one device accept what was offered to another.
    let offered = room.open(&offer).unwrap();
    assert_eq!(offered.accept(&other).err(), Some(Error::BadSignature));
}

#[test]
fn an_acceptance_of_an_earlier_offer_is_forged() {
    let mut room = Room::new();
    let ((_, one), (pending, _)) = (room.offer(), room.offer());
    let (_, acceptance) = room.open(&one).unwrap().accept(&room.request).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Err(Error::Forged));
}

#[test]
fn an_offer_is_no_acceptance_and_no_list() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    assert_eq!(pending.complete(&offer, NOW), Err(Error::WrongKind));
    assert_eq!(DeviceList::decode(&offer), Err(Error::WrongKind));
    assert_eq!(room.open(&room.list.encode()).err(), Some(Error::WrongKind));
}

#[test]
fn each_part_of_an_offer_is_checked_although_its_maker_holds_the_code() {
    let room = Room::new();
    assert_eq!(room.crafted(|_, _| ()), None);
    let cases: [(&str, Option<Error>); 9] = [
        (
            "a signature over the new device that does not hold",
            room.crafted(|_, parts| parts.flip = 1),
        ),
        (
            "the new device signed by another key than the account's",
            room.crafted(|_, parts| parts.by = signing(0xfe)),
        ),
        (
            "the transcript signed by the account key",
            room.crafted(|_, parts| parts.signer = signing(0xff)),
        ),
        (
            "the transcript signed by another device of the account",
            room.crafted(|_, parts| parts.signer = signing(2)),
        ),
        (
            "the transcript signed under another label",
            room.crafted(|_, parts| parts.label = labels::IDENTITY_DEVICE),
        ),
        (
            "a primary whose signature of the account does not hold",
            room.crafted(|_, parts| {
                let mut bytes = parts.primary.encode();
                bytes[140] ^= 1;
                parts.primary = Reader::all(&bytes, Certificate::recall).unwrap();
            }),
        ),
        (
            "a list whose signature does not hold",
            room.crafted(|_, parts| {
                let mut bytes = parts.list.encode();
                *bytes.last_mut().unwrap() ^= 1;
                parts.bytes = Some(bytes);
            }),
        ),
        (
            "another list than the transcript names",
            room.crafted(|room, parts| {
                let devices = room.list.devices().to_vec();
                let next = room.list.next(&room.account, devices, NOW).unwrap();
                parts.bytes = Some(next.encode());
            }),
        ),
        (
            "a first list of another account, with a device that says it is the primary",
            room.crafted(|_, parts| {
                let mut bytes = parts.list.encode();
                bytes[2] ^= 1;
                parts.bytes = Some(bytes);
            }),
        ),
    ];
    for (what, error) in cases {
        assert_eq!(error, Some(Error::BadSignature), "{what}");
    }
}

#[test]
fn the_primary_is_on_the_list_and_the_new_device_is_not() {
    let room = Room::new();
    let other = signing(0xfe);
    let cases: [(&str, Option<Error>); 5] = [
        (
            "a primary that is not on the list",
            room.crafted(|room, parts| {
                parts.primary = device(&room.account, 4).certificate;
                parts.signer = signing(4);
            }),
        ),
        (
            "the list of another account key",
            room.crafted(|_, parts| {
                let device = device(&other, 1).certificate;
                parts.list = DeviceList::first(&other, device, NOW).unwrap();
            }),
        ),
        ("an id that another device has", room.crafted(|_, parts| parts.device = DeviceId([2; 8]))),
        (
            "the new device on the list already, under another id",
            room.crafted(|room, parts| {
                let known = Certificate::sign(
                    AccountKind::Member,
                    AccountId([7; 32]),
                    &room.account,
                    DeviceId([8; 8]),
                    &room.request.signing,
                    &agreement(8),
                );
                let devices = vec![parts.primary.clone(), known];
                parts.list = room.list.next(&room.account, devices, NOW).unwrap();
            }),
        ),
        (
            "another primary under the same id",
            room.crafted(|room, parts| {
                parts.primary = Certificate::sign(
                    AccountKind::Member,
                    AccountId([7; 32]),
                    &room.account,
                    DeviceId([1; 8]),
                    &signing(4),
                    &agreement(4),
                );
                parts.signer = signing(4);
            }),
        ),
    ];
    for (what, error) in cases {
        assert_eq!(error, Some(Error::WrongPeer), "{what}");
    }
}

#[test]
fn an_offer_ends_where_its_list_does() {
    let room = Room::new();
    assert_eq!(room.crafted(|_, parts| parts.rest = vec![0]), Some(Error::Malformed));
    let long = |_: &Room, parts: &mut Parts| parts.bytes = Some(vec![0; MAX_LIST + 1]);
    assert_eq!(room.crafted(long), Some(Error::Malformed));
}

#[test]
fn the_device_signs_its_own_place_or_is_not_linked() {
    let mut room = Room::new();
    let (pending, _) = room.offer();
    let core = pending.candidate.core();
    for (signer, label) in [
        (signing(2), labels::IDENTITY_DEVICE),
        (signing(0xff), labels::IDENTITY_DEVICE),
        (
            sign::SecretKey::from_seed(room.request.signing.seed().duplicate()),
            labels::IDENTITY_ACCOUNT,
        ),
    ] {
        let signature = signer.sign(label, &[&core]);
        let key = pending.key.duplicate();
        let sealed = seal_once(key, &acceptance_ad(&pending.transcript), &signature).unwrap();
        let acceptance = [&[wire::VERSION, wire::LINKING_ACCEPTANCE][..], &sealed].concat();
        assert_eq!(pending.complete(&acceptance, NOW), Err(Error::BadSignature));
    }
}

#[test]
fn an_account_links_no_device_that_it_has_and_none_with_its_own_key() {
    let mut room = Room::new();
    let mut proposal = room.proposal();
    let known = *room.list.devices()[1].identity();
    proposal.body.identity.signing = known.signing;
    assert_eq!(room.offer_to(&proposal).err(), Some(Error::WrongPeer));
    let mut proposal = room.proposal();
    proposal.body.identity.agreement = known.agreement;
    assert_eq!(room.offer_to(&proposal).err(), Some(Error::WrongPeer));
    let mut proposal = room.proposal();
    proposal.body.identity.signing = room.account.public();
    assert_eq!(room.offer_to(&proposal).err(), Some(Error::WrongPeer));
}

#[test]
fn only_a_listed_device_with_the_account_key_makes_offers() {
    let mut room = Room::new();
    let proposal = room.proposal();
    let Room { account, primary, list, rng, .. } = &mut room;
    let unlisted = device(account, 4);
    let error = offer(&proposal, &unlisted, account, list, NOW, rng).err();
    assert_eq!(error, Some(Error::WrongPeer));
    let error = offer(&proposal, primary, &signing(0xfe), list, NOW, rng).err();
    assert_eq!(error, Some(Error::WrongPeer));
}

#[test]
fn an_account_of_32_devices_links_no_other() {
    let mut room = Room::new();
    let devices = |count: u8| (1..=count).map(|byte| device(&signing(0xff), byte).certificate);
    room.list = room.list.next(&room.account, devices(31).collect(), NOW).unwrap();
    let (_, offer) = room.offer();
    assert!(room.open(&offer).is_ok());
    room.list = room.list.next(&room.account, devices(32).collect(), NOW).unwrap();
    let proposal = room.proposal();
    assert_eq!(room.offer_to(&proposal).err(), Some(Error::TooManyDevices));
}

//! Texts of a guest chat, their copies, and hand-overs.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::NOW;
use super::form::Vector;
use super::guest::policy;
use super::model;
use super::tape::Tape;
use crate::primitives::codec::Reader;
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::guest::guest_copy::GuestCopy;
use crate::protocol::guest::hand_over::HandOver;
use crate::protocol::guest::text::{ChatNames, ChatText, KnownText, TextId, draw_id};
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};
use crate::protocol::labels;
use crate::protocol::letter::{Listed, MessageId};

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        text(),
        copy(),
        hand_over(),
        refused_hand_over(
            "refused-hand-over-guest",
            "a hand-over whose first signature is by a key that is not the guest's",
            Signed::ByAnotherGuest,
        ),
        refused_hand_over(
            "refused-hand-over-device",
            "a hand-over whose second signature is by a key that is not the device's",
            Signed::ByAnotherDevice,
        ),
        refused_hand_over(
            "refused-hand-over-swapped",
            "a hand-over with both signatures, each in the place of the other",
            Signed::Swapped,
        ),
    ]
}

fn names(v: &mut Vector) -> ChatNames {
    ChatNames {
        invitation: v.input("invitation id"),
        transcript: v.input("t"),
        guest: AccountId(v.input("guest account")),
    }
}

fn names_bytes(names: &ChatNames) -> Vec<u8> {
    [names.invitation, names.transcript, names.guest.0].concat()
}

fn text() -> Vector {
    let comment = "the id of a text in a guest chat, and what devices compare of it";
    let mut v = Vector::new("guest-text", "guest-links", comment);
    let (invitation, transcript) = (v.input("invitation id"), v.input("t"));
    let names = ChatNames { invitation, transcript, guest: AccountId([0; 32]) };
    let (join, anchor): ([u8; 32], [u8; 32]) = (v.input("join key"), v.input("anchor"));
    let by: [u8; 8] = v.input("device id");
    v.number("sent", NOW);
    v.text("text", "a text");
    let sent = NOW.to_be_bytes();
    let about: [&[u8]; 5] = [labels::GUEST_TEXT_ID, &anchor, &sent, &[0], b"a text"];
    let (random, id): (_, [u8; 16]) = v.hedged(("text", "text id"), &join, &about);
    let parts: [&[u8]; 7] =
        [labels::GUEST_TEXT, &names.invitation, &names.transcript, &by, &id, &sent, b"a text"];
    let digest = v.hash("text digest", &parts);

    let key = Psk::new(Secret::copy(&join)).unwrap();
    let text = Zeroizing::new("a text".to_string());
    let real = Tape::play(&[&random], |rng| draw_id(&key, (&anchor, 0), (&text, NOW), rng));
    assert_eq!(real, MessageId(id));
    let id = TextId { by: DeviceId(by), id: real };
    let said = ChatText { id, sent: NOW, text };
    assert_eq!(said.known(&names).digest, digest);
    v
}

fn copy() -> Vector {
    let comment = "a copy of a text for own devices, with the digest of one that the guest said";
    let mut v = Vector::new("guest-copy", "guest-links", comment);
    let names = names(&mut v);
    let id: [u8; 16] = v.input("text id");
    v.number("sent", NOW);
    v.text("text", "a text");
    let (seen, digest): ([u8; 16], [u8; 32]) = (v.input("seen id"), v.input("seen digest"));
    let said = [&id[..], &NOW.to_be_bytes(), &[0, 0, 0, 6], b"a text"].concat();
    let parts: [&[u8]; 7] =
        [&[1, 0x28], &names_bytes(&names), &[1], &said, &[0, 0, 0, 1], &seen, &digest];
    let bytes = parts.concat();
    v.bytes("guest copy", &bytes);

    let (by, guest) = (DeviceId([1; 8]), DeviceId([2; 8]));
    let id = TextId { by, id: MessageId(id) };
    let text = Zeroizing::new("a text".to_string());
    let seen = KnownText { id: TextId { by: guest, id: MessageId(seen) }, digest };
    let real = GuestCopy { names, said: Some(ChatText { id, sent: NOW, text }), seen: vec![seen] };
    assert_eq!(real.encode()[..], bytes);
    let read = GuestCopy::decode(&bytes, (by, guest), &policy()).unwrap();
    assert!(read.said == real.said && read.seen == real.seen && read.names == real.names);
    v
}

/// The flaw of a hand-over that is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    ByAnotherGuest,
    ByAnotherDevice,
    Swapped,
}

fn refused_hand_over(name: &str, comment: &'static str, signed: Signed) -> Vector {
    let mut v = Vector::new(name, "guest-links", comment);
    let names = names(&mut v);
    let seed: [u8; 32] = v.input("guest signing seed");
    let guest = v.signing_key("guest signing key", &seed);
    let account = model::member(&mut v, "other");
    let hash: [u8; 32] = v.input("list hash");
    let epoch = 1_u64.to_be_bytes();
    let front: [&[u8]; 3] = [&[1, 0x27], &names_bytes(&names), &account.certificate];
    let body = [&front.concat()[..], &epoch, &hash, &NOW.to_be_bytes()].concat();
    let other: [u8; 32] = v.input("seed of nobody");
    let [guest_seed, device_seed] = match signed {
        Signed::ByAnotherGuest => [other, account.signing_seed],
        Signed::ByAnotherDevice => [seed, other],
        Signed::Swapped => [account.signing_seed, seed],
    };
    let label = labels::GUEST_HAND_OVER;
    let first = v.sign("guest signature", &guest_seed, label, &[&body]);
    let second = v.sign("device signature", &device_seed, label, &[&body]);
    let bytes = [&body[..], &first, &second].concat();
    v.bytes("hand-over", &bytes);
    let read = Reader::all(&bytes, HandOver::recall).unwrap();
    v.refused(read.verify(&sign::PublicKey::decode(guest).unwrap()).err())
}

fn hand_over() -> Vector {
    let comment = "a guest's word that it is an account, signed by both";
    let mut v = Vector::new("guest-hand-over", "guest-links", comment);
    let names = names(&mut v);
    let seed: [u8; 32] = v.input("guest signing seed");
    let guest = v.signing_key("guest signing key", &seed);
    let account = model::member(&mut v, "other");
    v.number("epoch", 1_u64);
    let hash: [u8; 32] = v.input("list hash");
    v.number("at", NOW);
    let parts: [&[u8]; 6] = [
        &[1, 0x27],
        &names_bytes(&names),
        &account.certificate,
        &1_u64.to_be_bytes(),
        &hash,
        &NOW.to_be_bytes(),
    ];
    let body = parts.concat();
    let label = labels::GUEST_HAND_OVER;
    let by_guest = v.sign("guest signature", &seed, label, &[&body]);
    let by_device = v.sign("device signature", &account.signing_seed, label, &[&body]);
    let bytes = [&body[..], &by_guest, &by_device].concat();
    v.bytes("hand-over", &bytes);

    let [guest_key, device_key] =
        [seed, account.signing_seed].map(|seed| sign::SecretKey::from_seed(Secret::copy(&seed)));
    let certificate = Certificate::decode(&account.certificate).unwrap();
    let named = (Listed { epoch: 1, hash }, NOW);
    let real = HandOver::sign(names, certificate, named, [&guest_key, &device_key]);
    assert_eq!(real.encode(), bytes);
    let read = Reader::all(&bytes, HandOver::recall).unwrap();
    assert_eq!(read.verify(&sign::PublicKey::decode(guest).unwrap()), Ok(()));
    v
}

//! Refused first messages and messages of a session: one failure in each vector.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::braid::{Authenticator, BraidPart, KeySide};
use super::form::Vector;
use super::handshake::{FirstMessage, Initiator, Shared, choose, combine, first};
use super::model::{Published, member};
use super::ratchet::{Sealing, bucket, padded, room};
use super::session_pair::{SessionPair, pair};
use crate::error::Error;
use crate::primitives::kdf::Prk;
use crate::protocol::labels;
use crate::session::Device;
use crate::session::Session;
use crate::session::StagedMessage;
use crate::session::incoming::Incoming;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        small_order(),
        altered_first(
            "refused-first-ephemeral",
            "a first message whose ephemeral has bit 255 set",
            |message| message[50] |= 0x80,
        ),
        altered_first(
            "refused-first-mode",
            "a first message of a mode with an unused bit",
            |message| message[2] |= 4,
        ),
        altered_first(
            "refused-first-bound",
            "a first message that says it is bound to a psk, given to a device without one",
            |message| message[2] |= 2,
        ),
        altered_first(
            "refused-first-unknown-prekey",
            "a first message to a one-time prekey that the device does not have",
            |message| message[11] ^= 1,
        ),
        altered_first(
            "refused-first-ciphertext",
            "a first message with one bit of its KEM ciphertext flipped",
            |message| message[51] ^= 1,
        ),
        altered_first(
            "refused-first-body",
            "a first message with the last bit of its body flipped",
            |message| *message.last_mut().unwrap() ^= 1,
        ),
        constants(),
        repeated(),
        bad_padding(),
        ahead(),
        header_tag(),
        kind(),
        role(),
        no_room(),
    ]
}

/// A handshake by the formulas, without a first message.
struct Begun {
    to: Published,
    shared: Shared,
    device: Device,
}

fn begun(v: &mut Vector) -> Begun {
    let from = member(v, "initiator");
    let to = Published::new(v, "responder");
    let introduced = Initiator::from(&from);
    let chosen = choose(v, &introduced, &to, true);
    let shared = combine(v, &introduced, &to, &chosen, true, None);
    let (device, _) = to.device();
    Begun { to, shared, device }
}

fn altered_first(name: &str, comment: &'static str, alter: impl FnOnce(&mut [u8])) -> Vector {
    let mut v = Vector::new(name, "handshake", comment);
    let Begun { to, shared, mut device, .. } = begun(&mut v);
    let FirstMessage { mut message, .. } = first(&mut v, &shared, &to, b"First.");
    assert!(device.accept(&message, NOW).is_ok());
    alter(&mut message);
    v.bytes("altered message", &message);
    v.refused(device.accept(&message, NOW).err())
}

fn small_order() -> Vector {
    let mut v = Vector::new(
        "refused-ratchet-small-order",
        "ratchet",
        "a first message, well sealed, whose ratchet key is u = 0: it agrees on zeros with every key",
    );
    let Begun { shared, mut device, .. } = begun(&mut v);
    let ratchet = [0; 32];
    v.bytes("ratchet key", &ratchet);
    v.bytes("dh", &[0; 32]);
    let prk: Prk = v.extract("root prk", &shared.root, &[&[0; 64]]);
    let chain = v.expand("chain key 0", &prk, &[labels::RATCHET_ROOT, &[0; 4], &[2]]);
    let authenticator = Authenticator::start(&mut v, &shared.braid);
    let random = v.input("braid random");
    let stream = KeySide::generate(&mut v, &authenticator, 1, &random).stream;
    let sealing = Sealing {
        session: &shared.session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 0,
        header_key: &shared.initiator_header,
        pq_epoch: 0,
        part: &BraidPart::next((1, 1), &stream, 0, 0, 0),
        imprint_key: &shared.imprint_keys[0],
    };
    let (_, _, message) = sealing.seal(&mut v, &chain, b"First.");
    v.refused(device.accept(&message, NOW).err())
}

/// The parts of a message that can be wrong: all that its place in the session does not decide.
struct Said {
    previous: u32,
    part: BraidPart,
    padded: Vec<u8>,
}

/// Seals a message in the first chain of a session, by the formulas except what is altered, and gives
/// it to a responder that has opened the first.
fn altered(
    (name, page): (&str, &'static str),
    comment: &'static str,
    number: u32,
    alter: impl FnOnce(&mut Said, &FirstMessage),
) -> Vector {
    let mut v = Vector::new(name, page, comment);
    let SessionPair { shared, first, responder, .. } = pair("handshake-one-time", "", true);
    v.bytes("session id", &shared.session);
    v.bytes("prefix", &shared.prefix);
    v.bytes("header key", &shared.initiator_header);
    v.bytes("chain key 1", &first.chain);
    v.bytes("header stream", &first.stream);
    let ratchet = v.agreement_key("ratchet key", &first.ratchet_seed);
    let mut chain = first.chain;
    let mut scratch = Vector::new("scratch", "", "");
    for n in 1..number {
        let step = alloc::format!("chain key {}", n + 1);
        chain = scratch.mac(&step, &chain, &[&[2]]);
    }
    let key = v.mac("message key", &chain, &[&[1]]);
    let seal = |v: &mut Vector, said: &Said| {
        let sealing = Sealing {
            session: &shared.session,
            direction: 1,
            prefix: Some(&shared.prefix),
            ratchet: &ratchet,
            previous: said.previous,
            number,
            header_key: &shared.initiator_header,
            pq_epoch: 0,
            part: &said.part,
            imprint_key: &shared.imprint_keys[0],
        };
        sealing.under(v, &key, &said.padded).1
    };
    let count = u16::try_from(number).unwrap();
    let part = BraidPart::next((1, 1), &first.stream, count, count.into(), room(CONTENT));
    let mut said = Said { previous: 0, part, padded: padded(CONTENT, bucket(CONTENT.len())) };
    // Message 1 is genuine except for what is altered.
    let genuine = seal(&mut Vector::new("scratch", "", ""), &said);
    assert!(number != 1 || refusal(&responder, &genuine).is_none());
    alter(&mut said, &first);
    let message = seal(&mut v, &said);
    v.refused(refusal(&responder, &message))
}

const CONTENT: &[u8] = b"Second.";

fn refusal(session: &Session, message: &[u8]) -> Option<Error> {
    session.stage(&Incoming::parse(message).unwrap()).and_then(StagedMessage::open).err()
}

fn constants() -> Vector {
    altered(
        ("refused-header-constants", "ratchet"),
        "message 1 says previous = 1, message 0 of its chain said 0",
        1,
        |said, _| said.previous = 1,
    )
}

fn bad_padding() -> Vector {
    altered(
        ("refused-padding", "ratchet"),
        "a well sealed body that ends in something else than 0x80 and zeros",
        1,
        |said, _| said.padded.push(1),
    )
}

fn ahead() -> Vector {
    altered(
        ("refused-too-far-ahead", "ratchet"),
        "message 2002 of a chain of which message 0 was opened: 2001 would be missing",
        2002,
        |_, _| {},
    )
}

/// Sends two chunks at once, of which the one behind the content completes the header.
fn header_tag() -> Vector {
    altered(
        ("refused-braid-header-tag", "braid"),
        "message 1 brings the last two chunks of the header; the last bit of its tag is flipped",
        1,
        |said, first| {
            said.part = BraidPart::next((1, 1), &first.stream, 1, 1, 1);
            said.part.extra[0][31] ^= 1;
            said.padded = padded(&[CONTENT, &said.part.extra[0]].concat(), 48);
        },
    )
}

fn kind() -> Vector {
    altered(
        ("refused-braid-kind", "braid"),
        "message 1 carries a chunk of kind 7, which is none",
        1,
        |said, _| said.part.kind = 7,
    )
}

fn role() -> Vector {
    altered(
        ("refused-braid-role", "braid"),
        "message 1 of the initiator, the key side, carries a chunk of ct1",
        1,
        |said, _| said.part.kind = 5,
    )
}

fn no_room() -> Vector {
    altered(
        ("refused-braid-extra", "braid"),
        "message 1 says that a chunk follows its content; the last byte of the chunk is not there",
        1,
        |said, first| {
            said.part = BraidPart::next((1, 1), &first.stream, 1, 1, 1);
            said.padded = padded(&said.part.extra[0][..31], 32);
        },
    )
}

fn repeated() -> Vector {
    let mut v = Vector::new(
        "refused-repeated",
        "ratchet",
        "the first message of handshake-one-time, opened, and given to the session again",
    );
    let SessionPair { first, responder, .. } = pair("handshake-one-time", "", true);
    v.bytes("message", &first.message);
    v.refused(refusal(&responder, &first.message))
}

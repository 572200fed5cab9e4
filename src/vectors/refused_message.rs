//! What is refused of first messages and of a session's: one failure a vector.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::handshake::{First, Initiator, Pair, Shared, choose, combine, first, pair};
use super::model::{Published, member};
use super::ratchet::{Sealing, bucket, padded};
use crate::device::Device;
use crate::error::Error;
use crate::primitives::kdf::Prk;
use crate::protocol::labels;
use crate::session::{Session, Staged};

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
    let Begun { to, shared, device, .. } = begun(&mut v);
    let First { mut message, .. } = first(&mut v, &shared, &to, b"First.");
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
    let Begun { shared, device, .. } = begun(&mut v);
    let ratchet = [0; 32];
    v.bytes("ratchet key", &ratchet);
    v.bytes("dh", &[0; 32]);
    let prk: Prk = v.extract("root prk", &shared.root, &[&[0; 32]]);
    let chain = v.expand("chain key 0", &prk, &[labels::RATCHET_ROOT, &[2]]);
    let sealing = Sealing {
        session: &shared.session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 0,
        header_key: &shared.initiator_header,
    };
    let (_, _, message) = sealing.seal(&mut v, &chain, b"First.");
    v.refused(device.accept(&message, NOW).err())
}

/// The second message of a session, by the formulas but for what `previous` and `number` say;
/// given to a responder that has opened the first.
fn second(
    name: &str,
    comment: &'static str,
    (previous, number): (u32, u32),
    pad: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vector {
    let mut v = Vector::new(name, "ratchet", comment);
    let Pair { shared, first, responder, .. } = pair("handshake-one-time", "", true);
    v.bytes("session id", &shared.session);
    v.bytes("prefix", &shared.prefix);
    v.bytes("header key", &shared.initiator_header);
    v.bytes("chain key 1", &first.chain);
    let ratchet = v.agreement_key("ratchet key", &first.ratchet_seed);
    let mut chain = first.chain;
    let mut scratch = Vector::new("scratch", "", "");
    for n in 1..number {
        let step = alloc::format!("chain key {}", n + 1);
        chain = scratch.mac(&step, &chain, &[&[2]]);
    }
    let key = v.mac("message key", &chain, &[&[1]]);
    let sealing = Sealing {
        session: &shared.session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous,
        number,
        header_key: &shared.initiator_header,
    };
    let (_, message) = sealing.under(&mut v, &key, &pad(b"Second."));
    v.refused(refusal(&responder, &message))
}

fn refusal(session: &Session, message: &[u8]) -> Option<Error> {
    session.stage(message).and_then(Staged::open).err()
}

fn whole(content: &[u8]) -> Vec<u8> {
    padded(content, bucket(content.len()))
}

fn constants() -> Vector {
    second(
        "refused-header-constants",
        "message 1 says previous = 1, message 0 of its chain said 0",
        (1, 1),
        whole,
    )
}

fn bad_padding() -> Vector {
    second(
        "refused-padding",
        "a well sealed body that ends in something else than 0x80 and zeros",
        (0, 1),
        |content| [&whole(content)[..], &[1]].concat(),
    )
}

fn ahead() -> Vector {
    second(
        "refused-too-far-ahead",
        "message 2002 of a chain of which message 0 was opened: 2001 would be missing",
        (0, 2002),
        whole,
    )
}

fn repeated() -> Vector {
    let mut v = Vector::new(
        "refused-repeated",
        "ratchet",
        "the first message of handshake-one-time, opened, and given to the session again",
    );
    let Pair { first, responder, .. } = pair("handshake-one-time", "", true);
    v.bytes("message", &first.message);
    v.refused(refusal(&responder, &first.message))
}

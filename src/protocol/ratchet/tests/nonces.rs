//! Nonces of bodies under a generator that is stuck, in two copies of one state.

use super::imprints::copy;
use super::*;
use crate::primitives::aead::TAG;
use crate::protocol::ratchet::header::SEALED_HEADER;

/// Opens the header of a message that the sender sealed in its present chain.
fn header(sender: &Ratchet, message: &[u8]) -> Header {
    let SendState::Active(going) = &sender.sending else { panic!("nothing was sent") };
    let (sealed, _) = SealedHeader::read(&mut Reader::new(message), &CLEAR).unwrap();
    sealed.open(&going.header.0).unwrap().unwrap()
}

fn seals(sender: &Ratchet, text: &[u8]) -> Vec<u8> {
    sender.seal(&CLEAR, &[], text, 32, &mut TestRng::zeros()).unwrap().0
}

/// Checks that two messages of one number are under two nonces, so that their bodies do not show what their
/// texts differ in.
fn differ(sender: &Ratchet, [one, other]: [&[u8]; 2]) {
    let [first, second] = [one, other].map(|message| header(sender, message));
    assert_eq!(first.number, second.number);
    assert_ne!(first.nonce, second.nonce);
    let [one, other] = [one, other].map(|message| &message[SEALED_HEADER + TAG..]);
    let shown: Vec<u8> = one.iter().zip(other).map(|(a, b)| a ^ b).collect();
    let texts: Vec<u8> = b"one".iter().zip(b"two").map(|(a, b)| a ^ b).collect();
    assert_ne!(shown[..3], texts);
}

#[test]
fn a_stuck_generator_gives_two_texts_two_nonces() {
    let pair = RatchetPair::new();
    let copied = copy(&pair.initiator);
    differ(&copied, [&seals(&pair.initiator, b"one"), &seals(&copied, b"two")]);
}

#[test]
fn a_stuck_generator_gives_one_text_one_message() {
    let pair = RatchetPair::new();
    assert_eq!(seals(&pair.initiator, b"one"), seals(&copy(&pair.initiator), b"one"));
}

#[test]
fn a_stuck_generator_gives_two_headers_two_nonces() {
    let pair = RatchetPair::new();
    let message = seals(&pair.initiator, b"one");
    let one = header(&pair.initiator, &message);
    let others = [
        Header { part: [1; PART], ..one },
        Header { previous: one.previous + 1, ..one },
        Header { number: one.number + 1, ..one },
        Header { pq_epoch: one.pq_epoch + 1, ..one },
    ];
    let nonce = |kind, header| pair.initiator.nonce(kind, header, b"one", &mut TestRng::zeros());
    let first = nonce(CLEAR.kind, &one);
    for other in &others {
        assert_ne!(nonce(CLEAR.kind, other), first);
    }
    assert_ne!(nonce(CLEAR.kind + 1, &one), first);
}

#[test]
fn a_stuck_generator_gives_reserved_texts_two_nonces() {
    let mut pair = RatchetPair::new();
    let mut copied = copy(&pair.initiator);
    let [one, other] =
        [(&mut pair.initiator, b"one"), (&mut copied, b"two")].map(|(sender, text)| {
            let (_, mut delta, _) =
                sender.seal(&CLEAR, &[], b"text", 32, &mut TestRng::zeros()).unwrap();
            delta.reserve(1).unwrap();
            sender.apply(&mut delta);
            sender.seal_reserved(&CLEAR, &[], text, 32, &mut TestRng::zeros()).unwrap()
        });
    differ(&copied, [&one, &other]);
}

//! Exporters: what they follow from, and what differs between two copies of a sender.

use super::super::exporter::MessageSecret;
use super::super::ratchet::SendState;
use super::*;
use crate::primitives::kdf::mac;
use crate::protocol::labels;

fn exported(secret: &MessageSecret) -> [u8; 32] {
    *secret.exporter().secret(b"label", b"context").unwrap()
}

#[test]
fn an_exporter_follows_from_the_messages_key_and_its_place() {
    let mut pair = RatchetPair::new();
    let SendState::Active(going) = &pair.initiator.sending else { panic!("nothing was sent") };
    let key = going.chain_key().step().0;
    let (message, _, sent) = pair.initiator.seal(&CLEAR, &[], b"text", 32, &mut pair.rng).unwrap();
    let staged = pair.responder.stage(CLEAR, &message).unwrap();
    let header = staged.header().encode();
    let place = [&[4; 32][..], &[1, CLEAR.version, CLEAR.kind], &header].concat();
    let exporter = mac(&key.0, &[labels::RATCHET_EXPORT, &place]);
    let parts: [&[u8]; 4] = [labels::RATCHET_EXPORTED, &[5], b"label", b"context"];
    let expected = *mac(&exporter, &parts).expose();
    assert_eq!(exported(&sent), expected);
    assert_eq!(exported(&staged.open().unwrap().1), expected);
}

#[test]
fn two_copies_of_a_sender_export_two_secrets_under_one_message_key() {
    let mut pair = RatchetPair::new();
    let seal =
        |text: &[u8], rng: &mut TestRng| pair.initiator.seal(&CLEAR, &[], text, 32, rng).unwrap();
    let (_, _, one) = seal(b"one", &mut pair.rng);
    let (_, _, other) = seal(b"other", &mut pair.rng);
    assert_ne!(exported(&one), exported(&other));
    // Also if the generator repeats itself.
    let (_, _, one) = seal(b"one", &mut TestRng::zeros());
    let (_, _, other) = seal(b"other", &mut TestRng::zeros());
    assert_ne!(exported(&one), exported(&other));
}

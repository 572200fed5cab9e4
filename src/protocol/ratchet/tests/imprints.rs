//! Messages that a thief makes with a tag of a genuine one: a tag binds nobody who has the key.

use super::*;
use crate::primitives::aead::TAG;
use crate::primitives::tests::gcm_collision;
use crate::protocol::ratchet::header::SEALED_HEADER;

/// A thief's copy of what a sender has before it seals the next message.
struct Thief {
    sender: Ratchet,
    key: Secret<32>,
}

impl Thief {
    fn of(sender: &Ratchet) -> Self {
        let SendState::Active(going) = &sender.sending else { panic!("nothing was sent") };
        let key = going.chain_key().step().0.0;
        Self { sender: copy(sender), key }
    }

    /// Makes a message with the number and the body tag of the genuine one, under another nonce.
    fn under_another_header(&self, genuine: &[u8]) -> Vec<u8> {
        let header = Header { nonce: [9; NONCE], ..self.header(genuine) };
        let tag = body_tag(genuine);
        let SendState::Active(going) = &self.sender.sending else { panic!("nothing was sent") };
        let sealed = header.seal(&going.header, &CLEAR, tag).unwrap();
        [&sealed[..], tag, &self.body(&header, tag)].concat()
    }

    /// Makes another body for the very header and tag of the genuine message.
    fn under_the_same_header(&self, genuine: &[u8]) -> Vec<u8> {
        let (front, _) = genuine.split_at(SEALED_HEADER + TAG);
        [front, &self.body(&self.header(genuine), body_tag(genuine))].concat()
    }

    fn header(&self, genuine: &[u8]) -> Header {
        let SendState::Active(going) = &self.sender.sending else { panic!("nothing was sent") };
        let (sealed, _) = SealedHeader::read(&mut Reader::new(genuine), &CLEAR).unwrap();
        sealed.open(&going.header.0).unwrap().unwrap()
    }

    fn body(&self, header: &Header, tag: &[u8; TAG]) -> [u8; 32] {
        let ad = Ratchet::body_ad(&self.sender.place(self.sender.role(), &CLEAR, &header.encode()));
        gcm_collision::with_tag(&self.key, &header.nonce, &ad, tag, b"the thief's end\x80")
    }
}

fn body_tag(message: &[u8]) -> &[u8; TAG] {
    message[SEALED_HEADER..].first_chunk().unwrap()
}

pub(super) fn copy(ratchet: &Ratchet) -> Ratchet {
    let mut writer = Writer::new();
    ratchet.write(&mut writer);
    Reader::all(writer.written(), Ratchet::read).unwrap()
}

/// Makes a genuine message, and what a thief of its sender's state makes of it.
fn genuine(forge: impl FnOnce(&Thief, &[u8]) -> Vec<u8>) -> (RatchetPair, Vec<u8>, Vec<u8>) {
    let mut pair = RatchetPair::new();
    let thief = Thief::of(&pair.initiator);
    let genuine = pair.seal();
    let forged = forge(&thief, &genuine);
    assert_ne!(genuine, forged);
    assert_eq!(body_tag(&genuine), body_tag(&forged));
    (pair, genuine, forged)
}

#[test]
fn a_thiefs_message_with_the_genuine_ones_tag_shows_as_a_clones() {
    let (mut pair, genuine, forged) = genuine(Thief::under_another_header);
    open(&mut pair.responder, &forged).unwrap();
    assert_eq!(refused(&pair.responder, &genuine).0, Error::StateCloned);
    assert_eq!(refused(&pair.responder, &forged).0, Error::Duplicate);
}

#[test]
fn another_body_under_one_header_and_tag_is_no_duplicate() {
    let (mut pair, genuine, forged) = genuine(Thief::under_the_same_header);
    open(&mut pair.responder, &forged).unwrap();
    assert_eq!(refused(&pair.responder, &genuine).0, Error::MessageKeyGone);
    assert_eq!(refused(&pair.responder, &forged).0, Error::Duplicate);
}

#[test]
fn a_stranger_who_alters_a_repeated_message_raises_no_alarm() {
    let mut pair = RatchetPair::new();
    let message = pair.seal();
    open(&mut pair.responder, &message).unwrap();
    assert_eq!(refused(&pair.responder, &altered(message)).0, Error::MessageKeyGone);
}

#[test]
fn two_bodies_under_one_header_and_tag_are_two_changes() {
    let (pair, genuine, forged) = genuine(Thief::under_the_same_header);
    let id = |message: &[u8]| {
        pair.responder.stage(CLEAR, message).unwrap().open().unwrap().2.change_id()
    };
    assert_ne!(id(&genuine), id(&forged));
    assert_eq!(id(&genuine), id(&genuine));
}

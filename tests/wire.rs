//! Bytes from outside: altered, cut, lengthened, of other versions and kinds; and lengths.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use std::collections::BTreeSet;

use latchstring::{
    Anchor, Bundle, Certificate, Change, Chat, Device, Error, Invite, OneTimePrekey, Padding,
    Posting, Session, State,
};
use support::{
    Door, NOW, OneToOne, Pair, TestRng, Visit, bundle_with_one_time, copy, device, only, refusal,
    seal_many,
};

/// Every single alteration that a carrier can make: each byte, each shorter length, one byte more.
fn alterations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len()).map(|at| {
        let mut altered = bytes.to_vec();
        altered[at] ^= 1 << (at % 8);
        altered
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let longer = [0x00, 0x80].map(|byte| [bytes, &[byte]].concat());
    flipped.chain(cut).chain(longer)
}

/// `open` refuses every alteration of `bytes`, and leaves `state` as it was each time.
fn refuses_alterations<S: State, T>(
    state: &mut S,
    bytes: &[u8],
    open: impl Fn(&mut S, &[u8]) -> Result<T, Error>,
) {
    for altered in alterations(bytes) {
        let error = refusal(state, |state| open(state, &altered));
        assert!(error.is_some(), "{} bytes were taken", altered.len());
    }
}

#[test]
fn an_altered_message_of_the_current_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(1);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[0]).unwrap();
    refuses_alterations(&mut pair.responder, &messages[1], Session::decrypt);
    pair.responder.decrypt(&messages[1]).unwrap();
}

#[test]
fn an_altered_message_that_begins_a_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(2);
    let message = pair.initiator.encrypt(b"new chain", &mut pair.rng).unwrap();
    refuses_alterations(&mut pair.responder, &message, Session::decrypt);
    pair.responder.decrypt(&message).unwrap();
}

#[test]
fn an_altered_late_message_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(3);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[1]).unwrap();
    refuses_alterations(&mut pair.responder, &messages[0], Session::decrypt);
    pair.responder.decrypt(&messages[0]).unwrap();
}

#[test]
fn an_altered_message_of_a_closed_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(4);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[1]).unwrap();
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&answer).unwrap();
    let next = pair.initiator.encrypt(b"next chain", &mut pair.rng).unwrap();
    pair.responder.decrypt(&next).unwrap();
    refuses_alterations(&mut pair.responder, &messages[0], Session::decrypt);
    pair.responder.decrypt(&messages[0]).unwrap();
}

/// A device, and two first messages of one session to it.
fn first_messages(one_time: bool) -> (Device, Vec<Vec<u8>>) {
    let mut rng = TestRng::new(5);
    let initiator = device(1, &mut rng);
    let mut responder = device(2, &mut rng);
    let with_one_time = bundle_with_one_time(&mut responder, &mut rng);
    let bundle = if one_time { with_one_time } else { responder.bundle().unwrap() };
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    (responder, seal_many(&mut session, 2, &mut rng))
}

#[test]
fn an_altered_first_message_is_refused_and_the_genuine_one_opens() {
    for one_time in [true, false] {
        let (mut responder, messages) = first_messages(one_time);
        refuses_alterations(&mut responder, &messages[0], |to, bytes| to.accept(bytes, NOW));
        drop(responder.accept(&messages[0], NOW).unwrap());
    }
}

#[test]
fn an_altered_second_first_message_is_refused_by_the_session_that_the_first_one_made() {
    let (mut responder, messages) = first_messages(true);
    let accepted = responder.accept(&messages[0], NOW).unwrap();
    let (mut session, _) = accepted.apply(&mut responder).unwrap();
    refuses_alterations(&mut session, &messages[1], Session::decrypt);
    session.decrypt(&messages[1]).unwrap();
}

#[test]
fn an_altered_claim_is_refused_and_the_genuine_one_opens() {
    let mut door = Door::new(6);
    let (_, claim) = door.claim("Grace");
    let before = door.host.to_bytes();
    refuses_alterations(&mut door.invite, &claim, |to, bytes| to.claim(&door.host, bytes, NOW));
    assert!(before == door.host.to_bytes());
    drop(door.invite.claim(&door.host, &claim, NOW).unwrap());
}

#[test]
fn a_server_admits_no_altered_claim() {
    let mut door = Door::new(7);
    let (_, claim) = door.claim("Grace");
    for altered in alterations(&claim) {
        assert!(door.posting.admit(&altered).is_err());
    }
}

#[test]
fn an_altered_grant_is_refused_and_the_genuine_one_opens() {
    let mut visit = Door::new(8).admit();
    let grant = only(visit.chat.grant(&visit.host, NOW, &mut visit.rng).unwrap().apply().unwrap());
    refuses_alterations(&mut visit.guest, &grant, |to, bytes| to.hear(bytes, NOW));
    visit.guest.hear(&grant, NOW).unwrap();
}

#[test]
fn an_altered_notice_is_refused_and_the_genuine_one_is_believed() {
    let mut visit = Door::new(9).admit();
    let notice = visit.invite.notice().unwrap();
    refuses_alterations(&mut visit.guest, &notice, |to, bytes| to.notice(bytes, NOW));
    assert!(visit.guest.notice(&notice, NOW).unwrap().is_none());
}

#[test]
fn an_altered_bundle_is_refused() {
    let mut rng = TestRng::new(10);
    let bundle = bundle_with_one_time(&mut device(1, &mut rng), &mut rng);
    for altered in alterations(&bundle.encode()) {
        assert!(Bundle::decode(&altered).is_err());
    }
}

#[test]
fn an_altered_certificate_is_refused() {
    let device = device(1, &mut TestRng::new(11));
    for altered in alterations(&device.certificate().encode()) {
        assert!(Certificate::decode(&altered).is_err());
    }
}

#[test]
fn an_altered_one_time_prekey_attaches_to_no_bundle() {
    let mut rng = TestRng::new(12);
    let device = device(1, &mut rng);
    let (keys, _) = device.replenish(NOW, &mut rng).unwrap();
    let bundle = device.bundle().unwrap();
    for altered in alterations(&keys[0].encode()) {
        let attached = OneTimePrekey::decode(&altered).and_then(|key| bundle.attach(key));
        assert!(attached.is_err());
    }
}

#[test]
fn an_altered_posting_is_another_posting_or_none() {
    let bytes = Door::new(13).posting.encode();
    for altered in alterations(&bytes) {
        if let Ok(posting) = Posting::decode(&altered) {
            assert_eq!(posting.encode(), altered);
        }
    }
}

#[test]
fn a_posting_of_another_length_is_refused() {
    let bytes = Door::new(14).posting.encode();
    for altered in alterations(&bytes).filter(|altered| altered.len() != bytes.len()) {
        assert_eq!(Posting::decode(&altered), Err(Error::Malformed));
    }
}

#[test]
fn a_change_of_another_length_is_refused() {
    let mut pair = Pair::new(15);
    let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    let change = pair.responder.stage(&messages[2]).unwrap().open().unwrap().1.to_bytes();
    for altered in alterations(&change).filter(|altered| altered.len() != change.len()) {
        assert_eq!(Change::from_bytes(&altered).err(), Some(Error::Corrupt));
    }
}

#[test]
fn a_state_of_another_length_is_refused() {
    let pair = Pair::new(16);
    let bytes = pair.responder.to_bytes();
    for altered in alterations(&bytes).filter(|altered| altered.len() != bytes.len()) {
        assert_eq!(Session::from_bytes(&altered).err(), Some(Error::Corrupt));
    }
}

#[test]
fn a_tag_cut_short_is_no_tag() {
    let mut pair = Pair::new(17);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[0]).unwrap();
    let message = &messages[1];
    // Of the sealed header's tag and of the body's, every number of bytes taken out.
    for end in [2 + 96 + 16, 2 + 96 + 16 + 16] {
        for taken in 1..=16 {
            let cut = [&message[..end - taken], &message[end..]].concat();
            let error = refusal(&mut pair.responder, |to| to.decrypt(&cut));
            assert_eq!(error, Some(Error::Forged), "{taken} of the tag that ends at {end}");
        }
    }
}

#[test]
fn other_versions_and_kinds_are_told_apart() {
    let mut pair = Pair::new(18);
    let message = pair.initiator.encrypt(b"hi", &mut pair.rng).unwrap();
    let mut with = |at: usize, byte: u8| {
        let mut altered = message.clone();
        altered[at] = byte;
        refusal(&mut pair.responder, |to| to.decrypt(&altered))
    };
    assert_eq!(with(0, 0), Some(Error::Malformed));
    for version in 2..=255 {
        assert_eq!(with(0, version), Some(Error::UnknownVersion(version)));
    }
    for kind in (0..=255).filter(|kind| ![1, 2].contains(kind)) {
        assert_eq!(with(1, kind), Some(Error::WrongKind));
    }
}

#[test]
fn every_object_begins_with_its_version_and_a_kind_of_its_own() {
    let mut rng = TestRng::new(19);
    let mut visit = Visit::new(19);
    let mut pair = Pair::new(19);
    let (key, _) = pair.bob.replenish(NOW, &mut rng).unwrap();
    let (_, first) = first_messages(false);
    let objects = [
        pair.initiator.encrypt(b"ordinary", &mut pair.rng).unwrap(),
        first[0].clone(),
        pair.bob.bundle().unwrap().encode(),
        key[0].encode(),
        visit.posting.encode(),
        core::mem::take(&mut visit.claim),
        visit.invite.notice().unwrap(),
    ];
    assert!(objects.iter().all(|object| object[0] == 1));
    let kinds: BTreeSet<u8> = objects.iter().map(|object| object[1]).collect();
    assert_eq!(kinds.len(), objects.len());
}

#[test]
fn an_object_is_not_taken_for_one_of_another_kind() {
    let mut rng = TestRng::new(20);
    let device = device(1, &mut rng);
    let bundle = device.bundle().unwrap().encode();
    let key = device.replenish(NOW, &mut rng).unwrap().0[0].encode();
    let posting = Door::new(20).posting.encode();
    assert_eq!(Bundle::decode(&key).err(), Some(Error::WrongKind));
    assert_eq!(OneTimePrekey::decode(&posting).err(), Some(Error::WrongKind));
    assert_eq!(Posting::decode(&bundle).err(), Some(Error::WrongKind));
}

#[test]
fn an_object_of_another_version_is_not_taken() {
    let mut rng = TestRng::new(21);
    let device = device(1, &mut rng);
    let bundle = device.bundle().unwrap().encode();
    let key = device.replenish(NOW, &mut rng).unwrap().0[0].encode();
    let posting = Door::new(21).posting.encode();
    let of = |version: u8, bytes: &[u8]| [&[version], &bytes[1..]].concat();
    for (version, error) in
        [(0, Error::Malformed), (2, Error::UnknownVersion(2)), (255, Error::UnknownVersion(255))]
    {
        assert_eq!(Bundle::decode(&of(version, &bundle)).err(), Some(error));
        assert_eq!(OneTimePrekey::decode(&of(version, &key)).err(), Some(error));
        assert_eq!(Posting::decode(&of(version, &posting)).err(), Some(error));
    }
}

#[test]
fn contents_up_to_4096_bytes_have_at_most_16_lengths_on_the_wire() {
    let mut pair = Pair::new(22);
    let content = [7; 4096];
    let lengths: BTreeSet<usize> = (0..=4096)
        .map(|length| pair.initiator.encrypt(&content[..length], &mut pair.rng).unwrap().len())
        .collect();
    assert!(lengths.len() <= 16, "{lengths:?}");
}

#[test]
fn contents_of_every_length_come_back_whole() {
    let mut pair = Pair::new(23);
    let content: Vec<u8> = (0..2048_u32).map(|i| if i % 3 == 0 { 0x80 } else { 0 }).collect();
    for length in (0..200).chain([255, 256, 1000, 2047, 2048]) {
        let message = pair.initiator.encrypt(&content[..length], &mut pair.rng).unwrap();
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, content[..length]);
    }
}

#[test]
fn the_longest_content_travels() {
    let mut pair = Pair::new(24);
    let content = vec![0x80; 1 << 20];
    let message = pair.initiator.encrypt(&content, &mut pair.rng).unwrap();
    assert!(*pair.responder.decrypt(&message).unwrap().content == content);
}

#[test]
fn exact_padding_adds_one_byte() {
    let mut pair = Pair::new(25);
    for length in [0, 1, 31, 32, 33, 1000] {
        let content = vec![9; length];
        let sending = pair.initiator.stage_send().padding(Padding::Exact);
        let message = sending.seal(&content, &mut pair.rng).unwrap().apply().unwrap();
        assert_eq!(message.len(), 2 + 96 + 16 + 16 + length + 1);
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, content);
    }
}

#[test]
fn a_bundle_encodes_to_what_it_was_decoded_from() {
    let mut rng = TestRng::new(26);
    let mut device = device(1, &mut rng);
    for bundle in [device.bundle().unwrap(), bundle_with_one_time(&mut device, &mut rng)] {
        let bytes = bundle.encode();
        let decoded = Bundle::decode(&bytes).unwrap();
        assert_eq!(decoded, bundle);
        assert_eq!(decoded.encode(), bytes);
    }
}

#[test]
fn a_one_time_prekey_encodes_to_what_it_was_decoded_from() {
    let mut rng = TestRng::new(27);
    let (keys, _) = device(1, &mut rng).replenish(NOW, &mut rng).unwrap();
    for key in keys {
        let decoded = OneTimePrekey::decode(&key.encode()).unwrap();
        assert_eq!(decoded, key);
        assert_eq!(decoded.encode(), key.encode());
    }
}

#[test]
fn a_certificate_encodes_to_what_it_was_decoded_from() {
    let visit = Visit::new(28);
    for certificate in [visit.host.certificate(), visit.chat.peer()] {
        let decoded = Certificate::decode(&certificate.encode()).unwrap();
        assert_eq!(decoded, *certificate);
        assert_eq!(decoded.encode(), certificate.encode());
    }
}

#[test]
fn a_posting_encodes_to_what_it_was_decoded_from() {
    let posting = Door::new(29).posting;
    let decoded = Posting::decode(&posting.encode()).unwrap();
    assert_eq!(decoded, posting);
    assert_eq!(decoded.encode(), posting.encode());
}

#[test]
fn an_anchor_encodes_to_what_it_was_decoded_from() {
    let mut pair = Pair::new(30);
    seal_many(&mut pair.initiator, 300, &mut pair.rng);
    let anchor = pair.initiator.anchor();
    let decoded = Anchor::from_bytes(&anchor.to_bytes());
    assert_eq!(decoded, anchor);
    assert_eq!(decoded.generation(), anchor.generation());
    assert_eq!(copy(&pair.initiator).anchor(), anchor);
}

/// Every altered state is refused, or is the one state that has these bytes.
fn is_canonical<S: State>(bytes: &[u8]) {
    for altered in alterations(bytes) {
        if let Ok(state) = S::from_bytes(&altered) {
            assert!(*state.to_bytes() == altered, "{} bytes", altered.len());
        }
    }
}

#[test]
fn an_altered_state_is_refused_or_encodes_to_what_it_was_decoded_from() {
    let mut pair = Pair::new(31);
    let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    let (_, change) = pair.responder.stage(&messages[2]).unwrap().open().unwrap();
    is_canonical::<Change>(&change.to_bytes());
    pair.responder.decrypt(&messages[1]).unwrap();
    is_canonical::<Session>(&pair.responder.to_bytes());
    is_canonical::<Device>(&pair.alice.to_bytes());
    let visit = Visit::new(31);
    is_canonical::<Invite>(&visit.invite.to_bytes());
    is_canonical::<Invite>(&Door::new(31).invite.to_bytes());
    is_canonical::<Chat>(&visit.chat.to_bytes());
    is_canonical::<Chat>(&visit.guest.to_bytes());
    let (mut chat, mut guest) = (copy(&visit.chat), copy(&visit.guest));
    let text = guest.say("text", NOW, &mut TestRng::new(31)).unwrap();
    let (_, change) = chat.listen(&text, NOW).unwrap();
    is_canonical::<Change>(&change.to_bytes());
    let change = chat.block(NOW).unwrap();
    chat.apply(change).unwrap();
    is_canonical::<Chat>(&chat.to_bytes());
}

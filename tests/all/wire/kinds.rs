//! Lengths, versions and kinds.

use super::*;

#[test]
fn a_change_of_another_length_is_refused() {
    let mut pair = Pair::new(15);
    let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    let change = change(&mut pair.responder, |responder| responder.open(&messages[2])).to_bytes();
    for altered in alterations(&change).filter(|altered| altered.len() != change.len()) {
        assert_eq!(Change::<Session>::from_bytes(&altered).err(), Some(Error::Corrupt));
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
    let mut talk = Talk::new(19);
    let mut pair = Pair::new(19);
    let key = pair.bob.replenish(NOW, &mut rng).apply();
    let (_, first) = first_messages(false);
    let objects = [
        pair.initiator.encrypt(b"ordinary", &mut pair.rng).unwrap(),
        first[0].clone(),
        pair.bob.bundle().encode(),
        key[0].encode(),
        talk.door.server_copy.encode(),
        core::mem::take(&mut talk.claim),
        talk.door.invite.notice().unwrap(),
    ];
    assert!(objects.iter().all(|object| object[0] == 1));
    let kinds: BTreeSet<u8> = objects.iter().map(|object| object[1]).collect();
    assert_eq!(kinds.len(), objects.len());
}

#[test]
fn an_object_is_not_taken_for_one_of_another_kind() {
    let mut rng = TestRng::new(20);
    let mut device = device(1, &mut rng);
    let bundle = device.bundle().encode();
    let key = device.replenish(NOW, &mut rng).apply()[0].encode();
    let server_copy = Door::new(20).server_copy.encode();
    assert_eq!(Bundle::decode(&key).err(), Some(Error::WrongKind));
    assert_eq!(OneTimePrekey::decode(&server_copy).err(), Some(Error::WrongKind));
    assert_eq!(ServerCopy::decode(&bundle).err(), Some(Error::WrongKind));
}

#[test]
fn an_object_of_another_version_is_not_taken() {
    let mut rng = TestRng::new(21);
    let mut device = device(1, &mut rng);
    let bundle = device.bundle().encode();
    let key = device.replenish(NOW, &mut rng).apply()[0].encode();
    let server_copy = Door::new(21).server_copy.encode();
    let of = |version: u8, bytes: &[u8]| [&[version], &bytes[1..]].concat();
    for (version, error) in
        [(0, Error::Malformed), (2, Error::UnknownVersion(2)), (255, Error::UnknownVersion(255))]
    {
        assert_eq!(Bundle::decode(&of(version, &bundle)).err(), Some(error));
        assert_eq!(OneTimePrekey::decode(&of(version, &key)).err(), Some(error));
        assert_eq!(ServerCopy::decode(&of(version, &server_copy)).err(), Some(error));
    }
}

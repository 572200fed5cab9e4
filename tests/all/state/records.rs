//! Records.

use super::*;

#[test]
fn a_sealed_state_opens_to_the_same_bytes() {
    let (pair, record) = sealed(22);
    let session: Session = key(1, 7).open(OWNER, Some(&pair.responder.anchor()), &record).unwrap();
    assert!(session.to_bytes() == pair.responder.to_bytes());
    assert_eq!(StateKey::id_of(&record), Ok(1));
}

#[test]
fn two_records_of_one_state_share_nothing_but_what_stands_in_clear() {
    let (mut pair, one) = sealed(23);
    let other = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    assert_eq!(one[..ABOUT], other[..ABOUT]);
    let same = one[ABOUT..].iter().zip(&other[ABOUT..]).filter(|(a, b)| a == b).count();
    // One byte in 256 by chance.
    assert!(same * 64 < one.len(), "{same} of {} bytes are the same", one.len());
}

#[test]
fn a_record_opens_under_no_other_key_id_owner_or_kind() {
    let (_, record) = sealed(24);
    let open = |key: &StateKey, owner: &[u8]| key.open::<Session>(owner, None, &record).err();
    assert_eq!(open(&key(1, 8), OWNER), Some(Error::WrongStateKey));
    assert_eq!(open(&key(2, 7), OWNER), Some(Error::WrongStateKey));
    assert_eq!(open(&key(1, 7), b"account 7, phone"), Some(Error::WrongStateKey));
    assert_eq!(open(&key(1, 7), b""), Some(Error::WrongStateKey));
    assert_eq!(key(1, 7).open::<Device>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(key(1, 7).open::<Chat>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(
        key(1, 7).open::<Change<Session>>(OWNER, None, &record).err(),
        Some(Error::WrongKind)
    );
    assert_eq!(open(&key(1, 7), OWNER), None);
}

#[test]
fn an_owner_cannot_be_moved_into_what_follows_it() {
    let mut pair = Pair::new(25);
    let record = key(1, 7).seal(&pair.responder, b"ab", &mut pair.rng).unwrap();
    for owner in [&b"a"[..], b"abc", b"ba", b"ab\0"] {
        let error = key(1, 7).open::<Session>(owner, None, &record).err();
        assert_eq!(error, Some(Error::WrongStateKey));
    }
}

#[test]
fn records_of_two_devices_are_not_swapped() {
    let mut pair = Pair::new(26);
    let key = key(1, 7);
    let alice = key.seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
    let bob = key.seal(&pair.bob, b"bob", &mut pair.rng).unwrap();
    assert_eq!(key.open::<Device>(b"alice", None, &bob).err(), Some(Error::WrongStateKey));
    assert_eq!(key.open::<Device>(b"bob", None, &alice).err(), Some(Error::WrongStateKey));
    let error = key.open::<Device>(b"alice", Some(&pair.bob.anchor()), &alice).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn a_record_with_one_byte_altered_does_not_open() {
    let (pair, record) = sealed(27);
    for at in 0..record.len() {
        let mut altered = record.clone();
        altered[at] ^= 1 << (at % 8);
        let error = key(1, 7).open::<Session>(OWNER, None, &altered).err();
        let expected = match at {
            0 => Error::Corrupt,
            1 => Error::WrongKind,
            2..ABOUT => Error::WrongStateKey,
            at if at < ABOUT + 64 => Error::WrongStateKey,
            _ => Error::Corrupt,
        };
        assert_eq!(error, Some(expected), "byte {at}");
    }
    drop(pair);
}

#[test]
fn a_record_cut_at_any_length_or_lengthened_is_corrupt() {
    let (_, record) = sealed(28);
    for length in 0..record.len() {
        let error = key(1, 7).open::<Session>(OWNER, None, &record[..length]).err();
        assert_eq!(error, Some(Error::Corrupt), "{length} bytes");
    }
    let longer = [record.as_slice(), &[0]].concat();
    assert_eq!(key(1, 7).open::<Session>(OWNER, None, &longer).err(), Some(Error::Corrupt));
}

#[test]
fn parts_of_two_records_make_no_third() {
    let (mut pair, one) = sealed(29);
    pair.responder.encrypt(b"on", &mut pair.rng).unwrap();
    let other = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    for at in [ABOUT, ABOUT + 32, ABOUT + 64] {
        let spliced = [&one[..at], &other[at..]].concat();
        assert!(key(1, 7).open::<Session>(OWNER, None, &spliced).is_err(), "at {at}");
    }
}

#[test]
fn a_record_behind_its_anchor_is_refused_and_one_ahead_is_taken() {
    let (mut pair, old) = sealed(30);
    let before = pair.responder.anchor();
    pair.responder.encrypt(b"on", &mut pair.rng).unwrap();
    let now = pair.responder.anchor();
    let new = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    let open = |anchor, record: &[u8]| key(1, 7).open::<Session>(OWNER, Some(anchor), record).err();
    assert_eq!(open(&now, &old), Some(Error::StateRollback));
    assert_eq!(open(&before, &old), None);
    assert_eq!(open(&before, &new), None);
    assert_eq!(open(&now, &new), None);
}

#[test]
fn a_record_of_a_sibling_lineage_is_refused() {
    let mut pair = Pair::new(31);
    let mut sibling = restored(&pair.responder);
    pair.responder.encrypt(b"here", &mut pair.rng).unwrap();
    sibling.encrypt(b"there", &mut pair.rng).unwrap();
    let anchor = pair.responder.anchor();
    assert_eq!(anchor.generation(), sibling.anchor().generation());
    let record = key(1, 7).seal(&sibling, OWNER, &mut pair.rng).unwrap();
    let error = key(1, 7).open::<Session>(OWNER, Some(&anchor), &record).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn every_change_moves_the_anchor_by_one_generation() {
    let mut pair = Pair::new(32);
    let mut last = pair.initiator.anchor();
    for _ in 0..5 {
        pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        let now = pair.initiator.anchor();
        assert_eq!(now.generation(), last.generation() + 1);
        assert_ne!(now.to_bytes()[8..], last.to_bytes()[8..]);
        last = now;
    }
}

#[test]
fn a_session_with_a_place_in_no_predecessor_is_corrupt() {
    let pair = Pair::new(38);
    for side in [&pair.initiator, &pair.responder] {
        let bytes = side.to_bytes();
        // The continuation: predecessor (32), closing chain and number, created.
        assert_eq!(bytes[315..363], [&[0; 40][..], &NOW.to_be_bytes()].concat());
        for place in 347..355 {
            let mut altered = bytes.to_vec();
            altered[place] = 1;
            assert_eq!(Session::from_bytes(&altered).err(), Some(Error::Corrupt), "byte {place}");
            altered[315] = 1;
            assert!(*Session::from_bytes(&altered).unwrap().to_bytes() == altered);
        }
    }
}

#[test]
fn a_state_of_a_newer_version_is_unknown_and_not_damaged() {
    let (pair, mut record) = sealed(33);
    record[0] = 2;
    let error = key(1, 7).open::<Session>(OWNER, None, &record).err();
    assert_eq!(error, Some(Error::UnknownVersion(2)));
    assert_eq!(StateKey::id_of(&record), Err(Error::UnknownVersion(2)));
    let mut bytes = pair.responder.to_bytes().to_vec();
    bytes[0] = 2;
    assert_eq!(Session::from_bytes(&bytes).err(), Some(Error::UnknownVersion(2)));
    bytes[0] = 0;
    assert_eq!(Session::from_bytes(&bytes).err(), Some(Error::Corrupt));
}

#[test]
fn a_record_commits_to_its_key() {
    let mut pair = Pair::new(34);
    for other in 2..=255 {
        let record = key(1, 1).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
        let error = key(1, other).open::<Session>(OWNER, None, &record).err();
        // Not `Corrupt`: the commitment is refused before anything is decrypted.
        assert_eq!(error, Some(Error::WrongStateKey), "{other}");
    }
}

#[test]
fn a_state_key_of_zeros_is_refused() {
    assert_eq!(StateKey::new(1, &[0; 32]).err(), Some(Error::WeakKey));
}

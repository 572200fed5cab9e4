//! Sealers and openers that stop and go on.

use super::*;

const LENGTH: usize = 3 * PIECE + 77;

#[test]
fn a_sealer_goes_on_where_it_was_saved() {
    let content = content(LENGTH);
    let (reference, stored) = sealed(&content, Padding::Buckets);
    for pieces in 0..6 {
        let mut sealer = sealer(LENGTH as u64, Padding::Buckets);
        let mut bytes = Vec::new();
        for _ in 0..pieces {
            bytes.extend(seal_one(&mut sealer, &content).unwrap().unwrap_or_default());
        }
        let mut sealer = Sealer::from_bytes(&sealer.to_bytes()).unwrap();
        bytes.extend(seal_rest(&mut sealer, &content));
        assert!(bytes == stored);
        assert_eq!(sealer.reference().unwrap().encode(), reference.encode());
    }
}

#[test]
fn nothing_that_arrived_is_sealed_again_but_the_piece_that_is_not_whole() {
    let content = content(LENGTH);
    let (reference, stored) = sealed(&content, Padding::Buckets);
    for arrived in (0..=stored.len()).step_by(7_001).chain([PIECE, 2 * PIECE, stored.len() - 1]) {
        let mut sealer = sealer(LENGTH as u64, Padding::Buckets);
        seal_rest(&mut sealer, &content);
        sealer.resume(arrived as u64).unwrap();
        let from = sealer.sealed() as usize;
        assert!(from <= arrived && arrived - from < PIECE, "{arrived}");
        assert_eq!(sealer.reference().is_none(), arrived < stored.len());
        // More arrived meanwhile: it goes on behind that.
        sealer.resume(stored.len() as u64).unwrap();
        assert_eq!(sealer.sealed(), stored.len() as u64);
        sealer.resume(arrived as u64).unwrap();
        assert!(seal_rest(&mut sealer, &content) == stored[from..]);
        assert_eq!(sealer.reference().unwrap().encode(), reference.encode());
    }
}

#[test]
fn a_sealer_that_is_older_than_what_arrived_seals_the_same_again() {
    let content = content(LENGTH);
    let (_, stored) = sealed(&content, Padding::Exact);
    let mut older = sealer(LENGTH as u64, Padding::Exact);
    seal_one(&mut older, &content).unwrap();
    older.resume(3 * SEGMENT).unwrap();
    assert_eq!(older.sealed(), SEGMENT);
    assert!(seal_rest(&mut older, &content) == stored[PIECE..]);
}

#[test]
fn a_source_that_changed_is_refused_when_it_is_sealed_again() {
    let mut content = content(LENGTH);
    let mut sealer = sealer(LENGTH as u64, Padding::Exact);
    let stored = seal_rest(&mut sealer, &content);
    sealer.resume(SEGMENT).unwrap();
    content[PIECE + 5] ^= 1;
    let before = (sealer.to_bytes(), sealer.sealed());
    assert_eq!(seal_one(&mut sealer, &content), Err(Error::ContentMismatch));
    let mut buffer = [0; PIECE];
    buffer.copy_from_slice(&content[PIECE..2 * PIECE]);
    assert_eq!(sealer.seal(&mut buffer), Err(Error::ContentMismatch));
    assert!(buffer == content[PIECE..2 * PIECE], "nothing was sealed");
    assert!(*sealer.to_bytes() == *before.0 && sealer.sealed() == before.1);
    content[PIECE + 5] ^= 1;
    assert!(seal_rest(&mut sealer, &content) == stored[PIECE..]);
}

#[test]
fn a_changed_source_under_an_older_sealer_meets_no_key_and_no_reader_takes_it() {
    let old = content(LENGTH);
    let mut new = old.clone();
    new[PIECE + 5] ^= 1;
    let saved = sealer(LENGTH as u64, Padding::Exact).to_bytes();
    let [one, other] = [&old, &new].map(|content| {
        let mut sealer = Sealer::from_bytes(&saved).unwrap();
        let stored = seal_rest(&mut sealer, content);
        (sealer.reference().unwrap(), stored)
    });
    // With one key stream under both, this would be the difference of the contents: one bit.
    let pairs = one.1[PIECE..2 * PIECE].iter().zip(&other.1[PIECE..2 * PIECE]);
    assert!(pairs.filter(|(a, b)| a != b).count() > PIECE / 2);
    // Half of the one and half of the other is stored; either reference refuses what is not its own.
    let mixed = [&one.1[..2 * PIECE], &other.1[2 * PIECE..]].concat();
    for (reference, good) in [(&one.0, 0), (&other.0, PIECE)] {
        let (out, result) = opened(reference, &mixed);
        assert_eq!((out.len(), result), (good, Err(Error::Forged)));
    }
}

#[test]
fn an_opener_goes_on_and_fetches_no_piece_twice() {
    let content = content(LENGTH);
    let (reference, stored) = sealed(&content, Padding::Buckets);
    let mut opener = Opener::new(&reference);
    let (mut out, mut fetched) = (Vec::new(), Vec::new());
    loop {
        opener = Opener::from_bytes(&opener.to_bytes()).unwrap();
        let Some(range) = opener.wants() else { break };
        fetched.push(range.start);
        out.extend_from_slice(opener.open(&mut fetch(&stored, &range)).unwrap());
    }
    assert!(opener.is_finished() && out == content);
    let count = fetched.len();
    fetched.sort_unstable();
    fetched.dedup();
    assert_eq!((fetched.len(), count), (5, 5));
}

#[test]
fn damaged_states_are_corrupt_and_stop_nothing() {
    let content = content(LENGTH);
    let (reference, stored) = sealed(&content, Padding::Exact);
    let mut sealer = sealer(LENGTH as u64, Padding::Exact);
    seal_one(&mut sealer, &content).unwrap();
    let mut opener = Opener::new(&reference);
    for _ in 0..2 {
        let range = opener.wants().unwrap();
        opener.open(&mut fetch(&stored, &range)).unwrap();
    }
    let states = [sealer.to_bytes().to_vec(), opener.to_bytes().to_vec()];
    for (place, state) in states.iter().enumerate() {
        let load = |bytes: &[u8]| match place {
            0 => Sealer::from_bytes(bytes).map(|mut sealer| {
                let _ = sealer.resume(0);
                let mut buffer = [0; PIECE];
                for _ in 0..9 {
                    let _ = sealer.seal(&mut buffer);
                }
            }),
            _ => Opener::from_bytes(bytes).map(|mut opener| {
                let _ = open_rest(&mut opener, &stored);
            }),
        };
        load(state).unwrap();
        for length in 0..state.len() {
            assert_eq!(load(&state[..length]), Err(Error::Corrupt), "{length}");
        }
        assert_eq!(load(&[&state[..], &[0]].concat()), Err(Error::Corrupt));
        for at in 0..state.len() {
            let mut altered = state.clone();
            altered[at] ^= 0xff;
            // What holds no check decodes to another state; it stops nothing.
            let _ = load(&altered);
        }
        let mut newer = state.clone();
        newer[0] = 2;
        assert_eq!(load(&newer), Err(Error::UnknownVersion(2)));
        assert_eq!(load(&states[1 - place]), Err(Error::WrongKind));
    }
    // An index that the digest does not vouch for.
    let mut altered = states[1].clone();
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(Opener::from_bytes(&altered).err(), Some(Error::Corrupt));
}

#[test]
fn indices_are_sealed_again_like_segments() {
    let length = (GROUP + 1) * SEGMENT;
    let content = vec![3; length as usize];
    let mut sealer = sealer(length, Padding::Exact);
    let stored = seal_rest(&mut sealer, &content);
    let encoded = sealer.reference().unwrap().encode();
    // The last group is one segment, two indices behind it.
    let group = GROUP * SEGMENT + SEGMENT;
    for arrived in [group, group + 5, group + SEGMENT, group + SEGMENT + 31, stored.len() as u64] {
        let mut again = Sealer::from_bytes(&sealer.to_bytes()).unwrap();
        again.resume(arrived).unwrap();
        let from = again.sealed();
        assert!(seal_rest(&mut again, &content) == stored[from as usize..]);
        assert_eq!(again.reference().unwrap().encode(), encoded);
    }
    assert_eq!(sealer.resume(group - 1), Err(Error::PieceForgotten));
    assert!(sealer.reference().is_some(), "it is as it was");
}

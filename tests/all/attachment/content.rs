//! Contents that come back as they were sealed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn contents_of_all_lengths_come_back() {
    for length in [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 131_073, 400_000] {
        for padding in [Padding::Exact, Padding::Buckets] {
            let content = content(length);
            let (reference, stored) = sealed(&content, padding);
            assert_eq!(stored.len() as u64, reference.sealed_length(), "{length}");
            let again = Reference::decode(&*reference.encode()).unwrap();
            assert_eq!(opened(&again, &stored), (content, Ok(())), "{length}");
            assert_eq!((again.media(), again.length()), (Media::Video, length as u64));
            assert_eq!((again.padding(), again.id()), (padding, reference.id()));
        }
    }
}

#[test]
fn lengths_of_one_bucket_are_stored_alike() {
    let [short, long] = [200_001, 204_800].map(|length| sealed(&content(length), Padding::Buckets));
    assert_eq!(short.1.len(), long.1.len());
    assert_eq!(short.1.len(), 212_992 + 4 * 32 - 8_192);
    assert_ne!(short.0.id(), long.0.id());
}

#[test]
fn segments_that_are_alike_do_not_look_alike() {
    let (_, stored) = sealed(&vec![0; 4 * PIECE], Padding::Exact);
    let (segments, tags) = stored.split_at(4 * PIECE);
    let segments: BTreeSet<_> = segments.chunks(PIECE).collect();
    let tags: BTreeSet<_> = tags.chunks(32).collect();
    assert_eq!((segments.len(), tags.len()), (4, 4));
}

#[test]
fn both_sides_tell_how_far_they_are() {
    let content = content(150_000);
    let mut sealer = sealer(150_000, Padding::Buckets);
    let mut stored = Vec::new();
    let mut positions = Vec::new();
    loop {
        assert_eq!(sealer.sealed(), stored.len() as u64);
        assert_eq!(sealer.progress().end, 150_000);
        positions.push(sealer.progress().position);
        assert!(sealer.reference().is_none() || sealer.sealed() == sealer.sealed_length());
        let Some(piece) = seal_one(&mut sealer, &content).unwrap() else { break };
        stored.extend(piece);
    }
    assert_eq!(positions, [0, SEGMENT, 2 * SEGMENT, 150_000, 150_000]);
    let mut opener = Opener::new(&sealer.reference().unwrap());
    let mut positions = Vec::new();
    while let Some(range) = opener.wants() {
        positions.push(opener.progress().position);
        let len = opener.open(&mut fetch(&stored, &range)).unwrap().len() as u64;
        assert_eq!(opener.progress().position, positions.last().unwrap() + len);
    }
    assert_eq!(positions, [0, 0, SEGMENT, 2 * SEGMENT]);
    assert_eq!(opener.progress().position, 150_000);
}

#[test]
fn more_segments_than_an_index_names_come_back() {
    let length = (GROUP + 2) * SEGMENT + 5;
    let content = content(length as usize);
    let (reference, stored) = sealed(&content, Padding::Exact);
    // Two indices of the first level, and the top.
    assert_eq!(stored.len() as u64, length + (GROUP + 3) * 32 + 2 * 32);
    let (out, result) = opened(&reference, &stored);
    assert_eq!(result, Ok(()));
    assert!(out == content);
}

#[test]
fn the_longest_attachment_begins_like_any_other_and_no_longer_one_does() {
    let mut rng = TestRng::new(1);
    let client = client(1, &mut rng);
    let longest = 1 << 48;
    assert_eq!(longest, latchstring::attachment::MAX_LENGTH);
    let mut sealer = client.attach(Media::File, longest, Padding::Buckets, NOW, &mut rng).unwrap();
    assert_eq!(sealer.sealed_length(), longest + (1 << 37) + (1 << 26) + (1 << 15));
    let mut buffer = [1; PIECE];
    for segment in 0..3 {
        assert_eq!((sealer.sealed(), sealer.wants()), (segment * SEGMENT, PIECE));
        assert_eq!(sealer.seal(&mut buffer).unwrap().unwrap().len(), PIECE);
    }
    let refused = client.attach(Media::File, longest + 1, Padding::Exact, NOW, &mut rng);
    assert_eq!(refused.err(), Some(Error::ContentTooLong));
    // A reader begins with the top index, and finds the last segment in front of what names it.
    let encoded = [&[1, 0x32, 1, 0][..], &longest.to_be_bytes(), &[9; 64]].concat();
    let mut opener = Opener::new(&Reference::decode(&encoded).unwrap());
    let end = sealer.sealed_length();
    assert_eq!(opener.wants(), Some(end - (1 << 15)..end));
    opener.read(longest - 1..longest);
    assert_eq!(opener.wants(), Some(end - (1 << 15)..end));
    assert_eq!(opener.progress().position, longest - 1);
}

#[test]
fn a_reference_has_one_encoding() {
    let reference = sealed(b"a picture of a boat", Padding::Buckets).0.encode();
    assert_eq!(reference.len(), Reference::LENGTH);
    let refused = |place: usize, byte: u8| {
        let mut altered = *reference;
        altered[place] = byte;
        Reference::decode(&altered).err()
    };
    assert_eq!(refused(0, 2), Some(Error::UnknownVersion(2)));
    assert_eq!(refused(1, 0x31), Some(Error::WrongKind));
    for (place, byte) in [(0, 0), (2, 0), (2, 5), (3, 2), (4, 1), (5, 2)] {
        assert_eq!(refused(place, byte), Some(Error::Malformed), "{place}");
    }
    for wrong in [&reference[..75], &[&reference[..], &[0]].concat()] {
        assert_eq!(Reference::decode(wrong).err(), Some(Error::Malformed));
    }
}

#[test]
fn two_attachments_of_one_client_have_other_keys_under_a_stuck_generator() {
    let mut keys = Vec::new();
    for (media, length, now) in [
        (Media::File, 0, NOW),
        (Media::Image, 0, NOW),
        (Media::File, 1, NOW),
        (Media::File, 0, NOW + 1),
    ] {
        let mut rng = TestRng::new(5);
        let client = client(1, &mut rng);
        let mut stuck = TestRng::new(6);
        let mut sealer = client.attach(media, length, Padding::Exact, now, &mut stuck).unwrap();
        seal_rest(&mut sealer, &[7; 1]);
        keys.push(sealer.reference().unwrap().encode()[12..44].to_vec());
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_read_saved_and_resumed_the_content_is_the_same(
        length in 0_usize..500_000,
        is_exact: bool,
        arrived in proptest::collection::vec(0_usize..520_000, 0..3),
        ranges in proptest::collection::vec((0_u64..520_000, 0_u64..520_000), 1..4),
    ) {
        let padding = if is_exact { Padding::Exact } else { Padding::Buckets };
        let content = content(length);
        let (reference, stored) = sealed(&content, padding);
        // A sealer that is saved, loaded, and told what arrived, again and again.
        let mut again = sealer(length as u64, padding);
        for arrived in arrived {
            let is_more = seal_one(&mut again, &content).unwrap().is_some();
            prop_assert!(is_more || again.reference().is_some());
            again = Sealer::from_bytes(&again.to_bytes()).unwrap();
            again.resume(arrived as u64).unwrap();
            let from = again.sealed() as usize;
            prop_assert_eq!(&seal_rest(&mut again, &content)[..], &stored[from..]);
        }
        seal_rest(&mut again, &content);
        prop_assert_eq!(again.reference().unwrap().encode(), reference.encode());
        // A reader that jumps, and is saved and loaded in between.
        let mut opener = Opener::new(&reference);
        for (start, end) in ranges {
            opener.read(start..end);
            let part = content.get(start as usize..(end as usize).min(length)).unwrap_or_default();
            prop_assert_eq!(open_rest(&mut opener, &stored), (part.to_vec(), Ok(())));
            opener = Opener::from_bytes(&opener.to_bytes()).unwrap();
        }
    }
}

//! Forgeries of a sealed attachment, by a server or by somebody who has the key.

use super::*;

/// Nine segments, the last of them short, and an index: the segments' bounds.
fn example() -> (Vec<u8>, Reference, Vec<u8>, Vec<Range<usize>>) {
    let content = content(8 * PIECE + 77);
    let (reference, stored) = sealed(&content, Padding::Exact);
    let bounds = (0..9).map(|n| n * PIECE..((n + 1) * PIECE).min(content.len())).collect();
    (content, reference, stored, bounds)
}

/// Checks that a stored attachment is refused, and that nothing but what is genuine was given out before: the
/// content in front of segment `good`.
#[track_caller]
fn refused_behind(good: usize, content: &[u8], reference: &Reference, stored: &[u8]) {
    let (out, result) = opened(reference, stored);
    assert_eq!(result, Err(Error::Forged));
    assert!(out == content[..good * PIECE], "{} bytes were given out", out.len());
}

#[test]
fn an_attachment_without_its_last_segment_is_refused() {
    let (content, reference, stored, bounds) = example();
    // The index moves up, as if the attachment had ended there: it is not where the length says.
    let cut = [&stored[..bounds[8].start], &stored[bounds[8].end..]].concat();
    refused_behind(0, &content, &reference, &cut);
    // The index stays, and names eight: it is not of the length that it should have.
    let shorter = [&stored[..bounds[8].start], &stored[bounds[8].end..stored.len() - 32]].concat();
    refused_behind(0, &content, &reference, &shorter);
    let mut zeros = stored.clone();
    zeros[bounds[8].clone()].fill(0);
    refused_behind(8, &content, &reference, &zeros);
}

#[test]
fn an_attachment_that_ends_anywhere_before_its_end_is_refused() {
    let (content, reference, stored, _) = example();
    for length in [0, 1, PIECE - 1, PIECE, 8 * PIECE, stored.len() - 32, stored.len() - 1] {
        assert_ne!(length as u64, reference.sealed_length());
        // The index comes first, and is not whole.
        refused_behind(0, &content, &reference, &stored[..length]);
    }
    let (single, small) = sealed(&content[..100], Padding::Buckets);
    refused_behind(0, &content, &single, &small[..4095]);
}

#[test]
fn bytes_behind_the_end_are_never_asked_for_and_refused_if_given() {
    let (content, reference, mut stored, _) = example();
    let sealed_length = reference.sealed_length();
    stored.extend(*b"and more");
    assert_ne!(stored.len() as u64, sealed_length);
    let mut opener = Opener::new(&reference);
    while let Some(range) = opener.wants() {
        assert!(range.end <= sealed_length);
        let longer = range.start..range.end + 1;
        assert_eq!(opener.open(&mut fetch(&stored, &longer)), Err(Error::Forged));
        opener.open(&mut fetch(&stored, &range)).unwrap();
    }
    assert_eq!(opener.open(&mut stored[sealed_length as usize..]), Err(Error::Forged));
    assert_eq!(opener.open(&mut []), Ok(&[][..]));
    assert_eq!(opened(&reference, &stored).0, content);
}

#[test]
fn segments_that_change_places_are_refused() {
    let (content, reference, stored, bounds) = example();
    for (one, other) in [(0, 1), (2, 7), (6, 7)] {
        let mut swapped = stored.clone();
        swapped[bounds[one].clone()].copy_from_slice(&stored[bounds[other].clone()]);
        swapped[bounds[other].clone()].copy_from_slice(&stored[bounds[one].clone()]);
        refused_behind(one, &content, &reference, &swapped);
        // Their tags change places with them.
        let index = bounds[8].end;
        for (to, from) in [(one, other), (other, one)] {
            let tag = &stored[index + from * 32..][..32];
            swapped[index + to * 32..][..32].copy_from_slice(tag);
        }
        refused_behind(0, &content, &reference, &swapped);
    }
}

#[test]
fn a_segment_that_comes_twice_is_refused() {
    let (content, reference, stored, bounds) = example();
    for (kept, lost) in [(0, 1), (3, 4), (5, 2)] {
        let mut doubled = stored.clone();
        doubled[bounds[lost].clone()].copy_from_slice(&stored[bounds[kept].clone()]);
        refused_behind(lost, &content, &reference, &doubled);
    }
}

#[test]
fn a_segment_of_zeros_is_refused() {
    let (content, reference, mut stored, bounds) = example();
    stored[bounds[4].clone()].fill(0);
    refused_behind(4, &content, &reference, &stored);
}

#[test]
fn a_last_segment_in_the_middle_is_refused() {
    // One that is whole, of an attachment of the same key that ends with it.
    let (content, reference, stored, bounds) = example();
    let (_, other) = sealed(&content[..5 * PIECE], Padding::Exact);
    let mut moved = stored.clone();
    moved[bounds[4].clone()].copy_from_slice(&other[bounds[4].clone()]);
    refused_behind(4, &content, &reference, &moved);
    // The last one, cut to fit nothing else.
    let mut moved = stored.clone();
    moved[bounds[3].start..][..77].copy_from_slice(&stored[bounds[8].clone()]);
    refused_behind(3, &content, &reference, &moved);
}

#[test]
fn an_altered_byte_is_refused_wherever_it_stands() {
    let (content, reference, stored, bounds) = example();
    for place in (0..stored.len()).step_by(9_973).chain([0, PIECE - 1, PIECE, stored.len() - 1]) {
        let mut altered = stored.clone();
        altered[place] ^= 0x10;
        let good = bounds.iter().position(|bounds| bounds.contains(&place)).unwrap_or(0);
        refused_behind(good, &content, &reference, &altered);
    }
}

#[test]
fn a_reference_with_another_digest_gives_nothing_out() {
    let (content, reference, stored, _) = example();
    let (single, small) = sealed(&content[..100], Padding::Buckets);
    for (reference, stored) in [(reference, stored), (single, small)] {
        for place in [0, 31] {
            let mut altered = reference.encode();
            altered[44 + place] ^= 1;
            refused_behind(0, &content, &Reference::decode(&*altered).unwrap(), &stored);
        }
    }
}

#[test]
fn what_a_reference_says_is_bound_to_every_piece() {
    for length in [100, 4_096, 200_000] {
        let content = content(length);
        let (reference, stored) = sealed(&content, Padding::Buckets);
        // Media, padding, a length in the same bucket, the key.
        for (place, change) in [(2, 3 ^ 2), (3, 1), (11, 1), (12, 1), (43, 0x80)] {
            let mut altered = reference.encode();
            altered[place] ^= change;
            let altered = Reference::decode(&*altered).unwrap();
            refused_behind(0, &content, &altered, &stored);
        }
    }
}

#[test]
fn pieces_of_two_attachments_are_not_exchanged() {
    let (content, reference, stored, bounds) = example();
    let mut rng = TestRng::new(99);
    let length = content.len() as u64;
    let other = client(2, &mut rng).attach(Media::Video, length, Padding::Exact, NOW, &mut rng);
    let other = seal_rest(&mut other.unwrap(), &content);
    for place in [bounds[0].clone(), bounds[5].clone(), bounds[8].end..stored.len()] {
        let mut mixed = stored.clone();
        mixed[place.clone()].copy_from_slice(&other[place.clone()]);
        let good = bounds.iter().position(|bounds| *bounds == place).unwrap_or(0);
        refused_behind(good, &content, &reference, &mixed);
    }
    refused_behind(0, &content, &reference, &other);
}

#[test]
fn a_holder_of_the_key_cannot_give_another_content_under_the_reference() {
    // The sender, or any receiver, seals something else under the very key and terms.
    let (content, reference, stored, bounds) = example();
    let mut content_of_another = content.clone();
    content_of_another[3 * PIECE + 9] ^= 1;
    let key_holder = sealer(content.len() as u64, Padding::Exact);
    let mut again = Sealer::from_bytes(&key_holder.to_bytes()).unwrap();
    let other = seal_rest(&mut again, &content_of_another);
    let other_reference = again.reference().unwrap();
    assert_eq!(reference.encode()[..44], other_reference.encode()[..44], "key and terms are one");
    assert!(stored[..3 * PIECE] == other[..3 * PIECE], "what is the same is sealed alike");
    refused_behind(0, &content, &reference, &other);
    let mut mixed = stored.clone();
    mixed[bounds[3].clone()].copy_from_slice(&other[bounds[3].clone()]);
    refused_behind(3, &content, &reference, &mixed);
    assert_eq!(opened(&other_reference, &other), (content_of_another, Ok(())));
}

#[test]
fn after_a_refusal_the_right_bytes_still_open() {
    let (content, reference, stored, _) = example();
    let mut opener = Opener::new(&reference);
    let mut out = Vec::new();
    while let Some(range) = opener.wants() {
        let before = opener.to_bytes();
        let mut wrong = fetch(&stored, &range);
        wrong[7] ^= 1;
        let is_index = wrong.len() == 9 * 32;
        assert_eq!(opener.open(&mut wrong), Err(Error::Forged));
        assert!(is_index || wrong.iter().all(|byte| *byte == 0), "wiped");
        // A piece of another length is refused without a look at it: nothing was decrypted, hence wiped.
        let shorter = &mut fetch(&stored, &range)[1..];
        assert_eq!(opener.open(shorter), Err(Error::Forged));
        assert!(*shorter == fetch(&stored, &range)[1..]);
        assert_eq!(opener.open(&mut []), Err(Error::Forged));
        assert!(*opener.to_bytes() == *before);
        out.extend_from_slice(opener.open(&mut fetch(&stored, &range)).unwrap());
    }
    assert_eq!(out, content);
}

use super::*;
use alloc::collections::BTreeSet;

#[test]
fn contents_up_to_4096_bytes_have_at_most_16_lengths() {
    let lengths: BTreeSet<_> = (0..=4096).map(|n| Padding::Buckets.length(n)).collect();
    assert!(lengths.len() <= 16, "{lengths:?}");
}

#[test]
fn padding_is_at_least_a_byte_and_never_more_than_half() {
    for content in (0..20_000).chain([MAX_CONTENT - 1, MAX_CONTENT]) {
        let padded = Padding::Buckets.length(content);
        assert!(padded > content, "{content}");
        assert!(padded <= 32 || padded <= (content + 1) * 3 / 2, "{content} → {padded}");
        if content > 6144 {
            assert!(padded <= (content + 1) * 9 / 8 + 1, "{content} → {padded}");
        }
        assert_eq!(Padding::Exact.length(content), content + 1);
    }
}

#[test]
fn the_longest_body_is_that_of_the_longest_content() {
    assert_eq!(Padding::Buckets.length(MAX_CONTENT), MAX_BODY);
    assert_eq!(Padding::Buckets.with_chunks(MAX_CONTENT, u8::MAX), MAX_BODY);
    assert!(Padding::Exact.with_chunks(MAX_CONTENT, u8::MAX) < MAX_BODY);
}

#[test]
fn lengths_grow_with_the_content() {
    for content in 0..20_000 {
        assert!(Padding::Buckets.length(content) <= Padding::Buckets.length(content + 1));
    }
}

#[test]
fn every_content_is_found_again_whatever_its_length() {
    for length in 0..300 {
        for more in [1, 2, 63, 64, 65, 200] {
            let mut padded = alloc::vec![7; length];
            padded.push(0x80);
            padded.resize(length + more, 0);
            assert_eq!(content_length(&padded), Ok(length), "{length} of {}", padded.len());
            padded[length] = 1;
            assert_eq!(content_length(&padded), Err(Error::Forged));
        }
    }
}

#[test]
fn only_a_marker_followed_by_zeros_is_padding() {
    assert_eq!(content_length(b"hi\x80\0\0"), Ok(2));
    assert_eq!(content_length(b"\x80"), Ok(0));
    assert_eq!(content_length(b"\x80\x80"), Ok(1));
    for bad in [&b""[..], b"\0\0", b"hi", b"hi\x80\x01", b"hi\x80\0\x01"] {
        assert_eq!(content_length(bad), Err(Error::Forged));
    }
}

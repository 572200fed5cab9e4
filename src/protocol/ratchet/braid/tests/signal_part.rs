#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use alloc::vec;

fn part(epoch: u32, kind: Kind, index: u16) -> BraidPart {
    let chunk = if kind.has_chunk() { [7; 32] } else { [0; 32] };
    BraidPart { epoch, kind, extra: 0, index, chunk }
}

fn decoded(bytes: &[u8]) -> Result<([u8; 40], u32), Error> {
    SignalPart::decode(bytes).map(|named| (named.part.encode(), named.number))
}

#[test]
fn a_part_is_what_it_was_before_it_travelled() {
    let kinds = [Kind::Header, Kind::Vector, Kind::VectorDone, Kind::Ct1, Kind::Ct2];
    let bare = [(part(1, Kind::Nothing, 0), 1), (part(u32::MAX, Kind::Done, 0), u32::MAX)];
    let full = kinds.map(|kind| (part(300, kind, u16::MAX), 128));
    for (part, number) in bare.into_iter().chain(full) {
        let bytes = SignalPart { part, number }.encode();
        assert_eq!(decoded(&bytes), Ok((part.encode(), number)));
    }
}

#[test]
fn a_part_has_its_numbers_as_varints_in_front_of_its_chunk() {
    let bytes = |part, number| SignalPart { part, number }.encode();
    assert_eq!(bytes(part(1, Kind::Nothing, 0), 1), [1, 1, 1, 0]);
    let long = bytes(part(2, Kind::Ct1, 300), 128);
    assert_eq!(long, [&[1, 2, 0x80, 1, 5, 0xac, 2][..], &[7; 32]].concat());
}

#[test]
fn what_follows_a_part_is_ignored() {
    let part = part(3, Kind::Ct2, 4);
    let mut bytes = SignalPart { part, number: 9 }.encode();
    bytes.extend([1, 2, 3]);
    assert_eq!(decoded(&bytes), Ok((part.encode(), 9)));
}

#[test]
fn no_version_but_one_is_spoken() {
    assert_eq!(decoded(&[]), Err(Error::Malformed));
    for version in [0, 2, 255] {
        assert_eq!(decoded(&[version, 1, 1, 0]), Err(Error::UnknownVersion(version)));
    }
}

#[test]
fn what_no_sender_writes_is_refused() {
    let whole = SignalPart { part: part(3, Kind::Ct2, 4), number: 9 }.encode();
    for length in 1..whole.len() {
        assert_eq!(decoded(&whole[..length]), Err(Error::Malformed));
    }
    let large = vec![
        vec![1, 0, 1, 0],
        vec![1, 1, 1, 7],
        vec![1, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 0],
        vec![1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0],
        [&[1, 1, 1, 1, 0x80, 0x80, 4][..], &[7; 32]].concat(),
    ];
    for bytes in large {
        assert_eq!(decoded(&bytes), Err(Error::Malformed), "{bytes:?}");
    }
}

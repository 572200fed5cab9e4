use alloc::vec::Vec;

use super::*;

fn encoded(continuation: &Continuation) -> Vec<u8> {
    let mut writer = Writer::new();
    continuation.write(&mut writer);
    writer.public()
}

fn decoded(bytes: &[u8]) -> Result<Continuation, Error> {
    Reader::all(bytes, Continuation::read)
}

fn continuing() -> Continuation {
    let closed = Position { chain: 0x0102_0304, number: 0x0506_0708 };
    let predecessor = Predecessor { session: SessionId([9; 32]), closed };
    Continuation::after(Some(predecessor), 0x1112_1314_1516_1718)
}

#[test]
fn a_continuation_has_the_bytes_of_its_page() {
    let tail = [1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
    assert_eq!(encoded(&continuing()), [&[9; 32][..], &tail].concat());
    assert_eq!(encoded(&Continuation::new(1)), [&[0; 47][..], &[1]].concat());
    assert_eq!(encoded(&continuing()).len(), CONTINUATION);
}

#[test]
fn a_continuation_is_read_as_it_was_written() {
    let unsent = Predecessor { session: SessionId([9; 32]), closed: Position::default() };
    let unbegun = Continuation::after(Some(unsent), 1);
    assert_eq!(unbegun.predecessor(), Some(unsent));
    assert_eq!(Continuation::new(1).predecessor(), None);
    for continuation in [continuing(), unbegun, Continuation::new(0), Continuation::new(u64::MAX)] {
        assert_eq!(decoded(&encoded(&continuation)), Ok(continuation));
    }
}

#[test]
fn a_place_in_no_predecessor_is_malformed() {
    let none = encoded(&Continuation::new(1));
    for place in 32..40 {
        for bit in 0..8 {
            let mut bytes = none.clone();
            bytes[place] |= 1 << bit;
            assert_eq!(decoded(&bytes), Err(Error::Malformed), "byte {place}");
            bytes[31] = 1;
            assert!(decoded(&bytes).is_ok(), "byte {place}");
        }
    }
}

#[test]
fn a_continuation_cut_short_or_with_a_byte_behind_it_is_malformed() {
    let bytes = encoded(&continuing());
    for length in 0..bytes.len() {
        assert_eq!(decoded(&bytes[..length]), Err(Error::Malformed), "{length} bytes");
    }
    assert_eq!(decoded(&[&bytes[..], &[0]].concat()), Err(Error::Malformed));
}

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.public()
}

fn is_refused(bytes: &[u8]) {
    assert!(matches!(read::<4>(bytes), Err(Error::Malformed)), "{bytes:02x?}");
}

#[test]
fn fields_come_back_and_unknown_ones_are_skipped() {
    let mut bytes = written(|writer| {
        put_number(writer, 1, 300_u32);
        put_bytes(writer, 2, b"bytes");
        put_fixed(writer, 3, u64::MAX);
        put_number(writer, 9, 1_u32);
        put_bytes(writer, 10, b"later");
    });
    bytes.extend([0x5d, 1, 2, 3, 4]); // field 11, 32 bits
    let [one, two, three, four] = read::<4>(&bytes).unwrap();
    assert_eq!(one.u32(), Ok(300));
    assert_eq!(two.bytes(), Ok(&b"bytes"[..]));
    assert_eq!(two.array::<5>(), Ok(b"bytes"));
    assert_eq!(three.fixed_u64(), Ok(u64::MAX));
    assert_eq!(four.optional_bytes(), Ok(None));
    assert_eq!(four.optional_u32(), Ok(None));
}

#[test]
fn a_field_that_is_absent_or_of_another_type_is_refused_where_it_is_needed() {
    let bytes = written(|writer| put_number(writer, 1, 1_u64 << 32));
    let [one, two] = read::<2>(&bytes).unwrap();
    assert_eq!(one.u32(), Err(Error::Malformed));
    assert_eq!(one.bytes(), Err(Error::Malformed));
    assert_eq!(one.fixed_u64(), Err(Error::Malformed));
    assert_eq!(one.optional_u64(), Ok(Some(1 << 32)));
    assert_eq!(two.u32(), Err(Error::Malformed));
    assert_eq!(two.bytes(), Err(Error::Malformed));
}

#[test]
fn what_no_writer_makes_is_refused() {
    is_refused(&[0x08]); // no number
    is_refused(&[0x08, 0x80]); // half a number
    is_refused(&[0x08, 0x80, 0x00]); // longer than it needs to be
    is_refused(&[0x88, 0x00, 0x00]); // the same of a key
    is_refused(&[0x08, 1, 0x08, 1]); // twice
    is_refused(&[0x0a, 5, 1, 2, 3, 4]); // shorter than it says
    is_refused(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    is_refused(&[0x0b, 0x0c]); // a group
    is_refused(&[0x00, 0x01]); // field 0
    is_refused(&[0x0e, 0x00]); // types that there are not
    is_refused(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]); // 65 bits
    is_refused(&[0x80, 0x80, 0x80, 0x80, 0x10, 0x00]); // field 2^29
}

proptest! {
    #[test]
    fn every_number_has_one_varint(number: u64) {
        let bytes = written(|writer| put_varint(writer, number));
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(varint(&mut reader), Ok(number));
        prop_assert!(reader.is_empty());
        // Any other bytes that are read as it are the same bytes.
        let mut longer = bytes.clone();
        *longer.last_mut().unwrap() |= 0x80;
        longer.push(0);
        prop_assert_eq!(varint(&mut Reader::new(&longer)), Err(Error::Malformed));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = read::<8>(&bytes);
    }
}

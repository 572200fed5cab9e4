use super::*;

#[test]
fn a_value_is_cut_where_its_pages_begin() {
    let mut writer = Writer::new();
    writer.u16(0x0102);
    assert_eq!(writer.cut(), (&[1, 2][..], Vec::new()));
    writer.page(&[b"one", &[1]]);
    writer.u8(3);
    writer.page(&[b"empty"]);
    writer.page(&[b"two"]);
    writer.raw(&[4, 5]);
    let part = |title, bytes| PagePart { title, bytes };
    let parts = [part(b"one\x01", &[3]), part(b"empty", &[]), part(b"two", &[4, 5])];
    assert_eq!(writer.cut(), (&[1, 2][..], Vec::from(parts)));
    assert_eq!(*writer.written(), [1, 2, 3, 4, 5]);
}

#[test]
fn an_option_is_a_flag_and_a_value_if_it_is_set() {
    for (value, bytes) in [(None, &[0][..]), (Some(7), &[1, 0, 7])] {
        let mut writer = Writer::new();
        writer.option(value, |value, writer| writer.u16(value));
        assert_eq!(*writer.written(), *bytes);
        assert_eq!(Reader::all(bytes, |reader| reader.option(Reader::u16)), Ok(value));
    }
    let flag = Reader::all(&[2, 0, 7], |reader| reader.option(Reader::u16));
    assert_eq!(flag, Err(Error::Malformed));
}

#[test]
fn a_list_is_a_bounded_count_and_that_many_values() {
    let mut writer = Writer::new();
    writer.list(&[1, 2], |value, writer| writer.u16(*value));
    assert_eq!(*writer.written(), [0, 0, 0, 2, 0, 1, 0, 2]);
    let read = |most| Reader::all(writer.written(), |reader| reader.list(most, Reader::u16));
    assert_eq!(read(2), Ok(Vec::from([1, 2])));
    assert_eq!(read(1), Err(Error::Malformed));
    // Refused for the count alone, before anything is set aside for it.
    let huge = Reader::all(&[0xff; 4], |reader| reader.list::<u16, Vec<_>>(9, Reader::u16));
    assert_eq!(huge, Err(Error::Malformed));
}

#[test]
fn bytes_are_cut_where_their_lengths_say() {
    let bytes = [1, 2, 3, 4, 5];
    assert_eq!(first(&bytes), [1, 2]);
    assert_eq!(halves(&bytes), ([1, 2], [3, 4, 5]));
}

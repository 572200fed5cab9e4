#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use alloc::vec::Vec;

use super::*;

/// A number, in pieces of 4, and 8 at most.
struct Number(u8);

impl Entry for Number {
    const PAGE: u8 = 9;
    const PIECE: usize = 4;
    const MAX: usize = 8;

    fn write(&self, writer: &mut Writer) {
        writer.u8(self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.u8().map(Self)
    }
}

fn of(numbers: impl IntoIterator<Item = u8>) -> PagedLog<Number> {
    let mut whole = PagedLog::default();
    numbers.into_iter().for_each(|number| whole.push(Number(number)));
    whole
}

fn pages(whole: &PagedLog<Number>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut writer = Writer::new();
    whole.write(&mut writer);
    let (_, pages) = writer.cut();
    pages.into_iter().map(|part| (part.title.to_vec(), part.bytes.to_vec())).collect()
}

fn read(count: usize, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let whole: PagedLog<Number> = Reader::all(bytes, |reader| PagedLog::read(reader, count))?;
    Ok(whole.iter().map(|number| number.0).collect())
}

/// Encodes a piece.
fn piece(number: u8, entries: &[u8]) -> Vec<u8> {
    let count = u8::try_from(entries.len()).unwrap();
    [&[0, 0, 0, 0, 0, 0, 0, number, 0, 0, 0, count], entries].concat()
}

#[test]
fn additions_and_removals_leave_the_pieces_between_as_they_were() {
    let mut whole = of(0..10);
    let before = pages(&whole);
    assert_eq!(before[1], ([9, 0, 0, 0, 0, 0, 0, 0, 1].to_vec(), piece(1, &[4, 5, 6, 7])));
    whole.pop();
    whole.push(Number(10));
    let after = pages(&whole);
    assert_eq!(after[0].1, piece(0, &[1, 2, 3]));
    assert_eq!(after[1], before[1]);
    assert_eq!(after[2].1, piece(2, &[8, 9, 10]));
    // Numbers stay, also when a piece in the middle has emptied.
    whole.retain(|number| !(4..8).contains(&number.0));
    assert_eq!(pages(&whole), [after[0].clone(), after[2].clone()]);
    for _ in 0..3 {
        whole.pop();
    }
    assert_eq!(pages(&whole), [after[2].clone()]);
    assert_eq!(whole.iter().next_back().unwrap().0, 10);
}

#[test]
fn pieces_that_no_log_writes_are_refused() {
    let two = |one: Vec<u8>, other: Vec<u8>| read(2, &[one, other].concat());
    assert_eq!(two(piece(3, &[1]), piece(5, &[2, 3])), Ok(Vec::from([1, 2, 3])));
    assert_eq!(two(piece(3, &[1]), piece(3, &[2])), Err(Error::Malformed));
    assert_eq!(two(piece(3, &[1]), piece(2, &[2])), Err(Error::Malformed));
    assert_eq!(two(piece(3, &[]), piece(4, &[2])), Err(Error::Malformed));
    assert_eq!(read(1, &piece(3, &[1, 2, 3, 4])), Ok(Vec::from([1, 2, 3, 4])));
    assert_eq!(read(1, &piece(3, &[1, 2, 3, 4, 5])), Err(Error::Malformed));
    let eight = [piece(1, &[1, 2, 3, 4]), piece(2, &[5, 6, 7]), piece(3, &[8])].concat();
    assert_eq!(read(3, &eight).map(|numbers| numbers.len()), Ok(8));
    let nine = [eight, piece(4, &[9])].concat();
    assert_eq!(read(4, &nine), Err(Error::Malformed));
    assert_eq!(PagedLog::<Number>::read_count(&mut Reader::new(&[0, 0, 0, 8])), Ok(8));
    let most = PagedLog::<Number>::read_count(&mut Reader::new(&[0, 0, 0, 9]));
    assert_eq!(most, Err(Error::Malformed));
}

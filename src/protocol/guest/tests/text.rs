//! Texts that are known.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use super::*;

fn text(by: u8, id: u16, digest: u8) -> KnownText {
    let mut bytes = [0; 16];
    bytes.split_at_mut(2).0.copy_from_slice(&id.to_be_bytes());
    let id = TextId { by: DeviceId([by; 8]), id: MessageId(bytes) };
    KnownText { id, digest: [digest; 32] }
}

#[test]
fn of_more_than_256_texts_the_oldest_are_forgotten() {
    let mut known = KnownTexts::default();
    for id in 0..300 {
        known.remember([text(1, id, 7)]);
    }
    for id in 0..300 {
        let is_new = known.compare(&text(1, id, 7)) == Acquaintance::New;
        assert_eq!(is_new, id < 44, "{id}");
    }
    assert!(known.compare(&text(1, 299, 8)) == Acquaintance::Other);
    assert!(known.compare(&text(2, 299, 8)) == Acquaintance::New);
}

#[test]
fn the_last_texts_of_one_device_are_listed_in_order() {
    let mut known = KnownTexts::default();
    for id in [5, 3, 9, 1] {
        known.remember([text(1, id, 7), text(2, id, 7)]);
    }
    let last = known.last_of(DeviceId([1; 8]), 3);
    assert!(last == [text(1, 1, 7), text(1, 3, 7), text(1, 9, 7)]);
}

#[test]
fn known_texts_are_read_as_they_were_written_each_once() {
    let mut known = KnownTexts::default();
    known.remember([text(1, 2, 7), text(1, 1, 7)]);
    let bytes = |known: &KnownTexts| Writer::encoded(|writer| known.write(writer));
    let read = Reader::all(&bytes(&known), KnownTexts::read).unwrap();
    assert_eq!(bytes(&read), bytes(&known));
    known.remember([text(1, 2, 8)]);
    assert_eq!(Reader::all(&bytes(&known), KnownTexts::read).err(), Some(Error::Malformed));
}

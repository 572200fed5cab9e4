use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::signal::tests::hex;

/// The words of a client of the Signal protocol about a message with this ratchet key, and as plaintext content.
const KEY_OF_OTHERS: &str = "05146277df9d1d9f83d38788c619b8dcbb63a644c705fd9993c7df61ecccee8b4c";
const ERROR_OF_OTHERS: &str =
    "0a2105146277df9d1d9f83d38788c619b8dcbb63a644c705fd9993c7df61ecccee8b4c10fbd095ffbc311805";
const PLAINTEXT_OF_OTHERS: &str = "c0422c0a2105146277df9d1d9f83d38788c619b8dcbb63a644c705fd9993c7df61ecccee8b4c10fbd095ffbc31180580";

#[test]
fn an_error_is_written_as_other_clients_do() {
    let error = DecryptionErrorMessage::of_message(&hex(KEY_OF_OTHERS), 1_700_000_000_123, 5);
    let error = error.unwrap();
    assert_eq!(error.encode(), hex(ERROR_OF_OTHERS));
    assert_eq!(error.encode_plaintext(), hex(PLAINTEXT_OF_OTHERS));
    assert_eq!(DecryptionErrorMessage::decode_plaintext(&hex(PLAINTEXT_OF_OTHERS)), Ok(error));
}

fn ratchet_key() -> Vec<u8> {
    [&[5][..], &[9; 32]].concat()
}

fn error() -> DecryptionErrorMessage {
    DecryptionErrorMessage::of_message(&ratchet_key(), 1_700_000_000_123, 3).unwrap()
}

fn wrapped(content: &[u8]) -> Vec<u8> {
    [&[0xc0], content, &[0x80]].concat()
}

#[test]
fn an_error_names_the_message_that_did_not_open() {
    let error = DecryptionErrorMessage::decode_plaintext(&error().encode_plaintext()).unwrap();
    assert_eq!(error.ratchet_key().unwrap()[..], ratchet_key());
    assert_eq!((error.timestamp(), error.device()), (1_700_000_000_123, 3));
    let of_group = DecryptionErrorMessage::of_group_message(7, 1);
    let read = DecryptionErrorMessage::decode(&of_group.encode()).unwrap();
    assert_eq!((read.ratchet_key(), read.timestamp(), read.device()), (None, 7, 1));
}

#[test]
fn plaintext_content_carries_an_error_and_nothing_else() {
    let plaintext = error().encode_plaintext();
    let content = &plaintext[1..plaintext.len() - 1];
    assert_eq!(DecryptionErrorMessage::decode_plaintext(&wrapped(content)), Ok(error()));
    // A message of a user in field 1, before and after the error and instead of it; unknown fields; two errors.
    let said = [0x0a, 2, b'h', b'i'];
    let unknown = [0x7a, 2, b'h', b'i'];
    for other in [
        [&said, content].concat(),
        [content, &said].concat(),
        said.to_vec(),
        [content, &unknown].concat(),
        [&unknown, content].concat(),
        [content, content].concat(),
        vec![],
    ] {
        let decoded = DecryptionErrorMessage::decode_plaintext(&wrapped(&other));
        assert_eq!(decoded, Err(Error::Malformed), "{other:02x?}");
    }
}

#[test]
fn plaintext_content_has_one_frame() {
    let plaintext = error().encode_plaintext();
    for length in 0..plaintext.len() {
        assert!(DecryptionErrorMessage::decode_plaintext(&plaintext[..length]).is_err());
    }
    for other in [
        [&plaintext[..], &[0x80]].concat(),
        [&plaintext[..], &[0]].concat(),
        [&[0xc1], &plaintext[1..]].concat(),
        [&plaintext[..plaintext.len() - 1], &[0x81]].concat(),
    ] {
        assert_eq!(DecryptionErrorMessage::decode_plaintext(&other), Err(Error::Malformed));
    }
}

#[test]
fn an_error_without_time_or_with_another_key_is_refused() {
    let decode = DecryptionErrorMessage::decode;
    assert_eq!(decode(&[0x18, 1]), Err(Error::Malformed));
    assert_eq!(decode(&[0x0a, 1, 5, 0x10, 1]), Err(Error::Malformed));
    assert_eq!(decode(&[0x10, 1]).map(|error| error.device()), Ok(0));
    let mut weak = ratchet_key();
    weak[32] |= 0x80;
    assert_eq!(DecryptionErrorMessage::of_message(&weak, 1, 1), Err(Error::WeakKey));
}

proptest! {
    #[test]
    fn every_error_comes_back(key in prop::option::of(0..0x7f_u8), timestamp: u64, device: u8) {
        let error = match key {
            Some(byte) => {
                let key = [&[5][..], &[byte; 32]].concat();
                DecryptionErrorMessage::of_message(&key, timestamp, device).unwrap()
            }
            None => DecryptionErrorMessage::of_group_message(timestamp, device),
        };
        prop_assert_eq!(DecryptionErrorMessage::decode(&error.encode()), Ok(error));
        let plaintext = error.encode_plaintext();
        prop_assert_eq!(DecryptionErrorMessage::decode_plaintext(&plaintext), Ok(error));
    }

    #[test]
    fn any_bytes_are_an_error_or_refused(bytes: Vec<u8>) {
        let _ = DecryptionErrorMessage::decode(&bytes);
        let _ = DecryptionErrorMessage::decode_plaintext(&wrapped(&bytes));
    }
}

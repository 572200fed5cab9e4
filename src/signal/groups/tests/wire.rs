#![allow(clippy::arithmetic_side_effects, reason = "an overflow is a failed test")]
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::signal::tests::world::device;

fn place(distribution: Option<[u8; 16]>, chain: u32, iteration: u32) -> Place {
    Place { distribution: distribution.map(Uuid), chain, iteration }
}

fn read(bytes: &[u8]) -> Result<SenderKeyMessage<'_>, Error> {
    // It does not matter here in whose name it comes.
    let from = alloc::boxed::Box::leak(alloc::boxed::Box::new(device("ada", 1)));
    SenderKeyMessage::decode(from, bytes)
}

fn message(place: Place, ciphertext: &[u8]) -> Vec<u8> {
    let begun = begin_message(place, ciphertext.len());
    [&begun[..], ciphertext, &[7; SIGNATURE]].concat()
}

#[test]
fn a_message_begins_with_its_version() {
    let genuine = message(place(Some([1; 16]), 2, 3), &[0; 16]);
    assert!(read(&genuine).is_ok());
    for version in [0x23, 0x32, 0x34, 0x43, 0x44, 0] {
        let other = [&[version], &genuine[1..]].concat();
        let error = read(&other).err();
        assert_eq!(error, Some(Error::UnknownVersion(version)));
        let told = ToldChain::encode(
            place(None, 1, 1),
            &ChainKey(Secret::copy(&[1; 32])),
            &dh::PublicKey::decode([9; 32]).unwrap(),
        );
        let error = ToldChain::decode(&[&[version], &told[1..]].concat()).err();
        assert_eq!(error, Some(Error::UnknownVersion(version)));
    }
}

#[test]
fn a_ciphertext_is_whole_blocks_and_not_too_long() {
    for length in [0, 1, 15, 17, padded(MAX_CONTENT) + BLOCK] {
        let message = message(place(Some([1; 16]), 2, 3), &vec![0; length]);
        assert_eq!(read(&message).err(), Some(Error::Malformed), "{length}");
    }
    let longest = message(place(Some([1; 16]), 2, 3), &vec![0; padded(MAX_CONTENT)]);
    assert!(read(&longest).is_ok());
}

#[test]
fn a_length_that_is_not_there_is_refused() {
    let huge = [0x33, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x07];
    assert_eq!(ToldChain::decode(&huge).err(), Some(Error::Malformed));
    let huge = [&huge[..], &[0; SIGNATURE]].concat();
    assert_eq!(read(&huge).err(), Some(Error::Malformed));
}

#[test]
fn a_key_of_another_length_is_refused() {
    for (chain, signing) in [(31, 33), (33, 33), (32, 32), (32, 34), (0, 33)] {
        let (mut writer, _) = place(Some([1; 16]), 2, 3).begin();
        put_bytes(&mut writer, 4, &vec![1; chain]);
        put_bytes(&mut writer, 5, &vec![5; signing]);
        let error = ToldChain::decode(writer.written()).err();
        assert_eq!(error, Some(Error::Malformed), "{chain} {signing}");
    }
}

proptest! {
    #[test]
    fn a_message_comes_back_in_both_forms(
        distribution: Option<[u8; 16]>,
        chain: u32,
        iteration: u32,
        blocks in 1..9_usize,
    ) {
        let place = place(distribution, chain, iteration);
        let bytes = message(place, &vec![3; blocks * BLOCK]);
        let message = read(&bytes).unwrap();
        prop_assert_eq!(message.place, place);
        prop_assert_eq!(message.ciphertext, &vec![3; blocks * BLOCK]);
        prop_assert_eq!(message.signed, &bytes[..bytes.len() - SIGNATURE]);
    }

    #[test]
    fn a_distribution_comes_back_in_both_forms(
        distribution: Option<[u8; 16]>,
        chain: u32,
        iteration: u32,
        key: [u8; 32],
    ) {
        let place = place(distribution, chain, iteration);
        let signing = dh::PublicKey::decode([9; 32]).unwrap();
        let bytes = ToldChain::encode(place, &ChainKey(Secret::copy(&key)), &signing);
        let read = ToldChain::decode(&bytes).unwrap();
        prop_assert_eq!((read.place, read.signing), (place, signing));
        prop_assert_eq!(read.key.0.expose(), &key);
    }

    #[test]
    fn any_bytes_are_a_message_or_refused(bytes: Vec<u8>) {
        let bytes = [&[VERSION], &bytes[..]].concat();
        let _ = read(&bytes);
        let _ = ToldChain::decode(&bytes);
    }
}

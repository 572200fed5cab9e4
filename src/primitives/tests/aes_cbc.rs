use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::primitives::id::read_hex;

fn key() -> Secret<32> {
    Secret::copy(&[7; 32])
}

#[test]
fn every_length_comes_back_and_has_padding() {
    for length in 0..=65 {
        let text: Vec<u8> = (0..length).map(|byte| u8::try_from(byte).unwrap()).collect();
        let mut buffer = text.clone();
        buffer.resize(padded(length), 0);
        encrypt(&key(), &[3; BLOCK], &mut buffer, length).unwrap();
        assert!(buffer.len() > length && buffer.len().is_multiple_of(BLOCK));
        assert_eq!(decrypt(&key(), &[3; BLOCK], &mut buffer), Ok(length));
        assert_eq!(buffer[..length], text);
    }
}

/// NIST SP 800-38A, F.2.5, first block.
#[test]
fn the_published_example_holds() {
    let key = read_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let iv = read_hex("000102030405060708090a0b0c0d0e0f").unwrap();
    let mut buffer = read_hex::<16>("6bc1bee22e409f96e93d7e117393172a").unwrap().to_vec();
    buffer.resize(32, 0);
    encrypt(&Secret::copy(&key.unwrap()), &iv, &mut buffer, 16).unwrap();
    assert_eq!(buffer[..16], read_hex::<16>("f58c4c04d6e5f1ba779eabfb5f7bfbd6").unwrap());
}

#[test]
fn what_is_no_ciphertext_is_refused_and_wiped() {
    for length in [0, 1, 15, 17] {
        assert_eq!(decrypt(&key(), &[3; BLOCK], &mut vec![1; length]), Err(Error::Forged));
    }
    let mut buffer = vec![0xaa; 32];
    assert_eq!(decrypt(&key(), &[3; BLOCK], &mut buffer), Err(Error::Forged));
    assert_eq!(buffer, [0; 32]);
}

#[test]
fn pieces_of_a_text_are_the_text_wherever_it_is_cut() {
    let text: Vec<u8> = (0..100).collect();
    let mut whole = text.clone();
    whole.resize(padded(100), 0);
    encrypt(&key(), &[3; BLOCK], &mut whole, 100).unwrap();
    for cut in (0..=96).step_by(BLOCK) {
        let (mut iv, mut pieces) = ([3; BLOCK], text.clone());
        pieces.resize(padded(100), 0xee);
        let (one, other) = pieces.split_at_mut(cut);
        encrypt_blocks(&key(), &mut iv, one.as_chunks_mut().0);
        pad(other, 100 - cut);
        encrypt_blocks(&key(), &mut iv, other.as_chunks_mut().0);
        assert_eq!(pieces, whole);
        let mut iv = [3; BLOCK];
        let (one, other) = pieces.split_at_mut(cut);
        decrypt_blocks(&key(), &mut iv, one.as_chunks_mut().0);
        assert_eq!(decrypt(&key(), &iv, other), Ok(100 - cut));
        assert_eq!(pieces[..100], text);
    }
}

#[test]
fn a_buffer_without_room_for_the_padding_is_refused() {
    let short = encrypt(&key(), &[3; BLOCK], &mut [0; 31], 16);
    assert_eq!(short, Err(Error::ContentTooLong));
}

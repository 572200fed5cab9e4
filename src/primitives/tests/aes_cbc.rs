use alloc::vec;
use alloc::vec::Vec;

use super::*;

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
        assert!(buffer.len() > length && buffer.len() % BLOCK == 0);
        assert_eq!(decrypt(&key(), &[3; BLOCK], &mut buffer), Ok(length));
        assert_eq!(buffer[..length], text);
    }
}

/// NIST SP 800-38A, F.2.5, first block.
#[test]
fn the_published_example_holds() {
    let key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let iv = hex("000102030405060708090a0b0c0d0e0f");
    let mut buffer = hex("6bc1bee22e409f96e93d7e117393172a");
    buffer.resize(32, 0);
    let key = Secret::copy(&key.try_into().unwrap());
    encrypt(&key, &iv.try_into().unwrap(), &mut buffer, 16).unwrap();
    assert_eq!(buffer[..16], hex("f58c4c04d6e5f1ba779eabfb5f7bfbd6"));
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

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

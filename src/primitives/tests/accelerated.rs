#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256Enc;
use aes_gcm::{AesGcm as Other, KeyInit};
use alloc::vec;
use alloc::vec::Vec;
use ed25519_dalek::Signer as _;
use rand_core::Rng;

use super::*;
use crate::primitives::aead::{NONCE, TAG};
use crate::primitives::tests::test_rng::TestRng;

fn secret(rng: &mut TestRng) -> Secret<32> {
    Secret::fill(|out| rng.fill_bytes(out))
}

#[test]
fn agreements_are_those_of_the_other_library() {
    if !is_cpu_supported() {
        return;
    }
    let mut rng = TestRng::new(1);
    let mut peers = vec![[0; 32], [1; 32], [0xff; 32]];
    peers.extend((0..200).map(|_| *secret(&mut rng).expose()));
    // Of small order, and not canonical.
    peers.push(core::array::from_fn(|place| u8::from(place == 0)));
    peers.push(core::array::from_fn(|place| match place {
        0 => 0xee,
        31 => 0x7f,
        _ => 0xff,
    }));
    for peer in peers {
        let one = secret(&mut rng);
        let ours = agree(&one, &peer).unwrap();
        assert_eq!(*ours.expose(), x25519_dalek::x25519(*one.expose(), peer));
        let other = x25519_dalek::StaticSecret::from(*one.expose());
        assert_eq!(public(&one).unwrap(), x25519_dalek::PublicKey::from(&other).to_bytes());
    }
}

#[test]
fn signatures_are_those_of_the_other_library() {
    if !is_cpu_supported() {
        return;
    }
    let mut rng = TestRng::new(2);
    for length in 0..200 {
        let seed = secret(&mut rng);
        let other = ed25519_dalek::SigningKey::from_bytes(seed.expose());
        let message = vec![7; length];
        let ours = Signer::new(&seed).unwrap();
        assert_eq!(ours.public(), other.verifying_key().to_bytes());
        assert_eq!(ours.sign(&message), other.sign(&message).to_bytes());
    }
}

/// Seals by the other library.
fn sealed(key: &Secret<32>, nonce: &[u8; NONCE], ad: &[u8], text: &[u8]) -> (Vec<u8>, [u8; TAG]) {
    let mut buffer = text.to_vec();
    let tag = Other::<Aes256Enc, U12>::new(key.expose().into())
        .encrypt_inout_detached(nonce.into(), ad, InOutBuf::from(&mut *buffer))
        .unwrap();
    (buffer, tag.into())
}

#[test]
fn sealed_texts_are_those_of_the_other_library_and_open_only_as_they_were() {
    if !is_cpu_supported() {
        return;
    }
    let mut rng = TestRng::new(3);
    let lengths = (MIN_TEXT..MIN_TEXT + 300).chain([4096, 65_537]);
    for length in lengths {
        let (key, nonce) = (secret(&mut rng), [9; NONCE]);
        let (ad, mut text) = (vec![3; length % 70], vec![0; length]);
        rng.fill_bytes(&mut text);
        let expected = sealed(&key, &nonce, &ad, &text);
        let mut buffer = text.clone();
        let tag = seal(&key, &nonce, &ad, &mut buffer).unwrap();
        assert_eq!((&buffer, tag), (&expected.0, expected.1));

        let mut altered = buffer.clone();
        altered[length / 2] ^= 1;
        assert!(open(&key, &nonce, &ad, &mut altered, &tag).unwrap().is_err());
        assert!(altered.iter().all(|byte| *byte == 0), "what did not open is wiped");
        let mut other_tag = tag;
        other_tag[15] ^= 1;
        assert!(open(&key, &nonce, &ad, &mut buffer.clone(), &other_tag).unwrap().is_err());
        assert!(open(&key, &nonce, b"other", &mut buffer.clone(), &tag).unwrap().is_err());
        assert!(open(&key, &nonce, &ad, &mut buffer, &tag).unwrap().is_ok());
        assert_eq!(buffer, text);
    }
    let short = &mut [0; MIN_TEXT - 1];
    assert!(seal(&secret(&mut rng), &[0; NONCE], &[], short).is_none());
}

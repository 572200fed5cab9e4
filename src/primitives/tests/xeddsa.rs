use alloc::vec::Vec;

use super::*;
use crate::primitives::id::read_hex;
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;

/// Signatures that a client of the Signal protocol made: secret key, public key, message, signature.
const MADE_BY_OTHERS: [[&str; 4]; 4] = [
    [
        "18089e47bdaeabd578faae95da4a2570b97a0c2cc235b7f518c640ebafd4586a",
        "0572f5169427a99deefa24106e1fcb6aee33211fc297e2929e4c188e7d58b04b07",
        "6d6573736167652030",
        "813d1dea8428bcdbaf8977b8e1a8b0f5f15b98fb4c29268482cf6757bda58107\
         3e4a28387febaa34bed18f327dde61c9c5b039a0a34cf472e2bebbb86e4d9581",
    ],
    [
        "685b3cdd4b2790fa265cfa6e39f549645cf8b301d391380a730ba2de46d10b42",
        "05092c2a253601f7fbff5e447b0f1ce425ca9537d1fe8d5d737e009c4b6f36091e",
        "6d6573736167652031",
        "1c635e599c35ef5494607810fffb0bb0a5dc58852547e6cb327c4b08fee7288c\
         e34e763e08293677cde853610630c9056b8f8552ae0149405a84b0d556973985",
    ],
    [
        "a853e4df7c948415c1ed6d60c2e3079304f6d5c6e20bdd129affc19554a6f54b",
        "05e0dcf492f42022440d66b5eaf74b9c0eab29042c3a72610e1d31af357c240024",
        "6d6573736167652032",
        "c4cb2efd59c55c30809784bdbc70d6d4be8d55e4383490c8f98e292456b28bcc\
         e03c52c657e4188ac906ede3519ba927cb601eb9ae996de222b203018f40bc07",
    ],
    [
        "c8c9ede83e691fb2c7ac1e9f370b96ea6d31f8b46f1928038a33cae8d72a9f68",
        "0594a3b19d5554004f02546503968c3468ee81e00656dce1d1ecc8af4ab7efc94b",
        "6d6573736167652033",
        "14b682acad2e671ddad8317d1b8619bb403ab2d77fc3b87acb222c8bac5fcfe3\
         29a10909434183def8275109585a8d872f4ace0a447774e5943aadca66d7e584",
    ],
];

fn hex<const N: usize>(text: &str) -> [u8; N] {
    read_hex(text).unwrap()
}

fn key(seed: u8) -> dh::SecretKey {
    dh::SecretKey::from_seed(Secret::copy(&[seed; 32]))
}

#[test]
fn signatures_of_others_hold_and_are_bound_to_key_and_message() {
    for [secret, public, message, signature] in MADE_BY_OTHERS {
        let [_, public @ ..] = hex::<33>(public);
        let secret = dh::SecretKey::from_seed(Secret::copy(&hex(secret)));
        assert_eq!(secret.public().bytes(), &public);
        let (message, signature): ([u8; 9], _) = (hex(message), hex(signature));
        let public = secret.public();
        assert_eq!(verify(&public, &[&message], &signature), Ok(()));
        assert_eq!(verify(&public, &[b"message 9"], &signature), Err(Error::BadSignature));
        assert_eq!(verify(&key(1).public(), &[&message], &signature), Err(Error::BadSignature));
    }
}

#[test]
fn every_signature_holds_and_no_altered_one_does() {
    let mut rng = TestRng::new(1);
    for seed in 1..=16 {
        let key = key(seed);
        let signature = sign(&key, &[b"a ", b"message"], &mut rng);
        assert_eq!(verify(&key.public(), &[b"a message"], &signature), Ok(()));
        for place in 0..512 {
            let mut altered = signature;
            altered[place / 8] ^= 1 << (place % 8);
            assert!(verify(&key.public(), &[b"a message"], &altered).is_err(), "bit {place}");
        }
    }
}

/// Both signs of the Edwards form occur, and stand in the signature.
#[test]
fn the_sign_of_the_key_stands_in_the_last_bit() {
    let mut rng = TestRng::new(2);
    let signs: Vec<_> =
        (1..=32).map(|seed| sign(&key(seed), &[b"m"], &mut rng)[63] & SIGN).collect();
    assert!(signs.contains(&0) && signs.contains(&SIGN));
}

#[test]
fn a_scalar_that_is_not_reduced_is_refused() {
    let mut rng = TestRng::new(3);
    let signature = sign(&key(1), &[b"m"], &mut rng);
    let (first, second) = signature.split_at(32);
    let mut response: [u8; 32] = second.try_into().unwrap();
    let sign = response[31] & SIGN;
    response[31] &= !SIGN;
    // s + L, which is the same modulo L.
    let order = hex::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, add) in response.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    response[31] |= sign;
    let altered: Signature = [first, &response].concat().try_into().unwrap();
    assert_eq!(verify(&key(1).public(), &[b"m"], &altered), Err(Error::BadSignature));
}

#[test]
fn a_key_of_small_order_verifies_nothing() {
    let zero = dh::PublicKey::decode([0; 32]).unwrap();
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(verify(&zero, &[b"m"], &signature), Err(Error::BadSignature));
}

use super::*;

/// u-coordinates of the points whose order divides 8, canonical forms.
const SMALL_ORDER: [[u8; 32]; 5] = {
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = PRIME;
    minus_one[0] = 0xec;
    [
        zero,
        one,
        minus_one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
    ]
};

#[test]
fn points_of_small_order_agree_on_nothing() {
    let key = SecretKey::from_seed(Secret::copy(&[7; 32]));
    for point in SMALL_ORDER {
        let peer = PublicKey::decode(point).expect("canonical");
        assert_eq!(key.agree(&peer).err(), Some(Error::WeakKey));
    }
}

#[test]
fn only_canonical_encodings_decode() {
    let mut above = PRIME;
    for low in 0xed..=0xff {
        above[0] = low;
        assert_eq!(PublicKey::decode(above), Err(Error::WeakKey));
    }
    let key = SecretKey::from_seed(Secret::copy(&[7; 32])).public();
    let mut flipped = *key.bytes();
    flipped[31] ^= 0x80;
    assert_eq!(PublicKey::decode(flipped), Err(Error::WeakKey));
    assert_eq!(PublicKey::decode(*key.bytes()), Ok(key));
}

#[test]
fn the_fixed_base_gives_what_the_ladder_gives() {
    for byte in 0..32 {
        let key = SecretKey::from_seed(Secret::copy(&[byte; 32]));
        assert_eq!(&x25519([byte; 32], x25519_dalek::X25519_BASEPOINT_BYTES), key.public().bytes());
    }
}

use alloc::vec::Vec;

use super::*;

/// Encodings of points of small order, of a y that is not reduced, and of no point.
fn refused() -> Vec<[u8; 32]> {
    let low = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    let high = |first: u8, last: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    let signed = |mut bytes: [u8; 32]| {
        bytes[31] |= 0x80;
        bytes
    };
    let mut refused = Vec::from([
        low(0),
        signed(low(0)),
        low(1),
        signed(low(1)),
        high(0xec, 0x7f),
        high(0xec, 0xff),
        // y = 2 is on no point.
        low(2),
    ]);
    // Every y that has a second encoding, those of points of a large order among them.
    for first in 0xed..=0xff {
        refused.extend([high(first, 0x7f), high(first, 0xff)]);
    }
    refused
}

fn believed(bytes: &[u8; 32]) -> PublicKey {
    Reader::all_believed(bytes, PublicKey::read).expect("believed")
}

#[test]
fn only_a_canonical_point_of_large_order_decodes() {
    for bytes in refused() {
        assert_eq!(PublicKey::decode(bytes), Err(Error::WeakKey), "{bytes:02x?}");
        assert_eq!(Reader::all(&bytes, PublicKey::read), Err(Error::WeakKey));
    }
    let key = SecretKey::from_seed(Secret::copy(&[7; 32])).public();
    assert_eq!(Reader::all(key.bytes(), PublicKey::read), Ok(key));
    let mut decoded = 0;
    for first in 3..100 {
        let mut bytes = [0; 32];
        bytes[0] = first;
        // What the library's own encoder gives back is what decodes.
        let point = VerifyingKey::from_bytes(&bytes);
        let is_canonical = point.is_ok_and(|key| key.to_edwards().compress().0 == bytes);
        assert_eq!(PublicKey::decode(bytes).is_ok(), is_canonical, "{first}");
        decoded += usize::from(is_canonical);
    }
    assert!((30..70).contains(&decoded), "{decoded}");
}

#[test]
fn a_believed_key_is_checked_when_it_verifies() {
    let secret = SecretKey::from_seed(Secret::copy(&[7; 32]));
    let signature = secret.sign(b"label", &[b"body"]);
    for bytes in refused() {
        let key = believed(&bytes);
        assert_eq!(key.bytes(), &bytes);
        assert_eq!(key.verify(b"label", &[b"body"], &signature), Err(Error::WeakKey));
    }
    let key = believed(secret.public().bytes());
    assert_eq!(key.verify(b"label", &[b"body"], &signature), Ok(()));
    assert_eq!(key.verify(b"label", &[b"other"], &signature), Err(Error::BadSignature));
}

use super::*;

#[test]
fn a_key_has_one_encoding() {
    let mut bytes = [3; KEY];
    bytes[0] = 5;
    assert_eq!(IdentityKey::decode(&bytes).unwrap().encode(), bytes);
    for length in [0, 1, 32, 34] {
        let mut other = bytes.to_vec();
        other.resize(length, 3);
        assert_eq!(IdentityKey::decode(&other), Err(Error::Malformed));
    }
    let mut other = bytes;
    other[0] = 6;
    assert_eq!(IdentityKey::decode(&other), Err(Error::Malformed));
    let mut high = bytes;
    high[32] |= 0x80;
    assert_eq!(IdentityKey::decode(&high), Err(Error::WeakKey));
}

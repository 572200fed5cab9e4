//! Signatures.

use super::*;

/// Returns `signature` with the order added to its scalar: valid where the scalar is not checked.
fn with_order_added(signature: &[u8]) -> Vec<u8> {
    let mut altered = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in altered[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    altered
}

#[test]
fn a_signature_with_its_order_added_is_refused() {
    let bytes = Member::new(20).bytes;
    for place in [ACCOUNT_SIGNATURE, DEVICE_SIGNATURE] {
        let mut altered = bytes.clone();
        altered[place.clone()].copy_from_slice(&with_order_added(&bytes[place]));
        assert_eq!(refused(&altered), Some(Error::BadSignature));
    }
}

#[test]
fn a_prekeys_signature_with_its_order_added_is_refused() {
    let mut rng = TestRng::new(21);
    let mut device = device(1, &mut rng);
    let bytes = bundle_with_one_time(&mut device, &mut rng).encode();
    for place in [1507..1571, 2796..2860] {
        let mut altered = bytes.clone();
        altered[place.clone()].copy_from_slice(&with_order_added(&bytes[place]));
        assert_eq!(Bundle::decode(&altered).err(), Some(Error::BadSignature));
    }
}

/// Lists all encodings of points of small order, canonical or not, with their signs.
fn small_order() -> Vec<[u8; 32]> {
    let low = |byte: u8| {
        let mut bytes = [0; 32];
        bytes[0] = byte;
        bytes
    };
    let high = |byte: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (byte, 0x7f);
        bytes
    };
    let inverse = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    let points = [low(0), low(1), high(0xec), high(0xed), high(0xee), TORSION, inverse];
    let mut both_signs = points.to_vec();
    both_signs.extend(points.map(|mut point| {
        point[31] |= 0x80;
        point
    }));
    both_signs
}

#[test]
fn a_signing_key_of_small_order_is_refused() {
    let member = Member::new(22);
    for place in [ACCOUNT_KEY, SIGNING] {
        for point in small_order() {
            let bytes = member.altered(|bytes| bytes[place.clone()].copy_from_slice(&point));
            assert_eq!(refused(&bytes), Some(Error::WeakKey), "{place:?} {point:02x?}");
        }
    }
}

#[test]
fn a_signing_key_that_is_not_canonical_or_no_point_is_refused() {
    let member = Member::new(23);
    let mut keys: Vec<[u8; 32]> = (0xed..=0xff)
        .map(|low| {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, 0x7f);
            key
        })
        .collect();
    // y = 2 is on no point of the curve.
    let mut none = [0; 32];
    none[0] = 2;
    keys.push(none);
    for place in [ACCOUNT_KEY, SIGNING] {
        for key in &keys {
            let bytes = member.altered(|bytes| bytes[place.clone()].copy_from_slice(key));
            assert_eq!(refused(&bytes), Some(Error::WeakKey), "{place:?} {key:02x?}");
        }
    }
}

/// Returns the number that `bytes` are, little-endian, in the field of `like`.
fn reduced<S>(_like: &S, bytes: &[u8]) -> S
where
    S: From<u64> + Add<Output = S> + Mul<Output = S>,
{
    bytes
        .iter()
        .rev()
        .fold(S::from(0_u64), |sum, byte| sum * S::from(256_u64) + S::from(u64::from(*byte)))
}

/// Makes a signature over the account's label and `core` by hand: for the nonce point that `nonce_point`
/// makes of the nonce's own.
fn signed_by_hand(
    seed: &[u8; 32],
    core: &[u8],
    nonce: Option<&[u8; 32]>,
    nonce_point: impl FnOnce([u8; 32]) -> [u8; 32],
) -> [u8; 64] {
    let key = SigningKey::from_bytes(seed);
    let scalar = key.to_scalar();
    let (r, point) = match nonce {
        Some(nonce) => (SigningKey::from_bytes(nonce).to_scalar(), public_key(nonce)),
        None => (reduced(&scalar, &[]), [0; 32]),
    };
    let point = nonce_point(point);
    let challenge = Sha512::new()
        .chain_update(point)
        .chain_update(key.verifying_key().to_bytes())
        .chain_update(b"latchstring/v1/identity/account.")
        .chain_update(core)
        .finalize();
    let s = r + reduced(&scalar, &challenge) * scalar;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&point);
    signature[32..].copy_from_slice(&s.to_bytes());
    signature
}

fn with_account_signature(member: &Member, signature: &[u8]) -> Vec<u8> {
    let mut bytes = member.bytes.clone();
    bytes[ACCOUNT_SIGNATURE].copy_from_slice(signature);
    bytes
}

#[test]
fn a_signature_made_by_hand_by_the_rules_holds() {
    let member = Member::new(24);
    let core = &member.bytes[CORE];
    let signature = signed_by_hand(&member.account, core, Some(&[5; 32]), |point| point);
    assert_ne!(signature, member.bytes[ACCOUNT_SIGNATURE]);
    assert_eq!(refused(&with_account_signature(&member, &signature)), None);
}

#[test]
fn a_nonce_point_of_small_order_is_refused_although_the_equation_holds() {
    let member = Member::new(25);
    let core = &member.bytes[CORE];
    let mut identity = [0; 32];
    identity[0] = 1;
    let signature = signed_by_hand(&member.account, core, None, |_| identity);
    let message = [b"latchstring/v1/identity/account.", core].concat();
    let key = SigningKey::from_bytes(&member.account).verifying_key();
    assert!(key.verify(&message, &Signature::from_bytes(&signature)).is_ok());
    let bytes = with_account_signature(&member, &signature);
    assert_eq!(refused(&bytes), Some(Error::BadSignature));
}

#[test]
fn a_nonce_point_moved_by_a_point_of_small_order_is_refused() {
    // With the cofactor in the equation this signature would hold.
    let member = Member::new(26);
    let core = &member.bytes[CORE];
    let torsion = VerifyingKey::from_bytes(&TORSION).unwrap().to_edwards();
    let signature = signed_by_hand(&member.account, core, Some(&[5; 32]), |point| {
        let point = VerifyingKey::from_bytes(&point).unwrap().to_edwards();
        (point + torsion).compress().to_bytes()
    });
    let bytes = with_account_signature(&member, &signature);
    assert_eq!(refused(&bytes), Some(Error::BadSignature));
}

//! Tokens, challenges and deliveries, by which devices of a provider connect to another service. The formulas need
//! nothing of the Signal wire format; where it is built, its code makes the same bytes.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
#[cfg(feature = "signal")]
use super::tape::Tape;
use super::third_party::{PROFILE, account, device, text};
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::labels;
#[cfg(feature = "signal")]
use crate::signal::tests::policy::connecting::model;

pub(super) fn vectors() -> Vec<Vector> {
    vec![token(false), token(true), enlistment(), delivery()]
}

/// Makes the attestation of Grace's account, of which the device is to be enlisted.
fn attested(v: &mut Vector, seeds: &[[u8; 32]; 3]) -> Vec<u8> {
    let key = v.signing_key("account key", &seeds[0]);
    let attestation = v.signing_key("attestation key", &seeds[1]);
    let identity = v.agreement_key("identity key", &seeds[2]);
    let times = [5_u64, 1_800_000_000, 1_802_592_000].map(u64::to_be_bytes).concat();
    let statement =
        [&[1, 0x41], &account(0)[..], &key, &times, &PROFILE, &[0, 0, 0, 1], &[1, 5], &identity]
            .concat();
    let s1 = v.sign("s1", &seeds[0], labels::SIGNAL_ACCOUNT, &[&statement]);
    let request = [&statement[..], &s1].concat();
    let s2 = v.sign("s2", &seeds[1], labels::SIGNAL_ATTESTATION, &[&request, &attestation]);
    let bytes = [&request[..], &attestation, &s2].concat();
    v.bytes("attestation", &bytes);
    bytes
}

/// Makes a token for the service "two.example", by a key in the place of the attestation key.
fn token_of(v: &mut Vector, attestation: &[u8], key: &[u8; 32], signer: &[u8; 32]) -> Vec<u8> {
    let digest = v.hash("digest", &[attestation]);
    let times = [1_799_999_940_u64, 1_800_003_600].map(u64::to_be_bytes).concat();
    let terms = [&[1, 0x51], &digest[..], &text("two.example"), &times, key].concat();
    v.bytes("terms", &terms);
    let signature = v.sign("signature", signer, labels::SIGNAL_TOKEN, &[&terms]);
    let token = [&terms[..], &signature].concat();
    v.bytes("token", &token);
    token
}

fn token(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        ("refused-third-party-token", "a token that the account has signed in its provider's place")
    } else {
        ("third-party-token", "a token by which an account is enlisted at another service")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let seeds: [[u8; 32]; 3] =
        ["account seed", "attestation seed", "identity seed"].map(|it| v.input(it));
    let attestation = attested(&mut v, &seeds);
    let key = *sign::SecretKey::from_seed(Secret::copy(&seeds[1])).public().bytes();
    let signer = if is_refused { &seeds[0] } else { &seeds[1] };
    let token = token_of(&mut v, &attestation, &key, signer);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::BadSignature) } else { Ok(()) };
        assert_eq!(model::verify_token(&token, key), expected);
        if !is_refused {
            assert_eq!(model::token(&attestation, &seeds[1]), token);
        }
    }
    #[cfg(not(feature = "signal"))]
    let _ = token;
    if is_refused { v.refused(Some(Error::BadSignature)) } else { v }
}

fn enlistment() -> Vector {
    let comment = "a challenge, and what the identity key signs in answer to it";
    let mut v = Vector::new("third-party-enlistment", "third-party", comment);
    let seeds: [[u8; 32]; 3] =
        ["account seed", "attestation seed", "identity seed"].map(|it| v.input(it));
    let attestation = attested(&mut v, &seeds);
    let key = *sign::SecretKey::from_seed(Secret::copy(&seeds[1])).public().bytes();
    let token = token_of(&mut v, &attestation, &key, &seeds[1]);
    let origin = text("two.example");
    let until = 1_800_000_300_u64.to_be_bytes();
    let (random, drawn) = v.hedged::<32>(
        ("challenge", "challenge bytes"),
        &[0; 32],
        &[labels::SIGNAL_CHALLENGE, &origin, &until],
    );
    let challenge = [&[1, 0x50], &origin[..], &drawn, &until].concat();
    v.bytes("challenge", &challenge);
    let channel: [u8; 32] = v.input("channel");
    let claims = [&[1, 0x52], &attestation[..], &token, &[1, 1], &channel].concat();
    v.bytes("claims", &claims);
    let signed = [labels::SIGNAL_ENLISTMENT, &challenge, &claims].concat();
    v.bytes("signed", &signed);
    #[cfg(feature = "signal")]
    {
        Tape::play(&[&random], |rng| assert_eq!(model::challenge(rng), challenge));
        Tape::play(&[&random], |rng| {
            model::admit(rng, (&claims, &signed), &seeds[2], channel, key);
        });
    }
    #[cfg(not(feature = "signal"))]
    let _ = random;
    v
}

fn delivery() -> Vector {
    let comment = "a message on its way between two services";
    let mut v = Vector::new("third-party-delivery", "third-party", comment);
    let message: [u8; 40] = v.input("message");
    let length = 40_u32.to_be_bytes();
    let delivery = [&[1, 0x55], &device(0)[..], &device(1), &[3], &length, &message].concat();
    v.bytes("delivery", &delivery);
    #[cfg(feature = "signal")]
    assert_eq!(model::delivery(&message), delivery);
    v
}

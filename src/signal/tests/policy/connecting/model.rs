//! Calls of the code that the vectors' formulas are compared with.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::xeddsa;
use crate::signal::tests::policy::model::keys;
use crate::signal::tests::policy::town::{NOW, device, statement};
use crate::signal::*;

/// The service that a token of the vectors is for.
const ORIGIN: &str = "two.example";

pub(crate) fn token(attestation: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let attestation = Attestation::decode(attestation).unwrap();
    let (times, key) = ((NOW - 60, NOW + 3600), Authority::from_seed(key));
    EnlistmentToken::issue(&attestation, ORIGIN, times, &key).unwrap().encode()
}

pub(crate) fn verify_token(bytes: &[u8], key: [u8; 32]) -> Result<(), Error> {
    let provider = ProviderStatement { attestation_keys: keys([key]), ..statement(0) };
    EnlistmentToken::decode(bytes)?.verify(&provider, NOW)
}

pub(crate) fn challenge(rng: &mut impl CryptoRng) -> Vec<u8> {
    Challenge::generate(ORIGIN, NOW, rng).unwrap().encode()
}

/// Has a device admitted that signs what the vectors say.
pub(crate) fn admit(
    rng: &mut impl CryptoRng,
    (claims, signed): (&[u8], &[u8]),
    identity: &[u8; 32],
    channel: [u8; 32],
    key: [u8; 32],
) {
    let identity = dh::SecretKey::from_seed(Secret::copy(identity));
    let signature = xeddsa::sign(&identity, &[signed], &mut TestRng::new(1));
    let answer = Enlistment::decode(&[claims, &signature].concat()).unwrap();
    let provider = ProviderStatement { attestation_keys: keys([key]), ..statement(0) };
    let provider = provider.sign(&Authority::from_seed(&[1; 32])).unwrap();
    let challenge = Challenge::generate(ORIGIN, NOW, rng).unwrap();
    let arrival = Arrival::Direct(channel);
    let admitted = challenge.admit(&answer, &provider, None, arrival, NOW).unwrap();
    assert_eq!(admitted.device(), &device(0, 1));
}

pub(crate) fn delivery(message: &[u8]) -> Vec<u8> {
    let message = SealedMessage { kind: MessageKind::Initial, bytes: message.to_vec() };
    Delivery { from: device(0, 1), to: device(1, 1), message }.encode()
}

//! Devices that connect to another service, and what proxies on the way make of messages. Grace is at `two.example`,
//! and her device connects to the server of Ada's service, `one.example`.

mod admission;
mod faces;
mod frames;
pub(crate) mod model;
mod proxies;
mod tokens;

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::xeddsa;
use crate::protocol::labels;
use crate::signal::*;

const ORIGIN: &str = "one.example";
const HOUR: u64 = 3600;
const DIRECT: Route = Route::Direct([7; 32]);

/// The server of a service, by what it knows.
struct Door {
    provider: ProviderDescriptor,
    known: Option<Attestation>,
    route: Route,
    now: u64,
}

impl Door {
    fn new() -> Self {
        Self { provider: described(statement(1)), known: None, route: DIRECT, now: NOW }
    }

    fn admit(&self, challenge: Challenge, answer: &[u8]) -> Result<EnlistedDevice, Error> {
        let answer = Enlistment::decode(answer)?;
        let two = provider(1);
        let arrival = match self.route {
            Route::Direct(channel) => Arrival::Direct(channel),
            Route::Proxy => Arrival::Proxy(&two),
        };
        challenge.admit(&answer, &self.provider, self.known.as_ref(), arrival, self.now)
    }
}

fn described(says: ProviderStatement) -> ProviderDescriptor {
    says.sign(&root()).unwrap()
}

/// Makes a challenge, and what the device has of it.
fn challenge(origin: &str) -> (Challenge, Question) {
    let challenge = Challenge::generate(origin, NOW, &mut TestRng::new(8)).unwrap();
    let bytes = challenge.encode();
    (challenge, Question::decode(&bytes).unwrap())
}

/// Issues a token for Grace's account by its provider.
fn token(town: &Town, origin: &str) -> EnlistmentToken {
    let attestation = Attestation::decode(&town.attested(1, town.says(1))).unwrap();
    EnlistmentToken::issue(&attestation, origin, (NOW - 60, NOW + HOUR), &provider_key(1)).unwrap()
}

/// Has Grace's device answer a challenge.
fn answer(
    town: &Town,
    challenge: &Question,
    token: &EnlistmentToken,
    route: Route,
) -> Result<Vec<u8>, Error> {
    let (origin, mut rng) = (token.origin(), TestRng::new(9));
    let answer = town.clients[1].enlist(origin, challenge, token, route, NOW, &mut rng)?;
    Ok(answer.encode())
}

/// Signs whatever claims by the identity key of Grace's device: what a program that breaks the rules can do.
fn signed(
    town: &Town,
    challenge: &Question,
    attestation: &[u8],
    token: &EnlistmentToken,
) -> Vec<u8> {
    let token = token.encode();
    let claims = [&[1, 0x52], attestation, &token, &[1, 1], &[7; 32]].concat();
    let message = [labels::SIGNAL_ENLISTMENT, &challenge.encode(), &claims];
    let identity = town.clients[1].inner.keys.identity();
    let signature = xeddsa::sign(identity, &message, &mut TestRng::new(13));
    [&claims[..], &signature].concat()
}

/// Has Grace's device admitted, the usual way.
fn admitted(town: &Town) -> EnlistedDevice {
    let (here, there) = challenge(ORIGIN);
    let answer = answer(town, &there, &token(town, ORIGIN), DIRECT).unwrap();
    Door::new().admit(here, &answer).unwrap()
}

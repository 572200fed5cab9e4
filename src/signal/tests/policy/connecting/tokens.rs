//! Tokens of a provider, and the attestations that they are for.

use super::*;
use crate::primitives::codec::Reader;

/// Admits Grace's device with a token for a time, by a key, for what her account says.
fn with(
    town: &Town,
    times: (u64, u64),
    key: &Authority,
    door: &Door,
) -> Result<EnlistedDevice, Error> {
    let own = Attestation::decode(&town.attested(1, town.says(1))).unwrap();
    let token = EnlistmentToken::issue(&own, ORIGIN, times, key)?;
    let (here, there) = challenge(ORIGIN);
    door.admit(here, &answer(town, &there, &token, DIRECT)?)
}

#[test]
fn a_token_holds_in_its_time_and_for_a_day_at_most() {
    let town = Town::open();
    let key = provider_key(1);
    let cases = [
        ((NOW, NOW + 1), Ok(())),
        ((NOW + 1, NOW + 2), Err(Error::ListExpired)),
        ((NOW - HOUR, NOW), Err(Error::ListExpired)),
        ((NOW, NOW + DAY), Ok(())),
        ((NOW, NOW + DAY + 1), Err(Error::InvalidPolicy)),
        ((NOW, NOW), Err(Error::InvalidPolicy)),
        ((NOW + 1, NOW), Err(Error::InvalidPolicy)),
    ];
    for (times, expected) in cases {
        assert_eq!(with(&town, times, &key, &Door::new()).map(drop), expected, "{times:?}");
    }
    let bytes = token(&town, ORIGIN).encode();
    let until_at = bytes.len() - 64 - 32 - 8;
    let long = (NOW - 60 + DAY + 1).to_be_bytes();
    let long = [&bytes[..until_at], &long, &bytes[until_at + 8..]].concat();
    assert_eq!(EnlistmentToken::decode(&long).map(drop), Err(Error::Malformed));
}

#[test]
fn a_token_is_signed_by_a_key_that_the_provider_has_now() {
    let town = Town::open();
    let times = (NOW, NOW + HOUR);
    for key in [provider_key(0), Authority::from_seed(&[9; 32])] {
        assert_eq!(with(&town, times, &key, &Door::new()), Err(Error::BadSignature));
    }
    // A key in the provider's place, whose signature is by another one.
    let mut bytes = token(&town, ORIGIN).encode();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    let forged = EnlistmentToken::decode(&bytes).unwrap();
    let (here, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &forged, DIRECT).unwrap();
    assert_eq!(Door::new().admit(here, &answer), Err(Error::BadSignature));
}

#[test]
fn a_token_for_another_service_is_refused_by_the_device_and_by_the_server() {
    let town = Town::open();
    let (elsewhere, mut rng) = (token(&town, "six.example"), TestRng::new(9));
    let (here, there) = challenge(ORIGIN);
    let refused = town.clients[1].enlist(ORIGIN, &there, &elsewhere, DIRECT, NOW, &mut rng);
    assert_eq!(refused, Err(Error::WrongOrigin));
    // What the device has said to the other service, which shows it here.
    let (_, theirs) = challenge("six.example");
    let answer = answer(&town, &theirs, &elsewhere, DIRECT).unwrap();
    assert_eq!(Door::new().admit(here, &answer), Err(Error::WrongOrigin));
}

#[test]
fn a_token_is_for_one_attestation() {
    let mut town = Town::open();
    let old = token(&town, ORIGIN);
    town.adopt(1, AccountStatement { sequence: 6, ..town.says(1) });
    let (here, there) = challenge(ORIGIN);
    assert_eq!(answer(&town, &there, &old, DIRECT), Err(Error::WrongPeer));
    // A device that puts the old token beside the new attestation.
    let new =
        Attestation::decode(&town.attested(1, AccountStatement { sequence: 6, ..town.says(1) }));
    let times = (NOW - 60, NOW + HOUR);
    let new = EnlistmentToken::issue(&new.unwrap(), ORIGIN, times, &provider_key(1)).unwrap();
    let good = answer(&town, &there, &new, DIRECT).unwrap();
    let (new, old) = (new.encode(), old.encode());
    let place = good.windows(new.len()).position(|part| part == new).unwrap();
    let mixed = [&good[..place], &old, &good[place + old.len()..]].concat();
    assert_eq!(Door::new().admit(here, &mixed), Err(Error::WrongPeer));
}

#[test]
fn an_attestation_older_than_the_known_one_admits_no_device() {
    let town = Town::open();
    let knows = |says| {
        let known = Some(Attestation::decode(&town.attested(1, says)).unwrap());
        let times = (NOW, NOW + HOUR);
        with(&town, times, &provider_key(1), &Door { known, ..Door::new() }).map(drop)
    };
    assert_eq!(knows(AccountStatement { sequence: 4, ..town.says(1) }), Ok(()));
    assert_eq!(knows(town.says(1)), Ok(()));
    let newer = AccountStatement { sequence: 6, ..town.says(1) };
    assert_eq!(knows(newer), Err(Error::ListRollback));
    let other = AccountStatement { until: NOW + DAY, ..town.says(1) };
    assert_eq!(knows(other), Err(Error::ListFork));
}

#[test]
fn an_attestation_admits_only_while_it_holds_and_as_many_devices_as_may_be() {
    let mut town = Town::open();
    let key = provider_key(1);
    let short = AccountStatement { sequence: 6, until: NOW + 60, ..town.says(1) };
    town.adopt(1, short.clone());
    let own = Attestation::decode(&town.attested(1, short)).unwrap();
    let token = EnlistmentToken::issue(&own, ORIGIN, (NOW, NOW + HOUR), &key).unwrap();
    for (late, expected) in [(59, Ok(NOW + 60)), (60, Err(Error::ListExpired))] {
        let (here, there) = challenge(ORIGIN);
        let answer = answer(&town, &there, &token, DIRECT).unwrap();
        let door = Door { now: NOW + late, ..Door::new() };
        assert_eq!(door.admit(here, &answer).map(|device| device.until()), expected);
    }
    let mut many = AccountStatement { sequence: 7, ..town.says(1) };
    let another = fresh(0, &mut town.rng).identity();
    many.devices.push(AttestedDevice { number: 2, identity: another });
    town.adopt(1, many.clone());
    let own = Attestation::decode(&town.attested(1, many)).unwrap();
    let token = EnlistmentToken::issue(&own, ORIGIN, (NOW, NOW + HOUR), &key).unwrap();
    let (here, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token, DIRECT).unwrap();
    let provider = described(ProviderStatement { devices: 1, ..statement(1) });
    let door = Door { provider, ..Door::new() };
    assert_eq!(door.admit(here, &answer), Err(Error::NotAllowed));
}

#[test]
fn an_attestation_that_a_provider_alone_has_signed_admits_nobody() {
    let town = Town::open();
    let mut altered = town.attested(1, town.says(1));
    let s1_at = altered.len() - 64 - 32 - 64;
    altered[s1_at + 3] ^= 1;
    // All but the account's own signature is good: the provider, or who holds its key, signs in the account's place.
    let unsigned = |bytes: &[u8]| Reader::all(bytes, AttestationRequest::recall).unwrap();
    let forged = unsigned(&altered[..altered.len() - 96]).attest(&provider_key(1));
    let token =
        EnlistmentToken::issue(&forged, ORIGIN, (NOW, NOW + HOUR), &provider_key(1)).unwrap();
    let (here, there) = challenge(ORIGIN);
    let bytes = signed(&town, &there, &forged.encode(), &token);
    assert_eq!(Door::new().admit(here, &bytes), Err(Error::BadSignature));
    assert_eq!(Attestation::decode(&forged.encode()).map(drop), Err(Error::BadSignature));
}

#[test]
fn a_device_that_breaks_the_rules_uses_no_token_of_another_service() {
    let town = Town::open();
    let own = town.attested(1, town.says(1));
    let (here, there) = challenge(ORIGIN);
    let bytes = signed(&town, &there, &own, &token(&town, "six.example"));
    assert_eq!(Door::new().admit(here, &bytes), Err(Error::WrongOrigin));
    let (here, there) = challenge(ORIGIN);
    let bytes = signed(&town, &there, &own, &token(&town, ORIGIN));
    assert!(Door::new().admit(here, &bytes).is_ok());
}

#[test]
fn a_device_that_its_account_has_removed_is_not_admitted() {
    let town = Town::open();
    let without = AccountStatement { sequence: 6, ..town.says(1) }.with(2);
    let without = Attestation::decode(&town.attested(1, without)).unwrap();
    let times = (NOW, NOW + HOUR);
    let token = EnlistmentToken::issue(&without, ORIGIN, times, &provider_key(1)).unwrap();
    let (here, there) = challenge(ORIGIN);
    let bytes = signed(&town, &there, &without.encode(), &token);
    assert_eq!(Door::new().admit(here, &bytes), Err(Error::Unlisted));
}

#[test]
fn a_device_that_its_account_does_not_attest_answers_nothing() {
    let mut town = Town::open();
    let (token, mut rng) = (token(&town, ORIGIN), TestRng::new(9));
    let (_, there) = challenge(ORIGIN);
    let mut stranger = fresh(1, &mut rng);
    let mut enlist = |client: &Client, now| {
        client.enlist(ORIGIN, &there, &token, DIRECT, now, &mut rng).map(drop)
    };
    assert_eq!(enlist(&stranger, NOW), Err(Error::OwnDeviceUnlisted));
    let (own, key) = (town.attested(1, town.says(1)), town.accounts[1].public_key());
    stranger.adopt(&own, key, NOW).unwrap().apply();
    assert_eq!(enlist(&stranger, NOW), Err(Error::OwnDeviceUnlisted));
    assert_eq!(enlist(&town.clients[1], NOW), Ok(()));
    assert_eq!(enlist(&town.clients[1], NOW + 30 * DAY), Err(Error::ListExpired));
    town.adopt(1, AccountStatement { sequence: 6, devices: [].into(), ..town.says(1) }.with(2));
    assert_eq!(enlist(&town.clients[1], NOW), Err(Error::OwnDeviceUnlisted));
}

trait With {
    fn with(self, number: u8) -> Self;
}

impl With for AccountStatement {
    /// Has it list one device, by a key of nobody.
    fn with(mut self, number: u8) -> Self {
        let identity = fresh(1, &mut TestRng::new(12)).identity();
        self.devices = [AttestedDevice { number, identity }].into();
        self
    }
}

#[test]
fn a_services_name_is_a_line_that_is_not_too_long() {
    let mut rng = TestRng::new(1);
    let mut made = |origin: &str| Challenge::generate(origin, NOW, &mut rng);
    assert_eq!(made(&"x".repeat(255)).unwrap().origin(), "x".repeat(255));
    for origin in ["", "one\nexample", &"x".repeat(256)] {
        assert_eq!(made(origin).map(drop), Err(Error::InvalidPolicy));
    }
    let bytes = made(ORIGIN).unwrap().encode();
    let altered = [&bytes[..6], b"one\nexample", &bytes[17..]].concat();
    assert_eq!(Question::decode(&altered).map(drop), Err(Error::Malformed));
    for length in 0..bytes.len() {
        assert_eq!(Question::decode(&bytes[..length]).map(drop), Err(Error::Malformed));
    }
    assert_eq!(Question::decode(&[&bytes[..], &[0]].concat()).map(drop), Err(Error::Malformed));
    assert_eq!(EnlistmentToken::decode(&bytes).map(drop), Err(Error::WrongKind));
}

//! Admission at a service's server.

use super::*;

#[test]
fn a_device_is_admitted_by_its_provider_its_account_and_its_key() {
    let town = Town::open();
    for route in [DIRECT, Route::Proxy] {
        let (here, there) = challenge(ORIGIN);
        let bytes = answer(&town, &there, &token(&town, ORIGIN), route).unwrap();
        let claims = Enlistment::decode(&bytes).unwrap();
        assert_eq!((claims.account(), claims.encode()), (&account(1), bytes.clone()));
        let door = Door { route, ..Door::new() };
        let (admitted, work) = op_count::of(|| door.admit(here, &bytes));
        let admitted = admitted.unwrap();
        assert_eq!(admitted.device(), &device(1, 1));
        assert_eq!(admitted.identity(), town.clients[1].identity());
        assert_eq!(admitted.until(), NOW + HOUR);
        assert_eq!(work, op_count::Work { verify: 4, ..op_count::Work::default() });
    }
}

#[test]
fn what_a_server_has_learned_of_an_account_its_people_learn_by_it() {
    let mut town = Town::open();
    let bytes = admitted(&town).attestation().encode();
    assert_eq!(town.learn_bytes(0, &bytes, NOW), Ok(Learned::First));
}

#[test]
fn an_answer_holds_for_one_challenge_alone() {
    let town = Town::open();
    let (_, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap();
    let other = Challenge::generate(ORIGIN, NOW, &mut TestRng::new(10)).unwrap();
    assert_eq!(Door::new().admit(other, &answer), Err(Error::BadSignature));
}

#[test]
fn two_challenges_differ_even_if_the_generator_is_stuck() {
    let made = |origin, now| Challenge::generate(origin, now, &mut TestRng::zeros()).unwrap();
    assert_ne!(made(ORIGIN, NOW), made(ORIGIN, NOW + 1));
    assert_ne!(made(ORIGIN, NOW).encode()[14..], made("two.example", NOW).encode()[14..]);
}

#[test]
fn no_altered_answer_admits_anybody() {
    let town = Town::open();
    let (_, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap();
    for place in 0..answer.len() {
        let mut altered = answer.clone();
        altered[place] ^= 1 << (place % 8);
        let (here, _) = challenge(ORIGIN);
        assert!(Door::new().admit(here, &altered).is_err(), "byte {place}");
    }
    for length in 0..answer.len() {
        assert_eq!(Enlistment::decode(&answer[..length]).map(drop), Err(Error::Malformed));
    }
    let long = [&answer[..], &[0]].concat();
    assert_eq!(Enlistment::decode(&long).map(drop), Err(Error::Malformed));
}

#[test]
fn whoever_has_read_a_token_and_an_attestation_is_not_admitted_by_them() {
    let town = Town::open();
    let (here, there) = challenge(ORIGIN);
    let token = token(&town, ORIGIN);
    let good = answer(&town, &there, &token, DIRECT).unwrap();
    // Eve's device says that it is Grace's, and signs by its own identity key.
    let mut rng = TestRng::new(11);
    let mut eve = fresh(1, &mut rng);
    let (says, key) = (town.says(1), town.accounts[1].public_key());
    let own = AccountStatement { devices: [eve.attested_device()].into(), ..says };
    eve.adopt(&town.attested(1, own.clone()), key, NOW).unwrap().apply();
    let listed = Attestation::decode(&town.attested(1, own)).unwrap();
    let times = (NOW, NOW + HOUR);
    let own = EnlistmentToken::issue(&listed, ORIGIN, times, &provider_key(1)).unwrap();
    let signed = eve.enlist(ORIGIN, &there, &own, DIRECT, NOW, &mut rng).unwrap().encode();
    let (signature, claims) = (&signed[signed.len() - 64..], &good[..good.len() - 64]);
    let forged = [claims, signature].concat();
    assert_eq!(Door::new().admit(here, &forged), Err(Error::BadSignature));
}

#[test]
fn an_answer_that_somebody_in_between_passes_on_is_refused() {
    let town = Town::open();
    let token = token(&town, ORIGIN);
    let other = Route::Direct([8; 32]);
    for (says, by) in [(DIRECT, other), (DIRECT, Route::Proxy), (Route::Proxy, DIRECT)] {
        let (here, there) = challenge(ORIGIN);
        let answer = answer(&town, &there, &token, says).unwrap();
        let door = Door { route: by, ..Door::new() };
        assert_eq!(door.admit(here, &answer), Err(Error::WrongPeer), "{says:?} {by:?}");
    }
}

#[test]
fn a_proxy_brings_people_of_its_own_provider_alone() {
    let town = Town::open();
    let (here, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token(&town, ORIGIN), Route::Proxy).unwrap();
    let answer = Enlistment::decode(&answer).unwrap();
    let descriptor = described(statement(1));
    let refused = here.admit(&answer, &descriptor, None, Arrival::Proxy(&provider(0)), NOW);
    assert_eq!(refused, Err(Error::WrongPeer));
}

#[test]
fn an_admission_ends_when_what_it_stood_on_does() {
    let mut town = Town::open();
    let device = admitted(&town);
    let (descriptor, known) = (described(statement(1)), device.attestation().clone());
    assert_eq!(device.check(&descriptor, &known, NOW), Ok(()));
    assert_eq!(device.check(&descriptor, &known, NOW + HOUR - 1), Ok(()));
    assert_eq!(device.check(&descriptor, &known, NOW + HOUR), Err(Error::ListExpired));
    let suspended = ProviderStatement { status: ProviderStatus::Suspended, ..statement(1) };
    assert_eq!(device.check(&described(suspended), &known, NOW), Err(Error::Frozen));
    assert_eq!(device.check(&described(statement(0)), &known, NOW), Err(Error::WrongPeer));
    // A sibling has shown that the account lists this device no more, or another key under its number.
    let other = fresh(1, &mut town.rng).attested_device();
    for devices in [[AttestedDevice { number: 2, ..other }], [other]] {
        let says = AccountStatement { sequence: 6, devices: devices.into(), ..town.says(1) };
        let newer = Attestation::decode(&town.attested(1, says)).unwrap();
        assert_eq!(device.check(&descriptor, &newer, NOW), Err(Error::Unlisted));
    }
    let others = Attestation::decode(&town.attested(0, town.says(0))).unwrap();
    assert_eq!(device.check(&descriptor, &others, NOW), Err(Error::WrongPeer));
    let door = Door { known: Some(others), ..Door::new() };
    let (here, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap();
    assert_eq!(door.admit(here, &answer), Err(Error::WrongPeer));
}

#[test]
fn a_challenge_of_another_service_is_not_answered() {
    let town = Town::open();
    let (_, theirs) = challenge("six.example");
    let token = token(&town, ORIGIN);
    assert_eq!(answer(&town, &theirs, &token, DIRECT), Err(Error::WrongOrigin));
}

#[test]
fn a_challenge_is_answered_in_time_or_not_at_all() {
    let town = Town::open();
    for (late, expected) in [(299, Ok(())), (300, Err(Error::ListExpired))] {
        let (here, there) = challenge(ORIGIN);
        let answer = answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap();
        let door = Door { now: NOW + late, ..Door::new() };
        assert_eq!(door.admit(here, &answer).map(drop), expected, "{late}");
    }
}

#[test]
fn nobody_of_a_provider_that_is_stopped_is_admitted() {
    let town = Town::open();
    let says = statement(1);
    let plain = ProviderStatement {
        programs: Programs::Plain,
        attestation_keys: TrustedKeys::NONE,
        ..says.clone()
    };
    let cases = [
        (ProviderStatement { status: ProviderStatus::Suspended, ..says.clone() }, Error::Frozen),
        (ProviderStatement { status: ProviderStatus::Retired, ..says.clone() }, Error::Frozen),
        (ProviderStatement { from: NOW - DAY, until: NOW, ..says.clone() }, Error::Frozen),
        (plain, Error::WrongKind),
        (statement(0), Error::WrongPeer),
    ];
    let answer = {
        let (_, there) = challenge(ORIGIN);
        answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap()
    };
    for (says, error) in cases {
        let door = Door { provider: described(says), ..Door::new() };
        let (here, _) = challenge(ORIGIN);
        let (refused, work) = op_count::of(|| door.admit(here, &answer));
        assert_eq!((refused, work), (Err(error), op_count::Work::default()));
    }
}

#[test]
fn the_connection_ends_with_the_first_of_what_admits() {
    let town = Town::open();
    let (here, there) = challenge(ORIGIN);
    let answer = answer(&town, &there, &token(&town, ORIGIN), DIRECT).unwrap();
    let provider = described(ProviderStatement { until: NOW + 60, ..statement(1) });
    let door = Door { provider, ..Door::new() };
    assert_eq!(door.admit(here, &answer).unwrap().until(), NOW + 60);
}

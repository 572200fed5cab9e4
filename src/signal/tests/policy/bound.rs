//! Bindings of a message: devices, chat, agreement and version.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::*;

/// Puts other bytes in the place of a part of an envelope that stands there once.
fn with(envelope: &[u8], part: &[u8], other: &[u8]) -> Vec<u8> {
    let place = envelope.windows(part.len()).position(|window| window == part).unwrap();
    [&envelope[..place], other, &envelope[place + part.len()..]].concat()
}

#[test]
fn t9_a_message_that_was_framed_anew_opens() {
    let mut town = Town::talking();
    let sealed = town.say(0, &text(5)).unwrap();
    // A proxy takes the message out of one frame and puts it in another; the message is what it was.
    let framed = [b"<message id='1'>", &sealed.bytes[..], b"</message>"].concat();
    let bytes = framed[16..framed.len() - 10].to_vec();
    town.deliver(0, &SealedMessage { bytes, ..sealed }, NOW).unwrap();
}

#[test]
fn t9_no_field_of_an_envelope_can_be_another() {
    let mut town = Town::talking();
    let envelope = town.envelope(0, &text(5));
    let [name, provider] = [&b"ada"[..], b"one.example"];
    let agreed_at = envelope.windows(5).position(|part| part == b"grace").unwrap() + 6;
    let altered_at = |place: usize| {
        let mut altered = envelope.clone();
        altered[place] ^= 1;
        altered
    };
    let cases = [
        (with(&envelope, name, b"eve"), Error::WrongPeer),
        (with(&envelope, provider, b"six.example"), Error::WrongPeer),
        (with(&envelope, b"ada\x01", b"ada\x02"), Error::WrongPeer),
        (with(&envelope, b"grace", b"peter"), Error::WrongPeer),
        (with(&envelope, b"two.example", b"six.example"), Error::WrongPeer),
        (with(&envelope, b"grace\x01", b"grace\x02"), Error::WrongPeer),
        (altered_at(agreed_at), Error::ProfilesDiffer),
        // The chat of two others.
        (altered_at(agreed_at + 33), Error::WrongPeer),
        (altered_at(0), Error::Malformed),
        (altered_at(1), Error::Malformed),
    ];
    for (bytes, error) in cases {
        let message = town.seal_raw(0, &bytes);
        let refused = town.refused(0, &message);
        let is_refused =
            refused == error || (error == Error::Malformed && refused == Error::WrongPeer);
        assert!(is_refused, "{refused:?}, not {error:?}");
    }
    for length in 0..envelope.len() {
        let message = town.seal_raw(0, &envelope[..length]);
        assert!(town.deliver(0, &message, NOW).is_err(), "{length} bytes");
    }
    let message = town.seal_raw(0, &envelope);
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t9_a_message_to_one_who_shows_anothers_key_does_not_open_there() {
    // Eve has Grace's keys attested under a name of her own provider, which passes on what Ada says to Eve.
    let mut town = Town::acquainted();
    let id = ProviderId::new("eve.example").unwrap();
    let eve = ForeignAccount::new(&id, "eve").unwrap();
    let (key, account_key) =
        (Authority::from_seed(&[6; 32]), Account::generate(AccountId([6; 32]), &mut town.rng));
    let attestation_keys = TrustedKeys::new([key.public_key()]).unwrap();
    town.describe(0, ProviderStatement { id: id.clone(), attestation_keys, ..statement(1) })
        .unwrap();
    let notices = town.clients[0].notices(&id).unwrap();
    town.clients[0].opt_in(&id, notices, NOW).unwrap().apply();
    let says = AccountStatement { account: eve, key: account_key.public_key(), ..town.says(1) };
    let bytes = says.sign(&account_key).unwrap().attest(&key).encode();
    town.learn_bytes(0, &bytes, NOW).unwrap();
    let to = ForeignDevice::new(&id, &Address::new("eve", 1).unwrap());
    let (bundle, mut rng) = (town.clients[1].bundle(), TestRng::new(4));
    town.clients[0].begin(&to, &bundle, NOW, &mut rng).unwrap().apply();
    let content = text(5);
    let saying = Saying::new(&content, ForeignMessageId([1; 16]));
    let message = town.clients[0].seal(&to, &saying, NOW, &mut rng).unwrap().apply();
    assert_eq!(town.refused(0, &message), Error::WrongPeer);
}

use crate::session::{Account, AccountId};

#[test]
fn t9_what_was_on_its_way_when_a_profile_changed_still_opens() {
    let mut town = Town::talking();
    let late = town.say(0, &text(5)).unwrap();
    let profile = ContentProfile::new(profile().kinds(), 1000);
    town.renew(0, AccountStatement { sequence: 6, profile, ..town.says(0) });
    town.deliver(0, &late, NOW).unwrap();
    // Whoever has not learned it yet is told to, and loses nothing.
    let profile = ContentProfile::new(profile.kinds(), 900);
    let says = AccountStatement { sequence: 7, profile, ..town.says(0) };
    town.adopt(0, says.clone());
    let message = town.say(0, &text(5)).unwrap();
    assert_eq!(town.refused(0, &message), Error::ProfilesDiffer);
    town.learn(1, says).unwrap();
    town.deliver(0, &message, NOW).unwrap();
    // Not for ever.
    let very_late = town.say(0, &text(5)).unwrap();
    let says = AccountStatement {
        sequence: 8,
        until: NOW + 35 * DAY,
        profile: ContentProfile::new(profile.kinds(), 800),
        ..town.says(0)
    };
    town.renew(0, says);
    let own = AccountStatement { sequence: 6, until: NOW + 35 * DAY, ..town.says(1) };
    town.renew(1, own);
    let refused = town.deliver(0, &very_late, NOW + 31 * DAY).map(drop);
    assert_eq!(refused, Err(Error::ProfilesDiffer));
    town.deliver(0, &very_late, NOW + 29 * DAY).unwrap();
}

#[test]
fn t4_no_offer_can_be_stripped_of_its_post_quantum_keys() {
    let mut town = Town::acquainted();
    let (mut bundle, mut rng) = (town.clients[1].bundle(), TestRng::new(2));
    bundle.kem = None;
    let begun = town
        .unless_refused(0, |client| client.begin(&device(1, 1), &bundle, NOW, &mut rng).map(drop));
    assert_eq!(begun, Err(Error::Downgrade));
}

/// A town whose apps would speak version 3, and whose providers would let them.
fn lax() -> Town {
    let mut town = Town::founded();
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    for side in 0..2 {
        let rng = &mut TestRng::new(u64::try_from(side).unwrap());
        town.clients[side] =
            Client::generate(device(side, 1), Version::V3, roots.clone(), NOW, rng);
        let floor = Version::V3;
        town.describe(side, ProviderStatement { floor, ..statement(other(side)) }).unwrap();
        let notices = town.clients[side].notices(&provider(other(side))).unwrap();
        town.clients[side].opt_in(&provider(other(side)), notices, NOW).unwrap().apply();
    }
    for side in 0..2 {
        town.adopt(side, town.says(side));
    }
    for side in 0..2 {
        town.learn(side, town.says(other(side))).unwrap();
        town.clients[side].accept(&account(other(side)), NOW).unwrap().apply();
    }
    town
}

fn begin_weak(town: &mut Town, side: usize) -> Result<(), Error> {
    let (mut bundle, mut rng) = (town.clients[other(side)].bundle(), TestRng::new(2));
    bundle.kem = None;
    let with = device(other(side), 1);
    town.unless_refused(side, |client| {
        client.begin(&with, &bundle, NOW, &mut rng)?.apply();
        Ok(())
    })
}

#[test]
fn t4_a_provider_that_raises_its_floor_ends_what_is_below() {
    let mut town = lax();
    begin_weak(&mut town, 0).unwrap();
    assert_eq!(town.pass(0, &text(1)).version, Version::V3);
    town.pass(1, &text(1));
    let [one, two] = [0, 1].map(|_| town.say(0, &text(1)).unwrap());
    town.deliver(0, &one, NOW).unwrap();
    for side in 0..2 {
        town.describe(side, ProviderStatement { counter: 6, ..statement(other(side)) }).unwrap();
    }
    assert_eq!(town.refused(0, &two), Error::Downgrade);
    assert_eq!(town.say(0, &text(1)), Err(Error::Downgrade));
    town.begin(0).unwrap();
    assert_eq!(town.pass(0, &text(1)).version, Version::V4);
}

#[test]
fn t4_an_account_that_has_used_version_4_never_goes_back_by_any_of_its_devices() {
    let mut town = lax();
    town.begin(0).unwrap();
    town.pass(0, &text(1));
    let mut second = fresh(0, &mut TestRng::new(8)).attested_device();
    second.number = 2;
    let mut says = AccountStatement { sequence: 6, ..town.says(0) };
    says.devices.push(second);
    town.learn(1, says).unwrap();
    let weak =
        Client::generate(device(0, 2), Version::V3, TrustedKeys::NONE, NOW, &mut TestRng::new(8));
    let (mut bundle, mut rng) = (weak.bundle(), TestRng::new(2));
    (bundle.kem, bundle.identity) = (None, second.identity);
    let begun = town
        .unless_refused(1, |client| client.begin(&device(0, 2), &bundle, NOW, &mut rng).map(drop));
    assert_eq!(begun, Err(Error::Downgrade));
    // Nor does it by opting out and in again.
    town.clients[1].opt_out(&provider(0), NOW).apply();
    let notices = town.clients[1].notices(&provider(0)).unwrap();
    town.clients[1].opt_in(&provider(0), notices, NOW).unwrap().apply();
    assert_eq!(begin_weak(&mut town, 1), Err(Error::Downgrade));
}

#[test]
fn t6_one_name_at_two_providers_is_two_people() {
    let mut town = Town::talking();
    let namesake = ForeignAccount::new(&ProviderId::new("three.example").unwrap(), "ada").unwrap();
    assert_ne!(namesake, account(0));
    let from = ForeignDevice::new(namesake.provider(), &Address::new("ada", 1).unwrap());
    let id = namesake.provider().clone();
    town.describe(1, ProviderStatement { id: id.clone(), ..statement(0) }).unwrap();
    let notices = town.clients[1].notices(&id).unwrap();
    town.clients[1].opt_in(&id, notices, NOW).unwrap().apply();
    let message = town.say(0, &text(1)).unwrap();
    let open = |town: &mut Town| {
        town.unless_refused(1, |it| it.open(&from, message.kind, &message.bytes, NOW).map(drop))
    };
    // What is known of one says nothing of the other.
    assert_eq!(open(&mut town), Err(Error::UnknownAccount));
    assert!(!town.clients[1].has_session(&from));
    // Not even where the other provider attests the same keys under the same name.
    let says = AccountStatement { account: namesake, ..town.says(0) };
    let request = says.sign(&town.accounts[0]).unwrap();
    town.learn_bytes(1, &request.attest(&provider_key(0)).encode(), NOW).unwrap();
    assert_eq!(open(&mut town), Err(Error::Forged));
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t6_every_message_says_whose_it_is_and_by_whom() {
    use alloc::string::ToString;
    let mut town = Town::talking();
    let opened = town.pass(0, &text(1));
    assert_eq!(opened.from.account().to_string(), "ada [one.example]");
    assert_eq!(opened.from.to_string(), "ada.1 [one.example]");
    assert_eq!(opened.binding, Binding::Attested);
}

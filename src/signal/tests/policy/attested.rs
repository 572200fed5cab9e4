//! Accounts: attested by their provider and by themselves, with the devices that they list.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::Work;
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{Account, AccountId};
use crate::signal::*;
use crate::storage::State;

#[test]
fn t3_an_attestation_wants_both_signatures() {
    let mut town = Town::open();
    let good = town.attested(0, town.says(0));
    // Another provider's key, and that of nobody.
    for key in [provider_key(1), Authority::from_seed(&[9; 32])] {
        let request = town.says(0).sign(&town.accounts[0]).unwrap();
        let bytes = request.attest(&key).encode();
        assert_eq!(town.learn_bytes(1, &bytes, NOW), Err(Error::BadSignature));
    }
    // A provider that puts its user's name on another account key needs that key's signature.
    let says = AccountStatement { key: town.accounts[1].public_key(), ..town.says(0) };
    assert_eq!(says.sign(&town.accounts[0]).map(drop), Err(Error::WrongAccount));
    for place in 0..good.len() {
        let mut altered = good.clone();
        altered[place] ^= 1 << (place % 8);
        assert!(town.learn_bytes(1, &altered, NOW).is_err(), "byte {place}");
    }
    assert_eq!(town.learn_bytes(1, &good, NOW), Ok(Learned::First));
    assert_eq!(town.learn_bytes(1, &good, NOW), Ok(Learned::Known));
}

#[test]
fn t3_the_accounts_own_signature_is_verified_beside_the_providers() {
    let mut town = Town::open();
    let request = town.says(0).sign(&town.accounts[0]).unwrap();
    let mut bytes = request.encode();
    let place = bytes.len() - 5;
    bytes[place] ^= 1;
    assert_eq!(AttestationRequest::decode(&bytes).map(drop), Err(Error::BadSignature));
    // A provider that attests it all the same.
    let forged = forged_request(&bytes).attest(&provider_key(0)).encode();
    assert_eq!(town.learn_bytes(1, &forged, NOW), Err(Error::BadSignature));
}

/// Reads a request as a provider would that verifies nothing.
fn forged_request(bytes: &[u8]) -> AttestationRequest {
    use crate::primitives::codec::Reader;
    Reader::all(bytes, AttestationRequest::recall).unwrap()
}

#[test]
fn t3_an_attestation_out_of_its_time_is_refused_and_nothing_passes_after_it() {
    let mut town = Town::open();
    let future = AccountStatement { from: NOW + 3 * DAY, until: NOW + 9 * DAY, ..town.says(0) };
    assert_eq!(town.learn(1, future), Err(Error::ListExpired));
    let past = AccountStatement { from: NOW - 9 * DAY, until: NOW, ..town.says(0) };
    assert_eq!(town.learn(1, past), Err(Error::ListExpired));
    let long = AccountStatement { until: NOW + 36 * DAY, ..town.says(0) };
    assert_eq!(long.sign(&town.accounts[0]).map(drop), Err(Error::InvalidPolicy));
    let mut town = Town::talking();
    let message = town.say(0, &text(1)).unwrap();
    let refused = town.deliver(0, &message, NOW + 30 * DAY).map(drop);
    assert_eq!(refused, Err(Error::ListExpired));
    let content = text(1);
    let saying = Saying::new(&content, ForeignMessageId([1; 16]));
    assert_eq!(town.seal(1, saying, NOW + 30 * DAY), Err(Error::ListExpired));
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t3_an_older_attestation_never_follows_and_one_number_has_one_statement() {
    let mut town = Town::acquainted();
    let older = AccountStatement { sequence: 4, ..town.says(0) };
    assert_eq!(town.learn(1, older), Err(Error::ListRollback));
    let other = AccountStatement { until: NOW + 20 * DAY, ..town.says(0) };
    assert_eq!(town.learn(1, other), Err(Error::ListFork));
    let newer = AccountStatement { sequence: 6, ..town.says(0) };
    assert_eq!(town.learn(1, newer), Ok(Learned::Renewed));
    assert_eq!(town.learn(1, town.says(0)), Err(Error::ListRollback));
}

#[test]
fn t3_another_account_key_stops_everything_until_the_user_decides() {
    let mut town = Town::talking();
    // Of before a profile changed, which is still agreed on.
    let older = town.say(0, &text(1)).unwrap();
    let profile = ContentProfile::new(profile().kinds(), 1000);
    town.renew(0, AccountStatement { sequence: 6, profile, ..town.says(0) });
    let message = town.say(0, &text(1)).unwrap();
    let impostor = Account::generate(AccountId([9; 32]), &mut town.rng);
    let says = AccountStatement { sequence: 7, key: impostor.public_key(), ..town.says(0) };
    let request = says.clone().sign(&impostor).unwrap();
    let bytes = request.attest(&provider_key(0)).encode();
    assert_eq!(town.learn_bytes(1, &bytes, NOW), Ok(Learned::KeyChanged));
    assert_eq!(town.learn_bytes(1, &bytes, NOW), Ok(Learned::Known));
    assert_eq!(town.refused(0, &message), Error::IdentityChanged);
    assert_eq!(town.say(1, &text(1)), Err(Error::IdentityChanged));
    assert_eq!(town.begin(1), Err(Error::IdentityChanged));
    let known = town.clients[1].statement_of(&account(0)).unwrap();
    assert_eq!(known.key, town.accounts[0].public_key());
    assert_eq!(town.clients[1].changed_statement_of(&account(0)), Some(&says));
    // What the user was shown is what they decide about.
    let other = town.accounts[1].public_key();
    let refused = town.unless_refused(1, |it| it.accept_key(&account(0), other, NOW).map(drop));
    assert_eq!(refused, Err(Error::NotChanged));
    town.clients[1].dismiss_key(&account(0), impostor.public_key(), NOW).unwrap().apply();
    town.deliver(0, &message, NOW).unwrap();
    // Or accepted: the messages of the old key are not agreed on any more.
    let message = town.say(0, &text(1)).unwrap();
    assert_eq!(town.learn_bytes(1, &bytes, NOW), Ok(Learned::KeyChanged));
    town.clients[1].accept_key(&account(0), impostor.public_key(), NOW).unwrap().apply();
    for message in [older, message] {
        assert_eq!(town.refused(0, &message), Error::ProfilesDiffer);
    }
}

#[test]
fn t3_an_attestation_by_a_key_that_the_provider_has_given_up_holds_no_more() {
    let mut town = Town::talking();
    let message = town.say(0, &text(1)).unwrap();
    let next = Authority::from_seed(&[7; 32]);
    let attestation_keys = TrustedKeys::new([next.public_key()]).unwrap();
    town.describe(1, ProviderStatement { counter: 6, attestation_keys, ..statement(0) }).unwrap();
    assert_eq!(town.refused(0, &message), Error::UnknownAccount);
    let request = town.says(0).sign(&town.accounts[0]).unwrap();
    let again = request.attest(&next).encode();
    assert_eq!(town.learn_bytes(1, &again, NOW), Ok(Learned::Renewed));
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t3_a_session_is_only_with_the_identity_that_is_attested() {
    let mut town = Town::acquainted();
    // A service that hands out another bundle under the name.
    let stranger = fresh(1, &mut town.rng);
    let (bundle, mut rng) = (stranger.bundle(), TestRng::new(1));
    let begun =
        town.unless_refused(0, |it| it.begin(&device(1, 1), &bundle, NOW, &mut rng).map(drop));
    assert_eq!(begun, Err(Error::Unlisted));
    // And somebody who writes under the name, from a device that is not attested.
    let mut impostor = Town::acquainted();
    impostor.clients[0] = fresh(0, &mut TestRng::new(77));
    impostor.opt_in(0);
    impostor.adopt(0, impostor.says(0));
    impostor.learn(0, impostor.says(1)).unwrap();
    let bundle = town.clients[1].bundle();
    impostor.clients[0].begin(&device(1, 1), &bundle, NOW, &mut rng).unwrap().apply();
    let message = impostor.say(0, &text(1)).unwrap();
    assert_eq!(town.refused(0, &message), Error::Unlisted);
    assert_eq!(town.work, Work::default());
}

#[test]
fn t3_nobody_is_talked_to_before_the_account_is_known() {
    let mut town = Town::acquainted();
    town.begin(0).unwrap();
    let message = town.say(0, &text(1)).unwrap();
    let mut late = Town::open();
    assert_eq!(late.begin(0), Err(Error::UnknownAccount));
    core::mem::swap(&mut late.clients[0], &mut town.clients[0]);
    assert_eq!(late.refused(0, &message), Error::UnknownAccount);
    assert_eq!(late.work, Work::default());
}

#[test]
fn t3_a_first_attestation_changes_no_identity_that_was_trusted_when_it_was_seen() {
    let mut town = Town::founded();
    let plain = ProviderStatement {
        programs: Programs::Plain,
        attestation_keys: TrustedKeys::NONE,
        ..statement(0)
    };
    let opt_in = |town: &mut Town| {
        let notices = town.clients[1].notices(&provider(0)).unwrap();
        town.clients[1].opt_in(&provider(0), notices, NOW).unwrap().apply();
    };
    town.describe(1, plain).unwrap();
    opt_in(&mut town);
    town.begin(1).unwrap();
    let (ada, seen) = (device(0, 1), town.clients[0].identity());
    assert_eq!(town.clients[1].identity_of(&ada), Some(seen));
    // The provider attests its accounts from now on, and this one with another key.
    town.describe(1, ProviderStatement { counter: 6, ..statement(0) }).unwrap();
    opt_in(&mut town);
    town.adopt(1, town.says(1));
    let other = fresh(0, &mut TestRng::new(31)).attested_device();
    let says = AccountStatement { devices: [other].into(), ..town.says(0) };
    assert_eq!(town.learn(1, says.clone()), Err(Error::IdentityChanged));
    // Nor by leaving the device out, and naming another one.
    let renumbered =
        AttestedDevice { number: 2, ..fresh(0, &mut TestRng::new(31)).attested_device() };
    let left_out = AccountStatement { devices: [renumbered].into(), ..town.says(0) };
    assert_eq!(town.learn(1, left_out.clone()), Err(Error::IdentityChanged));
    assert!(town.clients[1].has_session(&ada));
    // Who is gone for good is forgotten by the user, and by nobody else.
    let mut copy = Client::from_bytes(&town.clients[1].to_bytes()).unwrap();
    copy.forget_device(&ada, NOW).apply();
    let left_out = town.attested(0, left_out);
    assert_eq!(copy.learn_account(&left_out, NOW).unwrap().apply(), Learned::First);
    town.clients[1].acknowledge(&ada, other.identity, NOW).unwrap().apply();
    assert_eq!(town.learn(1, says), Ok(Learned::First));
}

#[test]
fn t3_the_keys_of_attested_devices_are_what_their_account_says() {
    let mut town = Town::talking();
    let other = fresh(0, &mut TestRng::new(33)).identity();
    let taken = town.unless_refused(1, |it| it.acknowledge(&device(0, 1), other, NOW).map(drop));
    assert_eq!(taken, Err(Error::WrongKind));
    town.pass(0, &text(1));
    // Under another root the provider is a plain one, and nobody says what its devices' keys are.
    let root = Authority::from_seed(&[9; 32]);
    let roots = TrustedKeys::new([root.public_key()]).unwrap();
    let attestation_keys = TrustedKeys::NONE;
    let plain = ProviderStatement { programs: Programs::Plain, attestation_keys, ..statement(0) };
    town.clients[1].trust(roots, NOW).apply();
    let descriptor = plain.sign(&root).unwrap().encode();
    town.clients[1].learn_provider(&descriptor, NOW).unwrap().apply();
    town.clients[1].acknowledge(&device(0, 1), other, NOW).unwrap().apply();
}

#[test]
fn t3_the_numbers_of_an_accounts_statements_go_on_under_another_key() {
    let mut town = Town::acquainted();
    town.accounts[0] = Account::generate(AccountId([9; 32]), &mut TestRng::new(34));
    for (sequence, error) in [(4, Error::ListRollback), (5, Error::ListFork)] {
        // What others would refuse is not taken at home either.
        let says = AccountStatement { sequence, ..town.says(0) };
        let (bytes, key) = (town.attested(0, says.clone()), town.accounts[0].public_key());
        let adopted = town.unless_refused(0, |it| it.adopt(&bytes, key, NOW).map(drop));
        assert_eq!((adopted, town.learn(1, says)), (Err(error), Err(error)));
    }
    let says = AccountStatement { sequence: 6, ..town.says(0) };
    town.adopt(0, says.clone());
    assert_eq!(town.learn(1, says), Ok(Learned::KeyChanged));
}

#[test]
fn t3_nobody_is_a_foreign_account_to_itself() {
    for mut town in [Town::founded(), Town::acquainted()] {
        town.opt_in(0);
        let notices = |client: &mut Client| {
            client.learn_provider(&descriptor(statement(0)), NOW).unwrap().apply();
            client.notices(&provider(0)).unwrap()
        };
        let shown = notices(&mut town.clients[0]);
        town.clients[0].opt_in(&provider(0), shown, NOW).unwrap().apply();
        let (own, bundle) = (town.attested(0, town.says(0)), town.clients[0].bundle());
        let mut rng = TestRng::new(35);
        for other in [1, 2] {
            let it = &mut town.clients[0];
            let begun = it.begin(&device(0, other), &bundle, NOW, &mut rng).map(drop);
            let opened = it.open(&device(0, other), MessageKind::Initial, &[], NOW).map(drop);
            assert_eq!((begun, opened), (Err(Error::OwnAccount), Err(Error::OwnAccount)));
        }
        let it = &mut town.clients[0];
        assert_eq!(it.learn_account(&own, NOW).map(drop), Err(Error::OwnAccount));
        assert_eq!(it.accept(&account(0), NOW).map(drop), Err(Error::OwnAccount));
        assert_eq!(it.block(&account(0), NOW).map(drop), Err(Error::OwnAccount));
    }
}

#[test]
fn t11_an_account_lists_its_devices_and_each_is_talked_to() {
    let mut town = Town::talking();
    let mut second = Client::generate(
        device(0, 2),
        Version::V4,
        TrustedKeys::new([root().public_key()]).unwrap(),
        NOW,
        &mut town.rng,
    );
    let mut says = AccountStatement { sequence: 6, ..town.says(0) };
    says.devices.push(second.attested_device());
    town.renew(0, says.clone());
    let listed: Vec<_> = town.clients[1]
        .statement_of(&account(0))
        .unwrap()
        .devices
        .iter()
        .map(|it| it.number)
        .collect();
    assert_eq!(listed, [1, 2]);
    // The new device talks under its own number, and the old one goes on.
    let (bytes, key) = (town.attested(0, says), town.accounts[0].public_key());
    second.learn_provider(&descriptor(statement(1)), NOW).unwrap().apply();
    let notices = second.notices(&provider(1)).unwrap();
    second.opt_in(&provider(1), notices, NOW).unwrap().apply();
    second.adopt(&bytes, key, NOW).unwrap().apply();
    let grace = town.attested(1, town.says(1));
    second.learn_account(&grace, NOW).unwrap().apply();
    let bundle = town.clients[1].bundle();
    second.begin(&device(1, 1), &bundle, NOW, &mut town.rng).unwrap().apply();
    let content = text(4);
    let saying = Saying::new(&content, second.message_id(&mut town.rng));
    let message = second.seal(&device(1, 1), &saying, NOW, &mut town.rng).unwrap().apply();
    let from = device(0, 2);
    let opened = town.clients[1].open(&from, message.kind, &message.bytes, NOW).unwrap().apply();
    assert_eq!((opened.from, opened.is_request), (from.clone(), false));
    town.pass(0, &text(2));
    // A device that is listed no more has no session any more, and nothing of it is opened.
    let saying = Saying::new(&content, second.message_id(&mut town.rng));
    let late = second.seal(&device(1, 1), &saying, NOW, &mut town.rng).unwrap().apply();
    town.renew(0, AccountStatement { sequence: 7, ..town.says(0) });
    assert!(!town.clients[1].has_session(&from));
    for bytes in [&late.bytes[..], b"not a byte is read"] {
        let refused = town.clients[1].open(&from, late.kind, bytes, NOW).map(drop);
        assert_eq!(refused, Err(Error::Unlisted));
    }
    town.pass(0, &text(2));
}

#[test]
fn t11_a_provider_of_one_device_has_accounts_of_one() {
    let mut town = Town::open();
    town.describe(1, ProviderStatement { counter: 6, devices: 1, ..statement(0) }).unwrap();
    let mut says = town.says(0);
    let second = fresh(0, &mut town.rng).attested_device();
    says.devices.push(AttestedDevice { number: 2, ..second });
    assert_eq!(town.learn(1, says), Err(Error::NotAllowed));
    assert_eq!(town.learn(1, town.says(0)), Ok(Learned::First));
}

#[test]
fn t11_a_device_with_a_new_key_ends_the_sessions_with_the_old_one() {
    let mut town = Town::talking();
    let late = town.say(0, &text(1)).unwrap();
    town.clients[0] = fresh(0, &mut TestRng::new(55));
    town.opt_in(0);
    town.renew(0, AccountStatement { sequence: 6, ..town.says(0) });
    town.learn(0, town.says(1)).unwrap();
    assert!(!town.clients[1].has_session(&device(0, 1)));
    assert_eq!(town.refused(0, &late), Error::Forged);
    town.begin(0).unwrap();
    assert!(town.pass(0, &text(1)).is_new_session);
}

#[test]
fn a_device_that_its_own_account_does_not_attest_sends_nothing() {
    let mut town = Town::founded();
    town.opt_in(0);
    town.learn(0, town.says(1)).unwrap();
    assert_eq!(town.begin(0), Err(Error::OwnDeviceUnlisted));
    let mut town = Town::talking();
    let (mut says, other) = (town.says(0), fresh(0, &mut town.rng).attested_device());
    (says.sequence, says.devices) = (6, [AttestedDevice { number: 2, ..other }].into());
    town.adopt(0, says);
    assert_eq!(town.say(0, &text(1)), Err(Error::OwnDeviceUnlisted));
    // Nor once its account's word is past its time, which others would refuse.
    let mut town = Town::talking();
    town.adopt(0, AccountStatement { sequence: 6, until: NOW + DAY, ..town.says(0) });
    let content = text(1);
    let saying = Saying::new(&content, ForeignMessageId([1; 16]));
    town.seal(0, saying, NOW + DAY - 1).unwrap();
    assert_eq!(town.seal(0, saying, NOW + DAY), Err(Error::ListExpired));
}

#[test]
fn an_own_attestation_is_of_this_account_and_never_goes_back() {
    let mut town = Town::open();
    let key = town.accounts[0].public_key();
    let mut adopt = |says: AccountStatement, key| {
        let bytes = town.attested(0, says);
        town.unless_refused(0, |client| client.adopt(&bytes, key, NOW).map(drop))
    };
    let says = |sequence| AccountStatement { sequence, ..Town::open().says(0) };
    assert_eq!(adopt(says(4), key), Err(Error::ListRollback));
    let other = AccountStatement { account: account(1), ..says(6) };
    assert_eq!(adopt(other, key), Err(Error::WrongPeer));
    let grace = Town::open().accounts[1].public_key();
    assert_eq!(adopt(says(6), grace), Err(Error::WrongAccount));
    assert_eq!(adopt(says(6), key), Ok(()));
}

#[test]
fn a_device_has_a_number_that_an_address_can_have() {
    let town = Town::acquainted();
    for number in [0, 128, 255] {
        let mut says = town.says(0);
        says.devices[0].number = number;
        assert!(says.sign(&town.accounts[0]).is_err(), "{number}");
    }
}

//! Providers: off by default, signed for, suspended, and what the user is told of them.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::Work;
use crate::protocol::content::Kinds;
use crate::signal::*;

/// A talk between Ada and Grace, and a message of Ada that Grace has not opened.
fn on_its_way() -> (Town, SealedMessage) {
    let mut town = Town::talking();
    let message = town.say(0, &text(5)).unwrap();
    (town, message)
}

#[test]
fn t1_nothing_is_looked_at_of_a_provider_that_the_user_has_not_opted_in_to() {
    let (mut town, message) = on_its_way();
    let mut off = Town::founded();
    for is_known in [false, true] {
        if is_known {
            off.describe(1, statement(0)).unwrap();
        }
        let garbage = SealedMessage { kind: MessageKind::Initial, bytes: [].into() };
        for message in [&message, &garbage] {
            assert_eq!(off.refused(0, message), Error::NotOptedIn);
            assert_eq!(off.work, Work::default());
        }
        assert_eq!(off.begin(1), Err(Error::NotOptedIn));
        let sealed = off.clients[1].unseal(&provider(0), &[0x11], &Trust::new(&[]), NOW).map(drop);
        assert_eq!(sealed, Err(Error::NotOptedIn));
        let read = off.clients[1].read_group_message(&device(0, 1), &[], NOW).map(drop);
        assert_eq!(read, Err(Error::NotOptedIn));
        assert_eq!(off.learn(1, off.says(0)), Err(Error::NotOptedIn));
        // Nor is it told whether what stands behind a name is an attestation at all.
        let cut = off.attested(0, off.says(0))[..2 + 4 + 11 + 1 + 4 + 3].to_vec();
        assert_eq!(off.learn_bytes(1, &cut, NOW), Err(Error::NotOptedIn));
        assert_eq!(off.work, Work::default());
    }
    assert!(!off.clients[1].is_opted_in(&provider(0)));
    town.deliver(0, &message, NOW).unwrap();
}

/// Whoever had a root's key must not lock a provider out for good by a counter that nothing follows.
#[test]
fn t2_what_a_root_said_that_is_not_trusted_any_more_binds_nobody() {
    let mut town = Town::talking();
    let last = ProviderStatement { counter: u64::MAX, ..statement(0) };
    town.describe(1, last).unwrap();
    assert_eq!(town.describe(1, statement(0)), Err(Error::ListRollback));
    let other = Authority::from_seed(&[9; 32]);
    let roots = TrustedKeys::new([other.public_key()]).unwrap();
    town.clients[1].trust(roots, NOW).apply();
    let again = statement(0).sign(&other).unwrap().encode();
    town.clients[1].learn_provider(&again, NOW).unwrap().apply();
    let message = town.say(0, &text(2)).unwrap();
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn a_clock_that_ran_ahead_is_set_back_on_the_users_word() {
    let (mut town, message) = on_its_way();
    for now in [NOW + 91 * DAY, NOW + 92 * DAY] {
        town.clients[1].expire(now).apply();
    }
    assert_eq!(town.refused(0, &message), Error::Frozen);
    town.clients[1].reset_clock(NOW).apply();
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t1_one_provider_that_is_on_leaves_others_off() {
    let (mut town, message) = on_its_way();
    town.clients[1].opt_out(&provider(0), NOW).apply();
    let third = ProviderStatement { id: ProviderId::new("three.example").unwrap(), ..statement(0) };
    let id = third.id.clone();
    town.describe(1, third).unwrap();
    let notices = town.clients[1].notices(&id).unwrap();
    town.clients[1].opt_in(&id, notices, NOW).unwrap().apply();
    assert_eq!(town.refused(0, &message), Error::NotOptedIn);
}

#[test]
fn t1_opting_out_erases_sessions_and_keeps_what_people_are_known_by() {
    let (mut town, message) = on_its_way();
    let known = town.clients[1].identity_of(&device(0, 1));
    town.clients[1].opt_out(&provider(0), NOW).apply();
    assert_eq!(town.refused(0, &message), Error::NotOptedIn);
    assert_eq!(town.say(1, &text(1)), Err(Error::NotOptedIn));
    assert!(!town.clients[1].has_session(&device(0, 1)));
    let notices = town.clients[1].notices(&provider(0)).unwrap();
    town.clients[1].opt_in(&provider(0), notices, NOW).unwrap().apply();
    // The keys of what was on its way are gone; nobody has to be trusted anew.
    assert_eq!(town.refused(0, &message), Error::Forged);
    assert_eq!(town.clients[1].identity_of(&device(0, 1)), known);
    assert_eq!(town.clients[1].consent_of(&account(0)), Consent::Accepted);
    town.begin(0).unwrap();
    assert!(!town.pass(0, &text(2)).is_request);
}

#[test]
fn t2_a_descriptor_that_nobody_trusted_has_signed_is_refused() {
    let mut town = Town::founded();
    let foreign = statement(0).sign(&Authority::from_seed(&[8; 32])).unwrap().encode();
    let refused = town.unless_refused(1, |client| client.learn_provider(&foreign, NOW).map(drop));
    assert_eq!(refused, Err(Error::BadSignature));
    let good = descriptor(statement(0));
    for place in 0..good.len() {
        let mut altered = good.clone();
        altered[place] ^= 1 << (place % 8);
        let refused =
            town.unless_refused(1, |client| client.learn_provider(&altered, NOW).map(drop));
        assert!(refused.is_err(), "byte {place}");
    }
}

#[test]
fn t2_an_older_descriptor_never_follows_and_one_counter_has_one_descriptor() {
    let mut town = Town::founded();
    town.describe(1, statement(0)).unwrap();
    town.describe(1, statement(0)).unwrap();
    let older = ProviderStatement { counter: 4, ..statement(0) };
    assert_eq!(town.describe(1, older), Err(Error::ListRollback));
    let other = ProviderStatement { floor: Version::V3, ..statement(0) };
    assert_eq!(town.describe(1, other), Err(Error::ListFork));
    let known = town.clients[1].provider(&provider(0)).unwrap();
    assert_eq!(*known.statement(), statement(0));
}

#[test]
fn t2_a_descriptor_out_of_its_time_is_refused_and_freezes_once_its_time_is_over() {
    let mut town = Town::founded();
    let (late, early) = (NOW + 3 * DAY, NOW - 3 * DAY);
    let future = ProviderStatement { from: late, ..statement(0) };
    assert_eq!(town.describe(1, future), Err(Error::ListExpired));
    let past = ProviderStatement { from: early, until: NOW, ..statement(0) };
    assert_eq!(town.describe(1, past), Err(Error::ListExpired));
    let (mut town, message) = on_its_way();
    let refused = town.deliver(0, &message, NOW + 90 * DAY).map(drop);
    assert_eq!(refused, Err(Error::Frozen));
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t2_a_provider_whose_root_is_not_trusted_any_more_freezes() {
    let (mut town, message) = on_its_way();
    town.clients[1].trust(TrustedKeys::NONE, NOW).apply();
    assert_eq!(town.refused(0, &message), Error::Frozen);
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    town.clients[1].trust(roots, NOW).apply();
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t12_a_suspended_provider_freezes_and_goes_on_where_it_was() {
    for status in [ProviderStatus::Suspended, ProviderStatus::Retired] {
        let (mut town, message) = on_its_way();
        town.describe(1, ProviderStatement { counter: 6, status, ..statement(0) }).unwrap();
        assert_eq!(town.refused(0, &message), Error::Frozen);
        assert_eq!(town.work, Work::default());
        assert_eq!(town.say(1, &text(1)), Err(Error::Frozen));
        assert_eq!(town.learn(1, town.says(0)), Err(Error::Frozen));
        // What was known stays, and a later descriptor resumes it.
        assert!(town.clients[1].has_session(&device(0, 1)));
        town.describe(1, ProviderStatement { counter: 7, ..statement(0) }).unwrap();
        town.deliver(0, &message, NOW).unwrap();
        town.pass(1, &text(1));
    }
}

#[test]
fn t8_nothing_is_sent_before_the_present_notices_are_acknowledged() {
    let mut town = Town::talking();
    let id = provider(1);
    let notices = town.clients[0].notices(&id).unwrap();
    let codes: Vec<_> = notices.list().collect();
    assert!(codes.contains(&Notice::AttestedByProvider) && !codes.contains(&Notice::NoTimers));
    // The provider gives up timers: there is something that the user does not know.
    let profile = ContentProfile::new(profile().kinds(), 2000).with(Feature::ViewOnce);
    town.describe(0, ProviderStatement { counter: 6, profile, ..statement(1) }).unwrap();
    assert_eq!(town.say(0, &text(1)), Err(Error::NoticesNotAcknowledged));
    assert_eq!(town.begin(0), Err(Error::NoticesNotAcknowledged));
    let old = town.unless_refused(0, |client| client.opt_in(&id, notices, NOW).map(drop));
    assert_eq!(old, Err(Error::NoticesNotAcknowledged));
    // What comes is still read.
    town.pass(1, &text(1));
    let shown = town.clients[0].notices(&id).unwrap();
    assert!(shown.list().any(|notice| notice == Notice::NoTimers));
    town.clients[0].opt_in(&id, shown, NOW).unwrap().apply();
    town.pass(0, &text(1));
}

#[test]
fn t8_notices_of_another_version_are_not_those_that_were_acknowledged() {
    let mut town = Town::talking();
    let (id, notices) = (provider(1), town.clients[0].notices(&provider(1)).unwrap());
    let older = notices.of_version(notices.version() - 1);
    let refused = town.unless_refused(0, |client| client.opt_in(&id, older, NOW).map(drop));
    assert_eq!(refused, Err(Error::NoticesNotAcknowledged));
    // As a state has it that an earlier release has left.
    town.clients[0].inner.policy.opt(&id, Some(older));
    assert_eq!(town.say(0, &text(1)), Err(Error::NoticesNotAcknowledged));
}

#[test]
fn t4_a_provider_whose_accounts_are_attested_never_becomes_a_plain_one() {
    let mut town = Town::talking();
    let plain = ProviderStatement {
        counter: 6,
        programs: Programs::Plain,
        attestation_keys: TrustedKeys::NONE,
        ..statement(0)
    };
    assert_eq!(town.describe(1, plain), Err(Error::Downgrade));
    town.pass(0, &text(1));
}

#[test]
fn t8_a_plain_provider_says_that_nothing_is_bound() {
    let mut town = Town::founded();
    let plain = ProviderStatement {
        programs: Programs::Plain,
        floor: Version::V3,
        profile: ContentProfile::new(Kinds::NONE, 0),
        attestation_keys: TrustedKeys::NONE,
        ..statement(1)
    };
    town.describe(0, plain).unwrap();
    let codes: Vec<_> = town.clients[0].notices(&provider(1)).unwrap().list().collect();
    for code in [Notice::Unbound, Notice::NotPostQuantum, Notice::NoTimers, Notice::KeepsCopies] {
        assert!(codes.contains(&code), "{code:?}");
    }
    assert!(!codes.contains(&Notice::AttestedByProvider));
}

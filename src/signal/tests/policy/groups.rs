//! Groups of attested accounts: what is asked before a sender key is told, learned or used.

use alloc::vec::Vec;

use super::circle::*;
use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::{self, Work};
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{Account, AccountId};
use crate::signal::*;
use crate::storage::{Pending, State};

/// Something that stands between two sides, from the view of one of them, and the time.
type Obstacle = (fn(&mut Town, usize), Error, u64);

fn suspend(town: &mut Town, side: usize) {
    let status = ProviderStatus::Suspended;
    let says = ProviderStatement { counter: 6, status, ..statement(other(side)) };
    town.describe(side, says).unwrap();
}

fn change_key(town: &mut Town, side: usize) {
    let peer = other(side);
    town.accounts[peer] = Account::generate(AccountId([9; 32]), &mut town.rng);
    let says = AccountStatement { sequence: 6, ..town.says(peer) };
    assert_eq!(town.learn(side, says), Ok(Learned::KeyChanged));
}

/// Has the other account attest one device, of this number and with another identity key.
fn exchange(town: &mut Town, side: usize, number: u8) {
    let peer = other(side);
    let identity = fresh(peer, &mut TestRng::new(9)).identity();
    let devices = Vec::from([AttestedDevice { number, identity }]);
    town.learn(side, AccountStatement { sequence: 6, devices, ..town.says(peer) }).unwrap();
}

const OBSTACLES: [Obstacle; 8] = [
    (
        |town, side| town.clients[side].opt_out(&provider(other(side)), NOW).apply(),
        Error::NotOptedIn,
        NOW,
    ),
    (suspend, Error::Frozen, NOW),
    (
        |town, side| town.clients[side].block(&account(other(side)), NOW).unwrap().apply(),
        Error::Blocked,
        NOW,
    ),
    (
        |town, side| town.clients[side].forget(&account(other(side)), NOW).apply(),
        Error::UnknownAccount,
        NOW,
    ),
    (change_key, Error::IdentityChanged, NOW),
    (|town, side| exchange(town, side, 2), Error::Unlisted, NOW),
    (|town, side| exchange(town, side, 1), Error::Unlisted, NOW),
    (|_, _| {}, Error::ListExpired, NOW + 30 * DAY),
];

#[test]
fn t13_nothing_is_sealed_for_a_group_that_may_not_be_sent_to_each_who_was_told() {
    let notices: Obstacle = (
        |town, side| {
            let profile = ContentProfile::new(profile().kinds(), 2000).with(Feature::ViewOnce);
            let says = ProviderStatement { counter: 6, profile, ..statement(other(side)) };
            town.describe(side, says).unwrap();
        },
        Error::NoticesNotAcknowledged,
        NOW,
    );
    let renamed: Obstacle = (
        |town, side| {
            let says = AccountStatement { sequence: 6, ..town.says(side) };
            let identity = fresh(side, &mut TestRng::new(9)).identity();
            let devices = Vec::from([AttestedDevice { number: 1, identity }]);
            town.adopt(side, AccountStatement { devices, ..says });
        },
        Error::OwnDeviceUnlisted,
        NOW,
    );
    for (stand_between, error, now) in OBSTACLES.into_iter().chain([notices, renamed]) {
        let mut circle = Circle::closed();
        let content = text(1);
        let saying = Saying::new(&content, ForeignMessageId([1; 16])).in_group(GROUP);
        circle.seal(saying, NOW).unwrap();
        stand_between(&mut circle.town, 0);
        assert_eq!(circle.seal(saying, now), Err(error));
        let (client, to) = (&circle.town.clients[0], device(1, 1));
        let told = kept(&mut circle.key, |key| key.tell(client, &to, now).map(drop));
        assert_eq!(told.map(drop), Err(error));
        // Nor is it told whom another key was not told to yet.
        let mut key = SenderKey::generate(GROUP, ID, &mut circle.town.rng);
        let told = key.tell(client, &to, now).map(drop);
        let is_refused = told == Err(error) || told == Err(Error::BundleMissing);
        assert!(is_refused, "{told:?}, not {error:?}");
    }
}

#[test]
fn t13_nothing_of_a_group_is_learned_or_opened_that_would_not_be_in_a_session() {
    for (stand_between, error, now) in OBSTACLES {
        let mut circle = Circle::closed();
        let told = circle.told();
        let message = circle.say(&text(1)).unwrap();
        stand_between(&mut circle.town, 1);
        for bytes in [&message[..], &[]] {
            let (refused, work) = op_count::of(|| circle.refused(bytes, now));
            // A key that is another only the chain's state knows, so that the message is read before.
            let is_refused =
                refused == error || (error, refused) == (Error::Unlisted, Error::Malformed);
            assert!(is_refused, "{refused:?}, not {error:?}");
            assert_eq!(work, Work::default());
        }
        assert_eq!(circle.learn(told, now), Err(error));
    }
}

#[test]
fn t13_a_sender_key_shows_nothing_and_is_held_until_its_sender_is_accepted() {
    let mut town = Town::acquainted();
    town.begin(0).unwrap();
    let mut key = SenderKey::generate(GROUP, ID, &mut town.rng);
    let told = key.tell(&town.clients[0], &device(1, 1), NOW).unwrap().apply();
    let message =
        town.clients[0].seal_distribution(&told, NOW, &mut town.rng).map(Pending::apply).unwrap();
    let held = town.deliver(0, &message, NOW).unwrap();
    assert!(held.is_request && matches!(held.content, ForeignContent::Held));
    assert_eq!(town.refused(0, &message), Error::NotAccepted);
    town.clients[1].accept(&account(0), NOW).unwrap().apply();
    let opened = town.deliver(0, &message, NOW).unwrap();
    assert!(opened.content.said().is_none() && opened.content.plain().is_none());
    assert_eq!(opened.binding, Binding::Attested);
    let told = taken(opened);
    assert_eq!(
        (told.sender(), told.group(), told.distribution()),
        (&device(0, 1), Some(GROUP), Some(ID))
    );
}

#[test]
fn t13_no_field_of_a_told_sender_key_can_be_another() {
    let mut town = Town::talking();
    let mut key = SenderKey::generate(GROUP, ID, &mut town.rng);
    let told = key.tell(&town.clients[0], &device(1, 1), NOW).unwrap().apply();
    let form = town.told(0, GROUP, told.bytes());
    let ends = 2 + 2 * (4 + 11 + 1 + 4 + 1) + 3 + 5;
    for place in 0..form.len() {
        let mut altered = form.clone();
        altered[place] ^= 1;
        let message = town.seal_raw(0, &altered);
        let opened = town.deliver(0, &message, NOW);
        match place {
            _ if place < ends => assert_eq!(opened.map(drop), Err(Error::WrongPeer), "{place}"),
            _ if place < ends + 32 => assert_eq!(opened.map(drop), Err(Error::ProfilesDiffer)),
            // The group is the sender's to say; so is its chain.
            _ if place < ends + 64 => assert_ne!(taken(opened.unwrap()).group(), Some(GROUP)),
            _ => {}
        }
    }
    // The old form says for which group it is by nothing.
    let old = SenderKey::generate_plain(None, &mut town.rng).distribution().unwrap();
    let form = town.told(0, GROUP, &old);
    let message = town.seal_raw(0, &form);
    assert_eq!(town.refused(0, &message), Error::Malformed);
}

#[test]
fn t13_opting_out_ends_what_was_told_before_for_good() {
    let mut circle = Circle::closed();
    let (told, message) = (circle.told(), circle.say(&text(1)).unwrap());
    assert!(!circle.keys.is_void(&circle.town.clients[1]));
    circle.town.clients[1].opt_out(&provider(0), NOW).apply();
    assert!(circle.keys.is_void(&circle.town.clients[1]));
    assert_eq!(circle.refused(&message, NOW), Error::NotOptedIn);
    let notices = circle.town.clients[1].notices(&provider(0)).unwrap();
    circle.town.clients[1].opt_in(&provider(0), notices, NOW).unwrap().apply();
    circle.town.begin(0).unwrap();
    circle.town.pass(0, &text(1));
    // An old copy of the state opens nothing, and what was taken from a message before is not learned.
    assert_eq!(circle.refused(&message, NOW), Error::MessageKeyGone);
    assert_eq!(circle.learn(told, NOW), Err(Error::MessageKeyGone));
    assert!(circle.keys.is_void(&circle.town.clients[1]));
    let told = circle.told();
    circle.learn(told, NOW).unwrap();
    assert!(!circle.keys.is_void(&circle.town.clients[1]));
    assert_eq!(circle.refused(&message, NOW), Error::MessageKeyGone);
    let message = circle.say(&text(1)).unwrap();
    circle.open(&message, NOW).unwrap();
}

#[test]
fn t13_what_is_void_is_told_and_what_only_waits_is_not() {
    for (stand_between, error, _) in OBSTACLES {
        let mut circle = Circle::closed();
        stand_between(&mut circle.town, 1);
        let is_void = matches!(error, Error::NotOptedIn | Error::UnknownAccount | Error::Unlisted);
        assert_eq!(circle.keys.is_void(&circle.town.clients[1]), is_void, "{error:?}");
    }
}

#[test]
fn t13_nobody_is_told_of_who_has_not_been_asked_about() {
    let mut circle = Circle::closed();
    assert_eq!(circle.key.told().collect::<Vec<_>>(), [&device(1, 1)]);
    // Telling again changes nothing.
    let before = circle.key.to_bytes();
    circle.told();
    assert_eq!(*circle.key.to_bytes(), *before);
    let mut rng = TestRng::new(1);
    circle.key.rotate(&mut rng).apply();
    assert_eq!(circle.key.told().count(), 0);
    assert_eq!(circle.say(&text(1)), Err(Error::NoRecipient));
    circle.key.retire().apply();
    let (client, to) = (&circle.town.clients[0], device(1, 1));
    assert_eq!(circle.key.tell(client, &to, NOW).map(drop), Err(Error::RotationRequired));
    circle.key.rotate(&mut rng).apply();
    // Without a session nobody knows who would be told.
    circle.town.clients[0].close(&to, NOW).apply();
    let told = circle.key.tell(&circle.town.clients[0], &to, NOW).map(drop);
    assert_eq!(told, Err(Error::BundleMissing));
}

//! Quotas: what one account, all newcomers and everybody together can make a client hold.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod crowd;
mod fair;
mod newcomers;

use alloc::vec::Vec;

use self::crowd::{Crowd, Victim};
use crate::client::limits::{
    MAX_REPLACED_OF_ACCOUNT, MAX_SKIPPED_OF_ACCOUNT, MAX_SKIPPED_OF_CLIENT,
    MAX_SKIPPED_OF_NEWCOMERS,
};
use crate::client::peer::Peer;
use crate::client::{Address, Alert, Client};
use crate::error::Error;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::identity::device_list::MAX_DEVICES;
use crate::protocol::letter::Listed;
use crate::protocol::ratchet::MAX_SKIPPED;
use crate::storage::State;

const NOW: u64 = 1_800_000_000;

#[test]
fn one_device_makes_166_kilobytes_whatever_it_withholds() {
    let mut victim = Victim::new(1);
    let one = victim.befriend(1, 1);
    let before = victim.length();
    for number in 0..7 {
        victim.flood(&one, (0, NOW + number), MAX_SKIPPED);
        victim.length();
    }
    let made = victim.length() - before;
    assert!(made <= 166_000, "{made}");
    assert_eq!((victim.keys(&one), victim.sessions(&one)), (MAX_SKIPPED_OF_ACCOUNT, 5));
    // Each is either held or told.
    assert_eq!(victim.lost[&one.id()], 7 * MAX_SKIPPED - MAX_SKIPPED_OF_ACCOUNT);
}

#[test]
fn one_account_makes_500_kilobytes_whatever_its_devices_withhold() {
    let mut victim = Victim::new(2);
    let one = victim.befriend(1, MAX_DEVICES);
    let before = victim.length();
    let mut withheld = 0;
    for number in 0..6 {
        for device in 0..MAX_DEVICES {
            victim.flood(&one, (device, NOW + number), 60);
            withheld += 60;
        }
        victim.length();
    }
    let made = victim.length() - before;
    assert!(made <= 500_000, "{made}");
    let sessions = MAX_DEVICES + MAX_REPLACED_OF_ACCOUNT;
    assert_eq!((victim.keys(&one), victim.sessions(&one)), (MAX_SKIPPED_OF_ACCOUNT, sessions));
    assert_eq!(victim.lost[&one.id()], withheld - MAX_SKIPPED_OF_ACCOUNT);
}

#[test]
fn of_one_account_the_device_that_withholds_most_loses_first() {
    let mut victim = Victim::new(3);
    let one = victim.befriend(1, 2);
    let (_, letter) = victim.flood(&one, (0, NOW), 10);
    for number in 0..5 {
        victim.flood(&one, (1, NOW + number), MAX_SKIPPED);
    }
    assert_eq!(victim.keys(&one), MAX_SKIPPED_OF_ACCOUNT);
    assert!(victim.open(one.address(0), &letter, NOW).is_ok());
}

#[test]
fn whoever_holds_most_loses_first_and_a_friend_nothing() {
    let mut victim = Victim::new(4);
    let friend = victim.befriend(1, 1);
    let (_, letter) = victim.flood(&friend, (0, NOW), 10);
    let before = victim.length();
    let mut crowd = Vec::new();
    for number in 2..20 {
        let one = victim.befriend(number, 1);
        for session in 0..2 {
            victim.flood(&one, (0, NOW + session), MAX_SKIPPED);
            let held: usize = crowd.iter().chain([&one]).map(|one| victim.keys(one)).sum();
            assert!(held + 10 <= MAX_SKIPPED_OF_CLIENT, "{held}");
        }
        crowd.push(one);
    }
    let held: usize = crowd.iter().map(|one| victim.keys(one)).sum();
    assert_eq!(held + 10, MAX_SKIPPED_OF_CLIENT);
    // All that is not held was told, whoever's it was.
    let lost: usize = victim.lost.values().sum();
    assert_eq!(held + lost, 18 * 2 * MAX_SKIPPED);
    assert!(crowd.iter().filter(|one| victim.lost[&one.id()] > 0).count() > 1);
    assert_eq!(victim.lost[&friend.id()], 0);
    let made = victim.length() - before;
    assert!(made <= 36 * MAX_SKIPPED_OF_CLIENT + 18 * 8_000, "{made}");
    assert!(victim.open(friend.address(0), &letter, NOW).is_ok());
}

#[test]
fn newcomers_have_an_eighth_of_the_keys_and_take_them_from_newcomers_only() {
    let mut victim = Victim::new(5);
    let friend = victim.befriend(1, 1);
    // The friend holds most.
    victim.flood(&friend, (0, NOW), MAX_SKIPPED);
    victim.flood(&friend, (0, NOW + 1), MAX_SKIPPED);
    let shy = victim.meet(2, 1);
    let (_, letter) = victim.flood(&shy, (0, NOW), 10);
    let mut crowd = Vec::new();
    for number in 3..9 {
        let one = victim.meet(number, 1);
        victim.flood(&one, (0, NOW), MAX_SKIPPED);
        crowd.push(one);
    }
    let held: usize = crowd.iter().map(|one| victim.keys(one)).sum();
    assert_eq!(held + 10, MAX_SKIPPED_OF_NEWCOMERS);
    assert_eq!((victim.keys(&friend), victim.lost[&friend.id()]), (2 * MAX_SKIPPED, 0));
    assert_eq!(victim.lost.values().sum::<usize>(), 6 * MAX_SKIPPED - held);
    victim.length();
    assert!(victim.open(shy.address(0), &letter, NOW).is_ok());
    // Once the user writes to one of them it is a newcomer no more, and its keys are not an eighth's.
    victim.client.inner.acquaint(shy.id());
    assert_eq!(victim.keys(&shy), 9);
    let one = victim.meet(9, 1);
    victim.flood(&one, (0, NOW), 100);
    let held: usize = crowd.iter().chain([&one]).map(|one| victim.keys(one)).sum();
    assert_eq!(held, MAX_SKIPPED_OF_NEWCOMERS);
}

#[test]
fn a_session_that_goes_for_another_is_told_with_its_keys() {
    let mut victim = Victim::new(6);
    let one = victim.befriend(1, 1);
    for number in 0..5 {
        victim.flood(&one, (0, NOW + number), 100);
    }
    assert_eq!((victim.keys(&one), victim.lost[&one.id()]), (500, 0));
    victim.flood(&one, (0, NOW + 5), 0);
    assert_eq!((victim.keys(&one), victim.lost[&one.id()]), (400, 100));
}

#[test]
fn a_state_in_which_somebody_holds_more_than_a_quota_does_not_load() {
    let mut victim = Victim::new(7);
    let one = victim.befriend(1, 2);
    victim.flood(&one, (0, NOW), MAX_SKIPPED);
    victim.flood(&one, (0, NOW + 1), MAX_SKIPPED);
    victim.length();
    // As it would be if nobody made room: sessions that another client has with the account's other device.
    let mut other = Victim::new(8);
    other.client.learn(&one.list, NOW).unwrap().apply();
    other.flood(&one, (1, NOW), 1);
    let peer = other.client.inner.peers.remove(&one.address(1)).unwrap();
    victim.client.inner.peers.insert(one.address(1), peer);
    refused(&victim, "a key more");
    victim.client.inner.peers.remove(&one.address(1));
    let two = other.meet(2, 1);
    other.flood(&two, (0, NOW), 10);
    let peer = other.client.inner.peers.remove(&two.address(0)).unwrap();
    victim.client.inner.peers.insert(two.address(0), peer);
    refused(&victim, "sessions with an account that is not known");
    victim.client.learn(&two.list, NOW).unwrap().apply();
    victim.length();
}

#[test]
fn what_is_held_of_nobody_known_does_not_load() {
    let mut victim = Victim::new(10);
    let one = victim.befriend(1, 2);
    victim.flood(&one, (0, NOW), 1);
    victim.flood(&one, (0, NOW + 1), 1);
    victim.length();
    let (stays, gone) = (one.address(0), Address { device: DeviceId([9; 8]), ..one.address(0) });
    let peer = |victim: &mut Victim| victim.client.inner.peers.remove(&stays).unwrap();
    let mut moved = peer(&mut victim);
    moved.told = true;
    victim.client.inner.peers.insert(stays, moved);
    refused(&victim, "told what is not said");
    let mut moved = peer(&mut victim);
    (moved.told, moved.heard) = (false, NOW);
    let listed = Listed { epoch: 1, hash: [1; 32] };
    moved.reports.insert(AccountId([9; 32]), listed);
    victim.client.inner.peers.insert(stays, moved);
    refused(&victim, "a report about nobody");
    let mut moved = peer(&mut victim);
    moved.reports.clear();
    victim.client.inner.peers.insert(stays, moved);
    victim.length();
    victim.client.inner.peers.insert(gone, Peer::new(1));
    refused(&victim, "a device that is not listed");
}

#[test]
fn an_own_account_of_which_something_is_forgotten_or_waits_does_not_load() {
    let mut victim = Victim::new(9);
    victim.length();
    victim.client.inner.own.forgotten = true;
    refused(&victim, "forgotten");
    victim.client.inner.own.forgotten = false;
    victim.client.inner.own.newcomer = true;
    refused(&victim, "a newcomer");
    victim.client.inner.own.newcomer = false;
    let other = Crowd::new(0, 1, &mut victim.rng).list;
    victim.client.inner.own.waiting.hold(other);
    refused(&victim, "waits");
}

fn refused(victim: &Victim, why: &str) {
    let loaded = Client::from_bytes(&victim.client.to_bytes());
    assert_eq!(loaded.err(), Some(Error::Corrupt), "{why}");
}

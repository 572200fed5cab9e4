//! The levy: nobody gives more than down to what the others are left with.

use super::*;
use crate::client::holdings::{Holding, Holdings};
use crate::client::levy::levy;
use crate::client::limits::{
    MAX_NEWCOMER_LISTS, MAX_NEWCOMERS, MAX_SKIPPED_OF_ACCOUNT, MAX_SKIPPED_OF_CLIENT,
    MAX_SKIPPED_OF_NEWCOMERS,
};
use crate::client::{GroupId, ListUpdate, To};
use crate::protocol::clock::{Clock, Now};
use crate::protocol::handshake::continuation::{Continuation, Predecessor};
use crate::protocol::position::{Position, SessionId};
use crate::session::Served;
use rand_core::Rng as _;

#[test]
fn whoever_holds_most_gives_no_more_than_down_to_the_next() {
    let mut victim = Victim::new(30);
    let most = victim.meet(1, 1);
    victim.flood(&most, (0, NOW), MAX_SKIPPED);
    let rest = victim.meet(2, 1);
    victim.flood(&rest, (0, NOW), 195);
    let mut crowd = Vec::new();
    for number in 3..7 {
        let one = victim.meet(number, 1);
        victim.flood(&one, (0, NOW), MAX_SKIPPED - 1);
        crowd.push(one);
    }
    // 9,996 keys of five accounts, 1,999 too many: of what is left over the two lowest ids keep one each.
    let held = |one: &Crowd| victim.keys(one);
    assert_eq!((held(&most), held(&rest)), (1600, 195));
    let held: Vec<_> = crowd.iter().map(held).collect();
    assert_eq!(held, [1600, 1599, 1599, 1599]);
    assert_eq!(victim.lost[&most.id()], 400);
    let lost: usize = victim.lost.values().sum();
    assert_eq!(lost, MAX_SKIPPED - 1);
    victim.length();
}

#[test]
fn a_device_that_withholds_does_not_empty_another_of_its_account() {
    let mut victim = Victim::new(31);
    let one = victim.befriend(1, 4);
    victim.flood(&one, (0, NOW), 1400);
    for device in 1..4 {
        victim.flood(&one, (device, NOW), 1300);
    }
    let of = |device| victim.client.inner.peers[&one.address(device)].skipped();
    assert_eq!([0, 1, 2, 3].map(of), [1000; 4]);
    assert_eq!(victim.lost[&one.id()], 1300);
    victim.length();
}

#[test]
fn of_newcomers_with_as_many_sessions_the_one_heard_of_longest_ago_goes_whatever_it_names() {
    let mut victim = Victim::new(32);
    let (liar, shy, other) = (victim.meet(1, 1), victim.meet(2, 1), victim.meet(3, 1));
    let invented = Predecessor { session: SessionId([5; 32]), closed: Position::default() };
    let bundle = victim.client.bundle();
    let named = Continuation::after(Some(invented), NOW);
    let rng = &mut victim.rng;
    let mut session = liar.devices[0].initiate_with(named, &bundle, NOW, rng).unwrap();
    let letter = victim.seal(&liar, &mut session);
    victim.open(liar.address(0), &letter, NOW).unwrap();
    victim.client.inner.clock = Clock::new(NOW + 1);
    let mut session = victim.session(&shy, 0, NOW);
    let letter = victim.seal(&shy, &mut session);
    victim.open(shy.address(0), &letter, NOW + 1).unwrap();
    let erased = victim.client.inner.newcomer_to_erase(other.address(0));
    assert_eq!(erased, Some(liar.address(0)));
}

#[test]
fn who_has_written_is_forgotten_after_those_that_never_did() {
    let mut victim = Victim::new(33);
    let loud: Vec<_> = (1..3).map(|number| victim.meet(number, 1)).collect();
    for one in &loud {
        victim.flood(one, (0, NOW), 0);
    }
    let count = u32::try_from(MAX_NEWCOMERS / 8 * 7).unwrap();
    for number in 3..=count {
        victim.meet(number, 1);
    }
    let forget = victim.client.tasks(&Served::NOTHING, NOW).forget;
    assert!(!forget.is_empty());
    assert!(loud.iter().all(|one| !forget.contains(&one.id())));
}

#[test]
fn lists_of_a_forgotten_newcomer_give_way() {
    let mut victim = Victim::new(34);
    let lists = u32::try_from(MAX_NEWCOMER_LISTS).unwrap();
    let list_of = |number: u32, victim: &mut Victim| Crowd::new(number, 1, &mut victim.rng).list;
    let known: Vec<_> = (0..=lists / 4).map(|number| list_of(1 + number, &mut victim)).collect();
    for list in &known {
        victim.client.learn(list, NOW).unwrap().apply();
    }
    for number in 0..lists {
        let list = list_of(1 + number / 4, &mut victim);
        victim.client.learn(&list, NOW).unwrap().apply();
    }
    let last = list_of(1 + lists / 4, &mut victim);
    assert_eq!(victim.client.learn(&last, NOW).map(drop), Err(Error::TooManyAccounts));
    for list in &known[1..3] {
        victim.client.forget(list.account(), NOW).unwrap().apply();
    }
    victim.client.learn(&last, NOW).unwrap().apply();
    assert_eq!(victim.client.changed_lists_of(last.account()).count(), 1);
    // What waits of the other ones waits on.
    let waiting = [0, 1, 2]
        .map(|place: usize| victim.client.changed_lists_of(known[place].account()).count());
    assert_eq!(waiting, [4, 0, 4]);
    victim.length();
}

#[test]
fn a_tombstone_lives_from_the_erasure_on() {
    let mut victim = Victim::new(35);
    let one = victim.befriend(1, 1);
    victim.flood(&one, (0, NOW), 0);
    let month = crate::protocol::handshake::prekeys::KEEP_FOR;
    let later = NOW + 20 * 86_400;
    victim.client.forget(one.id(), later).unwrap().apply();
    victim.client.inner.tombstones.expire(later + month - 1);
    assert_eq!(victim.client.inner.newest(one.address(0), Now::beginning(NOW)), NOW);
    victim.client.inner.tombstones.expire(later + month);
    assert_eq!(victim.client.inner.newest(one.address(0), Now::beginning(NOW)), 0);
}

#[test]
fn a_group_of_more_members_than_newcomers_fit_can_be_written_to() {
    let mut victim = Victim::new(36);
    let count = u32::try_from(MAX_NEWCOMERS).unwrap();
    for number in 1..=count {
        victim.meet(number, 1);
    }
    let numbers = (1..4).map(|number| count + number).chain([count]);
    let members: Vec<_> = numbers.map(|number| Crowd::new(number, 1, &mut victim.rng)).collect();
    let full = victim.client.learn(&members[0].list, NOW).map(drop);
    assert_eq!(full, Err(Error::TooManyAccounts));
    for one in &members[..3] {
        let learned = victim.client.learn_to_write(&one.list, NOW).unwrap();
        assert_eq!(learned.apply(), ListUpdate::First);
        assert!(!victim.client.inner.is_newcomer(one.id()));
        victim.length();
    }
    // Of whom a list is known it is said as well, and whoever reads of it from the change comes to the same.
    let known = victim.client.list_of(crowd::id(1)).unwrap().clone();
    let learned = victim.client.learn_to_write(&known, NOW).unwrap();
    assert_eq!(learned.apply(), ListUpdate::Nothing);
    assert!(!victim.client.inner.is_newcomer(crowd::id(1)));
    // A list under another key still waits for the user.
    let waits = victim.client.learn_to_write(&members[3].list, NOW).unwrap();
    assert_eq!(waits.apply(), ListUpdate::Changed);
    // There is room for a newcomer again, and what was learned to be written to is never to be forgotten.
    let new = victim.meet(count + 9, 1);
    assert!(victim.client.inner.is_newcomer(new.id()));
    let forget = victim.client.tasks(&Served::NOTHING, NOW).forget;
    assert!(members.iter().all(|one| !forget.contains(&one.id())));
    let everybody: Vec<_> = members[..3].iter().map(Crowd::id).collect();
    let group = To::Group { id: GroupId([1; 32]), members: &everybody };
    assert_eq!(victim.client.plan(group, NOW).unwrap().missing().count(), 3);
    victim.length();
}

#[test]
fn a_levy_takes_one_key_after_the_other_of_whoever_holds_most() {
    let mut rng = crate::primitives::tests::test_rng::TestRng::new(37);
    let mut below = |most: u64| usize::try_from(rng.next_u64() % most).unwrap();
    for _ in 0..2000 {
        let held: Vec<_> = (0..=below(8)).map(|id| (below(12), id)).collect();
        let over = below(60);
        let mut left = held.clone();
        for _ in 0..over {
            let most = left.iter_mut().max().unwrap();
            most.0 = most.0.saturating_sub(1);
        }
        let mut given = alloc::vec![0; held.len()];
        for (id, share) in levy(held.iter().copied(), over) {
            given[id] += share;
        }
        let expected: Vec<_> =
            held.iter().zip(&left).map(|(before, after)| before.0 - after.0).collect();
        assert_eq!(given, expected, "{held:?} {over}");
    }
}

#[test]
fn who_gives_is_found_among_all_that_hold_as_a_levy_says() {
    let mut rng = crate::primitives::tests::test_rng::TestRng::new(38);
    let mut below = |most: usize| usize::try_from(rng.next_u64()).unwrap() % most;
    let mut given = [0; 2];
    for round in 0..400 {
        let mut held = Vec::new();
        let mut holdings = Holdings::default();
        for number in 0..64 {
            let (is_newcomer, keys) = (below(2) == 0, below(MAX_SKIPPED_OF_ACCOUNT));
            let keys = if is_newcomer { keys / 8 } else { keys };
            holdings.set(crowd::id(number), is_newcomer, Holding { keys, sessions: 1 });
            held.push((keys, is_newcomer, crowd::id(number)));
        }
        let (place, mine) = (below(64), below(2 * MAX_SKIPPED_OF_ACCOUNT));
        let (_, is_newcomer, account) = held[place];
        let own = mine.saturating_sub(MAX_SKIPPED_OF_ACCOUNT);
        held[place].0 = mine - own;
        let sum = |of: &dyn Fn(bool) -> bool| -> usize {
            held.iter().filter(|one| of(one.1)).map(|one| one.0).sum()
        };
        let mut over = sum(&|_| true).saturating_sub(MAX_SKIPPED_OF_CLIENT);
        if is_newcomer {
            over = over.max(sum(&|one| one).saturating_sub(MAX_SKIPPED_OF_NEWCOMERS));
        }
        let asked = held.iter().filter(|one| one.1 || !is_newcomer).map(|one| (one.0, one.2));
        let mut expected = levy(asked, over);
        let mut expected_own = own;
        expected.retain(|(giver, share)| {
            expected_own += if *giver == account { *share } else { 0 };
            *giver != account
        });
        let found = holdings.surplus(account, is_newcomer, mine);
        let mut others = found.others;
        others.sort_unstable();
        assert_eq!((found.own, others), (expected_own, expected), "round {round}");
        given[usize::from(is_newcomer)] += usize::from(over > 0);
    }
    assert!(given.iter().all(|count| *count > 20), "{given:?}");
}

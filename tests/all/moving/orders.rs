//! Any order in which lists of an account that moves, and of the next owner of its id, come to a contact.

use super::*;
use latchstring::storage::{Journal, Pending, State, StateKey};
use support::shelf::Shelf;

#[test]
fn whatever_order_the_lists_come_in_the_newest_decides() {
    for seed in 0..24_u64 {
        let mut town = Town::new(40, &[1, 1]);
        town.chat(0, 1);
        let key = town.people[0].account.public_key();
        let now = town.now;
        town.client(1, 0).set_verified(OLD, Some(key), now).unwrap().apply();
        let mut lists = vec![town.server.list(OLD)];
        for to in [NEW, NEXT, OLD, NEW] {
            move_to(&mut town, 0, to);
            lists.push(town.server.list(to));
        }
        let last = lists[4].clone();
        let mut order: Vec<usize> = (0..lists.len()).collect();
        let mut state = seed * 7919 + 1_u64;
        for place in (1..order.len()).rev() {
            state = state * 48_271 % 2_147_483_647;
            order.swap(place, usize::try_from(state).unwrap() % (place + 1));
        }
        for place in order {
            let bob = town.client(1, 0);
            let known =
                bob.list_of(OLD).or(bob.list_of(NEW)).or(bob.list_of(NEXT)).unwrap().epoch();
            let learned = bob.learn(&lists[place], now).map(Pending::apply);
            match lists[place].epoch().cmp(&known) {
                std::cmp::Ordering::Less => assert_eq!(learned, Err(Error::ListRollback)),
                std::cmp::Ordering::Equal => assert_eq!(learned, Ok(ListUpdate::Nothing)),
                std::cmp::Ordering::Greater => assert!(learned.is_ok()),
            }
            *bob = restored(bob);
            let known: Vec<_> =
                [OLD, NEW, NEXT].into_iter().filter(|id| bob.list_of(*id).is_some()).collect();
            assert_eq!(known.len(), 1);
            assert!(bob.is_verified(known[0]));
        }
        assert_eq!(town.people[1].devices[0].list_of(NEW), Some(&last));
        say(&mut town, 1, 0, To::Account(NEW), b"in the session that there was");
        is_quiet(&take_one(&mut town, 0, 0));
    }
}

#[test]
fn a_journal_brings_a_move_back() {
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let owner = b"moving";
    let mut town = Town::new(41, &[1, 1]);
    town.chat(0, 1);
    move_to(&mut town, 0, NEW);
    let (list, now) = (town.server.list(NEW), town.now);
    let Town { people, rng, .. } = &mut town;
    let bob = &mut people[1].devices[0];
    let (snapshot, mut journal) = Journal::begin(bob, &key, owner, rng).unwrap();
    let snapshot = Shelf::of(snapshot);
    let recorded = bob.learn(&list, now).unwrap().journal(&mut journal, rng).unwrap();
    let entry = recorded.record().unwrap().to_vec();
    recorded.apply();
    let (loaded, _): (Client, _) =
        Journal::open(&key, owner, None, snapshot.records(), [&entry]).unwrap();
    assert!(*loaded.to_bytes() == *bob.to_bytes());
    assert!(loaded.list_of(NEW).is_some() && loaded.list_of(OLD).is_none());
}

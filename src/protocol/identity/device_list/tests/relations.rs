//! Relations between two lists.

use super::*;

#[test]
fn an_older_list_is_a_rollback() {
    let lists = chain(4);
    for (old, new) in [(0, 1), (0, 3), (2, 3)] {
        assert_eq!(lists[old].follows(&lists[new]), Err(Error::ListRollback));
        assert_eq!(lists[new].follows(&lists[old]), Ok(true));
    }
    assert_eq!(lists[2].follows(&lists[2]), Ok(false));
}

#[test]
fn two_lists_of_one_epoch_are_a_fork_although_only_their_times_differ() {
    let list = first();
    let one = list.next(&key(), vec![device(1)], NOW).unwrap();
    let other = list.next(&key(), vec![device(1)], NOW + 1).unwrap();
    assert_eq!(one.follows(&other), Err(Error::ListFork));
    assert_eq!(other.follows(&one), Err(Error::ListFork));
    // And so do their successors, in either direction.
    let after = next(&other, &[1, 2]);
    assert_eq!(after.follows(&one), Err(Error::ListFork));
    assert_eq!(one.follows(&after), Err(Error::ListFork));
    assert_eq!(after.follows(&list), Ok(true));
}

#[test]
fn a_peer_that_missed_65_lists_can_follow_and_one_that_missed_more_cannot() {
    let lists = chain(70);
    assert_eq!(lists[69].follows(&lists[4]), Ok(true));
    assert_eq!(lists[69].follows(&lists[3]), Err(Error::ListGap));
    // It can, by one in between.
    assert_eq!(lists[40].follows(&lists[3]), Ok(true));
    assert_eq!(lists[69].follows(&lists[40]), Ok(true));
}

#[test]
fn a_list_of_another_account_or_key_follows_nothing() {
    let other = signing(0xfe);
    let device = device_of(&other, [1; 8], 1, 1);
    let list = DeviceList::first(&other, device.clone(), NOW);
    let later = list.next(&other, vec![device], NOW).unwrap();
    assert_eq!(later.follows(&first()), Err(Error::WrongPeer));
    let mut elsewhere = two();
    elsewhere.account = AccountId([8; 32]);
    assert_eq!(elsewhere.follows(&first()), Err(Error::WrongPeer));
}

#[test]
fn an_id_is_one_devices_for_good() {
    let known = two();
    let renamed = vec![device(1), device_of(&key(), [2; 8], 3, 3)];
    assert_eq!(known.next(&key(), renamed.clone(), NOW).err(), Some(Error::DeviceConflict));
    // Through a list that the peer did not see, or an account that does not keep the rule.
    let between = next(&known, &[1]);
    let list = between.next(&key(), renamed, NOW).unwrap();
    assert_eq!(list.follows(&between), Ok(true));
    assert_eq!(list.follows(&known), Err(Error::WrongPeer));
}

/// A history: one chain, and another that leaves it after some list.
#[derive(Clone, Debug)]
struct History {
    main: Vec<Vec<u8>>,
    branch: Vec<Vec<u8>>,
    at: Index,
    asked: Vec<(bool, Index)>,
}

fn history() -> impl Strategy<Value = History> {
    let devices = proptest::collection::btree_set(1..9_u8, 1..4);
    let devices = devices.prop_map(|set| set.into_iter().collect::<Vec<u8>>());
    let main = proptest::collection::vec(devices.clone(), 1..90);
    let branch = proptest::collection::vec(devices, 1..20);
    let asked = proptest::collection::vec((any::<bool>(), any::<Index>()), 1..60);
    (main, branch, any::<Index>(), asked).prop_map(|(main, branch, at, asked)| History {
        main,
        branch,
        at,
        asked,
    })
}

fn grow(from: &DeviceList, sets: &[Vec<u8>], now: u64) -> Vec<DeviceList> {
    let mut lists = vec![from.clone()];
    for set in sets {
        let devices = set.iter().map(|byte| device(*byte)).collect();
        let list = lists.last().unwrap().next(&key(), devices, now).unwrap();
        lists.push(list);
    }
    lists
}

/// Tells how a list must relate to the known one, both given by their place in a tree whose branch
/// leaves the main chain after epoch `at`.
fn expected(at: u64, new: (bool, u64), known: (bool, u64)) -> Result<bool, Error> {
    // Up to the parting, a list is an ancestor on both lines.
    let on_one_line = new.0 == known.0 || new.1.min(known.1) <= at;
    let reach = |list: u64, of: u64| list - of <= 65;
    match new.1.cmp(&known.1) {
        Ordering::Equal if on_one_line => Ok(false),
        Ordering::Less if on_one_line || !reach(known.1, new.1) => Err(Error::ListRollback),
        Ordering::Greater if !reach(new.1, known.1) => Err(Error::ListGap),
        Ordering::Greater if on_one_line => Ok(true),
        _ => Err(Error::ListFork),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_two_lists_relate_as_their_places_in_the_history(history in history()) {
        let main = grow(&first(), &history.main, NOW);
        let at = history.at.index(main.len());
        // Another second, so that no list of the branch equals one of the chain.
        let branch = grow(&main[at], &history.branch, NOW + 1);
        let at = main[at].epoch();
        let both = [(false, &main), (true, &branch)];
        let all = || both.into_iter().flat_map(|(is_branch, lists)| {
            lists.iter().map(move |list| (is_branch, list))
        });
        for (new_branch, new) in all() {
            for (known_branch, known) in all() {
                let places = ((new_branch, new.epoch()), (known_branch, known.epoch()));
                let expected = expected(at, places.0, places.1);
                prop_assert_eq!(new.follows(known), expected, "{:?} {}", places, at);
            }
        }
        // A peer that takes only lists that follow never leaves the line it is on, and never goes back.
        let mut known = main[0].clone();
        for (is_branch, index) in &history.asked {
            let lists = if *is_branch { &branch } else { &main };
            let list = index.get(lists);
            if list.follows(&known) == Ok(true) {
                prop_assert!(list.epoch() > known.epoch());
                prop_assert_eq!(list.hash_at(known.epoch()), Some(known.hash));
                known = list.clone();
            }
        }
    }
}

//! Questions about an account's list, and who decides them: the user.

use super::*;

/// Lists of the second person's account, the first 101 under its first key.
fn hundred(town: &mut Town) -> Vec<DeviceList> {
    for _ in 0..100 {
        town.renew(1);
    }
    let lists = town.server.lists[&town.id(1)].iter();
    lists.map(|list| DeviceList::decode(list).unwrap()).collect()
}

/// Makes the list of somebody who has made up an account key.
fn invented(town: &Town, seed: u64) -> DeviceList {
    anew(town, 1, seed).1.list().clone()
}

#[test]
fn a_gap_under_the_old_key_does_not_take_the_place_of_another_key() {
    let mut town = Town::new(60, &[1, 1]);
    town.chat(0, 1);
    let lists = hundred(&mut town);
    let (_, new) = anew(&town, 1, 100);
    assert_eq!(learn(town.client(0, 0), new.list(), NOW), Ok(ListUpdate::Changed));
    // The thief of the old key: a gap, what bridges it, and what follows.
    assert_eq!(learn(town.client(0, 0), &lists[69], NOW), Ok(ListUpdate::Changed));
    assert_eq!(waiting(&town).len(), 2);
    learn(town.client(0, 0), &lists[40], NOW).unwrap();
    learn(town.client(0, 0), &lists[70], NOW).unwrap();
    assert_eq!(waiting(&town), [new.list().clone()]);
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    let client = town.client(0, 0);
    *client = restored(client);
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    // Only the user decides.
    town.client(0, 0).acknowledge(new.list(), NOW).unwrap().apply();
    assert_eq!(plan(&town).unwrap(), [new.address()]);
    refuses(town.client(0, 0), Error::WrongPeer, |client| client.learn(&lists[99], NOW).map(drop));
}

#[test]
fn what_is_read_while_another_key_waits_says_so() {
    let mut town = Town::new(61, &[1, 1]);
    town.chat(0, 1);
    let (_, new) = anew(&town, 1, 100);
    town.say(1, 0, 0, b"before");
    assert_eq!(town.alerts(0, 0), []);
    learn(town.client(0, 0), new.list(), NOW).unwrap();
    for _ in 0..2 {
        town.say(1, 0, 0, b"from whoever has the telephone");
        assert_eq!(town.alerts(0, 0), [Alert::AccountChanged]);
    }
    town.client(0, 0).dismiss(new.list(), NOW).unwrap().apply();
    town.say(1, 0, 0, b"after");
    assert_eq!(town.alerts(0, 0), []);
}

#[test]
fn of_lists_that_wait_an_older_one_takes_no_newer_ones_place() {
    let mut town = Town::new(62, &[1, 1]);
    let lists = hundred(&mut town);
    let client = town.client(0, 0);
    assert_eq!(learn(client, &lists[80], NOW), Ok(ListUpdate::Changed));
    refuses(client, Error::ListRollback, |client| client.learn(&lists[70], NOW).map(drop));
    let mut fork = Listing::of(&lists[70]);
    fork.issued += 1;
    let fork = fork.signed(&account_seed(&town.people[1].account)).list();
    let client = town.client(0, 0);
    refuses(client, Error::ListFork, |client| client.learn(&fork, NOW).map(drop));
    assert_eq!(learn(client, &lists[99], NOW), Ok(ListUpdate::Changed));
    assert_eq!(waiting(&town), [lists[99].clone()]);
    // A successor of the known list that the one that waits descends from bridges part of the way.
    learn(town.client(0, 0), &lists[30], NOW).unwrap();
    assert_eq!(waiting(&town), [lists[99].clone()]);
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    learn(town.client(0, 0), &lists[60], NOW).unwrap();
    let id = town.id(1);
    assert_eq!(town.client(0, 0).list_of(id), Some(&lists[99]));
    assert!(plan(&town).is_ok());
}

#[test]
fn a_list_that_waits_is_not_settled_by_another_history_under_its_key() {
    let mut town = Town::new(63, &[1, 1]);
    let lists = hundred(&mut town);
    let seed = account_seed(&town.people[1].account);
    learn(town.client(0, 0), &lists[70], NOW).unwrap();
    // A thief of the key goes on from the first list.
    let mut other = Listing::of(&lists[0]);
    for _ in 0..64 {
        other = other.next();
        other.issued += 1;
    }
    let before = other.clone().signed(&seed).list();
    learn(town.client(0, 0), &before, NOW).unwrap();
    for _ in 0..20 {
        let bridge = other.clone().signed(&seed).list();
        learn(town.client(0, 0), &bridge, NOW).unwrap();
        assert_eq!(waiting(&town), [lists[70].clone()]);
        assert_eq!(plan(&town), Err(Error::AccountChanged));
        other = other.next();
        other.base = bridge_base(&other);
        other.trail.remove(0);
        other.issued += 1;
    }
    let client = town.client(0, 0);
    *client = restored(client);
    // An older list of the known history is older, though it parts from the one that waits.
    refuses(client, Error::ListRollback, |client| client.acknowledge(&before, NOW).map(drop));
    client.acknowledge(&lists[70], NOW).unwrap().apply();
    assert_eq!(client.list_of(lists[0].account()), Some(&lists[70]));
}

/// Returns the base of a listing whose trail has become one too long.
fn bridge_base(of: &Listing) -> [u8; 32] {
    let epoch = of.epoch - u64::try_from(of.trail.len()).unwrap();
    support::forged::labelled("devices/hash", &[&epoch.to_be_bytes(), &of.base, &of.trail[0]])
}

#[test]
fn invented_keys_do_not_take_a_true_ones_place_nor_keep_it_out() {
    let mut town = Town::new(64, &[1, 1]);
    let (_, new) = anew(&town, 1, 100);
    learn(town.client(0, 0), new.list(), NOW).unwrap();
    let others: Vec<_> = (0..20).map(|seed| invented(&town, 200 + seed)).collect();
    for list in &others {
        assert_eq!(learn(town.client(0, 0), list, NOW), Ok(ListUpdate::Changed));
    }
    assert_eq!(waiting(&town).len(), 4);
    assert!(waiting(&town).contains(new.list()));
    // The other way round: the true one comes last, is shown, and can be acknowledged.
    let mut town = Town::new(64, &[1, 1]);
    for list in &others {
        assert_eq!(learn(town.client(0, 0), list, NOW), Ok(ListUpdate::Changed));
    }
    let client = town.client(0, 0);
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    client.acknowledge(new.list(), NOW).unwrap().apply();
    *client = restored(client);
    assert_eq!(client.list_of(new.address().account), Some(new.list()));
    for list in waiting(&town) {
        assert_eq!(plan(&town), Err(Error::AccountChanged), "each is a question of its own");
        town.client(0, 0).dismiss(&list, NOW).unwrap().apply();
    }
    assert_eq!(plan(&town).unwrap(), [new.address()]);
}

#[test]
fn what_was_dismissed_is_remembered_whatever_else_the_user_decides() {
    let mut town = Town::new(65, &[1, 1]);
    let known = town.server.list(town.id(1));
    let others: Vec<_> = (0..20).map(|seed| invented(&town, 300 + seed)).collect();
    for list in &others {
        learn(town.client(0, 0), list, NOW).unwrap();
        town.client(0, 0).dismiss(list, NOW).unwrap().apply();
    }
    let (_, new) = anew(&town, 1, 100);
    let client = town.client(0, 0);
    learn(client, new.list(), NOW).unwrap();
    client.acknowledge(new.list(), NOW).unwrap().apply();
    *client = restored(client);
    for list in others.iter().chain([&known]) {
        refuses(client, Error::WrongPeer, |client| client.learn(list, NOW).map(drop));
    }
    // The user can think otherwise, and then it is the other way round.
    client.acknowledge(&known, NOW).unwrap().apply();
    assert_eq!(learn(client, &known, NOW), Ok(ListUpdate::Nothing));
    refuses(client, Error::WrongPeer, |client| client.learn(new.list(), NOW).map(drop));
}

#[test]
fn a_gap_that_was_dismissed_does_not_wait_again_and_can_still_be_proved() {
    let mut town = Town::new(66, &[1, 1]);
    let lists = hundred(&mut town);
    let client = town.client(0, 0);
    learn(client, &lists[70], NOW).unwrap();
    client.dismiss(&lists[70], NOW).unwrap().apply();
    refuses(client, Error::ListGap, |client| client.learn(&lists[70], NOW).map(drop));
    assert!(plan(&town).is_ok());
    let client = town.client(0, 0);
    learn(client, &lists[40], NOW).unwrap();
    learn(client, &lists[70], NOW).unwrap();
    assert_eq!(client.list_of(lists[0].account()), Some(&lists[70]));
}

#[test]
fn a_gap_that_was_dismissed_does_not_take_the_place_of_one_that_waits() {
    let mut town = Town::new(68, &[1, 1]);
    for _ in 0..120 {
        town.renew(1);
    }
    let lists = town.server.lists[&town.id(1)].iter();
    let lists: Vec<_> = lists.map(|list| DeviceList::decode(list).unwrap()).collect();
    let client = town.client(0, 0);
    learn(client, &lists[110], NOW).unwrap();
    client.dismiss(&lists[110], NOW).unwrap().apply();
    learn(client, &lists[90], NOW).unwrap();
    refuses(client, Error::ListGap, |client| client.learn(&lists[110], NOW).map(drop));
    assert_eq!(waiting(&town), [lists[90].clone()]);
}

#[test]
fn of_two_histories_under_another_key_the_one_that_was_shown_first_is_dismissed_by_itself_only() {
    let mut town = Town::new(69, &[1, 1]);
    town.chat(0, 1);
    let (account, new) = anew(&town, 1, 100);
    let mut fork = started(&new);
    fork.renew(&account, NOW + 1).unwrap().apply();
    let mut genuine = started(&new);
    genuine.renew(&account, NOW + 2).unwrap().apply();
    learn(town.client(0, 0), genuine.list(), NOW + 2).unwrap();
    let client = town.client(0, 0);
    refuses(client, Error::ListFork, |client| client.learn(fork.list(), NOW + 2).map(drop));
    refuses(client, Error::AccountChanged, |client| client.dismiss(fork.list(), NOW + 2).map(drop));
    assert_eq!(waiting(&town), [genuine.list().clone()]);
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    town.client(0, 0).dismiss(genuine.list(), NOW + 2).unwrap().apply();
    assert!(plan(&town).is_ok());
}

#[test]
fn after_256_dismissals_one_question_comes_a_day_and_none_is_lost() {
    let mut town = Town::new(67, &[1, 1]);
    let refuse = |town: &mut Town, seed, now| {
        let list = invented(town, seed);
        let learned = learn(town.client(0, 0), &list, now);
        if learned == Ok(ListUpdate::Changed) {
            town.client(0, 0).dismiss(&list, now).unwrap().apply();
        }
        learned
    };
    for seed in 0..=256 {
        assert_eq!(refuse(&mut town, 1000 + seed, NOW), Ok(ListUpdate::Changed), "{seed}");
    }
    // The first one is forgotten. It and all others come again after a day, and then one of them.
    let last = NOW + DAY - 1;
    for (seed, now) in [(1000, NOW), (1256, NOW), (2000, last)] {
        assert_eq!(refuse(&mut town, seed, now), Err(Error::WrongPeer));
    }
    let client = town.client(0, 0);
    *client = restored(client);
    assert_eq!(refuse(&mut town, 1001, NOW + DAY), Err(Error::WrongPeer), "remembered");
    // The true one is asked about then, and before that the user can acknowledge it.
    let (_, new) = anew(&town, 1, 100);
    refuses(town.client(0, 0), Error::WrongPeer, |client| client.learn(new.list(), last).map(drop));
    let mut asked = restored(town.client(0, 0));
    asked.acknowledge(new.list(), last).unwrap().apply();
    assert_eq!(asked.list_of(town.id(1)), Some(new.list()));
    assert_eq!(learn(town.client(0, 0), new.list(), NOW + DAY), Ok(ListUpdate::Changed));
    assert_eq!(plan(&town), Err(Error::AccountChanged));
}

#[test]
fn a_fork_is_acknowledged_by_the_user_and_taken_by_nobody_else() {
    let mut town = Town::new(68, &[1, 1]);
    town.chat(0, 1);
    let seed = account_seed(&town.people[1].account);
    let first = town.server.list(town.id(1));
    let mut other = Listing::of(&first).next();
    other.issued += 1;
    let other = other.signed(&seed).list();
    learn(town.client(0, 0), &other, NOW).unwrap();
    let own = town.renew(1);
    let client = town.client(0, 0);
    refuses(client, Error::ListFork, |client| client.learn(&own, NOW).map(drop));
    refuses(client, Error::ListRollback, |client| client.acknowledge(&first, NOW).map(drop));
    client.acknowledge(&own, NOW).unwrap().apply();
    assert_eq!(client.list_of(own.account()), Some(&own));
    refuses(client, Error::ListFork, |client| client.learn(&other, NOW).map(drop));
}

#[test]
fn a_list_past_its_time_is_not_acknowledged() {
    let mut town = Town::new(69, &[1, 1]);
    let (_, new) = anew(&town, 1, 100);
    let client = town.client(0, 0);
    learn(client, new.list(), NOW).unwrap();
    let late = new.list().expires() + 1;
    refuses(client, Error::ListExpired, |client| client.acknowledge(new.list(), late).map(drop));
    client.dismiss(new.list(), late).unwrap().apply();
    assert_eq!(waiting(&town), []);
}

#[test]
fn a_forgotten_account_is_not_rolled_back_nor_given_another_key_unseen() {
    let mut town = Town::new(70, &[1, 2]);
    town.chat(0, 1);
    let id = town.id(1);
    let before = town.server.list(id);
    let (_, refused) = anew(&town, 1, 100);
    learn(town.client(0, 0), refused.list(), NOW).unwrap();
    town.client(0, 0).dismiss(refused.list(), NOW).unwrap().apply();
    town.remove(1, 1);
    town.inform(0, id);
    let client = town.client(0, 0);
    client.forget(id, NOW).unwrap().apply();
    *client = restored(client);
    assert!(client.list_of(id).is_none());
    refuses(client, Error::UnknownAccount, |client| client.plan(To::Account(id), NOW));
    refuses(client, Error::UnknownAccount, |client| client.forget(id, NOW).map(drop));
    // The removed device does not come back, nor does the refused key.
    refuses(client, Error::ListRollback, |client| client.learn(&before, NOW).map(drop));
    refuses(client, Error::WrongPeer, |client| client.learn(refused.list(), NOW).map(drop));
    // Another key is a question, as it was before.
    let (_, new) = anew(&town, 1, 101);
    let client = town.client(0, 0);
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    let mut other = restored(client);
    other.acknowledge(new.list(), NOW).unwrap().apply();
    assert_eq!(other.list_of(id), Some(new.list()));
    client.dismiss(new.list(), NOW).unwrap().apply();
    assert!(client.list_of(id).is_none());
    // The known list, or one that follows, is the first one again.
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::First));
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::Nothing));
    assert_eq!(plan(&town).unwrap(), [town.address(1, 0)]);
    let now = town.now;
    town.client(0, 0).forget(id, now).unwrap().apply();
    town.renew(1);
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::First));
}

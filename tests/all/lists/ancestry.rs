//! The order of lists: which one follows another.

use super::*;

#[test]
fn no_older_list_is_taken_not_even_after_a_restart() {
    let mut town = Town::new(6, &[1, 3]);
    let id = town.id(1);
    let lists: Vec<_> =
        town.server.lists[&id].iter().map(|list| DeviceList::decode(list).unwrap()).collect();
    assert_eq!(lists.len(), 3);
    for person in [0, 1] {
        let client = town.client(person, 0);
        *client = restored(client);
        for list in &lists[..2] {
            refuses(client, Error::ListRollback, |client| learn(client, list, NOW));
        }
        assert_eq!(learn(client, &lists[2], NOW), Ok(ListUpdate::Nothing));
    }
}

#[test]
fn another_list_of_the_known_epoch_is_a_fork_for_everybody() {
    let mut town = Town::new(7, &[1, 1]);
    let seed = account_seed(&town.people[1].account);
    let first = Listing::of(&town.server.list(town.id(1)));
    town.link(1);
    town.learn(0, 0, town.id(1)).unwrap();
    // What the account says to somebody else at the same time, and what it would go on with there.
    let mut other = first.next();
    other.issued += 1;
    let other = other.signed(&seed);
    let later = other.next().signed(&seed);
    for listing in [&other, &later] {
        for person in [0, 1] {
            let client = town.client(person, 0);
            let list = listing.list();
            refuses(client, Error::ListFork, |client| learn(client, &list, NOW));
        }
    }
    // The known list goes on.
    town.renew(1);
    let learned = town.learn(0, 0, town.id(1));
    assert_eq!(learned, Ok(ListUpdate::Newer { added: vec![], removed: vec![] }));
    // The fork is one from here as well, though it is older now.
    let client = town.client(0, 0);
    refuses(client, Error::ListFork, |client| learn(client, &other.list(), NOW));
}

#[test]
fn two_lists_of_one_epoch_are_never_merged() {
    // A removal signed at the same epoch as an addition: neither is taken for the other.
    let mut town = Town::new(8, &[1, 2]);
    let seed = account_seed(&town.people[1].account);
    let second = Listing::of(&town.server.list(town.id(1)));
    let mut smaller = second.next();
    let place = smaller.place(town.address(1, 1).device.0);
    smaller.members.remove(place);
    let smaller = smaller.signed(&seed).list();
    town.link(1);
    town.learn(0, 0, town.id(1)).unwrap();
    let before = plan(&town).unwrap();
    refuses(town.client(0, 0), Error::ListFork, |client| learn(client, &smaller, NOW));
    assert_eq!(plan(&town).unwrap(), before);
}

#[test]
fn a_list_65_epochs_later_follows_and_one_66_later_waits_for_the_user() {
    let mut town = Town::new(9, &[1, 1]);
    let id = town.id(1);
    for _ in 0..65 {
        town.renew(1);
    }
    let near = town.server.list(id);
    let far = town.renew(1);
    assert_eq!((near.epoch(), far.epoch()), (66, 67));

    let mut patient = restored(town.client(0, 0));
    assert_eq!(learn(town.client(0, 0), &far, NOW), Ok(ListUpdate::Changed));
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    assert_eq!(waiting(&town), core::slice::from_ref(&far));
    // The account's own device is not asked: it has the account, and must not jump over a past.
    let mut own = Town::new(9, &[1, 1]).people.remove(1).devices.remove(0);
    refuses(&mut own, Error::ListGap, |client| learn(client, &far, NOW));

    // A list in between needs no user: everything is proven then, and the list that waited is taken.
    let followed = ListUpdate::Newer { added: vec![], removed: vec![] };
    assert_eq!(learn(town.client(0, 0), &near, NOW), Ok(followed.clone()));
    assert_eq!(town.client(0, 0).list_of(id), Some(&far));
    assert_eq!(waiting(&town), []);
    assert!(plan(&town).is_ok());
    assert_eq!(learn(&mut patient, &near, NOW), Ok(followed.clone()));
    assert_eq!(learn(&mut patient, &far, NOW), Ok(followed));
}

#[test]
fn a_gap_is_acknowledged_by_the_very_list_that_was_shown() {
    let mut town = Town::new(10, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    for _ in 0..66 {
        town.renew(1);
    }
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::Changed));
    let (shown, newer) = (town.server.list(id), town.renew(1));
    let (now, device) = (town.now, town.address(1, 0));
    let client = town.client(0, 0);
    refuses(client, Error::AccountChanged, |client| client.acknowledge(&newer, now).map(drop));
    client.acknowledge(&shown, now).unwrap().apply();
    assert_eq!(client.list_of(id).unwrap().epoch(), 67);
    // Begun anew: whether the devices are the same ones, nothing has shown.
    assert!(!client.has_session(device, NOW));
    assert_eq!(plan(&town).unwrap(), [town.address(1, 0)]);
}

//! Another account key.

use super::*;

#[test]
fn another_account_key_stops_everything_until_the_user_has_said_yes_to_it() {
    let mut town = Town::new(18, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    let to = To::Account(id);
    let (_, new) = anew(&town, 1, 100);
    let old_key = town.people[1].account.public_key();
    let mut before = town.people[0].devices[0].plan(to, NOW).unwrap();
    town.say(1, 0, 0, b"from the old device");
    let old = town.mail(0, 0);

    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    assert_eq!(client.list_of(id).unwrap().account_key(), old_key);
    *client = restored(client);
    refuses(client, Error::AccountChanged, |client| client.plan(to, NOW));
    assert_eq!(stop(client, id, NOW), Some(Stop::Changed));
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut before, &said(b"no"), NOW, rng).map(drop)
    });
    refuses(client, Error::AccountChanged, |client| client.send(to, &said(b"no"), NOW, rng));
    refuses(client, Error::AccountChanged, |client| client.request_resend(old.from, old.id, NOW));
    refuses(client, Error::AccountChanged, |client| {
        client.open(new.address(), &old.message, NOW).map(drop)
    });
    // Reading what the old devices say goes on.
    assert!(client.open(old.from, &old.message, NOW).is_ok());

    let known = client.list_of(id).unwrap().clone();
    refuses(client, Error::NotChanged, |client| client.acknowledge(&known, NOW).map(drop));
    client.acknowledge(new.list(), NOW).unwrap().apply();
    refuses(client, Error::NotChanged, |client| client.acknowledge(new.list(), NOW).map(drop));
    refuses(client, Error::WrongPeer, |client| client.learn(&known, NOW).map(drop));
    refuses(client, Error::Unlisted, |client| client.open(old.from, &old.message, NOW).map(drop));
    let after = client.plan(to, NOW).unwrap();
    assert_eq!(after.missing().collect::<Vec<_>>(), [new.address()]);
}

#[test]
fn an_account_key_that_the_user_has_refused_is_not_asked_about_again() {
    let mut town = Town::new(30, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    let (account, mut new) = anew(&town, 1, 100);
    let known = town.server.list(id);
    let client = town.client(0, 0);
    refuses(client, Error::NotChanged, |client| client.dismiss(&known, NOW).map(drop));
    learn(client, new.list(), NOW).unwrap();
    client.dismiss(new.list(), NOW).unwrap().apply();
    *client = restored(client);
    // What was known holds again, and the same thing is not shown a second time.
    assert_eq!(client.changed_lists_of(id).count(), 0);
    new.renew(&account, NOW).unwrap().apply();
    refuses(client, Error::WrongPeer, |client| client.learn(new.list(), NOW).map(drop));
    town.say(0, 0, 1, b"still you");
    assert_eq!(town.read(1, 0), [b"still you"]);
    // A third key is another question.
    let (_, third) = anew(&town, 1, 101);
    assert_eq!(learn(town.client(0, 0), third.list(), NOW), Ok(ListUpdate::Changed));
}

#[test]
fn a_newer_list_of_the_old_key_does_not_answer_for_the_user() {
    let mut town = Town::new(31, &[1, 1]);
    let (_, new) = anew(&town, 1, 100);
    learn(town.client(0, 0), new.list(), NOW).unwrap();
    town.renew(1);
    let learned = town.learn(0, 0, town.id(1)).unwrap();
    assert_eq!(learned, ListUpdate::Newer { added: vec![], removed: vec![] });
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    assert_eq!(waiting(&town), [new.list().clone()]);
}

#[test]
fn a_list_that_came_after_the_question_is_not_acknowledged_unseen() {
    let mut town = Town::new(19, &[1, 1]);
    let (account, mut new) = anew(&town, 1, 100);
    let shown = new.list().clone();
    learn(town.client(0, 0), &shown, NOW).unwrap();
    // Another list under the same key, with who knows which devices.
    new.renew(&account, NOW).unwrap().apply();
    let client = town.client(0, 0);
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    refuses(client, Error::AccountChanged, |client| client.acknowledge(&shown, NOW).map(drop));
    refuses(client, Error::AccountChanged, |client| client.dismiss(&shown, NOW).map(drop));
    client.acknowledge(new.list(), NOW).unwrap().apply();
    assert_eq!(client.list_of(shown.account()), Some(new.list()));
}

#[test]
fn a_list_that_waits_for_the_user_is_not_rolled_back_or_forked_either() {
    let mut town = Town::new(20, &[1, 1]);
    let (account, mut new) = anew(&town, 1, 100);
    let first = new.list().clone();
    new.renew(&account, NOW).unwrap().apply();
    let second = new.list().clone();
    let mut fork = Listing::of(&first).next();
    fork.issued += 1;
    let fork = fork.signed(&account_seed(&account)).list();
    let client = town.client(0, 0);
    learn(client, &second, NOW).unwrap();
    refuses(client, Error::ListRollback, |client| client.learn(&first, NOW).map(drop));
    refuses(client, Error::ListFork, |client| client.learn(&fork, NOW).map(drop));
    assert_eq!(waiting(&town), [second]);
}

#[test]
fn this_devices_own_account_has_one_key() {
    let mut town = Town::new(21, &[2, 1]);
    let (_, other) = anew(&town, 0, 100);
    let id = town.id(0);
    for device in [0, 1] {
        let client = town.client(0, device);
        refuses(client, Error::WrongPeer, |client| client.learn(other.list(), NOW).map(drop));
        refuses(client, Error::NotChanged, |client| {
            client.acknowledge(other.list(), NOW).map(drop)
        });
        refuses(client, Error::UnknownAccount, |client| client.forget(id, NOW).map(drop));
    }
}

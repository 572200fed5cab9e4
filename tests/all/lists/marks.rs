//! Marks of an account: that its key was compared, and what a log says of its list.

use latchstring::client::LogStatus;

use super::*;

#[test]
fn an_account_is_verified_by_the_key_that_was_compared_and_by_no_other() {
    let mut town = Town::new(90, &[1, 2]);
    let id = town.id(1);
    let key = town.server.list(id).account_key();
    let (_, new) = anew(&town, 1, 900);
    let client = town.client(0, 0);
    assert!(!client.is_verified(id));
    let other = Some(new.list().account_key());
    refuses(client, Error::WrongPeer, |client| client.set_verified(id, other, NOW).map(drop));
    client.set_verified(id, Some(key), NOW).unwrap().apply();
    *client = restored(client);
    assert!(client.is_verified(id));
    // A newer list under the key does not take it away; the user does.
    town.remove(1, 1);
    town.inform(0, id);
    let client = town.client(0, 0);
    assert!(client.is_verified(id));
    client.set_verified(id, None, NOW).unwrap().apply();
    assert!(!client.is_verified(id));
}

#[test]
fn another_key_that_is_acknowledged_is_not_verified() {
    let mut town = Town::new(91, &[1, 1]);
    let id = town.id(1);
    let key = town.server.list(id).account_key();
    let (_, new) = anew(&town, 1, 910);
    let client = town.client(0, 0);
    client.set_verified(id, Some(key), NOW).unwrap().apply();
    assert_eq!(learn(client, new.list(), NOW), Ok(ListUpdate::Changed));
    assert!(client.is_verified(id), "nobody has decided yet");
    client.acknowledge(new.list(), NOW).unwrap().apply();
    assert!(!client.is_verified(id));
    // Another history under the compared key stays under it.
    let mut town = Town::new(92, &[1, 1]);
    let mut copy = started(town.client(1, 0));
    town.renew(1);
    town.inform(0, id);
    let account = &town.people[1].account;
    copy.renew(account, NOW + 1).unwrap().apply();
    let key = account.public_key();
    let client = town.client(0, 0);
    client.set_verified(id, Some(key), NOW).unwrap().apply();
    client.acknowledge(copy.list(), NOW).unwrap().apply();
    assert!(client.is_verified(id));
}

#[test]
fn a_forgotten_account_is_not_verified_when_it_is_known_again() {
    let mut town = Town::new(93, &[1, 1]);
    let id = town.id(1);
    let key = town.server.list(id).account_key();
    let client = town.client(0, 0);
    client.set_verified(id, Some(key), NOW).unwrap().apply();
    client.forget(id, NOW).unwrap().apply();
    assert!(!client.is_verified(id));
    refuses(client, Error::UnknownAccount, |client| {
        client.set_verified(id, Some(key), NOW).map(drop)
    });
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::First));
    assert!(!town.client(0, 0).is_verified(id));
}

#[test]
fn nobody_verifies_the_own_account() {
    let mut town = Town::new(94, &[1]);
    let id = town.id(0);
    let client = town.client(0, 0);
    let key = Some(client.list().account_key());
    refuses(client, Error::OwnAccount, |client| client.set_verified(id, key, NOW).map(drop));
}

#[test]
fn what_a_log_says_stands_with_its_list_until_the_next_one() {
    let mut town = Town::new(95, &[1, 1]);
    let (own, other) = (town.id(0), town.id(1));
    for of in [own, other] {
        let list = town.server.list(of).hash();
        let client = town.client(0, 0);
        assert_eq!(client.logged(of), None);
        for status in [Some(LogStatus::Missing), None, Some(LogStatus::Included)] {
            client.set_logged(of, list, status, NOW).unwrap().apply();
            *client = restored(client);
            assert_eq!(client.logged(of), status);
        }
        let newer = town.renew(usize::from(of == other));
        town.learn(0, 0, of).unwrap();
        let client = town.client(0, 0);
        assert_eq!((client.logged(of), client.list_of(of)), (None, Some(&newer)));
        // The log was asked about the list before.
        refuses(client, Error::WrongPeer, |client| {
            client.set_logged(of, list, Some(LogStatus::Included), NOW).map(drop)
        });
    }
}

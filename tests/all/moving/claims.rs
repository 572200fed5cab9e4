//! Claims to be an account that has moved, and lists that would bring it back.

use super::*;
use latchstring::client::{ListMismatch, Stop};
use support::forged::{Listing, member};
use support::town::stop;
use support::{account_seed, device_of, signing_seed};

/// Two accounts of one device that have talked; the second knows the key of the first.
fn pair(seed: u64) -> Town {
    let mut town = Town::new(seed, &[1, 1]);
    town.chat(0, 1);
    let key = town.people[0].account.public_key();
    let now = town.now;
    town.client(1, 0).set_verified(OLD, Some(key), now).unwrap().apply();
    town
}

#[test]
fn a_false_claim_moves_nothing() {
    let mut town = pair(11);
    let mallory = next_owner(&mut town, OLD);
    move_to(&mut town, mallory, NEW);
    let list = town.server.list(NEW);
    assert_eq!(list.former_ids().next(), Some((OLD, town.now)));
    let now = town.now;
    let bob = town.client(1, 0);
    assert_eq!(bob.learn(&list, now).unwrap().apply(), ListUpdate::First);
    assert!(bob.is_verified(OLD) && !bob.is_verified(NEW));
    assert_eq!(bob.list_of(OLD).unwrap().devices().len(), 1);
    // Letters of the true one go on.
    say(&mut town, 1, 0, To::Account(OLD), b"to Ada");
    assert_eq!(text(&take_one(&mut town, 0, 0).event), b"to Ada");
    let them = town.id(1);
    say(&mut town, 0, 0, To::Account(them), b"from Ada");
    let letter = take_one(&mut town, 1, 0);
    is_quiet(&letter);
    assert_eq!(letter.conversation, Conversation::With(OLD));
}

#[test]
fn no_list_under_the_old_id_is_taken_after_the_move() {
    let mut town = pair(12);
    let old = town.server.list(OLD);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    let now = town.now;
    for _ in 0..2 {
        refuses(town.client(1, 0), Error::ListRollback, |bob| bob.learn(&old, now).map(drop));
        refuses(town.client(1, 0), Error::ListRollback, |bob| {
            bob.learn_to_write(&old, now).map(drop)
        });
        refuses(town.client(1, 0), Error::ListRollback, |bob| bob.acknowledge(&old, now).map(drop));
        // Not by the next owner's being there either.
        if town.people.len() == 2 {
            next_owner(&mut town, OLD);
            assert_eq!(town.learn(1, 0, OLD), Ok(ListUpdate::First));
        }
    }
}

#[test]
fn the_next_owner_of_the_old_id_is_a_stranger_to_all() {
    let mut town = Town::new(13, &[2, 2]);
    town.chat(0, 1);
    let key = town.people[0].account.public_key();
    let now = town.now;
    town.client(1, 0).set_verified(OLD, Some(key), now).unwrap().apply();
    let them = town.id(1);
    let before = say(&mut town, 0, 1, To::Account(them), b"on its way");
    let late = town.server.take(town.address(1, 0)).unwrap();
    take(&mut town, 1, 1);
    take(&mut town, 0, 0);
    move_to(&mut town, 0, NEW);
    town.learn_all();
    town.inform(0, NEW);
    town.inform(1, NEW);
    let next = next_owner(&mut town, OLD);
    for (person, device) in [(1, 0), (1, 1), (0, 0), (0, 1)] {
        assert_eq!(town.learn(person, device, OLD), Ok(ListUpdate::First));
    }
    restart(&mut town);
    let bob = town.client(1, 0);
    assert!(bob.is_verified(NEW) && !bob.is_verified(OLD));
    // Each has its own letters, also one from before that names the old id.
    let letter = bob.receive(late.from, &late.message, now).unwrap();
    is_quiet(&letter);
    assert_eq!((letter.from.account, letter.id), (NEW, before));
    assert_eq!(letter.conversation, Conversation::With(NEW));
    let out = town.seal(next, 0, To::Account(them), b"hello").err();
    assert_eq!(out, Some(Error::UnknownAccount));
    town.learn(next, 0, them).unwrap();
    let out = town.seal(next, 0, To::Account(them), b"hello").unwrap();
    town.server.post(town.address(next, 0), out);
    for device in 0..2 {
        let letter = take_one(&mut town, 1, device);
        assert_eq!(letter.conversation, Conversation::With(OLD));
        assert!(letter.alerts.contains(&Alert::NewSession));
    }
    // Own copies say to whom of the two it went, and the one who moved may write to whoever came after.
    for (person, account) in [(1, OLD), (1, NEW), (0, OLD)] {
        let out = town.seal(person, 0, To::Account(account), b"to which?").unwrap();
        town.server.post(town.address(person, 0), out);
        route(&mut town);
        let copy = take_one(&mut town, person, 1);
        assert_eq!(copy.conversation, Conversation::With(account), "{person}");
        let other = if account == OLD { next } else { 0 };
        let letter = take_one(&mut town, other, 0);
        assert_eq!(letter.from.account, if person == 0 { NEW } else { them });
        assert!(!letter.alerts.iter().any(|alert| matches!(alert, Alert::Lists { .. })));
        take(&mut town, 0, 1);
    }
}

#[test]
fn an_own_copy_means_the_account_whose_list_it_names() {
    let mut town = Town::new(23, &[1, 2]);
    town.chat(0, 1);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    let next = next_owner(&mut town, OLD);
    town.learn(1, 0, OLD).unwrap();
    // This one has not heard, and means the account that it knows.
    say(&mut town, 1, 1, To::Account(OLD), b"to Ada");
    let copy = take_one(&mut town, 1, 0);
    is_quiet(&copy);
    assert_eq!(copy.conversation, Conversation::With(NEW));
    take_one(&mut town, 0, 0);
    // A claim to an id that nobody known has is no reason to take its copies for the claimant's.
    let third = next_owner(&mut town, NEXT);
    town.learn(1, 1, NEXT).unwrap();
    let claimant = next_owner(&mut town, NEXT);
    move_to(&mut town, claimant, AccountId([0x66; 32]));
    town.learn(1, 0, AccountId([0x66; 32])).unwrap();
    let out = town.seal(1, 1, To::Account(NEXT), b"to the third").unwrap();
    town.server.post(town.address(1, 1), out);
    route(&mut town);
    assert_eq!(take_one(&mut town, 1, 0).conversation, Conversation::With(NEXT));
    let _ = (next, third);
}

#[test]
fn whoever_has_the_new_id_already_gives_it_up_by_the_users_word_alone() {
    let mut town = pair(14);
    let other = next_owner(&mut town, NEW);
    let theirs = town.server.list(NEW);
    town.learn(1, 0, NEW).unwrap();
    move_to(&mut town, 0, NEW);
    let list = town.server.list(NEW);
    assert_eq!(town.learn(1, 0, NEW), Ok(ListUpdate::Changed));
    let now = town.now;
    let bob = town.client(1, 0);
    assert_eq!(bob.list_of(NEW), Some(&theirs));
    assert_eq!(stop(bob, NEW, now), Some(Stop::Changed));
    assert!(bob.is_verified(OLD));
    bob.acknowledge(&list, now).unwrap().apply();
    *bob = restored(bob);
    assert!(bob.is_verified(NEW));
    assert!(bob.list_of(OLD).is_none());
    // Their key is given up with the id.
    refuses(bob, Error::WrongPeer, |bob| bob.learn(&theirs, now).map(drop));
    say(&mut town, 1, 0, To::Account(NEW), b"the session stands");
    is_quiet(&take_one(&mut town, 0, 0));
    let _ = other;
}

#[test]
fn nothing_moves_while_the_user_has_something_to_decide() {
    let mut town = pair(15);
    next_owner(&mut town, OLD);
    let anew = town.server.list(OLD);
    assert_eq!(town.learn(1, 0, OLD), Ok(ListUpdate::Changed));
    move_to(&mut town, 0, NEW);
    let (list, now) = (town.server.list(NEW), town.now);
    let bob = town.client(1, 0);
    refuses(bob, Error::AccountChanged, |bob| bob.learn(&list, now).map(drop));
    bob.dismiss(&anew, now).unwrap().apply();
    assert!(matches!(bob.learn(&list, now).unwrap().apply(), ListUpdate::Moved { from: OLD, .. }));
    // Who was dismissed in its place has the id for itself now.
    assert_eq!(bob.learn(&anew, now).unwrap().apply(), ListUpdate::First);
    assert!(bob.is_verified(NEW) && !bob.is_verified(OLD));
}

#[test]
fn who_is_taken_for_the_account_by_the_users_word_is_not_moved() {
    let mut town = pair(16);
    next_owner(&mut town, OLD);
    let (anew, now) = (town.server.list(OLD), town.now);
    town.client(1, 0).learn(&anew, now).unwrap().apply();
    town.client(1, 0).acknowledge(&anew, now).unwrap().apply();
    move_to(&mut town, 0, NEW);
    assert_eq!(town.learn(1, 0, NEW), Ok(ListUpdate::First));
    assert_eq!(town.people[1].devices[0].list_of(OLD), Some(&anew));
    assert!(!town.people[1].devices[0].is_verified(NEW));
}

#[test]
fn a_contact_that_missed_a_move_follows_the_next_one_and_the_way_back() {
    for way in [&[NEW, NEXT][..], &[NEW, OLD], &[NEW, NEXT, OLD]] {
        let mut town = pair(17);
        for to in way {
            move_to(&mut town, 0, *to);
        }
        let to = way[way.len() - 1];
        let learned = town.learn(1, 0, to).unwrap();
        assert_eq!(matches!(learned, ListUpdate::Moved { from: OLD, .. }), to != OLD);
        restart(&mut town);
        assert!(town.client(1, 0).is_verified(to));
        say(&mut town, 1, 0, To::Account(to), b"still");
        is_quiet(&take_one(&mut town, 0, 0));
        let list = town.people[0].devices[0].list();
        assert_eq!(list.former_ids().count(), way.len() - usize::from(to == OLD));
        assert!(list.former_ids().all(|(id, _)| id != to));
        assert_eq!(list.first_id(), OLD);
    }
}

#[test]
fn a_former_id_is_named_for_90_days_and_read_by_as_long() {
    let mut town = pair(18);
    let them = town.id(1);
    let mut held = Vec::new();
    for _ in 0..2 {
        say(&mut town, 0, 0, To::Account(them), b"held back");
        held.push(town.mail(1, 0));
    }
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    for (days, names) in [(89, true), (91, false)] {
        let until = support::NOW + days * DAY;
        while town.now < until {
            town.now = until.min(town.now + DAY);
            let now = town.now;
            for person in 0..2 {
                town.client(person, 0).expire(now).apply();
            }
            if ((town.now - support::NOW) / DAY).is_multiple_of(12) {
                town.renew(0);
                town.learn(1, 0, NEW).unwrap();
            }
        }
        let (mail, now) = (held.remove(0), town.now);
        let read = town.client(1, 0).receive(mail.from, &mail.message, now);
        assert_eq!(
            read.map(|letter| letter.from.account),
            if names { Ok(NEW) } else { Err(Error::UnknownAccount) }
        );
    }
    let list = town.renew(0);
    assert_eq!((list.former_ids().count(), list.first_id()), (0, OLD));
    assert!(matches!(town.learn(1, 0, NEW), Ok(ListUpdate::Newer { .. })));
}

#[test]
fn a_move_that_a_server_hides_shows_and_ends_what_is_sent() {
    let mut town = pair(19);
    move_to(&mut town, 0, NEW);
    let them = town.id(1);
    say(&mut town, 0, 0, To::Account(them), b"I have moved");
    let mail = town.mail(1, 0);
    let from = Address { account: OLD, ..mail.from };
    let now = town.now;
    let bob = town.client(1, 0);
    let letter = bob.receive(from, &mail.message, now).unwrap();
    is_quiet(&letter);
    assert!(letter.alerts.contains(&Alert::Lists { of: OLD, mismatch: ListMismatch::Ahead }));
    let later = support::days(now, now + 4 * DAY).last().unwrap();
    for day in support::days(now, later) {
        bob.expire(day).apply();
    }
    assert_eq!(stop(bob, OLD, later), Some(Stop::Withheld));
    town.now = later;
    town.learn(1, 0, NEW).unwrap();
    assert_eq!(stop(town.client(1, 0), NEW, later), None);
}

#[test]
fn a_device_with_the_id_of_one_of_the_account_before_is_another_one() {
    let mut town = pair(20);
    let them = town.id(1);
    let id = say(&mut town, 0, 0, To::Account(them), b"read");
    take_one(&mut town, 1, 0);
    let ada = town.address(0, 0);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    let thief = next_owner(&mut town, OLD);
    let seed = account_seed(&town.people[thief].account);
    let client = &town.people[thief].devices[0];
    let signing = signing_seed(&device_of(client));
    let mut listing = Listing::of(client.list());
    listing.members = vec![member(OLD, &seed, ada.device.0, &signing, &[9; 32])];
    let (list, now) = (listing.signed(&seed).list(), town.now);
    let bob = town.client(1, 0);
    assert_eq!(bob.learn(&list, now).unwrap().apply(), ListUpdate::First);
    assert!(!bob.was_read(ada, &id));
    let ada = Address { account: NEW, ..ada };
    assert!(bob.was_read(ada, &id));
    // Whoever has moved is written to and heard as before.
    say(&mut town, 0, 0, To::Account(them), b"on");
    let letter = take_one(&mut town, 1, 0);
    is_quiet(&letter);
    assert_eq!(letter.from, ada);
}

#[test]
fn a_move_is_signed_by_the_primary_alone_and_to_an_id_that_nobody_known_has() {
    let mut town = pair(21);
    town.link(0);
    let (now, them) = (town.now, town.id(1));
    let other = Account::generate(OLD, &mut TestRng::new(99));
    let Town { people, .. } = &mut town;
    let support::town::Person { account, devices } = &mut people[0];
    let [ada, _companion] = &mut devices[..] else { panic!() };
    refuses(ada, Error::NotChanged, |ada| ada.move_account(account, OLD, now).map(drop));
    refuses(ada, Error::AccountChanged, |ada| ada.move_account(account, them, now).map(drop));
    refuses(ada, Error::WrongAccount, |ada| ada.move_account(&other, NEW, now).map(drop));
    let mut loaded = restored(ada);
    refuses(&mut loaded, Error::ListUnconfirmed, |ada| {
        ada.move_account(account, NEW, now).map(drop)
    });
    let (_, mut gone) = town.remove(0, 1);
    let list = town.server.list(OLD);
    gone.learn(&list, now).unwrap().apply();
    let account = &town.people[0].account;
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| {
        gone.move_account(account, NEW, now).map(drop)
    });
}

#[test]
fn an_own_list_by_which_somebody_else_had_the_id_lets_go_of_them() {
    let mut town = Town::new(22, &[2, 1]);
    next_owner(&mut town, NEW);
    // Only the companion knows whoever had the new id.
    town.learn(0, 1, NEW).unwrap();
    move_to(&mut town, 0, NEW);
    assert!(matches!(town.learn(0, 1, NEW), Ok(ListUpdate::Moved { .. })));
    restart(&mut town);
    let companion = town.client(0, 1);
    assert_eq!(
        companion.list_of(NEW).map(DeviceList::account_key),
        Some(companion.list().account_key())
    );
}

#[test]
fn a_primary_made_of_a_client_lets_go_of_who_had_its_new_id() {
    let mut town = Town::new(23, &[2, 1]);
    next_owner(&mut town, NEW);
    town.learn(0, 1, NEW).unwrap();
    move_to(&mut town, 0, NEW);
    let (account, newest) = (&town.people[0].account, town.people[0].devices[0].list());
    let (old, lost) = (&town.people[0].devices[1], [town.people[0].devices[1].address().device]);
    let anew = Client::recover_from(old, account, newest, &lost, town.now, &mut town.rng).unwrap();
    let key = anew.list_of(NEW).map(DeviceList::account_key);
    assert_eq!(key, Some(account.public_key()));
    assert!(restored(&anew).address().account == NEW);
}

#[test]
fn a_claim_whose_maker_moves_on_is_dismissed_all_the_same() {
    let mut town = Town::new(58, &[1, 1, 1]);
    town.chat(0, 1);
    town.chat(1, 2);
    let now = town.now;
    let other = &mut town.people[2];
    other.devices[0].forget(OLD, now).unwrap().apply();
    let claims = [OLD, AccountId([0x77; 32])].map(|to| {
        linking::show_own_list(&mut other.devices[0]);
        other.devices[0].move_account(&other.account, to, now).unwrap().apply();
        other.devices[0].list().clone()
    });
    let bob = town.client(1, 0);
    assert_eq!(bob.learn(&claims[0], now).unwrap().apply(), ListUpdate::Changed);
    assert!(stop(bob, OLD, now).is_some());
    bob.learn(&claims[1], now).unwrap().apply();
    bob.dismiss(&claims[0], now).unwrap().apply();
    assert_eq!(stop(bob, OLD, now), None);
}

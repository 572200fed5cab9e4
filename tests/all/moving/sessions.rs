//! Sessions, groups and own devices, which go on as they were.

use super::*;
use latchstring::session::Fingerprint;

/// Two accounts of two devices that have talked, the first of which moves.
fn moved(seed: u64) -> Town {
    let mut town = Town::new(seed, &[2, 2]);
    town.chat(0, 1);
    move_to(&mut town, 0, NEW);
    town
}

#[test]
fn sessions_go_on_both_ways_whoever_has_heard_of_the_move() {
    for restarts in [false, true] {
        let mut town = moved(1);
        let now_and_then = |town: &mut Town| {
            if restarts {
                restart(town);
            }
        };
        now_and_then(&mut town);
        // Nobody has heard but the primary: the others write to the old id.
        let them = To::Account(town.id(1));
        say(&mut town, 1, 0, To::Account(OLD), b"old");
        let letter = take_one(&mut town, 0, 0);
        is_quiet(&letter);
        assert_eq!((letter.from, text(&letter.event)), (town.address(1, 0), b"old".to_vec()));
        assert_eq!(letter.conversation, Conversation::With(town.id(1)));
        for (person, device) in [(0, 1), (1, 1)] {
            is_quiet(&take_one(&mut town, person, device));
        }
        now_and_then(&mut town);
        // The primary writes from the new one, which has them fetch its list.
        say(&mut town, 0, 0, them, b"new");
        for device in 0..2 {
            let letter = take_one(&mut town, 1, device);
            is_quiet(&letter);
            assert_eq!(letter.from, town.address(0, 0));
            assert_eq!(letter.conversation, Conversation::With(NEW));
        }
        is_quiet(&take_one(&mut town, 0, 1));
        now_and_then(&mut town);
        // All have heard.
        assert_eq!(town.address(0, 1).account, NEW);
        for (person, device, to) in
            [(1, 0, NEW), (0, 1, town.id(1)), (1, 1, NEW), (0, 0, town.id(1))]
        {
            say(&mut town, person, device, To::Account(to), b"all");
            for (other, device) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                take(&mut town, other, device).iter().for_each(is_quiet);
            }
        }
        let old = To::Account(OLD);
        assert_eq!(
            town.people[1].devices[0].plan(old, town.now).err(),
            Some(Error::UnknownAccount)
        );
    }
}

#[test]
fn a_list_says_from_where_the_account_has_moved() {
    let mut town = moved(2);
    let update = ListUpdate::Moved { from: OLD, added: vec![], removed: vec![] };
    for (person, device) in [(0, 1), (1, 0), (1, 1)] {
        assert_eq!(town.learn(person, device, NEW), Ok(update.clone()));
        assert_eq!(town.learn(person, device, NEW), Ok(ListUpdate::Nothing));
    }
    assert!(town.people[1].devices[0].list_of(OLD).is_none());
    let list = town.people[1].devices[0].list_of(NEW).unwrap();
    assert_eq!(list.former_ids().collect::<Vec<_>>(), [(OLD, town.now)]);
    assert_eq!(list.first_id(), OLD);
}

#[test]
fn what_was_verified_stays_so_and_fingerprints_are_the_same() {
    let mut town = Town::new(3, &[1, 1]);
    let key = town.people[0].account.public_key();
    town.client(1, 0).set_verified(OLD, Some(key), support::NOW).unwrap().apply();
    let print = |town: &Town| {
        Fingerprint::of(
            town.people[1].devices[0].certificate(),
            town.people[0].devices[0].certificate(),
        )
        .to_string()
    };
    let before = print(&town);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    restart(&mut town);
    assert!(town.client(1, 0).is_verified(NEW));
    assert!(!town.client(1, 0).is_verified(OLD));
    assert_eq!(print(&town), before);
}

#[test]
fn a_group_goes_on_and_its_audience_agrees_once_all_have_heard() {
    let mut town = Town::new(4, &[1, 1, 1]);
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        town.chat(one, other);
    }
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    let id = GroupId([7; 32]);
    let [b, c] = [town.id(1), town.id(2)];
    say(&mut town, 1, 0, To::Group { id, members: &[NEW, c] }, b"one");
    let early = take_one(&mut town, 2, 0);
    is_quiet(&early);
    assert!(take_one(&mut town, 0, 0).is_for(&[b, c]));
    // The third has not heard: its members are others than the sender's, until it has.
    assert!(!early.is_for(&[OLD, b]));
    say(&mut town, 2, 0, To::Group { id, members: &[OLD, b] }, b"two");
    let late = take_one(&mut town, 1, 0);
    is_quiet(&late);
    assert!(!late.is_for(&[NEW, c]));
    // Whoever has seen the move itself knows by which id it was sent.
    assert!(late.is_for(&[OLD, c]));
    take_one(&mut town, 0, 0);
    // A letter of the one who moved has it fetch the list.
    say(&mut town, 0, 0, To::Group { id, members: &[b, c] }, b"three");
    for (person, other) in [(1, c), (2, b)] {
        let letter = take_one(&mut town, person, 0);
        is_quiet(&letter);
        assert!(letter.is_for(&[NEW, other]) && !letter.is_for(&[NEW]));
    }
    assert!(early.is_for(&[NEW, b]));
}

#[test]
fn own_devices_go_on_among_themselves_before_and_after() {
    let mut town = moved(5);
    for (from, other) in [(1, 0), (0, 1), (1, 0)] {
        say(&mut town, 0, from, To::Own, b"note");
        let letter = take_one(&mut town, 0, other);
        is_quiet(&letter);
        assert_eq!(letter.conversation, Conversation::Own);
        assert_eq!(letter.from.device, town.address(0, from).device);
    }
    // An own copy of a letter to somebody else.
    let them = town.id(1);
    say(&mut town, 0, 1, To::Account(them), b"copy");
    assert_eq!(take_one(&mut town, 0, 0).conversation, Conversation::With(them));
    restart(&mut town);
    assert_eq!(town.people[0].devices[1].list().account(), NEW);
}

#[test]
fn a_device_is_linked_after_a_move_and_a_primary_is_made_anew() {
    let mut town = moved(6);
    town.people[0].devices.truncate(1);
    town.link(0);
    let companion = &town.people[0].devices[1];
    assert_eq!(companion.address().account, NEW);
    assert_eq!(companion.certificate().account(), OLD);
    town.inform(1, NEW);
    let out = town.seal(1, 0, To::Account(NEW), b"to the new one").unwrap();
    town.server.post(town.address(1, 0), out);
    assert_eq!(take_one(&mut town, 0, 1).conversation, Conversation::With(town.id(1)));
    let (account, list) = (&town.people[0].account, town.people[0].devices[0].list());
    let gone = [town.people[0].devices[0].address().device];
    let old = &town.people[0].devices[0];
    let anew = Client::recover_from(old, account, list, &gone, town.now, &mut town.rng).unwrap();
    assert_eq!(anew.address().account, NEW);
    assert!(anew.list_of(town.id(1)).is_some());
}

#[test]
fn a_companion_that_has_not_heard_of_its_own_move_reads_what_names_the_new_id() {
    let mut town = Town::new(27, &[2, 1]);
    town.chat(0, 1);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    say(&mut town, 1, 0, To::Account(NEW), b"to both");
    let (address, now) = (town.address(0, 1), town.now);
    let mail = town.server.take(address).unwrap();
    let arrived = town.client(0, 1).receive(mail.from, &mail.message, now).unwrap();
    assert_eq!(text(&arrived.event), b"to both");
    // So it does what its primary notes under the new id.
    say(&mut town, 0, 0, To::Own, b"a note");
    let mail = town.server.take(address).unwrap();
    let from = Address { account: OLD, ..mail.from };
    let arrived = town.client(0, 1).receive(from, &mail.message, now).unwrap();
    assert_eq!(text(&arrived.event), b"a note");
}

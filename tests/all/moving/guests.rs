//! Guest links and chats of an account that moves.

use super::*;
use latchstring::guest::{ChatEvent, ChatStatus, EndReason, Invite, Policy};
use support::guest::{Door, EXPIRES, ORIGIN, Talk, text_of};
use support::{NOW, OneToOne, bundle_of};

/// A host of known account, and its link.
fn door(seed: u64) -> (Account, Door) {
    let mut rng = TestRng::new(seed);
    let account = Account::generate(OLD, &mut rng);
    let mut host = Client::create(&account, NOW, &mut rng);
    let policy = Policy::new("Ada", EXPIRES);
    let (invite, server_copy) = Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap();
    let bundle = bundle_of(&mut host, &mut rng);
    (account, Door { rng, host, invite, server_copy, bundle })
}

fn moves(account: &Account, door: &mut Door) {
    door.host.move_account(account, NEW, NOW).unwrap().apply();
}

#[test]
fn a_link_from_before_a_move_lets_guests_in_after_it() {
    let (account, mut door) = door(51);
    moves(&account, &mut door);
    let mut talk = Talk::at(door);
    let granted = talk.grant();
    assert!(matches!(talk.guest.hear(&granted, NOW).unwrap().event, ChatEvent::Granted));
    assert!(talk.guest.devices().eq([talk.door.host.address()]));
    assert_eq!(talk.host.address(), talk.door.host.address());
}

#[test]
fn a_guest_chat_goes_on_while_its_host_moves() {
    let (account, door) = door(52);
    let mut talk = Talk::at(door);
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    moves(&account, &mut talk.door);
    let list = talk.door.host.list().clone();
    talk.host.learn(&list, NOW).unwrap().apply();
    // The guest has not heard.
    let said = talk.host_says("I have moved", NOW);
    let event = talk.guest.hear(&said, NOW).unwrap();
    assert_eq!(text_of(&event.event), "I have moved");
    let learned = talk.guest.learn(&list, NOW).unwrap().apply();
    assert!(matches!(learned, ListUpdate::Moved { from: OLD, .. }));
    talk.guest = restored(&talk.guest);
    let before = talk.guest_says("I see", NOW);
    assert_eq!(text_of(&talk.host.hear(&before, NOW).unwrap().event), "I see");
    // From then on the host's device is at the new id, also for what names the old one.
    let said = talk.host_says("soon elsewhere", NOW);
    let event = talk.guest.receive(talk.door.host.address(), &said, NOW).unwrap();
    assert_eq!(event.from, talk.door.host.address());
    assert!(talk.guest.devices().eq([talk.door.host.address()]));
}

#[test]
fn a_guest_hands_over_to_an_account_that_has_moved() {
    let mut talk = Talk::at(door(53).1);
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    let made = Account::generate(AccountId([0x61; 32]), &mut talk.door.rng);
    let mut account = Client::create(&made, NOW, &mut talk.door.rng);
    talk.door.host.learn(account.list(), NOW).unwrap().apply();
    account.move_account(&made, AccountId([0x62; 32]), NOW).unwrap().apply();
    talk.door.host.learn(account.list(), NOW).unwrap().apply();
    let said = talk.guest.hand_over(&account, NOW, &mut talk.door.rng).unwrap().apply();
    let event = talk.host.hear(&said[0].message, NOW).unwrap().event;
    let ChatEvent::HandedOver(hand_over) = event else { panic!("{event:?}") };
    assert_eq!(hand_over.check(account.list()), Ok(()));
    assert!(hand_over.is_known_to(&talk.door.host));
    let Talk { door, host, .. } = &mut talk;
    host.accept_hand_over(&door.host, NOW, &mut door.rng).unwrap().apply();
    assert_eq!(host.status(), ChatStatus::Ended(EndReason::BecameAccount));
}

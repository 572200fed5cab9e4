//! A guest that becomes an account, and the devices of its host.

use super::*;
use latchstring::guest::HandOver;

/// Lets the guest say that it is this account, and each device of the host hear it and know the account.
fn handed_over(meeting: &mut Meeting, account: &Client) {
    let said = meeting.guest.hand_over(account, NOW, &mut meeting.doors.rng).unwrap().apply();
    for device in 0..meeting.hosts.len() {
        let message = of(&said, meeting.doors.address(device));
        let event = meeting.hosts[device].hear(message, NOW).unwrap().event;
        assert!(matches!(event, ChatEvent::HandedOver(_)));
        meeting.doors.home.clients[device].learn(account.list(), NOW).unwrap().apply();
    }
}

fn accept(meeting: &mut Meeting, device: usize) -> (Vec<u8>, OwnObject) {
    let client = &meeting.doors.home.clients[device];
    let chat = &mut meeting.hosts[device];
    leads_to_the_same(chat, |chat| chat.accept_hand_over(client, NOW, &mut TestRng::new(3)));
    let last = chat.accept_hand_over(client, NOW, &mut meeting.doors.rng).unwrap().apply();
    (only(last), chat.export_hand_over(client).unwrap())
}

fn sync(meeting: &mut Meeting, device: usize, shared: &OwnObject) -> SyncOutcome {
    let client = &meeting.doors.home.clients[device];
    meeting.hosts[device].sync_hand_over(client, shared, NOW).unwrap().apply()
}

#[test]
fn what_one_device_accepts_ends_the_chat_on_all() {
    let mut meeting = Meeting::new(520, 3);
    let account = client(7, &mut meeting.doors.rng);
    handed_over(&mut meeting, &account);
    let (last, shared) = accept(&mut meeting, 1);
    for device in [0, 2] {
        assert_eq!(sync(&mut meeting, device, &shared), SyncOutcome::Taken);
        assert_eq!(sync(&mut meeting, device, &shared), SyncOutcome::Known);
    }
    let from = meeting.doors.address(1);
    assert_eq!(meeting.guest.receive(from, &last, NOW).unwrap().event, ChatEvent::BecameAccount);
    let named = meeting.guest.handed_over().map(HandOver::account);
    for chat in meeting.hosts.iter().chain([&meeting.guest]) {
        assert_eq!(chat.status(), ChatStatus::Ended(EndReason::BecameAccount));
        assert_eq!(chat.handed_over().map(HandOver::account), named);
    }
}

#[test]
fn two_devices_that_accept_at_once_go_on_with_one_account() {
    let mut meeting = Meeting::new(521, 2);
    let account = client(7, &mut meeting.doors.rng);
    handed_over(&mut meeting, &account);
    let [one, two] = [0, 1].map(|device| accept(&mut meeting, device));
    assert_eq!(sync(&mut meeting, 0, &two.1), SyncOutcome::Known);
    assert_eq!(sync(&mut meeting, 1, &one.1), SyncOutcome::Known);
    let from = [0, 1].map(|device| meeting.doors.address(device));
    meeting.guest.receive(from[1], &two.0, NOW).unwrap();
    refuses(&mut meeting.guest, Error::Ended, |guest| guest.receive(from[0], &one.0, NOW));
}

#[test]
fn a_device_that_hears_of_it_from_another_one_first_checks_it_itself() {
    let mut meeting = Meeting::new(522, 2);
    let account = client(7, &mut meeting.doors.rng);
    let said = meeting.guest.hand_over(&account, NOW, &mut meeting.doors.rng).unwrap().apply();
    let message = of(&said, meeting.doors.address(0)).to_vec();
    meeting.hosts[0].hear(&message, NOW).unwrap();
    meeting.doors.home.clients[0].learn(account.list(), NOW).unwrap().apply();
    let (_, shared) = accept(&mut meeting, 0);
    let bytes = shared.as_bytes().to_vec();
    let mut other = Meeting::new(523, 1);
    handed_over(&mut other, &account);
    let foreign = accept(&mut other, 0).1;
    let clients = &mut meeting.doors.home.clients;
    let mut refuse = |client: &Client, bytes: &[u8], error| {
        let chat = &mut meeting.hosts[1];
        refuses(chat, error, |chat| chat.sync_hand_over(client, &object(bytes), NOW).map(drop));
    };
    refuse(&clients[1], &bytes, Error::UnknownAccount);
    clients[1].learn(account.list(), NOW).unwrap().apply();
    for signature in [411, 475] {
        let altered = put(&bytes, signature, &[bytes[signature] ^ 1]);
        refuse(&clients[1], &altered, Error::BadSignature);
    }
    refuse(&clients[1], foreign.as_bytes(), Error::WrongPeer);
    refuse(&clients[0], &bytes, Error::WrongClient);
    refuse(&clients[1], &bytes[..538], Error::Malformed);
    refuse(&clients[1], &put(&bytes, 1, &[0x26]), Error::WrongKind);
    assert_eq!(sync(&mut meeting, 1, &shared), SyncOutcome::Taken);
}

#[test]
fn devices_that_were_given_two_accounts_end_the_chat_and_say_so() {
    let mut meeting = Meeting::new(524, 3);
    let [account, other] = [7, 8].map(|id| client(id, &mut meeting.doors.rng));
    // Whoever has a copy of the guest hands the chat over to another account, to another device.
    let mut copy = restored(&meeting.guest);
    let said = [(&mut meeting.guest, &account), (&mut copy, &other)].map(|(guest, account)| {
        guest.hand_over(account, NOW, &mut meeting.doors.rng).unwrap().apply()
    });
    for (device, said) in [(0, &said[0]), (1, &said[1])] {
        let message = of(said, meeting.doors.address(device));
        meeting.hosts[device].hear(message, NOW).unwrap();
    }
    for client in &mut meeting.doors.home.clients {
        for account in [&account, &other] {
            client.learn(account.list(), NOW).unwrap().apply();
        }
    }
    let (_, shared) = accept(&mut meeting, 0);
    // It had heard of the other account, and takes that one no more.
    assert_eq!(sync(&mut meeting, 1, &shared), SyncOutcome::TwoAccounts);
    let client = &meeting.doors.home.clients[1];
    refuses(&mut meeting.hosts[1], Error::Ended, |chat| {
        chat.accept_hand_over(client, NOW, &mut meeting.doors.rng).map(drop)
    });
    let named = meeting.hosts[1].handed_over().unwrap().account();
    assert_eq!(named, account.address().account);
}

#[test]
fn of_two_accounts_that_two_devices_have_accepted_both_hear() {
    let mut meeting = Meeting::new(525, 2);
    let [account, other] = [7, 8].map(|id| client(id, &mut meeting.doors.rng));
    let mut copy = restored(&meeting.guest);
    let said = [(&mut meeting.guest, &account), (&mut copy, &other)].map(|(guest, account)| {
        guest.hand_over(account, NOW, &mut meeting.doors.rng).unwrap().apply()
    });
    for (device, account) in [(0, &account), (1, &other)] {
        let message = of(&said[device], meeting.doors.address(device));
        meeting.hosts[device].hear(message, NOW).unwrap();
        meeting.doors.home.clients[device].learn(account.list(), NOW).unwrap().apply();
    }
    let [one, two] = [0, 1].map(|device| accept(&mut meeting, device).1);
    assert_eq!(sync(&mut meeting, 0, &two), SyncOutcome::TwoAccounts);
    assert_eq!(sync(&mut meeting, 1, &one), SyncOutcome::TwoAccounts);
}

#[test]
fn a_stolen_device_ends_no_chat_that_its_guest_has_not_handed_over() {
    let mut meeting = Meeting::new(526, 2);
    let account = client(7, &mut meeting.doors.rng);
    let mut elsewhere = Meeting::new(527, 1);
    handed_over(&mut elsewhere, &account);
    let foreign = accept(&mut elsewhere, 0).1;
    meeting.doors.home.clients[1].learn(account.list(), NOW).unwrap().apply();
    // It names this chat in the hand-over of another one.
    let names = meeting.hosts[0].export_grant(&meeting.doors.home.clients[0]).unwrap();
    let lie = put(foreign.as_bytes(), 2, &names.as_bytes()[2..98]);
    let client = &meeting.doors.home.clients[1];
    refuses(&mut meeting.hosts[1], Error::BadSignature, |chat| {
        chat.sync_hand_over(client, &object(&lie), NOW).map(drop)
    });
    let nothing = meeting.hosts[1].export_hand_over(client).err();
    assert_eq!(nothing, Some(Error::NotAllowed));
}

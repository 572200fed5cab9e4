//! The words of a chat on all devices of its host: copies, and a guest that says different things.

use super::*;
use latchstring::guest::{ChatText, SentText};

fn said(meeting: &mut Meeting, device: usize, text: &str) -> SentText {
    meeting.hosts[device].send(text, NOW, &mut meeting.doors.rng).unwrap()
}

fn copied(meeting: &Meeting, device: usize, text: Option<&ChatText>) -> OwnObject {
    meeting.hosts[device].export_copy(&meeting.doors.home.clients[device], text).unwrap()
}

#[test]
fn what_one_device_says_shows_once_on_the_others() {
    let mut meeting = Meeting::new(500, 3);
    let sent = said(&mut meeting, 0, "welcome");
    let copy = copied(&meeting, 0, Some(&sent.text));
    let from = meeting.doors.address(0);
    for device in [1, 2] {
        let client = &meeting.doors.home.clients[device];
        let chat = &mut meeting.hosts[device];
        leads_to_the_same(chat, |chat| chat.sync_copy(client, from, &copy, NOW));
        let synced = chat.sync_copy(client, from, &copy, NOW).unwrap().apply();
        assert_eq!(synced.text, Some(sent.text.clone()));
        assert!(synced.alerts.is_empty());
        let again = chat.sync_copy(client, from, &copy, NOW).unwrap();
        assert!(!again.is_change() && again.apply().text.is_none());
    }
}

#[test]
fn a_copy_may_overtake_the_grant_and_comes_too_late_after_the_end() {
    let mut meeting = Meeting::waiting(501, 2);
    let granted = meeting.doors.grant(0, &mut meeting.hosts[0]);
    let from = meeting.doors.address(0);
    meeting.guest.receive(from, &granted, NOW).unwrap();
    let sent = said(&mut meeting, 0, "welcome");
    let copy = copied(&meeting, 0, Some(&sent.text));
    let (client, chat) = (&meeting.doors.home.clients[1], &mut meeting.hosts[1]);
    assert_eq!(chat.status(), ChatStatus::Waiting);
    let synced = chat.sync_copy(client, from, &copy, NOW).unwrap().apply();
    assert_eq!(synced.text, Some(sent.text));
    chat.block(NOW).unwrap().apply();
    refuses(chat, Error::Ended, |chat| chat.sync_copy(client, from, &copy, NOW).map(drop));
}

#[test]
fn a_copy_is_taken_from_another_listed_own_device_alone() {
    let mut meeting = Meeting::new(502, 2);
    let sent = said(&mut meeting, 0, "welcome");
    let copy = copied(&meeting, 0, Some(&sent.text));
    let [one, two] = [0, 1].map(|device| meeting.doors.address(device));
    let stranger = Address { account: latchstring::session::AccountId([9; 32]), ..one };
    let unlisted = Address { device: [9; 8].into(), ..one };
    let clients = &meeting.doors.home.clients;
    for (from, error) in
        [(stranger, Error::NotSelf), (unlisted, Error::Unlisted), (two, Error::OwnDevice)]
    {
        refuses(&mut meeting.hosts[1], error, |chat| {
            chat.sync_copy(&clients[1], from, &copy, NOW).map(drop)
        });
    }
    refuses(&mut meeting.hosts[1], Error::WrongClient, |chat| {
        chat.sync_copy(&clients[0], one, &copy, NOW).map(drop)
    });
    refuses(&mut meeting.guest, Error::NotAllowed, |guest| {
        guest.sync_copy(&clients[1], one, &copy, NOW).map(drop)
    });
}

#[test]
fn a_copy_of_another_chat_or_that_is_none_is_refused() {
    let (mut meeting, mut other) = (Meeting::new(503, 2), Meeting::new(504, 2));
    let sent = said(&mut other, 0, "elsewhere");
    let foreign = copied(&other, 0, Some(&sent.text));
    let sent = said(&mut meeting, 0, "here");
    let copy = copied(&meeting, 0, Some(&sent.text));
    let from = meeting.doors.address(0);
    let (client, chat) = (&meeting.doors.home.clients[1], &mut meeting.hosts[1]);
    let mut refuse = |bytes: &[u8], error| {
        refuses(chat, error, |chat| chat.sync_copy(client, from, &object(bytes), NOW).map(drop));
    };
    refuse(foreign.as_bytes(), Error::WrongPeer);
    for place in [2, 34, 66] {
        refuse(&put(copy.as_bytes(), place, &[0xee]), Error::WrongPeer);
    }
    refuse(&put(copy.as_bytes(), 0, &[2]), Error::UnknownVersion(2));
    refuse(&put(copy.as_bytes(), 1, &[0x25]), Error::WrongKind);
    refuse(&copy.as_bytes()[..100], Error::Malformed);
}

#[test]
fn a_guest_that_tells_two_devices_two_things_is_found() {
    let mut meeting = Meeting::new(505, 2);
    // A modified guest: one id, another text for each device.
    let mut twin = restored(&meeting.guest);
    let sent = meeting.guest.send("yes", NOW, &mut meeting.doors.rng).unwrap();
    let lie = ChatText { text: "no".to_string().into(), ..sent.text.clone() };
    let lies = twin.resend(&lie, NOW, &mut meeting.doors.rng).unwrap().apply();
    let [one, two] = [0, 1].map(|device| meeting.doors.address(device));
    meeting.hosts[0].hear(of(&sent.envelopes, one), NOW).unwrap();
    meeting.hosts[1].hear(of(&lies, two), NOW).unwrap();
    let copy = copied(&meeting, 0, None);
    let client = &meeting.doors.home.clients[1];
    let synced = meeting.hosts[1].sync_copy(client, one, &copy, NOW).unwrap().apply();
    let alert = Alert::Equivocation { by: meeting.guest.address(), id: lie.id.id };
    assert_eq!((synced.text, synced.alerts), (None, vec![alert]));
    // The other way round, too; and the introduction, which both have seen alike, is no alarm.
    let copy = copied(&meeting, 1, None);
    let client = &meeting.doors.home.clients[0];
    let synced = meeting.hosts[0].sync_copy(client, two, &copy, NOW).unwrap().apply();
    assert_eq!(synced.alerts, [alert]);
}

#[test]
fn an_own_device_that_says_two_things_under_one_id_is_found() {
    let mut meeting = Meeting::new(506, 2);
    let sent = said(&mut meeting, 0, "yes");
    let lie = ChatText { text: "no".to_string().into(), ..sent.text.clone() };
    let copies = [&sent.text, &lie].map(|text| copied(&meeting, 0, Some(text)));
    let from = meeting.doors.address(0);
    let (client, chat) = (&meeting.doors.home.clients[1], &mut meeting.hosts[1]);
    chat.sync_copy(client, from, &copies[0], NOW).unwrap().apply();
    let synced = chat.sync_copy(client, from, &copies[1], NOW).unwrap().apply();
    let alert = Alert::Equivocation { by: from, id: lie.id.id };
    assert_eq!((synced.text, synced.alerts), (None, vec![alert]));
}

#[test]
fn a_liar_that_the_chat_does_not_know_yet_is_named() {
    let mut meeting = Meeting::new(520, 2);
    let (new, mut late, _) = meeting.link(NOW);
    let sent = late.send("yes", NOW, &mut meeting.doors.rng).unwrap();
    let lie = ChatText { text: "no".to_string().into(), ..sent.text.clone() };
    let copies = [&sent.text, &lie].map(|text| late.export_copy(&new, Some(text)).unwrap());
    let from = new.address();
    let (client, chat) = (&meeting.doors.home.clients[1], &mut meeting.hosts[1]);
    chat.sync_copy(client, from, &copies[0], NOW).unwrap().apply();
    let synced = chat.sync_copy(client, from, &copies[1], NOW).unwrap().apply();
    let alert = Alert::Equivocation { by: from, id: lie.id.id };
    assert_eq!((synced.text, synced.alerts), (None, vec![alert]));
}

#[test]
fn a_stolen_device_says_nothing_under_another_ones_name() {
    let mut meeting = Meeting::new(507, 3);
    let sent = said(&mut meeting, 0, "mine");
    // It shares what another device has said as its own: that is its own word.
    refuses(&mut meeting.hosts[1], Error::NotAllowed, |chat| {
        chat.export_copy(&meeting.doors.home.clients[1], Some(&sent.text)).map(drop)
    });
    let copy = copied(&meeting, 0, Some(&sent.text));
    let thief = meeting.doors.address(1);
    let (client, chat) = (&meeting.doors.home.clients[2], &mut meeting.hosts[2]);
    let synced = chat.sync_copy(client, thief, &copy, NOW).unwrap().apply();
    assert_eq!(synced.text.unwrap().id.by, thief.device);
    // The real one still shows.
    let from = meeting.doors.address(0);
    let synced = chat.sync_copy(client, from, &copy, NOW).unwrap().apply();
    assert_eq!(synced.text, Some(sent.text));
}

#[test]
fn an_id_that_another_device_has_used_hides_no_text_from_the_guest() {
    let mut meeting = Meeting::new(508, 2);
    let sent = said(&mut meeting, 0, "mine");
    let [one, two] = [0, 1].map(|device| meeting.doors.address(device));
    let stolen = ChatText {
        id: latchstring::guest::TextId { by: two.device, id: sent.text.id.id },
        text: "theirs".to_string().into(),
        ..sent.text.clone()
    };
    let first = meeting.hosts[1].resend(&stolen, NOW, &mut meeting.doors.rng).unwrap().apply();
    meeting.guest.receive(two, &only(first), NOW).unwrap();
    let received = meeting.guest.receive(one, &only(sent.envelopes), NOW).unwrap();
    assert_eq!(received.event, ChatEvent::Text(sent.text));
    assert!(received.alerts.is_empty());
}

#[test]
fn of_256_texts_that_came_since_none_is_shown_twice() {
    let mut meeting = Meeting::new(509, 1);
    let mut sent = Vec::new();
    for round in 0..257_u64 {
        let said = meeting.guest.send(&round.to_string(), NOW, &mut meeting.doors.rng).unwrap();
        meeting.hosts[0].hear(&only(said.envelopes), NOW).unwrap();
        sent.push(said.text);
    }
    // The first is forgotten, and the page says so; all others are known.
    for (place, text) in [(0, &sent[0]), (2, &sent[2]), (256, &sent[256])] {
        let again = meeting.guest.resend(text, NOW, &mut meeting.doors.rng).unwrap().apply();
        let event = meeting.hosts[0].hear(&only(again), NOW).unwrap().event;
        assert_eq!(matches!(event, ChatEvent::Text(_)), place == 0, "{place}");
    }
}

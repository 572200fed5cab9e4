//! Sessions that devices of a host begin anew: whose they are, and in what order they come.

use latchstring::guest::TakenMessage;

use super::*;

const HOUR: u64 = 3600;

/// The device that has been stolen, or ends its part; the first one made the link.
const OTHER: usize = 1;

impl Meeting {
    /// Has a device begin anew, because something did not open, and returns its first message.
    fn renewal(&mut self, device: usize, now: u64) -> Vec<u8> {
        let (client, host) = (&self.doors.home.clients[device], &mut self.hosts[device]);
        let (from, junk) = (host.other(), [&[1, 1][..], &[7; 200]].concat());
        assert!(matches!(host.take(from, &junk, now).apply(), TakenMessage::Unread));
        let repaired = host.repair(Some(client), now, &mut self.doors.rng).unwrap().apply();
        repaired.envelopes[0].message.clone()
    }

    /// Has a device begin anew, and the guest take it and answer.
    fn renews(&mut self, device: usize, now: u64) {
        let message = self.renewal(device, now);
        let from = self.doors.address(device);
        assert!(self.guest.receive(from, &message, now).unwrap().renewed);
        self.guest_says(device, now);
        self.host_says(device, now);
    }

    /// Shares the chat with a device, and returns what this comes in by.
    fn shares(&mut self, device: usize, now: u64) -> (Chat, Vec<u8>) {
        let shared = self.hosts[0].export(&self.doors.home.clients[0], now).unwrap();
        let client = &self.doors.home.clients[device];
        let (chat, envelope) = Chat::import(client, &shared, now, &mut self.doors.rng).unwrap();
        (chat, envelope.message)
    }
}

#[test]
fn a_stolen_companion_uses_up_its_own_first_messages_and_nobody_elses() {
    let mut meeting = Meeting::new(170, 3);
    let stolen = meeting.doors.address(OTHER);
    // It says of each that it was begun half an hour after the one before.
    let mut first = Vec::new();
    for step in 0..64 {
        first = meeting.shares(OTHER, NOW + step * 1800).1;
        assert!(meeting.guest.receive(stolen, &first, NOW).is_ok(), "{step}");
    }
    let next = meeting.shares(OTHER, NOW + 64 * 1800).1;
    let mut guest = restored(&meeting.guest);
    refuses(&mut guest, Error::TooManyJoins, |guest| guest.open(stolen, &next, NOW).map(drop));
    // What it has used up is shown to be its own doing, and ends nothing: the other devices are read.
    assert!(matches!(guest.take(stolen, &next, NOW).apply(), TakenMessage::Unread));
    meeting.guest = guest;
    let now = NOW + 2 * HOUR;
    let rng = &mut meeting.doors.rng;
    assert_eq!(meeting.guest.repair(None, now, rng).unwrap().apply().event, None);
    for device in [0, 2] {
        meeting.renews(device, now);
    }
    // After its removal, too, and others come in.
    meeting.doors.home.relist(|device| device != OTHER, now);
    meeting.guest_learns(now);
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.open(stolen, &first, now).map(drop));
    for device in [0, 2] {
        meeting.host_learns(device, now);
        meeting.renews(device, now + DAY);
    }
    let (new, _, envelope) = meeting.link(now + DAY);
    meeting.guest_learns(now + DAY);
    assert!(meeting.guest.receive(new.address(), &envelope.message, now + DAY).is_ok());
}

#[test]
fn a_first_message_that_was_held_back_brings_in_no_device_that_has_gone() {
    for is_removed in [false, true] {
        let mut meeting = Meeting::new(171, 3);
        let from = meeting.doors.address(OTHER);
        let held_back = meeting.renewal(OTHER, NOW + HOUR);
        let mut now = NOW + 3 * HOUR;
        meeting.renews(OTHER, now);
        if is_removed {
            // And listed again.
            for kept in [&[0, 2][..], &[0, 1, 2]] {
                let Home { account, clients, .. } = &meeting.doors.home;
                let devices: Vec<_> =
                    kept.iter().map(|kept| clients[*kept].certificate().clone()).collect();
                let list = next_list(account, meeting.guest.list(), &devices, now);
                meeting.guest.learn(&list, now).unwrap().apply();
            }
        } else {
            let ended = meeting.hosts[OTHER].end(now, &mut meeting.doors.rng).unwrap().apply();
            let event = meeting.guest.receive(from, &only(ended), now).unwrap().event;
            assert!(event == ChatEvent::DeviceEnded);
        }
        meeting.guest = restored(&meeting.guest);
        assert!(meeting.guest.devices().all(|device| device != from));
        refuses(&mut meeting.guest, Error::Replay, |guest| {
            guest.open(from, &held_back, now).map(drop)
        });
        // Who is there is told, and what comes of the device itself is taken.
        assert!(matches!(meeting.guest.take(from, &held_back, now).apply(), TakenMessage::Unread));
        now += 1;
        let (mut again, first) = meeting.shares(OTHER, now);
        let event = meeting.guest.receive(from, &first, now).unwrap().event;
        assert!(event == ChatEvent::Joined);
        let said = meeting.guest.send("hello", now, &mut meeting.doors.rng).unwrap().envelopes;
        assert_eq!(text_of(&again.hear(of(&said, from), now).unwrap().event), "hello");
        refuses(&mut meeting.guest, Error::Replay, |guest| {
            guest.open(from, &held_back, now).map(drop)
        });
    }
}

#[test]
fn a_device_that_ends_its_part_as_it_comes_in_anew_has_gone_since_then() {
    let mut meeting = Meeting::new(172, 2);
    let from = meeting.doors.address(OTHER);
    let held_back = meeting.renewal(OTHER, NOW + HOUR);
    // Nothing but the end of the later session comes.
    drop(meeting.renewal(OTHER, NOW + 3 * HOUR));
    let ended = meeting.hosts[OTHER].end(NOW + 3 * HOUR, &mut meeting.doors.rng).unwrap().apply();
    let end = only(ended);
    let received = leads_to_the_same(&meeting.guest, |guest| guest.open(from, &end, NOW + DAY));
    assert!(received.event == ChatEvent::DeviceEnded);
    meeting.guest.receive(from, &end, NOW + DAY).unwrap();
    refuses(&mut meeting.guest, Error::Replay, |guest| {
        guest.open(from, &held_back, NOW + DAY).map(drop)
    });
    assert_eq!(meeting.guest.devices().count(), 1);
}

#[test]
fn a_device_that_had_gone_by_a_clock_that_was_wrong_comes_in_again() {
    let mut meeting = Meeting::new(173, 2);
    let from = meeting.doors.address(OTHER);
    let (mut chat, first) = meeting.shares(OTHER, NOW + 9 * DAY);
    meeting.guest.receive(from, &first, NOW).unwrap();
    let end = only(chat.end(NOW + 9 * DAY, &mut meeting.doors.rng).unwrap().apply());
    assert!(meeting.guest.receive(from, &end, NOW).unwrap().event == ChatEvent::DeviceEnded);
    let (_, again) = meeting.shares(OTHER, NOW + HOUR);
    assert!(meeting.guest.receive(from, &again, NOW + HOUR).unwrap().event == ChatEvent::Joined);
}

#[test]
fn junk_begins_nothing_anew_with_a_device_whose_grant_does_not_count() {
    let mut meeting = healing::proved(174);
    let Meeting { doors, guest, hosts } = &mut meeting;
    let granted = doors.grant(0, &mut hosts[0]);
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    let shared = hosts[0].export_grant(&doors.home.clients[0]).unwrap();
    hosts[OTHER].sync_grant(&doors.home.clients[OTHER], &shared, NOW).unwrap().apply();
    meeting.host_says(OTHER, NOW);
    meeting.guest_says(OTHER, NOW);
    let before: Vec<_> = meeting.guest.handshake_ids().collect();
    let (from, junk) = (meeting.doors.address(OTHER), [&[1, 1][..], &[7; 200]].concat());
    assert!(matches!(meeting.guest.take(from, &junk, NOW).apply(), TakenMessage::Unread));
    let (mut knocks, mut words) = (0, 0);
    for hours in 1..48 {
        let now = NOW + hours * HOUR;
        let Meeting { doors, guest, hosts } = &mut meeting;
        for knock in guest.repair(None, now, &mut doors.rng).unwrap().apply().envelopes {
            assert_eq!(knock.to, from);
            assert!(hosts[OTHER].hear(&knock.message, now).unwrap().event == ChatEvent::Knocked);
            knocks += 1;
        }
        let client = &doors.home.clients[OTHER];
        let answers = hosts[OTHER].repair(Some(client), now, &mut doors.rng).unwrap().apply();
        for answer in answers.envelopes {
            let received = guest.receive(from, &answer.message, now).unwrap();
            assert!(received.event == ChatEvent::Joined && !received.renewed);
            words += 1;
        }
    }
    assert_eq!((knocks, words), (1, 1));
    assert!(meeting.guest.handshake_ids().eq(before));
}

#[test]
fn devices_come_in_and_begin_anew_however_long_a_chat_has_lasted() {
    let mut meeting = Meeting::new(175, 2);
    let mut now = NOW;
    // The guest's prekeys say that they serve for 14 days, and nobody asks them.
    for round in 1..=12 {
        now += 5 * DAY;
        if round % 4 == 0 {
            meeting.doors.home.relist(|_| true, now);
            meeting.guest_learns(now);
            (0..2).for_each(|device| drop(meeting.host_learns(device, now)));
        }
        for device in 0..2 {
            meeting.guest_says(device, now);
            meeting.host_says(device, now);
        }
    }
    meeting.renews(OTHER, now);
    let (new, mut chat, envelope) = meeting.link(now);
    meeting.guest_learns(now);
    let from = new.address();
    assert!(
        meeting.guest.receive(from, &envelope.message, now).unwrap().event == ChatEvent::Joined
    );
    let said = meeting.guest.send("hello", now, &mut meeting.doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&chat.hear(of(&said, from), now).unwrap().event), "hello");
}

#[test]
fn of_two_chats_that_were_truly_shared_the_guest_moves_on_to_the_later_one() {
    let mut meeting = Meeting::new(176, 2);
    let (new, mut first, joining) = meeting.link(NOW);
    meeting.guest_learns(NOW);
    // The guest is away for an hour, and the other device shares the chat as well.
    let now = NOW + HOUR;
    let Meeting { doors, guest, hosts } = &mut meeting;
    let shared = hosts[OTHER].export(&doors.home.clients[OTHER], now).unwrap();
    let (mut second, later) = Chat::import(&new, &shared, now, &mut doors.rng).unwrap();
    let from = new.address();
    for (chat, message) in [(&mut first, &joining.message), (&mut second, &later.message)] {
        assert!(guest.receive(from, message, now).unwrap().event == ChatEvent::Joined);
        let answer = guest.repair(None, now, &mut doors.rng).unwrap().apply().envelopes;
        chat.hear(&only(answer), now).unwrap();
        assert!(chat.is_confirmed());
    }
    first.block(now).unwrap().apply();
    let said = guest.send("hello", now, &mut doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&second.hear(of(&said, from), now).unwrap().event), "hello");
    let text = second.say("welcome", now, &mut doors.rng).unwrap();
    assert_eq!(text_of(&guest.receive(from, &text, now).unwrap().event), "welcome");
}

#[test]
fn an_end_in_a_later_chat_of_a_device_is_that_of_its_part() {
    let mut meeting = Meeting::new(177, 2);
    let (new, _, joining) = meeting.link(NOW);
    meeting.guest_learns(NOW);
    meeting.guest.receive(new.address(), &joining.message, NOW).unwrap();
    let Meeting { doors, guest, hosts } = &mut meeting;
    let shared = hosts[OTHER].export(&doors.home.clients[OTHER], NOW + HOUR).unwrap();
    let (mut later, _) = Chat::import(&new, &shared, NOW + HOUR, &mut doors.rng).unwrap();
    let end = only(later.end(NOW + HOUR, &mut doors.rng).unwrap().apply());
    let event = guest.receive(new.address(), &end, NOW + HOUR).unwrap().event;
    assert!(event == ChatEvent::DeviceEnded);
    assert!(guest.devices().all(|device| device != new.address()));
}

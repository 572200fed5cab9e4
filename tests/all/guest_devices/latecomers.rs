//! Devices that are linked later.

use super::*;

#[test]
fn a_device_joins_no_chat_whose_grant_its_device_has_not_signed() {
    let mut meeting = Meeting::new(130, 2);
    let new = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let rng = &mut meeting.doors.rng;
    // Of which invitation, of which claim; when, and the signature.
    let end = shared.as_bytes().len();
    for place in [34, 65, 66, 97, end - 65, end - 64, end - 1] {
        let other = altered(&shared, place);
        assert_eq!(Chat::import(&new, &other, NOW, rng).err(), Some(Error::BadSignature));
    }
    assert!(Chat::import(&new, &shared, NOW, rng).is_ok());
}

#[test]
fn a_device_joins_a_chat_whose_granting_device_has_left_the_list() {
    let mut meeting = Meeting::new(131, 2);
    let Meeting { doors, hosts, .. } = &mut meeting;
    let new = doors.home.link(NOW, &mut doors.rng);
    doors.home.clients.push(new);
    let shared = hosts[0].export(&doors.home.clients[0], NOW).unwrap();
    doors.home.relist(|device| device != 0, NOW);
    assert!(Chat::import(&doors.home.clients[2], &shared, NOW, &mut doors.rng).is_ok());
}

#[test]
fn a_device_that_is_linked_later_comes_into_the_chat() {
    let mut meeting = Meeting::new(100, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    assert_eq!(late.status(), ChatStatus::Active);
    assert_eq!(late.fingerprint(), meeting.guest.fingerprint());
    assert_eq!((envelope.to, late.peer_name()), (late.other(), "Grace"));
    meeting.guest_learns(NOW);
    (late, meeting.guest) = (restored(&late), restored(&meeting.guest));
    let received = meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    assert!(received.event == ChatEvent::Joined && received.from == new.address());
    assert!(received.alerts.is_empty());
    (late, meeting.guest) = (restored(&late), restored(&meeting.guest));
    assert_eq!(meeting.guest.devices().count(), 3);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert!(!restored(&late).is_confirmed());
    assert_eq!(text_of(&late.hear(of(&said, new.address()), NOW).unwrap().event), "hello");
    assert!(restored(&late).is_confirmed());
    for round in 0..3_u64 {
        let text = late.say("welcome", NOW + round, &mut meeting.doors.rng).unwrap();
        let received = meeting.guest.receive(new.address(), &text, NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "welcome");
        let said =
            meeting.guest.send("hello", NOW + round, &mut meeting.doors.rng).unwrap().envelopes;
        late.hear(of(&said, new.address()), NOW + round).unwrap();
    }
    // It can bring in the next one.
    let next = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = late.export(&new, NOW).unwrap();
    let (_, envelope) = Chat::import(&next, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    assert!(meeting.guest.receive(next.address(), &envelope.message, NOW).is_ok());
}

#[test]
fn a_device_comes_in_once_the_guest_knows_a_list_that_names_it() {
    let mut meeting = Meeting::new(101, 2);
    let (new, _, envelope) = meeting.link(NOW);
    let from = new.address();
    let guest = &mut meeting.guest;
    refuses(guest, Error::Unlisted, |guest| guest.open(from, &envelope.message, NOW).map(drop));
    meeting.guest_learns(NOW);
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    refuses(&mut meeting.guest, Error::Duplicate, |guest| {
        guest.open(from, &envelope.message, NOW).map(drop)
    });
}

#[test]
fn a_device_comes_in_once_and_its_first_message_is_not_replayed_later() {
    let mut meeting = Meeting::new(102, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let (_, again) = Chat::import(&new, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    let from = new.address();
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    // A session of the same moment is no later one.
    refuses(&mut meeting.guest, Error::Replay, |guest| {
        guest.open(from, &again.message, NOW).map(drop)
    });
    let second = late.say("second", NOW, &mut meeting.doors.rng).unwrap();
    // Removed, and listed again: its old first message brings no old session back.
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    assert_eq!(meeting.guest.devices().count(), 2);
    meeting.doors.home.clients.push(new);
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    // Nor does one of the same moment that was held back, and the guest has never seen.
    for old in [&envelope.message, &second, &again.message] {
        refuses(&mut meeting.guest, Error::Replay, |guest| guest.open(from, old, NOW).map(drop));
    }
    let client = meeting.doors.home.clients.last().unwrap();
    let later = Chat::import(client, &shared, NOW + 1, &mut meeting.doors.rng).unwrap().1;
    meeting.guest.receive(from, &later.message, NOW + 1).unwrap();
}

#[test]
fn nobody_comes_in_who_was_not_told_of_the_chat() {
    let mut meeting = Meeting::new(103, 2);
    let other = Meeting::new(104, 2);
    let mut rng = TestRng::new(1030);
    let new = meeting.doors.home.link(NOW, &mut rng);
    meeting.guest_learns(NOW);
    let from = new.address();
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    // The chat of another guest; this one with another key, or under another claim.
    let elsewhere = other.hosts[0].export(&other.doors.home.clients[0], NOW).unwrap();
    let envelope = Chat::import(&new, &elsewhere, NOW, &mut rng).unwrap().1;
    refuses(&mut meeting.guest, Error::UnknownPrekey, |guest| {
        guest.open(from, &envelope.message, NOW).map(drop)
    });
    // Behind the key: host device id, time, signature. The transcript is behind the account's id and
    // that of the invitation. A grant by a device that is not listed is not checked.
    let granter = shared.as_bytes().len() - 80;
    let key = granter - 32;
    for place in [key, key + 31, 66, 97] {
        let other = altered(&altered(&shared, granter), place);
        let envelope = Chat::import(&new, &other, NOW, &mut rng).unwrap().1;
        refuses(&mut meeting.guest, Error::Forged, |guest| {
            guest.open(from, &envelope.message, NOW).map(drop)
        });
    }
    let envelope = Chat::import(&new, &shared, NOW, &mut rng).unwrap().1;
    for place in 2..envelope.message.len() {
        let altered = support::flipped(&envelope.message, place);
        let error =
            support::refusal(&mut meeting.guest, |guest| guest.open(from, &altered, NOW).map(drop))
                .unwrap();
        let expected = match place {
            2 => matches!(error, Error::Malformed | Error::WrongKind | Error::UnknownPrekey),
            3..11 => error == Error::UnknownPrekey,
            11..19 => error == Error::Malformed,
            _ => matches!(error, Error::Forged | Error::WeakKey),
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    let ordinary = [&[1, 1][..], &[7; 200]].concat();
    refuses(&mut meeting.guest, Error::Forged, |guest| guest.open(from, &ordinary, NOW).map(drop));
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
}

#[test]
fn a_listed_device_cannot_come_in_as_another_one() {
    let mut meeting = Meeting::new(105, 2);
    let (one, _, envelope) = meeting.link(NOW);
    meeting.doors.home.clients.push(one);
    let two = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    meeting.guest_learns(NOW);
    let (from, message) = (two.address(), &envelope.message);
    refuses(&mut meeting.guest, Error::WrongPeer, |guest| guest.open(from, message, NOW).map(drop));
    // Nor a device of another account under the id of a listed one.
    let stranger = Home::new(9, 1, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let rng = &mut meeting.doors.rng;
    let refused = Chat::import(&stranger.clients[0], &shared, NOW, rng);
    assert_eq!(refused.err(), Some(Error::WrongPeer));
    let bytes = shared.as_bytes();
    let claimed = [&bytes[..2], &stranger.list.account().0, &bytes[34..]].concat();
    let envelope = Chat::import(&stranger.clients[0], &object(&claimed), NOW, rng).unwrap().1;
    let guest = &mut meeting.guest;
    refuses(guest, Error::WrongPeer, |guest| guest.open(from, &envelope.message, NOW).map(drop));
    let stranger = stranger.clients[0].address();
    refuses(guest, Error::WrongPeer, |guest| {
        guest.open(stranger, &envelope.message, NOW).map(drop)
    });
}

#[test]
fn a_first_message_says_what_a_device_of_the_host_may_say_and_nothing_else() {
    let mut meeting = Meeting::new(106, 2);
    let new = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let (chat, _) = Chat::import(&new, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    let mut session = support::guest::bare_session(&chat);
    for content in [&[1, 0, 0, 0, 0][..], &[6; 33], &[7, 0], &[8, 1], &[]] {
        let message = session.encrypt(content, &mut meeting.doors.rng).unwrap();
        refuses(&mut meeting.guest, Error::NotAllowed, |guest| {
            guest.open(new.address(), &message, NOW).map(drop)
        });
    }
    // Its end is that of its part, before anything else of it has come.
    let end = session.encrypt(&[4], &mut meeting.doors.rng).unwrap();
    let received = meeting.guest.receive(new.address(), &end, NOW).unwrap();
    assert!(received.event == ChatEvent::DeviceEnded);
    assert_eq!((meeting.guest.devices().count(), meeting.guest.status()), (2, ChatStatus::Active));
}

#[test]
fn a_text_that_overtakes_a_joining_is_read() {
    let mut meeting = Meeting::new(109, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    let text = late.say("before I come in", NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    let received = meeting.guest.receive(new.address(), &text, NOW).unwrap();
    assert_eq!((text_of(&received.event), received.renewed), ("before I come in", false));
    meeting.guest = restored(&meeting.guest);
    assert_eq!(meeting.guest.devices().count(), 3);
    // It says afterwards that it comes; that changes nothing.
    let received = meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    assert!(received.event == ChatEvent::Joined && !received.renewed);
    assert_eq!(meeting.guest.devices().count(), 3);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&late.hear(of(&said, new.address()), NOW).unwrap().event), "hello");
}

#[test]
fn a_joining_that_was_lost_is_sent_again_until_the_guest_is_there() {
    let mut meeting = Meeting::new(110, 2);
    let (new, mut late, lost) = meeting.link(NOW);
    drop(lost);
    meeting.guest_learns(NOW);
    let rng = &mut meeting.doors.rng;
    let mut looked =
        |late: &mut Chat, now| late.repair(Some(&new), now, rng).unwrap().apply().envelopes;
    assert!(looked(&mut late, NOW + 3599).is_empty());
    let again = only(looked(&mut late, NOW + 3600));
    assert!(looked(&mut late, NOW + 3601).is_empty());
    let received = meeting.guest.receive(new.address(), &again, NOW + 3600).unwrap();
    assert!(received.event == ChatEvent::Joined && !received.renewed);
    // The guest's program answers without its user.
    let answer = meeting.guest.repair(None, NOW + 3600, &mut meeting.doors.rng).unwrap().apply();
    assert_eq!(answer.envelopes[0].to, new.address());
    assert!(!late.is_confirmed());
    let answer = late.hear(&only(answer.envelopes), NOW + 3600).unwrap();
    assert!(answer.event == ChatEvent::Knocked && late.is_confirmed());
    let rng = &mut meeting.doors.rng;
    let looked = late.repair(Some(&new), NOW + 2 * DAY, rng).unwrap().apply();
    assert!(looked.envelopes.is_empty());
    assert!(!meeting.guest.repair(None, NOW + 3600, rng).unwrap().is_change());
}

#[test]
fn a_device_that_was_removed_comes_in_no_more_by_beginning_anew() {
    let mut meeting = Meeting::new(111, 2);
    let junk = [&[1, 1][..], &[7; 200]].concat();
    let Meeting { doors, hosts, guest } = &mut meeting;
    let from = doors.address(1);
    let client = restored(&doors.home.clients[1]);
    let to = hosts[1].other();
    hosts[1].take(to, &junk, NOW).apply();
    let mut other = restored(&hosts[1]);
    let rng = &mut doors.rng;
    let anew = hosts[1].repair(Some(&client), NOW + 3600, rng).unwrap().apply();
    doors.home.relist(|device| device == 0, NOW);
    guest.learn(&doors.home.list, NOW).unwrap().apply();
    for envelope in &anew.envelopes {
        refuses(guest, Error::Unlisted, |guest| {
            guest.open(from, &envelope.message, NOW + 3600).map(drop)
        });
    }
    // Nor does it try, once it knows.
    let mut client = client;
    client.learn(&doors.home.list, NOW).unwrap().apply();
    refuses(&mut other, Error::OwnDeviceUnlisted, |other| {
        other.repair(Some(&client), NOW + 3600, &mut doors.rng).map(drop)
    });
    // And no device begins in the place of another one.
    let Meeting { doors, hosts, guest } = &mut Meeting::new(112, 2);
    let to = hosts[1].other();
    hosts[1].take(to, &junk, NOW).apply();
    let client = &doors.home.clients[1];
    let anew = hosts[1].repair(Some(client), NOW + 3600, &mut doors.rng).unwrap().apply();
    let from = doors.address(0);
    refuses(guest, Error::WrongPeer, |guest| {
        guest.open(from, &anew.envelopes[0].message, NOW + 3600).map(drop)
    });
    let from = doors.address(1);
    assert!(guest.receive(from, &anew.envelopes[0].message, NOW + 3600).unwrap().renewed);
    assert_eq!(guest.devices().count(), 2);
}

#[test]
fn a_chat_is_shared_by_the_host_while_it_is_active() {
    let mut meeting = Meeting::waiting(107, 2);
    assert_eq!(
        meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).err(),
        Some(Error::NotGranted)
    );
    assert_eq!(
        meeting.guest.export(&meeting.doors.home.clients[0], NOW).err(),
        Some(Error::NotAllowed)
    );
    let Meeting { doors, hosts, .. } = &mut meeting;
    doors.grant(0, &mut hosts[0]);
    let shared = hosts[0].export(&doors.home.clients[0], NOW).unwrap();
    assert_eq!(hosts[0].export(&doors.home.clients[0], NOW + 10 * DAY).err(), Some(Error::Expired));
    hosts[0].block(NOW).unwrap().apply();
    assert_eq!(hosts[0].export(&doors.home.clients[0], NOW).err(), Some(Error::Ended));
    let mut new = doors.home.link(NOW, &mut doors.rng);
    let rng = &mut doors.rng;
    for length in 0..shared.as_bytes().len() {
        let cut = object(&shared.as_bytes()[..length]);
        let error = Chat::import(&new, &cut, NOW, rng).err();
        assert_eq!(error, Some(Error::Malformed), "{length}");
    }
    let longer = object(&[shared.as_bytes(), &[0]].concat());
    assert_eq!(Chat::import(&new, &longer, NOW, rng).err(), Some(Error::Malformed));
    let list = doors.home.list.clone();
    doors.home.relist(|_| true, NOW);
    new.learn(&doors.home.list, NOW).unwrap().apply();
    assert!(list.device(new.address().device).is_some());
    refuses(&mut new, Error::OwnDeviceUnlisted, |new| {
        Chat::import(new, &shared, NOW, rng).map(drop)
    });
}

#[test]
fn what_is_kept_for_devices_that_come_later_goes_with_the_chat() {
    let mut meeting = Meeting::new(108, 1);
    let tail = |chat: &Chat| {
        let bytes = chat.to_bytes();
        bytes[bytes.len() - support::guest::joining_of(chat) + 1..].to_vec()
    };
    let (guest, host) = (tail(&meeting.guest), tail(&meeting.hosts[0]));
    // One key, which the guest made and nobody else knows.
    let (own, told) = (&guest[guest.len() - 36..guest.len() - 4], &host[host.len() - 32..]);
    assert_eq!(own, told);
    let end = meeting.guest.end(NOW, &mut meeting.doors.rng).unwrap().apply();
    meeting.hosts[0].hear(&only(end), NOW).unwrap();
    for (chat, secrets) in [(&meeting.guest, [&guest[..128], own]), (&meeting.hosts[0], [told; 2])]
    {
        let after = chat.to_bytes();
        for secret in secrets {
            let mut parts = secret.windows(8);
            assert!(parts.all(|part| !support::guest::contains(&after, part)));
        }
    }
}

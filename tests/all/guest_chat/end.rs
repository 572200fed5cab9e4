//! The end.

use super::*;

#[test]
fn a_host_that_denies_ends_the_chat_for_the_guest() {
    let mut talk = Talk::waiting(40);
    let end = only(talk.host.end(NOW, &mut talk.door.rng).unwrap().apply());
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Here));
    assert!(talk.guest.hear(&end, NOW).unwrap().event == ChatEvent::Ended);
    assert_eq!(talk.guest.status(), ChatStatus::Ended(EndReason::There));
}

#[test]
fn a_guest_that_leaves_ends_the_chat_for_the_host() {
    for mut talk in [Talk::waiting(41), Talk::new(41)] {
        let end = only(talk.guest.end(NOW, &mut talk.door.rng).unwrap().apply());
        assert_eq!(talk.guest.status(), ChatStatus::Ended(EndReason::Here));
        assert!(talk.host.hear(&end, NOW).unwrap().event == ChatEvent::Ended);
        assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::There));
    }
}

#[test]
fn an_end_that_is_sealed_and_given_up_ends_nothing() {
    let mut talk = Talk::new(42);
    drop(talk.host.end(NOW, &mut talk.door.rng).unwrap());
    assert_eq!(talk.host.status(), ChatStatus::Active);
}

#[test]
fn a_blocked_guest_is_not_told_and_not_heard() {
    for mut talk in [Talk::waiting(43), Talk::new(43)] {
        let message = talk.guest_says("hello", NOW);
        talk.host.block(NOW).unwrap().apply();
        assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Here));
        refuses(&mut talk.host, Error::Ended, |host| host.listen(&message, NOW).map(drop));
        let mut host = restored(&talk.host);
        refuses(&mut host, Error::Ended, |host| host.listen(&message, NOW).map(drop));
    }
}

/// Returns a chat in each of the ways that it can end.
fn ended() -> Vec<Chat> {
    let mut here = Talk::new(44);
    let end = only(here.host.end(NOW, &mut here.door.rng).unwrap().apply());
    here.guest.hear(&end, NOW).unwrap();
    let mut blocked = Talk::new(45);
    blocked.host.block(NOW).unwrap().apply();
    for now in days(NOW, NOW + IDLE) {
        changed(blocked.guest.expire(now));
    }
    vec![here.host, here.guest, blocked.host, blocked.guest]
}

#[test]
fn a_chat_that_ended_does_nothing_more() {
    let mut rng = TestRng::new(46);
    let other = client(1, &mut rng);
    let message = Talk::new(47).guest_says("hello", NOW);
    for mut chat in ended() {
        for now in [0, NOW, NOW + IDLE, u64::MAX] {
            refuses(&mut chat, Error::Ended, |chat| chat.say("x", now, &mut rng));
            refuses(&mut chat, Error::Ended, |chat| chat.listen(&message, now).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.end(now, &mut rng).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.grant(&other, now, &mut rng).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.block(now).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.read_notice(&message, now).map(drop));
            assert!(!chat.expire(now).is_change());
        }
    }
}

#[test]
fn ending_erases_the_session() {
    type End = fn(&mut Talk);
    let endings: [End; 3] = [
        |talk| drop(talk.host.end(NOW, &mut talk.door.rng).unwrap().apply()),
        |talk| {
            talk.host.block(NOW).unwrap().apply();
        },
        |talk| days(NOW, NOW + IDLE).for_each(|now| changed(talk.host.expire(now))),
    ];
    for end in endings {
        let mut talk = Talk::new(48);
        let message = talk.guest_says("hello", NOW);
        talk.host.hear(&message, NOW).unwrap();
        let before = talk.host.to_bytes();
        let session = &before[session_of(&talk.host, &before)..];
        end(&mut talk);
        // Behind version, kind, anchor and clock, which has zeros, as sessions have.
        let after = talk.host.to_bytes()[2 + 32 + 25..].to_vec();
        // What is left of it: the peer's certificate, which the chat itself names.
        let peer = talk.host.peer().encode();
        let left: Vec<_> = session
            .windows(16)
            .filter(|part| contains(&after, part) && part.iter().any(|byte| *byte != 0))
            .collect();
        assert!(!left.is_empty() && left.iter().all(|part| contains(&peer, part)));
    }
}

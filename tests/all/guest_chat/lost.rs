//! Grants that are lost, chats that nothing repairs, and their time.

use super::*;

use super::repair::{HOUR, Healed, Pair, Side, active};
use latchstring::guest::{Approval, Pin, TakenMessage};

#[test]
fn a_lost_grant_is_asked_for() {
    let mut talk = Pair(Talk::waiting(725));
    let now = NOW + HOUR;
    // Nobody has granted anything: a guest asks in vain, and ever less often.
    let mut asked = Vec::new();
    for minutes in (0..3 * 24 * 60).step_by(10) {
        let now = NOW + minutes * 60;
        for envelope in talk.repair(Side::Guest, now) {
            asked.push(minutes / 60);
            let taken = talk.take(Side::Host, &envelope.message, now);
            let TakenMessage::Event(event) = taken else { panic!() };
            assert!(event.event == ChatEvent::Knocked && !event.renewed);
        }
        assert!(talk.repair(Side::Host, now).is_empty());
    }
    assert_eq!(asked, [1, 3, 7, 15, 31, 47, 63]);
    // That is no word of a person, and keeps no chat open.
    assert_eq!([talk.0.host.deadline(), talk.0.guest.deadline()], [NOW + IDLE; 2]);
    let mut talk = Pair(Talk::waiting(726));
    drop(talk.0.grant());
    assert!(talk.repair(Side::Guest, now - 1).is_empty());
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    assert_eq!(talk.0.guest.status(), ChatStatus::Active);
    assert_eq!(healed.rounds, 2);
    talk.agrees(now);
    assert!(talk.repair(Side::Guest, now + DAY).is_empty());
}

#[test]
fn a_guest_that_floods_is_answered_once_an_hour() {
    let mut talk = active(727);
    let mut session = bare_session(&talk.0.guest);
    let mut answers = 0;
    for step in 0..6 * 24 {
        let now = NOW + DAY + step * 600;
        for asks in [1, 2] {
            let knock = session.encrypt(&[8, asks], &mut talk.0.door.rng).unwrap();
            talk.take(Side::Host, &knock, now);
        }
        answers += usize::from(!talk.repair(Side::Host, now).is_empty());
    }
    assert!((1..=6).contains(&answers), "{answers}");
    // An app that asks at any time sends no more than one that asks every hour.
    for seconds in 0..100 {
        assert!(talk.repair(Side::Host, NOW + 2 * DAY + seconds).len() <= 2);
    }
}

/// A chat behind a PIN, whose host has answered and whose guest has proved it, up to a step.
fn with_pin(seed: u64) -> Pair {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut door = Door::with_policy(seed, policy);
    let pin = Pin::parse(&door.invite.pin().unwrap().digits()).unwrap();
    let preview = door.preview().enter(pin).unwrap();
    let bundles = core::slice::from_ref(&door.bundle);
    let (guest, claim) =
        preview.claim(door.host.list(), bundles, "Grace", &[], NOW, &mut door.rng).unwrap();
    let host = door.admit(&claim);
    Pair(Talk { door, host, guest, claim })
}

#[test]
fn a_chat_beyond_repair_says_that_a_new_link_is_needed() {
    let mut talk = with_pin(730);
    let before = restored(&talk.0.guest);
    let Talk { door, host, .. } = &mut talk.0;
    let answer = only(host.answer_pin(&door.host, NOW, &mut door.rng).unwrap().apply());
    talk.0.guest.hear(&answer, NOW).unwrap();
    let proof = only(talk.0.guest.prove_pin(NOW, &mut talk.0.door.rng).unwrap().apply());
    talk.0.host.hear(&proof, NOW).unwrap();
    let granted = talk.0.grant();
    talk.0.guest.hear(&granted, NOW).unwrap();
    talk.exchange(3, NOW);
    // Restored to before the answer, which comes once.
    talk.0.guest = before;
    let text = talk.says(Side::Host, "hello", NOW + HOUR);
    assert!(matches!(talk.take(Side::Guest, &text, NOW + HOUR), TakenMessage::Unread));
    for envelope in talk.repair(Side::Guest, NOW + HOUR) {
        assert!(matches!(
            talk.take(Side::Host, &envelope.message, NOW + HOUR),
            TakenMessage::Unread
        ));
    }
    let anew = talk.repair(Side::Host, NOW + HOUR);
    assert!(!anew.is_empty());
    // A server cannot say so: junk ends nothing.
    let mut other = Pair(Talk {
        door: Door::new(1),
        host: restored(&talk.0.host),
        guest: restored(&talk.0.guest),
        claim: Vec::new(),
    });
    for days in 0..9 {
        let now = NOW + days * DAY;
        let junk = [&[1, 1][..], &[7; 200]].concat();
        other.take(Side::Guest, &junk, now);
        drop(other.repair(Side::Guest, now));
    }
    assert_eq!(other.0.guest.status(), ChatStatus::Waiting);
    for envelope in &anew {
        assert!(matches!(
            talk.take(Side::Guest, &envelope.message, NOW + HOUR),
            TakenMessage::Unread
        ));
    }
    // After an hour in which nothing has settled it.
    drop(talk.repair(Side::Guest, NOW + 2 * HOUR - 1));
    assert_eq!(talk.0.guest.status(), ChatStatus::Waiting);
    let now = NOW + 2 * HOUR;
    let Talk { door, guest, .. } = &mut talk.0;
    let repaired = guest.repair(None, now, &mut door.rng).unwrap().apply();
    assert_eq!(repaired.event, Some(ChatEvent::NewLinkNeeded));
    assert_eq!(guest.status(), ChatStatus::Ended(EndReason::Lost));
    assert_eq!(restored(guest).status(), ChatStatus::Ended(EndReason::Lost));
    assert_eq!(repaired.envelopes.len(), 1);
    let again = guest.repair(None, now, &mut door.rng).unwrap();
    assert!(!again.is_change());
}

#[test]
fn a_chat_beyond_repair_by_a_clock_that_was_ahead_is_told_within_two_hours() {
    let mut talk = with_pin(741);
    let before = restored(&talk.0.guest);
    let Talk { door, host, guest, .. } = &mut talk.0;
    let answer = only(host.answer_pin(&door.host, NOW, &mut door.rng).unwrap().apply());
    guest.hear(&answer, NOW).unwrap();
    let proof = only(guest.prove_pin(NOW, &mut door.rng).unwrap().apply());
    host.hear(&proof, NOW).unwrap();
    *guest = before;
    let junk = [&[1, 1][..], &[7; 200]].concat();
    talk.take(Side::Host, &junk, NOW);
    let anew = talk.repair(Side::Host, NOW);
    // The guest's clock is five days ahead as it is shown that nothing helps.
    let taken = talk.take(Side::Guest, &anew[0].message, NOW + 5 * DAY);
    assert!(matches!(taken, TakenMessage::Unread));
    drop(talk.repair(Side::Guest, NOW + HOUR));
    let Talk { door, guest, .. } = &mut talk.0;
    let repaired = guest.repair(None, NOW + 2 * HOUR, &mut door.rng).unwrap().apply();
    assert_eq!(repaired.event, Some(ChatEvent::NewLinkNeeded));
}

#[test]
fn junk_ends_no_chat_whose_pin_is_half_proved() {
    let mut talk = with_pin(740);
    let Talk { door, host, .. } = &mut talk.0;
    let answer = only(host.answer_pin(&door.host, NOW, &mut door.rng).unwrap().apply());
    let junk = [&[1, 1][..], &[7; 200]].concat();
    for hours in 0..9 * 24 {
        let now = NOW + hours * HOUR;
        for side in [Side::Guest, Side::Host] {
            talk.take(side, &junk, now);
            for envelope in talk.repair(side, now) {
                talk.take(side.other(), &envelope.message, now);
            }
            assert_eq!(talk.chat(side).status(), ChatStatus::Waiting, "{hours}");
        }
    }
    // And it goes on where it was.
    let now = NOW + 9 * DAY;
    talk.0.guest.hear(&answer, now).unwrap();
    let proof = only(talk.0.guest.prove_pin(now, &mut talk.0.door.rng).unwrap().apply());
    assert!(talk.0.host.hear(&proof, now).unwrap().event == ChatEvent::PinProved);
    talk.0.host.grant(&talk.0.door.host, now, &mut talk.0.door.rng).unwrap().apply();
}

#[test]
fn a_guest_without_room_for_another_first_message_says_that_a_new_link_is_needed() {
    let mut talk = active(738);
    // It has taken all that one device has.
    let device = talk.0.guest.other().device.0;
    let seen: Vec<_> = (0..64).map(|id| (id, device)).collect();
    talk.0.guest = support::guest::remembering(&talk.0.guest, &seen);
    let mut junk = [&[1, 1][..], &[7; 200]].concat();
    talk.take(Side::Host, &junk, NOW);
    let anew = talk.repair(Side::Host, NOW);
    // What anybody can make of it ends nothing.
    junk.clone_from(&anew[0].message);
    *junk.last_mut().unwrap() ^= 1;
    talk.take(Side::Guest, &junk, NOW);
    for hours in [1, 24] {
        drop(talk.repair(Side::Guest, NOW + hours * HOUR));
        assert_eq!(talk.0.guest.status(), ChatStatus::Active);
    }
    let now = NOW + DAY;
    let from = talk.0.guest.other();
    refuses(&mut talk.0.guest, Error::TooManyJoins, |guest| {
        guest.open(from, &anew[0].message, now).map(drop)
    });
    assert!(matches!(talk.take(Side::Guest, &anew[0].message, now), TakenMessage::Unread));
    let Talk { door, host, guest, .. } = &mut talk.0;
    let lost = guest.repair(None, now + HOUR, &mut door.rng).unwrap().apply();
    assert_eq!(lost.event, Some(ChatEvent::NewLinkNeeded));
    // The host still reads in the session before, and so the end.
    let end = host.hear(&only(lost.envelopes), now + HOUR).unwrap();
    assert!(end.event == ChatEvent::Ended && host.status() == ChatStatus::Ended(EndReason::There));
}

#[test]
fn a_look_after_a_chat_ends_it_when_its_time_has_come() {
    let mut talk = active(731);
    for side in [Side::Host, Side::Guest] {
        // A clock that has gone ahead is looked at twice.
        for now in [NOW + IDLE - HOUR, NOW + IDLE - 1] {
            assert!(talk.repair(side, now).is_empty());
            assert_eq!(talk.chat(side).status(), ChatStatus::Active);
        }
        assert!(talk.repair(side, NOW + IDLE).is_empty());
        assert_eq!(talk.chat(side).status(), ChatStatus::Ended(EndReason::Idle));
    }
    // Also without a client, on a device of the host.
    let mut talk = active(732);
    let rng = &mut talk.0.door.rng;
    for now in [NOW + IDLE - HOUR, NOW + IDLE] {
        talk.0.host.repair(None, now, rng).unwrap().apply();
    }
    assert_eq!(talk.0.host.status(), ChatStatus::Ended(EndReason::Idle));
    let other = client(1, rng);
    refuses(&mut active(733).0.host, Error::WrongClient, |host| {
        host.repair(Some(&other), NOW, rng).map(drop)
    });
}

#[test]
fn withheld_mail_keeps_no_chat_alive() {
    let mut talk = active(734);
    let (there, back) =
        (talk.says(Side::Guest, "there", NOW + 1), talk.says(Side::Host, "back", NOW));
    // Each message is brought as late as it can be.
    let late = NOW + IDLE - 1;
    for (side, message) in [(Side::Host, &there), (Side::Guest, &back)] {
        let chat = talk.chat(side);
        let deadline = chat.deadline();
        let received = chat.hear(message, late).unwrap();
        assert!(matches!(received.event, ChatEvent::Text(_)) && received.sent <= NOW + 1);
        assert_eq!(chat.deadline(), deadline.max(received.sent + IDLE));
        changed(chat.expire(late + HOUR));
        assert_eq!(chat.status(), ChatStatus::Ended(EndReason::Idle));
    }
    // Nor does a time of the future, beyond that of the receiver.
    let mut talk = active(735);
    let mut session = bare_session(&talk.0.guest);
    session.sent = u64::MAX;
    let text = session.encrypt(&raw_text(b"hello"), &mut talk.0.door.rng).unwrap();
    assert_eq!(talk.0.host.hear(&text, NOW + DAY).unwrap().sent, u64::MAX);
    assert_eq!(talk.0.host.deadline(), NOW + DAY + IDLE);
}

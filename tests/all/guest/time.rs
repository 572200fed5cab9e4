//! Time.

use super::*;

#[test]
fn a_link_opens_until_its_last_second() {
    let door = Door::new(40);
    let open = |now| door.link().open(door.server_copy.sealed_invitation(), ORIGIN, now).err();
    // A link waits for 30 days at most, and a guest's clock may be a day behind.
    let first = EXPIRES - 31 * DAY;
    for now in [first, NOW - 1, NOW, EXPIRES - 1, EXPIRES] {
        assert_eq!(open(now), None, "{now}");
    }
    for now in [0, NOW - 365 * DAY, first - 1] {
        assert_eq!(open(now), Some(Error::Expired), "{now}");
    }
    for now in [EXPIRES + 1, EXPIRES + 365 * DAY, u64::MAX] {
        assert_eq!(open(now), Some(Error::Expired), "{now}");
    }
}

#[test]
fn a_guest_claims_until_the_links_last_second() {
    let mut door = Door::new(41);
    for now in [NOW, EXPIRES - 1, EXPIRES] {
        let claimed = door.claim("Grace", &[], now);
        assert_eq!(claimed.err(), None, "{now}");
    }
    for now in [EXPIRES + 1, u64::MAX] {
        let claimed = door.claim("Grace", &[], now);
        assert_eq!(claimed.err(), Some(Error::Expired), "{now}");
    }
    // Before the list was issued the guest's clock is wrong in another way.
    let early = NOW - DAY - 1;
    for (now, refused) in [(0, Error::Expired), (early, Error::ListExpired)] {
        assert_eq!(door.claim("Grace", &[], now).err(), Some(refused), "{now}");
    }
}

#[test]
fn a_host_takes_a_claim_until_the_links_last_second() {
    let mut door = Door::new(42);
    let (_, claim) = door.guest();
    for now in [EXPIRES + 1, EXPIRES + 365 * DAY, u64::MAX] {
        door.refuses(&claim, now, Error::Expired);
    }
    for now in [0, NOW - 365 * DAY, NOW, EXPIRES - 1, EXPIRES] {
        assert_eq!(door.invite.claim(&mut door.host, &claim, now).err(), None, "{now}");
    }
}

#[test]
fn an_expired_link_is_erased_and_not_revived_by_an_earlier_clock() {
    let mut door = Door::new(43);
    let (_, claim) = door.guest();
    for now in [0, NOW, NOW + 3599] {
        assert!(!door.invite.expire(now).is_change(), "{now}");
    }
    changed(door.invite.expire(EXPIRES));
    assert!(door.invite.link().is_some());
    changed(door.invite.expire(EXPIRES + 1));
    assert!(door.invite.link().is_none());
    for now in [0, NOW, EXPIRES, EXPIRES + 1, u64::MAX] {
        door.refuses(&claim, now, Error::Ended);
        assert!(!door.invite.expire(now).is_change());
    }
    assert_eq!(Error::Ended.answer(), Answer::LinkOver);
}

#[test]
fn a_chat_ends_after_its_idle_time_to_the_second_on_both_sides() {
    let mut talk = Talk::new(44);
    let deadline = NOW + IDLE;
    for chat in [&mut talk.host, &mut talk.guest] {
        assert_eq!(chat.deadline(), deadline);
        for now in [0, NOW, NOW + 3599] {
            assert!(!chat.expire(now).is_change(), "{now}");
        }
        for now in days(NOW, deadline - 1) {
            changed(chat.expire(now));
        }
        assert_eq!((chat.status(), chat.deadline()), (ChatStatus::Active, deadline));
        for now in [deadline, deadline + 1, u64::MAX] {
            assert!(chat.expire(now).is_change(), "{now}");
            let rng = &mut talk.door.rng;
            refuses(chat, Error::Expired, |chat| chat.say("late", now, rng));
            refuses(chat, Error::Expired, |chat| chat.end(now, rng).map(drop));
        }
        changed(chat.expire(deadline));
        assert_eq!(chat.status(), ChatStatus::Ended(EndReason::Idle));
    }
}

#[test]
fn time_that_a_tick_has_seen_does_not_run_backwards() {
    let mut door = Door::new(47);
    let (_, claim) = door.guest();
    changed(door.invite.expire(NOW + 3600));
    assert!(!door.invite.expire(NOW + 3600).is_change());
    let mut host = door.admit(&claim);
    // The claim came at the time that the tick had seen, not at the one that was given.
    assert_eq!(host.deadline(), NOW + 3600 + IDLE);
    for now in days(NOW + 3600, NOW + IDLE) {
        changed(host.expire(now));
    }
    host.grant(&door.host, NOW, &mut door.rng).unwrap().apply();
    assert_eq!(host.deadline(), NOW + IDLE + IDLE);
}

#[test]
fn a_message_in_the_last_second_keeps_a_chat_and_none_later() {
    let mut talk = Talk::new(45);
    let deadline = NOW + IDLE;
    let message = talk.guest_says("in time", deadline - 1);
    for now in days(NOW, deadline - 1) {
        changed(talk.host.expire(now));
    }
    refuses(&mut talk.host, Error::Expired, |host| host.listen(&message, deadline).map(drop));
    let received = talk.host.hear(&message, deadline - 1).unwrap();
    assert_eq!(text_of(&received.event), "in time");
    assert_eq!(talk.host.deadline(), deadline - 1 + IDLE);
    assert_eq!(talk.guest.deadline(), deadline - 1 + IDLE);
}

#[test]
fn a_clock_set_back_does_not_revive_a_chat_that_ended() {
    let mut talk = Talk::new(46);
    let message = talk.guest_says("withheld", NOW);
    for now in days(NOW, NOW + IDLE) {
        changed(talk.host.expire(now));
    }
    let mut host = restored(&talk.host);
    for now in [0, NOW, NOW + IDLE - 1] {
        refuses(&mut host, Error::Ended, |host| host.listen(&message, now).map(drop));
        refuses(&mut host, Error::Ended, |host| host.say("x", now, &mut talk.door.rng));
        assert!(!host.expire(now).is_change());
    }
}

#[test]
fn a_clock_set_back_neither_shortens_nor_lengthens_a_chat() {
    let mut talk = Talk::new(47);
    let message = talk.guest_says("later", NOW + DAY);
    talk.host.hear(&message, NOW + DAY).unwrap();
    let message = talk.guest_says("with a clock from the past", 0);
    talk.host.hear(&message, 0).unwrap();
    assert_eq!(talk.host.deadline(), NOW + DAY + IDLE);
    assert_eq!(talk.guest.deadline(), NOW + DAY + IDLE);
}

#[test]
fn what_is_refused_is_no_activity() {
    let mut talk = Talk::new(48);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::Forged, |host| {
        host.listen(&[[1; 2], [9; 2]].concat().repeat(50), NOW + DAY).map(drop)
    });
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.say("", NOW + DAY, rng));
    assert_eq!((talk.host.deadline(), talk.guest.deadline()), (NOW + IDLE, NOW + IDLE));
}

#[test]
fn a_waiting_chat_ends_after_its_idle_time_too() {
    let mut talk = Talk::waiting(49);
    let host = &talk.door.host;
    let deadline = NOW + IDLE;
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::Expired, |chat| chat.grant(host, deadline, rng).map(drop));
    for now in days(NOW, deadline) {
        changed(talk.host.expire(now));
    }
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Idle));
}

#[test]
fn a_link_that_ended_by_its_time_has_no_notice_against_its_guest() {
    let mut door = Door::new(40);
    door.invite.expire(EXPIRES + 1).apply();
    assert!(door.invite.link().is_none() && door.invite.notice().is_none());
    // Nor has one that is only dropped then.
    let mut dropped = Door::new(41);
    dropped.invite.revoke(EXPIRES + 1).unwrap().apply();
    assert!(dropped.invite.notice().is_none());
    let mut taken_back = Door::new(42);
    taken_back.invite.revoke(EXPIRES).unwrap().apply();
    taken_back.invite.expire(EXPIRES + DAY).apply();
    assert!(taken_back.invite.notice().is_some());
}

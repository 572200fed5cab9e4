//! A guest chat after its claim: the grant, what may be said, its end, and its copies.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use latchstring::{
    Change, Chat, ChatStatus, Client, Device, EndReason, Error, Event, Policy, State, StateKey,
};
use support::guest::{
    DAY, Door, EXPIRES, IDLE, Talk, bare_session, contains, session_of, stage_of, text_of,
};
use support::{
    NOW, OneToOne, TestRng, client, device_of, fails, flipped, only, refuses, restarted, sign,
    signing_seed,
};

// Kinds of content (`spec/guest-links.md`).
const HELLO: u8 = 1;
const TEXT: u8 = 2;
const GRANT: u8 = 3;
const END: u8 = 4;

// ---- the grant ----

#[test]
fn a_host_writes_only_after_it_has_let_the_guest_in() {
    let mut talk = Talk::waiting(1);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::NotGranted, |host| host.say("too early", NOW, rng));
    let granted = talk.grant();
    assert_eq!(talk.host.status(), ChatStatus::Active);
    let text = talk.host_says("welcome", NOW);
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == Event::Granted);
    assert_eq!(text_of(&talk.guest.hear(&text, NOW).unwrap().event), "welcome");
}

#[test]
fn a_text_that_overtakes_the_grant_is_read() {
    let mut talk = Talk::waiting(2);
    let (granted, text) = (talk.grant(), talk.host_says("welcome", NOW));
    assert_eq!(text_of(&talk.guest.hear(&text, NOW).unwrap().event), "welcome");
    assert_eq!(talk.guest.status(), ChatStatus::Waiting);
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == Event::Granted);
    assert_eq!(talk.guest.status(), ChatStatus::Active);
}

#[test]
fn a_grant_that_was_lost_is_sent_again() {
    let mut talk = Talk::waiting(6);
    let (lost, again) = (talk.grant(), talk.grant());
    assert!(talk.guest.hear(&again, NOW).unwrap().event == Event::Granted);
    assert!(talk.guest.hear(&lost, NOW).unwrap().event == Event::Granted);
    assert_eq!(talk.guest.status(), ChatStatus::Active);
}

#[test]
fn a_guest_sends_so_many_texts_before_the_grant_and_no_more() {
    let mut talk = Talk::waiting(3);
    // One of three came with the claim.
    for text in ["two", "three"] {
        let message = talk.guest_says(text, NOW);
        assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), text);
    }
    let rng = &mut talk.door.rng;
    refuses(&mut talk.guest, Error::NotGranted, |guest| guest.say("four", NOW, rng));
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    let message = talk.guest_says("four", NOW);
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), "four");
}

#[test]
fn a_modified_guest_sends_no_more_before_the_grant_either() {
    let mut talk = Talk::waiting(4);
    let mut session = bare_session(&talk.guest);
    let mut send = |text: &str| {
        session.encrypt(&[&[TEXT], text.as_bytes()].concat(), &mut talk.door.rng).unwrap()
    };
    let messages = [send("two"), send("three"), send("four"), send("five")];
    talk.host.hear(&messages[0], NOW).unwrap();
    talk.host.hear(&messages[1], NOW).unwrap();
    for message in &messages[2..] {
        refuses(&mut talk.host, Error::NotGranted, |host| host.listen(message, NOW));
    }
    let mut host = restarted(&talk.host);
    refuses(&mut host, Error::NotGranted, |host| host.listen(&messages[2], NOW));
}

#[test]
fn a_chat_is_granted_by_the_host() {
    let mut talk = Talk::waiting(5);
    let (device, rng) = (&talk.door.host, &mut talk.door.rng);
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.grant(device, NOW, rng).map(drop));
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    refuses(&mut talk.guest, Error::Duplicate, |guest| guest.listen(&granted, NOW));
}

#[test]
fn a_chat_is_granted_by_the_device_it_is_with() {
    let mut talk = Talk::waiting(6);
    let other = client(1, &mut talk.door.rng);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::BadArgument, |host| host.grant(&other, NOW, rng).map(drop));
}

#[test]
fn a_grant_that_is_sealed_and_given_up_lets_nobody_in() {
    let mut talk = Talk::waiting(7);
    let before = talk.host.to_bytes();
    drop(talk.host.grant(&talk.door.host, NOW, &mut talk.door.rng).unwrap());
    assert_eq!(before, talk.host.to_bytes());
    assert_eq!(talk.host.status(), ChatStatus::Waiting);
}

/// The content of a grant of this chat, made by the page of the specification.
fn grant_of(talk: &Talk, seed: &[u8; 32], label: &str, at: u64) -> Vec<u8> {
    let state = talk.guest.to_bytes();
    // invitation ‖ transcript, behind anchor, clock and time of activity.
    let (invitation, transcript) = (&state[50..82], &state[82..114]);
    let guest = talk.host.peer().account().0;
    let host = talk.guest.peer().device().0;
    let at = at.to_be_bytes();
    let signature = sign(seed, label, &[invitation, transcript, &guest, &host, &at]);
    [&[GRANT][..], &at, &signature].concat()
}

#[test]
fn a_grant_that_its_host_device_did_not_sign_lets_nobody_in() {
    let mut talk = Talk::waiting(8);
    let mut session = bare_session(&talk.host);
    let host = signing_seed(&device_of(&talk.door.host));
    let good = grant_of(&talk, &host, "guest/grant", NOW);
    let mut bad = vec![
        grant_of(&talk, &[7; 32], "guest/grant", NOW),
        grant_of(&talk, &host, "guest/notice", NOW),
        grant_of(&Talk::waiting(9), &host, "guest/grant", NOW),
    ];
    bad.extend((1..good.len()).map(|place| flipped(&good, place)));
    for content in bad {
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.guest, Error::BadSignature, |guest| guest.listen(&message, NOW));
    }
    let message = session.encrypt(&good, &mut talk.door.rng).unwrap();
    assert!(talk.guest.hear(&message, NOW).unwrap().event == Event::Granted);
}

#[test]
fn a_guest_cannot_let_itself_in() {
    let mut talk = Talk::waiting(10);
    let mut session = bare_session(&talk.guest);
    let content = grant_of(&talk, &[7; 32], "guest/grant", NOW);
    let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW));
    assert_eq!(talk.host.status(), ChatStatus::Waiting);
}

// ---- what may be said ----

#[test]
fn a_text_is_neither_empty_nor_longer_than_allowed_on_either_side() {
    let mut talk = Talk::new(20);
    let longest = "x".repeat(4096);
    let longer = "x".repeat(4097);
    let letters = "\u{e9}".repeat(2049);
    for chat in [&mut talk.host, &mut talk.guest] {
        for text in ["", &longer, &letters] {
            let rng = &mut talk.door.rng;
            refuses(chat, Error::NotAllowed, |chat| chat.say(text, NOW, rng));
        }
    }
    let message = talk.guest_says(&longest, NOW);
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), longest);
    let message = talk.host_says(&longest, NOW);
    assert_eq!(text_of(&talk.guest.hear(&message, NOW).unwrap().event), longest);
}

/// Contents that no policy allows, whoever sends them.
fn not_allowed() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> =
        (0..=u8::MAX).filter(|kind| *kind == 0 || *kind > END).map(|kind| vec![kind]).collect();
    contents.extend((5..=u8::MAX).map(|kind| [&[kind], b"hello".as_slice()].concat()));
    contents.extend([
        vec![],
        vec![TEXT],
        [vec![TEXT], vec![b'x'; 4097]].concat(),
        vec![TEXT, 0xff],
        vec![TEXT, 0xed, 0xa0, 0x80],
        vec![GRANT],
        vec![GRANT; 72],
        vec![GRANT; 74],
        vec![END, 0],
        vec![HELLO],
        vec![HELLO, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![HELLO, 0, 0, 0, 1, b'x', 0, 0, 0, 1, 0, 0, 0, 1, b'x'],
        vec![HELLO, 0xff, 0xff, 0xff, 0xff],
    ]);
    contents
}

#[test]
fn a_host_takes_no_other_kind_from_a_modified_guest() {
    let mut talk = Talk::new(21);
    let mut session = bare_session(&talk.guest);
    for content in not_allowed() {
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW));
    }
    let message = session.encrypt(b"\x02hello", &mut talk.door.rng).unwrap();
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), "hello");
}

#[test]
fn a_guest_takes_no_other_kind_from_a_modified_host() {
    let mut talk = Talk::new(22);
    let mut session = bare_session(&talk.host);
    for content in not_allowed() {
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.listen(&message, NOW));
    }
    let message = session.encrypt(b"\x02hello", &mut talk.door.rng).unwrap();
    assert_eq!(text_of(&talk.guest.hear(&message, NOW).unwrap().event), "hello");
}

#[test]
fn the_policy_of_the_link_decides_not_that_of_a_modified_guest() {
    let mut policy = Policy::new("Ada", EXPIRES);
    (policy.max_text, policy.max_pending) = (5, 1);
    let mut door = Door::with_policy(23, policy);
    let (guest, claim) = door.guest();
    let mut host = door.admit(&claim);
    // The same chat under the widest policy.
    let mut state = guest.to_bytes();
    state[183..186].copy_from_slice(&[0x40, 0x00, 16]);
    let mut guest = Chat::from_bytes(&state).unwrap();
    assert_eq!((guest.policy().max_text, guest.policy().max_pending), (16_384, 16));
    let longer = guest.say("longer", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::NotAllowed, |host| host.listen(&longer, NOW));
    let second = guest.say("short", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::NotGranted, |host| host.listen(&second, NOW));
}

#[test]
fn no_byte_of_a_chats_message_can_be_changed() {
    let mut talk = Talk::new(24);
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    for (chat, message) in [(&mut talk.host, there), (&mut talk.guest, back)] {
        for place in 2..message.len() {
            let altered = flipped(&message, place);
            refuses(chat, Error::Forged, |chat| chat.listen(&altered, NOW));
        }
        assert!(chat.hear(&message, NOW).is_ok());
    }
}

#[test]
fn what_a_side_sent_is_not_taken_back_from_the_server() {
    let mut talk = Talk::waiting(25);
    let granted = talk.grant();
    refuses(&mut talk.host, Error::Forged, |host| host.listen(&granted, NOW));
    talk.guest.hear(&granted, NOW).unwrap();
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    refuses(&mut talk.guest, Error::Forged, |guest| guest.listen(&there, NOW));
    refuses(&mut talk.host, Error::Forged, |host| host.listen(&back, NOW));
    assert!(talk.host.hear(&there, NOW).is_ok() && talk.guest.hear(&back, NOW).is_ok());
}

#[test]
fn a_guests_own_claim_is_not_taken_back_from_the_server() {
    let mut door = Door::new(26);
    let (mut guest, claim) = door.guest();
    // The first message begins behind the claim's fixed part.
    let first = &claim[1843..claim.len() - 64];
    refuses(&mut guest, Error::Forged, |guest| guest.listen(first, NOW));
}

#[test]
fn a_message_of_one_chat_is_none_of_another() {
    let (mut one, mut other) = (Talk::new(27), Talk::new(28));
    let (there, back) = (one.guest_says("there", NOW), one.host_says("back", NOW));
    refuses(&mut other.host, Error::Forged, |host| host.listen(&there, NOW));
    refuses(&mut other.guest, Error::Forged, |guest| guest.listen(&back, NOW));
}

#[test]
fn two_guests_of_one_link_do_not_read_or_write_for_each_other() {
    let mut door = Door::new(29);
    let ((mut winner, claim), (mut loser, _)) = (door.guest(), door.guest());
    let mut host = door.admit(&claim);
    let forged = loser.say("I am the other one", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::WrongPeer, |host| host.listen(&forged, NOW));
    let granted = only(host.grant(&door.host, NOW, &mut door.rng).unwrap().apply().unwrap());
    refuses(&mut loser, Error::Forged, |loser| loser.listen(&granted, NOW));
    winner.hear(&granted, NOW).unwrap();
    let text = winner.say("hello", NOW, &mut door.rng).unwrap();
    host.hear(&text, NOW).unwrap();
    let forged = loser.say("I am the other one", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::WrongPeer, |host| host.listen(&forged, NOW));
}

// ---- the end ----

#[test]
fn a_host_that_denies_ends_the_chat_for_the_guest() {
    let mut talk = Talk::waiting(40);
    let end = only(talk.host.end(NOW, &mut talk.door.rng).unwrap().apply().unwrap());
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Here));
    assert!(talk.guest.hear(&end, NOW).unwrap().event == Event::Ended);
    assert_eq!(talk.guest.status(), ChatStatus::Ended(EndReason::There));
}

#[test]
fn a_guest_that_leaves_ends_the_chat_for_the_host() {
    for mut talk in [Talk::waiting(41), Talk::new(41)] {
        let end = only(talk.guest.end(NOW, &mut talk.door.rng).unwrap().apply().unwrap());
        assert_eq!(talk.guest.status(), ChatStatus::Ended(EndReason::Here));
        assert!(talk.host.hear(&end, NOW).unwrap().event == Event::Ended);
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
        let change = talk.host.block(NOW).unwrap();
        talk.host.apply(change).unwrap();
        assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Here));
        refuses(&mut talk.host, Error::Ended, |host| host.listen(&message, NOW));
        let mut host = restarted(&talk.host);
        refuses(&mut host, Error::Ended, |host| host.listen(&message, NOW));
    }
}

/// A chat in each of the ways that it can end.
fn ended() -> Vec<Chat> {
    let mut here = Talk::new(44);
    let end = only(here.host.end(NOW, &mut here.door.rng).unwrap().apply().unwrap());
    here.guest.hear(&end, NOW).unwrap();
    let mut blocked = Talk::new(45);
    let change = blocked.host.block(NOW).unwrap();
    blocked.host.apply(change).unwrap();
    let change = blocked.guest.tick(NOW + IDLE).unwrap().unwrap();
    blocked.guest.apply(change).unwrap();
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
            refuses(&mut chat, Error::Ended, |chat| chat.listen(&message, now));
            refuses(&mut chat, Error::Ended, |chat| chat.end(now, &mut rng).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.grant(&other, now, &mut rng).map(drop));
            refuses(&mut chat, Error::Ended, |chat| chat.block(now));
            refuses(&mut chat, Error::Ended, |chat| chat.notice(&message, now));
            assert!(chat.tick(now).unwrap().is_none());
        }
    }
}

#[test]
fn ending_erases_the_session() {
    type End = fn(&mut Talk);
    let endings: [End; 3] = [
        |talk| drop(talk.host.end(NOW, &mut talk.door.rng).unwrap().apply().unwrap()),
        |talk| {
            let change = talk.host.block(NOW).unwrap();
            talk.host.apply(change).unwrap();
        },
        |talk| {
            let change = talk.host.tick(NOW + IDLE).unwrap().unwrap();
            talk.host.apply(change).unwrap();
        },
    ];
    for end in endings {
        let mut talk = Talk::new(48);
        let message = talk.guest_says("hello", NOW);
        talk.host.hear(&message, NOW).unwrap();
        let before = talk.host.to_bytes();
        let session = &before[session_of(&talk.host, &before)..];
        end(&mut talk);
        let after = talk.host.to_bytes();
        // What is left of it: the peer's certificate, which the chat itself names.
        let peer = talk.host.peer().encode();
        let left: Vec<_> = session
            .windows(16)
            .filter(|part| contains(&after, part) && part.iter().any(|byte| *byte != 0))
            .collect();
        assert!(!left.is_empty() && left.iter().all(|part| contains(&peer, part)));
    }
}

// ---- copies ----

const OWNER: &[u8] = b"chat 1";

#[test]
fn of_two_tabs_with_one_chat_the_second_is_refused_before_it_sends() {
    let mut talk = Talk::new(60);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut stored = talk.guest.anchor();
    let (mut one, mut other) = (restarted(&talk.guest), restarted(&talk.guest));
    let rng = &mut talk.door.rng;
    let sealed = one.text("from one tab", NOW, rng).unwrap();
    let message = only(sealed.record(&key, OWNER, &stored, rng).unwrap().apply().unwrap());
    stored = one.anchor();
    refuses(&mut other, Error::StaleChange, |other| {
        let sealed = other.text("from the other", NOW, rng)?;
        sealed.record(&key, OWNER, &stored, rng).map(drop)
    });
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), "from one tab");
}

#[test]
fn of_two_tabs_with_one_chat_the_second_is_refused_before_it_shows() {
    let mut talk = Talk::new(61);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let message = talk.host_says("hello", NOW);
    let (mut one, other) = (restarted(&talk.guest), restarted(&talk.guest));
    let (_, change) = one.listen(&message, NOW).unwrap();
    one.apply(change).unwrap();
    let stored = one.anchor();
    let (_, change) = other.listen(&message, NOW).unwrap();
    let record = change.record(&key, OWNER, &stored, &mut talk.door.rng);
    assert_eq!(record.err(), Some(Error::StaleChange));
}

#[test]
fn a_chat_behind_its_anchor_is_not_loaded() {
    let mut talk = Talk::new(62);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let backup = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    talk.guest_says("later", NOW);
    let anchor = talk.guest.anchor();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &backup);
    assert_eq!(loaded.err(), Some(Error::StateRollback));
    let current = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &current).unwrap();
    assert_eq!(loaded.to_bytes(), talk.guest.to_bytes());
}

#[test]
fn a_fork_of_a_chat_is_not_loaded() {
    let mut talk = Talk::new(63);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut fork = restarted(&talk.guest);
    talk.guest_says("one", NOW);
    fork.say("other", NOW, &mut talk.door.rng).unwrap();
    let anchor = talk.guest.anchor();
    assert_eq!(anchor.generation(), fork.anchor().generation());
    let record = key.seal(&fork, OWNER, &mut talk.door.rng).unwrap();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &record);
    assert_eq!(loaded.err(), Some(Error::StateRollback));
}

#[test]
fn a_chat_ahead_of_its_anchor_is_loaded() {
    let mut talk = Talk::new(64);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let anchor = talk.guest.anchor();
    talk.guest_says("saved, but the anchor was not moved", NOW);
    let record = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    assert!(key.open::<Chat>(OWNER, Some(&anchor), &record).is_ok());
}

#[test]
fn a_chat_goes_on_after_every_step_of_it_was_saved_and_loaded() {
    let mut talk = Talk::waiting(65);
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    for round in 0..6_u64 {
        talk.host = restarted(&talk.host);
        talk.guest = restarted(&talk.guest);
        let (there, back) = (talk.guest_says("there", NOW + round), talk.host_says("back", NOW));
        assert_eq!(text_of(&talk.host.hear(&there, NOW).unwrap().event), "there");
        assert_eq!(text_of(&talk.guest.hear(&back, NOW).unwrap().event), "back");
    }
}

#[test]
fn a_recorded_change_leads_to_the_very_state_it_was_made_for() {
    let mut talk = Talk::new(66);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut replica = restarted(&talk.guest);
    let anchor = talk.guest.anchor();
    let rng = &mut talk.door.rng;
    let recorded =
        talk.guest.text("hello", NOW, rng).unwrap().record(&key, OWNER, &anchor, rng).unwrap();
    let record = recorded.record().to_vec();
    recorded.apply().unwrap();
    let change: Change = key.open(OWNER, None, &record).unwrap();
    replica.apply(change).unwrap();
    assert_eq!(replica.to_bytes(), talk.guest.to_bytes());
    let again: Change = key.open(OWNER, None, &record).unwrap();
    refuses(&mut replica, Error::StaleChange, |replica| replica.apply(again));
}

#[test]
fn a_change_of_one_state_is_refused_by_another() {
    let mut talk = Talk::new(67);
    let message = talk.guest_says("hello", NOW);
    let change = || talk.host.listen(&message, NOW).unwrap().1;
    refuses(&mut talk.guest, Error::StaleChange, |guest| guest.apply(change()));
    refuses(&mut talk.door.host, Error::StaleChange, |host: &mut Client| host.apply(change()));
    refuses(&mut talk.door.invite, Error::StaleChange, |invite| invite.apply(change()));
}

#[test]
fn a_chats_state_cut_or_altered_in_its_frame_is_not_loaded() {
    let talk = Talk::new(68);
    let bytes = talk.guest.to_bytes();
    for length in 0..bytes.len() {
        let loaded = Chat::from_bytes(&bytes[..length]).err();
        assert_eq!(loaded, Some(Error::Corrupt), "{length} bytes");
    }
    assert_eq!(Chat::from_bytes(&[&bytes[..], &[0]].concat()).err(), Some(Error::Corrupt));
    let mut newer = bytes.to_vec();
    newer[0] = 2;
    assert_eq!(Chat::from_bytes(&newer).err(), Some(Error::UnknownVersion(2)));
    assert_eq!(Device::from_bytes(&bytes).err(), Some(Error::WrongKind));
    let stage = stage_of(&bytes);
    for byte in (0..=u8::MAX).filter(|byte| !(1..=3).contains(byte)) {
        let mut altered = bytes.to_vec();
        altered[stage] = byte;
        assert_eq!(Chat::from_bytes(&altered).err(), Some(Error::Corrupt), "{byte}");
    }
}

#[test]
fn a_message_with_a_strangers_bytes_is_refused_in_every_state() {
    for mut chat in [Talk::waiting(69).host, Talk::waiting(69).guest, Talk::new(69).host] {
        for length in 0..300 {
            let mut message = vec![0x5a; length];
            message.iter_mut().zip([1, 1]).for_each(|(to, from)| *to = from);
            let error = fails(&mut chat, |chat| chat.listen(&message, NOW + DAY));
            let expected = if length <= 130 { Error::Malformed } else { Error::Forged };
            assert_eq!(error, expected, "{length} bytes");
        }
    }
}

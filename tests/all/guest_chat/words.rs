//! The contents that a chat allows.

use super::*;

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
    let is_none = |kind: &u8| *kind == 0 || (*kind > END && *kind != JOIN);
    let mut contents: Vec<Vec<u8>> = (0..=u8::MAX).filter(is_none).map(|kind| vec![kind]).collect();
    contents.extend((5..=u8::MAX).map(|kind| [&[kind], b"hello".as_slice()].concat()));
    contents.extend([
        vec![],
        vec![TEXT],
        raw_text(b"")[..24].to_vec(),
        raw_text(b""),
        raw_text(&[b'x'; 4097]),
        raw_text(&[0xff]),
        raw_text(&[0xed, 0xa0, 0x80]),
        vec![GRANT],
        vec![GRANT; 72],
        vec![GRANT; 74],
        vec![END, 0],
        vec![INTRODUCTION],
        vec![INTRODUCTION, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![INTRODUCTION, 0, 0, 0, 1, b'x', 0, 0, 0, 1, 0, 0, 0, 1, b'x'],
        vec![INTRODUCTION, 0xff, 0xff, 0xff, 0xff],
    ]);
    contents
}

#[test]
fn a_host_takes_no_other_kind_from_a_modified_guest() {
    let mut talk = Talk::new(21);
    let mut session = bare_session(&talk.guest);
    for content in not_allowed().into_iter().chain([vec![JOIN], vec![KNOCK, 3], vec![KNOCK, 0, 0]])
    {
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW).map(drop));
    }
    let message = session.encrypt(&raw_text(b"hello"), &mut talk.door.rng).unwrap();
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), "hello");
}

#[test]
fn a_guest_takes_no_other_kind_from_a_modified_host() {
    let mut talk = Talk::new(22);
    let mut session = bare_session(&talk.host);
    let knocks = (0..3).map(|asks| vec![KNOCK, asks]);
    for content in not_allowed().into_iter().chain(knocks) {
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.listen(&message, NOW).map(drop));
    }
    let message = session.encrypt(&raw_text(b"hello"), &mut talk.door.rng).unwrap();
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
    state[200..203].copy_from_slice(&[0x40, 0x00, 16]);
    let mut guest = Chat::from_bytes(&state).unwrap();
    assert_eq!((guest.policy().max_text, guest.policy().max_pending), (16_384, 16));
    let longer = guest.say("longer", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::NotAllowed, |host| host.listen(&longer, NOW).map(drop));
    let second = guest.say("short", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::NotGranted, |host| host.listen(&second, NOW).map(drop));
}

#[test]
fn no_byte_of_a_chats_message_can_be_changed() {
    let mut talk = Talk::new(24);
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    for (chat, message) in [(&mut talk.host, there), (&mut talk.guest, back)] {
        for place in 2..message.len() {
            let altered = flipped(&message, place);
            refuses(chat, Error::Forged, |chat| chat.listen(&altered, NOW).map(drop));
        }
        assert!(chat.hear(&message, NOW).is_ok());
    }
}

#[test]
fn what_a_side_sent_is_not_taken_back_from_the_server() {
    let mut talk = Talk::waiting(25);
    let granted = talk.grant();
    refuses(&mut talk.host, Error::Forged, |host| host.listen(&granted, NOW).map(drop));
    talk.guest.hear(&granted, NOW).unwrap();
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    refuses(&mut talk.guest, Error::Forged, |guest| guest.listen(&there, NOW).map(drop));
    refuses(&mut talk.host, Error::Forged, |host| host.listen(&back, NOW).map(drop));
    assert!(talk.host.hear(&there, NOW).is_ok() && talk.guest.hear(&back, NOW).is_ok());
}

#[test]
fn a_guests_own_claim_is_not_taken_back_from_the_server() {
    let mut door = Door::new(26);
    let (mut guest, claim) = door.guest();
    // The first message begins behind the claim's fixed part.
    let first = &claim[1843..claim.len() - 64];
    refuses(&mut guest, Error::Forged, |guest| guest.listen(first, NOW).map(drop));
}

#[test]
fn a_message_of_one_chat_is_none_of_another() {
    let (mut one, mut other) = (Talk::new(27), Talk::new(28));
    let (there, back) = (one.guest_says("there", NOW), one.host_says("back", NOW));
    refuses(&mut other.host, Error::Forged, |host| host.listen(&there, NOW).map(drop));
    refuses(&mut other.guest, Error::Forged, |guest| guest.listen(&back, NOW).map(drop));
}

#[test]
fn two_guests_of_one_link_do_not_read_or_write_for_each_other() {
    let mut door = Door::new(29);
    let ((mut winner, claim), (mut loser, _)) = (door.guest(), door.guest());
    let mut host = door.admit(&claim);
    let forged = loser.say("I am the other one", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::WrongPeer, |host| host.listen(&forged, NOW).map(drop));
    let granted = only(host.grant(&door.host, NOW, &mut door.rng).unwrap().apply());
    refuses(&mut loser, Error::Forged, |loser| loser.listen(&granted, NOW).map(drop));
    winner.hear(&granted, NOW).unwrap();
    let text = winner.say("hello", NOW, &mut door.rng).unwrap();
    host.hear(&text, NOW).unwrap();
    let forged = loser.say("I am the other one", NOW, &mut door.rng).unwrap();
    refuses(&mut host, Error::WrongPeer, |host| host.listen(&forged, NOW).map(drop));
}

//! The grant.

use super::*;

#[test]
fn a_host_writes_only_after_it_has_let_the_guest_in() {
    let mut talk = Talk::waiting(1);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::NotGranted, |host| host.say("too early", NOW, rng));
    let granted = talk.grant();
    assert_eq!(talk.host.status(), ChatStatus::Active);
    let text = talk.host_says("welcome", NOW);
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == ChatEvent::Granted);
    assert_eq!(text_of(&talk.guest.hear(&text, NOW).unwrap().event), "welcome");
}

#[test]
fn a_text_that_overtakes_the_grant_is_read() {
    let mut talk = Talk::waiting(2);
    let (granted, text) = (talk.grant(), talk.host_says("welcome", NOW));
    assert_eq!(text_of(&talk.guest.hear(&text, NOW).unwrap().event), "welcome");
    assert_eq!(talk.guest.status(), ChatStatus::Waiting);
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == ChatEvent::Granted);
    assert_eq!(talk.guest.status(), ChatStatus::Active);
}

#[test]
fn a_grant_that_was_lost_is_sent_again() {
    let mut talk = Talk::waiting(6);
    let (lost, again) = (talk.grant(), talk.grant());
    assert!(talk.guest.hear(&again, NOW).unwrap().event == ChatEvent::Granted);
    assert!(talk.guest.hear(&lost, NOW).unwrap().event == ChatEvent::Granted);
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
    let mut send =
        |text: &str| session.encrypt(&raw_text(text.as_bytes()), &mut talk.door.rng).unwrap();
    let messages = [send("two"), send("three"), send("four"), send("five")];
    talk.host.hear(&messages[0], NOW).unwrap();
    talk.host.hear(&messages[1], NOW).unwrap();
    for message in &messages[2..] {
        refuses(&mut talk.host, Error::NotGranted, |host| host.listen(message, NOW).map(drop));
    }
    let mut host = restored(&talk.host);
    refuses(&mut host, Error::NotGranted, |host| host.listen(&messages[2], NOW).map(drop));
}

#[test]
fn a_chat_is_granted_by_the_host() {
    let mut talk = Talk::waiting(5);
    let (device, rng) = (&talk.door.host, &mut talk.door.rng);
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.grant(device, NOW, rng).map(drop));
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    refuses(&mut talk.guest, Error::Duplicate, |guest| guest.listen(&granted, NOW).map(drop));
}

#[test]
fn a_chat_is_granted_by_the_device_it_is_with() {
    let mut talk = Talk::waiting(6);
    let other = client(1, &mut talk.door.rng);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::WrongClient, |host| host.grant(&other, NOW, rng).map(drop));
}

#[test]
fn a_grant_that_is_sealed_and_given_up_lets_nobody_in() {
    let mut talk = Talk::waiting(7);
    let before = talk.host.to_bytes();
    drop(talk.host.grant(&talk.door.host, NOW, &mut talk.door.rng).unwrap());
    assert_eq!(before, talk.host.to_bytes());
    assert_eq!(talk.host.status(), ChatStatus::Waiting);
}

/// Makes the content of a grant of this chat by the page of the specification.
fn grant_of(talk: &Talk, seed: &[u8; 32], label: &str, at: u64) -> Vec<u8> {
    let state = talk.guest.to_bytes();
    // invitation ‖ transcript, behind anchor, clock and time of activity.
    let (invitation, transcript) = (&state[67..99], &state[99..131]);
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
        refuses(&mut talk.guest, Error::BadSignature, |guest| {
            guest.listen(&message, NOW).map(drop)
        });
    }
    let message = session.encrypt(&good, &mut talk.door.rng).unwrap();
    assert!(talk.guest.hear(&message, NOW).unwrap().event == ChatEvent::Granted);
}

#[test]
fn a_guest_cannot_let_itself_in() {
    let mut talk = Talk::waiting(10);
    let mut session = bare_session(&talk.guest);
    let content = grant_of(&talk, &[7; 32], "guest/grant", NOW);
    let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW).map(drop));
    assert_eq!(talk.host.status(), ChatStatus::Waiting);
}

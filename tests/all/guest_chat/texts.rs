//! Ids and times of texts, repeats, and receipts.

use super::*;
use latchstring::client::{Alert, MessageId};
use latchstring::guest::{ChatText, SentText, TextId, TextStatus};

fn said(talk: &mut Talk, text: &str, now: u64) -> SentText {
    talk.guest.send(text, now, &mut talk.door.rng).unwrap()
}

#[test]
fn a_text_has_one_id_and_time_on_both_sides() {
    let mut talk = Talk::new(420);
    for (is_host, text) in [(true, "from the host"), (false, "from the guest"), (true, "again")] {
        let (chat, rng) =
            (if is_host { &mut talk.host } else { &mut talk.guest }, &mut talk.door.rng);
        let (by, sent) = (chat.address().device, chat.send(text, NOW + 5, rng).unwrap());
        let other = if is_host { &mut talk.guest } else { &mut talk.host };
        let event = other.hear(&only(sent.envelopes), NOW + 5).unwrap().event;
        assert_eq!((sent.text.id.by, sent.text.sent), (by, NOW + 5));
        assert_eq!(event, ChatEvent::Text(sent.text));
    }
}

#[test]
fn two_texts_of_the_same_words_have_two_ids() {
    let mut door = Door::new(421);
    let (_, claim) = door.claim("Grace", &["hi", "hi"], NOW).unwrap();
    let (_, introduction) = door.invite.claim(&mut door.host, &claim, NOW).unwrap().apply();
    let [one, two] = &introduction.texts[..] else { panic!() };
    assert_ne!(one.id, two.id);
    assert_eq!((one.sent, two.sent), (NOW, NOW));
    let mut talk = Talk::new(422);
    assert_ne!(said(&mut talk, "hi", NOW).text.id, said(&mut talk, "hi", NOW).text.id);
}

#[test]
fn a_text_that_is_sent_again_is_shown_once() {
    let mut talk = Talk::new(423);
    let sent = said(&mut talk, "once", NOW);
    let again = talk.guest.resend(&sent.text, NOW + 60, &mut talk.door.rng).unwrap().apply();
    let received = talk.host.hear(&only(sent.envelopes), NOW).unwrap();
    assert_eq!(received.event, ChatEvent::Text(sent.text.clone()));
    let received = talk.host.hear(&only(again), NOW + 60).unwrap();
    assert_eq!(received.event, ChatEvent::Repeated(sent.text.id));
    assert!(received.alerts.is_empty());
    // Where the first was lost, the second is the text, with the time of the first.
    let lost = said(&mut talk, "lost", NOW + 61);
    let again = talk.guest.resend(&lost.text, NOW + 99, &mut talk.door.rng).unwrap().apply();
    let received = talk.host.hear(&only(again), NOW + 99).unwrap();
    assert_eq!(received.event, ChatEvent::Text(lost.text));
}

#[test]
fn a_text_of_the_introduction_that_comes_again_is_shown_once() {
    let mut door = Door::new(424);
    let (mut guest, claim) = door.claim("Grace", &["hi"], NOW).unwrap();
    let (mut host, introduction) = door.invite.claim(&mut door.host, &claim, NOW).unwrap().apply();
    let granted = only(host.grant(&door.host, NOW, &mut door.rng).unwrap().apply());
    guest.hear(&granted, NOW).unwrap();
    let text = &introduction.texts[0];
    assert_eq!(text.id.by, guest.address().device);
    let again = only(guest.resend(text, NOW, &mut door.rng).unwrap().apply());
    assert_eq!(host.hear(&again, NOW).unwrap().event, ChatEvent::Repeated(text.id));
}

#[test]
fn a_second_text_under_one_id_is_told_and_not_shown() {
    let mut talk = Talk::new(425);
    let sent = said(&mut talk, "yes", NOW);
    talk.host.hear(&only(sent.envelopes), NOW).unwrap();
    let other = ChatText { text: "no".to_string().into(), ..sent.text.clone() };
    let later = ChatText { sent: NOW - 1, ..sent.text.clone() };
    for lie in [other, later] {
        let said = talk.guest.resend(&lie, NOW, &mut talk.door.rng).unwrap().apply();
        let received = talk.host.hear(&only(said), NOW).unwrap();
        assert_eq!(received.event, ChatEvent::Repeated(lie.id));
        let (by, id) = (talk.guest.address(), lie.id.id);
        assert_eq!(received.alerts, [Alert::Equivocation { by, id }]);
    }
}

#[test]
fn a_text_that_comes_again_takes_no_place_before_the_grant() {
    let mut talk = Talk::waiting(426);
    // The introduction had one text; two more may come.
    let mut session = bare_session(&talk.guest);
    for text in ["one", "one", "one", "two"] {
        let message = session.encrypt(&raw_text(text.as_bytes()), &mut talk.door.rng).unwrap();
        talk.host.hear(&message, NOW).unwrap();
    }
    let third = session.encrypt(&raw_text(b"three"), &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotGranted, |host| host.listen(&third, NOW).map(drop));
}

#[test]
fn only_a_text_of_this_side_is_sent_again() {
    let mut talk = Talk::new(427);
    let sent = said(&mut talk, "mine", NOW);
    let empty = ChatText { text: String::new().into(), ..sent.text.clone() };
    let Talk { door: Door { rng, .. }, host, guest, .. } = &mut talk;
    refuses(host, Error::NotAllowed, |host| host.resend(&sent.text, NOW, rng).map(drop));
    refuses(guest, Error::NotAllowed, |guest| guest.resend(&empty, NOW, rng).map(drop));
}

#[test]
fn a_receipt_names_texts_of_the_other_side() {
    let mut talk = Talk::new(428);
    let sent: Vec<_> = ["one", "two"].map(|text| said(&mut talk, text, NOW)).into();
    let mut ids = Vec::new();
    for sent in sent {
        talk.host.hear(&only(sent.envelopes), NOW).unwrap();
        ids.insert(0, sent.text.id);
    }
    let Talk { door: Door { rng, .. }, host, guest, .. } = &mut talk;
    let receipt = only(host.receipt(TextStatus::Read, &ids, NOW, rng).unwrap().apply());
    let event = guest.hear(&receipt, NOW).unwrap().event;
    ids.sort_unstable();
    assert_eq!(event, ChatEvent::Receipt { status: TextStatus::Read, texts: ids.clone() });
    // Nobody confirms its own.
    refuses(guest, Error::NotAllowed, |guest| {
        guest.receipt(TextStatus::Read, &ids, NOW, rng).map(drop)
    });
    let twice = [ids[0], ids[0]];
    for texts in [&[][..], &twice] {
        refuses(host, Error::NotAllowed, |host| {
            host.receipt(TextStatus::Received, texts, NOW + 30, rng).map(drop)
        });
    }
}

#[test]
fn a_receipt_is_of_texts_that_have_come_here() {
    let mut talk = Talk::new(435);
    let [came, late] = ["one", "two"].map(|text| said(&mut talk, text, NOW));
    talk.host.hear(&only(came.envelopes), NOW).unwrap();
    let Talk { door: Door { rng, .. }, host, .. } = &mut talk;
    for texts in [&[late.text.id][..], &[came.text.id, late.text.id]] {
        refuses(host, Error::NotAllowed, |host| {
            host.receipt(TextStatus::Received, texts, NOW, rng).map(drop)
        });
    }
    // It is no receipt that 30 seconds must pass after.
    host.hear(&only(late.envelopes), NOW).unwrap();
    assert!(host.receipt(TextStatus::Read, &[came.text.id, late.text.id], NOW, rng).is_ok());
}

#[test]
fn a_receipt_names_64_texts_at_most() {
    let mut talk = Talk::new(436);
    let sent: Vec<_> = (0..65).map(|_| said(&mut talk, "one", NOW)).collect();
    let ids: Vec<_> = sent.iter().map(|sent| sent.text.id).collect();
    for sent in sent {
        talk.host.hear(&only(sent.envelopes), NOW).unwrap();
    }
    let Talk { door: Door { rng, .. }, host, .. } = &mut talk;
    refuses(host, Error::NotAllowed, |host| {
        host.receipt(TextStatus::Received, &ids, NOW, rng).map(drop)
    });
    assert!(host.receipt(TextStatus::Received, &ids[1..], NOW, rng).is_ok());
}

#[test]
fn a_receipt_is_sent_no_more_than_once_in_30_seconds() {
    let mut talk = Talk::new(429);
    let sent = said(&mut talk, "one", NOW);
    let text = sent.text.id;
    talk.host.hear(&only(sent.envelopes), NOW).unwrap();
    let Talk { door: Door { rng, .. }, host, .. } = &mut talk;
    host.receipt(TextStatus::Received, &[text], NOW, rng).unwrap().apply();
    refuses(host, Error::TooOften, |host| {
        host.receipt(TextStatus::Read, &[text], NOW + 29, rng).map(drop)
    });
    host.receipt(TextStatus::Read, &[text], NOW + 30, rng).unwrap().apply();
}

#[test]
fn a_receipt_keeps_no_chat_open() {
    let mut talk = Talk::new(430);
    let sent = said(&mut talk, "one", NOW);
    let text = sent.text.id;
    talk.host.hear(&only(sent.envelopes), NOW).unwrap();
    let deadlines = [talk.host.deadline(), talk.guest.deadline()];
    let receipt = talk.host.receipt(TextStatus::Read, &[text], NOW + DAY, &mut talk.door.rng);
    let receipt = only(receipt.unwrap().apply());
    talk.guest.hear(&receipt, NOW + DAY).unwrap();
    assert_eq!([talk.host.deadline(), talk.guest.deadline()], deadlines);
}

#[test]
fn before_the_grant_nothing_is_confirmed() {
    let mut talk = Talk::waiting(431);
    let guest = talk.guest.address().device;
    let theirs = TextId { by: guest, id: MessageId([7; 16]) };
    let ours = TextId { by: talk.host.address().device, ..theirs };
    let mut session = bare_session(&talk.guest);
    let receipt = [&[RECEIPT, 2, 0, 0, 0, 1][..], &ours.by.0, &ours.id.0].concat();
    let receipt = session.encrypt(&receipt, &mut talk.door.rng).unwrap();
    let Talk { door: Door { rng, .. }, host, guest, .. } = &mut talk;
    for (chat, text) in [(&mut *host, theirs), (guest, ours)] {
        refuses(chat, Error::NotGranted, |chat| {
            chat.receipt(TextStatus::Read, &[text], NOW, rng).map(drop)
        });
    }
    refuses(host, Error::NotGranted, |host| host.listen(&receipt, NOW).map(drop));
}

#[test]
fn a_modified_side_confirms_no_text_of_its_own_nor_in_disorder() {
    let mut talk = Talk::new(432);
    let [host, guest] = [&talk.host, &talk.guest].map(|chat| chat.address().device.0);
    let mut session = bare_session(&talk.guest);
    let text = |by: [u8; 8], id: u8| [&by[..], &[id; 16]].concat();
    for texts in [
        vec![],
        vec![text(guest, 1)],
        vec![text(host, 2), text(host, 1)],
        vec![text(host, 1), text(host, 1)],
        (0..65).map(|id| text(host, id)).collect(),
    ] {
        let count = u32::try_from(texts.len()).unwrap().to_be_bytes();
        let content = [&[RECEIPT, 1], &count[..], &texts.concat()].concat();
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW).map(drop));
    }
    let unknown = [&[RECEIPT, 3, 0, 0, 0, 1], &text(host, 1)[..]].concat();
    let message = session.encrypt(&unknown, &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&message, NOW).map(drop));
}

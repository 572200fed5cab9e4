//! Copies: an own device passes on what it has read and another one has not.

use super::*;

use latchstring::client::{self, Alert, Conversation, CopiedLetter, ReceivedLetter, Taken, To};
use support::flipped;

/// A letter of the first person that one of the second person's two devices has read, and kept, and the other lost. The
/// sender has forgotten its content.
struct Missed {
    town: Town,
    lost: Mail,
    kept: CopiedLetter,
}

impl Missed {
    fn new(seed: u64, content: &[u8]) -> Self {
        let mut town = Town::new(seed, &[1, 2]);
        town.chat(0, 1);
        town.say(0, 0, 1, content);
        let lost = town.mail(1, 1);
        let kept = town.receive(1, 0).pop().unwrap().unwrap().to_copy().unwrap();
        let kept = CopiedLetter::from_bytes(&kept.to_bytes()).unwrap();
        Self { town, lost, kept }
    }

    /// Has the letter come altered, the sender say that it does not come again, and the device ask its companion.
    fn ask_own(&mut self) {
        let (town, lost) = (&mut self.town, &self.lost);
        let altered = flipped(&lost.message, lost.message.len() - 1);
        let mail = client::Mail { from: lost.from, id: Some(lost.id), envelope: &altered };
        let taken = changed(town.client(1, 1).take(&mail, NOW));
        assert!(matches!(taken, Taken::Unread(_)));
        assert_eq!(repair(town, (1, 1), &Kept::new()), [Repair::Request { to: lost.from }]);
        town.receive_all();
        repair(town, (0, 0), &Kept::new());
        town.receive_all();
        let client = town.client(1, 1);
        *client = restored(client);
        assert_eq!(repair(town, (1, 1), &Kept::new()), [Repair::AskOwn]);
        town.receive_all();
        let client = town.client(1, 0);
        *client = restored(client);
    }

    fn wanted(&self) -> Repair {
        Repair::Copy { to: self.lost.to.device, from: self.lost.from, id: self.lost.id }
    }

    /// Passes the letter on, and returns what the device makes of it.
    fn pass_on(&mut self) -> LetterEvent {
        self.passed().event
    }

    fn passed(&mut self) -> ReceivedLetter {
        let (repair, town) = (self.wanted(), &mut self.town);
        let mut plan = town.client(1, 0).plan_repair(&repair, NOW).unwrap();
        let out = town.seal_plan(1, 0, &mut plan, &self.kept).unwrap();
        town.server.post(town.address(1, 0), out);
        town.receive(1, 1).pop().unwrap().unwrap()
    }
}

#[test]
fn what_was_copied_is_deleted_by_its_author() {
    let mut missed = Missed::new(21, b"for both");
    missed.ask_own();
    let copy = missed.passed();
    let said = copy.facts().unwrap();
    let Missed { town, lost, .. } = &mut missed;
    assert_eq!(said.conversation, Conversation::With(lost.from.account));
    assert_eq!(said.target.id(), lost.id);
    // What comes once more is nothing new.
    let arrived = town.client(1, 1).receive(lost.from, &lost.message, NOW).unwrap();
    assert_eq!((arrived.target(), arrived.facts()), (Some(said.target), None));
    let own = client::MessageFacts { conversation: Conversation::With(town.id(1)), ..said };
    let deletion = town.client(0, 0).deletion(&own, NOW).unwrap();
    let to = To::Account(town.id(1));
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &deletion).unwrap();
    town.server.post(town.address(0, 0), out);
    let letter = town.receive(1, 1).pop().unwrap().unwrap();
    let LetterEvent::Message(content) = &letter.event else { panic!("{letter:?}") };
    let by = letter.facts().unwrap();
    assert!(said.is_deleted_by(&content.as_deletion().unwrap(), &by));
}

#[test]
fn an_own_device_passes_on_what_it_read_and_nothing_else() {
    let mut missed = Missed::new(1, b"for both");
    missed.ask_own();
    let wanted = missed.wanted();
    assert!(missed.town.client(1, 0).repairs(NOW).eq([wanted]));
    let LetterEvent::Copied(copied) = missed.pass_on() else { panic!("no copy") };
    assert_eq!((copied.from, copied.id), (missed.lost.from, missed.lost.id));
    assert_eq!((copied.conversation, copied.sent), (missed.kept.conversation, missed.kept.sent));
    let LetterEvent::Message(content) = copied.event().unwrap() else { panic!("a blob") };
    assert_eq!(bytes(&content), b"for both");
    assert_eq!(missed.town.client(1, 0).repairs(NOW).count(), 0);
    // The letter itself comes after all, and the copy comes twice: nothing is shown again.
    let Missed { town, lost, .. } = &mut missed;
    let arrived = town.client(1, 1).receive(lost.from, &lost.message, NOW).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(None)));
    assert_eq!(arrived.alerts, [Alert::OldSession]);
    assert!(matches!(missed.pass_on(), LetterEvent::Repeated(None)));

    // Something else than was read is no copy of it, and what was not read here has none.
    let other = missed.town.say(0, 0, 1, b"something else");
    let other_kept = missed.town.receive(1, 0).pop().unwrap().unwrap().to_copy().unwrap();
    let unread =
        Repair::Copy { to: missed.lost.to.device, from: missed.lost.from, id: MessageId([3; 16]) };
    let (town, own) = (&mut missed.town, (1, 0));
    let mut plan = town.client(own.0, own.1).plan_repair(&wanted, NOW).unwrap();
    let (client, rng) = (&mut town.people[1].devices[0], &mut town.rng);
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &other_kept, NOW, rng).map(drop)
    });
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &said(b"for both"), NOW, rng).map(drop)
    });
    refuses(client, Error::MessageForgotten, |client| client.plan_repair(&unread, NOW));
    assert_eq!(other_kept.id, other);
}

#[test]
fn a_copy_that_was_not_kept_is_given_up() {
    let mut missed = Missed::new(2, b"for both");
    missed.ask_own();
    let wanted = missed.wanted();
    let client = missed.town.client(1, 0);
    changed(client.give_up(&wanted, NOW));
    *client = restored(client);
    assert_eq!(client.repairs(NOW).count(), 0);
}

#[test]
fn a_blob_is_passed_on_by_its_reference() {
    let mut missed = Missed::new(3, &[5; 9000]);
    missed.ask_own();
    let LetterEvent::Copied(copied) = missed.pass_on() else { panic!("no copy") };
    let LetterEvent::Blob(reference) = copied.event().unwrap() else { panic!("no blob") };
    let content = reference.open(&missed.town.server.blobs[0]).unwrap();
    assert!(bytes(&content) == [5; 9000]);
}

#[test]
fn a_letter_of_a_group_is_passed_on_with_its_audience() {
    let mut town = Town::new(4, &[1, 2, 1]);
    town.chat(0, 1);
    let [one, two, three] = [0, 1, 2].map(|person| town.id(person));
    let group = To::Group { id: client::GroupId([3; 32]), members: &[two, three] };
    let out = town.seal(0, 0, group, b"all").unwrap();
    town.server.post(town.address(0, 0), out);
    let lost = town.mail(1, 1);
    let kept = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(kept.is_for(&[one, three]));
    let mut missed = Missed { town, lost, kept: kept.to_copy().unwrap() };
    missed.ask_own();
    let LetterEvent::Copied(copied) = missed.pass_on() else { panic!("no copy") };
    assert_eq!(copied.conversation, missed.kept.conversation);
    // The true letter has the digest of the copy.
    let Missed { town, lost, .. } = &mut missed;
    let arrived = town.client(1, 1).receive(lost.from, &lost.message, NOW).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(None)));
}

#[test]
fn copies_are_asked_of_and_given_to_own_devices_only() {
    let mut town = Town::new(5, &[1, 2]);
    town.chat(0, 1);
    let letter = [&town.id(1).0[..], &[7; 8], &[8; 16]].concat();
    let request = [&[0, 0, 0, 1][..], &letter].concat();
    let copy = [&letter[..], &[0; 8], &[1], &town.id(1).0, &[1], &said(b"x").encode()].concat();
    for (kind, content) in [(forged::COPY_REQUEST, request), (forged::COPY, copy)] {
        let say = |words: Words| words.content(kind, &content);
        let mail = town.whisper((0, 0), (1, 0), say);
        let client = town.client(1, 0);
        refuses(client, Error::NotSelf, |client| {
            client.receive(mail.from, &mail.message, NOW).map(drop)
        });
    }
    // Nor does an own device pass on what an own device said.
    let own = town.id(1);
    let letter = [&own.0[..], &[7; 8], &[8; 16]].concat();
    let copy = [&letter[..], &[0; 8], &[1], &own.0, &[1], &said(b"x").encode()].concat();
    let say = |words: Words| words.content(forged::COPY, &copy);
    let mail = town.whisper((1, 1), (1, 0), say);
    let client = town.client(1, 0);
    refuses(client, Error::Malformed, |client| {
        client.receive(mail.from, &mail.message, NOW).map(drop)
    });
}

#[test]
fn what_is_no_message_of_another_account_has_no_copy() {
    let mut town = Town::new(6, &[2, 1]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"an own copy");
    let arrived = town.receive(0, 1).pop().unwrap().unwrap();
    assert!(arrived.to_copy().is_none());
}

#[test]
fn a_copy_is_offered_while_the_letter_is_remembered_and_no_longer() {
    let mut missed = Missed::new(7, b"for both");
    missed.ask_own();
    let wanted = missed.wanted();
    let town = &mut missed.town;
    for _ in 0..1023 {
        town.say(0, 0, 1, b"more");
    }
    let read = |town: &mut Town| {
        let arrived = town.receive(1, 0);
        assert!(arrived.into_iter().all(|arrived| arrived.is_ok()));
        town.client(1, 0).repairs(NOW).any(|repair| repair == wanted)
    };
    assert!(read(town));
    town.say(0, 0, 1, b"one more");
    assert!(!read(town));
    refuses(town.client(1, 0), Error::MessageForgotten, |client| client.plan_repair(&wanted, NOW));
}

#[test]
fn a_copy_of_a_forgotten_accounts_letter_is_nothing_to_show() {
    let mut missed = Missed::new(8, b"for both");
    missed.ask_own();
    let of = missed.lost.from.account;
    changed(missed.town.client(1, 1).forget(of, NOW).unwrap());
    assert!(matches!(missed.pass_on(), LetterEvent::Repeated(None)));
}

#[test]
fn a_copy_past_the_own_list_decides_nothing() {
    let mut missed = Missed::new(9, b"for both");
    missed.ask_own();
    let wanted = missed.wanted();
    let Missed { town, lost, kept } = &mut missed;
    let mut plan = town.client(1, 0).plan_repair(&wanted, NOW).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, &*kept).unwrap();
    let message = out.envelopes[0].message.clone();
    let from = town.address(1, 0);
    // The own device may have been removed meanwhile, and a thief have written it.
    let client = town.client(1, 1);
    let end = client.list().expires() + 1;
    let arrived = client.receive(from, &message, end).unwrap();
    assert!(arrived.alerts.iter().any(|alert| matches!(alert, Alert::ListOver { .. })));
    assert!(matches!(arrived.event, LetterEvent::Copied(_)));
    assert!(!client.was_read(lost.from, &lost.id));
    // The true letter is read.
    let arrived = client.receive(lost.from, &lost.message, end).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Message(_)));
}

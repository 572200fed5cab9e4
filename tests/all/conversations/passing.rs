//! Receipts and typing: of what, to whom, how often, and that nobody remembers them.

use latchstring::client::Repair;
use latchstring::content::ReceiptKind;
use support::restored;

use super::*;

fn read(messages: &[Target]) -> Content {
    Content::receipt(ReceiptKind::Read, messages).unwrap()
}

/// Encodes a receipt that names a message of an account, which there is or not.
fn receipt_of(account: [u8; 32]) -> Vec<u8> {
    encoded(&[(0x83, &[&[2][..], &account, &[0, 0, 0, 1], &[9; 24]].concat())])
}

/// Checks that a client refuses to seal something.
#[track_caller]
fn seals_not(town: &mut Town, to: To<'_>, content: &Content, error: Error) {
    let mut plan = town.people[0].devices[0].plan(to, town.now).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let now = town.now;
    let Town { people, rng, .. } = town;
    refuses(&mut people[0].devices[0], error, |client| {
        client.seal(&mut plan, content, now, rng).map(drop)
    });
}

#[test]
fn a_receipt_is_of_what_was_read_here_for_whom_it_is_of() {
    let mut town = Town::new(1, &[2, 1, 1]);
    for other in [1, 2] {
        town.chat(0, other);
    }
    let hello = Content::text("hello").unwrap();
    let theirs = tell(&mut town, (1, 0), 0, &hello);
    let members = [town.id(1), town.id(2)];
    let to = To::Account(town.id(1));
    // Not yet read; then read, and by whom.
    seals_not(&mut town, to, &read(&[theirs]), Error::NotAllowed);
    receive(&mut town, (0, 0));
    receive(&mut town, (0, 1));
    let own = tell(&mut town, (0, 1), 1, &hello);
    receive(&mut town, (0, 0));
    receive(&mut town, (1, 0));
    let group = To::Group { id: GroupId([5; 32]), members: &members };
    let other = To::Account(town.id(2));
    for (to, of) in [(to, own), (other, theirs), (group, theirs), (To::Own, own)] {
        seals_not(&mut town, to, &read(&[of]), Error::NotAllowed);
    }
    send(&mut town, (0, 0), to, &read(&[theirs])).unwrap();
    let letter = receive(&mut town, (1, 0));
    let content = content(letter);
    let receipt = content.as_receipt().unwrap();
    assert_eq!((receipt.kind(), receipt.account()), (ReceiptKind::Read, town.id(1)));
    assert!(receipt.messages().eq([(theirs.device(), theirs.id())]));
    // The own devices hear of it as well, and of one that is for them alone.
    let copy = receive(&mut town, (0, 1));
    assert_eq!(copy.conversation, Conversation::With(town.id(1)));
    send(&mut town, (0, 0), To::Own, &read(&[theirs])).unwrap();
    assert_eq!(receive(&mut town, (0, 1)).conversation, Conversation::Own);
}

#[test]
fn nobody_to_whom_nothing_was_said_learns_when_a_device_is_there() {
    let mut town = Town::new(2, &[1, 1, 1]);
    town.chat(0, 2);
    let hello = Content::text("hello").unwrap();
    let theirs = tell(&mut town, (1, 0), 0, &hello);
    receive(&mut town, (0, 0));
    let to = To::Account(town.id(1));
    let members = [town.id(1), town.id(2)];
    let group = To::Group { id: GroupId([5; 32]), members: &members };
    let unknown = [town.id(2), latchstring::session::AccountId([99; 32])];
    let with_unknown = To::Group { id: GroupId([6; 32]), members: &unknown };
    let typing = Content::typing(true);
    seals_not(&mut town, to, &read(&[theirs]), Error::NotAllowed);
    for to in [to, group, with_unknown, To::Own] {
        seals_not(&mut town, to, &typing, Error::NotAllowed);
    }
    // Once something was said, they are contacts.
    tell(&mut town, (0, 0), 1, &hello);
    send(&mut town, (0, 0), to, &read(&[theirs])).unwrap();
    send(&mut town, (0, 0), to, &typing).unwrap();
    send(&mut town, (0, 0), group, &typing).unwrap();
}

#[test]
fn receipts_and_typing_wait_their_time_also_over_a_restart() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let theirs = tell(&mut town, (1, 0), 0, &Content::text("hello").unwrap());
    receive(&mut town, (0, 0));
    let to = To::Account(town.id(1));
    for (content, pause) in [(read(&[theirs]), 30), (Content::typing(true), 10)] {
        for _ in 0..2 {
            send(&mut town, (0, 0), to, &content).unwrap();
            seals_not(&mut town, to, &content, Error::TooOften);
            town.now += pause - 1;
            seals_not(&mut town, to, &content, Error::TooOften);
            town.now += 1;
        }
        // A process that is started again for each has sent none before, as far as it remembers.
        send(&mut town, (0, 0), to, &content).unwrap();
        town.people[0].devices[0] = restored(&town.people[0].devices[0]);
        seals_not(&mut town, to, &content, Error::TooOften);
        town.now += pause;
        send(&mut town, (0, 0), to, &content).unwrap();
        town.now += pause;
    }
}

#[test]
fn what_passes_is_neither_sent_again_nor_remembered_as_read() {
    let mut town = Town::new(4, &[1, 2]);
    town.chat(0, 1);
    let hello = Content::text("hello").unwrap();
    let to = To::Account(town.id(1));
    let kept = send(&mut town, (0, 0), to, &hello).unwrap();
    town.receive_all();
    // More than the letters that can be sent again, and than a seen report is due for.
    for _ in 0..200 {
        town.now += 10;
        let out = send(&mut town, (0, 0), to, &Content::typing(true)).unwrap();
        let repair = Repair::Resend { to: town.address(1, 0), id: out.id };
        let now = town.now;
        let forgotten = town.client(0, 0).plan_repair(&repair, now).err();
        assert_eq!(forgotten, Some(Error::MessageForgotten));
        for letter in [receive(&mut town, (1, 0)), receive(&mut town, (1, 1))] {
            assert!(letter.to_copy().is_none());
            assert_eq!(content(letter).as_typing(), Some(true));
        }
        assert!(town.client(1, 0).repairs(now).all(|repair| repair != Repair::SeenReport));
    }
    let repair = Repair::Resend { to: town.address(1, 0), id: kept.id };
    let now = town.now;
    let mut plan = town.client(0, 0).plan_repair(&repair, now).unwrap();
    assert_eq!(town.seal_plan(0, 0, &mut plan, &hello).unwrap().target, kept.target);
}

#[test]
fn receipts_of_messages_that_are_not_the_receivers_are_refused() {
    let mut town = Town::new(5, &[2, 1, 1]);
    town.chat(0, 1);
    let [own, theirs, third] = [0, 1, 2].map(|person| town.id(person));
    let all: Vec<_> = (0..3).map(|person| town.id(person)).collect();
    let group = forged::group([5; 32], &all);
    let raw = |bytes: Vec<u8>| move |words: Words| words.raw(forged::MESSAGE, &bytes);
    for account in [theirs, third] {
        let refused = refused_words(&mut town, (1, 0), (0, 0), raw(receipt_of(account.0)));
        assert_eq!(refused, Some(Error::NotAllowed));
    }
    // In a group none, and in an own copy those of whom it was for.
    let refused = refused_words(&mut town, (1, 0), (0, 0), |words| Words {
        conversation: group,
        ..words.raw(forged::MESSAGE, &receipt_of(own.0))
    });
    assert_eq!(refused, Some(Error::NotAllowed));
    let lists = Words::new(town.client(0, 1), theirs, 1, b"").lists;
    for account in [own, third] {
        let refused = refused_words(&mut town, (0, 1), (0, 0), |words| Words {
            lists,
            ..words.with(theirs).raw(forged::MESSAGE, &receipt_of(account.0))
        });
        assert_eq!(refused, Some(Error::NotAllowed));
    }
    // Between own devices none of own messages, and no typing.
    for bytes in [receipt_of(own.0), encoded(&[(0x84, &[1])])] {
        let refused =
            refused_words(&mut town, (0, 1), (0, 0), |words| words.raw(forged::OWN, &bytes));
        assert_eq!(refused, Some(Error::NotAllowed));
    }
    // Nobody passes on what passes.
    let from = town.address(1, 0);
    let copy = [&theirs.0[..], &from.device.0, &[9; 16], &NOW.to_be_bytes(), &[1], &own.0, &[1]];
    for bytes in [receipt_of(own.0), encoded(&[(0x84, &[1])])] {
        let copy = [&copy.concat()[..], &bytes].concat();
        let refused =
            refused_words(&mut town, (0, 1), (0, 0), |words| words.raw(forged::COPY, &copy));
        assert_eq!(refused, Some(Error::NotAllowed));
    }
    // What they may say is read.
    let mail = town.whisper((1, 0), (0, 0), raw(receipt_of(own.0)));
    assert!(town.client(0, 0).receive(mail.from, &mail.message, NOW).is_ok());
}

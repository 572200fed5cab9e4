//! Order, loss and repetition.

use super::*;

#[test]
fn both_sides_read_what_the_other_wrote() {
    let mut pair = Pair::new(1);
    for round in 0..50_u32 {
        let text = round.to_be_bytes();
        let message = pair.initiator.encrypt(&text, &mut pair.rng).unwrap();
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, text);
        if round % 3 == 0 {
            let message = pair.responder.encrypt(&text, &mut pair.rng).unwrap();
            assert_eq!(*pair.initiator.decrypt(&message).unwrap().content, text);
        }
    }
    assert_eq!(pair.initiator.id(), pair.responder.id());
}

#[test]
fn a_repeated_message_is_a_duplicate_and_changes_nothing() {
    let mut pair = Pair::new(2);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let before = pair.responder.to_bytes();
    assert_eq!(pair.responder.decrypt(&message).err(), Some(Error::Duplicate));
    assert_eq!(before, pair.responder.to_bytes());
}

#[test]
fn messages_of_one_chain_are_read_in_any_order() {
    let mut pair = Pair::new(3);
    let messages = seal_many(&mut pair.initiator, 100, &mut pair.rng);
    let mut order: Vec<usize> = (0..100).collect();
    for i in (1..100).rev() {
        order.swap(i, pair.rng.next_u32() as usize % (i + 1));
    }
    for i in order {
        let opened = pair.responder.decrypt(&messages[i]).unwrap();
        assert_eq!(*opened.content, u32::try_from(i).unwrap().to_be_bytes());
    }
    assert_eq!(pair.responder.skipped(), 0);
}

#[test]
fn what_arrives_is_read_whatever_is_lost() {
    let mut pair = Pair::new(4);
    for round in 0..300_u32 {
        let text = round.to_be_bytes();
        let message = pair.initiator.encrypt(&text, &mut pair.rng).unwrap();
        if !pair.rng.next_u32().is_multiple_of(3) {
            assert_eq!(*pair.responder.decrypt(&message).unwrap().content, text);
        }
        let message = pair.responder.encrypt(&text, &mut pair.rng).unwrap();
        if !pair.rng.next_u32().is_multiple_of(3) {
            assert_eq!(*pair.initiator.decrypt(&message).unwrap().content, text);
        }
    }
}

/// A message under way: to the responder or to the initiator, since a round, with a content.
struct Flying {
    to_responder: bool,
    round: u32,
    content: [u8; 8],
    bytes: Vec<u8>,
    arrived: bool,
}

#[test]
fn loss_delay_and_repetition_together_lose_nothing_that_arrives() {
    let mut pair = Pair::new(5);
    let mut network: Vec<Flying> = Vec::new();
    let mut arrived = 0;
    for round in 0..400_u32 {
        for to_responder in [true, false] {
            for i in 0..pair.rng.next_u32() % 4 {
                let mut content = [0; 8];
                content[..4].copy_from_slice(&round.to_be_bytes());
                content[4..].copy_from_slice(&i.to_be_bytes());
                let Pair { initiator, responder, rng, .. } = &mut pair;
                let from = if to_responder { initiator } else { responder };
                let bytes = from.encrypt(&content, rng).unwrap();
                network.push(Flying { to_responder, round, content, bytes, arrived: false });
            }
        }
        // Half of what is under way arrives now, in another order, some of it twice; what has
        // been under way for four rounds is lost.
        for _ in 0..network.len() {
            let pick = pair.rng.next_u32() as usize % network.len();
            let message = &mut network[pick];
            let to = if message.to_responder { &mut pair.responder } else { &mut pair.initiator };
            if message.arrived {
                // Once a chain is read to its end and two more have begun, its header key is gone.
                let error = refusal(to, |to| to.decrypt(&message.bytes));
                assert!(matches!(error, Some(Error::Duplicate | Error::Forged)), "{error:?}");
            } else {
                assert_eq!(*to.decrypt(&message.bytes).unwrap().content, message.content);
                message.arrived = true;
                arrived += 1;
            }
        }
        network.retain(|message| !message.arrived && message.round + 4 > round);
    }
    assert!(arrived > 800, "{arrived}");
}

#[test]
fn messages_that_cross_are_both_read() {
    let mut pair = Pair::new(6);
    for _ in 0..50 {
        let from_initiator = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        let from_responder = seal_many(&mut pair.responder, 2, &mut pair.rng);
        for message in from_initiator {
            pair.responder.decrypt(&message).unwrap();
        }
        for message in from_responder {
            pair.initiator.decrypt(&message).unwrap();
        }
    }
    assert_eq!((pair.initiator.skipped(), pair.responder.skipped()), (0, 0));
}

#[test]
fn the_first_messages_are_read_in_any_order() {
    let mut rng = TestRng::new(7);
    let initiator = device(1, &mut rng);
    let mut responder = device(2, &mut rng);
    let bundle = bundle_with_one_time(&mut responder, &mut rng);
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    let first = seal_many(&mut session, 4, &mut rng);
    let accepted = responder.accept(&first[2], NOW).unwrap();
    let Accepted { session: mut answering, opened } = accepted.apply();
    assert_eq!(opened.skipped, 2);
    for i in [3, 0, 1] {
        assert_eq!(answering.decrypt(&first[i]).unwrap().content[3] as usize, i);
    }
}

#[test]
fn a_late_message_of_a_closed_chain_is_read() {
    let mut pair = Pair::new(8);
    let withheld = withhold_one(&mut pair);
    for _ in 0..3 {
        withhold_one(&mut pair);
    }
    let opened = pair.responder.decrypt(&withheld).unwrap();
    assert_eq!(*opened.content, b"withheld");
    assert_eq!((opened.skipped, opened.lost), (0, 0));
}

#[test]
fn a_late_message_reports_the_place_it_was_sent_from() {
    let mut pair = Pair::new(9);
    let first = withhold_one(&mut pair);
    let second = withhold_one(&mut pair);
    let second = pair.responder.decrypt(&second).unwrap().position;
    let first = pair.responder.decrypt(&first).unwrap().position;
    assert_eq!((first.number, second.number), (0, 0));
    assert_eq!(first.chain + 1, second.chain);
}

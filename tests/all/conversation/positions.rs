//! Positions.

use super::*;

#[test]
fn positions_in_order_only_grow_and_show_no_gap() {
    let mut pair = Pair::new(28);
    let mut last = None;
    for round in 0..60_u32 {
        if round % 4 == 0 {
            turn(&mut pair);
        }
        let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        let opened = pair.responder.decrypt(&message).unwrap();
        assert_eq!((opened.position.number, opened.skipped), (round % 4, 0));
        assert!(Some(opened.position) > last);
        last = Some(opened.position);
    }
}

#[test]
fn what_a_server_withholds_shows_as_a_gap() {
    let mut pair = Pair::new(29);
    let messages = seal_many(&mut pair.initiator, 10, &mut pair.rng);
    let opened = pair.responder.decrypt(&messages[3]).unwrap();
    let first = opened.position;
    assert_eq!(opened.skipped, 3);
    let opened = pair.responder.decrypt(&messages[9]).unwrap();
    assert_eq!((opened.position.number - first.number, opened.skipped), (6, 5));
    assert_eq!(pair.responder.skipped(), 8);
}

#[test]
fn every_message_has_a_position_of_its_own() {
    let mut pair = Pair::new(30);
    let mut seen = HashSet::new();
    for _ in 0..20 {
        turn(&mut pair);
        let mut messages = seal_many(&mut pair.initiator, 5, &mut pair.rng);
        messages.reverse();
        for message in messages {
            assert!(seen.insert(pair.responder.decrypt(&message).unwrap().position));
        }
    }
}

//! Messages that may not move the braid.

use super::*;
use crate::protocol::ratchet::braid::reserved::ReservedChunks;

impl Side {
    /// Sends a message that sets chunks apart for `count` others.
    fn reserve(&mut self, room: usize, count: u16) -> (Sent, ReservedChunks) {
        let mut extra = Vec::new();
        let capacity = Capacity { number: 0, room, is_busy: false };
        let (part, mut delta) = self.braid.send(&capacity, &mut extra, &mut self.rng);
        let reserved = delta.set_aside(count);
        self.apply(&mut delta);
        (Sent { part, extra }, reserved)
    }

    /// Sends one of these others, which leaves the braid as it is.
    fn send_reserved(&self, reserved: &mut ReservedChunks, room: usize, number: u32) -> Sent {
        let (mut extra, before) = (Vec::new(), self.bytes());
        let capacity = Capacity { number, room, is_busy: true };
        let part = self.braid.send_reserved(reserved, &capacity, &mut extra);
        reserved.advance();
        assert!(BraidPart::decode(&part.encode()).is_ok(), "nobody would take it");
        assert!(self.bytes() == before && part.extra_bytes() == extra.len());
        Sent { part, extra }
    }
}

/// Returns what a part says: its kind, and its indices.
fn said(sent: &Sent) -> (Kind, Vec<u16>) {
    let BraidPart { kind, index, .. } = sent.part;
    (kind, (index..).take(sent.part.chunks().into()).collect())
}

/// Makes two sides whose states stay in memory, when `is_there` holds.
fn quiet(is_there: impl Fn(&[Side; 2]) -> bool) -> [Side; 2] {
    let mut sides = pair(4);
    for side in &mut sides {
        side.is_restless = false;
    }
    let mut from = 0;
    while !is_there(&sides) {
        let sent = sides[from].send(0, 0);
        sides[1 - from].receive(&sent).unwrap();
        from = 1 - from;
    }
    sides
}

#[test]
fn each_message_ahead_takes_chunks_of_its_own_and_the_next_usual_one_those_behind() {
    let [mut side, _] = quiet(|_| true);
    let (first, mut reserved) = side.reserve(1, 3);
    assert_eq!(said(&first), (Kind::Header, vec![0, 1]));
    assert_eq!(said(&side.send_reserved(&mut reserved, 5, 1)), (Kind::Header, vec![2, 3]));
    assert_eq!(said(&side.send_reserved(&mut reserved, 0, 2)), (Kind::Header, vec![4]));
    assert_eq!(said(&side.send_reserved(&mut reserved, 1, 2)), (Kind::Header, vec![6, 7]));
    assert_eq!(said(&side.send(1, 2)), (Kind::Header, vec![8, 9]));
}

#[test]
fn chunks_ahead_complete_a_stream_as_well_as_any() {
    let [mut side, mut other] = quiet(|_| true);
    let (_, mut reserved) = side.reserve(0, 5);
    for number in 1..4 {
        other.receive(&side.send_reserved(&mut reserved, 0, number)).unwrap();
    }
    // The header is complete: ct1 begins, and the chunks still reserved are of the stream that goes out
    // then.
    side.receive(&other.send(0, 0)).unwrap();
    assert_eq!(said(&side.send_reserved(&mut reserved, 0, 4)), (Kind::Vector, vec![4]));
    assert_eq!(said(&side.send(0, 5)), (Kind::Vector, vec![0]));
}

#[test]
fn a_message_ahead_begins_nothing() {
    // A key pair, coins, and ct2 come next.
    let [mut side, mut other] = quiet(|_| true);
    let (_, mut reserved) = quiet(|_| true)[0].reserve(0, 1);
    assert_eq!(said(&side.send_reserved(&mut reserved, 0, 1)).0, Kind::Nothing);
    for number in 0..3 {
        other.receive(&side.send(0, number)).unwrap();
    }
    assert!(other.braid.is_about_to_encapsulate());
    assert_eq!(said(&other.send_reserved(&mut reserved, 0, 1)).0, Kind::Nothing);
    let is_due = |side: &Side| matches!(&side.braid.phase, Phase::Ct1(ct1) if ct1.acknowledged && ct1.vector.is_complete());
    let [_, other] = quiet(|sides| is_due(&sides[1]));
    assert_eq!(said(&other.send_reserved(&mut reserved, 0, 1)).0, Kind::Nothing);
}

#[test]
fn without_chunks_set_aside_a_message_ahead_has_none_but_still_acknowledges() {
    let is_acknowledging = |sides: &[Side; 2]| matches!(&sides[0].braid.phase, Phase::Key(key) if key.sends().says_done());
    let [mut side, _] = quiet(is_acknowledging);
    let none = BraidDelta::default().set_aside(9);
    assert_eq!(said(&side.send_reserved(&mut { none }, 3, 1)), (Kind::Done, vec![]));
    let (_, mut reserved) = side.reserve(0, 1);
    assert_eq!(said(&side.send_reserved(&mut reserved, 0, 1)).0, Kind::VectorDone);
    // The peer is in ct2: no chunk goes out.
    let [side, _] = quiet(
        |sides| matches!(&sides[0].braid.phase, Phase::Key(key) if key.sends() == Kind::Done),
    );
    assert_eq!(said(&side.send_reserved(&mut reserved, 0, 1)), (Kind::Done, vec![]));
}

#[test]
fn what_is_withheld_is_withheld_ahead_too() {
    let [mut side, _] = quiet(|_| true);
    let (_, mut reserved) = side.reserve(0, 10);
    let sent: Vec<usize> =
        (1..10).map(|number| said(&side.send_reserved(&mut reserved, 0, number)).1.len()).collect();
    assert_eq!(sent, [1, 1, 1, 1, 1, 0, 0, 0, 0]);
}

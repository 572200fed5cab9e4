//! Agreement of both sides: whatever is lost, late or repeated, and at what cost.

use super::*;

#[test]
fn an_epoch_takes_87_messages_in_turns() {
    let mut sides = pair(1);
    // The first secret is there with the last chunk of ct2; the peer begins the next epoch when it
    // hears of it. Where the initiator waits for the responder's turn, it is one more or less.
    let messages = [1, 2, 3, 4].map(|epochs| ping_pong(&mut sides, epochs, 0));
    agree(&sides);
    assert_eq!(messages, [86, 87, 88, 87]);
}

#[test]
fn whatever_is_lost_repeated_or_late_both_agree_on_the_same_secrets() {
    for seed in 0..8 {
        lossy(seed, 2000);
    }
}

/// Exchanges messages in bursts; three in ten are lost, others come late or twice.
fn lossy(seed: u64, messages: usize) {
    let mut sides = pair(seed + 2);
    let mut dice = TestRng::new(seed);
    let mut roll = |sides: u64| dice.next_u64() % sides;
    let mut late: Vec<(usize, Sent)> = Vec::new();
    let (mut from, mut number) = (0, 0);
    for _ in 0..messages {
        if roll(3) == 0 {
            (from, number) = (1 - from, 0);
        }
        let room = usize::try_from(roll(4)).unwrap();
        let sent = sides[from].send(room, number);
        number += 1;
        match roll(10) {
            0..3 => {}
            3..5 => late.push((1 - from, sent)),
            5 => {
                sides[1 - from].receive(&sent).unwrap();
                late.push((1 - from, sent));
            }
            _ => sides[1 - from].receive(&sent).unwrap(),
        }
        if !late.is_empty() && roll(3) == 0 {
            let at = usize::try_from(roll(1 << 32)).unwrap() % late.len();
            let (to, sent) = late.swap_remove(at);
            sides[to].receive(&sent).unwrap();
        }
    }
    agree(&sides);
    assert!(sides[0].secrets.len() > messages / 400, "{} of {seed}", sides[0].secrets.len());
}

#[test]
fn room_in_the_body_makes_epochs_shorter() {
    let messages = [0, 1, 3, 35].map(|room| ping_pong(&mut pair(3), 8, room));
    assert!(messages.is_sorted_by(|a, b| a > b), "{messages:?}");
}

#[test]
fn a_sender_that_hears_nothing_sends_twice_what_is_needed_in_each_chain_and_then_none() {
    let [mut one, _] = pair(4);
    for number in 0..6_u16 {
        let sent = one.send(0, number.into());
        assert_eq!((sent.part.kind, sent.part.index), (Kind::Header, number));
    }
    let before = one.bytes();
    for number in 6..20 {
        assert_eq!(one.send(0, number).part.kind, Kind::Nothing);
    }
    // A quiet state stays as it is, and computes nothing that it does not send.
    assert_eq!(one.bytes(), before);
    one.reload();
    assert_eq!(op_count::of(|| one.send(0, 20)).1, Work::default());
    // In the next chain it goes on, with room for three in two messages.
    for (number, index) in [(0, 6), (1, 9)] {
        let sent = one.send(9, number).part;
        assert_eq!((sent.index, sent.chunks()), (index, 3));
    }
    assert_eq!(one.send(9, 2).part.kind, Kind::Nothing);
    assert_eq!(one.send(0, 5).part.index, 12);
}

#[test]
fn a_stream_that_begins_late_in_a_chain_is_sent_whole_in_it() {
    let [mut one, _] = pair(14);
    for number in 500..506 {
        assert_eq!(one.send(0, number).part.kind, Kind::Header);
    }
    assert_eq!(one.send(0, 506).part.kind, Kind::Nothing);
}

#[test]
fn the_seventh_chunk_of_a_header_serves_as_well_as_the_first() {
    let [mut one, mut other] = pair(5);
    for _ in 0..40 {
        one.send(0, 0);
    }
    for _ in 0..3 {
        other.receive(&one.send(0, 0)).unwrap();
    }
    assert_eq!(other.send(0, 0).part.kind, Kind::Ct1);
}

#[test]
fn a_count_at_its_end_begins_anew() {
    let [mut one, _] = pair(6);
    one.send(0, 0);
    let Phase::Key(side) = &mut one.braid.phase else { panic!("no key") };
    side.count = u16::MAX;
    assert_eq!(one.send(9, 0).part.index, u16::MAX);
    assert_eq!(one.send(0, 0).part.index, 0);
}

#[test]
fn chunks_of_an_epoch_that_is_over_are_ignored_in_the_next_one() {
    let mut sides = pair(8);
    let mut all: [Vec<Sent>; 2] = [Vec::new(), Vec::new()];
    for message in 0..90 {
        let from = message % 2;
        let sent = sides[from].send(0, 0);
        sides[1 - from].receive(&sent).unwrap();
        all[from].push(sent);
    }
    assert!(sides.iter().all(|side| side.braid.epoch == 2));
    for (from, sent) in all.iter().enumerate() {
        let to = &mut sides[1 - from];
        let before = to.bytes();
        for sent in sent.iter().filter(|sent| sent.part.epoch == 1) {
            to.receive(sent).unwrap();
        }
        assert_eq!(to.bytes(), before);
    }
    ping_pong(&mut sides, 3, 0);
    agree(&sides);
}

#[test]
fn a_generator_that_repeats_itself_gives_each_epoch_and_session_other_keys() {
    let first_chunk = |key: u8| {
        let braid = Braid::initiate(&Secret::copy(&[key; 32]), &NATIVE);
        Side::new(braid, 1).send(0, 0).part.chunk
    };
    assert_ne!(first_chunk(1), first_chunk(2));
    assert_eq!(first_chunk(1), first_chunk(1));
}

#[test]
fn an_epoch_costs_four_kem_operations_and_most_messages_none() {
    let mut sides = pair(12);
    for side in &mut sides {
        side.is_restless = false;
    }
    let mut costly = 0;
    let ((), work) = op_count::of(|| {
        for message in 0..86 {
            let before = op_count::so_far().kem;
            let sent = sides[message % 2].send(0, 0);
            sides[1 - message % 2].receive(&sent).unwrap();
            costly += usize::from(op_count::so_far().kem != before);
        }
    });
    assert_eq!((work.kem, costly), (4, 4));
}

#[test]
fn an_acknowledgement_is_not_taken_back_by_a_chunk_that_comes_late() {
    // ct1 is complete at the key side, of whose messages one is late.
    let mut sides = until(|sides| match &sides[0].braid.phase {
        Phase::Key(side) => side.ct1.is_complete() && side.ct2.is_empty(),
        _ => false,
    });
    let [one, other] = &mut sides;
    let acknowledging = one.send(0, 0);
    assert_eq!(acknowledging.part.kind, Kind::VectorDone);
    other.receive(&acknowledging).unwrap();
    let late = BraidPart { kind: Kind::Vector, index: 70, ..acknowledging.part };
    other.receive(&Sent { part: late, extra: Vec::new() }).unwrap();
    let Phase::Ct1(side) = &other.braid.phase else { panic!("another state") };
    assert!(side.acknowledged && !side.vector.is_complete());
    // A repetition is no news, and does not repeat the chunks that have come.
    let again = other.braid.receive(&BraidPart::bare(1, Kind::Done), &[], false).unwrap();
    assert!(again.is_none());
    assert_eq!(other.send(0, 0).part.kind, Kind::Nothing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Checks that the vector is complete with the 36th different chunk of any subset in any order, and not before.
    #[test]
    fn any_enough_chunks_in_any_order_complete_a_vector(
        picks in proptest::sample::subsequence((0..72_usize).collect::<Vec<_>>(), 36),
        keys in proptest::collection::vec(any::<u32>(), 36),
        split in 0..36_usize,
    ) {
        let is_first = |sides: &[Side; 2]| matches!(sides[1].braid.phase, Phase::Ct1(_));
        let mut sides = until(is_first);
        let [one, other] = &mut sides;
        let begin = other.send(0, 0);
        one.receive(&begin).unwrap();
        let chunks: Vec<Sent> = (0..72).map(|_| one.send(0, 0)).collect();
        let mut picks: Vec<_> = picks.into_iter().zip(keys).collect();
        picks.sort_by_key(|(_, key)| *key);
        for (place, (pick, _)) in picks.iter().enumerate() {
            let Phase::Ct1(side) = &other.braid.phase else { panic!("another state") };
            prop_assert!(!side.vector.is_complete());
            other.receive(&chunks[*pick]).unwrap();
            if place == split {
                other.reload();
            }
        }
        let Phase::Ct1(side) = &other.braid.phase else { panic!("another state") };
        prop_assert!(side.vector.is_complete());
    }
}

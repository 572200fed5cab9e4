//! Parts that no honest peer sends: altered, invented, too early, of the wrong role.

use super::*;

/// Lists all alterations of a part.
fn lies(part: &BraidPart) -> Vec<BraidPart> {
    let kinds = (0..=7).filter_map(Kind::of);
    let epochs =
        [part.epoch.saturating_sub(1), part.epoch, part.epoch + 1, part.epoch + 2, u32::MAX];
    kinds
        .flat_map(|kind| epochs.map(|epoch| BraidPart { epoch, kind, ..*part }))
        .flat_map(|part| [part, BraidPart { chunk: [7; CHUNK], ..part }])
        .collect()
}

#[test]
fn a_lie_in_any_state_is_refused_or_ignored_or_found_and_changes_no_agreed_secret() {
    // Each message of two epochs, in place of it each lie: the side stays where it can be.
    let mut sides = pair(7);
    for message in 0..180 {
        let from = message % 2;
        let sent = sides[from].send(0, 0);
        let to = &mut sides[1 - from];
        let before = to.bytes();
        for lie in lies(&sent.part) {
            let Ok(lie) = BraidPart::decode(&lie.encode()) else { continue };
            let told = to.braid.receive(&lie, &[], false);
            assert!(matches!(told, Ok(_) | Err(Error::Inconsistent)));
            let agrees = matches!(told.map(|delta| delta.event), Ok(BraidEvent::Agreed(_)));
            assert!(!agrees || lie.chunk == sent.part.chunk);
        }
        assert_eq!(to.bytes(), before);
        to.receive(&sent).unwrap();
    }
    agree(&sides);
    assert_eq!(sides[0].secrets.len(), 2);
}

#[test]
fn an_epoch_to_come_is_refused_unless_it_is_the_proof_that_is_due() {
    let is_second = |sides: &[Side; 2]| matches!(sides[1].braid.phase, Phase::Ct2(_));
    let mut sides = until(is_second);
    let told = |side: &Side, epoch, kind| {
        side.braid.receive(&BraidPart::bare(epoch, kind), &[], false).map(|delta| delta.event)
    };
    assert!(matches!(told(&sides[1], 2, Kind::Nothing), Ok(BraidEvent::Followed(_))));
    for (epoch, kind) in [(3, Kind::Nothing), (2, Kind::Done), (u32::MAX, Kind::Nothing)] {
        assert_eq!(told(&sides[1], epoch, kind).err(), Some(Error::Inconsistent));
    }
    assert_eq!(told(&sides[0], 2, Kind::Nothing).err(), Some(Error::Inconsistent));
    ping_pong(&mut sides, 2, 0);
    agree(&sides);
}

/// Sends the side's next message, with one bit of its chunk altered.
fn altered(side: &mut Side) -> Sent {
    let mut sent = side.send(0, 0);
    sent.part.chunk[31] ^= 1;
    sent
}

#[test]
fn a_header_with_an_altered_bit_is_refused_when_it_is_complete() {
    for place in 0..3 {
        let [mut one, mut other] = pair(9);
        for chunk in 0..3 {
            let sent = if chunk == place { altered(&mut one) } else { one.send(0, 0) };
            let before = other.bytes();
            let told = other.receive(&sent);
            assert_eq!(told, if chunk == 2 { Err(Error::Inconsistent) } else { Ok(()) });
            assert!(chunk < 2 || other.bytes() == before);
        }
    }
}

#[test]
fn a_vector_with_an_altered_bit_is_refused_when_it_is_complete() {
    let is_near = |sides: &[Side; 2]| match &sides[1].braid.phase {
        Phase::Ct1(side) => side.count > 5,
        _ => false,
    };
    let mut sides = until(is_near);
    let [one, other] = &mut sides;
    other.receive(&altered(one)).unwrap();
    let told = (0..40).map(|_| other.receive(&one.send(0, 0))).find(Result::is_err);
    assert_eq!(told, Some(Err(Error::Inconsistent)));
}

#[test]
fn a_ciphertext_with_an_altered_bit_in_either_half_is_refused_and_agrees_on_nothing() {
    for is_first_half in [true, false] {
        let mut is_altered = false;
        let mut sides = pair(10);
        let mut told = Vec::new();
        for message in 0..200 {
            let from = message % 2;
            let mut sent = sides[from].send(0, 0);
            let kind = if is_first_half { Kind::Ct1 } else { Kind::Ct2 };
            if sent.part.kind == kind && !is_altered {
                sent.part.chunk[0] ^= 0x80;
                is_altered = true;
            }
            told.push(sides[1 - from].receive(&sent));
        }
        assert!(is_altered && told.contains(&Err(Error::Inconsistent)));
        assert!(sides[0].secrets.is_empty());
        assert_eq!(sides[0].braid.epoch, 1);
    }
}

#[test]
fn sides_that_began_with_different_keys_never_agree() {
    let [mut one, _] = pair(11);
    let other = Braid::accept(&Secret::copy(&[7; 32]), &NATIVE);
    let mut other = Side::new(other, 0);
    let told: Vec<_> = (0..5).map(|_| other.receive(&one.send(0, 0))).collect();
    assert_eq!(told[..3], [Ok(()), Ok(()), Err(Error::Inconsistent)]);
}

#[test]
fn a_second_secret_is_not_taken_before_the_first_one_is_mixed() {
    let is_last = |sides: &[Side; 2]| match &sides[1].braid.phase {
        Phase::Ct2(side) => side.count == 4,
        _ => false,
    };
    let mut sides = until(is_last);
    let [one, other] = &mut sides;
    let sent = other.send(0, 0);
    let part = sent.part;
    let busy = one.braid.receive(&part, &[], true).map(|delta| delta.event);
    assert_eq!(busy.err(), Some(Error::Inconsistent));
    let free = one.braid.receive(&part, &[], false).map(|delta| delta.event);
    assert!(matches!(free, Ok(BraidEvent::Agreed(_))));
    // Nor does the ciphertext side make one.
    let mut sides = until(|sides| match &sides[1].braid.phase {
        Phase::Waiting(header) => header.is_complete(),
        _ => false,
    });
    let capacity = Capacity { number: 0, room: 0, is_busy: true };
    let (part, delta) = sides[1].braid.send(&capacity, &mut Vec::new(), &mut TestRng::new(1));
    assert!(part.kind == Kind::Nothing && delta.is_none());
    assert_eq!(sides[1].send(0, 0).part.kind, Kind::Ct1);
}

#[test]
fn parts_that_no_sender_writes_are_refused() {
    let good = BraidPart { epoch: 1, kind: Kind::Header, extra: 0, index: 0, chunk: [1; CHUNK] };
    assert!(BraidPart::decode(&good.encode()).is_ok());
    let mut bad = vec![
        BraidPart { epoch: 0, ..good }.encode(),
        BraidPart { extra: MAX_EXTRA + 1, ..good }.encode(),
        BraidPart { extra: 2, index: 65_534, ..good }.encode(),
    ];
    for kind in [Kind::Nothing, Kind::Done] {
        let bare = BraidPart::bare(1, kind);
        assert!(BraidPart::decode(&bare.encode()).is_ok());
        bad.push(BraidPart { extra: 1, ..bare }.encode());
        bad.push(BraidPart { index: 1, ..bare }.encode());
        bad.push(BraidPart { chunk: good.chunk, ..bare }.encode());
    }
    let mut unknown = good.encode();
    unknown[4] = 7;
    bad.push(unknown);
    for bytes in bad {
        assert_eq!(BraidPart::decode(&bytes).err(), Some(Error::Inconsistent), "{bytes:?}");
    }
    assert_eq!(good.encode().len(), PART);
}

#[test]
fn parts_of_ones_own_role_and_parts_that_cannot_come_yet_are_refused() {
    let told = |side: &Side, kind| {
        let chunk = if Kind::has_chunk(kind) { [7; CHUNK] } else { [0; CHUNK] };
        let part = BraidPart { epoch: 1, kind, extra: 0, index: 0, chunk };
        side.braid.receive(&part, &[], false).map(|delta| delta.is_none())
    };
    let inconsistent = Err(Error::Inconsistent);
    let [one, other] = pair(16);
    for kind in [Kind::Header, Kind::Vector, Kind::VectorDone, Kind::Done, Kind::Ct1, Kind::Ct2] {
        // Fresh: nothing can come but silence.
        assert_eq!(told(&one, kind), inconsistent, "{kind:?}");
        // Waiting: only the header can.
        let expected = if kind == Kind::Header { Ok(false) } else { inconsistent };
        assert_eq!(told(&other, kind), expected, "{kind:?}");
    }
    let sides = until(|sides| matches!(sides[1].braid.phase, Phase::Ct1(_)));
    for kind in [Kind::Ct1, Kind::Ct2] {
        assert_eq!(told(&sides[1], kind), inconsistent);
    }
    for kind in [Kind::Header, Kind::Vector, Kind::VectorDone, Kind::Done, Kind::Ct2] {
        assert_eq!(told(&sides[0], kind), inconsistent);
    }
    // Late chunks: the header, once it is there.
    assert_eq!(told(&sides[1], Kind::Header), Ok(true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_peer_says_a_side_answers_with_a_delta_or_inconsistent(
        stop in 0..200_usize,
        bytes in proptest::array::uniform(any::<u8>()),
        kind in 0..7_u8,
        ahead in 0..2_u32,
        extra in 0..3_u8,
    ) {
        let mut sides = pair(13);
        for message in 0..stop {
            let from = message % 2;
            let sent = sides[from].send(0, 0);
            sides[1 - from].receive(&sent).unwrap();
        }
        for side in &mut sides {
            let epoch = side.braid.epoch + ahead;
            let index = u16::from_be_bytes([bytes[0], bytes[1]]) >> 8;
            let part = BraidPart { epoch, kind: Kind::of(kind).unwrap(), extra, index, chunk: bytes };
            let Ok(part) = BraidPart::decode(&part.encode()) else { continue };
            let behind = vec![bytes[0]; part.extra_bytes()];
            match side.braid.receive(&part, &behind, false) {
                Ok(mut delta) => side.braid.apply(&mut delta),
                Err(error) => prop_assert_eq!(error, Error::Inconsistent),
            }
            side.reload();
        }
    }
}

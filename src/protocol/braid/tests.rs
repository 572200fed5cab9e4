//! The braid alone: states, losses, lies.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use rand_core::Rng;

use super::part::{Kind, MAX_EXTRA};
use super::step::Event;
use super::{Braid, NATIVE, Offer, PART, Part, Phase, Step};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::erasure::CHUNK;
use crate::primitives::generator::TestRng;
use crate::primitives::secret::Secret;
use crate::primitives::work::{self, Work};

/// What one side sent: the part, and the chunks behind the content.
#[derive(Clone)]
struct Sent {
    part: Part,
    extra: Vec<u8>,
}

/// One side, with the secrets that it got.
struct Side {
    braid: Braid,
    /// Goes through the disk again and again.
    is_restless: bool,
    messages: usize,
    secrets: Vec<[u8; 32]>,
    rng: TestRng,
}

impl Side {
    fn new(braid: Braid, seed: u64) -> Self {
        let rng = TestRng::new(seed);
        Self { braid, is_restless: true, messages: 0, secrets: Vec::new(), rng }
    }

    /// The next message, `number` of its chain, with room for so many further chunks.
    fn send(&mut self, room: usize, number: u32) -> Sent {
        let offer = Offer { number, room, is_busy: false };
        let mut extra = Vec::new();
        let (part, mut step) = self.braid.send(&offer, &mut extra, &mut self.rng);
        assert_eq!(part.extra_bytes(), extra.len());
        self.apply(&mut step);
        Sent { part, extra }
    }

    fn receive(&mut self, sent: &Sent) -> Result<(), Error> {
        let part = Part::decode(&sent.part.encode())?;
        let mut step = self.braid.receive(&part, &sent.extra, false)?;
        self.apply(&mut step);
        Ok(())
    }

    /// Applies a step, as it is or as it comes back from a disk, and takes the secret as if mixed.
    fn apply(&mut self, step: &mut Step) {
        self.messages += 1;
        if self.is_restless && self.messages.is_multiple_of(2) && !step.is_none() {
            let mut writer = Writer::new();
            step.write(&mut writer);
            *step = Reader::all(&writer.secret(), Step::read).unwrap();
        }
        self.braid.apply(step);
        if self.is_restless && self.messages.is_multiple_of(3) {
            self.reload();
        }
        if let Some(secret) = self.braid.secret() {
            let secret = *secret.expose();
            if self.secrets.last() != Some(&secret) {
                self.secrets.push(secret);
            }
        }
        if self.braid.shared_secret().is_some() {
            self.braid.forget_secret();
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.braid.write(&mut writer);
        writer.secret().to_vec()
    }

    fn reload(&mut self) {
        let bytes = self.bytes();
        let read = |reader: &mut Reader<'_>| Braid::read(reader, &NATIVE);
        self.braid = Reader::all(&bytes, read).unwrap();
        assert_eq!(self.bytes(), bytes);
    }

    fn secrets(&self) -> &[[u8; 32]] {
        &self.secrets
    }
}

/// The initiator and the responder.
fn pair(seed: u64) -> [Side; 2] {
    let key = Secret::copy(&[6; 32]);
    [
        Side::new(Braid::initiate(&key, &NATIVE), 2 * seed),
        Side::new(Braid::accept(&key, &NATIVE), 2 * seed + 1),
    ]
}

/// Both have agreed on the same secrets, but for one that only the ciphertext side has yet.
fn agree([one, other]: &[Side; 2]) {
    let both = one.secrets().len().min(other.secrets().len());
    assert_eq!(one.secrets()[..both], other.secrets()[..both]);
    assert!(one.secrets().len().abs_diff(other.secrets().len()) <= 1);
}

/// Messages in turns until `epochs` secrets are agreed.
fn ping_pong(sides: &mut [Side; 2], epochs: usize, room: usize) -> usize {
    for message in 0.. {
        if sides.iter().all(|side| side.secrets.len() >= epochs) {
            return message;
        }
        let [one, other] = sides;
        let (from, to) = if message % 2 == 0 { (one, other) } else { (other, one) };
        let sent = from.send(room, 0);
        to.receive(&sent).unwrap();
    }
    unreachable!()
}

/// Two sides that have exchanged messages in turns until `is_there` holds of them.
fn until(is_there: impl Fn(&[Side; 2]) -> bool) -> [Side; 2] {
    let mut sides = pair(1);
    for message in 0..400 {
        if is_there(&sides) {
            return sides;
        }
        let [one, other] = &mut sides;
        let (from, to) = if message % 2 == 0 { (one, other) } else { (other, one) };
        let sent = from.send(0, 0);
        to.receive(&sent).unwrap();
    }
    panic!("a state that is not reached")
}

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

/// Messages in bursts; three in ten are lost, others come late or twice.
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
    assert_eq!(work::of(|| one.send(0, 20)).1, Work::default());
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

/// All that can be altered of a part.
fn lies(part: &Part) -> Vec<Part> {
    let kinds = (0..=7).filter_map(Kind::of);
    let epochs =
        [part.epoch.saturating_sub(1), part.epoch, part.epoch + 1, part.epoch + 2, u32::MAX];
    kinds
        .flat_map(|kind| epochs.map(|epoch| Part { epoch, kind, ..*part }))
        .flat_map(|part| [part, Part { chunk: [7; CHUNK], ..part }])
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
            let Ok(lie) = Part::decode(&lie.encode()) else { continue };
            let told = to.braid.receive(&lie, &[], false);
            assert!(matches!(told, Ok(_) | Err(Error::Inconsistent)));
            let agrees = matches!(told.map(|step| step.event), Ok(Event::Agreed(_)));
            assert!(!agrees || lie.chunk == sent.part.chunk);
        }
        assert_eq!(to.bytes(), before);
        to.receive(&sent).unwrap();
    }
    agree(&sides);
    assert_eq!(sides[0].secrets.len(), 2);
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
fn an_epoch_to_come_is_refused_unless_it_is_the_proof_that_is_due() {
    let is_second = |sides: &[Side; 2]| matches!(sides[1].braid.phase, Phase::Ct2(_));
    let mut sides = until(is_second);
    let told = |side: &Side, epoch, kind| {
        side.braid.receive(&Part::bare(epoch, kind), &[], false).map(|step| step.event)
    };
    assert!(matches!(told(&sides[1], 2, Kind::Nothing), Ok(Event::Followed)));
    for (epoch, kind) in [(3, Kind::Nothing), (2, Kind::Done), (u32::MAX, Kind::Nothing)] {
        assert_eq!(told(&sides[1], epoch, kind).err(), Some(Error::Inconsistent));
    }
    assert_eq!(told(&sides[0], 2, Kind::Nothing).err(), Some(Error::Inconsistent));
    ping_pong(&mut sides, 2, 0);
    agree(&sides);
}

/// The side's next message, with one bit of its chunk altered.
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
    let busy = one.braid.receive(&part, &[], true).map(|step| step.event);
    assert_eq!(busy.err(), Some(Error::Inconsistent));
    let free = one.braid.receive(&part, &[], false).map(|step| step.event);
    assert!(matches!(free, Ok(Event::Agreed(_))));
    // Nor does the ciphertext side make one.
    let mut sides = until(|sides| match &sides[1].braid.phase {
        Phase::Waiting(header) => header.is_complete(),
        _ => false,
    });
    let offer = Offer { number: 0, room: 0, is_busy: true };
    let (part, step) = sides[1].braid.send(&offer, &mut Vec::new(), &mut TestRng::new(1));
    assert!(part.kind == Kind::Nothing && step.is_none());
    assert_eq!(sides[1].send(0, 0).part.kind, Kind::Ct1);
}

#[test]
fn parts_that_no_sender_writes_are_refused() {
    let good = Part { epoch: 1, kind: Kind::Header, extra: 0, index: 0, chunk: [1; CHUNK] };
    assert!(Part::decode(&good.encode()).is_ok());
    let mut bad = vec![
        Part { epoch: 0, ..good }.encode(),
        Part { extra: MAX_EXTRA + 1, ..good }.encode(),
        Part { extra: 2, index: 65_534, ..good }.encode(),
    ];
    for kind in [Kind::Nothing, Kind::Done] {
        let bare = Part::bare(1, kind);
        assert!(Part::decode(&bare.encode()).is_ok());
        bad.push(Part { extra: 1, ..bare }.encode());
        bad.push(Part { index: 1, ..bare }.encode());
        bad.push(Part { chunk: good.chunk, ..bare }.encode());
    }
    let mut unknown = good.encode();
    unknown[4] = 7;
    bad.push(unknown);
    for bytes in bad {
        assert_eq!(Part::decode(&bytes).err(), Some(Error::Inconsistent), "{bytes:?}");
    }
    assert_eq!(good.encode().len(), PART);
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
    let ((), work) = work::of(|| {
        for message in 0..86 {
            let before = work::so_far().kem;
            let sent = sides[message % 2].send(0, 0);
            sides[1 - message % 2].receive(&sent).unwrap();
            costly += usize::from(work::so_far().kem != before);
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
    let late = Part { kind: Kind::Vector, index: 70, ..acknowledging.part };
    other.receive(&Sent { part: late, extra: Vec::new() }).unwrap();
    let Phase::Ct1(side) = &other.braid.phase else { panic!("another state") };
    assert!(side.acknowledged && !side.vector.is_complete());
    // Said again it is no news, and it does not repeat what has arrived.
    let again = other.braid.receive(&Part::bare(1, Kind::Done), &[], false).unwrap();
    assert!(again.is_none());
    assert_eq!(other.send(0, 0).part.kind, Kind::Nothing);
}

/// The braid of one side after some messages in turns, as bytes, and whether it is the initiator's.
fn stored(messages: usize, side: usize) -> Vec<u8> {
    let mut sides = pair(15);
    for message in 0..messages {
        let sent = sides[message % 2].send(0, 0);
        sides[1 - message % 2].receive(&sent).unwrap();
    }
    sides[side].bytes()
}

fn read(bytes: &[u8]) -> Result<Braid, Error> {
    Reader::all(bytes, |reader| Braid::read(reader, &NATIVE))
}

/// Where the phase of a braid without a secret begins.
const PHASE: usize = 4 + 64 + 1;

#[test]
fn a_stored_braid_that_no_history_leads_to_is_refused() {
    // Ct2 on the key side, with one and more chunks of ct2; the phase is seed, count, ct1, ct2.
    let good = stored(82, 0);
    assert_eq!((good[PHASE], read(&good).is_ok()), (1, true));
    let ct1 = PHASE + 1 + 64 + 2;
    let ct2 = ct1 + 1 + 30 * 34;
    assert_eq!(good[ct1], 30);
    assert!(good[ct2] >= 1);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        read(&bytes).err()
    };
    let malformed = Some(Error::Malformed);
    // A chunk twice, chunks out of order, more than there are, ct2 before all of ct1, all of ct2.
    assert_eq!(with(&|bytes| bytes.copy_within(ct1 + 1..ct1 + 3, ct1 + 1 + 34)), malformed);
    assert_eq!(with(&|bytes| bytes[ct1 + 2] = 99), malformed);
    let more = |bytes: &mut Vec<u8>| {
        bytes[ct1] = 31;
        bytes.splice(ct2..ct2, [255; 34]);
    };
    assert_eq!(with(&more), malformed);
    let early = |bytes: &mut Vec<u8>| {
        bytes[ct1] = 29;
        bytes.drain(ct1 + 1..ct1 + 1 + 34);
    };
    assert_eq!(with(&early), malformed);
    let whole = |bytes: &mut Vec<u8>| {
        let have = bytes[ct2];
        bytes[ct2] = 5;
        (have..5).for_each(|index| bytes.extend([&[255, index][..], &[0; 32]].concat()));
    };
    assert_eq!(with(&whole), malformed);
    assert_eq!(with(&|bytes| bytes[..4].fill(0)), malformed);
    assert_eq!(with(&|bytes| bytes[PHASE] = 5), malformed);
    // Of another role, or of other epochs than the root has.
    let braid = read(&good).unwrap();
    assert!(braid.fits(0, true) && !braid.fits(0, false));
    assert!(!braid.fits(1, true) && !braid.fits(u32::MAX, true));
    // A ciphertext side without its secret.
    let other = stored(82, 1);
    assert_eq!((other[PHASE - 1], read(&other).is_ok()), (1, true));
    let mut without = other.clone();
    without[PHASE - 1] = 0;
    without.drain(PHASE..PHASE + 32);
    assert_eq!(read(&without).err(), malformed);
    assert!(read(&other).unwrap().fits(0, false));
}

#[test]
fn a_stored_step_that_no_message_makes_is_refused() {
    let read = |bytes: &[u8]| Reader::all(bytes, Step::read).err();
    let chunk = [&[4, 1, 0, 3, 0][..], &[7; 32]].concat();
    let received = |sent: u8| [&[sent][..], &chunk].concat();
    assert_eq!(read(&received(0)), None);
    assert_eq!(read(&[1, 0]), None);
    assert_eq!(read(&[36, 0]), None);
    assert_eq!(read(&[0, 6]), None);
    // Nothing at all; more chunks than a stream has; both directions; no such event or kind.
    let mut bad = vec![vec![0, 0], vec![37, 0], received(1), vec![1, 6], vec![0, 7]];
    bad.push(vec![0, 4, 0]);
    bad.push(vec![0, 4, 7]);
    bad.push([&[0, 4, 1, 255, 255, 1][..], &[7; 64]].concat());
    bad.push([&[0, 4, 1, 0, 3, 36][..], &[7; 37 * 32]].concat());
    for bytes in bad {
        assert_eq!(read(&bytes), Some(Error::Malformed), "{bytes:?}");
    }
    // An acknowledgement brings no chunk.
    assert_eq!(read(&[0, 4, 4]), None);
}

#[test]
fn parts_of_ones_own_role_and_parts_that_cannot_come_yet_are_refused() {
    let told = |side: &Side, kind| {
        let chunk = if Kind::has_chunk(kind) { [7; CHUNK] } else { [0; CHUNK] };
        let part = Part { epoch: 1, kind, extra: 0, index: 0, chunk };
        side.braid.receive(&part, &[], false).map(|step| step.is_none())
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
    // What comes late: the header, once it is there.
    assert_eq!(told(&sides[1], Kind::Header), Ok(true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any subset, any order: the vector is complete with the 36th different chunk and not before.
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

    #[test]
    fn whatever_a_peer_says_a_side_answers_with_a_step_or_inconsistent(
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
            let part = Part { epoch, kind: Kind::of(kind).unwrap(), extra, index, chunk: bytes };
            let Ok(part) = Part::decode(&part.encode()) else { continue };
            let behind = vec![bytes[0]; part.extra_bytes()];
            match side.braid.receive(&part, &behind, false) {
                Ok(mut step) => side.braid.apply(&mut step),
                Err(error) => prop_assert_eq!(error, Error::Inconsistent),
            }
            side.reload();
        }
    }
}

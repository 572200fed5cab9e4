//! The work that forged messages cost.

use super::super::*;
use super::world::{NOW, World, address};
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::protobuf;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count::{self, Work};
use crate::signal::keys::typed;
use crate::signal::peer::MAX_SESSIONS;
use crate::signal::wire::InitialMessage;

/// Bytes that anybody can write: a message of a chain that nobody knows, at a place.
fn forged(version: Version, ratchet: u8, number: u32, previous: u32, epoch: u8) -> SealedMessage {
    let mut writer = Writer::new();
    writer.u8(version.byte());
    let key = dh::SecretKey::from_seed(Secret::copy(&[ratchet; 32])).public();
    protobuf::put_bytes(&mut writer, 1, &typed(&key));
    protobuf::put_number(&mut writer, 2, number);
    protobuf::put_number(&mut writer, 3, previous);
    protobuf::put_bytes(&mut writer, 4, &[7; 32]);
    if version == Version::V4 {
        let mut part = Writer::new();
        part.raw(&[1, epoch]);
        protobuf::put_varint(&mut part, u64::from(number) + 1);
        part.u8(0);
        protobuf::put_bytes(&mut writer, 5, part.written());
    }
    writer.raw(&[9; 8]);
    SealedMessage { kind: MessageKind::Ordinary, bytes: writer.public() }
}

/// A world in which Grace has as many sessions with Ada as she keeps, and has sent in each.
fn crowded(version: Version) -> World {
    let mut world = World::talking(version);
    world.pass(1, b"so it is");
    for _ in 1..MAX_SESSIONS {
        world.begin(0, version, true);
        world.pass(0, b"once more");
        world.pass(1, b"yes");
    }
    world
}

fn cost(world: &mut World, message: &SealedMessage) -> (Error, Work) {
    op_count::of(|| world.deliver(0, message).expect_err("it was opened"))
}

#[test]
fn a_forged_message_costs_a_bounded_number_of_agreements_and_steps() {
    let sessions = u64::try_from(MAX_SESSIONS).unwrap();
    for version in [Version::V3, Version::V4] {
        let mut world = crowded(version);
        let message = forged(version, 5, 2000, 0, 1);
        let (error, work) = cost(&mut world, &message);
        assert_eq!(error, Error::Forged);
        assert_eq!(work.dh, sessions, "{version:?}");
        let halves = if version == Version::V4 { 2 } else { 1 };
        assert!(work.chain <= sessions * halves * 2001, "{version:?}: {} steps", work.chain);
        assert_eq!((work.kem, work.open, work.verify), (0, 0, 0));
    }
}

#[test]
fn a_message_too_far_ahead_is_refused_before_any_work() {
    for version in [Version::V3, Version::V4] {
        for (number, previous) in [(2001, 0), (u32::MAX, 0), (0, 3000), (1000, 1500)] {
            let mut world = World::talking(version);
            let (error, work) = cost(&mut world, &forged(version, 5, number, previous, 1));
            assert_eq!(error, Error::TooFarAhead, "{number} after {previous}");
            assert_eq!(work, Work::default(), "{number} after {previous}");
        }
    }
}

#[test]
fn a_message_of_a_stranger_costs_nothing() {
    let mut world = World::talking(Version::V4);
    let message = forged(Version::V4, 5, 0, 0, 1);
    let stranger = address("eve");
    let (refused, work) = op_count::of(|| {
        let grace = &mut world.clients[1];
        grace.open(&stranger, message.kind, &message.bytes, NOW).map(drop)
    });
    assert_eq!((refused, work), (Err(Error::Forged), Work::default()));
}

#[test]
fn a_forged_initial_message_costs_a_bounded_number_of_agreements() {
    let mut world = World::begun(Version::V4, true);
    let mut first = world.seal(0, b"first");
    let whole = InitialMessage::decode(&first.bytes).unwrap();
    let text = whole.message.text.to_vec();
    let place = first.bytes.windows(text.len()).position(|part| part == text).unwrap();
    first.bytes[place] ^= 1;
    let (error, work) = cost(&mut world, &first);
    assert_eq!(error, Error::Forged);
    assert!(work.dh <= 5, "{} agreements", work.dh);
    assert!(work.kem <= 1 && work.chain <= 2 && work.verify == 0, "{work:?}");
}

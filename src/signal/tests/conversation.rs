//! Conversations, and messages that are altered on the way.

use alloc::format;
use alloc::vec::Vec;

use super::super::*;
use super::known_answers;
use super::world::{ADA, NOW, World, address, alterations, client, device, plain};
use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::kyber::tests::decapsulate_expanded;
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::own_keys::{Found, OwnKeys};
use crate::signal::prekeys::Used;
use crate::signal::session::{Line, Session};
use crate::signal::wire::{InitialMessage, Message};

/// Opens the messages of a first flight that another client made, with the secrets of their receiver.
fn open_flight(name: &str, count: usize, addresses: Option<&[u8; 36]>) {
    let key = |part: &str| {
        let bytes = known_answers::array(&format!("{name}.{part}"));
        dh::SecretKey::from_seed(Secret::copy(&bytes))
    };
    let own = OwnKeys::of_identity(key("recipient_identity_priv"), &mut TestRng::new(1));
    let (signed, one_time) = (key("signed_prekey.priv"), key("one_time_prekey.priv"));
    let used = Used { one_time: [None; 2], remembered: None };
    let found = Found { signed: &signed, kem: None, one_time: Some(&one_time), used };
    let line = Line { own: &own, addresses };
    let mut session: Option<Session> = None;
    for index in 0..count {
        let bytes = known_answers::bytes(&format!("{name}.messages.{index}.bytes"));
        let text = known_answers::bytes(&format!("{name}.messages.{index}.plaintext"));
        let initial = InitialMessage::decode(&bytes).unwrap();
        let opened = match &mut session {
            None => {
                let shared = initial.kem.map(|part| {
                    let [_, key @ ..]: [u8; 3169] =
                        known_answers::array(&format!("{name}.kem_prekey.secret"));
                    decapsulate_expanded(&key, part.ciphertext)
                });
                let (begun, opened) =
                    Session::accept(line, &initial, &found, shared.as_ref()).unwrap();
                session = Some(begun);
                opened
            }
            Some(session) => {
                let (opened, mut delta) = session.open(line, &initial.message).unwrap();
                session.apply(&mut delta);
                opened
            }
        };
        assert_eq!(*opened.text, text);
    }
}

#[test]
fn first_flights_of_other_clients_open() {
    open_flight("v3_first_flight", 3, None);
    let [sender, recipient] = ["sender", "recipient"].map(|end| {
        let text = known_answers::text(&format!("v4_first_flight.{end}"));
        let (name, device) = text.rsplit_once('.').unwrap();
        Address::new(name, device.parse().unwrap()).unwrap()
    });
    let addresses = Address::both(&sender, &recipient).unwrap();
    open_flight("v4_first_flight", 4, Some(&addresses));
}

#[test]
fn two_clients_talk_in_both_versions_with_and_without_one_time_prekeys() {
    for version in [Version::V3, Version::V4] {
        for one_time in [false, true] {
            let mut world = World::begun(version, one_time);
            let first = world.pass(0, b"one");
            assert!(first.is_new_session && first.version == version);
            assert!(!world.pass(0, b"two").is_new_session);
            for turn in 0..200_usize {
                let text = format!("message {turn}");
                world.pass(turn % 2, text.as_bytes());
                world.reload(turn % 2);
            }
            let (strength, epoch) = world.clients[0].strength(&world.address(1)).unwrap();
            assert_eq!(strength, version);
            assert_eq!(epoch > 0, version == Version::V4, "epoch {epoch}");
        }
    }
}

#[test]
fn messages_that_are_lost_or_late_harm_no_others() {
    for version in [Version::V3, Version::V4] {
        let mut world = World::talking(version);
        let mut held: Vec<(usize, SealedMessage, Vec<u8>)> = Vec::new();
        for turn in 0..600_usize {
            let side = turn / 3 % 2;
            let text = format!("message {turn}").into_bytes();
            let message = world.seal(side, &text);
            match turn % 7 {
                0 => {}
                1 | 2 => held.push((side, message, text)),
                _ => {
                    let opened = world.deliver(side, &message).unwrap();
                    assert_eq!(plain(&opened), text);
                    let again = world.refuse(side, message.kind, &message.bytes);
                    assert_eq!(again, Error::Duplicate);
                }
            }
            while held.len() > 4 {
                let (side, message, text) = held.remove(1);
                assert_eq!(plain(&world.deliver(side, &message).unwrap()), text);
            }
            world.reload(side);
        }
    }
}

#[test]
fn no_altered_message_opens_and_the_genuine_one_does_afterwards() {
    for version in [Version::V3, Version::V4] {
        let mut world = World::begun(version, true);
        let first = world.seal(0, b"first");
        for altered in alterations(&first.bytes) {
            // Numbers that only the sender's service reads, and the newest version that the sender speaks.
            let initial = InitialMessage::decode(&altered);
            let harmless = initial.is_ok_and(|altered| {
                let genuine = InitialMessage::decode(&first.bytes).unwrap();
                altered.message.covered == genuine.message.covered
                    && altered.message.mac == genuine.message.mac
                    && (altered.one_time, altered.signed) == (genuine.one_time, genuine.signed)
                    && altered.base == genuine.base
                    && altered.identity == genuine.identity
                    && altered.kem.map(|part| (part.prekey, *part.ciphertext))
                        == genuine.kem.map(|part| (part.prekey, *part.ciphertext))
            });
            if !harmless {
                world.refuse(0, first.kind, &altered);
            }
        }
        world.deliver(0, &first).unwrap();
        world.pass(1, b"answer");
        for content in [&b"in the chain"[..], b"and one more"] {
            let message = world.seal(0, content);
            let late = world.seal(0, b"after it");
            world.deliver(0, &late).unwrap();
            for altered in alterations(&message.bytes) {
                world.refuse(0, message.kind, &altered);
            }
            assert_eq!(plain(&world.deliver(0, &message).unwrap()), content);
            let turn = world.seal(1, b"a new chain");
            for altered in alterations(&turn.bytes) {
                world.refuse(1, turn.kind, &altered);
            }
            world.deliver(1, &turn).unwrap();
        }
    }
}

#[test]
fn a_message_for_another_device_or_in_another_name_is_refused() {
    let mut world = World::begun(Version::V4, true);
    let first = world.seal(0, b"for grace alone");
    let eve = address("00000000-0000-4000-8000-000000000000");
    let grace = &mut world.clients[1];
    let refused = grace.open(&eve, first.kind, &first.bytes, NOW).map(drop);
    assert_eq!(refused, Err(Error::WrongPeer));
    // To a receiver who knows the sender by another device.
    let other = device(ADA, 2);
    let refused = grace.open(&other, first.kind, &first.bytes, NOW).map(drop);
    assert_eq!(refused, Err(Error::WrongPeer));
    world.deliver(0, &first).unwrap();
    // Once both have the session, its keys say it.
    assert!(Message::decode(&world.seal(1, b"answer").bytes).unwrap().addresses.is_none());
}

#[test]
fn names_that_are_no_service_ids_leave_addresses_out_and_others_are_refused() {
    let mut world = World::new(5);
    let bob = address("bob");
    let mut written = client("bob", Version::V4, &mut world.rng);
    let bundle = world.bundle(1, Version::V4, true);
    let to = world.address(1);
    written.begin(&to, &bundle, NOW, &mut world.rng).unwrap().apply();
    let first = written.seal_plain(&to, b"from bob", NOW, &mut world.rng).unwrap().apply();
    assert!(InitialMessage::decode(&first.bytes).unwrap().message.addresses.is_none());
    world.clients[1].open(&bob, first.kind, &first.bytes, NOW).unwrap().apply();
    // A message that says where it is for cannot be compared by who has no such name.
    let bundle = written.bundle();
    let mut named = World::new(6);
    named.clients[0].begin(&bob, &bundle, NOW, &mut named.rng).unwrap().apply();
    let message =
        named.clients[0].seal_plain(&bob, b"to bob", NOW, &mut named.rng).unwrap().apply();
    assert!(InitialMessage::decode(&message.bytes).unwrap().message.addresses.is_none());
}

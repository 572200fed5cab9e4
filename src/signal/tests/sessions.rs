//! Sessions: the one that a message goes to, and what may not change unseen.

use super::super::*;
use super::world::{ADA, NOW, World, alterations, client, device, plain};
use crate::error::Error;
use crate::signal::peer::{MAX_SESSIONS, MAX_WAIT};

#[test]
fn two_that_begin_at_the_same_time_read_each_other() {
    for version in [Version::V3, Version::V4] {
        let mut world = World::begun(version, true);
        world.begin(1, version, true);
        let (one, two) = (world.seal(0, b"from ada"), world.seal(1, b"from grace"));
        let late = world.seal(0, b"late from ada");
        world.deliver(0, &one).unwrap();
        world.deliver(1, &two).unwrap();
        for _ in 0..5 {
            let (one, two) = (world.seal(0, b"ada again"), world.seal(1, b"grace again"));
            world.deliver(1, &two).unwrap();
            world.deliver(0, &one).unwrap();
        }
        assert_eq!(plain(&world.deliver(0, &late).unwrap()), b"late from ada");
        for turn in 0..4 {
            world.pass(turn % 2, b"and on");
        }
    }
}

#[test]
fn in_version_3_a_side_sends_in_its_own_session_until_it_is_answered() {
    let mut world = World::begun(Version::V3, true);
    world.begin(1, Version::V3, true);
    // Ada opens what Grace began, and goes on in what she began herself: an older library damages it otherwise.
    world.pass(1, b"from grace");
    let first = world.seal(0, b"from ada");
    assert_eq!(first.kind, MessageKind::Initial);
    assert!(world.deliver(0, &first).unwrap().is_new_session);
    // Both wait, until one of them has heard enough.
    for _ in 0..MAX_WAIT {
        world.pass(1, b"grace again");
        world.reload(0);
    }
    let answer = world.seal(0, b"in the session of grace");
    assert_eq!(answer.kind, MessageKind::Ordinary);
    world.deliver(0, &answer).unwrap();
    assert_eq!(world.seal(1, b"in one session").kind, MessageKind::Ordinary);
}

#[test]
fn in_version_4_the_last_session_with_a_message_is_the_one_to_send_in() {
    let mut world = World::begun(Version::V4, true);
    world.begin(1, Version::V4, true);
    world.pass(1, b"from grace");
    assert_eq!(world.seal(0, b"from ada").kind, MessageKind::Ordinary);
}

#[test]
fn a_new_session_keeps_the_old_one_for_what_is_on_its_way() {
    let mut world = World::talking(Version::V4);
    let late = world.seal(0, b"late");
    world.begin(0, Version::V4, true);
    assert!(world.pass(0, b"first of the new one").is_new_session);
    world.pass(1, b"in the new one");
    assert_eq!(plain(&world.deliver(0, &late).unwrap()), b"late");
    world.pass(1, b"still");
}

#[test]
fn a_peer_that_begins_session_after_session_does_not_push_out_the_one_in_use() {
    let mut world = World::talking(Version::V4);
    let held = world.seal(0, b"held back");
    for _ in 0..50 {
        world.begin(0, Version::V4, true);
        world.pass(0, b"flood");
    }
    assert_eq!(plain(&world.deliver(0, &held).unwrap()), b"held back");
    // The state stays small: five sessions, however many were begun.
    let size = crate::storage::State::to_bytes(&world.clients[1]).len();
    assert!(size < 60_000 + MAX_SESSIONS * 10_000, "{size} bytes");
}

#[test]
fn a_side_that_begins_session_after_session_without_an_answer_keeps_the_one_in_use() {
    let mut world = World::talking(Version::V4);
    let held = world.seal(1, b"held back");
    for _ in 0..50 {
        world.begin(0, Version::V4, false);
    }
    let opened = world.deliver(1, &held).unwrap();
    assert_eq!(plain(&opened), b"held back");
}

#[test]
fn a_one_time_prekey_is_used_once_and_only_by_a_message_that_opens() {
    let mut world = World::begun(Version::V4, true);
    let first = world.seal(0, b"first");
    let mut altered = first.bytes.clone();
    let place = altered.len() - 1600;
    altered[place] ^= 1;
    world.refuse(0, MessageKind::Initial, &altered);
    world.deliver(0, &first).unwrap();
    // Its session is there: the prekey is not asked for.
    assert_eq!(world.refuse(0, first.kind, &first.bytes), Error::Duplicate);
    // A client that has lost its sessions still has no second use of the prekey.
    let (from, identity) = (world.address(0), world.clients[0].identity());
    world.clients[1].acknowledge(&from, world.clients[1].identity(), NOW).unwrap().apply();
    world.clients[1].acknowledge(&from, identity, NOW).unwrap().apply();
    assert_eq!(world.refuse(0, first.kind, &first.bytes), Error::UnknownPrekey);
}

#[test]
fn without_a_one_time_prekey_a_first_message_is_accepted_once() {
    let mut world = World::begun(Version::V4, false);
    let first = world.seal(0, b"first");
    world.deliver(0, &first).unwrap();
    let (from, identity) = (world.address(0), world.clients[0].identity());
    world.clients[1].acknowledge(&from, world.clients[1].identity(), NOW).unwrap().apply();
    world.clients[1].acknowledge(&from, identity, NOW).unwrap().apply();
    assert_eq!(world.refuse(0, first.kind, &first.bytes), Error::Replay);
}

#[test]
fn another_identity_waits_for_the_user_and_loses_nothing() {
    let mut world = World::talking(Version::V4);
    // Ada sets up her device anew, under the same address.
    let ada = client(ADA, Version::V3, &mut world.rng);
    world.clients[0] = ada;
    world.begin(0, Version::V4, true);
    let first = world.seal(0, b"it is me");
    assert_eq!(world.refuse(0, first.kind, &first.bytes), Error::IdentityChanged);
    assert_eq!(Client::identity_in(&first.bytes), Ok(world.clients[0].identity()));
    let (from, identity) = (world.address(0), world.clients[0].identity());
    assert_ne!(world.clients[1].identity_of(&from), Some(identity));
    let bundle = world.bundle(0, Version::V4, false);
    let begun = world.clients[1].begin(&from, &bundle, NOW, &mut world.rng).map(drop);
    assert_eq!(begun, Err(Error::IdentityChanged));
    world.clients[1].acknowledge(&from, identity, NOW).unwrap().apply();
    assert!(!world.clients[1].has_session(&from));
    assert_eq!(plain(&world.deliver(0, &first).unwrap()), b"it is me");
    world.pass(1, b"welcome back");
}

#[test]
fn only_who_has_another_identity_key_alarms_the_user_about_it() {
    for (version, one_time) in [(Version::V3, false), (Version::V4, true)] {
        let mut world = World::talking(version);
        world.clients[0] = client(ADA, Version::V3, &mut world.rng);
        world.begin(0, version, one_time);
        let first = world.seal(0, b"it is me");
        for altered in alterations(&first.bytes) {
            // What no MAC covers may be another: the key is the one that wrote it all the same.
            let alarms = world.refuse(0, first.kind, &altered) == Error::IdentityChanged;
            let named = Client::identity_in(&altered);
            assert!(!alarms || named == Ok(world.clients[0].identity()));
        }
        // Nor does somebody who puts a key of his own into a message of the session that is there.
        let mut world = World::begun(version, one_time);
        let first = world.seal(0, b"first");
        world.deliver(0, &first).unwrap();
        let second = world.seal(0, b"second");
        let known = world.clients[0].identity().encode();
        let place = second.bytes.windows(33).position(|window| *window == known).unwrap();
        let mut altered = second.bytes.clone();
        let other = client("eve", Version::V3, &mut world.rng).identity().encode();
        altered[place..place + 33].copy_from_slice(&other);
        assert_ne!(world.refuse(0, second.kind, &altered), Error::IdentityChanged);
        world.deliver(0, &second).unwrap();
    }
}

#[test]
fn a_conversation_never_goes_back_to_version_3() {
    let mut world = World::talking(Version::V4);
    let bundle = world.bundle(1, Version::V3, true);
    let with = world.address(1);
    let begun = world.clients[0].begin(&with, &bundle, NOW, &mut world.rng).map(drop);
    assert_eq!(begun, Err(Error::Downgrade));
    // Nor if the peer begins it: a copy of its state from before, or whoever has its keys.
    let old = crate::storage::State::to_bytes(&world.clients[1]);
    let from = world.address(0);
    let mut copy: Client = crate::storage::State::from_bytes(&old).unwrap();
    copy.close(&from, NOW).apply();
    let own = world.bundle(0, Version::V3, true);
    let refused = copy.begin(&from, &own, NOW, &mut world.rng).map(drop);
    assert_eq!(refused, Err(Error::Downgrade));
}

#[test]
fn an_initial_message_of_version_3_is_refused_where_version_4_was_used() {
    // Grace has two conversations with one identity of Ada: one world knows version 4, the other nothing.
    let mut world = World::new(9);
    let ada = crate::storage::State::to_bytes(&world.clients[0]);
    world.begin(0, Version::V4, true);
    world.pass(0, b"hello");
    world.pass(1, b"hello back");
    let restored: Client = crate::storage::State::from_bytes(&ada).unwrap();
    world.clients[0] = restored;
    world.begin(0, Version::V3, true);
    let first = world.seal(0, b"weaker");
    assert_eq!(world.refuse(0, first.kind, &first.bytes), Error::Downgrade);
}

#[test]
fn no_conversation_begins_below_the_floor() {
    let mut world = World::new(3);
    let bundle = world.bundle(1, Version::V3, true);
    let with = world.address(1);
    let mut strict = client("strict", Version::V4, &mut world.rng);
    let begun = strict.begin(&with, &bundle, NOW, &mut world.rng).map(drop);
    assert_eq!(begun, Err(Error::Downgrade));
    world.begin(0, Version::V3, true);
    let first = world.seal(0, b"in version 3");
    let from = world.address(0);
    let opened = strict.open(&from, first.kind, &first.bytes, NOW).map(drop);
    assert_eq!(opened, Err(Error::Downgrade));
}

#[test]
fn a_session_without_an_answer_ends_after_thirty_days() {
    let mut world = World::begun(Version::V4, true);
    let to = world.address(1);
    let (last, over) = (NOW + 30 * 86_400 - 1, NOW + 30 * 86_400);
    world.clients[0].seal_plain(&to, b"still", last, &mut world.rng).unwrap().apply();
    let refused = world.clients[0].seal_plain(&to, b"over", over, &mut world.rng).map(drop);
    assert_eq!(refused, Err(Error::StalePrekey));
}

#[test]
fn an_error_is_current_only_if_it_names_this_device_and_the_present_ratchet_key() {
    let mut world = World::talking(Version::V4);
    let lost = world.seal(0, b"lost");
    let (grace, made) = (world.address(1), |message: &SealedMessage, device| {
        DecryptionErrorMessage::of(message.kind, &message.bytes, 1, device).unwrap()
    });
    assert!(world.clients[0].is_current_error(&grace, &made(&lost, 1)));
    assert!(!world.clients[0].is_current_error(&grace, &made(&lost, 2)));
    let other = world.seal(1, b"of the other side");
    assert!(!world.clients[0].is_current_error(&grace, &made(&other, 1)));
    assert!(!world.clients[0].is_current_error(&device("eve", 1), &made(&lost, 1)));
    world.deliver(1, &other).unwrap();
    world.pass(0, b"a new chain");
    assert!(!world.clients[0].is_current_error(&grace, &made(&lost, 1)));
}

#[test]
fn a_closed_session_opens_and_seals_no_more() {
    let mut world = World::talking(Version::V4);
    let to = world.address(1);
    let late = world.seal(1, b"late");
    world.clients[0].close(&to, NOW).apply();
    let refused = world.clients[0].seal_plain(&to, b"text", NOW, &mut world.rng).map(drop);
    assert_eq!(refused, Err(Error::BundleMissing));
    assert_eq!(plain(&world.deliver(1, &late).unwrap()), b"late");
}

#[test]
fn a_bundle_with_a_signature_that_does_not_hold_begins_nothing() {
    let mut world = World::new(4);
    let with = world.address(1);
    let good = world.bundle(1, Version::V4, true);
    let mut bundles = [good.clone(), good.clone(), good.clone(), good];
    bundles[0].signed.signature[5] ^= 1;
    bundles[1].kem.as_mut().unwrap().signature[5] ^= 1;
    bundles[2].signed.signature = [0; 64];
    bundles[3].identity = world.clients[0].identity();
    for bundle in bundles {
        let begun = world.clients[0].begin(&with, &bundle, NOW, &mut world.rng).map(drop);
        assert_eq!(begun, Err(Error::BadSignature));
    }
}

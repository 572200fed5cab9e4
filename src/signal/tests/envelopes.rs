//! Envelopes of people who are known.

use super::super::*;
use super::world::{ADA, NOW, World, client, device};
use crate::error::Error;
use crate::signal::sealed_sender::tests::{Service, identity};

/// An envelope for Grace from Ada's second device, as the holder of an identity secret makes it with a certificate.
fn envelope(world: &mut World, secret: u8) -> alloc::vec::Vec<u8> {
    let secret = identity(secret);
    let payload = SealedPayload::Message(b"sealed elsewhere");
    let content = SealedContent { payload, hint: ContentHint::Default, group: None };
    let to = world.clients[1].identity();
    content.seal(&secret, &Service::issue(secret.key()), &to, &mut world.rng).unwrap()
}

fn unsealed(world: &World, envelope: &[u8]) -> Result<IdentityKey, Error> {
    let from = device(ADA, 2);
    let opened = world.clients[1].unseal(from.provider(), envelope, &Service::trust(), NOW)?;
    Ok(opened.identity())
}

#[test]
fn a_certificate_for_another_key_makes_nobody_of_a_device_that_is_known() {
    let mut world = World::new(8);
    let posed = envelope(&mut world, 7);
    assert_eq!(unsealed(&world, &posed), Ok(identity(7).public()));
    // Grace comes to know the device by the key that it has.
    let second = client(ADA, Version::V4, &mut world.rng);
    let from = device(ADA, 2);
    let bundle = second.bundle();
    world.clients[1].begin(&from, &bundle, NOW, &mut world.rng).unwrap().apply();
    assert_eq!(unsealed(&world, &posed), Err(Error::IdentityChanged));
}

#[test]
fn an_envelope_of_somebody_who_is_blocked_is_refused() {
    let mut world = World::new(9);
    let sealed = envelope(&mut world, 7);
    world.clients[1].block(device(ADA, 2).account(), NOW).unwrap().apply();
    assert_eq!(unsealed(&world, &sealed), Err(Error::Blocked));
}

#[test]
fn a_certificate_that_has_ended_is_not_revived_by_a_clock_that_was_set_back() {
    let mut world = World::new(10);
    let sealed = envelope(&mut world, 7);
    world.clients[1].expire(NOW + 1).apply();
    assert_eq!(unsealed(&world, &sealed), Err(Error::BadSignature));
}

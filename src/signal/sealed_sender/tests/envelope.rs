#![allow(clippy::arithmetic_side_effects, reason = "an overflow is a failed test")]
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::primitives::protobuf::{put_bytes, put_number};
use crate::primitives::tests::op_count;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::decryption_error::DecryptionErrorMessage;
use crate::signal::sealed_sender::tests::{NOW, Service, identity, written};
use crate::signal::sealed_sender::{RecipientDevice, SentEnvelope};
use crate::signal::service_id::Uuid;

const ADA: u8 = 5;
const GRACE: u8 = 6;

fn message(bytes: &[u8]) -> SealedContent<'_> {
    let payload = SealedPayload::Message(bytes);
    SealedContent { payload, hint: ContentHint::Resendable, group: Some(b"a group") }
}

fn recipient(id: u8, seed: u8, devices: &[(u8, u16)]) -> SealedRecipient {
    let devices = devices.iter().map(|(device, id)| RecipientDevice::new(*device, *id).unwrap());
    SealedRecipient {
        service_id: ServiceId::Aci(Uuid([id; 16])),
        identity: identity(seed).public(),
        devices: devices.collect(),
    }
}

/// Seals content of Ada for Grace in both versions, as Grace receives it.
fn both(content: &SealedContent<'_>) -> [Vec<u8>; 2] {
    let (ada, grace) = (identity(ADA), identity(GRACE).public());
    let certificate = Service::issue(&ada.public());
    let mut rng = TestRng::new(1);
    let one = content.seal(&ada, &certificate, &grace, &mut rng).unwrap();
    let to = [recipient(1, GRACE, &[(1, 1)])];
    let sent = content.seal_to_many(&ada, &certificate, &to, &[], &mut rng).unwrap();
    [one, received(&sent)]
}

/// Returns what the first recipient gets of an envelope for many.
fn received(sent: &[u8]) -> Vec<u8> {
    let sent = SentEnvelope::decode(sent).unwrap();
    sent.received_by(&sent.recipients()[0]).unwrap()
}

fn open(envelope: &[u8]) -> Result<UnsealedEnvelope, Error> {
    UnsealedEnvelope::open(&identity(GRACE), envelope, &Service::trust(), NOW)
}

#[test]
fn an_envelope_opens_to_what_was_sealed_and_who_sealed_it() {
    let error = DecryptionErrorMessage::of_group_message(9, 1);
    for payload in [
        SealedPayload::First(b"one"),
        SealedPayload::Message(b"two"),
        SealedPayload::Group(b"three"),
        SealedPayload::DecryptionError(error),
    ] {
        for (hint, group) in [
            (ContentHint::Default, None),
            (ContentHint::Resendable, Some(&b"group"[..])),
            (ContentHint::Implicit, Some(&b""[..])),
        ] {
            for envelope in both(&SealedContent { payload, hint, group }) {
                let opened = open(&envelope).unwrap();
                assert_eq!(opened.payload(), payload);
                assert_eq!((opened.hint(), opened.group()), (hint, group));
                assert_eq!(opened.sender().device(), 2);
                assert_eq!(opened.identity(), identity(ADA).public());
                assert_eq!(opened.certificate().address(), opened.sender());
            }
        }
    }
}

#[test]
fn every_altered_byte_of_an_envelope_is_refused() {
    for envelope in both(&message(b"text")) {
        for at in 0..envelope.len() {
            let mut altered = envelope.clone();
            altered[at] ^= 1;
            assert!(open(&altered).is_err(), "{at}");
        }
        for length in 0..envelope.len() {
            assert!(open(&envelope[..length]).is_err(), "{length}");
        }
        assert!(open(&[&envelope[..], &[0]].concat()).is_err());
    }
}

#[test]
fn an_envelope_for_somebody_else_does_not_open() {
    for envelope in both(&message(b"text")) {
        let opened = UnsealedEnvelope::open(&identity(7), &envelope, &Service::trust(), NOW);
        assert_eq!(opened.err(), Some(Error::Forged));
    }
}

#[test]
fn a_certificate_alone_seals_nothing() {
    // Mallory has Ada's certificate, as everybody has to whom she wrote, and seals with a key of its own.
    let (mallory, certificate) = (identity(8), Service::issue(&identity(ADA).public()));
    let content = message(b"as Ada");
    let grace = identity(GRACE).public();
    let mut rng = TestRng::new(2);
    let refused = content.seal(&mallory, &certificate, &grace, &mut rng);
    assert_eq!(refused.err(), Some(Error::WrongPeer));
    let bytes = content.encode(&certificate).unwrap();
    let one = v1::seal(&mallory, &grace, &bytes, &mut rng).unwrap();
    assert_eq!(open(&one).err(), Some(Error::Forged));
    let shared = Shared::generate(&mallory, &bytes, &mut rng);
    let (wrapped, proof) = shared.wrap(&mallory, &grace).unwrap();
    let body = shared.seal(&bytes).unwrap();
    let public = shared.public.bytes();
    let many = [&[v2::VERSION][..], &wrapped, &proof, public, &body].concat();
    assert_eq!(open(&many).err(), Some(Error::Forged));
    // What it proves of itself it may say.
    let certificate = Service::issue(&mallory.public());
    let own = content.seal(&mallory, &certificate, &grace, &mut rng).unwrap();
    assert_eq!(open(&own).unwrap().identity(), mallory.public());
}

#[test]
fn a_recipient_cannot_pass_an_envelope_on_as_its_sender() {
    // Grace, for whom it was, wraps its secret for Hedy, and does not get Ada's proof right.
    let (ada, hedy) = (identity(ADA), identity(9));
    let certificate = Service::issue(&ada.public());
    let bytes = message(b"for Grace").encode(&certificate).unwrap();
    let shared = Shared::generate(&ada, &bytes, &mut TestRng::new(3));
    let (_, proof) = shared.wrap(&ada, &identity(GRACE).public()).unwrap();
    let (wrapped, _) = shared.wrap(&identity(GRACE), &hedy.public()).unwrap();
    let body = shared.seal(&bytes).unwrap();
    let public = shared.public.bytes();
    let many = [&[v2::VERSION][..], &wrapped, &proof, public, &body].concat();
    let opened = UnsealedEnvelope::open(&hedy, &many, &Service::trust(), NOW);
    assert_eq!(opened.err(), Some(Error::Forged));
}

#[test]
fn in_version_2_the_body_is_the_word_of_any_recipient_and_of_nobody_more() {
    // A fellow recipient knows the secret, and puts a body of its own under the genuine parts of Grace. It is why the
    // payload counts for what its own session or sender key says, and an error in it only if it is current.
    let (ada, grace) = (identity(ADA), identity(GRACE).public());
    let certificate = Service::issue(&ada.public());
    let sealed = message(b"for both").encode(&certificate).unwrap();
    let shared = Shared::generate(&ada, &sealed, &mut TestRng::new(3));
    let (wrapped, proof) = shared.wrap(&ada, &grace).unwrap();
    let other = message(b"another").encode(&certificate).unwrap();
    let under = |secret: &Shared, content: &[u8]| {
        let (public, body) = (shared.public.bytes(), secret.seal(content).unwrap());
        open(&[&[v2::VERSION][..], &wrapped, &proof, public, &body].concat())
    };
    assert_eq!(under(&shared, &other).unwrap().payload(), SealedPayload::Message(b"another"));
    // Whoever is none of them does not know it.
    let guessed = Shared::generate(&identity(8), &sealed, &mut TestRng::new(3));
    assert_eq!(under(&guessed, &other).err(), Some(Error::Forged));
}

#[test]
fn a_certificate_that_does_not_hold_opens_nothing() {
    for envelope in both(&message(b"text")) {
        let open =
            |trust: Trust, now| UnsealedEnvelope::open(&identity(GRACE), &envelope, &trust, now);
        assert_eq!(open(Service::trust(), NOW + 1).err(), Some(Error::BadSignature));
        assert_eq!(open(Trust::default(), NOW).err(), Some(Error::BadSignature));
    }
}

/// Seals content that no encoder writes.
fn sealed(content: &[u8]) -> Vec<u8> {
    let grace = identity(GRACE).public();
    v1::seal(&identity(ADA), &grace, content, &mut TestRng::new(4)).unwrap()
}

/// Returns content of this kind with this payload.
fn of_kind(kind: u32, payload: &[u8]) -> Vec<u8> {
    let certificate = Service::issue(&identity(ADA).public());
    written(|writer| {
        put_number(writer, 1, kind);
        put_bytes(writer, 2, certificate.bytes());
        put_bytes(writer, 3, payload);
    })
}

#[test]
fn plaintext_carries_nothing_that_a_user_could_be_shown() {
    let error = DecryptionErrorMessage::of_group_message(9, 1).encode_plaintext();
    assert!(open(&sealed(&of_kind(8, &error))).is_ok());
    // A message of a user: field 1 of the content, alone and beside an error.
    let inside = &error[1..error.len() - 1];
    for said in [&b"hi"[..], &[0xc0, 0x0a, 2, b'h', b'i', 0x80]] {
        assert_eq!(open(&sealed(&of_kind(8, said))).err(), Some(Error::Malformed));
    }
    let beside = [&[0xc0, 0x0a, 2, b'h', b'i'], inside, &[0x80]].concat();
    assert_eq!(open(&sealed(&of_kind(8, &beside))).err(), Some(Error::Malformed));
}

#[test]
fn kinds_that_are_not_known_are_refused_and_hints_are_not() {
    for kind in [0, 3, 4, 5, 6, 9, u32::MAX] {
        assert_eq!(open(&sealed(&of_kind(kind, b"text"))).err(), Some(Error::WrongKind));
    }
    for (number, hint) in
        [(0_u32, ContentHint::Default), (2, ContentHint::Implicit), (99, ContentHint::Default)]
    {
        let mut content = of_kind(2, b"text");
        content.extend(written(|writer| put_number(writer, 4, number)));
        assert_eq!(open(&sealed(&content)).unwrap().hint(), hint);
    }
}

#[test]
fn bounds_hold_for_both_ends() {
    let (ada, grace) = (identity(ADA), identity(GRACE).public());
    let certificate = Service::issue(&ada.public());
    let long = vec![1; MAX_SEALED];
    let mut rng = TestRng::new(5);
    let refused = message(&long).seal(&ada, &certificate, &grace, &mut rng);
    assert_eq!(refused.err(), Some(Error::ContentTooLong));
    let group = SealedContent { group: Some(&[1; 257]), ..message(b"text") };
    let refused = group.seal(&ada, &certificate, &grace, &mut rng);
    assert_eq!(refused.err(), Some(Error::ContentTooLong));
    for envelope in both(&message(&long[..MAX_SEALED - 1000])) {
        assert!(open(&envelope).is_ok());
    }
    let too_long = [&[0x11][..], &vec![0; MAX_ENVELOPE]].concat();
    assert_eq!(open(&too_long).err(), Some(Error::Malformed));
}

#[test]
fn a_stranger_costs_a_known_number_of_operations() {
    let (grace, trust) = (identity(GRACE), Service::trust());
    let open = |envelope: &[u8]| UnsealedEnvelope::open(&grace, envelope, &trust, NOW);
    let mut costs = Vec::new();
    for envelope in both(&message(b"text")) {
        let (opened, work) = op_count::of(|| open(&envelope).is_ok());
        assert!(opened);
        costs.push((work.dh, work.verify, work.chain));
        let mut altered = envelope.clone();
        *altered.last_mut().unwrap() ^= 1;
        let (error, work) = op_count::of(|| open(&altered).err());
        assert_eq!(error, Some(Error::Forged));
        assert!(work.verify == 0 && work.dh <= 2);
    }
    assert_eq!(costs, [(2, 2, 0), (3, 2, 0)]);
}

#[test]
fn a_generator_that_repeats_itself_lays_no_two_texts_over_one_stream() {
    let (ada, grace) = (identity(ADA), identity(GRACE).public());
    let certificate = Service::issue(&ada.public());
    let [one, other] = [b"one", b"two"].map(|text| {
        let content = message(text);
        content.seal(&ada, &certificate, &grace, &mut TestRng::zeros()).unwrap()
    });
    assert_ne!(one[..40], other[..40], "the ephemeral keys");
    let to = [recipient(1, GRACE, &[(1, 1)])];
    let [one, other] = [b"one", b"two"].map(|text| {
        let content = message(text);
        let rng = &mut TestRng::zeros();
        received(&content.seal_to_many(&ada, &certificate, &to, &[], rng).unwrap())
    });
    assert_ne!(one[49..81], other[49..81], "the ephemeral keys");
}

#[test]
fn an_envelope_for_many_gives_each_its_own() {
    let ada = identity(ADA);
    let certificate = Service::issue(&ada.public());
    let to = [recipient(1, GRACE, &[(1, 0x3fff), (127, 0)]), recipient(2, 7, &[(3, 300)])];
    let left_out = ServiceId::Pni(Uuid([1; 16]));
    let mut rng = TestRng::new(6);
    let content = message(b"text");
    let sent = content.seal_to_many(&ada, &certificate, &to, &[left_out], &mut rng).unwrap();
    let envelope = SentEnvelope::decode(&sent).unwrap();
    let [grace, hedy, out] = envelope.recipients() else { panic!("three recipients") };
    assert_eq!(out.service_id(), left_out);
    assert!(out.devices().is_empty() && envelope.received_by(out).is_none());
    for (read, given) in [grace, hedy].into_iter().zip(&to) {
        assert_eq!((read.service_id(), read.devices()), (given.service_id, &given.devices[..]));
    }
    for (seed, read) in [(GRACE, grace), (7, hedy)] {
        let received = envelope.received_by(read).unwrap();
        let opened = UnsealedEnvelope::open(&identity(seed), &received, &Service::trust(), NOW);
        assert_eq!(opened.unwrap().payload(), content.payload);
        let other = UnsealedEnvelope::open(&identity(9), &received, &Service::trust(), NOW);
        assert_eq!(other.err(), Some(Error::Forged));
    }
}

#[test]
fn an_envelope_names_nobody_twice_and_not_too_many() {
    let ada = identity(ADA);
    let certificate = Service::issue(&ada.public());
    let one = recipient(1, GRACE, &[(1, 1)]);
    let refused = |recipients: &[SealedRecipient], excluded: &[ServiceId]| {
        let mut rng = TestRng::new(7);
        message(b"text").seal_to_many(&ada, &certificate, recipients, excluded, &mut rng).err()
    };
    assert_eq!(refused(&[], &[one.service_id]), Some(Error::NoRecipient));
    let deviceless = [one.clone(), recipient(2, GRACE, &[])];
    assert_eq!(refused(&deviceless, &[]), Some(Error::NoRecipient));
    assert_eq!(refused(&[one.clone(), one.clone()], &[]), Some(Error::DeviceConflict));
    assert_eq!(
        refused(core::slice::from_ref(&one), &[one.service_id]),
        Some(Error::DeviceConflict)
    );
    let twice = [recipient(1, GRACE, &[(1, 1), (1, 2)])];
    assert_eq!(refused(&twice, &[]), Some(Error::DeviceConflict));
    let many = vec![ServiceId::Aci(Uuid([9; 16])); 4096];
    assert_eq!(refused(&[one], &many), Some(Error::TooManyAccounts));
    assert_eq!(RecipientDevice::new(0, 1), Err(Error::Malformed));
    assert_eq!(RecipientDevice::new(128, 1), Err(Error::Malformed));
    assert_eq!(RecipientDevice::new(1, 0x4000), Err(Error::Malformed));
}

#[test]
fn an_envelope_for_many_is_read_within_bounds() {
    let decode = |bytes: &[u8]| SentEnvelope::decode(bytes).err();
    let parts = [7; 48];
    let end = [9; 32 + 16];
    let id = ServiceId::Aci(Uuid([1; 16])).encode();
    let of =
        |count: u8, recipients: &[&[u8]]| [&[0x23, count], &recipients.concat()[..], &end].concat();
    let whole = [&id[..], &[1, 0, 1], &parts].concat();
    assert_eq!(decode(&of(1, &[&whole])), None);
    assert_eq!(decode(&of(0, &[])), None);
    // Somebody twice, a device twice, device 0 behind another, a registration id of 15 bits.
    assert_eq!(decode(&of(2, &[&whole, &whole])), Some(Error::Malformed));
    let devices = [&id[..], &[1, 0x80, 1, 1, 0, 1], &parts].concat();
    assert_eq!(decode(&of(1, &[&devices])), Some(Error::Malformed));
    let zero = [&id[..], &[1, 0x80, 1, 0, 0, 1], &parts].concat();
    assert_eq!(decode(&of(1, &[&zero])), Some(Error::Malformed));
    let registration = [&id[..], &[1, 0x40, 1], &parts].concat();
    assert_eq!(decode(&of(1, &[&registration])), Some(Error::Malformed));
    // Counts that are not there, or too high, and other versions.
    assert_eq!(decode(&of(3, &[&whole])), Some(Error::Malformed));
    assert_eq!(decode(&[0x23, 0xff, 0xff, 0xff, 0xff, 0x0f]), Some(Error::Malformed));
    assert_eq!(decode(&[0x23, 0x81, 0x20]), Some(Error::Malformed));
    assert_eq!(decode(&[0x22, 0]), Some(Error::UnknownVersion(0x22)));
    assert_eq!(decode(&[]), Some(Error::Malformed));
}

#[test]
fn other_versions_are_refused() {
    for version in [0, 1, 0x10, 0x12, 0x20, 0x21, 0x23, 0x33] {
        for envelope in both(&message(b"text")) {
            let other = [&[version], &envelope[1..]].concat();
            assert_eq!(open(&other).err(), Some(Error::UnknownVersion(version)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn content_comes_back(payload: Vec<u8>, group in prop::option::of(prop::collection::vec(0..255_u8, 0..256))) {
        let certificate = Service::issue(&identity(ADA).public());
        let payload = SealedPayload::Group(&payload);
        let content = SealedContent { payload, hint: ContentHint::Implicit, group: group.as_deref() };
        let bytes = content.encode(&certificate).unwrap();
        let opened = OpenedContent::decode(&bytes).unwrap();
        prop_assert_eq!(opened.content, content);
        prop_assert_eq!(opened.certificate, certificate);
    }

    #[test]
    fn any_bytes_are_an_envelope_or_refused(bytes: Vec<u8>, version in 0..4_usize) {
        let bytes = [&[[0x11, 0x22, 0x23, 0x33][version]], &bytes[..]].concat();
        let _ = SentEnvelope::decode(&bytes);
        let _ = OpenedContent::decode(&bytes[1..]);
        prop_assert!(open(&bytes).is_err());
    }
}

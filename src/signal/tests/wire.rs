use alloc::format;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::primitives::secret::Secret;
use crate::signal::tests::known_answers;

fn key(seed: u8) -> dh::PublicKey {
    dh::SecretKey::from_seed(Secret::copy(&[seed; 32])).public()
}

fn sealed(version: Version, text: &[u8], addresses: Option<&[u8; ADDRESSES]>) -> Vec<u8> {
    let clear = Clear {
        version,
        ratchet: &key(1),
        number: 300,
        previous: 0,
        braid: (version == Version::V4).then_some(&[1, 1, 1, 0]),
        addresses,
    };
    let keys = MessageKeys::derive(&Secret::copy(&[2; 32]), None);
    clear.seal(&keys, Ends { sender: &key(3), receiver: &key(4) }, text).unwrap()
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    protobuf::put_bytes(&mut writer, number, bytes);
    writer.public()
}

#[test]
fn messages_of_other_clients_are_read() {
    for (flight, version, count) in
        [("v4_first_flight", Version::V4, 4), ("v3_first_flight", Version::V3, 3)]
    {
        for index in 0..count {
            let bytes = known_answers::bytes(&format!("{flight}.messages.{index}.bytes"));
            let initial = InitialMessage::decode(&bytes).unwrap();
            assert_eq!(initial.message.version, version);
            assert_eq!(initial.kem.is_some(), version == Version::V4);
            assert_eq!(initial.message.addresses.is_some(), version == Version::V4);
            // What this code writes of it is what came: the same fields in the same order.
            let envelope = Envelope {
                version,
                one_time: initial.one_time,
                base: &initial.base,
                identity: &initial.identity,
                registration: initial.registration,
                signed: initial.signed,
                kem: initial.kem,
            };
            let message = [initial.message.covered, initial.message.mac].concat();
            assert_eq!(envelope.wrap(&message), bytes);
        }
    }
}

#[test]
fn a_message_says_what_was_sealed() {
    for version in [Version::V3, Version::V4] {
        for length in [0, 1, 15, 16, 1000] {
            let bytes = sealed(version, &alloc::vec![7; length], Some(&[5; ADDRESSES]));
            let message = Message::decode(&bytes).unwrap();
            assert_eq!((message.version, message.ratchet), (version, key(1)));
            assert_eq!((message.number, message.previous), (300, 0));
            assert_eq!(message.text.len(), aes_cbc::padded(length));
            assert_eq!(message.addresses, Some(&[5; ADDRESSES]));
            let keys = MessageKeys::derive(&Secret::copy(&[2; 32]), None);
            let ends = Ends { sender: &key(3), receiver: &key(4) };
            keys.check(ends, message.covered, message.mac).unwrap();
            let mut text = message.text.to_vec();
            assert_eq!(keys.decrypt(&mut text), Ok(length));
        }
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let good = sealed(Version::V4, b"text", None);
    Message::decode(&good).unwrap();
    for end in 0..good.len() - 8 {
        assert!(Message::decode(&good[..end]).is_err(), "{end} bytes");
    }
    for version in [0x00, 0x23, 0x54, 0xff] {
        let mut other = good.clone();
        other[0] = version;
        assert!(matches!(Message::decode(&other), Err(Error::UnknownVersion(it)) if it == version));
    }
    // Version 3 has no part of the post-quantum exchange, and version 4 is nothing without one.
    let mut stripped = sealed(Version::V3, b"text", None);
    stripped[0] = 0x44;
    assert!(matches!(Message::decode(&stripped), Err(Error::Malformed)));
    let mut added = good.clone();
    added[0] = 0x33;
    assert!(matches!(Message::decode(&added), Err(Error::Malformed)));
    // Fields that are absent or have another length.
    let ratchet = field(1, &typed(&key(1)));
    let (number, text, braid) = ([0x10, 0].to_vec(), field(4, &[0; 16]), field(5, &[1, 1, 1, 0]));
    let with = |fields: &[&[u8]]| [&[0x44][..], &fields.concat(), &[0; 8]].concat();
    Message::decode(&with(&[&ratchet, &number, &text, &braid])).unwrap();
    for fields in [
        [&number[..], &text, &braid, &[]],
        [&ratchet, &text, &braid, &[]],
        [&ratchet, &number, &braid, &[]],
        [&ratchet, &number, &text, &[]],
        [&ratchet, &number, &braid, &field(4, &[])],
        [&ratchet, &number, &braid, &field(4, &[0; 15])],
        [&field(1, &[5; 34]), &number, &braid, &text],
        [&field(1, &[6; 33]), &number, &braid, &text],
    ] {
        let bytes = with(&fields);
        assert!(matches!(Message::decode(&bytes), Err(Error::Malformed)), "{bytes:02x?}");
    }
    let short = with(&[&ratchet, &number, &text, &braid, &field(6, &[0; 35])]);
    assert!(matches!(Message::decode(&short), Err(Error::Malformed)));
}

#[test]
fn what_is_no_initial_message_is_refused() {
    let good = known_answers::bytes("v4_first_flight.messages.0.bytes");
    // A base key with a part of small order is another key of the same session.
    let base = good.windows(2).position(|two| two == [0x12, 0x21]).unwrap() + 3;
    for twist in [[0; 32], {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        bytes
    }] {
        let mut other = good.clone();
        other[base..base + 32].copy_from_slice(&twist);
        assert!(matches!(InitialMessage::decode(&other), Err(Error::WeakKey)));
    }
    // One version outside, another inside.
    let mut mixed = good.clone();
    mixed[0] = 0x33;
    assert!(matches!(InitialMessage::decode(&mixed), Err(Error::Malformed)));
    // A KEM ciphertext of another type: ML-KEM-1024 is none of this protocol's.
    let kind = good.len() - 1569;
    let kind = (kind - 40..good.len())
        .find(|at| good[*at..].starts_with(&[0x08]) && at + 1569 == good.len());
    if let Some(kind) = kind {
        let mut other = good.clone();
        other[kind] = 0x0a;
        assert!(matches!(InitialMessage::decode(&other), Err(Error::Malformed)));
    }
    // KEM fields in version 3.
    let old = known_answers::bytes("v3_first_flight.messages.0.bytes");
    let with_kem = [&old[..], &[0x38, 1], &field(8, &[8; KEM_CIPHERTEXT])].concat();
    assert!(matches!(InitialMessage::decode(&with_kem), Err(Error::Malformed)));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, version in 0x30_u8..0x50) {
        let bytes = [&[version], &bytes[..]].concat();
        let _ = (Message::decode(&bytes), InitialMessage::decode(&bytes));
    }
}

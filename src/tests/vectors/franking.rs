//! Exported secrets, franks, stamps and reports.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use crate::client::{Address, MessageId};
use crate::franking::{Report, ReportedContent, ServiceKey, Stamp};
use crate::primitives::secret::Secret;
use crate::protocol::franking::{Frank, Schema, frank};
use crate::protocol::labels;
use crate::protocol::ratchet::MessageSecret;

pub(super) fn vectors() -> Vec<Vector> {
    vec![exported(), letter(), chat(), other_recipient(), other_schema()]
}

/// Computes an exporter from a message's key and place, and the crate's own.
fn exporter(v: &mut Vector) -> ([u8; 32], MessageSecret) {
    let key: [u8; 32] = v.input("message key");
    let session: [u8; 32] = v.input("session id");
    v.number("direction", 1_u8);
    let header: [u8; 96] = v.input("header");
    let place = [&session[..], &[1, 1, 1], &header].concat();
    v.bytes("place", &place);
    let exporter = v.mac("exporter", &key, &[labels::RATCHET_EXPORT, &place]);
    (exporter, MessageSecret::new(&Secret::copy(&key), &place.try_into().unwrap()))
}

fn exported() -> Vector {
    let mut v = Vector::new("ratchet-exported", "ratchet", "a secret that a message exports");
    let (exporter, real) = exporter(&mut v);
    let (label, context) = (b"chat.example call", b"call 17");
    v.bytes("label", label);
    v.bytes("context", context);
    let parts: [&[u8]; 4] = [labels::RATCHET_EXPORTED, &[17], label, context];
    let secret = v.mac("exported secret", &exporter, &parts);
    assert_eq!(*real.exporter().secret(label, context).unwrap(), secret);
    v
}

/// Computes the frank, the stamp and the report of words, and the crate's own.
fn report(v: &mut Vector, schema: Schema, words: &[u8]) -> (Report, ServiceKey) {
    let (exporter, real) = exporter(v);
    let key = v.mac("frank key", &exporter, &[labels::FRANK_KEY]);
    v.bytes("schema", &[schema.byte()]);
    v.bytes("words", words);
    let fixed = v.mac("frank", &key, &[labels::FRANK_WORDS, &[schema.byte()], words]);
    assert_eq!(frank(&real, schema, words), Frank(fixed));
    let service: [u8; 32] = v.input("service key");
    let (from, to): ([u8; 40], [u8; 40]) = (v.input("sender"), v.input("recipient"));
    v.number("at", NOW);
    let at = NOW.to_be_bytes();
    let tag = v.mac("tag", &service, &[labels::FRANK_TAG, &fixed, &from, &to, &at]);
    let (service, [one, other]) =
        (ServiceKey::new(&service).unwrap(), [from, to].map(|at| Address::from_bytes(&at)));
    assert_eq!(service.stamp(&Frank(fixed), one, other, NOW), Stamp { at: NOW, tag });
    let head = [&[1, 0x3c, schema.byte()][..], &key, &from, &to, &at, &tag].concat();
    let bytes = [&head[..], words].concat();
    v.bytes("report", &bytes);
    let real = Report::decode(&bytes).unwrap();
    assert_eq!(*real.encode(), bytes);
    (real, service)
}

/// Encodes the words of a letter: a text in a group.
fn letter_words(v: &mut Vector) -> Vec<u8> {
    let id: [u8; 16] = v.input("message id");
    let (group, audience): ([u8; 32], [u8; 32]) = (v.input("group id"), v.input("audience"));
    let content = [&[1, 1, 0, 0, 0, 12][..], b"pay, or else"].concat();
    v.bytes("content", &content);
    [&(NOW - 2).to_be_bytes()[..], &id, &[2], &group, &audience, &[1], &content].concat()
}

fn letter() -> Vector {
    let mut v = Vector::new("franking-letter", "franking", "a report of a letter in a group");
    let words = letter_words(&mut v);
    let (report, service) = report(&mut v, Schema::Letter, &words);
    let reported = report.verify(&service).unwrap();
    assert_eq!((reported.at, reported.sent), (NOW, NOW - 2));
    assert!(reported.group.is_some());
    let ReportedContent::Message(content) = reported.said else { panic!("a message") };
    assert_eq!(content.as_text(), Some("pay, or else"));
    v
}

fn chat() -> Vector {
    let mut v = Vector::new("franking-chat", "franking", "a report of a text in a guest chat");
    let (id, sent): ([u8; 16], _) = (v.input("message id"), (NOW - 2).to_be_bytes());
    let words = [&sent[..], &[2], &id, &sent, b"pay, or else"].concat();
    let (report, service) = report(&mut v, Schema::Chat, &words);
    let reported = report.verify(&service).unwrap();
    assert_eq!((reported.sent, reported.id, reported.group), (NOW - 2, MessageId(id), None));
    assert!(matches!(reported.said, ReportedContent::Text(text) if *text == "pay, or else"));
    v
}

fn other_recipient() -> Vector {
    let comment = "a report with another recipient than the stamp's";
    let mut v = Vector::new("refused-report-recipient", "franking", comment);
    let words = letter_words(&mut v);
    let (report, service) = report(&mut v, Schema::Letter, &words);
    let mut bytes = report.encode();
    bytes[75..115].copy_from_slice(&v.input::<40>("other recipient"));
    v.bytes("other report", &bytes);
    let refused = Report::decode(&bytes).unwrap().verify(&service).err();
    v.refused(refused)
}

fn other_schema() -> Vector {
    let comment = "a report of words of a schema that is none";
    let mut v = Vector::new("refused-report-schema", "franking", comment);
    let words = letter_words(&mut v);
    let (report, _) = report(&mut v, Schema::Letter, &words);
    let mut bytes = report.encode();
    bytes[2] = 3;
    v.bytes("other report", &bytes);
    v.refused(Report::decode(&bytes).err())
}

//! Copies for own devices.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use super::*;
use crate::protocol::identity::certificate::AccountId;
use alloc::string::ToString;
use alloc::vec;

const DEVICES: (DeviceId, DeviceId) = (DeviceId([1; 8]), DeviceId([2; 8]));

fn copy(said: Option<&str>, seen: &[u8]) -> GuestCopy {
    let names = ChatNames { invitation: [3; 32], transcript: [4; 32], guest: AccountId([5; 32]) };
    let id = |by, byte| TextId { by, id: MessageId([byte; 16]) };
    let text = |text: &str| Zeroizing::new(text.to_string());
    let said = said.map(|said| ChatText { id: id(DEVICES.0, 6), sent: 7, text: text(said) });
    let seen = seen.iter().map(|byte| KnownText { id: id(DEVICES.1, *byte), digest: [8; 32] });
    GuestCopy { names, said, seen: seen.collect() }
}

fn decoded(bytes: &[u8]) -> Result<GuestCopy, Error> {
    GuestCopy::decode(bytes, DEVICES, &Policy::new("Ada", 0))
}

#[test]
fn a_copy_is_read_as_it_was_written_with_a_text_or_without() {
    for said in [Some("hello"), None] {
        let copy = copy(said, &[1, 2]);
        let read = decoded(&copy.encode()).unwrap();
        assert!(read.names == copy.names && read.said == copy.said && read.seen == copy.seen);
    }
}

#[test]
fn a_copy_compares_each_text_once_in_order_and_no_more_than_32() {
    let many: Vec<u8> = (0..33).collect();
    for seen in [vec![2, 1], vec![1, 1], many] {
        assert_eq!(decoded(&copy(None, &seen).encode()).err(), Some(Error::Malformed));
    }
    let most: Vec<u8> = (0..32).collect();
    assert!(decoded(&copy(None, &most).encode()).is_ok());
}

#[test]
fn a_copy_brings_no_text_that_the_policy_does_not_allow() {
    assert_eq!(decoded(&copy(Some(""), &[]).encode()).err(), Some(Error::NotAllowed));
    let long = "x".repeat(4097);
    assert_eq!(decoded(&copy(Some(&long), &[]).encode()).err(), Some(Error::Malformed));
}

//! One letter, all devices: who gets it, who does not, and what is refused.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use latchstring::{Conversation, Origin};

use support::town::{Town, text};

#[test]
fn every_device_of_both_sides_reads_and_writes() {
    let mut town = Town::new(1, &[3, 2]);
    for (person, device, to) in [(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 0, 0), (1, 1, 0)] {
        town.say(person, device, to, b"hello");
        for at in 0..town.people[to].devices.len() {
            assert_eq!(town.read(to, at), [b"hello"]);
        }
        for at in (0..town.people[person].devices.len()).filter(|at| *at != device) {
            let arrived = town.receive(person, at).pop().unwrap().unwrap();
            assert_eq!(arrived.origin, Origin::Own);
            assert_eq!(arrived.conversation, Conversation::With(town.id(to)));
            assert_eq!(text(&arrived.content), b"hello");
        }
    }
}

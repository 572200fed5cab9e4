//! One letter, all devices: who gets it, who does not, and what is refused.

mod blobs;
mod bundles;
mod envelopes;
mod objects;
mod recipients;
mod staleness;
mod stopped;

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, Conversation, Enclosed, GroupId, LetterEvent, MessageId, Outgoing,
    Plan, Repair, Stop, To,
};
use latchstring::content::Sender;
use latchstring::session::{Account, AccountId, DeviceId, MessageKind, Served, Stock};
use latchstring::storage::State;
use sha2::{Digest, Sha256};

use support::forged::{self, Words};
use support::town::{Town, bytes, said, text};
use support::{NOW, TestRng, changed, days, flipped, places, previous_length, refuses, restored};

const DAY: u64 = 86_400;

fn lengths(out: &Outgoing) -> Vec<usize> {
    let mut lengths: Vec<_> = out.envelopes.iter().map(|envelope| envelope.message.len()).collect();
    lengths.dedup();
    lengths
}

fn missing(plan: &Plan) -> Vec<Address> {
    plan.missing().collect()
}

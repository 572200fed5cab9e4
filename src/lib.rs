#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod account;
mod change;
mod chat;
mod client;
mod device;
mod error;
mod guest;
mod invite;
mod journal;
mod message;
mod primitives;
mod protocol;
mod session;
mod snapshot;
mod state;
#[cfg(test)]
mod vectors;

pub use account::Account;
pub use change::{Change, Changing, Recorded, Sealed};
pub use chat::{Chat, ChatStatus, Event, Origin, Received, Settlement};
pub use client::{
    Address, Alert, Arrived, Candidate, Client, Content, Conversation, Duties, Envelope, Large,
    Learned, MessageId, Outgoing, Plan, To, View, Welcome,
};
pub use device::{Accepted, Device, Due};
pub use error::{Answer, Error};
pub use guest::Preview;
pub use invite::{Arrival, Hello, Invite};
pub use journal::Journal;
pub use message::MessageKind;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use protocol::braid::Braids;
pub use protocol::bundle::{Bundle, OneTimePrekey};
pub use protocol::content::EndReason;
pub use protocol::devices::DeviceList;
pub use protocol::fingerprint::Fingerprint;
pub use protocol::identity::{AccountId, AccountKind, Certificate, DeviceId, IdentityKey};
pub use protocol::invitation::{Approval, Policy};
pub use protocol::link::{Link, Locator};
pub use protocol::linking::Proposal;
pub use protocol::padding::Padding;
pub use protocol::pin::Pin;
pub use protocol::posting::Posting;
pub use protocol::ratchet::{Position, Role};
pub use protocol::record::{Anchor, StateKey};
pub use session::{Opened, Sending, Session, Staged};
pub use snapshot::Page;
pub use state::State;

pub use rand_core;
pub use zeroize::Zeroizing;

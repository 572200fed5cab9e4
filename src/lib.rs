#![doc = include_str!("spec/links.md")]
#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

// The map, from the ground up. Each floor names only those below it.
//
//   error       one error for everything, sorted by who is at fault
//   primitives  cryptography and bytes that know no protocol
//   protocol    the specification: bytes and formulas, a folder or file a page
//   content     what may be said, and by whom
//   storage     what every state has: bytes, a seal, an anchor, changes, a journal
//   attachment  files of any size, sealed and opened in pieces
//   session     accounts, devices, and one conversation with one device
//   client      one own device with all its conversations
//   group       groups that know their members
//   guest       links, and chats with people who have no account
//   settings    what the devices of one account agree upon
//   history     old conversations, from one own device to another
//   franking    reports of messages to the service that brought them
//   signal      people on other messengers, by the Signal protocol

extern crate alloc;

mod error;
mod primitives;
mod protocol;

pub mod attachment;
pub mod client;
pub mod content;
pub mod franking;
pub mod group;
pub mod guest;
pub mod history;
pub mod session;
pub mod settings;
#[cfg(feature = "signal")]
pub mod signal;
pub mod storage;

#[cfg(all(doc, not(doctest)))]
pub mod spec;

#[cfg(test)]
mod tests;

pub use error::{Answer, Error};
#[cfg(fuzzing)]
#[doc(hidden)]
pub use protocol::ratchet::braid::Braids;

pub use rand_core;
pub use zeroize::Zeroizing;

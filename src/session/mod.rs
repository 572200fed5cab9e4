//! Accounts, devices, and one conversation with one device: the kit that a [`Client`](crate::client::Client) is
//! built of.
//!
//! Start with the client. This module is for a program that has one device on each side, or that chooses
//! among its sessions by itself.
//!
//! ```text
//!  initiator                        server                          responder
//!  Account ─▶ Device                                         Account ─▶ Device
//!                                   Bundle  ◀─── publish ─── Device::bundle, replenish
//!  Device::initiate ◀── fetch ────── Bundle
//!    Session ─── first message, with the handshake in front ──▶ Device::accept
//!    Session ◀──────────────────── messages ────────────────▶ Session
//! ```
//!
//! A new device generates its keys, saves itself, publishes a bundle and one-time prekeys, and notes that it did.
//! Each day, ask the server what it has, and [`Device::tasks`] what is to be done. Whoever writes first fetches a
//! bundle; the device that gets a message asks [`MessageKind::of`] where it belongs.
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::session::{Accepted, Account, AccountId, Device};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let ada = Device::generate(&Account::generate(AccountId([1; 32]), &mut rng), now, &mut rng);
//!     let mut grace = Device::generate(&Account::generate(AccountId([2; 32]), &mut rng), now, &mut rng);
//!
//!     // Grace's server hands out her bundle, with one of her one-time prekeys.
//!     let mut keys = grace.replenish(now, &mut rng).apply();
//!     let bundle = grace.bundle().attach(keys.remove(0))?;
//!
//!     // Ada begins. Save the session, then send.
//!     let mut to_grace = ada.initiate(&bundle, now, &mut rng)?;
//!     let first = to_grace.encrypt(b"hello", &mut rng)?;
//!
//!     // Grace accepts. Save device and session together, then show.
//!     let pending = grace.accept(&first, now)?;
//!     assert_eq!(pending.peer(), ada.certificate());
//!     let Accepted { session: mut to_ada, opened } = pending.apply();
//!     assert_eq!(*opened.content, b"hello");
//!     let answer = to_ada.encrypt(b"welcome", &mut rng)?;
//!     assert_eq!(*to_grace.decrypt(&answer)?.content, b"welcome");
//!     Ok(())
//! }
//! ```

#[expect(clippy::module_inception, reason = "the folder of sessions has the type of one")]
mod session;

mod account;
mod decrypted;
mod device;
mod diagnosis;
pub(crate) mod incoming;
pub(crate) mod prekey_delta;
mod restart;
mod send;
mod session_delta;

pub use account::Account;
pub use decrypted::Decrypted;
pub use device::{Accepted, Device, PrekeyTasks};
pub use diagnosis::SessionDiagnosis;
pub use incoming::MessageKind;
pub use send::Sending;
pub use session::Session;
pub(crate) use session::StagedMessage;

pub use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey, PrekeyId};
pub use crate::protocol::handshake::replay::HandshakeId;
pub use crate::protocol::handshake::served::{Served, Stock, Withdraw};
pub use crate::protocol::identity::certificate::{
    AccountId, AccountKey, AccountKind, Certificate, DeviceId, IdentityKey,
};
pub use crate::protocol::identity::fingerprint::Fingerprint;
pub use crate::protocol::padding::Padding;
pub use crate::protocol::position::{Position, Role, SessionId};
pub use crate::protocol::ratchet::Exporter;

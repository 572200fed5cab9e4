//! One own device with all its conversations. Start here.
//!
//! Envelopes, bundles, device lists and time go into a [`Client`]; plans, letters, alerts and changes come
//! out.
//!
//! ```text
//!  create ─▶ publish list, bundle, one-time prekeys                       (once)
//!  learn(list of an account) ─▶ plan ─▶ supply bundles ─▶ seal ─▶ Outgoing (write)
//!  take(mail) ─▶ Taken: a letter, or what it waits for                    (read)
//!  repairs ─▶ plan_repair ─▶ supply bundles ─▶ seal ─▶ Outgoing           (after reading, and at next_repair)
//!  learn ─▶ ListUpdate::Changed ─▶ the user: acknowledge, or dismiss      (another account key)
//!  tasks(what the server has) ─▶ rotate, replenish, renew, expire         (each day)
//!  NewDevice ─ code ─▶ approve ─ offer ─▶ accept ─ acceptance ─▶ admit ─ briefing ─▶ begin   (link a companion)
//!  the same with approve_transfer, transfer                               (a new telephone)
//!  restart(what is left of a store that is behind)                        (begin anew)
//!  diagnosis ─▶ a text for a bug report                                   (when a user complains)
//! ```
//!
//! The order at the start: make an [`Account`](crate::session::Account) and a client, save both, publish
//! [`Client::list`], [`Client::bundle`] and what [`Client::replenish`] gives, and note with
//! [`Client::note_published`] that you did. Before the first letter to somebody, fetch and [`Client::learn`] their
//! list. A [`Plan`] says which devices need a bundle; supply one for each, and seal. On a device that is linked, the
//! client comes from [`Briefing::begin`].
//!
//! A restored backup, lost mail or a wrong clock needs no rule of the app's: give mail to [`Client::take`], do what
//! [`Client::tasks`] says, and seal what [`Client::repairs`] lists: requests for what did not open, letters that others
//! have asked for, and what waits for somebody who was stopped ([`Outgoing::stopped`]). Keep what was said for two
//! weeks, by its message id; of what is gone, say so ([`Client::give_up`]).
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::client::{Client, LetterEvent, To};
//! use latchstring::content::Content;
//! use latchstring::session::{Account, AccountId};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let [mut ada, mut grace] = [1, 2].map(|id| {
//!         let account = Account::generate(AccountId([id; 32]), &mut rng);
//!         Client::create(&account, now, &mut rng)
//!     });
//!     // Each learns the other's list from the server.
//!     ada.learn(grace.list(), now)?.apply();
//!     grace.learn(ada.list(), now)?.apply();
//!
//!     // Ada writes; save, then send.
//!     let to = To::Account(grace.address().account);
//!     let mut plan = ada.plan(to, now)?;
//!     for _device in plan.missing().collect::<Vec<_>>() {
//!         plan.supply(&ada, &grace.bundle(), now, &mut rng)?;
//!     }
//!     let out = ada.seal(&mut plan, &Content::text("hello")?, now, &mut rng)?.apply();
//!
//!     // Grace reads; save, then show.
//!     let letter = grace.receive(ada.address(), &out.envelopes[0].message, now)?;
//!     let LetterEvent::Message(content) = letter.event else { panic!("a message was sent") };
//!     assert_eq!(content.as_text(), Some("hello"));
//!     Ok(())
//! }
//! ```

#[expect(clippy::module_inception, reason = "the folder of a client has its type")]
mod client;

mod address;
pub(crate) mod ahead;
mod answers;
mod attachments;
mod blob_reference;
mod briefing;
mod clock_reset;
mod consistency;
mod contact;
mod copied_letter;
mod copies;
mod deadline;
mod decisions;
mod delta;
mod diagnosis;
mod doubt;
mod enclosed;
mod entrant;
mod event;
mod franking;
mod gaps;
mod guests;
mod holdings;
pub(crate) mod levy;
pub(crate) mod limits;
mod linking;
mod links;
mod lists;
mod log_status;
mod maintenance;
mod marks;
mod members;
mod message_facts;
mod moves;
mod moving;
mod outgoing;
mod own_object;
mod paged_log;
mod parts;
mod passing;
mod peer;
mod peer_bytes;
mod peer_times;
mod places;
mod plan;
mod planning;
mod receipts;
mod receive;
mod recipients;
mod repair;
mod replaced_session;
mod requests;
mod resend;
mod restart;
mod room;
mod seen_log;
mod send;
mod sent_log;
mod session_choice;
mod slot;
mod spent;
mod state_bytes;
mod stop;
mod supply;
mod take;
mod target;
#[cfg(test)]
mod tests;
mod tombstones;
mod tracked;
mod trail;
mod transfer;
mod unread;
mod views;
mod waiting;
mod wanted;

pub use address::Address;
pub use blob_reference::BlobReference;
pub use briefing::Briefing;
pub use client::Client;
pub use clock_reset::ClockReset;
pub use contact::ListMismatch;
pub use copied_letter::CopiedLetter;
pub use deadline::{Deadline, Lifetime};
pub use diagnosis::Diagnosis;
pub use enclosed::Enclosed;
pub use entrant::Entrant;
pub use event::{Alert, LetterEvent, OwnContent, ReceivedLetter};
pub use franking::Exported;
pub use linking::{LinkingOffer, NewDevice};
pub use lists::ListUpdate;
pub use log_status::LogStatus;
pub use maintenance::{Expired, Tasks};
pub use message_facts::MessageFacts;
pub use outgoing::{Envelope, Outgoing};
pub use own_object::OwnObject;
pub use plan::{Conversation, Plan, To};
pub use recipients::Recipients;
pub use repair::Repair;
pub use stop::Stop;
pub use supply::Supplied;
pub use take::{Mail, Need, Taken};
pub use unread::Unread;
pub use views::Viewing;

pub use crate::protocol::clock::ClockState;
pub use crate::protocol::identity::device_list::{DeviceList, ListHash};
pub use crate::protocol::identity::linking::code::{LinkingPurpose, LinkingRequest, RendezvousId};
pub use crate::protocol::identity::linking::digits::LinkingDigits;
pub use crate::protocol::letter::blob::BlobHash;
pub use crate::protocol::letter::{GroupId, MessageId};

//! Links, and chats with people who have no account.
//!
//! ```text
//!  host's device                     server                     guest
//!  Invite::create ── ServerCopy ──▶  stores
//!  Invite::link ───── URL, by a way that both trust ──────────▶ InviteLink::parse
//!                                    sealed invitation ───────▶ InviteLink::open ─▶ Preview
//!                                    check_claim ◀── claim ───── Preview::claim  ─▶ Chat
//!  Invite::claim ◀── claim ───────── the first wins
//!    OpenedClaim ─▶ Chat ── grant ────────────────────────────▶ Chat, now active
//!    Chat ◀──────────────────── texts ───────────────────────▶ Chat
//!  either side ends it; ten idle days do, too
//! ```
//!
//! Looking is not claiming: a preview may be opened as often as one likes. The first claim is the only one. A
//! host with several devices gives each of them the link ([`Invite::export`], [`Invite::import`]); the one
//! that grants tells the others ([`Chat::export_grant`], [`Invite::sync_grant`], [`Chat::sync_grant`]).
//!
//! A program gives what arrives to [`Chat::take`], and calls [`Chat::repair`] when it starts, after it took something
//! in, and every hour: that ends chats in time, and brings two sides together again that no longer read each other.
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::client::Client;
//! use latchstring::guest::{Chat, ChatEvent, Invite, InviteLink, Policy};
//! use latchstring::session::{Account, AccountId};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let account = Account::generate(AccountId([1; 32]), &mut rng);
//!     let mut host = Client::create(&account, now, &mut rng);
//!
//!     // The host makes a link, saves the invite, uploads the copy, and shows the URL.
//!     let policy = Policy::new("Ada", now + 86_400);
//!     let (mut invite, copy) = Invite::create(&host, "chat.example", policy, now, &mut rng)?;
//!     let url = invite.link().expect("an open link").to_url(invite.origin())?;
//!
//!     // The guest looks, and claims: save the chat, then send the claim.
//!     let link = InviteLink::parse(&url)?;
//!     let preview = link.open(copy.sealed_invitation(), "chat.example", now)?;
//!     assert_eq!(preview.policy().host_name, "Ada");
//!     let (mut guest, claim) =
//!         preview.claim(host.list(), &[host.bundle()], "Grace", &["May I come in?"], now, &mut rng)?;
//!
//!     // The host takes the first claim: save invite, client and chat together, then show.
//!     copy.check_claim(&claim)?;
//!     let (mut chat, introduction) = invite.claim(&mut host, &claim, now)?.apply();
//!     assert_eq!((&*introduction.name, &**introduction.texts[0].text), ("Grace", "May I come in?"));
//!     let grant = chat.grant(&host, now, &mut rng)?.apply();
//!
//!     // The guest is in.
//!     let event = guest.receive(host.address(), &grant[0].message, now)?.event;
//!     assert_eq!(event, ChatEvent::Granted);
//!     Ok(())
//! }
//! ```

mod chat;
mod claimant;
mod invite;
mod preview;

pub use chat::{
    Chat, ChatEvent, ChatStatus, ExportedText, ReceivedEvent, Repaired, SentText, SyncOutcome,
    SyncedCopy, TakenMessage,
};
pub use invite::{Introduction, Invite, OpenedClaim, RecordedClaim};
pub use preview::{LinkStatus, Preview};

pub use crate::protocol::guest::content::{EndReason, TextStatus};
pub use crate::protocol::guest::hand_over::HandOver;
pub use crate::protocol::guest::invitation::{Approval, Policy};
pub use crate::protocol::guest::link::{InviteLink, Locator};
pub use crate::protocol::guest::pin::Pin;
pub use crate::protocol::guest::server_copy::{ClaimDigest, ServerCopy};
pub use crate::protocol::guest::text::{ChatText, TextId};

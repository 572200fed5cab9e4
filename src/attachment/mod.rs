//! Files of any size, sealed and opened in pieces that the caller carries.
//!
//! Content goes in and sealed pieces come out, one for each call, in the caller's one buffer of 64 KiB; what
//! travels in a message is a [`Reference`] of 76 bytes. A [`Sealer`] comes from
//! [`Client::attach`](crate::client::Client::attach).
//!
//! ```text
//!  attach(media, length, padding) ─▶ Sealer ─ wants, seal ─▶ pieces, one behind the other   (upload)
//!                                       └─ reference ─▶ Reference ─ encode ─▶ in a message
//!  decode ─▶ Reference ─▶ Opener ─ wants ─▶ which bytes to fetch ─ open ─▶ content          (download)
//!                            └─ read(from..to) ─▶ only these                                (seek)
//! ```
//!
//! - Every piece is verified against the reference before a byte of it is given out: who holds the key, the
//!   sender and all receivers too, cannot give two of them two files under one reference. So what was read of a
//!   video that is still loading is genuine, and whether the rest will ever come is another question.
//! - Both sides can stop and go on: [`Sealer::to_bytes`], [`Opener::to_bytes`]. An old copy does no harm. It
//!   seals the same bytes again; a source that was changed meanwhile gives other bytes under other keys, which
//!   no reader takes for the old ones.
//! - Where pieces are stored, and under which name, is the caller's business; [`Reference::id`] is a name that
//!   both sides know.
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::attachment::{Media, Opener, Padding, PIECE, Reference};
//! use latchstring::client::Client;
//! use latchstring::session::{Account, AccountId};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let account = Account::generate(AccountId([1; 32]), &mut rng);
//!     let ada = Client::create(&account, now, &mut rng);
//!
//!     // Ada seals a picture, piece by piece, and would upload each one.
//!     let picture = vec![7; 200_000];
//!     let mut source = &picture[..];
//!     let mut stored = Vec::new();
//!     let mut buffer = Box::new([0; PIECE]);
//!     let mut sealer = ada.attach(Media::Image, 200_000, Padding::Buckets, now, &mut rng)?;
//!     loop {
//!         let (here, rest) = source.split_at(sealer.wants());
//!         buffer[..here.len()].copy_from_slice(here);
//!         source = rest;
//!         let Some(piece) = sealer.seal(&mut buffer)? else { break };
//!         stored.extend_from_slice(piece);
//!     }
//!     let in_a_message = sealer.reference().unwrap().encode();
//!
//!     // Grace fetches what the opener wants, and shows what it opens.
//!     let reference = Reference::decode(&*in_a_message)?;
//!     assert_eq!(reference.sealed_length(), stored.len() as u64);
//!     let mut shown = Vec::new();
//!     let mut opener = Opener::new(&reference);
//!     while let Some(range) = opener.wants() {
//!         let piece = &mut buffer[..(range.end - range.start) as usize];
//!         piece.copy_from_slice(&stored[range.start as usize..range.end as usize]);
//!         shown.extend_from_slice(opener.open(piece)?);
//!     }
//!     assert!(opener.is_finished() && shown == picture);
//!     Ok(())
//! }
//! ```

mod opener;
mod progress;
mod sealer;

pub use opener::Opener;
pub use progress::Progress;
pub use sealer::Sealer;

pub use crate::protocol::attachment::keys::AttachmentId;
pub use crate::protocol::attachment::layout::PIECE;
pub use crate::protocol::attachment::reference::Reference;
pub use crate::protocol::attachment::terms::{MAX_LENGTH, Media};
pub use crate::protocol::padding::Padding;

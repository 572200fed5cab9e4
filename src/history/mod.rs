//! Old conversations, for a device that was just linked, from another device of the account.
//!
//! A device asks one other own device for a range of its history, and gets a signed answer: parts in order, each a
//! chunk of items that is stored as an [attachment](crate::attachment). The crate carries and checks; what is told,
//! in which parts, and whether a user is asked before, is the app's choice.
//!
//! ```text
//!  new device                                              device that is asked
//!  HistoryImport::ask ─ request ─▶ plan_object, seal ────▶ HistoryRequests::answer ─▶ HistoryExport
//!                                                            writer ─ write(item) ─▶ bytes ─▶ Sealer ─▶ upload
//!                                                            add(reference of the part), for each part
//!  HistoryImport::take ◀──────────── plan_object, seal ◀──── finish
//!    opener ─▶ fetch, open ─▶ read ─▶ ToldItem
//!    store the items and position() in one transaction
//! ```
//!
//! - Nothing comes in that was not asked for: an answer is taken to one's own request, from the device that was asked
//!   and that the account's list names, signed by it, within the range and the size.
//! - With its facts a told message is found by what is said about it later: [`HistoryItem::with_facts`] at the source,
//!   [`HistoryItem::facts`] here.
//! - An item is the word of the device that tells it, and of nobody else: [`ToldItem::told_by`].
//! - Both sides can be killed at any instant and go on: [`HistoryImport::position`], [`HistoryExport::to_bytes`].
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::Error;
//! use latchstring::attachment::{Media, PIECE, Padding};
//! use latchstring::client::{Client, Conversation, MessageId};
//! use latchstring::content::Content;
//! use latchstring::history::{HistoryImport, HistoryItem, HistoryRange, HistoryRequests};
//! use latchstring::session::AccountId;
//!
//! /// `phone` was just linked; `laptop` knows what Grace has said.
//! fn tell(laptop: &Client, phone: &Client, now: u64) -> Result<(), Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let grace = Conversation::With(AccountId([2; 32]));
//!
//!     // The phone asks. Save the import, then send its request to the other own devices.
//!     let range = HistoryRange::ALL.of(grace).at_most(1_000, 1 << 24);
//!     let mut import =
//!         HistoryImport::ask(phone, laptop.address().device, &range, now, &mut rng)?;
//!
//!     // The laptop answers: it writes the items, newest first, seals them as a file, and stores that.
//!     let mut requests = HistoryRequests::default();
//!     let mut export = requests.answer(laptop, phone.address(), &import.request(), now)?;
//!     let item = HistoryItem::new(
//!         grace,
//!         laptop.address(),
//!         MessageId([3; 16]),
//!         now - 60,
//!         &Content::text("the latchstring is out")?,
//!     );
//!     let mut writer = export.writer();
//!     let mut chunk = writer.write(&item)?.to_vec();
//!     let mut sealer =
//!         laptop.attach(Media::File, writer.length(), Padding::Buckets, now, &mut rng)?;
//!     let (mut stored, mut buffer) = (Vec::new(), Box::new([0; PIECE]));
//!     loop {
//!         let rest = chunk.split_off(sealer.wants());
//!         buffer[..chunk.len()].copy_from_slice(&chunk);
//!         chunk = rest;
//!         let Some(piece) = sealer.seal(&mut buffer)? else { break };
//!         stored.extend_from_slice(piece);
//!     }
//!     export.add(&writer, &sealer.reference().expect("all is sealed"), b"shelf 3")?;
//!     let answer = export.finish(laptop, false, now)?;
//!
//!     // The phone takes the answer, and reads one part after the other.
//!     import.take(phone, laptop.address(), &answer)?;
//!     while let Some(mut opener) = import.opener() {
//!         while let Some(range) = opener.wants() {
//!             let piece = &mut stored[range.start as usize..range.end as usize];
//!             let mut content = opener.open(piece)?;
//!             while let Some(told) = import.read(&mut content)? {
//!                 // Store it with `import.position()`, then show it.
//!                 assert_eq!(told.told_by, laptop.address());
//!                 assert_eq!(told.item.content()?.as_text(), Some("the latchstring is out"));
//!             }
//!         }
//!     }
//!     assert!(import.is_finished() && !import.has_more());
//!     Ok(())
//! }
//! # use latchstring::client::{LinkingRequest, NewDevice};
//! # fn main() -> Result<(), Error> {
//! #     let (mut rng, now) = (UnwrapErr(SysRng), 1_800_000_000);
//! #     let account = latchstring::session::Account::generate(AccountId([1; 32]), &mut rng);
//! #     let mut laptop = Client::create(&account, now, &mut rng);
//! #     let device = NewDevice::generate("phone", now, &mut rng)?;
//! #     let request = LinkingRequest::read(&device.code(), now)?;
//! #     let offer = laptop.approve(&account, &request, 4, now, &mut rng)?.apply();
//! #     let offer = device.open(&offer, now)?;
//! #     let digits = laptop.linking_digits().expect("an offer is open");
//! #     let (entrant, acceptance) = offer.accept(device, digits, now)?;
//! #     let briefing = laptop.admit(&account, &acceptance, b"", now)?.apply();
//! #     let (phone, _) = entrant.open(&briefing, now)?.begin(entrant, now, &mut rng)?;
//! #     tell(&laptop, &phone, now)
//! # }
//! ```

mod chunk;
mod export;
mod import;
mod item;
mod position;
mod range;
mod requests;
mod writer;

pub use export::HistoryExport;
pub use import::HistoryImport;
pub use item::{HistoryItem, ToldItem};
pub use position::HistoryPosition;
pub use range::HistoryRange;
pub use requests::HistoryRequests;
pub use writer::HistoryWriter;

pub use crate::protocol::history::manifest::HistoryPart;

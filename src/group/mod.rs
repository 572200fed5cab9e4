//! Groups that know their members: who is in, by whose word, and what each letter was sealed for.
//!
//! ```text
//!  Group::found ─▶ checkpoint ─▶ seal for recipients                     (begin)
//!  add, remove, leave, appoint, dismiss ─▶ Made ─▶ seal                  (change who is in)
//!  letter ─▶ judge ─▶ Judgement: who writes, in which state              (read)
//!  content.as_group ─▶ Object::of ─▶ take, join or answer                (follow)
//!  missing ─▶ request ─▶ seal for the one who named it                   (fetch)
//! ```
//!
//! A [`Group`] is a state beside the [`Client`](crate::client::Client), and is kept as one. Its history is a chain of
//! signed operations; where two were made at once, all members take the same one by one rule
//! ([groups.md](crate::spec::groups)). Letters are sealed for each device as ever: [`Group::recipients`] says for whom,
//! and which state the letter names.
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::client::{Client, LetterEvent, To};
//! use latchstring::content::Content;
//! use latchstring::group::{Adding, Group, Member, Standing, StateRelation};
//! use latchstring::session::{Account, AccountId};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let [mut ada, mut grace] = [1, 2].map(|id| {
//!         Client::create(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
//!     });
//!     ada.learn(grace.list(), now)?.apply();
//!     grace.learn(ada.list(), now)?.apply();
//!
//!     // Ada founds a group. Save it, then tell its members.
//!     let member = Member::of(grace.list());
//!     let mut group = Group::found(&ada, Adding::Administrators, &[member], &[], &mut rng)?;
//!     let to = group.recipients(&ada)?;
//!     let mut plan = ada.plan(To::Recipients(&to), now)?;
//!     plan.supply(&ada, &grace.bundle(), now, &mut rng)?;
//!     let out = ada.seal(&mut plan, &group.checkpoint(&ada)?, now, &mut rng)?.apply();
//!
//!     // Grace takes it by Ada's word.
//!     let letter = grace.receive(ada.address(), &out.envelopes[0].message, now)?;
//!     let LetterEvent::Message(content) = &letter.event else { panic!("a content was sent") };
//!     let checkpoint = content.as_group().and_then(|mut objects| objects.next()).expect("one");
//!     let mut joined = Group::join(&grace, letter.from, checkpoint)?;
//!     assert_eq!(joined.id(), group.id());
//!
//!     // Grace writes; Ada sees that she may, and that both agree on who is in.
//!     let to = joined.recipients(&grace)?;
//!     let out = grace.send(To::Recipients(&to), &Content::text("hello")?, now, &mut rng)?;
//!     let letter = ada.receive(grace.address(), &out.envelopes[0].message, now)?;
//!     let judged = group.judge(&ada, &letter, now)?.apply();
//!     assert_eq!(judged.state, StateRelation::Same);
//!     assert!(matches!(judged.writer, Standing::Member(word) if word.by == Member::of(ada.list())));
//!     Ok(())
//! }
//! ```

mod answering;
mod delta;
mod event;
#[expect(clippy::module_inception, reason = "the folder of groups has the type of one")]
mod group;
mod judging;
mod making;
mod state_bytes;
mod taking;

pub use event::{GroupEvent, Judgement, Made, Object, Standing, StateRelation};
pub use group::Group;

pub use crate::client::{GroupId, Recipients};
pub use crate::protocol::group::action::{Action, Adding, Founding};
pub use crate::protocol::group::member::Member;
pub use crate::protocol::group::operation::{Operation, OperationHash};
pub use crate::protocol::group::roster::Admission;

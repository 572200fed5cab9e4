//! Reports of messages to the service that brought them.
//!
//! A service that reads nothing can still check that a message which somebody reports was truly sent to them, by whom
//! and when. Nobody else can: towards all others a message stays as deniable as it is. No byte of a message changes by
//! it; the service that wants it asks for a [`Frank`] beside each envelope.
//!
//! ```text
//!  Plan::frank ─▶ Client::seal ─▶ Envelope::frank                        (the sender, beside each envelope)
//!  ServiceKey::stamp ─▶ Stamp                                            (the service, when the envelope comes)
//!  Client::take_franked ─▶ ReceivedLetter::evidence ─▶ Report::new       (the receiver; keep Report::encode)
//!  Report::decode ─▶ Report::verify ─▶ Reported                          (the service, if it is reported)
//! ```
//!
//! In guest chats each text has a frank ([`Chat::text`](crate::guest::Chat::text)), and it is
//! [`Chat::take_franked`](crate::guest::Chat::take_franked). What a report proves, to whom, and what it does not is in
//! [franking.md](crate::spec::franking).
//!
//! ```
//! # use getrandom::{SysRng, rand_core::UnwrapErr};
//! # use latchstring::client::{Client, To};
//! # use latchstring::content::Content;
//! # use latchstring::session::{Account, AccountId};
//! use latchstring::franking::{Report, ReportedContent, ServiceKey};
//!
//! # fn main() -> Result<(), latchstring::Error> {
//! # let mut rng = UnwrapErr(SysRng);
//! # let now = 1_800_000_000;
//! # let [mut ada, mut grace] = [1, 2].map(|id| {
//! #     let account = Account::generate(AccountId([id; 32]), &mut rng);
//! #     Client::create(&account, now, &mut rng)
//! # });
//! # ada.learn(grace.list(), now)?.apply();
//! # grace.learn(ada.list(), now)?.apply();
//! // Ada writes to Grace, and asks for franks.
//! let mut plan = ada.plan(To::Account(grace.address().account), now)?;
//! # plan.supply(&ada, &grace.bundle(), now, &mut rng)?;
//! plan.frank();
//! let out = ada.seal(&mut plan, &Content::text("pay, or else")?, now, &mut rng)?.apply();
//! let envelope = &out.envelopes[0];
//!
//! // The service knows who sends, stamps the frank, and brings all three to Grace.
//! let service = ServiceKey::new(&[7; 32])?; // in truth 32 random bytes
//! let frank = envelope.frank.expect("the plan asked for it");
//! let stamp = service.stamp(&frank, ada.address(), envelope.to, now);
//!
//! // Grace reads, and keeps a report beside the message.
//! let opened = grace.open_franked(ada.address(), &envelope.message, Some(&frank), now)?;
//! let letter = opened.apply();
//! let evidence = letter.evidence.expect("a message of somebody else");
//! let kept = Report::new(evidence, ada.address(), grace.address(), stamp).encode();
//!
//! // She reports it: the service learns what Ada said to her, and when.
//! let reported = Report::decode(&kept)?.verify(&service)?;
//! assert_eq!((reported.from, reported.at), (ada.address(), now));
//! let ReportedContent::Message(content) = reported.said else { panic!("it was a message") };
//! assert_eq!(content.as_text(), Some("pay, or else"));
//! # Ok(())
//! # }
//! ```

mod report;
mod service;

pub use crate::protocol::franking::{Evidence, Frank};
pub use report::{Report, Reported, ReportedContent};
pub use service::{ServiceKey, Stamp};

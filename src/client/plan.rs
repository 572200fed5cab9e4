//! Fan-out: one letter for all devices of the recipients and all other devices of this account.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter;
use crate::protocol::letter::Listed;
use crate::protocol::letter::copy::LetterOf;
use crate::protocol::letter::missing::Missing;
use crate::session::Session;

use super::address::Address;
use super::delta::Asked;
use super::own_object::OwnObject;
use super::recipients::Recipients;
use super::stop::Stop;
use crate::protocol::letter::{GroupId, MessageId};
use crate::protocol::position::SessionId;

/// The conversation that a letter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Conversation {
    /// The conversation with an account.
    With(AccountId),
    /// A group by this id. Who is in it knows its [`Group`](crate::group::Group), or the app.
    Group(GroupId),
    /// This account's own devices among themselves.
    Own,
}

/// The recipients of a message, beside this account's own other devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum To<'a> {
    /// An account.
    Account(AccountId),
    /// A group that the app knows by an id, and whose members it keeps by itself.
    Group {
        /// The group's id.
        id: GroupId,
        /// All of its members but for this account.
        members: &'a [AccountId],
    },
    /// A group that knows its members ([`Group::recipients`](crate::group::Group::recipients)).
    Recipients(&'a Recipients),
    /// Nobody else: it is for this account's devices. The crate's own objects go by
    /// [`Client::plan_object`](super::Client::plan_object).
    Own,
}

/// The purpose of a plan.
pub(super) enum Purpose {
    /// A message, or something between own devices.
    Message,
    /// An object for own devices.
    Object(OwnObject),
    /// A message that was sent before, sealed again for one or more devices.
    Resend(MessageId),
    /// "I could not open this."
    ResendRequest(Missing),
    /// "These do not come again."
    Refusal(Missing),
    /// "Who has read these?"
    CopyRequest(Vec<LetterOf>),
    /// A letter of somebody else that was read here.
    Copy(LetterOf),
    /// The letters of others that this device has opened.
    SeenReport,
}

/// The devices that get a letter, and what is still needed to seal it for all of them.
///
/// It is bound to the device lists it was made from: when one of them changes, it is stale.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::{Client, To};
/// use latchstring::content::Content;
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let [mut ada, grace] = [1, 2].map(|id| {
///         Client::create(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
///     });
///     ada.learn(grace.list(), now)?.apply();
///
///     // The first letter needs a bundle of each device.
///     let to = To::Account(grace.address().account);
///     let (mut plan, mut other) = (ada.plan(to, now)?, ada.plan(to, now)?);
///     assert!(plan.missing().eq([grace.address()]));
///     plan.supply(&ada, &grace.bundle(), now, &mut rng)?;
///     let hello = Content::text("hello")?;
///     let out = ada.seal(&mut plan, &hello, now, &mut rng)?.apply();
///     assert_eq!(out.envelopes[0].to, grace.address());
///
///     // A plan from before needs no bundle any more: its letter goes in the session that there is.
///     let _out = ada.seal(&mut other, &hello, now, &mut rng)?.apply();
///     let _out = ada.send(to, &Content::text("are you there?")?, now, &mut rng)?;
///     Ok(())
/// }
/// ```
pub struct Plan {
    /// The device that made it, by its certificate.
    pub(super) by: Address,
    pub(super) purpose: Purpose,
    pub(super) conversation: letter::LetterConversation,
    /// The lists of all accounts whose list is known: this account's first, the others in ascending order.
    pub(super) lists: Vec<(AccountId, Listed)>,
    /// The accounts that get nothing, in ascending order.
    pub(super) stopped: Vec<(AccountId, Stop)>,
    /// In ascending order.
    pub(super) targets: Vec<PlanTarget>,
    pub(super) left_out: Vec<Address>,
    /// Chunks of the braid that each envelope has room for at least.
    pub(super) chunks: u8,
    /// True if each envelope is to have a frank.
    pub(super) franks: bool,
}

redacted!(
    Plan,
    |plan| by = plan.by,
    devices = plan.targets.len(),
    missing = plan.missing().count(),
    stopped = plan.stopped,
    left_out = plan.left_out
);

/// One device of a plan.
pub(super) struct PlanTarget {
    pub(super) address: Address,
    /// The active session when the plan was made or last refreshed, if there was one.
    pub(super) active: Option<SessionId>,
    pub(super) way: Way,
}

/// The way in which a device gets its letter. See note `[boxes]`.
pub(super) enum Way {
    /// In the session that there is.
    Active,
    /// In none yet: there is none that the device can be expected to read.
    Missing,
    /// In the session that there is, or in a new one if a bundle is supplied, at first only one with a one-time prekey:
    /// it is suspected that the device is not on that session any more.
    Suspected,
    /// In a session that begins with this letter.
    New(Box<New>),
    /// In the session that began with a letter sealed before by this plan, if that letter was not dropped.
    Begun(Box<SessionId>),
}

/// A session that begins with a letter, and the bundle that it begins from, encoded: see note `[boxes]`.
pub(super) struct New {
    pub(super) session: Session,
    pub(super) bundle: Vec<u8>,
    /// The time at which the device has made the bundle's signed prekeys, by its own clock.
    pub(super) made: u64,
}

impl Plan {
    /// Returns the devices that a bundle is needed of, or wanted: it is suspected that one of these does not read the
    /// present session any more. Collect them, fetch a bundle of each, and [`Plan::supply`] it.
    pub fn missing(&self) -> impl Iterator<Item = Address> {
        let is_missing = |target: &&PlanTarget| matches!(target.way, Way::Missing | Way::Suspected);
        self.targets.iter().filter(is_missing).map(|target| target.address)
    }

    /// Tells whether a device is left that gets nothing without a bundle.
    pub(super) fn needs_bundle(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.way, Way::Missing))
    }

    /// Returns the accounts of the letter that get nothing of it now, this one perhaps included, and why. It is for
    /// all members as before, and says so to those who get it: tell the user who does not.
    pub fn stopped(&self) -> impl Iterator<Item = (AccountId, Stop)> {
        let mut stopped = self.stopped.clone();
        let mut bare: Vec<_> = self.left_out.iter().map(|address| address.account).collect();
        bare.sort_unstable();
        bare.dedup();
        bare.retain(|account| !self.reaches(*account));
        stopped.extend(bare.into_iter().map(|account| (account, Stop::NoBundle)));
        stopped.into_iter()
    }

    /// Returns the devices that will get the letter.
    pub fn devices(&self) -> impl Iterator<Item = Address> {
        self.targets.iter().map(|target| target.address)
    }

    /// Sets how many chunks of the braid each envelope has room for at least: 1 if not called. Each one more
    /// makes an envelope 32 bytes longer before padding, and the sessions heal sooner
    /// ([post-quantum.md](crate::spec::post_quantum)). More than 36 are no use.
    pub fn chunks(&mut self, chunks: u8) {
        self.chunks = chunks;
    }

    /// Has each envelope get a frank, for a service that takes reports ([`franking`](crate::franking)). No byte of a
    /// message changes by it. Where a service asks for franks, call it on every plan.
    pub fn frank(&mut self) {
        self.franks = true;
    }
}

impl Plan {
    pub(super) fn is_group(&self) -> bool {
        matches!(self.conversation, letter::LetterConversation::Group { .. })
    }

    /// Returns the reason for which an account is stopped, if it is.
    pub(super) fn stop_of(&self, account: AccountId) -> Option<Stop> {
        let place = self.stopped.binary_search_by_key(&account, |(stopped, _)| *stopped).ok()?;
        self.stopped.get(place).map(|(_, stop)| *stop)
    }

    /// Tells whether a device of the account gets the letter.
    fn reaches(&self, account: AccountId) -> bool {
        let place = self.targets.partition_point(|target| target.address.account < account);
        self.targets.get(place).is_some_and(|target| target.address.account == account)
    }

    /// Returns what a request asks for and of whom, even if the device was left out: the attempt counts.
    pub(super) fn asked(&self) -> Option<Asked> {
        let Purpose::ResendRequest(missing) = &self.purpose else { return None };
        let targets = self.targets.iter().map(|target| target.address);
        let to = targets.chain(self.left_out.iter().copied()).next()?;
        Some(Asked { to, ids: missing.ids.clone() })
    }

    /// Returns the account whose list a letter names beside this one's.
    pub(super) fn other(&self, own: AccountId) -> AccountId {
        match self.conversation {
            letter::LetterConversation::With(account) => account,
            letter::LetterConversation::Group { .. } => own,
        }
    }

    /// Returns what a letter says of the lists of two accounts that the plan is made from.
    pub(super) fn listed(&self, own: AccountId, other: AccountId) -> Result<[Listed; 2], Error> {
        let lists = self.list_of(own).zip(self.list_of(other));
        lists.map(|(own, other)| [own, other]).ok_or(Error::StalePlan)
    }

    fn list_of(&self, wanted: AccountId) -> Option<Listed> {
        let ((own, listed), others) = self.lists.split_first()?;
        if *own == wanted {
            return Some(*listed);
        }
        let place = others.binary_search_by_key(&wanted, |(account, _)| *account).ok()?;
        others.get(place).map(|(_, listed)| *listed)
    }
}

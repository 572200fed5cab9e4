//! Fan-out: one letter for all devices of the recipients and all other devices of this account.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::clock::Now;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter;
use crate::protocol::letter::Listed;
use crate::protocol::letter::missing::Missing;
use crate::protocol::letter::object::ObjectKind;
use crate::session::Session;

use super::address::Address;
use super::client::{Client, Inner};
use super::limits::MAX_ACCOUNTS;
use super::own_object::OwnObject;
use super::peer::Peer;
use crate::protocol::letter::{GroupId, MessageId};
use crate::protocol::position::SessionId;

/// The conversation that a letter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Conversation {
    /// The conversation with an account.
    With(AccountId),
    /// A group that the app knows by this id. Who is in it is the app's to know and to check.
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
    /// A group that the app knows by an id.
    Group {
        /// The group's id.
        id: GroupId,
        /// All of its members but for this account.
        members: &'a [AccountId],
    },
    /// Nobody else: it is for this account's devices. The crate's own objects go by
    /// [`Client::plan_object`].
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
    /// The letters of others that this device has opened.
    SeenReport,
}

/// The devices that get a letter, and what is still needed to seal it for all of them.
///
/// It is bound to the device lists it was made from: when one of them changes, it is stale.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::Error;
/// use latchstring::client::{Client, To};
/// use latchstring::content::Content;
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), Error> {
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
///     // A plan from before that session began is stale.
///     assert!(matches!(ada.seal(&mut other, &hello, now, &mut rng), Err(Error::StalePlan)));
///
///     // The next letter goes in the session that there is.
///     assert_eq!(ada.plan(to, now)?.missing().count(), 0);
///     let _out = ada.send(to, &Content::text("are you there?")?, now, &mut rng)?;
///     Ok(())
/// }
/// ```
pub struct Plan {
    /// The device that made it.
    pub(super) by: Address,
    pub(super) purpose: Purpose,
    pub(super) conversation: letter::LetterConversation,
    /// This account first, the others in ascending order.
    pub(super) lists: Vec<(AccountId, Listed)>,
    /// In ascending order.
    pub(super) targets: Vec<Target>,
    pub(super) left_out: Vec<Address>,
    /// Chunks of the braid that each envelope has room for at least.
    pub(super) chunks: u8,
}

redacted!(
    Plan,
    |plan| by = plan.by,
    devices = plan.targets.len(),
    missing = plan.missing().count(),
    left_out = plan.left_out
);

/// One device of a plan.
pub(super) struct Target {
    pub(super) address: Address,
    /// The active session when the plan was made, if there was one.
    pub(super) active: Option<SessionId>,
    pub(super) way: Way,
}

/// The way in which a device gets its letter.
pub(super) enum Way {
    /// In the session that there is.
    Active,
    /// In none yet: there is none that the device can be expected to read.
    Missing,
    /// In a session that begins with this letter.
    New(Session),
}

impl Plan {
    /// Returns the devices that a bundle is needed of. Collect them, fetch a bundle of each, and
    /// [`Plan::supply`] it.
    pub fn missing(&self) -> impl Iterator<Item = Address> {
        let missing = self.targets.iter().filter(|target| matches!(target.way, Way::Missing));
        missing.map(|target| target.address)
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

    /// Begins a session with a device that there is none with ([`Plan::missing`]). Returns whether the bundle
    /// had a one-time prekey; if not, the server has run out of them, or withholds them.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a bundle of a device that needs none, or of a device that is not as the
    /// signed list has it; [`Error::StalePrekey`]; [`Error::WeakKey`]; [`Error::WrongClient`] for another
    /// client than the plan's. The plan is as it was.
    pub fn supply(
        &mut self,
        client: &Client,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<bool, Error> {
        self.check_client(client)?;
        let address = Address::of(bundle.certificate());
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let target = target.filter(|target| matches!(target.way, Way::Missing));
        let target = target.ok_or(Error::WrongPeer)?;
        let inner = &*client.inner;
        let contact = inner.known(address.account)?;
        if contact.device(address.device)? != bundle.certificate() {
            return Err(Error::WrongPeer);
        }
        let now = inner.clock.now(now);
        let continuation = inner.continuation(address, now);
        target.way =
            Way::New(inner.device.initiate_with(continuation, bundle, now.reading(), rng)?);
        Ok(bundle.has_one_time_prekey())
    }

    /// Gives up the present session with a device that has not answered in it: the device, or the server,
    /// said that a message could not be opened ([`Answer::NewBundle`](crate::Answer::NewBundle)). Supply a
    /// bundle then. An unanswered session is given up without this call after seven days.
    ///
    /// In a plan of [`Client::request_resend`] the device may have answered, if the session has been active
    /// for an hour: where neither side can open the other's messages any more (one was restored from a
    /// backup), this is the way out.
    ///
    /// # Errors
    ///
    /// [`Error::NotInPlan`] for a device that is not in the plan; [`Error::SessionInUse`] for one that has
    /// answered; [`Error::WrongClient`] for another client than the plan's.
    pub fn renew(&mut self, client: &Client, address: Address, now: u64) -> Result<(), Error> {
        self.check_client(client)?;
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let target = target.ok_or(Error::NotInPlan)?;
        let asks = matches!(self.purpose, Purpose::ResendRequest(_));
        let now = client.inner.clock.now(now);
        let peer = client.inner.peers.get(&address);
        if peer.is_some_and(|peer| !peer.may_renew(asks, now)) {
            return Err(Error::SessionInUse);
        }
        target.way = Way::Missing;
        Ok(())
    }

    /// Leaves a device out, because there is no bundle of it: tell the user. The device can get the message
    /// later ([`Client::backfill`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotInPlan`] for a device that is not in the plan.
    pub fn leave_out(&mut self, address: Address) -> Result<(), Error> {
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        self.targets.remove(place.map_err(|_| Error::NotInPlan)?);
        self.left_out.push(address);
        Ok(())
    }

    fn check_client(&self, client: &Client) -> Result<(), Error> {
        if self.by == client.address() { Ok(()) } else { Err(Error::WrongClient) }
    }
}

impl Client {
    /// Plans a message for all devices of the recipients, and for all other devices of this account.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`] if no device list of one of the accounts is known
    /// ([`Client::unknown`] tells which); [`Error::OwnDeviceUnlisted`] if this device is not one
    /// of its own account's; [`Error::ListExpired`] for a list past its time ([`DeviceList::expires`]);
    /// [`Error::AccountChanged`] until the user has acknowledged a changed account
    /// ([`Client::changed_lists_of`]); [`Error::OwnAccount`] for this account as the other one;
    /// [`Error::NoRecipient`] for a group of nobody else, [`Error::TooManyAccounts`] for one of more than
    /// 65,535.
    ///
    /// [`DeviceList::expires`]: super::DeviceList::expires
    pub fn plan(&self, to: To<'_>, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let own = inner.account();
        let mut accounts = match to {
            To::Account(account) => Vec::from([account]),
            To::Own => Vec::new(),
            To::Group { members: [], .. } => return Err(Error::NoRecipient),
            To::Group { members, .. } => members.to_vec(),
        };
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.contains(&own) {
            return Err(Error::OwnAccount);
        }
        if accounts.len() >= MAX_ACCOUNTS {
            return Err(Error::TooManyAccounts);
        }
        let conversation = match to {
            To::Account(account) => letter::LetterConversation::With(account),
            To::Own => letter::LetterConversation::With(own),
            To::Group { id, .. } => {
                let audience = letter::audience(accounts.iter().copied().chain([own]));
                letter::LetterConversation::Group { id, audience }
            }
        };
        inner.plan(Purpose::Message, conversation, &accounts, |_| true, inner.clock.now(now))
    }

    /// Plans to send an object to all other devices of this account. Seal the plan with
    /// [`Enclosed::Nothing`](super::Enclosed).
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`], [`Error::UnknownVersion`], [`Error::Malformed`] for what is no such object; else as
    /// [`Client::plan`].
    pub fn plan_object(&self, object: &OwnObject, now: u64) -> Result<Plan, Error> {
        ObjectKind::of(object.as_bytes())?;
        let inner = &*self.inner;
        let conversation = letter::LetterConversation::With(inner.account());
        let purpose = Purpose::Object(object.duplicate());
        inner.plan(purpose, conversation, &[], |_| true, inner.clock.now(now))
    }
}

impl Inner {
    /// Makes a plan for those devices of these accounts and of this one that `wanted` names.
    pub(super) fn plan(
        &self,
        purpose: Purpose,
        conversation: letter::LetterConversation,
        accounts: &[AccountId],
        wanted: impl Fn(Address) -> bool,
        now: Now,
    ) -> Result<Plan, Error> {
        self.check_listed()?;
        let (mut lists, mut targets) = (Vec::new(), Vec::new());
        for account in core::iter::once(self.account()).chain(accounts.iter().copied()) {
            let contact = self.known(account)?;
            contact.check(now)?;
            lists.push((account, contact.listed()));
            let devices = contact.list.devices().iter().map(Address::of);
            let others = devices.filter(|address| *address != self.address() && wanted(*address));
            targets.extend(others.map(|address| self.target(address, now)));
        }
        targets.sort_unstable_by_key(|target: &Target| target.address);
        let by = self.address();
        Ok(Plan { by, purpose, conversation, lists, targets, left_out: Vec::new(), chunks: 1 })
    }

    fn target(&self, address: Address, now: Now) -> Target {
        let peer = self.peers.get(&address);
        let usable = peer.is_some_and(|peer| peer.usable(now).is_some());
        let active = peer.and_then(Peer::active_id);
        Target { address, active, way: if usable { Way::Active } else { Way::Missing } }
    }
}

impl Plan {
    pub(super) fn is_group(&self) -> bool {
        matches!(self.conversation, letter::LetterConversation::Group { .. })
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

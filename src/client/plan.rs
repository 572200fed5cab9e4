//! Fan-out: one letter, all devices of the recipients and all other devices of this account.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::protocol::bundle::Bundle;
use crate::protocol::identity::AccountId;
use crate::protocol::letter::{self, Listed};
use crate::session::Session;

use super::peer::Peer;
use super::{Address, Client, Inner, MAX_ACCOUNTS, MessageId};

/// Where a message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Conversation {
    /// The conversation with an account.
    With(AccountId),
    /// A group that the app knows by this id. Who is in it is the app's to know and to check.
    Group([u8; 32]),
    /// This account's own devices among themselves.
    Own,
}

/// Whom a message is for, beside this account's own other devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum To<'a> {
    /// An account.
    Account(AccountId),
    /// A group that the app knows by an id.
    Group {
        /// The group's id.
        id: [u8; 32],
        /// All of its members but for this account.
        members: &'a [AccountId],
    },
    /// Nobody else.
    Own,
}

/// What a plan is for.
pub(super) enum Purpose {
    /// A message, or something between own devices.
    Message,
    /// A message that was sent before, for one or more devices again.
    Again(MessageId),
    /// "I could not open this."
    AskAgain(MessageId),
    /// What this device has read of others.
    Witness,
}

/// Who gets a letter, and what is still needed to seal it for all of them.
///
/// It is bound to the device lists it was made from: when one of them changes, it is stale.
pub struct Plan {
    /// The device that made it.
    pub(super) by: Address,
    pub(super) purpose: Purpose,
    pub(super) conversation: letter::Conversation,
    /// This account first, the others in ascending order.
    pub(super) lists: Vec<(AccountId, Listed)>,
    /// In ascending order.
    pub(super) targets: Vec<Target>,
    pub(super) left_out: Vec<Address>,
    /// Chunks of the post-quantum exchange that each envelope has room for at least.
    pub(super) chunks: u8,
}

/// One device of a plan.
pub(super) struct Target {
    pub(super) address: Address,
    /// The active session when the plan was made; zeros if there was none.
    pub(super) active: [u8; 32],
    pub(super) way: Way,
}

/// How a device gets its letter.
pub(super) enum Way {
    /// In the session that there is.
    Active,
    /// There is none that the device can be expected to read.
    Missing,
    /// In a session that begins with this letter.
    New(Session),
}

impl Plan {
    /// The devices that a bundle is needed of. Collect them, fetch one for each, and
    /// [`Plan::supply`] it.
    pub fn missing(&self) -> impl Iterator<Item = Address> {
        let missing = self.targets.iter().filter(|target| matches!(target.way, Way::Missing));
        missing.map(|target| target.address)
    }

    /// The devices that will get the letter.
    pub fn devices(&self) -> impl Iterator<Item = Address> {
        self.targets.iter().map(|target| target.address)
    }

    /// How many chunks of the post-quantum exchange each envelope has room for at least: 1 if not called.
    /// Each one more makes an envelope 32 bytes longer before padding, and the sessions heal sooner
    /// (`spec/post-quantum.md`). More than 36 are no use.
    pub fn chunks(&mut self, chunks: u8) {
        self.chunks = chunks;
    }

    /// Begins a session with a device that one is missing with. Returns whether the bundle had a
    /// one-time prekey; if not, the server has run out of them, or withholds them.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a bundle of a device that none is missing of, or that is not the
    /// device of the signed list; [`Error::StalePrekey`]; [`Error::WeakKey`]; [`Error::BadArgument`] for
    /// another client than the plan's. The plan is as it was.
    pub fn supply(
        &mut self,
        client: &Client,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<bool, Error> {
        if self.by != client.address() {
            return Err(Error::BadArgument);
        }
        let address = Address::of(bundle.certificate());
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let target = target.filter(|target| matches!(target.way, Way::Missing));
        let target = target.ok_or(Error::WrongPeer)?;
        let inner = &*client.inner;
        let contact = inner.contact(address.account).ok_or(Error::Unlisted)?;
        if contact.device(address.device)? != bundle.certificate() {
            return Err(Error::WrongPeer);
        }
        let now = now.max(inner.clock);
        let descent = inner.descent(address, now);
        target.way = Way::New(inner.device.initiate_as(descent, bundle, now, rng)?);
        Ok(bundle.has_one_time_prekey())
    }

    /// Asks for a new session with a device that has not answered the present one: it, or the server,
    /// said that it could not be opened ([`Answer::NewBundle`](crate::Answer::NewBundle)). Supply a
    /// bundle then. Without this a session that is not answered is given up after seven days.
    ///
    /// For a plan of [`Client::ask_again`] it may have answered, an hour ago or more: where neither side
    /// can open the other any more (one was restored from a backup), this is the way out.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] for a device that is not in the plan, or that has answered; or for another
    /// client than the plan's.
    pub fn renew(&mut self, client: &Client, address: Address, now: u64) -> Result<(), Error> {
        if self.by != client.address() {
            return Err(Error::BadArgument);
        }
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let target = target.ok_or(Error::BadArgument)?;
        let asks = matches!(self.purpose, Purpose::AskAgain(_));
        let now = now.max(client.inner.clock);
        let peer = client.inner.peers.get(&address);
        if peer.is_some_and(|peer| !peer.may_renew(asks, now)) {
            return Err(Error::BadArgument);
        }
        target.way = Way::Missing;
        Ok(())
    }

    /// Leaves a device out, because no bundle of it is to be had: say so to the user. It can get the
    /// message later ([`Client::backfill`]).
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] for a device that is not in the plan.
    pub fn leave_out(&mut self, address: Address) -> Result<(), Error> {
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        self.targets.remove(place.map_err(|_| Error::BadArgument)?);
        self.left_out.push(address);
        Ok(())
    }
}

impl Client {
    /// Plans a message: for all devices of the recipients, and for all other devices of this account.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if no device list of an account is known, or if this device is not one of
    /// its own account's; [`Error::ListExpired`] for a list past its time; [`Error::AccountChanged`]
    /// until the user has acknowledged a changed account; [`Error::BadArgument`] for this account as
    /// the other one, and for a group of nobody else or of more than 65,535.
    pub fn plan(&self, to: To<'_>, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let own = inner.account();
        let (conversation, mut accounts) = match to {
            To::Account(account) => (letter::Conversation::With(account), Vec::from([account])),
            To::Own => (letter::Conversation::With(own), Vec::new()),
            To::Group { members, .. } if members.is_empty() || members.len() >= MAX_ACCOUNTS => {
                return Err(Error::BadArgument);
            }
            To::Group { id, members } => {
                let audience = letter::audience(members.iter().copied().chain([own]));
                (letter::Conversation::Group { id, audience }, members.to_vec())
            }
        };
        if accounts.contains(&own) {
            return Err(Error::BadArgument);
        }
        accounts.sort_unstable();
        accounts.dedup();
        inner.plan(Purpose::Message, conversation, &accounts, |_| true, now)
    }
}

impl Inner {
    /// A plan for those devices of these accounts and of this one that `wanted` names.
    pub(super) fn plan(
        &self,
        purpose: Purpose,
        conversation: letter::Conversation,
        accounts: &[AccountId],
        wanted: impl Fn(Address) -> bool,
        now: u64,
    ) -> Result<Plan, Error> {
        self.check_listed()?;
        let now = now.max(self.clock);
        let (mut lists, mut targets) = (Vec::new(), Vec::new());
        for account in core::iter::once(self.account()).chain(accounts.iter().copied()) {
            let contact = self.contact(account).ok_or(Error::Unlisted)?;
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

    fn target(&self, address: Address, now: u64) -> Target {
        let peer = self.peers.get(&address);
        let usable = peer.is_some_and(|peer| peer.usable(now).is_some());
        let active = peer.and_then(Peer::active_id).unwrap_or_default();
        Target { address, active, way: if usable { Way::Active } else { Way::Missing } }
    }
}

impl Plan {
    pub(super) fn is_group(&self) -> bool {
        matches!(self.conversation, letter::Conversation::Group { .. })
    }

    /// The account whose list a letter names beside this one's.
    pub(super) fn other(&self, own: AccountId) -> AccountId {
        match self.conversation {
            letter::Conversation::With(account) => account,
            letter::Conversation::Group { .. } => own,
        }
    }

    pub(super) fn listed(&self, own: AccountId, other: AccountId) -> [Listed; 2] {
        [self.list_of(own), self.list_of(other)]
    }

    fn list_of(&self, wanted: AccountId) -> Listed {
        let none = Listed { epoch: 0, hash: [0; 32] };
        let Some(((own, listed), others)) = self.lists.split_first() else { return none };
        if *own == wanted {
            return *listed;
        }
        let place = others.binary_search_by_key(&wanted, |(account, _)| *account);
        place.ok().and_then(|place| others.get(place)).map_or(none, |(_, listed)| *listed)
    }
}

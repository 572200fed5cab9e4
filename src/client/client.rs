//! A device of an account with everything that it needs to talk: the facade of the crate.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::address::Address;
use super::contact::{Contact, ListMismatch};
use super::delta::{ClientDelta, ClientItem};
use super::holdings::Holdings;
use super::passing::PassingLog;
use super::peer::Peer;
use super::seen_log::SeenLog;
use super::sent_log::SentLog;
use super::spent::SpentLog;
use super::tombstones::{Tombstones, plausible};
use super::tracked::{Tracked, TrackedMap};
use super::trail::Trail;
use super::unread::UnreadLog;
use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::clock::{Clock, Now};
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::identity::certificate::{AccountId, Certificate};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::linking::PendingLinking;
use crate::protocol::letter::MessageId;
use crate::session::prekey_delta::DeviceDelta;
use crate::session::{Account, Device};
use crate::storage::{Anchor, Change, Pending, Stateful};

/// A device of an account: its keys, the device lists that it knows, its sessions with other devices, and
/// what it must remember of messages. Secret: no `Clone`, wiped on drop.
///
/// Every operation either fails and leaves the client as it was, or makes one [`Change`] with everything in
/// it: save it, apply it, then send or show ([`storage`](crate::storage)).
///
/// `now` is the caller's clock in seconds. The client takes it for sure as long as it goes on by no more than two days
/// at once, or something of somebody else's says the same; else not before a second look, an hour later. What is past
/// its time is refused by the caller's clock, and erased by the time that is sure. A value below that one counts as
/// it, so that setting a clock back revives nothing. See [`Tasks::clock`](super::Tasks::clock), and after a clock that
/// was wrong [`Client::reset_clock`].
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::{Client, ListUpdate};
/// use latchstring::session::{Account, AccountId, Fingerprint, Served};
/// use latchstring::storage::{State, StateKey};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///     let mut ada = Client::create(&account, now, &mut rng);
///     // Saved with the account. Then publish list, bundle and one-time prekeys.
///     let key = StateKey::new(1, &[9; 32])?;
///     let record = key.seal(&ada, b"ada's phone", &mut rng)?;
///     let _published = (ada.list().encode(), ada.bundle(), ada.replenish(now, &mut rng).apply());
///
///     // Another account: learn its list, and compare fingerprints.
///     let grace = Client::create(&Account::generate(AccountId([2; 32]), &mut rng), now, &mut rng);
///     assert_eq!(ada.learn(grace.list(), now)?.apply(), ListUpdate::First);
///     println!("{}", Fingerprint::of(ada.certificate(), grace.certificate()));
///
///     // Each day, do what is to be done.
///     let mut later = now;
///     while !ada.tasks(&Served::NOTHING, later).renew_list {
///         later += 86_400;
///         ada.expire(later).apply();
///     }
///     ada.renew(&account, later)?.apply();
///     assert_eq!(ada.list().epoch(), 2);
///
///     // The record of before is behind the anchor.
///     assert!(key.open::<Client>(b"ada's phone", Some(&ada.anchor()), &record).is_err());
///     Ok(())
/// }
/// ```
pub struct Client {
    pub(super) inner: Box<Inner>,
}

redacted!(
    Client,
    |client| address = client.address(),
    list = client.list(),
    accounts = client.inner.contacts.len(),
    peers = client.inner.peers.len()
);

pub(super) struct Inner {
    pub(super) device: Tracked<Device>,
    pub(super) own: Tracked<Contact>,
    pub(super) contacts: TrackedMap<AccountId, Contact>,
    pub(super) peers: TrackedMap<Address, Peer>,
    pub(super) holdings: Holdings,
    pub(super) sent: SentLog,
    pub(super) seen: SeenLog,
    pub(super) unread: UnreadLog,
    pub(super) tombstones: Tombstones,
    /// The messages that are shown once and were.
    pub(super) spent: SpentLog,
    /// The things that were said in passing lately. Never stored.
    pub(super) passed: PassingLog,
    pub(super) linking: Option<Box<PendingLinking>>,
    /// The highest epoch of this account's list that was shown since the client was loaded, 0 if none was. Never
    /// stored: a copy may be old.
    pub(super) shown: u64,
    /// The time at which a seen report was last sealed that left a device out; 0 if none was.
    pub(super) report_tried: u64,
    pub(super) clock: Clock,
    pub(super) anchor: Anchor,
    /// The pages that the last changes have touched. Never stored.
    pub(super) trail: Trail,
}

impl Client {
    /// Makes the first device of an account, its primary, and the account's first device list, which
    /// [`Client::list`] gives to be published. Save the account and the client first.
    pub fn create(account: &Account, now: u64, rng: &mut impl CryptoRng) -> Self {
        let device = Device::generate(account, now, rng);
        let list = DeviceList::first(account.key(), device.certificate().clone(), now);
        Self::new(device, list, now)
    }

    pub(crate) fn new(device: Device, list: DeviceList, now: u64) -> Self {
        let certificate = device.certificate();
        let anchor = Anchor::start(Self::KIND, &certificate.core(), &list.hash().0);
        let shown = list.epoch();
        let inner = Inner {
            device: Tracked::new(device),
            own: Tracked::new(Contact::own(list)),
            contacts: TrackedMap::default(),
            peers: TrackedMap::default(),
            holdings: Holdings::default(),
            sent: SentLog::default(),
            seen: SeenLog::default(),
            unread: UnreadLog::default(),
            tombstones: Tombstones::default(),
            spent: SpentLog::default(),
            passed: PassingLog::since(0),
            linking: None,
            shown,
            report_tried: 0,
            clock: Clock::new(now),
            anchor,
            trail: Trail::default(),
        };
        Self { inner: Box::new(inner) }
    }

    /// Returns this device's certificate: who it is.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.inner.device.certificate()
    }

    /// Returns this device's address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.inner.address()
    }

    pub(crate) fn device(&self) -> &Device {
        &self.inner.device
    }

    /// Returns the device list of this account, as far as this device knows it.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        &self.inner.own.list
    }

    /// Tells whether this device is in its account's list, as far as it knows that. If not, it has
    /// been removed. Then leave all links and guest chats and delete them
    /// ([`Invite::leave`](crate::guest::Invite::leave), [`Chat::leave`](crate::guest::Chat::leave)): ask at the
    /// start, because the process may have ended before that was done.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.inner.check_listed().is_ok()
    }

    /// Returns the device list of an account, if this device knows one.
    #[must_use]
    pub fn list_of(&self, account: AccountId) -> Option<&DeviceList> {
        self.inner.contact(account).map(|contact| &contact.list)
    }

    /// Lists which devices last reported another device list than the one known here: by whom, of which
    /// account, and what it means. Empty when everybody agrees. What a device last said of an account stays until it
    /// says something else there, or the account is [forgotten](Self::forget).
    pub fn mismatches(&self) -> impl Iterator<Item = (Address, AccountId, ListMismatch)> {
        self.inner.peers.iter().flat_map(|(by, peer)| {
            let reports = peer.reports.iter();
            reports.filter_map(|(subject, listed)| {
                let mismatch = self.inner.contact(*subject)?.mismatch(*listed)?;
                Some((*by, *subject, mismatch))
            })
        })
    }

    /// Tells whether there is a session with this device that a message can be sealed in.
    #[must_use]
    pub fn has_session(&self, with: Address, now: u64) -> bool {
        let now = self.inner.clock.now(now);
        self.inner.peers.get(&with).is_some_and(|peer| peer.usable(now).is_some())
    }

    /// Makes the pending answer of some items, and of what they give out.
    pub(super) fn pending<T>(
        &mut self,
        now: Now,
        items: Vec<ClientItem>,
        output: T,
    ) -> Pending<'_, Self, T> {
        Pending::new(self, ClientDelta { now, items }, output)
    }
}

impl Inner {
    /// Returns what is known of an account, this one included.
    pub(super) fn contact(&self, account: AccountId) -> Option<&Contact> {
        if account == self.account() {
            return Some(&self.own);
        }
        self.contacts.get(&account).filter(|contact| !contact.forgotten)
    }

    /// Returns what is known of an account, or refuses an unknown one.
    pub(super) fn known(&self, account: AccountId) -> Result<&Contact, Error> {
        self.contact(account).ok_or(Error::UnknownAccount)
    }

    /// Returns what a new session with a device says it continues.
    pub(super) fn continuation(&self, address: Address, now: Now) -> Continuation {
        let peer = self.peers.get(&address);
        let newest = self.newest(address, now);
        peer.map_or_else(|| Peer::new(newest).continuation(now), |peer| peer.continuation(now))
    }

    /// Returns when the newest session with a device was made, of those that can be.
    pub(super) fn newest(&self, address: Address, now: Now) -> u64 {
        let now = now.reading();
        let tombstones = || plausible(self.tombstones.newest(address), now);
        self.peers.get(&address).map_or_else(tombstones, |peer| peer.newest(now))
    }

    /// Returns the id that this account has now.
    pub(super) fn account(&self) -> AccountId {
        self.own.list.account()
    }

    pub(super) fn address(&self) -> Address {
        Address::listed(&self.own.list, self.device.certificate())
    }

    /// Checks that this device is still one of its account's.
    pub(super) fn check_listed(&self) -> Result<(), Error> {
        let listed = self.own.list.device(self.address().device);
        let is_listed = listed == Some(self.device.certificate());
        if is_listed { Ok(()) } else { Err(Error::OwnDeviceUnlisted) }
    }

    /// Makes the item that holds a change of this device's prekeys.
    pub(super) fn prekeys(&self, delta: DeviceDelta) -> ClientItem {
        ClientItem::Prekeys(Box::new(Change::new(self.device.stands(), delta)))
    }

    pub(super) fn advance(&mut self, next: Anchor, delta: ClientDelta) {
        let (now, letter) = (delta.now, delta.letter());
        for item in delta.items {
            self.take((next, now), item, letter);
        }
        let from = core::mem::replace(&mut self.anchor, next);
        self.clock = now.clock();
        self.note_step(from);
    }

    fn take(&mut self, (next, at): (Anchor, Now), item: ClientItem, letter: Option<MessageId>) {
        let now = at.reading();
        match item {
            ClientItem::Prekeys(change) => change.move_on(&mut self.device),
            ClientItem::Begin(begin) => self.begin(*begin, now),
            ClientItem::Accept(accept) => self.accept(*accept, at),
            ClientItem::Sealed(mut moved) | ClientItem::Opened(mut moved) => {
                self.move_session(&mut moved, (next, now), letter);
            }
            ClientItem::Raised(raised) => self.peer(raised.of).raise(raised.level, now),
            ClientItem::Seen(seen) => self.seen.add(*seen),
            ClientItem::SeenReported => self.seen.reported(self.account()),
            ClientItem::ReportTried => self.report_tried = now,
            ClientItem::Sent(sent) => {
                sent.accounts().for_each(|account| self.acquaint(account));
                self.sent.add(*sent);
            }
            ClientItem::Acquaint(account) => self.acquaint(*account),
            ClientItem::Resent(resent) => {
                self.sent.count(&resent.id, resent.to);
                self.peer(resent.to).wanted.answer(&[resent.id]);
            }
            ClientItem::Queued(queued) => {
                let epoch = self.contact(queued.account).map_or(0, |contact| contact.list.epoch());
                self.sent.settle(&queued.id, queued.account, epoch, now);
            }
            ClientItem::Attempt(attempt) => self.sent.attempt(&attempt, now),
            ClientItem::Wanted(wanted) => self.peer(wanted.0).wanted = wanted.1,
            ClientItem::Refused(refused) => self.note_refusal(refused.0, &refused.1),
            ClientItem::AskedOwn(asked) => self.note_asked_own(&asked.letters),
            ClientItem::Report(report) => self.report(*report, now),
            ClientItem::Learn(list) => self.learn(*list, now),
            ClientItem::Changed(list) => self.hold(*list),
            ClientItem::Acknowledge(list) => self.acknowledge(*list, now),
            ClientItem::Dismiss(dismissed) => self.dismiss(&dismissed, now),
            ClientItem::Forget(account) => self.forget(*account, now),
            ClientItem::Verified(verified) => self.set_verified(&verified),
            ClientItem::Logged(logged) => self.set_logged(&logged),
            ClientItem::Linking(pending) => self.linking = pending,
            ClientItem::Expire => self.erase_expired(at),
            ClientItem::ResetClock => self.reset_clock(now),
            ClientItem::Passed(passing) => self.passed.note(*passing, now),
            ClientItem::Spent(name) => self.spent.add(*name, now),
            ClientItem::Unread(unread) => self.note_unread(*unread),
            ClientItem::Asked(asked) => self.note_asked(&asked, at),
            ClientItem::Settled(settled) => self.unread.settle(settled.from, &settled.id),
        }
    }

    pub(super) fn peer(&mut self, address: Address) -> &mut Peer {
        let tombstones = &self.tombstones;
        self.peers.get_or_insert_with(address, || Peer::new(tombstones.newest(address)))
    }
}

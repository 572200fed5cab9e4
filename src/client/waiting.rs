//! Lists of an account that wait for the user, and what the user has dismissed: `spec/devices.md`, "Lists that
//! wait".

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::identity::device_list::DeviceList;

/// Account keys other than the known one under which a list is held at most.
pub(crate) const MAX_WAITING: usize = 4;

/// Dismissals of an account that are remembered at most.
pub(crate) const MAX_DISMISSALS: usize = 256;

/// The time in seconds after a dismissal that pushed out an older one in which nothing new waits: a day.
pub(crate) const DISMISSAL_PAUSE: u64 = 86_400;

/// The name under which a dismissal is remembered: of a list under another account key than the known one that
/// key, of one under the known key its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Dismissal(pub(super) [u8; 32]);

/// The lists of an account that wait, and what was dismissed of it.
#[derive(Default)]
pub(super) struct Waiting {
    /// In ascending order of their account keys, one under each.
    lists: Vec<DeviceList>,
    /// Oldest first.
    dismissed: Vec<Dismissal>,
    /// The time before which nothing new waits; 0 as long as all dismissals are remembered.
    pause: u64,
}

impl Dismissal {
    /// Names what is dismissed with a list, given the account key that is known.
    pub(super) fn of(list: &DeviceList, known: AccountKey) -> Self {
        let key = list.account_key();
        Self(if key == known { list.hash().0 } else { key.0 })
    }

    fn names(self, list: &DeviceList) -> bool {
        self.0 == list.account_key().0 || self.0 == list.hash().0
    }
}

impl Waiting {
    /// Tells whether a list that does not follow from the known one is news, or else refuses it. A list that
    /// is held stands for its key: what is older than that, or another history, is refused as it would be if
    /// it were known.
    pub(super) fn is_news(
        &self,
        list: &DeviceList,
        known: AccountKey,
        now: Now,
    ) -> Result<bool, Error> {
        let is_known_key = list.account_key() == known;
        let refused = if is_known_key { Error::ListGap } else { Error::WrongPeer };
        if self.dismissed.contains(&Dismissal::of(list, known)) {
            return Err(refused);
        }
        if let Some(held) = self.under(list.account_key()) {
            return match list.follows(held) {
                Err(Error::ListGap) => Ok(true),
                follows => follows,
            };
        }
        if now.reading() < self.pause {
            return Err(refused);
        }
        let others = self.lists.iter().filter(|held| held.account_key() != known);
        Ok(is_known_key || others.count() < MAX_WAITING)
    }

    /// Holds a list, in the place of the one under its key.
    pub(super) fn hold(&mut self, list: DeviceList) {
        let key = list.account_key();
        let place = self.lists.partition_point(|held| held.account_key() < key);
        match self.lists.get_mut(place) {
            Some(held) if held.account_key() == key => *held = list,
            _ => self.lists.insert(place, list),
        }
    }

    /// Lets go of what a dismissal names, and remembers it. Once there are too many, the oldest is forgotten,
    /// and for a day nothing new waits: it would wait again at once.
    pub(super) fn dismiss(&mut self, dismissal: Dismissal, now: u64) {
        self.lists.retain(|held| !dismissal.names(held));
        if self.dismissed.contains(&dismissal) {
            return;
        }
        if self.dismissed.len() >= MAX_DISMISSALS {
            self.dismissed.remove(0);
            self.pause = now.saturating_add(DISMISSAL_PAUSE);
        }
        self.dismissed.push(dismissal);
    }

    /// Lets go of what waits. Nothing is decided by that: it waits again once it is learned again.
    pub(super) fn let_go(&mut self) {
        self.lists.clear();
    }

    /// Gives up the dismissal of a key that the user has acknowledged after all.
    pub(super) fn allow(&mut self, key: AccountKey) {
        self.dismissed.retain(|dismissal| dismissal.0 != key.0);
        self.lists.retain(|held| held.account_key() != key);
    }

    /// Compares the list under the known key with a known list that is new: takes it out if it follows, and lets
    /// go of it if the known list is it, or newer. Any other one waits on: if the known list has taken another
    /// way, the account key has two histories.
    pub(super) fn settle(&mut self, known: &DeviceList) -> Option<DeviceList> {
        let place = self.lists.iter().position(|held| held.account_key() == known.account_key())?;
        match self.lists.get(place)?.follows(known) {
            Ok(true) => Some(self.lists.remove(place)),
            Ok(false) | Err(Error::ListRollback) => {
                self.lists.remove(place);
                None
            }
            Err(_) => None,
        }
    }

    /// Returns the list that waits under an account key.
    pub(super) fn under(&self, key: AccountKey) -> Option<&DeviceList> {
        self.lists.iter().find(|held| held.account_key() == key)
    }

    /// Returns the lists that wait.
    pub(super) fn lists(&self) -> impl Iterator<Item = &DeviceList> {
        self.lists.iter()
    }

    /// Tells whether something waits.
    pub(super) fn is_open(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Tells whether nothing waits, and nothing ever was dismissed.
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.dismissed.is_empty() && self.pause == 0
    }

    /// Tells whether a device is in a list that waits.
    pub(super) fn has(&self, device: DeviceId) -> bool {
        self.lists.iter().any(|held| held.device(device).is_some())
    }

    /// Leaves no time ahead of what it would be if it were set now.
    pub(super) fn has_time_ahead(&self, now: u64) -> bool {
        self.pause > now.saturating_add(DISMISSAL_PAUSE)
    }

    pub(super) fn bound_times(&mut self, now: u64) {
        self.pause = self.pause.min(now.saturating_add(DISMISSAL_PAUSE));
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.lists, DeviceList::write);
        writer.list(&self.dismissed, |dismissal, writer| writer.raw(&dismissal.0));
        writer.u64(self.pause);
    }

    pub(super) fn read(reader: &mut Reader<'_>, known: &DeviceList) -> Result<Self, Error> {
        let most = MAX_WAITING.saturating_add(1);
        let lists: Vec<_> = reader.list(most, DeviceList::recall)?;
        let dismissed = reader.list(MAX_DISMISSALS, |reader| Ok(Dismissal(*reader.array()?)))?;
        let is_set = lists.is_sorted_by(|one, other| one.account_key() < other.account_key());
        let is_of = |list: &DeviceList| {
            let waits = list.account_key() != known.account_key()
                || !matches!(list.follows(known), Ok(_) | Err(Error::ListRollback));
            list.account() == known.account() && waits
        };
        if is_set && lists.iter().all(is_of) {
            Ok(Self { lists, dismissed, pause: reader.u64()? })
        } else {
            Err(Error::Malformed)
        }
    }
}

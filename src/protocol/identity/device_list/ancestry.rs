//! The relation of two lists of an account, of which one may follow from the other: `spec/devices.md`, "Following an
//! account".

use core::cmp::Ordering;

use super::list::{DeviceList, step};
use crate::error::Error;

impl DeviceList {
    /// Returns `hash(epoch − 1)`.
    pub(super) fn predecessor(&self) -> [u8; 32] {
        self.ancestors().last().map_or(self.base, |(_, hash)| hash)
    }

    /// Returns the epoch of the base.
    pub(super) fn base_epoch(&self) -> u64 {
        // A trail has at most `MAX_TRAIL` entries, and no usize is longer than a u64.
        let length = u64::try_from(self.trail.len()).unwrap_or(u64::MAX);
        self.epoch.saturating_sub(length).saturating_sub(1)
    }

    /// Lists epoch and hash of the base and of every list of the trail.
    fn ancestors(&self) -> impl Iterator<Item = (u64, [u8; 32])> {
        let base = (self.base_epoch(), self.base);
        let followed = self.trail.iter().scan(base, |(epoch, hash), inner| {
            *epoch = epoch.saturating_add(1);
            *hash = step(*epoch, hash, inner);
            Some((*epoch, *hash))
        });
        core::iter::once(base).chain(followed)
    }

    /// Returns the hash of the account's list at that epoch, if this list is it or names it.
    pub(crate) fn hash_at(&self, epoch: u64) -> Option<[u8; 32]> {
        let own = core::iter::once((self.epoch, self.hash));
        self.ancestors().chain(own).find(|(at, _)| *at == epoch).map(|(_, hash)| hash)
    }

    /// Tells whether this list takes the place of the known one: no if it is the same list, yes if it
    /// follows from it, an error otherwise.
    pub(crate) fn follows(&self, known: &Self) -> Result<bool, Error> {
        if !self.is_of_account(known) {
            return Err(Error::WrongPeer);
        }
        match self.epoch.cmp(&known.epoch) {
            Ordering::Less => match known.hash_at(self.epoch) {
                Some(hash) if hash != self.hash => Err(Error::ListFork),
                _ => Err(Error::ListRollback),
            },
            Ordering::Equal if self.hash == known.hash => Ok(false),
            Ordering::Equal => Err(Error::ListFork),
            Ordering::Greater => {
                let hash = self.hash_at(known.epoch).ok_or(Error::ListGap)?;
                if hash != known.hash {
                    return Err(Error::ListFork);
                }
                if self.gives_id_to_other_keys(known) { Err(Error::WrongPeer) } else { Ok(true) }
            }
        }
    }

    /// Tells whether an id of the known list is given to other keys: what is kept under a device's id
    /// would become another device's.
    pub(super) fn gives_id_to_other_keys(&self, known: &Self) -> bool {
        known.devices.iter().any(|old| {
            self.device(old.device()).is_some_and(|device| device.identity() != old.identity())
        })
    }
}

//! Tombstones: devices of which nothing is left but when their newest session was made.
//!
//! An old first message that was withheld must not become a session when the device comes back into its list,
//! or its account is learned again.

use alloc::collections::BTreeMap;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::handshake::prekeys::KEEP_FOR;
use crate::protocol::identity::certificate::AccountId;

use super::address::Address;
use super::paged_log::{Entry, PagedLog};
use super::session_choice::is_plausible;

/// The most devices that are remembered.
pub(super) const MAX_TOMBSTONES: usize = 1024;

/// A device whose sessions were erased, and when.
pub(super) struct Tombstone {
    pub(super) address: Address,
    newest: u64,
    at: u64,
}

impl Entry for Tombstone {
    const PAGE: u8 = 7;
    const PIECE: usize = 32;
    const MAX: usize = MAX_TOMBSTONES;

    fn write(&self, writer: &mut Writer) {
        self.address.write(writer);
        writer.u64(self.newest);
        writer.u64(self.at);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let address = Address::read(reader)?;
        Ok(Self { address, newest: reader.u64()?, at: reader.u64()? })
    }
}

/// The devices whose sessions were erased last, oldest first.
#[derive(Default)]
pub(super) struct Tombstones(pub(super) PagedLog<Tombstone>);

impl Tombstones {
    /// Adds a device. If there are too many, a newcomer's goes, the oldest first, and else the oldest of the
    /// account that has most: nobody makes this device forget what it knows of somebody else's.
    pub(super) fn add(
        &mut self,
        (address, newest): (Address, u64),
        at: u64,
        is_newcomer: impl Fn(AccountId) -> bool,
    ) {
        self.0.retain(|old| old.address != address);
        if self.0.len() >= MAX_TOMBSTONES
            && let Some(gone) = self.to_forget(is_newcomer)
        {
            self.0.retain(|old| old.address != gone);
        }
        self.0.push(Tombstone { address, newest, at });
    }

    fn to_forget(&self, is_newcomer: impl Fn(AccountId) -> bool) -> Option<Address> {
        let addresses = || self.0.iter().map(|tombstone| tombstone.address);
        if let Some(newcomer) = addresses().find(|address| is_newcomer(address.account)) {
            return Some(newcomer);
        }
        let mut counts = BTreeMap::<_, usize>::new();
        for address in addresses() {
            let count = counts.entry(address.account).or_default();
            *count = count.saturating_add(1);
        }
        let (account, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        addresses().find(|address| address.account == account)
    }

    /// Returns when the newest session with a device was made, 0 if nothing is remembered.
    pub(super) fn newest(&self, address: Address) -> u64 {
        let tombstone = self.0.iter().find(|tombstone| tombstone.address == address);
        tombstone.map_or(0, |tombstone| tombstone.newest)
    }

    /// Forgets devices whose withheld first messages cannot open any more: their prekeys are erased by now.
    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|tombstone| now < tombstone.at.saturating_add(KEEP_FOR));
    }

    pub(super) fn reset_clock(&mut self, now: u64) {
        let newest = |tombstone: &Tombstone| plausible(tombstone.newest, now);
        let is_implausible = |tombstone: &Tombstone| newest(tombstone) != tombstone.newest;
        self.0.change(is_implausible, |tombstone| tombstone.newest = newest(tombstone));
    }

    /// Leaves no time of this device's own ahead of now.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.0.change(|tombstone| tombstone.at > now, |tombstone| tombstone.at = now);
    }
}

/// Returns when a session was made if that is plausible, and else now. Not 0: that there were sessions stays known.
pub(super) fn plausible(newest: u64, now: u64) -> u64 {
    if is_plausible(newest, now) { newest } else { now }
}

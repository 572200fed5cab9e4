//! Devices of which nothing is left but when their newest session was made.
//!
//! A first message that was withheld since before must not become a session when the device comes
//! back into its list, or its account is learned again.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::prekeys::KEEP_FOR;

use super::Address;
use super::runs::{Entry, Runs};

/// Devices that are remembered at most; the oldest is forgotten first.
const MAX_GONE: usize = 1024;

/// A device whose sessions were erased at a time.
pub(super) struct Gone {
    address: Address,
    newest: u64,
    at: u64,
}

impl Entry for Gone {
    const PAGE: u8 = 7;
    const RUN: usize = 32;
    const MAX: usize = MAX_GONE;

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
pub(super) struct GoneLog(pub(super) Runs<Gone>);

impl GoneLog {
    pub(super) fn add(&mut self, address: Address, newest: u64, at: u64) {
        self.0.retain(|gone| gone.address != address);
        if self.0.len() >= MAX_GONE {
            self.0.pop();
        }
        self.0.push(Gone { address, newest, at });
    }

    /// When the newest session with a device was made, 0 if nothing is remembered.
    pub(super) fn newest(&self, address: Address) -> u64 {
        let gone = self.0.iter().find(|gone| gone.address == address);
        gone.map_or(0, |gone| gone.newest)
    }

    /// Forgets what no first message of then can open any more: its prekeys are erased by now.
    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|gone| now < gone.at.saturating_add(KEEP_FOR));
    }

    pub(super) fn mend(&mut self, now: u64) {
        for gone in self.0.iter_mut() {
            gone.at = gone.at.min(now);
        }
    }
}

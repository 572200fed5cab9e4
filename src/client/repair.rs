//! Repairs: what a device seals next, so that letters get read.

use super::address::Address;
use super::client::Client;
use super::plan::Plan;
use crate::error::Error;

/// Something to be sealed, so that letters get read. [`Client::repairs`] gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repair {
    /// Asks a device for what did not open, in a new session if the present one has come apart. Seal it with
    /// [`Enclosed::Nothing`](super::Enclosed). If no bundle of the device is to be had, leave it out and seal all the
    /// same, so that the attempt counts.
    Request {
        /// The device.
        to: Address,
    },
    /// Tells the account's other devices which letters of others were opened here. Seal it with
    /// [`Enclosed::Nothing`](super::Enclosed).
    SeenReport,
}

impl Client {
    /// Returns what is to be sealed now, the most urgent first. For each: [`Client::plan_repair`], supply what the
    /// plan lacks, seal, save and send. Nothing changes: ask as often as you like.
    pub fn repairs(&self, now: u64) -> impl Iterator<Item = Repair> + '_ {
        let now = self.inner.clock.now(now);
        let requests = self.inner.requests(now).map(|to| Repair::Request { to });
        self.inner.answers(now).chain(requests)
    }

    /// Returns when to look again, though nothing comes, once all is sealed that [`Client::repairs`] lists now.
    #[must_use]
    pub fn next_repair(&self, now: u64) -> Option<u64> {
        self.inner.next_request(self.inner.clock.now(now))
    }

    /// Plans a repair.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`].
    pub fn plan_repair(&self, repair: &Repair, now: u64) -> Result<Plan, Error> {
        match repair {
            Repair::Request { to } => self.inner.plan_request(*to, self.inner.clock.now(now)),
            Repair::SeenReport => self.report_seen(now),
        }
    }
}

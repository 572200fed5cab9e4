//! Repairs: what a device seals next, so that letters get read.

use super::client::Client;
use super::plan::Plan;
use crate::error::Error;

/// Something to be sealed, so that letters get read. [`Client::repairs`] gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repair {
    /// Tells the account's other devices which letters of others were opened here. Seal it with
    /// [`Enclosed::Nothing`](super::Enclosed).
    SeenReport,
}

impl Client {
    /// Returns what is to be sealed now, the most urgent first. For each: [`Client::plan_repair`], supply what the
    /// plan lacks, seal, save and send. Nothing changes: ask as often as you like.
    pub fn repairs(&self, now: u64) -> impl Iterator<Item = Repair> + '_ {
        let now = self.inner.clock.now(now);
        self.inner.answers(now)
    }

    /// Plans a repair.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`].
    pub fn plan_repair(&self, repair: &Repair, now: u64) -> Result<Plan, Error> {
        match repair {
            Repair::SeenReport => self.report_seen(now),
        }
    }
}

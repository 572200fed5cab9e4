//! Answers: the repairs that others wait for.

use super::client::Inner;
use super::repair::Repair;
use crate::protocol::clock::Now;

impl Inner {
    pub(super) fn answers(&self, now: Now) -> impl Iterator<Item = Repair> + '_ {
        // A report is for own devices alone.
        let goes = self.check_writes(now).is_ok() && self.stop_of(self.account(), now).is_none();
        (goes && self.report_due()).then_some(Repair::SeenReport).into_iter()
    }
}

//! Answers: the repairs that others wait for.

use super::client::Inner;
use super::repair::Repair;
use crate::protocol::clock::Now;

impl Inner {
    pub(super) fn answers(&self, _now: Now) -> impl Iterator<Item = Repair> + '_ {
        self.report_due().then_some(Repair::SeenReport).into_iter()
    }
}

//! Changes in the making: what the settings come to by the steps so far, beside what they are.

use alloc::vec::Vec;

use crate::client::Client;
use crate::error::Error;
use crate::primitives::sign;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::settings::members::devices;
use crate::protocol::settings::replica::{Replica, SettingTurn};

use super::change::SettingChange;
use super::delta::{SettingsDelta, Step};
use super::settings::Inner;

/// A change in the making.
pub(super) struct Draft<'a> {
    pub(super) inner: &'a Inner,
    pub(super) client: &'a Client,
    pub(super) now: Now,
    /// The settings as they come out of the steps so far.
    pub(super) replica: Replica,
    pub(super) steps: Vec<Step>,
}

impl<'a> Draft<'a> {
    /// Begins with what the client's list says by now.
    pub(super) fn begin(inner: &'a Inner, client: &'a Client, now: u64) -> Result<Self, Error> {
        inner.check(client)?;
        let now = inner.clock.now(now).supported(client.firm(now));
        let replica = inner.replica.clone();
        let mut draft = Self { inner, client, now, replica, steps: Vec::new() };
        let list = client.list();
        if list.epoch() > draft.replica.members.epoch() {
            draft.step(Step::Members(list.epoch(), devices(list)));
        }
        Ok(draft)
    }

    /// Makes one step, and tells what turns by it.
    pub(super) fn step(&mut self, step: Step) -> Vec<SettingTurn> {
        let turns = step.apply(&mut self.replica);
        self.steps.push(step);
        turns
    }

    /// Makes one step, and tells what changes by it for the app.
    pub(super) fn changes(&mut self, step: Step) -> impl Iterator<Item = SettingChange> {
        let turns = self.step(step);
        turns.into_iter().map(|turn| SettingChange::new(turn, &self.replica.map))
    }

    /// Returns the key of a device that the account has now.
    pub(super) fn signing(&self, device: DeviceId) -> Result<sign::PublicKey, Error> {
        let listed = self.client.list().device(device).ok_or(Error::Unlisted)?;
        Ok(listed.identity().signing)
    }

    /// Returns the change, if anything has changed.
    pub(super) fn into_delta(self) -> Option<SettingsDelta> {
        let Self { inner, now, steps, .. } = self;
        (!steps.is_empty()).then_some(SettingsDelta { now, account: inner.account, steps })
    }
}

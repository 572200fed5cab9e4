//! Repairs: what a device seals next, so that letters get read.

use super::address::Address;
use super::client::Client;
use super::plan::Plan;
use crate::error::Error;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::letter::MessageId;

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
    /// Tells a device which of the letters that it has asked for do not come again. Seal it with
    /// [`Enclosed::Nothing`](super::Enclosed).
    Refuse {
        /// The device.
        to: Address,
    },
    /// Seals a letter again for a device that has asked for it. Seal it with the same content, or object; if that is
    /// gone, call [`Client::give_up`].
    Resend {
        /// The device.
        to: Address,
        /// The letter.
        id: MessageId,
    },
    /// Seals a letter for devices that were left out of it. Seal it with the same content, or object; if that is gone,
    /// call [`Client::give_up`]. An app may also plan it by itself for a letter of the last day: then it is for the
    /// devices, too, that came into their account's list since. The plan has no devices if nobody lacks the letter.
    Backfill {
        /// The letter.
        id: MessageId,
    },
    /// Passes a letter of somebody else on to an own device that has asked for it. Seal it with the
    /// [`CopiedLetter`](super::CopiedLetter); if it was not kept, call [`Client::give_up`].
    Copy {
        /// The own device.
        to: DeviceId,
        /// The letter's sender.
        from: Address,
        /// The letter.
        id: MessageId,
    },
    /// Asks the other own devices for letters of others that this one could not read, and whose senders do not send
    /// them again. Seal it with [`Enclosed::Nothing`](super::Enclosed).
    AskOwn,
    /// Tells the account's other devices which letters of others were opened here, so that a sender who told them
    /// different things is noticed. It is listed once many were; an app may plan it by itself once a day. Seal it with
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
        let now = self.inner.clock.now(now);
        let answer = self.inner.sent.next_attempt(now);
        let report = Some(self.inner.next_report()).filter(|at| *at > now.reading());
        self.inner.next_request(now).into_iter().chain(answer).chain(report).min()
    }

    /// Plans a repair.
    ///
    /// # Errors
    ///
    /// [`Error::StalePlan`] for a refusal of nothing: ask [`Client::repairs`] again.
    ///
    /// Of a letter that is to be sealed again, [`Error::MessageForgotten`] if it is not remembered any more: the newest
    /// 128 are, for two weeks; for devices that came later, for a day. [`Error::NotRecipient`] if it did not go to the
    /// device's account, or the device came into that account's list later; [`Error::Unlisted`] if it is not in the
    /// list. [`Error::ResendLimit`] if it was sealed again for that device five times. Else as [`Client::plan`].
    pub fn plan_repair(&self, repair: &Repair, now: u64) -> Result<Plan, Error> {
        let now = self.inner.clock.now(now);
        match repair {
            Repair::Request { to } => self.inner.plan_request(*to, now),
            Repair::SeenReport => self.inner.plan_report(now),
            _ => self.inner.plan_answer(repair, now),
        }
    }
}

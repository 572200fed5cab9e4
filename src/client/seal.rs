//! Sealing: one letter, an envelope for each device of a plan, one change.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::Sealed;
use crate::error::Error;
use crate::protocol::blob;
use crate::protocol::letter::{self, Body, Letter};
use crate::protocol::padding::{MAX_CONTENT, Padding};
use crate::session::Session;

use super::logs::{Filed, MAX_AGAIN, Sent};
use super::outgoing::{Envelope, Outgoing};
use super::peer::Peer;
use super::plan::{Plan, Purpose, Target, To, Way};
use super::step::{Again, Begin, Moved, Step};
use super::{Client, Inner, MessageId};

/// The longest content that is sealed for each device; what is longer is sealed once, as a blob.
pub(crate) const MAX_INLINE: usize = 4096;

impl Client {
    /// Seals one letter for all devices of a plan: for all of them, or for none.
    ///
    /// Content of more than 4,096 bytes is sealed once, as a blob, and its key for each device.
    ///
    /// # Errors
    ///
    /// [`Error::StalePlan`] if a device list or a session has changed since the plan was made, or a
    /// bundle is still missing: make another plan. [`Error::OtherContent`] for other content than the
    /// message had that is sealed again. [`Error::BadArgument`] for more than 2^20 bytes, or for
    /// content in a plan that carries none. [`Error::ListExpired`], [`Error::AccountChanged`] as for
    /// [`Client::plan`]; [`Error::KeyGone`] and [`Error::Exhausted`] as for [`Client::plan_again`].
    /// Client and plan are as they were. A plan whose letter was sealed and dropped unsent is stale if
    /// a session would have begun with it.
    pub fn seal(
        &mut self,
        plan: &mut Plan,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = now.max(self.inner.clock);
        let inner = &*self.inner;
        inner.check_plan(plan, now)?;
        // Nothing fails once sessions have moved from the plan into the change.
        inner.anchor.next(&[])?;
        let mut steps = Vec::with_capacity(plan.targets.len().saturating_mul(2).saturating_add(1));
        let (id, body, blob) = inner.compose(plan, content, rng)?;
        let lists = plan.listed(inner.account(), plan.other(inner.account()));
        let letter = Letter { lists, sent: now, id, conversation: plan.conversation, body };
        let digest = letter.digest(inner.account(), inner.address().device);
        inner.remember(plan, id, digest, now, &mut steps)?;
        let mut bytes = letter.encode();
        let padded = Padding::Buckets.with_chunks(bytes.len(), plan.chunks);

        let mut envelopes = Vec::with_capacity(plan.targets.len());
        let mut sealed = Vec::with_capacity(plan.targets.len());
        let mut lists_of = plan.other(inner.account());
        for target in &plan.targets {
            let to = target.address;
            // In a group each account is told which of its own lists it was reached by.
            if plan.is_group() && lists_of != to.account {
                lists_of = to.account;
                letter::readdress(&mut bytes, &plan.listed(inner.account(), lists_of));
            }
            let (message, delta) = inner.session_of(target, now)?.seal(&bytes, padded, rng)?;
            envelopes.push(Envelope { to, message });
            let moved = Moved { with: to, slot: 0, delta };
            sealed.push(Step::Sealed(Box::new(moved)));
        }
        for (target, sealed) in plan.targets.iter_mut().zip(sealed) {
            if let Way::New(session) = core::mem::replace(&mut target.way, Way::Active) {
                target.active = session.id();
                steps.push(Step::Begin(Box::new(Begin { with: target.address, session })));
            }
            steps.push(sealed);
        }
        let out = Outgoing { id, envelopes, blob, left_out: plan.left_out.clone() };
        let change = self.change(now, steps)?;
        Ok(Sealed::new(self, out, change))
    }

    /// Plans and seals in one call, for a plan that needs no bundles, and moves the client on. Save
    /// the client, then send.
    ///
    /// # Errors
    ///
    /// [`Error::StalePlan`] if a bundle is needed: make a [`Client::plan`]. Else as [`Client::plan`]
    /// and [`Client::seal`].
    pub fn send(
        &mut self,
        to: To<'_>,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Outgoing, Error> {
        let mut plan = self.plan(to, now)?;
        self.seal(&mut plan, content, now, rng)?.apply()
    }
}

impl Inner {
    /// Whether everything is still as the plan found it, and nothing is missing.
    fn check_plan(&self, plan: &Plan, now: u64) -> Result<(), Error> {
        self.check_listed()?;
        if plan.by != self.address() {
            return Err(Error::StalePlan);
        }
        for (account, listed) in &plan.lists {
            let contact = self.contact(*account).ok_or(Error::StalePlan)?;
            contact.check(now)?;
            if contact.listed() != *listed {
                return Err(Error::StalePlan);
            }
        }
        let fresh = |target: &Target| {
            let active = self.peers.get(&target.address).and_then(Peer::active_id);
            let in_time = match &target.way {
                Way::Missing => false,
                Way::Active => true,
                // What it says of where the active session ends must still be so.
                Way::New(session) => {
                    let named = session.descent().predecessor();
                    let newer = session.descent().created > self.newest(target.address);
                    newer && named == self.descent(target.address, now).predecessor()
                }
            };
            active.unwrap_or_default() == target.active && in_time
        };
        if plan.targets.iter().all(fresh) { Ok(()) } else { Err(Error::StalePlan) }
    }

    fn session_of<'a>(&'a self, target: &'a Target, now: u64) -> Result<&'a Session, Error> {
        match &target.way {
            Way::New(session) => Ok(session),
            Way::Active => {
                let peer = self.peers.get(&target.address);
                peer.and_then(|peer| peer.usable(now)).ok_or(Error::StalePlan)
            }
            Way::Missing => Err(Error::StalePlan),
        }
    }

    /// What the letter says: its id, its content, and the blob if that is long.
    fn compose<'a>(
        &self,
        plan: &Plan,
        content: &'a [u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(MessageId, Body<'a>, Option<Vec<u8>>), Error> {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let is_own = plan.conversation == letter::Conversation::With(self.account());
        let (id, body) = match &plan.purpose {
            Purpose::AskAgain(_) | Purpose::Witness if !content.is_empty() => {
                return Err(Error::BadArgument);
            }
            Purpose::AskAgain(lost) => (id, Body::AskAgain(*lost)),
            Purpose::Witness => (id, Body::Witness(self.sightings())),
            Purpose::Again(before) if is_own => (*before, Body::Own(content)),
            Purpose::Again(before) => (*before, Body::Message(content)),
            Purpose::Message if is_own => (id, Body::Own(content)),
            Purpose::Message => (id, Body::Message(content)),
        };
        if content.len() > MAX_CONTENT {
            return Err(Error::BadArgument);
        }
        if content.len() <= MAX_INLINE {
            return Ok((id, body, None));
        }
        let (reference, blob) = blob::seal(self.device.blob_key(&id, content), content)?;
        Ok((id, Body::Large(reference), Some(blob)))
    }

    /// Notes what was sent, or that it was sent again.
    fn remember(
        &self,
        plan: &Plan,
        id: MessageId,
        digest: [u8; 32],
        now: u64,
        steps: &mut Vec<Step>,
    ) -> Result<(), Error> {
        match &plan.purpose {
            Purpose::Message => steps.push(Step::Sent(Box::new(Sent {
                id,
                digest,
                at: now,
                filed: Filed::of(plan.conversation),
                lists: plan
                    .lists
                    .iter()
                    .map(|(account, listed)| (*account, listed.epoch))
                    .collect(),
                left_out: plan.left_out.clone(),
                again: Vec::new(),
            }))),
            Purpose::Again(id) => {
                let sent = self.sent_before(id, now)?;
                if sent.digest != digest {
                    return Err(Error::OtherContent);
                }
                let again = plan.targets.iter().map(|target| target.address);
                if again.clone().any(|to| sent.times(to) >= MAX_AGAIN) {
                    return Err(Error::Exhausted);
                }
                steps.extend(again.map(|to| Step::Again(Box::new(Again { id: *id, to }))));
            }
            Purpose::AskAgain(_) | Purpose::Witness => {}
        }
        Ok(())
    }
}

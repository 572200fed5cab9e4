//! Sealing: one letter, an envelope for each device of a plan, one change.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::kdf::hedged;
use crate::protocol::clock::Now;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::protocol::franking::{Schema, frank};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::labels;
use crate::protocol::letter::blob;
use crate::protocol::letter::object::ObjectKind;
use crate::protocol::letter::{Body, Letter, Listed, Said};
use crate::protocol::padding::{MAX_CONTENT, Padding};
use crate::protocol::ratchet::Exporter;
use crate::session::Session;

use super::address::Address;
use super::client::{Client, Inner};
use super::delta::{Begin, ClientItem, MovedSession, Queued, Resent};
use super::enclosed::Enclosed;
use super::outgoing::{Envelope, Outgoing};
use super::own_object::OwnObject;
use super::peer::Peer;
use super::plan::{New, Plan, PlanTarget, Purpose, To, Way};
use super::sent_log::{Filed, MAX_RESENDS, Sent};
use super::slot::Slot;
use super::wanted::AskedOwn;
use crate::protocol::letter::MessageId;
use crate::storage::Pending;

/// The longest content that is sealed for each device; what is longer is sealed once, as a blob.
pub(crate) const MAX_INLINE: usize = 4096;

/// A letter that was sealed, and what that changes.
pub(super) struct SealedLetter {
    pub(super) now: Now,
    pub(super) items: Vec<ClientItem>,
    pub(super) out: Outgoing,
}

impl Client {
    /// Seals one letter for all devices of a plan: for all of them, or for none.
    ///
    /// A content that has more than 4,096 bytes encoded is sealed once, as a blob, and its key for each device.
    ///
    /// # Errors
    ///
    /// [`Error::StalePlan`] if a device list has changed since the plan was made, or an account is to be stopped that
    /// the plan does not name as such: make another plan. [`Error::BundleMissing`] if a bundle is still needed
    /// ([`Plan::missing`]), of whom it may be by now. [`Error::WrongClient`] for another client than the plan's.
    /// [`Error::NotAllowed`] for a content that has what own devices alone may say ([`Kinds::of`]) and is for
    /// others. [`Error::ContentTooLong`] for more than 2^20 bytes; [`Error::ContentMismatch`] for another content
    /// than the message had that is sealed again, and for what the plan does not take ([`Enclosed`]).
    /// [`Error::OwnDeviceUnlisted`] and [`Error::ListExpired`] as for [`Client::plan`];
    /// [`Error::NotAllowed`] also for a receipt of what was not read here or is of somebody else, or in a group, and
    /// for a receipt or typing for a newcomer; [`Error::TooOften`] for one less than 30 or 10 seconds after the last.
    /// [`Error::MessageForgotten`] and [`Error::ResendLimit`] as for [`Client::plan_repair`]. The client is as it
    /// was then. If the sealed letter is dropped, the sessions that would have begun with it need new bundles.
    pub fn seal<'a>(
        &mut self,
        plan: &mut Plan,
        enclosed: impl Into<Enclosed<'a>>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Outgoing>, Error> {
        let now = self.inner.clock.now(now);
        let sealed = self.inner.sealed(plan, enclosed.into(), None, now, rng)?;
        Ok(self.pending(sealed.now, sealed.items, sealed.out))
    }

    /// Plans and seals in one call, for a plan that needs no bundles, and moves the client on. Save
    /// the client, then send; show who got nothing ([`Outgoing::stopped`]). It gives no franks: for
    /// a service that takes reports make a plan ([`Plan::frank`]).
    ///
    /// # Errors
    ///
    /// [`Error::BundleMissing`] if a bundle is needed: make a [`Client::plan`]. Else as [`Client::plan`]
    /// and [`Client::seal`].
    pub fn send(
        &mut self,
        to: To<'_>,
        content: &Content,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Outgoing, Error> {
        let mut plan = self.plan(to, now)?;
        Ok(self.seal(&mut plan, content, now, rng)?.apply())
    }

    /// Plans and seals an object for this account's other devices in one call, as [`Client::send`] does for
    /// content. Save the client, then send.
    ///
    /// # Errors
    ///
    /// [`Error::BundleMissing`] if a bundle is needed: make a [`Client::plan_object`]. Else as that and
    /// [`Client::seal`].
    pub fn send_object(
        &mut self,
        object: &OwnObject,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Outgoing, Error> {
        let mut plan = self.plan_object(object, now)?;
        Ok(self.seal(&mut plan, Enclosed::Nothing, now, rng)?.apply())
    }
}

impl Inner {
    /// Seals one letter for all devices of a plan, and keeps the exporters of its envelopes if they are asked for.
    pub(super) fn sealed(
        &self,
        plan: &mut Plan,
        enclosed: Enclosed<'_>,
        mut exporters: Option<&mut Vec<(Address, Exporter)>>,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedLetter, Error> {
        self.check_plan(plan, now)?;
        self.refresh(plan, now, rng);
        if plan.needs_bundle() {
            return Err(Error::BundleMissing);
        }
        let mut items = Vec::with_capacity(plan.targets.len().saturating_mul(2).saturating_add(1));
        let enclosed = self.enclosed(plan, enclosed, now)?;
        let passing = self.passing(plan, enclosed, now)?;
        let encoded = self.encoded(plan, enclosed)?;
        let (id, body, blob) = self.compose(plan, enclosed, &encoded, now, rng)?;
        let lists = plan.listed(self.account(), plan.other(self.account()))?;
        let mut letter = Letter {
            lists,
            rolled_back: false,
            sent: now.reading(),
            id,
            conversation: plan.conversation,
            body,
        };
        let named = self.in_digest(plan.conversation);
        let digest = letter.digest_in(named, self.own.list.first_id(), self.address().device);
        match passing {
            Some(passing) => items.push(ClientItem::Passed(Box::new(passing))),
            None => self.remember(plan, id, digest, now, &mut items)?,
        }
        let mut bytes = letter.encode();
        let padded = Padding::Buckets.with_chunks(bytes.len(), plan.chunks);

        let mut envelopes = Vec::with_capacity(plan.targets.len());
        let mut sealed = Vec::with_capacity(plan.targets.len());
        let mut lists_of = plan.other(self.account());
        for target in &plan.targets {
            let to = target.address;
            // In a group, each account is told by which of its own lists it was reached.
            if plan.is_group() && lists_of != to.account {
                lists_of = to.account;
                letter.lists = plan.listed(self.account(), lists_of)?;
                bytes = letter.encode();
            }
            Letter::tell(&mut bytes, self.peers.get(&to).is_some_and(Peer::has_forgotten));
            let (message, delta, secret) =
                self.session_of(target, now)?.seal(&bytes, padded, rng)?;
            let words = Letter::words(&bytes);
            let frank = plan.franks.then(|| frank(&secret, Schema::Letter, words));
            if let Some(exporters) = &mut exporters {
                exporters.push((to, secret.exporter()));
            }
            envelopes.push(Envelope { to, message, frank });
            let moved = MovedSession { with: to, slot: Slot::Active, heard: 0, delta };
            sealed.push(ClientItem::Sealed(Box::new(moved)));
        }
        let mut support = 0;
        for (target, sealed) in plan.targets.iter_mut().zip(sealed) {
            if let Way::New(new) = core::mem::replace(&mut target.way, Way::Active) {
                let New { session, made, .. } = *new;
                support = support.max(made);
                target.way = Way::Begun(Box::new(session.id()));
                items.push(ClientItem::Begin(Box::new(Begin { with: target.address, session })));
            }
            items.push(sealed);
        }
        // Behind a session that begins: what is asked for in it is not asked for again at once.
        items.extend(plan.asked().map(|asked| ClientItem::Asked(Box::new(asked))));
        let (left_out, stopped) = (plan.left_out.clone(), plan.stopped().collect());
        let target = Some(self.own_message(id, digest));
        let out = Outgoing { id, target, envelopes, blob, left_out, stopped };
        // The latest that anybody has signed, and the bundle was taken by the reading.
        Ok(SealedLetter { now: now.supported(support), items, out })
    }

    /// Checks that all lists are still as the plan found them, and that they serve whom it does not stop.
    fn check_plan(&self, plan: &Plan, now: Now) -> Result<(), Error> {
        self.check_writes(now)?;
        if plan.by != Address::of(self.device.certificate()) {
            return Err(Error::WrongClient);
        }
        let fresh = |(account, listed): &(AccountId, Listed)| {
            self.contact(*account).is_some_and(|contact| {
                let goes = contact.stop(now).is_none() || plan.stop_of(*account).is_some();
                goes && contact.listed() == *listed
            })
        };
        if plan.lists.iter().all(fresh) { Ok(()) } else { Err(Error::StalePlan) }
    }

    fn session_of<'a>(&'a self, target: &'a PlanTarget, now: Now) -> Result<&'a Session, Error> {
        match &target.way {
            Way::New(new) => Ok(&new.session),
            Way::Active | Way::Suspected | Way::Begun(_) => {
                let peer = self.peers.get(&target.address);
                peer.and_then(|peer| peer.usable(now)).ok_or(Error::BundleMissing)
            }
            Way::Missing => Err(Error::BundleMissing),
        }
    }

    /// Returns what a letter holds, if the plan takes what it is given. What was said before is said again as what it
    /// was: a content, or an object.
    fn enclosed<'a>(
        &self,
        plan: &'a Plan,
        given: Enclosed<'a>,
        now: Now,
    ) -> Result<Enclosed<'a>, Error> {
        match (&plan.purpose, given) {
            (Purpose::Message, Enclosed::Content(_))
            | (
                Purpose::ResendRequest(_)
                | Purpose::Refusal(_)
                | Purpose::CopyRequest(_)
                | Purpose::SeenReport,
                Enclosed::Nothing,
            ) => Ok(given),
            (Purpose::Copy(of), Enclosed::Copy(copy)) => {
                self.check_copy(of, copy)?;
                Ok(given)
            }
            (Purpose::Object(object), Enclosed::Nothing) => Ok(Enclosed::Object(object)),
            (Purpose::Resend(before), Enclosed::Content(_) | Enclosed::Object(_))
                if self.sent_before(before, now)?.is_object == given.is_object() =>
            {
                Ok(given)
            }
            _ => Err(Error::ContentMismatch),
        }
    }

    /// Encodes what a letter holds, if this account may say it there.
    fn encoded(&self, plan: &Plan, enclosed: Enclosed<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = match enclosed {
            Enclosed::Content(content) => {
                content.check(Kinds::of(plan.conversation.speaks_as(self.account())))?;
                let bytes = content.encode();
                if content.is_brief() && bytes.len() > MAX_INLINE {
                    return Err(Error::ContentTooLong);
                }
                bytes
            }
            Enclosed::Object(object) => Zeroizing::new(object.as_bytes().to_vec()),
            Enclosed::Copy(copy) => Zeroizing::new(copy.inline().to_vec()),
            Enclosed::Nothing => Zeroizing::default(),
        };
        if bytes.len() > MAX_CONTENT { Err(Error::ContentTooLong) } else { Ok(bytes) }
    }

    /// Composes a letter: its id, its content, and the blob if that is long.
    fn compose<'a>(
        &self,
        plan: &Plan,
        enclosed: Enclosed<'_>,
        bytes: &'a [u8],
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<(MessageId, Body<'a>, Option<Vec<u8>>), Error> {
        // Hashed once for both: a long content takes longer to hash than to seal.
        let text_hash = (bytes.len() > MAX_INLINE).then(|| blob::text_hash(bytes));
        let said = text_hash.as_deref().map_or(bytes, |hash| &hash[..]);
        let drawn = self.message_id(plan, said, now, rng);
        let id = if let Purpose::Resend(before) = plan.purpose { before } else { drawn };
        let body = match (&plan.purpose, enclosed) {
            (Purpose::ResendRequest(missing), _) => Body::ResendRequest(missing.clone()),
            (Purpose::Refusal(refused), _) => Body::Refusal(refused.clone()),
            (Purpose::SeenReport, _) => Body::SeenReport(self.seen.report(self.account())),
            (Purpose::CopyRequest(letters), _) => Body::CopyRequest(letters.clone()),
            (_, Enclosed::Copy(copy)) => Body::Copy(copy.copy_of(self.account(), bytes)),
            (_, Enclosed::Object(_)) => {
                // One that no plan was made for is not what was sent before.
                let kind = ObjectKind::of(bytes).map_err(|_| Error::ContentMismatch)?;
                Body::Said(Said::Object(kind, bytes))
            }
            _ => match text_hash {
                Some(hash) => {
                    let (reference, blob) = blob::seal(self.device.blob_key(&id.0, &hash), bytes)?;
                    return Ok((id, Body::Said(Said::Blob(reference)), Some(blob)));
                }
                None => Body::Said(self.said(plan, bytes)),
            },
        };
        Ok((id, body, None))
    }

    fn said<'a>(&self, plan: &Plan, content: &'a [u8]) -> Said<'a> {
        match plan.conversation.speaks_as(self.account()) {
            Sender::Own => Said::Own(content),
            _ => Said::Message(content),
        }
    }

    /// Draws the id of a new letter: no two letters that one device says have one.
    fn message_id(
        &self,
        plan: &Plan,
        content: &[u8],
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> MessageId {
        let mut place = Writer::new();
        self.anchor.write(&mut place);
        place.u64(now.reading());
        plan.conversation.write(&mut place);
        let secret = self.device.identity().agreement.seed();
        let about: [&[u8]; 2] = [place.written(), content];
        MessageId(*hedged(secret, labels::LETTER_ID, &about, rng).expose())
    }

    /// Notes what was sent, or that it was sent again.
    fn remember(
        &self,
        plan: &Plan,
        id: MessageId,
        digest: [u8; 32],
        now: Now,
        items: &mut Vec<ClientItem>,
    ) -> Result<(), Error> {
        match &plan.purpose {
            Purpose::Message | Purpose::Object(_) => items.push(ClientItem::Sent(Box::new(Sent {
                id,
                digest,
                at: now.reading(),
                went: now.reading(),
                tried: now.reading(),
                filed: Filed::of(plan.conversation),
                is_object: matches!(plan.purpose, Purpose::Object(_)),
                stopped: plan.stopped.iter().map(|(account, _)| *account).collect(),
                lists: self.reached(plan),
                left_out: plan.left_out.clone(),
                resent: Vec::new(),
            }))),
            Purpose::Resend(id) => {
                let sent = self.sent_before(id, now)?;
                if sent.digest != digest {
                    return Err(Error::ContentMismatch);
                }
                let resent = plan.targets.iter().map(|target| target.address);
                if resent.clone().any(|to| sent.times(to) >= MAX_RESENDS) {
                    return Err(Error::ResendLimit);
                }
                items.extend(resent.map(|to| ClientItem::Resent(Box::new(Resent { id: *id, to }))));
                let settled = sent.stopped.iter().filter(|of| self.settles(plan, sent, **of));
                let settled = settled.map(|account| Queued { id: *id, account: *account });
                items.extend(settled.map(|queued| ClientItem::Queued(Box::new(queued))));
                self.answered(plan, items);
            }
            // A device that was left out was not told.
            Purpose::SeenReport if plan.left_out.is_empty() => items.push(ClientItem::SeenReported),
            Purpose::Refusal(_) | Purpose::Copy(_) => self.answered(plan, items),
            Purpose::CopyRequest(letters) => {
                items.push(ClientItem::AskedOwn(Box::new(AskedOwn { letters: letters.clone() })));
            }
            Purpose::SeenReport => items.push(ClientItem::ReportTried),
            Purpose::ResendRequest(_) => {}
        }
        Ok(())
    }

    /// Returns the accounts that a plan reaches, with the epochs of their lists: the own one, whether or not, and who
    /// is not stopped.
    fn reached(&self, plan: &Plan) -> Vec<(AccountId, u64)> {
        let is_reached = |account| account == self.account() || plan.stop_of(account).is_none();
        let reached = plan.lists.iter().filter(|(account, _)| is_reached(*account));
        reached.map(|(account, listed)| (*account, listed.epoch)).collect()
    }

    /// Tells whether no device of an account that a message waits for lacks it any more, once the plan is sealed.
    fn settles(&self, plan: &Plan, sent: &Sent, account: AccountId) -> bool {
        let Some(contact) = self.contact(account) else { return false };
        let has_it = |address: Address| {
            let is_target = || plan.targets.binary_search_by_key(&address, |to| to.address).is_ok();
            address == self.address() || sent.times(address) > 0 || is_target()
        };
        let is_planned = plan.lists.iter().any(|(planned, _)| *planned == account);
        let is_free = is_planned && plan.stop_of(account).is_none();
        is_free && contact.list.addresses().all(has_it)
    }
}

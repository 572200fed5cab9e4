//! Messages of a chat, sealed for every device on the other side.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::guest::content::{ChatContent, EndReason};
use crate::protocol::guest::grant::Grant;
use crate::protocol::identity::certificate::DeviceId;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::sessions::ChatSession;
use super::state::Inner;
use crate::client::{Client, Envelope};
use crate::protocol::content::Sender;
use crate::storage::Pending;

impl Chat {
    /// Seals the grant by which the host lets the guest in, or seals it once more if it may have been lost on
    /// its way. Then tell the own devices ([`Chat::export_grant`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, or before the guest has proved the link's PIN;
    /// [`Error::WrongClient`] if `client` is not the device that this chat is of;
    /// [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn grant(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        self.inner.hosted_by(client)?;
        let now = now.supported(client.firm(now.reading()));
        let (grant, content) = self.inner.granting(client, now);
        let step = self.inner.admission(grant)?;
        self.seal(&content, step, now, rng)
    }

    /// Seals the last message, by which the other side knows that the chat is over. Applying it erases the
    /// keys.
    ///
    /// A host denies a waiting guest with it or sends an active one away; a guest leaves. On a device of the host
    /// that did not make the link it ends no more than this device's part: the guest goes on with the others, which
    /// have to be told, and end theirs when their users say so.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`] for a guest that must learn a newer list, [`Error::NoRecipient`] for
    /// one whose host has none of the devices left that it knew; [`Error::Expired`], [`Error::Ended`];
    /// [`Error::ChainExhausted`].
    pub fn end(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        self.seal(&ChatContent::End, ChatStep::End(EndReason::Here), now, rng)
    }

    /// Seals content for every device on the other side.
    pub(super) fn seal(
        &mut self,
        content: &ChatContent,
        step: ChatStep,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        self.seal_for(|_| true, content, step, now, rng)
    }

    /// Seals content for some of the devices on the other side.
    pub(super) fn seal_for(
        &mut self,
        wanted: impl Fn(DeviceId) -> bool,
        content: &ChatContent,
        step: ChatStep,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let (envelopes, delta) = self.sealed_for(wanted, content, step, now, rng)?;
        Ok(Pending::new(self, delta, envelopes))
    }

    /// Seals content, and returns the change.
    pub(super) fn sealed_for(
        &self,
        wanted: impl Fn(DeviceId) -> bool,
        content: &ChatContent,
        step: ChatStep,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, ChatDelta), Error> {
        let inner = &*self.inner;
        let content = content.encode(&inner.listed(), now.reading());
        let wanted = |one: &ChatSession| wanted(one.with()).then(|| content.clone());
        let (envelopes, moved) = inner.sessions.seal(&inner.list, wanted, rng)?;
        let activity = now.reading();
        Ok((envelopes, ChatDelta { activity, moved, ..ChatDelta::step(now, step) }))
    }
}

impl Inner {
    /// Makes this device's grant, and the content that carries it.
    pub(super) fn granting(&self, client: &Client, now: Now) -> (Grant, ChatContent) {
        let (host, at) = (self.own.device(), now.reading());
        let signature = self.granted(host, at).sign(&client.device().identity().signing);
        (Grant { host, at, signature }, ChatContent::Grant { at, signature })
    }
}

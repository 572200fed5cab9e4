//! What is said in a chat: sealed for every device on the other side.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::{Change, Delta, Sealed};
use crate::client::{Client, Envelope};
use crate::error::Error;
use crate::protocol::content::{Content, EndReason, text};
use crate::protocol::grant::Word;
use crate::protocol::identity::DeviceId;

use super::delta::{ChatDelta, Step};
use super::{Chat, Origin};

impl Chat {
    /// For the host: seals the grant that lets the guest in, or once more if it may have been
    /// lost on its way. Then tell the own devices ([`Chat::record`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, or before the guest has proved the link's PIN;
    /// [`Error::BadArgument`] if `client` is not the device that this chat is of;
    /// [`Error::Unlisted`] if that device is no more one of its account's; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn grant(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.speaking(now)?;
        if self.origin() != Origin::Guest {
            return Err(Error::NotAllowed);
        }
        self.inner.hosted_by(client)?;
        let host = self.inner.own.device();
        let signature = self.inner.granted(host, now).sign(&client.device().identity().signing);
        let step = self.inner.admission(Word { host, at: now, signature })?;
        self.seal(&Content::Grant { at: now, signature }, step, now, rng)
    }

    /// Seals a text.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] if the text is empty or longer than the policy allows;
    /// [`Error::NotGranted`] for a host that has not granted the chat and for a guest that has
    /// sent as much as it may before; [`Error::ListExpired`] for a guest that must learn a newer
    /// list, [`Error::Unlisted`] for one whose host has none of the devices left that it knew;
    /// [`Error::Expired`], [`Error::Ended`]; [`Error::Exhausted`].
    pub fn text(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.speaking(now)?;
        let step = self.inner.room(self.origin() == Origin::Member)?;
        let content = text(content.as_bytes(), &self.inner.terms.policy)?;
        self.seal(&Content::Text(content), step, now, rng)
    }

    /// Ends the chat, telling the other side: seals the last message; applying it erases the
    /// keys.
    ///
    /// For a host this denies a waiting guest or sends an active one away; for a guest it leaves.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`] for a guest that must learn a newer list, [`Error::Unlisted`] for one
    /// whose host has none of the devices left that it knew; [`Error::Expired`], [`Error::Ended`];
    /// [`Error::Exhausted`].
    pub fn end(&mut self, now: u64, rng: &mut impl CryptoRng) -> Result<Sealed<'_, Self>, Error> {
        let now = self.speaking(now)?;
        self.seal(&Content::End, Step::End(EndReason::Here), now, rng)
    }

    /// Encrypts a text and moves the chat on, in one call. Save the chat, then send the envelopes.
    ///
    /// # Errors
    ///
    /// As [`Chat::text`].
    pub fn send(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Envelope>, Error> {
        self.text(content, now, rng)?.apply()
    }

    /// Seals content for every device on the other side.
    pub(super) fn seal(
        &mut self,
        content: &Content,
        step: Step,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        self.seal_for(|_| true, content, step, now, rng)
    }

    /// Seals content for some of the devices on the other side.
    pub(super) fn seal_for(
        &mut self,
        wanted: impl Fn(DeviceId) -> bool,
        content: &Content,
        step: Step,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let inner = &*self.inner;
        let (envelopes, moved) = inner.seats.seal(wanted, &content.encode(&inner.listed()), rng)?;
        let delta = ChatDelta { now, moved, report: None, step };
        let change = Change::new(inner.anchor, Delta::Chat(delta))?;
        Ok(Sealed::new(self, envelopes, change))
    }
}

//! Exporters and franks of texts: what is given out beside an envelope, and what is asked of one that comes.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::chat::Chat;
use super::delta::ChatDelta;
use super::event::{ReceivedEvent, TakenMessage};
use crate::client::{Address, Envelope};
use crate::error::Error;
use crate::protocol::content::Sender;
use crate::protocol::franking::{Frank, FrankCheck, Schema, frank};
use crate::protocol::guest::content::{ChatContent, text};
use crate::protocol::ratchet::{Exporter, MessageSecret};
use crate::storage::Pending;

impl Chat {
    /// Seals a text as [`Chat::text`] does, and gives each envelope a frank, for a service that takes reports
    /// ([`franking`](crate::franking)).
    ///
    /// # Errors
    ///
    /// As [`Chat::text`].
    pub fn text_franked(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let each = |envelope: &mut Envelope, content: &[u8], secret: &MessageSecret| {
            envelope.frank = Some(frank(secret, Schema::Chat, ChatContent::words(content)));
        };
        let (delta, envelopes) = self.sealed_text(content, each, now, rng)?;
        Ok(Pending::new(self, delta, envelopes))
    }

    /// Seals a text as [`Chat::text_franked`] does, and gives the exporter of each envelope beside it: the
    /// receiver has the same ([`ReceivedEvent::exporter`]).
    ///
    /// # Errors
    ///
    /// As [`Chat::text`].
    pub fn text_exporting(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<(Envelope, Exporter)>>, Error> {
        let mut exporters = Vec::new();
        let each = |envelope: &mut Envelope, content: &[u8], secret: &MessageSecret| {
            envelope.frank = Some(frank(secret, Schema::Chat, ChatContent::words(content)));
            exporters.push(secret.exporter());
        };
        let (delta, envelopes) = self.sealed_text(content, each, now, rng)?;
        let exported = envelopes.into_iter().zip(exporters).collect();
        Ok(Pending::new(self, delta, exported))
    }

    /// Opens a message as [`Chat::open`] does, and holds it to the frank that the service brought with it: a text must
    /// have the right one, and the event then has its [evidence](ReceivedEvent::evidence). Other events need none.
    ///
    /// # Errors
    ///
    /// [`Error::FrankMismatch`] if the frank is of something else or missing; else as [`Chat::open`]. Nothing changes
    /// then.
    pub fn open_franked(
        &mut self,
        from: Address,
        message: &[u8],
        frank: Option<&Frank>,
        now: u64,
    ) -> Result<Pending<'_, Self, ReceivedEvent>, Error> {
        let opened = self.opening(from, message, FrankCheck::Given(frank), now);
        let (received, delta) = opened.map_err(|unopened| unopened.error)?;
        Ok(Pending::new(self, delta, received))
    }

    /// Takes in a message as [`Chat::take`] does, and holds it to its frank as [`Chat::open_franked`] does. A text
    /// without the right frank is [`TakenMessage::Unread`].
    pub fn take_franked(
        &mut self,
        from: Address,
        message: &[u8],
        frank: Option<&Frank>,
        now: u64,
    ) -> Pending<'_, Self, TakenMessage> {
        self.taken(from, message, FrankCheck::Given(frank), now)
    }

    fn sealed_text(
        &self,
        content: &str,
        each: impl FnMut(&mut Envelope, &[u8], &MessageSecret),
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(ChatDelta, Vec<Envelope>), Error> {
        let now = self.writing(now)?;
        let inner = &*self.inner;
        let step = inner.room(self.sender() == Sender::Member)?;
        let content = ChatContent::Text(text(content.as_bytes(), &inner.terms.policy)?);
        let content = content.encode(&inner.listed(), now.reading());
        let sealed = inner.sessions.seal_with(&inner.list, |_| Some(content.clone()), each, rng)?;
        let (envelopes, moved) = sealed;
        let activity = now.reading();
        Ok((ChatDelta { activity, moved, ..ChatDelta::step(now, step) }, envelopes))
    }
}

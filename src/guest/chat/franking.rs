//! Exporters and franks of texts: what is given out beside an envelope, and what is asked of one that comes.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::event::{ExportedText, ReceivedEvent, SentText, TakenMessage};
use super::sessions::ChatSession;
use crate::client::{Address, Envelope};
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::franking::{Frank, FrankCheck, Schema, frank};
use crate::protocol::guest::content::ChatContent;
use crate::protocol::guest::text::ChatText;
use crate::protocol::ratchet::MessageSecret;
use crate::storage::Pending;

impl Chat {
    /// Seals a text as [`Chat::text`] does, and gives the exporter of each envelope beside it: the receiver has the
    /// same ([`ReceivedEvent::exporter`]).
    ///
    /// # Errors
    ///
    /// As [`Chat::text`].
    pub fn text_exporting(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, ExportedText>, Error> {
        let now = self.writing(now)?;
        let (text, step) = self.inner.saying(content, now, rng)?;
        let mut exporters = Vec::new();
        let each = |to, secret: &MessageSecret| exporters.push((to, secret.exporter()));
        let (envelopes, delta) = self.sealed_text(&text, step, each, now, rng)?;
        let sent = SentText { text, envelopes };
        Ok(Pending::new(self, delta, ExportedText { sent, exporters }))
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

    /// Seals a text with a frank for each envelope, and shows each envelope's address and secret.
    pub(super) fn sealed_text(
        &self,
        text: &ChatText,
        step: ChatStep,
        mut each: impl FnMut(Address, &MessageSecret),
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, ChatDelta), Error> {
        let inner = &*self.inner;
        let content = ChatContent::said(text).encode(&inner.listed(), now.reading());
        let words = ChatContent::words(&content);
        let with_frank = |envelope: &mut Envelope, secret: &MessageSecret| {
            envelope.frank = Some(frank(secret, Schema::Chat, words));
            each(envelope.to, secret);
        };
        let content = |_: &ChatSession| Some(content.clone());
        let (envelopes, moved) = inner.sessions.seal_with(&inner.list, content, with_frank, rng)?;
        let activity = now.reading();
        Ok((envelopes, ChatDelta { activity, moved, ..ChatDelta::step(now, step) }))
    }
}

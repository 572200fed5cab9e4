//! Texts that a side of a chat says, and receipts for those of the other side: `spec/guest-links.md`, "Texts".

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::protocol::clock::Now;
use crate::protocol::content::{Sender, Text};
use crate::protocol::guest::content::{ChatContent, TextStatus, check_receipt, text};
use crate::protocol::guest::text::{Acquaintance, ChatText, TextId, draw_id};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::letter::MessageId;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::event::{ChatEvent, SentText};
use super::receive::Meaning;
use super::state::{Inner, Stage};
use crate::client::{Alert, Envelope};
use crate::storage::Pending;

impl Chat {
    /// Seals a text. Each envelope has a frank, for a service that takes reports ([`franking`](crate::franking)); for
    /// any other one leave it out. On a device of the host, tell the own devices ([`Chat::export_copy`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] if the text is empty or longer than the policy allows;
    /// [`Error::NotGranted`] for a host that has not granted the chat and for a guest that has
    /// sent as much as it may before; [`Error::ListExpired`] for a guest that must learn a newer
    /// list, [`Error::NoRecipient`] for one whose host has none of the devices left that it knew;
    /// [`Error::Expired`], [`Error::Ended`]; [`Error::ChainExhausted`].
    pub fn text(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, SentText>, Error> {
        let now = self.writing(now)?;
        let (text, step) = self.inner.saying(content, now, rng)?;
        let (envelopes, delta) = self.sealed_text(&text, step, |_, _| {}, now, rng)?;
        Ok(Pending::new(self, delta, SentText { text, envelopes }))
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
    ) -> Result<SentText, Error> {
        Ok(self.text(content, now, rng)?.apply())
    }

    /// Seals a text of this side once more, under its id and with its time: after a repair, if it may not have been
    /// read. Who has it shows nothing ([`ChatEvent::Repeated`]), unless 256 others have come since.
    ///
    /// # Errors
    ///
    /// [`Error::NotGranted`] before the grant; [`Error::NotAllowed`] for a text of another device, or one that the
    /// policy does not allow; the others of [`Chat::text`].
    pub fn resend(
        &mut self,
        text: &ChatText,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        self.inner.check_granted()?;
        let is_said = self::text(text.text.as_bytes(), &self.inner.terms.policy).is_ok();
        if text.id.by != self.inner.own.device() || !is_said {
            return Err(Error::NotAllowed);
        }
        let (envelopes, delta) = self.sealed_text(text, ChatStep::Stay, |_, _| {}, now, rng)?;
        Ok(Pending::new(self, delta, envelopes))
    }

    /// Seals a receipt: up to 64 texts of the other side have come, or were read. The chat makes none by itself. A
    /// receipt tells when a person is there; send none that the user has not chosen to send.
    ///
    /// # Errors
    ///
    /// [`Error::TooOften`] within 30 seconds of the last one; [`Error::NotGranted`] before the grant;
    /// [`Error::NotAllowed`] for no texts or more than 64, for one that comes twice, for one of this side, and for
    /// one that has not come here or is forgotten (the last 256 are known);
    /// [`Error::ListExpired`], [`Error::NoRecipient`], [`Error::Expired`], [`Error::Ended`],
    /// [`Error::ChainExhausted`].
    pub fn receipt(
        &mut self,
        status: TextStatus,
        texts: &[TextId],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        self.inner.check_granted()?;
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        check_receipt(&texts)?;
        let is_known = |text: &TextId| {
            self.inner.is_of_other_side(text.by) && self.inner.memory.texts.has(*text)
        };
        if !texts.iter().all(is_known) {
            return Err(Error::NotAllowed);
        }
        self.inner.memory.check_receipt(now.reading())?;
        let content = ChatContent::Receipt { status, texts };
        let (envelopes, delta) =
            self.sealed_for(|_| true, &content, ChatStep::Receipted, now, rng)?;
        // A program may send it by itself, and keeps no chat open with it.
        Ok(Pending::new(self, ChatDelta { activity: 0, ..delta }, envelopes))
    }
}

impl Inner {
    /// Makes a text of this side, with its id, if it may say one, and the step that it is.
    pub(super) fn saying(
        &self,
        content: &str,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<(ChatText, ChatStep), Error> {
        let step = self.room(self.sender() == Sender::Member)?;
        let text = text(content.as_bytes(), &self.terms.policy)?;
        let (key, sent) = (self.late_devices.join_key()?, now.reading());
        let place = Writer::encoded(|writer| self.anchor.write(writer));
        let id = draw_id(key, (&place, 0), (&text, sent), rng);
        Ok((ChatText { id: TextId { by: self.own.device(), id }, sent, text }, step))
    }

    /// Refuses what may be said only once the guest is let in.
    pub(super) fn check_granted(&self) -> Result<(), Error> {
        match self.stage {
            Stage::Active(_) => Ok(()),
            Stage::Waiting { .. } => Err(Error::NotGranted),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Tells whether a text of this device is one of the other side.
    fn is_of_other_side(&self, by: DeviceId) -> bool {
        let guest = match self.sender() {
            Sender::Guest => &self.peer,
            _ => &self.own,
        };
        (by == guest.device()) == (self.sender() == Sender::Guest)
    }

    /// Returns what an arriving text means: it is new, or came before.
    pub(super) fn read_text(
        &self,
        by: DeviceId,
        (id, sent): (MessageId, u64),
        text: Text,
    ) -> Result<Meaning, Error> {
        let text = ChatText { id: TextId { by, id }, sent, text };
        let known = text.known(&self.names());
        let repeated = (ChatEvent::Repeated(text.id), ChatStep::Stay);
        match self.memory.texts.compare(&known) {
            Acquaintance::New => {
                let step = self.incoming_text(self.sender())?;
                Ok(Meaning { known: Some(known), ..(ChatEvent::Text(text), step).into() })
            }
            Acquaintance::Known => Ok(repeated.into()),
            Acquaintance::Other => {
                Ok(Meaning { alerts: Vec::from([self.equivocation(text.id)]), ..repeated.into() })
            }
        }
    }

    /// Returns the alert of a device that says two things under one id.
    pub(super) fn equivocation(&self, TextId { by, id }: TextId) -> Alert {
        let certificate =
            if self.peer.device() == by { Some(&self.peer) } else { self.list.device(by) };
        let by = self.address_of(certificate.unwrap_or(&self.peer));
        Alert::Equivocation { by, id }
    }

    /// Returns what an arriving receipt means.
    pub(super) fn read_receipt(
        &self,
        status: TextStatus,
        texts: Vec<TextId>,
    ) -> Result<Meaning, Error> {
        // A guest that waits opens what has overtaken its grant.
        if self.sender() == Sender::Guest {
            self.check_granted()?;
        }
        let is_ours = |text: &TextId| !self.is_of_other_side(text.by);
        if !texts.iter().all(is_ours) {
            return Err(Error::NotAllowed);
        }
        Ok((ChatEvent::Receipt { status, texts }, ChatStep::Stay).into())
    }
}

//! Texts of a guest chat: their ids and digests, and which are known: `spec/guest-links.md`, "Texts".
//!
//! ```text
//! names      = invitation id ‖ t ‖ guest account
//! message id = hedged(join key, LABEL(guest/text-id), place (32) ‖ u64(said) ‖ u8(number) ‖ text, 16)
//! digest     = SHA-256(LABEL(guest/text) ‖ invitation id ‖ t ‖ device id ‖ message id ‖ u64(said) ‖ text)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{hash, hedged};
use crate::primitives::secret::{Secret, redacted, same};

use crate::protocol::content::Text;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::labels;
use crate::protocol::letter::MessageId;

/// Maximum number of texts that a side remembers: more than a repair holds up.
pub(crate) const MAX_KNOWN_TEXTS: usize = 256;

/// The names of a chat: its link, its claim and its guest.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ChatNames {
    pub(crate) invitation: [u8; 32],
    pub(crate) transcript: [u8; 32],
    pub(crate) guest: AccountId,
}

impl ChatNames {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.invitation);
        writer.raw(&self.transcript);
        writer.raw(&self.guest.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            invitation: *reader.array()?,
            transcript: *reader.array()?,
            guest: AccountId(*reader.array()?),
        })
    }
}

/// The identity of a text in a guest chat: the device that said it, because ids are its choice, and the message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId {
    /// The device that said it.
    pub by: DeviceId,
    /// The message id, the same in all envelopes of the text, and whenever it is sent again.
    pub id: MessageId,
}

impl TextId {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.by.0);
        writer.raw(&self.id.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { by: DeviceId(*reader.array()?), id: MessageId(*reader.array()?) })
    }
}

/// A text of a guest chat. Secret: wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatText {
    /// The identity of the text: show one of an identity once.
    pub id: TextId,
    /// The time in seconds at which it was first sealed, by its sender's clock.
    pub sent: u64,
    /// The words.
    pub text: Text,
}

redacted!(ChatText, |text| id = text.id, sent = text.sent);

impl ChatText {
    /// Returns what devices compare of the text in a chat.
    pub(crate) fn known(&self, names: &ChatNames) -> KnownText {
        let Self { id: TextId { by, id }, sent, text } = self;
        let digest = hash(&[
            labels::GUEST_TEXT,
            &names.invitation,
            &names.transcript,
            &by.0,
            &id.0,
            &sent.to_be_bytes(),
            text.as_bytes(),
        ]);
        KnownText { id: self.id, digest }
    }
}

/// Draws the id of a text that a chat says at a place of 32 bytes: its anchor, with the number 0; or before it begins
/// the transcript of its claim, where the texts are numbered from 1.
pub(crate) fn draw_id(
    key: &Psk,
    (place, number): (&[u8], u8),
    (text, now): (&Text, u64),
    rng: &mut impl CryptoRng,
) -> MessageId {
    let (key, sent) = (Secret::copy(key.expose()), now.to_be_bytes());
    let about: [&[u8]; 4] = [place, &sent, &[number], text.as_bytes()];
    MessageId(*hedged(&key, labels::GUEST_TEXT_ID, &about, rng).expose())
}

/// A text that was seen: which, and what it said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownText {
    pub(crate) id: TextId,
    pub(crate) digest: [u8; 32],
}

impl KnownText {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        writer.raw(&self.digest);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { id: TextId::read(reader)?, digest: *reader.array()? })
    }
}

/// The relation of a text to what is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// It was never seen, or is forgotten.
    New,
    /// The very same was seen.
    Known,
    /// Another one was seen under its id.
    Other,
}

/// The texts that a side has seen last, the oldest first.
#[derive(Default)]
pub(crate) struct KnownTexts(Vec<KnownText>);

impl KnownTexts {
    /// Remembers texts that are new; the oldest are forgotten for them.
    pub(crate) fn remember(&mut self, texts: impl IntoIterator<Item = KnownText>) {
        self.0.extend(texts);
        let surplus = self.0.len().saturating_sub(MAX_KNOWN_TEXTS);
        self.0.drain(..surplus);
    }

    /// Compares a text with what is known.
    pub(crate) fn compare(&self, text: &KnownText) -> Acquaintance {
        match self.0.iter().find(|known| known.id == text.id) {
            None => Acquaintance::New,
            Some(known) if same(&known.digest, &text.digest) => Acquaintance::Known,
            Some(_) => Acquaintance::Other,
        }
    }

    /// Tells whether a text is known by this id.
    pub(crate) fn has(&self, id: TextId) -> bool {
        self.0.iter().any(|known| known.id == id)
    }

    /// Lists the last texts of a device, at most so many, in ascending order of their ids.
    pub(crate) fn last_of(&self, device: DeviceId, most: usize) -> Vec<KnownText> {
        let theirs = self.0.iter().rev().filter(|known| known.id.by == device);
        let mut last: Vec<KnownText> = theirs.take(most).copied().collect();
        last.sort_unstable_by_key(|known| known.id);
        last
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, KnownText::write);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut all = Self::default();
        for _ in 0..reader.count(MAX_KNOWN_TEXTS)? {
            let text = KnownText::read(reader)?;
            if all.compare(&text) != Acquaintance::New {
                return Err(Error::Malformed);
            }
            all.0.push(text);
        }
        Ok(all)
    }
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;

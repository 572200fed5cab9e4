//! The seal of a briefing, by which a primary tells the device that it has admitted all that this must know
//! before it writes to anybody: `spec/linking.md`, "Briefing".
//!
//! ```text
//! text     = content, padded in buckets
//! salt     = HMAC(key 3, LABEL(linking/briefing-salt) ‖ t ‖ text)
//! k        = HKDF-Expand(HKDF-Extract(salt, ikm = key 3), LABEL(linking/briefing) ‖ t, 32)
//! briefing = version ‖ kind ‖ salt ‖ AES-256-GCM(k, 0, ad = version ‖ kind ‖ t, text)
//! ```
//!
//! `salt` follows from the text, so that an acceptance that is admitted twice seals no two texts under one key.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::secret::Secret;

use crate::protocol::padding::{Padding, content_length};
use crate::protocol::{labels, wire};

/// The key of a linking's briefing, with the transcript that the briefing is bound to. Secret.
pub(crate) struct BriefingKey {
    key: Box<Secret<32>>,
    transcript: [u8; 32],
}

impl BriefingKey {
    pub(super) fn new(key: Box<Secret<32>>, transcript: [u8; 32]) -> Self {
        Self { key, transcript }
    }

    /// Returns the transcript of the linking, which is no other's.
    pub(crate) fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// Seals what the device is told.
    pub(crate) fn seal(&self, content: &[u8]) -> Result<Vec<u8>, Error> {
        let text = Padding::Buckets.pad(content);
        let salt = mac(&self.key, &[labels::LINKING_BRIEFING_SALT, &self.transcript, &text]);
        let mut briefing = Writer::begin(wire::VERSION, wire::LINKING_BRIEFING);
        briefing.raw(salt.expose());
        briefing.raw(&seal_once(self.sealing(salt.expose()), &self.ad(), &text)?);
        Ok(briefing.public())
    }

    /// Opens a briefing of this linking.
    pub(crate) fn open(&self, briefing: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (salt, sealed) = Reader::all(briefing, |reader| {
            reader.begin(wire::VERSION, wire::LINKING_BRIEFING)?;
            Ok((reader.array()?, reader.rest()))
        })?;
        let mut content = open_once(self.sealing(salt), &self.ad(), sealed)?;
        let length = content_length(&content)?;
        content.truncate(length);
        Ok(content)
    }

    fn sealing(&self, salt: &[u8; 32]) -> Secret<32> {
        let prk = Prk::extract(salt, &[self.key.expose()]);
        prk.expand(&[labels::LINKING_BRIEFING, &self.transcript])
    }

    fn ad(&self) -> [u8; 34] {
        concat(&[&[wire::VERSION, wire::LINKING_BRIEFING], &self.transcript])
    }

    /// Writes the key for this device's own state.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.key.expose());
        writer.raw(&self.transcript);
    }

    /// Reads what [`BriefingKey::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { key: Box::new(reader.secret()?), transcript: *reader.array()? })
    }
}

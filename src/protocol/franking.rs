//! Franking: what a sender says, fixed for the service that brings it: `spec/franking.md`.
//!
//! ```text
//! words     = u64(sent) ‖ message id ‖ conversation ‖ kind ‖ content      of a letter: what follows the flag
//!           | u64(sent) ‖ kind ‖ content                                 of a guest chat: what follows the list
//! frank key = HMAC-SHA-256(exporter, LABEL(frank/key))
//! frank     = HMAC-SHA-256(frank key, LABEL(frank/words) ‖ schema ‖ words)
//! tag       = HMAC-SHA-256(service key, LABEL(frank/tag) ‖ frank ‖ sender (40) ‖ recipient (40) ‖ u64(at))
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::id::ids;
use crate::primitives::kdf::mac;
use crate::primitives::secret::{Secret, redacted, same};
use crate::protocol::labels;
use crate::protocol::ratchet::{Exporter, MessageSecret};

ids! {
    /// A commitment to what one envelope says. It goes to the service beside the envelope, and says nothing to whoever
    /// does not know the envelope's message.
    Frank: 32;
}

/// The schema of words: who says them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// A letter, between members.
    Letter,
    /// A content of a guest chat.
    Chat,
}

impl Schema {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Letter => 1,
            Self::Chat => 2,
        }
    }

    pub(crate) fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Letter),
            2 => Ok(Self::Chat),
            _ => Err(Error::Malformed),
        }
    }
}

/// The key of one frank. Secret until its envelope is reported; nothing but the frank follows from it.
pub(crate) struct FrankKey(pub(crate) Box<Secret<32>>);

impl FrankKey {
    /// Derives the key from a message's exporter.
    pub(crate) fn of(exporter: &Exporter) -> Self {
        Self(Box::new(exporter.own_secret(labels::FRANK_KEY)))
    }

    /// Commits to words.
    pub(crate) fn frank(&self, schema: Schema, words: &[u8]) -> Frank {
        let frank = mac(&self.0, &[labels::FRANK_WORDS, &[schema.byte()], words]);
        Frank(*frank.expose())
    }
}

/// Makes the frank of a message that was sealed.
pub(crate) fn frank(secret: &MessageSecret, schema: Schema, words: &[u8]) -> Frank {
    FrankKey::of(&secret.exporter()).frank(schema, words)
}

/// Computes the tag of a service over a frank, from and to whom its envelope goes, and when it came.
pub(crate) fn tag(key: &Secret<32>, frank: &Frank, parties: &[[u8; 40]; 2], at: u64) -> Secret<32> {
    let [from, to] = parties;
    mac(key, &[labels::FRANK_TAG, &frank.0, from, to, &at.to_be_bytes()])
}

/// The words of an envelope that was opened, and the key that shows the service that the frank is of them. Secret: no
/// `Clone`, wiped on drop.
///
/// It holds what was said: drop it when the message is deleted.
pub struct Evidence {
    pub(crate) schema: Schema,
    pub(crate) key: FrankKey,
    pub(crate) words: Zeroizing<Vec<u8>>,
}

redacted!(Evidence, |evidence| bytes = evidence.words.len());

/// The wish of whoever opens an envelope: whether its frank matters.
#[derive(Clone, Copy)]
pub(crate) enum FrankCheck<'a> {
    /// It does not.
    Skip,
    /// This is what came with the envelope.
    Given(Option<&'a Frank>),
}

impl FrankCheck<'_> {
    /// Checks the frank of words, and keeps the evidence of those that can be reported. These must have a frank; what
    /// else has one must have the right one, too.
    pub(crate) fn check(
        self,
        secret: &MessageSecret,
        (schema, words): (Schema, &[u8]),
        is_reportable: bool,
    ) -> Result<Option<Evidence>, Error> {
        let given = match self {
            Self::Given(Some(given)) => given,
            Self::Given(None) if is_reportable => return Err(Error::FrankMismatch),
            Self::Given(None) | Self::Skip => return Ok(None),
        };
        let key = FrankKey::of(&secret.exporter());
        if !same(&key.frank(schema, words).0, &given.0) {
            return Err(Error::FrankMismatch);
        }
        let evidence = || Evidence { schema, key, words: Zeroizing::new(words.to_vec()) };
        Ok(is_reportable.then(evidence))
    }
}

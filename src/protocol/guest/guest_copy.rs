//! Copies of what was said in a guest chat, for the other devices of its host: `spec/guest-links.md`, "Copies".
//!
//! ```text
//! names      = invitation id ‖ t ‖ guest account
//! guest copy = version ‖ kind ‖ names ‖ flag: a text ‖ [message id ‖ u64(said) ‖ u32(length) ‖ text]
//!            ‖ u32(count) ‖ for each text of the guest: message id ‖ digest
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::content::text;
use super::invitation::Policy;
use super::text::{ChatNames, ChatText, KnownText, TextId};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::letter::MessageId;
use crate::protocol::wire;

/// Maximum number of a guest's texts that a copy compares.
pub(crate) const MAX_COMPARED: usize = 32;

/// A copy as an own device tells it: what it said in a chat, and what it has seen of the guest. Secret.
pub(crate) struct GuestCopy {
    pub(crate) names: ChatNames,
    pub(crate) said: Option<ChatText>,
    /// Texts of the guest, in ascending order of their ids.
    pub(crate) seen: Vec<KnownText>,
}

impl GuestCopy {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(wire::VERSION, wire::GUEST_COPY);
        self.names.write(&mut writer);
        writer.option(self.said.as_ref(), |said, writer| {
            writer.raw(&said.id.id.0);
            writer.u64(said.sent);
            writer.bytes(said.text.as_bytes());
        });
        writer.list(&self.seen, |text, writer| {
            writer.raw(&text.id.id.0);
            writer.raw(&text.digest);
        });
        writer.secret()
    }

    /// Reads the copy of an own device in a chat with this guest's device, under the policy of the chat.
    pub(crate) fn decode(
        bytes: &[u8],
        (by, guest): (DeviceId, DeviceId),
        policy: &Policy,
    ) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::GUEST_COPY)?;
            let names = ChatNames::read(reader)?;
            let said = reader.option(|reader| {
                let id = TextId { by, id: MessageId(*reader.array()?) };
                let (sent, words) = (reader.u64()?, reader.bytes(usize::from(policy.max_text))?);
                Ok(ChatText { id, sent, text: text(words, policy)? })
            })?;
            let seen: Vec<KnownText> = reader.list(MAX_COMPARED, |reader| {
                let id = TextId { by: guest, id: MessageId(*reader.array()?) };
                Ok(KnownText { id, digest: *reader.array()? })
            })?;
            if !seen.is_sorted_by(|one, two| one.id < two.id) {
                return Err(Error::Malformed);
            }
            Ok(Self { names, said, seen })
        })
    }
}

#[cfg(test)]
#[path = "tests/guest_copy.rs"]
mod tests;

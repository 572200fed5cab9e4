//! Letters, which devices of accounts send each other inside a session: `spec/fan-out.md`, "Letter".
//!
//! ```text
//! letter       = lists ‖ flag rolled back ‖ u64(sent) ‖ message id ‖ conversation ‖ kind ‖ content
//! lists        = 2 × (u64(epoch) ‖ hash)           the sender's account, the other account
//! conversation = byte 1 ‖ account id | byte 2 ‖ group id ‖ audience
//! audience     = SHA-256(LABEL(letter/audience) ‖ u32(count) ‖ account id …)
//! digest       = SHA-256(LABEL(letter/digest) ‖ sender's account id ‖ sender's device id
//!                        ‖ message id ‖ conversation ‖ kind ‖ content)
//! ```

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::blob::Reference;
use super::conversation::LetterConversation;
use super::copy::{LetterCopy, LetterOf, read_request};
use super::ids::MessageId;
use super::missing::Missing;
use super::object::ObjectKind;
use super::said::Said;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::identity::device_list::DeviceList;

/// Maximum number of seen messages in one letter.
pub(crate) const MAX_SEEN_MESSAGES: usize = 256;

/// The list of an account's devices that a sender knows, by epoch and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) epoch: u64,
    pub(crate) hash: [u8; 32],
}

impl Listed {
    /// Stands in a state for no report: no list has epoch 0. Flat, and not an `Option`, because a state
    /// on the heap must hold zeros where there is none (see note `[boxes]`).
    pub(crate) const NONE: Self = Self { epoch: 0, hash: [0; 32] };

    pub(crate) fn of(list: &DeviceList) -> Self {
        Self { epoch: list.epoch(), hash: list.hash().0 }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.epoch);
        writer.raw(&self.hash);
    }

    /// Reads what this device's own state holds, where epoch 0 stands for no report.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { epoch: reader.u64()?, hash: *reader.array()? })
    }

    /// Reads what somebody else says. No list has epoch 0.
    pub(crate) fn read_reported(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let reported = Self::read(reader)?;
        if reported.epoch == 0 { Err(Error::Malformed) } else { Ok(reported) }
    }
}

/// A letter that an own device opened, and what it said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeenMessage {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) id: MessageId,
    pub(crate) digest: [u8; 32],
}

impl SeenMessage {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
        writer.raw(&self.id.0);
        writer.raw(&self.digest);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            account: AccountId(*reader.array()?),
            device: DeviceId(*reader.array()?),
            id: MessageId(*reader.array()?),
            digest: *reader.array()?,
        })
    }
}

/// The content of a letter, by kind.
pub(crate) enum Body<'a> {
    /// Something that is read once, and remembered.
    Said(Said<'a>),
    /// The letters that could not be opened, or did not come. It may be none: the session says enough.
    ResendRequest(Missing),
    /// The letters that were asked for and will not come again.
    Refusal(Missing),
    /// Letters of others that this device could not read, for the other own devices to pass on.
    CopyRequest(Vec<LetterOf>),
    /// One of these.
    Copy(LetterCopy<'a>),
    /// The ids and digests of letters that this device has read, for the other own devices to compare.
    SeenReport(Vec<SeenMessage>),
}

impl<'a> Body<'a> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Said(said) => said.write(writer),
            Self::ResendRequest(missing) => {
                writer.u8(4);
                missing.write(writer);
            }
            Self::Refusal(refused) => {
                writer.u8(7);
                refused.write(writer);
            }
            Self::CopyRequest(letters) => {
                writer.u8(8);
                writer.list(letters, LetterOf::write);
            }
            Self::Copy(copy) => {
                writer.u8(9);
                copy.write(writer);
            }
            Self::SeenReport(messages) => {
                writer.u8(5);
                let messages: BTreeSet<_> = messages.iter().collect();
                writer.list(messages, SeenMessage::write);
            }
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Said(Said::Message(reader.rest()))),
            2 => Ok(Self::Said(Said::Blob(Reference::read(reader)?))),
            3 => Ok(Self::Said(Said::Own(reader.rest()))),
            4 => Ok(Self::ResendRequest(Missing::read(reader)?)),
            5 => {
                let messages: Vec<_> = reader.list(MAX_SEEN_MESSAGES, SeenMessage::read)?;
                if messages.is_sorted_by(|a, b| a < b) {
                    Ok(Self::SeenReport(messages))
                } else {
                    Err(Error::Malformed)
                }
            }
            6 => {
                let object = reader.rest();
                Ok(Self::Said(Said::Object(ObjectKind::of(object)?, object)))
            }
            7 => Ok(Self::Refusal(Missing::read_refused(reader)?)),
            8 => Ok(Self::CopyRequest(read_request(reader)?)),
            9 => Ok(Self::Copy(LetterCopy::read(reader)?)),
            _ => Err(Error::Malformed),
        }
    }

    /// Tells whether only an own device may say it.
    fn is_own(&self) -> bool {
        matches!(
            self,
            Self::Said(Said::Own(_) | Said::Object(..))
                | Self::SeenReport(_)
                | Self::CopyRequest(_)
                | Self::Copy(_)
        )
    }
}

/// The place of the flag in a letter, behind the lists.
const ROLLED_BACK: usize = 2 * (8 + 32);

/// The place of the words in a letter, behind the flag.
const WORDS: usize = ROLLED_BACK + 1;

/// The content of one message of a session between devices of accounts. Only its lists and the flag differ
/// from device to device.
pub(crate) struct Letter<'a> {
    pub(crate) lists: [Listed; 2],
    /// True if the sender was told what the receiving device has forgotten.
    pub(crate) rolled_back: bool,
    pub(crate) sent: u64,
    pub(crate) id: MessageId,
    pub(crate) conversation: LetterConversation,
    pub(crate) body: Body<'a>,
}

impl<'a> Letter<'a> {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        for listed in &self.lists {
            listed.write(&mut writer);
        }
        writer.flag(self.rolled_back);
        writer.u64(self.sent);
        writer.raw(&self.id.0);
        self.conversation.write(&mut writer);
        self.body.write(&mut writer);
        writer.secret()
    }

    /// Tells whether it brings a message, or the reference to one.
    pub(crate) fn is_message(&self) -> bool {
        matches!(self.body, Body::Said(Said::Message(_) | Said::Blob(_)))
    }

    /// Sets the flag in an encoded letter: all envelopes hold one letter but for it.
    pub(crate) fn tell(encoded: &mut [u8], rolled_back: bool) {
        if let Some(flag) = encoded.get_mut(ROLLED_BACK) {
            *flag = u8::from(rolled_back);
        }
    }

    /// Returns the words of an encoded letter, which are the same in all of its envelopes.
    pub(crate) fn words(encoded: &[u8]) -> &[u8] {
        encoded.get(WORDS..).unwrap_or_default()
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let lists = [Listed::read_reported(reader)?, Listed::read_reported(reader)?];
            let rolled_back = reader.flag()?;
            Self::read_words(reader, lists, rolled_back)
        })
    }

    /// Decodes the words of a letter whose lists are not known.
    pub(crate) fn decode_words(words: &'a [u8]) -> Result<Self, Error> {
        Reader::all(words, |reader| Self::read_words(reader, [Listed::NONE; 2], false))
    }

    fn read_words(
        reader: &mut Reader<'a>,
        lists: [Listed; 2],
        rolled_back: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            lists,
            rolled_back,
            sent: reader.u64()?,
            id: MessageId(*reader.array()?),
            conversation: LetterConversation::read(reader)?,
            body: Body::read(reader)?,
        })
    }

    /// Computes what own devices compare. Neither lists nor flag nor time are in it, so that a resent letter has
    /// the digest that it had.
    #[cfg(test)]
    pub(crate) fn digest(&self, account: AccountId, device: DeviceId) -> [u8; 32] {
        self.digest_in(self.conversation, account, device)
    }

    /// Computes the digest with the conversation as it was before anybody moved to another id.
    pub(crate) fn digest_in(
        &self,
        conversation: LetterConversation,
        account: AccountId,
        device: DeviceId,
    ) -> [u8; 32] {
        let of = LetterOf { account, device, id: self.id };
        of.digest(&conversation, |writer| self.body.write(writer))
    }

    /// Refuses what this sender may not say. `from_self` is true for an own device, as the session proved, and nothing
    /// that came with the letter; `about_self` if the conversation is with this account.
    /// `own` are this account's ids, that of now first.
    pub(crate) fn check_sender(
        &self,
        from_self: bool,
        about_self: bool,
        own: (AccountId, impl Fn(AccountId) -> bool),
    ) -> Result<(), Error> {
        match self.conversation {
            _ if self.body.is_own() && !from_self => Err(Error::NotSelf),
            // Own content belongs to the own account and to no other conversation.
            _ if self.body.is_own() && !about_self => Err(Error::Malformed),
            _ if matches!(&self.body, Body::Copy(copy) if !copy.is_to(own)) => {
                Err(Error::Malformed)
            }
            // A copy of what an own device sent to somebody else.
            LetterConversation::With(_) if !from_self && !about_self => Err(Error::NotSelf),
            _ => Ok(()),
        }
    }
}

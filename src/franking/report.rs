//! Reports: what a reporter gives the service of one message, and what the service learns from it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::service::{ServiceKey, Stamp};
use crate::client::{Address, BlobReference};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::protocol::franking::{Evidence, FrankKey, Schema};
use crate::protocol::guest::content::ChatContent;
use crate::protocol::letter::{Body, GroupId, Letter, LetterConversation, MessageId, Said};
use crate::protocol::padding::MAX_CONTENT;
use crate::protocol::wire;

/// A report of one message: what was said in it, and what shows the service that it was. Secret: it holds the message.
pub struct Report {
    evidence: Evidence,
    from: Address,
    to: Address,
    stamp: Stamp,
}

redacted!(Report, |report| from = report.from, to = report.to, at = report.stamp.at);

impl Report {
    /// Puts a report together. `from` and `to` are the addresses under which the service brought the envelope, `stamp`
    /// came with it.
    ///
    /// Nothing is checked: the service alone can.
    #[must_use]
    pub fn new(evidence: Evidence, from: Address, to: Address, stamp: Stamp) -> Self {
        Self { evidence, from, to, stamp }
    }

    /// Verifies the report under the service's key, and returns who said what to whom.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] unless this service has stamped, from `from` to `to` and at this time, an envelope that says
    /// this. [`Error::Malformed`], [`Error::NotAllowed`] and [`Error::UnsupportedContent`] for words that are none, or
    /// none that this release knows.
    pub fn verify(&self, key: &ServiceKey) -> Result<Reported, Error> {
        let Self { evidence: Evidence { schema, key: frank_key, words }, from, to, stamp } = self;
        let frank = frank_key.frank(*schema, words);
        if !key.has_made(stamp, &frank, *from, *to) {
            return Err(Error::Forged);
        }
        let said = match schema {
            Schema::Letter => ReportedWords::of_letter(words)?,
            Schema::Chat => ReportedWords::of_chat(words)?,
        };
        let ReportedWords { sent, id, group, said } = said;
        Ok(Reported { from: *from, to: *to, at: stamp.at, sent, id, group, said })
    }

    /// Encodes the report, to be kept as long as the message may be reported, and sent when it is.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let Self { evidence: Evidence { schema, key, words }, from, to, stamp } = self;
        let mut writer = Writer::begin(wire::VERSION, wire::REPORT);
        writer.u8(schema.byte());
        writer.raw(key.0.expose());
        from.write(&mut writer);
        to.write(&mut writer);
        writer.raw(&stamp.to_bytes());
        writer.raw(words);
        writer.secret()
    }

    /// Decodes what [`Report::encode`] wrote. Nothing is verified yet.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`], [`Error::WrongKind`]; [`Error::Malformed`] for anything else, and for words of more
    /// than 2^20 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::REPORT)?;
            let schema = Schema::decode(reader.u8()?)?;
            let key = FrankKey(Box::new(reader.secret()?));
            let (from, to) = (Address::read(reader)?, Address::read(reader)?);
            let (stamp, words) = (Stamp::read(reader)?, reader.rest());
            if words.len() > MAX_CONTENT {
                return Err(Error::Malformed);
            }
            let evidence = Evidence { schema, key, words: Zeroizing::new(words.to_vec()) };
            Ok(Self { evidence, from, to, stamp })
        })
    }
}

/// The message of a report that holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reported {
    /// The device that sent it, as the service knew it then.
    pub from: Address,
    /// The device that it was sent to.
    pub to: Address,
    /// The time when it came to the service, by the service's clock.
    pub at: u64,
    /// The time of sending, by the sender's clock.
    pub sent: u64,
    /// The message id.
    pub id: MessageId,
    /// The group that it was said in, if it was.
    pub group: Option<GroupId>,
    /// The words' content.
    pub said: ReportedContent,
}

/// The content of a reported message.
#[non_exhaustive]
pub enum ReportedContent {
    /// A content.
    Message(Content),
    /// The reference to the blob that holds it, which the service stores or the reporter brings.
    Blob(BlobReference),
    /// A text of a guest chat, wiped on drop.
    Text(Zeroizing<String>),
}

impl fmt::Debug for ReportedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message(..)",
            Self::Blob(_) => "Blob(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

/// Words that were read.
struct ReportedWords {
    sent: u64,
    id: MessageId,
    group: Option<GroupId>,
    said: ReportedContent,
}

impl ReportedWords {
    fn of_letter(words: &[u8]) -> Result<Self, Error> {
        let Letter { sent, id, conversation, body, .. } = Letter::decode_words(words)?;
        let group = match conversation {
            LetterConversation::Group { id, .. } => Some(id),
            LetterConversation::With(_) => None,
        };
        let said = match body {
            Body::Said(Said::Message(content)) => {
                ReportedContent::Message(Content::decode(content, Kinds::of(Sender::Member))?)
            }
            Body::Said(Said::Blob(reference)) => {
                ReportedContent::Blob(BlobReference::new(reference, Sender::Member))
            }
            _ => return Err(Error::Malformed),
        };
        Ok(Self { sent, id, group, said })
    }

    fn of_chat(words: &[u8]) -> Result<Self, Error> {
        let (sent, ChatContent::Text { id, text, .. }) = ChatContent::decode_words(words)? else {
            return Err(Error::Malformed);
        };
        Ok(Self { sent, id, group: None, said: ReportedContent::Text(text) })
    }
}

//! Contents of a guest chat: `spec/guest-links.md`, "Content".
//!
//! The schema is the policy: anything but text cannot be expressed, in either direction.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::pake::Public;
use crate::primitives::sign::SIGNATURE;

use super::hand_over::HandOver;
use super::invitation::{Approval, MAX_FIRST_TEXTS, MAX_PENDING, Policy, name};
use super::text::{ChatText, TextId};
use crate::protocol::content;
use crate::protocol::content::Text;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::{Listed, MessageId};

/// Maximum number of texts in one receipt.
pub(crate) const MAX_RECEIPT: usize = 64;

/// The reason why a chat ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// Nobody wrote for as long as the policy allows.
    Idle,
    /// This side ended it.
    Here,
    /// The other side ended it: the guest left, or the host did not let it in or sent it away.
    There,
    /// Somebody else has claimed the link.
    ClaimedByAnother,
    /// The host took the link back.
    Revoked,
    /// The PINs of the two sides differ: one of them is not who it should be, or mistyped it.
    WrongPin,
    /// The maker of the link took the claim of another guest: somebody gave the host's devices different claims of
    /// one link.
    Contested,
    /// This device of the host is no longer on its account's list.
    Removed,
    /// The two sides no longer understand each other, and nothing can repair it: make a new link.
    Lost,
    /// The guest has become an account, and the host goes on with that ([`Chat::handed_over`]).
    ///
    /// [`Chat::handed_over`]: crate::guest::Chat::handed_over
    BecameAccount,
}

impl EndReason {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Idle => 1,
            Self::Here => 2,
            Self::There => 3,
            Self::ClaimedByAnother => 4,
            Self::Revoked => 5,
            Self::WrongPin => 6,
            Self::Contested => 7,
            Self::Removed => 8,
            Self::Lost => 9,
            Self::BecameAccount => 10,
        }
    }

    pub(crate) fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Idle),
            2 => Ok(Self::Here),
            3 => Ok(Self::There),
            4 => Ok(Self::ClaimedByAnother),
            5 => Ok(Self::Revoked),
            6 => Ok(Self::WrongPin),
            7 => Ok(Self::Contested),
            8 => Ok(Self::Removed),
            9 => Ok(Self::Lost),
            10 => Ok(Self::BecameAccount),
            _ => Err(Error::Malformed),
        }
    }
}

/// The content of one message.
pub(crate) enum ChatContent {
    /// The guest's introduction: its name and first texts, its share if the policy asks for a PIN, and
    /// the join key of late devices.
    Introduction {
        name: String,
        texts: Vec<(MessageId, Text)>,
        share: Option<Public>,
        join: Box<Psk>,
    },
    /// A text of either side, with its id and the time at which it was first sealed.
    Text { id: MessageId, sent: u64, text: Text },
    /// The host lets the guest in.
    Grant { at: u64, signature: [u8; SIGNATURE] },
    /// The sender ends the chat.
    End,
    /// The host's share, and its proof of the PIN.
    PinAnswer { share: Public, proof: Proof },
    /// The guest's proof of the PIN.
    PinProof(Proof),
    /// A device of the host comes in: the first message of a late one, or of one that begins anew.
    Join,
    /// The guest did not read something, or waits.
    Knock(Asks),
    /// Texts of the other side that were received or read.
    Receipt { status: TextStatus, texts: Vec<TextId> },
    /// The guest is an account from now on.
    HandOver(Box<HandOver>),
    /// The host goes on with that account.
    Accepted(AccountId),
}

/// The fate of texts, as the side that got them says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TextStatus {
    /// They have come.
    Received,
    /// They were read.
    Read,
}

impl TextStatus {
    const fn byte(self) -> u8 {
        match self {
            Self::Received => 1,
            Self::Read => 2,
        }
    }

    fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Received),
            2 => Ok(Self::Read),
            _ => Err(Error::Malformed),
        }
    }
}

/// The wish of a guest that knocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Nothing: it answers a device that has come in.
    Nothing,
    /// A word in this session: the grant.
    Word,
    /// A new session.
    Session,
}

impl Asks {
    const fn byte(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Word => 1,
            Self::Session => 2,
        }
    }

    fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            0 => Ok(Self::Nothing),
            1 => Ok(Self::Word),
            2 => Ok(Self::Session),
            _ => Err(Error::Malformed),
        }
    }
}

/// The place of the words in a content, behind the list.
const WORDS: usize = 8 + 32;

/// A proof of a PIN.
type Proof = [u8; 32];

impl ChatContent {
    /// Encodes one message: which list of the host's devices the sender knows, when it is sealed, and the content.
    pub(crate) fn encode(&self, listed: &Listed, sent: u64) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        listed.write(&mut writer);
        writer.u64(sent);
        self.write(&mut writer);
        writer.secret()
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Introduction { name, texts, share, join } => {
                writer.u8(1);
                writer.bytes(name.as_bytes());
                writer.list(texts, |(id, text), writer| {
                    writer.raw(&id.0);
                    writer.bytes(text.as_bytes());
                });
                if let Some(share) = share {
                    writer.raw(share);
                }
                writer.raw(join.expose());
            }
            Self::Text { id, sent, text } => {
                writer.u8(2);
                writer.raw(&id.0);
                writer.u64(*sent);
                writer.raw(text.as_bytes());
            }
            Self::Grant { at, signature } => {
                writer.u8(3);
                writer.u64(*at);
                writer.raw(signature);
            }
            Self::End => writer.u8(4),
            Self::PinAnswer { share, proof } => {
                writer.u8(5);
                writer.raw(share);
                writer.raw(proof);
            }
            Self::PinProof(proof) => {
                writer.u8(6);
                writer.raw(proof);
            }
            Self::Join => writer.u8(7),
            Self::Knock(asks) => {
                writer.u8(8);
                writer.u8(asks.byte());
            }
            Self::Receipt { status, texts } => {
                writer.u8(9);
                writer.u8(status.byte());
                writer.list(texts, TextId::write);
            }
            Self::HandOver(hand_over) => {
                writer.u8(10);
                hand_over.write(writer);
            }
            Self::Accepted(account) => {
                writer.u8(11);
                writer.raw(&account.0);
            }
        }
    }

    /// Reads a content under the policy of its chat, behind the list that its sender knows and the time by its
    /// sender's clock. Everything that is not allowed is one error.
    pub(crate) fn decode(bytes: &[u8], policy: &Policy) -> Result<(Listed, u64, Self), Error> {
        let read = Reader::all(bytes, |reader| {
            let listed = Listed::read_reported(reader)?;
            Ok((listed, reader.u64()?, Self::read(reader, policy)?))
        });
        read.map_err(|_| Error::NotAllowed)
    }

    /// Tells whether it is a text that somebody says in the chat.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. })
    }

    /// Returns the words of an encoded content, which are the same for all devices.
    pub(crate) fn words(encoded: &[u8]) -> &[u8] {
        encoded.get(WORDS..).unwrap_or_default()
    }

    /// Makes the content that carries a text.
    pub(crate) fn said(text: &ChatText) -> Self {
        Self::Text { id: text.id.id, sent: text.sent, text: text.text.clone() }
    }

    /// Decodes the words of a chat whose policy is not known: the time of sending, and the content.
    pub(crate) fn decode_words(words: &[u8]) -> Result<(u64, Self), Error> {
        let policy = Policy { max_text: content::MAX_TEXT, ..Policy::new("", 0) };
        Reader::all(words, |reader| Ok((reader.u64()?, Self::read(reader, &policy)?)))
    }

    fn read(reader: &mut Reader<'_>, policy: &Policy) -> Result<Self, Error> {
        match reader.u8()? {
            1 => {
                let name = name(reader)?;
                // Nothing is said before a PIN is proved, not even by a modified guest.
                let asked = policy.approval == Approval::Pin;
                let most = if asked { 0 } else { policy.max_pending.min(MAX_PENDING) };
                let texts: Vec<_> =
                    reader.list(usize::from(most), |reader| first_text(reader, policy))?;
                check_first(texts.iter().map(|(_, text)| text))?;
                check_ids(&texts)?;
                let share = if asked { Some(*reader.array()?) } else { None };
                let join = Box::new(Psk::new(reader.secret()?)?);
                Ok(Self::Introduction { name, texts, share, join })
            }
            2 => {
                let (id, sent) = (MessageId(*reader.array()?), reader.u64()?);
                Ok(Self::Text { id, sent, text: text(reader.rest(), policy)? })
            }
            3 => Ok(Self::Grant { at: reader.u64()?, signature: *reader.array()? }),
            4 => Ok(Self::End),
            5 => Ok(Self::PinAnswer { share: *reader.array()?, proof: *reader.array()? }),
            6 => Ok(Self::PinProof(*reader.array()?)),
            7 => Ok(Self::Join),
            8 => Ok(Self::Knock(Asks::decode(reader.u8()?)?)),
            9 => {
                let status = TextStatus::decode(reader.u8()?)?;
                let texts: Vec<TextId> = reader.list(MAX_RECEIPT, TextId::read)?;
                check_receipt(&texts)?;
                Ok(Self::Receipt { status, texts })
            }
            10 => Ok(Self::HandOver(Box::new(HandOver::recall(reader)?))),
            11 => Ok(Self::Accepted(AccountId(*reader.array()?))),
            _ => Err(Error::NotAllowed),
        }
    }
}

/// Checks that the texts of an introduction are short enough together.
pub(crate) fn check_first<'a>(texts: impl Iterator<Item = &'a Text>) -> Result<(), Error> {
    let length = texts.fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if length > MAX_FIRST_TEXTS { Err(Error::NotAllowed) } else { Ok(()) }
}

/// Checks that no two texts of an introduction have one id: the host remembers texts by theirs.
fn check_ids(texts: &[(MessageId, Text)]) -> Result<(), Error> {
    let mut ids: Vec<_> = texts.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    let is_set = ids.is_sorted_by(|one, two| one < two);
    if is_set { Ok(()) } else { Err(Error::NotAllowed) }
}

/// Checks that a receipt names some texts, in ascending order and not too many: a set has one encoding.
pub(crate) fn check_receipt(texts: &[TextId]) -> Result<(), Error> {
    let is_some = (1..=MAX_RECEIPT).contains(&texts.len());
    let is_set = texts.is_sorted_by(|one, two| one < two);
    if is_some && is_set { Ok(()) } else { Err(Error::NotAllowed) }
}

/// Reads a text that the policy allows: what a content takes for one, and not too long.
pub(crate) fn text(bytes: &[u8], policy: &Policy) -> Result<Text, Error> {
    content::text(bytes, policy.max_text).map_err(|_| Error::NotAllowed)
}

fn first_text(reader: &mut Reader<'_>, policy: &Policy) -> Result<(MessageId, Text), Error> {
    let id = MessageId(*reader.array()?);
    Ok((id, text(reader.bytes(usize::from(policy.max_text))?, policy)?))
}

#[cfg(test)]
#[path = "tests/content.rs"]
mod tests;

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

use super::invitation::{Approval, MAX_FIRST_TEXTS, MAX_PENDING, Policy, name};
use crate::protocol::content;
use crate::protocol::content::Text;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::letter::Listed;

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
            _ => Err(Error::Malformed),
        }
    }
}

/// The content of one message.
pub(crate) enum ChatContent {
    /// The guest's introduction: its name and first texts, its share if the policy asks for a PIN, and
    /// the join key of late devices.
    Introduction { name: String, texts: Vec<Text>, share: Option<Public>, join: Box<Psk> },
    /// A text of either side.
    Text(Text),
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

/// A proof of a PIN.
type Proof = [u8; 32];

impl ChatContent {
    /// Encodes one message: which list of the host's devices the sender knows, when it is sealed, and the content.
    pub(crate) fn encode(&self, listed: &Listed, sent: u64) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        listed.write(&mut writer);
        writer.u64(sent);
        match self {
            Self::Introduction { name, texts, share, join } => {
                writer.u8(1);
                writer.bytes(name.as_bytes());
                writer.list(texts, |text, writer| writer.bytes(text.as_bytes()));
                if let Some(share) = share {
                    writer.raw(share);
                }
                writer.raw(join.expose());
            }
            Self::Text(text) => {
                writer.u8(2);
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
        }
        writer.secret()
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

    fn read(reader: &mut Reader<'_>, policy: &Policy) -> Result<Self, Error> {
        match reader.u8()? {
            1 => {
                let name = name(reader)?;
                // Nothing is said before a PIN is proved, not even by a modified guest.
                let asked = policy.approval == Approval::Pin;
                let most = if asked { 0 } else { policy.max_pending.min(MAX_PENDING) };
                let texts: Vec<_> =
                    reader.list(usize::from(most), |reader| first_text(reader, policy))?;
                check_first(&texts)?;
                let share = if asked { Some(*reader.array()?) } else { None };
                let join = Box::new(Psk::new(reader.secret()?)?);
                Ok(Self::Introduction { name, texts, share, join })
            }
            2 => Ok(Self::Text(text(reader.rest(), policy)?)),
            3 => Ok(Self::Grant { at: reader.u64()?, signature: *reader.array()? }),
            4 => Ok(Self::End),
            5 => Ok(Self::PinAnswer { share: *reader.array()?, proof: *reader.array()? }),
            6 => Ok(Self::PinProof(*reader.array()?)),
            7 => Ok(Self::Join),
            8 => Ok(Self::Knock(Asks::decode(reader.u8()?)?)),
            _ => Err(Error::NotAllowed),
        }
    }
}

/// Checks that the texts of an introduction are short enough together.
pub(crate) fn check_first(texts: &[Text]) -> Result<(), Error> {
    let length = texts.iter().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if length > MAX_FIRST_TEXTS { Err(Error::NotAllowed) } else { Ok(()) }
}

/// Reads a text that the policy allows: what a content takes for one, and not too long.
pub(crate) fn text(bytes: &[u8], policy: &Policy) -> Result<Text, Error> {
    content::text(bytes, policy.max_text).map_err(|_| Error::NotAllowed)
}

fn first_text(reader: &mut Reader<'_>, policy: &Policy) -> Result<Text, Error> {
    text(reader.bytes(usize::from(policy.max_text))?, policy)
}

#[cfg(test)]
#[path = "tests/content.rs"]
mod tests;

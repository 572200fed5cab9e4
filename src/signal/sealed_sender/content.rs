//! Contents of sealed envelopes: `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! content = { 1: kind (1 first message, 2 message, 7 message of a group, 8 plaintext), 2: sender certificate,
//!             3: payload, 4: hint (1 resendable, 2 implicit), 5: group id }
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::protobuf::{self, put_bytes, put_number};
use crate::signal::decryption_error::DecryptionErrorMessage;

use super::certificate::SenderCertificate;

/// Maximum length of a group id in bytes.
const MAX_GROUP: usize = 256;

/// Maximum length of content in bytes: a message of 2^20 bytes, with what stands around it.
pub(super) const MAX_SEALED: usize = (1 << 20) + (1 << 16);

/// The payload of a sealed envelope. A kind that nobody sealed can carry nothing but a decryption error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedPayload<'a> {
    /// A message that begins a session.
    First(&'a [u8]),
    /// A message of a session.
    Message(&'a [u8]),
    /// A message of a group.
    Group(&'a [u8]),
    /// A decryption error, in clear inside the envelope.
    DecryptionError(DecryptionErrorMessage),
}

/// The sender's hint to a receiver that cannot open a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContentHint {
    /// Show that something is missing, at once.
    #[default]
    Default,
    /// Show it only if the sender does not send it again in a while.
    Resendable,
    /// Show nothing: a receipt, or that somebody is typing.
    Implicit,
}

/// The content that a sender puts into a sealed envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedContent<'a> {
    /// The payload.
    pub payload: SealedPayload<'a>,
    /// The hint.
    pub hint: ContentHint,
    /// The id of the group that it belongs to, by which a receiver knows where something is missing.
    pub group: Option<&'a [u8]>,
}

impl SealedContent<'_> {
    /// Encodes the content with its sender's certificate.
    pub(super) fn encode(
        &self,
        certificate: &SenderCertificate,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut writer = Writer::new();
        put_number(&mut writer, 1, Kind::of(&self.payload).number());
        put_bytes(&mut writer, 2, certificate.bytes());
        match &self.payload {
            SealedPayload::First(bytes)
            | SealedPayload::Message(bytes)
            | SealedPayload::Group(bytes) => put_bytes(&mut writer, 3, bytes),
            SealedPayload::DecryptionError(error) => {
                put_bytes(&mut writer, 3, &error.encode_plaintext());
            }
        }
        if let Some(hint) = self.hint.number() {
            put_number(&mut writer, 4, hint);
        }
        if let Some(group) = self.group {
            put_bytes(&mut writer, 5, group);
        }
        let is_long = self.group.is_some_and(|group| group.len() > MAX_GROUP);
        if is_long || writer.written().len() > MAX_SEALED {
            return Err(Error::ContentTooLong);
        }
        Ok(writer.secret())
    }
}

/// Content that was opened, and its certificate, which is not verified yet.
pub(super) struct OpenedContent<'a> {
    pub(super) certificate: SenderCertificate,
    pub(super) content: SealedContent<'a>,
}

impl<'a> OpenedContent<'a> {
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let [kind, certificate, payload, hint, group] = protobuf::read::<5>(bytes)?;
        let group = group.optional_bytes()?;
        if group.is_some_and(|group| group.len() > MAX_GROUP) {
            return Err(Error::Malformed);
        }
        let content = SealedContent {
            payload: Kind::read(kind.u32()?)?.decode(payload.bytes()?)?,
            hint: ContentHint::read(hint.optional_u32()?),
            group,
        };
        Ok(Self { certificate: SenderCertificate::decode(certificate.bytes()?)?, content })
    }
}

/// The kind of a payload.
#[derive(Clone, Copy)]
enum Kind {
    First,
    Message,
    Group,
    Plaintext,
}

impl Kind {
    fn of(payload: &SealedPayload<'_>) -> Self {
        match payload {
            SealedPayload::First(_) => Self::First,
            SealedPayload::Message(_) => Self::Message,
            SealedPayload::Group(_) => Self::Group,
            SealedPayload::DecryptionError(_) => Self::Plaintext,
        }
    }

    fn read(number: u32) -> Result<Self, Error> {
        let all = [Self::First, Self::Message, Self::Group, Self::Plaintext];
        all.into_iter().find(|kind| kind.number() == number).ok_or(Error::WrongKind)
    }

    fn decode(self, payload: &[u8]) -> Result<SealedPayload<'_>, Error> {
        Ok(match self {
            Self::First => SealedPayload::First(payload),
            Self::Message => SealedPayload::Message(payload),
            Self::Group => SealedPayload::Group(payload),
            Self::Plaintext => {
                let error = DecryptionErrorMessage::decode_plaintext(payload)?;
                SealedPayload::DecryptionError(error)
            }
        })
    }

    fn number(self) -> u32 {
        match self {
            Self::First => 1,
            Self::Message => 2,
            Self::Group => 7,
            Self::Plaintext => 8,
        }
    }
}

/// A payload that has its own bytes.
pub(super) enum OwnedPayload {
    First(Vec<u8>),
    Message(Vec<u8>),
    Group(Vec<u8>),
    DecryptionError(DecryptionErrorMessage),
}

impl OwnedPayload {
    pub(super) fn borrow(&self) -> SealedPayload<'_> {
        match self {
            Self::First(bytes) => SealedPayload::First(bytes),
            Self::Message(bytes) => SealedPayload::Message(bytes),
            Self::Group(bytes) => SealedPayload::Group(bytes),
            Self::DecryptionError(error) => SealedPayload::DecryptionError(*error),
        }
    }
}

impl From<SealedPayload<'_>> for OwnedPayload {
    fn from(payload: SealedPayload<'_>) -> Self {
        match payload {
            SealedPayload::First(bytes) => Self::First(bytes.to_vec()),
            SealedPayload::Message(bytes) => Self::Message(bytes.to_vec()),
            SealedPayload::Group(bytes) => Self::Group(bytes.to_vec()),
            SealedPayload::DecryptionError(error) => Self::DecryptionError(error),
        }
    }
}

impl ContentHint {
    /// Reads a hint. One that is not known is none: it says only what to show meanwhile.
    fn read(number: Option<u32>) -> Self {
        match number {
            Some(1) => Self::Resendable,
            Some(2) => Self::Implicit,
            _ => Self::Default,
        }
    }

    fn number(self) -> Option<u32> {
        match self {
            Self::Default => None,
            Self::Resendable => Some(1),
            Self::Implicit => Some(2),
        }
    }
}

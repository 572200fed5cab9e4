//! The invitation that a link is a hash of: `spec/guest-links.md`, "Invitation".

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::same;
use crate::primitives::sign::{self, SIGNATURE};
use crate::primitives::text::is_line;

use super::identity::{AccountKind, Certificate, Identity};
use super::letter::Listed;
use super::link::{Link, LinkKeys};
use super::{labels, wire};

/// Bytes of a displayed name at most.
pub(crate) const MAX_NAME: usize = 64;
/// Bytes of an origin at most.
const MAX_ORIGIN: usize = 255;
/// Bytes of a signed invitation at most.
pub(crate) const MAX_SIGNED: usize = 1024;
/// Bytes of one text at most, whatever the policy.
pub(crate) const MAX_TEXT: u16 = 16_384;
/// Texts before the grant at most, whatever the policy.
pub(crate) const MAX_PENDING: u8 = 16;
/// Seconds without activity after which a chat ends at the latest: ten days.
pub(crate) const MAX_IDLE: u32 = 864_000;
/// Seconds for which a link may wait for its claim at most: 30 days, as long as the prekeys that
/// the claim uses.
pub(crate) const MAX_WAIT: u64 = 30 * 86_400;

/// Stored invitations are padded to multiples of this many bytes.
const PAD: usize = 256;

/// Who lets a guest in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Approval {
    /// A person, after comparing security codes or looking at the name. The right choice for a
    /// link that goes through somebody else's hands (SMS, e-mail).
    Host,
    /// The host's device, for whoever claims first.
    Automatic,
    /// A person, after both sides have proved that they know one PIN, which the host told the
    /// guest over another way than the link. Somebody who overheard the link has one guess among
    /// a million. Somebody who put another link in its place has one, too, if the guest insists on
    /// being asked for the PIN before the chat opens, and never writes it in a chat.
    Pin,
}

/// What a link allows. Both sides hold the same policy: it is part of what the link is a hash of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The host's name as the guest sees it: at most 64 bytes, without characters that make it look
    /// like another text (`spec/README.md`, "Lines").
    pub host_name: String,
    /// Who lets the guest in.
    pub approval: Approval,
    /// When the unclaimed link ends, in seconds of the clock that all sides share; at most 30
    /// days ahead.
    pub expires: u64,
    /// Seconds without activity after which the chat ends; at most ten days.
    pub idle: u32,
    /// Bytes of one text, at most 16,384.
    pub max_text: u16,
    /// Texts that a guest may send before it is let in, at most 16.
    pub max_pending: u8,
}

impl Policy {
    /// The usual policy: let in by the host, ten days idle, texts of 4,096 bytes, three of them
    /// before the grant.
    #[must_use]
    pub fn new(host_name: &str, expires: u64) -> Self {
        Self {
            host_name: host_name.to_string(),
            approval: Approval::Host,
            expires,
            idle: MAX_IDLE,
            max_text: 4096,
            max_pending: 3,
        }
    }

    fn is_sane(&self) -> bool {
        is_name(&self.host_name)
            && (1..=MAX_IDLE).contains(&self.idle)
            && (1..=MAX_TEXT).contains(&self.max_text)
            && (1..=MAX_PENDING).contains(&self.max_pending)
    }

    /// Refuses what a host may not offer.
    pub(crate) fn check(&self, now: u64) -> Result<(), Error> {
        let in_time = self.expires > now && self.expires <= now.saturating_add(MAX_WAIT);
        if self.is_sane() && in_time { Ok(()) } else { Err(Error::BadArgument) }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(match self.approval {
            Approval::Host => 1,
            Approval::Automatic => 2,
            Approval::Pin => 3,
        });
        writer.u64(self.expires);
        writer.u32(self.idle);
        writer.u16(self.max_text);
        writer.u8(self.max_pending);
        writer.bytes(self.host_name.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let policy = Self {
            approval: match reader.u8()? {
                1 => Approval::Host,
                2 => Approval::Automatic,
                3 => Approval::Pin,
                _ => return Err(Error::Malformed),
            },
            expires: reader.u64()?,
            idle: reader.u32()?,
            max_text: reader.u16()?,
            max_pending: reader.u8()?,
            host_name: name(reader)?,
        };
        if policy.is_sane() { Ok(policy) } else { Err(Error::Malformed) }
    }
}

/// Reads a displayed name.
pub(crate) fn name(reader: &mut Reader<'_>) -> Result<String, Error> {
    let name = utf8(reader, MAX_NAME)?;
    if is_name(&name) { Ok(name) } else { Err(Error::Malformed) }
}

/// Whether a name may be displayed: short, and a line (`spec/README.md`, "Lines").
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && is_line(name)
}

/// Reads an origin.
pub(crate) fn origin(reader: &mut Reader<'_>) -> Result<String, Error> {
    utf8(reader, MAX_ORIGIN)
}

fn utf8(reader: &mut Reader<'_>, max: usize) -> Result<String, Error> {
    let bytes = reader.bytes(max)?;
    core::str::from_utf8(bytes).map(ToString::to_string).map_err(|_| Error::Malformed)
}

/// A host's signed offer of one chat.
pub(crate) struct Invitation {
    pub(crate) origin: String,
    pub(crate) host: Certificate,
    /// The host account's devices, as the host's device knew them.
    pub(crate) listed: Listed,
    pub(crate) owner: sign::PublicKey,
    pub(crate) policy: Policy,
}

impl Invitation {
    /// Encodes and signs. The random nonce makes the encoding, hence the link, unguessable; the
    /// encoding is as secret as the link, which is its hash.
    pub(crate) fn sign(
        &self,
        identity: &Identity,
        rng: &mut impl CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.origin.len() > MAX_ORIGIN {
            return Err(Error::BadArgument);
        }
        let mut nonce = Zeroizing::new([0; 32]);
        rng.fill_bytes(nonce.as_mut_slice());
        let mut writer = Writer::begin(wire::VERSION, wire::INVITATION);
        writer.u8(wire::SUITE);
        writer.raw(nonce.as_slice());
        writer.bytes(self.origin.as_bytes());
        self.host.write(&mut writer);
        self.listed.write(&mut writer);
        writer.raw(self.owner.bytes());
        self.policy.write(&mut writer);
        let signature = identity.signing.sign(labels::GUEST_INVITATION, &[writer.written()]);
        writer.raw(&signature);
        Ok(writer.secret())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (body, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(Error::Malformed)?;
        let invitation = Reader::all(body, |reader| {
            reader.begin(wire::VERSION, wire::INVITATION)?;
            if reader.u8()? != wire::SUITE {
                return Err(Error::Malformed);
            }
            reader.array::<32>()?;
            Ok(Self {
                origin: origin(reader)?,
                host: Certificate::read(reader)?,
                listed: Listed::read(reader)?,
                owner: sign::PublicKey::decode(*reader.array()?)?,
                policy: Policy::read(reader)?,
            })
        })?;
        if invitation.host.kind() != AccountKind::Member {
            return Err(Error::Malformed);
        }
        invitation.host.identity().signing.verify(labels::GUEST_INVITATION, &[body], signature)?;
        Ok(invitation)
    }
}

/// Seals a signed invitation for the server, padded to a multiple of 256 bytes.
pub(crate) fn seal(keys: &LinkKeys, signed: &[u8]) -> Result<Vec<u8>, Error> {
    let length = signed.len().saturating_add(1).next_multiple_of(PAD);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(signed);
    padded.push(0x80);
    padded.resize(length, 0);
    seal_once(keys.invitation_key(), &keys.locator().0, &padded)
}

/// Opens a stored invitation, if it is the very one that the link is a hash of.
pub(crate) fn open(link: &Link, sealed: &[u8]) -> Result<Invitation, Error> {
    let keys = link.keys();
    let padded = open_once(keys.invitation_key(), &keys.locator().0, sealed)
        .map_err(|_| Error::WrongInvitation)?;
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(Error::WrongInvitation)?;
    let (signed, padding) = padded.split_at_checked(end).ok_or(Error::WrongInvitation)?;
    let committed = same(link.secret().expose(), Link::of(signed).secret().expose());
    if !committed || padding.first() != Some(&0x80) {
        return Err(Error::WrongInvitation);
    }
    Invitation::decode(signed)
}

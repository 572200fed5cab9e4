//! Invitations; a link is the hash of one: `spec/guest-links.md`, "Invitation".

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hedged;
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign;
use crate::primitives::sign::SIGNATURE;
use crate::primitives::text::is_line;

use super::link::{InviteLink, LinkKeys};
use crate::protocol::clock::SKEW;
use crate::protocol::content::MAX_TEXT;
use crate::protocol::identity::certificate::{AccountKind, Certificate, Identity};
use crate::protocol::letter::Listed;
use crate::protocol::origin::Origin;
use crate::protocol::{labels, wire};

/// Maximum of bytes in a displayed name.
pub(crate) const MAX_NAME: usize = 64;
/// Maximum of bytes in a signed invitation.
pub(crate) const MAX_SIGNED: usize = 1024;
/// Maximum of texts before the grant, whatever the policy.
pub(crate) const MAX_PENDING: u8 = 16;
/// Maximum of bytes in the texts of an introduction together: each device that is addressed gets them.
pub(crate) const MAX_FIRST_TEXTS: usize = 16_384;
/// Maximum of seconds without activity after which a chat ends: ten days.
pub(crate) const MAX_IDLE: u32 = 864_000;
/// Maximum of seconds for which a link may wait for its claim: 30 days, as long as the prekeys that the
/// claim uses.
pub(crate) const MAX_WAIT: u64 = 30 * 86_400;

/// Stored invitations are padded to multiples of this many bytes.
const PAD: usize = 256;

/// The way in which a guest is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Approval {
    /// A person lets the guest in, after comparing fingerprints or looking at the name. The right choice for
    /// a link that goes through somebody else's hands (SMS, e-mail).
    Host,
    /// The host's device lets in whoever claims first.
    Automatic,
    /// A person lets the guest in, after both sides have proved that they know one PIN, which the host told
    /// the guest over another way than the link. Somebody who overheard the link has one guess among a
    /// million; so has somebody who put another link in its place, if the guest insists on being asked for
    /// the PIN before the chat opens, and never writes it in a chat.
    Pin,
}

/// The rules of a link and its chat. Both sides hold the same policy: it is part of the invitation that the
/// link is a hash of.
///
/// ```
/// use latchstring::guest::{Approval, Policy};
///
/// let now = 1_800_000_000;
/// let mut policy = Policy::new("Ada", now + 86_400);
/// policy.approval = Approval::Pin;
/// policy.idle = 3_600;
/// assert_eq!(policy.max_text, 4_096);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The host's name as the guest sees it: at most 64 bytes, without characters that make it look
    /// like another text ("Lines" in [the specification](crate::spec)).
    pub host_name: String,
    /// The way in which the guest is let in.
    pub approval: Approval,
    /// The end of the unclaimed link, in seconds of the clock that all sides share; at most 30 days
    /// ahead.
    pub expires: u64,
    /// Seconds without activity after which the chat ends; at most ten days.
    pub idle: u32,
    /// Bytes of one text, at most 16,384.
    pub max_text: u16,
    /// Texts that a guest may send before it is let in, at most 16.
    pub max_pending: u8,
}

impl Policy {
    /// Makes the usual policy: the host lets the guest in, the chat ends after ten idle days, and texts have
    /// at most 4,096 bytes, three of them before the grant.
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
        is_name(&self.host_name) && self.is_within_limits()
    }

    fn is_within_limits(&self) -> bool {
        (1..=MAX_IDLE).contains(&self.idle)
            && (1..=MAX_TEXT).contains(&self.max_text)
            && (1..=MAX_PENDING).contains(&self.max_pending)
    }

    /// Refuses a policy that a host may not offer.
    pub(crate) fn check(&self, now: u64) -> Result<(), Error> {
        let in_time = self.expires > now && self.expires <= now.saturating_add(MAX_WAIT);
        if !is_name(&self.host_name) {
            return Err(Error::InvalidName);
        }
        if self.is_within_limits() && in_time { Ok(()) } else { Err(Error::InvalidPolicy) }
    }

    /// Refuses a link outside its time: over, or of a host's clock that is far ahead, whose links would wait for
    /// years.
    pub(crate) fn check_time(&self, now: u64) -> Result<(), Error> {
        let latest = now.saturating_add(MAX_WAIT).saturating_add(SKEW);
        if (now..=latest).contains(&self.expires) { Ok(()) } else { Err(Error::Expired) }
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

/// Tells whether a name may be displayed: short, and a line (`spec/README.md`, "Lines").
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && is_line(name)
}

fn utf8(reader: &mut Reader<'_>, max: usize) -> Result<String, Error> {
    let bytes = reader.bytes(max)?;
    core::str::from_utf8(bytes).map(ToString::to_string).map_err(|_| Error::Malformed)
}

/// A host's signed offer of one chat.
pub(crate) struct Invitation {
    pub(crate) origin: Origin,
    pub(crate) host: Certificate,
    /// The host account's devices, as the host's device knew them.
    pub(crate) listed: Listed,
    pub(crate) owner: sign::PublicKey,
    pub(crate) policy: Policy,
}

impl Invitation {
    /// Encodes and signs. The random nonce makes the encoding, hence the link, unguessable; the
    /// encoding is as secret as the link, which is its hash.
    pub(crate) fn sign(&self, identity: &Identity, rng: &mut impl CryptoRng) -> Zeroizing<Vec<u8>> {
        let mut terms = Writer::new();
        self.origin.write(&mut terms);
        self.host.write(&mut terms);
        self.listed.write(&mut terms);
        terms.raw(self.owner.bytes());
        self.policy.write(&mut terms);
        let (secret, label) = (identity.agreement.seed(), labels::GUEST_NONCE);
        let nonce: Secret<32> = hedged(secret, label, &[terms.written()], rng);
        let mut writer = Writer::begin(wire::VERSION, wire::INVITATION);
        writer.u8(wire::SUITE);
        writer.raw(nonce.expose());
        writer.raw(terms.written());
        let signature = identity.signing.sign(labels::GUEST_INVITATION, &[writer.written()]);
        writer.raw(&signature);
        writer.secret()
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
                origin: Origin::read(reader)?,
                host: Certificate::read(reader)?,
                listed: Listed::read_reported(reader)?,
                owner: sign::PublicKey::read(reader)?,
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
pub(crate) fn open(link: &InviteLink, sealed: &[u8]) -> Result<Invitation, Error> {
    let keys = link.keys();
    let padded = open_once(keys.invitation_key(), &keys.locator().0, sealed)
        .map_err(|_| Error::WrongInvitation)?;
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(Error::WrongInvitation)?;
    let (signed, padding) = padded.split_at_checked(end).ok_or(Error::WrongInvitation)?;
    let committed = same(link.secret().expose(), InviteLink::of(signed).secret().expose());
    if !committed || padding.first() != Some(&0x80) {
        return Err(Error::WrongInvitation);
    }
    Invitation::decode(signed)
}

#[cfg(test)]
#[path = "tests/invitation.rs"]
mod tests;

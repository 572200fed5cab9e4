//! The server's copy of a link, and the notice that the link is over: `spec/guest-links.md`,
//! "Server copy" and "Notice".

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::kdf::hash;
use crate::primitives::sign;
use crate::primitives::sign::SIGNATURE;

use super::claim;
use super::hand_over::HandOver;
use super::invitation::{Invitation, seal};
use super::link::{InviteLink, Locator};
use crate::protocol::{labels, wire};

/// Maximum length of a sealed invitation in bytes.
const MAX_SEALED: usize = 2048;

ids! {
    /// The digest of a claim: the same claim sent twice has one digest.
    ClaimDigest: 32;
}

/// The object that a host gives to its server for one link. Public: it says nothing about the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCopy {
    locator: Locator,
    claim: sign::PublicKey,
    owner: sign::PublicKey,
    expires: u64,
    sealed: Vec<u8>,
}

impl ServerCopy {
    pub(crate) fn new(
        link: &InviteLink,
        invitation: &Invitation,
        signed: &[u8],
    ) -> Result<Self, Error> {
        let keys = link.keys();
        Ok(Self {
            locator: keys.locator(),
            claim: keys.claim_signing().public(),
            owner: invitation.owner,
            expires: invitation.policy.expires,
            sealed: seal(&keys, signed)?,
        })
    }

    /// Returns the id under which the server finds it.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.locator
    }

    /// Tells when the server may forget an unclaimed link.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// Returns what the server hands to whoever asks for the locator, as often as asked: looking is not
    /// claiming.
    #[must_use]
    pub fn sealed_invitation(&self) -> &[u8] {
        &self.sealed
    }

    /// Checks, for the server, that a holder of the link made a claim, and returns the claim's digest.
    /// The first claim wins; the same digest again is the same claim sent twice. Keep the bytes that
    /// came first.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`] for the bytes,
    /// [`Error::WrongPeer`] for another link's claim, [`Error::BadSignature`].
    pub fn check_claim(&self, claim: &[u8]) -> Result<ClaimDigest, Error> {
        claim::admit(claim, self.locator, &self.claim).map(ClaimDigest)
    }

    /// Checks, for the server, that the link's owner signed a notice. After it, the link takes no
    /// claim.
    ///
    /// # Errors
    ///
    /// As for [`ServerCopy::check_claim`].
    pub fn check_notice(&self, notice: &[u8]) -> Result<(), Error> {
        Notice::decode(notice, self.locator, &self.owner).map(|_| ())
    }

    /// Checks, for the server, that the guest of a claim has become the account that a hand-over names, by the guest's
    /// key and by that of a device of the account. `claim` is the claim that won, and `credentials` are what the guest
    /// gives with the hand-over ([`Chat::claim_credentials`](crate::guest::Chat::claim_credentials)). Then compare the
    /// account's list ([`HandOver::check`]). Whether the host has let the guest in, no server knows.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for another link, claim or guest, and for credentials of another claim;
    /// [`Error::BadSignature`] if a signature does not hold; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn check_hand_over(
        &self,
        claim: &[u8],
        credentials: &[u8],
        hand_over: &[u8],
    ) -> Result<HandOver, Error> {
        self.check_claim(claim)?;
        let hand_over = Reader::all(hand_over, HandOver::recall)?;
        let names = &hand_over.names;
        let claimed = (&names.invitation, &names.transcript);
        let guest = claim::guest_of(claim, self.locator, claimed, credentials)?;
        if guest.account() != names.guest {
            return Err(Error::WrongPeer);
        }
        hand_over.verify(&guest.identity().signing)?;
        Ok(hand_over)
    }

    /// Encodes what [`ServerCopy::decode`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::SERVER_COPY);
        writer.raw(&self.locator.0);
        writer.raw(self.claim.bytes());
        writer.raw(self.owner.bytes());
        writer.u64(self.expires);
        writer.bytes(&self.sealed);
        writer.public()
    }

    /// Reads a server copy.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::SERVER_COPY)?;
            Ok(Self {
                locator: Locator(*reader.array()?),
                claim: sign::PublicKey::read(reader)?,
                owner: sign::PublicKey::read(reader)?,
                expires: reader.u64()?,
                sealed: reader.bytes(MAX_SEALED)?.to_vec(),
            })
        })
    }
}

/// The reason why a link no longer takes claims.
pub(crate) enum Notice {
    /// Claimed, by the claim with this transcript.
    Claimed([u8; 32]),
    /// Taken back by its owner.
    Revoked,
}

impl Notice {
    pub(crate) fn sign(&self, locator: Locator, owner: &sign::SecretKey) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::NOTICE);
        writer.raw(&locator.0);
        match self {
            Self::Claimed(transcript) => {
                writer.u8(1);
                writer.raw(&claim_hash(transcript));
            }
            Self::Revoked => {
                writer.u8(2);
                writer.raw(&[0; 32]);
            }
        }
        let mut bytes = writer.public();
        let signature = owner.sign(labels::GUEST_NOTICE, &[&bytes]);
        bytes.extend_from_slice(&signature);
        bytes
    }

    /// Reads a notice: the hash that stands for the claim that won, or `None` if the link was taken
    /// back.
    pub(crate) fn decode(
        bytes: &[u8],
        locator: Locator,
        owner: &sign::PublicKey,
    ) -> Result<Option<[u8; 32]>, Error> {
        let (body, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(Error::Malformed)?;
        let claimed = Reader::all(body, |reader| {
            reader.begin(wire::VERSION, wire::NOTICE)?;
            if reader.array()? != &locator.0 {
                return Err(Error::WrongPeer);
            }
            match (reader.u8()?, *reader.array::<32>()?) {
                (1, hash) => Ok(Some(hash)),
                (2, hash) if hash == [0; 32] => Ok(None),
                _ => Err(Error::Malformed),
            }
        })?;
        owner.verify(labels::GUEST_NOTICE, &[body], signature)?;
        Ok(claimed)
    }
}

/// Hashes a transcript as a notice shows it: a late-comer learns that the claim is not its own, and no
/// more.
pub(crate) fn claim_hash(transcript: &[u8; 32]) -> [u8; 32] {
    hash(&[labels::GUEST_CLAIM_NAME, transcript])
}

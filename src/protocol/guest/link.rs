//! Invite links: `spec/guest-links.md`, "The link".
//!
//! ```text
//! S    = SHA-256(LABEL(guest/secret) ‖ signed invitation)
//! text = "G1" ‖ base32(S ‖ SHA-256(LABEL(guest/check) ‖ S)[0..4])
//! prk  = HKDF-Extract(salt = LABEL(guest/link), ikm = S)
//! X    = HKDF-Expand(prk, LABEL(guest/X), length of X)
//! ```

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::first;
use crate::primitives::id::ids;
use crate::primitives::kdf::{Prk, hash};
use crate::primitives::secret::{Secret, same};
use crate::primitives::{pasted, sign};

use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::labels;
use crate::protocol::origin::Origin;

/// The letter that a link's text begins with.
const LETTER: char = 'G';

const CHECK: usize = 4;

/// Number of characters of a link behind its mark.
const CHARACTERS: usize = 58;

ids! {
    /// The id by which a server finds a link's objects: 24 bytes derived one way from the link. Not
    /// secret.
    ///
    /// ```
    /// use latchstring::guest::Locator;
    ///
    /// let locator = Locator([7; 24]);
    /// assert_eq!(locator.to_string().parse(), Ok(locator)); // 48 hexadecimal digits
    /// ```
    Locator: 24;
}

/// A guest's link. Secret: whoever holds it may claim the chat until somebody has.
///
/// It is a hash of the host's signed invitation, and so determines the host: no server can put another
/// host behind it, not even one that knows the link.
pub struct InviteLink {
    secret: Box<Secret<32>>,
}

impl InviteLink {
    pub(crate) fn of(invitation: &[u8]) -> Self {
        let secret = Zeroizing::new(hash(&[labels::GUEST_SECRET, invitation]));
        Self::from_secret(Secret::copy(&secret))
    }

    pub(crate) fn from_secret(secret: Secret<32>) -> Self {
        Self { secret: Box::new(secret) }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    /// Finds a link in a text, as people paste it: a URL with the link in its fragment, or what stands behind the `#`
    /// alone; with words, brackets and full stops around it, wrapped, escaped, in other letters ("Pasted secrets" in
    /// [the specification](crate::spec)).
    ///
    /// A secret in the path or query of a URL has been sent to the server, so it is not looked for there.
    ///
    /// # Errors
    ///
    /// [`Error::LinkMangled`] if there is no whole link in the text, or the text has more than 16,384 bytes.
    pub fn parse(text: &str) -> Result<Self, Error> {
        pasted::find(text, LETTER, CHARACTERS, Self::read).ok_or(Error::LinkMangled)
    }

    fn read(characters: &[u8]) -> Option<Self> {
        let bytes = pasted::decode(characters, 32 + CHECK)?;
        let (secret, found) = bytes.split_first_chunk::<32>()?;
        let secret = Secret::copy(secret);
        let is_whole = same(found.first_chunk::<CHECK>()?, &check(&secret));
        is_whole.then(|| Self::from_secret(secret))
    }

    /// Writes the link as a URL of `origin` ("example.org"): `https://example.org/g#G1…`, 58 characters behind the
    /// mark. Browsers do not send what follows the `#`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPolicy`] if `origin` is no host name with or without a port, in small letters: an invite has
    /// one ([`Invite::origin`](crate::guest::Invite::origin)).
    pub fn to_url(&self, origin: &str) -> Result<Zeroizing<String>, Error> {
        let origin = Origin::new(origin)?;
        let mut bytes = Zeroizing::new([0; 32 + CHECK]);
        // Filled in place: bytes put together elsewhere would stay there.
        let (secret, sum) = bytes.split_at_mut(32);
        secret.copy_from_slice(self.secret.expose());
        sum.copy_from_slice(&check(&self.secret));
        let text = pasted::write(LETTER, bytes.as_slice());
        let parts = ["https://", origin.as_str(), "/g#", &text];
        let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let mut url = Zeroizing::new(String::with_capacity(length));
        for part in parts {
            url.push_str(part);
        }
        Ok(url)
    }

    /// Returns the id to ask the server for.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.keys().locator()
    }

    pub(crate) fn keys(&self) -> LinkKeys {
        LinkKeys { prk: Prk::extract(labels::GUEST_LINK, &[self.secret.expose()]) }
    }
}

impl fmt::Debug for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteLink(…)")
    }
}

fn check(secret: &Secret<32>) -> [u8; CHECK] {
    first(&hash(&[labels::GUEST_CHECK, secret.expose()]))
}

/// All keys and ids that follow from a link's secret.
pub(crate) struct LinkKeys {
    prk: Prk,
}

impl LinkKeys {
    pub(crate) fn locator(&self) -> Locator {
        Locator(*self.prk.expand(&[labels::GUEST_LOCATOR]).expose())
    }

    /// Derives the public id of the invitation in transcripts.
    pub(crate) fn invitation_id(&self) -> [u8; 32] {
        *self.prk.expand(&[labels::GUEST_INVITATION_ID]).expose()
    }

    /// Derives the key that seals the one invitation that the link is a hash of.
    pub(crate) fn invitation_key(&self) -> Secret<32> {
        self.prk.expand(&[labels::GUEST_INVITATION_KEY])
    }

    /// Derives the claim signing key; the server holds its public half.
    pub(crate) fn claim_signing(&self) -> sign::SecretKey {
        sign::SecretKey::from_seed(self.prk.expand(&[labels::GUEST_CLAIM_SEED]))
    }

    /// Derives the claim MAC key, which authenticates claims to the host; the server never has it.
    pub(crate) fn claim_mac_key(&self) -> Secret<32> {
        self.prk.expand(&[labels::GUEST_CLAIM_KEY])
    }

    /// Derives the key that seals guest credentials from the server.
    pub(crate) fn credentials_key(&self) -> Secret<32> {
        self.prk.expand(&[labels::GUEST_RECORD_KEY])
    }

    pub(crate) fn psk(&self) -> Result<Psk, Error> {
        Psk::new(self.prk.expand(&[labels::GUEST_PSK]))
    }
}

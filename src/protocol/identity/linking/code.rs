//! Linking codes, which a new device shows and an account's primary reads: `spec/linking.md`, "Code".

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::id::ids;
use crate::primitives::kdf::{drawn, hash};
use crate::primitives::secret::{Secret, redacted, same};
use crate::primitives::{dh, pasted, sign, text};
use crate::protocol::identity::certificate::IdentityKey;
use crate::protocol::labels;

/// Maximum difference of the two clocks, in seconds.
pub(super) const CODE_SKEW: u64 = 60;

/// The time in seconds for which an offer is taken after its code was made, and an acceptance after its
/// offer.
pub(super) const LATE: u64 = 300;

/// The letter that a code's text begins with.
const LETTER: char = 'D';

/// The form of the code: its text holds the whole secret. A short code to be typed, with a password
/// exchange instead of the secret, would be another one.
const FORM: u8 = 1;

/// Maximum length of a description in bytes.
const MAX_DESCRIPTION: usize = 64;

/// Bytes of a body without its description.
const FIXED: usize = 1 + 1 + 8 + 3 * 32 + 1;

const CHECK: usize = 4;

/// Maximum number of characters of a code behind its mark: those of 207 bytes.
const MAX_CHARACTERS: usize = ((FIXED + MAX_DESCRIPTION + 32 + CHECK) * 8).div_ceil(5);

/// The time in seconds for which a code may be read: a minute, then the device shows a new one.
const FRESH_FOR: u64 = 60;

/// The purpose of a linking code: what the device that shows it is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkingPurpose {
    /// A further device of the account.
    Companion,
    /// The primary of the account, in the place of the one that reads the code. It gets the account key.
    Primary,
}

impl LinkingPurpose {
    fn byte(self) -> u8 {
        match self {
            Self::Companion => 1,
            Self::Primary => 2,
        }
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u8(self.byte());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Companion),
            2 => Ok(Self::Primary),
            _ => Err(Error::Malformed),
        }
    }
}

/// A code without its secret and check.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CodeBody {
    pub(super) purpose: LinkingPurpose,
    pub(super) created: u64,
    pub(super) identity: IdentityKey,
    pub(super) ephemeral: dh::PublicKey,
    pub(super) description: String,
}

impl CodeBody {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(FORM);
        self.purpose.write(&mut writer);
        writer.u64(self.created);
        writer.raw(self.identity.signing.bytes());
        writer.raw(self.identity.agreement.bytes());
        writer.raw(self.ephemeral.bytes());
        write_description(&self.description, &mut writer);
        writer.public()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.u8()? != FORM {
            return Err(Error::LinkMangled);
        }
        Ok(Self {
            purpose: LinkingPurpose::read(reader)?,
            created: reader.u64()?,
            identity: IdentityKey {
                signing: sign::PublicKey::read(reader)?,
                agreement: dh::PublicKey::decode(*reader.array()?)?,
            },
            ephemeral: dh::PublicKey::decode(*reader.array()?)?,
            description: read_description(reader)?,
        })
    }
}

fn write_description(description: &str, writer: &mut Writer) {
    // At most `MAX_DESCRIPTION`, which was checked where the description came from. No reader would
    // take a longer one.
    writer.u8(u8::try_from(description.len()).unwrap_or(u8::MAX));
    writer.raw(description.as_bytes());
}

fn read_description(reader: &mut Reader<'_>) -> Result<String, Error> {
    let length = usize::from(reader.u8()?);
    let text = core::str::from_utf8(reader.slice(length)?).map_err(|_| Error::Malformed)?;
    if is_description(text) { Ok(text.to_string()) } else { Err(Error::Malformed) }
}

/// Tells whether a text can stand in a question to the user without looking like another question.
fn is_description(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_DESCRIPTION && text::is_line(text)
}

ids! {
    /// The id by which the two devices of a linking meet on a server: 16 bytes that follow from the
    /// whole code, secret included, and tell nothing of it.
    RendezvousId: 16;
}

impl RendezvousId {
    fn of(body: &CodeBody, secret: &Secret<32>) -> Self {
        Self(first(&hash(&[labels::LINKING_RENDEZVOUS, &body.encode(), secret.expose()])))
    }
}

/// Computes the check that ends a code.
fn check(body: &[u8], secret: &Secret<32>) -> [u8; CHECK] {
    first(&hash(&[labels::LINKING_CHECK, body, secret.expose()]))
}

/// A new device's side, from the code that it shows to its membership. Secret.
pub(crate) struct Request {
    pub(super) signing: sign::SecretKey,
    pub(super) agreement: dh::SecretKey,
    pub(super) ephemeral: dh::SecretKey,
    pub(super) secret: Box<Secret<32>>,
    pub(super) body: CodeBody,
}

impl Request {
    /// Makes the keys of a new device and the secret of its code.
    pub(crate) fn generate(
        (purpose, description): (LinkingPurpose, &str),
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        if !is_description(description) {
            return Err(Error::InvalidName);
        }
        // A new device has no secret yet. A generator that repeats gives two of them the same keys, if they
        // say the same in the same second.
        let at = now.to_be_bytes();
        let before = purpose.byte().saturating_sub(1).saturating_mul(4);
        let mut secret = |i: u8| {
            let i = [before.saturating_add(i)];
            drawn(labels::LINKING_CODE_SECRETS, &[&at, &i, description.as_bytes()], rng)
        };
        let signing = sign::SecretKey::from_seed(secret(1));
        let agreement = dh::SecretKey::from_seed(secret(2));
        let ephemeral = dh::SecretKey::from_seed(secret(3));
        let body = (purpose, now, description);
        Ok(Self::of(signing, agreement, ephemeral, Box::new(secret(4)), body))
    }

    fn of(
        signing: sign::SecretKey,
        agreement: dh::SecretKey,
        ephemeral: dh::SecretKey,
        secret: Box<Secret<32>>,
        (purpose, created, description): (LinkingPurpose, u64, &str),
    ) -> Self {
        let body = CodeBody {
            purpose,
            created,
            identity: IdentityKey { signing: signing.public(), agreement: agreement.public() },
            ephemeral: ephemeral.public(),
            description: description.to_string(),
        };
        Self { signing, agreement, ephemeral, secret, body }
    }

    /// Returns the text to show as a QR code. Whoever reads it can offer to link this device.
    pub(crate) fn code(&self) -> Zeroizing<String> {
        let body = self.body.encode();
        let mut writer = Writer::new();
        writer.raw(&body);
        writer.raw(self.secret.expose());
        writer.raw(&check(&body, &self.secret));
        pasted::write(LETTER, writer.written())
    }

    pub(crate) fn rendezvous(&self) -> RendezvousId {
        RendezvousId::of(&self.body, &self.secret)
    }

    pub(crate) fn identity(&self) -> &IdentityKey {
        &self.body.identity
    }

    pub(crate) fn purpose(&self) -> LinkingPurpose {
        self.body.purpose
    }

    pub(crate) fn created(&self) -> u64 {
        self.body.created
    }

    pub(crate) fn description(&self) -> &str {
        &self.body.description
    }

    /// Writes the request for this device's own state.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.signing.seed().expose());
        writer.raw(self.agreement.seed().expose());
        writer.raw(self.ephemeral.seed().expose());
        writer.raw(self.secret.expose());
        writer.u64(self.body.created);
        self.body.purpose.write(writer);
        write_description(&self.body.description, writer);
    }

    /// Reads what [`Request::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let signing = sign::SecretKey::from_seed(reader.secret()?);
        let agreement = dh::SecretKey::from_seed(reader.secret()?);
        let ephemeral = dh::SecretKey::from_seed(reader.secret()?);
        let secret = Box::new(reader.secret()?);
        let created = reader.u64()?;
        let purpose = LinkingPurpose::read(reader)?;
        let description = read_description(reader)?;
        Ok(Self::of(signing, agreement, ephemeral, secret, (purpose, created, &description)))
    }
}

/// Decodes body and secret of a code, whose length its description has; nothing if the check does not agree.
fn whole(characters: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let front = pasted::decode(characters, FIXED.next_multiple_of(5))?;
    let description = usize::from(*front.get(FIXED.checked_sub(1)?)?);
    let length = FIXED.checked_add(description)?.checked_add(32)?;
    let mut bytes = pasted::decode(characters, length.checked_add(CHECK)?)?;
    let (rest, found) = bytes.split_last_chunk::<CHECK>()?;
    let (body, secret) = rest.split_last_chunk::<32>()?;
    let is_whole = same(found, &check(body, &Secret::copy(secret)));
    bytes.truncate(length);
    is_whole.then_some(bytes)
}

/// A linking code that was read: somebody's device asks to be linked. Secret.
///
/// Show [`LinkingRequest::description`] and ask: whoever holds that device will read and write all that
/// the account does. Anybody can have made the code, and written anything as its description. Of a code for
/// another [`LinkingRequest::purpose`] than a companion's ask more: whoever holds that device will have the account,
/// and this one will not.
pub struct LinkingRequest {
    pub(super) body: CodeBody,
    pub(super) secret: Box<Secret<32>>,
}

redacted!(LinkingRequest, |request| identity = request.identity());

impl LinkingRequest {
    /// Finds a code in a text, as a camera reads it or people paste it ("Pasted secrets" in [the
    /// specification](crate::spec)).
    ///
    /// # Errors
    ///
    /// [`Error::LinkMangled`] if there is no whole code in the text, [`Error::WeakKey`] if a
    /// key in it is not canonical or of small order, [`Error::Expired`] if it was made more than
    /// a minute before or after `now`.
    pub fn read(text: &str, now: u64) -> Result<Self, Error> {
        let found = pasted::find(text, LETTER, MAX_CHARACTERS, whole).ok_or(Error::LinkMangled)?;
        let (body, secret) = found.split_last_chunk::<32>().ok_or(Error::LinkMangled)?;
        let secret = Box::new(Secret::copy(secret));
        let body = Reader::all(body, CodeBody::read).map_err(|error| match error {
            Error::Malformed => Error::LinkMangled,
            error => error,
        })?;
        let is_begun = body.created <= now.saturating_add(CODE_SKEW);
        if !is_begun || now > body.created.saturating_add(FRESH_FOR) {
            return Err(Error::Expired);
        }
        Ok(Self { body, secret })
    }

    /// Returns what the device says that it is: 1 to 64 bytes, a line ("Lines" in [the
    /// specification](crate::spec)).
    #[must_use]
    pub fn description(&self) -> &str {
        &self.body.description
    }

    /// Returns what the device is to become.
    #[must_use]
    pub fn purpose(&self) -> LinkingPurpose {
        self.body.purpose
    }

    /// Returns where the new device looks for the offer: the same id as on its side
    /// ([`NewDevice::rendezvous`](crate::client::NewDevice::rendezvous)).
    #[must_use]
    pub fn rendezvous(&self) -> RendezvousId {
        RendezvousId::of(&self.body, &self.secret)
    }

    /// Returns the keys of the device that would be linked.
    #[must_use]
    pub fn identity(&self) -> &IdentityKey {
        &self.body.identity
    }

    /// Refuses a code that is too old for an offer to be taken in time.
    pub(super) fn check(&self, now: u64) -> Result<(), Error> {
        if now > self.body.created.saturating_add(LATE) { Err(Error::Expired) } else { Ok(()) }
    }
}

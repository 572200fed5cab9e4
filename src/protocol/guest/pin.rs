//! PINs, which host and guest prove to each other without showing them: `spec/guest-links.md`, "PIN".
//!
//! ```text
//! seed        = HKDF-Expand(HKDF-Extract(salt = LABEL(guest/pin), ikm = digits),
//!                           LABEL(guest/pin-generator) ‖ t, 64)
//! G           = ristretto255 element derived from seed (RFC 9496, section 4.3.4)
//! a           = hedged(guest's agreement secret, LABEL(guest/pin-share), t, 64)
//! b           = hedged(host device's agreement secret, LABEL(guest/pin-share), t ‖ guest share, 64)
//! guest share = a · G        host share = b · G        K = a · host share = b · guest share
//! prk         = HKDF-Extract(salt = LABEL(guest/pin-key), ikm = K ‖ guest share ‖ host share)
//! host proof  = HKDF-Expand(prk, LABEL(guest/pin-host)  ‖ t, 32)
//! guest proof = HKDF-Expand(prk, LABEL(guest/pin-guest) ‖ t, 32)
//! ```
//!
//! The shares show nothing of the PIN, and a proof shows only whether *one* guess was right, to which
//! its sender has committed before.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::digits::Digits;
use crate::primitives::kdf::{Prk, hedged};
use crate::primitives::pake::{Public, Share};
use crate::primitives::secret::{Secret, same};

use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::labels;

/// Six digits that the host tells the guest over another way than the link. Secret.
pub struct Pin(Digits);

impl Pin {
    /// Draws the six digits of a link from randomness, the host's secret and the signed invitation.
    pub(crate) fn generate(secret: &Secret<32>, signed: &[u8], rng: &mut impl CryptoRng) -> Self {
        Self(Digits::of(&hedged(secret, labels::GUEST_PIN_DIGITS, &[signed], rng)))
    }

    /// Reads a PIN as typed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDigits`] if it is not exactly six ASCII digits.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Digits::parse(text).map(Self)
    }

    /// Returns the digits, to be told to the guest.
    #[must_use]
    pub fn digits(&self) -> Zeroizing<String> {
        self.0.text()
    }

    /// Makes a second copy: the invite keeps its own until the change that takes the claim is applied.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    fn generator(&self, transcript: &[u8; 32]) -> Secret<64> {
        Prk::extract(labels::GUEST_PIN, &[self.0.expose()])
            .expand(&[labels::GUEST_PIN_GENERATOR, transcript])
    }

    /// Makes this side's share under the PIN, for the claim with this transcript. `asked` is the guest's
    /// share, which the host answers; empty at the guest.
    pub(crate) fn share(
        &self,
        secret: &Secret<32>,
        transcript: &[u8; 32],
        asked: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Share {
        let random = hedged(secret, labels::GUEST_PIN_SHARE, &[transcript, asked], rng);
        Share::of(&self.generator(transcript), &random)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.0.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Digits::read(reader).map(Self)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// The proofs that the two sides show each other.
pub(crate) struct Proofs {
    pub(crate) host: Secret<32>,
    pub(crate) guest: Box<Secret<32>>,
}

impl Proofs {
    fn of(agreed: &Secret<32>, guest: &Public, host: &Public, transcript: &[u8; 32]) -> Self {
        let prk = Prk::extract(labels::GUEST_PIN_KEY, &[agreed.expose(), guest, host]);
        Self {
            host: prk.expand(&[labels::GUEST_PIN_HOST, transcript]),
            guest: Box::new(prk.expand(&[labels::GUEST_PIN_GUEST, transcript])),
        }
    }

    /// Computes the host's proofs, from its own share and the guest's.
    pub(crate) fn of_host(own: &Share, guest: &Public, t: &[u8; 32]) -> Result<Self, Error> {
        Ok(Self::of(&own.agree(guest)?, guest, own.public(), t))
    }

    /// Computes the guest's proofs, from its own share and the host's.
    pub(crate) fn of_guest(own: &Share, host: &Public, t: &[u8; 32]) -> Result<Self, Error> {
        Ok(Self::of(&own.agree(host)?, own.public(), host, t))
    }
}

/// The stage of the PIN's proof in a waiting chat. See note `[boxes]`.
pub(crate) enum PinStage {
    /// Nothing to prove, or proved.
    Done,
    /// A device of the host that does not hold the PIN: the maker of the link, this one, proves it.
    Elsewhere(DeviceId),
    /// The host's: the guest's share has come, and is not answered.
    Asked(Box<(Pin, Public)>),
    /// The host's: this proof is awaited.
    Answered { proof: Box<Secret<32>> },
    /// The guest's: the host's answer is awaited.
    Offered(Box<Share>),
    /// The guest's: this device of the host has proved the PIN, and is to be shown this.
    Ready(Box<(DeviceId, Box<Secret<32>>)>),
}

impl PinStage {
    /// Tells whether the host awaits a proof and `shown` is the right one.
    pub(crate) fn proved_by(&self, shown: &[u8; 32]) -> Result<bool, Error> {
        match self {
            Self::Answered { proof } => Ok(same(proof.expose(), shown)),
            _ => Err(Error::NotAllowed),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Done => writer.u8(0),
            Self::Elsewhere(maker) => {
                writer.u8(5);
                writer.raw(&maker.0);
            }
            Self::Asked(asked) => {
                let (pin, guest) = &**asked;
                writer.u8(1);
                pin.write(writer);
                writer.raw(guest);
            }
            Self::Answered { proof } => {
                writer.u8(2);
                writer.raw(proof.expose());
            }
            Self::Offered(share) => {
                writer.u8(3);
                writer.raw(share.secret().expose());
                writer.raw(share.public());
            }
            Self::Ready(ready) => {
                let (device, proof) = &**ready;
                writer.u8(4);
                writer.raw(&device.0);
                writer.raw(proof.expose());
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Done),
            5 => Ok(Self::Elsewhere(DeviceId(*reader.array()?))),
            1 => Ok(Self::Asked(Box::new((Pin::read(reader)?, *reader.array()?)))),
            2 => Ok(Self::Answered { proof: Box::new(reader.secret()?) }),
            3 => {
                let secret = reader.secret()?;
                Ok(Self::Offered(Box::new(Share::recall(secret, *reader.array()?))))
            }
            4 => {
                let device = DeviceId(*reader.array()?);
                let proof = Box::new(reader.secret()?);
                Ok(Self::Ready(Box::new((device, proof))))
            }
            _ => Err(Error::Malformed),
        }
    }
}

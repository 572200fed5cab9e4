//! The sender key that a device seals with in one group: `spec/third-party.md`, "Groups".
//!
//! ```text
//!          ┌──────────┐  retire: a member was removed, or a device is lost   ┌─────────┐
//! seal ──▶ │  Active  │ ───────────────────────────────────────────────────▶ │ Retired │
//!          └──────────┘ ◀─────────────────────────────────────────────────── └─────────┘
//!                         rotate: another chain, another signing key
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::swap;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aes_cbc::padded;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::primitives::dh;
use crate::primitives::kdf::drawn;
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::xeddsa;
use crate::protocol::labels;
use crate::protocol::padding::MAX_CONTENT;
use crate::protocol::ratchet::ChainKey;
use crate::signal::service_id::Uuid;
use crate::storage::{Anchor, Delta, DeltaKind, Pending, Stateful};

use super::chain::encrypt;
use super::wire::{Place, SenderKeyDistribution, begin_message};

/// A chain id has 31 bits: some clients read it as a signed number.
const CHAIN_ID: u32 = 0x7fff_ffff;

/// The sender key of this device in one group. Secret: no `Clone`, wiped on drop.
///
/// Tell it to each member's devices in their own sessions ([`SenderKey::distribution`]), also to those that come
/// later, and then seal each message once for all of them. When anybody leaves who has it, retire it at once
/// ([`SenderKey::retire`]): nothing is sealed until it was rotated, so that no forgotten step lets a removed member
/// read on.
///
/// It does not heal: who steals it reads, and writes in this device's name, until it is rotated. Rotate it now and
/// then, too.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::Error;
/// use latchstring::signal::{
///     Address, ForeignDevice, ProviderId, ReceivedSenderKeys, SenderKey, SenderKeyDistribution,
///     SenderKeyMessage, Uuid,
/// };
///
/// fn main() -> Result<(), Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let mut key = SenderKey::generate(Some(Uuid([7; 16])), &mut rng);
///
///     // To each member's devices, in their own sessions. What comes out of a session says who it is from.
///     let told = key.distribution()?;
///     let address = Address::new("9d0652a3-dcc3-4d11-975f-74d61598733f", 1)?;
///     let ada = ForeignDevice::new(&ProviderId::new("service.example")?, &address);
///     let mut keys = ReceivedSenderKeys::new(ada.clone(), Some(Uuid([7; 16])));
///     keys.learn(&ada, SenderKeyDistribution::decode(&told)?)?.apply();
///
///     // Save, then send; save, then show.
///     let message = key.seal(b"to all", &mut rng)?.apply();
///     let message = SenderKeyMessage::decode(&message)?;
///     assert_eq!(*keys.open(&ada, &message)?.apply(), *b"to all");
///
///     // A member is removed: nothing is sealed before the others have a new key.
///     key.retire().apply();
///     assert_eq!(key.seal(b"to the others", &mut rng).err(), Some(Error::RotationRequired));
///     let _told = key.rotate(&mut rng).apply();
///     assert!(key.seal(b"to the others", &mut rng).is_ok());
///     Ok(())
/// }
/// ```
pub struct SenderKey {
    // See note [boxes].
    inner: Box<Inner>,
}

redacted!(SenderKey, |key| distribution = key.inner.distribution, is_retired = key.is_retired());

struct Inner {
    /// Absent in the old form.
    distribution: Option<Uuid>,
    chain: Option<Box<OwnChain>>,
    anchor: Anchor,
}

impl SenderKey {
    /// Makes the sender key of this device for a group. `distribution` is a random id, the same for this device
    /// and group for ever; `None` where the other members speak the old form.
    #[must_use]
    pub fn generate(distribution: Option<Uuid>, rng: &mut impl CryptoRng) -> Self {
        let chain = OwnChain::generate(&name(distribution), rng);
        let name = [&name(distribution)[..], chain.public.bytes()].concat();
        let anchor = Anchor::start(Self::KIND, &[], &name);
        Self { inner: Box::new(Inner { distribution, chain: Some(Box::new(chain)), anchor }) }
    }

    /// Ends this chain and erases it, because somebody has it who shall not read on. Nothing is sealed until
    /// [`SenderKey::rotate`].
    pub fn retire(&mut self) -> Pending<'_, Self, ()> {
        let delta = (!self.is_retired()).then_some(OwnDelta::Retired);
        Pending::maybe(self, delta, ())
    }

    /// Begins another chain under another signing key, and gives its distribution message: for the devices of
    /// everybody who is in the group now, each in its own session. Secret, like the chain.
    pub fn rotate(&mut self, rng: &mut impl CryptoRng) -> Pending<'_, Self, Zeroizing<Vec<u8>>> {
        let chain = Box::new(OwnChain::generate(&self.inner.anchor.to_bytes(), rng));
        let distribution = chain.distribution(self.inner.distribution);
        Pending::new(self, OwnDelta::Rotated(chain), distribution)
    }

    /// Seals a message for the group.
    ///
    /// # Errors
    ///
    /// [`Error::RotationRequired`] if the key was retired, or has no number left; [`Error::ContentTooLong`].
    pub fn seal(
        &mut self,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        if content.len() > MAX_CONTENT {
            return Err(Error::ContentTooLong);
        }
        let chain = self.active()?;
        let iteration = chain.iteration.checked_add(1).ok_or(Error::RotationRequired)?;
        let (seed, key) = chain.key.step();
        let length = padded(content.len());
        let mut message = begin_message(chain.place(self.inner.distribution), length);
        let begun = message.len();
        message.extend_from_slice(content);
        message.resize(begun.saturating_add(length), 0);
        let (_, ciphertext) = message.split_at_mut(begun);
        encrypt(&seed, ciphertext, content.len())?;
        let signature = xeddsa::sign(&chain.signing, &[&message], rng);
        message.extend_from_slice(&signature);
        let sealed = Box::new(Sealed { key, iteration, trace: first(&signature) });
        Ok(Pending::new(self, OwnDelta::Sealed(sealed), message))
    }

    /// Returns the distribution message of the chain as it is: whoever gets it reads what is sealed from now on.
    /// Secret, like the chain.
    ///
    /// # Errors
    ///
    /// [`Error::RotationRequired`] if the key was retired.
    pub fn distribution(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(self.active()?.distribution(self.inner.distribution))
    }

    /// Tells whether it has to be rotated before anything is sealed.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.inner.chain.is_none()
    }

    fn active(&self) -> Result<&OwnChain, Error> {
        self.inner.chain.as_deref().ok_or(Error::RotationRequired)
    }
}

impl Stateful for SenderKey {
    const KIND: u8 = 0x22;

    type Delta = OwnDelta;

    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        writer.option(self.inner.distribution.as_ref(), |id, writer| writer.raw(&id.0));
        writer.option(self.inner.chain.as_deref(), OwnChain::write);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let distribution = reader.option(|reader| reader.array().copied().map(Uuid))?;
        let chain = reader.option(|reader| OwnChain::read(reader).map(Box::new))?;
        Ok(Self { inner: Box::new(Inner { distribution, chain, anchor }) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn fits(&self, delta: &OwnDelta) -> bool {
        // Only a rotation begins anything.
        !self.is_retired() || matches!(delta, OwnDelta::Rotated(_))
    }

    fn advance(&mut self, next: Anchor, delta: OwnDelta) {
        self.inner.anchor = next;
        match delta {
            OwnDelta::Sealed(mut sealed) => {
                if let Some(chain) = &mut self.inner.chain {
                    swap(&mut chain.key.0, &mut sealed.key.0);
                    chain.iteration = sealed.iteration;
                }
            }
            OwnDelta::Rotated(chain) => self.inner.chain = Some(chain),
            OwnDelta::Retired => self.inner.chain = None,
        }
    }
}

/// The chain that a device seals with.
pub(crate) struct OwnChain {
    id: u32,
    key: ChainKey,
    /// The iteration of the next message.
    iteration: u32,
    signing: dh::SecretKey,
    public: dh::PublicKey,
}

impl OwnChain {
    /// Draws a chain. `about` names the state and its generation, so that a generator that repeats itself
    /// gives no two of them one chain.
    fn generate(about: &[u8], rng: &mut impl CryptoRng) -> Self {
        let drawn: Secret<68> = drawn(labels::SIGNAL_SENDER_KEY, &[about], rng);
        let (id, keys) = drawn.expose().split_at(4);
        let (key, signing) = keys.split_at(32);
        let signing = dh::SecretKey::from_seed(Secret::fill(|out| out.copy_from_slice(signing)));
        Self {
            id: id.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte)) & CHAIN_ID,
            key: ChainKey(Secret::fill(|out| out.copy_from_slice(key))),
            iteration: 0,
            public: signing.public(),
            signing,
        }
    }

    fn place(&self, distribution: Option<Uuid>) -> Place {
        Place { distribution, chain: self.id, iteration: self.iteration }
    }

    fn distribution(&self, distribution: Option<Uuid>) -> Zeroizing<Vec<u8>> {
        SenderKeyDistribution::encode(self.place(distribution), &self.key, &self.public)
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.id);
        writer.u32(self.iteration);
        writer.raw(self.key.0.expose());
        writer.raw(self.signing.seed().expose());
        writer.raw(self.public.bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reader.u32()?,
            iteration: reader.u32()?,
            key: ChainKey(reader.secret()?),
            signing: dh::SecretKey::from_seed(reader.secret()?),
            public: dh::PublicKey::decode(*reader.array()?)?,
        })
    }
}

/// The change that one operation makes in a sender key.
pub(crate) enum OwnDelta {
    Sealed(Box<Sealed>),
    Rotated(Box<OwnChain>),
    Retired,
}

/// The state that a chain goes on with after a message.
pub(crate) struct Sealed {
    key: ChainKey,
    iteration: u32,
    /// The first bytes of the message's signature.
    trace: [u8; 16],
}

impl Delta for OwnDelta {
    const KIND: DeltaKind = DeltaKind::SenderKey;

    /// Returns what was done, and what of its bytes names it.
    fn id(&self) -> impl AsRef<[u8]> {
        let (what, trace) = match self {
            Self::Sealed(sealed) => (0, sealed.trace),
            Self::Rotated(chain) => (1, first(chain.public.bytes())),
            Self::Retired => (2, [0; 16]),
        };
        concat::<17>(&[&[what], &trace])
    }

    /// The end of a chain ends a journal too, whose entries and snapshot still have the key.
    fn is_turn(&self) -> bool {
        !matches!(self, Self::Sealed(_))
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Sealed(sealed) => {
                writer.u8(0);
                writer.u32(sealed.iteration);
                writer.raw(sealed.key.0.expose());
                writer.raw(&sealed.trace);
            }
            Self::Rotated(chain) => {
                writer.u8(1);
                chain.write(writer);
            }
            Self::Retired => writer.u8(2),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Sealed(Box::new(Sealed {
                iteration: reader.u32()?,
                key: ChainKey(reader.secret()?),
                trace: *reader.array()?,
            }))),
            1 => OwnChain::read(reader).map(Box::new).map(Self::Rotated),
            2 => Ok(Self::Retired),
            _ => Err(Error::Malformed),
        }
    }
}

/// Returns what tells one group from another, as far as the form does.
fn name(distribution: Option<Uuid>) -> [u8; 17] {
    match distribution {
        Some(Uuid(id)) => concat(&[&[1], &id]),
        None => [0; 17],
    }
}

#[cfg(test)]
#[path = "tests/own.rs"]
mod tests;

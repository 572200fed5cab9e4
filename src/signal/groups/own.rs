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
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::secret::redacted;
use crate::primitives::xeddsa;
use crate::protocol::padding::MAX_CONTENT;
use crate::signal::client::Client;
use crate::signal::policy::{ForeignChat, ForeignDevice, ForeignGroupId, Saying, enclose_in_group};
use crate::signal::service_id::Uuid;
use crate::storage::{Anchor, Pending, Stateful};

use super::chain::encrypt;
use super::distribution::OwnDistribution;
use super::own_chain::OwnChain;
use super::own_delta::{OwnDelta, Sealed};
use super::wire::begin_message;

/// The sender key of this device in one group, of attested accounts or of plain ones. Secret: no `Clone`, wiped on
/// drop.
///
/// Tell it to each member's devices in their own sessions ([`SenderKey::tell`]), also to those that come later, and
/// then seal each message once for all of them. It is as a message to each: if one may not be sent to somebody who
/// was told, none is sealed. Then rotate the key ([`SenderKey::rotate`]), and tell those to whom it can be told. When
/// anybody leaves who has it, retire it at once ([`SenderKey::retire`]): nothing is sealed until it was rotated, so
/// that no forgotten step lets a removed member read on.
///
/// It does not heal: who steals it reads, and writes in this device's name, until it is rotated. Rotate it now and
/// then, too.
///
/// ```
/// # use getrandom::{SysRng, rand_core::UnwrapErr};
/// # use latchstring::{Error, content::Content};
/// # use latchstring::signal::*;
/// # const NOW: u64 = 1_800_000_000;
/// /// Says something to a group. There is a session with each device of its members.
/// fn say(client: &mut Client, members: &[ForeignDevice], text: &str) -> Result<(), Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let group = ForeignGroupId([7; 32]); // as the app chose it
///     let mut key = SenderKey::generate(group, Uuid([8; 16]), &mut rng);
///     for device in members {
///         // Save the key, then seal; save the client, then send.
///         let told = key.tell(client, device, NOW)?.apply();
///         let _message = client.seal_distribution(&told, NOW, &mut rng)?.apply();
///     }
///
///     let content = Content::text(text)?;
///     let saying = Saying::new(&content, client.message_id(&mut rng)).in_group(group);
///     let _message = key.seal(client, &saying, NOW, &mut rng)?.apply();
///
///     // A member is removed: nothing is sealed before the others have a new key.
///     key.retire().apply();
///     assert_eq!(key.seal(client, &saying, NOW, &mut rng).err(), Some(Error::RotationRequired));
///     key.rotate(&mut rng).apply();
///     assert_eq!(key.seal(client, &saying, NOW, &mut rng).err(), Some(Error::NoRecipient));
///     Ok(())
/// }
///
/// /// Learns a sender key from a message that was opened, and reads what comes under it.
/// fn read(client: &Client, opened: ForeignMessage, bytes: &[u8]) -> Result<(), Error> {
///     let ForeignContent::SenderKey(told) = opened.content else { return Ok(()) };
///     let mut keys = ReceivedSenderKeys::new(&told);
///     keys.learn(client, told, NOW)?.apply();
///
///     let message = client.read_group_message(&opened.from, bytes, NOW)?;
///     let opened = keys.open(client, &message, NOW)?.apply();
///     assert!(opened.content.said().is_some());
///     Ok(())
/// }
/// ```
pub struct SenderKey {
    // See note [boxes].
    inner: Box<Inner>,
}

redacted!(
    SenderKey,
    |key| group = key.inner.group,
    distribution = key.inner.distribution,
    is_retired = key.is_retired()
);

struct Inner {
    /// Absent where members have plain programs.
    group: Option<ForeignGroupId>,
    /// Absent in the old form.
    distribution: Option<Uuid>,
    chain: Option<Box<OwnChain>>,
    anchor: Anchor,
}

impl SenderKey {
    /// Makes the sender key of this device for a group of attested accounts. `distribution` is a random id, the same
    /// for this device and group for ever.
    #[must_use]
    pub fn generate(group: ForeignGroupId, distribution: Uuid, rng: &mut impl CryptoRng) -> Self {
        Self::begin(Some(group), Some(distribution), rng)
    }

    /// Makes the sender key of this device for a group of plain programs. `distribution` is `None` where they speak
    /// the old form.
    #[must_use]
    pub fn generate_plain(distribution: Option<Uuid>, rng: &mut impl CryptoRng) -> Self {
        Self::begin(None, distribution, rng)
    }

    fn begin(
        group: Option<ForeignGroupId>,
        distribution: Option<Uuid>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut name = Writer::new();
        write_name(group, distribution, &mut name);
        let chain = OwnChain::generate(name.written(), rng);
        name.raw(chain.public.bytes());
        let anchor = Anchor::start(Self::KIND, &[], name.written());
        Self {
            inner: Box::new(Inner { group, distribution, chain: Some(Box::new(chain)), anchor }),
        }
    }

    /// Ends this chain and erases it, because somebody has it who shall not read on. Nothing is sealed until
    /// [`SenderKey::rotate`].
    pub fn retire(&mut self) -> Pending<'_, Self, ()> {
        let delta = (!self.is_retired()).then_some(OwnDelta::Retired);
        Pending::maybe(self, delta, ())
    }

    /// Begins another chain under another signing key. Nobody has it: tell it to the devices of everybody who is in the
    /// group now.
    pub fn rotate(&mut self, rng: &mut impl CryptoRng) -> Pending<'_, Self, ()> {
        let chain = Box::new(OwnChain::generate(&self.inner.anchor.to_bytes(), rng));
        Pending::new(self, OwnDelta::Rotated(chain), ())
    }

    /// Tells the chain as it is to a device: whoever gets it reads what is sealed from now on. From then on nothing is
    /// sealed that may not be sent to that device. Repeat it if it was lost, or if the device has fallen behind.
    ///
    /// There is a session with it. Seal what this gives in that, by [`Client::seal_distribution`]; for plain programs
    /// in a content of theirs, by [`Client::seal_plain`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::seal`] for provider, account and session; [`Error::WrongKind`] if the key is of plain
    /// programs and the account attested, or the reverse; [`Error::RotationRequired`] if the key was retired;
    /// [`Error::IdentityChanged`], [`Error::Unlisted`] if the device was told the chain under another identity key;
    /// [`Error::TooManyAccounts`] if 5,000 devices were.
    pub fn tell(
        &mut self,
        client: &Client,
        to: &ForeignDevice,
        now: u64,
    ) -> Result<Pending<'_, Self, OwnDistribution>, Error> {
        let (inner, group) = (&*client.inner, self.inner.group);
        let chain = self.active()?;
        let told = chain.tell(inner, to, group.is_some(), inner.clock.now(now))?;
        let bytes = self.distribution()?;
        let delta = told.map(|told| OwnDelta::Told(Box::new((to.clone(), told))));
        let distribution = OwnDistribution { to: to.clone(), group, bytes };
        Ok(Pending::maybe(self, delta, distribution))
    }

    /// Seals what is to be said in the group, between attested accounts.
    ///
    /// # Errors
    ///
    /// Those of [`Client::seal`] for each device that was told the chain, and for content that the profiles of their
    /// accounts and providers and of this side do not all allow; [`Error::WrongPeer`] if it is to be said in another
    /// chat; [`Error::WrongKind`] if the key is of plain programs; [`Error::NoRecipient`] if nobody was told the chain;
    /// [`Error::IdentityChanged`], [`Error::Unlisted`] if somebody was who has another identity key now,
    /// [`Error::UnknownAccount`] if the account was forgotten; [`Error::Downgrade`] if it was in a version that is too
    /// old by now; [`Error::RotationRequired`] if the key was retired, or has no number left.
    pub fn seal(
        &mut self,
        client: &Client,
        saying: &Saying<'_>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let (inner, now) = (&*client.inner, client.inner.clock.now(now));
        let group = self.inner.group.ok_or(Error::WrongKind)?;
        let profile = self.active()?.ask(inner, true, now)?.ok_or(Error::WrongKind)?;
        if saying.chat != ForeignChat::Group(group) {
            return Err(Error::WrongPeer);
        }
        let text = enclose_in_group(&inner.device, profile, saying, now)?;
        self.seal_bytes(&text, rng)
    }

    /// Seals bytes of up to 2^20 for a group of plain programs. They mean what those programs say; nothing in them is
    /// bound or checked.
    ///
    /// # Errors
    ///
    /// As [`SenderKey::seal`] for those who were told the chain; [`Error::WrongKind`] if the key is of attested
    /// accounts; [`Error::ContentTooLong`].
    pub fn seal_plain(
        &mut self,
        client: &Client,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        if self.inner.group.is_some() {
            return Err(Error::WrongKind);
        }
        self.active()?.ask(&client.inner, false, client.inner.clock.now(now))?;
        self.seal_bytes(content, rng)
    }

    /// Seals bytes, whatever they are. Who was told the chain was asked.
    pub(crate) fn seal_bytes(
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

    /// Lists the devices that were told the chain: those that can read what is sealed.
    pub fn told(&self) -> impl Iterator<Item = &ForeignDevice> {
        self.inner.chain.iter().flat_map(|chain| chain.told())
    }

    /// Tells whether it has to be rotated before anything is sealed.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.inner.chain.is_none()
    }

    /// Returns the distribution message of the chain as it is.
    pub(crate) fn distribution(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(self.active()?.distribution(self.inner.distribution))
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
        write_name(self.inner.group, self.inner.distribution, writer);
        writer.option(self.inner.chain.as_deref(), OwnChain::write_whole);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let (group, distribution) = read_name(reader)?;
        let chain = reader.option(|reader| OwnChain::read_whole(reader).map(Box::new))?;
        Ok(Self { inner: Box::new(Inner { group, distribution, chain, anchor }) })
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
            OwnDelta::Told(told) => {
                let (device, told) = *told;
                if let Some(chain) = &mut self.inner.chain {
                    chain.note(device, Box::new(told));
                }
            }
        }
    }
}

/// Writes what tells one group from another, as far as the form does.
pub(super) fn write_name(
    group: Option<ForeignGroupId>,
    distribution: Option<Uuid>,
    writer: &mut Writer,
) {
    writer.option(group.as_ref(), |id, writer| writer.raw(&id.0));
    writer.option(distribution.as_ref(), |id, writer| writer.raw(&id.0));
}

/// Reads what tells one group from another. A group of attested accounts never speaks the old form.
pub(super) fn read_name(
    reader: &mut Reader<'_>,
) -> Result<(Option<ForeignGroupId>, Option<Uuid>), Error> {
    let group = reader.option(|reader| reader.array().copied().map(ForeignGroupId))?;
    let distribution = reader.option(|reader| reader.array().copied().map(Uuid))?;
    let is_old = group.is_some() && distribution.is_none();
    if is_old { Err(Error::Malformed) } else { Ok((group, distribution)) }
}

#[cfg(test)]
#[path = "tests/own.rs"]
mod tests;

//! One device of an account: its identity, its prekeys, and the sessions that it begins.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::account::Account;
use crate::change::{Change, Delta};
use crate::error::Error;
use crate::message;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::protocol::blob;
use crate::protocol::bundle::{Bundle, OneTimePrekey};
use crate::protocol::descent::Descent;
use crate::protocol::device_delta::{Act, DeviceDelta};
use crate::protocol::handshake::{Binding, Opening};
use crate::protocol::identity::{AccountKind, Certificate, Identity};
use crate::protocol::prekeys::{Generation, OneTimeSecret, Prekeys};
use crate::protocol::ratchet::Ratchet;
use crate::protocol::record::Anchor;
use crate::session::{Opened, Session};
use crate::state::private::Stateful;

/// One-time prekeys made at a time. Always as many, so that a refill says nothing.
const BATCH: usize = 50;

/// One device: identity and prekeys. Secret: no `Clone`, no `Debug`, wiped on drop.
///
/// `now` is the caller's clock in seconds, any clock that others share roughly (Unix time). One
/// that runs ahead erases prekeys before their time and makes new ones that nobody takes;
/// [`Device::due`] asks to rotate those as soon as it is right again.
pub struct Device {
    inner: Box<Inner>,
}

struct Inner {
    identity: Identity,
    prekeys: Prekeys,
    anchor: Anchor,
}

/// What a device's prekeys need; see [`Device::due`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Call [`Device::rotate`] and publish the new bundle.
    pub rotate: bool,
    /// Call [`Device::replenish`] and publish the new one-time prekeys.
    pub replenish: bool,
    /// Call [`Device::expire`]: something is past its time.
    pub expire: bool,
}

/// A first message that opened: save the session and the device's change in one write, then apply.
///
/// Neither the session nor the content is given out before the device has forgotten the prekey: two
/// sessions from one first message would use each key twice.
#[must_use = "a first message that is not applied was not accepted"]
pub struct Accepted {
    session: Session,
    opened: Opened,
    change: Change,
}

impl Accepted {
    /// Who wrote. Decide here whether to go on; dropping this value leaves everything as it was.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        self.session.peer()
    }

    /// The new session, to be sealed for storage.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The device's change, to be recorded: a one-time prekey is gone, the first message is
    /// remembered.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Moves the device on and gives out the session and its first message.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the device has moved on meanwhile: accept the message again.
    pub fn apply(self, device: &mut Device) -> Result<(Session, Opened), Error> {
        device.apply(self.change)?;
        Ok((self.session, self.opened))
    }

    /// The parts, for a state around the session.
    pub(crate) fn into_parts(self) -> (Session, Opened, Change) {
        (self.session, self.opened, self.change)
    }
}

impl Device {
    /// Makes a new device of the account, with its first lasting prekeys.
    pub fn generate(account: &Account, now: u64, rng: &mut impl CryptoRng) -> Self {
        Self::new(account.certify(rng), now, rng)
    }

    /// Makes the device of an identity, with its first lasting prekeys.
    pub(crate) fn new(identity: Identity, now: u64, rng: &mut impl CryptoRng) -> Self {
        let prekeys = Prekeys::new(Generation::generate(&identity, now, rng));
        let certificate = &identity.certificate;
        let anchor = Anchor::start(Self::KIND, &certificate.account().0, &certificate.core());
        Self { inner: Box::new(Inner { identity, prekeys, anchor }) }
    }

    /// Who this device is.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.inner.identity.certificate
    }

    /// The bundle to publish: the newest lasting prekeys, without a one-time prekey.
    ///
    /// # Errors
    ///
    /// None in a state that this crate made.
    pub fn bundle(&self) -> Result<Bundle, Error> {
        let newest = self.inner.prekeys.newest().ok_or(Error::Corrupt)?;
        Ok(Bundle::new(self.certificate().clone(), newest.public.clone()))
    }

    /// What is to be done about the prekeys, given how many one-time prekeys the server still
    /// has. A pure function: ask as often as you like.
    ///
    /// Lasting prekeys rotate after two days, or when their replay memory is full. One-time
    /// prekeys are replenished when fewer than 50 are left. Retired keys are erased 30 days after
    /// they were made, unused one-time prekeys after 90. A device that was away for long rotates
    /// first: its newest prekeys are the only ones that are not erased by age.
    #[must_use]
    pub fn due(&self, now: u64, published: usize) -> Due {
        Due {
            rotate: self.inner.prekeys.rotation_due(now),
            replenish: published < BATCH,
            expire: self.inner.prekeys.erasure_due(now),
        }
    }

    /// Makes new lasting prekeys. Save the change, apply it, then publish the bundle.
    ///
    /// The old ones still open what was begun with them until they are erased.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn rotate(&self, now: u64, rng: &mut impl CryptoRng) -> Result<(Bundle, Change), Error> {
        let generation = Box::new(Generation::generate(&self.inner.identity, now, rng));
        let bundle = Bundle::new(self.certificate().clone(), generation.public.clone());
        Ok((bundle, self.change(now, Act::Rotate(generation))?))
    }

    /// Makes 50 one-time prekeys. Save the change, apply it, then publish them.
    ///
    /// A device holds at most 1,000, handed out and not used ones included; the oldest go first. So
    /// somebody who fetches bundles without end makes first messages to old ones fail
    /// ([`Error::UnknownPrekey`]), and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn replenish(
        &self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<OneTimePrekey>, Change), Error> {
        let secret: Vec<_> = (0..BATCH).map(|_| OneTimeSecret::generate(now, rng)).collect();
        let public = secret.iter().map(|key| key.public(&self.inner.identity)).collect();
        Ok((public, self.change(now, Act::Replenish(secret))?))
    }

    /// Erases prekeys that are past their time.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn expire(&self, now: u64) -> Result<Change, Error> {
        self.change(now, Act::Expire)
    }

    /// Begins a session with the device that published `bundle`. The device itself does not
    /// change; the bundle is used up and must not begin a second session if it carries a one-time
    /// prekey. The peer, and nobody else, is told `now`: pass a clock that does not go back.
    ///
    /// # Errors
    ///
    /// [`Error::StalePrekey`] for a bundle outside its validity time, [`Error::WrongPeer`] for
    /// this device's own bundle, [`Error::WrongKind`] for a guest's, [`Error::WeakKey`] if an
    /// agreement gives all zeros.
    pub fn initiate(
        &self,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        self.initiate_as(Descent::new(now), bundle, now, rng)
    }

    /// Begins a session that says where it stands among those of the two devices.
    pub(crate) fn initiate_as(
        &self,
        descent: Descent,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        bundle.check(now)?;
        if bundle.certificate().identity() == self.certificate().identity() {
            return Err(Error::WrongPeer);
        }
        // A guest publishes nothing: it is reached through the link that it came by.
        if bundle.certificate().kind() != AccountKind::Member {
            return Err(Error::WrongKind);
        }
        let identity = &self.inner.identity;
        let opening = Opening::generate(identity, bundle, descent, rng);
        let (keys, prefix) = opening.initiate(identity, None)?;
        let ratchet = Ratchet::initiate(keys, bundle.lasting.signed);
        let one_time = bundle.has_one_time_prekey();
        Session::initiate(ratchet, bundle.certificate().clone(), prefix, one_time, descent)
    }

    /// Accepts a first message: a new session, its content, and this device's change.
    ///
    /// Whether to talk to [`Session::peer`] is the caller's to decide, before anything is shown.
    /// The order of work is fixed: look up whether the message was seen and its prekeys exist,
    /// open the initiator's identity, verify it, and only then the rest.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`] for the bytes;
    /// [`Error::Replay`] if it was accepted before; [`Error::UnknownPrekey`] if its prekeys are
    /// gone; [`Error::RotationRequired`] if the replay memory is full and it uses no one-time
    /// prekey; [`Error::WeakKey`], [`Error::BadSignature`], [`Error::Forged`],
    /// [`Error::Inconsistent`], [`Error::TooFarAhead`] if it is not genuine; [`Error::WrongPeer`]
    /// if it comes from this very device. Nothing changes then, and no one-time prekey is lost.
    pub fn accept(&self, first: &[u8], now: u64) -> Result<Accepted, Error> {
        self.accept_bound(first, now, None)
    }

    pub(crate) fn accept_bound(
        &self,
        first: &[u8],
        now: u64,
        binding: Option<&Binding<'_>>,
    ) -> Result<Accepted, Error> {
        let prefix = message::prefix(first)?;
        let name = prefix.name();
        let identity = &self.inner.identity;
        if self.inner.prekeys.generation(prefix.lasting, now)?.has_seen(&name) {
            return Err(Error::Replay);
        }
        let found = self.inner.prekeys.find(prefix.lasting, prefix.one_time, now)?;
        if found.one_time.is_none() && found.generation.is_full() {
            return Err(Error::RotationRequired);
        }
        let (peer, descent, keys) =
            prefix.accept((&identity.agreement, &identity.certificate), &found, binding)?;
        // Whoever comes by a link is a guest and stays one; nobody else is.
        let expected = if binding.is_some() { AccountKind::Guest } else { AccountKind::Member };
        if peer.kind() != expected {
            return Err(Error::WrongKind);
        }
        if peer.identity() == identity.certificate.identity() {
            return Err(Error::WrongPeer);
        }
        let ratchet = Ratchet::accept(keys, &found.generation.signed);
        let (session, opened) = Session::accept(ratchet, (peer, descent), &prefix, first)?;
        let act = Act::Accept { lasting: prefix.lasting, one_time: prefix.one_time, name };
        Ok(Accepted { session, opened, change: self.change(now, act)? })
    }

    /// Moves the device on by a change that was made from it.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state. Nothing changes then.
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        let (next, Delta::Device(delta)) = change.take(&self.inner.anchor)? else {
            return Err(Error::StaleChange);
        };
        self.inner.anchor = next;
        self.inner.prekeys.apply(delta);
        Ok(())
    }

    /// The key of a blob: this device's, for this message and content alone, and the same when the
    /// message is sealed again.
    pub(crate) fn blob_key(&self, id: &[u8; 16], content: &[u8]) -> Secret<32> {
        blob::key(self.inner.identity.agreement.seed(), id, content)
    }

    /// Erases the prekeys that can be erased, when the device is no more one of its account's.
    pub(crate) fn retire(&mut self) {
        self.inner.prekeys.retire();
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    fn change(&self, now: u64, act: Act) -> Result<Change, Error> {
        Change::new(self.inner.anchor, Delta::Device(DeviceDelta { now, act }))
    }
}

impl Stateful for Device {
    const KIND: u8 = 0x02;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        self.inner.identity.write(writer);
        self.inner.prekeys.write(writer);
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let identity = Identity::read(reader)?;
        let prekeys = Prekeys::read(reader)?;
        Ok(Self { inner: Box::new(Inner { identity, prekeys, anchor }) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
}

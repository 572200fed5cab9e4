//! One device of an account: its identity, its prekeys, and the sessions that it begins.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::account::Account;
use super::decrypted::Decrypted;
use super::incoming::Incoming;
use super::prekey_delta::{DeviceDelta, PrekeyChange};
use super::session::Session;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::{Room, Secret, redacted};
use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey, PrekeyId, PrekeySigner};
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::handshake::held::Prekeys;
use crate::protocol::handshake::prekeys::{BATCH, OneTimeSecret, PrekeySet};
use crate::protocol::handshake::replay::{FirstMessage, ShareId};
use crate::protocol::handshake::served::{Served, Withdraw};
use crate::protocol::handshake::x3dh::{Binding, InitiatorHandshake};
use crate::protocol::identity::certificate::{AccountKind, Certificate, Identity};
use crate::protocol::letter::blob;
use crate::protocol::ratchet::Ratchet;
use crate::storage::{Anchor, Pending, Stateful};

/// A device of an account: its identity and its prekeys. Secret: no `Clone`, wiped on drop.
///
/// `now` is the caller's clock in seconds, any clock that others share roughly (Unix time). One
/// that runs ahead erases prekeys before their time and makes new ones that nobody takes;
/// [`Device::tasks`] asks to rotate those as soon as the clock is right again.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::session::{Account, AccountId, Bundle, Device, OneTimePrekey, Served, Stock};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let mut now = 1_800_000_000;
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///     let mut device = Device::generate(&account, now, &mut rng);
///
///     // Publish the bundle and one-time prekeys, and note what the server has taken. It reads and attaches them.
///     let bundle = Bundle::decode(&device.bundle().encode())?;
///     let mut keys = device.replenish(now, &mut rng).apply();
///     let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).collect();
///     device.note_published(ids.iter().copied().chain([bundle.id()]), now).apply();
///     let handed_out = bundle.attach(keys.remove(0))?;
///     assert_eq!(handed_out.certificate(), device.certificate());
///
///     // Each day, ask the server what it has, and do what is to be done.
///     now += 2 * 86_400;
///     let served = Served { bundle: Some(bundle.id()), one_time: Stock::Ids(&ids[1..]) };
///     let tasks = device.tasks(&served, now);
///     assert!(tasks.rotate && tasks.replenish);
///     let _bundle = device.rotate(now, &mut rng).apply();
///     let _keys = device.replenish(now, &mut rng).apply();
///     Ok(())
/// }
/// ```
pub struct Device {
    pub(super) inner: Box<Inner>,
}

redacted!(Device, |device| certificate = device.certificate());

pub(super) struct Inner {
    pub(super) identity: Identity,
    pub(super) prekeys: Prekeys,
    pub(super) anchor: Anchor,
}

/// The maintenance that a device's prekeys need; see [`Device::tasks`]. What is published is noted then
/// ([`Device::note_published`]).
#[expect(clippy::struct_excessive_bools, reason = "each is a duty of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrekeyTasks {
    /// Call [`Device::rotate`] and publish the bundle.
    pub rotate: bool,
    /// Publish [`Device::bundle`] in place of the one that the server has, or has not.
    pub publish: bool,
    /// Have the server withdraw these one-time prekeys, before anything else: nobody can use them any more.
    pub withdraw: Withdraw,
    /// Call [`Device::replenish`] and publish the one-time prekeys: at a fixed time of the day, because when a
    /// message arrives it would say that a first message was opened just now.
    pub replenish: bool,
    /// Call [`Device::expire`]: something is past its time.
    pub expire: bool,
}

/// A new session, with the first message that began it.
#[derive(Debug)]
pub struct Accepted {
    /// The new session. Save it in the same write as the device's change.
    pub session: Session,
    /// The first message's content.
    pub opened: Decrypted,
}

impl Pending<'_, Device, Accepted> {
    /// Returns who wrote. Decide by it whether to go on; dropping this value leaves everything as it was.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        self.output().session.peer()
    }
}

impl Device {
    /// Makes a new device of the account, with its first signed prekeys.
    pub fn generate(account: &Account, now: u64, rng: &mut impl CryptoRng) -> Self {
        Self::new(account.certify(now, rng), now, rng)
    }

    /// Makes the device of an identity, with its first signed prekeys.
    pub(crate) fn new(identity: Identity, now: u64, rng: &mut impl CryptoRng) -> Self {
        let prekeys = Prekeys::new(PrekeySet::generate(&identity, &[], now, rng));
        let certificate = &identity.certificate;
        let anchor = Anchor::start(Self::KIND, &certificate.account().0, &certificate.core());
        Self { inner: Box::new(Inner { identity, prekeys, anchor }) }
    }

    /// Returns the device's certificate: who it is.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.inner.identity.certificate
    }

    /// Returns the bundle to publish: the newest signed prekeys, without a one-time prekey.
    #[must_use]
    pub fn bundle(&self) -> Bundle {
        let newest = self.inner.prekeys.newest();
        Bundle::new(self.certificate().clone(), newest.public.clone())
    }

    /// Tells what the prekeys need, given what the server says that it serves of them. Nothing changes: ask as
    /// often as you like; at a fixed time each day tells the server least.
    ///
    /// Signed prekeys rotate after two days, or when their replay memory is full. One-time prekeys are
    /// replenished when the server has fewer than 50 that can still be opened; what it has of others, as after
    /// an older state was restored, is to be withdrawn. Replaced prekeys are erased 30 days after they were
    /// made, unused one-time prekeys after 90; the newest signed prekeys stay until they are replaced, so a device
    /// that was away for long rotates first.
    #[must_use]
    pub fn tasks(&self, served: &Served<'_>, now: u64) -> PrekeyTasks {
        let prekeys = &self.inner.prekeys;
        let rotate = prekeys.rotation_due(now);
        let (replenish, withdraw) = prekeys.compare(served.one_time, now);
        PrekeyTasks {
            rotate,
            publish: !rotate && served.bundle != Some(prekeys.newest().public.id),
            withdraw,
            replenish,
            expire: prekeys.erasure_due(now),
        }
    }

    pub(crate) fn erasure_due(&self, now: u64) -> bool {
        self.inner.prekeys.erasure_due(now)
    }

    /// Makes new signed prekeys, or gives the newest again as long as they are not known to be published and not
    /// due to be replaced: so an upload that fails, however often, replaces nothing. Save the change, if any,
    /// apply it, publish the bundle, and note it ([`Device::note_published`]).
    ///
    /// The old ones open the first messages that use them until they are erased.
    pub fn rotate(&mut self, now: u64, rng: &mut impl CryptoRng) -> Pending<'_, Self, Bundle> {
        let (bundle, delta) = self.rotation(now, rng);
        Pending::maybe(self, delta, bundle)
    }

    pub(crate) fn rotation(
        &self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> (Bundle, Option<DeviceDelta>) {
        if self.inner.prekeys.gives_set_again(now) {
            return (self.bundle(), None);
        }
        let (identity, place) = (&self.inner.identity, self.inner.anchor.to_bytes());
        let prekey_set = Box::new(PrekeySet::generate(identity, &place, now, rng));
        let bundle = Bundle::new(self.certificate().clone(), prekey_set.public.clone());
        (bundle, Some(DeviceDelta { now, change: PrekeyChange::Rotate(prekey_set) }))
    }

    /// Gives 50 one-time prekeys: those that are not known to be published, byte for byte as before, and as many
    /// new ones as are missing. Save the change, if any, apply it, publish them, and note them
    /// ([`Device::note_published`]).
    ///
    /// A device holds at most 1,000 published ones, those included that were handed out and not used; the
    /// oldest go first. So somebody who fetches bundles without end makes first messages to old ones fail
    /// ([`Error::UnknownPrekey`]), two weeks after they were noted, and nothing else.
    pub fn replenish(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Pending<'_, Self, Vec<OneTimePrekey>> {
        let (public, delta) = self.replenishment(now, rng);
        Pending::maybe(self, delta, public)
    }

    pub(crate) fn replenishment(
        &self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> (Vec<OneTimePrekey>, Option<DeviceDelta>) {
        let (identity, place) = (&self.inner.identity, self.inner.anchor.to_bytes());
        let (again, signer) = (self.inner.prekeys.given_again(now), PrekeySigner::new(identity));
        let mut public: Vec<_> = again.map(|key| key.public(&signer)).collect();
        let generate = |n: u8| OneTimeSecret::generate(identity, (&place, n), now, rng);
        let secret: Vec<_> = (0..BATCH).skip(public.len()).map(generate).collect();
        if secret.is_empty() {
            return (public, None);
        }
        public.extend(secret.iter().map(|key| key.public(&signer)));
        (public, Some(DeviceDelta { now, change: PrekeyChange::Replenish(Box::new(secret)) }))
    }

    /// Notes which prekeys the server has: those with the ids of what it took ([`Bundle::id`],
    /// [`OneTimePrekey::id`]), or of what it says that it serves. They are not given again. Save the change,
    /// if any, and apply it.
    ///
    /// A program that ends between upload and note has nothing to repair: what was not noted is given again, and
    /// the server has it already.
    pub fn note_published(
        &mut self,
        ids: impl IntoIterator<Item = PrekeyId>,
        now: u64,
    ) -> Pending<'_, Self, ()> {
        let delta = self.publication(ids, now);
        Pending::maybe(self, delta, ())
    }

    pub(crate) fn publication(
        &self,
        ids: impl IntoIterator<Item = PrekeyId>,
        now: u64,
    ) -> Option<DeviceDelta> {
        let ids = self.inner.prekeys.unpublished(ids);
        (!ids.is_empty())
            .then_some(DeviceDelta { now, change: PrekeyChange::Publish(Box::new(ids)) })
    }

    /// Erases prekeys that are past their time.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, ()> {
        Pending::new(self, DeviceDelta { now, change: PrekeyChange::Expire(Room::EMPTY) }, ())
    }

    /// Begins a session with the device that published `bundle`. This device does not change. A bundle with a
    /// one-time prekey is used up: it must not begin a second session. The peer, and nobody else, is told
    /// `now`: pass a clock that does not go back.
    ///
    /// # Errors
    ///
    /// [`Error::StalePrekey`] for a bundle outside its validity time, [`Error::OwnDevice`] for
    /// this device's own bundle, [`Error::WrongKind`] for a guest's, [`Error::WeakKey`] if an
    /// agreement gives all zeros.
    pub fn initiate(
        &self,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        self.initiate_with(Continuation::new(now), bundle, now, rng)
    }

    /// Begins a session that says which one it continues.
    pub(crate) fn initiate_with(
        &self,
        continuation: Continuation,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        bundle.check(now)?;
        if bundle.certificate().identity() == self.certificate().identity() {
            return Err(Error::OwnDevice);
        }
        // A guest publishes nothing: it is reached through the link that it came by.
        if bundle.certificate().kind() != AccountKind::Member {
            return Err(Error::WrongKind);
        }
        let identity = &self.inner.identity;
        let handshake = InitiatorHandshake::generate(identity, bundle, continuation, rng);
        let (keys, prefix) = handshake.initiate(identity, None)?;
        let ratchet = Ratchet::initiate(keys, bundle.signed_prekeys.signed);
        let one_time = bundle.has_one_time_prekey();
        Session::initiate(ratchet, bundle.certificate().clone(), prefix, one_time, continuation)
    }

    /// Accepts a first message: opens a new session and the message in it, and uses up the one-time prekey.
    ///
    /// Decide by [`Pending::peer`] whether to talk to the initiator, before anything is shown. The order of
    /// work is fixed: find out whether the message was seen and its prekeys exist, open the initiator's
    /// certificate, verify it, and only then the rest.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`] for the bytes; [`Error::Replay`]
    /// if it was accepted before; [`Error::UnknownPrekey`] if its prekeys are erased, as a one-time prekey is that
    /// was used, by this message perhaps;
    /// [`Error::RotationRequired`] and [`Error::ReplayShareFull`] if it uses no one-time prekey and the replay
    /// memory is full, or its account's share of it; [`Error::WeakKey`], [`Error::BadSignature`], [`Error::Forged`],
    /// [`Error::Inconsistent`], [`Error::TooFarAhead`] if it is not genuine; [`Error::WrongPeer`] if it comes from
    /// this very device. Nothing changes then, and no one-time prekey is lost.
    pub fn accept(&mut self, first: &[u8], now: u64) -> Result<Pending<'_, Self, Accepted>, Error> {
        let (accepted, delta) = self.accepted(&Incoming::parse(first)?, now, None)?;
        Ok(Pending::new(self, delta, accepted))
    }

    /// Does the work of [`Device::accept`], for a state around the device.
    pub(crate) fn accepted(
        &self,
        first: &Incoming<'_>,
        now: u64,
        binding: Option<&Binding<'_>>,
    ) -> Result<(Accepted, DeviceDelta), Error> {
        let (prefix, handshake) = first.handshake()?;
        let identity = &self.inner.identity;
        if self.inner.prekeys.prekey_set(prefix.signed_prekeys, now)?.memory.has_seen(&handshake) {
            return Err(Error::Replay);
        }
        let found = self.inner.prekeys.find(prefix.signed_prekeys, prefix.one_time, now)?;
        if found.one_time.is_none() && found.prekey_set.memory.is_full() {
            return Err(Error::RotationRequired);
        }
        let (peer, continuation, keys) =
            prefix.accept((&identity.agreement, &identity.certificate), &found, binding)?;
        // Whoever comes by a link is a guest, and nobody else is.
        let expected = if binding.is_some() { AccountKind::Guest } else { AccountKind::Member };
        if peer.kind() != expected {
            return Err(Error::WrongKind);
        }
        if peer.identity() == identity.certificate.identity() {
            return Err(Error::WrongPeer);
        }
        let share = ShareId::of(&peer);
        let keys = (keys, &found.prekey_set.signed);
        let (session, opened) = Session::accept(keys, (peer, continuation), first)?;
        // Not before it is known who wrote: anybody can show the certificate of an account.
        if found.one_time.is_none() && found.prekey_set.memory.is_share_full(share) {
            return Err(Error::ReplayShareFull);
        }
        let message = FirstMessage { handshake, share };
        let change = PrekeyChange::accept(prefix.signed_prekeys, prefix.one_time, message);
        Ok((Accepted { session, opened }, DeviceDelta { now, change }))
    }

    /// Returns when the signed prekeys that a first message names were made.
    pub(crate) fn prekeys_made(&self, first: &Incoming<'_>, now: u64) -> Result<u64, Error> {
        let (prefix, _) = first.handshake()?;
        Ok(self.inner.prekeys.prekey_set(prefix.signed_prekeys, now)?.public.created)
    }

    /// Derives the key of a blob: this device's, for this message and content alone, and the same when the
    /// message is sealed again.
    pub(crate) fn blob_key(&self, id: &[u8; 16], text_hash: &[u8; 32]) -> Secret<32> {
        blob::key(self.inner.identity.agreement.seed(), id, text_hash)
    }

    /// Erases the prekeys that can be erased, when the device is no more one of its account's.
    pub(crate) fn retire(&mut self) {
        self.inner.prekeys.retire();
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }
}

impl Stateful for Device {
    const KIND: u8 = 0x02;

    type Delta = DeviceDelta;
    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        self.inner.identity.write(writer);
        self.inner.prekeys.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let identity = Identity::read(reader)?;
        let prekeys = Prekeys::read(reader)?;
        Ok(Self { inner: Box::new(Inner { identity, prekeys, anchor }) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn advance(&mut self, next: Anchor, delta: DeviceDelta) {
        self.inner.anchor = next;
        self.inner.prekeys.apply(delta);
    }
}

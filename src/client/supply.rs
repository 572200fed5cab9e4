//! Bundles for a plan: sessions that begin with its letter, devices that are left out, and what has changed since
//! it was made.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use rand_core::CryptoRng;

use super::address::Address;
use super::client::{Client, Inner};
use super::peer::Peer;
use super::plan::{New, Plan, PlanTarget, Way};
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::handshake::bundle::Bundle;
use crate::session::Session;

/// The outcome of supplying many bundles at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supplied {
    /// Devices whose bundle had no one-time prekey: the server has run out of them, or withholds them.
    pub without_one_time: Vec<Address>,
    /// Bundles that the plan did not take, by the device that they name, and why.
    pub refused: Vec<(Address, Error)>,
}

impl Plan {
    /// Begins a session with a device that there is none with ([`Plan::missing`]). Returns whether the bundle
    /// had a one-time prekey; if not, the server has run out of them, or withholds them.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a bundle of a device that needs none, or of a device that is not as the
    /// signed list has it; [`Error::StalePrekey`]; [`Error::WeakKey`]; [`Error::WrongClient`] for another
    /// client than the plan's. The plan is as it was.
    pub fn supply(
        &mut self,
        client: &Client,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<bool, Error> {
        self.check_client(client)?;
        let address = client.inner.address_of(bundle.certificate());
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let is_missing =
            |target: &&mut PlanTarget| matches!(target.way, Way::Missing | Way::Suspected);
        let target = target.filter(is_missing).ok_or(Error::WrongPeer)?;
        let inner = &*client.inner;
        let contact = inner.known(address.account)?;
        if contact.device(address.device)? != bundle.certificate() {
            return Err(Error::WrongPeer);
        }
        let now = inner.clock.now(now);
        let wants_one_time = inner.wants_one_time_prekey(address, now);
        if wants_one_time && !bundle.has_one_time_prekey() && matches!(target.way, Way::Suspected) {
            // Whoever injects junk and withholds one-time prekeys would have the next letters rest on signed ones.
            target.way = Way::Active;
            return Ok(false);
        }
        let session = inner.begun(address, bundle, now, rng)?;
        target.way =
            Way::New(Box::new(New { session, bundle: bundle.encode(), made: bundle.made() }));
        Ok(bundle.has_one_time_prekey())
    }

    /// Supplies many bundles. One that does not fit is told, and stops no other one.
    ///
    /// ```
    /// # use latchstring::client::{Client, Plan};
    /// # use latchstring::session::Bundle;
    /// # fn all(ada: &Client, mut plan: Plan, fetched: Vec<Bundle>, now: u64) {
    /// # use getrandom::{SysRng, rand_core::UnwrapErr};
    /// # let mut rng = UnwrapErr(SysRng);
    /// let supplied = plan.supply_all(ada, fetched, now, &mut rng);
    /// for (device, error) in supplied.refused {
    ///     eprintln!("the server gave no good bundle of {device:?}: {error}");
    /// }
    /// // Whoever is still missing gets the letter later.
    /// let _left_out = plan.leave_out_missing();
    /// # }
    /// ```
    pub fn supply_all(
        &mut self,
        client: &Client,
        bundles: impl IntoIterator<Item = Bundle>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Supplied {
        let mut supplied = Supplied::default();
        for bundle in bundles {
            let address = client.inner.address_of(bundle.certificate());
            match self.supply(client, &bundle, now, rng) {
                Ok(true) => {}
                Ok(false) => supplied.without_one_time.push(address),
                Err(error) => supplied.refused.push((address, error)),
            }
        }
        supplied
    }

    /// Gives up the present session with a device that has not answered in it: the device, or the server,
    /// said that a message could not be opened ([`Answer::NewBundle`](crate::Answer::NewBundle)). Supply a
    /// bundle then. An unanswered session is given up without this call after seven days; one with a device that is
    /// in doubt, within the hour ([`Client::repairs`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotInPlan`] for a device that is not in the plan; [`Error::SessionInUse`] for one that has
    /// answered; [`Error::WrongClient`] for another client than the plan's.
    pub fn renew(&mut self, client: &Client, address: Address) -> Result<(), Error> {
        self.check_client(client)?;
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let target = place.ok().and_then(|place| self.targets.get_mut(place));
        let target = target.ok_or(Error::NotInPlan)?;
        let peer = client.inner.peers.get(&address);
        if peer.is_some_and(|peer| !peer.may_renew()) {
            return Err(Error::SessionInUse);
        }
        target.way = Way::Missing;
        Ok(())
    }

    /// Leaves a device out, because there is no bundle of it: tell the user. The device can get the message later
    /// ([`Repair::Backfill`](super::Repair::Backfill)). A device of which a bundle is only wanted gets the letter in
    /// the session that there is.
    ///
    /// # Errors
    ///
    /// [`Error::NotInPlan`] for a device that is not in the plan.
    pub fn leave_out(&mut self, address: Address) -> Result<(), Error> {
        let place = self.targets.binary_search_by_key(&address, |target| target.address);
        let place = place.map_err(|_| Error::NotInPlan)?;
        match self.targets.get_mut(place) {
            Some(target) if matches!(target.way, Way::Suspected) => target.way = Way::Active,
            _ => {
                self.targets.remove(place);
                self.left_out.push(address);
            }
        }
        Ok(())
    }

    /// Leaves all devices out that a bundle is still missing of, so that none of them stops the letter. Returns their
    /// number. They are named in the result, and can get the message later
    /// ([`Repair::Backfill`](super::Repair::Backfill)).
    pub fn leave_out_missing(&mut self) -> usize {
        let before = self.left_out.len();
        let is_missing = |target: &PlanTarget| matches!(target.way, Way::Missing);
        let missing = self.targets.iter().filter(|target| is_missing(target));
        self.left_out.extend(missing.map(|target| target.address));
        self.targets.retain(|target| !is_missing(target));
        self.left_out.len().saturating_sub(before)
    }

    fn check_client(&self, client: &Client) -> Result<(), Error> {
        if self.by == Address::of(client.certificate()) { Ok(()) } else { Err(Error::WrongClient) }
    }
}

impl Inner {
    /// Brings the ways of a plan up to the sessions of now. A device that has begun a session since, or answered,
    /// is written to in that one. A session of the plan's own that says what is not so any more is begun again from
    /// its bundle, which has served no session that has left this device.
    pub(super) fn refresh(&self, plan: &mut Plan, now: Now, rng: &mut impl CryptoRng) {
        for target in &mut plan.targets {
            self.refresh_target(target, now, rng);
        }
    }

    fn refresh_target(&self, target: &mut PlanTarget, now: Now, rng: &mut impl CryptoRng) {
        let address = target.address;
        let peer = self.peers.get(&address);
        let active = peer.and_then(Peer::active_id);
        let is_usable = peer.is_some_and(|peer| peer.usable(now).is_some());
        let is_another = mem::replace(&mut target.active, active) != active;
        target.way = match mem::replace(&mut target.way, Way::Missing) {
            Way::Begun(id) if is_usable && active == Some(*id) => Way::Active,
            Way::Active if is_usable => Way::Active,
            Way::Suspected if is_usable && !is_another => Way::Suspected,
            Way::Missing | Way::Suspected | Way::New(_) | Way::Begun(_)
                if is_usable && is_another =>
            {
                Way::Active
            }
            // Of a letter that was dropped the session never began, and its bundle has served.
            Way::Active | Way::Missing | Way::Suspected | Way::Begun(_) => Way::Missing,
            Way::New(new) if self.goes_on(address, &new.session, now) => Way::New(new),
            Way::New(new) => self.begun_again(address, *new, now, rng).unwrap_or(Way::Missing),
        };
    }

    /// Tells whether a session that has not begun yet says what is still so: of where the active one closed, too.
    fn goes_on(&self, address: Address, session: &Session, now: Now) -> bool {
        let said = session.continuation();
        let is_newest = said.created > self.newest(address, now);
        is_newest && said.predecessor() == self.continuation(address, now).predecessor()
    }

    fn begun_again(
        &self,
        address: Address,
        new: New,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Way, Error> {
        let New { bundle, made, .. } = new;
        let session = self.begun(address, &Bundle::decode(&bundle)?, now, rng)?;
        Ok(Way::New(Box::new(New { session, bundle, made })))
    }

    fn begun(
        &self,
        address: Address,
        bundle: &Bundle,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        let continuation = self.continuation(address, now);
        self.device.initiate_with(continuation, bundle, now.reading(), rng)
    }
}

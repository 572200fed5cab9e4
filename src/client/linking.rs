//! How a companion device comes into an account: `spec/linking.md`.
//!
//! ```text
//!  companion                       primary
//!  Candidate ── code, on screen ──▶ Proposal   (the user looks, and approves)
//!  Welcome  ◀── offer, by server ── Client::approve
//!  Client   ── acceptance ────────▶ Client::admit ──▶ the next device list
//! ```

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::change::Change;
use crate::device::Device;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::devices::DeviceList;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::identity::{AccountId, Certificate, DeviceId};
use crate::protocol::linking::{self, Offered, Proposal, Request};
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

use super::Client;
use super::step::Step;

/// A device that asks to become an account's companion. Secret, and good for five minutes and one
/// link.
pub struct Candidate {
    request: Box<Request>,
}

/// What a primary offers to a candidate: show the user whose account it is, then
/// [`Welcome::accept`].
#[must_use = "an offer that is not accepted links nothing"]
pub struct Welcome {
    offered: Offered,
}

impl Candidate {
    /// Makes a new device's keys, and a code to be shown on its screen. `description` is what the
    /// user of the primary is shown before approving: up to 64 bytes, such as "laptop in the
    /// study".
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] for a description that is empty, too long, or has control characters.
    pub fn generate(description: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        Ok(Self { request: Box::new(Request::generate(description, now, rng)?) })
    }

    /// The code to show, as text or in a QR code. A minute after the candidate was made it is too
    /// old: make another candidate. Whoever reads it can link this device to an account of
    /// *theirs*.
    #[must_use]
    pub fn code(&self) -> Zeroizing<alloc::string::String> {
        self.request.code()
    }

    /// What the user of the primary is shown.
    #[must_use]
    pub fn description(&self) -> &str {
        self.request.description()
    }

    /// Opens a primary's offer.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than five minutes after the candidate was made; [`Error::Forged`]
    /// for an offer that was made for another code; [`Error::BadSignature`], [`Error::WrongPeer`],
    /// [`Error::ListExpired`] for one that does not hold.
    pub fn open(&self, offer: &[u8], now: u64) -> Result<Welcome, Error> {
        let offered = self.request.open(offer, now)?;
        offered.list().check(now)?;
        Ok(Welcome { offered })
    }
}

impl Welcome {
    /// The account that the device would belong to. An id is a word that anybody can use: what
    /// tells the user's own account from another one's is its key ([`Welcome::code`]).
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.list().account()
    }

    /// A code of the account's id and key, to be compared with [`Client::account_code`] on the
    /// primary. Who saw this device's code first could have made the offer.
    #[must_use]
    pub fn code(&self) -> Fingerprint {
        Fingerprint::of(self.primary(), self.primary())
    }

    /// The id that the device would have.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.offered.device()
    }

    /// The account's device list as it is before.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        self.offered.list()
    }

    /// The device that made the offer.
    #[must_use]
    pub fn primary(&self) -> &Certificate {
        self.offered.primary()
    }

    /// Takes the offer: the new device's client, and the acceptance for the primary. Save the
    /// client, then send the acceptance. The candidate is used up.
    ///
    /// The client can do nothing until it has learned the list that names it ([`Client::learn`]).
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the candidate is not the one that opened the offer.
    #[expect(clippy::needless_pass_by_value, reason = "a candidate is good for one link")]
    pub fn accept(
        self,
        candidate: Candidate,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Client, Vec<u8>), Error> {
        let list = self.list().clone();
        let (identity, acceptance) = self.offered.accept(&candidate.request)?;
        let client = Client::new(Device::new(identity, now, rng), list, now);
        Ok((client, acceptance))
    }
}

impl Client {
    /// A code of this account's id and key, the same on all of its devices.
    #[must_use]
    pub fn account_code(&self) -> Fingerprint {
        Fingerprint::of(self.certificate(), self.certificate())
    }

    /// Companions that an account has unless it decides otherwise.
    pub const COMPANIONS: usize = 4;

    /// Offers a candidate a place in this account, after the user has seen what its code says and
    /// has approved. Save the change, apply it, then send the offer. Another offer takes the place
    /// of one that was not accepted yet.
    ///
    /// `companions` is how many companions the account may have, this one included:
    /// [`Client::COMPANIONS`], or up to 31.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyDevices`]; [`Error::Expired`] for a code more than five minutes old;
    /// [`Error::Replay`] for a code that was used for the offer that is open; [`Error::WrongPeer`]
    /// for a candidate whose keys are listed, and for another account; [`Error::Unlisted`],
    /// [`Error::ListExpired`] if this device's own place is in doubt.
    pub fn approve(
        &self,
        account: &Account,
        proposal: &Proposal,
        companions: usize,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, Change), Error> {
        let inner = &*self.inner;
        let now = now.max(inner.clock);
        inner.check_listed()?;
        inner.own.list.check(now)?;
        if account.public_key() != *self.list().account_key() {
            return Err(Error::WrongPeer);
        }
        if self.list().devices().len() > companions {
            return Err(Error::TooManyDevices);
        }
        if inner.linking.as_ref().is_some_and(|pending| pending.is_of(proposal)) {
            return Err(Error::Replay);
        }
        let (identity, list) = (inner.device.identity(), self.list());
        let (pending, offer) = linking::offer(proposal, identity, account.key(), list, now, rng)?;
        Ok((offer, self.change(now, vec![Step::Linking(Some(Box::new(pending)))])?))
    }

    /// Takes a candidate's acceptance: the account's next device list has the companion in it. Save
    /// the change, apply it, then publish [`Client::list`], which the companion needs as well.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than five minutes after the offer, and if none is open;
    /// [`Error::Forged`], [`Error::BadSignature`] for an acceptance that does not hold;
    /// [`Error::WrongPeer`] for another account.
    pub fn admit(&self, account: &Account, acceptance: &[u8], now: u64) -> Result<Change, Error> {
        let pending = self.inner.linking.as_ref().ok_or(Error::Expired)?;
        let now = now.max(self.inner.clock);
        let companion = pending.complete(acceptance, now)?;
        let devices = self.list().devices().iter().cloned().chain([companion]).collect();
        self.sign_list(account, devices, vec![Step::Linking(None)], now)
    }
}

impl Stateful for Candidate {
    const KIND: u8 = 0x07;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.request.write(writer);
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { request: Box::new(Request::read(reader)?) })
    }

    fn stands(&self) -> Anchor {
        Anchor::start(Self::KIND, &self.request.identity().to_bytes(), &[])
    }
}

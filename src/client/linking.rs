//! Linking, on both sides: `spec/linking.md`.
//!
//! ```text
//!  new device                         primary
//!  NewDevice ── code, on screen ────▶ LinkingRequest   (the user looks, and approves)
//!  LinkingOffer ◀── offer, by server ── Client::approve
//!  Client ── acceptance ────────────▶ Client::admit ──▶ the next device list
//! ```

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::fingerprint::Fingerprint;
use crate::protocol::identity::linking;
use crate::protocol::identity::linking::Offered;
use crate::protocol::identity::linking::code::{LinkingRequest, Request};

use super::client::Client;
use super::delta::ClientItem;
use crate::protocol::identity::linking::code::RendezvousId;
use crate::session::{Account, Device};
use crate::storage::{Anchor, Never, Pending, Stateful};

/// A device that is being linked, until it is an account's companion. Secret, and good for five minutes and
/// one account.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::{Client, LinkingRequest, NewDevice};
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///     let mut phone = Client::create(&account, now, &mut rng);
///
///     // The new device shows its code. The primary reads it; the user looks, and approves.
///     let laptop = NewDevice::generate("laptop in the study", now, &mut rng)?;
///     let request = LinkingRequest::read(&laptop.code(), now)?;
///     assert_eq!(request.description(), "laptop in the study");
///     assert_eq!(request.rendezvous(), laptop.rendezvous());
///     let offer = phone.approve(&account, &request, Client::COMPANIONS, now, &mut rng)?.apply();
///
///     // The new device opens the offer; the user compares the fingerprints of both screens.
///     let offer = laptop.open(&offer, now)?;
///     assert_eq!(offer.fingerprint(), phone.account_fingerprint());
///     let (mut laptop, acceptance) = offer.accept(laptop, now, &mut rng)?;
///
///     // The primary admits it and publishes the next list, which the new device learns.
///     phone.admit(&account, &acceptance, now)?.apply();
///     laptop.learn(phone.list(), now)?.apply();
///     assert_eq!(laptop.list().devices().len(), 2);
///     Ok(())
/// }
/// ```
pub struct NewDevice {
    request: Box<Request>,
}

redacted!(NewDevice, |device| identity = device.request.identity());

/// A primary's offer to a new device: show the user whose account it is, then [`LinkingOffer::accept`].
#[must_use = "an offer that is not accepted links nothing"]
pub struct LinkingOffer {
    offered: Offered,
}

redacted!(LinkingOffer, |offer| account = offer.account(), device = offer.device());

impl NewDevice {
    /// Makes a new device's keys and its code ([`NewDevice::code`]). `description` is what the user of the
    /// primary is shown before approving: up to 64 bytes, such as "laptop in the study".
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for a description that is empty or too long, or has characters that nobody sees.
    pub fn generate(description: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        Ok(Self { request: Box::new(Request::generate(description, now, rng)?) })
    }

    /// Returns the code to show, as text or in a QR code. After a minute it is too old: generate another new
    /// device. Whoever reads it can link this device to an account of *theirs*.
    #[must_use]
    pub fn code(&self) -> Zeroizing<alloc::string::String> {
        self.request.code()
    }

    /// Returns where this device waits for the offer on a server, and sends the acceptance:
    /// [`LinkingRequest::rendezvous`] gives the same id on the primary.
    #[must_use]
    pub fn rendezvous(&self) -> RendezvousId {
        self.request.rendezvous()
    }

    /// Returns the description that the user of the primary is shown.
    #[must_use]
    pub fn description(&self) -> &str {
        self.request.description()
    }

    /// Opens a primary's offer.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than five minutes after the new device was generated; [`Error::Forged`] for an
    /// offer that was made for another code; [`Error::BadSignature`], [`Error::WrongPeer`],
    /// [`Error::ListExpired`] for one that does not hold.
    pub fn open(&self, offer: &[u8], now: u64) -> Result<LinkingOffer, Error> {
        let offered = self.request.open(offer, now)?;
        offered.list().check(now)?;
        Ok(LinkingOffer { offered })
    }
}

impl LinkingOffer {
    /// Returns the account that the device would belong to. Anybody can use any id: what tells the user's own
    /// account from another one is its key ([`LinkingOffer::fingerprint`]).
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.list().account()
    }

    /// Returns the fingerprint of the account alone, to be compared with [`Client::account_fingerprint`] on
    /// the primary. Somebody who saw this device's code first could have made the offer.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.primary(), self.primary())
    }

    /// Returns the id that the device would have.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.offered.device()
    }

    /// Returns the account's device list, which does not name the new device yet.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        self.offered.list()
    }

    /// Returns the device that made the offer.
    #[must_use]
    pub fn primary(&self) -> &Certificate {
        self.offered.primary()
    }

    /// Takes the offer: makes the new device's client, and the acceptance for the primary. Save the client,
    /// then send the acceptance.
    ///
    /// The client can do nothing until it has learned the list that names it ([`Client::learn`]).
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the new device is not the one that opened the offer.
    #[expect(clippy::needless_pass_by_value, reason = "a new device is good for one account")]
    pub fn accept(
        self,
        new_device: NewDevice,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Client, Vec<u8>), Error> {
        let list = self.list().clone();
        let (identity, acceptance) = self.offered.accept(&new_device.request)?;
        let client = Client::new(Device::new(identity, now, rng), list, now);
        Ok((client, acceptance))
    }
}

impl Client {
    /// Returns the fingerprint of this account alone, the same on all of its devices.
    #[must_use]
    pub fn account_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certificate(), self.certificate())
    }

    /// The usual limit of an account's companions.
    pub const COMPANIONS: usize = 4;

    /// Offers a new device a place in this account, after the user has seen its description and has approved.
    /// Save the change, apply it, then send the offer. It takes the place of an offer that was not accepted
    /// yet.
    ///
    /// `companions` is how many companions the account may have, this one included:
    /// [`Client::COMPANIONS`], or up to 31.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyDevices`]; [`Error::Expired`] for a code more than five minutes old; [`Error::Replay`]
    /// for a code that was used for the offer that is open; [`Error::WrongPeer`] for a new device whose keys
    /// are listed; [`Error::WrongAccount`]; [`Error::OwnDeviceUnlisted`], [`Error::ListExpired`] if this
    /// device's own place is in doubt.
    pub fn approve(
        &mut self,
        account: &Account,
        request: &LinkingRequest,
        companions: usize,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let inner = &*self.inner;
        let now = inner.clock.now(now);
        inner.check_listed()?;
        inner.own.check_time(now)?;
        self.check_account(account)?;
        if self.list().devices().len() > companions {
            return Err(Error::TooManyDevices);
        }
        if inner.linking.as_ref().is_some_and(|pending| pending.is_of(request)) {
            return Err(Error::Replay);
        }
        let (identity, list) = (inner.device.identity(), self.list());
        let (pending, offer) =
            linking::offer(request, identity, account.key(), list, now.seconds(), rng)?;
        Ok(self.pending(now, vec![ClientItem::Linking(Some(Box::new(pending)))], offer))
    }

    /// Takes a new device's acceptance: the account's next device list has the companion in it. Save the
    /// change, apply it, then publish [`Client::list`], which the companion needs as well.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than five minutes after the offer, and if none is open;
    /// [`Error::Forged`], [`Error::BadSignature`] for an acceptance that does not hold;
    /// [`Error::DeviceConflict`] if a list that came meanwhile names the device's id or keys;
    /// [`Error::TooManyDevices`]; else as [`Client::renew`].
    pub fn admit(
        &mut self,
        account: &Account,
        acceptance: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let pending = self.inner.linking.as_ref().ok_or(Error::Expired)?;
        let now = self.inner.clock.now(now);
        let companion = pending.complete(acceptance, now.seconds())?;
        let devices = self.list().devices().iter().cloned().chain([companion]).collect();
        self.sign_list(account, devices, vec![ClientItem::Linking(None)], now)
    }
}

impl Stateful for NewDevice {
    const KIND: u8 = 0x07;

    type Delta = Never;
    fn write(&self, writer: &mut Writer) {
        self.request.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { request: Box::new(Request::read(reader)?) })
    }

    fn stands(&self) -> Anchor {
        Anchor::start(Self::KIND, &self.request.identity().to_bytes(), &[])
    }

    fn advance(&mut self, _next: Anchor, delta: Never) {
        match delta {}
    }
}

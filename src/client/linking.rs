//! Linking, on both sides: `spec/linking.md`.
//!
//! ```text
//!  new device                          primary
//!  NewDevice ── code, on screen ─────▶ LinkingRequest   (the user looks, and approves)
//!  LinkingOffer ◀── offer, by server ─ Client::approve
//!    (the user types) ◀────────────── LinkingDigits, on screen
//!  Entrant ── acceptance ───────────▶ Client::admit ──▶ the next device list
//!  Client ◀── Briefing, by server ────
//! ```

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::fingerprint::Fingerprint;
use crate::protocol::identity::linking;
use crate::protocol::identity::linking::code::{
    LinkingPurpose, LinkingRequest, RendezvousId, Request,
};
use crate::protocol::identity::linking::digits::LinkingDigits;
use crate::protocol::identity::linking::{Offered, PendingLinking};
use crate::protocol::padding::MAX_CONTENT;

use super::client::Client;
use super::delta::ClientItem;
use super::entrant::Entrant;
use crate::session::Account;
use crate::storage::{Anchor, Never, Pending, Stateful};

/// A device that is being linked, until it is an account's companion. Secret, and good for five minutes and
/// one account.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::{Client, LinkingDigits, LinkingRequest, NewDevice};
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
///     // The primary shows six digits. The user types them at the new device, which has opened the offer.
///     let shown = phone.linking_digits().expect("an offer is open").text();
///     let offer = laptop.open(&offer, now)?;
///     let (entrant, acceptance) = offer.accept(laptop, &LinkingDigits::parse(&shown)?, now)?;
///
///     // The primary admits it, publishes the next list, and briefs it on everybody that the account knows.
///     let briefing = phone.admit(&account, &acceptance, b"settings of the app", now)?.apply();
///     let briefing = entrant.open(&briefing, now)?;
///     assert_eq!(briefing.notes(), b"settings of the app");
///     let (laptop, _) = briefing.begin(entrant, now, &mut rng)?;
///     assert_eq!(laptop.list(), phone.list());
///     Ok(())
/// }
/// ```
pub struct NewDevice {
    request: Box<Request>,
}

redacted!(NewDevice, |device| identity = device.request.identity());

/// A primary's offer to a new device: have the user type the primary's digits, then [`LinkingOffer::accept`].
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
        let purpose = LinkingPurpose::Companion;
        Ok(Self { request: Box::new(Request::generate((purpose, description), now, rng)?) })
    }

    /// Makes the keys of a device that is to be the account's primary in the place of the present one, and its code:
    /// a new telephone, whose user has the old one at hand ([`Client::transfer`]).
    ///
    /// # Errors
    ///
    /// As [`NewDevice::generate`].
    pub fn generate_primary(
        description: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let purpose = LinkingPurpose::Primary;
        Ok(Self { request: Box::new(Request::generate((purpose, description), now, rng)?) })
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

    /// Returns what the device is to become.
    #[must_use]
    pub fn purpose(&self) -> LinkingPurpose {
        self.request.purpose()
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
    /// account from another one is the digits, and its key ([`LinkingOffer::fingerprint`]).
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.list().account()
    }

    /// Returns the fingerprint of the account alone, for users who want to compare it with
    /// [`Client::account_fingerprint`] on the primary. It helps also against somebody who saw both screens.
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

    /// Accepts the offer, with the digits that the user has read off the primary's screen and typed here. Gives
    /// the entrant that waits for the briefing, and the acceptance for the primary. Save the entrant in the
    /// place of the new device, then send the acceptance.
    ///
    /// Offer and new device are used up, also by the wrong digits: somebody who made this offer has one guess.
    /// Delete the stored new device then, too, and generate another one.
    ///
    /// # Errors
    ///
    /// [`Error::DigitsDiffer`]; [`Error::BadSignature`] if the new device is not the one that opened the offer.
    #[expect(clippy::needless_pass_by_value, reason = "a new device is good for one account")]
    pub fn accept(
        self,
        new_device: NewDevice,
        digits: &LinkingDigits,
        now: u64,
    ) -> Result<(Entrant, Vec<u8>), Error> {
        let mut accepted = self.offered.accept(&new_device.request, digits)?;
        let acceptance = core::mem::take(&mut accepted.acceptance);
        Ok((Entrant::new(accepted, new_device.rendezvous(), now), acceptance))
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
    /// yet. Keep [`LinkingRequest::rendezvous`] with the change: the acceptance comes there, and there the briefing
    /// goes.
    ///
    /// `companions` is how many companions the account may have, this one included:
    /// [`Client::COMPANIONS`], or up to 31.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for the code of a new primary ([`Client::approve_transfer`]);
    /// [`Error::TooManyDevices`]; [`Error::Expired`] for a code more than five minutes old; [`Error::Replay`]
    /// for a code that was used for the offer that is open; [`Error::WrongPeer`] for a new device whose keys
    /// are listed; [`Error::WrongAccount`]; [`Error::OwnDeviceUnlisted`], [`Error::ListExpired`],
    /// [`Error::ListUnconfirmed`] if this device's own place is in doubt, or the list ([`Client::renew`]).
    pub fn approve(
        &mut self,
        account: &Account,
        request: &LinkingRequest,
        companions: usize,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        self.offer(account, request, (LinkingPurpose::Companion, companions), now, rng)
    }

    /// Makes an offer to a device that is to become this, if the account has at most so many others.
    pub(super) fn offer(
        &mut self,
        account: &Account,
        request: &LinkingRequest,
        (purpose, others): (LinkingPurpose, usize),
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        if request.purpose() != purpose {
            return Err(Error::NotAllowed);
        }
        let inner = &*self.inner;
        let now = inner.clock.now(now);
        inner.check_listed()?;
        inner.own.check_time(now)?;
        self.check_account(account)?;
        inner.check_shown()?;
        inner.check_ahead(now)?;
        if self.list().devices().len() > others {
            return Err(Error::TooManyDevices);
        }
        if inner.linking.as_ref().is_some_and(|pending| pending.is_of(request)) {
            return Err(Error::Replay);
        }
        let (identity, list) = (inner.device.identity(), self.list());
        let (pending, offer) =
            linking::offer(request, identity, account.key(), list, now.reading(), rng)?;
        Ok(self.pending(now, vec![ClientItem::Linking(Some(Box::new(pending)))], offer))
    }

    /// Returns the digits of the offer that is open: show them as soon as [`Client::approve`] is saved and
    /// applied, for the user to type at the new device. Nobody else is to see them before. Take them off the screen
    /// after five minutes: an acceptance that comes later is refused.
    #[must_use]
    pub fn linking_digits(&self) -> Option<&LinkingDigits> {
        self.inner.linking.as_deref().map(PendingLinking::digits)
    }

    /// Takes a new device's acceptance: the account's next device list has the companion in it. Gives the
    /// briefing, which holds that list and all that this device knows of other accounts, for the new device
    /// alone. Save the change and the briefing, apply it, publish [`Client::list`], and send the briefing: without
    /// it the new device does nothing.
    ///
    /// `notes` are up to 2^20 bytes of the app's own for the new device, such as settings, or whom the user has
    /// blocked.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than five minutes after the offer, and if none is open; [`Error::NotAllowed`] if it
    /// was made to a new primary ([`Client::transfer`]); [`Error::Forged`], [`Error::BadSignature`] for an acceptance
    /// that does not hold;
    /// [`Error::DeviceConflict`] if a list that came meanwhile names the device's id or keys;
    /// [`Error::TooManyDevices`]; [`Error::ContentTooLong`] for longer notes; else as [`Client::renew`].
    pub fn admit(
        &mut self,
        account: &Account,
        acceptance: &[u8],
        notes: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let (companion, now) = self.accepted(LinkingPurpose::Companion, acceptance, notes, now)?;
        let devices = self.list().devices().iter().cloned().chain([companion]).collect();
        self.relist(account, devices, (notes, None), now)
    }

    /// Takes the acceptance of a device that was to become this, and gives its certificate.
    pub(super) fn accepted(
        &self,
        purpose: LinkingPurpose,
        acceptance: &[u8],
        notes: &[u8],
        now: u64,
    ) -> Result<(Certificate, Now), Error> {
        if notes.len() > MAX_CONTENT {
            return Err(Error::ContentTooLong);
        }
        let pending = self.inner.linking.as_ref().ok_or(Error::Expired)?;
        if pending.purpose() != purpose {
            return Err(Error::NotAllowed);
        }
        let now = self.inner.clock.now(now);
        self.inner.check_ahead(now)?;
        Ok((pending.complete(acceptance, now.reading())?, now))
    }

    /// Makes the change to a next list of these devices, one of which was linked, and its briefing.
    pub(super) fn relist(
        &mut self,
        account: &Account,
        devices: Vec<Certificate>,
        (notes, handed_on): (&[u8], Option<&Account>),
        now: Now,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let list = self.next_list(account, devices, now)?;
        let pending = self.inner.linking.as_ref().ok_or(Error::Expired)?;
        let briefing = pending.brief(self.briefing(&list, notes, handed_on).written())?;
        let items = vec![ClientItem::Linking(None), ClientItem::Learn(Box::new(list))];
        Ok(self.pending(now, items, briefing))
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

//! Hand-overs, by which a guest goes on as an account: `spec/guest-links.md`, "A guest becomes an account".
//!
//! ```text
//! body      = version ‖ kind ‖ invitation id ‖ t ‖ guest account ‖ certificate of the account's device
//!           ‖ u64(epoch) ‖ hash of its list ‖ u64(at)
//! hand-over = body ‖ Ed25519(guest's signing key,  LABEL(guest/hand-over) ‖ body)
//!                  ‖ Ed25519(device's signing key, LABEL(guest/hand-over) ‖ body)
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::sign;
use crate::primitives::sign::{SIGNATURE, Signature};

use super::text::ChatNames;
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::Listed;
use crate::protocol::{labels, wire};

/// The word of a guest that it is an account from now on, and of a device of that account that it is this guest. It
/// exists only if it was verified, or a state holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOver {
    pub(crate) names: ChatNames,
    pub(crate) device: Certificate,
    pub(crate) listed: Listed,
    pub(crate) at: u64,
    by_guest: Signature,
    by_device: Signature,
}

redacted!(HandOver, |hand_over| account = hand_over.account(), at = hand_over.at);

impl HandOver {
    /// Signs a hand-over with both keys.
    pub(crate) fn sign(
        names: ChatNames,
        device: Certificate,
        (listed, at): (Listed, u64),
        [guest_key, device_key]: [&sign::SecretKey; 2],
    ) -> Self {
        let empty = [0; SIGNATURE];
        let unsigned = Self { names, device, listed, at, by_guest: empty, by_device: empty };
        let body = unsigned.body();
        let [by_guest, by_device] =
            [guest_key, device_key].map(|key| key.sign(labels::GUEST_HAND_OVER, &[&body]));
        Self { by_guest, by_device, ..unsigned }
    }

    /// Verifies both signatures over one text: by the guest of the claim and by a device that its account has signed.
    pub(crate) fn verify(&self, guest: &sign::PublicKey) -> Result<(), Error> {
        if self.device.kind() != AccountKind::Member {
            return Err(Error::WrongPeer);
        }
        self.device.verify()?;
        let body = self.body();
        guest.verify(labels::GUEST_HAND_OVER, &[&body], &self.by_guest)?;
        let device = &self.device.identity().signing;
        device.verify(labels::GUEST_HAND_OVER, &[&body], &self.by_device)
    }

    /// Returns the account that the guest is now: its first id, if it has moved
    /// ([`DeviceList::first_id`]).
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.device.account()
    }

    /// Returns the device of the account that has signed.
    #[must_use]
    pub fn device(&self) -> &Certificate {
        &self.device
    }

    /// Tells when it was signed, in seconds of the guest's clock.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Tells whether two hand-overs name one account, by id and key.
    pub(crate) fn is_to_account_of(&self, other: &Self) -> bool {
        self.account() == other.account() && self.device.account_key() == other.device.account_key()
    }

    /// Checks that a device list is the one that the hand-over names, or follows it, and still names the device. Do it
    /// before the list is learned.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for the list of another account; [`Error::ListRollback`] for one that is older,
    /// [`Error::ListFork`] for one of another history, [`Error::ListGap`] for one that does not reach back to it;
    /// [`Error::Unlisted`] if it does not name the device.
    pub fn check(&self, list: &DeviceList) -> Result<(), Error> {
        let device = &self.device;
        if list.first_id() != device.account() || list.account_key() != device.account_key() {
            return Err(Error::WrongPeer);
        }
        if list.epoch() < self.listed.epoch {
            return Err(Error::ListRollback);
        }
        match list.hash_at(self.listed.epoch) {
            Some(hash) if hash == self.listed.hash => {}
            Some(_) => return Err(Error::ListFork),
            None => return Err(Error::ListGap),
        }
        if list.device(device.device()) == Some(device) { Ok(()) } else { Err(Error::Unlisted) }
    }

    /// Encodes it for a server ([`ServerCopy::check_hand_over`](crate::guest::ServerCopy::check_hand_over)).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.body());
        writer.raw(&self.by_guest);
        writer.raw(&self.by_device);
    }

    fn body(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::GUEST_HAND_OVER);
        self.names.write(&mut writer);
        self.device.write(&mut writer);
        self.listed.write(&mut writer);
        writer.u64(self.at);
        writer.public()
    }

    /// Reads a hand-over, and verifies nothing.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::GUEST_HAND_OVER)?;
        Ok(Self {
            names: ChatNames::read(reader)?,
            device: Certificate::recall(reader)?,
            listed: Listed::read_reported(reader)?,
            at: reader.u64()?,
            by_guest: *reader.array()?,
            by_device: *reader.array()?,
        })
    }
}

#[cfg(test)]
#[path = "tests/hand_over.rs"]
mod tests;

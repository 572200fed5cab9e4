//! Devices that a service's server has admitted: `spec/third-party.md`, "Connecting".

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::signal::bundle::Bundle;
use crate::signal::keys::IdentityKey;
use crate::signal::policy::{Attestation, ForeignDevice, Programs, ProviderDescriptor, follows};

use super::challenge::Challenge;
use super::delivery::Delivery;
use super::enlistment::{Arrival, Enlistment};
use super::prekey_batch::PrekeyBatch;

/// A device of another provider, of which a service's server knows that its account and its provider want it to be
/// reachable, and that it is at the other end of the connection. It exists only if all of that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnlistedDevice {
    device: ForeignDevice,
    identity: IdentityKey,
    attestation: Attestation,
    until: u64,
}

impl Challenge {
    /// Admits the device that answers this challenge, at the service's server. The challenge is used up, whatever
    /// comes of it: an answer that was read on its way opens no second door.
    ///
    /// `provider` is the newest descriptor of the account's provider, `known` the newest attestation of the account
    /// that the server has seen, `arrival` the way by which the connection came. It costs four signatures.
    ///
    /// # Errors
    ///
    /// [`Error::Frozen`] if the provider is suspended, retired or out of its descriptor's time, [`Error::WrongKind`]
    /// if its programs know no attestations; [`Error::WrongPeer`] if the account is another provider's or the known
    /// attestation another account's, the token for another attestation, or the connection came by another way than the
    /// device says; [`Error::WrongOrigin`]
    /// if the token is for another service; [`Error::ListExpired`] if challenge, token or attestation is out of its
    /// time; [`Error::Unlisted`] if the account does not list the device; [`Error::ListRollback`],
    /// [`Error::ListFork`] if the attestation is older than the known one, or another one of its number;
    /// [`Error::NotAllowed`] if it has more devices than its provider may; [`Error::BadSignature`] if the device has
    /// not answered this challenge, or the account or a key of the provider has not signed.
    pub fn admit(
        self,
        enlistment: &Enlistment,
        provider: &ProviderDescriptor,
        known: Option<&Attestation>,
        arrival: Arrival<'_>,
        now: u64,
    ) -> Result<EnlistedDevice, Error> {
        let now = Now::beginning(now);
        if !provider.is_active(now) {
            return Err(Error::Frozen);
        }
        let (says, provider) = (enlistment.attestation.statement(), provider.statement());
        if provider.programs != Programs::Attested {
            return Err(Error::WrongKind);
        }
        let known = known.map(Attestation::statement);
        let is_known = known.is_none_or(|known| known.account == says.account);
        if *says.account.provider() != provider.id || !is_known || !enlistment.came_by(arrival) {
            return Err(Error::WrongPeer);
        }
        self.check(now.reading())?;
        enlistment.token.check(self.origin(), &enlistment.attestation)?;
        let identity = *says.device(enlistment.number).ok_or(Error::Unlisted)?;
        if let Some(known) = known {
            follows((says.sequence, known.sequence), says == known)?;
        }
        enlistment.verify(&identity, self.question())?;
        enlistment.token.verify(provider, now.reading())?;
        enlistment.attestation.hold(provider, now)?;
        let until = enlistment.token.until.min(says.until).min(provider.until);
        let device = says.account.device(enlistment.number);
        Ok(EnlistedDevice { device, identity, attestation: enlistment.attestation.clone(), until })
    }
}

impl EnlistedDevice {
    /// Returns the device.
    #[must_use]
    pub fn device(&self) -> &ForeignDevice {
        &self.device
    }

    /// Returns its identity key.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.identity
    }

    /// Returns the attestation of its account: what the server remembers of the account, and hands to its own people
    /// ([`Client::learn_account`](crate::signal::Client::learn_account)).
    #[must_use]
    pub fn attestation(&self) -> &Attestation {
        &self.attestation
    }

    /// Returns the time at which the connection is to end, in seconds.
    #[must_use]
    pub fn until(&self) -> u64 {
        self.until
    }

    /// Asks once more whether the device may be connected, by what the server knows now: ask before anything of it is
    /// taken, and end the connection if it may not.
    ///
    /// `provider` is the newest descriptor of the account's provider, `known` the newest attestation of the account,
    /// which a sibling may have shown meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`] if the time of the admission is over; [`Error::Frozen`] if the provider is suspended,
    /// retired or out of its descriptor's time; [`Error::Unlisted`] if the account does not list the device any more,
    /// with this key; [`Error::WrongPeer`] if provider or attestation are of others.
    pub fn check(
        &self,
        provider: &ProviderDescriptor,
        known: &Attestation,
        now: u64,
    ) -> Result<(), Error> {
        let (now, says) = (Now::beginning(now), known.statement());
        let account = self.device.account();
        if provider.statement().id != *account.provider() || says.account != *account {
            return Err(Error::WrongPeer);
        }
        if now.reading() >= self.until {
            return Err(Error::ListExpired);
        }
        if !provider.is_active(now) {
            return Err(Error::Frozen);
        }
        let is_listed = says.device(self.device.number()) == Some(&self.identity);
        if is_listed { Ok(()) } else { Err(Error::Unlisted) }
    }

    /// Checks that a bundle is this device's, before the server keeps it.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if it has another identity key; [`Error::BadSignature`], [`Error::WeakKey`],
    /// [`Error::Malformed`] for its keys.
    pub fn check_bundle(&self, bundle: &Bundle) -> Result<(), Error> {
        if bundle.identity != self.identity {
            return Err(Error::Unlisted);
        }
        bundle.check()?;
        Ok(())
    }

    /// Checks that one-time prekeys are this device's, before the server keeps them. Nothing signs the first of each
    /// pair.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the device has not signed a KEM prekey.
    pub fn check_batch(&self, batch: &PrekeyBatch) -> Result<(), Error> {
        batch.verify(&self.identity)
    }

    /// Checks that a delivery is sent in this device's name, before the server hands it on.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if it is in another's.
    pub fn check_delivery(&self, delivery: &Delivery) -> Result<(), Error> {
        if delivery.from == self.device { Ok(()) } else { Err(Error::WrongPeer) }
    }
}

//! Identity keys by which devices are known: `spec/third-party.md`, "Sessions".

use alloc::boxed::Box;

use crate::error::Error;
use crate::storage::Pending;

use super::client::Client;
use super::delta::{Acknowledged, ClientItem};
use super::keys::IdentityKey;
use super::policy::{ForeignDevice, Programs, ProviderId};
use super::sealed_sender::Trust;
use super::wire::InitialMessage;

impl Client {
    /// Returns the identity key that a device is known by.
    #[must_use]
    pub fn identity_of(&self, device: &ForeignDevice) -> Option<IdentityKey> {
        self.inner.peers.get(device).map(|peer| *peer.identity())
    }

    /// Reads the identity key that an initial message names, to show it to the user where [`Client::open`] has refused
    /// the message as [`Error::IdentityChanged`]: whoever wrote it has that key. Before that it proves nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`] for the bytes.
    pub fn identity_in(initial: &[u8]) -> Result<IdentityKey, Error> {
        InitialMessage::decode(initial).map(|initial| IdentityKey(initial.identity))
    }

    /// Reads the identity key that wrote a sealed envelope, to show it to the user where [`Client::unseal`] has refused
    /// the envelope as [`Error::IdentityChanged`]. A server of `trust` certifies it, and whoever wrote it has it.
    ///
    /// # Errors
    ///
    /// Those of [`Client::unseal`] but this one.
    pub fn identity_in_envelope(
        &self,
        provider: &ProviderId,
        envelope: &[u8],
        trust: &Trust,
        now: u64,
    ) -> Result<IdentityKey, Error> {
        Ok(self.certified(provider, envelope, trust, now)?.1.identity())
    }

    /// Takes over another identity key of a device, because the user has seen that it changed and accepts it: the
    /// device was set up anew, or somebody else poses as it. The sessions with the old key end.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] if the account is attested: what its devices' keys are, it says itself
    /// ([`Client::learn_account`]).
    pub fn acknowledge(
        &mut self,
        device: &ForeignDevice,
        identity: IdentityKey,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        let provider = self.inner.policy.provider(device.provider());
        let programs = provider.map(|record| record.descriptor.statement().programs);
        let is_attested = self.statement_of(device.account()).is_some();
        if is_attested && programs == Some(Programs::Attested) {
            return Err(Error::WrongKind);
        }
        let acknowledged = Acknowledged { with: device.clone(), identity };
        Ok(self.pending(now, [ClientItem::Acknowledged(Box::new(acknowledged))], ()))
    }
}

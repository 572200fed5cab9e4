//! Members of groups, and what stands against them: `spec/third-party.md`, "Groups".

use rand_core::CryptoRng;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::signal::client::{Client, Inner};
use crate::signal::keys::IdentityKey;
use crate::signal::policy::{Ends, ForeignDevice, Party};
use crate::signal::sealed_message::SealedMessage;
use crate::storage::Pending;

use super::distribution::{OwnDistribution, Teller};
use super::wire::SenderKeyMessage;

impl Client {
    /// Seals a distribution message for the device of an attested account that it is for
    /// ([`SenderKey::tell`](super::SenderKey::tell)).
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] if it is for plain programs; else as [`Client::seal`].
    pub fn seal_distribution(
        &mut self,
        distribution: &OwnDistribution,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, SealedMessage>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let OwnDistribution { to, group, bytes } = distribution;
        let party = inner.writing(to, now)?;
        let ends = Ends { sender: &inner.device, receiver: to };
        let text = party.tell(ends, group.ok_or(Error::WrongKind)?, bytes)?;
        let (moved, message) = inner.seal(&party, to, &text, now, rng)?;
        Ok(self.pending(now, [moved], message))
    }

    /// Reads a message of a group that came in the name of a device, so that the program finds the state to open it
    /// with ([`ReceivedSenderKeys::open`](super::ReceivedSenderKeys::open)).
    ///
    /// # Errors
    ///
    /// Before a byte of it is read: those of [`Client::open`] for provider, account and this device, and
    /// [`Error::NotAccepted`] if the user has not accepted the account.
    ///
    /// [`Error::Malformed`], also for a ciphertext that is empty, no whole blocks, or longer than that of 2^20
    /// bytes; [`Error::UnknownVersion`].
    pub fn read_group_message<'a>(
        &self,
        from: &'a ForeignDevice,
        bytes: &'a [u8],
        now: u64,
    ) -> Result<SenderKeyMessage<'a>, Error> {
        self.inner.hearing(from, self.inner.clock.now(now))?;
        SenderKeyMessage::decode(from, bytes)
    }
}

impl Inner {
    /// Finds what somebody is who tells a sender key, or sends to a group. A request is made in a session, and
    /// nowhere else.
    pub(super) fn hearing(&self, from: &ForeignDevice, now: Now) -> Result<Party<'_>, Error> {
        let party = self.policy.reading(from, now)?;
        if party.is_unasked() { Err(Error::NotAccepted) } else { Ok(party) }
    }

    /// Refuses a device that is known or attested by another identity key than it was, or that was forgotten.
    pub(super) fn check_same(
        &self,
        party: &Party<'_>,
        device: &ForeignDevice,
        identity: &IdentityKey,
    ) -> Result<(), Error> {
        party.check_identity(device.number(), identity)?;
        match self.peers.get(device) {
            None => Err(Error::UnknownAccount),
            Some(peer) if peer.identity() != identity => Err(Error::IdentityChanged),
            Some(_) => Ok(()),
        }
    }

    /// Refuses what a device has told if it is not what it was, or the user has opted out since.
    pub(super) fn check_teller(
        &self,
        party: &Party<'_>,
        device: &ForeignDevice,
        teller: &Teller,
    ) -> Result<(), Error> {
        self.check_same(party, device, &teller.identity)?;
        if self.policy.opt_outs(device.provider()) == teller.opt_outs {
            Ok(())
        } else {
            Err(Error::MessageKeyGone)
        }
    }

    /// Tells whether nothing will ever be taken of what a device has told.
    pub(super) fn is_over(&self, device: &ForeignDevice, teller: &Teller) -> bool {
        let is_same = self.peers.get(device).is_some_and(|it| *it.identity() == teller.identity);
        !is_same || self.policy.opt_outs(device.provider()) != teller.opt_outs
    }
}

//! Devices of an account on another messenger: `spec/third-party.md`, "Several devices".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::storage::Pending;

use super::binding::Binding;
use super::client::{Client, Inner};
use super::delta::ClientItem;
use super::keys::IdentityKey;
use super::peer::Peer;
use super::policy::{ForeignAccount, ForeignDevice, Programs};

/// A device of an account on another messenger, as this side knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownDevice {
    /// The device, with its account and provider.
    pub device: ForeignDevice,
    /// Its identity key: what its account attests, or what it had when it was first seen.
    pub identity: IdentityKey,
    /// The ground on which it is taken for the account's.
    pub binding: Binding,
}

impl Client {
    /// Lists the devices of an account, to each of which a message goes: those that its attestation names, in the
    /// order of their numbers; where programs are plain those that were seen, which need not be all. None if the
    /// account or its provider is not known.
    ///
    /// ```
    /// use getrandom::rand_core::CryptoRng;
    /// use latchstring::Error;
    /// use latchstring::content::Content;
    /// use latchstring::signal::{Client, ForeignAccount, ForeignDevice, Saying, SealedMessage};
    ///
    /// /// Says something to every device of an account, with each of which a session has begun.
    /// fn say(
    ///     client: &mut Client,
    ///     to: &ForeignAccount,
    ///     content: &Content,
    ///     now: u64,
    ///     rng: &mut impl CryptoRng,
    /// ) -> Result<Vec<(ForeignDevice, SealedMessage)>, Error> {
    ///     // One message has one id, on whatever device it is read.
    ///     let saying = Saying::new(content, client.message_id(rng));
    ///     let devices = client.devices_of(to).into_iter().map(|known| known.device);
    ///     devices
    ///         .map(|device| {
    ///             let message = client.seal(&device, &saying, now, rng)?.apply();
    ///             Ok((device, message))
    ///         })
    ///         .collect()
    /// }
    /// ```
    #[must_use]
    pub fn devices_of(&self, account: &ForeignAccount) -> Vec<KnownDevice> {
        let inner = &*self.inner;
        let provider = inner.policy.provider(account.provider());
        let known = |device, identity, binding| KnownDevice { device, identity, binding };
        match provider.map(|record| record.descriptor.statement().programs) {
            None => Vec::new(),
            Some(Programs::Plain) => {
                let peers = inner.known(account);
                peers
                    .map(|(it, peer)| known(it.clone(), *peer.identity(), Binding::Unbound))
                    .collect()
            }
            Some(Programs::Attested) => {
                let statement = self.statement_of(account);
                let devices = statement.into_iter().flat_map(|statement| &statement.devices);
                devices
                    .map(|it| known(account.device(it.number), it.identity, Binding::Attested))
                    .collect()
            }
        }
    }

    /// Forgets a device, because the user says that it is no more: its sessions, and the key that it is known by. An
    /// account whose programs are plain has room for another one then. Whoever shows up under its number afterwards
    /// is trusted anew. A hand-over of another own device that has not forgotten it brings it back.
    pub fn forget_device(&mut self, device: &ForeignDevice, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Dropped(Box::new(device.clone()))], ())
    }
}

impl Inner {
    /// Finds the devices of an account that were seen, in the order of their numbers.
    pub(super) fn known<'a>(
        &'a self,
        account: &ForeignAccount,
    ) -> impl Iterator<Item = (&'a ForeignDevice, &'a Peer)> + use<'a> {
        self.peers.range(account.device(0)..=account.device(u8::MAX))
    }
}

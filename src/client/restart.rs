//! Clients that begin anew, because their store is behind its anchor or damaged: `spec/state.md`, "Behind".
//!
//! ```text
//! fresh  = hedged(agreement secret, LABEL(state/restart), anchor of the copy ‖ u64(now), 16)
//! anchor = that of generation 0 with name = list hash ‖ fresh        of the device: certificate core ‖ fresh
//! ```

use rand_core::CryptoRng;

use super::client::{Client, Inner};
use super::peer::Peer;
use crate::error::Error;
use crate::primitives::kdf::hedged;
use crate::primitives::secret::Secret;
use crate::protocol::labels;
use crate::storage::{Anchor, Behind, Stateful};

/// The time in seconds for which a device that was heard is told of a restart: 30 days.
const TOLD_FOR: u64 = 30 * 86_400;

impl Client {
    /// Begins anew from what is left of a client's state, in its place: the same device, with the device lists, the
    /// marks and all decisions of the user that the copy has, but without its sessions and its prekeys. Save it
    /// over what was there, under a new outer anchor, then publish [`Client::bundle`] and do what [`Client::tasks`]
    /// says: what the server has of one-time prekeys is to be withdrawn.
    ///
    /// Its next letter to each device begins a new session, and everybody is told that this device was reset. What
    /// was sent to it meanwhile does not open; what was learned since the copy was made is to be learned again, lists
    /// above all. A primary signs nothing before it has been shown the newest list of its account
    /// ([`Error::ListUnconfirmed`]). Invites and guest chats are states of their own: those that are not behind go on.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] for a device that was removed from its account: link it as a new one.
    pub fn restart(
        behind: Behind<Self>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let mut client = behind.into_state();
        client.inner.check_listed()?;
        client.inner.restart(now, rng);
        Ok(client)
    }
}

impl Inner {
    fn restart(&mut self, now: u64, rng: &mut impl CryptoRng) {
        let moment = self.clock.now(now);
        let now = moment.reading();
        let (place, at) = (self.anchor.to_bytes(), now.to_be_bytes());
        let secret = self.device.identity().agreement.seed();
        let fresh: Secret<16> = hedged(secret, labels::STATE_RESTART, &[&place, &at], rng);
        let name = [&self.own.list.hash().0[..], fresh.expose()].concat();
        self.anchor = Anchor::start(Client::KIND, &self.device.certificate().core(), &name);
        self.device.restart(fresh.expose(), now, rng);
        let restart = |peer: &mut Peer| {
            peer.restart(
                peer.heard != 0 && moment.firm() < peer.heard.saturating_add(TOLD_FOR),
                now,
            );
        };
        self.peers.change(|_| true, restart);
        self.linking = None;
        self.shown = 0;
        self.count_all();
        self.lose_trail();
    }
}

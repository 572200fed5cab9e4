//! Devices that begin anew in a client that does: `spec/state.md`, "Behind".

use rand_core::CryptoRng;

use super::device::Device;
use crate::protocol::handshake::held::Prekeys;
use crate::protocol::handshake::prekeys::PrekeySet;
use crate::storage::{Anchor, Stateful};

impl Device {
    /// Begins anew, in a place that no other beginning has, with new prekeys: what was sealed to the old ones opens
    /// no more, and nobody need remember which first messages were accepted.
    pub(crate) fn restart(&mut self, fresh: &[u8; 16], now: u64, rng: &mut impl CryptoRng) {
        let inner = &mut *self.inner;
        let certificate = &inner.identity.certificate;
        let name = [&certificate.core()[..], fresh].concat();
        inner.anchor = Anchor::start(Self::KIND, &certificate.account().0, &name);
        let place = inner.anchor.to_bytes();
        inner.prekeys = Prekeys::new(PrekeySet::generate(&inner.identity, &place, now, rng));
    }
}

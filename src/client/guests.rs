//! What guest links need of the device that hosts them.

use alloc::boxed::Box;
use alloc::vec;

use rand_core::CryptoRng;

use crate::change::Change;
use crate::error::Error;
use crate::protocol::bundle::Bundle;
use crate::protocol::descent::Descent;
use crate::protocol::handshake::{Binding, Opening};
use crate::protocol::ratchet::Ratchet;
use crate::session::{Opened, Session};
#[cfg(test)]
use crate::{device::Device, protocol::devices::DeviceList};

use super::Client;
use super::step::Step;

impl Client {
    /// The time by this client's clock, which does not go back, if this device may host a guest: it
    /// is one of its account's.
    pub(crate) fn hosting(&self, now: u64) -> Result<u64, Error> {
        self.inner.check_listed()?;
        Ok(now.max(self.inner.clock))
    }

    /// Accepts the first message of a claim: the session, what it says, and the change of this
    /// client, whose one-time prekey it uses up.
    pub(crate) fn accept_guest(
        &self,
        first: &[u8],
        binding: &Binding<'_>,
        now: u64,
    ) -> Result<(Session, Opened, Change), Error> {
        let now = self.hosting(now)?;
        let accepted = self.inner.device.accept_bound(first, now, Some(binding))?;
        let (session, opened, prekeys) = accepted.into_parts();
        let change = self.change(now, vec![Step::Prekeys(Box::new(prekeys))])?;
        Ok((session, opened, change))
    }
}

impl Client {
    /// Begins a session with a guest that another own device has let in. The guest's prekeys live as
    /// long as its chat: their time is not judged.
    pub(crate) fn initiate_guest(
        &self,
        guest: &Bundle,
        binding: &Binding<'_>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        let now = self.hosting(now)?;
        let (identity, descent) = (self.inner.device.identity(), Descent::new(now));
        let opening = Opening::generate(identity, guest, descent, rng);
        let (keys, prefix) = opening.initiate(identity, Some(binding))?;
        let ratchet = Ratchet::initiate(keys, guest.lasting.signed);
        Session::initiate(ratchet, guest.certificate().clone(), prefix, false, descent)
    }
}

#[cfg(test)]
impl Client {
    /// A client of this very device: for vectors.
    pub(crate) fn of(device: Device, list: DeviceList, now: u64) -> Self {
        Self::new(device, list, now)
    }
}

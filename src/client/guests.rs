//! The host's part of a device in guest links.

use alloc::vec;

use rand_core::CryptoRng;

use super::client::Client;
use super::delta::ClientDelta;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::handshake::x3dh::{Binding, InitiatorHandshake};
use crate::protocol::ratchet::Ratchet;
use crate::session::incoming::Incoming;
use crate::session::{Accepted, Session};

impl Client {
    /// Returns the time by this client's clock, which does not go back, if this device may host a guest: if
    /// it is one of its account's.
    pub(crate) fn hosting(&self, now: u64) -> Result<Now, Error> {
        self.check_hosting()?;
        Ok(self.inner.clock.now(now))
    }

    /// Refuses if this device is no longer one of its account's.
    pub(crate) fn check_hosting(&self) -> Result<(), Error> {
        self.inner.check_listed()
    }

    /// Returns the time that this client is sure of, which supports the clocks of its links and chats.
    pub(crate) fn firm(&self, now: u64) -> u64 {
        self.inner.clock.now(now).firm()
    }

    /// Checks that this account's list may be used.
    pub(crate) fn check_list(&self, now: Now) -> Result<(), Error> {
        self.inner.own.check_time(now)
    }

    /// Accepts the first message of a claim. Returns its session and content, and the change of this client,
    /// whose one-time prekey it uses up.
    pub(crate) fn accept_guest(
        &self,
        first: &[u8],
        binding: &Binding<'_>,
        now: u64,
    ) -> Result<(Accepted, ClientDelta), Error> {
        let now = self.hosting(now)?;
        let first = Incoming::parse(first)?;
        let (accepted, prekeys) = self.inner.device.accepted(&first, now.firm(), Some(binding))?;
        Ok((accepted, ClientDelta { now, items: vec![self.inner.prekeys(prekeys)] }))
    }

    /// Begins a session with a guest that another own device has let in. The guest's prekeys live as long as
    /// its chat: their time is not checked.
    pub(crate) fn initiate_guest(
        &self,
        guest: &Bundle,
        binding: &Binding<'_>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Session, Error> {
        let now = self.hosting(now)?;
        let (identity, continuation) =
            (self.inner.device.identity(), Continuation::new(now.reading()));
        let handshake = InitiatorHandshake::generate(identity, guest, continuation, rng);
        let (keys, prefix) = handshake.initiate(identity, Some(binding))?;
        let ratchet = Ratchet::initiate(keys, guest.signed_prekeys.signed);
        Session::initiate(ratchet, guest.certificate().clone(), prefix, false, continuation)
    }
}

//! The memory of first messages that used a prekey set: `spec/prekeys.md`, "Replay memory".
//!
//! ```text
//! remembered = handshake id ‖ share id
//! share id   = SHA-256(LABEL(prekeys/share) ‖ account id ‖ account key)[0..8]     of the initiator
//!            | device id                                              of the initiator, in a guest's memory
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::id::ids;
use crate::primitives::kdf::hash;
use crate::protocol::identity::certificate::{Certificate, DeviceId};
use crate::protocol::labels;

/// Maximum number of first messages remembered for each prekey set, 24 bytes each.
pub(crate) const REPLAY_MEMORY: usize = 1024;

/// Maximum number of them that one account has, or at a guest one device, so that none takes the place of all others.
pub(crate) const REPLAY_SHARE: usize = 64;

ids! {
    /// The id of a handshake, under which its first message is remembered, and by which an initial
    /// message finds its session.
    HandshakeId: 16;
}

/// The share of a replay memory that a first message takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShareId([u8; 8]);

impl ShareId {
    /// Derives the share of the account that certified `peer`. Its key is in it, because anybody certifies devices
    /// of any account id, and would take of the account's share and learn how much it has used.
    pub(crate) fn of(peer: &Certificate) -> Self {
        let (account, key) = (peer.account(), peer.account_key());
        Self(first(&hash(&[labels::PREKEYS_SHARE, &account.0, &key.0])))
    }

    /// Returns the share of a device, where all are of one account.
    pub(crate) fn of_device(device: DeviceId) -> Self {
        Self(device.0)
    }

    /// Derives the share of somebody on another messenger, by the name of an address.
    #[cfg(feature = "signal")]
    pub(crate) fn of_name(name: &[u8]) -> Self {
        Self(first(&hash(&[labels::SIGNAL_SHARE, name])))
    }
}

/// A first message as it is remembered: its handshake id, and whose share it takes.
#[derive(Clone, Copy)]
pub(crate) struct FirstMessage {
    pub(crate) handshake: HandshakeId,
    pub(crate) share: ShareId,
}

impl FirstMessage {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.handshake.0);
        writer.raw(&self.share.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let handshake = HandshakeId(*reader.array()?);
        Ok(Self { handshake, share: ShareId(*reader.array()?) })
    }
}

/// The first messages without a one-time prekey that were accepted with one prekey set.
#[derive(Default)]
pub(crate) struct ReplayMemory {
    /// Sorted by handshake ids. Public values.
    seen: Vec<FirstMessage>,
}

impl ReplayMemory {
    /// Remembers a first message that the memory, and its share, has room for.
    pub(crate) fn remember(&mut self, message: FirstMessage) {
        if let Err(place) = self.search(&message.handshake)
            && !self.is_full()
        {
            self.seen.insert(place, message);
        }
    }

    /// Tells whether this first message was accepted before.
    pub(crate) fn has_seen(&self, handshake: &HandshakeId) -> bool {
        self.search(handshake).is_ok()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.seen.len() >= REPLAY_MEMORY
    }

    pub(crate) fn is_share_full(&self, share: ShareId) -> bool {
        self.seen.iter().filter(|message| message.share == share).count() >= REPLAY_SHARE
    }

    fn search(&self, handshake: &HandshakeId) -> Result<usize, usize> {
        self.seen.binary_search_by_key(handshake, |message| message.handshake)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.seen, FirstMessage::write);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let seen: Vec<_> = reader.list(REPLAY_MEMORY, FirstMessage::read)?;
        if !seen.is_sorted_by(|a, b| a.handshake < b.handshake) {
            return Err(Error::Malformed);
        }
        Ok(Self { seen })
    }
}

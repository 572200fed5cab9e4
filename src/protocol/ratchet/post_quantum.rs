//! The post-quantum half of a triple ratchet, beside the double ratchet: the braid, and the chains that its secrets
//! begin: `spec/third-party.md`, "Triple ratchet".
//!
//! ```text
//! message e, i: its key is key i of epoch e − 1, its part belongs to epoch e of the braid
//! ```
//!
//! So the key of a message never depends on what its own part brings: a part can complete the secret of epoch e,
//! or show that the peer has it, and the first message under it is one of epoch e + 1, which a peer sends only after
//! that. The key therefore comes first, and the braid sees a part only behind an authentic message: a forged one
//! costs no ML-KEM and rebuilds no stream.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::protocol::position::Role;

use super::braid::{Braid, BraidDelta, BraidPart, Capacity, SIGNAL, SignalPart};
use super::chain::MessageKey;
use super::epoch_chains::{EpochChains, EpochDelta, EpochPosition};
use super::keys::BodyKey;

/// The braid and the chains of one side. Secret.
pub(super) struct PostQuantum {
    role: Role,
    braid: Braid,
    chains: EpochChains,
}

/// The change that one message makes. Only success makes one.
pub(super) struct PostQuantumDelta {
    braid: BraidDelta,
    chain: EpochDelta,
}

/// The part that a message takes along, and its key.
pub(super) struct OutgoingPart {
    pub(super) part: Vec<u8>,
    pub(super) key: MessageKey,
    pub(super) delta: PostQuantumDelta,
}

/// A part that came, at a place that is near enough to be followed.
pub(super) struct PlacedPart<'a> {
    braid: &'a Braid,
    part: BraidPart,
    position: EpochPosition<'a>,
}

/// A part that came, with the key of its message, before anything vouches for it.
pub(super) struct StagedPart<'a> {
    braid: &'a Braid,
    part: BraidPart,
    key: BodyKey<'a>,
    chain: EpochDelta,
}

impl PostQuantum {
    /// Begins a side's half, from the key of the handshake.
    pub(super) fn start(key: &Secret<32>, role: Role) -> Self {
        let braid = match role {
            Role::Initiator => Braid::initiate(key, &SIGNAL),
            Role::Responder => Braid::accept(key, &SIGNAL),
        };
        Self { role, braid, chains: EpochChains::start(key, role) }
    }

    /// Returns what the next message takes along.
    pub(super) fn send(&self, rng: &mut impl CryptoRng) -> Result<OutgoingPart, Error> {
        // This format has one chunk in a message, and withholds none.
        let capacity = Capacity { number: 0, room: 0, is_busy: false };
        let (part, braid) = self.braid.send(&capacity, &mut Vec::new(), rng);
        let (key, chain) = self.chains.send(part.epoch.saturating_sub(1))?;
        let part = SignalPart { part, number: chain.number() }.encode();
        Ok(OutgoingPart { part, key, delta: PostQuantumDelta { braid, chain } })
    }

    /// Reads a part that came. One whose place no peer names, or that is too far ahead, ends here, at no cost.
    pub(super) fn read_part(&self, part: &[u8]) -> Result<PlacedPart<'_>, Error> {
        let SignalPart { part, number } = SignalPart::decode(part)?;
        let position = self.chains.find(part.epoch.saturating_sub(1), number)?;
        Ok(PlacedPart { braid: &self.braid, part, position })
    }

    /// Applies a delta. A secret that the braid has agreed on begins the next chains, and is erased.
    pub(super) fn apply(&mut self, delta: &mut PostQuantumDelta) {
        self.braid.apply(&mut delta.braid);
        if let Some(secret) = self.braid.secret() {
            self.chains.add(secret, self.role);
            self.braid.forget_secret();
        }
        self.chains.apply(&mut delta.chain);
    }

    /// Returns the newest epoch whose chains there are.
    pub(super) fn newest(&self) -> u32 {
        self.chains.newest()
    }

    /// Counts the skipped keys.
    #[cfg(test)]
    pub(super) fn skipped(&self) -> usize {
        self.chains.skipped()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.braid.write(writer);
        self.chains.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>, role: Role) -> Result<Self, Error> {
        let (braid, chains) = (Braid::read(reader, &SIGNAL)?, EpochChains::read(reader)?);
        // Chains of an epoch are there from its secret on: before the epoch is over on the side that encapsulates.
        let ahead = u32::from(!braid.has_encapsulated());
        let fits = braid.is_side_of(role == Role::Initiator)
            && braid.secret().is_none()
            && chains.newest().checked_add(ahead) == Some(braid.epoch());
        if fits { Ok(Self { role, braid, chains }) } else { Err(Error::Malformed) }
    }
}

impl<'a> PlacedPart<'a> {
    /// Returns the part with the key of its message.
    pub(super) fn stage(self) -> Result<StagedPart<'a>, Error> {
        let Self { braid, part, position } = self;
        let (key, chain) = position.key()?;
        Ok(StagedPart { braid, part, key, chain })
    }
}

impl StagedPart<'_> {
    pub(super) fn key(&self) -> &Secret<32> {
        self.key.bytes()
    }

    /// Returns what the message changes, once it is authentic.
    pub(super) fn finish(self) -> Result<PostQuantumDelta, Error> {
        let braid = self.braid.receive(&self.part, &[], false)?;
        Ok(PostQuantumDelta { braid, chain: self.chain })
    }
}

impl PostQuantumDelta {
    /// Tells whether it belongs to an opened message.
    pub(super) fn is_received(&self) -> bool {
        self.chain.is_received()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let braid = (!self.braid.is_none()).then_some(&self.braid);
        writer.option(braid, BraidDelta::write);
        self.chain.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let braid = reader.option(BraidDelta::read)?;
        let chain = EpochDelta::read(reader)?;
        if braid.as_ref().is_some_and(|braid| braid.is_received() != chain.is_received()) {
            return Err(Error::Malformed);
        }
        Ok(Self { braid: braid.unwrap_or_default(), chain })
    }
}

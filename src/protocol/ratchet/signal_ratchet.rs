//! The ratchet of the Signal wire format, whose headers are in clear: `spec/third-party.md`, "Double ratchet" and
//! "Triple ratchet".
//!
//! ```text
//! root' ‖ chain key 0 = HKDF(salt = root, ikm = X25519(own, peer), info = "WhisperRatchet", 64)
//! message seed i      = HMAC(chain key i, 0x01)         chain key i+1 = HMAC(chain key i, 0x02)
//! ```
//!
//! Order when a message comes: bounds, seed, post-quantum key; the caller derives the message's keys from the two
//! and checks its MAC over the bytes as they came; only then the braid, and the delta. Nothing changes before that is
//! applied. Whoever can send bytes can thus make this side take one agreement and 2,001 steps
//! ([`MAX_SKIP`](super::ratchet::MAX_SKIP) and its own) of each kind of chain: an honest peer may be as far ahead,
//! and nothing but these keys tells the two apart.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::secret::Secret;
use crate::protocol::handshake::x3dh::SessionKeys;
use crate::protocol::position::{Position, Role};

use super::braid::BraidDelta;
use super::chain::{ChainKey, MessageKey, SkippedKeys};
use super::delta::{MessagePlace, RatchetDelta};
use super::header::HeaderPlace;
use super::imprint::Imprint;
use super::keys::{BodyKey, Trial};
use super::post_quantum::{OutgoingPart, PlacedPart, PostQuantum, PostQuantumDelta, StagedPart};
use super::profile::Signal;
use super::ratchet::{Ratchet, SendState};

/// The keys that a session begins with.
pub(crate) struct SignalKeys {
    pub(crate) root: Secret<32>,
    pub(crate) session: [u8; 32],
    /// This side's imprint key, which the other side cannot compute.
    pub(crate) imprint: Secret<DIGEST_KEY>,
    /// The key that the post-quantum half begins with; none for a double ratchet.
    pub(crate) braid: Option<Secret<32>>,
}

/// The place that a message names in clear: a claim, until its MAC is checked.
#[derive(Clone, Copy)]
pub(crate) struct SignalPlace<'a> {
    pub(crate) ratchet: dh::PublicKey,
    /// The number of the last message in the chain before, and 0 if there is none.
    pub(crate) previous: u32,
    pub(crate) number: u32,
    /// The post-quantum part, which a message of a triple ratchet has.
    pub(crate) part: Option<&'a [u8]>,
}

/// One side's double or triple ratchet of one session. Secret.
pub(crate) struct SignalRatchet {
    double: Ratchet<Signal>,
    /// In a triple ratchet.
    post_quantum: Option<Box<PostQuantum>>,
}

/// The change of one sent or opened message. Only success makes one.
pub(crate) struct SignalDelta {
    pub(crate) double: RatchetDelta,
    post_quantum: Option<Box<PostQuantumDelta>>,
}

/// A message's place and keys, before it is sealed.
pub(crate) struct Outgoing {
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) number: u32,
    seed: MessageKey,
    post_quantum: Option<(Vec<u8>, MessageKey)>,
    delta: SignalDelta,
}

/// A message that came, with its keys, before anything vouches for it.
pub(crate) struct StagedKeys<'a> {
    imprint: Imprint,
    chain: u32,
    seed: BodyKey<'a>,
    part: Option<StagedPart<'a>>,
    place: MessagePlace,
    chain_key: ChainKey,
    skipped: SkippedKeys,
    number: u32,
}

impl SignalRatchet {
    /// Begins the initiator's ratchet: the signed prekey is the responder's first ratchet key.
    pub(crate) fn initiate(keys: SignalKeys, signed_prekey: dh::PublicKey) -> Self {
        Self::start(Role::Initiator, keys, signed_prekey)
    }

    /// Begins the responder's ratchet around a first message, which has this ratchet key. It is worth keeping only
    /// once [`SignalRatchet::stage_first`] has led to an authentic message.
    pub(crate) fn answer(keys: SignalKeys, peer: dh::PublicKey) -> Self {
        Self::start(Role::Responder, keys, peer)
    }

    fn start(role: Role, keys: SignalKeys, peer: dh::PublicKey) -> Self {
        let SignalKeys { root, session, imprint, braid } = keys;
        let post_quantum = braid.as_ref().map(|key| Box::new(PostQuantum::start(key, role)));
        let none = || Secret::copy(&[0; 32]);
        let (initiator_header, responder_header, braid) = (none(), none(), none());
        let keys =
            SessionKeys { root, initiator_header, responder_header, session, braid, imprint };
        Self { double: Ratchet::start(role, keys, peer, Signal), post_quantum }
    }

    /// Returns place and keys of the next message.
    pub(crate) fn next(&self, rng: &mut impl CryptoRng) -> Result<Outgoing, Error> {
        let chain = self.double.message_chain(rng)?;
        let (position, chain_key) = chain.position(&self.double.next_sending_header);
        let next = position.number.checked_add(1).ok_or(Error::ChainExhausted)?;
        let (seed, chain_key) = chain_key.step();
        let (ratchet, number) = (position.ratchet, position.number);
        let previous = position.previous.saturating_sub(1);
        let (post_quantum, half) = match &self.post_quantum {
            None => (None, None),
            Some(half) => {
                let OutgoingPart { part, key, delta } = half.send(rng)?;
                (Some((part, key)), Some(Box::new(delta)))
            }
        };
        let double = RatchetDelta {
            place: chain.place(),
            chain_key,
            skipped: SkippedKeys::new(),
            number: next,
            trace: Imprint::default().to_bytes(),
            braid: BraidDelta::default(),
            reserved: None,
        };
        let delta = SignalDelta { double, post_quantum: half };
        Ok(Outgoing { ratchet, previous, number, seed, post_quantum, delta })
    }

    /// Returns the keys of a message at the place that it names. `message` is all of it, as it came.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] and [`Error::UnknownVersion`] for a post-quantum part that is missing, superfluous or of
    /// another version; [`Error::Inconsistent`] for a place that no peer names; [`Error::TooFarAhead`],
    /// [`Error::Duplicate`] and [`Error::MessageKeyGone`] as for native messages; [`Error::Forged`] for another
    /// ratchet key than the ones known, while the peer has none of this side to answer.
    pub(crate) fn stage(
        &self,
        place: &SignalPlace<'_>,
        message: &[u8],
    ) -> Result<StagedKeys<'_>, Error> {
        self.stage_in(self.known(&place.ratchet).unwrap_or(Trial::Next), place, message)
    }

    /// Finds the chain with a ratchet key, if it is the current one or a closed one.
    fn known(&self, ratchet: &dh::PublicKey) -> Option<Trial<'_>> {
        let current = self.double.receiving.as_ref();
        if current.is_some_and(|current| current.ratchet == *ratchet) {
            return Some(Trial::Current);
        }
        let mut closed = self.double.closed.iter();
        let closed = closed.find(|closed| closed.ratchet == *ratchet)?;
        Some(Trial::Closed(closed.chain))
    }

    /// Tells whether a ratchet key is the one of the present sending chain.
    pub(crate) fn sends_under(&self, ratchet: &dh::PublicKey) -> bool {
        matches!(&self.double.sending, SendState::Active(going) if going.public == *ratchet)
    }

    /// Tells whether a chain with this ratchet key is known.
    pub(crate) fn knows(&self, ratchet: &dh::PublicKey) -> bool {
        self.known(ratchet).is_some()
    }

    /// Returns the keys of the message that the responder's ratchet begins with, in answer to its signed prekey.
    pub(crate) fn stage_first(
        &self,
        signed_prekey: &dh::SecretKey,
        place: &SignalPlace<'_>,
        message: &[u8],
    ) -> Result<StagedKeys<'_>, Error> {
        self.stage_in(Trial::First(signed_prekey), place, message)
    }

    fn stage_in(
        &self,
        trial: Trial<'_>,
        place: &SignalPlace<'_>,
        message: &[u8],
    ) -> Result<StagedKeys<'_>, Error> {
        let number = place.number;
        let imprint = Imprint::of_clear(&self.double.imprint, message);
        if self.double.recent.holds(&imprint) {
            return Err(Error::Duplicate);
        }
        // The number after it could not be counted; no sender uses it.
        if number == u32::MAX {
            return Err(Error::TooFarAhead);
        }
        let part = match (&self.post_quantum, place.part) {
            (Some(half), Some(part)) => Some(half.read_part(part)?),
            (None, None) => None,
            _ => return Err(Error::Malformed),
        };
        let header = self.header(place)?;
        let (seed, message_place, chain_key, skipped) =
            self.double.key(trial, &header, || imprint)?;
        let chain = self.double.chain_of(trial)?;
        let (part, place) = (part.map(PlacedPart::stage).transpose()?, message_place);
        Ok(StagedKeys { imprint, chain, seed, part, place, chain_key, skipped, number })
    }

    /// Returns a place as native headers name it: with the length of the chain before.
    ///
    /// Not every peer counts that, and a length that is too small closes nothing that is open: no message is refused
    /// for it.
    fn header(&self, place: &SignalPlace<'_>) -> Result<HeaderPlace, Error> {
        let SignalPlace { ratchet, previous, number, .. } = *place;
        let previous = match &self.double.receiving {
            Some(current) => previous.checked_add(1).ok_or(Error::TooFarAhead)?.max(current.number),
            None => 0,
        };
        Ok(HeaderPlace { ratchet, previous, number, pq_epoch: 0 })
    }

    /// Applies a delta and empties it. The caller has checked that it was made from this very state.
    pub(crate) fn apply(&mut self, delta: &mut SignalDelta) {
        self.double.apply(&mut delta.double);
        if let (Some(half), Some(delta)) = (&mut self.post_quantum, &mut delta.post_quantum) {
            half.apply(delta);
        }
    }

    /// Returns the double ratchet, which tells roles and positions.
    pub(crate) fn double(&self) -> &Ratchet<Signal> {
        &self.double
    }

    /// Tells whether there is a post-quantum half.
    pub(crate) fn is_triple(&self) -> bool {
        self.post_quantum.is_some()
    }

    /// Returns the newest epoch whose chains there are, 0 in a double ratchet.
    pub(crate) fn epoch(&self) -> u32 {
        self.post_quantum.as_ref().map_or(0, |half| half.newest())
    }

    /// Counts the skipped keys of either half.
    #[cfg(test)]
    pub(crate) fn skipped(&self) -> usize {
        let half = self.post_quantum.as_ref().map_or(0, |half| half.skipped());
        self.double.skipped().saturating_add(half)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.double.write(writer);
        writer.option(self.post_quantum.as_ref(), |half, writer| half.write(writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let double: Ratchet<Signal> = Ratchet::read(reader)?;
        let role = double.role();
        let post_quantum = reader.option(|reader| PostQuantum::read(reader, role).map(Box::new))?;
        Ok(Self { double, post_quantum })
    }
}

impl Outgoing {
    /// Returns the seed of the message's keys.
    pub(crate) fn seed(&self) -> &Secret<32> {
        &self.seed.0
    }

    /// Returns the post-quantum part that the message takes along.
    pub(crate) fn part(&self) -> Option<&[u8]> {
        self.post_quantum.as_ref().map(|(part, _)| part.as_slice())
    }

    /// Returns the post-quantum key that goes into the message's keys.
    pub(crate) fn post_quantum_key(&self) -> Option<&Secret<32>> {
        self.post_quantum.as_ref().map(|(_, key)| &key.0)
    }

    /// Returns the change that sending the message makes. `message` is all of it, as it goes out.
    pub(crate) fn finish(self, ratchet: &SignalRatchet, message: &[u8]) -> SignalDelta {
        let mut delta = self.delta;
        delta.double.trace = Imprint::of_clear(&ratchet.double.imprint, message).to_bytes();
        delta
    }
}

impl StagedKeys<'_> {
    /// Returns the seed of the message's keys.
    pub(crate) fn seed(&self) -> &Secret<32> {
        self.seed.bytes()
    }

    /// Returns the post-quantum key that goes into the message's keys.
    pub(crate) fn post_quantum_key(&self) -> Option<&Secret<32>> {
        self.part.as_ref().map(StagedPart::key)
    }

    /// Returns the position that the message has, if it is authentic.
    pub(crate) fn position(&self) -> Position {
        Position { chain: self.chain, number: self.number }
    }

    /// Returns the change that opening the message makes. The caller has checked the message's MAC.
    ///
    /// # Errors
    ///
    /// [`Error::Inconsistent`] for a post-quantum part that does not hold.
    pub(crate) fn finish(self) -> Result<SignalDelta, Error> {
        let Self { imprint, place, chain_key, skipped, number, part, .. } = self;
        let post_quantum = part.map(StagedPart::finish).transpose()?.map(Box::new);
        let (trace, braid) = (imprint.to_bytes(), BraidDelta::default());
        let double =
            RatchetDelta { place, chain_key, skipped, number, trace, braid, reserved: None };
        Ok(SignalDelta { double, post_quantum })
    }
}

impl SignalDelta {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.double.write(writer);
        writer.option(self.post_quantum.as_ref(), |half, writer| half.write(writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let double = RatchetDelta::read(reader)?;
        let post_quantum = reader.option(|reader| PostQuantumDelta::read(reader).map(Box::new))?;
        let is_received = double.is_received();
        if post_quantum.as_ref().is_some_and(|half| half.is_received() != is_received) {
            return Err(Error::Malformed);
        }
        Ok(Self { double, post_quantum })
    }
}

//! The braid: `spec/braid.md`, after the public ML-KEM Braid specification. One ML-KEM-768 exchange at
//! a time, in chunks that ride in the headers of messages.
//!
//! ```text
//!    key side                                         ciphertext side
//!
//!    ┌───────┐ seal: key pair                         ┌─────────┐ header chunks
//!    │ Fresh │                                        │ Waiting ├──┐
//!    └───┬───┘                                        └────┬──▲─┘  │ until n are there,
//!        ▼      header chunks ──────────────▶              │  └────┘ and the tag holds
//!    ┌────────┐                                            │ seal: coins, ct1, secret, update
//!    │ Header │                                            ▼
//!    └───┬────┘         ◀────────────── ct1 chunks    ┌────────┐
//!        ▼ the first ct1 chunk                        │  Ct1   │ vector chunks until n are there,
//!    ┌────────┐ vector chunks ──────────────▶         │        │ and vector and header agree;
//!    │ Vector │ ct1 chunks until n are there,         │        │ the acknowledgement
//!    │        │ from then on acknowledging            └───┬────┘
//!    └───┬────┘                                           │ both: seal: ct2
//!        ▼ the first ct2 chunk                            ▼
//!    ┌────────┐         ◀────────────── ct2 chunks    ┌────────┐
//!    │  Ct2   │ until n are there: decapsulate,       │  Ct2   │
//!    └───┬────┘ secret, update, the tag holds         └───┬────┘
//!        ▼ epoch + 1                                      ▼ a message of epoch + 1
//!     Waiting                                           Fresh
//! ```
//!
//! Header, Vector and the key side's Ct2 are one [`KeySide`], told apart by the chunks that are there.
//! Sealing and opening only read the braid and give a [`BraidDelta`](super::BraidDelta); to apply that
//! moves the braid on.

use alloc::boxed::Box;

use crate::primitives::codec::concat;
use crate::primitives::kem;
use crate::primitives::secret::Secret;

use super::authenticator::{Authenticator, Labels};
use super::collector::Collector;
use super::part::Kind;

/// Chunks of each stream.
pub(super) const HEADER: usize = 3;
pub(super) const VECTOR: usize = 36;
pub(super) const CT1: usize = 30;
pub(super) const CT2: usize = 5;

/// One side of a session's post-quantum exchange. Secret.
pub(crate) struct Braid {
    pub(super) labels: &'static Labels,
    pub(super) epoch: u32,
    pub(super) authenticator: Box<Authenticator>,
    /// The last agreed secret, until it goes into the root. There are never two: a side agrees on the
    /// next one only after that.
    pub(super) secret: Option<Box<Secret<32>>>,
    pub(super) phase: Phase,
}

/// The phase of a side in the epoch. See note `[boxes]`.
pub(super) enum Phase {
    /// Key side, before its key pair.
    Fresh,
    /// Key side, with one.
    Key(Box<KeySide>),
    /// Ciphertext side, until the header is there.
    Waiting(Box<Collector<HEADER>>),
    /// Ciphertext side, ct1 going out and the vector coming in.
    Ct1(Box<Ct1>),
    /// Ciphertext side, ct2 going out.
    Ct2(Box<Ct2>),
}

pub(super) struct KeySide {
    pub(super) key: kem::SecretKey,
    /// Chunks sent of the header, or of the vector once a chunk of ct1 has come.
    pub(super) count: u16,
    /// The streams that follow from the key, once something was sent since the state was loaded.
    pub(super) expanded: Option<Box<Expanded>>,
    pub(super) ct1: Collector<CT1>,
    pub(super) ct2: Collector<CT2>,
}

/// The streams of the key side. Public values.
pub(crate) struct Expanded {
    /// The header and its tag.
    pub(super) header: [u8; 96],
    pub(super) vector: [u8; kem::VECTOR],
}

pub(super) struct Ct1 {
    pub(super) header: [u8; kem::HEADER],
    pub(super) coins: Box<Secret<32>>,
    pub(super) count: u16,
    /// The ct1 that follows from header and coins, once something was sent since the state was loaded.
    pub(super) stream: Option<Box<[u8; kem::CIPHERTEXT_1]>>,
    pub(super) vector: Collector<VECTOR>,
    pub(super) acknowledged: bool,
}

pub(super) struct Ct2 {
    /// ct2 and the ciphertext tag.
    pub(super) stream: [u8; 160],
    pub(super) count: u16,
}

impl Braid {
    /// Begins the braid of the session's initiator, who makes the first key pair.
    pub(crate) fn initiate(key: &Secret<32>, labels: &'static Labels) -> Self {
        Self::start(key, labels, Phase::Fresh)
    }

    /// Begins the braid of the responder.
    pub(crate) fn accept(key: &Secret<32>, labels: &'static Labels) -> Self {
        Self::start(key, labels, Phase::Waiting(Box::default()))
    }

    fn start(key: &Secret<32>, labels: &'static Labels, phase: Phase) -> Self {
        let authenticator = Box::new(Authenticator::start(key, labels));
        Self { labels, epoch: 1, authenticator, secret: None, phase }
    }

    /// Returns the secret that waits to go into the root, if this side has it.
    pub(crate) fn secret(&self) -> Option<&Secret<32>> {
        self.secret.as_deref()
    }

    /// Returns the secret that waits to go into the root, if this side is sure that the peer has it too:
    /// it has checked the tag of a ciphertext, or heard from the epoch after.
    pub(crate) fn shared_secret(&self) -> Option<&Secret<32>> {
        if self.has_encapsulated() { None } else { self.secret() }
    }

    /// Erases the secret, which is in the root now.
    pub(crate) fn forget_secret(&mut self) {
        self.secret = None;
    }

    #[cfg(feature = "signal")]
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Tells whether this side has made the secret of this epoch, which it cannot know the peer to have.
    pub(crate) fn has_encapsulated(&self) -> bool {
        matches!(self.phase, Phase::Ct1(_) | Phase::Ct2(_))
    }

    /// Tells whether this side makes the key pair of this epoch.
    pub(super) fn is_key_side(&self) -> bool {
        matches!(self.phase, Phase::Fresh | Phase::Key(_))
    }
}

impl KeySide {
    pub(super) fn new(key: kem::SecretKey) -> Self {
        let (ct1, ct2) = (Collector::default(), Collector::default());
        Self { key, count: 0, expanded: None, ct1, ct2 }
    }

    /// Tells what goes out, by what has come.
    pub(super) fn sends(&self) -> Kind {
        match (self.ct1.is_empty(), self.ct1.is_complete(), self.ct2.is_empty()) {
            (true, ..) => Kind::Header,
            (_, false, _) => Kind::Vector,
            (_, true, true) => Kind::VectorDone,
            (_, true, false) => Kind::Done,
        }
    }
}

impl Expanded {
    pub(super) fn of(
        key: &kem::SecretKey,
        authenticator: &Authenticator,
        labels: &Labels,
        epoch: u32,
    ) -> Self {
        let kem::Halves { header: half, vector } = *key.halves();
        let tag = authenticator.header_tag(labels, epoch, &half);
        Self { header: concat(&[&half, &tag]), vector }
    }
}

/// Cuts the header out of the stream of header and tag.
pub(super) fn first_half(stream: &Collector<HEADER>) -> [u8; kem::HEADER] {
    let stream: [u8; 96] = stream.stream();
    let (header, _) = stream.split_at(kem::HEADER);
    concat(&[header])
}

//! The braid: `spec/braid.md`, after the public ML-KEM Braid specification. One ML-KEM-768 exchange
//! at a time, in chunks that ride in the headers of messages.
//!
//! ```text
//!    key side                                         ciphertext side
//!
//!    ┌───────┐ send: key pair                         ┌─────────┐ header chunks
//!    │ Fresh │                                        │ Waiting ├──┐
//!    └───┬───┘                                        └────┬──▲─┘  │ until all are there,
//!        ▼      header chunks ──────────────▶              │  └────┘ and the tag holds
//!    ┌────────┐                                            │ send: coins, ct1, secret, update
//!    │ Header │                                            ▼
//!    └───┬────┘         ◀────────────── ct1 chunks    ┌────────┐
//!        ▼ the first ct1 chunk                        │  Ct1   │ vector chunks until all are there,
//!    ┌────────┐ vector chunks ──────────────▶         │        │ and vector and header agree;
//!    │ Vector │ ct1 chunks until all are there,       │        │ the acknowledgement
//!    │        │ from then on acknowledging            └───┬────┘
//!    └───┬────┘                                           │ both: send: ct2
//!        ▼ the first ct2 chunk                            ▼
//!    ┌────────┐         ◀────────────── ct2 chunks    ┌────────┐
//!    │  Ct2   │ until all are there: decapsulate,     │  Ct2   │
//!    └───┬────┘ secret, update, the tag holds         └───┬────┘
//!        ▼ epoch + 1                                      ▼ a message of epoch + 1
//!     Waiting                                           Fresh
//! ```
//!
//! Header, Vector and the key side's Ct2 are one [`KeySide`], told apart by the chunks that are there.
//! Sending and receiving only read the braid and give a [`Step`]; applying the step moves it on.

mod ahead;
mod authenticator;
mod collector;
#[cfg(fuzzing)]
mod fuzzing;
mod part;
mod receive;
mod send;
mod step;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use ahead::Ahead;
pub(crate) use authenticator::{Labels, NATIVE};
#[cfg(fuzzing)]
pub use fuzzing::Braids;
pub(crate) use part::{Kind, MAX_EXTRA, PART, Part};
pub(crate) use send::Carriage;
pub(crate) use step::Step;

use alloc::boxed::Box;

use crate::primitives::codec::concat;
use crate::primitives::kem;
use crate::primitives::secret::Secret;

use authenticator::Authenticator;
use collector::Collector;

/// Chunks of each stream.
const HEADER: usize = 3;
const VECTOR: usize = 36;
const CT1: usize = 30;
const CT2: usize = 5;

/// One side of a session's post-quantum exchange. Secret.
pub(crate) struct Braid {
    labels: &'static Labels,
    epoch: u32,
    authenticator: Box<Authenticator>,
    /// The last agreed secret, until it is mixed into the root. Never two: a side agrees on a next one
    /// only after it has mixed this one.
    secret: Option<Box<Secret<32>>>,
    phase: Phase,
}

/// Where a side is in the epoch. Boxed where there is a secret: what a larger variant leaves unused
/// is not wiped.
enum Phase {
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

struct KeySide {
    key: kem::SecretKey,
    /// Chunks sent of the header, or of the vector once a chunk of ct1 has come.
    count: u16,
    /// What follows from the key, once something was sent since the state was loaded.
    expanded: Option<Box<Expanded>>,
    ct1: Collector<CT1>,
    ct2: Collector<CT2>,
}

/// The streams of the key side. Public values.
pub(crate) struct Expanded {
    /// The header and its tag.
    header: [u8; 96],
    vector: [u8; kem::VECTOR],
}

struct Ct1 {
    header: [u8; kem::HEADER],
    coins: Box<Secret<32>>,
    count: u16,
    /// What follows from header and coins, once something was sent since the state was loaded.
    stream: Option<Box<[u8; kem::CIPHERTEXT_1]>>,
    vector: Collector<VECTOR>,
    acknowledged: bool,
}

struct Ct2 {
    /// ct2 and the ciphertext tag.
    stream: [u8; 160],
    count: u16,
}

impl Braid {
    /// The braid of the session's initiator, who makes the first key pair.
    pub(crate) fn initiate(key: &Secret<32>, labels: &'static Labels) -> Self {
        Self::start(key, labels, Phase::Fresh)
    }

    /// The braid of the responder.
    pub(crate) fn accept(key: &Secret<32>, labels: &'static Labels) -> Self {
        Self::start(key, labels, Phase::Waiting(Box::default()))
    }

    fn start(key: &Secret<32>, labels: &'static Labels, phase: Phase) -> Self {
        let authenticator = Box::new(Authenticator::start(key, labels));
        Self { labels, epoch: 1, authenticator, secret: None, phase }
    }

    /// The secret that waits to be mixed, if this side has it.
    pub(crate) fn secret(&self) -> Option<&Secret<32>> {
        self.secret.as_deref()
    }

    /// The secret that waits to be mixed, if this side is sure that the peer has it too: it has checked
    /// the tag of a ciphertext, or heard from the epoch after.
    pub(crate) fn shared_secret(&self) -> Option<&Secret<32>> {
        match self.phase {
            Phase::Ct1(_) | Phase::Ct2(_) => None,
            Phase::Fresh | Phase::Key(_) | Phase::Waiting(_) => self.secret(),
        }
    }

    /// Whether the next message, if there is room for its secret, draws coins.
    #[cfg(test)]
    pub(crate) fn is_about_to_encapsulate(&self) -> bool {
        matches!(&self.phase, Phase::Waiting(header) if header.is_complete())
    }

    /// Whether one chunk is missing until this side decapsulates.
    #[cfg(test)]
    pub(crate) fn is_about_to_agree(&self) -> bool {
        matches!(&self.phase, Phase::Key(side) if side.ct2.lacks_one())
    }

    /// A secret that nothing led to.
    #[cfg(test)]
    pub(crate) fn plant_secret(&mut self) {
        self.secret = Some(Box::new(Secret::copy(&[1; 32])));
    }

    /// Erases the secret, which is mixed.
    pub(crate) fn forget_secret(&mut self) {
        self.secret = None;
    }

    /// Whether this side makes the key pair of this epoch.
    fn is_key_side(&self) -> bool {
        matches!(self.phase, Phase::Fresh | Phase::Key(_))
    }
}

impl KeySide {
    fn new(key: kem::SecretKey) -> Self {
        let (ct1, ct2) = (Collector::default(), Collector::default());
        Self { key, count: 0, expanded: None, ct1, ct2 }
    }

    /// What goes out, by what has come.
    fn sends(&self) -> Kind {
        match (self.ct1.is_empty(), self.ct1.is_complete(), self.ct2.is_empty()) {
            (true, ..) => Kind::Header,
            (_, false, _) => Kind::Vector,
            (_, true, true) => Kind::VectorDone,
            (_, true, false) => Kind::Done,
        }
    }
}

impl Expanded {
    fn of(
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

/// The header in the stream of header and tag.
fn first_half(stream: &Collector<HEADER>) -> [u8; kem::HEADER] {
    let stream: [u8; 96] = stream.stream();
    let (header, _) = stream.split_at(kem::HEADER);
    concat(&[header])
}

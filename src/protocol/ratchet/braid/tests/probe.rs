//! Questions of tests to a braid, and the harm that they do it.

use alloc::boxed::Box;

use crate::primitives::secret::Secret;
use crate::protocol::ratchet::braid::braid::{Braid, Phase};
use crate::protocol::ratchet::braid::collector::Collector;
use crate::protocol::ratchet::braid::delta::{BraidDelta, BraidEvent};

impl Braid {
    /// Tells whether the next message, if there is room for its secret, draws coins.
    pub(crate) fn is_about_to_encapsulate(&self) -> bool {
        matches!(&self.phase, Phase::Waiting(header) if header.is_complete())
    }

    /// Tells whether one chunk is missing until this side decapsulates.
    pub(crate) fn is_about_to_agree(&self) -> bool {
        matches!(&self.phase, Phase::Key(side) if side.ct2.lacks_one())
    }

    /// Plants a secret that nothing led to.
    pub(crate) fn plant_secret(&mut self) {
        self.secret = Some(Box::new(Secret::copy(&[1; 32])));
    }
}

impl<const N: usize> Collector<N> {
    pub(crate) fn lacks_one(&self) -> bool {
        self.0.len().saturating_add(1) == N
    }
}

impl BraidDelta {
    /// Tells whether it needed randomness, which nobody else can guess.
    pub(crate) fn is_drawn(&self) -> bool {
        matches!(self.event, BraidEvent::Generated(_) | BraidEvent::Encapsulated(_))
    }
}

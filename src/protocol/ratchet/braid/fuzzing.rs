//! The braid for a fuzzer, which cannot forge what is behind an authentic header from outside.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;

use super::authenticator::NATIVE;
use super::braid::Braid;
use super::delta::BraidDelta;
use super::part::{BraidPart, PART};
use super::send::Capacity;

/// Both sides of a braid, and whatever a fuzzer does to them. It exists only under `cfg(fuzzing)`.
pub struct Braids {
    sides: [Side; 2],
}

struct Side {
    braid: Box<Braid>,
    secrets: Vec<[u8; 32]>,
    /// The last message of the other side.
    coming: Option<([u8; PART], Vec<u8>)>,
    /// Set once forged input was taken: from then on the sides need not agree.
    is_misled: bool,
}

impl Braids {
    /// Begins two sides.
    #[must_use]
    pub fn new() -> Self {
        let key = Secret::copy(&[6; 32]);
        let side = |braid| Side {
            braid: Box::new(braid),
            secrets: Vec::new(),
            coming: None,
            is_misled: false,
        };
        let sides = [Braid::initiate(&key, &NATIVE), Braid::accept(&key, &NATIVE)].map(side);
        Self { sides }
    }

    /// Sends from one side; the message it sent before is lost.
    pub fn send(&mut self, second: bool, room: u8, number: u32, rng: &mut impl CryptoRng) {
        let (from, to) = self.pair(second);
        let capacity =
            Capacity { number, room: usize::from(room), is_busy: from.braid.secret().is_some() };
        let mut extra = Vec::new();
        let (part, mut delta) = from.braid.send(&capacity, &mut extra, rng);
        assert_eq!(part.extra_bytes(), extra.len(), "what is announced is there");
        from.braid.apply(&mut delta);
        to.coming = Some((part.encode(), extra));
    }

    /// Receives the other side's last message, altered as the input says.
    pub fn receive(&mut self, second: bool, edits: &[u8]) {
        let (side, _) = self.pair(second);
        let Some((mut part, mut extra)) = side.coming.clone() else { return };
        for edit in edits.chunks_exact(2) {
            if let [place, change] = *edit {
                let place = usize::from(place) % PART.saturating_add(extra.len());
                if let Some(byte) = part.iter_mut().chain(&mut extra).nth(place) {
                    *byte ^= change;
                    side.is_misled |= change != 0;
                }
            }
        }
        side.take(&part, &extra);
    }

    /// Receives any bytes.
    pub fn forged(&mut self, second: bool, bytes: &[u8]) {
        let (side, _) = self.pair(second);
        let Some((part, extra)) = bytes.split_first_chunk() else { return };
        side.is_misled = true;
        side.take(part, extra);
    }

    /// Stores one side and loads it again.
    pub fn reload(&mut self, second: bool) {
        let (side, _) = self.pair(second);
        let bytes = |braid: &Braid| {
            let mut writer = Writer::new();
            braid.write(&mut writer);
            writer.secret()
        };
        let before = bytes(&side.braid);
        let again = Reader::all(&before, |reader| Braid::read(reader, &NATIVE));
        #[expect(clippy::expect_used, reason = "what a fuzzer is here to find")]
        let again = again.expect("what was written can be read");
        *side.braid = again;
        assert_eq!(*before, *bytes(&side.braid), "a state has one encoding");
    }

    /// Checks that both took the same secrets, unless one was misled.
    pub fn check(&self) {
        let [one, other] = &self.sides;
        if !one.is_misled && !other.is_misled {
            assert!(one.secrets.iter().zip(&other.secrets).all(|(a, b)| a == b), "a split");
        }
    }

    fn pair(&mut self, second: bool) -> (&mut Side, &mut Side) {
        let [one, other] = &mut self.sides;
        if second { (other, one) } else { (one, other) }
    }
}

impl Default for Braids {
    fn default() -> Self {
        Self::new()
    }
}

impl Side {
    fn take(&mut self, part: &[u8; PART], extra: &[u8]) {
        let Ok(part) = BraidPart::decode(part) else { return };
        let Some(extra) = extra.get(..part.extra_bytes()) else { return };
        let is_busy = self.braid.secret().is_some();
        if let Ok(mut delta) = self.braid.receive(&part, extra, is_busy) {
            let mut writer = Writer::new();
            delta.write(&mut writer);
            assert!(delta.is_none() || Reader::all(writer.written(), BraidDelta::read).is_ok());
            self.braid.apply(&mut delta);
        }
        if self.braid.shared_secret().is_some() {
            self.secrets.extend(self.braid.secret().map(|secret| *secret.expose()));
            self.braid.forget_secret();
        }
    }
}

//! The sealing side of the braid: the part that a message takes along: `spec/braid.md`, "Sealing".

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::primitives::codec::concat;
use crate::primitives::erasure;
use crate::primitives::kdf::hedged;
use crate::primitives::kem;
use crate::protocol::labels;

use super::authenticator::{epoch_secret, number};
use super::braid::{Braid, CT1, CT2, Ct1, Expanded, HEADER, KeySide, Phase, VECTOR, first_half};
use super::collector::Collector;
use super::delta::{BraidDelta, BraidEvent, Cache, Encapsulated};
use super::part::{BraidPart, Kind, MAX_EXTRA};

/// The number of chunks that a message has room for, and the message's number.
#[derive(Clone, Copy)]
pub(crate) struct Capacity {
    /// The message's number in its chain.
    pub(crate) number: u32,
    /// Number of chunks for which its body has room.
    pub(crate) room: usize,
    /// True if a secret still waits for the root after the message's root step.
    pub(crate) is_busy: bool,
}

impl Braid {
    /// Returns what the next message takes along; `body` ends with its content and gets the chunks that
    /// go behind it.
    pub(crate) fn send(
        &self,
        capacity: &Capacity,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (BraidPart, BraidDelta) {
        match &self.phase {
            Phase::Fresh => self.generate(capacity, body, rng),
            Phase::Key(side) => self.send_key(side, capacity, body),
            Phase::Waiting(header) if header.is_complete() && !capacity.is_busy => {
                self.encapsulate(header, capacity, body, rng)
            }
            Phase::Waiting(_) => self.nothing(),
            Phase::Ct1(side) if side.acknowledged && side.vector.is_complete() => {
                self.finish(side, capacity, body)
            }
            Phase::Ct1(side) if side.acknowledged => self.nothing(),
            Phase::Ct1(side) => self.send_ct1(side, capacity, body),
            Phase::Ct2(side) if capacity.withholds::<CT2>(side.count) => self.nothing(),
            Phase::Ct2(side) => {
                let part = self.run::<CT2>(Kind::Ct2, &side.stream, side.count, capacity, body);
                (part, BraidDelta::sent(&part))
            }
        }
    }

    fn nothing(&self) -> (BraidPart, BraidDelta) {
        (BraidPart::bare(self.epoch, Kind::Nothing), BraidDelta::default())
    }

    fn generate(
        &self,
        capacity: &Capacity,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (BraidPart, BraidDelta) {
        let about = number(self.epoch);
        let seed = hedged(self.authenticator.root(), labels::BRAID_KEY, &[&about], rng);
        let key = kem::SecretKey::from_seed(seed);
        let expanded = Box::new(self.expand(&key));
        let part = self.run::<HEADER>(Kind::Header, &expanded.header, 0, capacity, body);
        let event = BraidEvent::Generated(key);
        let cache = Cache { key: Some(expanded), ct1: None };
        (part, BraidDelta { event, cache, ..BraidDelta::sent(&part) })
    }

    fn expand(&self, key: &kem::SecretKey) -> Expanded {
        Expanded::of(key, &self.authenticator, self.labels, self.epoch)
    }

    fn send_key(
        &self,
        side: &KeySide,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> (BraidPart, BraidDelta) {
        let kind = side.sends();
        let is_withheld = match kind {
            Kind::Header => capacity.withholds::<HEADER>(side.count),
            Kind::Done => true,
            _ => capacity.withholds::<VECTOR>(side.count),
        };
        if is_withheld {
            return (BraidPart::bare(self.epoch, kind.without_chunk()), BraidDelta::default());
        }
        let mut part_of = |expanded: &Expanded| match kind {
            Kind::Header => self.run::<HEADER>(kind, &expanded.header, side.count, capacity, body),
            _ => self.run::<VECTOR>(kind, &expanded.vector, side.count, capacity, body),
        };
        let (part, cache) = if let Some(expanded) = &side.expanded {
            (part_of(expanded), Cache::default())
        } else {
            let made = Box::new(self.expand(&side.key));
            (part_of(&made), Cache { key: Some(made), ct1: None })
        };
        (part, BraidDelta { cache, ..BraidDelta::sent(&part) })
    }

    fn encapsulate(
        &self,
        header: &Collector<HEADER>,
        capacity: &Capacity,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (BraidPart, BraidDelta) {
        let header = first_half(header);
        let about: [&[u8]; 2] = [&number(self.epoch), &header];
        let coins = hedged(self.authenticator.root(), labels::BRAID_COINS, &about, rng);
        let coins = Box::new(coins);
        let (stream, shared) = kem::encapsulate_first(&header, &coins);
        let secret = Box::new(epoch_secret(self.labels, self.epoch, &shared));
        let authenticator = self.authenticator.update(self.labels, self.epoch, &secret);
        let part = self.run::<CT1>(Kind::Ct1, stream.as_slice(), 0, capacity, body);
        let made = Encapsulated { coins, authenticator: Box::new(authenticator), secret };
        let event = BraidEvent::Encapsulated(Box::new(made));
        let cache = Cache { key: None, ct1: Some(stream) };
        (part, BraidDelta { event, cache, ..BraidDelta::sent(&part) })
    }

    fn send_ct1(
        &self,
        side: &Ct1,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> (BraidPart, BraidDelta) {
        if capacity.withholds::<CT1>(side.count) {
            return self.nothing();
        }
        let mut part_of =
            |stream: &[u8]| self.run::<CT1>(Kind::Ct1, stream, side.count, capacity, body);
        let (part, cache) = if let Some(stream) = &side.stream {
            (part_of(stream.as_slice()), Cache::default())
        } else {
            let (made, _) = kem::encapsulate_first(&side.header, &side.coins);
            (part_of(made.as_slice()), Cache { key: None, ct1: Some(made) })
        };
        (part, BraidDelta { cache, ..BraidDelta::sent(&part) })
    }

    /// Makes the second half of the ciphertext, from the whole key and the same coins.
    fn finish(
        &self,
        side: &Ct1,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> (BraidPart, BraidDelta) {
        // The key was checked when its last chunk came, and this side is never without one from then
        // on: only a state that this code did not write gets here, and its session comes to a halt.
        let Ok(key) = kem::PublicKey::join(&side.header, &side.vector.stream()) else {
            return self.nothing();
        };
        let (ciphertext, _) = key.encapsulate(&side.coins);
        let tag = self.authenticator.ciphertext_tag(self.labels, self.epoch, &ciphertext);
        let (_, second) = ciphertext.split_at(kem::CIPHERTEXT_1);
        let stream = Box::new(concat(&[second, &tag]));
        let part = self.run::<CT2>(Kind::Ct2, stream.as_slice(), 0, capacity, body);
        (part, BraidDelta { event: BraidEvent::Finished(stream), ..BraidDelta::sent(&part) })
    }

    /// Returns the next chunks of a stream that is not withheld, of which `count` went before.
    pub(super) fn run<const N: usize>(
        &self,
        kind: Kind,
        stream: &[u8],
        count: u16,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> BraidPart {
        // A room that does not fit into a byte is above the bound anyway.
        let bounds = [
            u8::try_from(capacity.room).unwrap_or(MAX_EXTRA),
            u8::try_from(N.saturating_sub(1)).unwrap_or(MAX_EXTRA),
            u8::try_from(u16::MAX.saturating_sub(count)).unwrap_or(MAX_EXTRA),
        ];
        let extra = bounds.into_iter().fold(MAX_EXTRA, u8::min);
        for more in 1..=u16::from(extra) {
            body.extend_from_slice(&erasure::chunk::<N>(stream, count.saturating_add(more)));
        }
        let chunk = erasure::chunk::<N>(stream, count);
        BraidPart { epoch: self.epoch, kind, extra, index: count, chunk }
    }
}

impl Capacity {
    /// Tells whether a stream of which `count` chunks went before pauses in this message: more than are
    /// needed have gone, and those in this chain alone would do.
    pub(super) fn withholds<const N: usize>(&self, count: u16) -> bool {
        let enough = N.saturating_mul(2);
        let each = self.room.saturating_add(1).min(N);
        let here = usize::try_from(self.number).unwrap_or(usize::MAX).saturating_mul(each);
        usize::from(count) >= enough && here >= enough
    }
}

//! What a message takes along: `spec/braid.md`, "Sealing".

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::primitives::codec::concat;
use crate::primitives::erasure;
use crate::primitives::kdf::hedged;
use crate::primitives::kem;
use crate::protocol::labels;

use super::authenticator::{epoch_secret, number};
use super::collector::Collector;
use super::part::{Kind, MAX_EXTRA, Part};
use super::step::{Cache, Encapsulated, Event, Step};
use super::{Braid, CT1, CT2, Ct1, Expanded, HEADER, KeySide, Phase, VECTOR, first_half};

/// What a message has room for.
#[derive(Clone, Copy)]
pub(crate) struct Carriage {
    /// Its number in its chain.
    pub(crate) number: u32,
    /// Chunks for which its body has room.
    pub(crate) room: usize,
    /// A secret is still to be mixed after its root step.
    pub(crate) is_busy: bool,
}

impl Braid {
    /// What the next message takes along; `body` ends with its content and gets the chunks that go
    /// behind it.
    pub(crate) fn send(
        &self,
        carriage: &Carriage,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (Part, Step) {
        match &self.phase {
            Phase::Fresh => self.generate(carriage, body, rng),
            Phase::Key(side) => self.send_key(side, carriage, body),
            Phase::Waiting(header) if header.is_complete() && !carriage.is_busy => {
                self.encapsulate(header, carriage, body, rng)
            }
            Phase::Waiting(_) => self.nothing(),
            Phase::Ct1(side) if side.acknowledged && side.vector.is_complete() => {
                self.finish(side, carriage, body)
            }
            Phase::Ct1(side) if side.acknowledged => self.nothing(),
            Phase::Ct1(side) => self.send_ct1(side, carriage, body),
            Phase::Ct2(side) if carriage.withholds::<CT2>(side.count) => self.nothing(),
            Phase::Ct2(side) => {
                let part = self.run::<CT2>(Kind::Ct2, &side.stream, side.count, carriage, body);
                (part, Step::sent(&part))
            }
        }
    }

    fn nothing(&self) -> (Part, Step) {
        (Part::bare(self.epoch, Kind::Nothing), Step::default())
    }

    fn generate(
        &self,
        carriage: &Carriage,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (Part, Step) {
        let about = number(self.epoch);
        let seed = hedged(self.authenticator.root(), labels::BRAID_KEY, &about, rng);
        let key = kem::SecretKey::from_seed(seed);
        let expanded = Box::new(self.expand(&key));
        let part = self.run::<HEADER>(Kind::Header, &expanded.header, 0, carriage, body);
        let event = Event::Generated(key);
        (part, Step { event, cache: Some(Cache::Key(expanded)), ..Step::sent(&part) })
    }

    fn expand(&self, key: &kem::SecretKey) -> Expanded {
        Expanded::of(key, &self.authenticator, self.labels, self.epoch)
    }

    fn send_key(&self, side: &KeySide, carriage: &Carriage, body: &mut Vec<u8>) -> (Part, Step) {
        let kind = side.sends();
        let is_withheld = match kind {
            Kind::Header => carriage.withholds::<HEADER>(side.count),
            Kind::Done => true,
            _ => carriage.withholds::<VECTOR>(side.count),
        };
        if is_withheld {
            return (Part::bare(self.epoch, kind.without_chunk()), Step::default());
        }
        let made = side.expanded.is_none().then(|| Box::new(self.expand(&side.key)));
        let Some(expanded) = side.expanded.as_ref().or(made.as_ref()) else {
            return self.nothing();
        };
        let part = if kind == Kind::Header {
            self.run::<HEADER>(kind, &expanded.header, side.count, carriage, body)
        } else {
            self.run::<VECTOR>(kind, &expanded.vector, side.count, carriage, body)
        };
        (part, Step { cache: made.map(Cache::Key), ..Step::sent(&part) })
    }

    fn encapsulate(
        &self,
        header: &Collector<HEADER>,
        carriage: &Carriage,
        body: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> (Part, Step) {
        let header = first_half(header);
        let about: [u8; 8 + kem::HEADER] = concat(&[&number(self.epoch), &header]);
        let coins = hedged(self.authenticator.root(), labels::BRAID_COINS, &about, rng);
        let coins = Box::new(coins);
        let (stream, shared) = kem::encapsulate_first(&header, &coins);
        let secret = Box::new(epoch_secret(self.labels, self.epoch, &shared));
        let authenticator = self.authenticator.update(self.labels, self.epoch, &secret);
        let part = self.run::<CT1>(Kind::Ct1, stream.as_slice(), 0, carriage, body);
        let made = Encapsulated { coins, authenticator: Box::new(authenticator), secret };
        let event = Event::Encapsulated(Box::new(made));
        (part, Step { event, cache: Some(Cache::Ct1(stream)), ..Step::sent(&part) })
    }

    fn send_ct1(&self, side: &Ct1, carriage: &Carriage, body: &mut Vec<u8>) -> (Part, Step) {
        if carriage.withholds::<CT1>(side.count) {
            return self.nothing();
        }
        let made =
            side.stream.is_none().then(|| kem::encapsulate_first(&side.header, &side.coins).0);
        let Some(stream) = side.stream.as_ref().or(made.as_ref()) else {
            return self.nothing();
        };
        let part = self.run::<CT1>(Kind::Ct1, stream.as_slice(), side.count, carriage, body);
        (part, Step { cache: made.map(Cache::Ct1), ..Step::sent(&part) })
    }

    /// The second half of the ciphertext, from the whole key and the same coins.
    fn finish(&self, side: &Ct1, carriage: &Carriage, body: &mut Vec<u8>) -> (Part, Step) {
        // Checked when it came; a state that says otherwise was not written by this code.
        let Ok(key) = kem::PublicKey::join(&side.header, &side.vector.stream()) else {
            return self.nothing();
        };
        let (ciphertext, _) = key.encapsulate_derand(&side.coins);
        let tag = self.authenticator.ciphertext_tag(self.labels, self.epoch, &ciphertext);
        let (_, second) = ciphertext.split_at(kem::CIPHERTEXT_1);
        let stream = Box::new(concat(&[second, &tag]));
        let part = self.run::<CT2>(Kind::Ct2, stream.as_slice(), 0, carriage, body);
        (part, Step { event: Event::Finished(stream), ..Step::sent(&part) })
    }

    /// The next chunks of a stream that is not withheld, of which `count` went before.
    pub(super) fn run<const N: usize>(
        &self,
        kind: Kind,
        stream: &[u8],
        count: u16,
        carriage: &Carriage,
        body: &mut Vec<u8>,
    ) -> Part {
        let bounds = [
            u8::try_from(carriage.room).unwrap_or(MAX_EXTRA),
            u8::try_from(N.saturating_sub(1)).unwrap_or(MAX_EXTRA),
            u8::try_from(u16::MAX.saturating_sub(count)).unwrap_or(MAX_EXTRA),
        ];
        let extra = bounds.into_iter().fold(MAX_EXTRA, u8::min);
        for more in 1..=u16::from(extra) {
            body.extend_from_slice(&erasure::chunk::<N>(stream, count.saturating_add(more)));
        }
        let chunk = erasure::chunk::<N>(stream, count);
        Part { epoch: self.epoch, kind, extra, index: count, chunk }
    }
}

impl Carriage {
    /// Whether a stream of which `count` chunks went before is not to go on in this message: when more
    /// than are needed have gone, and those in this chain alone would do.
    pub(super) fn withholds<const N: usize>(&self, count: u16) -> bool {
        let enough = N.saturating_mul(2);
        let each = self.room.saturating_add(1).min(N);
        let here = usize::try_from(self.number).unwrap_or(usize::MAX).saturating_mul(each);
        usize::from(count) >= enough && here >= enough
    }
}

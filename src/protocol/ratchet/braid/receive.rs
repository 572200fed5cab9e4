//! The opening side of the braid: the part that a message brings: `spec/braid.md`, "Opening".

use alloc::boxed::Box;
use core::cmp::Ordering;

use crate::error::Error;
use crate::primitives::codec::concat;
use crate::primitives::kem;
use crate::primitives::secret::{Room, same};

use super::authenticator::epoch_secret;
use super::braid::{Braid, CT2, Ct1, HEADER, KeySide, Phase};
use super::collector::Collector;
use super::delta::{Agreed, BraidDelta, BraidEvent};
use super::part::{BraidPart, ChunkRun, Kind};

impl Braid {
    /// Returns what a part changes, with the chunks that came behind the content. `is_busy` as in
    /// [`Capacity`](super::Capacity).
    ///
    /// # Errors
    ///
    /// [`Error::Inconsistent`] for what a peer does not send in any state that it can be in, and for a
    /// stream that is complete and does not hold; [`Error::ChainExhausted`] after epoch 2^32 − 1.
    pub(crate) fn receive(
        &self,
        part: &BraidPart,
        extra: &[u8],
        is_busy: bool,
    ) -> Result<BraidDelta, Error> {
        match part.epoch.cmp(&self.epoch) {
            Ordering::Less => Ok(BraidDelta::default()),
            Ordering::Greater => self.follow(part),
            Ordering::Equal => self.collect(part, extra, is_busy),
        }
    }

    /// Follows the peer, which has the secret, into the next epoch.
    fn follow(&self, part: &BraidPart) -> Result<BraidDelta, Error> {
        let next = self.epoch.checked_add(1).ok_or(Error::ChainExhausted)?;
        let is_due = matches!(self.phase, Phase::Ct2(_));
        if is_due && part.epoch == next && part.kind == Kind::Nothing {
            Ok(BraidDelta::of(BraidEvent::Followed(Room::EMPTY)))
        } else {
            Err(Error::Inconsistent)
        }
    }

    fn collect(&self, part: &BraidPart, extra: &[u8], is_busy: bool) -> Result<BraidDelta, Error> {
        let is_own_role = if self.is_key_side() {
            part.kind.is_of_key_side()
        } else {
            part.kind.is_of_ciphertext_side()
        };
        if is_own_role {
            return Err(Error::Inconsistent);
        }
        let run = part.run(extra);
        let collected = |is_news: bool| {
            if is_news { BraidDelta::collected(part, extra) } else { BraidDelta::default() }
        };
        match (&self.phase, part.kind) {
            (_, Kind::Nothing) => Ok(BraidDelta::default()),
            (Phase::Key(side), Kind::Ct1) => Ok(collected(side.ct1.wants(&run))),
            (Phase::Key(side), _) => match self.key_side_completes(side, &run, is_busy)? {
                Some(agreed) => Ok(BraidDelta::of(BraidEvent::Agreed(Box::new(agreed)))),
                None => Ok(collected(side.ct2.wants(&run))),
            },
            (Phase::Waiting(header), Kind::Header) => {
                self.check_header(header, &run)?;
                Ok(collected(header.wants(&run)))
            }
            (Phase::Fresh | Phase::Waiting(_), _) => Err(Error::Inconsistent),
            (Phase::Ct1(side), kind) if kind != Kind::Header => {
                check_vector(side, &run)?;
                let is_done = kind.says_done() && !side.acknowledged;
                Ok(collected(is_done || side.vector.wants(&run)))
            }
            (Phase::Ct1(_) | Phase::Ct2(_), _) => Ok(BraidDelta::default()),
        }
    }

    fn check_header(&self, header: &Collector<HEADER>, run: &ChunkRun<'_>) -> Result<(), Error> {
        let Some(whole) = completed(header, run) else { return Ok(()) };
        let stream: [u8; 96] = whole.stream();
        let (Some((header, _)), Some((_, tag))) =
            (stream.split_first_chunk(), stream.split_last_chunk())
        else {
            return Err(Error::Inconsistent);
        };
        let expected = self.authenticator.header_tag(self.labels, self.epoch, header);
        if same(&expected, tag) { Ok(()) } else { Err(Error::Inconsistent) }
    }

    /// Computes the key side's secret, if these chunks are the last ones of ct2.
    fn key_side_completes(
        &self,
        side: &KeySide,
        run: &ChunkRun<'_>,
        is_busy: bool,
    ) -> Result<Option<Agreed>, Error> {
        if !side.ct1.is_complete() {
            return Err(Error::Inconsistent);
        }
        let Some(whole) = completed(&side.ct2, run) else { return Ok(None) };
        self.epoch.checked_add(1).ok_or(Error::ChainExhausted)?;
        let (ciphertext, tag) = ciphertext(side, &whole);
        let shared = side.key.decapsulate(&ciphertext);
        let secret = Box::new(epoch_secret(self.labels, self.epoch, &shared));
        let authenticator = self.authenticator.update(self.labels, self.epoch, &secret);
        let expected = authenticator.ciphertext_tag(self.labels, self.epoch, &ciphertext);
        if is_busy || !same(&expected, &tag) {
            return Err(Error::Inconsistent);
        }
        Ok(Some(Agreed { authenticator: Box::new(authenticator), secret }))
    }
}

fn check_vector(side: &Ct1, run: &ChunkRun<'_>) -> Result<(), Error> {
    let Some(whole) = completed(&side.vector, run) else { return Ok(()) };
    let key = kem::PublicKey::join(&side.header, &whole.stream());
    key.map(|_| ()).map_err(|_| Error::Inconsistent)
}

/// Returns the collector that these chunks complete, if it was not complete.
fn completed<const N: usize>(collector: &Collector<N>, run: &ChunkRun<'_>) -> Option<Collector<N>> {
    if collector.is_complete() { None } else { collector.completed_by(run) }
}

/// Returns the whole ciphertext, and its tag.
fn ciphertext(side: &KeySide, ct2: &Collector<CT2>) -> ([u8; kem::CIPHERTEXT], [u8; 32]) {
    let first: [u8; kem::CIPHERTEXT_1] = side.ct1.stream();
    let second: [u8; 160] = ct2.stream();
    let (second, tag) = second.split_at(kem::CIPHERTEXT_2);
    (concat(&[&first, second]), concat(&[tag]))
}

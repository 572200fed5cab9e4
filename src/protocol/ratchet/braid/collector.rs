//! Collectors of the chunks of one stream: `spec/braid.md`, "Streams and chunks".

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::erasure;
use crate::primitives::erasure::CHUNK;

use super::part::ChunkRun;

/// Up to `N` different chunks, in ascending order of their indices. With `N` the stream is complete.
/// Not secret: a braid carries public keys and ciphertexts.
#[derive(Clone, Default)]
pub(crate) struct Collector<const N: usize>(pub(super) Vec<(u16, [u8; CHUNK])>);

impl<const N: usize> Collector<N> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.0.len() >= N
    }

    /// Tells whether any of the chunks is still wanted.
    pub(crate) fn wants(&self, run: &ChunkRun<'_>) -> bool {
        !self.is_complete() && run.clone().any(|(index, _)| self.place(index).is_err())
    }

    /// Keeps the wanted ones of the chunks.
    pub(crate) fn add(&mut self, run: &ChunkRun<'_>) {
        for (index, chunk) in run.clone() {
            if let (false, Err(place)) = (self.is_complete(), self.place(index)) {
                self.0.reserve_exact(N.saturating_sub(self.0.len()));
                self.0.insert(place, (index, *chunk));
            }
        }
    }

    /// Returns the collector with the chunks added, if they make it complete.
    pub(crate) fn completed_by(&self, run: &ChunkRun<'_>) -> Option<Self> {
        // Cheap for all chunks but the last few.
        if self.0.len().saturating_add(run.clone().count()) < N {
            return None;
        }
        let mut whole = self.clone();
        whole.add(run);
        whole.is_complete().then_some(whole)
    }

    /// Rebuilds the stream, once it is complete.
    pub(crate) fn stream<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        const { assert!(LENGTH == N * CHUNK, "a stream is as long as its chunks") };
        let mut stream = [0; LENGTH];
        erasure::rebuild::<N>(&self.0, &mut stream);
        stream
    }

    fn place(&self, index: u16) -> Result<usize, usize> {
        self.0.binary_search_by_key(&index, |(index, _)| *index)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        // At most N, which fits.
        const { assert!(N < 0xff, "a count of chunks is one byte") };
        writer.u8(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        for (index, chunk) in &self.0 {
            writer.u16(*index);
            writer.raw(chunk);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let count = usize::from(reader.u8()?);
        if count > N {
            return Err(Error::Malformed);
        }
        let mut chunks = Vec::with_capacity(if count == 0 { 0 } else { N });
        for _ in 0..count {
            chunks.push((reader.u16()?, *reader.array()?));
        }
        if chunks.is_sorted_by(|(a, _), (b, _)| a < b) {
            Ok(Self(chunks))
        } else {
            Err(Error::Malformed)
        }
    }
}

//! Bytes in and out: big-endian, fixed layout, one encoding per value.
//!
//! A reader is bounded before it allocates and refuses bytes that are left over. A writer wipes
//! what it leaves behind, because the same writer serves secret state.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;

/// `parts[0] ‖ parts[1] ‖ …`, which are `N` bytes together. Whole slices at a time, because headers
/// and associated data are put together so for every message.
#[inline]
pub(crate) fn concat<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    // All lengths are the callers' constants; a wrong one is found by the first test that comes by.
    let whole = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    debug_assert_eq!(whole, N, "parts of another length than their whole");
    let mut joined = [0; N];
    let mut rest = joined.as_mut_slice();
    for part in parts {
        if let Some((here, after)) = core::mem::take(&mut rest).split_at_mut_checked(part.len()) {
            here.copy_from_slice(part);
            rest = after;
        }
    }
    joined
}

/// Reads one value from a byte string.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads the whole of `bytes` as one value: whatever `read` leaves over is refused.
    pub(crate) fn all<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut reader = Self::new(bytes);
        let value = read(&mut reader)?;
        if reader.rest.is_empty() { Ok(value) } else { Err(Error::Malformed) }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Error::Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|bytes| u8::from_be_bytes(*bytes))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Malformed),
        }
    }

    /// Exactly `length` bytes.
    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Error::Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    /// A `u32` length of at most `max`, then that many bytes.
    pub(crate) fn bytes(&mut self, max: usize) -> Result<&'a [u8], Error> {
        let length = self.count(max)?;
        self.slice(length)
    }

    /// A `u32` count of at most `max`.
    pub(crate) fn count(&mut self, max: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.u32()?).map_err(|_| Error::Malformed)?;
        if count > max { Err(Error::Malformed) } else { Ok(count) }
    }

    /// The version and kind that begin every object.
    pub(crate) fn begin(&mut self, version: u8, kind: u8) -> Result<(), Error> {
        match self.u8()? {
            0 => return Err(Error::Malformed),
            found if found != version => return Err(Error::UnknownVersion(found)),
            _ => {}
        }
        if self.u8()? == kind { Ok(()) } else { Err(Error::WrongKind) }
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }
}

/// Writes one value.
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { bytes: Zeroizing::new(Vec::new()) }
    }

    /// A writer that has begun an object with its version and kind.
    pub(crate) fn begin(version: u8, kind: u8) -> Self {
        let mut writer = Self::new();
        writer.u8(version);
        writer.u8(kind);
        writer
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let length = self.bytes.len().saturating_add(bytes.len());
        if length > self.bytes.capacity() {
            // Growing in place would free the old buffer unwiped.
            let room = length.saturating_mul(2).max(256);
            let mut grown = Zeroizing::new(Vec::with_capacity(room));
            grown.extend_from_slice(&self.bytes);
            self.bytes = grown;
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// A count. What this crate counts is bounded far below 2^32; were it not, no reader would
    /// take the maximum that stands here instead.
    pub(crate) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// A `u32` length, then the bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// What was written so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written, still wiped on drop.
    pub(crate) fn secret(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }

    /// What was written, for a value that holds no secret.
    pub(crate) fn public(mut self) -> Vec<u8> {
        core::mem::take(&mut *self.bytes)
    }
}

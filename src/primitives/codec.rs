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
    pages: Vec<Page>,
}

/// Where a page of a value begins, and what it is about, which is not secret.
struct Page {
    title: Vec<u8>,
    at: usize,
}

/// The part of a value that is a page.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Part<'a> {
    pub(crate) title: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { bytes: Zeroizing::new(Vec::new()), pages: Vec::new() }
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

    /// Begins a page: a part of the value that may be stored by itself. It adds nothing to the
    /// bytes.
    pub(crate) fn page(&mut self, title: &[&[u8]]) {
        self.pages.push(Page { title: title.concat(), at: self.bytes.len() });
    }

    /// What stands before the first page, and the pages with their titles.
    pub(crate) fn cut(&self) -> (&[u8], Vec<Part<'_>>) {
        let mut before = self.bytes.as_slice();
        let mut pages = Vec::with_capacity(self.pages.len());
        for Page { title, at } in self.pages.iter().rev() {
            let (rest, bytes) = before.split_at_checked(*at).unwrap_or((before, &[]));
            pages.push(Part { title, bytes });
            before = rest;
        }
        pages.reverse();
        (before, pages)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_where_its_pages_begin() {
        let mut writer = Writer::new();
        writer.u16(0x0102);
        assert_eq!(writer.cut(), (&[1, 2][..], Vec::new()));
        writer.page(&[b"one", &[1]]);
        writer.u8(3);
        writer.page(&[b"empty"]);
        writer.page(&[b"two"]);
        writer.raw(&[4, 5]);
        let part = |title, bytes| Part { title, bytes };
        let parts = [part(b"one\x01", &[3]), part(b"empty", &[]), part(b"two", &[4, 5])];
        assert_eq!(writer.cut(), (&[1, 2][..], Vec::from(parts)));
        assert_eq!(*writer.written(), [1, 2, 3, 4, 5]);
    }
}

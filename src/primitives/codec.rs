//! Encoding and decoding: big-endian, fixed layout, one encoding per value.
//!
//! A reader is bounded before it allocates and refuses bytes that are left over. A writer wipes what it
//! leaves behind, because the same writer serves secret state.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::secret::{Secret, wipe_vec};
use crate::error::Error;

/// Joins `parts`, which are `N` bytes together. It copies whole slices, because every message needs it
/// for headers and associated data.
#[inline]
pub(crate) fn concat<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    // All lengths are constants of the callers; any test that passes a call finds a wrong one.
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

/// Returns the first `N` bytes of a longer or equal array; a shorter one does not compile.
#[inline]
pub(crate) fn first<const N: usize, const OF: usize>(bytes: &[u8; OF]) -> [u8; N] {
    const { assert!(N <= OF, "fewer bytes than their prefix") };
    let (first, _) = bytes.split_at(N);
    concat(&[first])
}

/// Splits an array in two; lengths that do not add up do not compile.
#[inline]
pub(crate) fn halves<const A: usize, const B: usize, const OF: usize>(
    bytes: &[u8; OF],
) -> ([u8; A], [u8; B]) {
    const { assert!(A.saturating_add(B) == OF, "parts of another length than their whole") };
    let (a, b) = bytes.split_at(A);
    (concat(&[a]), concat(&[b]))
}

/// Adds an entry that must come after all others, so that each map has one encoding.
pub(crate) fn ascending<K: Ord, V>(
    map: &mut BTreeMap<K, V>,
    key: K,
    value: V,
) -> Result<(), Error> {
    if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
        return Err(Error::Malformed);
    }
    map.insert(key, value);
    Ok(())
}

/// A reader of one value from a byte string.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Set if the bytes are this device's own, as a seal has shown.
    is_believed: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_believed: false }
    }

    /// Reads the whole of `bytes` as one value; bytes that `read` leaves over are refused.
    pub(crate) fn all<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        Self::new(bytes).whole(read)
    }

    /// Reads like [`Reader::all`] what this device has sealed itself and opened again. Only storage calls it.
    pub(crate) fn all_believed<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        Self { rest: bytes, is_believed: true }.whole(read)
    }

    fn whole<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let value = read(&mut self)?;
        if self.rest.is_empty() { Ok(value) } else { Err(Error::Malformed) }
    }

    /// Tells whether keys need no check until they are used: their seal says who wrote them.
    pub(crate) fn is_believed(&self) -> bool {
        self.is_believed
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

    /// Copies secret bytes out.
    pub(crate) fn secret<const N: usize>(&mut self) -> Result<Secret<N>, Error> {
        self.array().map(Secret::copy)
    }

    /// Reads a byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Malformed),
        }
    }

    /// Reads a flag, then a value if it is set.
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// Reads a `u32` count of at most `max`, then that many values.
    pub(crate) fn list<T, L: FromIterator<T>>(
        &mut self,
        max: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<L, Error> {
        let count = self.count(max)?;
        (0..count).map(|_| read(self)).collect()
    }

    /// Reads exactly `length` bytes.
    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Error::Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    /// Reads a `u32` length of at most `max`, then that many bytes.
    pub(crate) fn bytes(&mut self, max: usize) -> Result<&'a [u8], Error> {
        let length = self.count(max)?;
        self.slice(length)
    }

    /// Reads a `u32` count of at most `max`.
    pub(crate) fn count(&mut self, max: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.u32()?).map_err(|_| Error::Malformed)?;
        if count > max { Err(Error::Malformed) } else { Ok(count) }
    }

    /// Reads the version and kind that begin every object.
    pub(crate) fn begin(&mut self, version: u8, kind: u8) -> Result<(), Error> {
        match self.u8()? {
            0 => return Err(Error::Malformed),
            found if found != version => return Err(Error::UnknownVersion(found)),
            _ => {}
        }
        if self.u8()? == kind { Ok(()) } else { Err(Error::WrongKind) }
    }

    /// Tells whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }
}

/// A writer of one value.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    pages: Vec<PageMark>,
}

/// The place where a page of a value begins, and its title, which is not secret.
struct PageMark {
    title: Vec<u8>,
    at: usize,
}

/// A part of a value that is a page.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct PagePart<'a> {
    pub(crate) title: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), pages: Vec::new() }
    }

    /// Begins with room for `length` bytes, so that a value of that length is allocated once.
    pub(crate) fn with_room(length: usize) -> Self {
        Self { bytes: Vec::with_capacity(length), pages: Vec::new() }
    }

    /// Begins an object with its version and kind.
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
            let mut grown = Vec::with_capacity(room);
            grown.extend_from_slice(&self.bytes);
            wipe_vec(&mut self.bytes);
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

    /// Writes a count. What this crate counts is bounded far below 2^32; a count that were not would
    /// become a maximum that every reader refuses.
    pub(crate) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Writes a flag, then the value if there is one.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(T, &mut Self)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(value, self);
        }
    }

    /// Writes a count, then the values.
    pub(crate) fn list<T>(
        &mut self,
        values: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(T, &mut Self),
    ) {
        let values = values.into_iter();
        self.count(values.len());
        for value in values {
            write(value, self);
        }
    }

    /// Writes a `u32` length, then the bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Begins a page: a part of the value that may be stored by itself. Adds nothing to the bytes.
    pub(crate) fn page(&mut self, title: &[&[u8]]) {
        self.pages.push(PageMark { title: title.concat(), at: self.bytes.len() });
    }

    /// Returns what is in front of the first page, and the pages with their titles.
    pub(crate) fn cut(&self) -> (&[u8], Vec<PagePart<'_>>) {
        let mut before = self.bytes.as_slice();
        let mut pages = Vec::with_capacity(self.pages.len());
        for PageMark { title, at } in self.pages.iter().rev() {
            // A mark was the length at its time, and bytes are only ever appended: every mark is inside
            // what is before the next.
            let (rest, bytes) = before.split_at_checked(*at).unwrap_or((before, &[]));
            pages.push(PagePart { title, bytes });
            before = rest;
        }
        pages.reverse();
        (before, pages)
    }

    /// Returns the last `length` bytes, to be changed in place.
    #[cfg(feature = "signal")]
    pub(crate) fn last(&mut self, length: usize) -> &mut [u8] {
        let start = self.bytes.len().saturating_sub(length);
        self.bytes.split_at_mut(start).1
    }

    /// Returns what was written so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what `write` writes, of a value that holds no secret.
    pub(crate) fn encoded(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut writer = Self::new();
        write(&mut writer);
        writer.public()
    }

    /// Returns what was written, still wiped on drop.
    pub(crate) fn secret(mut self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(core::mem::take(&mut self.bytes))
    }

    /// Returns what was written, for a value that holds no secret.
    pub(crate) fn public(mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        wipe_vec(&mut self.bytes);
    }
}

#[cfg(test)]
#[path = "tests/codec.rs"]
mod tests;

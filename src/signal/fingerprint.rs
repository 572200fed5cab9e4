//! Fingerprints as clients of the Signal protocol show them: `spec/third-party.md`, "Fingerprints".
//!
//! ```text
//! h_1       = SHA-512(00 00 ‖ identity key (33) ‖ stable id ‖ identity key)
//! h_(i+1)   = SHA-512(h_i ‖ identity key)                          for i = 1 … iterations − 1
//! numeric   = lower ‖ higher, of both parties' six 5-byte numbers of h mod 100,000, in five digits each
//! scannable = { 1: version, 2: { 1: h of the one that shows it, 32 bytes }, 3: { 1: h of the other } }
//! ```

use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Writer, first};
use crate::primitives::kdf::hash_512;
use crate::primitives::protobuf::{self, Field, begin_bytes, put_bytes, put_number};

use super::keys::IdentityKey;

/// Length of a party's part of a scannable fingerprint in bytes.
const PART: usize = 32;

/// Length of a part with the key and length of its field.
const FIELD: usize = PART + 2;

/// The number of times that each party's key is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iterations(u32);

impl Iterations {
    /// The number that clients of the Signal service use.
    pub const STANDARD: Self = Self(5200);

    /// Takes a number of 2 to 1,000,000; other clients refuse others.
    #[must_use]
    pub fn new(iterations: u32) -> Option<Self> {
        (2..=1_000_000).contains(&iterations).then_some(Self(iterations))
    }
}

/// The version of a scannable fingerprint. It tells what the stable ids are, and does not enter the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FingerprintVersion {
    /// Stable ids are phone numbers.
    V1,
    /// Stable ids are the bytes of service ids.
    V2,
}

impl FingerprintVersion {
    fn number(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// One party of a fingerprint: what it is called for ever, and its identity key.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// A name that does not change: a phone number in version 1, the bytes of a service id in version 2.
    pub stable_id: &'a [u8],
    /// The identity key.
    pub identity: IdentityKey,
}

/// The digits and codes that two people compare, on paper or by camera, to know that nobody is between them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    version: FingerprintVersion,
    local: [u8; PART],
    remote: [u8; PART],
}

/// The verdict of a scanned fingerprint about the two identity keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparison {
    /// Both sides have the same two keys.
    Match,
    /// They have not: somebody may be in between, or one of the two has another device now.
    Mismatch,
    /// The other side shows a fingerprint of another version, which says nothing: one of the two should update.
    OtherVersion(u32),
}

impl Fingerprint {
    /// Computes the fingerprint of two parties, of which `local` is the one here.
    #[must_use]
    pub fn of(
        version: FingerprintVersion,
        iterations: Iterations,
        local: Party<'_>,
        remote: Party<'_>,
    ) -> Self {
        let [local, remote] = [local, remote].map(|party| part(party, iterations));
        Self { version, local, remote }
    }

    /// Returns the twelve groups of five digits, the same on both sides. [`Display`](fmt::Display) writes them
    /// without spaces.
    #[must_use]
    pub fn groups(&self) -> [u32; 12] {
        let (local, remote) = (digits(&self.local), digits(&self.remote));
        let (low, high) = if local <= remote { (local, remote) } else { (remote, local) };
        let mut groups = [0; 12];
        for (group, number) in groups.iter_mut().zip(low.into_iter().chain(high)) {
            *group = number;
        }
        groups
    }

    /// Returns the bytes to show as a code. The other side scans them and compares.
    #[must_use]
    pub fn to_scannable(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        put_number(&mut writer, 1, self.version.number());
        for (field, part) in [(2, &self.local), (3, &self.remote)] {
            begin_bytes(&mut writer, field, FIELD);
            put_bytes(&mut writer, 1, part);
        }
        writer.public()
    }

    /// Compares with what the other side shows: its own part with the remote one here, and the reverse.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if the bytes are no scannable fingerprint.
    pub fn compare(&self, scanned: &[u8]) -> Result<Comparison, Error> {
        let [version, theirs, ours] = protobuf::read::<3>(scanned)?;
        let version = version.u32()?;
        if version != self.version.number() {
            return Ok(Comparison::OtherVersion(version));
        }
        let is_same = (scanned_part(theirs)?, scanned_part(ours)?) == (&self.remote, &self.local);
        Ok(if is_same { Comparison::Match } else { Comparison::Mismatch })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.groups().iter().try_for_each(|group| write!(f, "{group:05}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Computes the first bytes of a party's hash.
fn part(party: Party<'_>, iterations: Iterations) -> [u8; PART] {
    let key = party.identity.encode();
    let start = hash_512(&[&[0, 0], &key, party.stable_id, &key]);
    first(&(1..iterations.0).fold(start, |hash, _| hash_512(&[&hash, &key])))
}

/// Computes six numbers of five digits from 30 bytes.
fn digits(part: &[u8; PART]) -> [u32; 6] {
    let (chunks, _) = part.as_chunks::<5>();
    let mut numbers = [0; 6];
    for (number, chunk) in numbers.iter_mut().zip(chunks) {
        let whole = chunk.iter().fold(0_u64, |sum, byte| sum.wrapping_shl(8) | u64::from(*byte));
        *number = u32::try_from(whole.wrapping_rem(100_000)).unwrap_or_default();
    }
    numbers
}

fn scanned_part(field: Field<'_>) -> Result<&[u8; PART], Error> {
    let [part] = protobuf::read::<1>(field.bytes()?)?;
    part.array()
}

#[cfg(test)]
#[path = "tests/fingerprint.rs"]
mod tests;

//! Security codes that two people compare: `spec/identity.md`, "Fingerprint".
//!
//! ```text
//! party(c)    = kind ‖ account id ‖ account key
//! f_0         = SHA-256(LABEL(identity/fingerprint) ‖ context ‖ min(party) ‖ max(party))
//! f_{i+1}     = SHA-256(f_i ‖ context ‖ min(party) ‖ max(party)),  i < 1024
//! fingerprint = f_1024
//! ```

use core::fmt;

use super::identity::Certificate;
use super::labels;
use crate::primitives::kdf::hash;

/// Rounds of hashing after the first: they cost an attacker who searches for a colliding pair
/// 1,024 times as much and a comparer a fraction of a millisecond.
const ROUNDS: usize = 1024;

/// A code that is the same on both screens if, and only if, nobody stands in between.
///
/// Symmetric: both sides compute the same. It covers both accounts' ids and keys, hence every
/// device that they sign, and what it was made for (a guest chat, or no particular chat). The 60
/// digits carry 199 bits; making two parties' codes agree takes about 2^99 pairs of parties at
/// 1,025 hashes each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The security code of two accounts, of whichever of their devices.
    #[must_use]
    pub fn of(one: &Certificate, other: &Certificate) -> Self {
        Self::within(&[0; 32], one, other)
    }

    /// The security code of two parties in the chat named by `context`.
    pub(crate) fn within(context: &[u8; 32], one: &Certificate, other: &Certificate) -> Self {
        let (one, other) = (party(one), party(other));
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let first = hash(&[labels::IDENTITY_FINGERPRINT, context, &low, &high]);
        Self((0..ROUNDS).fold(first, |state, _| hash(&[&state, context, &low, &high])))
    }

    /// Twelve groups of five digits. [`Display`](fmt::Display) puts a space between them.
    #[must_use]
    pub fn groups(&self) -> [u32; 12] {
        // 200 bits as a number in base 100,000: long division by 100,000, twelve times.
        let mut number = [0_u8; 25];
        for (to, from) in number.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut groups = [0; 12];
        for group in groups.iter_mut().rev() {
            let mut rest = 0_u32;
            for byte in &mut number {
                // rest < 100,000, so this is below 2^25 and each quotient below 256.
                let value = rest.wrapping_shl(8) | u32::from(*byte);
                *byte = u8::try_from(value.wrapping_div(100_000)).unwrap_or(u8::MAX);
                rest = value.wrapping_rem(100_000);
            }
            *group = rest;
        }
        groups
    }

    /// The bytes to show as a QR code: version 1, then the 32-byte code. The other side scans
    /// them and calls [`Fingerprint::matches`].
    #[must_use]
    pub fn to_qr(&self) -> [u8; 33] {
        let mut bytes = [1; 33];
        let (_, code) = bytes.split_at_mut(1);
        code.copy_from_slice(&self.0);
        bytes
    }

    /// Whether scanned bytes show this very code.
    #[must_use]
    pub fn matches(&self, scanned: &[u8]) -> bool {
        scanned == self.to_qr()
    }
}

fn party(certificate: &Certificate) -> [u8; 65] {
    let mut party = [0; 65];
    for (to, from) in party.iter_mut().zip(certificate.core()) {
        *to = from;
    }
    party
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.groups().into_iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{group:05}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

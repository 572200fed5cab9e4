//! Fingerprints, which two people compare: `spec/identity.md`, "Fingerprint".
//!
//! ```text
//! party(c)    = kind ‖ account id ‖ account key
//! low, high   = the parties of both certificates, the lower one first
//! f_0         = SHA-256(LABEL(identity/fingerprint) ‖ context ‖ low ‖ high)
//! f_(i+1)     = SHA-256(f_i ‖ context ‖ low ‖ high)             for i = 0 … 1023
//! fingerprint = f_1024
//! ```

use core::fmt;

use super::certificate::Certificate;
use crate::primitives::codec::{concat, first};
use crate::primitives::kdf::hash;
use crate::protocol::labels;

/// Rounds of hashing after the first. They cost an attacker who searches for a colliding pair 1,024
/// times as much, and a person who compares a fraction of a millisecond.
const ROUNDS: usize = 1024;

/// The value that is the same on both screens if, and only if, nobody is in between.
///
/// Both sides compute the same. It covers both accounts' ids and keys, hence every device that they
/// sign, and what it was made for (a guest chat, or no particular chat). The 60 digits carry 199 bits;
/// making two parties' fingerprints agree takes about 2^99 pairs of parties at 1,025 hashes each.
///
/// ```
/// # use getrandom::{SysRng, rand_core::UnwrapErr};
/// # use latchstring::session::{Account, AccountId, Device, Fingerprint};
/// # let mut rng = UnwrapErr(SysRng);
/// # let [ada, grace] = [1, 2].map(|id| {
/// #     Device::generate(&Account::generate(AccountId([id; 32]), &mut rng), 1_800_000_000, &mut rng)
/// # });
/// let shown = Fingerprint::of(ada.certificate(), grace.certificate());
/// assert_eq!(shown.to_string().split(' ').count(), 12); // such as "04217 93310 …"
///
/// let scanned = Fingerprint::of(grace.certificate(), ada.certificate()).to_qr();
/// assert!(shown.matches(&scanned));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of two accounts, from a device of each.
    #[must_use]
    pub fn of(one: &Certificate, other: &Certificate) -> Self {
        Self::within(&[0; 32], one, other)
    }

    /// Computes the fingerprint of two parties in the chat that `context` names.
    pub(crate) fn within(context: &[u8; 32], one: &Certificate, other: &Certificate) -> Self {
        let (one, other) = (party(one), party(other));
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let first = hash(&[labels::IDENTITY_FINGERPRINT, context, &low, &high]);
        Self((0..ROUNDS).fold(first, |state, _| hash(&[&state, context, &low, &high])))
    }

    /// Returns twelve groups of five digits. [`Display`](fmt::Display) puts a space between them.
    #[must_use]
    pub fn groups(&self) -> [u32; 12] {
        // 200 bits as a number in base 100,000: long division by 100,000, twelve times.
        let mut number: [u8; 25] = first(&self.0);
        let mut groups = [0; 12];
        for group in groups.iter_mut().rev() {
            let mut rest = 0_u32;
            for byte in &mut number {
                // rest < 100,000, so this is below 2^25 and each quotient is a byte.
                let value = rest.wrapping_shl(8) | u32::from(*byte);
                [*byte, ..] = value.wrapping_div(100_000).to_le_bytes();
                rest = value.wrapping_rem(100_000);
            }
            *group = rest;
        }
        groups
    }

    /// Returns the bytes to show as a QR code: version 1, then the 32 bytes of the fingerprint. The
    /// other side scans them and calls [`Fingerprint::matches`].
    #[must_use]
    pub fn to_qr(&self) -> [u8; 33] {
        concat(&[&[1], &self.0])
    }

    /// Tells whether scanned bytes show this very fingerprint.
    #[must_use]
    pub fn matches(&self, scanned: &[u8]) -> bool {
        scanned == self.to_qr()
    }
}

fn party(certificate: &Certificate) -> [u8; 65] {
    first(&certificate.core())
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

//! A count of expensive operations in tests, so that "work before authentication" is a number and not a
//! stopwatch reading.

use core::cell::Cell;

extern crate std;

/// Operations since the last [`reset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// X25519 agreements and key generations.
    pub(crate) dh: u64,
    /// Chain steps.
    pub(crate) chain: u64,
    /// AEAD openings tried.
    pub(crate) open: u64,
    /// ML-KEM operations.
    pub(crate) kem: u64,
    /// Signatures verified.
    pub(crate) verify: u64,
}

std::thread_local! {
    static WORK: Cell<Work> = const { Cell::new(Work { dh: 0, chain: 0, open: 0, kem: 0, verify: 0 }) };
}

pub(crate) fn count(add: impl FnOnce(&mut Work)) {
    let mut work = WORK.get();
    add(&mut work);
    WORK.set(work);
}

/// Runs `f` and returns its result and the operations that it did.
pub(crate) fn of<T>(f: impl FnOnce() -> T) -> (T, Work) {
    WORK.set(Work::default());
    let value = f();
    (value, WORK.get())
}

/// Returns the operations since [`of`] began.
pub(crate) fn so_far() -> Work {
    WORK.get()
}

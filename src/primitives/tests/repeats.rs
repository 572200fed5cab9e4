//! A watch on what must never come twice: two texts under one key and nonce, and one value of two draws.
//!
//! It stands at the two places through which everything passes, [`aead::seal`](crate::primitives::aead::seal)
//! and [`hedged`](crate::primitives::kdf::hedged), so that nobody can forget to be watched.

extern crate std;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::primitives::kdf::{Prk, hash};
use crate::primitives::secret::Secret;

/// The seals and draws since [`watch`] began.
#[derive(Default)]
pub(crate) struct Observed {
    /// The label whose hedge is taken out: what is drawn under it follows from the random bytes alone.
    taken_out: Option<&'static [u8]>,
    /// The hash of associated data and text that a key and nonce have sealed.
    sealed: HashMap<Vec<u8>, [u8; 32]>,
    /// The labels under which something was drawn.
    pub(crate) labels: HashSet<Vec<u8>>,
    /// The values that were drawn.
    pub(crate) values: HashSet<Vec<u8>>,
    /// Two texts under one key and nonce.
    pub(crate) texts: Vec<String>,
    /// Values that came twice, by their labels.
    pub(crate) repeated: Vec<String>,
}

std::thread_local! {
    static SEEN: RefCell<Option<Observed>> = const { RefCell::new(None) };
}

/// Runs `f` and returns what was seen meanwhile. What is drawn under the label `taken_out` is drawn as if
/// nobody hedged it.
pub(crate) fn watch(taken_out: Option<&'static [u8]>, f: impl FnOnce()) -> Observed {
    SEEN.set(Some(Observed { taken_out, ..Observed::default() }));
    f();
    SEEN.take().unwrap_or_default()
}

/// Notes a sealing.
pub(crate) fn sealed(key: &Secret<32>, nonce: &[u8], ad: &[u8], text: &[u8]) {
    SEEN.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return };
        let said = hash(&[&hash(&[ad]), text]);
        let before = seen.sealed.insert([&key.expose()[..], nonce].concat(), said);
        if before.is_some_and(|before| before != said) {
            seen.texts.push(format!("two texts under one key and the nonce {nonce:02x?}"));
        }
    });
}

/// Notes a draw, and returns its value.
pub(crate) fn drawn<const N: usize>(
    label: &[u8],
    random: &Secret<32>,
    value: Secret<N>,
) -> Secret<N> {
    SEEN.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return value };
        let is_plain = seen.taken_out == Some(label);
        let value =
            if is_plain { Prk::extract(&[], &[random.expose()]).expand(&[]) } else { value };
        seen.labels.insert(label.to_vec());
        if !seen.values.insert(value.expose().to_vec()) {
            seen.repeated.push(String::from_utf8_lossy(label).into_owned());
        }
        value
    })
}

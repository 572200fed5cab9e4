//! Bytes from outside: altered, cut, lengthened, of other versions and kinds; and lengths.

mod alteration;
mod encodings;
mod kinds;
mod lengths;

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::guest::{Chat, Invite, ServerCopy};
use latchstring::session::{Bundle, Certificate, Device, OneTimePrekey, Padding, Session};
use latchstring::storage::{Anchor, Change, Pending, State, StateKey};
use support::{
    Door, NOW, OneToOne, Pair, Talk, TestRng, bundle_with_one_time, device, only, refusal,
    restored, seal_many,
};

/// Makes every single alteration that a carrier can make: each byte, each shorter length, one byte more.
fn alterations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len()).map(|at| {
        let mut altered = bytes.to_vec();
        altered[at] ^= 1 << (at % 8);
        altered
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let longer = [0x00, 0x80].map(|byte| [bytes, &[byte]].concat());
    flipped.chain(cut).chain(longer)
}

/// Checks that `open` refuses every alteration of `bytes`, and leaves `state` as it was each time.
fn refuses_alterations<S: State, T>(
    state: &mut S,
    bytes: &[u8],
    mut open: impl FnMut(&mut S, &[u8]) -> Result<T, Error>,
) {
    for altered in alterations(bytes) {
        let error = refusal(state, |state| open(state, &altered));
        assert!(error.is_some(), "{} bytes were taken", altered.len());
    }
}

/// Returns the change that an operation would make, as a store reads it back; the state stays as it was.
fn change<S: State, T>(
    state: &mut S,
    operation: impl for<'s> FnOnce(&'s mut S) -> Result<Pending<'s, S, T>, Error>,
) -> Change<S> {
    let (key, anchor) = (StateKey::new(1, &[7; 32]).unwrap(), state.anchor());
    let pending = operation(state).unwrap();
    let recorded = pending.record(&key, b"wire", &anchor, &mut TestRng::new(1)).unwrap();
    key.open(b"wire", None, recorded.record().unwrap()).unwrap()
}

/// Makes a device, and two first messages of one session to it.
fn first_messages(one_time: bool) -> (Device, Vec<Vec<u8>>) {
    let mut rng = TestRng::new(5);
    let initiator = device(1, &mut rng);
    let mut responder = device(2, &mut rng);
    let with_one_time = bundle_with_one_time(&mut responder, &mut rng);
    let bundle = if one_time { with_one_time } else { responder.bundle() };
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    (responder, seal_many(&mut session, 2, &mut rng))
}

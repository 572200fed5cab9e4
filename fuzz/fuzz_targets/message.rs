//! Arbitrary and altered messages to a session and a device: no panic, no change on error.
#![no_main]

use std::cell::RefCell;

use latchstring::session::MessageKind;
use latchstring::storage::State;
use latchstring_fuzz::support::{NOW, Pair, bundle_with_one_time};
use latchstring_fuzz::{edited, gaps, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    pair: Pair,
    session: Vec<u8>,
    device: Vec<u8>,
    messages: [Vec<u8>; 4],
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let (mut pair, [late, next, turn]) = gaps(1);
    let bundle = bundle_with_one_time(&mut pair.bob, &mut pair.rng);
    let mut begun = pair.alice.initiate(&bundle, NOW, &mut pair.rng).unwrap();
    let initial = begun.encrypt(b"hello", &mut pair.rng).unwrap();
    let (session, device) = (saved(&pair.responder), saved(&pair.bob));
    RefCell::new(Fixture { pair, session, device, messages: [late, next, turn, initial] })
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let valid = &fixture.messages[usize::from(input.0 % 4)];
    let message = edited(valid, input.1);
    let genuine = fixture.messages.contains(&message);
    let kind = MessageKind::of(&message);
    let is_opened = fixture.pair.responder.open(&message).is_ok();
    let is_accepted = fixture.pair.bob.accept(&message, NOW).is_ok();
    assert_eq!(is_opened || is_accepted, genuine);
    assert!(kind.is_ok() || !genuine);
    assert_eq!(*fixture.pair.responder.to_bytes(), fixture.session);
    assert_eq!(*fixture.pair.bob.to_bytes(), fixture.device);
}));

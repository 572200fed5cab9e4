//! Arbitrary and altered messages to a session and a device: no panic, no change on error.
#![no_main]

use latchstring::{MessageKind, State};
use latchstring_fuzz::support::{NOW, Pair, bundle_with_one_time};
use latchstring_fuzz::{edited, gaps, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    pair: Pair,
    session: Vec<u8>,
    device: Vec<u8>,
    messages: [Vec<u8>; 4],
}

thread_local!(static FIXTURE: Fixture = {
    let (mut pair, [late, next, turn]) = gaps(1);
    let bundle = bundle_with_one_time(&mut pair.bob, &mut pair.rng);
    let mut begun = pair.alice.initiate(&bundle, NOW, &mut pair.rng).unwrap();
    let initial = begun.encrypt(b"hello", &mut pair.rng).unwrap();
    let (session, device) = (saved(&pair.responder), saved(&pair.bob));
    Fixture { pair, session, device, messages: [late, next, turn, initial] }
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with(|fixture| {
    let valid = &fixture.messages[usize::from(input.0 % 4)];
    let message = edited(valid, input.1);
    let genuine = fixture.messages.contains(&message);
    let kind = MessageKind::of(&message);
    let opened = fixture.pair.responder.stage(&message).and_then(|staged| staged.open());
    let accepted = fixture.pair.bob.accept(&message, NOW);
    assert_eq!(opened.is_ok() || accepted.is_ok(), genuine);
    assert!(kind.is_ok() || !genuine);
    assert_eq!(*fixture.pair.responder.to_bytes(), fixture.session);
    assert_eq!(*fixture.pair.bob.to_bytes(), fixture.device);
}));

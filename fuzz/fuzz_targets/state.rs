//! Saved states: what loads has one encoding, and a sealed record opens only as it was sealed.
#![no_main]

use latchstring::{
    Account, AccountId, Candidate, Change, Chat, Client, Device, Invite, Session, State, StateKey,
};
use latchstring_fuzz::support::{NOW, TestRng};
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{Guest, edited, gaps, saved};
use libfuzzer_sys::fuzz_target;

thread_local!(static STATES: [Vec<u8>; 9] = {
    let (pair, [_, _, turn]) = gaps(1);
    let guest = Guest::new(2);
    let (_, change) = pair.responder.stage(&turn).unwrap().open().unwrap();
    let account = Account::generate(AccountId([1; 32]), &mut TestRng::new(3));
    let (session, device) = (saved(&pair.responder), saved(&guest.host));
    let mut town = Town::new(4, &[2, 2]);
    town.say(0, 0, 1, b"hello");
    let mail = town.server.take(town.address(1, 0)).unwrap();
    let (_, step) = town.client(1, 0).open(mail.from, &mail.message, NOW).unwrap();
    let candidate = Candidate::generate("a laptop", NOW, &mut town.rng).unwrap();
    let client = saved(town.client(0, 0));
    let (invite, chat) = (saved(&guest.invite), saved(&guest.chat));
    let (candidate, step) = (saved(&candidate), saved(&step));
    [saved(&account), device, session, invite, chat, saved(&change), client, candidate, step]
});

fn check<S: State>(bytes: &[u8], input: &[u8]) {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    assert!(key.open::<S>(b"owner", None, input).is_err());
    if let Ok(state) = S::from_bytes(bytes) {
        assert_eq!(*state.to_bytes(), bytes);
        let record = key.seal(&state, b"owner", &mut TestRng::new(NOW)).unwrap();
        let altered = edited(&record, input);
        let opened = key.open::<S>(b"owner", Some(&state.anchor()), &altered);
        assert_eq!(opened.is_ok(), altered == record);
    }
}

fuzz_target!(|input: (u8, &[u8], &[u8])| STATES.with(|states| {
    let kind = usize::from(input.0 % 9);
    let bytes = edited(&states[kind], input.1);
    let checks = [check::<Account>, check::<Device>, check::<Session>, check::<Invite>];
    let checks = checks.into_iter().chain([check::<Chat>, check::<Change>]);
    let checks = checks.chain([check::<Client>, check::<Candidate>]);
    checks.for_each(|check| check(&bytes, input.2));
}));

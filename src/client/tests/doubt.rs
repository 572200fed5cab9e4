//! Times of a doubt.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use crate::client::doubt::{Doubt, Level};
use crate::client::limits::{DAY, HOUR};
use crate::primitives::codec::{Reader, Writer};

const NOW: u64 = 1_800_000_000;

fn restored(doubt: &Doubt) -> Doubt {
    let mut writer = Writer::new();
    doubt.write(&mut writer);
    Reader::all(writer.written(), Doubt::read).unwrap()
}

#[test]
fn a_doubt_loads_again_after_a_clock_that_was_ahead_for_a_while() {
    let mut doubt = Doubt::default();
    let ahead = NOW + 3 * DAY;
    doubt.raise(Level::Shown, ahead);
    doubt.begin(ahead);
    doubt.ask(ahead, false);
    // The clock is right again: the peer answers, and then something else does not open.
    doubt.raise(Level::Shown, NOW);
    assert!(doubt.allows(NOW));
    doubt.begin(NOW + 300);
    assert_eq!(restored(&doubt), doubt);
    assert!(!doubt.allows(NOW + 300));
    assert!(doubt.allows(NOW + 300 + HOUR));
    doubt.open(NOW + 300, true);
    assert_eq!(restored(&doubt).level(NOW + DAY), Level::None);
}

#[test]
fn what_was_only_counted_does_not_begin_the_hour_of_a_suspicion() {
    let mut doubt = Doubt::default();
    doubt.raise(Level::Counted, NOW);
    doubt.raise(Level::Suspected, NOW + HOUR);
    assert_eq!(doubt.level(NOW + 2 * HOUR - 1), Level::Suspected);
    assert_eq!(doubt.level(NOW + 2 * HOUR), Level::Likely);
}

#[test]
fn requests_in_vain_are_attempts_until_there_were_two() {
    let mut doubt = Doubt::default();
    doubt.ask(NOW, true);
    assert!(!doubt.is_fruitless() && doubt.patience() == HOUR, "there is no doubt");
    doubt.raise(Level::Shown, NOW);
    doubt.ask(NOW, false);
    assert_eq!((doubt.is_fruitless(), doubt.patience()), (false, HOUR));
    for (ask, is_fruitless) in [(1, false), (2, true), (9, true)] {
        doubt.ask(NOW + ask * HOUR, true);
        assert_eq!(doubt.is_fruitless(), is_fruitless);
    }
    assert_eq!(doubt.patience(), DAY);
    doubt.open(NOW - 1, false);
    assert_eq!((doubt.is_fruitless(), doubt.level(NOW)), (false, Level::Shown));
}

#[test]
fn a_persons_word_is_about_the_session_of_now_and_said_once() {
    let mut doubt = Doubt::default();
    doubt.raise(Level::Shown, NOW);
    doubt.begin(NOW + 1);
    doubt.raise(Level::Said, NOW + 9);
    assert_eq!((restored(&doubt), doubt.level(NOW + 9)), (doubt, Level::Said));
    // What became the active session before the word does not end it.
    doubt.open(NOW + 8, true);
    assert_eq!(doubt.level(NOW + 9), Level::Said);
    doubt.raise(Level::Shown, NOW + 10);
    assert_eq!(doubt.level(NOW + 10), Level::Said);
    doubt.begin(NOW + 11);
    assert_eq!(doubt.level(NOW + 11), Level::Shown);
    doubt.open(NOW + 11, true);
    assert_eq!(doubt.level(NOW + 11), Level::None);
}

//! Messages that disappear: hidden by the reading, erased by the time that is sure.

use latchstring::client::{Deadline, Lifetime};
use support::{changed, client};

use super::*;

#[test]
fn a_message_disappears_after_its_seconds_and_stays_so() {
    let client = client(1, &mut support::TestRng::new(1));
    let mut deadline = client.start_timer(60, NOW);
    for (after, lifetime) in [
        (0, Lifetime::Shown(60)),
        (59, Lifetime::Shown(1)),
        (60, Lifetime::Over),
        (DAY, Lifetime::Over),
    ] {
        assert_eq!(client.timed(&mut deadline, NOW + after), lifetime, "{after}");
    }
    assert_eq!(deadline, Deadline { started: NOW, seconds: 60 });
}

#[test]
fn a_clock_that_is_ahead_for_a_minute_hides_and_erases_nothing() {
    let mut client = client(1, &mut support::TestRng::new(2));
    let mut deadline = client.start_timer(7 * 86_400, NOW);
    let year = NOW + 365 * DAY;
    assert_eq!(client.timed(&mut deadline, year), Lifetime::Hidden);
    changed(client.expire(year));
    assert_eq!(client.timed(&mut deadline, year + 60), Lifetime::Hidden);
    // Right again.
    assert_eq!(client.timed(&mut deadline, NOW + 120), Lifetime::Shown(7 * DAY - 120));
    // Right after all: an hour later it is sure.
    assert_eq!(client.timed(&mut deadline, year + 3600), Lifetime::Over);
}

#[test]
fn a_clock_that_is_set_back_shows_nothing_again() {
    let mut client = client(1, &mut support::TestRng::new(3));
    let mut deadline = client.start_timer(60, NOW);
    changed(client.expire(NOW + 3600));
    for now in [NOW, 0] {
        assert_eq!(client.timed(&mut deadline, now), Lifetime::Over);
    }
}

#[test]
fn a_beginning_in_a_future_that_did_not_come_comes_down() {
    let client = client(1, &mut support::TestRng::new(4));
    let mut deadline = client.start_timer(60, NOW + 365 * DAY);
    assert_eq!(client.timed(&mut deadline, NOW + 10), Lifetime::Shown(60));
    assert_eq!(deadline.started, NOW + 10);
    assert_eq!(client.timed(&mut deadline, NOW + 70), Lifetime::Over);
}

//! Tests of clocks: what a reading is worth, from one moment to the next.

use alloc::vec::Vec;

use super::*;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

/// Goes through readings, each with what supports it, and returns the firm times.
fn firm_times(start: u64, readings: &[(u64, u64)]) -> Vec<u64> {
    let mut clock = Clock::new(start);
    let firm = |(reading, support): &(u64, u64)| {
        clock = clock.now(*reading).supported(*support).clock();
        clock.firm
    };
    readings.iter().map(firm).collect()
}

fn bytes(clock: Clock) -> Vec<u8> {
    Writer::encoded(|writer| clock.write(writer))
}

#[test]
fn a_clock_goes_on_by_two_days_at_once() {
    let readings = [(NOW + STRIDE, 0), (NOW + 2 * STRIDE, 0), (NOW + 3 * STRIDE + 1, 0)];
    assert_eq!(firm_times(NOW, &readings), [NOW + STRIDE, NOW + 2 * STRIDE, NOW + 2 * STRIDE]);
}

#[test]
fn a_clock_never_goes_back() {
    assert_eq!(firm_times(NOW, &[(0, 0), (NOW - DAY, 0), (NOW + 1, 0)]), [NOW, NOW, NOW + 1]);
    assert_eq!(Clock::new(NOW).now(5).reading(), NOW);
}

#[test]
fn a_second_look_after_an_hour_makes_a_leap_firm() {
    let far = NOW + 100 * DAY;
    let readings = [(far, 0), (far + LOOK - 1, 0), (far + LOOK, 0)];
    assert_eq!(firm_times(NOW, &readings), [NOW, NOW, far + LOOK]);
    // So does one a day later, without any between.
    assert_eq!(firm_times(NOW, &[(far, 0), (far + DAY, 0)]), [NOW, far + DAY]);
}

#[test]
fn a_leap_that_goes_back_or_leaps_again_is_looked_at_anew() {
    let far = NOW + 100 * DAY;
    // Back to the truth, back a little, and once more ahead.
    let back = [(far, 0), (NOW + 60, 0), (far + LOOK, 0), (far + 2 * LOOK, 0)];
    assert_eq!(firm_times(NOW, &back), [NOW, NOW + 60, NOW + 60, far + 2 * LOOK]);
    let less = [(far, 0), (far - 1, 0), (far + LOOK - 2, 0), (far + LOOK - 1, 0)];
    assert_eq!(firm_times(NOW, &less), [NOW, NOW, NOW, far + LOOK - 1]);
    let more = [(far, 0), (2 * far, 0), (2 * far + 1, 0)];
    assert_eq!(firm_times(NOW, &more), [NOW, NOW, NOW]);
}

#[test]
fn what_somebody_else_has_dated_makes_a_leap_firm_and_moves_no_clock_alone() {
    let far = NOW + 100 * DAY;
    assert_eq!(firm_times(NOW, &[(far, far - STRIDE)]), [far]);
    // It falls short: the clock is that far at least.
    assert_eq!(firm_times(NOW, &[(far, far - STRIDE - 1)]), [far - STRIDE - 1]);
    // A peer whose clock is ahead, or that lies.
    assert_eq!(firm_times(NOW, &[(NOW + 1, u64::MAX), (NOW + 2, far)]), [NOW + 1, NOW + 2]);
}

#[test]
fn a_date_of_the_future_agrees_with_no_reading() {
    let far = NOW + 100 * DAY;
    // Whoever dates all that it says to the end of time would make any wrong reading right.
    for support in [u64::MAX, far + SKEW + 1] {
        assert_eq!(firm_times(NOW, &[(far, support), (NOW + 60, support)]), [NOW, NOW + 60]);
    }
    assert_eq!(firm_times(NOW, &[(far, far + SKEW)]), [far]);
}

#[test]
fn a_clock_at_either_end_of_time_goes_on() {
    assert_eq!(firm_times(0, &[(0, 0), (1, 0), (NOW, NOW)]), [0, 1, NOW]);
    assert_eq!(firm_times(0, &[(NOW, 0), (NOW + LOOK, 0)]), [0, NOW + LOOK]);
    let end = [(u64::MAX, 0), (u64::MAX, u64::MAX), (u64::MAX, 0)];
    assert_eq!(firm_times(NOW, &end), [NOW, u64::MAX, u64::MAX]);
}

#[test]
fn a_clock_says_how_it_fits() {
    let clock = Clock::new(NOW);
    assert_eq!(clock.state(NOW - SKEW), ClockState::Fits);
    assert_eq!(clock.state(NOW + STRIDE), ClockState::Fits);
    assert_eq!(clock.state(NOW - SKEW - 1), ClockState::Behind(SKEW + 1));
    assert_eq!(clock.state(NOW + STRIDE + 1), ClockState::Ahead(STRIDE + 1));
    let looked_at = clock.now(NOW + 9 * DAY).clock();
    assert_eq!(looked_at.state(NOW + 9 * DAY + 60), ClockState::Ahead(9 * DAY + 60));
    assert_eq!(looked_at.state(NOW + 9 * DAY + LOOK), ClockState::Fits);
}

#[test]
fn time_alone_is_worth_a_change_each_hour_and_where_a_leap_begins_or_ends() {
    let (clock, far) = (Clock::new(NOW), NOW + 100 * DAY);
    assert!(!clock.is_behind(clock.now(NOW + 59), 60) && clock.is_behind(clock.now(NOW + 60), 60));
    assert!(clock.is_behind(clock.now(far), 60));
    let leapt = clock.now(far).clock();
    assert!(!leapt.is_behind(leapt.now(far + LOOK - 1), 60));
    assert!(leapt.is_behind(leapt.now(far + LOOK), 60) && leapt.is_behind(leapt.now(NOW), 60));
}

#[test]
fn a_clock_has_one_form_at_rest() {
    let (firm, leapt) = (Clock::new(NOW), Clock::new(NOW).now(NOW + 100 * DAY).clock());
    for clock in [firm, leapt] {
        let again = Reader::all(&bytes(clock), Clock::read).unwrap();
        assert_eq!(bytes(again), bytes(clock));
    }
    let numbers = |[firm, from, to]: [u64; 3]| {
        let bytes = [firm.to_be_bytes(), from.to_be_bytes(), to.to_be_bytes()].concat();
        Reader::all(&bytes, Clock::read).map(drop)
    };
    assert_eq!(numbers([5, 6, 6]), Ok(()));
    for refused in [[5, 5, 6], [5, 7, 6], [5, 0, 6], [5, 6, 0]] {
        assert_eq!(numbers(refused), Err(Error::Malformed), "{refused:?}");
    }
}

#[test]
fn the_moment_of_a_change_is_the_last_one_of_its_clock() {
    let moment = |reading: u64, [firm, from, to]: [u64; 3]| {
        let bytes = [reading, firm, from, to].map(u64::to_be_bytes).concat();
        Reader::all(&bytes, Now::read).map(Now::firm)
    };
    assert_eq!((moment(5, [5, 0, 0]), moment(9, [5, 8, 9])), (Ok(5), Ok(5)));
    for (reading, clock) in [(6, [5, 0, 0]), (4, [5, 0, 0]), (8, [5, 8, 9]), (5, [5, 8, 9])] {
        assert_eq!(moment(reading, clock), Err(Error::Malformed));
    }
}

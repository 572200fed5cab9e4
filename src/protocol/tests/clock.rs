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
fn the_times_of_a_clock_are_those_of_the_page() {
    assert_eq!([SKEW, STRIDE, LOOK, ABSENCE], [86_400, 172_800, 3600, 3_024_000]);
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
    let now = Now::beginning(NOW);
    assert_eq!((now.reading(), now.firm(), now.clock().firm), (NOW, NOW, NOW));
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
fn a_clock_that_is_set_back_a_little_is_looked_at_from_there_on() {
    let far = NOW + 100 * DAY;
    let leapt = Clock::new(NOW).now(far - 7 * DAY).clock().now(far).clock();
    assert!(leapt.leap.lasts);
    assert!(
        leapt.now(far - SKEW).clock().leap
            == Leap { from: far - SKEW, to: far - SKEW, lasts: true }
    );
    assert!(!leapt.now(far - SKEW - 1).clock().leap.lasts);
    let back = [(far, 0), (far - SKEW, 0), (far - SKEW + LOOK - 1, 0), (far - SKEW + LOOK, 0)];
    assert_eq!(firm_times(NOW, &back), [NOW, NOW, NOW, far - SKEW + LOOK]);
}

#[test]
fn a_device_that_is_used_once_a_week_is_sure_of_the_week_before() {
    let mut clock = Clock::new(NOW);
    for week in 1..9 {
        let now = clock.now(NOW + 7 * week * DAY);
        assert_eq!(now.firm(), NOW + 7 * (week - 1) * DAY);
        assert_eq!(now.is_sudden(), week == 1);
        assert_eq!(now.steady(), if week == 1 { NOW } else { now.reading() });
        // It is not used for an hour.
        let later = now.clock().now(now.reading() + LOOK - 1);
        assert_eq!((later.firm(), later.is_sudden()), (now.firm(), week == 1));
        assert_eq!(later.clock().now(now.reading() + LOOK).firm(), now.reading() + LOOK);
        clock = later.clock().now(now.reading()).clock();
    }
}

#[test]
fn a_clock_that_begins_behind_ends_a_use_and_not_the_leap() {
    let mut clock = Clock::new(NOW);
    for week in 1..9 {
        let behind = clock.now(0);
        assert!(!behind.is_sudden() && behind.reading() == behind.firm());
        assert!(week == 1 || clock.is_behind(behind, 60), "it is worth a change");
        let now = behind.clock().now(NOW + 7 * week * DAY);
        assert_eq!(now.firm(), NOW + 7 * (week - 1) * DAY);
        assert_eq!(now.is_sudden(), week == 1);
        // It begins once more within the same use, which no hour separates from the first look.
        let again = now.clock().now(0).clock().now(now.reading() + LOOK);
        assert_eq!((again.firm(), again.is_sudden()), (now.firm(), week == 1));
        assert_eq!(again.second_look(), now.reading() + 2 * LOOK);
        clock = Reader::all(&bytes(now.clock()), Clock::read).unwrap();
    }
    // What is set back by more than a day is no such use, and what is right ends the leap.
    let over = clock.now(0).clock();
    assert!(!over.now(over.leap.to - SKEW).is_sudden());
    assert!(over.now(over.leap.to - SKEW - 1).is_sudden());
    assert!(over.now(over.firm + 1).clock().leap == Leap::default());
    assert!(over.now(over.leap.to).supported(over.leap.to).clock().leap == Leap::default());
}

#[test]
fn a_use_that_bears_out_the_one_before_counts_the_time_between_them() {
    let far = NOW + 100 * DAY;
    for (after, firm, is_sudden) in [
        (STRIDE, far + STRIDE, false),
        (STRIDE + 1, NOW + STRIDE + 1, false),
        (ABSENCE, NOW + ABSENCE, false),
        (ABSENCE + 1, NOW, true),
    ] {
        let next = Clock::new(NOW).now(far).clock().now(far + after);
        assert_eq!((next.firm(), next.is_sudden()), (firm, is_sudden), "{after}");
    }
    // No more than both of them say.
    let weeks = [(NOW + 3 * DAY, 0), (NOW + 33 * DAY, 0), (NOW + 60 * DAY, 0)];
    assert_eq!(firm_times(NOW, &weeks), [NOW, NOW + 3 * DAY, NOW + 30 * DAY]);
    // And no less than what somebody else has said.
    let mail = [(far, 0), (far + 7 * DAY, far), (far + 14 * DAY, 0)];
    assert_eq!(firm_times(NOW, &mail), [NOW, far, far + 7 * DAY]);
}

/// Draws numbers that look random.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).checked_rem(bound).unwrap_or(0)
    }
}

#[test]
fn a_clock_that_is_wrong_by_months_for_minutes_makes_nothing_firm() {
    for seed in 0..2000 {
        let mut draw = Draw(seed);
        // The same each time: what a machine says until the network has told it better.
        let wrong = (40 + draw.below(3000)) * DAY;
        let is_often = draw.below(2) == 0;
        let (mut clock, mut time) = (Clock::new(NOW), NOW);
        for _ in 0..60 {
            time +=
                if is_often { 60 + draw.below(STRIDE) } else { STRIDE + 31 + draw.below(40 * DAY) };
            let is_wrong = draw.below(2) == 0;
            // Who is wrong each day without ever being right is not wrong for a minute.
            let readings = [(is_wrong, wrong), (is_wrong, wrong + 30), (!is_wrong || is_often, 60)];
            for (_, ahead) in readings.into_iter().filter(|(is_read, _)| *is_read) {
                let support = if draw.below(8) == 0 { time - draw.below(30 * DAY) } else { 0 };
                let support = if draw.below(16) == 0 { u64::MAX } else { support };
                let now = clock.now(time + ahead).supported(support);
                assert!(now.firm() <= time + 60, "{seed}");
                clock = Reader::all(&bytes(now.clock()), Clock::read).unwrap();
            }
        }
    }
}

#[test]
fn a_right_clock_of_a_device_that_is_seldom_used_lags_by_the_longest_absence() {
    for seed in 0..500 {
        let mut draw = Draw(seed);
        let (mut clock, mut time, mut longest) = (Clock::new(NOW), NOW, 0);
        for uses in 0..40 {
            let absence = STRIDE + 1 + draw.below(ABSENCE - STRIDE);
            (time, longest) = (time + absence, longest.max(absence));
            let now = clock.now(time);
            assert_eq!((now.firm(), now.is_sudden()), (time - longest, uses == 0), "{seed}");
            clock = now.clock();
        }
    }
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
    // There was no use before the first leap.
    assert!(Clock::new(0).now(3 * DAY).is_sudden());
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
    assert_eq!(looked_at.state(NOW + 16 * DAY), ClockState::Ahead(16 * DAY));
    assert_eq!(
        looked_at.now(NOW + 16 * DAY).clock().state(NOW + 16 * DAY),
        ClockState::Ahead(9 * DAY)
    );
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
    for clock in [firm, leapt, leapt.now(NOW + 107 * DAY).clock()] {
        let again = Reader::all(&bytes(clock), Clock::read).unwrap();
        assert_eq!(bytes(again), bytes(clock));
    }
    let read = |[firm, from, to]: [u64; 3], lasts| {
        let numbers = [firm, from, to].map(u64::to_be_bytes).concat();
        Reader::all(&[&numbers[..], &[lasts]].concat(), Clock::read).map(drop)
    };
    for lasts in [0, 1] {
        assert_eq!(read([5, 6, 6], lasts), Ok(()));
        assert_eq!(read([5, 0, 6], lasts), Ok(()), "the use is over");
        for refused in [[5, 5, 6], [5, 7, 6], [5, 0, 5], [5, 0, 4], [5, 6, 0]] {
            assert_eq!(read(refused, lasts), Err(Error::Malformed), "{refused:?}");
        }
    }
    assert_eq!(read([5, 0, 0], 0), Ok(()));
    assert_eq!(read([5, 0, 0], 1), Err(Error::Malformed));
    assert_eq!(read([5, 6, 6], 2), Err(Error::Malformed));
}

#[test]
fn the_moment_of_a_change_is_the_last_one_of_its_clock() {
    let moment = |reading: u64, [firm, from, to]: [u64; 3]| {
        let numbers = [reading, firm, from, to].map(u64::to_be_bytes).concat();
        Reader::all(&[&numbers[..], &[0]].concat(), Now::read).map(Now::firm)
    };
    assert_eq!((moment(5, [5, 0, 0]), moment(9, [5, 8, 9])), (Ok(5), Ok(5)));
    assert_eq!((moment(5, [5, 0, 9]), moment(9, [5, 0, 9])), (Ok(5), Err(Error::Malformed)));
    for (reading, clock) in [(6, [5, 0, 0]), (4, [5, 0, 0]), (8, [5, 8, 9]), (5, [5, 8, 9])] {
        assert_eq!(moment(reading, clock), Err(Error::Malformed));
    }
}

//! Many accounts and devices, a hostile server, random histories: what must hold at every moment,
//! and what must hold when it is quiet again.
//!
//! `LATCHSTRING_EVENTS=100000` sets the length of all histories together, `LATCHSTRING_SEED` the
//! first seed, `LATCHSTRING_SHOW=1` prints what happened.

mod absent;
mod checks;
mod clocks;
mod copied;
mod decisions;
mod events;
mod impostors;
mod junk;
mod letters;
mod lists;
mod mail;
mod prekeys;
mod quiet;
mod repairs;
mod rollback;
mod server;
mod thief;
mod withheld;
mod world;

use server::{ALL, Attacks, attack};
use world::World;

/// Events of all the histories with every attack switched on, unless the environment says otherwise.
const EVENTS: usize = 20_000;

/// The events that must have happened in a history of some length for an attack to count as tried.
const DEEDS: [(Attacks, &[&str]); 8] = [
    (
        attack::THIEF,
        &[
            "a thief names no predecessor",
            "a thief doctors its state",
            "a thief invents a predecessor",
            "a thief, told",
            "a thief, again",
        ],
    ),
    (attack::COPY, &["a device is copied", "a copy writes", "a copy is heard", "a copy, told"]),
    (
        attack::CLOCK,
        &["a clock is ahead", "a clock is behind", "a glance at a clock that is ahead"],
    ),
    (attack::AWAY, &["somebody is away", "a letter waits", "what has waited goes"]),
    (attack::DEAD, &["somebody is dead", "a letter waits"]),
    (
        attack::JUNK,
        &["junk", "a flood of junk", "a siege of junk", "repair session", "request", "known"],
    ),
    (attack::ROLLBACK, &["a device is restored", "a letter comes again", "repair session"]),
    (
        attack::WITHHOLD,
        &[
            "lists are withheld",
            "prekeys are withheld",
            "mail is withheld",
            "a newer list is named",
        ],
    ),
];

/// The lengths of a history from which on every deed of its attacks must have happened: one where all of them take
/// turns needs more.
const FEWEST: usize = 1_000;
const FEWEST_OF_ALL: usize = 4_000;

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Runs a history of so many events, then quiet, then the accounts.
fn run(seed: u64, attacks: Attacks, devices: &[usize], events: usize) {
    let mut world = World::new(seed, attacks, devices);
    for _ in 0..events {
        world.event();
    }
    world.quiet();
    world.check_reads();
    let fewest = if attacks == ALL { FEWEST_OF_ALL } else { FEWEST };
    for (attack, deeds) in DEEDS {
        for deed in deeds.iter().filter(|_| attacks & attack != 0 && events >= fewest) {
            assert!(world.counts.contains_key(*deed), "seed {seed}: it never happened that {deed}");
        }
    }
    if number("LATCHSTRING_SHOW").is_some() {
        println!("seed {seed}, attacks {attacks:#x}\n{}", world.stats());
    }
}

fn attacked(attacks: Attacks, seed: u64) {
    let seed = seed + 1000 * (number("LATCHSTRING_SEED").unwrap_or(1) as u64 - 1);
    let events = number("LATCHSTRING_EVENTS").unwrap_or(EVENTS) / 50;
    run(seed, attacks, &[3, 2, 2, 1], events.max(FEWEST));
}

#[test]
fn after_every_attack_everyone_agrees_and_each_message_was_read_or_reported() {
    let events = number("LATCHSTRING_EVENTS").unwrap_or(EVENTS);
    let first = number("LATCHSTRING_SEED").unwrap_or(1) as u64;
    std::thread::scope(|scope| {
        for seed in first..first + 5 {
            scope.spawn(move || run(seed, ALL, &[4, 3, 3, 2, 2, 1], events / 5));
        }
    });
}

#[test]
fn on_a_polite_server_nothing_is_lost_and_nothing_is_told() {
    attacked(0, 11);
}

#[test]
fn uploads_that_fail_cost_nobody_a_session() {
    attacked(attack::FAIL_UPLOAD, 38);
}

macro_rules! attacks {
    ($($name:ident: $attack:expr, $seed:expr;)*) => {
        $(#[test]
        fn $name() {
            attacked($attack, $seed);
        })*
    };
}

attacks! {
    what_is_dropped_is_counted: attack::DROP, 21;
    what_is_delayed_is_read_late_and_brings_no_session_back: attack::DELAY, 22;
    what_is_delivered_twice_is_opened_once: attack::DUPLICATE | attack::REORDER, 23;
    what_is_reordered_is_read: attack::REORDER, 24;
    what_is_altered_is_not_opened: attack::ALTER, 25;
    what_is_brought_to_another_device_or_from_another_address_is_not_opened: attack::MISROUTE, 26;
    a_hidden_list_is_noticed_by_the_next_message: attack::HIDE_LIST, 27;
    an_old_list_is_not_taken: attack::OLD_LIST, 28;
    a_forked_list_is_not_taken_or_noticed: attack::FORK_LIST, 29;
    a_list_with_a_ghost_is_not_taken: attack::GHOST_LIST, 30;
    a_bundle_of_another_device_begins_nothing: attack::OTHER_BUNDLE, 31;
    a_stale_or_altered_bundle_begins_nothing: attack::STALE_BUNDLE, 32;
    without_one_time_prekeys_nothing_is_opened_twice: attack::NO_ONE_TIME | attack::REPLAY, 33;
    a_one_time_prekey_that_is_handed_out_twice_opens_one_session: attack::TWICE_ONE_TIME, 34;
    a_list_past_its_time_is_not_taken: attack::EXPIRED_LIST, 35;
    a_removed_device_is_not_heard: attack::GHOST_SENDS, 36;
    what_the_holder_of_an_old_key_shows_settles_nothing: attack::OLD_KEY, 37;
    a_thief_of_an_identity_key_is_told_of_by_all_it_begins: attack::THIEF, 38;
    a_copied_device_is_noticed_once_both_have_written: attack::COPY, 39;
    a_withheld_list_is_told_in_days_and_who_is_no_victim_misses_nothing: attack::WITHHOLD, 40;
    a_clock_that_was_wrong_costs_nobody_the_conversation: attack::CLOCK, 43;
    what_waits_for_who_is_away_goes_once_they_are_back: attack::AWAY, 44;
    one_who_is_dead_stops_nobody: attack::DEAD | attack::AWAY, 45;
    junk_costs_nobody_a_letter: attack::JUNK, 42;
    a_device_that_is_restored_comes_to_one_session_with_everybody: attack::ROLLBACK, 41;
}

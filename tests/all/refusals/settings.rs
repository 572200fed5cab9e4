//! Refusals of entries of an account's settings.

use latchstring::Error;
use latchstring::client::Client;
use latchstring::settings::{Setting, Settings};
use support::home::Home;
use support::{NOW, TestRng, refusal, restored};

/// Two devices of an account with one key.
struct Pair {
    home: Home,
    one: Settings,
    other: Settings,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let home = Home::new(1, 2, &mut rng);
        let [mut one, mut other] =
            [0, 1].map(|device| Settings::create(&home.clients[device], NOW, &mut rng).unwrap());
        let keys = one.rotate(&home.clients[0], NOW, &mut rng).unwrap().apply();
        other.take_keys(&home.clients[1], &keys, NOW).unwrap().apply();
        Self { home, one, other }
    }

    /// Tells how the other device refuses an entry.
    fn refused(&mut self, entry: Vec<u8>) -> Option<Error> {
        let client = &self.home.clients[1];
        let taken = self.other.take(client, &[entry], NOW).unwrap().apply();
        taken.refused.first().map(|refused| refused.error)
    }
}

fn set(settings: &mut Settings, client: &Client, value: &[u8], now: u64) -> Result<Vec<u8>, Error> {
    let values = [(Setting::App("theme".into()), Some(value))];
    settings.set(client, &values, now).map(latchstring::storage::Pending::apply)
}

pub(super) fn two_entries_of_one_number_are_a_fork() -> Option<Error> {
    let mut pair = Pair::new(1);
    let mut copy = restored(&pair.one);
    let client = &pair.home.clients[0];
    let entry = set(&mut pair.one, client, b"dark", NOW).unwrap();
    let forked = set(&mut copy, client, b"light", NOW).unwrap();
    assert_eq!(pair.refused(entry), None);
    pair.refused(forked)
}

pub(super) fn an_entry_after_one_that_is_not_here_waits() -> Option<Error> {
    let mut pair = Pair::new(2);
    let client = &pair.home.clients[0];
    set(&mut pair.one, client, b"dark", NOW).unwrap();
    let entry = set(&mut pair.one, client, b"light", NOW).unwrap();
    pair.refused(entry)
}

pub(super) fn a_setting_is_not_sealed_under_a_key_of_thirty_days() -> Option<Error> {
    let mut pair = Pair::new(3);
    let client = &pair.home.clients[0];
    refusal(&mut pair.one, |settings| set(settings, client, b"dark", NOW + 30 * 86_400))
}

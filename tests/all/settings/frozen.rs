//! Frozen settings of version 1.

use latchstring::client::Client;
use latchstring::settings::Settings;
use latchstring::storage::State;
use support::{NOW, is_writing_fixtures, read_fixture, restored, write_fixture};

use super::{House, app};

/// Makes the states once: settings with two keys, what was set and removed, a removed device, and something that is
/// known and not here.
fn write() {
    let mut house = House::new(31, 3);
    let entries = [house.set(0, "theme", "dark"), house.set(2, "font", "big")];
    house.take(1, &entries);
    let removed = house.remove(1, "theme");
    house.home.relist(|device| device != 2, NOW);
    house.rotate(1, NOW + 5);
    house.acknowledge(1);
    let late = house.set(1, "zoom", "2");
    house.take(0, &[removed, late, entries[1].clone()]);
    let next = house.set(0, "theme", "light");
    write_fixture("settings", &house.settings[1].to_bytes());
    write_fixture("settings-client", &house.client(1).to_bytes());
    write_fixture("settings-entry", &next);
}

#[test]
fn frozen_settings_of_version_1_load_and_go_on() {
    if is_writing_fixtures() {
        write();
    }
    let bytes = read_fixture("settings");
    let mut settings = Settings::from_bytes(&bytes).unwrap();
    assert!(*settings.to_bytes() == bytes);
    let client = Client::from_bytes(&read_fixture("settings-client")).unwrap();
    assert_eq!(settings.get(&app("font")), Some(&b"big"[..]));
    let entry = read_fixture("settings-entry");
    let taken = settings.take(&client, &[entry], NOW).unwrap().apply();
    assert_eq!((taken.taken, taken.changes.len()), (1, 1));
    assert_eq!(settings.get(&app("theme")), Some(&b"light"[..]));
    restored(&settings).acknowledge(&client, NOW + 9).unwrap().apply();
}

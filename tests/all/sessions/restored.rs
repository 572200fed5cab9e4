//! States that were restored from a backup: both sides are told.

use super::*;

/// Makes a pair with a conversation of some turns, of which the backup is from the middle.
fn after_a_backup(seed: u64) -> (Town, Client) {
    let mut town = Town::new(seed, &[1, 1]);
    town.chat(0, 1);
    say(&mut town, 0, 1);
    let backup = restored(town.client(0, 0));
    for (from, to) in [(1, 0), (0, 1), (1, 0), (0, 1), (1, 0), (0, 1)] {
        assert_eq!(say(&mut town, from, to), []);
    }
    town.now += HOUR;
    (town, backup)
}

/// Takes what does not open, and sends the request that the client then lists.
fn take_and_ask(town: &mut Town, person: usize, mail: &Mail) {
    let now = town.now;
    let client = town.client(person, 0);
    let (from, id, envelope) = (mail.from, Some(mail.id), &mail.message);
    let taken = client.take(&client::Mail { from, id, envelope }, now).apply();
    assert!(matches!(taken, Taken::Unread(_)));
    let request = Repair::Request { to: from };
    assert!(client.repairs(now).eq([request]));
    let mut plan = client.plan_repair(&request, now).unwrap();
    town.supply(person, 0, &mut plan).unwrap();
    let out = town.seal_plan(person, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(person, 0), out);
}

#[test]
fn a_restored_device_and_its_peer_are_told_if_the_restored_one_begins_anew() {
    let (mut town, backup) = after_a_backup(41);
    *town.client(0, 0) = backup;
    // Neither can read the other, and the restored one asks.
    town.say(1, 0, 0, b"unreadable");
    let mail = town.mail(0, 0);
    take_and_ask(&mut town, 0, &mail);
    assert_eq!(of_sessions(&town.alerts(1, 0)), [Alert::SessionForked]);
    let repaired = Alert::SessionRepaired;
    assert_eq!(say(&mut town, 1, 0), [repaired, Alert::RolledBack]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack], "until it has answered");
    assert_eq!(say(&mut town, 0, 1), []);
    on_one_session(&mut town);
}

#[test]
fn a_restored_device_and_its_peer_are_told_if_the_peer_begins_anew() {
    let (mut town, backup) = after_a_backup(42);
    *town.client(0, 0) = backup;
    town.say(0, 0, 1, b"unreadable");
    let mail = town.mail(1, 0);
    take_and_ask(&mut town, 1, &mail);
    assert_eq!(of_sessions(&town.alerts(0, 0)), [Alert::RolledBack]);
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionRepaired]);
    on_one_session(&mut town);
}

#[test]
fn a_device_restored_to_before_its_session_is_told_and_so_is_its_peer() {
    let mut town = Town::new(43, &[1, 1]);
    let backup = restored(town.client(0, 0));
    town.chat(0, 1);
    *town.client(0, 0) = backup;
    town.now += 1;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReset]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack]);
    assert_eq!(say(&mut town, 0, 1), []);
    on_one_session(&mut town);
}

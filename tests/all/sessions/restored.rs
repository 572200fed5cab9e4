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

#[test]
fn a_restored_device_and_its_peer_are_told_if_the_restored_one_begins_anew() {
    let (mut town, backup) = after_a_backup(41);
    *town.client(0, 0) = backup;
    // Neither can read the other, and the restored one asks.
    town.say(1, 0, 0, b"unreadable");
    let mail = town.mail(0, 0);
    let now = town.now;
    let client = town.client(0, 0);
    refuses(client, Error::Forged, |client| client.open(mail.from, &mail.message, now).map(drop));
    let mut plan = client.request_resend(mail.from, mail.id, now).unwrap();
    plan.renew(client, mail.from, now).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(of_sessions(&town.alerts(1, 0)), [Alert::SessionForked]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack]);
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
    let now = town.now;
    let client = town.client(1, 0);
    let error = Error::MessageKeyGone;
    refuses(client, error, |client| client.open(mail.from, &mail.message, now).map(drop));
    let mut plan = client.request_resend(mail.from, mail.id, now).unwrap();
    plan.renew(client, mail.from, now).unwrap();
    town.supply(1, 0, &mut plan).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    assert_eq!(of_sessions(&town.alerts(0, 0)), [Alert::RolledBack]);
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

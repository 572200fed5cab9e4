//! Diagnoses, which a user may put into a bug report.

use std::collections::BTreeSet;

use latchstring::client::{Client, Mail, MessageId};
use latchstring::session::Account;
use latchstring::storage::State;
use support::described::{assert_is_anonymous, describe, descriptions};
use support::town::Town;
use support::{NOW, Pair, TestRng, seal_many};

const DAY: u64 = 86_400;

/// Describes Ada's first device, and how it stands with Grace's.
fn report(town: &mut Town) -> String {
    let (with, now) = (town.address(1, 0), town.now);
    let ada = town.client(0, 0);
    let text = ada.diagnosis(Some(with), now).to_string();
    assert_is_anonymous(&text);
    text
}

/// Makes Ada, who has two devices, and Grace, who has one, in sessions that are proven.
fn at_peace(seed: u64) -> Town {
    let mut town = Town::new(seed, &[2, 1]);
    town.chat(0, 1);
    town
}

#[track_caller]
fn assert_says(report: &str, parts: &[&str]) {
    for part in parts {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
}

/// Brings a piece of junk in Grace's name.
fn junk(town: &mut Town, id: Option<MessageId>) {
    let (from, now) = (town.address(1, 0), town.now);
    let envelope = [1, 1, 9, 9, 9].repeat(40);
    let _taken = town.client(0, 0).take(&Mail { from, id, envelope: &envelope }, now).apply();
}

#[test]
fn a_diagnosis_tells_on_both_sides_where_a_session_stands() {
    let mut pair = Pair::new(1);
    let (begun, accepted) = (pair.initiator.diagnosis(), pair.responder.diagnosis());
    let (begun, accepted) = (begun.to_string(), accepted.to_string());
    let name = begun.split(':').next().unwrap();
    assert_eq!(name.len(), "session ".len() + 8);
    assert!(accepted.starts_with(name), "{accepted}");
    assert!(begun.contains("initiator, proven, with a one-time prekey"), "{begun}");
    assert!(begun.contains("opens 1.1"), "{begun}");
    assert!(accepted.contains("responder, confirmed, not proven"), "{accepted}");

    let sealed = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    pair.responder.decrypt(&sealed[2]).unwrap();
    let [begun, accepted] = [pair.initiator.diagnosis(), pair.responder.diagnosis()];
    assert!(begun.to_string().contains("sends 2.3"), "{begun}");
    let accepted = accepted.to_string();
    assert!(accepted.contains("responder, proven"), "{accepted}");
    assert!(accepted.contains("opens 2.3, 2 skipped"), "{accepted}");
}

#[test]
fn a_client_at_peace_says_so() {
    let report = report(&mut at_peace(1));
    assert_says(
        &report,
        &[
            "latchstring 0.1.0, messages 1, states 1\n",
            "this device: listed, beside 1 own devices\n",
            "own list: signed up to an hour ago, serves for up to 30 days more, shown since",
            "clock: fits, last change up to an hour ago\n",
            "accounts: 1 known, 0 of them newcomers, 0 stopped, 0 forgotten\n",
            "held: 2 devices, 2 sessions, 0 of them replaced, 0 skipped, 0 tombstones\n",
            "open: 0 unread, 0 queued, 0 doubts, 0 mismatches, 0 repairs now, none later\n",
            "the device: of another account, listed\n",
            "sending: goes on\n",
            "doubt: none; heard up to an hour ago; 0 unread, 0 other lists reported\n",
            "next letter: goes on; 0 replaced sessions\nsession ",
        ],
    );
}

/// Clients in trouble, each in another one.
fn troubles() -> Vec<(&'static str, Town)> {
    let mut all = Vec::new();
    let mut town = at_peace(2);
    junk(&mut town, Some(MessageId([7; 16])));
    all.push(("1 unread, 0 queued, 1 doubts, 0 mismatches, 1 repairs now", town));

    let mut town = at_peace(3);
    junk(&mut town, None);
    all.push(("doubt: counted; heard", town));

    let mut town = at_peace(4);
    let with = town.address(1, 0);
    town.client(0, 0).reset_session(with, NOW).unwrap().apply();
    all.push(("doubt: said by a person, risen up to an hour ago", town));

    let mut town = at_peace(5);
    town.now += 32 * DAY;
    town.renew(0);
    all.push(("sending: stopped, its list is over", town));

    let mut town = at_peace(6);
    let mut rng = TestRng::new(66);
    let other = Client::create(&Account::generate(town.id(1), &mut rng), NOW + 1, &mut rng);
    town.client(0, 0).learn(other.list(), NOW + 1).unwrap().apply();
    all.push(("sending: stopped, a list waits for the user", town));

    let mut town = at_peace(7);
    town.now -= 2 * DAY;
    all.push(("clock: behind, by up to a week", town));

    let mut town = at_peace(8);
    town.now += 3 * DAY;
    all.push(("clock: ahead, by up to a week", town));

    let mut town = at_peace(9);
    let (list, mut gone) = town.remove(0, 1);
    gone.learn(&list, NOW).unwrap().apply();
    town.people[0].devices[0] = gone;
    all.push(("this device: not listed any more", town));

    let mut town = at_peace(10);
    let bytes = town.client(0, 0).to_bytes();
    *town.client(0, 0) = Client::from_bytes(&bytes).unwrap();
    all.push(("not shown since the start", town));
    all
}

#[test]
fn clients_in_different_troubles_give_different_reports() {
    let mut reports =
        BTreeSet::from([report(&mut at_peace(1)).split("session ").next().unwrap().to_owned()]);
    for (expected, mut town) in troubles() {
        let report = report(&mut town);
        assert_says(&report, &[expected]);
        let told = report.split("\nsession ").next().unwrap().to_owned();
        assert!(reports.insert(told), "twice: {report}");
    }
}

/// Returns what eight bytes look like in a text: as they are, as numbers, as digits.
fn spellings(bytes: &[u8]) -> [String; 3] {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [String::from_utf8_lossy(bytes).into_owned(), format!("{bytes:?}"), digits.concat()]
}

#[test]
fn a_report_has_nothing_of_what_a_client_holds() {
    for (_, mut town) in troubles().into_iter().step_by(4) {
        let text = report(&mut town).to_lowercase();
        // Keys, ids, hashes, times and texts: all that a client has to give away is in its bytes.
        let state = town.client(0, 0).to_bytes();
        for bytes in state.windows(8) {
            for spelling in spellings(bytes) {
                assert!(!text.contains(&spelling.to_lowercase()), "{spelling} in {text}");
            }
        }
        let other = town.client(1, 0).to_bytes();
        let shows = |bytes: &[u8]| spellings(bytes).iter().any(|it| text.contains(it.as_str()));
        assert!(!other.windows(8).any(shows));
        for time in [NOW, town.now] {
            assert!(!text.contains(&time.to_string()));
        }
    }
}

#[test]
fn every_client_that_loads_can_be_described_at_any_time() {
    for (_, mut town) in troubles() {
        let list = town.client(1, 0).list().clone();
        let client = town.client(0, 0);
        describe(client, [&list]);
    }
    let mut town = at_peace(11);
    junk(&mut town, Some(MessageId([7; 16])));
    let list = town.client(1, 0).list().clone();
    let bytes = town.client(0, 0).to_bytes();
    let mut loaded = 0;
    for place in (0..bytes.len()).step_by(9) {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        if let Ok(client) = Client::from_bytes(&altered) {
            // What somebody else has written into a state may be a number of any size.
            assert!(descriptions(&client, [&list]).iter().all(|text| text.lines().count() >= 7));
            loaded += 1;
        }
    }
    assert!(loaded > 100, "{loaded}");
}

//! Inconsistencies that are noticed: lists that a server hides or forks, and senders who say two things.

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Enclosed, LetterEvent, ListMismatch, ListUpdate, Repair, To,
};
use latchstring::session::{AccountId, DeviceId};

use support::forged::{self, Listing, Words, member};
use support::town::{Town, said, text};
use support::{NOW, account_seed, changed, refuses, restored};

/// Lists the mismatches that a device holds, by reporter and account.
fn mismatches(
    town: &Town,
    person: usize,
    device: usize,
) -> Vec<(Address, AccountId, ListMismatch)> {
    town.people[person].devices[device].mismatches().collect()
}

fn lists_in(alerts: &[Alert]) -> Vec<Alert> {
    let is_list = |alert: &&Alert| matches!(alert, Alert::Lists { .. } | Alert::ListsAgree { .. });
    alerts.iter().filter(is_list).copied().collect()
}

#[test]
fn a_list_that_a_server_hides_shows_with_the_next_letter_of_either_side() {
    // Of the account whose list is hidden, then of the one from whom it is hidden.
    for first in [0, 1] {
        let mut town = Town::new(1, &[1, 2]);
        town.chat(0, 1);
        let of = town.id(1);
        town.remove(1, 1);
        if first == 1 {
            town.say(1, 0, 0, b"one device fewer");
            let ahead = Alert::Lists { of, mismatch: ListMismatch::Ahead };
            assert_eq!(lists_in(&town.alerts(0, 0)), [ahead]);
            assert_eq!(mismatches(&town, 0, 0), [(town.address(1, 0), of, ListMismatch::Ahead)]);
        } else {
            town.say(0, 0, 1, b"to both of you");
            let behind = Alert::Lists { of, mismatch: ListMismatch::Behind };
            assert_eq!(lists_in(&town.alerts(1, 0)), [behind]);
            assert_eq!(mismatches(&town, 1, 0), [(town.address(0, 0), of, ListMismatch::Behind)]);
        }
    }
}

#[test]
fn a_mismatch_stays_until_it_is_cleared_and_is_told_once() {
    let mut town = Town::new(2, &[1, 1]);
    town.chat(0, 1);
    let (of, by) = (town.id(1), town.address(0, 0));
    town.link(1);
    town.learn(1, 1, by.account).unwrap();
    town.say(0, 0, 1, b"as before");
    let behind = Alert::Lists { of, mismatch: ListMismatch::Behind };
    assert_eq!(lists_in(&town.alerts(1, 0)), [behind]);
    for _ in 0..2 {
        town.say(0, 0, 1, b"still as before");
        assert_eq!(lists_in(&town.alerts(1, 0)), []);
        let client = town.client(1, 0);
        *client = restored(client);
        assert_eq!(mismatches(&town, 1, 0), [(by, of, ListMismatch::Behind)]);
    }
    // The other one learns the list, and says so with its next letter.
    town.learn(0, 0, of).unwrap();
    assert_eq!(mismatches(&town, 1, 0).len(), 1);
    town.say(0, 0, 1, b"to both");
    assert_eq!(lists_in(&town.alerts(1, 0)), [Alert::ListsAgree { of }]);
    assert_eq!(mismatches(&town, 1, 0), []);
    town.receive_all();
    assert_eq!(mismatches(&town, 1, 1), []);
}

#[test]
fn who_is_told_that_it_is_behind_is_cleared_by_the_list_itself() {
    let mut town = Town::new(3, &[2, 1]);
    town.chat(0, 1);
    let of = town.id(1);
    town.renew(1);
    town.say(1, 0, 0, b"by a newer list");
    for device in [0, 1] {
        let ahead = Alert::Lists { of, mismatch: ListMismatch::Ahead };
        assert_eq!(lists_in(&town.alerts(0, device)), [ahead]);
    }
    // One of its own devices has the list and the other has not: that is between them.
    town.learn(0, 0, of).unwrap();
    assert_eq!(mismatches(&town, 0, 0), []);
    assert_eq!(mismatches(&town, 0, 1).len(), 1);
    town.say(0, 0, 1, b"heard");
    let arrived = town.receive(0, 1).pop().unwrap().unwrap();
    assert_eq!(lists_in(&arrived.alerts), [Alert::Lists { of, mismatch: ListMismatch::Ahead }]);
    town.learn(0, 1, of).unwrap();
    assert_eq!(mismatches(&town, 0, 1), []);
}

#[test]
fn a_list_hidden_from_an_own_device_shows_with_the_copies_of_the_others() {
    let mut town = Town::new(4, &[3, 1]);
    town.chat(0, 1);
    let of = town.id(0);
    town.remove(0, 2);
    // The server hides the removal from the companion.
    town.say(0, 0, 1, b"without the third");
    assert_eq!(lists_in(&town.alerts(0, 1)), [Alert::Lists { of, mismatch: ListMismatch::Ahead }]);
    assert_eq!(mismatches(&town, 0, 1), [(town.address(0, 0), of, ListMismatch::Ahead)]);
    assert_eq!(lists_in(&town.alerts(1, 0)), [Alert::Lists { of, mismatch: ListMismatch::Ahead }]);
}

#[test]
fn two_histories_of_one_account_are_a_fork_in_the_first_letter() {
    let mut town = Town::new(5, &[1, 1]);
    town.chat(0, 1);
    let (of, seed) = (town.id(1), account_seed(&town.people[1].account));
    // With a stolen account key: one more device, for one reader only.
    let mut other = Listing::of(&town.server.list(of)).next();
    other.members.push(member(of, &seed, [9; 8], &[8; 32], &[7; 32]));
    other.members.sort_unstable();
    let other = other.signed(&seed).list();
    let client = town.client(0, 0);
    let learned = changed(client.learn(&other, NOW).unwrap());
    assert_eq!(learned, ListUpdate::Newer { added: vec![DeviceId([9; 8])], removed: vec![] });
    town.renew(1);
    town.say(1, 0, 0, b"mine");
    let forked = Alert::Lists { of, mismatch: ListMismatch::Forked };
    assert_eq!(lists_in(&town.alerts(0, 0)), [forked]);
    let mut plan = town.plan(0, 0, 1);
    plan.leave_out(Address { account: of, device: DeviceId([9; 8]) }).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"yours?")).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(lists_in(&town.alerts(1, 0)), [forked]);
    assert_eq!(mismatches(&town, 1, 0), [(town.address(0, 0), of, ListMismatch::Forked)]);
    assert_eq!(mismatches(&town, 0, 0), [(town.address(1, 0), of, ListMismatch::Forked)]);
    // An older fork is one as well: the histories part below what is known by now.
    town.renew(1);
    town.learn(1, 0, of).unwrap();
    assert_eq!(mismatches(&town, 1, 0), [(town.address(0, 0), of, ListMismatch::Forked)]);
    // Nor does it go away by waiting or by a restart.
    let client = town.client(1, 0);
    *client = restored(client);
    assert_eq!(mismatches(&town, 1, 0).len(), 1);
}

#[test]
fn a_report_with_a_wrong_hash_or_epoch_is_told_by_its_kind() {
    let cases: [(i64, u8, Option<ListMismatch>); 6] = [
        (0, 0, None),
        (0, 1, Some(ListMismatch::Forked)),
        (1, 0, Some(ListMismatch::Ahead)),
        (1 << 40, 1, Some(ListMismatch::Ahead)),
        (-1, 1, Some(ListMismatch::Forked)),
        (-2, 1, Some(ListMismatch::Forked)),
    ];
    for (place, subject) in [(0, 0), (1, 1)] {
        for (epochs, flip, mismatch) in cases {
            let mut town = Town::new(6, &[1, 1]);
            for person in [0, 1] {
                town.renew(person);
                town.renew(person);
            }
            town.learn_all();
            let mail = town.whisper((0, 0), (1, 0), |mut words| {
                words.lists[place].0 = words.lists[place].0.checked_add_signed(epochs).unwrap();
                words.lists[place].1[31] ^= flip;
                words
            });
            let of = town.id(subject);
            let arrived = town.client(1, 0).receive(mail.from, &mail.message, NOW).unwrap();
            let expected = mismatch.map(|mismatch| Alert::Lists { of, mismatch });
            assert_eq!(lists_in(&arrived.alerts), expected.into_iter().collect::<Vec<_>>());
            let found: Vec<_> = mismatches(&town, 1, 0).iter().map(|found| found.2).collect();
            assert_eq!(found, mismatch.into_iter().collect::<Vec<_>>(), "{epochs} {flip}");
        }
    }
}

// ---- senders who say two things ----

#[test]
fn own_devices_told_two_things_under_one_message_id_find_out() {
    let mut town = Town::new(7, &[1, 2]);
    let to_one = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"yes"));
    let to_other = town.whisper((0, 0), (1, 1), |words| words.content(forged::MESSAGE, b"no"));
    assert_eq!(to_one.id, to_other.id);
    for (device, mail, said) in [(0, &to_one, b"yes".to_vec()), (1, &to_other, b"no".to_vec())] {
        let arrived = town.client(1, device).receive(mail.from, &mail.message, NOW).unwrap();
        assert_eq!(text(&arrived.event), said);
        assert_eq!(arrived.alerts, [Alert::NewSession]);
    }
    let expected = Alert::Equivocation { by: town.address(0, 0), id: to_one.id };
    for (from, to) in [(0, 1), (1, 0)] {
        let mut plan = town.client(1, from).plan_repair(&Repair::SeenReport, NOW).unwrap();
        assert_eq!(plan.devices().collect::<Vec<_>>(), [town.address(1, to)]);
        town.supply(1, from, &mut plan).unwrap();
        let out = town.seal_plan(1, from, &mut plan, Enclosed::Nothing).unwrap();
        town.server.post(town.address(1, from), out);
        let arrived = town.receive(1, to).pop().unwrap().unwrap();
        assert!(matches!(arrived.event, LetterEvent::SeenReport));
        assert!(arrived.alerts.contains(&expected), "{:?}", arrived.alerts);
    }
}

#[test]
fn own_devices_that_were_told_one_thing_agree() {
    let mut town = Town::new(8, &[1, 3]);
    town.chat(0, 1);
    for content in [&b"one"[..], b"two", &[7; 5000]] {
        town.say(0, 0, 1, content);
    }
    town.receive_all();
    for device in 0..3 {
        let mut plan = town.client(1, device).plan_repair(&Repair::SeenReport, NOW).unwrap();
        let out = town.seal_plan(1, device, &mut plan, Enclosed::Nothing).unwrap();
        town.server.post(town.address(1, device), out);
    }
    for device in 0..3 {
        for arrived in town.receive(1, device) {
            let arrived = arrived.unwrap();
            assert!(matches!(arrived.event, LetterEvent::SeenReport));
            assert_eq!(arrived.alerts, []);
        }
    }
    // Nothing goes to others by it, and it carries no content.
    let (client, rng) = (&mut town.people[1].devices[0], &mut town.rng);
    let mut plan = client.plan_repair(&Repair::SeenReport, NOW).unwrap();
    assert!(plan.devices().all(|address| address.account == client.address().account));
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &said(b"content"), NOW, rng).map(drop)
    });
}

#[test]
fn a_second_thing_under_one_message_id_is_told_and_not_shown() {
    let mut town = Town::new(9, &[1, 1]);
    let first = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"yes"));
    town.now += 1;
    let second = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"no"));
    town.now += 1;
    let again = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"yes"));
    let now = town.now;
    let client = town.client(1, 0);
    assert_eq!(text(&client.receive(first.from, &first.message, now).unwrap().event), b"yes");
    let arrived = client.receive(second.from, &second.message, now).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(_)));
    let equivocation = Alert::Equivocation { by: first.from, id: first.id };
    assert!(arrived.alerts.contains(&equivocation));
    let arrived = client.receive(again.from, &again.message, now).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(_)));
    assert!(!arrived.alerts.contains(&equivocation), "this is what was said");
}

#[test]
fn what_another_own_device_has_seen_comes_first_or_last() {
    // A seen report that is here before the letter hides nothing: the own device may be a thief's. But
    // that the letter differs is told.
    for (said, agrees) in [(&b"yes"[..], true), (b"no", false)] {
        let mut town = Town::new(10, &[1, 2]);
        let to_one = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"yes"));
        let to_other = town.whisper((0, 0), (1, 1), |words| words.content(forged::MESSAGE, said));
        town.client(1, 0).receive(to_one.from, &to_one.message, NOW).unwrap();
        let mut plan = town.client(1, 0).plan_repair(&Repair::SeenReport, NOW).unwrap();
        town.supply(1, 0, &mut plan).unwrap();
        let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
        town.server.post(town.address(1, 0), out);
        assert_eq!(town.alerts(1, 1), [Alert::NewSession]);
        let client = town.client(1, 1);
        let arrived = client.receive(to_other.from, &to_other.message, NOW).unwrap();
        let equivocation = Alert::Equivocation { by: to_one.from, id: to_one.id };
        assert_eq!(arrived.alerts.contains(&equivocation), !agrees);
        assert_eq!(text(&arrived.event), said);
    }
}

#[test]
fn two_blob_references_under_one_message_id_are_an_equivocation() {
    let mut town = Town::new(11, &[1, 2]);
    let reference = |key: u8| [&[key; 32][..], &[4; 32], &5000_u64.to_be_bytes()].concat();
    for (device, key) in [(0, 1), (1, 2)] {
        let words = |words: Words| words.content(forged::BLOB, &reference(key));
        let mail = town.whisper((0, 0), (1, device), words);
        let arrived = town.client(1, device).receive(mail.from, &mail.message, NOW).unwrap();
        assert!(matches!(arrived.event, LetterEvent::Blob(_)));
    }
    let mut plan = town.client(1, 0).plan_repair(&Repair::SeenReport, NOW).unwrap();
    town.supply(1, 0, &mut plan).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    let alerts = town.alerts(1, 1);
    assert!(alerts.iter().any(|alert| matches!(alert, Alert::Equivocation { .. })));
}

#[test]
fn the_same_id_of_two_devices_is_two_ids() {
    let mut town = Town::new(12, &[2, 1]);
    for device in [0, 1] {
        let said = [b'0' + u8::try_from(device).unwrap()];
        let mail = town.whisper((0, device), (1, 0), |words| words.content(forged::MESSAGE, &said));
        let arrived = town.client(1, 0).receive(mail.from, &mail.message, NOW).unwrap();
        assert_eq!(text(&arrived.event), said);
        assert_eq!(arrived.alerts, [Alert::NewSession]);
    }
    // Nobody reports own copies as seen: the account does not watch itself.
    let out = town.seal(0, 0, To::Own, b"settings").unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(0, 1), [b"settings"]);
}

/// Lets an own device read letters, of which the first says something else than to the other own device.
fn read_after_a_lie(town: &mut Town, letters: usize) -> (Alert, Vec<Alert>) {
    let to_one = town.whisper((0, 0), (1, 0), |words| words.content(forged::MESSAGE, b"yes"));
    let to_other = town.whisper((0, 0), (1, 1), |words| words.content(forged::MESSAGE, b"no"));
    for (device, mail) in [(0, &to_one), (1, &to_other)] {
        town.client(1, device).receive(mail.from, &mail.message, NOW).unwrap();
    }
    let to = To::Account(town.id(1));
    let mut alerts = Vec::new();
    for _ in 0..letters {
        let out = town.seal(0, 0, to, b"one of many").unwrap();
        town.server.post(town.address(0, 0), out);
        alerts.extend(town.alerts(1, 0));
    }
    (Alert::Equivocation { by: to_one.from, id: to_one.id }, alerts)
}

/// Reports what one own device has read to the other, and returns what that is told.
fn report(town: &mut Town) -> Vec<Alert> {
    let mut plan = town.client(1, 0).plan_repair(&Repair::SeenReport, NOW).unwrap();
    town.supply(1, 0, &mut plan).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    let mail = town.mail(1, 1);
    assert_eq!(mail.from, town.address(1, 0));
    town.client(1, 1).receive(mail.from, &mail.message, NOW).unwrap().alerts
}

#[test]
fn a_lie_is_compared_however_many_letters_follow_before_the_next_report() {
    let mut town = Town::new(14, &[1, 2]);
    town.chat(0, 1);
    let (lie, alerts) = read_after_a_lie(&mut town, 300);
    assert!(!alerts.contains(&Alert::NotCompared));
    let mail = town.server.mail.remove(&town.address(1, 1)).unwrap_or_default();
    assert_eq!(mail.len(), 300);
    assert!(town.client(1, 0).repairs(NOW).any(|repair| repair == Repair::SeenReport));
    assert!(town.client(1, 0).repairs(NOW).eq([Repair::SeenReport]));
    assert!(report(&mut town).contains(&lie));
    // The second report has the rest, and a part of the first again.
    assert!(!report(&mut town).contains(&lie));
    assert!(town.client(1, 0).repairs(NOW).all(|repair| repair != Repair::SeenReport));
    assert_eq!(town.client(1, 0).repairs(NOW).count(), 0);
}

#[test]
fn a_letter_that_is_forgotten_before_it_was_compared_is_told() {
    let mut town = Town::new(15, &[1, 2]);
    town.chat(0, 1);
    let (_, alerts) = read_after_a_lie(&mut town, 1000);
    assert!(!alerts.contains(&Alert::NotCompared));
    let (_, alerts) = read_after_a_lie(&mut town, 40);
    assert!(alerts.contains(&Alert::NotCompared));
}

#[test]
fn a_report_that_left_a_device_out_tells_everything_again() {
    let mut town = Town::new(16, &[1, 3]);
    town.chat(0, 1);
    // More than what a report tells a second time.
    let (lie, _) = read_after_a_lie(&mut town, 70);
    let left_out = town.address(1, 1);
    let mut plan = town.client(1, 0).plan_repair(&Repair::SeenReport, NOW).unwrap();
    plan.leave_out(left_out).unwrap();
    town.supply(1, 0, &mut plan).unwrap();
    town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.mail.remove(&left_out);
    // Not at once, or a device without a bundle would have the others told without end.
    let client = town.client(1, 0);
    *client = restored(client);
    let listed = |at| client.repairs(at).any(|repair| repair == Repair::SeenReport);
    assert!(!listed(NOW) && !listed(NOW + 3599) && listed(NOW + 3600));
    assert_eq!(client.next_repair(NOW), Some(NOW + 3600));
    assert!(report(&mut town).contains(&lie));
}

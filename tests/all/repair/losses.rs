//! Losses: letters that are gone, and sessions that contradict themselves.

use super::*;

#[test]
fn two_thousand_and_one_hundred_lost_letters_end_in_a_new_session() {
    let mut two = Two::new(5, BOTH_FOLLOW, FAST, DAY);
    for _ in 0..2100 {
        two.town.say(0, 0, 1, b"lost");
    }
    two.town.server.mail.clear();
    two.say(0, "too far ahead");
    two.run(1);
    assert!(!has_read(&two, 1, "too far ahead"));
    two.run(4);
    assert!(has_read(&two, 1, "too far ahead"));
    assert_eq!(two.begun, [vec![], vec![NOW + DAY + 1]]);
    on_one_session(&mut two);
}

#[test]
fn what_will_not_come_again_is_told_as_one_event() {
    // The sender is gone for good.
    let mut two = Two::new(6, [Style::Never, Style::Follows], FAST, HOUR);
    let backup = two.backup(0);
    two.exchange(1);
    two.restore(0, backup);
    let ids = ["one", "two", "three"].map(|content| two.say(0, content));
    two.run(6 * DAY);
    // It was asked for five times, and three days later it is lost.
    assert_eq!(two.client(1).unread().map(|unread| unread.tries).collect::<Vec<_>>(), [5; 3]);
    assert_eq!(two.lost[1], []);
    two.run(6 * DAY);
    two.lost[1].sort_unstable();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    assert_eq!(two.lost[1], ids);
    assert_eq!(two.client(1).unread().count(), 0);
    // It is told once.
    two.run(10 * DAY);
    assert_eq!(two.lost[1], ids);
}

#[test]
fn mail_that_was_read_is_known() {
    let mut town = Town::new(7, &[1, 1]);
    let backup = restored(town.client(1, 0));
    town.say(0, 0, 1, b"once");
    let mail = town.mail(1, 0);
    let taken = |client: &mut client::Client, id| {
        let mail = Mail { from: mail.from, id, envelope: &mail.message };
        let pending = client.take(&mail, NOW);
        (pending.is_change(), pending.apply())
    };
    let client = town.client(1, 0);
    assert!(!client.was_read(mail.from, &mail.id));
    let (_, first) = taken(client, Some(mail.id));
    assert!(matches!(first, Taken::Letter(letter) if text(&letter.event) == b"once"));
    assert!(client.was_read(mail.from, &mail.id));
    // With its id or without, and also when its session and its prekeys are gone.
    for id in [Some(mail.id), None] {
        assert!(matches!(taken(client, id), (false, Taken::Known)));
    }
    let mut other = backup;
    assert!(matches!(taken(&mut other, Some(mail.id)), (true, Taken::Letter(_))));
    let junk = [&mail.message[..mail.message.len() - 1], &[0]].concat();
    let junk = Mail { from: mail.from, id: Some(mail.id), envelope: &junk };
    let client = town.client(1, 0);
    assert!(matches!(client.take(&junk, NOW).apply(), Taken::Known));
    assert_eq!(client.unread().count(), 0);
}

#[test]
fn mail_that_may_open_later_waits_and_changes_nothing() {
    let mut town = Town::new(8, &[1, 1]);
    town.add_account(latchstring::session::AccountId([9; 32]));
    for of in [0, 2] {
        town.learn(2, 0, town.id(of)).unwrap();
    }
    town.say(2, 0, 0, b"hello");
    let mail = town.mail(0, 0);
    let account = town.id(2);
    let client = town.client(0, 0);
    let taken = Mail { from: mail.from, id: Some(mail.id), envelope: &mail.message };
    let pending = client.take(&taken, NOW);
    assert!(!pending.is_change());
    assert!(matches!(pending.apply(), Taken::Waits(Need::List(of)) if of == account));
    town.learn(0, 0, account).unwrap();
    assert!(matches!(town.client(0, 0).take(&taken, NOW).apply(), Taken::Letter(_)));
}

#[test]
fn an_unread_letter_is_forgotten_once_it_is_read_or_its_sender_is_gone() {
    let mut two = Two::new(9, [Style::Never; 2], FAST, HOUR);
    let id = two.say(0, "after the junk");
    let (from, now) = (two.town.address(0, 0), two.town.now);
    let short = Mail { from, id: Some(id), envelope: &[1, 1, 7] };
    let refused = two.client(1).take(&short, now).apply();
    assert!(matches!(refused, Taken::Refused(Error::Malformed)), "nobody has sealed that");
    let junk = Mail { envelope: &junk_message(), ..short };
    assert!(matches!(two.client(1).take(&junk, now).apply(), Taken::Unread(Error::Forged)));
    assert_eq!(two.client(1).unread().map(|unread| unread.id).collect::<Vec<_>>(), [id]);
    let mut forgets = restored(two.client(1));
    forgets.forget(from.account, now).unwrap().apply();
    assert_eq!(forgets.unread().count(), 0);
    two.run(1);
    assert!(has_read(&two, 1, "after the junk"));
    assert_eq!(two.client(1).unread().count(), 0);
}

/// Returns a message that nobody has sealed.
pub(super) fn junk_message() -> Vec<u8> {
    [&[1, 1][..], &[7; 400]].concat()
}

//! Readings that are far ahead: what they cost, and what makes them firm.

use super::*;

use latchstring::client::Repair;

const AHEAD: u64 = NOW + 100 * DAY;

#[test]
fn a_clock_ahead_for_a_minute_erases_and_ends_nothing() {
    let (mut town, mail) = withheld(1);
    let client = town.client(0, 0);
    let bundle = client.bundle();
    for now in [AHEAD, AHEAD + 1, AHEAD + MINUTE] {
        client.expire(now).apply();
        client.learn(&client.list().clone(), now).unwrap().apply();
        *client = restored(client);
    }
    // Right again: whatever was there is there.
    let now = NOW + 2 * MINUTE;
    assert_eq!(opens(client, &mail, now), Ok(()));
    assert_eq!(tasks(client, now).clock, ClockState::Fits);
    assert!(!tasks(client, now).prekeys.rotate && client.bundle() == bundle);
    changed(client.expire(now));
    assert!(!client.expire(now + MINUTE).is_change());
    town.now = now;
    town.say(0, 0, 1, b"as ever");
    assert_eq!(town.read(1, 0), [b"as ever"]);

    let mut door = Door::new(2);
    let (_, claim) = door.guest();
    for now in [AHEAD, AHEAD + MINUTE] {
        door.invite.expire(now).apply();
        door.refuses(&claim, now, Error::Expired);
    }
    assert!(door.invite.link().is_some());
    let mut talk = Talk::at(door);
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    for chat in [&mut talk.host, &mut talk.guest] {
        for now in [AHEAD, AHEAD + MINUTE] {
            chat.expire(now).apply();
            refuses(chat, Error::Expired, |chat| chat.say("late", now, &mut talk.door.rng));
        }
        assert_eq!(chat.status(), ChatStatus::Active);
    }
    let text = talk.guest_says("as ever", NOW + 2 * MINUTE);
    assert_eq!(text_of(&talk.host.hear(&text, NOW + 2 * MINUTE).unwrap().event), "as ever");
    assert_eq!(talk.host.deadline(), NOW + 2 * MINUTE + IDLE);
}

#[test]
fn a_clock_ahead_for_a_minute_forgets_no_letter_and_no_session() {
    let mut town = Town::new(12, &[2, 1]);
    town.chat(0, 1);
    let (own, peer) = (town.address(0, 0), town.address(1, 0));
    // A session that was left, with a letter on its way in it; one that did not open, and one that was sent.
    town.say(1, 0, 0, b"late");
    let late = town.server.take(own).unwrap();
    town.client(1, 0).reset_session(own, NOW).unwrap().apply();
    town.say(1, 0, 0, b"new");
    town.receive_all();
    let sent = town.say(0, 0, 1, b"answer");
    town.receive_all();
    town.say(1, 0, 0, b"more");
    town.receive_all();
    let client = town.client(0, 0);
    let junk = [&[1, 1][..], &[7; 400]].concat();
    let junk = client::Mail { from: peer, id: Some(MessageId([1; 16])), envelope: &junk };
    client.take(&junk, NOW).apply();
    for now in [AHEAD, AHEAD + MINUTE] {
        assert_eq!(client.expire(now).apply().lost, []);
        assert_eq!(tasks(client, now).idle, []);
        assert_eq!(opens(client, &late, now), Ok(()));
        *client = restored(client);
    }
    let now = NOW + 2 * MINUTE;
    assert_eq!(client.unread().count(), 1);
    assert_eq!(opens(client, &late, now), Ok(()));
    assert!(client.plan_repair(&Repair::Resend { to: peer, id: sent }, now).is_ok());
}

#[test]
fn a_clock_that_stays_ahead_erases_and_ends_after_an_hour() {
    let (mut town, mail) = withheld(3);
    let client = town.client(0, 0);
    for now in [AHEAD, AHEAD + HOUR] {
        changed(client.expire(now));
    }
    client.rotate(AHEAD + HOUR, &mut TestRng::new(3)).apply();
    changed(client.expire(AHEAD + 2 * HOUR));
    client.reset_clock(NOW).apply();
    assert_eq!(opens(client, &mail, NOW), Err(Error::UnknownPrekey));
    let mut talk = Talk::new(4);
    for now in [AHEAD, AHEAD + HOUR] {
        changed(talk.host.expire(now));
    }
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Idle));
}

#[test]
fn a_second_look_or_a_letter_makes_a_leap_firm() {
    // Off for ten days. The clock is right.
    let later = NOW + 10 * DAY;
    let mut town = Town::new(5, &[1, 1]);
    town.chat(0, 1);
    let is_firm = |client: &Client, now| {
        let tasks = tasks(client, now);
        let is_asked = tasks.prekeys.rotate && tasks.renew_list;
        let is_firm = tasks.clock == ClockState::Fits;
        assert_eq!((is_asked, is_firm), (is_firm, is_firm));
        is_firm
    };
    assert!(!is_firm(town.client(0, 0), later));
    // A second look.
    let mut one = restored(town.client(0, 0));
    changed(one.expire(later));
    assert!(!one.expire(later + HOUR - 1).is_change());
    assert!(!is_firm(&one, later + HOUR - 1) && is_firm(&one, later + HOUR));
    changed(one.expire(later + HOUR));
    assert!(is_firm(&restored(&one), later + HOUR));
    // A letter.
    town.now = later;
    town.say(1, 0, 0, b"are you there?");
    let mail = town.mail(0, 0);
    let mut one = restored(town.client(0, 0));
    one.receive(mail.from, &mail.message, later).unwrap();
    assert!(is_firm(&restored(&one), later));
    // One that was withheld says only that it is as late as that.
    let mut one = restored(town.client(0, 0));
    one.receive(mail.from, &mail.message, later + 5 * DAY).unwrap();
    assert_eq!(tasks(&one, later + 5 * DAY).clock, ClockState::Ahead(5 * DAY));
    // A list.
    let list = town.renew(1);
    assert!(is_firm(&learned(town.client(0, 0), &list, later), later));
}

fn learned(client: &Client, list: &client::DeviceList, now: u64) -> Client {
    let mut client = restored(client);
    client.learn(list, now).unwrap().apply();
    restored(&client)
}

#[test]
fn a_clock_ahead_is_told_before_harm() {
    let (mut town, mail) = withheld(6);
    let client = town.client(0, 0);
    for now in [AHEAD, AHEAD + HOUR - 1] {
        let tasks = tasks(client, now);
        assert_eq!(tasks.clock, ClockState::Ahead(now - NOW));
        // Nothing is to be made that others would refuse.
        assert!(!tasks.prekeys.rotate && !tasks.prekeys.replenish && !tasks.renew_list);
        assert!(!tasks.primary_silent && tasks.idle.is_empty() && !tasks.prekeys.expire);
        client.expire(now).apply();
        assert_eq!(opens(client, &mail, NOW), Ok(()));
    }
    // And behind.
    let now = NOW - DAY - 1;
    assert_eq!(tasks(client, NOW - DAY).clock, ClockState::Fits);
    assert_eq!(tasks(client, now).clock, ClockState::Behind(DAY + 1));
    assert_eq!(opens(client, &mail, now), Ok(()), "the time stands still");
}

#[test]
fn a_client_begun_in_1970_goes_on_once_the_network_comes() {
    let mut town = Town::new(7, &[1]);
    let mut rng = TestRng::new(8);
    let account = Account::generate(AccountId([9; 32]), &mut rng);
    let mut early = Client::create(&account, 40, &mut rng);
    assert_eq!(tasks(&early, NOW).clock, ClockState::Ahead(NOW - 40));
    let list = town.server.list(town.id(0));
    early.learn(&list, NOW).unwrap().apply();
    let tasks = tasks(&early, NOW);
    assert!(tasks.clock == ClockState::Fits && tasks.renew_list && tasks.prekeys.rotate);
    early.renew(&account, NOW).unwrap().apply();
    let bundle = early.rotate(NOW, &mut rng).apply();
    changed(early.expire(NOW));
    // Others take what it is now.
    let friend = town.client(0, 0);
    friend.learn(early.list(), NOW).unwrap().apply();
    let to = To::Account(account.id());
    let mut plan = friend.plan(to, NOW).unwrap();
    plan.supply(friend, &bundle, NOW, &mut rng).unwrap();
    let hello = support::town::said(b"hello");
    let out = friend.seal(&mut plan, &hello, NOW, &mut rng).unwrap().apply();
    let from = town.address(0, 0);
    early.receive(from, &out.envelopes[0].message, NOW).unwrap();
}

#[test]
fn a_peer_alone_moves_no_clock() {
    let mut town = Town::new(9, &[1, 1]);
    town.chat(0, 1);
    town.now = NOW + 20 * DAY;
    town.say(1, 0, 0, b"from my future");
    let list = town.renew(1);
    let mail = town.mail(0, 0);
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, NOW + 1).unwrap();
    refuses(client, Error::ListExpired, |client| client.learn(&list, NOW + 1).map(drop));
    assert_eq!(tasks(client, NOW + 1).clock, ClockState::Fits);
    assert!(!client.expire(NOW + 2).is_change());
    // It agrees with a clock that is ahead, no more: the two would have to be wrong together.
    let mut other = restored(client);
    other.expire(NOW + 10 * DAY).apply();
    assert_eq!(tasks(&other, NOW + 10 * DAY).clock, ClockState::Ahead(10 * DAY - 1));
}

#[test]
fn a_session_of_a_wrong_future_is_left_once_the_clock_is_reset() {
    let mut town = Town::new(10, &[1, 1]);
    // Both are ahead for a moment, and a session is begun.
    town.now = NOW + 20 * DAY;
    town.rotate(1, 0);
    town.say(0, 0, 1, b"from the future");
    town.now = NOW + MINUTE;
    town.rotate(1, 0);
    assert!(town.alerts(1, 0).contains(&Alert::StraySession));
    // The bundle agreed with the wrong clock.
    let (peer, now) = (town.address(1, 0), town.now);
    let client = town.client(0, 0);
    assert_eq!(tasks(client, now).clock, ClockState::Behind(20 * DAY - MINUTE));
    assert_eq!(client.reset_clock(now).apply().sessions, [peer]);
    town.say(0, 0, 1, b"now");
    assert!(town.alerts(1, 0).contains(&Alert::NewSession));
    town.say(1, 0, 0, b"welcome");
    assert_eq!(town.read(0, 0), [b"welcome"]);
    town.say(0, 0, 1, b"thank you");
    assert_eq!(town.read(1, 0), [b"thank you"]);
}

#[test]
fn a_link_of_a_clock_far_ahead_is_not_taken() {
    let door = Door::new(11);
    let open = |now| door.link().open(door.server_copy.sealed_invitation(), ORIGIN, now);
    // It waits for 30 days at most, and a day is for clocks that differ.
    let first = EXPIRES - 31 * DAY;
    assert!(open(first).is_ok());
    assert_eq!(open(first - 1).err(), Some(Error::Expired));
    let shared = door.invite.export().unwrap();
    let import = |now| latchstring::guest::Invite::import(&door.host, &shared, now);
    assert!(import(NOW).is_ok());
    let mut young = restored(&door.host);
    young.reset_clock(first - 1).apply();
    let import = |now| latchstring::guest::Invite::import(&young, &shared, now).err();
    assert_eq!((import(first), import(first - 1)), (None, Some(Error::Expired)));
}

#[test]
fn a_clock_that_begins_behind_ends_nothing_that_the_right_one_has_stamped() {
    let mut town = Town::new(79, &[1, 1]);
    town.chat(0, 1);
    // Twenty days later it says something, and is switched off.
    let right = NOW + 20 * DAY;
    town.now = right;
    town.client(0, 0).expire(right).apply();
    let id = town.say(0, 0, 1, b"after a while");
    town.receive_all();
    let to = town.address(1, 0);
    let client = town.client(0, 0);
    *client = restored(client);
    // Its clock begins at nothing, until the network comes and with it a letter.
    client.expire(40).apply();
    town.now = right + 60;
    town.say(1, 0, 0, b"thank you");
    town.receive_all();
    let client = town.client(0, 0);
    client.expire(right + 60).apply();
    let resent = client.plan_repair(&Repair::Resend { to, id }, right + 60);
    assert_eq!(resent.err(), None);
}

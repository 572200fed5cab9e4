//! The end of a list.

use super::*;

#[test]
fn a_list_holds_to_the_last_second_that_it_names() {
    let mut town = Town::new(11, &[2, 1]);
    town.chat(0, 1);
    let list = town.server.list(town.id(1));
    let end = list.expires();
    assert_eq!(end, NOW + 30 * DAY);
    // The writer's own list is newer.
    town.now = end;
    town.renew(0);
    town.inform(0, town.id(0));
    town.inform(1, town.id(0));
    town.say(1, 0, 0, b"in time");
    let mail = town.mail(0, 0);
    assert!(plan(&town).is_ok());
    let mut early = town.people[0].devices[0].plan(To::Account(town.id(1)), end).unwrap();

    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    assert!(client.open(mail.from, &mail.message, end).is_ok());
    let mut stranger = Client::create(&Account::generate(AccountId([9; 32]), rng), end, rng);
    assert!(stranger.learn(&list, end).is_ok());
    let (id, late) = (list.account(), end + 1);
    assert_eq!(stop(client, id, end), None);
    assert_eq!(stop(client, id, late), Some(Stop::ListOver));
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut early, &said(b"late"), late, rng).map(drop)
    });
    refuses(client, Error::ListExpired, |client| client.request_resend(mail.from, mail.id, late));
    refuses(&mut stranger, Error::ListExpired, |client| client.learn(&list, late).map(drop));
}

#[test]
fn an_expired_list_that_follows_bridges_the_way_to_one_that_has_not() {
    let mut town = Town::new(33, &[1, 1]);
    let id = town.id(1);
    for _ in 0..40 {
        town.renew(1);
    }
    let bridge = town.server.list(id);
    town.now = bridge.expires() + 1;
    for _ in 0..40 {
        town.renew(1);
    }
    let (now, far) = (town.now, town.server.list(id));
    let client = town.client(0, 0);
    let followed = ListUpdate::Newer { added: vec![], removed: vec![] };
    assert_eq!(learn(client, &bridge, now), Ok(followed.clone()));
    assert_eq!(stop(client, id, now), Some(Stop::ListOver));
    assert_eq!(learn(client, &far, now), Ok(followed));
    assert!(plan(&town).is_ok());
}

#[test]
fn a_list_from_the_future_is_taken_a_day_before_it_is_issued() {
    let mut town = Town::new(12, &[1]);
    for (ahead, expected) in [(DAY, Ok(ListUpdate::First)), (DAY + 1, Err(Error::ListExpired))] {
        let mut rng = TestRng::new(ahead);
        let account = Account::generate(AccountId([8; 32]), &mut rng);
        let client = Client::create(&account, NOW + ahead, &mut rng);
        let found = town.client(0, 0).learn(client.list(), NOW).map(Pending::apply);
        assert_eq!(found, expected);
    }
}

#[test]
fn a_clock_set_back_revives_no_list() {
    let mut town = Town::new(14, &[1, 1]);
    town.chat(0, 1);
    let (list, end) = (town.server.list(town.id(1)), town.server.list(town.id(1)).expires());
    let mail = town.whisper((1, 0), (0, 0), |words| words);
    let client = town.client(0, 0);
    for now in days(NOW, end + 3600) {
        client.expire(now).apply();
    }
    *client = restored(client);
    assert_eq!(stop(client, list.account(), NOW), Some(Stop::ListOver));
    refuses(client, Error::ListExpired, |client| {
        client.open(mail.from, &mail.message, NOW).map(drop)
    });
    let stranger = Account::generate(AccountId([9; 32]), &mut TestRng::new(9));
    let stranger = Client::create(&stranger, NOW, &mut TestRng::new(9));
    refuses(client, Error::ListExpired, |client| client.learn(stranger.list(), NOW).map(drop));
    assert!(!client.tasks(&Served::NOTHING, NOW).expire, "the hour was seen");
    assert!(client.tasks(&Served::NOTHING, NOW).renew_list);
}

#[test]
fn companions_work_with_the_primary_switched_off_until_the_list_ends() {
    let mut town = Town::new(15, &[3, 2]);
    town.chat(0, 1);
    let end = town.server.list(town.id(0)).expires();
    let mut warned = None;
    for day in 1..=30 {
        town.now = NOW + day * DAY;
        for (person, device) in [(0, 1), (0, 2), (1, 0), (1, 1)] {
            let due = town.client(person, device).tasks(&Served::NOTHING, NOW + day * DAY);
            if due.prekeys.rotate {
                town.rotate(person, device);
            }
            if due.expire {
                let (now, client) = (town.now, town.client(person, device));
                client.expire(now).apply();
            }
            if person == 0 && due.primary_silent {
                warned = warned.or(Some(day));
            }
        }
        if day % 7 == 0 {
            town.renew(1);
            for person in [0, 1] {
                town.inform(person, town.id(1));
            }
        }
        // A companion writes, the other one and the peer read, and the peer answers.
        town.say(0, 1, 1, b"without the telephone");
        town.say(1, 1, 0, b"heard");
        for (person, device) in [(0, 1), (0, 2), (1, 0), (1, 1)] {
            assert!(!town.receive(person, device).into_iter().any(|arrived| arrived.is_err()));
        }
    }
    assert_eq!(warned, Some(14), "warned two weeks ahead");
    // A companion that came while the primary slept cannot be: linking needs the account. At the list's end the
    // peer writes no more, and the companions not to each other.
    town.now = end + 1;
    let [own, peer] = [0, 1].map(|person| town.id(person));
    assert_eq!(stop(town.client(0, 1), own, end + 1), Some(Stop::ListOver));
    assert_eq!(stop(town.client(0, 1), peer, end + 1), None);
    assert_eq!(stop(town.client(1, 0), own, end + 1), Some(Stop::ListOver));
    // The primary comes back, and with it everybody.
    town.renew(0);
    for person in [0, 1] {
        town.inform(person, town.id(0));
    }
    for device in 0..3 {
        town.receive(0, device);
    }
    town.rotate(0, 0);
    town.say(0, 1, 1, b"back");
    assert_eq!(town.read(1, 0), [b"back"]);
    assert_eq!(town.receive(0, 0).len(), 1);
}

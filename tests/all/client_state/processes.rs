//! Processes that end.

use latchstring::client::{DeviceList, Repair};

use super::*;

#[test]
fn a_reader_killed_at_any_step_loses_no_letter_and_shows_none_twice() {
    // Bits of the number: at which letter, and at which step, the process ends.
    for killed in 0..20 {
        let mut town = Town::new(11, &[1, 1]);
        town.chat(0, 1);
        let said: Vec<Vec<u8>> = (0..10).map(|number| vec![number; 20]).collect();
        for content in &said {
            town.say(0, 0, 1, content);
        }
        let from = town.address(0, 0);
        let mut mailbox = town.server.mail.remove(&town.address(1, 0)).unwrap();
        // What the store holds: written in one transaction.
        let mut disk = (town.client(1, 0).to_bytes(), Vec::new());
        let mut steps = 0;
        let mut ends = |step: usize| {
            steps += usize::from(step == killed % 2);
            step == killed % 2 && steps == killed / 2 + 1
        };
        while let Some(mail) = mailbox.front().cloned() {
            let mut client = Client::from_bytes(&disk.0).unwrap();
            match client.open(from, &mail.message, NOW) {
                Ok(pending) => {
                    if ends(0) {
                        continue;
                    }
                    let arrived = pending.apply();
                    disk.0 = client.to_bytes();
                    disk.1.push(text(&arrived.event));
                    if ends(1) {
                        continue;
                    }
                }
                Err(error) => assert_eq!(error, Error::Duplicate),
            }
            mailbox.pop_front();
        }
        assert_eq!(disk.1, said, "killed at {killed}");
    }
}

#[test]
fn a_writer_killed_at_any_step_sends_each_saved_letter_and_no_key_twice() {
    for killed in 0..20 {
        let mut town = Town::new(12, &[1, 2]);
        town.chat(0, 1);
        let to = To::Account(town.id(1));
        let mut disk = (town.client(0, 0).to_bytes(), Vec::<Vec<u8>>::new());
        let mut sent = Vec::new();
        let (mut steps, mut number) = (0, 0);
        while number < 8 {
            let mut client = Client::from_bytes(&disk.0).unwrap();
            // What was saved and perhaps not sent goes first.
            for out in disk.1.drain(..) {
                sent.push(Outgoing::decode(&out).unwrap());
            }
            let mut plan = client.plan(to, NOW).unwrap();
            let sealed = client.seal(&mut plan, &said(&[number; 20]), NOW, &mut town.rng).unwrap();
            steps += 1;
            if steps == killed {
                continue;
            }
            let out = sealed.apply();
            disk = (client.to_bytes(), vec![out.encode()]);
            number += 1;
            steps += 1;
            if steps == killed {
                continue;
            }
            sent.push(out);
            disk.1.clear();
        }
        sent.extend(disk.1.iter().map(|out| Outgoing::decode(out).unwrap()));
        let from = town.address(0, 0);
        for device in [0, 1] {
            let to = town.address(1, device);
            let mut read = Vec::new();
            for out in &sent {
                let envelope = out.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
                match town.client(1, device).receive(from, &envelope.message, NOW) {
                    Ok(arrived) => {
                        assert_eq!((arrived.skipped, arrived.alerts.len()), (0, 0));
                        read.push(text(&arrived.event));
                    }
                    Err(error) => assert_eq!(error, Error::Duplicate),
                }
            }
            let expected: Vec<_> = (0..8).map(|number| vec![number; 20]).collect();
            assert_eq!(read, expected, "killed at {killed}");
        }
    }
}

#[test]
fn a_reader_that_is_killed_while_it_takes_a_first_letter_takes_it_again() {
    let mut town = Town::new(13, &[1, 1]);
    town.say(0, 0, 1, b"first");
    let mail = town.mail(1, 0);
    let client = town.client(1, 0);
    let before = client.to_bytes();
    for _ in 0..3 {
        // It ends before the letter is seen, or before what follows from it is saved.
        drop(client.open(mail.from, &mail.message, NOW).unwrap());
        let arrived = restored(client).open(mail.from, &mail.message, NOW).unwrap().apply();
        assert_eq!(text(&arrived.event), b"first");
        assert!(*before == *client.to_bytes());
        *client = restored(client);
    }
    client.receive(mail.from, &mail.message, NOW).unwrap();
    *client = restored(client);
    let again = |client: &mut Client| client.open(mail.from, &mail.message, NOW).map(drop);
    refuses(client, Error::Duplicate, again);
    town.say(1, 0, 0, b"answer");
    assert_eq!(town.read(0, 0), [b"answer"]);
}

#[test]
fn clients_restored_at_every_step_go_on() {
    let mut town = Town::new(14, &[2, 2]);
    for round in 0..6_u8 {
        for (person, device) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
            town.say(person, device, 1 - person, &[round; 30]);
            for person in &mut town.people {
                person.devices = person.devices.iter().map(restored).collect();
                person.account = restored(&person.account);
            }
            for (person, device) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                for arrived in town.receive(person, device) {
                    let arrived = arrived.unwrap();
                    assert!(matches!(arrived.event, LetterEvent::Message(_)));
                    assert_eq!((arrived.skipped, arrived.lost), (0, 0));
                }
            }
        }
    }
    assert_eq!(town.client(0, 0).mismatches().count(), 0);
}

#[test]
fn a_clock_that_ran_ahead_is_reset_when_the_caller_says_so() {
    let mut town = Town::new(16, &[1, 1]);
    town.chat(0, 1);
    let ahead = NOW + 1000 * DAY;
    let client = town.client(0, 0);
    for now in [ahead, ahead + 3600] {
        client.expire(now).apply();
    }
    let to = To::Account(AccountId([2; 32]));
    refuses(client, Error::ListExpired, |client| client.plan(to, NOW));
    client.reset_clock(NOW).apply();
    assert!(client.plan(to, NOW).is_ok());
    town.rotate(0, 0);
    town.chat(0, 1);
    // A session that was made in that future is given up: no peer would have it.
    let client = town.client(0, 0);
    client.forget(AccountId([2; 32]), NOW).unwrap().apply();
    let mut future = Town::new(17, &[1, 1]);
    future.now = ahead;
    for person in [0, 1] {
        future.renew(person);
        future.rotate(person, 0);
    }
    future.learn_all();
    future.say(0, 0, 1, b"in the future");
    let (peer, client) = (future.address(1, 0), future.client(0, 0));
    assert!(client.has_session(peer, ahead));
    client.reset_clock(NOW).apply();
    assert!(!client.has_session(peer, NOW));
}

#[test]
fn a_clock_at_either_end_breaks_no_client() {
    let mut town = Town::new(15, &[1, 1]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"hello");
    let mail = town.mail(0, 0);
    let to = To::Account(town.id(1));
    for now in [0, 1, u64::MAX - 1, u64::MAX] {
        let mut client = restored(town.client(0, 0));
        let before = client.to_bytes();
        let tasks = client.tasks(&Served::NOTHING, now);
        // At the end of time nothing is done by one look, which is worth a change.
        assert!(!tasks.renew_list && !tasks.primary_silent && tasks.expire == (now > NOW));
        assert_eq!(client.plan(to, now).is_ok(), now < NOW, "the past is the time that was seen");
        let arrived = restored(&client).receive(mail.from, &mail.message, now).unwrap();
        assert_eq!(arrived.alerts.is_empty(), now < NOW, "the list is over");
        let _ = client.plan_repair(&Repair::SeenReport, now);
        let _ = client.plan_repair(&Repair::Backfill { id: mail.id }, now);
        assert!(*before == *client.to_bytes());
        client.expire(now).apply();
        client.rotate(now, &mut town.rng).apply();
        assert!(refusal(&mut client, |client| client.plan(to, now)).is_none() == (now < NOW));
        let mut client = restored(&client);
        client.open(mail.from, &mail.message, NOW).unwrap().apply();
        assert!(client.plan(to, NOW).is_ok());
    }
    // Nor prekeys that are made there.
    let last = Client::create(&town.people[0].account, u64::MAX, &mut town.rng);
    assert!(Bundle::decode(&last.bundle().encode()).is_ok());
    restored(&last);
    // Nor a list that is signed at the end of time: it lives as long as any other.
    let Person { account, devices } = &mut town.people[0];
    devices[0].renew(account, u64::MAX).unwrap().apply();
    assert_eq!(devices[0].list().expires(), u64::MAX);
    for now in [0, u64::MAX] {
        let client = Client::create(account, now, &mut TestRng::new(1));
        let (issued, expires) = (client.list().issued(), client.list().expires());
        assert_eq!(expires - issued, 30 * 86_400);
        assert!(DeviceList::decode(&client.list().encode()).is_ok());
    }
}

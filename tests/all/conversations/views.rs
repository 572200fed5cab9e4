//! Things that are shown once: on one device, once, and not again when a clock, a restart or a late letter comes.

use latchstring::attachment::Reference;
use latchstring::content::Kind;
use support::{changed, days, object, restored};

use super::*;

/// Makes an image that is shown once.
fn image() -> Content {
    let bytes = [&[1, 0x32, 2, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
    let reference = Reference::decode(&bytes).unwrap();
    Content::attached(&reference, b"shelf 3").unwrap().shown_once().unwrap()
}

/// Makes a target of another account, told from others by a number.
fn target(number: u16) -> Target {
    let mut bytes = [99; 88];
    bytes[56..58].copy_from_slice(&number.to_be_bytes());
    Target::decode(&bytes).unwrap()
}

/// Sends the notice of something that was viewed to the other own devices.
fn notify(town: &mut Town, (person, device): (usize, usize), of: &Target) {
    let notice = town.client(person, device).view_notice(of).unwrap();
    let (now, from) = (town.now, town.address(person, device));
    let Town { people, rng, .. } = town;
    let out = people[person].devices[device].send_object(&notice, now, rng).unwrap();
    town.server.post(from, out);
}

#[test]
fn what_is_shown_once_is_viewed_on_one_device_and_never_again() {
    let mut town = Town::new(1, &[1, 2]);
    town.chat(0, 1);
    let target = tell(&mut town, (0, 0), 1, &image());
    let letters = [receive(&mut town, (1, 0)), receive(&mut town, (1, 1))];
    assert!(letters.iter().all(|letter| letter.target() == Some(target)));
    // It is not passed on, either.
    assert!(letters.iter().all(|letter| letter.to_copy().is_none()));
    let [content, other] = letters.map(content);
    assert_eq!((content.view_once(), content.attachment().is_none()), (Some(Kind::Image), true));
    let client = town.client(1, 0);
    assert!(client.view_notice(&target).is_none());
    // What is dropped was not shown.
    drop(client.view(&target, &content, NOW, NOW).unwrap());
    let viewing = changed(client.view(&target, &content, NOW, NOW).unwrap());
    assert_eq!(viewing.attachment.place(), b"shelf 3");
    let notice = client.view_notice(&target).unwrap();
    assert_eq!(notice.as_bytes(), viewing.notice.as_bytes());
    let mut loaded = restored(client);
    for client in [town.client(1, 0), &mut loaded] {
        refuses(client, Error::AlreadyViewed, |client| {
            client.view(&target, &content, NOW, NOW).map(drop)
        });
    }
    notify(&mut town, (1, 0), &target);
    let LetterEvent::Own(OwnContent::Viewed(viewed)) = receive(&mut town, (1, 1)).event else {
        panic!()
    };
    assert_eq!(viewed, target);
    refuses(town.client(1, 1), Error::AlreadyViewed, |client| {
        client.view(&target, &other, NOW, NOW).map(drop)
    });
}

#[test]
fn a_notice_that_comes_before_its_message_counts() {
    let mut town = Town::new(2, &[1, 2]);
    town.chat(0, 1);
    let target = tell(&mut town, (0, 0), 1, &image());
    let held = town.mail(1, 1);
    let content = content(receive(&mut town, (1, 0)));
    changed(town.client(1, 0).view(&target, &content, NOW, NOW).unwrap());
    notify(&mut town, (1, 0), &target);
    receive(&mut town, (1, 1));
    let letter = town.client(1, 1).receive(held.from, &held.message, NOW).unwrap();
    assert_eq!(letter.target(), Some(target));
    let late = super::content(letter);
    refuses(town.client(1, 1), Error::AlreadyViewed, |client| {
        client.view(&target, &late, NOW, NOW).map(drop)
    });
}

#[test]
fn only_others_views_of_what_is_marked_and_in_time_are_given() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let own = tell(&mut town, (0, 0), 1, &image());
    let text = Content::text("hello").unwrap();
    let client = town.client(0, 0);
    for (of, content) in [(&own, &image()), (&target(1), &text)] {
        refuses(client, Error::NotAllowed, |client| client.view(of, content, NOW, NOW).map(drop));
    }
    // A clock that may be ahead lets nothing be viewed, and nothing be erased.
    let end = NOW + 14 * DAY;
    for late in [end, end + 1] {
        refuses(client, Error::Expired, |client| {
            client.view(&target(1), &image(), NOW, late).map(drop)
        });
    }
    let mut in_time = restored(client);
    changed(in_time.view(&target(1), &image(), NOW, end - 1).unwrap());
    for now in days(NOW, end) {
        client.expire(now).apply();
    }
    client.expire(end + 3600).apply();
    refuses(client, Error::AlreadyViewed, |client| {
        client.view(&target(1), &image(), NOW, end + 3600).map(drop)
    });
}

#[test]
fn what_was_viewed_is_remembered_for_longer_than_it_can_come() {
    let mut client = support::client(1, &mut support::TestRng::new(4));
    changed(client.view(&target(1), &image(), NOW, NOW).unwrap());
    let end = NOW + 150 * DAY;
    for now in days(NOW, end - 1) {
        client.expire(now).apply();
        // As if it came only now.
        let again = client.view(&target(1), &image(), now, now).map(drop);
        assert_eq!(again, Err(Error::AlreadyViewed), "{}", (now - NOW) / DAY);
    }
    // A clock that is ahead for a minute forgets nothing.
    let mut ahead = restored(&client);
    ahead.expire(end + 365 * DAY).apply();
    assert!(ahead.view_notice(&target(1)).is_some());
    client.expire(end).apply();
    client.expire(end + 3600).apply();
    assert!(client.view_notice(&target(1)).is_none());
}

#[test]
fn over_512_views_are_refused_and_none_is_forgotten() {
    let mut town = Town::new(5, &[2]);
    let to = To::Own;
    send(&mut town, (0, 0), to, &Content::text("hello").unwrap()).unwrap();
    town.receive_all();
    let client = town.client(0, 0);
    for number in 0..512 {
        client.view(&target(number), &image(), NOW, NOW).unwrap().apply();
    }
    refuses(client, Error::TooOften, |client| {
        client.view(&target(512), &image(), NOW, NOW).map(drop)
    });
    assert!((0..512).all(|number| client.view_notice(&target(number)).is_some()));
    // What own devices tell has room beside these.
    for number in 512..1024 {
        let notice = object(&[&[1, 0x3b][..], &target(number).encode()].concat());
        let Town { people, rng, .. } = &mut town;
        let out = people[0].devices[1].send_object(&notice, NOW, rng).unwrap();
        let from = town.address(0, 1);
        town.server.post(from, out);
        receive(&mut town, (0, 0));
    }
    let client = restored(town.client(0, 0));
    assert!((0..1024).all(|number| client.view_notice(&target(number)).is_some()));
}

#[test]
fn a_notice_in_another_form_is_malformed_and_nobody_elses_is_taken() {
    let mut town = Town::new(6, &[2, 1]);
    town.chat(0, 1);
    let notice = [&[1, 0x3b][..], &target(1).encode()].concat();
    for bytes in [&notice[..89], &[&notice[..], &[0]].concat()] {
        let refused = refused_words(&mut town, (0, 1), (0, 0), |words| words.raw(6, bytes));
        assert_eq!(refused, Some(Error::Malformed));
    }
    let refused = refused_words(&mut town, (1, 0), (0, 0), |words| words.raw(6, &notice));
    assert_eq!(refused, Some(Error::NotSelf));
    assert!(town.client(0, 0).view_notice(&target(1)).is_none());
}

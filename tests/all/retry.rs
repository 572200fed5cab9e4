//! Resend requests: a letter is sealed again with the same content, for whom it was, not for ever.

use latchstring::Error;
use latchstring::client::{
    Address, Enclosed, GroupId, LetterEvent, MessageId, Outgoing, Repair, To,
};
use latchstring::session::{Account, AccountId};
use latchstring::storage::State;

use support::forged::{self, Words};
use support::town::{Mail, Town, said, text};
use support::{NOW, changed, days, places, refuses, restored};

const DAY: u64 = 86_400;

/// Sends to all, and loses the envelope for the second person's first device.
fn lose(town: &mut Town, content: &[u8]) -> Mail {
    town.say(0, 0, 1, content);
    let lost = town.mail(1, 0);
    town.receive_all();
    lost
}

/// Lets the second person ask the first one for a letter.
fn ask(town: &mut Town, lost: &Mail) {
    let now = town.now;
    let mut plan = town.client(1, 0).request_resend(lost.from, lost.id, now).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), [lost.from]);
    town.supply(1, 0, &mut plan).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    let arrived = town.receive(0, 0).pop().unwrap().unwrap();
    assert!(matches!(arrived.event, LetterEvent::ResendRequested));
    assert_eq!(arrived.from, town.address(1, 0));
    let repair = Repair::Resend { to: arrived.from, id: lost.id };
    assert!(town.client(0, 0).repairs(now).eq([repair]));
}

/// Lets the first person seal it again for who asked.
fn again(town: &mut Town, lost: &Mail, content: &[u8]) -> Result<Outgoing, Error> {
    let mut plan = town.people[0].devices[0]
        .plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, town.now)?;
    assert_eq!(plan.devices().collect::<Vec<_>>(), [lost.to]);
    town.supply(0, 0, &mut plan)?;
    town.seal_plan(0, 0, &mut plan, &said(content))
}

#[test]
fn a_lost_letter_is_sealed_again_when_requested_and_read_once() {
    let mut town = Town::new(1, &[2, 2]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"take care");
    ask(&mut town, &lost);
    let out = again(&mut town, &lost, b"take care").unwrap();
    assert_eq!((out.id, out.envelopes.len()), (lost.id, 1));
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert_eq!((arrived.id, text(&arrived.event)), (lost.id, b"take care".to_vec()));
    assert_eq!(arrived.alerts, []);
    // What was thought lost comes after all, and so does another copy.
    let arrived = town.client(1, 0).receive(lost.from, &lost.message, NOW).unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(_)));
    let out = again(&mut town, &lost, b"take care").unwrap();
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(_)));
    assert_eq!(arrived.alerts, []);
}

#[test]
fn letters_of_every_kind_are_sealed_again_as_they_were() {
    let mut town = Town::new(2, &[2, 2]);
    let two = town.id(1);
    town.chat(0, 1);
    let cases: [(To<'_>, (usize, usize), &[u8]); 5] = [
        (To::Account(two), (0, 1), b"an own copy"),
        (To::Group { id: GroupId([3; 32]), members: &[two] }, (1, 1), b"in a group"),
        (To::Group { id: GroupId([3; 32]), members: &[two] }, (0, 1), b"own copy of a group's"),
        (To::Own, (0, 1), b"settings"),
        (To::Account(two), (1, 1), &[6; 9000]),
    ];
    for (to, (person, device), content) in cases {
        let out = town.seal(0, 0, to, content).unwrap();
        let (id, blob) = (out.id, out.blob.clone());
        town.server.post(town.address(0, 0), out);
        let address = town.address(person, device);
        let lost = town.server.take(address).unwrap();
        assert_eq!(lost.id, id);
        town.receive_all();
        let before = town.client(person, device).receive(lost.from, &lost.message, NOW).unwrap();

        let mut plan =
            town.client(0, 0).plan_repair(&Repair::Resend { to: address, id }, NOW).unwrap();
        let out = town.seal_plan(0, 0, &mut plan, &said(content)).unwrap();
        assert!(out.blob == blob, "the blob that the server has is the one");
        let message = &out.envelopes[0].message;
        let after = town.client(person, device).receive(lost.from, message, NOW).unwrap();
        // Same name, same content, or it would be an equivocation.
        assert!(matches!(after.event, LetterEvent::Repeated(_)));
        assert_eq!((after.id, after.conversation), (before.id, before.conversation));
        assert_eq!(after.alerts, []);
        assert!(after.is_for(&[town.id(0), two]));
    }
}

#[test]
fn other_content_is_not_sealed_under_the_message_id_of_a_letter() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"yes");
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut plan = client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW).unwrap();
    for other in [&b"no"[..], b"", b"yes ", &[1; 5000]] {
        refuses(client, Error::ContentMismatch, |client| {
            client.seal(&mut plan, &said(other), NOW, rng).map(drop)
        });
    }
    // The plan is as it was.
    let out = client.seal(&mut plan, &said(b"yes"), NOW, rng).unwrap().apply();
    assert_eq!(out.id, lost.id);
}

#[test]
fn a_letter_is_sealed_five_times_more_for_one_device() {
    let mut town = Town::new(4, &[1, 2]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"again");
    let mut early =
        town.client(0, 0).plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW).unwrap();
    for _ in 0..5 {
        again(&mut town, &lost, b"again").unwrap();
        let client = town.client(0, 0);
        *client = restored(client);
    }
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::ResendLimit, |client| {
        client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW)
    });
    // Nor by a plan that was made before.
    refuses(client, Error::ResendLimit, |client| {
        client.seal(&mut early, &said(b"again"), NOW, rng).map(drop)
    });
    // Another device has its own five.
    let other = Mail { to: town.address(1, 1), ..lost };
    assert!(again(&mut town, &other, b"again").is_ok());
}

#[test]
fn a_letter_is_remembered_for_two_weeks() {
    let mut town = Town::new(5, &[1, 1]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"remember");
    let mut early =
        town.client(0, 0).plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW).unwrap();
    let end = NOW + 14 * DAY;
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    // A clock that leaps for a minute makes nothing forgotten.
    assert!(client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, end).is_ok());
    for now in days(NOW, end - DAY) {
        changed(client.expire(now));
    }
    assert!(client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, end - 1).is_ok());
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, end)
    });
    refuses(client, Error::MessageForgotten, |client| {
        client.seal(&mut early, &said(b"remember"), end, rng).map(drop)
    });
    // A clock that is set back does not bring it back.
    changed(client.expire(end));
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW)
    });
    assert!(places(&client.to_bytes(), &lost.id.0).is_empty(), "it is remembered");
}

#[test]
fn the_newest_128_letters_are_remembered() {
    let mut town = Town::new(6, &[1, 1]);
    town.chat(0, 1);
    let to = town.address(1, 0);
    let ids: Vec<_> = (0..129_u8).map(|content| town.say(0, 0, 1, &[content])).collect();
    let client = town.client(0, 0);
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to, id: ids[0] }, NOW)
    });
    assert!(client.plan_repair(&Repair::Resend { to, id: ids[1] }, NOW).is_ok());
    assert!(client.plan_repair(&Repair::Resend { to, id: ids[128] }, NOW).is_ok());
}

#[test]
fn only_who_a_letter_was_for_gets_it_again() {
    let mut town = Town::new(7, &[2, 2, 1]);
    town.chat(0, 1);
    town.chat(0, 2);
    let lost = lose(&mut town, b"for you alone");
    let third = town.address(2, 0);
    let own = town.address(0, 0);
    let unknown = Address { account: town.id(1), ..third };
    let client = town.client(0, 0);
    refuses(client, Error::NotRecipient, |client| {
        client.plan_repair(&Repair::Resend { to: third, id: lost.id }, NOW)
    });
    refuses(client, Error::Unlisted, |client| {
        client.plan_repair(&Repair::Resend { to: unknown, id: lost.id }, NOW)
    });
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: lost.to, id: MessageId([0; 16]) }, NOW)
    });
    let error = client.plan_repair(&Repair::Resend { to: own, id: lost.id }, NOW).err();
    assert_eq!(error, Some(Error::OwnDevice), "this device has it");
    // A member of one group, of what was said in another.
    let [two, three] = [1, 2].map(|person| town.id(person));
    let out = town.seal(0, 0, To::Group { id: GroupId([1; 32]), members: &[two] }, b"us").unwrap();
    let all = town
        .seal(0, 0, To::Group { id: GroupId([2; 32]), members: &[two, three] }, b"all")
        .unwrap();
    let client = town.client(0, 0);
    refuses(client, Error::NotRecipient, |client| {
        client.plan_repair(&Repair::Resend { to: third, id: out.id }, NOW)
    });
    assert!(client.plan_repair(&Repair::Resend { to: third, id: all.id }, NOW).is_ok());
}

#[test]
fn a_device_not_there_yet_or_no_more_gets_nothing_again() {
    let mut town = Town::new(8, &[1, 2]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"among us");
    town.link(1);
    let new = town.address(1, 2);
    let gone = town.address(1, 1);
    town.remove(1, 1);
    town.inform(0, town.id(1));
    let client = town.client(0, 0);
    refuses(client, Error::NotRecipient, |client| {
        client.plan_repair(&Repair::Resend { to: new, id: lost.id }, NOW)
    });
    refuses(client, Error::Unlisted, |client| {
        client.plan_repair(&Repair::Resend { to: gone, id: lost.id }, NOW)
    });
    assert!(client.plan_repair(&Repair::Resend { to: lost.to, id: lost.id }, NOW).is_ok());
}

#[test]
fn a_request_says_nothing_else_and_is_for_a_listed_device() {
    let mut town = Town::new(9, &[1, 1]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"lost");
    let (client, rng) = (&mut town.people[1].devices[0], &mut town.rng);
    let mut plan = client.request_resend(lost.from, lost.id, NOW).unwrap();
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &said(b"and by the way"), NOW, rng).map(drop)
    });
    let own = client.address();
    refuses(client, Error::OwnDevice, |client| client.request_resend(own, lost.id, NOW));
    let unknown = Address { account: AccountId([9; 32]), ..own };
    refuses(client, Error::UnknownAccount, |client| client.request_resend(unknown, lost.id, NOW));
    // A request is remembered by nobody as a letter of its own.
    let out = client.seal(&mut plan, Enclosed::Nothing, NOW, rng).unwrap().apply();
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: lost.from, id: out.id }, NOW)
    });
}

#[test]
fn a_request_for_what_was_never_said_gets_nothing() {
    let mut town = Town::new(10, &[1, 1]);
    let lost = [&[0, 0, 0, 1][..], &[0xee; 16], &[0; 4]].concat();
    let mail =
        town.whisper((1, 0), (0, 0), |words: Words| words.content(forged::RESEND_REQUEST, &lost));
    let client = town.client(0, 0);
    let arrived = client.receive(mail.from, &mail.message, NOW).unwrap();
    assert!(matches!(arrived.event, LetterEvent::ResendRequested));
    // Nothing was ever said to who asks, and it does not hear when this device is there.
    assert_eq!(client.repairs(NOW).count(), 0);
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: mail.from, id: MessageId([0xee; 16]) }, NOW)
    });
}

#[test]
fn a_device_that_lost_its_sessions_reads_what_its_resend_request_brings() {
    let mut town = Town::new(11, &[1, 1]);
    let old = restored(town.client(1, 0));
    town.chat(0, 1);
    *town.client(1, 0) = old;
    town.say(0, 0, 1, b"can you read this?");
    let lost = town.mail(1, 0);
    let client = town.client(1, 0);
    refuses(client, Error::Forged, |client| client.open(lost.from, &lost.message, NOW).map(drop));
    town.now += 1;
    ask(&mut town, &lost);
    let out = again(&mut town, &lost, b"can you read this?").unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 0), [b"can you read this?"]);
}

#[test]
fn a_lossy_network_comes_to_the_same_texts_everywhere() {
    let mut town = Town::new(12, &[1, 3]);
    town.chat(0, 1);
    let mut read: Vec<Vec<Vec<u8>>> = vec![Vec::new(); 3];
    let mut said = Vec::new();
    for number in 0..30_u8 {
        let content = vec![number; 10 + usize::from(number)];
        let id = town.say(0, 0, 1, &content);
        said.push(content.clone());
        for (device, read) in read.iter_mut().enumerate() {
            let mail = town.mail(1, device);
            // Every third envelope is lost, in turn at each device; of these every second twice.
            if usize::from(number) % 3 != device {
                let arrived = town.client(1, device).receive(mail.from, &mail.message, NOW);
                read.push(text(&arrived.unwrap().event));
                continue;
            }
            for attempt in 0..=usize::from(number % 2) {
                let mut plan = town.client(1, device).request_resend(mail.from, id, NOW).unwrap();
                let out = town.seal_plan(1, device, &mut plan, Enclosed::Nothing).unwrap();
                town.server.post(town.address(1, device), out);
                assert_eq!(town.receive(0, 0).len(), 1);
                let out = again(&mut town, &mail, &content).unwrap();
                if attempt == usize::from(number % 2) {
                    let message = &out.envelopes[0].message;
                    let arrived = town.client(1, device).receive(mail.from, message, NOW).unwrap();
                    read.push(text(&arrived.event));
                }
            }
        }
    }
    assert!(read.iter().all(|read| *read == said));
}

#[test]
fn a_person_who_set_up_the_account_anew_gets_nothing_of_before() {
    let mut town = Town::new(13, &[1, 1]);
    town.chat(0, 1);
    let lost = lose(&mut town, b"before");
    let account = Account::generate(town.id(1), &mut town.rng);
    let new = latchstring::client::Client::create(&account, NOW, &mut town.rng);
    let client = town.client(0, 0);
    changed(client.learn(new.list(), NOW).unwrap());
    // Not before the user has said yes to it, and not after.
    refuses(client, Error::Unlisted, |client| {
        client.plan_repair(&Repair::Resend { to: new.address(), id: lost.id }, NOW)
    });
    client.acknowledge(new.list(), NOW).unwrap().apply();
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: new.address(), id: lost.id }, NOW)
    });
}

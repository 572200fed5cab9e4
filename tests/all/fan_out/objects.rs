//! Objects for own devices: the door that they go through, and that nothing else goes through it.

use latchstring::client::{OwnContent, OwnObject, ReceivedLetter, Repair};
use latchstring::guest::{Chat, Invite, Policy};
use support::doors::Doors;
use support::guest::{EXPIRES, ORIGIN};
use support::object;

use super::*;

/// Makes an account of two devices that have talked, and a link of the first.
fn linked(seed: u64) -> (Town, Invite) {
    let mut town = Town::new(seed, &[2, 1]);
    town.chat(0, 1);
    let policy = Policy::new("Ada", EXPIRES);
    let (client, rng) = (&town.people[0].devices[0], &mut town.rng);
    let (invite, _) = Invite::create(client, ORIGIN, policy, NOW, rng).unwrap();
    (town, invite)
}

/// Brings what the first device has sealed to the second.
fn brought(town: &mut Town, out: Outgoing) -> ReceivedLetter {
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(0, 1).pop().unwrap().unwrap();
    assert_eq!((arrived.sender, arrived.conversation), (Sender::Own, Conversation::Own));
    arrived
}

/// Makes a shared chat that is good for the account of the town: a stranger with its id has written it.
fn chat_of_a_stranger(seed: u64) -> OwnObject {
    let mut doors = Doors::new(seed, 1);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let shared = host.export(&doors.home.clients[0], NOW).unwrap();
    // By a device that is not listed, so that nobody compares its signature.
    let granter = shared.as_bytes().len() - 80;
    object(&flipped(shared.as_bytes(), granter))
}

#[test]
fn an_object_reaches_the_other_own_devices_as_what_it_is() {
    let (mut town, invite) = linked(60);
    let link = invite.export().unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let out = client.send_object(&link, NOW, rng).unwrap();
    assert_eq!(out.envelopes.len(), 1);
    let LetterEvent::Own(OwnContent::Link(shared)) = brought(&mut town, out).event else {
        panic!()
    };
    assert!(shared.as_bytes() == link.as_bytes());
    let imported = Invite::import(town.client(0, 1), &shared, NOW).unwrap();
    assert_eq!(imported.locator(), invite.locator());
    for (kind, name) in [(0x23, "Notice(..)"), (0x25, "Grant(..)"), (0x26, "Chat(..)")] {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        let out = client.send_object(&object(&[1, kind, 7]), NOW, rng).unwrap();
        let LetterEvent::Own(own) = brought(&mut town, out).event else { panic!() };
        assert_eq!(format!("{own:?}"), name);
    }
}

#[test]
fn what_somebody_else_wrote_stays_content_of_the_apps_own() {
    let (mut town, invite) = linked(61);
    let chat = chat_of_a_stranger(610);
    let rng = &mut TestRng::new(611);
    // It is as good as a genuine one, if it comes through the door.
    assert!(Chat::import(&town.people[0].devices[1], &chat, NOW, rng).is_ok());
    for bytes in [chat.as_bytes(), invite.export().unwrap().as_bytes(), &[1, 0x25], &[1, 0x23]] {
        let out = town.seal(0, 0, To::Own, bytes).unwrap();
        let arrived = brought(&mut town, out);
        let LetterEvent::Own(OwnContent::Said(content)) = arrived.event else { panic!() };
        assert!(super::bytes(&content) == bytes);
    }
    // Nor does what is too long for a letter become one.
    let long = [chat.as_bytes(), &[0; 4096]].concat();
    let out = town.seal(0, 0, To::Own, &long).unwrap();
    assert!(matches!(brought(&mut town, out).event, LetterEvent::Blob(_)));
}

#[test]
fn another_account_says_no_object() {
    let mut town = Town::new(62, &[1, 1]);
    town.chat(0, 1);
    let chat = chat_of_a_stranger(620);
    for account in [town.id(0), town.id(1)] {
        let mail =
            town.whisper((1, 0), (0, 0), |words| words.with(account).content(6, chat.as_bytes()));
        refuses(town.client(0, 0), Error::NotSelf, |client| {
            client.open(mail.from, &mail.message, NOW).map(drop)
        });
    }
}

#[test]
fn an_object_is_sealed_again_as_it_was_and_nothing_else_in_its_place() {
    let (mut town, invite) = linked(63);
    let link = invite.export().unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let object_id = client.send_object(&link, NOW, rng).unwrap().id;
    let app_id = client.send(To::Own, &said(link.as_bytes()), NOW, rng).unwrap().id;
    let to = town.address(0, 1);
    for (id, is_object) in [(object_id, true), (app_id, false)] {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        let mut plan = client.plan_repair(&Repair::Resend { to, id }, NOW).unwrap();
        let same_bytes = said(link.as_bytes());
        let (settings, others) =
            (said(b"settings"), [&[1, 0x24, 0][..], &[1, 0x25, 0], b""].map(object));
        let taken = if is_object { Enclosed::from(&link) } else { Enclosed::from(&same_bytes) };
        let in_its_place =
            if is_object { Enclosed::from(&same_bytes) } else { Enclosed::from(&link) };
        let refused = [in_its_place, Enclosed::from(&settings), Enclosed::Nothing];
        for other in refused.into_iter().chain(others.iter().map(Enclosed::from)) {
            refuses(client, Error::ContentMismatch, |client| {
                client.seal(&mut plan, other, NOW, rng).map(drop)
            });
        }
        let out = client.seal(&mut plan, taken, NOW, rng).unwrap().apply();
        assert_eq!(out.id, id);
        match brought(&mut town, out).event {
            LetterEvent::Own(OwnContent::Link(shared)) if is_object => {
                assert!(shared.as_bytes() == link.as_bytes());
            }
            LetterEvent::Own(OwnContent::Said(content)) if !is_object => {
                assert!(bytes(&content) == link.as_bytes());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_plan_for_an_object_takes_no_content_and_nothing_that_is_no_object() {
    let (mut town, invite) = linked(64);
    let link = invite.export().unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    for (bytes, error) in [
        (&[][..], Error::Malformed),
        (&[1], Error::Malformed),
        (&[1, 0x31, 0], Error::WrongKind),
        (&[2, 0x24, 0], Error::UnknownVersion(2)),
    ] {
        refuses(client, error, |client| client.plan_object(&object(bytes), NOW).map(drop));
    }
    let mut plan = client.plan_object(&link, NOW).unwrap();
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &said(b"more"), NOW, rng).map(drop)
    });
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &link, NOW, rng).map(drop)
    });
    assert!(client.seal(&mut plan, Enclosed::Nothing, NOW, rng).is_ok());
}

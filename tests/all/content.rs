//! Contents that may be said, and by whom: at the client that seals, and at the one that opens.

use latchstring::Error;
use latchstring::attachment::Reference;
use latchstring::client::{BlobReference, GroupId, LetterEvent, OwnContent, To};
use latchstring::content::{Content, Kind, Kinds};
use latchstring::session::AccountId;

use support::forged::{self, Words};
use support::town::{Mail, Town, said, text};
use support::{NOW, refuses};

/// Makes a content of each kind, the attachments with a caption.
fn each_kind() -> Vec<Content> {
    let attachments = [1, 2, 3, 4].map(|media| {
        let reference = [&[1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
        Content::attached(&Reference::decode(&reference).unwrap(), b"shelf 3").unwrap()
    });
    let attachments = attachments.into_iter().map(|content| match content.kind() {
        Some(Kind::File) => content.with_name("boat.txt").unwrap(),
        _ => content,
    });
    let captioned = attachments.map(|content| content.with_caption("the boat").unwrap());
    captioned.chain([Content::text("hello").unwrap(), said(b"bytes")]).collect()
}

/// Makes a text with a part that nobody knows beside it.
fn with_part(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&Content::text("hello").unwrap().encode()[..], &[number], &length, body].concat()
}

/// Makes what own devices tell each other of third-party chats.
fn foreign(number: u8) -> Vec<u8> {
    [&[1, number, 0, 0, 0, 5][..], b"label"].concat()
}

/// Reads whatever bytes, as if an own device had said them.
fn read(bytes: &[u8]) -> Content {
    Content::decode(bytes, Kinds::ALL).unwrap()
}

/// Takes the content out of a letter.
fn taken(event: LetterEvent) -> Content {
    match event {
        LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => content,
        other => panic!("{other:?}"),
    }
}

/// The places where a device may write: to an account, in a group, and to own devices.
fn everywhere(other: &AccountId) -> [To<'_>; 3] {
    let members = core::slice::from_ref(other);
    [To::Account(*other), To::Group { id: GroupId([5; 32]), members }, To::Own]
}

#[test]
fn every_kind_reaches_others_and_own_devices_as_it_was_said() {
    let mut town = Town::new(70, &[2, 1]);
    let other = town.id(1);
    town.chat(0, 1);
    for to in everywhere(&other) {
        for content in each_kind() {
            let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
            let out = client.send(to, &content, NOW, rng).unwrap();
            let from = town.address(0, 0);
            for envelope in out.envelopes {
                let person = usize::from(envelope.to.account == other);
                let reader = town.client(person, 1 - person);
                let arrived = reader.receive(from, &envelope.message, NOW).unwrap();
                let is_own = matches!(arrived.event, LetterEvent::Own(_));
                assert_eq!(is_own, matches!(to, To::Own));
                let found = taken(arrived.event);
                assert_eq!(found.kind(), content.kind());
                assert!(*found.encode() == *content.encode());
            }
        }
    }
}

#[test]
fn what_own_devices_alone_may_say_is_sealed_for_nobody_else() {
    let mut town = Town::new(71, &[2, 1]);
    let other = town.id(1);
    town.chat(0, 1);
    for (number, is_for_all) in [(0x80, true), (0xbf, true), (0xc0, false), (0xff, false)] {
        let content = read(&with_part(number, b"later"));
        for to in everywhere(&other) {
            let may = is_for_all || matches!(to, To::Own);
            let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
            if !may {
                refuses(client, Error::NotAllowed, |client| client.send(to, &content, NOW, rng));
                continue;
            }
            let out = client.send(to, &content, NOW, rng).unwrap();
            town.server.post(town.address(0, 0), out);
            let arrived = town.receive(0, 1).pop().unwrap().unwrap();
            assert!(*taken(arrived.event).encode() == *content.encode());
        }
    }
}

/// Lets a dishonest device say these bytes, and returns the envelope.
fn whispered(
    town: &mut Town,
    from: (usize, usize),
    place: Option<Vec<u8>>,
    (kind, bytes): (u8, &[u8]),
) -> Mail {
    town.now += 1;
    let id = [u8::try_from(town.now - NOW).unwrap(); 16];
    town.whisper(from, (0, 0), |words| {
        let conversation = place.unwrap_or_else(|| words.conversation.clone());
        Words { id, conversation, ..words.raw(kind, bytes) }
    })
}

#[test]
fn what_its_sender_may_not_say_is_refused_and_changes_nothing() {
    let mut town = Town::new(72, &[2, 1]);
    town.chat(0, 1);
    let (own, other) = (town.id(0), town.id(1));
    let group = || forged::group([5; 32], &[own, other]);
    let copy = || [&[1][..], &other.0].concat();
    let own_only = with_part(0xc0, b"later");
    // A member, a member in a group, and an own device that says so to somebody else, in the copies of that.
    let places =
        [((1, 0), None), ((1, 0), Some(group())), ((0, 1), Some(copy())), ((0, 1), Some(group()))];
    for (from, place) in places {
        for (bytes, error) in [
            (&own_only[..], Error::NotAllowed),
            (&with_part(0x42, b"later"), Error::NotAllowed),
            (&foreign(0x40), Error::NotAllowed),
            (&foreign(0x41), Error::NotAllowed),
            (&with_part(0x3f, b"later"), Error::UnsupportedContent),
            (&[2, 9, 9], Error::UnsupportedContent),
            (b"\x01\x01\0\0\0\0", Error::Malformed),
            (b"hello", Error::UnsupportedContent),
            (b"", Error::Malformed),
        ] {
            let mail = whispered(&mut town, from, place.clone(), (forged::MESSAGE, bytes));
            let now = town.now;
            refuses(town.client(0, 0), error, |client| {
                client.open(mail.from, &mail.message, now).map(drop)
            });
        }
        let mail = whispered(&mut town, from, place, (forged::MESSAGE, &with_part(0x80, b"later")));
        let now = town.now;
        let arrived = town.client(0, 0).receive(mail.from, &mail.message, now).unwrap();
        assert_eq!(taken(arrived.event).as_text(), Some("hello"));
    }
    // What own devices say to each other.
    for (bytes, error) in [
        (with_part(0xc0, b"later"), None),
        (foreign(0x40), None),
        (foreign(0x41), None),
        (with_part(0x7f, b"later"), Some(Error::UnsupportedContent)),
        (b"\x01".to_vec(), Some(Error::Malformed)),
    ] {
        let mail = whispered(&mut town, (0, 1), None, (forged::OWN, &bytes));
        let now = town.now;
        assert_eq!(town.client(0, 0).receive(mail.from, &mail.message, now).err(), error);
    }
}

#[test]
fn a_content_that_needs_a_newer_release_waits_and_stops_nothing() {
    let mut town = Town::new(73, &[1, 1]);
    let (from, bundle) = (town.address(0, 0), {
        let to = town.address(1, 0);
        town.server.bundle(to)
    });
    let sender = &town.people[0].devices[0];
    let words = Words::new(sender, bundle.certificate().account(), 1, b"");
    let mut session = support::device_of(sender).initiate(&bundle, NOW, &mut town.rng).unwrap();
    let later = words.clone().raw(forged::MESSAGE, &with_part(0x3f, b"later"));
    let known = Words { id: [2; 16], ..words }.content(forged::MESSAGE, b"known");
    let [first, second] =
        [&later, &known].map(|words| session.encrypt(&words.encode(), &mut town.rng).unwrap());
    let reader = town.client(1, 0);
    for _ in 0..2 {
        refuses(reader, Error::UnsupportedContent, |client| {
            client.open(from, &first, NOW).map(drop)
        });
    }
    // The session begins with the next message of it, for which the refused one has not come yet.
    let arrived = reader.receive(from, &second, NOW).unwrap();
    assert_eq!((text(&arrived.event), arrived.skipped), (b"known".to_vec(), 1));
    // Its key is kept for a newer release; until then asking for it again brings the same.
    for id in [1, 3] {
        let mut again = later.clone();
        again.id = [id; 16];
        let resent = session.encrypt(&again.encode(), &mut town.rng).unwrap();
        let reader = town.client(1, 0);
        for envelope in [&first, &resent] {
            refuses(reader, Error::UnsupportedContent, |client| {
                client.open(from, envelope, NOW).map(drop)
            });
        }
    }
}

#[test]
fn a_blob_holds_what_its_sender_may_say_also_after_it_was_stored() {
    let mut town = Town::new(74, &[2, 1]);
    town.chat(0, 1);
    let content = read(&with_part(0xc0, &[7; 5000]));
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::NotAllowed, |client| {
        client.send(To::Account(AccountId([2; 32])), &content, NOW, rng)
    });
    let out = client.send(To::Own, &content, NOW, rng).unwrap();
    let blob = out.blob.clone().unwrap();
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(0, 1).pop().unwrap().unwrap();
    let LetterEvent::Blob(reference) = arrived.event else { panic!("not a blob") };
    assert!(*reference.open(&blob).unwrap().encode() == *content.encode());
    // Stored until the blob is there.
    let mut stored = reference.to_bytes().to_vec();
    let again = BlobReference::from_bytes(&stored).unwrap();
    assert_eq!((again.hash(), again.length()), (reference.hash(), reference.length()));
    assert!(*again.open(&blob).unwrap().encode() == *content.encode());
    // The same, as a member's.
    stored[2] ^= 1;
    let members = BlobReference::from_bytes(&stored).unwrap();
    assert_eq!(members.open(&blob).err(), Some(Error::NotAllowed));
    for (place, byte, error) in
        [(0, 2, Error::UnknownVersion(2)), (1, 0x19, Error::WrongKind), (2, 2, Error::Malformed)]
    {
        let mut wrong = stored.clone();
        wrong[place] = byte;
        assert_eq!(BlobReference::from_bytes(&wrong).err(), Some(error));
    }
    for wrong in [&stored[..stored.len() - 1], &[&stored[..], &[0]].concat(), &[]] {
        assert_eq!(BlobReference::from_bytes(wrong).err(), Some(Error::Malformed));
    }
}

#[test]
fn the_blob_of_a_member_is_read_as_a_members() {
    let mut town = Town::new(75, &[1, 1]);
    let content = read(&with_part(0x80, &[7; 5000]));
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &content).unwrap();
    let blob = out.blob.clone().unwrap();
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    let LetterEvent::Blob(reference) = arrived.event else { panic!("not a blob") };
    assert_eq!(reference.open(&blob).unwrap().kind(), Some(Kind::Text));
    assert_eq!(reference.to_bytes()[2], 0, "an own device's rights");
}

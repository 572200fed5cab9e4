//! Copies of what was said and heard, for own devices alone.

extern crate std;

use alloc::vec::Vec;
use std::sync::LazyLock;

use super::several::{another, plain, says_with, settle};
use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::{Content, Kind, Kinds, Sender};
use crate::signal::*;

/// The part of a content in which a copy stands.
const COPY: u8 = 0x40;

/// Encodes a content of one part.
pub(super) fn part(number: u8, body: &[u8]) -> Vec<u8> {
    [&[1, number][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// The device that reads copies: one of the account that they are of.
fn read_by(reader: &Client, body: &[u8]) -> Result<ForeignCopy, Error> {
    ForeignCopy::of_content(reader, &Content::decode(&part(COPY, body), Kinds::of(Sender::Own))?)
}

/// Reads a copy, as a device of Ada's, out of what an own device has said.
fn read(body: &[u8]) -> Result<ForeignCopy, Error> {
    static ADA: LazyLock<Client> = LazyLock::new(|| another(0, 2, &mut TestRng::new(2)));
    read_by(&ADA, body)
}

/// Returns the bytes of a copy, without the frame of its content.
fn body(copy: &ForeignCopy) -> Vec<u8> {
    copy.to_content().encode()[6..].to_vec()
}

/// Takes a copy on its way to another own device.
fn passed(copy: &ForeignCopy) -> ForeignCopy {
    passed_to(&another(0, 2, &mut TestRng::new(2)), copy)
}

pub(super) fn passed_to(reader: &Client, copy: &ForeignCopy) -> ForeignCopy {
    let again = read_by(reader, &body(copy)).unwrap();
    assert_eq!(body(&again), body(copy));
    assert_eq!((again.message_hash(), again.digest()), (copy.message_hash(), copy.digest()));
    again
}

fn id(byte: u8) -> ForeignMessageId {
    ForeignMessageId([byte; 16])
}

/// A copy of each kind, made by Ada's first device.
fn copies() -> Vec<ForeignCopy> {
    let mut town = Town::talking();
    let heard = town.pass(1, &text(3));
    let (ada, content) = (&town.clients[0], text(4));
    let group = ForeignGroupId([6; 32]);
    let peter = ForeignAccount::new(&provider(1), "peter").unwrap();
    let saying = Saying::new(&content, id(1)).disappearing(60).view_once();
    let both = [peter, account(1)];
    let place = (ForeignChat::Group(group), id(2));
    Vec::from([
        ForeignCopy::of_said(ada, [account(1)], &saying, NOW).unwrap(),
        ForeignCopy::of_said(ada, both.clone(), &saying.in_group(group), NOW).unwrap(),
        ForeignCopy::of_heard(ada, &heard).unwrap(),
        ForeignCopy::of_said_plain(ada, both, place, b"bytes", NOW).unwrap(),
        ForeignCopy::of_said_plain(ada, [account(1)], (ForeignChat::Pair, id(3)), b"", NOW)
            .unwrap(),
    ])
}

#[test]
fn a_copy_says_all_that_its_message_said_and_whose_it_is() {
    let mut town = Town::talking();
    let content = text(4);
    let saying = Saying::new(&content, id(1)).disappearing(60).view_once();
    let copy = passed(&ForeignCopy::of_said(&town.clients[0], [account(1)], &saying, NOW).unwrap());
    assert_eq!((&copy.own, copy.speaker()), (&device(0, 1), &device(0, 1)));
    assert_eq!(copy.direction, Direction::Said([account(1)].into()));
    assert_eq!((copy.id, copy.sent, copy.chat), (id(1), NOW, ForeignChat::Pair));
    assert_eq!((copy.disappears_after, copy.view_once), (Some(60), true));
    assert_eq!(copy.content.binding(), Binding::Attested);
    assert_eq!(copy.content.attested().unwrap().as_text(), Some("xxxx"));
    assert!(copy.content.unbound().is_none() && !copy.is_request);
    // What was heard has the label of who said it.
    let message = town.seal(1, saying, NOW).unwrap();
    let heard = town.deliver(1, &message, NOW).unwrap();
    let copy = passed(&ForeignCopy::of_heard(&town.clients[0], &heard).unwrap());
    assert_eq!(copy.direction, Direction::Heard(device(1, 1)));
    assert_eq!((&copy.own, copy.speaker()), (&device(0, 1), &device(1, 1)));
    assert_eq!((copy.id, copy.disappears_after, copy.view_once), (id(1), Some(60), true));
    assert_eq!(copy.content.attested().unwrap().as_text(), Some("xxxx"));
    let place = (ForeignChat::Pair, id(1));
    let wrong = ForeignCopy::of_heard_plain(&town.clients[0], &heard, place, NOW).map(drop);
    assert_eq!(wrong, Err(Error::WrongKind));
}

#[test]
fn a_copy_of_a_plain_programs_bytes_stays_unbound() {
    let mut town = plain(16);
    let mut rng = TestRng::new(5);
    let bundle = town.clients[0].bundle();
    town.clients[1].begin(&device(0, 1), &bundle, NOW, &mut rng).unwrap().apply();
    let message =
        town.clients[1].seal_plain(&device(0, 1), b"\x01\x01", NOW, &mut rng).unwrap().apply();
    let opened = town.clients[0].open(&device(1, 1), message.kind, &message.bytes, NOW);
    let heard = opened.unwrap().apply();
    let (ada, place) = (&town.clients[0], (ForeignChat::Pair, id(4)));
    let copy = passed(&ForeignCopy::of_heard_plain(ada, &heard, place, NOW - 5).unwrap());
    assert_eq!(copy.direction, Direction::Heard(device(1, 1)));
    assert_eq!(
        (copy.content.binding(), copy.content.unbound()),
        (Binding::Unbound, Some(&b"\x01\x01"[..]))
    );
    assert!(copy.content.attested().is_none());
    assert_eq!((copy.id, copy.sent), (id(4), NOW - 5));
    // The first message of somebody whom the user never wrote to is copied as a request.
    assert!(heard.is_request && copy.is_request);
    assert_eq!(ForeignCopy::of_heard(ada, &heard).map(drop), Err(Error::WrongKind));
    let long = alloc::vec![0; (1 << 18) + 1];
    let said = |bytes: &[u8]| ForeignCopy::of_said_plain(ada, [account(1)], place, bytes, NOW);
    assert_eq!(said(&long).map(drop), Err(Error::ContentTooLong));
    passed(&said(&long[1..]).unwrap());
}

#[test]
fn a_message_that_is_held_has_nothing_to_copy() {
    let mut town = Town::acquainted();
    town.begin(0).unwrap();
    let message = town.say(0, &text(257)).unwrap();
    let held = town.deliver(0, &message, NOW).unwrap();
    assert!(matches!(held.content, ForeignContent::Held));
    let grace = &town.clients[1];
    assert_eq!(ForeignCopy::of_heard(grace, &held).map(drop), Err(Error::WrongKind));
    let plain = ForeignCopy::of_heard_plain(grace, &held, (ForeignChat::Pair, id(1)), NOW);
    assert_eq!(plain.map(drop), Err(Error::WrongKind));
}

#[test]
fn m13_a_copy_and_a_hand_over_are_taken_from_own_devices_alone() {
    let town = Town::talking();
    let (ada, handovers) = (&town.clients[0], town.clients[0].hand_over());
    let handed = handovers.iter().map(PolicyHandover::to_content);
    for content in copies().iter().map(ForeignCopy::to_content).chain(handed) {
        for sender in [Sender::Member, Sender::Guest, Sender::Foreign] {
            assert_eq!(content.check(Kinds::of(sender)), Err(Error::NotAllowed));
            let opened = Content::decode(&content.encode(), Kinds::of(sender));
            assert_eq!(opened.map(drop), Err(Error::NotAllowed), "{sender:?}");
        }
        let opened = Content::decode(&content.encode(), Kinds::of(Sender::Own)).unwrap();
        // Nothing in it is shown as a native message.
        assert!(opened.as_text().is_none() && opened.as_app().is_none());
        assert!(opened.attachment().is_none());
        let is_copy = opened.kind() == Some(Kind::ForeignCopy);
        let copy = ForeignCopy::of_content(ada, &opened).err();
        let found = (copy, PolicyHandover::of_content(&opened).err());
        let wrong = Some(Error::WrongKind);
        assert_eq!(found, if is_copy { (None, wrong) } else { (wrong, None) });
    }
    assert_eq!(ForeignCopy::of_content(ada, &text(1)).map(drop), Err(Error::WrongKind));
    // Nor of another account's.
    for copy in copies() {
        let content = copy.to_content();
        let refused = ForeignCopy::of_content(&town.clients[1], &content).map(drop);
        assert_eq!(refused, Err(Error::WrongPeer));
    }
}

#[test]
fn m13_the_words_in_a_copy_are_what_somebody_foreign_may_say() {
    let app = Content::app(7, b"settings");
    let ada = &Town::talking().clients[0];
    let said = ForeignCopy::of_said(ada, [account(1)], &Saying::new(&app, id(1)), NOW);
    assert_eq!(said.map(drop), Err(Error::NotAllowed));
    for copy in copies().iter().filter(|copy| copy.content.attested().is_some()) {
        let words = copy.content.attested().unwrap().encode().len();
        let label = body(copy)[..body(copy).len() - words].to_vec();
        let own = copy.to_content().encode().to_vec();
        for (words, error) in [
            (app.encode().to_vec(), Error::NotAllowed),
            (own, Error::NotAllowed),
            (part(0x80, b"later"), Error::NotAllowed),
            (part(0x3f, b"later"), Error::NotAllowed),
            (Vec::from([2, 1]), Error::UnsupportedContent),
            (Vec::from([1]), Error::Malformed),
        ] {
            assert_eq!(read(&[&label[..], &words].concat()).map(drop), Err(error));
        }
        read(&[&label[..], &text(1).encode()].concat()).unwrap();
    }
}

#[test]
fn whatever_is_read_as_a_copy_is_the_one_encoding_of_it() {
    let mut count = 0;
    for copy in copies() {
        let bytes = body(&copy);
        for length in 0..bytes.len() {
            // What is cut off a plain program's bytes leaves other bytes.
            let is_plain = copy.content.unbound().is_some();
            let cut = read(&bytes[..length]);
            assert!(cut.is_err() || is_plain && body(&cut.unwrap()) == bytes[..length]);
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[place] ^= 1 << bit;
                if let Ok(other) = read(&altered) {
                    assert_eq!(body(&other), altered);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn a_copy_that_cannot_be_is_refused() {
    let [peter, quinn] =
        ["peter", "quinn"].map(|it| ForeignAccount::new(&provider(1), it).unwrap());
    let group = ForeignChat::Group(ForeignGroupId([6; 32]));
    let alter = |which: usize, alter: &dyn Fn(&mut ForeignCopy)| {
        let mut copy = copies().remove(which);
        alter(&mut copy);
        read(&body(&copy)).map(drop)
    };
    let to = |accounts: &[ForeignAccount]| Direction::Said(accounts.to_vec());
    let many: Vec<_> = (0..257)
        .map(|it| ForeignAccount::new(&provider(1), &alloc::format!("{it:03}")).unwrap())
        .collect();
    assert_eq!(alter(0, &|_| {}), Ok(()));
    let refused = [
        alter(0, &|copy| copy.direction = to(&[])),
        alter(0, &|copy| copy.direction = to(&[account(0)])),
        alter(0, &|copy| copy.direction = to(&[peter.clone(), quinn.clone()])),
        alter(1, &|copy| copy.direction = to(&[quinn.clone(), peter.clone()])),
        alter(1, &|copy| copy.direction = to(&[peter.clone(), peter.clone()])),
        alter(1, &|copy| copy.direction = to(&many)),
        alter(0, &|copy| copy.is_request = true),
        alter(2, &|copy| copy.direction = Direction::Heard(device(0, 2))),
        alter(4, &|copy| copy.view_once = true),
        alter(4, &|copy| copy.disappears_after = Some(1)),
        alter(4, &|copy| {
            copy.content = CopiedContent::Unbound(alloc::vec![0; (1 << 18) + 1].into());
        }),
    ];
    for (place, refused) in refused.into_iter().enumerate() {
        assert_eq!(refused, Err(Error::Malformed), "{place}");
    }
    assert_eq!(alter(1, &|copy| copy.direction = to(&many[1..])), Ok(()));
    let bytes = body(&copies()[0]);
    assert_eq!(read(&[&[2], &bytes[1..]].concat()).map(drop), Err(Error::UnknownVersion(2)));
    assert_eq!(read(&[&[1, 0x47], &bytes[2..]].concat()).map(drop), Err(Error::WrongKind));
    // The same is refused where a copy is made.
    let (town, content) = (Town::talking(), text(1));
    let said = |accounts: &[ForeignAccount], chat| {
        let place = (chat, id(1));
        let plain =
            ForeignCopy::of_said_plain(&town.clients[0], accounts.to_vec(), place, b"", NOW);
        let saying = Saying::new(&content, id(1));
        let saying = if chat == group { saying.in_group(ForeignGroupId([6; 32])) } else { saying };
        let typed = ForeignCopy::of_said(&town.clients[0], accounts.to_vec(), &saying, NOW);
        assert_eq!(plain.err(), typed.as_ref().err().copied());
        typed.map(drop)
    };
    assert_eq!(said(&[], ForeignChat::Pair), Err(Error::NoRecipient));
    assert_eq!(said(&[account(0)], ForeignChat::Pair), Err(Error::OwnAccount));
    assert_eq!(said(&many[..2], ForeignChat::Pair), Err(Error::TooManyAccounts));
    assert_eq!(said(&many, group), Err(Error::TooManyAccounts));
    assert_eq!(said(&[quinn, peter], group), Ok(()));
}

#[test]
fn m32_own_devices_that_were_told_two_things_under_one_id_find_out() {
    let mut town = Town::talking();
    let mut second = another(1, 2, &mut town.rng);
    let says = says_with(&town, 1, &second);
    settle(&town, 1, &mut second, &says);
    second.accept(&account(0), NOW).unwrap().apply();
    town.renew(1, says);
    let (bundle, mut rng) = (second.bundle(), TestRng::new(9));
    town.clients[0].begin(&device(1, 2), &bundle, NOW, &mut rng).unwrap().apply();
    let mut tell = |words: [&Content; 2], id: ForeignMessageId, later: u64| {
        let mut seal = |number: u8, content, now| {
            let saying = Saying::new(content, id);
            town.clients[0].seal(&device(1, number), &saying, now, &mut rng).unwrap().apply()
        };
        let messages = [seal(1, words[0], NOW), seal(2, words[1], NOW + later)];
        let hear = |client: &mut Client, message: &SealedMessage| {
            let opened = client.open(&device(0, 1), message.kind, &message.bytes, NOW);
            let heard = opened.unwrap().apply();
            ForeignCopy::of_heard(client, &heard).unwrap()
        };
        let heard = hear(&mut town.clients[1], &messages[0]);
        let copy = hear(&mut second, &messages[1]);
        [heard, passed_to(&second, &copy)]
    };
    // One message is one, whichever device heard it and when it was sealed for that one.
    let [one, two] = tell([&text(5), &text(5)], id(1), 9);
    assert_ne!((&one.own, one.sent), (&two.own, two.sent));
    assert_eq!((one.message_hash(), one.digest()), (two.message_hash(), two.digest()));
    let [one, two] = tell([&text(5), &text(6)], id(2), 0);
    assert_eq!(one.message_hash(), two.message_hash());
    assert_ne!(one.digest(), two.digest());
    // Another message, and another speaker's of the same id, are others.
    let [other, _] = tell([&text(5), &text(5)], id(3), 0);
    assert_ne!(other.message_hash(), one.message_hash());
    let content = text(5);
    let said = ForeignCopy::of_said(&second, [account(0)], &Saying::new(&content, id(2)), NOW);
    assert_ne!(said.unwrap().message_hash(), one.message_hash());
}

#[test]
fn m32_everything_that_a_message_says_is_in_the_digest() {
    let all = copies();
    let digests = || copies().iter().map(ForeignCopy::digest).collect::<Vec<_>>();
    assert_eq!(digests(), digests());
    let alter: [fn(&mut ForeignCopy); 6] = [
        |it| it.disappears_after = Some(61),
        |it| it.view_once ^= true,
        |it| it.chat = ForeignChat::Group(ForeignGroupId([7; 32])),
        |it| it.id = ForeignMessageId([9; 16]),
        |it| it.content = CopiedContent::Attested(text(9)),
        |it| it.direction = Direction::Heard(device(1, 2)),
    ];
    for (place, alter) in alter.into_iter().enumerate() {
        for (copy, before) in copies().iter_mut().zip(&all) {
            alter(copy);
            assert_ne!(copy.digest(), before.digest(), "{place}");
        }
    }
}

//! Copies of what was heard in groups, and the longest that there are.

use alloc::vec::Vec;

use super::circle::{Circle, GROUP};
use super::copies::passed_to;
use super::several::another;
use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::signal::*;

const ID: ForeignMessageId = ForeignMessageId([1; 16]);

#[test]
fn what_was_heard_under_a_sender_key_is_copied_with_its_label_and_group() {
    let mut circle = Circle::closed();
    let (content, second) = (text(5), another(1, 2, &mut TestRng::new(2)));
    let saying = Saying::new(&content, ID).disappearing(60).view_once().in_group(GROUP);
    let message = circle.seal(saying, NOW).unwrap();
    let heard = circle.open(&message, NOW).unwrap();
    let [ada, grace] = &circle.town.clients;
    let copy = passed_to(&second, &ForeignCopy::of_heard_in_group(grace, &heard).unwrap());
    assert_eq!((&copy.own, copy.speaker()), (&device(1, 1), &device(0, 1)));
    assert_eq!(copy.direction, Direction::Heard(device(0, 1)));
    assert_eq!((copy.id, copy.sent, copy.chat), (ID, NOW, ForeignChat::Group(GROUP)));
    assert_eq!((copy.disappears_after, copy.view_once), (Some(60), true));
    assert_eq!(copy.content.attested().unwrap().as_text(), Some("xxxxx"));
    assert!(!copy.is_request);
    // Ada's own copy is one of the same message.
    let said = ForeignCopy::of_said(ada, [account(1)], &saying, NOW).unwrap();
    assert_eq!(said.message_hash(), copy.message_hash());
    let place = (GROUP, ID);
    let plain = ForeignCopy::of_heard_plain_in_group(grace, &heard, place, NOW);
    assert_eq!(plain.map(drop), Err(Error::WrongKind));
}

#[test]
fn what_was_heard_of_a_plain_program_under_a_sender_key_stays_unbound() {
    let town = Town::founded();
    let (grace, second) = (&town.clients[1], another(1, 2, &mut TestRng::new(2)));
    let heard = |length: usize| GroupMessage {
        from: device(0, 1),
        binding: Binding::Unbound,
        content: GroupContent::Plain(alloc::vec![7; length].into()),
    };
    let copied =
        |length| ForeignCopy::of_heard_plain_in_group(grace, &heard(length), (GROUP, ID), NOW - 5);
    let copy = passed_to(&second, &copied(3).unwrap());
    assert_eq!(copy.direction, Direction::Heard(device(0, 1)));
    assert_eq!((copy.id, copy.sent, copy.chat), (ID, NOW - 5, ForeignChat::Group(GROUP)));
    assert_eq!(copy.content.unbound(), Some(&[7; 3][..]));
    let wrong = ForeignCopy::of_heard_in_group(grace, &heard(3)).map(drop);
    assert_eq!(wrong, Err(Error::WrongKind));
    passed_to(&second, &copied(1 << 18).unwrap());
    assert_eq!(copied((1 << 18) + 1).map(drop), Err(Error::ContentTooLong));
}

#[test]
fn the_longest_copy_that_is_made_fits_into_its_content() {
    let provider = ProviderId::new(&[["x"; 60].concat(), ".com".into()].concat()).unwrap();
    let name = |number| alloc::format!("{number:03}{}", "x".repeat(125));
    let everybody: Vec<_> =
        (0..256).map(|number| ForeignAccount::new(&provider, &name(number)).unwrap()).collect();
    let own = ForeignDevice::new(&provider, &Address::new(&"y".repeat(128), 127).unwrap());
    let mut rng = TestRng::new(2);
    let client = Client::generate(own, Version::V4, TrustedKeys::NONE, NOW, &mut rng);
    let (place, bytes) = ((ForeignChat::Group(GROUP), ID), alloc::vec![7; 1 << 18]);
    let copy = ForeignCopy::of_said_plain(&client, everybody, place, &bytes, NOW).unwrap();
    let content = copy.to_content().encode();
    let content = Content::decode(&content, Kinds::of(Sender::Own)).unwrap();
    assert!(ForeignCopy::of_content(&client, &content).is_ok());
}

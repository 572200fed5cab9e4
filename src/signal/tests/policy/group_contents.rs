//! Contents of groups, and what a message of one is bound to.

use alloc::vec::Vec;

use super::circle::*;
use super::contents::narrow;
use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::{Content, Kinds};
use crate::signal::policy::enclose_in_group;
use crate::signal::*;

fn envelope(
    circle: &Circle,
    content: &Content,
    from: &ForeignDevice,
    group: ForeignGroupId,
) -> Vec<u8> {
    let saying = Saying::new(content, ForeignMessageId([1; 16])).in_group(group);
    let now = circle.town.clients[0].inner.clock.now(NOW);
    enclose_in_group(from, profile(), &saying, now).unwrap().to_vec()
}

/// Seals bytes as they are: what a program that breaks the rules can do.
fn raw(circle: &mut Circle, bytes: &[u8]) -> Vec<u8> {
    circle.key.seal_bytes(bytes, &mut TestRng::new(3)).unwrap().apply()
}

#[test]
fn what_is_said_in_a_group_opens_as_it_was_said() {
    let mut circle = Circle::closed();
    for (kind, content) in contents() {
        let message = circle.say(&content).unwrap();
        let opened = circle.open(&message, NOW).unwrap();
        assert_eq!((&opened.from, opened.binding), (&device(0, 1), Binding::Attested));
        let said = opened.content.said().unwrap();
        assert!(opened.content.plain().is_none());
        assert_eq!((said.content.kind(), said.chat), (Some(kind), ForeignChat::Group(GROUP)));
        assert_eq!((said.sent, said.view_once), (NOW, false));
        assert_eq!(circle.refused(&message, NOW), Error::Duplicate);
    }
    let content = text(9);
    let saying = Saying::new(&content, ForeignMessageId([5; 16]));
    assert_eq!(circle.seal(saying, NOW), Err(Error::WrongPeer));
    let elsewhere = saying.in_group(ForeignGroupId([1; 32]));
    assert_eq!(circle.seal(elsewhere, NOW), Err(Error::WrongPeer));
    let saying = saying.in_group(GROUP).disappearing(60).view_once();
    let message = circle.seal(saying, NOW).unwrap();
    let opened = circle.open(&message, NOW).unwrap();
    let said = opened.content.said().unwrap();
    assert_eq!((said.id, said.disappears_after), (ForeignMessageId([5; 16]), Some(60)));
    assert!(said.view_once);
}

#[test]
fn t13_a_group_says_what_all_profiles_allow_at_both_ends() {
    for which in 0..3 {
        for (kind, content) in contents() {
            let mut circle = Circle::closed();
            let all_but = contents().into_iter().filter(|(other, _)| *other != kind);
            let kinds = all_but.fold(Kinds::NONE, |kinds, (kind, _)| kinds.with(kind));
            let broken = envelope(&circle, &content, &device(0, 1), GROUP);
            let broken = raw(&mut circle, &broken);
            narrow(&mut circle.town, which, ContentProfile::new(kinds, 4));
            assert_eq!(circle.say(&content), Err(Error::NotAllowed), "{kind:?}, profile {which}");
            assert_eq!(circle.refused(&broken, NOW), Error::NotAllowed);
        }
        let mut circle = Circle::closed();
        let long = envelope(&circle, &text(5), &device(0, 1), GROUP);
        let short = text(1);
        let timed = Saying::new(&short, ForeignMessageId([1; 16])).in_group(GROUP).disappearing(9);
        let now = circle.town.clients[0].inner.clock.now(NOW);
        let timed_bytes = enclose_in_group(&device(0, 1), profile(), &timed, now).unwrap();
        let broken = [raw(&mut circle, &long), raw(&mut circle, &timed_bytes)];
        narrow(&mut circle.town, which, ContentProfile::new(profile().kinds(), 4));
        assert_eq!(circle.say(&text(5)), Err(Error::ContentTooLong));
        assert_eq!(circle.seal(timed, NOW), Err(Error::NotAllowed));
        for message in broken {
            assert_eq!(circle.refused(&message, NOW), Error::NotAllowed);
        }
        let message = circle.say(&text(4)).unwrap();
        circle.open(&message, NOW).unwrap();
    }
}

#[test]
fn t13_no_field_of_a_group_envelope_can_be_another() {
    let mut circle = Circle::closed();
    let content = text(5);
    let genuine = envelope(&circle, &content, &device(0, 1), GROUP);
    let head = 2 + (4 + 11 + 1 + 4 + 3 + 1) + 32;
    for place in 0..head {
        let mut altered = genuine.clone();
        altered[place] ^= 1;
        let message = raw(&mut circle, &altered);
        assert_eq!(circle.refused(&message, NOW), Error::WrongPeer, "{place}");
    }
    for length in 0..genuine.len() {
        let message = raw(&mut circle, &genuine[..length]);
        assert!(circle.open(&message, NOW).is_err(), "{length} bytes");
    }
    // A form of a session is none of a group, and the reverse.
    let pairwise = circle.town.envelope(0, &content);
    let message = raw(&mut circle, &pairwise);
    assert_eq!(circle.refused(&message, NOW), Error::WrongPeer);
    let message = circle.town.seal_raw(0, &genuine);
    assert_eq!(circle.town.refused(0, &message), Error::WrongPeer);
    let message = raw(&mut circle, &genuine);
    circle.open(&message, NOW).unwrap();
}

#[test]
fn t13_who_tells_anothers_signing_key_gets_no_words_of_that_one() {
    // Grace is told Ada's chain, and tells it on as her own: Ada's words would be hers.
    let mut circle = Circle::closed();
    let told = circle.key.tell(&circle.town.clients[0], &device(1, 1), NOW).unwrap().apply();
    let stolen = circle.town.told(1, GROUP, told.bytes());
    let message = circle.town.seal_raw(1, &stolen);
    let as_graces = taken(circle.town.deliver(1, &message, NOW).unwrap());
    let mut keys = ReceivedSenderKeys::new(&as_graces);
    keys.learn(&circle.town.clients[0], as_graces, NOW).unwrap().apply();
    let bytes = circle.say(&text(5)).unwrap();
    let (client, from) = (&circle.town.clients[0], device(1, 1));
    let message = client.read_group_message(&from, &bytes, NOW).unwrap();
    let opened = kept(&mut keys, |keys| keys.open(client, &message, NOW).map(drop));
    assert_eq!(opened.map(drop), Err(Error::WrongPeer));
    circle.open(&bytes, NOW).unwrap();
}

#[test]
fn a_key_told_again_goes_forward_only() {
    let mut circle = Circle::closed();
    let first = circle.told();
    let messages: Vec<_> = (0..2006).map(|_| circle.say(&text(1)).unwrap()).collect();
    circle.open(&messages[3], NOW).unwrap();
    assert_eq!(circle.refused(&messages[2005], NOW), Error::TooFarAhead);
    let again = circle.told();
    let later = circle.say(&text(1)).unwrap();
    circle.learn(again, NOW).unwrap();
    circle.open(&later, NOW).unwrap();
    // The seeds between are gone, those that were kept are not.
    assert_eq!(circle.refused(&messages[2005], NOW), Error::MessageKeyGone);
    assert_eq!(circle.refused(&messages[4], NOW), Error::MessageKeyGone);
    assert_eq!(circle.refused(&later, NOW), Error::Duplicate);
    circle.open(&messages[1], NOW).unwrap();
    // What is near is walked to, so that nothing on its way is lost.
    let near = [circle.say(&text(1)).unwrap(), circle.say(&text(1)).unwrap()];
    let again = circle.told();
    circle.learn(again, NOW).unwrap();
    circle.open(&near[1], NOW).unwrap();
    circle.open(&near[0], NOW).unwrap();
    // Never back: what was opened does not open again.
    circle.learn(first, NOW).unwrap();
    assert_eq!(circle.refused(&later, NOW), Error::Duplicate);
    assert!(circle.open(&messages[1], NOW).is_err() && circle.open(&messages[3], NOW).is_err());
    circle.open(&messages[2], NOW).unwrap();
}

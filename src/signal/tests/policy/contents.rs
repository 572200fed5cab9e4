//! Contents that may be said: the profiles of both sides and of the provider together, both ways.

use super::town::*;
use crate::error::Error;
use crate::protocol::content::{Content, Kind, Kinds};
use crate::signal::*;

/// Has one of the profiles that count be another one.
pub(super) fn narrow(town: &mut Town, which: usize, profile: ContentProfile) {
    match which {
        0 => town.renew(0, AccountStatement { sequence: 6, profile, ..town.says(0) }),
        1 => town.renew(1, AccountStatement { sequence: 6, profile, ..town.says(1) }),
        _ => {
            for side in 0..2 {
                let id = provider(other(side));
                let narrow = ProviderStatement { counter: 6, profile, ..statement(other(side)) };
                town.describe(side, narrow).unwrap();
                let notices = town.clients[side].notices(&id).unwrap();
                town.clients[side].opt_in(&id, notices, NOW).unwrap().apply();
            }
        }
    }
}

#[test]
fn t5_a_kind_passes_if_all_profiles_have_it_and_is_refused_at_both_ends_otherwise() {
    for which in 0..3 {
        for (kind, _) in contents() {
            let mut town = Town::talking();
            let envelopes: alloc::vec::Vec<_> =
                contents().iter().map(|(_, content)| town.envelope(0, content)).collect();
            let all_but = contents().into_iter().filter(|(other, _)| *other != kind);
            let kinds = all_but.fold(Kinds::NONE, |kinds, (kind, _)| kinds.with(kind));
            let before = town.envelope(0, &text(1));
            narrow(&mut town, which, ContentProfile::new(kinds, 2000));
            for ((other, content), envelope) in contents().into_iter().zip(envelopes) {
                let sealed = town.say(0, &content);
                // Whoever seals it all the same: under the agreement from before, which still holds.
                let message = town.seal_raw(0, &envelope);
                let opened = town.deliver(0, &message, NOW);
                if other == kind {
                    assert_eq!(sealed, Err(Error::NotAllowed), "{kind:?}, profile {which}");
                    assert_eq!(
                        opened.map(drop),
                        Err(Error::NotAllowed),
                        "{kind:?}, profile {which}"
                    );
                } else {
                    town.deliver(0, &sealed.unwrap(), NOW).unwrap();
                    assert_eq!(opened.unwrap().content.said().unwrap().content.kind(), Some(other));
                }
            }
            drop(before);
        }
    }
}

#[test]
fn t5_a_text_is_as_long_as_all_profiles_allow_at_both_ends() {
    for which in 0..3 {
        let mut town = Town::talking();
        let long = town.envelope(0, &text(101));
        narrow(&mut town, which, ContentProfile::new(profile().kinds(), 100));
        assert_eq!(town.say(0, &text(101)), Err(Error::ContentTooLong));
        let message = town.seal_raw(0, &long);
        assert_eq!(town.refused(0, &message), Error::NotAllowed);
        town.pass(0, &text(100));
        let caption = contents().remove(1).1.with_caption(&"x".repeat(101)).unwrap();
        assert_eq!(town.say(0, &caption), Err(Error::ContentTooLong));
    }
}

#[test]
fn t5_content_of_the_apps_own_never_passes_whatever_is_declared() {
    let mut town = Town::talking();
    narrow(&mut town, 0, ContentProfile::new(Kinds::ALL, u16::MAX));
    assert_eq!(town.say(0, &Content::app(1, b"own")), Err(Error::NotAllowed));
    assert!(!ContentProfile::new(Kinds::ALL, 1).kinds().contains(Kind::App));
    // Nor if somebody has signed all bits that there are.
    let all = crate::primitives::codec::Reader::all(&[0xff; 11], ContentProfile::read).unwrap();
    assert!(!all.kinds().contains(Kind::App) && all.kinds().contains(Kind::File));
    let envelope = town.envelope(0, &text(1));
    let own = [&envelope[..envelope.len() - 7], &Content::app(1, b"own").encode()].concat();
    let message = town.seal_raw(0, &own);
    assert_eq!(town.refused(0, &message), Error::NotAllowed);
}

#[test]
fn t5_a_timed_message_is_refused_where_it_would_not_be_kept_to() {
    let content = text(5);
    let saying = Saying::new(&content, ForeignMessageId([4; 16]));
    for which in 0..3 {
        let mut town = Town::talking();
        let timed = town.seal(0, saying.disappearing(60).view_once(), NOW).unwrap();
        let opened = town.deliver(0, &timed, NOW).unwrap();
        let said = opened.content.said().unwrap();
        assert_eq!((said.disappears_after, said.view_once), (Some(60), true));
        let late = town.seal(0, saying.disappearing(60), NOW).unwrap();
        narrow(&mut town, which, ContentProfile::new(profile().kinds(), 2000));
        assert_eq!(town.seal(0, saying.disappearing(60), NOW), Err(Error::NotAllowed));
        assert_eq!(town.seal(0, saying.view_once(), NOW), Err(Error::NotAllowed));
        assert_eq!(town.refused(0, &late), Error::NotAllowed);
        let plain = town.seal(0, saying, NOW).unwrap();
        town.deliver(0, &plain, NOW).unwrap();
    }
}

#[test]
fn t10_what_an_attachment_is_found_and_opened_by_arrives_as_it_was_and_nothing_else_does() {
    let mut town = Town::talking();
    let (_, image) = contents().remove(1);
    let opened = town.pass(0, &image);
    let arrived = &opened.content.said().unwrap().content;
    let reference = |content: &Content| {
        let attachment = content.attachment().unwrap();
        (attachment.reference().encode().to_vec(), attachment.place().to_vec())
    };
    assert_eq!(reference(arrived), reference(&image));
    // A host or proxy that changes it changes an authenticated message.
    let sealed = town.say(0, &image).unwrap();
    for place in (0..sealed.bytes.len()).rev().take(60) {
        let mut bytes = sealed.bytes.clone();
        bytes[place] ^= 1;
        assert!(town.deliver(0, &SealedMessage { bytes, ..sealed.clone() }, NOW).is_err());
    }
    town.deliver(0, &sealed, NOW).unwrap();
}

#[test]
fn a_message_says_which_one_it_is_and_in_which_chat() {
    let mut town = Town::talking();
    let (content, group) = (text(5), ForeignGroupId([6; 32]));
    let saying = Saying::new(&content, ForeignMessageId([4; 16])).in_group(group);
    let message = town.seal(0, saying, NOW + 7).unwrap();
    let opened = town.deliver(0, &message, NOW + 9).unwrap();
    let said = opened.content.said().unwrap();
    assert_eq!((said.id, said.chat), (ForeignMessageId([4; 16]), ForeignChat::Group(group)));
    assert_eq!(said.sent, NOW + 7);
}

#[test]
fn programs_of_one_kind_are_not_spoken_to_like_those_of_the_other() {
    use crate::signal::tests::world;
    let mut town = Town::talking();
    let to = device(1, 1);
    let plain = town.clients[0].seal_plain(&to, b"bytes", NOW, &mut town.rng).map(drop);
    assert_eq!(plain, Err(Error::WrongKind));
    let mut world = world::World::talking(Version::V4);
    let (content, with) = (text(5), world.address(1));
    let saying = Saying::new(&content, ForeignMessageId([4; 16]));
    let refused = world.clients[0].seal(&with, &saying, NOW, &mut world.rng).map(drop);
    assert_eq!(refused, Err(Error::WrongKind));
    let attested =
        town.attested(1, AccountStatement { account: with.account().clone(), ..town.says(1) });
    let refused = world.clients[0].learn_account(&attested, NOW).map(drop);
    assert_eq!(refused, Err(Error::WrongKind));
}

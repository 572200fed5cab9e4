//! The table of who may say what, written down once more.

use super::*;
use crate::protocol::content::said::MAX_FOREIGN;
use crate::protocol::content::text;
use crate::protocol::guest::content::text as guest_text;
use crate::protocol::guest::invitation::Policy;

/// A row: the sender, the known kinds, and whether harmless parts that nobody knows are taken from it, for all and
/// for own devices only.
const TABLE: [(Sender, &[Kind], [bool; 2]); 4] = {
    use Kind::{
        App, Correction, Deletion, File, Group, Image, Reaction, Receipt, Text, TimerSetting,
        Typing, Video, ViewOnce, Voice,
    };
    let all: &[Kind] = &[
        Text,
        Image,
        Voice,
        Video,
        File,
        App,
        Group,
        Correction,
        Deletion,
        ViewOnce,
        TimerSetting,
        Reaction,
        Receipt,
        Typing,
    ];
    [
        (Sender::Own, all, [true, true]),
        (Sender::Member, all, [true, false]),
        (Sender::Guest, &[Text], [false, false]),
        (Sender::Foreign, &[Text, Image, Voice, Video, File], [false, false]),
    ]
};

#[test]
fn each_sender_says_what_the_table_allows_and_nothing_else() {
    for (sender, kinds, [harmless, own_only]) in TABLE {
        let allowed = Kinds::of(sender);
        for sample in samples() {
            let kind = sample.kind().unwrap();
            let caption = sample.attachment().is_some_and(|image| image.caption().is_some());
            let may = kinds.contains(&kind) && (!caption || kinds.contains(&Kind::Text));
            let expected = if may { None } else { Some(Error::NotAllowed) };
            assert_eq!(allowed.contains(kind), kinds.contains(&kind), "{sender:?}, {kind:?}");
            assert_eq!(sample.check(allowed).err(), expected, "{sender:?} seals {kind:?}");
            let opened = Content::decode(&sample.encode(), allowed);
            assert_eq!(opened.err(), expected, "{sender:?}, opened: {kind:?}");
        }
        for sample in about() {
            let may = matches!(sender, Sender::Own | Sender::Member);
            let expected = if may { None } else { Some(Error::NotAllowed) };
            assert_eq!(sample.check(allowed).err(), expected, "{sender:?} seals {sample:?}");
            let opened = Content::decode(&sample.encode(), allowed);
            assert_eq!(opened.err(), expected, "{sender:?}, opened: {sample:?}");
        }
        for number in (0x80..=u8::MAX).filter(|number| Kind::known(*number).is_none()) {
            let may = if number < 0xc0 { harmless } else { own_only };
            let expected = if may { None } else { Some(Error::NotAllowed) };
            let bytes = content(&[(1, b"hello"), (number, b"")]);
            assert_eq!(Content::decode(&bytes, allowed).err(), expected, "{sender:?}, {number}");
            let sample = Content::decode(&bytes, Kinds::ALL).unwrap();
            assert_eq!(sample.check(allowed).err(), expected, "{sender:?}, {number}");
        }
        // Two of these are known: what own devices tell each other of third-party chats.
        for number in (0x0d..0x40).chain(0x42..0x80) {
            let may =
                matches!(sender, Sender::Own) || matches!(sender, Sender::Member) && number < 0x40;
            let expected = if may { Error::UnsupportedContent } else { Error::NotAllowed };
            let bytes = content(&[(number, b"")]);
            assert_eq!(Content::decode(&bytes, allowed).err(), Some(expected));
        }
    }
}

#[test]
fn what_is_told_of_third_party_chats_is_said_by_own_devices_alone_and_alone() {
    for (number, kind) in [(0x40, Kind::ForeignCopy), (0x41, Kind::ForeignHandover)] {
        let bytes = content(&[(number, b"label and words")]);
        let read = Content::decode(&bytes, Kinds::of(Sender::Own)).unwrap();
        assert_eq!((read.kind(), read.encode().to_vec()), (Some(kind), bytes.clone()));
        assert!(read.as_text().is_none() && read.as_app().is_none() && read.attachment().is_none());
        for sender in SENDERS {
            let expected = (sender != Sender::Own).then_some(Error::NotAllowed);
            assert_eq!(Content::decode(&bytes, Kinds::of(sender)).err(), expected, "{sender:?}");
            assert_eq!(read.check(Kinds::of(sender)).err(), expected, "{sender:?}");
            assert_eq!(Kinds::of(sender).contains(kind), expected.is_none());
        }
        let named = Kinds::NONE.with(kind);
        assert!(named.contains(kind) && named.check(number & 0x3f).is_err());
        assert_eq!(Kinds::of(Sender::Member).and(named), Kinds::NONE);
        // It stands by itself, has something to say, and no more than fits.
        let text = (1, &b"hello"[..]);
        let other = (0x41 ^ number ^ 0x40, &b"more"[..]);
        let mut both = [(number, &b"label"[..]), other];
        both.sort_unstable();
        let long = vec![0; MAX_FOREIGN + 1];
        for parts in
            [&[text, (number, &b"label"[..])][..], &both, &[(number, b"")], &[(number, &long)]]
        {
            assert_eq!(refusal(&content(parts)), Some(Error::Malformed));
        }
        assert_eq!(refusal(&content(&[(number, &long[1..])])), None);
        let beside = content(&[(number, b"label"), (0xc0, b"later")]);
        assert_eq!(*Content::decode(&beside, Kinds::ALL).unwrap().encode(), beside);
    }
}

#[test]
fn a_caption_is_a_text_also_where_only_its_image_may_be_sent() {
    let only_images = Kinds::NONE.with(Kind::Image);
    let captioned = || attached(2).with_caption("the boat").unwrap();
    for (image, may) in [(attached(2), true), (captioned(), false)] {
        assert_eq!(image.check(only_images).is_ok(), may);
        assert_eq!(Content::decode(&image.encode(), only_images).is_ok(), may);
    }
}

#[test]
fn a_set_of_kinds_only_ever_gets_smaller_by_another() {
    let image = Kinds::NONE.with(Kind::Image);
    for sender in SENDERS {
        let of = Kinds::of(sender);
        assert_eq!(of.and(Kinds::ALL), of);
        assert_eq!(of.and(Kinds::NONE), Kinds::NONE);
        let expected = if sender == Sender::Guest { Kinds::NONE } else { image };
        assert_eq!(of.and(image), expected);
    }
    // What a foreign service declares does not give it content of an app's.
    assert!(!Kinds::of(Sender::Foreign).and(Kinds::ALL).contains(Kind::App));
}

#[test]
fn a_guests_text_is_what_a_content_takes_for_one() {
    assert_eq!(Kinds::of(Sender::Guest), Kinds::NONE.with(Kind::Text));
    let mut policy = Policy::new("Ada", 0);
    let long = vec![b'a'; 16_385];
    let texts: [&[u8]; 8] =
        [b"", b"a", b"\0", b"\xff", b"a\xc3", "\u{202e}".as_bytes(), &long[1..], &long];
    for max in [1, 3, 16_384] {
        policy.max_text = max;
        for bytes in texts {
            let said = Content::decode(&content(&[(1, bytes)]), Kinds::of(Sender::Guest));
            let may = said.is_ok() && bytes.len() <= usize::from(max);
            assert_eq!(guest_text(bytes, &policy).is_ok(), may, "{max}, {}", bytes.len());
            assert_eq!(text(bytes, max).is_ok(), may);
        }
    }
}

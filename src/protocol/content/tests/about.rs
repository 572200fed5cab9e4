//! Contents about messages: their forms, and what of two that were said at once holds.

use super::*;

/// The 56 bytes that name a message without its account.
const NAMED: [u8; 56] = [7; 56];

/// Encodes a reaction.
fn reaction(number: u32, sign: &[u8]) -> Vec<u8> {
    [&[7; 88][..], &number.to_be_bytes(), sign].concat()
}

/// Encodes a receipt of these messages.
fn receipt(kind: u8, letters: &[u8]) -> Vec<u8> {
    let count = u32::try_from(letters.len()).unwrap().to_be_bytes();
    let letters = letters.iter().flat_map(|letter| [*letter; 24]);
    [&[kind][..], &[7; 32], &count].concat().into_iter().chain(letters).collect()
}

/// Encodes a setting of a timer.
fn setting(number: u64, seconds: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &seconds.to_be_bytes()].concat()
}

#[test]
fn the_examples_of_conversations_are_read_and_written_as_they_stand() {
    let (device, id, digest) = ([0x14; 8], [0x43; 16], [0x45; 32]);
    let named = [&device[..], &id, &digest].concat();
    let target = [&[0x10; 32][..], &named].concat();
    let reply = content(&[(1, b"at noon"), (0x81, &target)]);
    let correction = content(&[(1, b"at noon"), (7, &[&named[..], &[1]].concat())]);
    let thumb = "\u{1f44d}".as_bytes();
    let reaction = content(&[(0x82, &[&target[..], &[0, 0, 0, 1], thumb].concat())]);
    let parts: [&[u8]; 5] = [&[2], &[0x10; 32], &[0, 0, 0, 1], &device, &id];
    let receipt = content(&[(0x83, &parts.concat())]);
    assert_eq!([&reply, &correction, &reaction, &receipt].map(Vec::len), [106, 75, 102, 67]);
    for bytes in [&reply, &correction, &reaction, &receipt] {
        let read = Content::decode(bytes, Kinds::of(Sender::Member)).unwrap();
        assert_eq!(*read.encode(), **bytes);
    }
    let read = |bytes: &[u8]| Content::decode(bytes, Kinds::of(Sender::Member)).unwrap();
    assert_eq!(read(&reply).reply().unwrap().encode()[..], target);
    assert_eq!(read(&correction).as_correction().unwrap().text(), "at noon");
    assert_eq!(read(&reaction).as_reaction().unwrap().target().encode()[..], target);
    assert_eq!(read(&receipt).as_receipt().unwrap().messages().count(), 1);
}

#[test]
fn parts_that_do_not_go_together_are_malformed() {
    let (image, file) = (body(2, b"", b""), body(1, b"", b""));
    let target = [7; 88];
    let correction = [&NAMED[..], &[1]].concat();
    let (timer, said) = ([0, 0, 0, 5], (1, &b"hello"[..]));
    for parts in [
        &[(7, &correction[..])][..],
        &[(2, &image), (7, &correction)],
        &[said, (2, &image), (7, &correction)],
        &[said, (7, &correction), (9, &timer)],
        &[said, (7, &correction), (0x81, &target)],
        &[said, (8, &NAMED)],
        &[(8, &NAMED), (9, &timer)],
        &[(8, &NAMED), (0x0b, &setting(1, 5))],
        &[(9, &timer)],
        &[(0x0a, b"")],
        &[said, (0x0a, b"")],
        &[(5, &file), (0x0a, b"")],
        &[(2, &image), (9, &timer), (0x0a, b"")],
        &[said, (0x0b, &setting(1, 5))],
        &[(9, &timer), (0x40, b"label")],
        &[(0x40, b"label"), (0x81, &target)],
        &[(0x81, &target)],
        &[said, (0x82, &reaction(1, b"+"))],
        &[said, (0x83, &receipt(1, &[1]))],
        &[said, (0x84, &[1])],
        &[said, (9, &timer), (0x84, &[1])],
        &[(0x82, &reaction(1, b"+")), (0x84, &[1])],
        &[(0x83, &receipt(1, &[1])), (0x84, &[1])],
    ] {
        assert_eq!(refusal(&content(parts)), Some(Error::Malformed), "{parts:?}");
    }
    // What nobody knows may stand beside any of them, in its place.
    let bytes = content(&[said, (9, &timer), (0x80, b"later"), (0x81, &target), (0x90, b"")]);
    let read = Content::decode(&bytes, Kinds::of(Sender::Member)).unwrap();
    assert_eq!((*read.encode()).clone(), bytes);
    assert!(read.has_unknown() && read.reply().is_some());
}

#[test]
fn a_part_about_a_message_in_another_form_is_malformed() {
    let named = |number: u8| [&NAMED[..], &[number]].concat();
    let text = |number: u8, body: &[u8]| refusal(&content(&[(1, b"hello"), (number, body)]));
    for (number, may) in [(0, false), (1, true), (32, true), (33, false), (255, false)] {
        assert_eq!(text(7, &named(number)).is_none(), may, "{number}");
    }
    for (seconds, may) in [(0, false), (1, true), (MAX_TIMER, true), (MAX_TIMER + 1, false)] {
        assert_eq!(text(9, &seconds.to_be_bytes()).is_none(), may, "{seconds}");
        let is_setting = refusal(&content(&[(0x0b, &setting(1, seconds))])).is_none();
        assert_eq!(is_setting, may || seconds == 0, "{seconds}");
    }
    let image = body(2, b"", b"");
    let long = [b'a'; 65];
    for (number, body) in [
        (8, &NAMED[1..]),
        (8, &[7; 88]),
        (0x0b, &setting(0, 5)),
        (0x0b, &setting(1, 5)[1..]),
        (0x82, &reaction(0, b"+")),
        (0x82, &reaction(1, &long)),
        (0x82, &reaction(1, b"two\nlines")),
        (0x82, &reaction(1, b" ")),
        (0x82, &reaction(1, "a\u{202e}b".as_bytes())),
        (0x82, &reaction(1, b"\xff")),
        (0x82, &[7; 91]),
        (0x83, &receipt(0, &[1])),
        (0x83, &receipt(4, &[1])),
        (0x83, &receipt(1, &[])),
        (0x83, &receipt(1, &[1, 1])),
        (0x83, &receipt(1, &[2, 1])),
        (0x83, &receipt(1, &(0..=128).collect::<Vec<_>>())),
        (0x83, &receipt(1, &[1])[1..]),
        (0x84, b""),
        (0x84, &[2]),
        (0x84, &[1, 0]),
    ] {
        assert_eq!(refusal(&content(&[(number, body)])), Some(Error::Malformed), "{number}");
    }
    assert_eq!(refusal(&content(&[(2, &image), (0x0a, b"1")])), Some(Error::Malformed));
    assert_eq!(refusal(&content(&[(0x83, &receipt(3, &(0..128).collect::<Vec<_>>()))])), None);
    assert_eq!(refusal(&content(&[(0x82, &reaction(1, &long[1..]))])), None);
}

#[test]
fn what_cannot_be_said_about_a_message_is_not_made() {
    let refused = |content: Result<Content, Error>| content.err();
    for (number, may) in [(0, false), (1, true), (32, true), (33, false)] {
        let made = Content::correction(&target(1), number, "hello");
        assert_eq!(refused(made).is_none(), may, "{number}");
    }
    for content in [Content::typing(true), Content::deletion(&target(1))] {
        assert_eq!(refused(content.with_reply(&target(1))), Some(Error::NotAllowed));
    }
    for content in [Content::typing(true), attached(2).shown_once().unwrap()] {
        assert_eq!(refused(content.with_timer(5)), Some(Error::NotAllowed));
    }
    for seconds in [0, MAX_TIMER + 1] {
        let text = Content::text("hello").unwrap();
        assert_eq!(refused(text.with_timer(seconds)), Some(Error::NotAllowed));
        let known = ConversationTimer::default();
        let set = Content::timer_setting(&known, Some(seconds));
        assert_eq!(refused(set), Some(Error::NotAllowed));
    }
    let timed = attached(2).with_timer(5).unwrap();
    for content in [attached(1), timed, Content::text("hello").unwrap(), Content::app(7, b"")] {
        assert_eq!(refused(content.shown_once()), Some(Error::NotAllowed));
    }
    for sign in ["", " ", "two\nlines", &"a".repeat(65)] {
        let made = Content::reaction(&target(1), 1, Some(sign));
        assert_eq!(refused(made), Some(Error::InvalidName), "{sign}");
    }
    assert_eq!(refused(Content::reaction(&target(1), 0, None)), Some(Error::NotAllowed));
    let many: Vec<_> = (0..=128).map(|id| named_by(1, id)).collect();
    for letters in [&[][..], &many, &[target(1), target(2)]] {
        let made = Content::receipt(ReceiptKind::Read, letters);
        assert_eq!(refused(made), Some(Error::NotAllowed));
    }
    assert_eq!(refused(Content::receipt(ReceiptKind::Read, &many[..MAX_RECEIPT])), None);
}

/// Makes a target of an account, told from others by its digest and id.
fn named_by(account: u8, id: u8) -> Target {
    let mut bytes = [id; 88];
    bytes[..32].fill(account);
    Target::decode(&bytes).unwrap()
}

#[test]
fn a_content_that_is_shown_once_gives_nobody_its_attachment() {
    let image = || attached(2).with_caption("boat").unwrap().shown_once().unwrap();
    let read = Content::decode(&image().encode(), Kinds::of(Sender::Member)).unwrap();
    for content in [image(), read] {
        assert_eq!(
            (content.kind(), content.view_once()),
            (Some(Kind::ViewOnce), Some(Kind::Image))
        );
        assert!(content.attachment().is_none() && content.as_text().is_none());
        assert_eq!(content.as_view_once().unwrap().caption(), Some("boat"));
    }
}

#[test]
fn the_text_of_a_correction_is_no_message() {
    let content = Content::correction(&target(1), 1, "at one").unwrap();
    assert_eq!((content.kind(), content.as_text()), (Some(Kind::Correction), None));
}

#[test]
fn devices_that_heard_the_same_settings_know_the_same_timer() {
    let first = ConversationTimer::default();
    let settings: Vec<_> = [(1, 5, 9), (1, 6, 8), (2, 0, 3), (2, 7, 2), (3, 8, 1), (3, 8, 1)]
        .map(|(number, seconds, by)| {
            let bytes = content(&[(0x0b, &setting(number, seconds))]);
            let said = Content::decode(&bytes, Kinds::of(Sender::Member)).unwrap();
            (said.as_timer_setting().unwrap(), target(by))
        })
        .into();
    // All orders of each beginning of the list, by the places of its factorial digits.
    for heard in 1..=settings.len() {
        let mut known = Vec::new();
        for order in 0..720_usize {
            let (mut left, mut timer, mut rest) = (settings[..heard].to_vec(), first, order);
            while !left.is_empty() {
                let (setting, by) = left.remove(rest % left.len());
                rest /= left.len() + 1;
                timer.merge(setting, &by);
                // What comes again changes nothing.
                assert!(!timer.merge(setting, &by));
            }
            known.push(timer);
        }
        assert!(known.windows(2).all(|pair| pair[0] == pair[1]));
        let next = Content::timer_setting(&known[0], Some(9)).unwrap().as_timer_setting().unwrap();
        let mut later = known[0];
        assert!(later.merge(next, &target(0)) && later.seconds() == Some(9));
        assert!(settings[..heard].iter().all(|(old, by)| !later.merge(*old, by)));
        assert_eq!(ConversationTimer::decode(&later.encode()), Ok(later));
    }
    assert_eq!(ConversationTimer::decode(&first.encode()), Ok(first));
    for bytes in [&[][..], &setting(1, 5), &[&setting(0, 0)[..], &[1], &[7; 88]].concat()] {
        assert_eq!(ConversationTimer::decode(bytes), Err(Error::Malformed));
    }
}

//! One encoding for each content, and what is refused.

use super::*;

#[test]
fn a_text_costs_six_bytes_more_than_it_has() {
    assert_eq!(*Content::text("hello").unwrap().encode(), *b"\x01\x01\0\0\0\x05hello");
    assert_eq!(*Content::app(7, b"bytes").encode(), *b"\x01\x06\0\0\0\x09\0\0\0\x07bytes");
}

#[test]
fn the_examples_of_the_page_are_read_and_written_as_they_stand() {
    let welcome = content(&[(1, b"welcome")]);
    assert_eq!((welcome.len(), Content::text("welcome").unwrap().encode().to_vec()), (13, welcome));
    let image = content(&[(1, b"boat"), (2, &[0xc1; 8]), (0x80, &[0xc2; 6])]);
    let read = Content::decode(&image, Kinds::of(Sender::Member)).unwrap();
    assert_eq!((image.len(), read.encode().to_vec()), (34, image));
    assert_eq!(read.attachment().unwrap().caption(), Some("boat"));
}

#[test]
fn a_content_says_the_same_after_its_way_through_bytes() {
    for sample in samples() {
        let read = Content::decode(&sample.encode(), Kinds::ALL).unwrap();
        assert_eq!(*read.encode(), *sample.encode());
        assert_eq!(read.kind(), sample.kind());
        assert_eq!(read.as_text(), sample.as_text());
        assert_eq!(read.as_app(), sample.as_app());
        assert!(!read.has_unknown());
        let said = [&read, &sample].map(|content| {
            let attachment = content.attachment()?;
            let of = (attachment.kind(), attachment.reference().as_bytes());
            Some((of, attachment.name(), attachment.caption()))
        });
        assert_eq!(said[0], said[1]);
        assert_eq!(said[0].is_some(), read.as_text().is_none() && read.as_app().is_none());
    }
}

#[test]
fn whatever_is_read_encodes_to_the_bytes_that_it_was_read_from() {
    let unknown = content(&[(1, b"hello"), (0x80, b""), (0xc1, b"later")]);
    let known = samples().iter().map(|sample| sample.encode().to_vec()).collect::<Vec<_>>();
    let mut read = 0;
    for sample in known.iter().chain([&unknown]) {
        // Every change of a byte, every beginning, and every byte more.
        let places = (0..sample.len()).flat_map(|place| (0..=u8::MAX).map(move |to| (place, to)));
        let altered = places.map(|(place, to)| {
            let mut bytes = sample.clone();
            bytes[place] = to;
            bytes
        });
        let cut = (0..sample.len()).map(|length| sample[..length].to_vec());
        let longer = (0..=u8::MAX).map(|byte| [&sample[..], &[byte]].concat());
        for bytes in altered.chain(cut).chain(longer) {
            for sender in SENDERS {
                if let Ok(content) = Content::decode(&bytes, Kinds::of(sender)) {
                    assert_eq!(*content.encode(), bytes);
                    read += 1;
                }
            }
        }
    }
    assert!(read > 10_000, "{read}");
}

#[test]
fn harmless_parts_that_nobody_knows_are_left_out_and_kept() {
    let bytes = content(&[(2, b"reference"), (0x80, b"later"), (0xbf, b""), (0xff, b"own")]);
    let read = Content::decode(&bytes, Kinds::of(Sender::Own)).unwrap();
    assert_eq!(read.kind(), Some(Kind::Image));
    assert!(read.has_unknown());
    assert_eq!(*read.encode(), bytes);
    // Also if there is nothing else: there is nothing to show, and nothing is wrong.
    let bytes = content(&[(0x85, b"a receipt, say")]);
    let read = Content::decode(&bytes, Kinds::of(Sender::Member)).unwrap();
    assert_eq!((read.kind(), read.as_text(), read.as_app()), (None, None, None));
    assert!(read.attachment().is_none());
    assert_eq!(*read.encode(), bytes);
}

#[test]
fn a_critical_part_that_nobody_knows_needs_a_newer_release() {
    for number in (7..0x40).chain(0x40..0x80) {
        let bytes = content(&[(1, b"hello"), (number, b"later")]);
        assert_eq!(refusal(&bytes), Some(Error::UnsupportedContent), "{number}");
    }
    // So does a later version, whatever follows.
    for version in 2..=u8::MAX {
        assert_eq!(refusal(&[version]), Some(Error::UnsupportedContent));
        assert_eq!(refusal(&[version, 1, 0]), Some(Error::UnsupportedContent));
    }
}

#[test]
fn each_kind_stands_once_and_in_order() {
    for parts in [
        &[(1, &b"one"[..]), (1, b"two")][..],
        &[(2, b"reference"), (1, b"caption")],
        &[(2, b"reference"), (2, b"reference")],
        &[(0x81, b""), (0x81, b"")],
        &[(0x81, b""), (0x80, b"")],
        &[(0x81, b""), (1, b"hello")],
        &[(0, b"")],
    ] {
        assert_eq!(refusal(&content(parts)), Some(Error::Malformed), "{parts:?}");
    }
}

#[test]
fn a_text_goes_with_an_attachment_and_nothing_else_with_anything() {
    let app = [0; 4];
    for parts in [
        &[(1, &b"text"[..]), (6, &app[..])][..],
        &[(2, b"reference"), (3, b"reference")],
        &[(1, b"text"), (4, b"reference"), (6, &app)],
        &[(2, b"reference"), (6, &app)],
    ] {
        assert_eq!(refusal(&content(parts)), Some(Error::Malformed), "{parts:?}");
    }
}

#[test]
fn a_part_of_a_known_kind_in_another_form_is_malformed() {
    let file = |name: &[u8]| [&[0, 0, 0, 1, 7][..], name].concat();
    let long = vec![b'a'; 16_385];
    let forms: [(u8, &[u8]); 8] = [
        (1, b""),
        (1, b"\xff"),
        (1, &long),
        (2, b""),
        (3, &long[..257]),
        (5, &[0, 0, 0, 0]),
        (5, &[0, 0, 0, 2, 7]),
        (6, &[0, 0, 0]),
    ];
    for (number, body) in forms {
        assert_eq!(refusal(&content(&[(number, body)])), Some(Error::Malformed), "{number}");
    }
    let names: [&[u8]; 9] =
        [b"a/b", b"..", b".", b"\\", b" ", b"a\0", b"\xff", "a\u{202e}b".as_bytes(), &long[..256]];
    for name in names {
        assert_eq!(refusal(&content(&[(5, &file(name))])), Some(Error::Malformed), "{name:?}");
    }
    for name in [&b"..."[..], "\u{e9}t\u{e9}.pdf".as_bytes(), &long[..255]] {
        assert_eq!(refusal(&content(&[(5, &file(name))])), None, "{name:?}");
    }
    assert_eq!(refusal(&content(&[(1, &long[..16_384])])), None);
}

#[test]
fn bytes_that_are_no_content_are_malformed() {
    let trailing = [&content(&[(1, b"hello")])[..], &[0x80]].concat();
    let too_long = [&[1, 1][..], &u32::MAX.to_be_bytes(), b"hello"].concat();
    for bytes in [&[][..], &[0], &[1], b"hello"[..0].as_ref(), &trailing, &too_long] {
        assert_eq!(refusal(bytes), Some(Error::Malformed), "{bytes:?}");
    }
}

#[test]
fn what_may_not_be_said_is_not_made() {
    let long = "a".repeat(16_385);
    assert_eq!(Content::text("").err(), Some(Error::NotAllowed));
    assert_eq!(Content::text(&long).err(), Some(Error::ContentTooLong));
    assert!(Content::text(&long[1..]).is_ok());
    for caption in ["", &long] {
        assert!(Content::image(reference()).with_caption(caption).is_err());
    }
    for other in [Content::text("hello").unwrap(), Content::app(7, b"")] {
        assert_eq!(other.with_caption("caption").err(), Some(Error::NotAllowed));
    }
    for name in ["", "a/b", "..", "two\nlines", &long[..256]] {
        assert_eq!(Content::file(reference(), Some(name)).err(), Some(Error::InvalidName));
    }
    for length in [0, 257] {
        let reference = AttachmentReference::new(&long.as_bytes()[..length]);
        assert_eq!(reference.err(), Some(Error::Malformed));
    }
}

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
    let image = content(&[(1, b"boat"), (2, &body(2, b"ab/12", b"")), (0x80, &[0xc3; 6])]);
    let read = Content::decode(&image, Kinds::of(Sender::Member)).unwrap();
    assert_eq!((image.len(), read.encode().to_vec()), (111, image));
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
            let of = (attachment.kind(), attachment.reference().encode(), attachment.place());
            Some((of, attachment.name(), attachment.caption()))
        });
        assert_eq!(said[0], said[1]);
        let group = [&read, &sample].map(|content| Some(content.as_group()?.collect::<Vec<_>>()));
        assert_eq!(group[0], group[1]);
        let is_other = read.as_text().is_some() || read.as_app().is_some() || group[0].is_some();
        assert_eq!(said[0].is_some(), !is_other);
    }
}

#[test]
fn whatever_is_read_encodes_to_the_bytes_that_it_was_read_from() {
    let unknown = content(&[(1, b"hello"), (0x80, b""), (0xc1, b"later")]);
    let known = samples().into_iter().chain(about());
    let known = known.map(|sample| sample.encode().to_vec()).collect::<Vec<_>>();
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
    let bytes = content(&[(2, &body(2, b"", b"")), (0x80, b"later"), (0xbf, b""), (0xff, b"own")]);
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
fn objects_of_a_group_stand_alone_and_1_to_64_of_them() {
    let body = |count: u32| {
        let objects = (0..count).flat_map(|_| [0, 0, 0, 2, 1, 0x39]);
        count.to_be_bytes().into_iter().chain(objects).collect::<Vec<u8>>()
    };
    for count in [1, 2, 64] {
        let bytes = content(&[(0x0c, &body(count))]);
        let read = Content::decode(&bytes, Kinds::of(Sender::Member)).unwrap();
        assert_eq!(read.as_group().unwrap().count(), usize::try_from(count).unwrap());
        assert_eq!((read.kind(), &*read.encode()), (Some(Kind::Group), &bytes));
    }
    for wrong in [&body(0)[..], &body(65), &body(1)[..9], &[&body(1)[..], &[0]].concat(), b""] {
        assert_eq!(refusal(&content(&[(0x0c, wrong)])), Some(Error::Malformed));
    }
    assert_eq!(refusal(&content(&[(1, b"hello"), (0x0c, &body(1))])), Some(Error::Malformed));
    assert_eq!(refusal(&content(&[(6, b"tag."), (0x0c, &body(1))])), Some(Error::Malformed));
}

#[test]
fn a_critical_part_that_nobody_knows_needs_a_newer_release() {
    for number in (0x0d..0x40).chain(0x42..0x80) {
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
        &[(2, &body(2, b"", b"")), (1, b"caption")],
        &[(2, &body(2, b"", b"")), (2, &body(2, b"", b""))],
        &[(0x91, b""), (0x91, b"")],
        &[(0x91, b""), (0x90, b"")],
        &[(0x91, b""), (1, b"hello")],
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
        &[(2, &body(2, b"", b"")), (3, &body(4, b"", b""))],
        &[(1, b"text"), (4, &body(3, b"", b"")), (6, &app)],
        &[(2, &body(2, b"", b"")), (6, &app)],
    ] {
        assert_eq!(refusal(&content(parts)), Some(Error::Malformed), "{parts:?}");
    }
}

#[test]
fn a_part_of_a_known_kind_in_another_form_is_malformed() {
    let file = |name: &[u8]| body(1, b"", name);
    let long = vec![b'a'; 16_385];
    let (image, cut) = (body(2, b"ab/12", b""), reference(2));
    let forms: [(u8, &[u8]); 10] = [
        (1, b""),
        (1, b"\xff"),
        (1, &long),
        (2, b""),
        (2, &cut),
        (2, &image[..image.len() - 1]),
        (2, &body(2, b"ab/12", b"a name")),
        (2, &body(2, &long[..513], b"")),
        (5, &body(5, b"", b"")),
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
        assert!(attached(2).with_caption(caption).is_err());
    }
    for other in [Content::text("hello").unwrap(), Content::app(7, b"")] {
        assert_eq!(other.with_caption("caption").err(), Some(Error::NotAllowed));
    }
    for name in ["", "a/b", "..", "two\nlines", &long[..256]] {
        assert_eq!(attached(1).with_name(name).err(), Some(Error::InvalidName));
    }
    for other in [Content::text("hello").unwrap(), attached(2), attached(3), attached(4)] {
        assert_eq!(other.with_name("boat.txt").err(), Some(Error::NotAllowed));
    }
    let reference = Reference::decode(&reference(2)).unwrap();
    for (length, error) in [(0, None), (512, None), (513, Some(Error::ContentTooLong))] {
        assert_eq!(Content::attached(&reference, &long.as_bytes()[..length]).err(), error);
    }
}

#[test]
fn an_attachment_is_of_the_kind_that_its_reference_says() {
    for (number, media) in [(2, 2), (3, 4), (4, 3), (5, 1)] {
        for other in 1..=4 {
            let expected = if other == media { None } else { Some(Error::Malformed) };
            let bytes = content(&[(number, &body(other, b"ab/12", b""))]);
            assert_eq!(refusal(&bytes), expected, "part {number} with media {other}");
        }
        assert_eq!(attached(media).kind().unwrap().number(), number);
    }
}

#[test]
fn a_reference_of_a_later_version_needs_a_newer_release() {
    for (version, kind, error) in [
        (0, 0x32, Error::Malformed),
        (2, 0x32, Error::UnsupportedContent),
        (255, 0, Error::UnsupportedContent),
        (1, 0x33, Error::Malformed),
    ] {
        let mut image = body(2, b"", b"");
        (image[0], image[1]) = (version, kind);
        assert_eq!(refusal(&content(&[(2, &image)])), Some(error));
    }
}

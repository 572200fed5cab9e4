//! Contents: the form of each kind, and who may not say what.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::content::{Content, Kind, Kinds, Sender};

pub(super) fn vectors() -> Vec<Vector> {
    let boat = attached(&reference(2, &[7; 64]), b"shelf 3", b"");
    vec![
        text(),
        image(),
        file(),
        app(),
        unknown(),
        refused(
            ("critical", "a critical part that nobody knows yet, from a member"),
            Sender::Member,
            &[(1, b"shall we meet at noon?"), (0x3f, b"")],
        ),
        refused(
            ("own-only", "a harmless part that own devices alone may say, from a member"),
            Sender::Member,
            &[(1, b"shall we meet at noon?"), (0xc0, b"")],
        ),
        refused(("guest", "an image, from a guest"), Sender::Guest, &[(2, &boat)]),
        refused(
            ("foreign", "content of the app's own, from another service"),
            Sender::Foreign,
            &[(6, b"\0\0\0\x07theme=dark")],
        ),
        refused(
            ("unordered", "an image before its caption"),
            Sender::Own,
            &[(2, &boat), (1, b"the boat")],
        ),
        refused(
            ("twice", "two texts"),
            Sender::Own,
            &[(1, b"shall we meet at noon?"), (1, b"shall we meet at one?")],
        ),
        refused(("empty", "a text without a character"), Sender::Own, &[(1, b"")]),
        refused(
            ("path", "a file whose name leads to another folder"),
            Sender::Own,
            &[(5, &attached(&reference(1, &[7; 64]), b"", b"../boat.txt"))],
        ),
        refused(
            ("media", "an image whose reference says that it is a file"),
            Sender::Own,
            &[(2, &attached(&reference(1, &[7; 64]), b"", b""))],
        ),
        version(),
    ]
}

fn new(name: &str, comment: &'static str) -> Vector {
    Vector::new(name, "content", comment)
}

/// Encodes a text as it is in a content.
pub(super) fn said(text: &str) -> Vec<u8> {
    encoded(&[(1, text.as_bytes())])
}

/// Encodes a content by the formulas.
fn encoded(parts: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![1];
    for (kind, body) in parts {
        bytes.push(*kind);
        bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(*body);
    }
    bytes
}

/// Writes the content of these parts down, and reads it as the crate does, as a member's.
fn content(v: &mut Vector, parts: &[(u8, &[u8])]) -> Content {
    let bytes = encoded(parts);
    v.bytes("content", &bytes);
    let content = Content::decode(&bytes, Kinds::of(Sender::Member)).unwrap();
    assert_eq!(*content.encode(), bytes);
    content
}

fn text() -> Vector {
    let mut v = new("content-text", "a text");
    v.bytes("text", b"shall we meet at noon?");
    let content = content(&mut v, &[(1, b"shall we meet at noon?")]);
    assert_eq!(content.as_text(), Some("shall we meet at noon?"));
    v
}

/// Encodes a reference to 19 bytes that are to be shown so.
fn reference(media: u8, key_and_digest: &[u8; 64]) -> Vec<u8> {
    [&[1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], key_and_digest].concat()
}

/// Encodes the body of an attachment's part.
fn attached(reference: &[u8], place: &[u8], name: &[u8]) -> Vec<u8> {
    let length = u32::try_from(place.len()).unwrap().to_be_bytes();
    [reference, &length, place, name].concat()
}

fn image() -> Vector {
    let mut v = new("content-image", "an image with a caption");
    v.bytes("caption", b"the boat");
    let key: [u8; 64] = v.input("key and digest");
    let reference = reference(2, &key);
    v.bytes("reference", &reference);
    v.bytes("place", b"shelf 3");
    let body = attached(&reference, b"shelf 3", b"");
    let content = content(&mut v, &[(1, b"the boat"), (2, &body)]);
    let image = content.attachment().unwrap();
    assert_eq!((image.kind(), image.caption()), (Kind::Image, Some("the boat")));
    assert_eq!(
        (image.reference().encode()[..].into(), image.place()),
        (reference, &b"shelf 3"[..])
    );
    v
}

fn file() -> Vector {
    let mut v = new("content-file", "a file with a name");
    let key: [u8; 64] = v.input("key and digest");
    let reference = reference(1, &key);
    v.bytes("reference", &reference);
    v.bytes("file name", b"boat.txt");
    let body = attached(&reference, b"", b"boat.txt");
    v.bytes("body", &body);
    let content = content(&mut v, &[(5, &body)]);
    let file = content.attachment().unwrap();
    assert_eq!((file.kind(), file.name()), (Kind::File, Some("boat.txt")));
    assert_eq!((file.reference().encode()[..].into(), file.place()), (reference, &b""[..]));
    v
}

fn app() -> Vector {
    let mut v = new("content-app", "content of the app's own, under the tag 7");
    v.bytes("tag", &[0, 0, 0, 7]);
    v.bytes("bytes", b"theme=dark");
    let content = content(&mut v, &[(6, b"\0\0\0\x07theme=dark")]);
    assert_eq!(content.as_app(), Some((7, &b"theme=dark"[..])));
    v
}

fn unknown() -> Vector {
    let mut v = new("content-unknown", "a text, and a harmless part that nobody knows yet");
    v.bytes("text", b"shall we meet at noon?");
    v.bytes("unknown body", b"later");
    let content = content(&mut v, &[(1, b"shall we meet at noon?"), (0x80, b"later")]);
    assert_eq!(content.as_text(), Some("shall we meet at noon?"));
    assert!(content.has_unknown());
    v
}

/// Makes a content that is refused from this sender.
fn refused((name, comment): (&str, &'static str), sender: Sender, parts: &[(u8, &[u8])]) -> Vector {
    let mut v = new(&alloc::format!("refused-content-{name}"), comment);
    let bytes = encoded(parts);
    v.bytes("content", &bytes);
    v.refused(Content::decode(&bytes, Kinds::of(sender)).err())
}

fn version() -> Vector {
    let mut v = new("refused-content-version", "a text in a content of a later version");
    let mut bytes = said("shall we meet at noon?");
    bytes[0] = 2;
    v.bytes("content", &bytes);
    v.refused(Content::decode(&bytes, Kinds::of(Sender::Own)).err())
}

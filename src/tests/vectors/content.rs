//! Contents: the form of each kind, and who may not say what.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::content::{Content, Kind, Kinds, MAX_TIMER, ReceiptKind, Sender, Target};
use crate::protocol::content::{decode_notice, encode_notice};
use crate::session::AccountId;

pub(super) fn vectors() -> Vec<Vector> {
    let boat = attached(&reference(2, &[7; 64]), b"shelf 3", b"");
    vec![
        text(),
        image(),
        file(),
        app(),
        unknown(),
        reply(),
        correction(),
        deletion(),
        reaction(),
        receipt(),
        typing(),
        timer(),
        timer_setting(),
        view_once(),
        view_notice(),
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
        refused(
            ("correction-number", "a correction with a number that is too high"),
            Sender::Own,
            &[(1, b"shall we meet at one?"), (7, &[&[7; 56][..], &[33]].concat())],
        ),
        refused(
            ("receipt-twice", "a receipt that names a message twice"),
            Sender::Own,
            &[(0x83, &[&[2][..], &[7; 32], &[0, 0, 0, 2], &[8; 48]].concat())],
        ),
        refused(
            ("view-once-file", "a file that is to be shown once"),
            Sender::Own,
            &[(5, &attached(&reference(1, &[7; 64]), b"", b"")), (0x0a, b"")],
        ),
        refused(
            ("deletion-beside", "a deletion with a text beside it"),
            Sender::Own,
            &[(1, b"shall we meet at noon?"), (8, &[7; 56])],
        ),
        refused(("timer-zero", "a timer of no time"), Sender::Own, &[(1, b"noon"), (9, &[0; 4])]),
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

fn about(name: &str, comment: &'static str) -> Vector {
    Vector::new(name, "conversations", comment)
}

/// Writes a target down: its account, and the rest of it.
fn target(v: &mut Vector) -> ([u8; 32], Vec<u8>) {
    let account: [u8; 32] = v.input("target account");
    let device: [u8; 8] = v.input("target device");
    let id: [u8; 16] = v.input("target id");
    let digest: [u8; 32] = v.input("target digest");
    let named = [&device[..], &id, &digest].concat();
    v.bytes("target", &[&account[..], &named].concat());
    (account, named)
}

fn reply() -> Vector {
    let mut v =
        about("content-reply", "a text that answers a message, and disappears after a week");
    let (account, named) = target(&mut v);
    let target = [&account[..], &named].concat();
    v.bytes("text", b"at noon");
    v.length("seconds", 604_800);
    let seconds = 604_800_u32.to_be_bytes();
    let content = content(&mut v, &[(1, b"at noon"), (9, &seconds), (0x81, &target)]);
    assert_eq!(content.reply().unwrap().encode()[..], target);
    assert_eq!((content.timer(), content.as_text()), (Some(604_800), Some("at noon")));
    v
}

fn correction() -> Vector {
    let mut v = about("content-correction", "the second correction of a message");
    let (account, named) = target(&mut v);
    v.bytes("text", b"at one");
    v.number("number", 2_u8);
    let content = content(&mut v, &[(1, b"at one"), (7, &[&named[..], &[2]].concat())]);
    let correction = content.as_correction().unwrap();
    assert_eq!((correction.text(), correction.number()), ("at one", 2));
    let target = correction.target(AccountId(account));
    assert_eq!(target.encode()[..], [&account[..], &named].concat());
    v
}

fn deletion() -> Vector {
    let mut v = about("content-deletion", "a deletion of a message");
    let (account, named) = target(&mut v);
    let content = content(&mut v, &[(8, &named)]);
    let target = content.as_deletion().unwrap().target(AccountId(account));
    assert_eq!(target.encode()[..], [&account[..], &named].concat());
    v
}

fn reaction() -> Vector {
    let mut v = about("content-reaction", "the first reaction of an account to a message");
    let (account, named) = target(&mut v);
    v.number("number", 1_u8);
    v.bytes("sign", "\u{1f44d}".as_bytes());
    let parts: [&[u8]; 4] = [&account, &named, &[0, 0, 0, 1], "\u{1f44d}".as_bytes()];
    let content = content(&mut v, &[(0x82, &parts.concat())]);
    let reaction = content.as_reaction().unwrap();
    assert_eq!((reaction.sign(), reaction.number()), (Some("\u{1f44d}"), 1));
    v
}

fn receipt() -> Vector {
    let mut v = about("content-receipt", "a receipt that two messages of an account were read");
    v.number("kind", 2_u8);
    let account: [u8; 32] = v.input("account");
    let mut letters = [v.input::<24>("device and id"), v.input("other device and id")];
    letters.sort_unstable();
    let parts: [&[u8]; 5] = [&[2], &account, &[0, 0, 0, 2], &letters[0], &letters[1]];
    let content = content(&mut v, &[(0x83, &parts.concat())]);
    let receipt = content.as_receipt().unwrap();
    assert_eq!((receipt.kind(), receipt.account()), (ReceiptKind::Read, AccountId(account)));
    let named = receipt.messages().map(|(device, id)| [&device.0[..], &id.0].concat());
    assert!(named.eq(letters));
    v
}

fn typing() -> Vector {
    let mut v = about("content-typing", "somebody begins to type");
    let content = content(&mut v, &[(0x84, &[1])]);
    assert_eq!(content.as_typing(), Some(true));
    v
}

fn timer() -> Vector {
    let mut v = about("content-timer", "content of the app's own that disappears after 366 days");
    v.length("seconds", 31_622_400);
    v.bytes("tag", &[0, 0, 0, 7]);
    let seconds = 31_622_400_u32.to_be_bytes();
    let content = content(&mut v, &[(6, &[0, 0, 0, 7]), (9, &seconds)]);
    assert_eq!(content.timer(), Some(MAX_TIMER));
    v
}

fn timer_setting() -> Vector {
    let mut v =
        about("content-timer-setting", "the third setting of a conversation's timer: a day");
    v.number("number", 3_u8);
    v.length("seconds", 86_400);
    let body = [3_u64.to_be_bytes().to_vec(), 86_400_u32.to_be_bytes().to_vec()].concat();
    let content = content(&mut v, &[(0x0b, &body)]);
    let setting = content.as_timer_setting().unwrap();
    assert_eq!((setting.number(), setting.seconds()), (3, Some(86_400)));
    v
}

fn view_once() -> Vector {
    let mut v = about("content-view-once", "an image that is shown once");
    let key: [u8; 64] = v.input("key and digest");
    let reference = reference(2, &key);
    v.bytes("reference", &reference);
    v.bytes("place", b"shelf 3");
    let body = attached(&reference, b"shelf 3", b"");
    let content = content(&mut v, &[(2, &body), (0x0a, b"")]);
    assert_eq!(content.view_once(), Some(Kind::Image));
    assert!(content.attachment().is_none());
    v
}

fn view_notice() -> Vector {
    let mut v = about("view-notice", "the notice that a message was viewed");
    let (account, named) = target(&mut v);
    let target = [&account[..], &named].concat();
    let notice = [&[1, 0x3b][..], &target].concat();
    v.bytes("notice", &notice);
    let real = Target::decode(&target).unwrap();
    assert_eq!(*encode_notice(&real), notice);
    assert_eq!(decode_notice(&notice), Ok(real));
    v.bytes("name", &target[56..72]);
    assert_eq!(real.name(), target[56..72]);
    v
}

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a failed expectation is a failed test"
)]

mod about;
mod form;
mod table;

use alloc::vec;
use alloc::vec::Vec;

use super::{
    Content, ConversationTimer, Kind, Kinds, MAX_CORRECTIONS, MAX_RECEIPT, MAX_TIMER, ReceiptKind,
    Sender, Target,
};
use crate::error::Error;
use crate::protocol::attachment::reference::Reference;

const SENDERS: [Sender; 4] = [Sender::Own, Sender::Member, Sender::Guest, Sender::Foreign];

/// Encodes a reference to something that is to be shown so: 1 a file, 2 an image, 3 a video, 4 a voice message.
fn reference(media: u8) -> Vec<u8> {
    [&[1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[0xc1; 32], &[0xc2; 32]].concat()
}

/// Encodes the body of an attachment's part.
fn body(media: u8, place: &[u8], name: &[u8]) -> Vec<u8> {
    let length = u32::try_from(place.len()).unwrap().to_be_bytes();
    [&reference(media)[..], &length, place, name].concat()
}

/// Makes what is to be shown so.
fn attached(media: u8) -> Content {
    Content::attached(&Reference::decode(&reference(media)).unwrap(), b"ab/12").unwrap()
}

/// Makes one content of each kind, with and without a caption.
fn samples() -> Vec<Content> {
    let attachments = || {
        [
            attached(2),
            attached(4),
            attached(3),
            attached(1),
            attached(1).with_name("boat.txt").unwrap(),
        ]
    };
    let captioned = attachments().map(|content| content.with_caption("the boat").unwrap());
    let others = [
        Content::text("hello").unwrap(),
        Content::app(7, b"bytes"),
        Content::app(0, b""),
        Content::group([b"an operation".to_vec()]),
    ];
    others.into_iter().chain(attachments()).chain(captioned).collect()
}

/// Makes a target, told from others by a byte.
fn target(byte: u8) -> Target {
    Target::decode(&[byte; 88]).unwrap()
}

/// Makes a content of each kind that is about a message, or has something beside it.
fn about() -> Vec<Content> {
    let text = || Content::text("hello").unwrap();
    let known = ConversationTimer::default();
    vec![
        text().with_reply(&target(1)).unwrap(),
        text().with_timer(5).unwrap(),
        attached(2).with_timer(MAX_TIMER).unwrap().with_reply(&target(1)).unwrap(),
        attached(3).shown_once().unwrap(),
        attached(4)
            .with_caption("boat")
            .unwrap()
            .shown_once()
            .unwrap()
            .with_reply(&target(1))
            .unwrap(),
        Content::correction(&target(2), MAX_CORRECTIONS, "hello").unwrap(),
        Content::deletion(&target(2)),
        Content::reaction(&target(1), 1, Some("\u{1f44d}")).unwrap(),
        Content::reaction(&target(1), u32::MAX, None).unwrap(),
        Content::receipt(ReceiptKind::Played, &[target(1)]).unwrap(),
        Content::typing(true),
        Content::typing(false),
        Content::timer_setting(&known, Some(1)).unwrap(),
        Content::timer_setting(&known, None).unwrap(),
    ]
}

/// Encodes a part by the page.
fn part(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// Encodes a content by the page.
fn content(parts: &[(u8, &[u8])]) -> Vec<u8> {
    let parts = parts.iter().flat_map(|(number, body)| part(*number, body));
    [1].into_iter().chain(parts).collect()
}

/// Returns the error with which a content of an own device is refused, who may say everything.
fn refusal(bytes: &[u8]) -> Option<Error> {
    Content::decode(bytes, Kinds::ALL).err()
}

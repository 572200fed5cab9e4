#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a failed expectation is a failed test"
)]

mod form;
mod table;

use alloc::vec;
use alloc::vec::Vec;

use super::{Content, Kind, Kinds, Sender};
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

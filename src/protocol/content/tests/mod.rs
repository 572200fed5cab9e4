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

use super::{AttachmentReference, Content, Kind, Kinds, Sender};
use crate::error::Error;

const SENDERS: [Sender; 4] = [Sender::Own, Sender::Member, Sender::Guest, Sender::Foreign];

fn reference() -> AttachmentReference {
    AttachmentReference::new(b"reference").unwrap()
}

/// Makes one content of each kind, with and without a caption.
fn samples() -> Vec<Content> {
    let attachments = || {
        [
            Content::image(reference()),
            Content::voice(reference()),
            Content::video(reference()),
            Content::file(reference(), None).unwrap(),
            Content::file(reference(), Some("boat.txt")).unwrap(),
        ]
    };
    let captioned = attachments().map(|content| content.with_caption("the boat").unwrap());
    let others = [Content::text("hello").unwrap(), Content::app(7, b"bytes"), Content::app(0, b"")];
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

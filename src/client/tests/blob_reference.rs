//! Blobs that hold what has to stand in the letter itself.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use crate::client::BlobReference;
use crate::content::{Content, ConversationTimer, ReceiptKind, Sender, Target};
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::protocol::letter::blob;

#[test]
fn what_is_brief_is_refused_in_a_blob() {
    let target = Target::decode(&[9; 88]).unwrap();
    let brief = [
        Content::deletion(&target),
        Content::timer_setting(&ConversationTimer::default(), None).unwrap(),
        Content::reaction(&target, 1, None).unwrap(),
        Content::receipt(ReceiptKind::Read, &[target]).unwrap(),
        Content::typing(true),
    ];
    let long = [Content::text("hello").unwrap(), Content::correction(&target, 1, "one").unwrap()];
    let all = brief.iter().map(|content| (content, Some(Error::Malformed)));
    for (content, error) in all.chain(long.iter().map(|content| (content, None))) {
        let (reference, blob) = blob::seal(Secret::copy(&[7; 32]), &content.encode()).unwrap();
        let reference = BlobReference::new(reference, Sender::Member);
        assert_eq!(reference.open(&blob).err(), error, "{content:?}");
    }
}

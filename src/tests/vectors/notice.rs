//! Notices of the owner of a link.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::primitives::secret::Secret;
use crate::primitives::{kdf, sign};
use crate::protocol::guest::link::Locator;
use crate::protocol::guest::server_copy::Notice;
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    vec![notice(true), notice(false)]
}

/// Encodes what a notice of the link says, signed by its owner.
pub(super) fn signed_notice(
    v: &mut Vector,
    locator: &[u8; 24],
    owner_seed: &[u8; 32],
    t: Option<&[u8; 32]>,
) -> Vec<u8> {
    let (why, hash) = match t {
        Some(t) => (1, v.hash("claim name", &[labels::GUEST_CLAIM_NAME, t])),
        None => (2, [0; 32]),
    };
    let body = [&[1, 0x23][..], locator, &[why], &hash].concat();
    v.bytes("notice body", &body);
    let signature = v.sign("notice signature", owner_seed, labels::GUEST_NOTICE, &[&body]);
    let notice = [&body[..], &signature].concat();
    v.bytes("notice", &notice);
    notice
}

fn notice(claimed: bool) -> Vector {
    let (name, comment) = if claimed {
        ("guest-notice-claimed", "the owner's word that a link was claimed, and by which claim")
    } else {
        ("guest-notice-revoked", "the owner's word that a link was taken back")
    };
    let mut v = Vector::new(name, "guest-links", comment);
    let locator = v.input("locator");
    let owner_seed = v.input("owner seed");
    let t = claimed.then(|| v.input("t"));
    let notice = signed_notice(&mut v, &locator, &owner_seed, t.as_ref());
    let owner = sign::SecretKey::from_seed(Secret::copy(&owner_seed));
    let real = t.map_or(Notice::Revoked, Notice::Claimed);
    assert_eq!(real.sign(Locator(locator), &owner), notice);
    let means = Notice::decode(&notice, Locator(locator), &owner.public()).unwrap();
    assert_eq!(means, t.map(|t| kdf::hash(&[labels::GUEST_CLAIM_NAME, &t])));
    v
}

//! Notes of a device about its prekeys: those published, and those whose first messages it has accepted.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::model::{Published, member};
use super::state::{after, start};
use crate::primitives::codec::Writer;
use crate::protocol::handshake::replay::{FirstMessage, HandshakeId, ShareId};
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::labels;
use crate::storage::State;

pub(super) fn vectors() -> Vec<Vector> {
    vec![share(), published()]
}

fn share() -> Vector {
    let mut v = Vector::new(
        "prekeys-share",
        "prekeys",
        "a first message without a one-time prekey as it is remembered: with the share that it takes",
    );
    let initiator = member(&mut v, "initiator");
    let handshake: [u8; 16] = v.input("handshake id");
    // Account id and account key, which stand side by side in the certificate.
    let account = &initiator.core[1..65];
    let hash = v.hash("share hash", &[labels::PREKEYS_SHARE, account]);
    let remembered = [&handshake[..], &hash[..8]].concat();
    v.bytes("remembered", &remembered);
    let certificate = Certificate::decode(&initiator.certificate).unwrap();
    let message =
        FirstMessage { handshake: HandshakeId(handshake), share: ShareId::of(&certificate) };
    let mut writer = Writer::new();
    message.write(&mut writer);
    assert_eq!(writer.written(), remembered);
    v
}

fn published() -> Vector {
    let mut v = Vector::new(
        "state-published",
        "state",
        "the change of a device that notes its bundle and its one-time prekey as published",
    );
    let to = Published::new(&mut v, "responder");
    let (mut device, bundle) = to.device();
    let (signed, one_time) = (bundle.id(), to.made_one_time().id());
    let mut ids = [signed.0, one_time.0];
    ids.sort_unstable();
    // It has one change behind it: its one-time prekey was made.
    let base = start(&mut v, 2, &to.member.account_id, &to.member.core);
    let now = NOW.to_be_bytes();
    let name = [&[2][..], &now, &one_time.0, &[0; 8]].concat();
    let base = after(&base, &name);
    assert_eq!(device.anchor().to_bytes()[..], base);
    v.number("now", NOW);
    v.bytes("base anchor", &base);
    let hash = v.hash("ids hash", &[labels::STATE_PUBLISHED, &ids.concat()]);
    let name = [&[5][..], &now, &hash[..16]].concat();
    v.bytes("change name", &name);
    v.bytes("anchor", &after(&base, &name));
    // In any order, each as often as it is said.
    device.note_published([one_time, signed, one_time], NOW).apply();
    assert_eq!(device.anchor().to_bytes()[..], after(&base, &name));
    assert!(!device.note_published([signed, one_time], NOW).is_change());
    v
}

//! A root step that takes a secret of the braid, and a body with a chunk behind its content.

use alloc::vec;
use alloc::vec::Vec;

use super::braid::{Authenticator, BraidPart, KeySide};
use super::form::{Vector, chosen};
use super::ratchet::{Sealing, ratchet_key, room, turn_to_epoch};
use super::tape::Tape;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::digest::DIGEST_KEY;
use crate::protocol::padding::Padding;
use crate::protocol::ratchet::ClearHeader;
use crate::protocol::ratchet::Ratchet;

pub(super) fn vectors() -> Vec<Vector> {
    vec![turn_to_epoch_two()]
}

/// The values that both sides hold in the middle of a session: epoch 2 is agreed and not yet in the
/// root, epoch 3 has no key pair yet.
struct Held {
    session: [u8; 32],
    root: [u8; 32],
    imprint_key: [u8; DIGEST_KEY],
    header_key: [u8; 32],
    /// The responder's ratchet key, in the chain that the initiator answers.
    peer_seed: [u8; 32],
    peer: [u8; 32],
    authenticator: Authenticator,
    secret: [u8; 32],
}

/// Number of messages that the initiator sealed in its chain before.
const PREVIOUS: u32 = 5;

const CLEAR: ClearHeader = ClearHeader { version: 1, kind: 1, prefix_hash: [0; 32] };

impl Held {
    fn new(v: &mut Vector) -> Self {
        let session = v.input("session id");
        let root = v.input("root");
        let imprint_key = chosen("ratchet-mixed imprint key");
        let header_key = v.input("header key");
        let peer_seed = v.input("peer ratchet seed");
        let peer = v.agreement_key("peer ratchet key", &peer_seed);
        let (root_of, key) = (v.input("auth root"), v.input("auth key"));
        let authenticator = Authenticator { root: root_of, key };
        let secret = v.input("secret");
        Self { session, root, imprint_key, header_key, peer_seed, peer, authenticator, secret }
    }

    /// Encodes the braid of either side, with the secret of epoch 2: the initiator Fresh, the responder
    /// Waiting for a header.
    fn braid(&self, is_initiator: bool) -> Vec<u8> {
        let Self { authenticator, secret, .. } = self;
        let phase: &[u8] = if is_initiator { &[0] } else { &[2, 0] };
        [&[0, 0, 0, 3][..], &authenticator.root, &authenticator.key, &[1], secret, phase].concat()
    }

    /// Reads one side's ratchet from what would be saved of it (`spec/state.md`, "Session, kind 0x03").
    /// Keys that play no part are one byte repeated.
    fn ratchet(&self, is_initiator: bool) -> Ratchet {
        let number = |value: u32| value.to_be_bytes();
        // Both have begun their second chains, with epoch 1 in the root.
        let sending = if is_initiator {
            [&[0][..], &self.peer, &number(2), &number(PREVIOUS)].concat()
        } else {
            let keys = [&self.peer_seed[..], &self.peer, &[0x33; 32], &[0x34; 32]].concat();
            [&[1][..], &number(2), &keys, &number(1), &number(1), &number(1)].concat()
        };
        // The initiator has read the chain that it answers, the responder the one before.
        let (ratchet, received) = if is_initiator { (self.peer, 1) } else { ([9; 32], PREVIOUS) };
        let chain = [&[0x35; 32][..], &[0x36; 32]].concat();
        let receiving = [&[1][..], &number(2), &ratchet, &number(1), &number(1), &chain].concat();
        let receiving = [&receiving[..], &number(received), &number(0)].concat();
        let (next_sending, next_receiving) = if is_initiator {
            (self.header_key, [0x37; 32])
        } else {
            ([0x37; 32], self.header_key)
        };
        let direction = if is_initiator { 1 } else { 2 };
        let state = [
            &[direction][..],
            &self.session,
            &self.root,
            &self.imprint_key,
            &sending,
            &next_sending,
            &receiving,
            &next_receiving,
            &number(0),
            &[0; 769],
            &self.braid(is_initiator),
        ];
        Reader::all(&state.concat(), Ratchet::read).unwrap()
    }
}

/// Encodes what a side saves.
fn saved(ratchet: &Ratchet) -> Vec<u8> {
    let mut writer = Writer::new();
    ratchet.write(&mut writer);
    writer.secret().to_vec()
}

fn turn_to_epoch_two() -> Vector {
    let mut v = Vector::new(
        "ratchet-mixed",
        "ratchet",
        "an initiator's turn that mixes the secret of epoch 2, and begins epoch 3 with two chunks",
    );
    let held = Held::new(&mut v);
    let (random, seed, ratchet) = ratchet_key(&mut v, &held.root);
    let epoch = (2, &held.secret);
    let turned = turn_to_epoch(&mut v, &held.root, &seed, &held.peer_seed, epoch);
    let braid_random: [u8; 32] = v.input("braid random");
    let key_side = KeySide::generate(&mut v, &held.authenticator, 3, &braid_random);
    let content = chosen::<200>("ratchet-mixed content");
    let room = room(&content);
    assert_eq!(room, 1);
    let sealing = Sealing {
        session: &held.session,
        direction: 1,
        prefix: None,
        ratchet: &ratchet,
        previous: PREVIOUS,
        number: 0,
        header_key: &held.header_key,
        pq_epoch: 2,
        part: &BraidPart::next((3, 1), &key_side.stream, 0, 0, room),
        imprint_key: &held.imprint_key,
    };
    let (_, nonce, message) = sealing.seal(&mut v, &turned.chain, &content);

    let mut initiator = held.ratchet(true);
    let padded = Padding::Buckets.length(content.len());
    let random: &[&[u8]] = &[&random, &braid_random, &nonce];
    let sealed =
        Tape::play(random, |rng| initiator.seal(&CLEAR, &message[..2], &content, padded, rng));
    let (sealed, mut delta, _) = sealed.unwrap();
    assert_eq!(sealed, message);
    initiator.apply(&mut delta);

    let mut responder = held.ratchet(false);
    let (opened, _, mut delta) = responder.stage(CLEAR, &message[2..]).unwrap().open().unwrap();
    assert_eq!(opened[..], content);
    responder.apply(&mut delta);
    for side in [&initiator, &responder].map(saved) {
        // After role and session id.
        assert_eq!(side[33..65], turned.root);
        // In the root, and so erased.
        assert!(!side.windows(32).any(|window| window == held.secret));
    }
    v
}

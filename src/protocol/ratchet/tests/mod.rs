//! The ratchet from inside: what work it does, and what only dishonest code makes of it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod costs;
mod numbers;

use alloc::vec;
use alloc::vec::Vec;

use super::header::Header;
use super::skipped::MAX_CLOSED;
use super::{Front, HEADER_TRIALS, MAX_SKIP, Position, Ratchet, Sending};
use crate::primitives::aead::{self, NONCE};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::generator::TestRng;
use crate::primitives::secret::Secret;
use crate::primitives::work::{self, Work};
use crate::protocol::braid::{Kind, PART, Part};
use crate::protocol::handshake::Keys;
use crate::protocol::padding::Padding;
use crate::protocol::wire;
use crate::{Account, AccountId, Device, Error, Session};

pub(super) const FRONT: Front =
    Front { version: wire::VERSION, kind: wire::MESSAGE, prefix_hash: [0; 32] };
const NOW: u64 = 1_800_000_000;

/// A part that says nothing, in the first epoch.
pub(super) fn nothing() -> [u8; PART] {
    Part::bare(1, Kind::Nothing).encode()
}

/// Both sides of one session, on the ratchet's own level.
pub(super) struct Pair {
    pub(super) initiator: Ratchet,
    pub(super) responder: Ratchet,
    pub(super) rng: TestRng,
}

impl Pair {
    /// The responder has opened one message and has not answered.
    pub(super) fn new() -> Self {
        let keys = || Keys {
            root: Secret::copy(&[1; 32]),
            initiator_header: Secret::copy(&[2; 32]),
            responder_header: Secret::copy(&[3; 32]),
            session: [4; 32],
            braid: Secret::copy(&[6; 32]),
        };
        let prekey = dh::SecretKey::from_seed(Secret::copy(&[5; 32]));
        let mut pair = Self {
            initiator: Ratchet::initiate(keys(), prekey.public()),
            responder: Ratchet::accept(keys(), &prekey),
            rng: TestRng::new(1),
        };
        let first = pair.seal();
        open(&mut pair.responder, &first).unwrap();
        pair
    }

    pub(super) fn seal(&mut self) -> Vec<u8> {
        seal(&mut self.initiator, &mut self.rng).unwrap()
    }

    /// The responder answers, so that the initiator's next message begins a chain.
    pub(super) fn turn(&mut self) {
        let answer = seal(&mut self.responder, &mut self.rng).unwrap();
        open(&mut self.initiator, &answer).unwrap();
    }

    /// The responder answers, and the answer is under way.
    pub(super) fn seal_answer(&mut self) -> Vec<u8> {
        seal(&mut self.responder, &mut self.rng).unwrap()
    }

    /// The initiator's message with another header than it would have written.
    pub(super) fn seal_with(&self, change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let Sending::Active(going) = &self.initiator.sending else { panic!("nothing was sent") };
        let mut header = Header {
            ratchet: going.public,
            previous: going.previous,
            number: going.number,
            nonce: [9; NONCE],
            mixed: going.mixed,
            part: nothing(),
        };
        change(&mut header);
        let (key, _) = going.chain.step();
        let mut body = vec![0x80];
        let ad = self.initiator.body_ad(self.initiator.role(), &FRONT, &header.encode());
        let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
        let sealed = header.seal(&going.header, &FRONT, &tag).unwrap();
        [sealed.as_slice(), &tag, &body].concat()
    }

    /// The initiator's message with another part than it would have written.
    pub(super) fn seal_with_part(&self, part: [u8; PART]) -> Vec<u8> {
        self.seal_with(|header| header.part = part)
    }
}

fn seal(ratchet: &mut Ratchet, rng: &mut TestRng) -> Result<Vec<u8>, Error> {
    let (message, mut delta) =
        ratchet.seal(&FRONT, &[], b"text", Padding::Buckets.length(4), rng)?;
    ratchet.apply(&mut delta);
    Ok(message)
}

pub(super) fn open(ratchet: &mut Ratchet, message: &[u8]) -> Result<(), Error> {
    let (_, mut delta) = ratchet.stage(FRONT, message)?.open()?;
    ratchet.apply(&mut delta);
    Ok(())
}

/// The error of opening `message`, and what it cost. Opening takes no `&mut`, so nothing changes.
pub(super) fn refused(ratchet: &Ratchet, message: &[u8]) -> (Error, Work) {
    let (result, work) =
        work::of(|| ratchet.stage(FRONT, message).and_then(super::Staged::open).map(|_| ()));
    (result.unwrap_err(), work)
}

fn altered(mut message: Vec<u8>) -> Vec<u8> {
    *message.last_mut().unwrap() ^= 1;
    message
}

//! The ratchet from inside: what work it does, and what only dishonest code makes of it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod costs;
mod epoch_jumps;
mod exporter;
mod healing;
mod imprints;
mod network;
mod nonces;
mod numbers;
#[cfg(feature = "signal")]
mod signal_costs;
#[cfg(feature = "signal")]
mod signal_refusals;
#[cfg(feature = "signal")]
mod signal_talk;

use alloc::vec;
use alloc::vec::Vec;

use super::braid::{BraidPart, Kind, PART};
use super::header::ClearHeader;
use super::header::Header;
use super::header::SealedHeader;
use super::ratchet::{MAX_SKIP, Ratchet, SendState};
use super::skipped::MAX_CLOSED;
use crate::error::Error;
use crate::primitives::aead;
use crate::primitives::aead::NONCE;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count;
use crate::primitives::tests::op_count::Work;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::handshake::x3dh::SessionKeys;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::padding::Padding;
use crate::protocol::position::Position;
use crate::protocol::wire;
use crate::session::Account;
use crate::session::Device;
use crate::session::Session;

/// Header keys that a message is tried under: the current chain's, the next one's, the closed ones'. A
/// stranger's bytes cost no more than these.
const HEADER_TRIALS: usize = 2 + MAX_CLOSED;

pub(super) const CLEAR: ClearHeader =
    ClearHeader { version: wire::VERSION, kind: wire::MESSAGE, prefix_hash: [0; 32] };
const NOW: u64 = 1_800_000_000;

/// Makes a part that says nothing, in the first epoch.
pub(super) fn nothing() -> [u8; PART] {
    BraidPart::bare(1, Kind::Nothing).encode()
}

/// Both sides of one session, on the ratchet's own level.
pub(super) struct RatchetPair {
    pub(super) initiator: Ratchet,
    pub(super) responder: Ratchet,
    pub(super) rng: TestRng,
}

impl RatchetPair {
    /// Begins a session whose responder has opened one message and has not answered.
    pub(super) fn new() -> Self {
        let keys = || SessionKeys {
            root: Secret::copy(&[1; 32]),
            initiator_header: Secret::copy(&[2; 32]),
            responder_header: Secret::copy(&[3; 32]),
            session: [4; 32],
            braid: Secret::copy(&[6; 32]),
            imprint: Secret::copy(&[7; DIGEST_KEY]),
        };
        let prekey = dh::SecretKey::from_seed(Secret::copy(&[5; 32]));
        let mut rng = TestRng::new(1);
        let mut initiator = Ratchet::initiate(keys(), prekey.public());
        let first = seal(&mut initiator, &mut rng).unwrap();
        let (mut responder, mut first) = Ratchet::accept(keys(), &prekey, CLEAR, &first).unwrap();
        responder.apply(&mut first.delta);
        Self { initiator, responder, rng }
    }

    pub(super) fn seal(&mut self) -> Vec<u8> {
        seal(&mut self.initiator, &mut self.rng).unwrap()
    }

    /// Lets the responder answer, so that the initiator's next message begins a chain.
    pub(super) fn turn(&mut self) {
        let answer = seal(&mut self.responder, &mut self.rng).unwrap();
        open(&mut self.initiator, &answer).unwrap();
    }

    /// Lets the responder answer, and returns the answer.
    pub(super) fn seal_answer(&mut self) -> Vec<u8> {
        seal(&mut self.responder, &mut self.rng).unwrap()
    }

    /// Seals the initiator's message with another header than it would have written.
    pub(super) fn seal_with(&self, change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let SendState::Active(going) = &self.initiator.sending else { panic!("nothing was sent") };
        let mut header = Header {
            ratchet: going.public,
            previous: going.previous,
            number: going.number,
            nonce: [9; NONCE],
            pq_epoch: going.pq_epoch,
            part: nothing(),
        };
        change(&mut header);
        let (key, _) = going.chain_key.step();
        let mut body = vec![0x80];
        let ad = Ratchet::body_ad(&self.initiator.place(
            self.initiator.role(),
            &CLEAR,
            &header.encode(),
        ));
        let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
        let sealed = header.seal(&going.header, &CLEAR, &tag).unwrap();
        [sealed.as_slice(), &tag, &body].concat()
    }

    /// Seals the initiator's message with another part than it would have written.
    pub(super) fn seal_with_part(&self, part: [u8; PART]) -> Vec<u8> {
        self.seal_with(|header| header.part = part)
    }
}

fn seal(ratchet: &mut Ratchet, rng: &mut TestRng) -> Result<Vec<u8>, Error> {
    let (message, mut delta, _) =
        ratchet.seal(&CLEAR, &[], b"text", Padding::Buckets.length(4), rng)?;
    ratchet.apply(&mut delta);
    Ok(message)
}

pub(super) fn open(ratchet: &mut Ratchet, message: &[u8]) -> Result<(), Error> {
    let (_, _, mut delta) = ratchet.stage(CLEAR, message)?.open()?;
    ratchet.apply(&mut delta);
    Ok(())
}

/// Returns the error of opening `message`, and what it cost. Opening takes no `&mut`, so nothing
/// changes.
pub(super) fn refused(ratchet: &Ratchet, message: &[u8]) -> (Error, Work) {
    let (result, work) = op_count::of(|| {
        ratchet.stage(CLEAR, message).and_then(super::StagedHeader::open).map(|_| ())
    });
    (result.unwrap_err(), work)
}

fn altered(mut message: Vec<u8>) -> Vec<u8> {
    *message.last_mut().unwrap() ^= 1;
    message
}

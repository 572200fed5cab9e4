//! The sessions of both sides behind a first message.

use core::ops::Range;

use super::NOW;
use super::form::Vector;
use super::handshake::{FirstMessage, Initiator, Shared, choose, combine, first};
use super::model::{Published, member, signed_prekeys};
use super::tape::Tape;
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::position::SessionId;
use crate::session::{Accepted, Session};
use crate::storage::State;

/// The continuation's range in a session's state: behind version, kind, anchor, certificate and
/// handshake id.
const CONTINUATION: Range<usize> = 315..363;

pub(super) const FIRST_CONTENT: &[u8] = b"Hello. This is the first message.";

/// Both sides' sessions after the first message, made by the crate.
pub(super) struct SessionPair {
    pub(super) v: Vector,
    pub(super) shared: Shared,
    pub(super) first: FirstMessage,
    pub(super) initiator: Session,
    pub(super) responder: Session,
}

pub(super) fn pair(name: &str, comment: &'static str, with_one_time: bool) -> SessionPair {
    pair_as(Continuation::new(NOW), name, comment, with_one_time)
}

pub(super) fn pair_as(
    continuation: Continuation,
    name: &str,
    comment: &'static str,
    with_one_time: bool,
) -> SessionPair {
    let mut v = Vector::new(name, "handshake", comment);
    let from = member(&mut v, "initiator");
    let to = Published::new(&mut v, "responder");
    let introduced = Initiator { continuation, ..Initiator::from(&from) };
    let chosen = choose(&mut v, &introduced, &to, with_one_time);
    let shared = combine(&mut v, &introduced, &to, &chosen, with_one_time, None);
    let first = first(&mut v, &shared, &to, FIRST_CONTENT);

    let (mut device, bundle) = to.device();
    let bundle = if with_one_time { bundle } else { device.bundle() };
    let mut scratch = Vector::new("scratch", "", "");
    let own = signed_prekeys(&mut scratch, "initiator", &from);
    let random: &[&[u8]] = &[&chosen.ephemeral_random, &chosen.kem_random];
    let mut initiator =
        Tape::play(random, |rng| from.device(&own).initiate_with(continuation, &bundle, NOW, rng))
            .unwrap();
    let message = Tape::play(&first.random(), |rng| initiator.encrypt(FIRST_CONTENT, rng)).unwrap();
    assert_eq!(message, first.message);
    assert_eq!(initiator.id(), SessionId(shared.session));

    let Accepted { session: responder, opened } = device.accept(&message, NOW).unwrap().apply();
    assert_eq!(opened.content[..], *FIRST_CONTENT);
    assert_eq!(responder.id(), SessionId(shared.session));
    assert_eq!(responder.peer().encode(), from.certificate);
    assert_eq!(responder.handshake_id(), initiator.handshake_id());
    for session in [&initiator, &responder] {
        assert_eq!(session.to_bytes()[CONTINUATION], chosen.continuation);
    }
    SessionPair { v, shared, first, initiator, responder }
}

//! Handshakes, each to the end of a first message, from both sides.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::braid::{Authenticator, BraidPart, KeySide};
use super::form::{Vector, chosen};
use super::model::{Member, Published, member};
use super::ratchet::{Sealing, ratchet_key, room, turn};
use super::session_pair::{FIRST_CONTENT, pair, pair_as};
use super::tape::Tape;
use crate::error::Error;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem};
use crate::protocol::handshake::continuation::{Continuation, Predecessor};
use crate::protocol::handshake::x3dh::{Binding, InitiatorHandshake, Psk};
use crate::protocol::labels;
use crate::protocol::position::Position;
use crate::protocol::position::SessionId;
use crate::protocol::ratchet::Ratchet;
use crate::session::Session;
use crate::session::incoming::Incoming;

pub(super) fn vectors() -> Vec<Vector> {
    vec![one_time(), last_resort(), continued(), bound(true), bound(false)]
}

/// An initiator's draws: `InitiatorHandshake` in the crate.
pub(super) struct Chosen {
    pub(super) ephemeral_random: [u8; 32],
    pub(super) ephemeral_seed: [u8; 32],
    pub(super) ephemeral: [u8; 32],
    pub(super) kem_random: [u8; 32],
    pub(super) ciphertext: [u8; kem::CIPHERTEXT],
    pub(super) kem: [u8; 32],
    pub(super) continuation: Vec<u8>,
}

pub(super) fn choose(
    v: &mut Vector,
    initiator: &Initiator<'_>,
    to: &Published,
    with_one_time: bool,
) -> Chosen {
    let continuation = continuation(v, &initiator.continuation);
    let ephemeral_random: [u8; 32] = v.input("ephemeral random");
    let prk = v.extract("ephemeral prk", initiator.agreement_seed, &[&ephemeral_random]);
    let one_time: &[u8] = if with_one_time { &to.one_time.body } else { &[] };
    let (responder, prekeys) = (&to.member.certificate, &to.signed_prekeys.body);
    let info = [labels::HANDSHAKE_EPHEMERAL, responder, prekeys, one_time, &continuation];
    let ephemeral_seed = v.expand("ephemeral seed", &prk, &info);
    let ephemeral = v.agreement_key("ephemeral", &ephemeral_seed);
    let (key, seed) = if with_one_time {
        (&to.one_time.kem, &to.one_time.kem_seed)
    } else {
        (&to.signed_prekeys.last_resort, &to.signed_prekeys.last_resort_seed)
    };
    let info: [&[u8]; 2] = [labels::HANDSHAKE_COINS, &ephemeral];
    let (kem_random, coins) = v.hedged(("KEM", "coins"), initiator.agreement_seed, &info);
    let key = kem::PublicKey::decode(key).unwrap();
    let (ciphertext, kem) = key.encapsulate(&Secret::copy(&coins));
    v.bytes("KEM ciphertext", &ciphertext[..]);
    v.bytes("kem", kem.expose());
    // The responder's side.
    let there = kem::SecretKey::from_seed(Secret::copy(seed)).decapsulate(&ciphertext);
    assert_eq!(kem.expose(), there.expose());
    let (ciphertext, kem) = (*ciphertext, *kem.expose());
    Chosen {
        ephemeral_random,
        ephemeral_seed,
        ephemeral,
        kem_random,
        ciphertext,
        kem,
        continuation,
    }
}

/// The values that both sides hold after the handshake, and the prefix of the first messages.
pub(super) struct Shared {
    pub(super) root: [u8; 32],
    pub(super) initiator_header: [u8; 32],
    pub(super) responder_header: [u8; 32],
    pub(super) session: [u8; 32],
    pub(super) braid: [u8; 32],
    /// Each side's own, the initiator's first.
    pub(super) imprint_keys: [[u8; DIGEST_KEY]; 2],
    pub(super) prefix: Vec<u8>,
}

/// The initiator, to the handshake: a member's device or a guest's.
pub(super) struct Initiator<'a> {
    pub(super) agreement_seed: &'a [u8; 32],
    pub(super) certificate: &'a [u8],
    pub(super) continuation: Continuation,
}

impl<'a> From<&'a Member> for Initiator<'a> {
    fn from(member: &'a Member) -> Self {
        Self::new(&member.agreement_seed, &member.certificate)
    }
}

impl<'a> Initiator<'a> {
    /// Makes one that continues no session.
    pub(super) fn new(agreement_seed: &'a [u8; 32], certificate: &'a [u8]) -> Self {
        Self { agreement_seed, certificate, continuation: Continuation::new(NOW) }
    }
}

/// Computes the continuation, by the formula.
fn continuation(v: &mut Vector, continuation: &Continuation) -> Vec<u8> {
    let (predecessor, created) = (continuation.predecessor(), continuation.created);
    let (session, Position { chain, number }) = predecessor
        .map_or(([0; 32], Position::default()), |before| (before.session.0, before.closed));
    v.bytes("predecessor", &session);
    v.number("closed chain", chain);
    v.number("closed number", number);
    v.number("created", created);
    let parts: [&[u8]; 4] =
        [&session, &chain.to_be_bytes(), &number.to_be_bytes(), &created.to_be_bytes()];
    let continuation = parts.concat();
    v.bytes("descent", &continuation);
    continuation
}

pub(super) fn combine(
    v: &mut Vector,
    initiator: &Initiator<'_>,
    to: &Published,
    chosen: &Chosen,
    with_one_time: bool,
    binding: Option<(&[u8; 32], &[u8; 32])>,
) -> Shared {
    let Published { member: responder, signed_prekeys, one_time } = to;
    let zero = [0; 32];
    let dh1 = v.agree("dh1", initiator.agreement_seed, &signed_prekeys.signed_seed);
    let dh2 = v.agree("dh2", &chosen.ephemeral_seed, &responder.agreement_seed);
    let dh3 = v.agree("dh3", &chosen.ephemeral_seed, &signed_prekeys.signed_seed);
    let dh4 = if with_one_time {
        v.agree("dh4", &chosen.ephemeral_seed, &one_time.seed)
    } else {
        v.bytes("dh4", &zero);
        zero
    };
    let (psk, context) = binding.unwrap_or((&zero, &zero));
    if binding.is_none() {
        v.bytes("psk", psk);
        v.bytes("context", context);
    }
    let mode = u8::from(with_one_time) | if binding.is_some() { 2 } else { 0 };
    v.number("mode", mode);
    v.number("suite", 1_u8);
    let one_time_body = if with_one_time { &one_time.body[..] } else { &[] };
    let h1 = v.hash(
        "h1",
        &[
            labels::HANDSHAKE_TERMS,
            &[mode, 1],
            &responder.certificate,
            &signed_prekeys.body,
            one_time_body,
            &chosen.ephemeral,
            &chosen.ciphertext,
            context,
        ],
    );
    let early = v.extract("early", &h1, &[&dh2, &dh3, &dh4, &chosen.kem, psk]);
    let k = v.expand("k", &early, &[labels::HANDSHAKE_IDENTITY]);
    let introduction = [initiator.certificate, &chosen.continuation].concat();
    v.bytes("introduction", &introduction);
    let who = v.seal("who", &k, &h1, &introduction);
    let h2 = v.hash("h2", &[labels::HANDSHAKE_PARTIES, &h1, &who, &introduction]);
    let late = v.extract("late", early.chain().expose(), &[&dh1]);
    let root = v.expand("root", &late, &[labels::HANDSHAKE_KEYS, &h2, &[1]]);
    let initiator_header =
        v.expand("initiator header", &late, &[labels::HANDSHAKE_KEYS, &h2, &[2]]);
    let responder_header =
        v.expand("responder header", &late, &[labels::HANDSHAKE_KEYS, &h2, &[3]]);
    let session = v.expand("session id", &late, &[labels::HANDSHAKE_KEYS, &h2, &[4]]);
    let braid = v.expand("braid key", &late, &[labels::HANDSHAKE_KEYS, &h2, &[5]]);
    let imprint_keys = [
        ("initiator", initiator.agreement_seed, &chosen.ephemeral_seed),
        ("responder", &responder.agreement_seed, &signed_prekeys.signed_seed),
    ]
    .map(|(who, identity, handshake)| {
        let prk = v.extract(&alloc::format!("{who} imprint prk"), identity, &[handshake]);
        let info = [labels::RATCHET_IMPRINT, &session];
        v.expand(&alloc::format!("{who} imprint key"), &prk, &info)
    });
    let one_time_id = if with_one_time { one_time.id } else { [0; 8] };
    let prefix = [
        &[1, 2, mode][..],
        &signed_prekeys.id,
        &one_time_id,
        &chosen.ephemeral,
        &chosen.ciphertext,
        &who,
    ]
    .concat();
    v.bytes("prefix", &prefix);
    let name = crate::primitives::kdf::hash(&[
        labels::HANDSHAKE_NAME,
        &chosen.ephemeral,
        &chosen.ciphertext,
    ]);
    v.bytes("name", &name[..16]);
    Shared { root, initiator_header, responder_header, session, braid, imprint_keys, prefix }
}

/// The values that a first message uses up, in the order in which the crate asks for them.
pub(super) struct FirstMessage {
    pub(super) message: Vec<u8>,
    pub(super) ratchet_random: [u8; 32],
    pub(super) ratchet_seed: [u8; 32],
    pub(super) braid_random: [u8; 32],
    pub(super) nonce_random: [u8; 12],
    /// The initiator's stream of the header: the header and its tag.
    pub(super) stream: Vec<u8>,
    /// After the message: the root key, the chain key, the initiator's next header key.
    pub(super) root: [u8; 32],
    pub(super) chain: [u8; 32],
    pub(super) next_header: [u8; 32],
}

impl FirstMessage {
    /// Lists the randomness of the message, in the order in which the crate asks for it.
    pub(super) fn random(&self) -> [&[u8]; 3] {
        [&self.ratchet_random, &self.braid_random, &self.nonce_random]
    }
}

/// Seals the initiator's first message: a turn against the signed prekey, number 0, and the first chunk
/// of a fresh KEM key's header.
pub(super) fn first(
    v: &mut Vector,
    shared: &Shared,
    to: &Published,
    content: &[u8],
) -> FirstMessage {
    let (ratchet_random, ratchet_seed, ratchet) = ratchet_key(v, &shared.root);
    let turned = turn(v, &shared.root, &ratchet_seed, &to.signed_prekeys.signed_seed);
    let authenticator = Authenticator::start(v, &shared.braid);
    let braid_random = v.input("braid random");
    let stream = KeySide::generate(v, &authenticator, 1, &braid_random).stream;
    let part = BraidPart::next((1, 1), &stream, 0, 0, room(content));
    let sealing = Sealing {
        session: &shared.session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 0,
        header_key: &shared.initiator_header,
        pq_epoch: 0,
        part: &part,
        imprint_key: &shared.imprint_keys[0],
    };
    let (chain, nonce_random, message) = sealing.seal(v, &turned.chain, content);
    let (root, next_header) = (turned.root, turned.next_header);
    FirstMessage {
        message,
        ratchet_random,
        ratchet_seed,
        braid_random,
        nonce_random,
        stream,
        root,
        chain,
        next_header,
    }
}

fn one_time() -> Vector {
    pair(
        "handshake-one-time",
        "a handshake with a one-time prekey, to the end of the first message",
        true,
    )
    .v
}

fn last_resort() -> Vector {
    pair(
        "handshake-last-resort",
        "a handshake without a one-time prekey: dh4 is zeros, kem is from the last-resort prekey",
        false,
    )
    .v
}

fn continued() -> Vector {
    let name = "handshake-continued";
    let closed = Position { chain: 3, number: 7 };
    let predecessor =
        Predecessor { session: SessionId(chosen("handshake-continued predecessor")), closed };
    let continuation = Continuation::after(Some(predecessor), NOW + 60);
    let comment = "a handshake that says which session it continues, and where that one closed";
    pair_as(continuation, name, comment, true).v
}

fn bound(with_one_time: bool) -> Vector {
    let (name, comment) = if with_one_time {
        (
            "handshake-bound",
            "a handshake bound to a pre-shared key and a context, as a guest's claim does it",
        )
    } else {
        ("handshake-bound-last-resort", "a bound handshake without a one-time prekey")
    };
    let mut v = Vector::new(name, "handshake", comment);
    let from = member(&mut v, "initiator");
    let to = Published::new(&mut v, "responder");
    let psk = v.input("psk");
    let context = v.input("context");
    let introduced = Initiator::from(&from);
    let chosen = choose(&mut v, &introduced, &to, with_one_time);
    let binding = Some((&psk, &context));
    let shared = combine(&mut v, &introduced, &to, &chosen, with_one_time, binding);
    let first = first(&mut v, &shared, &to, FIRST_CONTENT);

    let (device, bundle) = to.device();
    let bundle = if with_one_time { bundle } else { device.bundle() };
    let mut scratch = Vector::new("scratch", "", "");
    let own = super::model::signed_prekeys(&mut scratch, "initiator", &from);
    let psk = Psk::new(Secret::copy(&psk)).unwrap();
    let binding = Binding { psk: &psk, context: &context };
    let initiator = from.device(&own);
    let random: &[&[u8]] = &[&chosen.ephemeral_random, &chosen.kem_random];
    let (own, continuation) = (initiator.identity(), Continuation::new(NOW));
    let opening =
        Tape::play(random, |rng| InitiatorHandshake::generate(own, &bundle, continuation, rng));
    let (keys, prefix) = opening.initiate(own, Some(&binding)).unwrap();
    assert_eq!(prefix, shared.prefix);
    let signed = dh::SecretKey::from_seed(Secret::copy(&to.signed_prekeys.signed_seed)).public();
    let ratchet = Ratchet::initiate(keys, signed);
    let peer = bundle.certificate().clone();
    let mut session =
        Session::initiate(ratchet, peer, prefix, with_one_time, continuation).unwrap();
    let message = Tape::play(&first.random(), |rng| session.encrypt(FIRST_CONTENT, rng)).unwrap();
    assert_eq!(message, first.message);
    // The responder opens the identity, and stops there: a member does not come by a link.
    let refused = device.accepted(&Incoming::parse(&message).unwrap(), NOW, Some(&binding)).err();
    assert_eq!(refused, Some(Error::WrongKind));
    v
}

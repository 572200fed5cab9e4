//! A conversation after its first message, a vector for each message.

use alloc::vec;
use alloc::vec::Vec;

use super::braid::BraidPart;
use super::form::{Vector, chosen};
use super::ratchet::{Sealing, padded, ratchet_key, room, turn};
use super::session_pair::{SessionPair, pair};
use super::tape::Tape;
use crate::primitives::secret::Secret;
use crate::primitives::{aead, kdf};
use crate::protocol::labels;
use crate::protocol::padding::Padding;
use crate::session::Session;

pub(super) fn vectors() -> Vec<Vector> {
    let mut vectors = conversation();
    vectors.push(exact());
    vectors
}

fn opens(session: &mut Session, message: &[u8], content: &[u8], missing: usize) {
    let opened = session.decrypt(message).unwrap();
    assert_eq!((&opened.content[..], opened.skipped), (content, missing));
}

/// Seals with the crate, and compares with the formulas.
fn seals(session: &mut Session, random: &[&[u8]], content: &[u8], message: &[u8]) {
    let sealed = Tape::play(random, |rng| session.encrypt(content, rng)).unwrap();
    assert_eq!(sealed, message);
}

/// Begins a vector with what its side holds before it.
fn begin(name: &str, comment: &'static str, held: &[(&str, &[u8])]) -> Vector {
    let mut v = Vector::new(name, "ratchet", comment);
    for (name, value) in held {
        v.bytes(name, value);
    }
    v
}

#[expect(clippy::too_many_lines, reason = "one conversation, told in its order")]
fn conversation() -> Vec<Vector> {
    let SessionPair { shared, first, mut initiator, mut responder, .. } =
        pair("handshake-one-time", "", true);
    let session = &shared.session;
    let (one, two) = (&b"Second."[..], &b"Nobody has answered yet."[..]);
    let zero = b"";

    let mut again = begin(
        "ratchet-unanswered",
        "the initiator's message 1, after handshake-one-time: same chain, handshake still in front",
        &[
            ("session id", session),
            ("prefix", &shared.prefix),
            ("ratchet seed", &first.ratchet_seed),
            ("header key", &shared.initiator_header),
            ("chain key 1", &first.chain),
            ("header stream", &first.stream),
        ],
    );
    let ratchet = again.agreement_key("ratchet key", &first.ratchet_seed);
    // The initiator hears nothing of its KEM key, and sends one chunk of the header after the other.
    let chunk = |count, number, content| {
        BraidPart::next((1, 1), &first.stream, count, number, room(content))
    };
    let part_of_again = chunk(1, 1, two);
    let sealing = Sealing {
        session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 1,
        header_key: &shared.initiator_header,
        pq_epoch: 0,
        part: &part_of_again,
        imprint_key: &shared.imprint_keys[0],
    };
    let (_, nonce, again_message) = sealing.seal(&mut again, &first.chain, two);
    seals(&mut initiator, &[&nonce], two, &again_message);

    let mut answer = begin(
        "ratchet-answer",
        "the responder's first message: a turn, under the responder header key; no handshake",
        &[
            ("session id", session),
            ("root", &first.root),
            ("peer ratchet seed", &first.ratchet_seed),
            ("header key", &shared.responder_header),
        ],
    );
    let (random, answer_seed, ratchet) = ratchet_key(&mut answer, &first.root);
    let answered = turn(&mut answer, &first.root, &answer_seed, &first.ratchet_seed);
    let sealing = Sealing {
        session,
        direction: 2,
        prefix: None,
        ratchet: &ratchet,
        previous: 0,
        number: 0,
        header_key: &shared.responder_header,
        pq_epoch: 0,
        // It has one chunk of the header, and nothing to send.
        part: &BraidPart::bare(1, 0),
        imprint_key: &shared.imprint_keys[1],
    };
    let (_, nonce, answer_message) = sealing.seal(&mut answer, &answered.chain, one);
    // Message 1 of the first chain is late: the responder answers without it.
    seals(&mut responder, &[&random, &nonce], one, &answer_message);
    opens(&mut initiator, &answer_message, one, 0);

    let mut turning = begin(
        "ratchet-turn",
        "the initiator's turn: previous counts the chain it leaves; an empty content",
        &[
            ("session id", session),
            ("root", &answered.root),
            ("peer ratchet seed", &answer_seed),
            ("header key", &first.next_header),
            ("header stream", &first.stream),
        ],
    );
    let (random, seed, ratchet) = ratchet_key(&mut turning, &answered.root);
    let turned = turn(&mut turning, &answered.root, &seed, &answer_seed);
    let long = chosen::<40>("ratchet-ordinary content");
    let parts = [chunk(2, 0, &zero[..]), chunk(3, 1, &long)];
    let at = |number: u32| Sealing {
        session,
        direction: 1,
        prefix: None,
        ratchet: &ratchet,
        previous: 2,
        number,
        header_key: &first.next_header,
        pq_epoch: 0,
        part: &parts[usize::try_from(number).unwrap()],
        imprint_key: &shared.imprint_keys[0],
    };
    let (chain, nonce, turn_message) = at(0).seal(&mut turning, &turned.chain, zero);
    seals(&mut initiator, &[&random, &nonce], zero, &turn_message);

    let mut ordinary = begin(
        "ratchet-ordinary",
        "the message after ratchet-turn: a chain step and nothing else; a content for the second bucket",
        &[
            ("session id", session),
            ("ratchet seed", &seed),
            ("header key", &first.next_header),
            ("chain key 1", &chain),
            ("header stream", &first.stream),
        ],
    );
    ordinary.agreement_key("ratchet key", &seed);
    let (_, nonce, ordinary_message) = at(1).seal(&mut ordinary, &chain, &long);
    seals(&mut initiator, &[&nonce], &long, &ordinary_message);

    // The responder gets them in the order 3, 2, 1: the last two are late.
    let mut late = begin(
        "ratchet-late",
        "message 1 of a chain arrives first and message 0 after it, under the key kept for it",
        &[
            ("session id", session),
            ("root", &answered.root),
            ("own ratchet seed", &answer_seed),
            ("peer ratchet seed", &seed),
            ("header key", &first.next_header),
            ("first arrived", &ordinary_message),
            ("late arrived", &turn_message),
        ],
    );
    let turned = turn(&mut late, &answered.root, &answer_seed, &seed);
    let kept = late.mac("kept message key 0", &turned.chain, &[&[1]]);
    let next = late.mac("chain key 1", &turned.chain, &[&[2]]);
    let key = late.mac("message key 1", &next, &[&[1]]);
    late.mac("chain key 2", &next, &[&[2]]);
    opened(&mut late, "first", &key, &at(1), &ordinary_message);
    opened(&mut late, "late", &kept, &at(0), &turn_message);

    let mut closed = begin(
        "ratchet-late-closed",
        "previous = 2 shows that message 1 of the chain before is missing; it arrives after that",
        &[
            ("session id", session),
            ("prefix", &shared.prefix),
            ("peer ratchet seed", &first.ratchet_seed),
            ("header key", &shared.initiator_header),
            ("chain key 1", &first.chain),
            ("late arrived", &again_message),
        ],
    );
    let ratchet = closed.agreement_key("peer ratchet key", &first.ratchet_seed);
    let kept = closed.mac("kept message key 1", &first.chain, &[&[1]]);
    let sealing = Sealing {
        session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 1,
        header_key: &shared.initiator_header,
        pq_epoch: 0,
        part: &part_of_again,
        imprint_key: &shared.imprint_keys[0],
    };
    opened(&mut closed, "late", &kept, &sealing, &again_message);

    opens(&mut responder, &ordinary_message, &long, 2);
    opens(&mut responder, &turn_message, zero, 0);
    opens(&mut responder, &again_message, two, 0);
    vec![again, answer, turning, ordinary, late, closed]
}

/// Opens a message with its header key and message key alone.
fn opened(v: &mut Vector, part: &'static str, key: &[u8; 32], at: &Sealing<'_>, message: &[u8]) {
    v.part(part);
    let (front, rest) = message.split_at(at.prefix.map_or(2, <[u8]>::len));
    let (sealed, rest) = rest.split_at(112);
    let (tag, body) = rest.split_first_chunk::<16>().unwrap();
    let prefix_hash = at.prefix.map_or([0; 32], |prefix| kdf::hash(&[prefix]));
    let ad = [labels::RATCHET_HEADER, &front[..2], &prefix_hash, tag].concat();
    let (header, header_tag) = sealed.split_last_chunk::<16>().unwrap();
    let nonce = tag[..12].try_into().unwrap();
    let mut header = header.to_vec();
    aead::open(&Secret::copy(at.header_key), &nonce, &ad, &mut header, header_tag).unwrap();
    v.bytes("header", &header);
    v.number("previous", at.previous);
    v.number("number", at.number);
    let place = [at.previous.to_be_bytes(), at.number.to_be_bytes()].concat();
    assert_eq!(header[..40], [&at.ratchet[..], &place].concat());
    v.number("mixed", at.pq_epoch);
    assert_eq!(header[52..56], at.pq_epoch.to_be_bytes());
    assert_eq!(header[56..], at.part.write(v));
    let ad = [labels::RATCHET_BODY, at.session, &[at.direction], &front[..2], &header].concat();
    v.bytes("body ad", &ad);
    let mut body = body.to_vec();
    let nonce = header[40..52].try_into().unwrap();
    aead::open(&Secret::copy(key), &nonce, &ad, &mut body, tag).unwrap();
    v.bytes("padded content", &body);
    let marker = body.iter().rposition(|byte| *byte == 0x80).unwrap();
    v.bytes("content", &body[..marker - 32 * at.part.extra.len()]);
    v.part("");
}

fn exact() -> Vector {
    let SessionPair { shared, first, mut initiator, .. } = pair("handshake-one-time", "", true);
    let mut v = begin(
        "ratchet-exact",
        "the initiator's message 1, after handshake-one-time, with exact padding",
        &[
            ("session id", &shared.session),
            ("prefix", &shared.prefix),
            ("ratchet seed", &first.ratchet_seed),
            ("header key", &shared.initiator_header),
            ("chain key 1", &first.chain),
            ("header stream", &first.stream),
        ],
    );
    let ratchet = v.agreement_key("ratchet key", &first.ratchet_seed);
    let key = v.mac("message key", &first.chain, &[&[1]]);
    let content = b"Exactly so.";
    v.bytes("content", content);
    let sealing = Sealing {
        session: &shared.session,
        direction: 1,
        prefix: Some(&shared.prefix),
        ratchet: &ratchet,
        previous: 0,
        number: 1,
        header_key: &shared.initiator_header,
        pq_epoch: 0,
        part: &BraidPart::next((1, 1), &first.stream, 1, 1, 0),
        imprint_key: &shared.imprint_keys[0],
    };
    let (nonce, message) = sealing.under(&mut v, &key, &padded(content, content.len() + 1));
    let sealed = Tape::play(&[&nonce], |rng| {
        initiator.stage_send().padding(Padding::Exact).seal(content, rng).unwrap().apply()
    });
    assert_eq!(sealed, message);
    v
}

//! The work that a message costs.

use super::*;

#[test]
fn a_strangers_bytes_cost_seven_header_trials_and_nothing_else() {
    let mut pair = RatchetPair::new();
    // As many closed chains as there can be, full of keys.
    for _ in 0..=MAX_CLOSED {
        for _ in 0..399 {
            pair.seal();
        }
        let arrives = pair.seal();
        open(&mut pair.responder, &arrives).unwrap();
        pair.turn();
    }
    assert_eq!(pair.responder.closed.iter().count(), MAX_CLOSED);
    assert!(pair.responder.skipped() > 1900);
    let (error, work) = refused(&pair.responder, &[7; 200]);
    assert_eq!(error, Error::Forged);
    let trials = u64::try_from(HEADER_TRIALS).unwrap();
    assert_eq!(work, Work { open: trials, ..Work::default() });
    assert_eq!(trials, 7);
}

#[test]
fn a_strangers_bytes_cost_a_new_session_two_header_trials() {
    let (error, work) = refused(&RatchetPair::new().responder, &[7; 200]);
    assert_eq!((error, work), (Error::Forged, Work { open: 2, ..Work::default() }));
}

#[test]
fn bytes_too_short_for_a_message_cost_nothing() {
    let pair = RatchetPair::new();
    for length in 0..=super::super::ratchet::OVERHEAD {
        let (error, work) = refused(&pair.responder, &vec![7; length]);
        assert_eq!((error, work), (Error::Malformed, Work::default()));
    }
}

#[test]
fn an_altered_body_in_the_current_chain_costs_the_skip_bound_at_most() {
    let mut pair = RatchetPair::new();
    for _ in 0..MAX_SKIP {
        pair.seal();
    }
    let message = altered(pair.seal());
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Forged);
    let chain = u64::from(MAX_SKIP) + 1;
    assert_eq!(work, Work { open: 2, chain, ..Work::default() });
}

#[test]
fn an_altered_body_in_a_new_chain_costs_one_agreement_and_the_skip_bound_at_most() {
    let mut pair = RatchetPair::new();
    for _ in 0..1000 {
        pair.seal();
    }
    pair.turn();
    for _ in 0..1000 {
        pair.seal();
    }
    let message = altered(pair.seal());
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Forged);
    let chain = u64::from(MAX_SKIP) + 1;
    assert_eq!(work, Work { dh: 1, open: 3, chain, ..Work::default() });
}

#[test]
fn a_message_too_far_ahead_costs_one_header() {
    let mut pair = RatchetPair::new();
    for _ in 0..=MAX_SKIP {
        pair.seal();
    }
    let message = pair.seal();
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_repeated_message_costs_one_header() {
    let mut pair = RatchetPair::new();
    let message = pair.seal();
    open(&mut pair.responder, &message).unwrap();
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Duplicate, Work { open: 1, ..Work::default() }));
}

#[test]
fn padding_that_does_not_fit_costs_and_tells_what_a_forgery_does() {
    let pair = RatchetPair::new();
    let message = altered(pair.seal_with(|_| {}));
    let forged = refused(&pair.responder, &message);
    let SendState::Active(going) = &pair.initiator.sending else { panic!("nothing was sent") };
    let header = Header {
        ratchet: going.public,
        previous: going.previous,
        number: going.number,
        nonce: [9; NONCE],
        pq_epoch: going.pq_epoch,
        part: nothing(),
    };
    let (key, _) = going.chain_key.step();
    let mut body = vec![0x01];
    let ad =
        Ratchet::body_ad(&pair.initiator.place(pair.initiator.role(), &CLEAR, &header.encode()));
    let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
    let sealed = header.seal(&going.header, &CLEAR, &tag).unwrap();
    let message = [sealed.as_slice(), &tag, &body].concat();
    assert_eq!(refused(&pair.responder, &message), forged);
}

fn device(name: u8, rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([name; 32]), rng), NOW, rng)
}

/// Makes a responder and a first message to it.
fn first() -> (Device, Vec<u8>) {
    let mut rng = TestRng::new(1);
    let (initiator, responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let mut session: Session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    (responder, session.encrypt(b"hello", &mut rng).unwrap())
}

#[test]
fn a_replayed_first_message_costs_two_look_ups() {
    let (mut responder, message) = first();
    let accepted = responder.accept(&message, NOW).unwrap();
    accepted.apply();
    let (result, work) = op_count::of(|| responder.accept(&message, NOW).err());
    assert_eq!((result, work), (Some(Error::Replay), Work::default()));
}

#[test]
fn a_first_message_for_an_unknown_prekey_costs_a_look_up() {
    let (_, message) = first();
    let mut stranger = device(3, &mut TestRng::new(2));
    let (result, work) = op_count::of(|| stranger.accept(&message, NOW).err());
    assert_eq!((result, work), (Some(Error::UnknownPrekey), Work::default()));
}

#[test]
fn a_first_message_with_a_forged_identity_costs_two_agreements_and_one_decapsulation() {
    let (mut responder, mut message) = first();
    // In the sealed certificate, which follows the ciphertext.
    message[2 + 1 + 8 + 8 + 32 + 1088] ^= 1;
    let (result, work) = op_count::of(|| responder.accept(&message, NOW).err());
    assert_eq!(result, Some(Error::Forged));
    assert_eq!(work, Work { dh: 2, kem: 1, open: 1, ..Work::default() });
}

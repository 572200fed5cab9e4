//! Copies, splices and strangers.

use super::*;

#[test]
fn a_sender_restored_from_a_backup_is_noticed_as_a_clone() {
    let mut pair = Pair::new(20);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let backup = pair.initiator.to_bytes();
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let mut restored = Session::from_bytes(&backup).unwrap();
    let message = restored.encrypt(b"another", &mut pair.rng).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::StateCloned));
}

#[test]
fn a_clone_that_begins_a_chain_is_noticed_as_a_clone() {
    let mut pair = Pair::new(21);
    turn(&mut pair);
    let mut clone = restored(&pair.initiator);
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let message = clone.encrypt(b"another", &mut pair.rng).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::StateCloned));
}

#[test]
fn a_sender_restored_from_a_backup_never_seals_the_same_bytes_again() {
    let mut pair = Pair::new(22);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let mut clone = restored(&pair.initiator);
    let one = pair.initiator.encrypt(b"same content", &mut pair.rng).unwrap();
    let other = clone.encrypt(b"same content", &mut pair.rng).unwrap();
    // The same key over the same content: only another nonce makes the bodies differ.
    let parts = |message: &[u8]| {
        let (header, rest) = message[CLEAR..].split_at(SEALED_HEADER);
        let (tag, body) = rest.split_at(TAG);
        [header.to_vec(), tag.to_vec(), body.to_vec()]
    };
    for (one, other) in parts(&one).into_iter().zip(parts(&other)) {
        assert_ne!(one, other);
    }
}

#[test]
fn a_sides_own_messages_do_not_open_for_it() {
    let mut pair = Pair::new(23);
    for round in 0..4 {
        let message = pair.initiator.encrypt(b"mine", &mut pair.rng).unwrap();
        let error = refusal(&mut pair.initiator, |own| own.decrypt(&message));
        assert_eq!(error, Some(Error::Forged), "round {round}");
        pair.responder.decrypt(&message).unwrap();
        let message = pair.responder.encrypt(b"mine", &mut pair.rng).unwrap();
        let error = refusal(&mut pair.responder, |own| own.decrypt(&message));
        assert_eq!(error, Some(Error::Forged), "round {round}");
        pair.initiator.decrypt(&message).unwrap();
    }
}

#[test]
fn no_splice_of_two_messages_opens() {
    let mut one = Pair::new(24);
    let mut other = Pair::new(25);
    let ours = seal_many(&mut one.initiator, 4, &mut one.rng);
    let theirs = seal_many(&mut other.initiator, 4, &mut other.rng);
    let all: Vec<&Vec<u8>> = ours.iter().chain(&theirs).collect();
    // Between header and tag, and between tag and body.
    for at in [CLEAR + SEALED_HEADER, CLEAR + SEALED_HEADER + TAG] {
        for (i, head) in all.iter().enumerate() {
            for (j, tail) in all.iter().enumerate() {
                if i != j {
                    let splice = [&head[..at], &tail[at..]].concat();
                    for to in [&mut one.responder, &mut other.responder] {
                        let error = refusal(to, |to| to.decrypt(&splice));
                        assert_eq!(error, Some(Error::Forged), "{i} {j} at {at}");
                    }
                }
            }
        }
    }
    for message in &ours {
        one.responder.decrypt(message).unwrap();
    }
    for message in &theirs {
        other.responder.decrypt(message).unwrap();
    }
}

#[test]
fn a_message_of_another_session_does_not_open() {
    let mut one = Pair::new(26);
    let mut other = Pair::new(27);
    let message = one.initiator.encrypt(b"elsewhere", &mut one.rng).unwrap();
    let error = refusal(&mut other.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::Forged));
}

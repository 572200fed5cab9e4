//! One encoding for each object.

use super::*;

#[test]
fn a_bundle_encodes_to_what_it_was_decoded_from() {
    let mut rng = TestRng::new(26);
    let mut device = device(1, &mut rng);
    for bundle in [device.bundle(), bundle_with_one_time(&mut device, &mut rng)] {
        let bytes = bundle.encode();
        let decoded = Bundle::decode(&bytes).unwrap();
        assert_eq!(decoded, bundle);
        assert_eq!(decoded.encode(), bytes);
    }
}

#[test]
fn a_one_time_prekey_encodes_to_what_it_was_decoded_from() {
    let mut rng = TestRng::new(27);
    let keys = device(1, &mut rng).replenish(NOW, &mut rng).apply();
    for key in keys {
        let decoded = OneTimePrekey::decode(&key.encode()).unwrap();
        assert_eq!(decoded, key);
        assert_eq!(decoded.encode(), key.encode());
    }
}

#[test]
fn a_certificate_encodes_to_what_it_was_decoded_from() {
    let talk = Talk::new(28);
    for certificate in [talk.door.host.certificate(), talk.host.peer()] {
        let decoded = Certificate::decode(&certificate.encode()).unwrap();
        assert_eq!(decoded, *certificate);
        assert_eq!(decoded.encode(), certificate.encode());
    }
}

#[test]
fn a_server_copy_encodes_to_what_it_was_decoded_from() {
    let server_copy = Door::new(29).server_copy;
    let decoded = ServerCopy::decode(&server_copy.encode()).unwrap();
    assert_eq!(decoded, server_copy);
    assert_eq!(decoded.encode(), server_copy.encode());
}

#[test]
fn an_anchor_encodes_to_what_it_was_decoded_from() {
    let mut pair = Pair::new(30);
    seal_many(&mut pair.initiator, 300, &mut pair.rng);
    let anchor = pair.initiator.anchor();
    let decoded = Anchor::from_bytes(&anchor.to_bytes());
    assert_eq!(decoded, anchor);
    assert_eq!(decoded.generation(), anchor.generation());
    assert_eq!(restored(&pair.initiator).anchor(), anchor);
}

/// Checks that every altered state is refused, or is the one state that has these bytes.
fn is_canonical<S: State>(bytes: &[u8]) {
    for altered in alterations(bytes) {
        if let Ok(state) = S::from_bytes(&altered) {
            assert!(*state.to_bytes() == altered, "{} bytes", altered.len());
        }
    }
}

#[test]
fn an_altered_state_is_refused_or_encodes_to_what_it_was_decoded_from() {
    let mut pair = Pair::new(31);
    let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    let opening = change(&mut pair.responder, |responder| responder.open(&messages[2]));
    is_canonical::<Change<Session>>(&opening.to_bytes());
    pair.responder.decrypt(&messages[1]).unwrap();
    is_canonical::<Session>(&pair.responder.to_bytes());
    is_canonical::<Device>(&pair.alice.to_bytes());
    let talk = Talk::new(31);
    is_canonical::<Invite>(&talk.door.invite.to_bytes());
    is_canonical::<Invite>(&Door::new(31).invite.to_bytes());
    is_canonical::<Chat>(&talk.host.to_bytes());
    is_canonical::<Chat>(&talk.guest.to_bytes());
    let (mut chat, mut guest) = (restored(&talk.host), restored(&talk.guest));
    let text = guest.say("text", NOW, &mut TestRng::new(31)).unwrap();
    let hearing = change(&mut chat, |chat| chat.listen(&text, NOW));
    is_canonical::<Change<Chat>>(&hearing.to_bytes());
    chat.block(NOW).unwrap().apply();
    is_canonical::<Chat>(&chat.to_bytes());
}

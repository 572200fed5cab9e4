//! Objects that were altered on the way.

use super::*;

#[test]
fn an_altered_message_of_the_current_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(1);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[0]).unwrap();
    refuses_alterations(&mut pair.responder, &messages[1], Session::decrypt);
    pair.responder.decrypt(&messages[1]).unwrap();
}

#[test]
fn an_altered_message_that_begins_a_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(2);
    let message = pair.initiator.encrypt(b"new chain", &mut pair.rng).unwrap();
    refuses_alterations(&mut pair.responder, &message, Session::decrypt);
    pair.responder.decrypt(&message).unwrap();
}

#[test]
fn an_altered_late_message_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(3);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[1]).unwrap();
    refuses_alterations(&mut pair.responder, &messages[0], Session::decrypt);
    pair.responder.decrypt(&messages[0]).unwrap();
}

#[test]
fn an_altered_message_of_a_closed_chain_is_refused_and_the_genuine_one_opens() {
    let mut pair = Pair::new(4);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    pair.responder.decrypt(&messages[1]).unwrap();
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&answer).unwrap();
    let next = pair.initiator.encrypt(b"next chain", &mut pair.rng).unwrap();
    pair.responder.decrypt(&next).unwrap();
    refuses_alterations(&mut pair.responder, &messages[0], Session::decrypt);
    pair.responder.decrypt(&messages[0]).unwrap();
}

#[test]
fn an_altered_first_message_is_refused_and_the_genuine_one_opens() {
    for one_time in [true, false] {
        let (mut responder, messages) = first_messages(one_time);
        refuses_alterations(&mut responder, &messages[0], |to, bytes| {
            to.accept(bytes, NOW).map(drop)
        });
        drop(responder.accept(&messages[0], NOW).unwrap());
    }
}

#[test]
fn an_altered_second_first_message_is_refused_by_the_firsts_session() {
    let (mut responder, messages) = first_messages(true);
    let accepted = responder.accept(&messages[0], NOW).unwrap();
    let mut session = accepted.apply().session;
    refuses_alterations(&mut session, &messages[1], Session::decrypt);
    session.decrypt(&messages[1]).unwrap();
}

#[test]
fn an_altered_claim_is_refused_and_the_genuine_one_opens() {
    let mut door = Door::new(6);
    let (_, claim) = door.guest();
    let before = door.host.to_bytes();
    refuses_alterations(&mut door.invite, &claim, |to, bytes| {
        to.claim(&mut door.host, bytes, NOW).map(drop)
    });
    assert!(before == door.host.to_bytes());
    drop(door.invite.claim(&mut door.host, &claim, NOW).unwrap());
}

#[test]
fn a_server_admits_no_altered_claim() {
    let mut door = Door::new(7);
    let (_, claim) = door.guest();
    for altered in alterations(&claim) {
        assert!(door.server_copy.check_claim(&altered).is_err());
    }
}

#[test]
fn an_altered_grant_is_refused_and_the_genuine_one_opens() {
    let mut talk = Talk::waiting(8);
    let grant = only(talk.host.grant(&talk.door.host, NOW, &mut talk.door.rng).unwrap().apply());
    refuses_alterations(&mut talk.guest, &grant, |to, bytes| to.hear(bytes, NOW));
    talk.guest.hear(&grant, NOW).unwrap();
}

#[test]
fn an_altered_notice_is_refused_and_the_genuine_one_is_taken() {
    let mut talk = Talk::waiting(9);
    let notice = talk.door.invite.notice().unwrap();
    refuses_alterations(&mut talk.guest, &notice, |to, bytes| to.read_notice(bytes, NOW).map(drop));
    assert!(!talk.guest.read_notice(&notice, NOW).unwrap().is_change());
}

#[test]
fn an_altered_bundle_is_refused() {
    let mut rng = TestRng::new(10);
    let bundle = bundle_with_one_time(&mut device(1, &mut rng), &mut rng);
    for altered in alterations(&bundle.encode()) {
        assert!(Bundle::decode(&altered).is_err());
    }
}

#[test]
fn an_altered_certificate_is_refused() {
    let device = device(1, &mut TestRng::new(11));
    for altered in alterations(&device.certificate().encode()) {
        assert!(Certificate::decode(&altered).is_err());
    }
}

#[test]
fn an_altered_one_time_prekey_attaches_to_no_bundle() {
    let mut rng = TestRng::new(12);
    let mut device = device(1, &mut rng);
    let keys = device.replenish(NOW, &mut rng).apply();
    let bundle = device.bundle();
    for altered in alterations(&keys[0].encode()) {
        let attached = OneTimePrekey::decode(&altered).and_then(|key| bundle.attach(key));
        assert!(attached.is_err());
    }
}

#[test]
fn an_altered_server_copy_is_another_server_copy_or_none() {
    let bytes = Door::new(13).server_copy.encode();
    for altered in alterations(&bytes) {
        if let Ok(server_copy) = ServerCopy::decode(&altered) {
            assert_eq!(server_copy.encode(), altered);
        }
    }
}

#[test]
fn a_server_copy_of_another_length_is_refused() {
    let bytes = Door::new(14).server_copy.encode();
    for altered in alterations(&bytes).filter(|altered| altered.len() != bytes.len()) {
        assert_eq!(ServerCopy::decode(&altered), Err(Error::Malformed));
    }
}

//! Restoring.

use super::*;

#[test]
fn a_session_restored_at_every_step_goes_on() {
    let mut pair = Pair::new(1);
    for round in 0..40_u32 {
        // Messages are left out, come late and close chains, so that every field is in use.
        let skipped = seal_many(&mut pair.initiator, 2, &mut pair.rng);
        pair.initiator = restored(&pair.initiator);
        let message = pair.initiator.encrypt(&round.to_be_bytes(), &mut pair.rng).unwrap();
        pair.initiator = restored(&pair.initiator);
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, round.to_be_bytes());
        pair.responder = restored(&pair.responder);
        if round % 3 == 0 {
            let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
            pair.responder = restored(&pair.responder);
            pair.initiator.decrypt(&answer).unwrap();
            pair.initiator = restored(&pair.initiator);
        }
        pair.responder.decrypt(&skipped[1]).unwrap();
        pair.responder = restored(&pair.responder);
    }
}

#[test]
fn an_unanswered_session_restored_goes_on() {
    let Pair { alice, mut bob, mut rng, .. } = Pair::new(2);
    let bundle = bob.bundle();
    let mut session = restored(&alice.initiate(&bundle, NOW, &mut rng).unwrap());
    session.encrypt(b"lost", &mut rng).unwrap();
    session = restored(&session);
    assert!(!session.is_confirmed());
    let message = session.encrypt(b"hello", &mut rng).unwrap();
    let accepted = bob.accept(&message, NOW).unwrap().apply();
    let mut answering = restored(&accepted.session);
    let answer = answering.encrypt(b"welcome", &mut rng).unwrap();
    assert_eq!(*restored(&session).decrypt(&answer).unwrap().content, b"welcome");
}

#[test]
fn a_restored_session_says_the_same_about_itself() {
    let pair = Pair::new(3);
    let (was, is) = (&pair.responder, restored(&pair.responder));
    assert_eq!((was.id(), was.handshake_id(), was.role()), (is.id(), is.handshake_id(), is.role()));
    assert_eq!(was.peer(), is.peer());
    assert_eq!(was.anchor(), is.anchor());
    assert_eq!(
        (was.skipped(), was.is_confirmed(), was.used_one_time_prekey()),
        (is.skipped(), is.is_confirmed(), is.used_one_time_prekey())
    );
}

#[test]
fn an_account_restored_signs_devices_of_the_same_account() {
    let mut rng = TestRng::new(4);
    let account = restored(&Account::generate(AccountId([1; 32]), &mut rng));
    let one = Device::generate(&account, NOW, &mut rng);
    let other = Device::generate(&restored(&account), NOW, &mut rng);
    assert_eq!(one.certificate().account_key(), other.certificate().account_key());
}

#[test]
fn a_device_restored_at_every_step_goes_on() {
    let mut rng = TestRng::new(5);
    let peer = device(1, &mut rng);
    let mut device = restored(&device(2, &mut rng));
    for day in [0, 3, 6] {
        let now = NOW + day * 86_400;
        let keys = device.replenish(now, &mut rng).apply();
        device = restored(&device);
        let bundle = device.rotate(now, &mut rng).apply();
        device = restored(&device);
        let bundle = bundle.attach(keys[0].clone()).unwrap();
        let first = peer.initiate(&bundle, now, &mut rng).unwrap().encrypt(b"hi", &mut rng);
        let first = first.unwrap();
        device.accept(&first, now).unwrap().apply();
        device = restored(&device);
        assert_eq!(device.accept(&first, now).err(), Some(Error::UnknownPrekey));
    }
    device.expire(NOW + 200 * 86_400).apply();
    restored(&device);
}

#[test]
fn an_invite_restored_in_each_of_its_states_goes_on() {
    let mut door = Door::new(6);
    door.invite = restored(&door.invite);
    assert!(door.invite.link().is_some());
    let mut talk = Talk::at(door);
    let mut claimed = restored(&talk.door.invite);
    let error = claimed.claim(&mut talk.door.host, &talk.claim, NOW).err();
    assert_eq!(error, Some(Error::Duplicate));
    let mut ended = Door::new(7).invite;
    ended.revoke(NOW).unwrap().apply();
    let ended = restored(&ended);
    assert!(ended.link().is_none());
    assert!(ended.notice().is_some());
}

#[test]
fn a_chat_restored_at_every_step_goes_on() {
    let Talk { door: Door { host, mut rng, .. }, host: mut chat, mut guest, .. } = Talk::waiting(8);
    (chat, guest) = (restored(&chat), restored(&guest));
    let text = guest.say("two", NOW, &mut rng).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert!(matches!(chat.hear(&text, NOW).unwrap().event, ChatEvent::Text(_)));
    let grant = restored(&chat);
    chat = grant;
    let grant = only(chat.grant(&host, NOW, &mut rng).unwrap().apply());
    guest.hear(&grant, NOW).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert_eq!((chat.status(), guest.status()), (ChatStatus::Active, ChatStatus::Active));
    let text = chat.say("welcome", NOW, &mut rng).unwrap();
    assert!(matches!(guest.hear(&text, NOW).unwrap().event, ChatEvent::Text(_)));
    let end = only(guest.end(NOW, &mut rng).unwrap().apply());
    chat.hear(&end, NOW).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert!(matches!(chat.status(), ChatStatus::Ended(_)));
    assert!(matches!(guest.status(), ChatStatus::Ended(_)));
}

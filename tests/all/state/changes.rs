//! Changes.

use super::*;

#[test]
fn a_recorded_change_of_a_session_is_the_change() {
    let mut pair = Pair::new(9);
    let mut copies = (restored(&pair.initiator), restored(&pair.responder));
    let mut late = Vec::new();
    for round in 0..12_u32 {
        // In turn: a chain that begins with a gap, a gap in it, a late message.
        let sealing = pair.initiator.stage_send().seal(b"text", &mut pair.rng).unwrap();
        let recording = sealing.record(&key(1, 7), OWNER, &copies.0.anchor(), &mut pair.rng);
        let recording = recording.unwrap();
        let change: Change<Session> =
            key(1, 7).open(OWNER, None, recording.record().unwrap()).unwrap();
        let message = recording.apply();
        change.apply(&mut copies.0).unwrap();
        assert!(copies.0.to_bytes() == pair.initiator.to_bytes(), "sent in round {round}");
        if round % 3 == 0 {
            late.push(message);
            continue;
        }
        let message = if round % 3 == 2 && round % 2 == 0 { late.pop().unwrap() } else { message };
        recorded(&mut pair.responder, |to| to.open(&message)).apply(&mut copies.1).unwrap();
        pair.responder.open(&message).unwrap().apply();
        assert!(copies.1.to_bytes() == pair.responder.to_bytes(), "received in round {round}");
        if round % 4 == 1 {
            let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
            pair.initiator.decrypt(&answer).unwrap();
            copies = (restored(&pair.initiator), restored(&pair.responder));
        }
    }
}

#[test]
fn a_recorded_change_of_a_device_is_the_change() {
    let mut rng = TestRng::new(10);
    let peer = device(1, &mut rng);
    let mut device = device(2, &mut rng);
    let bundle = device.bundle();
    let first = peer.initiate(&bundle, NOW, &mut rng).unwrap().encrypt(b"hi", &mut rng).unwrap();
    for step in 0..5 {
        match step {
            0 => both_ways(&mut device, |device| Ok(device.note_published([bundle.id()], NOW))),
            1 => drop(both_ways(&mut device, |device| Ok(device.rotate(NOW, &mut rng)))),
            2 => drop(both_ways(&mut device, |device| Ok(device.replenish(NOW, &mut rng)))),
            3 => drop(both_ways(&mut device, |device| device.accept(&first, NOW))),
            _ => both_ways(&mut device, |device| Ok(device.expire(NOW + 100 * 86_400))),
        }
    }
}

#[test]
fn a_recorded_change_of_an_invite_is_the_change() {
    let mut door = Door::new(11);
    let (_, claim) = door.guest();
    both_ways(&mut restored(&door.invite), |invite| invite.revoke(NOW));
    // A claim changes the host's client, too.
    let (mut other, mut host) = (restored(&door.invite), restored(&door.host));
    let (at_invite, at_host) = (door.invite.anchor(), door.host.anchor());
    let opened = door.invite.claim(&mut door.host, &claim, NOW).unwrap();
    let (of_invite, of_host) = ((OWNER, &at_invite), (OWNER, &at_host));
    let recorded = opened.record(&key(1, 7), of_invite, of_host, &mut door.rng).unwrap();
    let (of_invite, of_host) = recorded.records();
    let change: Change<Invite> = key(1, 7).open(OWNER, Some(&at_invite), of_invite).unwrap();
    change.apply(&mut other).unwrap();
    let change: Change<Client> = key(1, 7).open(OWNER, Some(&at_host), of_host).unwrap();
    change.apply(&mut host).unwrap();
    let _ = recorded.apply();
    assert!(other.to_bytes() == door.invite.to_bytes());
    assert!(host.to_bytes() == door.host.to_bytes());
}

#[test]
fn a_recorded_change_of_a_chat_is_the_change() {
    let Talk { door: Door { host, mut rng, .. }, host: mut chat, mut guest, .. } =
        Talk::waiting(12);
    let text = guest.say("two", NOW, &mut rng).unwrap();
    both_ways(&mut restored(&chat), |chat| chat.listen(&text, NOW));
    both_ways(&mut restored(&chat), |chat| chat.block(NOW));
    both_ways(&mut restored(&chat), |chat| Ok(chat.expire(NOW + 11 * 86_400)));
    let grant = only(both_ways(&mut chat, |chat| chat.grant(&host, NOW, &mut rng)));
    both_ways(&mut guest, |guest| guest.listen(&grant, NOW));
}

#[test]
fn a_change_applies_once() {
    let mut pair = Pair::new(13);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    let change = recorded(&mut pair.responder, |to| to.open(&message));
    let again = restored(&change);
    change.apply(&mut pair.responder).unwrap();
    let error = refusal(&mut pair.responder, |to| again.apply(to));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn of_two_changes_from_one_state_the_second_is_stale() {
    let mut pair = Pair::new(14);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    let one = recorded(&mut pair.responder, |to| to.open(&messages[0]));
    let other = recorded(&mut pair.responder, |to| to.open(&messages[1]));
    one.apply(&mut pair.responder).unwrap();
    let error = refusal(&mut pair.responder, |to| other.apply(to));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_change_of_another_session_is_stale() {
    let mut one = Pair::new(15);
    let mut other = Pair::new(16);
    let message = one.initiator.encrypt(b"elsewhere", &mut one.rng).unwrap();
    let change = recorded(&mut one.responder, |to| to.open(&message));
    let error = refusal(&mut other.responder, |to| change.apply(to));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_change_of_another_kind_of_state_is_of_the_wrong_kind() {
    let Talk { door: Door { mut host, .. }, host: mut chat, .. } = Talk::new(17);
    // It is not even read as one of this kind.
    let (key, mut salts) = (key(1, 7), TestRng::new(17));
    let change = recorded(&mut host, |host| Ok(host.expire(NOW + 3600)));
    let record = key.seal(&change, OWNER, &mut salts).unwrap();
    assert_eq!(key.open::<Change<Chat>>(OWNER, None, &record).err(), Some(Error::WrongKind));
    let change = recorded(&mut chat, |chat| chat.block(NOW));
    let record = key.seal(&change, OWNER, &mut salts).unwrap();
    assert_eq!(key.open::<Change<Client>>(OWNER, None, &record).err(), Some(Error::WrongKind));
}

#[test]
fn a_change_is_not_recorded_over_a_store_that_has_moved_on() {
    let mut pair = Pair::new(18);
    let message = pair.initiator.encrypt(b"text", &mut pair.rng).unwrap();
    let before = recorded(&mut pair.responder, |to| to.open(&message)).base();
    assert_eq!(before, pair.responder.anchor());
    let mut store = restored(&pair.responder);
    store.decrypt(&message).unwrap();
    let moved = store.anchor();
    assert_ne!(before, moved);
    let Pair { responder, rng, .. } = &mut pair;
    let error = refusal(responder, |to| {
        to.open(&message)?.record(&key(1, 7), OWNER, &moved, rng).map(drop)
    });
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_message_is_not_given_out_over_a_store_that_has_moved_on() {
    let mut pair = Pair::new(19);
    let elsewhere = {
        let mut other_tab = restored(&pair.initiator);
        other_tab.encrypt(b"first", &mut pair.rng).unwrap();
        other_tab.anchor()
    };
    let Pair { initiator, rng, .. } = &mut pair;
    let error = refusal(initiator, |from| {
        let sealed = from.stage_send().seal(b"second", rng)?;
        Ok(sealed.record(&key(1, 7), OWNER, &elsewhere, rng)?.apply())
    });
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_sealed_message_that_is_dropped_changes_nothing() {
    let mut pair = Pair::new(20);
    let before = pair.initiator.to_bytes();
    drop(pair.initiator.stage_send().seal(b"never sent", &mut pair.rng).unwrap());
    assert!(before == pair.initiator.to_bytes());
}

#[test]
fn an_opened_message_whose_change_is_dropped_opens_again() {
    let mut pair = Pair::new(21);
    let message = pair.initiator.encrypt(b"text", &mut pair.rng).unwrap();
    let before = pair.responder.to_bytes();
    drop(pair.responder.open(&message).unwrap());
    assert!(before == pair.responder.to_bytes());
    assert_eq!(*pair.responder.decrypt(&message).unwrap().content, b"text");
}

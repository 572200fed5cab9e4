//! Copies.

use super::*;

const OWNER: &[u8] = b"chat 1";

#[test]
fn of_two_tabs_with_one_chat_the_second_is_refused_before_it_sends() {
    let mut talk = Talk::new(60);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut stored = talk.guest.anchor();
    let (mut one, mut other) = (restored(&talk.guest), restored(&talk.guest));
    let rng = &mut talk.door.rng;
    let sealed = one.text("from one tab", NOW, rng).unwrap();
    let message = only(sealed.record(&key, OWNER, &stored, rng).unwrap().apply().envelopes);
    stored = one.anchor();
    refuses(&mut other, Error::StaleChange, |other| {
        let sealed = other.text("from the other", NOW, rng)?;
        sealed.record(&key, OWNER, &stored, rng).map(drop)
    });
    assert_eq!(text_of(&talk.host.hear(&message, NOW).unwrap().event), "from one tab");
}

#[test]
fn of_two_tabs_with_one_chat_the_second_is_refused_before_it_shows() {
    let mut talk = Talk::new(61);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let message = talk.host_says("hello", NOW);
    let (mut one, mut other) = (restored(&talk.guest), restored(&talk.guest));
    one.listen(&message, NOW).unwrap().apply();
    let stored = one.anchor();
    let received = other.listen(&message, NOW).unwrap();
    let record = received.record(&key, OWNER, &stored, &mut talk.door.rng);
    assert_eq!(record.err(), Some(Error::StaleChange));
}

#[test]
fn a_chat_behind_its_anchor_is_not_loaded() {
    let mut talk = Talk::new(62);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let backup = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    talk.guest_says("later", NOW);
    let anchor = talk.guest.anchor();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &backup);
    assert_eq!(loaded.err(), Some(Error::StateRollback));
    let current = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &current).unwrap();
    assert_eq!(loaded.to_bytes(), talk.guest.to_bytes());
}

#[test]
fn a_fork_of_a_chat_is_not_loaded() {
    let mut talk = Talk::new(63);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut fork = restored(&talk.guest);
    talk.guest_says("one", NOW);
    fork.say("other", NOW, &mut talk.door.rng).unwrap();
    let anchor = talk.guest.anchor();
    assert_eq!(anchor.generation(), fork.anchor().generation());
    let record = key.seal(&fork, OWNER, &mut talk.door.rng).unwrap();
    let loaded = key.open::<Chat>(OWNER, Some(&anchor), &record);
    assert_eq!(loaded.err(), Some(Error::StateRollback));
}

#[test]
fn a_chat_ahead_of_its_anchor_is_loaded() {
    let mut talk = Talk::new(64);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let anchor = talk.guest.anchor();
    talk.guest_says("saved, but the anchor was not moved", NOW);
    let record = key.seal(&talk.guest, OWNER, &mut talk.door.rng).unwrap();
    assert!(key.open::<Chat>(OWNER, Some(&anchor), &record).is_ok());
}

#[test]
fn a_chat_goes_on_after_every_step_of_it_was_saved_and_loaded() {
    let mut talk = Talk::waiting(65);
    let granted = talk.grant();
    talk.guest.hear(&granted, NOW).unwrap();
    for round in 0..6_u64 {
        talk.host = restored(&talk.host);
        talk.guest = restored(&talk.guest);
        let (there, back) = (talk.guest_says("there", NOW + round), talk.host_says("back", NOW));
        assert_eq!(text_of(&talk.host.hear(&there, NOW).unwrap().event), "there");
        assert_eq!(text_of(&talk.guest.hear(&back, NOW).unwrap().event), "back");
    }
}

#[test]
fn a_recorded_change_leads_to_the_very_state_it_was_made_for() {
    let mut talk = Talk::new(66);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut replica = restored(&talk.guest);
    let anchor = talk.guest.anchor();
    let rng = &mut talk.door.rng;
    let recorded =
        talk.guest.text("hello", NOW, rng).unwrap().record(&key, OWNER, &anchor, rng).unwrap();
    let record = recorded.record().unwrap().to_vec();
    recorded.apply();
    key.open::<Change<Chat>>(OWNER, None, &record).unwrap().apply(&mut replica).unwrap();
    assert_eq!(replica.to_bytes(), talk.guest.to_bytes());
    let again: Change<Chat> = key.open(OWNER, None, &record).unwrap();
    refuses(&mut replica, Error::StaleChange, |replica| again.apply(replica));
}

#[test]
fn a_change_of_one_state_is_refused_by_another() {
    let mut talk = Talk::new(67);
    let message = talk.guest_says("hello", NOW);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let (anchor, rng) = (talk.host.anchor(), &mut talk.door.rng);
    let received = talk.host.listen(&message, NOW).unwrap();
    let received = received.record(&key, OWNER, &anchor, rng).unwrap();
    let record = received.record().unwrap();
    let change: Change<Chat> = key.open(OWNER, None, record).unwrap();
    refuses(&mut talk.guest, Error::StaleChange, |guest| change.apply(guest));
    // For a state of another kind it is no change at all.
    assert_eq!(key.open::<Change<Client>>(OWNER, None, record).err(), Some(Error::WrongKind));
    assert_eq!(key.open::<Change<Invite>>(OWNER, None, record).err(), Some(Error::WrongKind));
}

#[test]
fn a_chats_state_cut_or_altered_in_its_frame_is_not_loaded() {
    let talk = Talk::new(68);
    let bytes = talk.guest.to_bytes();
    for length in 0..bytes.len() {
        let loaded = Chat::from_bytes(&bytes[..length]).err();
        assert_eq!(loaded, Some(Error::Corrupt), "{length} bytes");
    }
    assert_eq!(Chat::from_bytes(&[&bytes[..], &[0]].concat()).err(), Some(Error::Corrupt));
    let mut newer = bytes.to_vec();
    newer[0] = 2;
    assert_eq!(Chat::from_bytes(&newer).err(), Some(Error::UnknownVersion(2)));
    assert_eq!(Device::from_bytes(&bytes).err(), Some(Error::WrongKind));
    let stage = stage_of(&bytes);
    for byte in (0..=u8::MAX).filter(|byte| !(1..=3).contains(byte)) {
        let mut altered = bytes.to_vec();
        altered[stage] = byte;
        assert_eq!(Chat::from_bytes(&altered).err(), Some(Error::Corrupt), "{byte}");
    }
}

#[test]
fn a_message_with_a_strangers_bytes_is_refused_in_every_state() {
    for mut chat in [Talk::waiting(69).host, Talk::waiting(69).guest, Talk::new(69).host] {
        for length in 0..300 {
            let mut message = vec![0x5a; length];
            message.iter_mut().zip([1, 1]).for_each(|(to, from)| *to = from);
            let error =
                refusal(&mut chat, |chat| chat.listen(&message, NOW + DAY).map(drop)).unwrap();
            let expected = if length <= 130 { Error::Malformed } else { Error::Forged };
            assert_eq!(error, expected, "{length} bytes");
        }
    }
}

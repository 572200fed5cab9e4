//! States at rest: saved and restored, sealed, continued by changes, and frozen from release to
//! release.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use latchstring::{
    Account, AccountId, Anchor, Candidate, Change, Chat, ChatStatus, Client, Device, Error, Event,
    Invite, Journal, Proposal, Session, State, StateKey,
};
use support::town::{Person, Town};
use support::{Door, NOW, OneToOne, Pair, TestRng, Visit, copy, device, only, refusal, seal_many};

const OWNER: &[u8] = b"account 7, laptop";

/// A record's clear front: version, kind, key id, generation, lineage.
const ABOUT: usize = 1 + 1 + 4 + 32;

fn key(id: u32, byte: u8) -> StateKey {
    StateKey::new(id, &[byte; 32]).unwrap()
}

/// The state that comes back from its bytes, which must be the same bytes again.
fn restored<S: State>(state: &S) -> S {
    let bytes = state.to_bytes();
    let state = S::from_bytes(&bytes).unwrap();
    assert!(state.to_bytes() == bytes, "a restored state encodes to other bytes");
    state
}

/// The change that comes back from its record.
fn recorded(change: &Change, rng: &mut TestRng) -> Change {
    let record = change.record(&key(1, 7), OWNER, &change.base(), rng).unwrap();
    key(1, 7).open(OWNER, Some(&change.base()), &record).unwrap()
}

/// What a store does that is written once for all states.
fn moves_on<S: State>(state: &mut S, change: Change) -> Result<(), Error> {
    state.apply(change)
}

#[test]
fn a_change_applied_to_any_state_is_applied_as_to_the_state_it_is_of() {
    let mut pair = Pair::new(9);
    let message = pair.initiator.encrypt(b"hello", &mut pair.rng).unwrap();
    let change = |session: &Session| session.stage(&message).unwrap().open().unwrap().1;
    let (mut one, mut other) = (copy(&pair.responder), copy(&pair.responder));
    let (first, second) = (change(&one), change(&one));
    moves_on(&mut one, first).unwrap();
    other.apply(change(&pair.responder)).unwrap();
    assert!(one.to_bytes() == other.to_bytes());
    assert_eq!(refusal(&mut one, |one| moves_on(one, second)), Some(Error::StaleChange));
    // An account never changes.
    let mut account = Account::generate(AccountId([1; 32]), &mut pair.rng);
    let error = refusal(&mut account, |account| moves_on(account, change(&pair.responder)));
    assert_eq!(error, Some(Error::StaleChange));
}

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
    let bundle = bob.bundle().unwrap();
    let mut session = restored(&alice.initiate(&bundle, NOW, &mut rng).unwrap());
    session.encrypt(b"lost", &mut rng).unwrap();
    session = restored(&session);
    assert!(!session.is_confirmed());
    let message = session.encrypt(b"hello", &mut rng).unwrap();
    let accepted = bob.accept(&message, NOW).unwrap();
    let (answering, _) = accepted.apply(&mut bob).unwrap();
    let mut answering = restored(&answering);
    let answer = answering.encrypt(b"welcome", &mut rng).unwrap();
    assert_eq!(*restored(&session).decrypt(&answer).unwrap().content, b"welcome");
}

#[test]
fn a_restored_session_says_the_same_about_itself() {
    let pair = Pair::new(3);
    let (was, is) = (&pair.responder, restored(&pair.responder));
    assert_eq!((was.id(), was.name(), was.role()), (is.id(), is.name(), is.role()));
    assert_eq!(was.peer(), is.peer());
    assert_eq!(was.anchor(), is.anchor());
    assert_eq!(
        (was.missing(), was.is_confirmed(), was.used_one_time_prekey()),
        (is.missing(), is.is_confirmed(), is.used_one_time_prekey())
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
        let (keys, change) = device.replenish(now, &mut rng).unwrap();
        device.apply(change).unwrap();
        device = restored(&device);
        let (bundle, change) = device.rotate(now, &mut rng).unwrap();
        device.apply(change).unwrap();
        device = restored(&device);
        let bundle = bundle.attach(keys[0].clone()).unwrap();
        let first = peer.initiate(&bundle, now, &mut rng).unwrap().encrypt(b"hi", &mut rng);
        let first = first.unwrap();
        let accepted = device.accept(&first, now).unwrap();
        accepted.apply(&mut device).unwrap();
        device = restored(&device);
        assert_eq!(device.accept(&first, now).err(), Some(Error::Replay));
    }
    let change = device.expire(NOW + 200 * 86_400).unwrap();
    device.apply(change).unwrap();
    restored(&device);
}

#[test]
fn an_invite_restored_in_each_of_its_states_goes_on() {
    let mut door = Door::new(6);
    door.invite = restored(&door.invite);
    assert!(door.invite.link().is_some());
    let visit = door.admit();
    let claimed = restored(&visit.invite);
    assert_eq!(claimed.claim(&visit.host, &visit.claim, NOW).err(), Some(Error::Duplicate));
    let mut ended = Door::new(7).invite;
    let change = ended.revoke(NOW).unwrap();
    ended.apply(change).unwrap();
    let ended = restored(&ended);
    assert!(ended.link().is_none());
    assert!(ended.notice().is_some());
}

#[test]
fn a_chat_restored_at_every_step_goes_on() {
    let Visit { host, mut chat, mut guest, mut rng, .. } = Door::new(8).admit();
    (chat, guest) = (restored(&chat), restored(&guest));
    let text = guest.say("two", NOW, &mut rng).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert!(matches!(chat.hear(&text, NOW).unwrap().event, Event::Text(_)));
    let grant = restored(&chat);
    chat = grant;
    let grant = only(chat.grant(&host, NOW, &mut rng).unwrap().apply().unwrap());
    guest.hear(&grant, NOW).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert_eq!((chat.status(), guest.status()), (ChatStatus::Active, ChatStatus::Active));
    let text = chat.say("welcome", NOW, &mut rng).unwrap();
    assert!(matches!(guest.hear(&text, NOW).unwrap().event, Event::Text(_)));
    let end = only(guest.end(NOW, &mut rng).unwrap().apply().unwrap());
    chat.hear(&end, NOW).unwrap();
    (chat, guest) = (restored(&chat), restored(&guest));
    assert!(matches!(chat.status(), ChatStatus::Ended(_)));
    assert!(matches!(guest.status(), ChatStatus::Ended(_)));
}

#[test]
fn a_recorded_change_of_a_session_is_the_change() {
    let mut pair = Pair::new(9);
    let mut copies = (copy(&pair.initiator), copy(&pair.responder));
    let mut late = Vec::new();
    for round in 0..12_u32 {
        // In turn: a chain that begins with a gap, a gap in it, a late message.
        let sealing = pair.initiator.stage_send().seal(b"text", &mut pair.rng).unwrap();
        let recording = sealing.record(&key(1, 7), OWNER, &copies.0.anchor(), &mut pair.rng);
        let recording = recording.unwrap();
        let change: Change = key(1, 7).open(OWNER, None, recording.record()).unwrap();
        let message = recording.apply().unwrap();
        copies.0.apply(change).unwrap();
        assert!(copies.0.to_bytes() == pair.initiator.to_bytes(), "sent in round {round}");
        if round % 3 == 0 {
            late.push(message);
            continue;
        }
        let message = if round % 3 == 2 && round % 2 == 0 { late.pop().unwrap() } else { message };
        let (_, change) = pair.responder.stage(&message).unwrap().open().unwrap();
        copies.1.apply(recorded(&change, &mut pair.rng)).unwrap();
        pair.responder.apply(change).unwrap();
        assert!(copies.1.to_bytes() == pair.responder.to_bytes(), "received in round {round}");
        if round % 4 == 1 {
            let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
            pair.initiator.decrypt(&answer).unwrap();
            copies = (copy(&pair.initiator), copy(&pair.responder));
        }
    }
}

#[test]
fn a_recorded_change_of_a_device_is_the_change() {
    let mut rng = TestRng::new(10);
    let peer = device(1, &mut rng);
    let mut device = device(2, &mut rng);
    let bundle = device.bundle().unwrap();
    let first = peer.initiate(&bundle, NOW, &mut rng).unwrap().encrypt(b"hi", &mut rng).unwrap();
    for step in 0..4 {
        let change = match step {
            0 => device.rotate(NOW, &mut rng).unwrap().1,
            1 => device.replenish(NOW, &mut rng).unwrap().1,
            2 => recorded(device.accept(&first, NOW).unwrap().change(), &mut rng),
            _ => device.expire(NOW + 100 * 86_400).unwrap(),
        };
        let mut other = copy(&device);
        other.apply(recorded(&change, &mut rng)).unwrap();
        device.apply(change).unwrap();
        assert!(other.to_bytes() == device.to_bytes(), "step {step}");
    }
}

#[test]
fn a_recorded_change_of_an_invite_is_the_change() {
    let mut door = Door::new(11);
    let (_, claim) = door.claim("Grace");
    let arrival = door.invite.claim(&door.host, &claim, NOW).unwrap();
    let claimed = recorded(arrival.invite_change(), &mut door.rng);
    for change in [claimed, door.invite.revoke(NOW).unwrap()] {
        let (mut direct, mut other) = (copy(&door.invite), copy(&door.invite));
        other.apply(recorded(&change, &mut door.rng)).unwrap();
        direct.apply(change).unwrap();
        assert!(other.to_bytes() == direct.to_bytes());
    }
}

#[test]
fn a_recorded_change_of_a_chat_is_the_change() {
    let Visit { host, mut chat, mut guest, mut rng, .. } = Door::new(12).admit();
    let text = guest.say("two", NOW, &mut rng).unwrap();
    let (_, pending) = chat.listen(&text, NOW).unwrap();
    let blocked = chat.block(NOW).unwrap();
    let idle = chat.tick(NOW + 11 * 86_400).unwrap().unwrap();
    for change in [pending, blocked, idle] {
        let (mut direct, mut other) = (copy(&chat), copy(&chat));
        other.apply(recorded(&change, &mut rng)).unwrap();
        direct.apply(change).unwrap();
        assert!(other.to_bytes() == direct.to_bytes());
    }
    let grant = only(chat.grant(&host, NOW, &mut rng).unwrap().apply().unwrap());
    let (_, change) = guest.listen(&grant, NOW).unwrap();
    let mut other = copy(&guest);
    other.apply(recorded(&change, &mut rng)).unwrap();
    guest.apply(change).unwrap();
    assert!(other.to_bytes() == guest.to_bytes());
}

#[test]
fn a_change_applies_once() {
    let mut pair = Pair::new(13);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    let (_, change) = pair.responder.stage(&message).unwrap().open().unwrap();
    let again = recorded(&change, &mut pair.rng);
    pair.responder.apply(change).unwrap();
    let error = refusal(&mut pair.responder, |to| to.apply(again));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn of_two_changes_from_one_state_the_second_is_stale() {
    let mut pair = Pair::new(14);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    let (_, one) = pair.responder.stage(&messages[0]).unwrap().open().unwrap();
    let (_, other) = pair.responder.stage(&messages[1]).unwrap().open().unwrap();
    pair.responder.apply(one).unwrap();
    let error = refusal(&mut pair.responder, |to| to.apply(other));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_change_of_another_session_is_stale() {
    let mut one = Pair::new(15);
    let mut other = Pair::new(16);
    let message = one.initiator.encrypt(b"elsewhere", &mut one.rng).unwrap();
    let (_, change) = one.responder.stage(&message).unwrap().open().unwrap();
    let error = refusal(&mut other.responder, |to| to.apply(change));
    assert_eq!(error, Some(Error::StaleChange));
}

#[test]
fn a_change_of_another_kind_of_state_is_stale() {
    let Visit { mut host, mut chat, .. } = Visit::new(17);
    let change = host.tick(NOW + 3600).unwrap().unwrap();
    assert_eq!(refusal(&mut chat, |chat| chat.apply(change)), Some(Error::StaleChange));
    let change = chat.block(NOW).unwrap();
    assert_eq!(refusal(&mut host, |host| host.apply(change)), Some(Error::StaleChange));
}

#[test]
fn a_change_is_not_recorded_over_a_store_that_has_moved_on() {
    let mut pair = Pair::new(18);
    let message = pair.initiator.encrypt(b"text", &mut pair.rng).unwrap();
    let (_, change) = pair.responder.stage(&message).unwrap().open().unwrap();
    let before = change.base();
    pair.responder.decrypt(&message).unwrap();
    let moved = pair.responder.anchor();
    assert_ne!(before, moved);
    let record = change.record(&key(1, 7), OWNER, &moved, &mut pair.rng);
    assert_eq!(record.err(), Some(Error::StaleChange));
}

#[test]
fn a_message_is_not_given_out_over_a_store_that_has_moved_on() {
    let mut pair = Pair::new(19);
    let elsewhere = {
        let mut other_tab = copy(&pair.initiator);
        other_tab.encrypt(b"first", &mut pair.rng).unwrap();
        other_tab.anchor()
    };
    let Pair { initiator, rng, .. } = &mut pair;
    let error = refusal(initiator, |from| {
        let sealed = from.stage_send().seal(b"second", rng)?;
        sealed.record(&key(1, 7), OWNER, &elsewhere, rng)?.apply()
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
    drop(pair.responder.stage(&message).unwrap().open().unwrap());
    assert!(before == pair.responder.to_bytes());
    assert_eq!(*pair.responder.decrypt(&message).unwrap().content, b"text");
}

/// A sealed session, and what it was sealed from.
fn sealed(seed: u64) -> (Pair, Vec<u8>) {
    let mut pair = Pair::new(seed);
    let record = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    (pair, record)
}

#[test]
fn a_sealed_state_opens_to_the_same_bytes() {
    let (pair, record) = sealed(22);
    let session: Session = key(1, 7).open(OWNER, Some(&pair.responder.anchor()), &record).unwrap();
    assert!(session.to_bytes() == pair.responder.to_bytes());
    assert_eq!(StateKey::id_of(&record), Ok(1));
}

#[test]
fn two_records_of_one_state_share_nothing_but_their_clear_front() {
    let (mut pair, one) = sealed(23);
    let other = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    assert_eq!(one[..ABOUT], other[..ABOUT]);
    let same = one[ABOUT..].iter().zip(&other[ABOUT..]).filter(|(a, b)| a == b).count();
    // One byte in 256 by chance.
    assert!(same * 64 < one.len(), "{same} of {} bytes are the same", one.len());
}

#[test]
fn a_record_opens_under_no_other_key_id_owner_or_kind() {
    let (_, record) = sealed(24);
    let open = |key: &StateKey, owner: &[u8]| key.open::<Session>(owner, None, &record).err();
    assert_eq!(open(&key(1, 8), OWNER), Some(Error::WrongStateKey));
    assert_eq!(open(&key(2, 7), OWNER), Some(Error::WrongStateKey));
    assert_eq!(open(&key(1, 7), b"account 7, phone"), Some(Error::WrongStateKey));
    assert_eq!(open(&key(1, 7), b""), Some(Error::WrongStateKey));
    assert_eq!(key(1, 7).open::<Device>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(key(1, 7).open::<Chat>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(key(1, 7).open::<Change>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(open(&key(1, 7), OWNER), None);
}

#[test]
fn an_owner_cannot_be_moved_into_what_follows_it() {
    let mut pair = Pair::new(25);
    let record = key(1, 7).seal(&pair.responder, b"ab", &mut pair.rng).unwrap();
    for owner in [&b"a"[..], b"abc", b"ba", b"ab\0"] {
        let error = key(1, 7).open::<Session>(owner, None, &record).err();
        assert_eq!(error, Some(Error::WrongStateKey));
    }
}

#[test]
fn records_of_two_devices_are_not_swapped() {
    let mut pair = Pair::new(26);
    let key = key(1, 7);
    let alice = key.seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
    let bob = key.seal(&pair.bob, b"bob", &mut pair.rng).unwrap();
    assert_eq!(key.open::<Device>(b"alice", None, &bob).err(), Some(Error::WrongStateKey));
    assert_eq!(key.open::<Device>(b"bob", None, &alice).err(), Some(Error::WrongStateKey));
    let error = key.open::<Device>(b"alice", Some(&pair.bob.anchor()), &alice).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn a_record_with_one_byte_altered_does_not_open() {
    let (pair, record) = sealed(27);
    for at in 0..record.len() {
        let mut altered = record.clone();
        altered[at] ^= 1 << (at % 8);
        let error = key(1, 7).open::<Session>(OWNER, None, &altered).err();
        let expected = match at {
            0 => Error::Corrupt,
            1 => Error::WrongKind,
            2..ABOUT => Error::WrongStateKey,
            at if at < ABOUT + 64 => Error::WrongStateKey,
            _ => Error::Corrupt,
        };
        assert_eq!(error, Some(expected), "byte {at}");
    }
    drop(pair);
}

#[test]
fn a_record_cut_at_any_length_or_lengthened_is_corrupt() {
    let (_, record) = sealed(28);
    for length in 0..record.len() {
        let error = key(1, 7).open::<Session>(OWNER, None, &record[..length]).err();
        assert_eq!(error, Some(Error::Corrupt), "{length} bytes");
    }
    let longer = [record.as_slice(), &[0]].concat();
    assert_eq!(key(1, 7).open::<Session>(OWNER, None, &longer).err(), Some(Error::Corrupt));
}

#[test]
fn parts_of_two_records_make_no_third() {
    let (mut pair, one) = sealed(29);
    pair.responder.encrypt(b"on", &mut pair.rng).unwrap();
    let other = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    for at in [ABOUT, ABOUT + 32, ABOUT + 64] {
        let spliced = [&one[..at], &other[at..]].concat();
        assert!(key(1, 7).open::<Session>(OWNER, None, &spliced).is_err(), "at {at}");
    }
}

#[test]
fn a_record_behind_its_anchor_is_refused_and_one_ahead_is_taken() {
    let (mut pair, old) = sealed(30);
    let before = pair.responder.anchor();
    pair.responder.encrypt(b"on", &mut pair.rng).unwrap();
    let now = pair.responder.anchor();
    let new = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    let open = |anchor, record: &[u8]| key(1, 7).open::<Session>(OWNER, Some(anchor), record).err();
    assert_eq!(open(&now, &old), Some(Error::StateRollback));
    assert_eq!(open(&before, &old), None);
    assert_eq!(open(&before, &new), None);
    assert_eq!(open(&now, &new), None);
}

#[test]
fn a_record_of_a_sibling_lineage_is_refused() {
    let mut pair = Pair::new(31);
    let mut sibling = copy(&pair.responder);
    pair.responder.encrypt(b"here", &mut pair.rng).unwrap();
    sibling.encrypt(b"there", &mut pair.rng).unwrap();
    let anchor = pair.responder.anchor();
    assert_eq!(anchor.generation(), sibling.anchor().generation());
    let record = key(1, 7).seal(&sibling, OWNER, &mut pair.rng).unwrap();
    let error = key(1, 7).open::<Session>(OWNER, Some(&anchor), &record).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn every_change_moves_the_anchor_by_one_generation() {
    let mut pair = Pair::new(32);
    let mut last = pair.initiator.anchor();
    for _ in 0..5 {
        pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        let now = pair.initiator.anchor();
        assert_eq!(now.generation(), last.generation() + 1);
        assert_ne!(now.to_bytes()[8..], last.to_bytes()[8..]);
        last = now;
    }
}

#[test]
fn a_session_with_a_place_in_no_predecessor_is_corrupt() {
    let pair = Pair::new(38);
    for side in [&pair.initiator, &pair.responder] {
        let bytes = side.to_bytes();
        // The descent: predecessor (32), closing chain and number, created.
        assert_eq!(bytes[315..363], [&[0; 40][..], &NOW.to_be_bytes()].concat());
        for place in 347..355 {
            let mut altered = bytes.to_vec();
            altered[place] = 1;
            assert_eq!(Session::from_bytes(&altered).err(), Some(Error::Corrupt), "byte {place}");
            altered[315] = 1;
            assert!(*Session::from_bytes(&altered).unwrap().to_bytes() == altered);
        }
    }
}

#[test]
fn a_state_of_a_newer_version_is_unknown_and_not_damaged() {
    let (pair, mut record) = sealed(33);
    record[0] = 2;
    let error = key(1, 7).open::<Session>(OWNER, None, &record).err();
    assert_eq!(error, Some(Error::UnknownVersion(2)));
    assert_eq!(StateKey::id_of(&record), Err(Error::UnknownVersion(2)));
    let mut bytes = pair.responder.to_bytes().to_vec();
    bytes[0] = 2;
    assert_eq!(Session::from_bytes(&bytes).err(), Some(Error::UnknownVersion(2)));
    bytes[0] = 0;
    assert_eq!(Session::from_bytes(&bytes).err(), Some(Error::Corrupt));
}

#[test]
fn a_record_commits_to_its_key() {
    let mut pair = Pair::new(34);
    for other in 2..=255 {
        let record = key(1, 1).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
        let error = key(1, other).open::<Session>(OWNER, None, &record).err();
        // Not `Corrupt`: the commitment is refused before anything is decrypted.
        assert_eq!(error, Some(Error::WrongStateKey), "{other}");
    }
}

#[test]
fn a_state_key_of_zeros_is_refused() {
    assert_eq!(StateKey::new(1, &[0; 32]).err(), Some(Error::WeakKey));
}

#[test]
fn a_clock_at_either_end_breaks_no_device() {
    let mut rng = TestRng::new(35);
    for now in [0, NOW, u64::MAX] {
        let account = Account::generate(AccountId([1; 32]), &mut rng);
        let mut device = Device::generate(&account, now, &mut rng);
        for later in [u64::MAX, 0, NOW] {
            let (_, change) = device.rotate(later, &mut rng).unwrap();
            device.apply(change).unwrap();
            let change = device.expire(later).unwrap();
            device.apply(change).unwrap();
            assert!(device.due(later, 0).replenish);
            device = restored(&device);
        }
    }
}

#[test]
fn a_clock_set_back_revives_no_chat() {
    let Visit { mut chat, mut guest, mut rng, .. } = Visit::new(36);
    let change = chat.tick(u64::MAX).unwrap().unwrap();
    chat.apply(change).unwrap();
    let text = guest.say("late", NOW, &mut rng).unwrap();
    for now in [0, NOW] {
        let error = refusal(&mut chat, |chat| chat.hear(&text, now));
        assert_eq!(error, Some(Error::Ended));
    }
}

#[test]
fn a_clock_set_back_revives_no_prekey() {
    let mut rng = TestRng::new(37);
    let (peer, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    let first = peer.initiate(&bundle, NOW, &mut rng).unwrap().encrypt(b"hi", &mut rng).unwrap();
    let late = NOW + 40 * 86_400;
    let (_, change) = responder.rotate(late, &mut rng).unwrap();
    responder.apply(change).unwrap();
    let error = refusal(&mut responder, |responder| responder.accept(&first, NOW));
    assert_eq!(error, Some(Error::UnknownPrekey));
}

// ---- frozen states of version 1 ----

/// What `tests/state/v1` holds: states of one deterministic run, and two messages for them.
struct Frozen {
    account: Account,
    device: Device,
    session: Session,
    invite: Invite,
    chat: Chat,
    change: Change,
    /// Opens in `session`, from before and after `change`.
    message: Vec<u8>,
    /// Opens in `chat`.
    text: Vec<u8>,
    /// Opens an account of which `device` is part.
    first: Vec<u8>,
    client: Client,
    candidate: Candidate,
    /// Of `client`: a letter that it read.
    letter: Change,
    /// The list under which `candidate` was offered a place, and the offer.
    offer: Vec<u8>,
}

impl Frozen {
    /// The run that wrote the files. Changing it changes nothing in them.
    fn make() -> Self {
        let mut rng = TestRng::new(1);
        let account = Account::generate(AccountId([9; 32]), &mut rng);
        let mut device = Device::generate(&account, NOW, &mut rng);
        let bundle = support::bundle_with_one_time(&mut device, &mut rng);
        let first = support::device(8, &mut rng).initiate(&bundle, NOW, &mut rng).unwrap();
        let first = { first }.encrypt(b"first", &mut rng).unwrap();

        let mut pair = Pair::new(2);
        // A closed chain, missing keys in both chains, and something sent.
        let skipped = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        pair.responder.decrypt(&skipped[2]).unwrap();
        let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
        pair.initiator.decrypt(&answer).unwrap();
        let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        pair.responder.decrypt(&messages[1]).unwrap();
        pair.responder.encrypt(b"sent", &mut pair.rng).unwrap();
        let (_, change) = pair.responder.stage(&messages[2]).unwrap().open().unwrap();

        let invite = Door::new(3).invite;
        let mut visit = Visit::new(4);
        let text = visit.guest.say("kept", NOW, &mut visit.rng).unwrap();

        // Sessions in all their places, letters read and sent, a companion being linked.
        let mut town = Town::new(5, &[3, 2]);
        town.chat(0, 1);
        town.say(1, 1, 0, b"two");
        town.say(0, 1, 1, b"three");
        town.read(0, 0);
        town.say(1, 0, 0, b"kept");
        let candidate = Candidate::generate("a tablet", NOW, &mut town.rng).unwrap();
        let proposal = Proposal::read(&candidate.code(), NOW).unwrap();
        let Person { account: owner, devices } = &mut town.people[0];
        let (offer, change_of_offer) =
            devices[0].approve(owner, &proposal, 4, NOW, &mut town.rng).unwrap();
        devices[0].apply(change_of_offer).unwrap();
        let mail = town.mail(0, 0);
        let (_, letter) = town.client(0, 0).open(mail.from, &mail.message, NOW).unwrap();
        let client = town.people.remove(0).devices.remove(0);
        Self {
            client,
            candidate,
            letter,
            offer,
            account,
            device,
            session: pair.responder,
            invite,
            chat: visit.chat,
            change,
            message: skipped[0].clone(),
            text,
            first,
        }
    }

    fn read() -> Self {
        Self {
            account: thawed("account"),
            device: thawed("device"),
            session: thawed("session"),
            invite: thawed("invite"),
            chat: thawed("chat"),
            change: thawed("change"),
            message: read("message"),
            text: read("text"),
            first: read("first"),
            client: thawed("client"),
            candidate: thawed("candidate"),
            letter: thawed("letter"),
            offer: read("offer"),
        }
    }
}

fn path(name: &str) -> String {
    format!("tests/state/v1/{name}.hex")
}

fn read(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let digits: Vec<char> = text.split_whitespace().flat_map(str::chars).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn write(name: &str, bytes: &[u8]) {
    let mut text = String::new();
    for line in bytes.chunks(48) {
        text.extend(line.iter().map(|byte| format!("{byte:02x}")));
        text.push('\n');
    }
    std::fs::write(path(name), text).unwrap();
}

/// The frozen state, which must encode to the very bytes that it was frozen as.
fn thawed<S: State>(name: &str) -> S {
    let bytes = read(name);
    let state = S::from_bytes(&bytes).unwrap();
    assert!(*state.to_bytes() == bytes, "{name} encodes to other bytes");
    state
}

#[test]
fn the_frozen_journal_of_version_1_loads_and_goes_on() {
    let (key, owner) = (key(1, 7), b"frozen");
    if std::env::var_os("LATCHSTRING_WRITE_FIXTURES").is_some() {
        let mut pair = Pair::new(12);
        let first = pair.initiator.encrypt(b"first", &mut pair.rng).unwrap();
        pair.responder.decrypt(&first).unwrap();
        let Pair { initiator, responder, rng, .. } = &mut pair;
        let (snapshot, mut journal) = Journal::begin(responder, &key, owner, rng).unwrap();
        write("journal-snapshot", snapshot[0].record.as_ref().unwrap());
        for number in 0..2 {
            let message = initiator.encrypt(&[number], rng).unwrap();
            let (_, change) = responder.stage(&message).unwrap().open().unwrap();
            let entry = journal.seal(&change, rng).unwrap();
            responder.apply(change).unwrap();
            write(&format!("journal-entry-{number}"), &entry);
        }
        write("journal-message", &initiator.encrypt(b"next", rng).unwrap());
        write("journal-anchor", &responder.anchor().to_bytes());
    }
    let entries = ["journal-entry-0", "journal-entry-1"].map(read);
    let anchor = Anchor::from_bytes(&read("journal-anchor").try_into().unwrap());
    let snapshot = [read("journal-snapshot")];
    let opened = Journal::open::<Session>(&key, owner, Some(&anchor), snapshot, &entries);
    let (mut session, journal) = opened.unwrap();
    assert_eq!((session.anchor(), journal.entries()), (anchor, 2));
    assert_eq!(*session.decrypt(&read("journal-message")).unwrap().content, b"next");
}

#[test]
fn the_frozen_states_of_version_1_load_and_go_on() {
    if std::env::var_os("LATCHSTRING_WRITE_FIXTURES").is_some() {
        let made = Frozen::make();
        write("account", &made.account.to_bytes());
        write("device", &made.device.to_bytes());
        write("session", &made.session.to_bytes());
        write("invite", &made.invite.to_bytes());
        write("chat", &made.chat.to_bytes());
        write("change", &made.change.to_bytes());
        write("message", &made.message);
        write("text", &made.text);
        write("first", &made.first);
        write("client", &made.client.to_bytes());
        write("candidate", &made.candidate.to_bytes());
        write("letter", &made.letter.to_bytes());
        write("offer", &made.offer);
    }
    let mut frozen = Frozen::read();
    assert_eq!(frozen.account.id(), AccountId([9; 32]));
    assert_eq!(frozen.device.certificate().account_key(), &frozen.account.public_key());
    let accepted = frozen.device.accept(&frozen.first, NOW).unwrap();
    let (_, opened) = accepted.apply(&mut frozen.device).unwrap();
    assert_eq!(*opened.content, b"first");
    assert_eq!(frozen.session.missing(), 3);
    frozen.session.apply(frozen.change).unwrap();
    assert_eq!(*frozen.session.decrypt(&frozen.message).unwrap().content, 0_u32.to_be_bytes());
    assert!(frozen.invite.link().is_some());
    assert_eq!(frozen.chat.status(), ChatStatus::Active);
    let Event::Text(text) = frozen.chat.hear(&frozen.text, NOW).unwrap().event else { panic!() };
    assert_eq!(*text, "kept");
    assert_eq!(frozen.client.list().devices().len(), 3);
    assert_eq!(frozen.client.mismatches().count(), 0);
    frozen.client.apply(frozen.letter).unwrap();
    assert_eq!(frozen.candidate.open(&frozen.offer, NOW).unwrap().list(), frozen.client.list());
}

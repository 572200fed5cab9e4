//! Refusals of records, changes and journals.

use latchstring::Error;
use latchstring::session::{Device, Session};
use latchstring::storage::{Change, Journal, State, StateKey};
use support::{NOW, Pair, TestRng, refusal};

fn key(id: u32, byte: u8) -> StateKey {
    StateKey::new(id, &[byte; 32]).unwrap()
}

pub(super) fn a_record_under_another_key_does_not_open() -> Option<Error> {
    let mut pair = Pair::new(25);
    let record = key(1, 7).seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
    refusal(&mut pair.alice, |_| key(1, 8).open::<Device>(b"alice", None, &record))
}

pub(super) fn a_damaged_record_is_corrupt() -> Option<Error> {
    let mut pair = Pair::new(26);
    let mut record = key(1, 7).seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
    *record.last_mut().unwrap() ^= 1;
    refusal(&mut pair.alice, |_| key(1, 7).open::<Device>(b"alice", None, &record))
}

pub(super) fn a_record_behind_its_anchor_was_rolled_back() -> Option<Error> {
    let mut pair = Pair::new(27);
    let record = key(1, 7).seal(&pair.initiator, b"alice", &mut pair.rng).unwrap();
    pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
    refusal(&mut pair.initiator, |now| {
        key(1, 7).open::<Session>(b"alice", Some(&now.anchor()), &record)
    })
}

pub(super) fn a_change_of_an_older_generation_is_stale() -> Option<Error> {
    let mut pair = Pair::new(28);
    let Pair { bob, rng, .. } = &mut pair;
    let (key, anchor) = (key(1, 7), bob.anchor());
    let mut recorded = || {
        let recorded = bob.expire(NOW).record(&key, b"bob", &anchor, rng).unwrap();
        recorded.record().unwrap().to_vec()
    };
    let [one, other] = [recorded(), recorded()]
        .map(|record| key.open::<Change<Device>>(b"bob", None, &record).unwrap());
    one.apply(bob).unwrap();
    refusal(bob, |bob| other.apply(bob))
}

pub(super) fn a_journal_that_has_turned_is_full() -> Option<Error> {
    let mut pair = Pair::new(28);
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&answer).unwrap();
    let Pair { initiator, rng, .. } = &mut pair;
    let (_, mut journal) = Journal::begin(initiator, &key, b"owner", rng).unwrap();
    let turning = initiator.stage_send().seal(b"turning", rng).unwrap();
    turning.journal(&mut journal, rng).unwrap().apply();
    refusal(initiator, |initiator| {
        let next = initiator.stage_send().seal(b"next", rng)?;
        next.journal(&mut journal, rng).map(|_| ())
    })
}

#[test]
fn a_state_at_its_last_generation_still_changes() {
    let mut rng = TestRng::new(29);
    let mut state = support::device(1, &mut rng).to_bytes();
    // The generation is behind version and kind.
    state[2..10].copy_from_slice(&u64::MAX.to_be_bytes());
    let mut device = Device::from_bytes(&state).unwrap();
    let before = device.anchor();
    assert_eq!(device.replenish(NOW, &mut rng).apply().len(), 50);
    assert_eq!(device.anchor().generation(), u64::MAX);
    assert_ne!(device.anchor(), before, "the lineage goes on");
}

use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::SenderKeyMessage;
use crate::signal::Version;
use crate::signal::groups::wire::ToldChain;
use crate::signal::tests::world;
use crate::storage::{Change, Journal, State, StateKey};

const ID: Option<Uuid> = Some(Uuid([0xd1; 16]));

/// Tells two chains apart by what tells them.
fn told(key: &SenderKey) -> (u32, u32) {
    let place = ToldChain::decode(&key.distribution().unwrap()).unwrap().place;
    (place.chain, place.iteration)
}

#[test]
fn a_retired_key_seals_nothing_until_it_is_rotated() {
    let mut rng = TestRng::new(1);
    let mut key = SenderKey::generate_plain(ID, &mut rng);
    let before = told(&key);
    key.seal_bytes(b"before", &mut rng).unwrap().apply();
    assert!(key.retire().is_change());
    key.retire().apply();
    let retired = key.to_bytes();
    assert!(key.is_retired());
    assert_eq!(key.seal_bytes(b"after", &mut rng).err(), Some(Error::RotationRequired));
    assert_eq!(key.distribution().err(), Some(Error::RotationRequired));
    assert!(!key.retire().is_change());
    assert_eq!(key.to_bytes(), retired);
    // Nothing of the old chain is in the state.
    assert_eq!(retired.len(), 2 + 32 + 1 + 17 + 1);

    key.rotate(&mut rng).apply();
    assert!(key.seal_bytes(b"after", &mut rng).is_ok());
    assert_ne!(told(&key).0, before.0);
}

#[test]
fn no_two_keys_and_no_two_rotations_have_one_chain() {
    let mut rng = TestRng::zeros();
    let [mut one, other] =
        [1, 2].map(|id| SenderKey::generate_plain(Some(Uuid([id; 16])), &mut rng));
    assert_ne!(one.distribution().unwrap(), other.distribution().unwrap());
    assert_ne!(one.anchor(), other.anchor());
    let first = one.distribution().unwrap();
    one.rotate(&mut rng).apply();
    let second = one.distribution().unwrap();
    one.rotate(&mut rng).apply();
    let third = one.distribution().unwrap();
    // Nor have two groups.
    let [here, there] =
        [1, 2].map(|id| SenderKey::generate(ForeignGroupId([id; 32]), Uuid([1; 16]), &mut rng));
    assert_ne!(here.distribution().unwrap(), there.distribution().unwrap());
    assert!(first != second && second != third && third != first);
}

#[test]
fn the_last_number_of_a_chain_asks_for_another() {
    let mut rng = TestRng::new(3);
    let mut key = SenderKey::generate_plain(ID, &mut rng);
    key.inner.chain.as_mut().unwrap().iteration = u32::MAX - 1;
    key.seal_bytes(b"last", &mut rng).unwrap().apply();
    let before = key.to_bytes();
    assert_eq!(key.seal_bytes(b"over", &mut rng).err(), Some(Error::RotationRequired));
    assert_eq!(key.to_bytes(), before);
}

#[test]
fn content_that_is_too_long_is_refused() {
    let mut rng = TestRng::new(4);
    let mut key = SenderKey::generate_plain(ID, &mut rng);
    let long = alloc::vec![0; MAX_CONTENT + 1];
    assert_eq!(key.seal_bytes(&long, &mut rng).err(), Some(Error::ContentTooLong));
    let longest = key.seal_bytes(&long[1..], &mut rng).unwrap().apply();
    assert!(SenderKeyMessage::decode(&world::address("ada"), &longest).is_ok());
}

#[test]
fn the_end_of_a_chain_ends_a_journal_whose_records_have_it() {
    let mut rng = TestRng::new(7);
    let store = StateKey::new(1, &[9; 32]).unwrap();
    let mut key = SenderKey::generate_plain(ID, &mut rng);
    let (_, mut journal) = Journal::begin(&key, &store, b"ada", &mut rng).unwrap();
    let sealed = key.seal_bytes(b"text", &mut rng).unwrap();
    sealed.journal(&mut journal, &mut TestRng::new(8)).unwrap().apply();
    assert!(!journal.is_full());
    key.retire().journal(&mut journal, &mut rng).unwrap().apply();
    assert!(journal.is_full());
}

#[test]
fn each_change_reads_back_to_the_very_same_state() {
    let mut rng = TestRng::new(5);
    let store = StateKey::new(1, &[9; 32]).unwrap();
    let world = world::World::talking(Version::V4);
    let to = world.address(1);
    let mut key = SenderKey::generate_plain(ID, &mut rng);
    for step in 0..8 {
        let mut copy = SenderKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(copy.to_bytes(), key.to_bytes());
        let anchor = key.anchor();
        let mut seal = TestRng::new(6);
        let record = match step {
            1 | 5 => {
                let told = key.tell(&world.clients[0], &to, world::NOW).unwrap();
                assert!(told.is_change());
                apply(told.record(&store, b"ada", &anchor, &mut seal).unwrap())
            }
            3 => apply(key.retire().record(&store, b"ada", &anchor, &mut seal).unwrap()),
            4 => apply(key.rotate(&mut rng).record(&store, b"ada", &anchor, &mut seal).unwrap()),
            _ => {
                let sealed = key.seal_bytes(b"text", &mut rng).unwrap();
                apply(sealed.record(&store, b"ada", &anchor, &mut seal).unwrap())
            }
        };
        let change: Change<SenderKey> = store.open(b"ada", None, &record).unwrap();
        change.apply(&mut copy).unwrap();
        assert_eq!(copy.to_bytes(), key.to_bytes());
        let change: Change<SenderKey> = store.open(b"ada", None, &record).unwrap();
        assert_eq!(change.apply(&mut copy), Err(Error::StaleChange));
    }
}

/// Applies a recorded operation, and returns its record.
fn apply<T>(recorded: crate::storage::Recorded<'_, SenderKey, T>) -> Vec<u8> {
    let record = recorded.record().unwrap().to_vec();
    recorded.apply();
    record
}

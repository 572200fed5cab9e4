use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::groups::{ReceivedSenderKeys, SenderKeyMessage};
use crate::signal::policy::ForeignDevice;
use crate::signal::tests::world::device;
use crate::storage::{Change, Journal, State, StateKey};

const ID: Option<Uuid> = Some(Uuid([0xd1; 16]));

fn sender() -> ForeignDevice {
    device("ada", 1)
}

/// Returns what a member has who was told the key as it is.
fn member(key: &SenderKey) -> ReceivedSenderKeys {
    let mut member = ReceivedSenderKeys::new(sender(), key.inner.distribution);
    let told = SenderKeyDistribution::decode(&key.distribution().unwrap()).unwrap();
    member.learn(&sender(), told).unwrap().apply();
    member
}

fn open(keys: &mut ReceivedSenderKeys, message: &[u8]) -> Result<Vec<u8>, Error> {
    let message = SenderKeyMessage::decode(message)?;
    Ok(keys.open(&sender(), &message)?.apply().to_vec())
}

#[test]
fn a_retired_key_seals_nothing_until_it_is_rotated() {
    let mut rng = TestRng::new(1);
    let mut key = SenderKey::generate(ID, &mut rng);
    let mut removed = member(&key);
    key.seal(b"before", &mut rng).unwrap().apply();
    assert!(key.retire().is_change());
    key.retire().apply();
    let retired = key.to_bytes();
    assert!(key.is_retired());
    assert_eq!(key.seal(b"after", &mut rng).err(), Some(Error::RotationRequired));
    assert_eq!(key.distribution().err(), Some(Error::RotationRequired));
    assert!(!key.retire().is_change());
    assert_eq!(key.to_bytes(), retired);
    // Nothing of the old chain is in the state.
    assert_eq!(retired.len(), 2 + 32 + 17 + 1);

    let told = key.rotate(&mut rng).apply();
    assert_eq!(told, key.distribution().unwrap());
    let message = key.seal(b"after", &mut rng).unwrap().apply();
    let mut stays = ReceivedSenderKeys::new(sender(), ID);
    stays.learn(&sender(), SenderKeyDistribution::decode(&told).unwrap()).unwrap().apply();
    assert_eq!(open(&mut removed, &message), Err(Error::MessageKeyGone));
    assert_eq!(open(&mut stays, &message).unwrap(), b"after");
}

#[test]
fn who_is_told_the_key_later_reads_from_there_on() {
    let mut rng = TestRng::new(2);
    let mut key = SenderKey::generate(ID, &mut rng);
    let early = key.seal(b"early", &mut rng).unwrap().apply();
    let mut late = member(&key);
    let message = key.seal(b"late", &mut rng).unwrap().apply();
    assert_eq!(open(&mut late, &early), Err(Error::MessageKeyGone));
    assert_eq!(open(&mut late, &message).unwrap(), b"late");
}

#[test]
fn no_two_keys_and_no_two_rotations_have_one_chain() {
    let mut rng = TestRng::zeros();
    let [mut one, other] = [1, 2].map(|id| SenderKey::generate(Some(Uuid([id; 16])), &mut rng));
    assert_ne!(one.distribution().unwrap(), other.distribution().unwrap());
    assert_ne!(one.anchor(), other.anchor());
    let first = one.distribution().unwrap();
    let second = one.rotate(&mut rng).apply();
    let third = one.rotate(&mut rng).apply();
    assert!(first != second && second != third && third != first);
}

#[test]
fn the_last_number_of_a_chain_asks_for_another() {
    let mut rng = TestRng::new(3);
    let mut key = SenderKey::generate(ID, &mut rng);
    key.inner.chain.as_mut().unwrap().iteration = u32::MAX - 1;
    key.seal(b"last", &mut rng).unwrap().apply();
    let before = key.to_bytes();
    assert_eq!(key.seal(b"over", &mut rng).err(), Some(Error::RotationRequired));
    assert_eq!(key.to_bytes(), before);
}

#[test]
fn content_that_is_too_long_is_refused() {
    let mut rng = TestRng::new(4);
    let mut key = SenderKey::generate(ID, &mut rng);
    let long = alloc::vec![0; MAX_CONTENT + 1];
    assert_eq!(key.seal(&long, &mut rng).err(), Some(Error::ContentTooLong));
    let longest = key.seal(&long[1..], &mut rng).unwrap().apply();
    assert!(SenderKeyMessage::decode(&longest).is_ok());
}

#[test]
fn the_end_of_a_chain_ends_a_journal_whose_records_have_it() {
    let mut rng = TestRng::new(7);
    let store = StateKey::new(1, &[9; 32]).unwrap();
    let mut key = SenderKey::generate(ID, &mut rng);
    let (_, mut journal) = Journal::begin(&key, &store, b"ada", &mut rng).unwrap();
    let sealed = key.seal(b"text", &mut rng).unwrap();
    sealed.journal(&mut journal, &mut TestRng::new(8)).unwrap().apply();
    assert!(!journal.is_full());
    key.retire().journal(&mut journal, &mut rng).unwrap().apply();
    assert!(journal.is_full());
}

#[test]
fn each_change_reads_back_to_the_very_same_state() {
    let mut rng = TestRng::new(5);
    let store = StateKey::new(1, &[9; 32]).unwrap();
    let mut key = SenderKey::generate(ID, &mut rng);
    for step in 0..8 {
        let mut copy = SenderKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(copy.to_bytes(), key.to_bytes());
        let anchor = key.anchor();
        let mut seal = TestRng::new(6);
        let record = match step {
            3 => apply(key.retire().record(&store, b"ada", &anchor, &mut seal).unwrap()),
            4 => apply(key.rotate(&mut rng).record(&store, b"ada", &anchor, &mut seal).unwrap()),
            _ => {
                let sealed = key.seal(b"text", &mut rng).unwrap();
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

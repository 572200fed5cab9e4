use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::tests::known_answers;
use crate::signal::tests::world;

impl OwnKeys {
    /// Makes prekeys for an identity that somebody else drew.
    pub(crate) fn of_identity(identity: dh::SecretKey, rng: &mut impl CryptoRng) -> Self {
        Self {
            registration: 1,
            next: 2,
            newest: prekey_set(&identity, 1, 0, rng),
            older: Vec::new(),
            one_time: BTreeMap::new(),
            identity: IdentitySecret::new(identity),
        }
    }
}

const NOW: u64 = 1_800_000_000;

fn keys() -> (OwnKeys, ForeignDevice) {
    let address = world::address("ada");
    (OwnKeys::generate(&address, NOW, &mut TestRng::new(1)), address)
}

/// An initial message of another client, which names prekeys as told.
fn naming(bytes: &[u8], signed: u32, one_time: Option<u32>, kem: u32) -> InitialMessage<'_> {
    let mut initial = InitialMessage::decode(bytes).unwrap();
    (initial.signed, initial.one_time) = (signed, one_time);
    initial.kem = initial.kem.map(|part| crate::signal::wire::KemPart { prekey: kem, ..part });
    initial
}

fn reloaded(keys: &OwnKeys) -> OwnKeys {
    let mut writer = Writer::new();
    keys.write(&mut writer);
    let again = Reader::all(writer.written(), OwnKeys::read).unwrap();
    let mut second = Writer::new();
    again.write(&mut second);
    assert_eq!(writer.written(), second.written());
    again
}

#[test]
fn a_bundle_is_signed_and_a_one_time_prekey_is_found_once() {
    let (mut keys, address) = keys();
    let mut rng = TestRng::new(2);
    let bundle = keys.bundle();
    assert!(bundle.check().is_ok());
    let batch = keys.batch(NOW, &mut rng);
    let id = batch[0].0;
    keys.add_batch(batch);
    let mut keys = reloaded(&keys);
    let bytes = known_answers::bytes("v4_first_flight.messages.0.bytes");
    let initial = naming(&bytes, bundle.signed.id, Some(id), id);
    let used = keys.find(&initial, &address, NOW).unwrap().used;
    assert_eq!(used.one_time, [Some(id), Some(id)]);
    assert!(used.remembered.is_none());
    keys.use_up(&used);
    assert!(matches!(keys.find(&initial, &address, NOW), Err(Error::UnknownPrekey)));
}

#[test]
fn without_a_one_time_prekey_a_first_message_is_remembered() {
    let (mut keys, address) = keys();
    let id = keys.bundle().signed.id;
    let bytes = known_answers::bytes("v4_first_flight.messages.0.bytes");
    let initial = naming(&bytes, id, None, id);
    let used = keys.find(&initial, &address, NOW).unwrap().used;
    keys.use_up(&used);
    let keys = reloaded(&keys);
    assert!(matches!(keys.find(&initial, &address, NOW), Err(Error::Replay)));
}

#[test]
fn one_account_fills_its_share_of_the_memory_and_no_more() {
    let (mut keys, address) = keys();
    let id = keys.bundle().signed.id;
    let bytes = known_answers::bytes("v4_first_flight.messages.0.bytes");
    for seed in 1..=64 {
        let mut initial = naming(&bytes, id, None, id);
        initial.base = dh::SecretKey::from_seed(Secret::copy(&[seed; 32])).public();
        let used = keys.find(&initial, &address, NOW).unwrap().used;
        keys.use_up(&used);
    }
    let initial = naming(&bytes, id, None, id);
    assert!(matches!(keys.find(&initial, &address, NOW), Err(Error::ReplayShareFull)));
    let other = world::address("grace");
    assert!(keys.find(&initial, &other, NOW).is_ok());
}

#[test]
fn prekeys_end_with_their_time() {
    let (mut keys, address) = keys();
    let mut rng = TestRng::new(3);
    let old = keys.bundle().signed.id;
    assert!(!keys.is_rotation_due(NOW + 86_400));
    assert!(keys.is_rotation_due(NOW + 2 * 86_400));
    keys.add_set(keys.set(NOW + 2 * 86_400, &mut rng));
    let new = keys.bundle().signed.id;
    assert_ne!(old, new);
    let bytes = known_answers::bytes("v4_first_flight.messages.0.bytes");
    let initial = naming(&bytes, old, None, old);
    let last = NOW + 30 * 86_400 - 1;
    assert!(keys.find(&initial, &address, last).is_ok());
    assert!(matches!(keys.find(&initial, &address, last + 1), Err(Error::UnknownPrekey)));
    keys.expire(last + 1);
    assert!(keys.older.is_empty());
    assert!(keys.find(&naming(&bytes, new, None, new), &address, last + 1).is_ok());
}

#[test]
fn what_was_not_published_is_given_again_and_nothing_else() {
    let (mut keys, _) = keys();
    keys.add_batch(keys.batch(NOW, &mut TestRng::new(4)));
    let given = keys.unpublished();
    assert_eq!(given.len(), usize::from(BATCH));
    keys.note_published(&[given[0].0.id]);
    assert_eq!(keys.unpublished(), given[1..]);
}

#[test]
fn ids_have_three_bytes_and_are_never_zero() {
    assert_eq!(after(MAX_ID), 1);
    assert_eq!(after(1), 2);
}

#![allow(clippy::arithmetic_side_effects, reason = "an overflow is a failed test")]
use alloc::vec;

use super::*;
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::xeddsa;
use crate::protocol::ratchet::ChainKey;
use crate::signal::groups::chain::MAX_JUMP;
use crate::signal::groups::wire::{Place, ToldChain, begin_message};
use crate::signal::groups::{Provenance, SenderKey};
use crate::signal::keys::IdentityKey;
use crate::signal::tests::hex;
use crate::signal::tests::world::device;
use crate::signal::version::Version;
use crate::storage::{Change, State, StateKey};

const ID: Option<Uuid> = Some(Uuid([0xd1; 16]));

/// A distribution message and messages that another client of the Signal protocol made.
const TOLD: &str = "330a10d1d1d1d1700011ebb32a33b8a8a487a610f8d8ea52180022201caca4035bdb8be10a784ef6a413061577d21af7503822dd1558df79eaa7e6122a2105a42c6c6455c404057f46e9b69301c22f681e18c562a47642959b6cfd4914621e";
const SAID: [&str; 3] = [
    "330a10d1d1d1d1700011ebb32a33b8a8a487a610f8d8ea52180022106b4d107b294f95a762880312db0eb06eee57586a9ab9a4a9d804b82b6d034a947ed71042c5a9bb6bcf0cfc017bba13b4cb945e220b7150b09110cf51f62aade71832fb3d6cad779c42667d0f20be140a",
    "330a10d1d1d1d1700011ebb32a33b8a8a487a610f8d8ea521801221023204a4aab16ef79f2069ae21ce6809d356f65f6aac8f70b03151e665385281e584e3c0dc8b346b081167d63cef23d0b0a91ab158d4a4edc2e018e4b5ea4cad5f38ef83764c0235cff00f405a237f208",
    "330a10d1d1d1d1700011ebb32a33b8a8a487a610f8d8ea521802221024a8f0bae574acf975a26a5910b3c41327ed2c84320326532cc93eeb3f084fcce7480f0935aee4131064ac24688d7439e0559195dd48f1b44d1b3aaf07c2f5e4c9522bde005e32d7087140293a850901",
];

/// The same in the old form, by a sender that uses every second iteration only.
const OLD_TOLD: &str = "33089b80ec890410001a2063cd64eedd227422508289f369379b22afb20537a4f940d8c029b02f25c2baf8222105d26f4929189454ad4f39a7873def6577b1d95f984d4cb533815ba75eecd28259";
const OLD_SAID: [&str; 3] = [
    "33089b80ec890410001a104b27bf7e96e2b26f3714fcad6d87186b2fb8d614983aa58d519e8fdd57bf06a33b76d42134760168fdead6924ec063f4169641dcf220f66808aa50465e78d807cd6de376d7bca00b0eb79cc717bb3c00",
    "33089b80ec890410021a104f46304507fd2ec49193e655e46d00d8466789db3f4c98a023e8264a17508dca851ec86737703b461a42be2e2c70a7ef4826a0ca292c05732027c01f5ce687449054f06e30d8ad63f0105746d3151d09",
    "33089b80ec890410041a108d8f9c423efb4e120b15c1924eeeef5c927c96ab005004452ec424ab33e6ec245db41185896a48ec460316ca2de3110dd7fd5cbb5970b9414951dcc65018d723d6652ceaf5c068c62e68048fd6f30b0b",
];

fn ada() -> ForeignDevice {
    device("ada", 1)
}

/// Whoever has told everything here. What the policy asks is tried elsewhere.
fn teller() -> Teller {
    Teller { identity: IdentityKey(dh::PublicKey::decode([9; 32]).unwrap()), opt_outs: 0 }
}

fn told(bytes: &[u8]) -> SenderKeyDistribution {
    let provenance = Provenance { from: ada(), teller: teller(), version: Version::V4 };
    SenderKeyDistribution::plain(provenance, bytes).unwrap()
}

fn learn(
    keys: &mut ReceivedSenderKeys,
    told: SenderKeyDistribution,
) -> Pending<'_, ReceivedSenderKeys, ()> {
    keys.take(teller(), ReceivedChain::begin(told.told, Version::V4)).unwrap()
}

fn opened<'a>(
    keys: &'a mut ReceivedSenderKeys,
    sender: &ForeignDevice,
    message: &[u8],
) -> Result<Pending<'a, ReceivedSenderKeys, zeroize::Zeroizing<Vec<u8>>>, Error> {
    let message = SenderKeyMessage::decode(sender, message)?;
    keys.inner.check(sender, message.distribution())?;
    let chain = keys.inner.chain(message.place.chain).ok_or(Error::MessageKeyGone)?;
    let (text, used) = chain.open(&message)?;
    Ok(Pending::new(keys, ReceivedDelta::Used(used), text))
}

/// Returns what a member has that was told this.
fn knowing(bytes: &[u8]) -> ReceivedSenderKeys {
    let mut keys = ReceivedSenderKeys::new(&told(bytes));
    learn(&mut keys, told(bytes)).apply();
    keys
}

/// Returns a sender key, and what a member has that was told it.
fn pair(distribution: Option<Uuid>, rng: &mut TestRng) -> (SenderKey, ReceivedSenderKeys) {
    let key = SenderKey::generate_plain(distribution, rng);
    let keys = knowing(&key.distribution().unwrap());
    (key, keys)
}

fn said(key: &mut SenderKey, count: usize, rng: &mut TestRng) -> Vec<Vec<u8>> {
    (0..count).map(|at| key.seal_bytes(&at.to_be_bytes(), rng).unwrap().apply()).collect()
}

/// Opens a message with a state that is written and read back before.
fn open(keys: &mut ReceivedSenderKeys, message: &[u8]) -> Result<Vec<u8>, Error> {
    *keys = ReceivedSenderKeys::from_bytes(&keys.to_bytes()).unwrap();
    let content = opened(keys, &ada(), message)?.apply();
    Ok(content.to_vec())
}

/// Returns the error of a message that is refused.
fn error(keys: &mut ReceivedSenderKeys, sender: &ForeignDevice, message: &[u8]) -> Option<Error> {
    opened(keys, sender, message).map(drop).err()
}

/// Refuses a message and changes nothing.
fn refused(keys: &mut ReceivedSenderKeys, message: &[u8], error: Error) {
    let before = keys.to_bytes();
    assert_eq!(self::error(keys, &ada(), message), Some(error));
    assert_eq!(keys.to_bytes(), before);
}

#[test]
fn messages_of_other_clients_open_in_any_order() {
    for (first, messages, unsent) in [(TOLD, SAID, 0), (OLD_TOLD, OLD_SAID, 2)] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut keys = knowing(&hex(first));
            for at in order {
                let expected = alloc::format!("group {at}");
                assert_eq!(open(&mut keys, &hex(messages[at])).unwrap(), expected.as_bytes());
            }
            for message in messages {
                refused(&mut keys, &hex(message), Error::Duplicate);
            }
            assert_eq!(keys.skipped(), unsent);
        }
    }
}

#[test]
fn both_forms_open_whatever_is_late_once() {
    for distribution in [ID, None] {
        let mut rng = TestRng::new(1);
        let (mut key, mut keys) = pair(distribution, &mut rng);
        let messages = said(&mut key, 40, &mut rng);
        for at in (0..40).map(|at| at * 27 % 40) {
            if at % 2 == 0 || at > 30 {
                assert_eq!(open(&mut keys, &messages[at]).unwrap(), at.to_be_bytes());
            }
        }
        for (at, message) in messages.iter().enumerate() {
            if at % 2 == 0 || at > 30 {
                refused(&mut keys, message, Error::Duplicate);
            } else {
                assert_eq!(open(&mut keys, message).unwrap(), at.to_be_bytes());
            }
        }
        assert_eq!(keys.skipped(), 0);
    }
}

#[test]
fn a_sender_that_skips_every_second_number_is_followed() {
    let mut rng = TestRng::new(2);
    let (mut key, mut keys) = pair(None, &mut rng);
    for message in said(&mut key, 5000, &mut rng).iter().step_by(2) {
        opened(&mut keys, &ada(), message).unwrap().apply();
    }
    assert_eq!(keys.skipped(), MAX_SKIPPED);
}

#[test]
fn a_forged_message_costs_one_check_and_no_chain_step() {
    let mut rng = TestRng::new(3);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let messages = said(&mut key, 1000, &mut rng);
    let mut forged = messages[999].clone();
    let last = forged.len() - 1;
    for at in [40, 60, last - 63, last] {
        forged[at] ^= 1;
        let (refusal, work) = op_count::of(|| error(&mut keys, &ada(), &forged));
        assert_eq!(refusal, Some(Error::BadSignature), "{at}");
        assert_eq!((work.chain, work.verify, work.dh), (0, 1, 0));
        forged[at] ^= 1;
    }
    let (opened, work) = op_count::of(|| error(&mut keys, &ada(), &forged).is_none());
    assert!(opened && work.chain == 1000);
    // A chain that nobody told costs nothing at all.
    let mut unknown = SenderKey::generate_plain(ID, &mut rng);
    let unknown = said(&mut unknown, 1, &mut rng).remove(0);
    let (refusal, work) = op_count::of(|| error(&mut keys, &ada(), &unknown));
    assert_eq!((refusal, work.verify), (Some(Error::MessageKeyGone), 0));
}

#[test]
fn every_altered_byte_is_refused_and_changes_nothing() {
    let mut rng = TestRng::new(4);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let messages = said(&mut key, 3, &mut rng);
    open(&mut keys, &messages[1]).unwrap();
    for message in [&messages[0], &messages[2]] {
        let before = keys.to_bytes();
        for at in 0..message.len() {
            for bit in [1, 0x80] {
                let mut altered = message.clone();
                altered[at] ^= bit;
                assert!(error(&mut keys, &ada(), &altered).is_some(), "{at}");
            }
        }
        assert_eq!(keys.to_bytes(), before);
        assert!(open(&mut keys, message).is_ok());
    }
}

#[test]
fn a_member_cannot_speak_for_another() {
    let mut rng = TestRng::new(5);
    let (mut key, mut keys) = pair(ID, &mut rng);
    // Mallory knows Ada's chain, as each member does, and signs with a key of its own.
    let mallory = dh::SecretKey::from_seed(Secret::copy(&[6; 32]));
    let genuine = key.seal_bytes(b"I", &mut rng).unwrap().apply();
    let (signed, _) = genuine.split_at(genuine.len() - 64);
    let signature = xeddsa::sign(&mallory, &[signed], &mut rng);
    refused(&mut keys, &[signed, &signature].concat(), Error::BadSignature);
    // Nor can it tell Ada's key in its own session, or pass its own for Ada's.
    let as_mallory = device("mallory", 1);
    assert_eq!(keys.inner.check(&as_mallory, ID), Err(Error::WrongPeer));
    assert_eq!(error(&mut keys, &as_mallory, &genuine), Some(Error::WrongPeer));
    assert_eq!(error(&mut keys, &device("ada", 2), &genuine), Some(Error::WrongPeer));
    assert_eq!(open(&mut keys, &genuine).unwrap(), b"I");
}

#[test]
fn a_message_of_another_distribution_or_form_is_refused() {
    let mut rng = TestRng::new(6);
    let (_, mut keys) = pair(ID, &mut rng);
    for distribution in [None, Some(Uuid([2; 16]))] {
        let (mut key, _) = pair(distribution, &mut rng);
        let message = key.seal_bytes(b"text", &mut rng).unwrap().apply();
        refused(&mut keys, &message, Error::WrongPeer);
        let told = told(&key.distribution().unwrap());
        assert_eq!(keys.inner.check(&ada(), told.distribution()), Err(Error::WrongPeer));
    }
}

#[test]
fn a_jump_ends_at_its_bound() {
    let mut rng = TestRng::new(7);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let messages = said(&mut key, 2003, &mut rng);
    let bound = usize::try_from(MAX_JUMP).unwrap();
    let (refusal, work) = op_count::of(|| error(&mut keys, &ada(), &messages[bound + 1]));
    assert_eq!((refusal, work.chain), (Some(Error::TooFarAhead), 0));
    let (opened, work) = op_count::of(|| open(&mut keys, &messages[bound]));
    assert_eq!(opened.unwrap(), bound.to_be_bytes());
    assert_eq!(work.chain, u64::from(MAX_JUMP) + 1);
    assert_eq!(keys.skipped(), MAX_SKIPPED);
    // Room for what comes next is made by dropping the oldest.
    open(&mut keys, &messages[bound + 2]).unwrap();
    assert_eq!(keys.skipped(), MAX_SKIPPED);
    refused(&mut keys, &messages[0], Error::MessageKeyGone);
    open(&mut keys, &messages[1]).unwrap();
    refused(&mut keys, &messages[1], Error::Duplicate);
}

/// Returns a signed message at this iteration with a ciphertext of zeros, and what a member has that was told a
/// chain which begins there.
fn ending(iteration: u32, rng: &mut TestRng) -> (Vec<u8>, ReceivedSenderKeys) {
    let secret = dh::SecretKey::from_seed(Secret::copy(&[6; 32]));
    let place = Place { distribution: ID, chain: 1, iteration };
    let key = ChainKey(Secret::copy(&[1; 32]));
    let told = ToldChain::encode(place, &key, &secret.public());
    let signed = [&begin_message(place, 16)[..], &[0; 16]].concat();
    let signature = xeddsa::sign(&secret, &[&signed], rng);
    ([&signed[..], &signature].concat(), knowing(&told))
}

#[test]
fn the_last_number_cannot_be_followed() {
    let (message, mut keys) = ending(u32::MAX, &mut TestRng::new(8));
    refused(&mut keys, &message, Error::TooFarAhead);
}

#[test]
fn a_padding_that_is_none_is_a_forgery_though_the_signature_holds() {
    let (message, mut keys) = ending(u32::MAX - 1, &mut TestRng::new(8));
    refused(&mut keys, &message, Error::Forged);
}

#[test]
fn a_known_chain_keeps_its_place() {
    let mut rng = TestRng::new(9);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let first = key.distribution().unwrap();
    let messages = said(&mut key, 3, &mut rng);
    open(&mut keys, &messages[1]).unwrap();
    assert!(!learn(&mut keys, told(&first)).is_change());
    refused(&mut keys, &messages[1], Error::Duplicate);
    // Also if another one was told in between.
    key.rotate(&mut rng).apply();
    learn(&mut keys, told(&key.distribution().unwrap())).apply();
    learn(&mut keys, told(&first)).apply();
    refused(&mut keys, &messages[1], Error::Duplicate);
    open(&mut keys, &messages[0]).unwrap();
    open(&mut keys, &messages[2]).unwrap();
    assert_eq!(keys.inner.chains.len(), 2);
}

#[test]
fn a_chain_of_a_known_id_and_another_key_replaces_it() {
    let mut rng = TestRng::new(10);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let message = key.seal_bytes(b"old", &mut rng).unwrap().apply();
    let mut other = told(&SenderKey::generate_plain(ID, &mut rng).distribution().unwrap());
    other.told.place.chain = keys.inner.chains[0].id();
    learn(&mut keys, other).apply();
    assert_eq!(keys.inner.chains.len(), 1);
    refused(&mut keys, &message, Error::BadSignature);
}

#[test]
fn the_five_newest_chains_are_kept() {
    let mut rng = TestRng::new(11);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let mut messages = vec![key.seal_bytes(b"text", &mut rng).unwrap().apply()];
    for _ in 0..MAX_CHAINS {
        key.rotate(&mut rng).apply();
        learn(&mut keys, told(&key.distribution().unwrap())).apply();
        messages.push(key.seal_bytes(b"text", &mut rng).unwrap().apply());
    }
    refused(&mut keys, &messages[0], Error::MessageKeyGone);
    for message in &messages[1..] {
        assert_eq!(open(&mut keys, message).unwrap(), b"text");
    }
}

#[test]
fn seeds_of_the_oldest_chain_make_room_first() {
    let mut rng = TestRng::new(12);
    let (mut key, mut keys) = pair(ID, &mut rng);
    let old = said(&mut key, 3, &mut rng);
    open(&mut keys, &old[2]).unwrap();
    key.rotate(&mut rng).apply();
    learn(&mut keys, told(&key.distribution().unwrap())).apply();
    let new = said(&mut key, 2000, &mut rng);
    open(&mut keys, &new[1999]).unwrap();
    assert_eq!(keys.skipped(), MAX_SKIPPED);
    refused(&mut keys, &old[0], Error::MessageKeyGone);
    open(&mut keys, &old[1]).unwrap();
    open(&mut keys, &new[0]).unwrap();
}

#[test]
fn each_change_reads_back_to_the_very_same_state() {
    let mut rng = TestRng::new(13);
    let store = StateKey::new(1, &[9; 32]).unwrap();
    let (mut key, mut keys) = pair(ID, &mut rng);
    let mut messages = said(&mut key, 6, &mut rng);
    key.rotate(&mut rng).apply();
    let rotated = key.distribution().unwrap();
    messages.extend(said(&mut key, 3, &mut rng));
    for (step, at) in [4, 1, 5, 8, 0, 7].into_iter().enumerate() {
        let mut copy = ReceivedSenderKeys::from_bytes(&keys.to_bytes()).unwrap();
        let anchor = keys.anchor();
        if step == 3 {
            let learned = learn(&mut keys, told(&rotated));
            let recorded = learned.record(&store, b"ada", &anchor, &mut rng).unwrap();
            let record = recorded.record().unwrap().to_vec();
            recorded.apply();
            let change: Change<ReceivedSenderKeys> = store.open(b"ada", None, &record).unwrap();
            change.apply(&mut copy).unwrap();
            assert_eq!(copy.to_bytes(), keys.to_bytes());
        }
        let anchor = keys.anchor();
        let opened = opened(&mut keys, &ada(), &messages[at]).unwrap();
        let recorded = opened.record(&store, b"ada", &anchor, &mut rng).unwrap();
        let record = recorded.record().unwrap().to_vec();
        recorded.apply();
        let change: Change<ReceivedSenderKeys> = store.open(b"ada", None, &record).unwrap();
        change.apply(&mut copy).unwrap();
        assert_eq!(copy.to_bytes(), keys.to_bytes());
        let change: Change<ReceivedSenderKeys> = store.open(b"ada", None, &record).unwrap();
        assert_eq!(change.apply(&mut copy), Err(Error::StaleChange));
    }
}

#[test]
fn a_state_that_says_what_none_does_is_refused() {
    let mut rng = TestRng::new(14);
    let (mut key, mut keys) = pair(ID, &mut rng);
    open(&mut keys, &said(&mut key, 3, &mut rng)[2]).unwrap();
    let bytes = keys.to_bytes();
    for length in 0..bytes.len() {
        assert!(ReceivedSenderKeys::from_bytes(&bytes[..length]).is_err());
    }
    // The place where the chain says from where on it is complete: behind all that is in front.
    let device = 4 + "plain.example".len() + 1 + 4 + "ada".len() + 1;
    let teller = 2 + 32 + device + 1 + 17;
    let at = teller + 1 + 36 + 4 + 4 + 1 + 32 + 4;
    // And the number of the last seed, which has not come.
    for (place, number) in [(at + 3, 4), (bytes.len() - 33, 3)] {
        let mut other = bytes.to_vec();
        other[place] = number;
        assert_eq!(ReceivedSenderKeys::from_bytes(&other).err(), Some(Error::Corrupt));
    }
    // Chains without anybody who told them, and the reverse; a group of attested accounts in the old form.
    let nobody = [&bytes[..teller], &[0], &bytes[teller + 37..]].concat();
    let nothing = [&bytes[..teller + 37], &[0; 4]].concat();
    let old = [&bytes[..teller - 18], &[1], &[0; 32], &[0], &bytes[teller..]].concat();
    for wrong in [nobody, nothing, old] {
        assert_eq!(ReceivedSenderKeys::from_bytes(&wrong).err(), Some(Error::Corrupt));
    }
    let empty = [&bytes[..teller], &[0; 5]].concat();
    assert!(ReceivedSenderKeys::from_bytes(&empty).is_ok());
}

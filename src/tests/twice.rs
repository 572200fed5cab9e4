//! Two things that are said from one state, with a generator that repeats itself.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use super::broken_rng::Broken;
use crate::client::{Client, To};
use crate::content::Content;
use crate::primitives::tests::repeats::watch;
use crate::session::{Account, AccountId, Device, Session};
use crate::storage::State;

const NOW: u64 = 1_800_000_000;

#[test]
fn two_copies_of_a_client_say_two_things_under_two_ids() {
    for mut rng in Broken::ALL.into_iter().take(2) {
        let account = Account::generate(AccountId([1; 32]), rng.op());
        let client = Client::create(&account, NOW, rng.op());
        let ids = ["one", "two"].map(|text| {
            let mut copy = Client::from_bytes(&client.to_bytes()).unwrap();
            copy.send(To::Own, &Content::text(text).unwrap(), NOW, rng.op()).unwrap().id
        });
        assert_ne!(ids[0], ids[1]);
    }
}

/// An act that seals twice from one state, with another text.
type Twice = fn(&mut Broken);

const TWICE: [(&str, Twice); 3] = [
    ("two messages of a session", |rng| {
        let (mut session, _) = pair(rng);
        for text in [b"one", b"two"] {
            drop(session.stage_send().seal(text, rng.op()).unwrap());
        }
    }),
    ("two sessions of one device with one bundle in one second", |rng| {
        let accounts = [1, 2].map(|id| Account::generate(AccountId([id; 32]), rng.op()));
        let [one, two] = accounts.map(|account| Device::generate(&account, NOW, rng.op()));
        for text in [b"one", b"two"] {
            let mut session = one.initiate(&two.bundle(), NOW, rng.op()).unwrap();
            session.encrypt(text, rng.op()).unwrap();
        }
    }),
    ("a message of a session that was restored", |rng| {
        let (session, _) = pair(rng);
        for text in [b"one", b"two"] {
            let mut copy = Session::from_bytes(&session.to_bytes()).unwrap();
            copy.encrypt(text, rng.op()).unwrap();
        }
    }),
];

fn pair(rng: &mut Broken) -> (Session, Session) {
    let accounts = [1, 2].map(|id| Account::generate(AccountId([id; 32]), rng.op()));
    let [one, mut two] = accounts.map(|account| Device::generate(&account, NOW, rng.op()));
    let mut session = one.initiate(&two.bundle(), NOW, rng.op()).unwrap();
    let first = session.encrypt(b"hello", rng.op()).unwrap();
    let accepted = two.accept(&first, NOW).unwrap().apply().session;
    (session, accepted)
}

#[test]
fn what_is_sealed_twice_from_one_state_is_sealed_under_two_nonces() {
    for (name, twice) in TWICE {
        for mut rng in Broken::ALL {
            let seen = watch(None, || twice(&mut rng));
            assert!(seen.texts.is_empty(), "{name}");
        }
    }
}

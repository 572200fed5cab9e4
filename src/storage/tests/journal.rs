#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use super::snapshot::HEAD;
use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::identity::certificate::AccountId;
use crate::session::Account;

/// Returns the error of opening the head of an account that holds this key and has this anchor.
fn opened(secret: [u8; 32], anchor: impl FnOnce(&Account) -> Anchor) -> Option<Error> {
    let mut rng = TestRng::new(1);
    let account = Account::generate(AccountId([7; 32]), &mut rng);
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let pages = Pages::new(&key, b"owner");
    let text = [&secret[..], pages.sum().digest(), &account.to_bytes()].concat();
    let anchor = anchor(&account);
    let head = key.seal_record(HEAD, &anchor, b"owner", &text, &mut rng).unwrap();
    let none: [&[u8]; 0] = [];
    Journal::open::<Account>(&key, b"owner", None, [head], none).err()
}

#[test]
fn a_snapshot_whose_record_says_another_anchor_than_its_state_is_corrupt() {
    assert_eq!(opened([5; 32], State::anchor), None);
    let next = |account: &Account| account.anchor().next(b"a change");
    assert_eq!(opened([5; 32], next), Some(Error::Corrupt));
}

#[test]
fn a_snapshot_with_a_journal_key_of_zeros_is_refused() {
    assert_eq!(opened([0; 32], State::anchor), Some(Error::WeakKey));
}

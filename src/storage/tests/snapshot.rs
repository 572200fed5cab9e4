#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::identity::certificate::AccountId;
use crate::session::Account;

/// Returns the error of opening an account's head beside a page with this text, which the head names.
fn opened(text: &[u8], title: &[u8]) -> Option<Error> {
    let mut rng = TestRng::new(1);
    let (key, owner) = (StateKey::new(1, &[9; 32]).unwrap(), b"owner");
    let account = Account::generate(AccountId([7; 32]), &mut rng);
    let mut pages = Pages::new(&key, owner);
    pages.add(PagePart { title, bytes: &[] }).unwrap();
    let sum = *pages.sum();
    let core = account.to_bytes();
    let secret = Secret::copy(&[5; 32]);
    let head = seal_head(&account, &sum, &secret, &core, (&key, owner), &mut rng).unwrap();
    let anchor = Anchor::from_bytes(&NOWHERE);
    let page = key.seal_record(PAGE, &anchor, owner, text, &mut rng).unwrap();
    read::<Account>(&key, owner, [head, page]).err()
}

#[test]
fn a_page_whose_title_is_longer_than_its_text_is_corrupt() {
    assert_eq!(opened(&[1, 7], &[7]), None);
    assert_eq!(opened(&[2, 7], &[7]), Some(Error::Corrupt));
    assert_eq!(opened(&[], &[7]), Some(Error::Corrupt));
    // Another title, and a title cut elsewhere.
    assert_eq!(opened(&[1, 8], &[7]), Some(Error::Corrupt));
    assert_eq!(opened(&[0, 7], &[7]), Some(Error::Corrupt));
}

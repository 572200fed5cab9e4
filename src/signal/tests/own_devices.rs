//! Own devices from end to end: copies and a hand-over go over native sessions, and come out as what they are.

use alloc::vec::Vec;

use super::world::{ADA, GRACE, NOW, address, client, device, plain};
use crate::client::{Client as Native, LetterEvent, LinkingRequest, NewDevice, OwnContent, To};
use crate::content::{Content, Kind};
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{Account, AccountId};
use crate::signal::*;
use crate::storage::State;

/// The native clients of a phone and of a laptop that is linked to it.
fn linked(rng: &mut TestRng) -> [Native; 2] {
    let account = Account::generate(AccountId([1; 32]), rng);
    let mut phone = Native::create(&account, NOW, rng);
    let new = NewDevice::generate("laptop", NOW, rng).unwrap();
    let request = LinkingRequest::read(&new.code(), NOW).unwrap();
    let offer = phone.approve(&account, &request, 4, NOW, rng).unwrap().apply();
    let digits = phone.linking_digits().unwrap();
    let (entrant, acceptance) = new.open(&offer, NOW).unwrap().accept(new, digits, NOW).unwrap();
    let briefing = phone.admit(&account, &acceptance, b"", NOW).unwrap().apply();
    let (mut laptop, _) = entrant.open(&briefing, NOW).unwrap().begin(entrant, NOW, rng).unwrap();
    let mut plan = phone.plan(To::Own, NOW).unwrap();
    plan.supply(&phone, &laptop.bundle(), NOW, rng).unwrap();
    let out = phone.seal(&mut plan, &Content::text("hello").unwrap(), NOW, rng).unwrap().apply();
    laptop.receive(phone.address(), &out.envelopes[0].message, NOW).unwrap();
    [phone, laptop]
}

/// Passes a content from the phone to the laptop.
fn passed(natives: &mut [Native; 2], content: &Content, rng: &mut TestRng) -> Content {
    let [phone, laptop] = natives;
    let out = phone.send(To::Own, content, NOW, rng).unwrap();
    let letter = laptop.receive(phone.address(), &out.envelopes[0].message, NOW).unwrap();
    match letter.event {
        LetterEvent::Own(OwnContent::Said(content)) => content,
        LetterEvent::Blob(reference) => reference.open(&out.blob.unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn m12_what_is_said_and_heard_there_reaches_the_own_devices_with_its_label() {
    let mut rng = TestRng::new(41);
    let mut natives = linked(&mut rng);
    let [mut phone, mut grace] = [ADA, GRACE].map(|name| client(name, Version::V3, &mut rng));
    let with = grace.device().clone();
    phone.begin(&with, &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let place = (ForeignChat::Pair, ForeignMessageId([4; 16]));
    // Said by the phone.
    let message = phone.seal_plain(&with, b"from the phone", NOW, &mut rng).unwrap().apply();
    let to = [with.account().clone()];
    let said = ForeignCopy::of_said_plain(&phone, to, place, b"from the phone", NOW).unwrap();
    let arrived = passed(&mut natives, &said.to_content(), &mut rng);
    assert_eq!(arrived.kind(), Some(Kind::ForeignCopy));
    assert!(arrived.as_text().is_none() && arrived.as_app().is_none());
    let copy = ForeignCopy::of_content(&phone, &arrived).unwrap();
    assert_eq!(copy.speaker(), phone.device());
    assert_eq!(copy.direction, Direction::Said([with.account().clone()].into()));
    assert_eq!(copy.content.unbound(), Some(&b"from the phone"[..]));
    // Heard by the phone; a long one goes as a blob.
    grace.open(phone.device(), message.kind, &message.bytes, NOW).unwrap().apply();
    for words in [Vec::from(*b"to the phone"), [7; 5000].to_vec()] {
        let answer = grace.seal_plain(phone.device(), &words, NOW, &mut rng).unwrap().apply();
        let heard = phone.open(&with, answer.kind, &answer.bytes, NOW).unwrap().apply();
        assert_eq!(plain(&heard), words);
        let copy = ForeignCopy::of_heard_plain(&phone, &heard, place, NOW).unwrap();
        let arrived = passed(&mut natives, &copy.to_content(), &mut rng);
        let copy = ForeignCopy::of_content(&phone, &arrived).unwrap();
        assert_eq!(copy.direction, Direction::Heard(with.clone()));
        assert_eq!(copy.content.unbound(), Some(&words[..]));
        assert_eq!(copy.content.binding(), Binding::Unbound);
    }
}

#[test]
fn m22_a_laptop_takes_over_whom_the_phone_knows_and_trusts_nobody_anew() {
    let mut rng = TestRng::new(42);
    let mut natives = linked(&mut rng);
    let [mut phone, mut grace] = [ADA, GRACE].map(|name| client(name, Version::V3, &mut rng));
    let with = grace.device().clone();
    phone.begin(&with, &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let roots = TrustedKeys::new([Authority::from_seed(&[1; 32]).public_key()]).unwrap();
    let mut laptop = Client::generate(device(ADA, 2), Version::V3, roots, NOW, &mut rng);
    for page in phone.hand_over() {
        let arrived = passed(&mut natives, &page.to_content(), &mut rng);
        assert_eq!(arrived.kind(), Some(Kind::ForeignHandover));
        let page = PolicyHandover::of_content(&arrived).unwrap();
        assert_eq!(laptop.take_over(&page, NOW).unwrap().apply(), []);
    }
    assert_eq!(laptop.identity_of(&with), phone.identity_of(&with));
    let somebody = client("bob", Version::V3, &mut rng);
    let begun = laptop.begin(&with, &somebody.bundle(), NOW, &mut rng).map(drop);
    assert_eq!(begun, Err(Error::IdentityChanged));
    laptop.begin(&with, &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let message = laptop.seal_plain(&with, b"from the laptop", NOW, &mut rng).unwrap().apply();
    let opened = grace.open(laptop.device(), message.kind, &message.bytes, NOW).unwrap().apply();
    assert_eq!((opened.from, address(ADA).number()), (device(ADA, 2), 1));
}

#[test]
fn m13_no_copy_is_sealed_for_anybody_but_own_devices() {
    let mut rng = TestRng::new(43);
    let [mut phone, laptop] = linked(&mut rng);
    let bob = Account::generate(AccountId([2; 32]), &mut rng);
    let bob = Native::create(&bob, NOW, &mut rng);
    phone.learn(bob.list(), NOW).unwrap().apply();
    let to = To::Account(bob.address().account);
    let mut plan = phone.plan(to, NOW).unwrap();
    for missing in plan.missing().collect::<Vec<_>>() {
        let bundle = if missing == bob.address() { bob.bundle() } else { laptop.bundle() };
        plan.supply(&phone, &bundle, NOW, &mut rng).unwrap();
    }
    let foreign = client(ADA, Version::V3, &mut rng);
    let place = (ForeignChat::Pair, ForeignMessageId([4; 16]));
    let to = [address(GRACE).account().clone()];
    let copy = ForeignCopy::of_said_plain(&foreign, to, place, b"words", NOW).unwrap();
    let before = phone.to_bytes();
    for content in [copy.to_content(), foreign.hand_over()[0].to_content()] {
        let sealed = phone.seal(&mut plan, &content, NOW, &mut rng).map(drop);
        assert_eq!(sealed, Err(Error::NotAllowed));
        assert_eq!(*phone.to_bytes(), *before);
    }
}

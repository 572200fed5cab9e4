//! First contact.

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::Work;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::Content;
use crate::session::{Account, AccountId};
use crate::signal::policy::MAX_UNDECIDED_OF_ONE;
use crate::signal::*;

/// Grace knows Ada's attestation, has never written to her, and gets these.
fn first_contact(contents: &[Content]) -> (Town, alloc::vec::Vec<SealedMessage>) {
    let mut town = Town::acquainted();
    town.begin(0).unwrap();
    let messages = contents.iter().map(|content| town.say(0, content).unwrap()).collect();
    (town, messages)
}

#[test]
fn t7_a_first_contact_shows_one_preview_and_nothing_more_until_it_is_accepted() {
    let (mut town, messages) = first_contact(&[text(256), text(2), text(3)]);
    let ada = device(0, 1);
    let hears = |town: &Town| town.clients[1].read_group_message(&ada, &[], NOW).map(drop);
    assert_eq!(hears(&town), Err(Error::NotAccepted));
    let request = town.deliver(0, &messages[0], NOW).unwrap();
    assert!(request.is_request && request.content.said().is_some());
    assert_eq!(town.clients[1].consent_of(&account(0)), Consent::Requested);
    for message in &messages {
        assert_eq!(town.refused(0, message), Error::NotAccepted);
        assert_eq!(town.work, Work::default());
    }
    // Nor does the user answer without saying that they accept.
    assert_eq!(town.begin(1), Err(Error::NotAccepted));
    assert_eq!(town.say(1, &text(1)), Err(Error::NotAccepted));
    assert_eq!(hears(&town), Err(Error::NotAccepted));
    town.clients[1].accept(&account(0), NOW).unwrap().apply();
    assert_eq!(hears(&town), Err(Error::Malformed));
    for message in &messages[1..] {
        assert!(!town.deliver(0, message, NOW).unwrap().is_request);
    }
    town.pass(1, &text(1));
}

#[test]
fn t7_a_first_message_that_is_no_preview_is_held_and_loses_nothing() {
    let image = contents().remove(1).1;
    for content in [text(257), image] {
        let (mut town, messages) = first_contact(&[content]);
        let request = town.deliver(0, &messages[0], NOW).unwrap();
        assert!(request.is_request && matches!(request.content, ForeignContent::Held));
        assert!(!town.clients[1].has_session(&device(0, 1)));
        assert_eq!(town.refused(0, &messages[0]), Error::NotAccepted);
        town.clients[1].accept(&account(0), NOW).unwrap().apply();
        let opened = town.deliver(0, &messages[0], NOW).unwrap();
        assert!(!opened.is_request && opened.content.said().is_some());
        town.pass(1, &text(1));
    }
}

#[test]
fn t7_what_is_shown_once_is_no_preview() {
    let (mut town, _) = first_contact(&[]);
    let content = text(3);
    let saying = Saying::new(&content, ForeignMessageId([3; 16])).view_once();
    let message = town.seal(0, saying, NOW).unwrap();
    let request = town.deliver(0, &message, NOW).unwrap();
    assert!(matches!(request.content, ForeignContent::Held));
}

#[test]
fn t7_nothing_is_looked_at_of_somebody_who_is_blocked() {
    let mut town = Town::talking();
    let message = town.say(0, &text(1)).unwrap();
    town.clients[1].block(&account(0), NOW).unwrap().apply();
    let newer = town.attested(0, AccountStatement { sequence: 6, ..town.says(0) });
    let garbage = SealedMessage { kind: MessageKind::Ordinary, bytes: [].into() };
    for message in [&message, &garbage] {
        assert_eq!(town.refused(0, message), Error::Blocked);
        assert_eq!(town.work, Work::default());
    }
    assert_eq!(town.say(1, &text(1)), Err(Error::Blocked));
    assert_eq!(town.learn_bytes(1, &newer, NOW), Err(Error::Blocked));
    assert_eq!(town.work, Work::default());
    town.clients[1].accept(&account(0), NOW).unwrap().apply();
    town.deliver(0, &message, NOW).unwrap();
}

#[test]
fn t7_strangers_leave_room_for_those_whom_the_user_writes_to() {
    let mut town = Town::acquainted();
    let mut rng = TestRng::new(5);
    let stranger = Account::generate(AccountId([5; 32]), &mut rng);
    let device = fresh(0, &mut rng).attested_device();
    let attested = |number: usize| {
        let name = alloc::format!("stranger {number}");
        let says = AccountStatement {
            account: ForeignAccount::new(&provider(0), &name).unwrap(),
            key: stranger.public_key(),
            devices: [device].into(),
            ..Town::open().says(0)
        };
        says.sign(&stranger).unwrap().attest(&provider_key(0)).encode()
    };
    let client = &mut town.clients[1];
    // Ada is one of those about whom nothing is decided.
    for number in 1..MAX_UNDECIDED_OF_ONE {
        client.learn_account(&attested(number), NOW).unwrap().apply();
    }
    let refused = client.learn_account(&attested(0), NOW).map(drop);
    assert_eq!(refused, Err(Error::TooManyAccounts));
    client.accept(&account(0), NOW).unwrap().apply();
    client.learn_account(&attested(0), NOW).unwrap().apply();
    let one = ForeignAccount::new(&provider(0), "stranger 1").unwrap();
    client.forget(&one, NOW).apply();
    assert_eq!(client.statement_of(&one), None);
}

#[test]
fn t7_a_plain_program_shows_one_short_preview_too() {
    use crate::signal::tests::world;
    let mut rng = TestRng::new(11);
    let [mut eve, mut grace] =
        ["eve", world::GRACE].map(|name| world::client(name, Version::V4, &mut rng));
    let (from, to) = (world::address("eve"), world::address(world::GRACE));
    eve.begin(&to, &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let mut seal = |length: usize| {
        eve.seal_plain(&to, &alloc::vec![b'x'; length], NOW, &mut rng).unwrap().apply()
    };
    let (long, short) = (seal(257), seal(256));
    let held = grace.open(&from, long.kind, &long.bytes, NOW).unwrap().apply();
    assert!(held.is_request && held.binding == Binding::Unbound);
    assert!(matches!(held.content, ForeignContent::Held) && !grace.has_session(&from));
    let refused = grace.open(&from, short.kind, &short.bytes, NOW).map(drop);
    assert_eq!(refused, Err(Error::NotAccepted));
    grace.accept(from.account(), NOW).unwrap().apply();
    for message in [long, short] {
        let opened = grace.open(&from, message.kind, &message.bytes, NOW).unwrap().apply();
        assert!(opened.content.plain().is_some() && !opened.is_request);
    }
}

#[test]
fn t7_of_too_many_strangers_the_next_one_costs_nothing() {
    use crate::signal::tests::world;
    let mut rng = TestRng::new(12);
    let [mut eve, grace] =
        ["eve", world::GRACE].map(|name| world::client(name, Version::V4, &mut rng));
    let to = world::address(world::GRACE);
    eve.begin(&to, &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let message = eve.seal_plain(&to, b"hello", NOW, &mut rng).unwrap().apply();
    let mut town = Town::founded();
    town.clients[1] = grace;
    let asking = |number: usize| world::address(&alloc::format!("stranger {number}"));
    for number in 0..MAX_UNDECIDED_OF_ONE {
        let policy = &mut town.clients[1].inner.policy;
        policy.consent(asking(number).account(), Consent::Requested);
    }
    let open = |town: &mut Town| {
        let from = world::address("eve");
        town.unless_refused(1, |it| it.open(&from, message.kind, &message.bytes, NOW).map(drop))
    };
    assert_eq!(open(&mut town), Err(Error::TooManyAccounts));
    assert_eq!(town.work, Work::default());
    // They are all of one provider: those of another have room.
    town.opt_in(1);
    town.learn(1, town.says(0)).unwrap();
    town.clients[1].block(asking(0).account(), NOW).unwrap().apply();
    assert_eq!(open(&mut town), Ok(()));
}

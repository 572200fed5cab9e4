//! Senders and their words: only own devices say what is own, nobody speaks in the name of another, no
//! stranger at all.

use latchstring::Error;
use latchstring::client::{Address, Conversation, To};
use latchstring::content::Sender;
use latchstring::session::{Account, AccountId, Bundle, DeviceId, Served};
use latchstring::storage::State;

use support::forged::{self, Words};
use support::town::{Town, said, text};
use support::{NOW, Talk, TestRng, changed, flipped, refuses};

#[test]
fn what_only_own_devices_say_is_refused_from_everybody_else() {
    let mut town = Town::new(27, &[1, 1, 1]);
    let [me, you, third] = [0, 1, 2].map(|person| town.id(person));
    let with = |account: AccountId| [&[1], &account.0[..]].concat();
    let ask = [0; 8];
    let report = [0; 4];
    let mut cases: Vec<(u8, Vec<u8>, Vec<u8>)> = Vec::new();
    for conversation in [with(you), with(third), with(me), forged::group([1; 32], &[me, you])] {
        cases.push((forged::OWN, conversation.clone(), b"settings".to_vec()));
        cases.push((forged::SEEN_REPORT, conversation, report.to_vec()));
    }
    // What looks like a copy of this account's own words to somebody.
    for conversation in [with(third), with(me), with(AccountId([9; 32]))] {
        cases.push((forged::MESSAGE, conversation.clone(), b"I said this".to_vec()));
        cases.push((forged::RESEND_REQUEST, conversation, ask.to_vec()));
    }
    for (kind, conversation, content) in cases {
        let say = |words: Words| Words { conversation, ..words.content(kind, &content) };
        let mail = town.whisper((0, 0), (1, 0), say);
        let client = town.client(1, 0);
        refuses(client, Error::NotSelf, |client| {
            client.open(mail.from, &mail.message, NOW).map(drop)
        });
    }
    // What anybody may say is taken.
    let mail = town.whisper((0, 0), (1, 0), |words| words);
    let arrived = town.client(1, 0).receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!((arrived.sender, arrived.conversation), (Sender::Member, Conversation::With(me)));
}

#[test]
fn own_content_in_another_conversation_is_refused_from_own_devices_too() {
    let mut town = Town::new(28, &[2, 1]);
    let other = town.id(1);
    for (kind, content) in [(forged::OWN, &b"history"[..]), (forged::SEEN_REPORT, &[0; 4])] {
        let say = |words: Words| words.content(kind, content).with(other);
        let mail = town.whisper((0, 0), (0, 1), say);
        let client = town.client(0, 1);
        refuses(client, Error::Malformed, |client| {
            client.open(mail.from, &mail.message, NOW).map(drop)
        });
    }
}

#[test]
fn a_letter_is_its_senders_whoever_the_server_says_it_is() {
    let mut town = Town::new(29, &[2, 2]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"mine");
    let mail = town.server.take(town.address(1, 0)).unwrap();
    let first = town.whisper((0, 0), (1, 0), |words| words).message;
    let others = [town.address(0, 1), town.address(1, 1)];
    let own = town.address(1, 0);
    let client = town.client(1, 0);
    for claimed in others {
        refuses(client, Error::Forged, |client| client.open(claimed, &mail.message, NOW).map(drop));
        refuses(client, Error::WrongPeer, |client| client.open(claimed, &first, NOW).map(drop));
    }
    for message in [&mail.message, &first] {
        refuses(client, Error::WrongPeer, |client| client.open(own, message, NOW).map(drop));
        // Ids that look alike are other ids.
        for bit in [0, 7, 255] {
            let mut claimed = mail.from;
            claimed.account.0[bit / 8] ^= 1 << (bit % 8);
            refuses(client, Error::UnknownAccount, |client| {
                client.open(claimed, message, NOW).map(drop)
            });
        }
        for bit in [0, 7, 63] {
            let mut claimed = mail.from;
            claimed.device.0[bit / 8] ^= 1 << (bit % 8);
            refuses(client, Error::Unlisted, |client| client.open(claimed, message, NOW).map(drop));
        }
    }
    let arrived = client.receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!((arrived.from, arrived.sender), (mail.from, Sender::Member));
}

#[test]
fn devices_of_two_accounts_with_one_id_are_two() {
    let mut town = Town::new(30, &[1, 1]);
    let name = town.address(1, 0).device.0;
    let account = Account::generate(AccountId([8; 32]), &mut TestRng::new(5));
    let mut twin = forged::named(&account, name, &mut TestRng::new(6));
    assert_eq!(twin.address().device, town.address(1, 0).device);
    town.chat(0, 1);
    let reader = &mut town.people[0].devices[0];
    changed(reader.learn(twin.list(), NOW).unwrap());
    changed(twin.learn(reader.list(), NOW).unwrap());
    assert!(!reader.has_session(twin.address(), NOW));
    let to = To::Account(reader.address().account);
    let mut plan = twin.plan(to, NOW).unwrap();
    let bundle = Bundle::decode(&reader.bundle().encode()).unwrap();
    plan.supply(&twin, &bundle, NOW, &mut town.rng).unwrap();
    let out = twin.seal(&mut plan, &said(b"twin"), NOW, &mut town.rng).unwrap().apply();
    let message = &out.envelopes[0].message;
    let claimed = Address { account: AccountId([2; 32]), device: twin.address().device };
    refuses(reader, Error::WrongPeer, |reader| reader.open(claimed, message, NOW).map(drop));
    let arrived = reader.receive(twin.address(), message, NOW).unwrap();
    assert_eq!(arrived.conversation, Conversation::With(AccountId([8; 32])));
    // The session with the other one is as it was.
    town.say(1, 0, 0, b"still here");
    assert_eq!(town.alerts(0, 0), []);
}

#[test]
fn a_guest_is_no_member_and_its_letters_are_no_envelopes() {
    let mut town = Town::new(31, &[1, 1]);
    let mut talk = Talk::new(31);
    let text = talk.guest.send("hello", NOW, &mut talk.door.rng).unwrap().envelopes;
    let from = town.address(1, 0);
    let guest = Address { account: AccountId([1; 32]), device: DeviceId([1; 8]) };
    let client = town.client(0, 0);
    for message in [&text[0].message, &talk.claim] {
        for from in [from, guest] {
            let before = client.to_bytes();
            assert!(client.open(from, message, NOW).is_err());
            assert!(*before == *client.to_bytes());
        }
    }
    // Nor is an envelope anything in a guest's chat.
    town.say(0, 0, 1, b"hello");
    let mail = town.mail(1, 0);
    let before = talk.host.to_bytes();
    assert!(talk.host.receive(mail.from, &mail.message, NOW).is_err());
    assert!(*before == *talk.host.to_bytes());
}

// ---- what is not known yet ----

#[test]
fn a_letter_of_an_unknown_device_waits_unopened_for_the_list() {
    let mut town = Town::new(32, &[1, 1]);
    town.link(1);
    town.learn(1, 1, town.id(0)).unwrap();
    town.say(1, 1, 0, b"from a new device");
    let mail = town.mail(0, 0);
    let client = town.client(0, 0);
    let bundles = client.tasks(&Served::NOTHING, NOW);
    refuses(client, Error::Unlisted, |client| client.open(mail.from, &mail.message, NOW).map(drop));
    assert_eq!(client.tasks(&Served::NOTHING, NOW), bundles);
    town.learn(0, 0, town.id(1)).unwrap();
    let arrived = town.client(0, 0).receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!(text(&arrived.event), b"from a new device");
}

#[test]
fn a_letter_of_an_unknown_account_waits_too() {
    let mut town = Town::new(33, &[1, 1]);
    let stranger = AccountId([7; 32]);
    town.add_account(stranger);
    let id = town.id(0);
    town.learn(2, 0, id).unwrap();
    town.say(2, 0, 0, b"who I am");
    let mail = town.mail(0, 0);
    refuses(town.client(0, 0), Error::UnknownAccount, |client| {
        client.open(mail.from, &mail.message, NOW).map(drop)
    });
    town.learn(0, 0, stranger).unwrap();
    assert!(town.client(0, 0).receive(mail.from, &mail.message, NOW).is_ok());
}

#[test]
fn nothing_that_arrives_is_answered_by_itself() {
    let mut town = Town::new(34, &[1, 2]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"letter");
    let mail = town.server.take(town.address(0, 0)).unwrap();
    let unreadable = [&[1, 1][..], &[7; 300]].concat();
    let altered = flipped(&mail.message, mail.message.len() - 1);
    let client = town.client(0, 0);
    for message in [&unreadable, &altered, &vec![], &vec![1], &vec![1, 9, 9]] {
        // No answer can be waiting in a state that did not change.
        let before = client.to_bytes();
        assert!(client.open(mail.from, message, NOW).is_err());
        assert!(*before == *client.to_bytes());
    }
    let tasks = client.tasks(&Served::NOTHING, NOW);
    client.receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!(client.tasks(&Served::NOTHING, NOW), tasks, "there is nothing to do about a letter");
    assert!(town.server.mail.values().flatten().all(|mail| mail.from != town.address(0, 0)));
}

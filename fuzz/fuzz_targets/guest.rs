//! Contents of guest chats, copies for own devices, and hand-overs: what is taken has one encoding, and of a hand-over
//! nothing can be changed.
#![no_main]

use latchstring::client::{Client, OwnObject};
use latchstring::guest::{Approval, Chat, Policy};
use latchstring::storage::State;
use latchstring::{copied_again, encoded_again};
use latchstring_fuzz::support::{NOW, TestRng, client};
use latchstring_fuzz::{Guest, edited, saved};
use libfuzzer_sys::fuzz_target;

/// A chat that goes on, at the host, and what an own device and the guest have said in it.
struct Fixture {
    guest: Guest,
    saved: Vec<u8>,
    copy: Vec<u8>,
    hand_over: Vec<u8>,
    credentials: Vec<u8>,
    contents: [Vec<u8>; 4],
}

fn object(bytes: &[u8]) -> OwnObject {
    OwnObject::recall(bytes.to_vec().into())
}

thread_local!(static FIXTURE: Fixture = {
    let mut rng = TestRng::new(9);
    let mut guest = Guest::new(1);
    let claim = guest.claim.clone();
    let (mut host, introduction) =
        guest.invite.claim(&mut guest.host, &claim, NOW).unwrap().apply();
    let granted = host.grant(&guest.host, NOW, &mut rng).unwrap().apply();
    guest.chat.receive(guest.host.address(), &granted[0].message, NOW).unwrap();
    let mut twin = Chat::from_bytes(&host.to_bytes()).unwrap();
    let said = twin.send("said", NOW, &mut rng).unwrap();
    let copy = twin.export_copy(&guest.host, Some(&said.text)).unwrap().as_bytes().to_vec();
    let account: Client = client(2, &mut rng);
    guest.host.learn(account.list(), NOW).unwrap().apply();
    guest.chat.hand_over(&account, NOW, &mut rng).unwrap().apply();
    let hand_over = guest.chat.handed_over().unwrap().encode();
    let credentials = guest.chat.claim_credentials().unwrap();
    let front = [&1_u64.to_be_bytes()[..], &[7; 32], &NOW.to_be_bytes()].concat();
    let id = introduction.texts[0].id;
    let text = [&[2][..], &id.id.0, &NOW.to_be_bytes(), b"hi"].concat();
    let receipt = [&[9, 2, 0, 0, 0, 1][..], &id.by.0, &id.id.0].concat();
    let first = [&[1, 0, 0, 0, 1, b'G', 0, 0, 0, 1][..], &id.id.0, &[0, 0, 0, 1, b'x'], &[7; 32]];
    let said = [first.concat(), text, receipt, [&[10], &hand_over[..]].concat()];
    let contents = said.map(|content| [&front[..], &content].concat());
    Fixture { saved: saved(&host), guest, copy, hand_over, credentials, contents }
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with(|fixture| {
    let (choice, edits) = input;
    let Fixture { guest, copy, hand_over, credentials, contents, .. } = fixture;
    let mut chat = Chat::from_bytes(&fixture.saved).unwrap();
    match choice % 8 {
        place @ 0..4 => {
            let bytes = edited(&contents[usize::from(place)], edits);
            for approval in [Approval::Host, Approval::Pin] {
                let mut policy = Policy::new("Ada", NOW);
                policy.approval = approval;
                let again = encoded_again(&bytes, &policy);
                assert!(again.is_none_or(|again| again[..] == bytes));
            }
        }
        4 | 5 => {
            let bytes = edited(copy, edits);
            let again = copied_again(&bytes, &Policy::new("Ada", NOW));
            assert!(again.is_none_or(|again| again[..] == bytes));
        }
        6 => {
            let bytes = edited(hand_over, edits);
            let synced = chat.sync_hand_over(&guest.host, &object(&bytes), NOW);
            assert_eq!(synced.is_ok(), bytes == *hand_over);
            drop(synced);
            assert_eq!(saved(&chat), fixture.saved);
        }
        _ => {
            let (given, shown) = match edits {
                [0, rest @ ..] => (edited(credentials, rest), hand_over.clone()),
                rest => (credentials.clone(), edited(hand_over, rest)),
            };
            let checked = guest.server_copy.check_hand_over(&guest.claim, &given, &shown);
            assert_eq!(checked.is_ok(), given == *credentials && shown == *hand_over);
        }
    }
}));

//! Words of a dishonest guest in its chat, copies of a dishonest own device, and hand-overs, of which nothing can be
//! changed.
#![no_main]

use latchstring::client::{Address, Client, OwnObject};
use latchstring::guest::{Chat, Invite, Policy, ServerCopy};
use latchstring::session::Session;
use latchstring::storage::State;
use latchstring_fuzz::support::TestRng;
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    /// The device of the host that has the chat, and another one of its account.
    host: Client,
    other: Address,
    /// The chat at the host, and the session in which its guest can say anything.
    chat: Vec<u8>,
    session: Vec<u8>,
    guest: Address,
    contents: [Vec<u8>; 3],
    copy: Vec<u8>,
    server_copy: ServerCopy,
    claim: Vec<u8>,
    credentials: Vec<u8>,
    hand_over: Vec<u8>,
    now: u64,
}

fn object(bytes: &[u8]) -> OwnObject {
    OwnObject::recall(bytes.to_vec().into())
}

/// Finds the one session in a guest's chat: it ends before what the guest keeps for devices that come later.
fn session_in(chat: &[u8]) -> Vec<u8> {
    let end = chat.len() - (1 + 32 + 16 + 4 + 32 + 32 + 32 + 64 + 1304 + 4 + 32 + 4);
    let from = |start| [&[1, 3], &chat[start..end]].concat();
    let is_session = |bytes: &Vec<u8>| Session::from_bytes(bytes).is_ok();
    (0..end).map(from).find(is_session).unwrap()
}

thread_local!(static FIXTURE: Fixture = {
    let (mut town, mut rng) = (Town::new(1, &[2, 1]), TestRng::new(2));
    let (now, other, address) = (town.now, town.address(0, 1), town.address(0, 0));
    let bundle = town.server.bundle(address);
    let account = Client::from_bytes(&town.client(1, 0).to_bytes()).unwrap();
    let mut host = Client::from_bytes(&town.client(0, 0).to_bytes()).unwrap();
    let policy = Policy::new("Ada", now + 86_400);
    let (mut invite, server_copy) =
        Invite::create(&host, "example.org", policy, now, &mut rng).unwrap();
    let preview = invite.link().unwrap();
    let preview = preview.open(server_copy.sealed_invitation(), "example.org", now).unwrap();
    let claimed = preview.claim(host.list(), &[bundle], "Grace", &["hi"], now, &mut rng);
    let (mut guest, claim) = claimed.unwrap();
    let (mut chat, introduction) = invite.claim(&mut host, &claim, now).unwrap().apply();
    let granted = chat.grant(&host, now, &mut rng).unwrap().apply();
    guest.receive(address, &granted[0].message, now).unwrap();
    let session = session_in(&guest.to_bytes());

    // What the other device would say, with the names and digests of this one.
    let said = Chat::from_bytes(&chat.to_bytes()).unwrap().send("said", now, &mut rng).unwrap();
    let copy = chat.export_copy(&host, Some(&said.text)).unwrap().as_bytes().to_vec();
    host.learn(account.list(), now).unwrap().apply();
    let credentials = guest.claim_credentials().unwrap();
    guest.hand_over(&account, now, &mut rng).unwrap().apply();
    let hand_over = guest.handed_over().unwrap().encode();

    let list = host.list();
    let front = [&list.epoch().to_be_bytes()[..], &list.hash().0, &now.to_be_bytes()].concat();
    let id = introduction.texts[0].id;
    let contents = [
        [&[2][..], &[7; 16], &now.to_be_bytes(), b"hi"].concat(),
        [&[9, 2, 0, 0, 0, 1][..], &address.device.0, &id.id.0].concat(),
        [&[10], &hand_over[..]].concat(),
    ];
    let contents = contents.map(|content| [&front[..], &content].concat());
    let (chat, guest) = (saved(&chat), guest.address());
    Fixture {
        host,
        other,
        chat,
        session,
        guest,
        contents,
        copy,
        server_copy,
        claim,
        credentials,
        hand_over,
        now,
    }
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with(|fixture| {
    let Fixture { host, contents, credentials, hand_over, now, .. } = fixture;
    let (choice, edits) = input;
    let mut chat = Chat::from_bytes(&fixture.chat).unwrap();
    match choice % 8 {
        place @ 0..3 => {
            let content = edited(&contents[usize::from(place)], edits);
            let mut session = Session::from_bytes(&fixture.session).unwrap();
            let message = session.encrypt(&content, &mut TestRng::new(3)).unwrap();
            let opened = chat.receive(fixture.guest, &message, *now);
            assert!(opened.is_ok() || content != contents[usize::from(place)]);
            assert!(opened.is_ok() || saved(&chat) == fixture.chat);
            if chat.handed_over().is_some() {
                assert_eq!(content[49..], hand_over[..]);
            }
        }
        3..6 => {
            let copy = edited(&fixture.copy, edits);
            let synced = chat.sync_copy(host, fixture.other, &object(&copy), *now);
            let synced = synced.map(|synced| synced.apply());
            assert!(synced.is_ok() || copy != fixture.copy);
            assert!(synced.is_ok() || saved(&chat) == fixture.chat);
        }
        6 => {
            let shared = edited(hand_over, edits);
            let synced = chat.sync_hand_over(host, &object(&shared), *now);
            assert_eq!(synced.is_ok(), shared == *hand_over);
        }
        _ => {
            let (given, shown) = match edits {
                [0, rest @ ..] => (edited(credentials, rest), hand_over.clone()),
                rest => (credentials.clone(), edited(hand_over, rest)),
            };
            let checked = fixture.server_copy.check_hand_over(&fixture.claim, &given, &shown);
            assert_eq!(checked.is_ok(), given == *credentials && shown == *hand_over);
        }
    }
    let bytes = saved(&chat);
    assert_eq!(saved(&Chat::from_bytes(&bytes).unwrap()), bytes);
}));

//! Anchors and sealed records.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::model::{Published, member};
use super::session_pair::{SessionPair, pair};
use super::tape::Tape;
use crate::client::Client;
use crate::primitives::secret::Secret;
use crate::primitives::{aead, kdf};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::labels;
use crate::session::Account;
use crate::session::Device;
use crate::storage::Change;
use crate::storage::Journal;
use crate::storage::Page;
use crate::storage::PageId;
use crate::storage::State;
use crate::storage::{Anchor, StateKey};

pub(super) fn vectors() -> Vec<Vector> {
    vec![lineage(), session_lineage(), record(), change(), journal(), pages()]
}

/// Computes the anchor of a new state, by the formula, as one vector's lines.
pub(super) fn start(v: &mut Vector, kind: u8, owner: &[u8], name: &[u8]) -> Vec<u8> {
    v.number("state kind", kind);
    v.bytes("state owner", owner);
    v.bytes("state name", name);
    let (owner, name) = (v.hash("owner hash", &[owner]), v.hash("name hash", &[name]));
    let hash = v.hash("start", &[labels::STATE_LINEAGE, &[kind], &owner, &name]);
    let anchor = [&[0; 8][..], &hash[..24]].concat();
    v.bytes("start anchor", &anchor);
    anchor
}

/// Computes the anchor after a change of that change id, by the formula.
pub(super) fn after(anchor: &[u8], name: &[u8]) -> Vec<u8> {
    let generation = u64::from_be_bytes(anchor[..8].try_into().unwrap()) + 1;
    let number = generation.to_be_bytes();
    let hash = kdf::hash(&[labels::STATE_LINEAGE, &anchor[16..], &number, name]);
    [&number[..], &anchor[8..16], &hash[..16]].concat()
}

fn lineage() -> Vector {
    let mut v = Vector::new(
        "state-lineage",
        "state",
        "an anchor, from a state's kind, owner and name, through two changes with names of their own",
    );
    let (owner, name): ([u8; 32], [u8; 32]) = (v.input("owner"), v.input("name"));
    let names: [[u8; 16]; 2] = [v.input("first name"), v.input("second name")];
    let mut real = Anchor::start(3, &owner, &name);
    let mut anchor = start(&mut v, 3, &owner, &name);
    assert_eq!(real.to_bytes()[..], anchor);
    for (part, name) in ["first", "second"].into_iter().zip(names) {
        v.part(part);
        anchor = after(&anchor, &name);
        v.bytes("anchor", &anchor);
        real = real.next(&name);
        assert_eq!(real.to_bytes()[..], anchor);
        assert_eq!(Anchor::from_bytes(&real.to_bytes()), real);
    }
    v
}

fn session_lineage() -> Vector {
    let mut v = Vector::new(
        "state-lineage-session",
        "state",
        "both sides' anchors after the first message of handshake-one-time",
    );
    let SessionPair { shared, first, initiator, responder, .. } =
        pair("handshake-one-time", "", true);
    v.bytes("session id", &shared.session);
    v.bytes("message", &first.message);
    let (front, rest) = first.message[shared.prefix.len()..].split_at(112 + 16);
    let prefix_hash = v.hash("prefix hash", &[&shared.prefix]);
    for (part, role, real) in [("initiator", 1, initiator), ("responder", 2, responder)] {
        v.part(part);
        let anchor = start(&mut v, 3, &[role], &shared.session);
        let name = if role == 1 {
            [&[0][..], &front[112..]].concat()
        } else {
            let key = &shared.imprint_keys[1];
            v.bytes("imprint key", key);
            let about = [&[1, 2][..], &prefix_hash].concat();
            let digest = v.digest("digest", key, (&about, &[front, rest].concat()));
            [&[1][..], &front[96..][..8], &digest[..8]].concat()
        };
        v.bytes("first name", &name);
        let anchor = after(&anchor, &name);
        v.bytes("first anchor", &anchor);
        assert_eq!(real.anchor().to_bytes()[..], anchor);
    }
    v
}

const KEY_ID: u32 = 7;
pub(super) const OWNER: &[u8] = b"account 7, primary device";

/// Seals `state` under a key of its own, by the formulas; returns the key, the random bytes and the
/// record.
fn sealed(v: &mut Vector, kind: u8, anchor: &[u8], state: &[u8]) -> (StateKey, [u8; 32], Vec<u8>) {
    let state_key = v.input("state key");
    let (random, record) = under(v, &state_key, kind, anchor, state);
    (StateKey::new(KEY_ID, &state_key).unwrap(), random, record)
}

/// Seals `state` under a key, by the formulas; returns its random bytes and the record.
fn under(
    v: &mut Vector,
    state_key: &[u8; 32],
    kind: u8,
    anchor: &[u8],
    state: &[u8],
) -> ([u8; 32], Vec<u8>) {
    v.number("key id-number", KEY_ID);
    v.bytes("owner", OWNER);
    v.bytes("anchor", anchor);
    v.number("kind", kind);
    v.bytes("state", state);
    let random: [u8; 32] = v.input("random");
    let about = [&[1, kind][..], &KEY_ID.to_be_bytes(), anchor].concat();
    v.bytes("about", &about);
    let length = u32::try_from(OWNER.len()).unwrap().to_be_bytes();
    let info: [&[u8]; 4] = [labels::STATE_RECORD, &about, &length, OWNER];
    let info = info.concat();
    let prk = v.extract("salt prk", state_key, &[&random]);
    let salt: [u8; 32] = v.expand("salt", &prk, &[labels::STATE_SALT, &info, state]);
    let prk = v.extract("prk", &salt, &[state_key]);
    let k = v.expand("k", &prk, &[&info, &[1]]);
    let c: [u8; 32] = v.expand("c", &prk, &[&info, &[2]]);
    let sealed = aead::seal_once(Secret::copy(&k), &about, state).unwrap();
    let record = [&about[..], &salt, &c, &sealed].concat();
    v.bytes("record", &record);
    (random, record)
}

/// Makes a sealed account: the account, its key, the random bytes and the record.
pub(super) fn account(v: &mut Vector) -> (Account, StateKey, [u8; 32], Vec<u8>) {
    let mut scratch = Vector::new("scratch", "", "");
    let member = member(&mut scratch, "initiator");
    let account = member.account();
    v.part("initiator");
    v.bytes("account id", &member.account_id);
    v.bytes("account seed", &member.account_seed);
    v.part("");
    let state = [&[1, 1][..], &member.account_id, &member.account_seed].concat();
    assert_eq!(account.to_bytes()[..], state);
    let key = v.signing_key("account key", &member.account_seed);
    let anchor = start(v, 1, &member.account_id, &key);
    let (key, random, record) = sealed(v, 1, &anchor, &state);
    (account, key, random, record)
}

fn record() -> Vector {
    let mut v = Vector::new(
        "state-record",
        "state",
        "the sealed state of an account: version, kind, account id, account seed",
    );
    let (state, key, random, record) = account(&mut v);
    let real = Tape::play(&[&random], |rng| key.seal(&state, OWNER, rng)).unwrap();
    assert_eq!(real, record);
    let anchor = state.anchor();
    let opened: Account = key.open(OWNER, Some(&anchor), &record).unwrap();
    assert_eq!(opened.to_bytes(), state.to_bytes());
    assert_eq!(StateKey::id_of(&record), Ok(KEY_ID));
    v
}

fn change() -> Vector {
    let mut v = Vector::new(
        "state-change",
        "state",
        "the sealed change of a device that erases what is past its time, an hour after it began",
    );
    let mut scratch = Vector::new("scratch", "", "");
    let to = Published::new(&mut scratch, "responder");
    let mut device = to.member.device(&to.signed_prekeys);
    let now = NOW + 3600;
    v.bytes("responder core", &to.member.core);
    v.number("now", now);
    let base = start(&mut v, 2, &to.member.account_id, &to.member.core);
    let name = [&[4][..], &now.to_be_bytes(), &[0; 16]].concat();
    v.bytes("change name", &name);
    let anchor = after(&base, &name);
    let state = [&[1, 0x10][..], &base, &[2], &now.to_be_bytes(), &[4]].concat();
    let (key, random, record) = sealed(&mut v, 0x10, &anchor, &state);
    let stored = device.anchor();
    let real = Tape::play(&[&random], |rng| {
        device
            .expire(now)
            .record(&key, OWNER, &stored, rng)
            .map(|made| made.record().map(<[u8]>::to_vec))
    });
    assert_eq!(real, Ok(Some(record.clone())));
    let opened: Change<Device> = key.open(OWNER, None, &record).unwrap();
    assert_eq!(opened.to_bytes()[..], state);
    v
}

/// Draws a journal key by the formula, for a snapshot of this text behind the key; returns the random bytes
/// and the key.
fn journal_key(
    v: &mut Vector,
    state_key: &[u8; 32],
    anchor: &[u8],
    text: &[u8],
) -> ([u8; 32], [u8; 32]) {
    let length = u32::try_from(OWNER.len()).unwrap().to_be_bytes();
    let info: [&[u8]; 5] = [labels::STATE_JOURNAL, anchor, &length, OWNER, text];
    v.hedged(("journal", "journal key"), state_key, &info)
}

fn journal() -> Vector {
    let mut v = Vector::new(
        "state-journal",
        "state",
        "a journal of a device: its snapshot, and the entry of a change an hour after it began",
    );
    let mut scratch = Vector::new("scratch", "", "");
    let to = Published::new(&mut scratch, "responder");
    let device = to.member.device(&to.signed_prekeys);
    let now = NOW + 3600;
    v.bytes("responder core", &to.member.core);
    v.number("now", now);
    let base = start(&mut v, 2, &to.member.account_id, &to.member.core);
    let state_key: [u8; 32] = v.input("state key");
    let key = StateKey::new(KEY_ID, &state_key).unwrap();
    let digest = [0; 32];
    v.bytes("digest", &digest);
    let text = [&digest[..], &device.to_bytes()].concat();
    let (journal_random, journal_key) = journal_key(&mut v, &state_key, &base, &text);

    v.part("snapshot");
    let text = [&journal_key[..], &text].concat();
    let (first, snapshot) = under(&mut v, &state_key, 0x08, &base, &text);
    v.part("entry");
    let name = [&[4][..], &now.to_be_bytes(), &[0; 16]].concat();
    v.bytes("change name", &name);
    let state = [&[1, 0x10][..], &base, &[2], &now.to_be_bytes(), &[4]].concat();
    let (second, entry) = under(&mut v, &journal_key, 0x10, &after(&base, &name), &state);
    v.part("");

    let mut expired = device;
    let real = Tape::play(&[&journal_random, &first, &second], |rng| {
        let (mut snapshot, mut journal) = Journal::begin(&expired, &key, OWNER, rng).unwrap();
        let recorded = expired.expire(now).journal(&mut journal, rng).unwrap();
        let entry = recorded.record().unwrap().to_vec();
        recorded.apply();
        (snapshot.remove(0).record.unwrap(), entry)
    });
    assert_eq!(real, (snapshot.clone(), entry.clone()));
    let opened = Journal::open::<Device>(&key, OWNER, Some(&expired.anchor()), [snapshot], [entry]);
    let (state, journal) = opened.unwrap();
    assert_eq!(state.to_bytes(), expired.to_bytes());
    assert_eq!((journal.anchor(), journal.entries()), (expired.anchor(), 1));
    v
}

/// One page of a snapshot, by the formulas.
struct PageSteps {
    part: &'static str,
    text: Vec<u8>,
    name: [u8; 32],
    mark: [u8; 32],
}

fn page(
    v: &mut Vector,
    key: &[u8; 32],
    (part, title): (&'static str, u8),
    content: &[u8],
) -> PageSteps {
    v.part(part);
    v.bytes("title", &[title]);
    v.bytes("part", content);
    let name = v.mac("name", key, &[&[1], &[title]]);
    let mark = v.mac("mark", key, &[&[2], &[1], &[title], content]);
    v.part("");
    PageSteps { part, text: [&[1, title], content].concat(), name, mark }
}

fn pages() -> Vector {
    let mut v = Vector::new(
        "state-pages",
        "state",
        "the snapshot of a client that knows nobody: its head, and the pages of its device and its list",
    );
    let to = Published::new(&mut Vector::new("scratch", "", ""), "responder");
    let (account, device) = (to.member.account(), to.member.device(&to.signed_prekeys));
    let list = DeviceList::first(account.key(), device.certificate().clone(), NOW);
    let client = Client::new(device, list, NOW);
    let anchor = client.anchor().to_bytes();

    let state_key: [u8; 32] = v.input("state key");
    v.number("key id-number", KEY_ID);
    v.bytes("owner", OWNER);
    let prk = v.extract("prk", &[0; 32], &[&state_key]);
    let length = u32::try_from(OWNER.len()).unwrap().to_be_bytes();
    let info: [&[u8]; 4] = [labels::STATE_PAGES, &KEY_ID.to_be_bytes(), &length, OWNER];
    let page_key = v.expand("page key", &prk, &info);
    let head_name = v.mac("head name", &page_key, &[&[1]]);

    // Version, kind, anchor, clock, time of a report, seven counts, and no linking; the device with its anchor, its
    // secrets and certificate, one prekey set and no one-time prekeys; the list and what goes with it.
    let whole = client.to_bytes();
    let (core, rest) = whole.split_at(2 + 32 + 25 + 8 + 7 * 4 + 1);
    let (own_device, own_list) =
        rest.split_at(32 + 64 + 265 + 4 + (96 + 1240 + 64 + 4 + 1) + 4 + 4);
    v.bytes("core", core);
    let mut pages = vec![
        page(&mut v, &page_key, ("device page", 1), own_device),
        page(&mut v, &page_key, ("own page", 2), own_list),
    ];
    pages.sort_by_key(|page| page.name);
    let mut digest = [0; 32];
    for page in &pages {
        digest.iter_mut().zip(page.mark).for_each(|(sum, byte)| *sum ^= byte);
    }
    v.bytes("digest", &digest);
    let text = [&digest[..], core].concat();
    let (journal_random, journal_key) = journal_key(&mut v, &state_key, &anchor, &text);
    v.part("head");
    let text = [&journal_key[..], &text].concat();
    let (random, record) = under(&mut v, &state_key, 0x08, &anchor, &text);
    let mut tape = vec![journal_random, random];
    let mut expected = vec![Page { id: PageId(head_name), record: Some(record) }];
    for PageSteps { part, text, name, .. } in &pages {
        v.part(part);
        let (random, record) = under(&mut v, &state_key, 0x09, &[0; 32], text);
        tape.push(random);
        expected.push(Page { id: PageId(*name), record: Some(record) });
    }
    v.part("");

    let key = StateKey::new(KEY_ID, &state_key).unwrap();
    let tape: Vec<&[u8]> = tape.iter().map(|random| &random[..]).collect();
    let (real, _) = Tape::play(&tape, |rng| Journal::begin(&client, &key, OWNER, rng).unwrap());
    assert_eq!(real, expected);
    let records = real.iter().filter_map(|page| page.record.as_ref());
    let opened = Journal::open::<Client>(&key, OWNER, Some(&client.anchor()), records, [[]; 0]);
    assert_eq!(opened.unwrap().0.to_bytes(), whole);
    v
}

//! Journals: a snapshot and the changes after it, for stores that append.

use latchstring::Error;
use latchstring::client::{Client, To};
use latchstring::rand_core::Rng;
use latchstring::session::{Device, Session};
use latchstring::storage::{Anchor, Change, Journal, Pending, State, StateKey};
use support::home::Home;
use support::shelf::Shelf;
use support::town::{Mail, Town, said};
use support::{
    Door, NOW, OneToOne, Pair, Talk, TestRng, device, only, refusal, refuses, restored, seal_many,
};

const OWNER: &[u8] = b"account 7, laptop, session with account 8";

fn key() -> StateKey {
    StateKey::new(1, &[7; 32]).unwrap()
}

/// The records that a store holds of one state.
struct Stored {
    snapshot: Shelf,
    entries: Vec<Vec<u8>>,
    journal: Journal,
}

impl Stored {
    fn of(state: &impl State, rng: &mut TestRng) -> Self {
        let (snapshot, journal) = Journal::begin(state, &key(), OWNER, rng).unwrap();
        Self { snapshot: Shelf::of(snapshot), entries: Vec::new(), journal }
    }

    /// Puts a new snapshot in place of the old one and its entries.
    fn renew(&mut self, state: &impl State, rng: &mut TestRng) {
        self.snapshot.put(self.journal.renew(state, &key(), rng).unwrap());
        self.entries.clear();
    }

    /// Writes what an operation changes, and applies it; a snapshot of the state before it first, if one is
    /// due.
    fn write<S: State, T>(
        &mut self,
        state: &mut S,
        rng: &mut TestRng,
        operation: impl for<'a> FnOnce(&'a mut S, &mut TestRng) -> Result<Pending<'a, S, T>, Error>,
    ) -> T {
        if self.journal.is_full() {
            self.renew(state, rng);
        }
        let recorded = operation(state, rng).unwrap().journal(&mut self.journal, rng).unwrap();
        self.entries.push(recorded.record().unwrap().to_vec());
        recorded.apply()
    }

    fn load<S: State>(&self, anchor: Option<&Anchor>) -> Result<S, Error> {
        Journal::open(&key(), OWNER, anchor, self.snapshot.records(), &self.entries)
            .map(|(state, _)| state)
    }

    /// Checks that the stored state is the one in memory to the byte.
    fn check<S: State>(&self, state: &S) {
        let loaded: S = self.load(Some(&state.anchor())).unwrap();
        assert!(*loaded.to_bytes() == *state.to_bytes(), "the store holds another state");
        assert_eq!(self.journal.anchor(), state.anchor());
    }
}

/// Makes a responder that has opened one message and whose journal begins, and the initiator.
fn begun(seed: u64) -> (Pair, Stored) {
    let mut pair = Pair::new(seed);
    let message = pair.initiator.encrypt(b"first", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let stored = Stored::of(&pair.responder, &mut pair.rng);
    (pair, stored)
}

/// Lets the responder open a message, and writes what that changed.
fn receive(pair: &mut Pair, stored: &mut Stored, message: &[u8]) {
    stored.write(&mut pair.responder, &mut pair.rng, |to, _| to.open(message));
}

#[test]
fn whatever_is_journalled_loads_to_the_very_same_state() {
    let (mut pair, mut stored) = begun(1);
    let mut late = Vec::new();
    for _ in 0..400 {
        match pair.rng.next_u32() % 8 {
            0 => {
                if stored.journal.is_full() {
                    drop(pair.responder.stage_send().seal(b"answer", &mut pair.rng).unwrap());
                    stored.renew(&pair.responder, &mut pair.rng);
                    continue;
                }
                let answer = stored.write(&mut pair.responder, &mut pair.rng, |from, rng| {
                    from.stage_send().seal(b"answer", rng)
                });
                pair.initiator.decrypt(&answer).unwrap();
            }
            1 => late.push(pair.initiator.encrypt(b"late", &mut pair.rng).unwrap()),
            2 if !late.is_empty() => {
                let message = late.swap_remove(0);
                // It may have come after its chain is kept no more.
                match refusal(&mut pair.responder, |to| to.open(&message).map(drop)) {
                    None => receive(&mut pair, &mut stored, &message),
                    error => assert_eq!(error, Some(Error::Forged)),
                }
            }
            _ => {
                let message = pair.initiator.encrypt(b"text", &mut pair.rng).unwrap();
                receive(&mut pair, &mut stored, &message);
            }
        }
        stored.check(&pair.responder);
    }
    assert!(pair.responder.anchor().generation() > 300);
}

#[test]
fn a_journal_ends_after_64_changes_and_refuses_the_next_without_harm() {
    let (mut pair, mut stored) = begun(2);
    let messages = seal_many(&mut pair.initiator, 65, &mut pair.rng);
    for message in &messages[..64] {
        assert!(!stored.journal.is_full());
        receive(&mut pair, &mut stored, message);
    }
    assert_eq!((stored.journal.entries(), stored.journal.is_full()), (64, true));
    let Pair { responder, rng, .. } = &mut pair;
    refuses(responder, Error::JournalFull, |to| {
        to.open(&messages[64])?.journal(&mut stored.journal, rng).map(drop)
    });
    stored.check(&pair.responder);
    // Written past the end by hand: what a journal does not write it does not read.
    let mut more = stored.entries.clone();
    more.push(more[0].clone());
    let opened = Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), &more);
    assert_eq!(opened.err(), Some(Error::Corrupt));
    receive(&mut pair, &mut stored, &messages[64]);
    assert_eq!(stored.journal.entries(), 1);
    stored.check(&pair.responder);
}

#[test]
fn a_journal_ends_with_the_change_that_turns_the_ratchet() {
    let (mut pair, mut stored) = begun(3);
    let answer = stored.write(&mut pair.responder, &mut pair.rng, |from, rng| {
        from.stage_send().seal(b"answer", rng)
    });
    pair.initiator.decrypt(&answer).unwrap();
    assert_eq!((stored.journal.entries(), stored.journal.is_full()), (1, true));
    let sealed = pair.responder.stage_send().seal(b"more", &mut pair.rng).unwrap();
    assert_eq!(sealed.journal(&mut stored.journal, &mut pair.rng).err(), Some(Error::JournalFull));
    stored.check(&pair.responder);
    // Receiving ends it too.
    stored.renew(&pair.responder, &mut pair.rng);
    let message = pair.initiator.encrypt(b"turned", &mut pair.rng).unwrap();
    receive(&mut pair, &mut stored, &message);
    assert!(stored.journal.is_full());
    stored.check(&pair.responder);
}

#[test]
fn after_a_new_snapshot_nothing_opens_what_the_old_journal_wrote() {
    let (mut pair, mut stored) = begun(4);
    for message in seal_many(&mut pair.initiator, 10, &mut pair.rng) {
        receive(&mut pair, &mut stored, &message);
    }
    let entries = stored.entries.clone();
    stored.renew(&pair.responder, &mut pair.rng);
    // A thief with the state key, all that is stored now, and all old entries.
    for entry in &entries {
        assert_eq!(
            key().open::<Change<Session>>(OWNER, None, entry).err(),
            Some(Error::WrongStateKey)
        );
        let opened =
            Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), [entry]);
        assert_eq!(opened.err(), Some(Error::WrongStateKey));
    }
    stored.check(&pair.responder);
}

#[test]
fn entries_that_are_lost_swapped_repeated_or_cut_are_found() {
    let (mut pair, mut stored) = begun(5);
    for message in seal_many(&mut pair.initiator, 4, &mut pair.rng) {
        receive(&mut pair, &mut stored, &message);
    }
    let anchor = pair.responder.anchor();
    let with = |entries: &[&[u8]]| {
        let opened = Journal::open::<Session>(
            &key(),
            OWNER,
            Some(&anchor),
            stored.snapshot.records(),
            entries,
        );
        opened.map(|(state, _)| state.anchor())
    };
    let [a, b, c, d] = &stored.entries[..] else { panic!() };
    assert_eq!(with(&[a, b, c, d]), Ok(anchor));
    assert_eq!(with(&[a, b, c]), Err(Error::StateRollback));
    assert_eq!(with(&[]), Err(Error::StateRollback));
    assert_eq!(with(&[b, c, d]), Err(Error::Corrupt));
    assert_eq!(with(&[a, c, b, d]), Err(Error::Corrupt));
    assert_eq!(with(&[a, b, b, c, d]), Err(Error::Corrupt));
    assert_eq!(with(&[a, b, c, &d[..d.len() - 1]]), Err(Error::Corrupt));
    assert_eq!(with(&[a, b, c, &d[..20]]), Err(Error::Corrupt));
    // Without an anchor kept elsewhere a lost end is not found.
    assert!(stored.load::<Session>(None).is_ok());
    let short = Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), [a, b]);
    assert!(short.is_ok());
}

#[test]
fn a_snapshot_opens_under_its_key_owner_and_kind_alone() {
    let (_, stored) = begun(6);
    let [head] = &stored.snapshot.records().collect::<Vec<_>>()[..] else { panic!() };
    let open = |key: &StateKey, owner: &[u8], head: &[u8]| {
        Journal::open::<Session>(key, owner, None, [head], [[]; 0]).err()
    };
    assert_eq!(open(&key(), OWNER, head), None);
    let others = [StateKey::new(1, &[8; 32]).unwrap(), StateKey::new(2, &[7; 32]).unwrap()];
    for other in &others {
        assert_eq!(open(other, OWNER, head), Some(Error::WrongStateKey));
    }
    assert_eq!(open(&key(), b"another", head), Some(Error::WrongStateKey));
    let opened = Journal::open::<Device>(&key(), OWNER, None, [head], [[]; 0]);
    assert_eq!(opened.err(), Some(Error::WrongKind));
    let opened = key().open::<Session>(OWNER, None, head);
    assert_eq!(opened.err(), Some(Error::WrongKind));
    for place in 0..head.len() {
        let mut altered = (*head).clone();
        altered[place] ^= 1;
        assert!(open(&key(), OWNER, &altered).is_some(), "{place}");
    }
    for length in 0..head.len() {
        assert!(open(&key(), OWNER, &head[..length]).is_some(), "{length}");
    }
}

#[test]
fn of_two_tabs_with_one_journal_the_second_cannot_write_over_the_first() {
    let (mut pair, stored) = begun(7);
    let message = pair.initiator.encrypt(b"both", &mut pair.rng).unwrap();
    let other = pair.initiator.encrypt(b"see", &mut pair.rng).unwrap();
    let open = |entries: &[Vec<u8>]| {
        Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), entries).unwrap()
    };
    let (mut one, mut one_journal) = open(&[]);
    let (mut two, mut two_journal) = open(&[]);
    let recorded = one.open(&message).unwrap().journal(&mut one_journal, &mut pair.rng).unwrap();
    let first = recorded.record().unwrap().to_vec();
    recorded.apply();
    // The second tab goes on from the same state. In its transaction it sees that the store stands
    // elsewhere; had it written nevertheless, the two would not load together.
    let pending = two.open(&other).unwrap();
    assert_ne!(two_journal.anchor(), one_journal.anchor());
    let second = pending.journal(&mut two_journal, &mut pair.rng).unwrap();
    let both = [first.clone(), second.record().unwrap().to_vec()];
    let opened = Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), &both);
    assert_eq!(opened.err(), Some(Error::Corrupt));
    assert_eq!(open(&[first]).0.anchor(), one.anchor());
}

#[test]
fn a_message_in_order_writes_at_most_256_bytes_with_2000_skipped_keys_too() {
    let (mut pair, _) = begun(8);
    let skipped = seal_many(&mut pair.initiator, 2000, &mut pair.rng);
    let message = pair.initiator.encrypt(b"after them", &mut pair.rng).unwrap();
    drop(skipped);
    pair.responder.open(&message).unwrap().apply();
    assert_eq!(pair.responder.skipped(), 2000);
    // In turns until chunks of the exchange come with each message, then in order.
    for _ in 0..10 {
        let message = pair.responder.encrypt(b"turn", &mut pair.rng).unwrap();
        pair.initiator.decrypt(&message).unwrap();
        let message = pair.initiator.encrypt(b"turn", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
    }
    let mut stored = Stored::of(&pair.responder, &mut pair.rng);
    for message in seal_many(&mut pair.initiator, 20, &mut pair.rng) {
        receive(&mut pair, &mut stored, &message);
    }
    assert_eq!(pair.responder.skipped(), 2000);
    let most = stored.entries.iter().map(Vec::len).max().unwrap();
    assert!(most <= 256, "{most}");
    stored.check(&pair.responder);
}

#[test]
fn a_chats_journal_ends_when_one_of_its_sessions_turns() {
    let Talk { door: Door { mut rng, .. }, host: mut chat, mut guest, .. } = Talk::new(11);
    let mut stored = Stored::of(&chat, &mut rng);
    // Two texts in the going chain, and one after the guest has answered.
    for text in ["one", "two"] {
        let sealed = chat.text(text, NOW, &mut rng).unwrap();
        let recorded = sealed.journal(&mut stored.journal, &mut rng).unwrap();
        stored.entries.push(recorded.record().unwrap().to_vec());
        guest.hear(&only(recorded.apply().envelopes), NOW).unwrap();
        assert!(!stored.journal.is_full(), "{text}");
    }
    let answer = guest.say("answer", NOW, &mut rng).unwrap();
    stored.write(&mut chat, &mut rng, |chat, _| chat.listen(&answer, NOW));
    assert!(stored.journal.is_full());
    stored.check(&chat);
}

#[test]
fn a_change_that_does_not_continue_the_journal_is_stale_and_moves_nothing() {
    let (mut pair, mut stored) = begun(12);
    let messages = seal_many(&mut pair.initiator, 2, &mut pair.rng);
    // As another process has it, which goes on from the same state.
    let mut behind = restored(&pair.responder);
    receive(&mut pair, &mut stored, &messages[0]);
    let before = (stored.journal.anchor(), stored.journal.entries());
    refuses(&mut behind, Error::StaleChange, |to| {
        to.open(&messages[0])?.journal(&mut stored.journal, &mut pair.rng).map(drop)
    });
    assert_eq!((stored.journal.anchor(), stored.journal.entries()), before);
    receive(&mut pair, &mut stored, &messages[1]);
    stored.check(&pair.responder);
}

#[test]
fn changes_are_as_long_as_the_page_says() {
    // Without what the exchange adds: far down a chain that carries nothing more of it.
    let (mut pair, _) = begun(14);
    for message in seal_many(&mut pair.initiator, 100, &mut pair.rng) {
        pair.responder.decrypt(&message).unwrap();
    }
    let late = pair.initiator.encrypt(b"late", &mut pair.rng).unwrap();
    let message = pair.initiator.encrypt(b"in order, but for one", &mut pair.rng).unwrap();
    let received = |session: &mut Session, message: &[u8]| {
        let (base, mut salts) = (session.anchor(), TestRng::new(15));
        let recorded = session.open(message).unwrap().record(&key(), OWNER, &base, &mut salts);
        let record = recorded.unwrap().record().unwrap().to_vec();
        key().open::<Change<Session>>(OWNER, None, &record).unwrap().to_bytes().len()
    };
    assert_eq!(received(&mut pair.responder, &late), 92);
    assert_eq!(received(&mut pair.responder, &message), 92 + 36);
    pair.responder.decrypt(&message).unwrap();
    assert_eq!(received(&mut pair.responder, &late), 60);
    let sent = |session: &mut Session, rng: &mut TestRng| {
        let base = session.anchor();
        let sealed = session.stage_send().seal(b"sent", rng).unwrap();
        let record = sealed.record(&key(), OWNER, &base, rng).unwrap();
        record.record().unwrap().len()
    };
    assert_eq!(sent(&mut pair.initiator, &mut pair.rng), 206);
    // The responder's first chain, which begins with nothing of the exchange but a chunk of ct1 and
    // what it drew: 3 and 128 bytes.
    let answer = sent(&mut pair.responder, &mut pair.rng);
    assert_eq!(answer, 342 + 3 + 128);
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    // A new chain, and the first chunk of ct1: a byte and 36 of it.
    assert_eq!(received(&mut pair.initiator, &answer), 204 + 1 + 36);
}

#[test]
fn devices_and_clients_are_journalled_like_sessions() {
    let mut rng = TestRng::new(9);
    let mut device = device(1, &mut rng);
    let mut stored = Stored::of(&device, &mut rng);
    for hours in 1..70 {
        stored.write(&mut device, &mut rng, |device, _| Ok(device.expire(NOW + 3600 * hours)));
        stored.check(&device);
    }
    assert_eq!(stored.journal.entries(), 69 - 64);

    let mut home = Home::new(10, 2, &mut rng);
    let [one, two] = &mut home.clients[..] else { panic!() };
    let mut stored = Stored::of(one, &mut rng);
    for text in 0..70_u8 {
        let mut plan = one.plan(To::Own, NOW).unwrap();
        for _ in plan.missing().collect::<Vec<_>>() {
            plan.supply(one, &two.bundle(), NOW, &mut rng).unwrap();
        }
        let out =
            stored.write(one, &mut rng, |one, rng| one.seal(&mut plan, &said(&[text]), NOW, rng));
        two.receive(one.address(), &out.envelopes[0].message, NOW).unwrap();
        stored.check::<Client>(one);
    }
    assert_eq!(stored.journal.entries(), 70 - 64);
}

/// The bytes of entries from which a journal of a small state is full (`spec/state.md`, "Journals").
const LIMIT: usize = 65_536;

#[test]
fn a_peer_that_skips_messages_makes_no_journal_longer_than_its_limit_and_an_entry() {
    let (mut pair, mut stored) = begun(31);
    let mut limit = LIMIT.max(pair.responder.to_bytes().len());
    let mut renewed = 0;
    for _ in 0..6 {
        let message = seal_many(&mut pair.initiator, 2001, &mut pair.rng).pop().unwrap();
        assert_eq!(message.len(), 162);
        if stored.journal.is_full() {
            // The state that the snapshot holds.
            limit = LIMIT.max(pair.responder.to_bytes().len());
            renewed += 1;
        }
        receive(&mut pair, &mut stored, &message);
        let lengths = stored.entries.iter().map(Vec::len);
        let (sum, last) = (lengths.sum::<usize>(), stored.entries.last().unwrap().len());
        assert!((72_000..75_000).contains(&last), "{last}");
        assert!(sum - last < limit, "{sum} bytes");
        assert_eq!(stored.journal.is_full(), sum >= limit);
        stored.check(&pair.responder);
    }
    assert!(renewed >= 2, "{renewed}");
}

#[test]
fn a_large_state_has_a_journal_as_long_as_itself() {
    let (mut pair, _) = begun(32);
    let skipped = seal_many(&mut pair.initiator, 2001, &mut pair.rng).pop().unwrap();
    pair.responder.decrypt(&skipped).unwrap();
    let mut stored = Stored::of(&pair.responder, &mut pair.rng);
    let limit = pair.responder.to_bytes().len();
    assert!(limit > 73_000);
    let message = seal_many(&mut pair.initiator, 1901, &mut pair.rng).pop().unwrap();
    receive(&mut pair, &mut stored, &message);
    assert!((LIMIT..limit).contains(&stored.entries[0].len()), "past what a small state's takes");
    assert!(!stored.journal.is_full());
    // After a restart it has as much room as before.
    let (_, journal) =
        Journal::open::<Session>(&key(), OWNER, None, stored.snapshot.records(), &stored.entries)
            .unwrap();
    assert!(!journal.is_full());
    let message = seal_many(&mut pair.initiator, 201, &mut pair.rng).pop().unwrap();
    receive(&mut pair, &mut stored, &message);
    assert!(stored.journal.is_full());
}

/// Makes a device of the first person send 2,001 letters to the second, and returns the last one.
fn late_letter(town: &mut Town) -> Mail {
    for _ in 0..2000 {
        town.say(0, 0, 1, b"withheld");
    }
    let to = town.address(1, 0);
    while town.server.take(to).is_some() {}
    town.say(0, 0, 1, b"the last");
    town.mail(1, 0)
}

#[test]
fn a_clients_journal_near_its_limit_goes_on_across_a_restart() {
    let mut town = Town::new(33, &[1, 1]);
    town.chat(0, 1);
    let mut rng = TestRng::new(34);
    let mut stored = Stored::of(town.client(1, 0), &mut rng);
    let mut limit = LIMIT.max(town.client(1, 0).to_bytes().len());
    let (mut sum, mut renewed) = (0, 0);
    for _ in 0..6 {
        let mail = late_letter(&mut town);
        if stored.journal.is_full() {
            limit = LIMIT.max(town.client(1, 0).to_bytes().len());
            (sum, renewed) = (0, renewed + 1);
        }
        let client = town.client(1, 0);
        let arrived =
            stored.write(client, &mut rng, |client, _| client.open(mail.from, &mail.message, NOW));
        assert_eq!(arrived.skipped, 2000);
        sum += stored.entries.last().unwrap().len();
        // The process ends here: the next one counts what it finds.
        let (loaded, journal) = Journal::open::<Client>(
            &key(),
            OWNER,
            Some(&client.anchor()),
            stored.snapshot.records(),
            &stored.entries,
        )
        .unwrap();
        assert!(*loaded.to_bytes() == *client.to_bytes());
        assert_eq!(journal.is_full(), sum >= limit);
        assert_eq!(usize::try_from(journal.entries()), Ok(stored.entries.len()));
        (*client, stored.journal) = (loaded, journal);
        assert!(sum < limit + 75_000, "{sum}");
        if stored.journal.is_full() {
            let pending = client.reset_clock(NOW);
            let refused = pending.journal(&mut stored.journal, &mut rng).map(drop);
            assert_eq!(refused, Err(Error::JournalFull));
        }
    }
    assert!(renewed >= 2, "{renewed}");
}

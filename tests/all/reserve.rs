//! Messages under reserved numbers: one write for many, and nothing used twice.

use latchstring::Error;
use latchstring::rand_core::{TryCryptoRng, TryRng};
use latchstring::session::{Decrypted, Sending, Session};
use latchstring::storage::{Change, Journal, State, StateKey};
use support::{Pair, TestRng, refusal, restored};

const OWNER: &[u8] = b"the session";

fn key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

/// Seals a message that reserves `count` numbers.
fn reserve(session: &mut Session, count: u16, rng: &mut TestRng) -> Vec<u8> {
    session.stage_send().reserve(count).seal(b"a", rng).unwrap().apply()
}

/// Seals messages under reserved numbers.
fn ahead(session: &mut Session, count: u32, rng: &mut TestRng) -> Vec<Vec<u8>> {
    (0..count).map(|_| session.stage_send().seal_reserved(b"b", rng).unwrap()).collect()
}

fn read_all(session: &mut Session, messages: &[Vec<u8>]) -> Vec<Decrypted> {
    messages.iter().map(|message| session.decrypt(message).unwrap()).collect()
}

#[test]
fn reserved_numbers_follow_their_message_and_are_followed_by_the_next_one() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(1);
    let mut messages = vec![reserve(&mut initiator, 3, &mut rng)];
    assert_eq!(initiator.reserved(), 3);
    messages.extend(ahead(&mut initiator, 3, &mut rng));
    assert_eq!(initiator.reserved(), 0);
    messages.push(initiator.encrypt(b"c", &mut rng).unwrap());
    let opened = read_all(&mut responder, &messages);
    let numbers: Vec<u32> = opened.iter().map(|opened| opened.position.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert!(opened.iter().all(|opened| opened.skipped == 0));
    let contents: Vec<u8> = opened.iter().map(|opened| opened.content[0]).collect();
    assert_eq!(contents, *b"abbbc");
}

#[test]
fn a_reserved_message_changes_nothing_that_is_stored() {
    let Pair { mut initiator, mut rng, .. } = Pair::new(2);
    reserve(&mut initiator, 5, &mut rng);
    let (bytes, anchor) = (initiator.to_bytes(), initiator.anchor());
    for left in (0..5).rev() {
        ahead(&mut initiator, 1, &mut rng);
        assert_eq!(initiator.reserved(), left);
        assert!(initiator.to_bytes() == bytes && initiator.anchor() == anchor);
    }
}

/// Counts what is drawn.
struct Counting(TestRng, usize);

impl TryRng for Counting {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        panic!("nothing in the crate draws numbers")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("nothing in the crate draws numbers")
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        self.1 += dst.len();
        self.0.try_fill_bytes(dst)
    }
}

impl TryCryptoRng for Counting {}

#[test]
fn a_reserved_message_draws_for_its_nonce_and_makes_no_secret_wherever_the_exchange_is() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(3);
    let mut most = 0;
    for _ in 0..150 {
        // Each usual message may draw a key pair or coins; the one after it may not, though a message
        // that was opened in between makes it due.
        let (before, after) = (Counting(TestRng::new(4), 0), &mut Counting(TestRng::new(5), 0));
        let mut counting = before;
        let sealed = initiator.stage_send().reserve(1).seal(b"a", &mut counting).unwrap();
        let message = sealed.apply();
        most = most.max(counting.1);
        responder.decrypt(&message).unwrap();
        let first = reserve(&mut responder, 1, &mut rng);
        let second = initiator.stage_send().seal_reserved(b"b", after).unwrap();
        assert_eq!(after.1, 12);
        responder.decrypt(&second).unwrap();
        initiator.decrypt(&first).unwrap();
        let third = responder.stage_send().seal_reserved(b"b", after).unwrap();
        assert_eq!(after.1, 24);
        initiator.decrypt(&third).unwrap();
    }
    assert!(most >= 12 + 32 + 32, "no message drew both a ratchet key and one of the exchange");
    assert!(initiator.post_quantum_epoch() > 1);
}

#[test]
fn who_is_loaded_again_skips_what_was_reserved_and_the_peer_reads_the_rest() {
    for used in 0..=3 {
        let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(6);
        let mut messages = vec![reserve(&mut initiator, 3, &mut rng)];
        messages.extend(ahead(&mut initiator, used, &mut rng));
        let mut initiator = restored(&initiator);
        assert_eq!(initiator.reserved(), 0);
        let refused =
            refusal(&mut initiator, |side| side.stage_send().seal_reserved(b"b", &mut rng));
        assert_eq!(refused, Some(Error::NotReserved));
        messages.push(initiator.encrypt(b"c", &mut rng).unwrap());
        let opened = read_all(&mut responder, &messages);
        let last = opened.last().unwrap();
        assert_eq!((last.position.number, last.skipped), (4, 3 - used as usize));
    }
}

#[test]
fn a_usual_message_frees_what_was_not_used() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(7);
    let mut messages = vec![reserve(&mut initiator, 100, &mut rng)];
    messages.extend(ahead(&mut initiator, 2, &mut rng));
    let sealed = initiator.stage_send().reserve(1).seal(b"c", &mut rng).unwrap();
    messages.push(sealed.apply());
    messages.extend(ahead(&mut initiator, 1, &mut rng));
    let opened = read_all(&mut responder, &messages);
    assert!(opened.iter().all(|opened| opened.skipped == 0));
    assert_eq!(opened.last().unwrap().position.number, 4);
}

#[test]
fn a_message_that_was_not_applied_leaves_the_reservation() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(8);
    let mut messages = vec![reserve(&mut initiator, 2, &mut rng)];
    drop(initiator.stage_send().seal(b"never sent", &mut rng).unwrap());
    assert_eq!(initiator.reserved(), 2);
    messages.extend(ahead(&mut initiator, 2, &mut rng));
    assert_eq!(read_all(&mut responder, &messages).last().unwrap().position.number, 2);
}

#[test]
fn a_message_that_was_recorded_and_not_applied_ends_the_reservation() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(15);
    let first = reserve(&mut initiator, 10, &mut rng);
    responder.decrypt(&first).unwrap();
    let (mut stored, anchor) = (restored(&initiator), initiator.anchor());
    let sealed = initiator.stage_send().seal(b"never sent", &mut rng).unwrap();
    // It is written, and the program does not learn that: in the store the numbers are free.
    let recorded = sealed.record(&key(), OWNER, &anchor, &mut rng).unwrap();
    let change: Change<Session> = key().open(OWNER, None, recorded.record().unwrap()).unwrap();
    drop(recorded);
    let refused = refusal(&mut initiator, |side| side.stage_send().seal_reserved(b"b", &mut rng));
    assert_eq!((initiator.reserved(), refused), (0, Some(Error::NotReserved)));
    change.apply(&mut stored).unwrap();
    let message = stored.encrypt(b"the next", &mut rng).unwrap();
    assert_eq!(responder.decrypt(&message).unwrap().position.number, 2);
}

#[test]
fn a_received_message_that_was_recorded_leaves_the_reservation() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(14);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let answers = [0, 1].map(|_| responder.encrypt(b"answer", &mut rng).unwrap());
    initiator.decrypt(&answers[0]).unwrap();
    let mut messages = vec![reserve(&mut initiator, 5, &mut rng)];
    let anchor = initiator.anchor();
    let opened = initiator.open(&answers[1]).unwrap();
    opened.record(&key(), OWNER, &anchor, &mut rng).unwrap().apply();
    assert_eq!(initiator.reserved(), 5);
    messages.extend(ahead(&mut initiator, 2, &mut rng));
    messages.push(initiator.encrypt(b"next", &mut rng).unwrap());
    assert!(read_all(&mut responder, &messages).iter().all(|opened| opened.skipped == 0));
}

#[test]
fn an_entry_that_was_made_and_not_applied_ends_the_reservation() {
    let Pair { mut initiator, mut rng, .. } = Pair::new(16);
    reserve(&mut initiator, 10, &mut rng);
    let (_, mut journal) = Journal::begin(&initiator, &key(), OWNER, &mut rng).unwrap();
    let sealed = initiator.stage_send().seal(b"never sent", &mut rng).unwrap();
    drop(sealed.journal(&mut journal, &mut rng).unwrap());
    assert_eq!(initiator.reserved(), 0);
    // An entry or a record that was refused was not made.
    let Pair { mut initiator, .. } = Pair::new(17);
    reserve(&mut initiator, 10, &mut rng);
    let sealed = initiator.stage_send().seal(b"never sent", &mut rng).unwrap();
    assert_eq!(sealed.journal(&mut journal, &mut rng).err(), Some(Error::StaleChange));
    assert_eq!(initiator.reserved(), 10);
    let sealed = initiator.stage_send().seal(b"never sent", &mut rng).unwrap();
    let refused = sealed.record(&key(), OWNER, &journal.anchor(), &mut rng);
    assert_eq!(refused.err(), Some(Error::StaleChange));
    assert_eq!(initiator.reserved(), 10);
}

#[test]
fn fifteen_lost_messages_each_with_its_process_do_not_lose_the_peer() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(18);
    for _ in 0..15 {
        reserve(&mut initiator, Sending::MAX_RESERVED, &mut rng);
        initiator = restored(&initiator);
    }
    let message = initiator.encrypt(b"a", &mut rng).unwrap();
    assert_eq!(responder.decrypt(&message).unwrap().skipped, 15 * 101);
}

#[test]
fn a_turn_ends_a_reservation_without_a_gap() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(9);
    let mut messages = vec![reserve(&mut initiator, 10, &mut rng)];
    messages.extend(ahead(&mut initiator, 4, &mut rng));
    read_all(&mut responder, &messages);
    let answer = responder.encrypt(b"answer", &mut rng).unwrap();
    // A turn that is not applied, recorded or not, leaves the chain and its reservation.
    let anchor = initiator.anchor();
    drop(initiator.open(&answer).unwrap());
    drop(initiator.open(&answer).unwrap().record(&key(), OWNER, &anchor, &mut rng).unwrap());
    responder.decrypt(&ahead(&mut initiator, 1, &mut rng)[0]).unwrap();
    let opened = initiator.open(&answer).unwrap();
    opened.record(&key(), OWNER, &anchor, &mut rng).unwrap().apply();
    let refused = refusal(&mut initiator, |side| side.stage_send().seal_reserved(b"b", &mut rng));
    assert_eq!((initiator.reserved(), refused), (0, Some(Error::NotReserved)));
    let next = initiator.encrypt(b"next", &mut rng).unwrap();
    let opened = responder.decrypt(&next).unwrap();
    assert_eq!((opened.position.chain, opened.skipped), (3, 0));
}

#[test]
fn who_is_loaded_again_after_a_turn_leaves_a_gap_and_no_contradiction() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(10);
    let mut messages = vec![reserve(&mut initiator, 10, &mut rng)];
    messages.extend(ahead(&mut initiator, 4, &mut rng));
    let late = messages.pop().unwrap();
    read_all(&mut responder, &messages);
    let answer = responder.encrypt(b"answer", &mut rng).unwrap();
    initiator.decrypt(&answer).unwrap();
    let next = restored(&initiator).encrypt(b"next", &mut rng).unwrap();
    assert_eq!(responder.decrypt(&next).unwrap().skipped, 7);
    assert_eq!(*responder.decrypt(&late).unwrap().content, *b"b");
}

#[test]
fn a_process_that_ends_again_and_again_does_not_lose_its_peer() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(11);
    let most = Sending::MAX_RESERVED;
    let mut chains = 0;
    for round in 0..12 {
        let message = reserve(&mut initiator, most, &mut rng);
        initiator = restored(&initiator);
        // One message in three arrives: so two reservations and two messages are skipped at once.
        if round % 3 == 2 {
            assert!(responder.decrypt(&message).unwrap().skipped >= 100);
            let answer = responder.encrypt(b"answer", &mut rng).unwrap();
            chains = initiator.decrypt(&answer).unwrap().position.chain;
        }
    }
    assert_eq!(chains, 5);
}

#[test]
fn more_than_a_hundred_numbers_are_not_reserved() {
    let Pair { mut initiator, mut rng, .. } = Pair::new(12);
    let refused = refusal(&mut initiator, |side| {
        let sending = side.stage_send().reserve(Sending::MAX_RESERVED + 1);
        sending.seal(b"a", &mut rng).map(drop)
    });
    assert_eq!(refused, Some(Error::TooManyReserved));
    let before = initiator.reserved();
    let long = vec![0; (1 << 20) + 1];
    reserve(&mut initiator, Sending::MAX_RESERVED, &mut rng);
    let refused = refusal(&mut initiator, |side| side.stage_send().seal_reserved(&long, &mut rng));
    assert_eq!(refused, Some(Error::ContentTooLong));
    assert_eq!((before, initiator.reserved()), (0, 100));
}

#[test]
fn a_reservation_reaches_the_store_by_journal_and_by_change() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(13);
    let (snapshot, mut journal) = Journal::begin(&initiator, &key(), OWNER, &mut rng).unwrap();
    let sealed = initiator.stage_send().reserve(20).seal(b"a", &mut rng).unwrap();
    let recorded = sealed.journal(&mut journal, &mut rng).unwrap();
    let entries = [recorded.record().unwrap().to_vec()];
    let mut messages = vec![recorded.apply()];
    messages.extend(ahead(&mut initiator, 20, &mut rng));
    read_all(&mut responder, &messages);
    let records = snapshot.iter().filter_map(|page| page.record.as_ref());
    let loaded = Journal::open::<Session>(&key(), OWNER, None, records, &entries).unwrap().0;
    assert!(loaded.to_bytes() == initiator.to_bytes() && loaded.reserved() == 0);

    // 36 chunks a message, for 100 messages: the most that a change accounts for.
    let mut stored = restored(&initiator);
    let sending = initiator.stage_send().chunks(36).reserve(Sending::MAX_RESERVED);
    let sealed = sending.seal(b"c", &mut rng).unwrap();
    let recorded = sealed.record(&key(), OWNER, &stored.anchor(), &mut rng).unwrap();
    let change: Change<Session> = key().open(OWNER, None, recorded.record().unwrap()).unwrap();
    recorded.apply();
    change.apply(&mut stored).unwrap();
    assert!(stored.to_bytes() == initiator.to_bytes());
    assert_eq!((stored.reserved(), initiator.reserved()), (0, 100));
}

#[test]
fn chunks_that_were_set_aside_reach_the_peer() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(14);
    // All but the messages that reserve are lost, or all but the reserved ones.
    for reserving in [true, false] {
        let before = initiator.post_quantum_epoch();
        for _ in 0..150 {
            let first = reserve(&mut initiator, 2, &mut rng);
            let others = ahead(&mut initiator, 2, &mut rng);
            let arriving = if reserving { vec![first] } else { others };
            read_all(&mut responder, &arriving);
            let first = reserve(&mut responder, 2, &mut rng);
            let others = ahead(&mut responder, 2, &mut rng);
            let arriving = if reserving { vec![first] } else { others };
            read_all(&mut initiator, &arriving);
        }
        assert!(initiator.post_quantum_epoch() > before, "reserving: {reserving}");
    }
}

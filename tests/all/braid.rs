//! The post-quantum exchange inside sessions: long conversations, losses, states frozen on its way.

use latchstring::Error;
use latchstring::rand_core::Rng;
use latchstring::session::{Padding, Session};
use latchstring::storage::{Change, State, StateKey};
use support::{Pair, TestRng, is_writing_fixtures, read_fixture, write_fixture};

/// Messages of the long conversation; `LATCHSTRING_MESSAGES=100000` makes it longer.
const MESSAGES: usize = 6_000;

/// A side that keeps its state on a disk: now and then the state, now and then each change.
struct Keeper {
    session: Session,
    opened: usize,
}

impl Keeper {
    fn seal(&mut self, content: &[u8], chunks: u8, rng: &mut TestRng) -> Vec<u8> {
        let sealed = self.session.stage_send().chunks(chunks).seal(content, rng).unwrap();
        sealed.apply()
    }

    fn open(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (key, anchor) = (StateKey::new(1, &[7; 32]).unwrap(), self.session.anchor());
        let before = self.session.to_bytes();
        let pending = self.session.open(message)?;
        let recorded = pending.record(&key, b"keeper", &anchor, &mut TestRng::new(1)).unwrap();
        let record = recorded.record().unwrap().to_vec();
        let opened = recorded.apply();
        let mut read_back = Session::from_bytes(&before).unwrap();
        let change = key.open::<Change<Session>>(b"keeper", None, &record).unwrap();
        change.apply(&mut read_back).unwrap();
        assert!(
            *read_back.to_bytes() == *self.session.to_bytes(),
            "a change read back does otherwise"
        );
        self.session = read_back;
        self.opened += 1;
        if self.opened.is_multiple_of(7) {
            self.reload();
        }
        Ok(opened.content.to_vec())
    }

    fn reload(&mut self) {
        let bytes = self.session.to_bytes();
        self.session = Session::from_bytes(&bytes).unwrap();
        assert_eq!(*self.session.to_bytes(), *bytes);
    }
}

/// One message under way.
struct UnderWay {
    to: usize,
    /// The number of times that the direction had changed when it was sealed.
    turns: usize,
    content: Vec<u8>,
    message: Vec<u8>,
    is_repeated: bool,
}

/// A conversation in bursts over a network that loses, delays, reorders and repeats.
struct Conversation {
    sides: [Keeper; 2],
    rng: TestRng,
    turns: usize,
    late: Vec<UnderWay>,
    refused: usize,
}

impl Conversation {
    fn new(seed: u64) -> Self {
        let Pair { initiator, responder, .. } = Pair::new(seed);
        let sides = [initiator, responder].map(|session| Keeper { session, opened: 0 });
        let rng = TestRng::new(seed);
        Self { sides, rng, turns: 0, late: Vec::new(), refused: 0 }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        self.rng.next_u32() % sides
    }

    fn deliver(&mut self, letter: &UnderWay) {
        match self.sides[letter.to].open(&letter.message) {
            Ok(content) => assert_eq!(content, letter.content),
            Err(Error::Duplicate | Error::MessageKeyGone) if letter.is_repeated => {
                self.refused += 1;
            }
            // Its chain is not kept any more.
            Err(Error::Forged) => {
                let is_old = self.turns - letter.turns >= 8;
                assert!(letter.is_repeated || is_old, "forged after {}", self.turns);
                self.refused += 1;
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn run(&mut self, messages: usize) {
        let mut from = 0;
        for number in 0..messages {
            if self.roll(3) == 0 {
                from = 1 - from;
                self.turns += 1;
            }
            let mut content = number.to_be_bytes().to_vec();
            content.resize(8 + self.roll(200) as usize, 7);
            let chunks = [1, 1, 2, 4][self.roll(4) as usize];
            let message = self.sides[from].seal(&content, chunks, &mut self.rng);
            let letter =
                UnderWay { to: 1 - from, turns: self.turns, content, message, is_repeated: false };
            match self.roll(20) {
                0..4 => {}
                4..7 => self.late.push(letter),
                7 => {
                    self.deliver(&letter);
                    self.late.push(UnderWay { is_repeated: true, ..letter });
                }
                _ => self.deliver(&letter),
            }
            if self.late.len() > 5 {
                let at = self.roll(6) as usize;
                let letter = self.late.swap_remove(at);
                self.deliver(&letter);
            }
        }
    }
}

#[test]
fn long_conversations_over_a_bad_network_lose_nothing_and_agree_on_epoch_after_epoch() {
    let wanted = std::env::var("LATCHSTRING_MESSAGES").ok();
    let messages = wanted.map_or(MESSAGES, |number| number.parse().unwrap());
    for seed in 0..4 {
        let mut conversation = Conversation::new(seed);
        conversation.run(messages / 4);
        let epochs = conversation.sides.each_ref().map(|side| side.session.post_quantum_epoch());
        assert!(epochs[0].abs_diff(epochs[1]) <= 1, "{epochs:?}");
        assert!(epochs[0] as usize > messages / 4 / 400, "{epochs:?} in {messages}");
        // What came too late, or twice, is a small part of all.
        assert!(conversation.refused < messages / 4 / 10, "{}", conversation.refused);
    }
}

/// Messages in turns, all of which arrive; the initiator writes the first.
fn talk(pair: &mut Pair, messages: usize) {
    for number in 0..messages {
        let (from, to) = if number % 2 == 0 {
            (&mut pair.initiator, &mut pair.responder)
        } else {
            (&mut pair.responder, &mut pair.initiator)
        };
        let message = from.encrypt(b"on", &mut pair.rng).unwrap();
        assert_eq!(*to.decrypt(&message).unwrap().content, b"on");
    }
}

#[test]
fn every_message_of_a_content_has_one_length_wherever_the_exchange_is() {
    let mut pair = Pair::new(3);
    let mut lengths = [Vec::new(), Vec::new()];
    for number in 0..200 {
        let (from, to) = if number % 2 == 0 {
            (&mut pair.initiator, &mut pair.responder)
        } else {
            (&mut pair.responder, &mut pair.initiator)
        };
        for (chunks, lengths) in [1, 5].into_iter().zip(&mut lengths) {
            let sealed = from.stage_send().chunks(chunks).seal(&[7; 70], &mut pair.rng);
            let message = sealed.unwrap().apply();
            to.decrypt(&message).unwrap();
            if message[1] == 1 {
                lengths.push(message.len());
            }
        }
    }
    for lengths in &mut lengths {
        lengths.dedup();
        assert_eq!(lengths.len(), 1, "{lengths:?}");
    }
    assert_eq!(lengths[1][0] - lengths[0][0], 256 - 96);
    assert!(pair.initiator.post_quantum_epoch() > 4);
}

#[test]
fn room_in_padding_is_used_and_shows_in_no_length() {
    let epochs = [31, 128, 600].map(|length| {
        let mut pair = Pair::new(4);
        for _ in 0..60 {
            let message = pair.initiator.encrypt(&vec![7; length], &mut pair.rng).unwrap();
            assert_eq!(pair.responder.decrypt(&message).unwrap().content.len(), length);
            let message = pair.responder.encrypt(&vec![7; length], &mut pair.rng).unwrap();
            assert_eq!(pair.initiator.decrypt(&message).unwrap().content.len(), length);
        }
        pair.initiator.post_quantum_epoch()
    });
    assert!(epochs[0] < epochs[2], "{epochs:?}");
    assert!(epochs[0] < epochs[1], "{epochs:?}");
}

#[test]
fn exact_padding_has_room_for_no_chunk_but_for_those_that_are_asked_for() {
    let mut pair = Pair::new(5);
    for chunks in [0, 1, 2, 36, 37, 255] {
        let sending = pair.initiator.stage_send().padding(Padding::Exact).chunks(chunks);
        let message = sending.seal(&[7; 10], &mut pair.rng).unwrap().apply();
        let front = message.len() - (10 + 1);
        let more = usize::from(chunks.clamp(1, 36) - 1) * 32;
        let without = pair.initiator.stage_send().padding(Padding::Exact);
        let without = without.seal(&[7; 10], &mut pair.rng).unwrap().apply();
        assert_eq!(front, without.len() - (10 + 1) + more);
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, [7; 10]);
    }
}

#[test]
fn the_longest_content_is_sealed_with_any_number_of_chunks() {
    let mut pair = Pair::new(6);
    for length in [(1 << 20) - 600, 1 << 20] {
        let content = vec![7; length];
        let sealed = pair.initiator.stage_send().chunks(36).seal(&content, &mut pair.rng);
        let message = sealed.unwrap().apply();
        assert!(pair.responder.decrypt(&message).unwrap().content.len() == length);
        let sealed = pair.initiator.stage_send().padding(Padding::Exact).chunks(36);
        let message = sealed.seal(&content, &mut pair.rng).unwrap().apply();
        assert!(pair.responder.decrypt(&message).unwrap().content.len() == length);
    }
}

#[test]
fn one_way_traffic_agrees_on_nothing_and_grows_no_state() {
    let mut pair = Pair::new(7);
    talk(&mut pair, 2);
    for _ in 0..100 {
        let message = pair.initiator.encrypt(b"alone", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
    }
    let states = |pair: &Pair| [pair.initiator.to_bytes().len(), pair.responder.to_bytes().len()];
    let before = states(&pair);
    for _ in 0..200 {
        let message = pair.initiator.encrypt(b"alone", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
    }
    assert_eq!(states(&pair), before);
    assert_eq!(pair.responder.post_quantum_epoch(), 0);
}

#[test]
fn a_message_replayed_in_a_later_epoch_is_refused_and_moves_nothing() {
    let mut pair = Pair::new(8);
    let first = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    pair.responder.decrypt(&first).unwrap();
    talk(&mut pair, 200);
    assert!(pair.responder.post_quantum_epoch() >= 1);
    let before = pair.responder.to_bytes();
    assert!(pair.responder.decrypt(&first).is_err());
    assert_eq!(*pair.responder.to_bytes(), *before);
}

#[test]
fn a_message_that_comes_an_epoch_late_opens_and_its_chunk_is_ignored() {
    let mut pair = Pair::new(9);
    talk(&mut pair, 86);
    // In bursts, so that its chain is still kept when the epoch is over.
    let late = pair.initiator.encrypt(b"late", &mut pair.rng).unwrap();
    let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    for _ in 0..2 {
        for _ in 0..60 {
            let message = pair.responder.encrypt(b"on", &mut pair.rng).unwrap();
            pair.initiator.decrypt(&message).unwrap();
        }
        for _ in 0..60 {
            let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
            pair.responder.decrypt(&message).unwrap();
        }
    }
    let before = pair.responder.post_quantum_epoch();
    assert!(before >= 1);
    assert_eq!(*pair.responder.decrypt(&late).unwrap().content, b"late");
    talk(&mut pair, 200);
    assert!(pair.responder.post_quantum_epoch() > before + 1);
}

// ---- states frozen on their way through an epoch ----

/// The numbers of messages in turns after which each state of the exchange is there, on either side.
const ON_THE_WAY: [usize; 7] = [1, 4, 8, 40, 74, 80, 88];

/// Returns both sides after some messages of one deterministic run.
fn frozen(messages: usize) -> [Vec<u8>; 2] {
    let mut pair = Pair::new(10);
    talk(&mut pair, messages);
    [&pair.initiator, &pair.responder].map(|session| session.to_bytes().to_vec())
}

#[test]
fn states_that_an_earlier_build_left_within_an_epoch_reach_the_same_secrets() {
    for messages in ON_THE_WAY {
        let sides = ["initiator", "responder"].map(|side| format!("{side}-{messages:02}"));
        if is_writing_fixtures() {
            for (name, bytes) in sides.iter().zip(frozen(messages)) {
                write_fixture(&format!("braid-{name}"), &bytes);
            }
        }
        let [initiator, responder] = sides.map(|name| {
            let bytes = read_fixture(&format!("braid-{name}"));
            let session = Session::from_bytes(&bytes).unwrap();
            assert_eq!(*session.to_bytes(), bytes);
            session
        });
        let mut pair = Pair { initiator, responder, ..Pair::new(11) };
        // Who wrote last before says who is to write: the initiator, who can in any state.
        talk(&mut pair, 300);
        let epochs = [&pair.initiator, &pair.responder].map(Session::post_quantum_epoch);
        assert!(epochs[0] >= 3 && epochs[0].abs_diff(epochs[1]) <= 1, "{messages}: {epochs:?}");
    }
}

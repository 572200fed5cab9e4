//! Chats whose sides no longer understand each other, and their repair.

use super::*;

use latchstring::client::Envelope;
use latchstring::guest::TakenMessage;
use latchstring::storage::Pending;

pub(super) const HOUR: u64 = 3600;

/// One side of a chat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Host,
    Guest,
}

/// A chat of which each side is looked after.
pub(super) struct Pair(pub(super) Talk);

/// The outcome of looking after both sides until neither has anything to send.
#[derive(Debug, Default)]
pub(super) struct Healed {
    /// Messages sealed for repair, one after the other, each brought before the next.
    pub(super) rounds: usize,
    pub(super) texts: Vec<String>,
    pub(super) unread: usize,
    pub(super) renewed: usize,
}

impl Healed {
    pub(super) fn note(&mut self, taken: TakenMessage) {
        match taken {
            TakenMessage::Event(event) => {
                self.renewed += usize::from(event.renewed);
                if let ChatEvent::Text(text) = &event.event {
                    self.texts.push(text.text.to_string());
                }
            }
            TakenMessage::Unread => self.unread += 1,
            TakenMessage::Known | TakenMessage::Refused(Error::Replay) => {}
            other => panic!("{other:?}"),
        }
    }
}

impl Pair {
    pub(super) fn take(&mut self, by: Side, message: &[u8], now: u64) -> TakenMessage {
        let chat = self.chat(by);
        let from = chat.other();
        recorded(chat, |chat| chat.take(from, message, now))
    }

    pub(super) fn repair(&mut self, of: Side, now: u64) -> Vec<Envelope> {
        let Talk { door, host, guest, .. } = &mut self.0;
        let repaired = match of {
            Side::Host => {
                recorded(host, |host| host.repair(Some(&door.host), now, &mut door.rng).unwrap())
            }
            Side::Guest => recorded(guest, |guest| guest.repair(None, now, &mut door.rng).unwrap()),
        };
        assert_eq!(repaired.event, None);
        repaired.envelopes
    }

    pub(super) fn chat(&mut self, of: Side) -> &mut Chat {
        match of {
            Side::Host => &mut self.0.host,
            Side::Guest => &mut self.0.guest,
        }
    }

    pub(super) fn says(&mut self, side: Side, text: &str, now: u64) -> Vec<u8> {
        match side {
            Side::Host => self.0.host_says(text, now),
            Side::Guest => self.0.guest_says(text, now),
        }
    }

    /// Looks after both sides in turn, and brings what they send.
    pub(super) fn heal(&mut self, healed: &mut Healed, now: u64) {
        let mut idle = 0;
        let mut side = Side::Host;
        while idle < 2 {
            let sent = self.repair(side, now);
            idle = if sent.is_empty() { idle + 1 } else { 0 };
            healed.rounds += usize::from(!sent.is_empty());
            side = side.other();
            for envelope in sent {
                let taken = self.take(side, &envelope.message, now);
                healed.note(taken);
            }
        }
    }

    pub(super) fn exchange(&mut self, times: usize, now: u64) {
        for _ in 0..times {
            let (there, back) = (self.says(Side::Guest, "a", now), self.says(Side::Host, "b", now));
            self.0.host.hear(&there, now).unwrap();
            self.0.guest.hear(&back, now).unwrap();
        }
    }

    /// Checks that both sides are in one session, and read each other.
    #[track_caller]
    pub(super) fn agrees(&mut self, now: u64) {
        let (host, guest) = (&self.0.host, &self.0.guest);
        let ids = |chat: &Chat| chat.handshake_ids().collect::<Vec<_>>();
        assert_eq!((ids(host), ids(host).len()), (ids(guest), 1));
        for _ in 0..2 {
            self.exchange(1, now);
        }
    }
}

/// Applies the change of an operation, and checks that its record leads to the same state, which goes on.
fn recorded<T>(
    chat: &mut Chat,
    operation: impl for<'c> FnOnce(&'c mut Chat) -> Pending<'c, Chat, T>,
) -> T {
    let (mut copy, anchor) = (restored(chat), chat.anchor());
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let recorded = operation(chat).record(&key, b"chat", &anchor, &mut TestRng::new(0)).unwrap();
    if let Some(record) = recorded.record() {
        let change: Change<Chat> = key.open(b"chat", None, record).unwrap();
        change.apply(&mut copy).unwrap();
        assert_ne!(copy.anchor(), anchor);
    }
    let output = recorded.apply();
    assert!(copy.to_bytes() == chat.to_bytes());
    *chat = copy;
    output
}

impl Side {
    pub(super) fn other(self) -> Self {
        if self == Self::Host { Self::Guest } else { Self::Host }
    }
}

pub(super) fn active(seed: u64) -> Pair {
    let mut talk = Pair(Talk::new(seed));
    talk.exchange(2, NOW);
    talk
}

#[test]
fn a_guest_chat_goes_on_after_either_side_was_rolled_back() {
    let mut seed = 700;
    for times in [1, 10, 40] {
        for (back, first) in [
            (&[Side::Guest][..], Side::Guest),
            (&[Side::Guest], Side::Host),
            (&[Side::Host], Side::Guest),
            (&[Side::Host], Side::Host),
            (&[Side::Host, Side::Guest], Side::Guest),
        ] {
            seed += 1;
            let name = format!("{times} {back:?} {first:?}");
            let mut talk = active(seed);
            let before = (restored(&talk.0.host), restored(&talk.0.guest));
            talk.exchange(times, NOW + 1);
            for side in back {
                let copy = if *side == Side::Host { &before.0 } else { &before.1 };
                *talk.chat(*side) = restored(copy);
            }
            let now = NOW + DAY;
            let mut healed = Healed::default();
            let text = talk.says(first, "first", now);
            let taken = talk.take(first.other(), &text, now);
            healed.note(taken);
            talk.heal(&mut healed, now);
            assert!(healed.rounds <= 3, "{name}: {healed:?}");
            let is_whole = back.len() == 2;
            assert_eq!(healed.texts.len(), usize::from(is_whole), "{name}: {healed:?}");
            assert_eq!(healed.renewed, if is_whole { 0 } else { 2 }, "{name}: {healed:?}");
            talk.agrees(now);
            // What was brought in time is not shown again.
            assert!(
                matches!(
                    talk.take(first.other(), &text, now),
                    TakenMessage::Known | TakenMessage::Unread | TakenMessage::Refused(_)
                ),
                "{name}"
            );
        }
    }
}

#[test]
fn junk_begins_no_more_than_a_session_an_hour_and_takes_nothing_away() {
    let mut talk = active(721);
    let mut sent = Vec::new();
    let junk = [&[1, 1][..], &[7; 200]].concat();
    for step in 0..72 * 6 {
        let now = NOW + step * 600;
        assert!(matches!(talk.take(Side::Host, &junk, now), TakenMessage::Unread));
        let envelopes = talk.repair(Side::Host, now);
        if !envelopes.is_empty() {
            sent.push((now, envelopes));
        }
        // What the guest writes before it hears of that is read.
        if step % 100 == 0 && step < 300 {
            let text = talk.says(Side::Guest, "meanwhile", now);
            assert!(matches!(talk.take(Side::Host, &text, now), TakenMessage::Event(_)));
        }
    }
    let hours: Vec<_> = sent.iter().map(|(at, _)| (at - NOW) / HOUR).collect();
    assert_eq!(hours, [0, 1, 3, 7, 15, 31, 47, 63]);
    // All of them reach the guest at once, in either order: the last is the one.
    for turned in [false, true] {
        let mut talk = Pair(Talk {
            door: Door::new(1),
            host: restored(&talk.0.host),
            guest: restored(&talk.0.guest),
            claim: Vec::new(),
        });
        let now = NOW + 3 * DAY;
        let mut envelopes: Vec<_> = sent.iter().flat_map(|(_, sent)| sent).collect();
        if turned {
            envelopes.reverse();
        }
        let mut healed = Healed::default();
        for envelope in envelopes {
            let taken = talk.take(Side::Guest, &envelope.message, now);
            healed.note(taken);
        }
        for envelope in talk.repair(Side::Guest, now) {
            let taken = talk.take(Side::Host, &envelope.message, now);
            healed.note(taken);
        }
        talk.agrees(now);
        assert!(healed.texts.is_empty());
    }
}

#[test]
fn a_repair_and_a_knock_that_cross_end_in_one_session() {
    let mut talk = active(722);
    let guest = restored(&talk.0.guest);
    talk.exchange(5, NOW + 1);
    talk.0.guest = guest;
    let now = NOW + DAY;
    let (there, back) = (talk.says(Side::Guest, "there", now), talk.says(Side::Host, "back", now));
    let mut healed = Healed::default();
    for (side, message) in [(Side::Host, &there), (Side::Guest, &back)] {
        let taken = talk.take(side, message, now);
        healed.note(taken);
    }
    assert_eq!(healed.unread, 2);
    // Both repair before either has heard of it, and the guest writes on.
    let (anew, knock) = (talk.repair(Side::Host, now), talk.repair(Side::Guest, now));
    assert!(!anew.is_empty() && !knock.is_empty());
    let text = talk.says(Side::Guest, "and again", now);
    for message in [&knock[0].message, &text] {
        assert!(matches!(talk.take(Side::Host, message, now), TakenMessage::Unread));
    }
    // A host that hears nothing else says once more that it comes, and begins nothing for what crossed it.
    let mut patient = restored(&talk.0.host);
    let begun: Vec<_> = patient.handshake_ids().collect();
    let (host, rng) = (&talk.0.door.host, &mut talk.0.door.rng);
    let again = patient.repair(Some(host), now + HOUR, rng).unwrap().apply().envelopes;
    assert_eq!(again.len(), 1);
    assert!(patient.handshake_ids().eq(begun));
    for envelope in &anew {
        let taken = talk.take(Side::Guest, &envelope.message, now);
        healed.note(taken);
    }
    talk.heal(&mut healed, now);
    talk.agrees(now);
    // Nobody begins another one for what crossed it.
    for hours in 0..30 {
        assert!(talk.repair(Side::Host, now + hours * HOUR).is_empty());
    }
}

#[test]
fn a_host_that_reads_its_guest_begins_anew_for_one_that_does_not_read_it() {
    let mut talk = active(739);
    let host = restored(&talk.0.host);
    // Restored within its chain, it repeats numbers, and reads all along.
    for text in ["one", "two", "three"] {
        let text = talk.says(Side::Host, text, NOW);
        talk.take(Side::Guest, &text, NOW);
    }
    talk.0.host = host;
    let now = NOW + DAY;
    let text = talk.says(Side::Host, "other", now);
    assert!(matches!(talk.take(Side::Guest, &text, now), TakenMessage::Unread));
    let knock = talk.repair(Side::Guest, now);
    for message in [knock[0].message.clone(), talk.says(Side::Guest, "and a text", now)] {
        assert!(matches!(talk.take(Side::Host, &message, now), TakenMessage::Event(_)));
    }
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    assert_eq!(healed.renewed, 2);
    talk.agrees(now);
}

#[test]
fn a_waiting_chat_goes_on_after_its_guest_was_rolled_back() {
    let mut talk = Pair(Talk::waiting(737));
    let guest = restored(&talk.0.guest);
    let text = talk.says(Side::Guest, "two", NOW);
    talk.0.host.hear(&text, NOW).unwrap();
    talk.0.guest = guest;
    let now = NOW + HOUR - 1;
    let text = talk.says(Side::Guest, "other", now);
    assert!(matches!(talk.take(Side::Host, &text, now), TakenMessage::Unread));
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    // To a guest that the host has never answered, it looks like any device that comes in.
    assert_eq!((healed.rounds, healed.renewed, healed.unread), (2, 1, 0));
    assert_eq!(
        (talk.0.host.status(), talk.0.guest.status()),
        (ChatStatus::Waiting, ChatStatus::Waiting)
    );
    let text = talk.says(Side::Guest, "three", now);
    assert!(matches!(talk.take(Side::Host, &text, now), TakenMessage::Event(_)));
    let granted = talk.0.grant();
    talk.0.guest.hear(&granted, now).unwrap();
    talk.agrees(now);
}

#[test]
fn what_a_repair_seals_keeps_no_chat_open() {
    let mut talk = active(743);
    talk.exchange(1, NOW);
    let deadlines = |talk: &Pair| [talk.0.host.deadline(), talk.0.guest.deadline()];
    let before = deadlines(&talk);
    let junk = [&[1, 1][..], &[7; 200]].concat();
    let mut healed = Healed::default();
    for days in 1..4 {
        let now = NOW + days * DAY;
        for side in [Side::Host, Side::Guest] {
            talk.take(side, &junk, now);
        }
        talk.heal(&mut healed, now);
    }
    assert!(healed.renewed >= 6 && healed.rounds >= 6, "{healed:?}");
    assert_eq!(deadlines(&talk), before);
}

#[test]
fn a_guest_that_reads_again_after_junk_begins_nothing() {
    let mut talk = active(728);
    let junk = [&[1, 1][..], &[7; 200]].concat();
    let ids = |talk: &Pair| talk.0.host.handshake_ids().collect::<Vec<_>>();
    let before = ids(&talk);
    assert!(matches!(talk.take(Side::Guest, &junk, NOW), TakenMessage::Unread));
    // It is noted once, and not again.
    let from = talk.0.guest.other();
    assert!(!talk.0.guest.take(from, &junk, NOW).is_change());
    let mut healed = Healed::default();
    talk.heal(&mut healed, NOW + HOUR);
    assert_eq!((healed.rounds, healed.renewed, ids(&talk)), (2, 0, before));
    talk.agrees(NOW + HOUR);
    for hours in 1..30 {
        assert!(talk.repair(Side::Guest, NOW + hours * HOUR).is_empty());
    }
}

//! The descent of a first message against what is known: the lines of the rule one at a time.

use crate::client::links::{Links, MAX_LINKS};
use crate::client::session_choice::{
    ActiveSession, Contradiction, MAX_AHEAD, Met, NewSession, PeerSessions, Reached, contradiction,
};
use crate::protocol::handshake::continuation::Predecessor;
use crate::protocol::position::{Position, SessionId as Id};

const START: u64 = 1_800_000_000;
const ACTIVE: Id = Id([5; 32]);
const BEFORE: Id = Id([3; 32]);
const CLOSED: Position = Position { chain: 2, number: 7 };

/// Judges a first message, to a side that is on [`ACTIVE`], proven, after [`BEFORE`].
fn judged(
    created: u64,
    predecessor: Option<(Id, Position)>,
    prekeys: u64,
    reached: Option<Reached>,
) -> Option<Contradiction> {
    let mut links = Links::default();
    links.add(BEFORE, START - 100, |_| true);
    links.add(ACTIVE, START, |_| true);
    links.close(BEFORE, CLOSED, START);
    let active =
        ActiveSession { id: ACTIVE, created: START, since: START, ours: true, proven: true };
    let met = Met { created: START - 100, at: START - 50 };
    let pair =
        PeerSessions { active: Some(active), newest: START, met, latest: met, links: &links };
    let predecessor = predecessor.map(|(session, closed)| Predecessor { session, closed });
    let first = NewSession { id: Id([6; 32]), predecessor, created, prekeys };
    contradiction(&pair, &first, reached)
}

fn at(chain: u32, number: u32) -> Position {
    Position { chain, number }
}

#[test]
fn a_first_message_that_names_none_is_a_loss_unless_it_can_be_older_than_all_that_was_proven() {
    for (created, prekeys, found) in [
        (START - 100, START - 50, None),
        (1, 0, None),
        (START - 99, 0, Some(Contradiction::Reset)),
        (START + MAX_AHEAD + 1000, 0, Some(Contradiction::Reset)),
        (u64::MAX, 0, Some(Contradiction::Reset)),
        // Whatever time it says it is of, it names prekeys that came later.
        (1, START - 49, Some(Contradiction::Reset)),
        (START - 100, START, Some(Contradiction::Reset)),
    ] {
        assert_eq!(judged(created, None, prekeys, None), found, "{created} {prekeys}");
    }
}

#[test]
fn a_first_message_that_names_a_session_that_never_was_is_told_whatever_its_time() {
    for created in [0, 1, START - 1, START, START + 1, u64::MAX] {
        let found = judged(created, Some((Id([9; 32]), CLOSED)), 0, None);
        assert_eq!(found, Some(Contradiction::RolledBack), "{created}");
    }
}

#[test]
fn a_first_message_that_is_older_than_what_it_continues_is_told() {
    for (session, closed, created, found) in [
        (ACTIVE, CLOSED, START, Some(Contradiction::Forked)),
        (ACTIVE, CLOSED, 1, Some(Contradiction::Forked)),
        (ACTIVE, CLOSED, START + 1, None),
        (ACTIVE, CLOSED, u64::MAX, None),
        (BEFORE, CLOSED, START - 100, Some(Contradiction::Forked)),
        (BEFORE, CLOSED, START - 99, None),
    ] {
        assert_eq!(judged(created, Some((session, closed)), 0, None), found, "{created}");
    }
}

#[test]
fn two_first_messages_that_left_one_session_at_different_places_are_told() {
    for other in [at(2, 6), at(2, 8), at(1, 7), at(3, 0), at(0, 0)] {
        let found = judged(START - 1, Some((BEFORE, other)), 0, None);
        assert_eq!(found, Some(Contradiction::Forked), "{other:?}");
    }
    assert_eq!(judged(START - 1, Some((BEFORE, CLOSED)), 0, None), None);
}

#[test]
fn a_first_message_that_gives_up_another_session_than_the_proven_one_is_told() {
    let found = judged(START + 1, Some((BEFORE, CLOSED)), 0, None);
    assert_eq!(found, Some(Contradiction::Forked));
}

#[test]
fn who_left_a_session_before_what_was_read_in_it_was_rolled_back_or_copied() {
    for (opened, found) in [
        (at(0, 0), None),
        (at(2, 7), None),
        (at(2, 8), Some(Contradiction::Forked)),
        (at(3, 1), Some(Contradiction::Forked)),
    ] {
        let reached = Some(Reached { opened, chain: 9 });
        assert_eq!(judged(START + 1, Some((ACTIVE, CLOSED)), 0, reached), found);
    }
}

#[test]
fn who_is_said_to_have_made_a_peer_turn_and_has_not_was_rolled_back() {
    for (chain, found) in [(2, None), (3, None), (1, Some(Contradiction::RolledBack))] {
        let reached = Some(Reached { opened: at(1, 0), chain });
        assert_eq!(judged(START + 1, Some((ACTIVE, CLOSED)), 0, reached), found);
    }
}

#[test]
fn what_was_forgotten_raises_no_alarm_but_for_what_would_be_active() {
    let mut links = Links::default();
    for n in 0..=MAX_LINKS {
        let id = Id([u8::try_from(n).unwrap(); 32]);
        links.add(id, START + u64::try_from(n).unwrap(), |link| link.is_of(Id([1; 32])));
    }
    assert!(links.is_cut());
    assert!(links.find(Id([0; 32])).is_none());
    assert!(links.find(Id([1; 32])).is_some(), "what is held stays");
    let last = START + u64::try_from(MAX_LINKS).unwrap();
    let active =
        ActiveSession { id: Id([16; 32]), created: last, since: last, ours: true, proven: false };
    let pair = PeerSessions {
        active: Some(active),
        newest: last,
        met: Met::NEVER,
        latest: Met::NEVER,
        links: &links,
    };
    let first = |created| NewSession {
        id: Id([40; 32]),
        predecessor: Some(Predecessor { session: Id([0; 32]), closed: CLOSED }),
        created,
        prekeys: 0,
    };
    assert_eq!(contradiction(&pair, &first(last), None), None);
    let found = Some(Contradiction::RolledBack);
    assert_eq!(contradiction(&pair, &first(last + 1), None), found);
    let alone = PeerSessions { active: None, ..pair };
    assert_eq!(contradiction(&alone, &first(last + 1), None), None);
    // Prekeys from after the newest proven session betray it, whatever time it says it is of.
    let latest = Met { created: last, at: last + 5 };
    let proven = PeerSessions { latest, ..pair };
    for (prekeys, found) in [(last + 5, None), (last + 6, Some(Contradiction::RolledBack))] {
        let first = NewSession { prekeys, ..first(1) };
        assert_eq!(contradiction(&proven, &first, None), found);
    }
}

#[test]
fn who_names_prekeys_that_came_after_it_had_left_the_session_that_it_names_is_told() {
    // `judged` has the newest proven session where it was met: BEFORE is as old, so nothing is older.
    let mut links = Links::default();
    links.add(BEFORE, START - 100, |_| true);
    links.add(ACTIVE, START, |_| true);
    let active =
        ActiveSession { id: ACTIVE, created: START, since: START, ours: true, proven: true };
    let met = Met { created: START - 100, at: START - 50 };
    let latest = Met { created: START, at: START + 10 };
    let pair = PeerSessions { active: Some(active), newest: START, met, latest, links: &links };
    let found = |session, prekeys| {
        let predecessor = Some(Predecessor { session, closed: CLOSED });
        let first = NewSession { id: Id([6; 32]), predecessor, created: START - 99, prekeys };
        contradiction(&pair, &first, None)
    };
    assert_eq!(found(BEFORE, START + 10), None, "held back since");
    assert_eq!(found(BEFORE, START + 11), Some(Contradiction::Forked));
}

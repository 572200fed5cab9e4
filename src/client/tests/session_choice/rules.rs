//! The lines of the rule, one at a time, on the model.

use alloc::vec::Vec;

use super::{Id, Ids, Message, Outcome, START, Server, World};
use crate::client::doubt::{Doubt, Level};
use crate::client::limits::{DAY, HOUR};
use crate::client::links::Links;
use crate::client::session_choice::{
    ActiveSession, Choice, Contradiction, GRACE, MAX_AHEAD, Met, NewSession, NextSession,
    PeerSessions, STALE_AFTER, choose, created, is_plausible, next_session,
};
use crate::protocol::clock::{Clock, Now};
use crate::protocol::handshake::continuation::Predecessor;
use crate::protocol::position::Position;

const RESET: Outcome = Outcome::Contradicts(Contradiction::Reset);

const LOW: Id = Id([1; 32]);
const HIGH: Id = Id([9; 32]);

/// Brings both sides to one proven session, made by side 0.
fn proven() -> (World, Ids) {
    let (mut world, mut ids) = (World::new([0, 0], Server::GOOD), Ids(3));
    for from in [0, 1, 0] {
        assert_eq!(world.exchange(from, &mut ids), Outcome::Opened);
    }
    assert!(world.sides.iter().all(|side| side.pair.get().active.unwrap().proven));
    world.now += HOUR;
    (world, ids)
}

/// Takes the message that was sent last to `to` off the way.
fn take(world: &mut World, to: usize) -> Message {
    world.queues[to].pop().unwrap()
}

fn first(created: u64, id: u8, predecessor: Option<u8>) -> NewSession {
    let named = |byte| Predecessor { session: Id([byte; 32]), closed: Position::default() };
    NewSession { id: Id([id; 32]), predecessor: predecessor.map(named), created, prekeys: 0 }
}

fn begun(world: &mut World, at: usize, id: Id) -> Message {
    world.begin(at, id);
    world.send(at, id);
    take(world, 1 - at)
}

#[test]
fn of_two_sessions_begun_at_once_both_sides_take_the_one_with_the_lower_id() {
    for (ours, theirs) in [(LOW, HIGH), (HIGH, LOW)] {
        let mut world = World::new([0, 0], Server::GOOD);
        let (a, b) = (begun(&mut world, 0, ours), begun(&mut world, 1, theirs));
        assert_eq!((world.open(1, &a), world.open(0, &b)), (Outcome::Opened, Outcome::Opened));
        assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(LOW); 2]);
    }
}

#[test]
fn of_two_sessions_begun_at_once_the_later_one_is_taken_whatever_its_id() {
    for (ours, theirs) in [(LOW, HIGH), (HIGH, LOW)] {
        let mut world = World::new([0, 0], Server::GOOD);
        let a = begun(&mut world, 0, ours);
        world.now += 1;
        let b = begun(&mut world, 1, theirs);
        world.open(1, &a);
        world.open(0, &b);
        assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(theirs); 2]);
    }
}

#[test]
fn an_attempt_that_arrives_after_a_later_one_is_read_and_not_made_active() {
    let (mut world, _) = proven();
    let (first, second) = (begun(&mut world, 0, LOW), begun(&mut world, 0, HIGH));
    assert_eq!(world.open(1, &second), Outcome::Opened);
    assert_eq!(world.open(1, &first), Outcome::Opened);
    assert_eq!(world.sides[1].active(), Some(HIGH));
}

#[test]
fn a_renewal_of_an_attempt_that_its_maker_gave_up_meets_the_next_attempt_in_one_session() {
    for order in [[0, 1], [1, 0]] {
        let (mut world, mut ids) = proven();
        let first = begun(&mut world, 0, HIGH);
        world.open(1, &first);
        // One side renews it while the other one has given it up.
        let answer = begun(&mut world, 1, Id([5; 32]));
        let second = begun(&mut world, 0, LOW);
        for at in order {
            world.open(at, if at == 0 { &answer } else { &second });
        }
        assert_eq!(world.sides[0].active(), world.sides[1].active());
        world.come_to_one_session(0, &mut ids);
    }
}

#[test]
fn a_first_message_withheld_since_before_the_active_session_brings_nothing_back() {
    let mut world = World::new([0, 0], Server::GOOD);
    let withheld = begun(&mut world, 0, LOW);
    world.now += 1;
    let met = begun(&mut world, 1, HIGH);
    world.open(0, &met);
    for from in [0, 1] {
        assert_eq!(world.exchange(from, &mut Ids(1)), Outcome::Opened);
    }
    world.now += 10 * DAY;
    assert_eq!(world.open(1, &withheld), Outcome::Opened);
    assert_eq!(world.sides[1].active(), Some(HIGH));
    assert_eq!(world.sides[1].resets, 0);
}

#[test]
fn a_peer_that_lost_its_state_is_taken_back_and_it_is_said() {
    for prekeys_too in [false, true] {
        let (mut world, mut ids) = proven();
        world.lose(0, prekeys_too);
        assert_eq!(world.exchange(0, &mut ids), RESET);
        assert_eq!(world.sides[1].resets, 1);
        assert_eq!(world.sides[0].active(), world.sides[1].active());
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    }
}

#[test]
fn a_loss_is_said_also_while_a_renewal_is_unanswered() {
    let (mut world, mut ids) = proven();
    begun(&mut world, 1, LOW);
    world.lose(0, false);
    world.now += 1;
    assert_eq!(world.exchange(0, &mut ids), RESET);
    assert_eq!(world.sides[1].resets, 1);
}

#[test]
fn a_peer_that_lost_its_state_and_its_time_is_taken_back_by_its_request() {
    let (mut world, mut ids) = proven();
    let before = world.sides[1].active();
    world.lose(0, true);
    world.sides[0].skew = -3 * 86400;
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].active(), before);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Unreadable);
    // The peer sends a resend request in its own session, which is a replaced one here.
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].doubt.level(world.now), Level::Shown);
    // It is told, too: the other names a session that it does not know.
    let rolled_back = Outcome::Contradicts(Contradiction::RolledBack);
    assert_eq!(world.exchange(1, &mut ids), rolled_back);
    assert_eq!(world.sides[0].active(), world.sides[1].active());
    assert_ne!(world.sides[1].active(), before);
    assert_eq!(world.sides.clone().map(|side| side.resets), [0, 0]);
}

#[test]
fn a_thiefs_resend_request_in_a_replaced_session_does_not_bring_it_back() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    let old = world.sides[0].active().unwrap();
    let renewal = begun(&mut world, 0, LOW);
    world.open(1, &renewal);
    world.exchange(1, &mut ids);
    world.exchange(0, &mut ids);
    // A number below the closing one that did not arrive: the most that the thief can have.
    world.sides[1].pair.links = Links::default();
    for id in [old, LOW] {
        world.sides[1].pair.links.add(id, START, |_| true);
    }
    let mut request = world.forge().unwrap();
    request.asks = true;
    let mut actives = Vec::from([old, LOW]);
    for fresh in [true, true, false] {
        assert_eq!(world.open(1, &request), Outcome::Opened);
        request.number += 1;
        world.now += 1;
        for from in [1, 0, 1] {
            assert_eq!(world.exchange(from, &mut ids), Outcome::Opened);
        }
        let active = world.sides.clone().map(|side| side.active().unwrap());
        assert_eq!(active[0], active[1]);
        assert_eq!(!actives.contains(&active[0]), fresh, "twice an hour, and never an old one");
        actives.push(active[0]);
    }
}

#[test]
fn a_suspicion_is_moot_once_the_peer_writes_in_the_active_session() {
    let (mut world, mut ids) = proven();
    let active = world.sides[1].active();
    world.sides[1].doubt.raise(Level::Suspected, world.now);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].active(), active);
    // What is shown is not.
    world.sides[1].doubt.raise(Level::Shown, world.now);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_ne!(world.sides[1].active(), active);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].doubt.level(world.now), Level::None);
}

#[test]
fn a_clone_that_writes_on_in_a_replaced_session_is_noticed() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    world.send(0, LOW);
    let late = take(&mut world, 1);
    let renewal = begun(&mut world, 0, LOW);
    assert_eq!(world.open(1, &renewal), Outcome::Opened);
    // What was sent before is read, what a clone writes is not.
    let [same, read, past] = [0; 3].map(|_| world.forge().unwrap());
    assert_eq!(world.open(1, &same), Outcome::Cloned);
    assert_eq!(world.open(1, &past), Outcome::Cloned);
    assert_eq!(world.open(1, &late), Outcome::Opened);
    assert_eq!(world.open(1, &read), Outcome::Cloned);
    // So too if the first attempt to replace it got lost.
    let (mut world, _) = proven();
    world.steal(0);
    begun(&mut world, 0, LOW);
    let renewal = begun(&mut world, 0, HIGH);
    world.open(1, &renewal);
    let past = world.forge().unwrap();
    assert_eq!(world.open(1, &past), Outcome::Cloned);
}

#[test]
fn a_clone_in_a_session_that_its_peer_replaced_is_not_read_after_the_grace() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    let renewal = begun(&mut world, 1, LOW);
    world.open(0, &renewal);
    world.exchange(0, &mut ids);
    let forged = [0; 2].map(|_| world.forge().unwrap());
    world.now += GRACE - 1;
    assert_eq!(world.open(1, &forged[0]), Outcome::Opened);
    world.now += 1;
    assert_eq!(world.open(1, &forged[1]), Outcome::Unreadable);
}

#[test]
fn a_session_is_read_as_long_as_its_renewal_is_unanswered() {
    let (mut world, mut ids) = proven();
    begun(&mut world, 0, LOW);
    for _ in 0..10 {
        world.now += GRACE + STALE_AFTER;
        // Withheld, and begun anew each time: more attempts than there is room for replaced sessions.
        world.send(0, ids.next());
        take(&mut world, 1);
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    }
    world.come_to_one_session(1, &mut ids);
}

#[test]
fn first_messages_that_do_not_name_the_proven_session_do_not_replace_it() {
    let (mut world, mut ids) = proven();
    let active = world.sides[1].active();
    for n in 0..50_u8 {
        let mut flood = begun(&mut world, 0, Id([n; 32]));
        let prefix = flood.prefix.as_mut().unwrap();
        prefix.predecessor = Some(Id([0xee; 32]));
        let found = Outcome::Contradicts(Contradiction::RolledBack);
        assert_eq!(world.open(1, &flood), found);
        assert_eq!(world.sides[1].active(), active);
        world.check();
    }
    assert_eq!(world.sides[1].rollbacks, 50);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
}

#[test]
fn each_line_of_the_rule_holds_to_the_second() {
    use Choice::{Activate, Keep, Replace};
    let links = Links::default();
    let active =
        ActiveSession { id: Id([5; 32]), created: START, since: START, ours: true, proven: false };
    let pair = PeerSessions {
        active: Some(active),
        newest: START,
        met: Met::NEVER,
        latest: Met::NEVER,
        links: &links,
    };
    let proven = PeerSessions { active: Some(ActiveSession { proven: true, ..active }), ..pair };
    let accepted = PeerSessions { active: Some(ActiveSession { ours: false, ..active }), ..pair };
    let now = START + 100;
    for pair in [pair, accepted] {
        for predecessor in [None, Some(5), Some(3)] {
            for (created, id, choice) in [
                (START - 1, 1, Keep),
                (START, 6, Keep),
                (START, 4, Replace),
                (START + 1, 6, Replace),
                (now + MAX_AHEAD, 6, Replace),
                (now + MAX_AHEAD + 1, 6, Keep),
            ] {
                assert_eq!(choose(&pair, &first(created, id, predecessor), now), choice);
            }
        }
    }
    for (created, predecessor, choice) in [
        (START - 1, Some(5), Keep),
        (START - 1, None, Keep),
        (START - 1, Some(3), Keep),
        (START + 1, Some(5), Replace),
        (START + 1, None, Replace),
        (START + 1, Some(3), Keep),
    ] {
        assert_eq!(choose(&proven, &first(created, 6, predecessor), now), choice);
    }
    let none = PeerSessions { active: None, ..pair };
    assert_eq!(choose(&none, &first(START, 1, None), now), Keep);
    assert_eq!(choose(&none, &first(START + 1, 1, Some(3)), now), Activate);
    assert_eq!(choose(&none, &first(now + MAX_AHEAD + 1, 1, None), now), Keep);
}

#[test]
fn a_new_session_is_the_newest_whatever_the_clock_says() {
    assert_eq!(created(0, START), START);
    assert_eq!(created(START - 1, START), START);
    assert_eq!(created(START, START), START + 1);
    assert_eq!(created(START + 9, START), START + 10);
    assert_eq!(created(u64::MAX, START), u64::MAX);
    assert!(is_plausible(u64::MAX, u64::MAX));
}

#[test]
fn a_first_message_from_a_time_beyond_belief_moves_nothing() {
    let (mut world, mut ids) = proven();
    let mut lie = begun(&mut world, 0, LOW);
    lie.prefix.as_mut().unwrap().created = u64::MAX;
    assert_eq!(world.open(1, &lie), Outcome::Opened);
    assert_ne!(world.sides[1].active(), Some(LOW));
    assert!(world.sides[1].pair.newest < START + MAX_AHEAD);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
}

/// Returns a doubt of this level since `START`, or none.
fn doubt(level: Level) -> Doubt {
    let mut doubt = Doubt::default();
    doubt.raise(level, START);
    doubt
}

#[test]
fn no_session_a_stale_one_or_a_doubt_begins_a_new_one() {
    use NextSession::{Active, New, WithBundle, WithOneTimePrekey};
    let unanswered =
        ActiveSession { id: LOW, created: START + 9, since: START, ours: true, proven: false };
    let accepted = ActiveSession { ours: false, ..unanswered };
    let proven = ActiveSession { proven: true, ..unanswered };
    assert_eq!(next_session(None, &Doubt::default(), Now::beginning(START)), New);
    for (active, level, after, next) in [
        (unanswered, Level::None, STALE_AFTER - 1, Active),
        (unanswered, Level::None, STALE_AFTER, New),
        (accepted, Level::None, STALE_AFTER, Active),
        (proven, Level::None, STALE_AFTER, Active),
        (proven, Level::Counted, STALE_AFTER, Active),
        (unanswered, Level::Shown, HOUR - 1, Active),
        (unanswered, Level::Shown, HOUR, New),
        (accepted, Level::Shown, 0, New),
        (proven, Level::Shown, 0, New),
        (unanswered, Level::Suspected, HOUR - 1, Active),
        (unanswered, Level::Suspected, HOUR, New),
        (accepted, Level::Suspected, 0, WithOneTimePrekey),
        (proven, Level::Suspected, HOUR - 1, WithOneTimePrekey),
        (proven, Level::Suspected, HOUR, WithBundle),
        (accepted, Level::Likely, 0, WithBundle),
        (unanswered, Level::Likely, HOUR, New),
        (unanswered, Level::Said, 0, New),
        (proven, Level::Said, 0, New),
    ] {
        let found = next_session(Some(&active), &doubt(level), Now::beginning(START + after));
        assert_eq!(found, next, "{active:?} {level:?} {after}");
    }
    let before = Now::beginning(START - 1);
    assert_eq!(next_session(Some(&unanswered), &doubt(Level::Shown), before), Active);
}

#[test]
fn a_clock_that_is_ahead_for_a_minute_begins_no_session() {
    let unanswered =
        ActiveSession { id: LOW, created: START, since: START, ours: true, proven: false };
    let proven = ActiveSession { proven: true, ..unanswered };
    let leapt = Clock::new(START).now(START + 6 * DAY);
    // An attempt that nobody answered waits on, but not for more than a week.
    assert_eq!(next_session(Some(&unanswered), &doubt(Level::Shown), leapt), NextSession::Active);
    let leapt = Clock::new(START).now(START + 40 * DAY);
    for (active, level, next) in [
        (unanswered, Level::None, NextSession::New),
        (proven, Level::None, NextSession::Active),
        (proven, Level::Suspected, NextSession::WithOneTimePrekey),
    ] {
        assert_eq!(next_session(Some(&active), &doubt(level), leapt), next, "{level:?}");
    }
    let mut doubt = doubt(Level::Shown);
    doubt.begin(START);
    doubt.begin(START);
    assert_eq!(next_session(Some(&proven), &doubt, leapt), NextSession::Active);
    // What is made then is of a plausible time until the clock is right.
    let made = ActiveSession { created: leapt.reading(), since: leapt.reading(), ..proven };
    assert_eq!(next_session(Some(&made), &Doubt::default(), leapt), NextSession::Active);
    let right = Now::beginning(START + 60);
    assert_eq!(next_session(Some(&made), &Doubt::default(), right), NextSession::New);
    // One that the next use has borne out is as good as any other.
    let lasting = leapt.clock().now(START + 47 * DAY);
    let suspected = self::doubt(Level::Suspected);
    assert_eq!(next_session(Some(&proven), &suspected, lasting), NextSession::WithBundle);
}

#[test]
fn two_repair_sessions_begin_in_an_hour_and_fewer_if_nothing_opens() {
    let (mut world, mut ids) = proven();
    let mut begun = Vec::new();
    // The peer is gone, and junk comes in its name.
    for _ in 0..30 * DAY / 600 {
        let before = world.sides[0].active();
        world.sides[0].doubt.raise(Level::Shown, world.now);
        world.send(0, ids.next());
        if world.sides[0].active() != before {
            begun.push(world.now);
        }
        world.now += 600;
    }
    let waits: Vec<_> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [HOUR, DAY, 3 * DAY, STALE_AFTER, STALE_AFTER, STALE_AFTER]);
    // It is there, and answers each time: two an hour, and no more.
    let (mut world, mut ids) = proven();
    let mut begun = 0;
    for _ in 0..24 * 60 {
        let before = world.sides[0].active();
        world.sides[0].doubt.raise(Level::Shown, world.now);
        assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
        begun += u32::from(world.sides[0].active() != before);
        world.now += 60;
    }
    assert_eq!(begun, 48);
}

#[test]
fn what_has_no_id_is_suspicious_the_second_time_and_what_was_asked_for_is_likely() {
    let mut doubt = Doubt::default();
    assert_eq!(doubt.suspicion(true), Level::Suspected);
    assert_eq!(doubt.suspicion(false), Level::Counted);
    doubt.raise(Level::Counted, START);
    assert_eq!(doubt.suspicion(false), Level::Suspected);
    doubt.raise(Level::Suspected, START);
    assert_eq!(doubt.suspicion(true), Level::Suspected);
    doubt.ask(START, false);
    assert_eq!(doubt.suspicion(true), Level::Likely);
}

#[test]
fn a_loss_is_said_if_all_that_is_known_of_the_peer_is_the_session_that_it_named() {
    let (mut world, mut ids) = proven();
    world.lose(1, false);
    let renewal = begun(&mut world, 0, LOW);
    let rolled_back = Outcome::Contradicts(Contradiction::RolledBack);
    assert_eq!(world.open(1, &renewal), rolled_back, "this side lost its state");
    world.now += 1;
    world.lose(0, false);
    assert_eq!(world.exchange(0, &mut ids), RESET);
    assert_eq!(world.sides[1].resets, 1);
}

#[test]
fn a_clone_is_noticed_too_if_the_session_that_left_it_behind_was_not_taken() {
    let (mut world, _) = proven();
    world.steal(0);
    let (ours, theirs) = (begun(&mut world, 0, HIGH), begun(&mut world, 1, LOW));
    assert_eq!([world.open(1, &ours), world.open(0, &theirs)], [Outcome::Opened; 2]);
    assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(LOW); 2]);
    let past = world.forge().unwrap();
    assert_eq!(world.open(1, &past), Outcome::Cloned);
}

#[test]
fn an_attempt_that_a_thief_answered_parts_the_pair_aloud_until_its_next_message() {
    let (mut world, mut ids) = proven();
    let attempt = begun(&mut world, 0, HIGH);
    world.open(1, &attempt);
    world.steal(0);
    let forged = world.forge().unwrap();
    assert_eq!(world.open(1, &forged), Outcome::Opened);
    world.now += STALE_AFTER;
    let found = Outcome::Contradicts(Contradiction::Forked);
    assert_eq!(world.exchange(0, &mut ids), found);
    assert_ne!(world.sides[0].active(), world.sides[1].active());
    // It has shown that it does not hold the thief's session, so the next message begins another one.
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[0].active(), world.sides[1].active());
    world.come_to_one_session(1, &mut ids);
}

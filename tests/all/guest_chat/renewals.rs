//! New sessions in the place of others: their order, and what a server makes of it.

use super::*;

use super::repair::{HOUR, Healed, Pair, Side, active};
use latchstring::guest::TakenMessage;

/// Has the host begin anew, because something did not open, and returns its first message.
fn renewal(talk: &mut Pair, now: u64) -> Vec<u8> {
    let junk = [&[1, 1][..], &[7; 200]].concat();
    assert!(matches!(talk.take(Side::Host, &junk, now), TakenMessage::Unread));
    let mut envelopes = talk.repair(Side::Host, now);
    assert_eq!(envelopes.len(), 2, "coming in, and the grant");
    envelopes.remove(0).message
}

#[test]
fn a_renewal_is_taken_once_and_none_that_was_held_back_displaces_a_later_one() {
    let mut talk = active(723);
    let held_back = renewal(&mut talk, NOW + HOUR);
    let later = renewal(&mut talk, NOW + 2 * HOUR);
    let now = NOW + 3 * HOUR;
    let TakenMessage::Event(event) = talk.take(Side::Guest, &later, now) else { panic!() };
    assert!(event.renewed && event.event == ChatEvent::Joined);
    let from = talk.0.guest.other();
    for (message, error) in [(&held_back, Error::Replay), (&later, Error::Duplicate)] {
        refuses(&mut talk.0.guest, error, |guest| guest.open(from, message, now).map(drop));
    }
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    talk.agrees(now);
    // Nor once the guest has answered, and other ones were taken.
    let third = renewal(&mut talk, now + DAY);
    assert!(matches!(talk.take(Side::Guest, &third, now + DAY), TakenMessage::Event(_)));
    for message in [&held_back, &later] {
        refuses(&mut talk.0.guest, Error::Replay, |guest| {
            guest.open(from, message, now + DAY).map(drop)
        });
    }
    talk.heal(&mut healed, now + DAY);
    talk.agrees(now + DAY);
}

#[test]
fn a_renewal_by_a_clock_that_was_wrong_keeps_no_later_one_out() {
    let mut talk = active(736);
    let host = restored(&talk.0.host);
    let mut healed = Healed::default();
    for (at, now) in [(NOW + 9 * DAY, NOW + HOUR), (NOW + 3 * HOUR, NOW + 3 * HOUR)] {
        // A copy of before, whose clock has not gone ahead.
        talk.0.host = restored(&host);
        let first = renewal(&mut talk, at);
        let taken = talk.take(Side::Guest, &first, now);
        assert!(matches!(&taken, TakenMessage::Event(event) if event.renewed), "{taken:?}");
        for envelope in talk.repair(Side::Guest, now) {
            let taken = talk.take(Side::Host, &envelope.message, now);
            healed.note(taken);
        }
    }
    talk.agrees(NOW + 3 * HOUR);
}

#[test]
fn a_server_that_plays_back_a_renewal_to_a_restored_guest_takes_nobody_over() {
    let mut talk = active(724);
    let guest = restored(&talk.0.guest);
    let first = renewal(&mut talk, NOW + HOUR);
    let now = NOW + DAY;
    assert!(matches!(talk.take(Side::Guest, &first, now), TakenMessage::Event(_)));
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    talk.agrees(now);
    talk.0.guest = guest;
    assert!(matches!(talk.take(Side::Guest, &first, now), TakenMessage::Event(_)));
    let now = now + DAY;
    let text = talk.says(Side::Guest, "written in a session of before", now);
    assert!(matches!(talk.take(Side::Host, &text, now), TakenMessage::Unread));
    talk.heal(&mut healed, now);
    talk.agrees(now);
}

#[test]
fn a_side_that_is_rolled_back_over_a_repair_comes_back_by_another() {
    for side in [Side::Guest, Side::Host] {
        let mut talk = active(720);
        let (host, guest) = (restored(&talk.0.host), restored(&talk.0.guest));
        talk.exchange(3, NOW + 1);
        let mut now = NOW + DAY;
        for _ in 0..3 {
            *talk.chat(side) = restored(if side == Side::Host { &host } else { &guest });
            let text = talk.says(side, "first", now);
            let mut healed = Healed::default();
            let taken = talk.take(side.other(), &text, now);
            healed.note(taken);
            talk.heal(&mut healed, now);
            talk.agrees(now);
            now += DAY;
        }
    }
}

#[test]
fn a_host_that_is_rolled_back_to_an_unanswered_renewal_comes_back_by_another() {
    let mut talk = active(725);
    let first = renewal(&mut talk, NOW + HOUR);
    let begun = restored(&talk.0.host);
    let mut healed = Healed::default();
    let taken = talk.take(Side::Guest, &first, NOW + HOUR);
    healed.note(taken);
    talk.heal(&mut healed, NOW + HOUR);
    let second = renewal(&mut talk, NOW + DAY);
    let taken = talk.take(Side::Guest, &second, NOW + DAY);
    healed.note(taken);
    talk.heal(&mut healed, NOW + DAY);
    talk.agrees(NOW + DAY);
    talk.0.host = begun;
    let now = NOW + 2 * DAY;
    let text = talk.says(Side::Host, "in a session that the guest has left", now);
    assert!(matches!(talk.take(Side::Guest, &text, now), TakenMessage::Unread));
    // The guest says so by itself, though its user writes nothing; what is refused just behind a try counts for none.
    let later = [now, now + 2 * HOUR, now + 4 * HOUR, now + 8 * HOUR];
    for now in later {
        talk.heal(&mut healed, now);
    }
    talk.agrees(now + 8 * HOUR);
}

#[test]
fn what_had_not_arrived_of_a_session_that_is_given_up_is_told_as_lost_on_both_sides() {
    let mut talk = active(745);
    let now = NOW + HOUR;
    for side in [Side::Host, Side::Guest] {
        let texts = ["one", "two", "three"].map(|text| talk.says(side, text, NOW));
        assert_eq!(talk.chat(side.other()).hear(&texts[2], NOW).unwrap().skipped, 2);
    }
    let first = renewal(&mut talk, now);
    let TakenMessage::Event(event) = talk.take(Side::Guest, &first, now) else { panic!() };
    assert!(event.renewed && event.lost == 2, "{event:?}");
    let answers = [(); 2].map(|()| talk.says(Side::Guest, "here", now));
    // Told once, by whichever comes first.
    for (answer, lost) in answers.iter().rev().zip([2, 0]) {
        let TakenMessage::Event(event) = talk.take(Side::Host, answer, now) else { panic!() };
        assert_eq!((event.renewed, event.lost), (lost != 0, lost));
    }
    talk.agrees(now);
}

#[test]
fn what_a_guest_has_sent_before_it_knew_of_a_renewal_is_read() {
    let mut talk = active(746);
    let early = ["one", "two"].map(|text| talk.says(Side::Guest, text, NOW));
    // Of four attempts the guest gets the third, and writes before the fourth comes.
    let times = [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];
    let attempts = times.map(|after| renewal(&mut talk, NOW + after));
    let now = NOW + 9 * HOUR;
    let taken = talk.take(Side::Guest, &attempts[2], now);
    assert!(matches!(taken, TakenMessage::Event(event) if event.renewed));
    let later = talk.says(Side::Guest, "three", now);
    talk.0.host = restored(&talk.0.host);
    for (message, text) in [(&early[1], "two"), (&later, "three"), (&early[0], "one")] {
        let TakenMessage::Event(event) = talk.take(Side::Host, message, now) else { panic!() };
        assert_eq!((text_of(&event.event), event.renewed), (text, false));
    }
    let taken = talk.take(Side::Guest, &attempts[3], now);
    assert!(matches!(taken, TakenMessage::Event(event) if event.renewed));
    let mut healed = Healed::default();
    talk.heal(&mut healed, now);
    talk.agrees(now);
    // The sessions before are gone then.
    for message in [&early[0], &later] {
        assert!(matches!(talk.take(Side::Host, message, now), TakenMessage::Unread));
    }
}

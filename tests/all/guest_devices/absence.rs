//! Devices that could not take the claim.

use super::*;

/// Meets a guest whose claim was for two devices, of which the second could not take it.
fn half_taken(seed: u64) -> Meeting {
    let mut doors = Doors::new(seed, 2);
    // Its prekeys are gone: the device was set back to what it had saved before.
    let mut before = restored(&doors.home.clients[1]);
    doors.bundles[1] = bundle_of(&mut before, &mut doors.rng);
    let (mut guest, claim) = doors.guest();
    let client = &mut doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::UnknownPrekey, |invite| {
        invite.claim(client, &claim, NOW).map(drop)
    });
    let mut host = doors.take(0, &claim);
    let granted = doors.grant(0, &mut host);
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    assert_eq!(guest.devices().count(), 2);
    Meeting { doors, guest, hosts: vec![host] }
}

#[test]
fn a_device_without_the_claim_comes_in_when_the_chat_is_shared() {
    let mut meeting = half_taken(112);
    let lost = meeting.guest.send("lost", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    let unanswered: Vec<_> = meeting.guest.handshake_ids().collect();
    let [one, two] = &meeting.doors.home.clients[..] else { panic!() };
    let (from, rng) = (two.address(), &mut meeting.doors.rng);
    let shared = meeting.hosts[0].export(one, NOW).unwrap();
    let (mut late, envelope) = Chat::import(two, &shared, NOW, rng).unwrap();
    let guest = &mut meeting.guest;
    // What it was not told of, and what is no message of it, replaces nothing.
    let key = shared.as_bytes().len() - 80 - 32;
    let untold = Chat::import(two, &altered(&shared, key), NOW, rng).unwrap().1;
    refuses(guest, Error::Forged, |guest| guest.open(from, &untold.message, NOW).map(drop));
    let reflected = of(&lost, from);
    refuses(guest, Error::Forged, |guest| guest.open(from, reflected, NOW).map(drop));
    // Nor does it take the place of the device that has answered.
    refuses(guest, Error::WrongPeer, |guest| {
        guest.open(one.address(), &envelope.message, NOW).map(drop)
    });
    let received = leads_to_the_same(guest, |chat| chat.open(from, &envelope.message, NOW));
    assert!(received.event == ChatEvent::Joined && received.from == from);
    guest.receive(from, &envelope.message, NOW).unwrap();
    *guest = restored(guest);
    assert_eq!(guest.devices().count(), 2);
    let named: Vec<_> = guest.handshake_ids().collect();
    assert_eq!(named.iter().filter(|name| unanswered.contains(name)).count(), 1);
    for round in 0..3_u64 {
        let said = guest.send("hello", NOW + round, rng).unwrap().envelopes;
        let received = late.hear(of(&said, from), NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "hello");
        meeting.hosts[0].hear(of(&said, one.address()), NOW + round).unwrap();
        let answer = late.say("welcome", NOW + round, rng).unwrap();
        let received = guest.receive(from, &answer, NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "welcome");
    }
    // It has come in once; half an hour later it may have lost its chat, and be told of it again.
    let again = Chat::import(two, &shared, NOW + 1799, rng).unwrap().1;
    refuses(guest, Error::Replay, |guest| guest.open(from, &again.message, NOW + 1799).map(drop));
    let again = Chat::import(two, &shared, NOW + 1800, rng).unwrap().1;
    assert!(guest.receive(from, &again.message, NOW + 1800).unwrap().renewed);
}

#[test]
fn a_device_that_has_lost_its_chat_comes_in_again_when_it_is_shared() {
    let mut meeting = Meeting::new(113, 2);
    let [one, two] = &meeting.doors.home.clients[..] else { panic!() };
    let shared = meeting.hosts[0].export(one, NOW).unwrap();
    let (mut again, envelope) = Chat::import(two, &shared, NOW, &mut meeting.doors.rng).unwrap();
    let from = two.address();
    let received = meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    assert!(received.event == ChatEvent::Joined && received.renewed);
    assert_eq!(meeting.guest.devices().count(), 2);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&again.hear(of(&said, from), NOW).unwrap().event), "hello");
    // What it said in the session of before is of none that there is.
    let text = meeting.hosts[1].say("before", NOW, &mut meeting.doors.rng).unwrap();
    refuses(&mut meeting.guest, Error::Forged, |guest| guest.open(from, &text, NOW).map(drop));
}

#[test]
fn what_a_device_reports_as_it_comes_in_stays_until_it_reports_another_list() {
    let mut meeting = Meeting::new(115, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    let of = new.list().account();
    // The guest has learned a list that the device does not know.
    meeting.doors.home.clients.push(new);
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    let from = meeting.doors.address(2);
    let received = meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    assert_eq!(received.alerts, [Alert::Lists { of, mismatch: ListMismatch::Behind }]);
    meeting.guest = restored(&meeting.guest);
    assert!(meeting.guest.mismatches().eq([(from, ListMismatch::Behind)]));
    // It is told once, and that it is over, too.
    let text = late.say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    assert!(meeting.guest.receive(from, &text, NOW).unwrap().alerts.is_empty());
    late.learn(&meeting.doors.home.list, NOW).unwrap().apply();
    let text = late.say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    let received = meeting.guest.receive(from, &text, NOW).unwrap();
    assert_eq!(received.alerts, [Alert::ListsAgree { of }]);
    assert_eq!(meeting.guest.mismatches().count(), 0);
}

#[test]
fn a_device_that_comes_in_keeps_the_chat_open_like_any_message() {
    let mut meeting = Meeting::new(116, 2);
    let late = NOW + 10 * DAY - 1;
    let (new, _, envelope) = meeting.link(late);
    meeting.guest_learns(late);
    assert_eq!(meeting.guest.deadline(), NOW + 10 * DAY);
    meeting.guest.receive(new.address(), &envelope.message, late).unwrap();
    meeting.guest = restored(&meeting.guest);
    assert_eq!(meeting.guest.deadline(), late + 10 * DAY);
    assert!(meeting.guest.send("hello", late + DAY, &mut meeting.doors.rng).is_ok());
}

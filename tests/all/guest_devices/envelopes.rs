//! Many devices.

use super::*;

#[test]
fn each_device_of_the_host_opens_its_own_envelope_of_one_claim() {
    let meeting = Meeting::waiting(1, 3);
    let code = meeting.guest.fingerprint();
    for (device, host) in meeting.hosts.iter().enumerate() {
        assert_eq!(host.fingerprint(), code);
        assert_eq!(host.peer(), meeting.hosts[0].peer());
        assert!(host.devices().eq([host.other()]));
        assert!(meeting.guest.devices().any(|at| at == meeting.doors.address(device)));
    }
    assert_eq!(meeting.guest.devices().count(), 3);
    assert_eq!(meeting.guest.list(), &meeting.doors.home.list);
}

#[test]
fn what_a_guest_says_arrives_at_every_device_and_each_of_them_answers() {
    let mut meeting = Meeting::new(2, 3);
    for round in 0..3_u64 {
        let said =
            meeting.guest.send("hello", NOW + round, &mut meeting.doors.rng).unwrap().envelopes;
        assert_eq!(said.len(), 3);
        for (device, host) in meeting.hosts.iter_mut().enumerate() {
            let message = of(&said, meeting.doors.address(device));
            assert_eq!(text_of(&host.hear(message, NOW + round).unwrap().event), "hello");
            let answer = host.say("welcome", NOW + round, &mut meeting.doors.rng).unwrap();
            let from = meeting.doors.address(device);
            let received = meeting.guest.receive(from, &answer, NOW + round).unwrap();
            assert_eq!(text_of(&received.event), "welcome");
            assert_eq!(received.from, from);
        }
        (meeting.guest, meeting.hosts) =
            (restored(&meeting.guest), meeting.hosts.iter().map(restored).collect());
    }
}

#[test]
fn the_envelopes_of_one_text_have_one_length_and_nothing_else_in_common() {
    let mut meeting = Meeting::new(3, 3);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    for one in &said {
        for other in said.iter().filter(|other| other.to != one.to) {
            assert_eq!(one.message.len(), other.message.len());
            assert!(support::guest::shared(&one.message, &other.message).is_empty());
        }
    }
}

#[test]
fn a_text_that_is_sealed_and_given_up_moves_no_session() {
    let mut meeting = Meeting::new(4, 3);
    let before = meeting.guest.to_bytes();
    drop(meeting.guest.text("hello", NOW, &mut meeting.doors.rng).unwrap());
    assert!(before == meeting.guest.to_bytes());
}

#[test]
fn what_was_sealed_for_one_device_opens_at_no_other_and_from_no_other() {
    let mut meeting = Meeting::new(5, 2);
    let (one, two) = (meeting.doors.address(0), meeting.doors.address(1));
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    let (first, second) = (of(&said, one), of(&said, two));
    refuses(&mut meeting.hosts[0], Error::Forged, |host| host.listen(second, NOW).map(drop));
    refuses(&mut meeting.hosts[1], Error::Forged, |host| host.listen(first, NOW).map(drop));
    let answer = meeting.hosts[0].say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    refuses(&mut meeting.guest, Error::Forged, |guest| guest.open(two, &answer, NOW).map(drop));
    meeting.guest.receive(one, &answer, NOW).unwrap();
}

#[test]
fn a_sender_that_is_not_of_the_other_side_is_refused() {
    let mut meeting = Meeting::new(6, 2);
    let one = meeting.doors.address(0);
    let guest = meeting.hosts[0].other();
    let answer = meeting.hosts[0].say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    let stranger = client(9, &mut meeting.doors.rng).address();
    let elsewhere = Address { account: one.account, ..stranger };
    for (from, error) in [
        (stranger, Error::WrongPeer),
        (guest, Error::WrongPeer),
        (Address { account: stranger.account, ..one }, Error::WrongPeer),
        (elsewhere, Error::Unlisted),
    ] {
        refuses(&mut meeting.guest, error, |guest| guest.open(from, &answer, NOW).map(drop));
    }
    let message = of(&said, one);
    for (from, error) in [
        (one, Error::WrongPeer),
        (stranger, Error::WrongPeer),
        (Address { device: one.device, ..guest }, Error::Unlisted),
    ] {
        refuses(&mut meeting.hosts[0], error, |host| host.open(from, message, NOW).map(drop));
    }
    assert!(meeting.hosts[0].receive(guest, message, NOW).is_ok());
}

#[test]
fn a_guest_that_leaves_leaves_every_device() {
    let mut meeting = Meeting::new(7, 3);
    let end = meeting.guest.end(NOW, &mut meeting.doors.rng).unwrap().apply();
    assert_eq!(meeting.guest.status(), ChatStatus::Ended(EndReason::Here));
    assert_eq!(meeting.guest.devices().count(), 0);
    for (device, host) in meeting.hosts.iter_mut().enumerate() {
        host.hear(of(&end, meeting.doors.address(device)), NOW).unwrap();
        assert_eq!(host.status(), ChatStatus::Ended(EndReason::There));
    }
}

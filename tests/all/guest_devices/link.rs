//! One link on several devices.

use super::*;

#[test]
fn a_shared_link_is_taken_by_devices_of_its_account_only() {
    let mut doors = Doors::new(40, 2);
    let shared = doors.invites[0].export().unwrap();
    let adopted = &doors.invites[1];
    assert_eq!(adopted.locator(), doors.invites[0].locator());
    assert_eq!(adopted.policy(), doors.invites[0].policy());
    let url = |invite: &Invite| invite.link().unwrap().to_url(ORIGIN).unwrap().to_string();
    assert_eq!(url(adopted), url(&doors.invites[0]));
    let mut stranger = client(9, &mut doors.rng);
    // The same account id under another key.
    let mut impostor = client(1, &mut doors.rng);
    for other in [&mut stranger, &mut impostor] {
        refuses(other, Error::WrongPeer, |other| Invite::import(other, &shared, NOW).map(drop));
    }
    let ours = &mut doors.home.clients[1];
    for late in [EXPIRES + 1, u64::MAX] {
        refuses(ours, Error::Expired, |ours| Invite::import(ours, &shared, late).map(drop));
    }
    for length in 0..shared.as_bytes().len() {
        let cut = object(&shared.as_bytes()[..length]);
        assert_eq!(Invite::import(ours, &cut, NOW).err(), Some(Error::Malformed));
    }
    for place in 0..shared.as_bytes().len() {
        let other = altered(&shared, place);
        let error = Invite::import(ours, &other, NOW).err().unwrap();
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 | 7 => error == Error::WrongKind,
            2..6 => error == Error::Malformed,
            6 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            _ => matches!(error, Error::BadSignature | Error::WeakKey | Error::Malformed),
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    doors.home.relist(|device| device == 0, NOW);
    let removed = &mut doors.home.clients[1];
    refuses(removed, Error::OwnDeviceUnlisted, |removed| {
        Invite::import(removed, &shared, NOW).map(drop)
    });
}

#[test]
fn a_link_is_shared_while_it_is_open() {
    let mut doors = Doors::new(41, 2);
    let (_, claim) = doors.guest();
    doors.take(0, &claim);
    assert_eq!(doors.invites[0].export().err(), Some(Error::AlreadyClaimed));
    doors.invites[1].revoke(NOW).unwrap().apply();
    assert_eq!(doors.invites[1].export().err(), Some(Error::Ended));
}

#[test]
fn the_device_that_made_the_link_tells_the_server_that_it_is_over_and_no_other() {
    let mut doors = Doors::new(42, 2);
    let (_, claim) = doors.guest();
    for device in 0..2 {
        doors.take(device, &claim);
        assert_eq!(doors.invites[device].maker(), doors.address(0).device);
    }
    assert!(doors.invites[1].notice().is_none());
    let notice = doors.invites[0].notice().unwrap();
    assert_eq!(doors.server_copy.check_notice(&notice), Ok(()));
}

#[test]
fn a_pin_is_proved_by_the_device_that_made_the_link_alone() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(43, 2, policy);
    let digits = doors.invites[0].pin().unwrap().digits();
    assert!(doors.invites[1].pin().is_none());
    assert!(!support::guest::contains(
        doors.invites[0].export().unwrap().as_bytes(),
        digits.as_bytes()
    ));
    let preview = doors.preview().enter(Pin::parse(&digits).unwrap()).unwrap();
    let claimed =
        preview.claim(&doors.home.list, &doors.bundles, "Grace", &[], NOW, &mut doors.rng);
    let (mut guest, claim) = claimed.unwrap();
    let (mut maker, mut other) = (doors.take(0, &claim), doors.take(1, &claim));
    let rng = &mut doors.rng;
    refuses(&mut other, Error::NotAllowed, |other| {
        other.answer_pin(&doors.home.clients[1], NOW, rng).map(drop)
    });
    let client = &doors.home.clients[1];
    refuses(&mut other, Error::NotAllowed, |other| other.grant(client, NOW, rng).map(drop));
    other = restored(&other);
    let answer = only(maker.answer_pin(&doors.home.clients[0], NOW, rng).unwrap().apply());
    let from = doors.home.clients[0].address();
    assert!(guest.receive(from, &answer, NOW).unwrap().event == ChatEvent::PinAnswered);
    guest = restored(&guest);
    let proof = guest.prove_pin(NOW, rng).unwrap().apply();
    assert!(proof.iter().map(|envelope| envelope.to).eq([from]));
    assert!(maker.hear(&only(proof), NOW).unwrap().event == ChatEvent::PinProved);
    let granted = doors.grant(0, &mut maker);
    guest.receive(from, &granted, NOW).unwrap();
    let shared_grant = maker.export_grant(&doors.home.clients[0]).unwrap();
    let told = doors.tell(1, Some(&mut other), &shared_grant);
    assert_eq!(told, [Ok(SyncOutcome::Known), Ok(SyncOutcome::Taken)]);
    assert_eq!(other.status(), ChatStatus::Active);
    let welcome = other.say("welcome", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &welcome, NOW).unwrap();
}

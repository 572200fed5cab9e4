//! Devices that were removed.

use latchstring::guest::TakenMessage;

use super::*;

#[test]
fn a_device_that_was_removed_lets_nobody_in_and_brings_nobody_in() {
    let mut meeting = Meeting::waiting(110, 3);
    let Meeting { doors, guest, hosts } = &mut meeting;
    // One that waits, one that is active.
    doors.grant(2, &mut hosts[2]);
    doors.home.relist(|device| device == 0, NOW);
    let rng = &mut doors.rng;
    let [listed, waiting, active] = &doors.home.clients[..] else { panic!() };
    refuses(&mut hosts[1], Error::OwnDeviceUnlisted, |host| {
        host.grant(waiting, NOW, rng).map(drop)
    });
    refuses(&mut hosts[2], Error::OwnDeviceUnlisted, |host| host.grant(active, NOW, rng).map(drop));
    refuses(&mut hosts[2], Error::OwnDeviceUnlisted, |host| host.export(active, NOW).map(drop));
    refuses(&mut hosts[2], Error::OwnDeviceUnlisted, |host| host.export_grant(active).map(drop));
    // Nor by the client of a device that is listed.
    refuses(&mut hosts[2], Error::WrongClient, |host| host.grant(listed, NOW, rng).map(drop));
    refuses(&mut hosts[2], Error::WrongClient, |host| host.export(listed, NOW).map(drop));
    refuses(&mut hosts[2], Error::WrongClient, |host| host.export_grant(listed).map(drop));
    let granted = only(hosts[0].grant(listed, NOW, rng).unwrap().apply());
    guest.receive(listed.address(), &granted, NOW).unwrap();
    assert!(hosts[0].export(listed, NOW).is_ok() && hosts[0].export_grant(listed).is_ok());
}

#[test]
fn a_device_that_was_removed_answers_no_pin() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(111, 2, policy);
    let pin = Pin::parse(&doors.invites[0].pin().unwrap().digits()).unwrap();
    let preview = doors.preview().enter(pin).unwrap();
    let (list, rng) = (doors.home.list.clone(), &mut doors.rng);
    let (_, claim) = preview.claim(&list, &doors.bundles, "Grace", &[], NOW, rng).unwrap();
    let mut maker = doors.take(0, &claim);
    let [maker_client, other] = &doors.home.clients[..] else { panic!() };
    let rng = &mut doors.rng;
    refuses(&mut maker, Error::WrongClient, |host| host.answer_pin(other, NOW, rng).map(drop));
    assert!(restored(&maker).answer_pin(maker_client, NOW, rng).is_ok());
    doors.home.relist(|device| device == 1, NOW);
    let (removed, rng) = (&doors.home.clients[0], &mut doors.rng);
    refuses(&mut maker, Error::OwnDeviceUnlisted, |host| {
        host.answer_pin(removed, NOW, rng).map(drop)
    });
}

#[test]
fn a_lost_chat_is_ended_with_the_client_of_a_listed_device_alone() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(115, 2, policy);
    let (preview, list) = (doors.preview(), doors.home.list.clone());
    let claimed = preview.claim(&list, &doors.bundles[..1], "Grace", &[], NOW, &mut doors.rng);
    let (guest, claim) = claimed.unwrap();
    let mut host = doors.take(0, &claim);
    let (maker, now) = (restored(&doors.home.clients[0]), NOW + 3600);
    drop(host.answer_pin(&maker, NOW, &mut doors.rng).unwrap().apply());
    // The guest says two things under one number: it was restored, or somebody has a copy of it.
    for (asks, is_read) in [(0, true), (1, false)] {
        let mut session = support::guest::bare_session(&guest);
        let knock = session.encrypt(&[8, asks], &mut doors.rng).unwrap();
        let taken = host.take(guest.address(), &knock, NOW).apply();
        assert_eq!(matches!(taken, TakenMessage::Event(_)), is_read, "{taken:?}");
    }
    doors.home.relist(|device| device == 1, NOW);
    let (removed, rng) = (&doors.home.clients[0], &mut doors.rng);
    for (client, error) in
        [(removed, Error::OwnDeviceUnlisted), (&doors.home.clients[1], Error::WrongClient)]
    {
        refuses(&mut host, error, |host| host.repair(Some(client), now, rng).map(drop));
    }
    let without = host.repair(None, now, rng).unwrap().apply();
    assert!(without.envelopes.is_empty() && without.event.is_none());
    assert_eq!(host.status(), ChatStatus::Waiting);
    let repaired = host.repair(Some(&maker), now, rng).unwrap().apply();
    assert_eq!((repaired.event, repaired.envelopes.len()), (Some(ChatEvent::NewLinkNeeded), 1));
}

#[test]
fn a_device_that_was_removed_leaves_its_links_and_chats_and_no_other_does() {
    let mut doors = Doors::new(112, 3);
    let (_, claim) = doors.guest();
    let mut chat = doors.take(0, &claim);
    let granted = doors.grant(0, &mut chat);
    assert!(!granted.is_empty());
    let told = chat.export_grant(&doors.home.clients[0]).unwrap();
    doors.sync_grant(1, &told, NOW).unwrap();
    let mut late = doors.take(1, &claim);
    let mut open = restored(&doors.invites[2]);
    let mut elsewhere = {
        let mut invite = restored(&doors.invites[2]);
        invite.sync_grant(&doors.home.clients[2], &told, NOW).unwrap().apply();
        invite
    };
    let clients = &doors.home.clients;
    assert!(clients[2].is_listed());
    // As long as they are listed nothing happens.
    for (invite, device) in [(&mut open, 2), (&mut elsewhere, 2)] {
        assert!(!invite.leave(&clients[device], NOW).is_change());
    }
    assert!(!late.leave(&clients[1], NOW).unwrap().is_change());
    refuses(&mut late, Error::WrongClient, |chat| chat.leave(&clients[0], NOW).map(drop));
    doors.home.relist(|device| device == 0, NOW);
    let clients = &doors.home.clients;
    assert!(!clients[2].is_listed());
    let before = elsewhere.to_bytes().len();
    open.leave(&clients[2], NOW).apply();
    elsewhere.leave(&clients[2], NOW).apply();
    late.leave(&clients[1], NOW).unwrap().apply();
    assert!(open.link().is_none());
    let client = &mut doors.home.clients[2];
    refuses(&mut open, Error::Ended, |invite| invite.claim(client, &claim, NOW).map(drop));
    refuses(&mut elsewhere, Error::Duplicate, |invite| invite.claim(client, &claim, NOW).map(drop));
    assert_eq!(late.status(), ChatStatus::Ended(EndReason::Removed));
    // What opened the claim is gone: a pre-shared key, the credentials key, a grant.
    assert_eq!(elsewhere.to_bytes().len(), before - 32 - 32 - 80);
    let (rng, client) = (&mut doors.rng, &doors.home.clients[1]);
    refuses(&mut late, Error::Ended, |chat| chat.send("still here", NOW, rng).map(drop));
    assert!(!late.leave(client, NOW).unwrap().is_change());
    // The device that is still listed goes on.
    assert_eq!(chat.status(), ChatStatus::Active);
    assert!(!chat.leave(&doors.home.clients[0], NOW).unwrap().is_change());
}

//! Grants among own devices.

use super::*;

#[test]
fn a_device_that_hears_of_a_grant_first_takes_that_claim_and_no_other() {
    let mut doors = Doors::new(60, 2);
    let ((mut guest, claim), (_, late)) = (doors.guest(), doors.guest());
    let mut host = doors.take(0, &claim);
    let granted = doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    assert_eq!(doors.tell(1, None, &shared_grant), [Ok(SyncOutcome::Taken)]);
    assert_eq!(doors.tell(1, None, &shared_grant), [Ok(SyncOutcome::Known)]);
    assert!(doors.invites[1].link().is_none());
    assert_eq!(doors.invites[1].export().err(), Some(Error::AlreadyClaimed));
    doors.invites[1] = restored(&doors.invites[1]);
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    refuses(invite, Error::AlreadyClaimed, |link| link.claim(client, &late, NOW).map(drop));
    refuses(invite, Error::AlreadyClaimed, |link| link.revoke(NOW).map(drop));
    refuses(invite, Error::Expired, |link| link.claim(client, &claim, EXPIRES + 1).map(drop));
    let mut other = doors.take(1, &claim);
    assert_eq!(other.status(), ChatStatus::Active);
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    refuses(invite, Error::Duplicate, |link| link.claim(client, &claim, NOW).map(drop));
    // It has let nobody in itself, and needs not to.
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    let welcome = other.say("welcome", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &welcome, NOW).unwrap();
    let told = other.export_grant(&doors.home.clients[1]).unwrap();
    assert!(told.as_bytes() == shared_grant.as_bytes());
}

#[test]
fn what_a_link_granted_elsewhere_keeps_makes_no_claim_and_goes_with_its_time() {
    let mut doors = Doors::new(61, 2);
    let url = doors.invites[0].link().unwrap().to_url(ORIGIN).unwrap().to_string();
    let secret = support::guest::secret_of(&url);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    doors.tell(1, None, &shared_grant);
    let key = |label| support::guest::link_key::<32>(&secret, label);
    let kept = |invite: &Invite, label| support::guest::contains(&invite.to_bytes(), &key(label));
    for label in ["psk", "record-key"] {
        assert!(kept(&doors.invites[1], label), "{label}");
    }
    for label in ["invitation-key", "claim-seed", "claim-key"] {
        assert!(!kept(&doors.invites[1], label), "{label}");
    }
    assert!(!support::guest::contains(&doors.invites[1].to_bytes(), &secret));
    // An hour that passes is remembered, and takes nothing.
    assert!(!doors.invites[1].expire(NOW + 3599).is_change());
    leads_to_the_same(&doors.invites[1], |invite| Ok(invite.expire(EXPIRES)));
    changed(doors.invites[1].expire(EXPIRES));
    assert!(kept(&doors.invites[1], "psk"));
    assert!(!doors.invites[1].expire(EXPIRES).is_change());
    changed(doors.invites[1].expire(EXPIRES + 1));
    for label in ["psk", "record-key"] {
        assert!(!kept(&doors.invites[1], label), "{label}");
    }
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    refuses(invite, Error::Duplicate, |link| link.claim(client, &claim, NOW).map(drop));
}

#[test]
fn a_waiting_chat_becomes_active_by_the_grant_of_another_device_without_a_message() {
    let mut meeting = Meeting::waiting(62, 2);
    let Meeting { doors, guest, hosts } = &mut meeting;
    assert_eq!(hosts[0].export_grant(&doors.home.clients[0]).err(), Some(Error::NotGranted));
    assert_eq!(guest.export_grant(&doors.home.clients[0]).err(), Some(Error::NotAllowed));
    let granted = doors.grant(0, &mut hosts[0]);
    let shared_grant = hosts[0].export_grant(&doors.home.clients[0]).unwrap();
    let told = doors.tell(1, Some(&mut hosts[1]), &shared_grant);
    assert_eq!(told, [Ok(SyncOutcome::Known), Ok(SyncOutcome::Taken)]);
    assert_eq!(hosts[1].status(), ChatStatus::Active);
    // Before the guest has heard of it, a text of the other device has overtaken the grant.
    let text = hosts[1].say("hi", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &text, NOW).unwrap();
    assert_eq!(guest.status(), ChatStatus::Waiting);
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    assert_eq!(guest.status(), ChatStatus::Active);
    // Another grant of the same claim harms nobody.
    let again = doors.grant(1, &mut hosts[1]);
    assert!(guest.receive(doors.address(1), &again, NOW).unwrap().event == ChatEvent::Granted);
}

#[test]
fn a_shared_grant_of_another_link_or_of_no_listed_device_is_refused() {
    let mut doors = Doors::new(63, 2);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    let mut other = doors.take(1, &claim);
    let client = &doors.home.clients[1];
    let invite = &mut doors.invites[1];
    for place in 0..shared_grant.as_bytes().len() {
        let changed_grant = altered(&shared_grant, place);
        let error = support::refusal(invite, |invite| {
            invite.sync_grant(client, &changed_grant, NOW).map(drop)
        })
        .unwrap();
        assert_eq!(
            support::refusal(&mut other, |chat| chat
                .sync_grant(client, &changed_grant, NOW)
                .map(drop))
            .unwrap(),
            error
        );
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            98..106 => error == Error::Unlisted,
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    for length in 0..shared_grant.as_bytes().len() {
        let cut = object(&shared_grant.as_bytes()[..length]);
        refuses(invite, Error::Malformed, |invite| invite.sync_grant(client, &cut, NOW).map(drop));
    }
    let policy = Policy::new("Ada", EXPIRES);
    let (mut elsewhere, _) = Invite::create(client, ORIGIN, policy, NOW, &mut doors.rng).unwrap();
    refuses(&mut elsewhere, Error::WrongPeer, |invite| {
        invite.sync_grant(client, &shared_grant, NOW).map(drop)
    });
    let stranger = Home::new(9, 2, &mut doors.rng);
    let stranger = &stranger.clients[0];
    refuses(&mut doors.invites[1], Error::Unlisted, |invite| {
        invite.sync_grant(stranger, &shared_grant, NOW).map(drop)
    });
}

#[test]
fn of_two_devices_that_took_different_guests_both_tell_and_the_maker_decides() {
    let mut doors = Doors::new(65, 2);
    let guests = [doors.guest(), doors.guest()];
    let mut chats = [doors.take(0, &guests[0].1), doors.take(1, &guests[1].1)];
    let by = [doors.address(0).device, doors.address(1).device];
    for device in 0..2 {
        doors.grant(device, &mut chats[device]);
        let shared_grant = chats[device].export_grant(&doors.home.clients[device]).unwrap();
        let other = 1 - device;
        let told = doors.tell(other, Some(&mut chats[other]), &shared_grant);
        assert_eq!(told, [Ok(SyncOutcome::Disputed { by: by[device] }); 2]);
    }
    assert!(chats.iter().all(|chat| chat.status() == ChatStatus::Active));
    // The maker says whose the link is.
    let notice = doors.invites[0].notice().unwrap();
    assert_eq!(doors.sync_notice(0, &notice), Ok(SyncOutcome::Known));
    assert_eq!(chats[0].sync_notice(&notice, NOW).unwrap().apply(), SyncOutcome::Known);
    leads_to_the_same(&chats[1], |chat| chat.sync_notice(&notice, NOW));
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Contested));
    assert_eq!(chats[1].sync_notice(&notice, NOW).unwrap().apply(), SyncOutcome::Contested);
    assert_eq!(restored(&chats[1]).status(), ChatStatus::Ended(EndReason::Contested));
    refuses(&mut chats[1], Error::Ended, |chat| chat.sync_notice(&notice, NOW).map(drop));
    let shared_grant = chats[0].export_grant(&doors.home.clients[0]).unwrap();
    let told = doors.tell(1, Some(&mut chats[1]), &shared_grant);
    assert_eq!(told, [Ok(SyncOutcome::Contested), Err(Error::Ended)]);
    // There the link takes nobody any more; a guest that waits learns whether it is the one.
    let client = &mut doors.home.clients[1];
    for (_, claim) in &guests {
        refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| {
            invite.claim(client, claim, NOW).map(drop)
        });
    }
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| invite.revoke(NOW).map(drop));
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| invite.export().map(drop));
    assert!(!doors.invites[1].expire(EXPIRES + 1).is_change());
    let [(mut one, _), (mut two, _)] = guests;
    assert!(!one.read_notice(&notice, NOW).unwrap().is_change());
    changed(two.read_notice(&notice, NOW).unwrap());
    assert_eq!(two.status(), ChatStatus::Ended(EndReason::ClaimedByAnother));
}

#[test]
fn a_chat_takes_the_notice_of_the_maker_of_its_link_and_no_other() {
    let mut meeting = Meeting::waiting(70, 2);
    let Meeting { doors, hosts, guest } = &mut meeting;
    let notice = doors.invites[0].notice().unwrap();
    let elsewhere = Doors::new(71, 1).revoke(0);
    refuses(&mut hosts[1], Error::WrongPeer, |chat| chat.sync_notice(&elsewhere, NOW).map(drop));
    let altered = support::flipped(&notice, notice.len() - 1);
    refuses(&mut hosts[1], Error::BadSignature, |chat| chat.sync_notice(&altered, NOW).map(drop));
    refuses(guest, Error::NotAllowed, |guest| guest.sync_notice(&notice, NOW).map(drop));
    // Taken back, or over without a claim, on the maker: the user may deny the guest.
    let mut other = Doors::new(70, 2);
    let (_, claim) = other.guest();
    let mut chat = other.take(1, &claim);
    let revoked = other.revoke(0);
    refuses(&mut chat, Error::AlreadyClaimed, |chat| chat.sync_notice(&revoked, NOW).map(drop));
}

#[test]
fn a_shared_grant_for_a_link_taken_back_here_alarms_and_changes_nothing() {
    let mut doors = Doors::new(66, 2);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    doors.invites[1].revoke(NOW).unwrap().apply();
    let client = &doors.home.clients[1];
    let told = doors.invites[1].sync_grant(client, &shared_grant, NOW).unwrap();
    assert!(!told.is_change());
    assert_eq!(told.apply(), SyncOutcome::Disputed { by: doors.home.clients[0].address().device });
    let late = NOW + 10 * DAY;
    for now in days(NOW, late - 1) {
        changed(host.expire(now));
    }
    refuses(&mut host, Error::Expired, |host| {
        host.sync_grant(client, &shared_grant, late).map(drop)
    });
    let (mut guest, _) = doors_guest(67);
    refuses(&mut guest, Error::NotAllowed, |guest| {
        guest.sync_grant(client, &shared_grant, NOW).map(drop)
    });
}

fn doors_guest(seed: u64) -> (Chat, Vec<u8>) {
    Doors::new(seed, 1).guest()
}

#[test]
fn what_devices_change_in_a_link_and_a_chat_is_recorded_whole() {
    let mut meeting = Meeting::waiting(68, 2);
    let mut open = Doors::new(69, 2);
    let (_, claim) = open.guest();
    let mut host = open.take(0, &claim);
    open.grant(0, &mut host);
    let shared_grant = host.export_grant(&open.home.clients[0]).unwrap();
    let client = &open.home.clients[1];
    leads_to_the_same(&open.invites[1], |link| link.sync_grant(client, &shared_grant, NOW));
    let other = open.guest_of_nobody();
    open.take(1, &other);
    let notice = open.invites[0].notice().unwrap();
    leads_to_the_same(&open.invites[1], |link| link.sync_notice(&notice, NOW));

    let granted = {
        let Meeting { doors, hosts, .. } = &mut meeting;
        doors.grant(0, &mut hosts[0])
    };
    let from = meeting.doors.address(0);
    leads_to_the_same(&meeting.guest, |guest| guest.open(from, &granted, NOW));
    meeting.guest.receive(from, &granted, NOW).unwrap();
    let [one, client] = &meeting.doors.home.clients[..] else { panic!() };
    let shared_grant = meeting.hosts[0].export_grant(one).unwrap();
    leads_to_the_same(&meeting.hosts[1], |host| host.sync_grant(client, &shared_grant, NOW));
    let (new, _, envelope) = meeting.link(NOW);
    leads_to_the_same(&meeting.guest, |guest| guest.learn(&meeting.doors.home.list, NOW));
    meeting.guest_learns(NOW);
    leads_to_the_same(&meeting.guest, |guest| guest.open(new.address(), &envelope.message, NOW));
    // A report of another list, and a text for three devices.
    let text = meeting.hosts[0].say("behind", NOW, &mut meeting.doors.rng).unwrap();
    let received = leads_to_the_same(&meeting.guest, |guest| guest.open(from, &text, NOW));
    assert_eq!(received.alerts.len(), 1);
    meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let (before, rng) = (restored(&meeting.guest), &mut meeting.doors.rng);
    let sealed = meeting.guest.text("to three", NOW, rng).unwrap();
    let recorded = sealed.record(&key, b"guest", &before.anchor(), rng).unwrap();
    let change: Change<Chat> = key.open(b"guest", None, recorded.record().unwrap()).unwrap();
    assert_eq!(recorded.apply().envelopes.len(), 3);
    let mut replica = before;
    change.apply(&mut replica).unwrap();
    assert!(replica.to_bytes() == meeting.guest.to_bytes());
}

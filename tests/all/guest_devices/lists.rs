//! The lists of the host's devices that each side knows.

use super::*;

#[test]
fn another_list_than_the_known_one_is_told_once_and_stays_until_both_agree() {
    let mut meeting = Meeting::new(80, 2);
    let of = meeting.doors.home.list.account();
    assert!(meeting.guest_says(0, NOW).alerts.is_empty());
    assert!(meeting.host_says(0, NOW).alerts.is_empty());
    meeting.doors.home.relist(|_| true, NOW + 1);
    // One device of the host knows the newer list, the guest and the other do not.
    meeting.host_learns(0, NOW + 1);
    let guest = meeting.hosts[0].other();
    let one = meeting.doors.address(0);
    assert_eq!(
        meeting.guest_says(0, NOW + 1).alerts,
        [Alert::Lists { of, mismatch: ListMismatch::Behind }]
    );
    assert!(meeting.guest_says(0, NOW + 1).alerts.is_empty());
    assert!(meeting.hosts[0].mismatches().eq([(guest, ListMismatch::Behind)]));
    assert_eq!(
        meeting.host_says(0, NOW + 1).alerts,
        [Alert::Lists { of, mismatch: ListMismatch::Ahead }]
    );
    assert!(meeting.host_says(1, NOW + 1).alerts.is_empty());
    meeting.guest = restored(&meeting.guest);
    assert!(meeting.guest.mismatches().eq([(one, ListMismatch::Ahead)]));
    // Learning the list that was reported clears it here, saying so clears it there.
    meeting.guest_learns(NOW + 1);
    assert_eq!(meeting.guest.mismatches().count(), 0);
    assert!(meeting.host_says(0, NOW + 1).alerts.is_empty());
    assert_eq!(meeting.guest_says(0, NOW + 1).alerts, [Alert::ListsAgree { of }]);
    assert_eq!(meeting.hosts[0].mismatches().count(), 0);
    let two = meeting.doors.address(1);
    assert_eq!(
        meeting.host_says(1, NOW + 1).alerts,
        [Alert::Lists { of, mismatch: ListMismatch::Behind }]
    );
    assert!(meeting.guest.mismatches().eq([(two, ListMismatch::Behind)]));
}

#[test]
fn a_fork_of_the_hosts_list_is_seen_by_both_sides() {
    let mut meeting = Meeting::new(81, 2);
    let of = meeting.doors.home.list.account();
    let (account, known) = (&meeting.doors.home.account, meeting.doors.home.list.clone());
    let fork = next_list(account, &known, known.devices(), NOW + 2);
    meeting.doors.home.relist(|_| true, NOW + 1);
    meeting.host_learns(0, NOW + 1);
    meeting.guest.learn(&fork, NOW + 2).unwrap().apply();
    assert_eq!(
        meeting.guest_says(0, NOW + 2).alerts,
        [Alert::Lists { of, mismatch: ListMismatch::Forked }]
    );
    assert_eq!(
        meeting.host_says(0, NOW + 2).alerts,
        [Alert::Lists { of, mismatch: ListMismatch::Forked }]
    );
    let ours = &meeting.doors.home.list;
    refuses(&mut meeting.guest, Error::ListFork, |guest| guest.learn(ours, NOW + 2).map(drop));
}

#[test]
fn a_host_sees_at_the_door_that_its_guest_knows_an_older_list() {
    let mut doors = Doors::new(82, 2);
    let (_, claim) = doors.guest();
    doors.home.relist(|_| true, NOW);
    let (invite, client) = (&mut doors.invites[0], &mut doors.home.clients[0]);
    let opened_claim = invite.claim(client, &claim, NOW).unwrap();
    let (host, introduction) = opened_claim.apply();
    let of = doors.home.list.account();
    assert_eq!(introduction.alerts, [Alert::Lists { of, mismatch: ListMismatch::Behind }]);
    assert!(host.mismatches().eq([(host.other(), ListMismatch::Behind)]));
}

#[test]
fn a_fork_of_the_hosts_list_is_told_at_the_door() {
    let mut doors = Doors::new(114, 2);
    let (account, known) = (&doors.home.account, &doors.home.list);
    let fork = next_list(account, known, known.devices(), NOW + 1);
    doors.home.relist(|_| true, NOW);
    let bundles = doors.bundles.clone();
    let (_, claim) = doors.claim(&fork, &bundles).unwrap();
    let (invite, client) = (&mut doors.invites[0], &mut doors.home.clients[0]);
    let (_, introduction) = invite.claim(client, &claim, NOW).unwrap().apply();
    let of = doors.home.list.account();
    assert_eq!(introduction.alerts, [Alert::Lists { of, mismatch: ListMismatch::Forked }]);
    // Where both know the same there is nothing to tell.
    let claim = doors.guest_of_nobody();
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    let (_, introduction) = invite.claim(client, &claim, NOW).unwrap().apply();
    assert!(introduction.alerts.is_empty());
}

#[test]
fn a_device_that_is_gone_loses_its_session_with_the_guest_at_once() {
    let mut meeting = Meeting::new(83, 3);
    let late = meeting.hosts[2].say("late", NOW, &mut meeting.doors.rng).unwrap();
    let gone = meeting.doors.address(2);
    meeting.doors.home.relist(|device| device != 2, NOW);
    let learned = meeting.guest_learns(NOW);
    assert_eq!(learned, ListUpdate::Newer { added: vec![], removed: vec![gone.device] });
    assert_eq!(meeting.guest.devices().count(), 2);
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.open(gone, &late, NOW).map(drop));
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert!(said.iter().all(|envelope| envelope.to != gone));
    // Its session key is gone, too.
    let name = meeting.hosts[2].handshake_ids().next().unwrap();
    assert!(meeting.guest.handshake_ids().all(|other| other != name));
    // The device itself ends when it hears of it.
    assert_eq!(meeting.host_learns(2, NOW), ListUpdate::Removed);
    assert_eq!(meeting.hosts[2].status(), ChatStatus::Ended(EndReason::Removed));
    assert_eq!(meeting.hosts[2].devices().count(), 0);
    meeting.host_learns(0, NOW);
    assert!(meeting.guest_says(0, NOW).alerts.is_empty());
}

#[test]
fn a_grant_of_a_device_that_is_gone_lets_nobody_in() {
    let mut meeting = Meeting::waiting(84, 2);
    let Meeting { doors, hosts, .. } = &mut meeting;
    let granted = doors.grant(1, &mut hosts[1]);
    let (gone, shared_grant) =
        (doors.address(1), hosts[1].export_grant(&doors.home.clients[1]).unwrap());
    meeting.doors.home.relist(|device| device == 0, NOW);
    meeting.guest_learns(NOW);
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.open(gone, &granted, NOW).map(drop));
    let (client, host) = (&meeting.doors.home.clients[0], &mut meeting.hosts[0]);
    refuses(host, Error::Unlisted, |host| host.sync_grant(client, &shared_grant, NOW).map(drop));
}

#[test]
fn a_guest_learns_what_follows_and_nothing_else() {
    let mut meeting = Meeting::new(85, 2);
    let old = meeting.doors.home.list.clone();
    let mut far = old.clone();
    for _ in 0..66 {
        far = next_list(&meeting.doors.home.account, &far, old.devices(), NOW);
    }
    meeting.doors.home.relist(|_| true, NOW);
    let stranger = Home::new(9, 2, &mut meeting.doors.rng);
    let impostor = Home::new(1, 2, &mut meeting.doors.rng);
    let expired = meeting.doors.home.list.clone();
    let guest = &mut meeting.guest;
    refuses(guest, Error::ListGap, |guest| guest.learn(&far, NOW).map(drop));
    refuses(guest, Error::WrongPeer, |guest| guest.learn(&stranger.list, NOW).map(drop));
    refuses(guest, Error::WrongPeer, |guest| guest.learn(&impostor.list, NOW).map(drop));
    let mut late = restored(guest);
    for now in days(NOW, NOW + 10 * DAY - 1) {
        changed(late.expire(now));
    }
    refuses(&mut late, Error::Expired, |guest| guest.learn(&expired, NOW + 10 * DAY).map(drop));
    assert_eq!(meeting.guest_learns(NOW), ListUpdate::Newer { added: vec![], removed: vec![] });
    assert_eq!(meeting.guest_learns(NOW), ListUpdate::Nothing);
    refuses(&mut meeting.guest, Error::ListRollback, |guest| guest.learn(&old, NOW).map(drop));
}

#[test]
fn a_guest_says_and_reads_nothing_by_a_list_past_its_time() {
    let mut meeting = Meeting::new(86, 2);
    // Six days at a time, so that the chat does not end before the list does.
    let mut now = NOW;
    while now < NOW + 30 * DAY {
        meeting.guest_says(0, now);
        meeting.host_says(0, now);
        now += 6 * DAY;
    }
    let now = NOW + 30 * DAY;
    meeting.guest_says(0, now);
    let late = now + 1;
    let text = meeting.hosts[0].say("late", late, &mut meeting.doors.rng).unwrap();
    let (from, rng) = (meeting.doors.address(0), &mut meeting.doors.rng);
    let guest = &mut meeting.guest;
    refuses(guest, Error::ListExpired, |guest| guest.send("late", late, rng));
    refuses(guest, Error::ListExpired, |guest| guest.open(from, &text, late).map(drop));
    meeting.doors.home.relist(|_| true, late);
    meeting.guest_learns(late);
    meeting.guest.receive(from, &text, late).unwrap();
    meeting.guest_says(0, late);
}

#[test]
fn a_guest_whose_host_has_no_device_left_that_it_knew_says_nothing() {
    let mut meeting = Meeting::new(87, 1);
    let other = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    meeting.doors.home.clients.push(other);
    meeting.doors.home.relist(|device| device == 1, NOW);
    meeting.guest_learns(NOW);
    let rng = &mut meeting.doors.rng;
    refuses(&mut meeting.guest, Error::NoRecipient, |guest| guest.send("hello", NOW, rng));
    meeting.guest.block(NOW).unwrap().apply();
    assert_eq!(meeting.guest.status(), ChatStatus::Ended(EndReason::Here));
}

#[test]
fn a_message_that_does_not_say_which_list_its_sender_knows_is_not_allowed() {
    let mut meeting = Meeting::new(88, 1);
    let mut session = support::guest::bare_session(&meeting.guest).session;
    let no_list = [&[0; 48][..], &raw_text(b"hello")].concat();
    for content in [&[][..], &[2], b"\x02hello", &[1; 40], &[1; 48], &no_list] {
        let message = session.encrypt(content, &mut meeting.doors.rng).unwrap();
        refuses(&mut meeting.hosts[0], Error::NotAllowed, |host| {
            host.listen(&message, NOW).map(drop)
        });
    }
}

#[test]
fn a_list_that_the_host_has_named_older_serves_a_guest_three_days_more() {
    let mut meeting = Meeting::new(95, 2);
    let end = NOW + 1 + 3 * DAY;
    meeting.doors.home.relist(|device| device == 0, NOW + 1);
    meeting.host_learns(0, NOW + 1);
    // The server shows the guest no list, and the removed device reads on.
    meeting.host_says(0, NOW + 1);
    meeting.guest = restored(&meeting.guest);
    meeting.host_says(0, end);
    let Meeting { doors, guest, hosts } = &mut meeting;
    let rng = &mut doors.rng;
    assert!(restored(guest).send("in time", end, rng).is_ok());
    let late = hosts[0].say("late", end + 1, rng).unwrap();
    refuses(guest, Error::ListExpired, |guest| guest.send("late", end + 1, rng).map(drop));
    let from = doors.address(0);
    refuses(guest, Error::ListExpired, |guest| guest.open(from, &late, end + 1).map(drop));
    guest.learn(&doors.home.list, end + 1).unwrap().apply();
    guest.receive(from, &late, end + 1).unwrap();
    let said = guest.send("one device fewer", end + 1, &mut doors.rng).unwrap().envelopes;
    assert_eq!(said.len(), 1);
}

//! Shared links and shared grants among the devices of one host, and those that are taken.

use latchstring::Error;
use latchstring::client::{Client, OwnObject};
use latchstring::guest::{Approval, Chat, ChatEvent, ChatStatus, Policy, SyncOutcome};
use latchstring::storage::State;
use support::doors::Doors;
use support::guest::{EXPIRES, contains, link_key, own_certificate, secret_of, transcript_of};
use support::home::Home;
use support::{NOW, OneToOne, TestRng, certificate, flipped, only, refusal, refuses};

use crate::guest::changed;

/// Makes a host with so many devices, and one guest that has claimed its link.
fn claimed(seed: u64, devices: usize) -> (Doors, Chat, Vec<u8>) {
    claimed_with(seed, devices, Policy::new("Ada", EXPIRES))
}

/// Makes the same behind a PIN.
fn claimed_with_pin(seed: u64, devices: usize) -> (Doors, Chat, Vec<u8>) {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    claimed_with(seed, devices, policy)
}

fn claimed_with(seed: u64, devices: usize, policy: Policy) -> (Doors, Chat, Vec<u8>) {
    let mut doors = Doors::with_policy(seed, devices, policy);
    let (guest, claim) = claim_of(&mut doors);
    (doors, guest, claim)
}

/// Makes a claim without a text, which a link with a PIN takes too.
fn claim_of(doors: &mut Doors) -> (Chat, Vec<u8>) {
    let preview = doors.preview();
    preview.claim(&doors.home.list, &doors.bundles, "Grace", &[], NOW, &mut doors.rng).unwrap()
}

/// Returns the account that the guest's own certificate names.
fn account_of(guest: &Chat) -> [u8; 32] {
    own_certificate(guest)[certificate::ACCOUNT].try_into().unwrap()
}

/// Makes a shared grant of this claim that the device signs, whatever it has seen.
fn grant_of(doors: &Doors, claim: &[u8], by: &Client, guest: &[u8; 32]) -> OwnObject {
    doors.grant_of(transcript_of(claim).try_into().unwrap(), by, guest)
}

#[test]
fn the_grant_of_another_device_does_not_stand_for_an_unproved_pin() {
    let (mut doors, mut guest, claim) = claimed_with_pin(1, 2);
    let rng = &mut TestRng::new(10);
    let guest_id = account_of(&guest);
    let forged = grant_of(&doors, &claim, &doors.home.clients[1], &guest_id);
    let client = &doors.home.clients[0];
    refuses(&mut doors.invites[0], Error::NotAllowed, |link| {
        link.sync_grant(client, &forged, NOW).map(drop)
    });
    let mut maker = doors.take(0, &claim);
    let refuses_it = |maker: &mut Chat, doors: &Doors| {
        let client = &doors.home.clients[0];
        refuses(maker, Error::NotAllowed, |maker| maker.sync_grant(client, &forged, NOW).map(drop));
        assert_eq!(maker.status(), ChatStatus::Waiting);
    };
    refuses_it(&mut maker, &doors);
    let answer = only(maker.answer_pin(&doors.home.clients[0], NOW, rng).unwrap().apply());
    refuses_it(&mut maker, &doors);
    let from = doors.home.clients[0].address();
    guest.receive(from, &answer, NOW).unwrap();
    let proof = only(guest.prove_pin(NOW, rng).unwrap().apply());
    assert!(maker.hear(&proof, NOW).unwrap().event == ChatEvent::PinProved);
    // Nor does it stand for the user who has not let the guest in yet.
    refuses_it(&mut maker, &doors);
    doors.grant(0, &mut maker);
    let client = &doors.home.clients[0];
    assert!(maker.sync_grant(client, &forged, NOW).unwrap().apply() == SyncOutcome::Known);
}

#[test]
fn an_open_link_with_a_pin_takes_its_makers_grant_only() {
    let (mut doors, guest, claim) = claimed_with_pin(2, 3);
    let account = account_of(&guest);
    let forged = grant_of(&doors, &claim, &doors.home.clients[1], &account);
    for device in [1, 2] {
        let client = &doors.home.clients[device];
        refuses(&mut doors.invites[device], Error::NotAllowed, |link| {
            link.sync_grant(client, &forged, NOW).map(drop)
        });
    }
    let grant = grant_of(&doors, &claim, &doors.home.clients[0], &account);
    assert_eq!(doors.sync_grant(2, &grant, NOW), Ok(SyncOutcome::Taken));
    assert_eq!(doors.take(2, &claim).status(), ChatStatus::Active);
    // Without a PIN the grant of any own device is good, once the claim has been taken.
    let (mut doors, guest, claim) = claimed(3, 3);
    let grant = grant_of(&doors, &claim, &doors.home.clients[1], &account_of(&guest));
    let by = doors.address(1).device;
    assert_eq!(doors.sync_grant(2, &grant, NOW), Ok(SyncOutcome::Early { by }));
    let client = &doors.home.clients[2];
    refuses(&mut doors.invites[2], Error::Expired, |link| {
        link.sync_grant(client, &grant, EXPIRES + 1).map(drop)
    });
    let mut chat = doors.take(2, &claim);
    let told = doors.tell(2, Some(&mut chat), &grant);
    assert_eq!(told, [Ok(SyncOutcome::Known), Ok(SyncOutcome::Taken)]);
}

#[test]
fn a_shared_grant_is_taken_by_a_listed_device_that_took_the_claim() {
    let (mut doors, _, claim) = claimed(4, 3);
    let (mut host, mut chat) = (doors.take(0, &claim), doors.take(1, &claim));
    doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    let other = &doors.home.clients[2];
    refuses(&mut chat, Error::WrongClient, |chat| {
        chat.sync_grant(other, &shared_grant, NOW).map(drop)
    });
    doors.home.relist(|device| device != 1, NOW);
    let gone = &doors.home.clients[1];
    refuses(&mut chat, Error::OwnDeviceUnlisted, |chat| {
        chat.sync_grant(gone, &shared_grant, NOW).map(drop)
    });
}

#[test]
fn an_open_link_takes_grants_of_its_own_account_only() {
    let (mut doors, guest, claim) = claimed(5, 2);
    let stranger = Home::new(9, 1, &mut doors.rng);
    let stranger = &stranger.clients[0];
    let shared_grant = grant_of(&doors, &claim, stranger, &account_of(&guest));
    let invite = &mut doors.invites[1];
    refuses(invite, Error::WrongPeer, |invite| {
        invite.sync_grant(stranger, &shared_grant, NOW).map(drop)
    });
}

#[test]
fn a_link_that_hears_of_a_grant_after_its_time_keeps_no_key() {
    for (late, kept) in [(0, true), (1, false)] {
        let (mut doors, _, claim) = claimed(6, 2);
        let mut host = doors.take(0, &claim);
        doors.grant(0, &mut host);
        let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
        assert_eq!(doors.sync_grant(1, &shared_grant, EXPIRES + late), Ok(SyncOutcome::Taken));
        let state = doors.invites[1].to_bytes();
        for label in ["psk", "record-key"] {
            let key = link_key::<32>(&secret_of(&doors.url), label);
            assert_eq!(contains(&state, &key), kept, "{label} {late}");
        }
        assert_eq!(doors.sync_grant(1, &shared_grant, EXPIRES + late), Ok(SyncOutcome::Known));
        if !kept {
            let client = &mut doors.home.clients[1];
            refuses(&mut doors.invites[1], Error::Duplicate, |link| {
                link.claim(client, &claim, NOW).map(drop)
            });
        }
    }
}

#[test]
fn a_shared_grant_is_good_for_the_guest_that_it_names() {
    let (mut doors, guest, claim) = claimed(7, 3);
    let mut chat = doors.take(1, &claim);
    let other = grant_of(&doors, &claim, &doors.home.clients[0], &[7; 32]);
    let client = &doors.home.clients[1];
    refuses(&mut chat, Error::WrongPeer, |chat| chat.sync_grant(client, &other, NOW).map(drop));
    // A link does not know yet which guest it is, and finds out at the claim.
    assert_eq!(doors.sync_grant(2, &other, NOW), Ok(SyncOutcome::Taken));
    let client = &mut doors.home.clients[2];
    refuses(&mut doors.invites[2], Error::WrongPeer, |link| {
        link.claim(client, &claim, NOW).map(drop)
    });
    // The device that granted may be gone by then.
    let grant = grant_of(&doors, &claim, &doors.home.clients[0], &account_of(&guest));
    assert_eq!(
        chat.sync_grant(&doors.home.clients[1], &grant, NOW).unwrap().apply(),
        SyncOutcome::Taken
    );
    let (mut doors, guest, claim) = claimed(14, 3);
    let grant = grant_of(&doors, &claim, &doors.home.clients[0], &account_of(&guest));
    assert_eq!(doors.sync_grant(1, &grant, NOW), Ok(SyncOutcome::Taken));
    doors.home.relist(|device| device != 0, NOW);
    assert_eq!(doors.take(1, &claim).status(), ChatStatus::Active);
}

#[test]
fn a_link_taken_back_on_one_device_ends_on_the_others() {
    let (mut doors, _, claim) = claimed(8, 3);
    let notice = doors.revoke(0);
    assert_eq!(doors.sync_notice(0, &notice), Ok(SyncOutcome::Known));
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Taken));
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Known));
    assert!(doors.invites[1].link().is_none());
    let client = &mut doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::Ended, |link| link.claim(client, &claim, NOW).map(drop));
    // One that was not told, and took a guest in: the user is told on both.
    let mut chat = doors.take(2, &claim);
    let invite = &mut doors.invites[2];
    refuses(invite, Error::AlreadyClaimed, |invite| invite.sync_notice(&notice, NOW).map(drop));
    doors.grant(2, &mut chat);
    let shared_grant = chat.export_grant(&doors.home.clients[2]).unwrap();
    let by = doors.address(2).device;
    for device in 0..2 {
        assert_eq!(doors.sync_grant(device, &shared_grant, NOW), Ok(SyncOutcome::Disputed { by }));
        let client = &mut doors.home.clients[device];
        let invite = &mut doors.invites[device];
        refuses(invite, Error::Ended, |link| link.claim(client, &claim, NOW).map(drop));
    }
}

#[test]
fn a_link_whose_time_has_ended_raises_no_alarm_at_late_news() {
    let (mut doors, _, claim) = claimed(9, 2);
    changed(doors.invites[1].expire(EXPIRES + 1));
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let (shared_grant, notice) =
        (host.export_grant(&doors.home.clients[0]).unwrap(), doors.invites[0].notice().unwrap());
    let client = &doors.home.clients[1];
    let invite = &mut doors.invites[1];
    refuses(invite, Error::Ended, |invite| invite.sync_grant(client, &shared_grant, NOW).map(drop));
    refuses(invite, Error::Ended, |invite| invite.sync_notice(&notice, NOW).map(drop));
}

#[test]
fn devices_with_different_claims_take_nobody_once_they_see_each_others_notice() {
    let (mut doors, _, claim) = claimed(10, 3);
    let other = claim_of(&mut doors).1;
    doors.take(0, &claim);
    let notice = doors.invites[0].notice().unwrap();
    // Open: it may take the same claim, which the notice does not show.
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Known));
    assert!(doors.invites[1].link().is_some());
    doors.take(1, &claim);
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Known));
    doors.take(2, &other);
    assert_eq!(doors.sync_notice(2, &notice), Ok(SyncOutcome::Contested));
    assert_eq!(doors.sync_notice(2, &notice), Ok(SyncOutcome::Contested));
    let client = &mut doors.home.clients[2];
    refuses(&mut doors.invites[2], Error::AlreadyClaimed, |link| {
        link.claim(client, &other, NOW).map(drop)
    });
}

#[test]
fn a_link_granted_elsewhere_takes_the_notice_of_its_claim_and_of_another() {
    let (mut doors, _, claim) = claimed(11, 3);
    let other = claim_of(&mut doors).1;
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let shared_grant = host.export_grant(&doors.home.clients[0]).unwrap();
    assert_eq!(doors.sync_grant(1, &shared_grant, NOW), Ok(SyncOutcome::Taken));
    let same = doors.invites[0].notice().unwrap();
    assert_eq!(doors.sync_notice(1, &same), Ok(SyncOutcome::Known));
    // Of a maker that says two things, as only a copy of it can.
    let mut copy = Doors::new(11, 3);
    copy.take(0, &other);
    let notice = copy.invites[0].notice().unwrap();
    assert_eq!(doors.sync_notice(1, &notice), Ok(SyncOutcome::Contested));
    let client = &mut doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |link| {
        link.claim(client, &claim, NOW).map(drop)
    });
}

#[test]
fn a_notice_that_the_links_owner_did_not_sign_is_refused() {
    let (mut doors, ..) = claimed(12, 2);
    let notice = doors.revoke(0);
    let invite = &mut doors.invites[1];
    for place in 0..notice.len() {
        let error =
            refusal(invite, |invite| invite.sync_notice(&flipped(&notice, place), NOW).map(drop))
                .unwrap();
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            2..26 => error == Error::WrongPeer,
            26..59 => error == Error::Malformed,
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    for length in 0..notice.len() {
        let error =
            refusal(invite, |invite| invite.sync_notice(&notice[..length], NOW).map(drop)).unwrap();
        assert!(matches!(error, Error::Malformed | Error::BadSignature), "{length}: {error:?}");
    }
    let elsewhere = Doors::new(13, 1).revoke(0);
    refuses(invite, Error::WrongPeer, |invite| invite.sync_notice(&elsewhere, NOW).map(drop));
}

//! The first claim to come, and the later ones.

use super::*;

#[test]
fn of_two_guests_the_first_to_arrive_is_let_in_whoever_it_is() {
    for first in 0..2 {
        let mut door = Door::new(50);
        let guests = [door.guest(), door.guest()];
        let (winner, loser) = (&guests[first], &guests[1 - first]);
        let chat = door.admit(&winner.1);
        assert_eq!(chat.fingerprint(), winner.0.fingerprint());
        assert_ne!(chat.fingerprint(), loser.0.fingerprint());
        door.refuses(&loser.1, NOW, Error::AlreadyClaimed);
        door.refuses(&winner.1, NOW, Error::Duplicate);
        door.invite = restored(&door.invite);
        door.host = restored(&door.host);
        door.refuses(&loser.1, NOW, Error::AlreadyClaimed);
        door.refuses(&winner.1, NOW, Error::Duplicate);
        door.refuses(&winner.1, EXPIRES + 1, Error::Duplicate);
        door.refuses(&loser.1, EXPIRES + 1, Error::AlreadyClaimed);
    }
}

#[test]
fn of_two_claims_opened_from_one_state_only_one_can_be_applied() {
    let mut door = Door::new(51);
    let (one, other) = (door.guest().1, door.guest().1);
    let copies = (restored(&door.invite), restored(&door.host));
    let (invite, host) = recorded(&mut door, &other);
    door.admit(&one);
    refuses(&mut door.invite, Error::StaleChange, |link| invite.apply(link));
    refuses(&mut door.host, Error::StaleChange, |client| host.apply(client));
    is_stale(&mut door, copies, &other);
}

#[test]
fn a_claim_is_not_recorded_over_either_state_that_moved_on() {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    for half in 0..2 {
        let mut door = Door::new(57);
        let (_, claim) = door.guest();
        let mut stored = (door.invite.anchor(), door.host.anchor());
        if half == 0 {
            let mut other = restored(&door.invite);
            other.revoke(NOW).unwrap().apply();
            stored.0 = other.anchor();
        } else {
            let mut other = restored(&door.host);
            other.replenish(NOW, &mut door.rng).apply();
            stored.1 = other.anchor();
        }
        let before = door.host.to_bytes();
        let Door { invite, host, rng, .. } = &mut door;
        refuses(invite, Error::StaleChange, |link| {
            let opened = link.claim(host, &claim, NOW)?;
            opened.record(&key, (b"link", &stored.0), (b"host", &stored.1), rng).map(drop)
        });
        assert!(*before == *door.host.to_bytes());
        door.admit(&claim);
    }
}

#[test]
fn a_claim_that_one_of_two_journals_does_not_take_is_in_neither() {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    for half in 0..2 {
        let mut door = Door::new(58);
        let (_, claim) = door.guest();
        let Door { invite, host, rng, .. } = &mut door;
        let (_, mut link) = Journal::begin(invite, &key, b"link", rng).unwrap();
        let (_, mut client) = Journal::begin(host, &key, b"host", rng).unwrap();
        let (mut foreign, mut other) = (restored(invite), restored(host));
        other.replenish(NOW, rng).apply();
        foreign.revoke(NOW).unwrap().apply();
        let behind = if half == 0 {
            Journal::begin(&foreign, &key, b"link", rng).map(|(_, journal)| link = journal)
        } else {
            Journal::begin(&other, &key, b"host", rng).map(|(_, journal)| client = journal)
        };
        behind.unwrap();
        let opened = invite.claim(host, &claim, NOW).unwrap();
        let refused = opened.journal(&mut link, &mut client, rng).map(drop);
        assert_eq!(refused, Err(Error::StaleChange));
        assert_eq!((link.entries(), client.entries()), (0, 0));
        door.admit(&claim);
    }
}

#[test]
fn a_process_that_ends_before_it_saves_the_opened_claim_takes_it_again() {
    let mut door = Door::new(52);
    let (guest, claim) = door.guest();
    drop(door.invite.claim(&mut door.host, &claim, NOW).unwrap());
    door.invite = restored(&door.invite);
    door.host = restored(&door.host);
    assert_eq!(door.admit(&claim).fingerprint(), guest.fingerprint());
}

#[test]
fn the_late_comer_is_told_and_the_winner_is_not_disturbed() {
    let mut door = Door::new(53);
    let ((mut winner, claim), (mut loser, _)) = (door.guest(), door.guest());
    let preview = door.preview();
    assert!(door.invite.notice().is_none());
    door.admit(&claim);
    let notice = door.invite.notice().unwrap();
    door.server_copy.check_notice(&notice).unwrap();
    let status = preview.status(&notice).unwrap();
    assert_eq!(
        (status, &*status.to_string()),
        (LinkStatus::Claimed, "somebody has claimed the link")
    );
    assert!(!winner.read_notice(&notice, NOW).unwrap().is_change());
    assert!(winner.say("hello", NOW, &mut door.rng).is_ok());
    changed(loser.read_notice(&notice, NOW).unwrap());
    assert_eq!(loser.status(), ChatStatus::Ended(EndReason::ClaimedByAnother));
}

#[test]
fn a_notice_does_not_say_who_claimed() {
    let mut door = Door::new(54);
    let (_, claim) = door.guest();
    let chat = door.admit(&claim);
    let notice = door.invite.notice().unwrap();
    let guest = chat.peer().encode();
    assert!(!contains(&notice, &claim[TRANSCRIPT]));
    assert!(guest.windows(8).all(|part| !contains(&notice, part)));
    assert_eq!(shared(&notice, &claim).len(), 24 - 7);
}

#[test]
fn a_notice_that_the_owner_did_not_sign_is_refused() {
    let mut door = Door::new(55);
    let ((mut waiting, _), (_, claim)) = (door.guest(), door.guest());
    let preview = door.preview();
    door.admit(&claim);
    let notice = door.invite.notice().unwrap();
    for place in 0..notice.len() {
        let forged = flipped(&notice, place);
        let error =
            refusal(&mut waiting, |guest| guest.read_notice(&forged, NOW).map(drop)).unwrap();
        assert_eq!(door.server_copy.check_notice(&forged), Err(error));
        assert_eq!(preview.status(&forged), Err(error));
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            2..26 => error == Error::WrongPeer,
            26 => matches!(error, Error::Malformed | Error::BadSignature),
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    for length in 0..notice.len() {
        assert!(waiting.read_notice(&notice[..length], NOW).is_err());
    }
}

#[test]
fn a_holder_of_the_link_cannot_end_it_in_the_owners_name() {
    let mut door = Door::new(56);
    let (mut guest, _) = door.guest();
    let secret = secret_of(&door.url());
    let body = [&[1, 0x23][..], &door.link().locator().0, &[2], &[0; 32]].concat();
    let seeds = [
        link_key(&secret, "claim-seed"),
        link_key(&secret, "claim-key"),
        secret,
        signing_seed(&device_of(&door.host)),
    ];
    for seed in seeds {
        let forged = [body.as_slice(), &sign(&seed, "guest/notice", &[&body])].concat();
        assert_eq!(door.server_copy.check_notice(&forged), Err(Error::BadSignature));
        refuses(&mut guest, Error::BadSignature, |guest| guest.read_notice(&forged, NOW).map(drop));
    }
}

#[test]
fn a_notice_of_another_link_says_nothing_about_this_one() {
    let mut door = Door::new(57);
    let (mut guest, _) = door.guest();
    let mut other = Door::new(58);
    other.invite.revoke(NOW).unwrap().apply();
    let notice = other.invite.notice().unwrap();
    refuses(&mut guest, Error::WrongPeer, |guest| guest.read_notice(&notice, NOW).map(drop));
    assert_eq!(door.server_copy.check_notice(&notice), Err(Error::WrongPeer));
}

#[test]
fn a_notice_is_for_waiting_guests_only() {
    let mut talk = Talk::new(59);
    let notice = talk.door.invite.notice().unwrap();
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.read_notice(&notice, NOW).map(drop));
    refuses(&mut talk.host, Error::NotAllowed, |host| host.read_notice(&notice, NOW).map(drop));
}

//! A guest that becomes an account.

use super::*;
use latchstring::guest::HandOver;

/// A chat that goes on, and the account that its guest has opened.
fn opened(seed: u64) -> (Talk, Client) {
    let mut talk = Talk::new(seed);
    let account = client(7, &mut talk.door.rng);
    (talk, account)
}

fn handed_over(talk: &mut Talk, account: &Client) -> Vec<u8> {
    only(talk.guest.hand_over(account, NOW, &mut talk.door.rng).unwrap().apply())
}

/// Lets the host get the hand-over, and know the list of the account.
fn heard(seed: u64) -> (Talk, Client) {
    let (mut talk, account) = opened(seed);
    let said = handed_over(&mut talk, &account);
    talk.host.hear(&said, NOW).unwrap();
    talk.door.host.learn(account.list(), NOW).unwrap().apply();
    (talk, account)
}

fn accepted(talk: &mut Talk) -> Result<Vec<u8>, Error> {
    let said = talk.host.accept_hand_over(&talk.door.host, NOW, &mut talk.door.rng)?;
    Ok(only(said.apply()))
}

#[test]
fn a_guest_becomes_an_account_and_the_chat_is_over_on_both_sides() {
    let (mut talk, account) = opened(400);
    let said = handed_over(&mut talk, &account);
    let event = talk.host.hear(&said, NOW).unwrap().event;
    let ChatEvent::HandedOver(hand_over) = event else { panic!("{event:?}") };
    assert_eq!(hand_over.account(), account.address().account);
    assert_eq!(hand_over.check(account.list()), Ok(()));
    assert!(!hand_over.is_known_to(&talk.door.host));
    // The user has said nothing yet: the chat goes on.
    let text = talk.guest_says("still here", NOW);
    talk.host.hear(&text, NOW).unwrap();
    talk.door.host.learn(account.list(), NOW).unwrap().apply();
    let last = accepted(&mut talk).unwrap();
    assert_eq!(talk.guest.hear(&last, NOW).unwrap().event, ChatEvent::BecameAccount);
    for chat in [&talk.host, &talk.guest] {
        assert_eq!(chat.status(), ChatStatus::Ended(EndReason::BecameAccount));
        assert_eq!(chat.handed_over(), Some(&*hand_over));
        assert!(restored(chat).to_bytes() == chat.to_bytes());
    }
}

#[test]
fn a_hand_over_said_again_is_the_same_and_changes_nothing_more() {
    let (mut talk, account) = heard(401);
    let before = talk.host.handed_over().cloned();
    let again = only(talk.guest.hand_over(&account, NOW + 60, &mut talk.door.rng).unwrap().apply());
    let event = talk.host.hear(&again, NOW + 60).unwrap().event;
    assert_eq!(event, ChatEvent::HandedOver(Box::new(before.clone().unwrap())));
    assert_eq!(talk.host.handed_over().cloned(), before);
}

#[test]
fn a_second_account_is_refused_on_both_sides() {
    let (mut talk, account) = opened(402);
    let other = client(8, &mut talk.door.rng);
    // The guest's program was restored, or somebody has a copy of it.
    let mut copy = restored(&talk.guest);
    let said = handed_over(&mut talk, &account);
    talk.host.hear(&said, NOW).unwrap();
    let rng = &mut talk.door.rng;
    refuses(&mut talk.guest, Error::OtherAccount, |guest| {
        guest.hand_over(&other, NOW, rng).map(drop)
    });
    copy.hand_over(&other, NOW, &mut talk.door.rng).unwrap().apply();
    let mut late = bare_session(&talk.guest);
    let object = [&[HAND_OVER], &copy.handed_over().unwrap().encode()[..]].concat();
    let second = late.encrypt(&object, &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::OtherAccount, |host| host.listen(&second, NOW).map(drop));
}

/// Makes the bytes of a hand-over that a guest says of an account.
fn object_of(talk: &mut Talk, account: &Client) -> Vec<u8> {
    let mut copy = restored(&talk.guest);
    copy.hand_over(account, NOW, &mut talk.door.rng).unwrap().apply();
    copy.handed_over().unwrap().encode()
}

#[test]
fn a_hand_over_without_the_key_of_guest_or_account_does_not_hold() {
    let (mut talk, account) = opened(403);
    let object = object_of(&mut talk, &account);
    let mut elsewhere = Talk::new(404);
    let foreign = object_of(&mut elsewhere, &account);
    let mut session = bare_session(&talk.guest);
    let mut refuse = |talk: &mut Talk, object: &[u8], error| {
        let content = [&[HAND_OVER], object].concat();
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.host, error, |host| host.listen(&message, NOW).map(drop));
    };
    let (guest, device) = (411..475, 475..539);
    for (places, by) in [
        // Each is missing, is the other one, or is of another chat.
        (guest.clone(), vec![0; 64]),
        (device.clone(), vec![0; 64]),
        (guest.clone(), object[device.clone()].to_vec()),
        (device.clone(), object[guest.clone()].to_vec()),
        (guest.clone(), foreign[guest].to_vec()),
        (device.clone(), foreign[device].to_vec()),
    ] {
        let mut mixed = object.clone();
        mixed[places].copy_from_slice(&by);
        refuse(&mut talk, &mixed, Error::BadSignature);
    }
    // The time, and the list that is named.
    for place in [410, 402] {
        let mut altered = object.clone();
        altered[place] ^= 1;
        refuse(&mut talk, &altered, Error::BadSignature);
    }
    refuse(&mut talk, &foreign, Error::WrongPeer);
    refuse(&mut talk, &object[..538], Error::NotAllowed);
}

#[test]
fn a_guest_does_not_become_its_own_host() {
    let mut talk = Talk::new(405);
    let Talk { door, guest, .. } = &mut talk;
    refuses(guest, Error::OwnAccount, |guest| {
        guest.hand_over(&door.host, NOW, &mut door.rng).map(drop)
    });
}

#[test]
fn nothing_is_handed_over_before_the_grant_or_by_the_host_or_after_the_end() {
    let mut talk = Talk::waiting(406);
    let account = client(7, &mut talk.door.rng);
    let Talk { door: Door { rng, host: device, .. }, host, guest, .. } = &mut talk;
    refuses(guest, Error::NotGranted, |guest| guest.hand_over(&account, NOW, rng).map(drop));
    refuses(host, Error::NotGranted, |host| host.hand_over(&account, NOW, rng).map(drop));
    let granted = only(host.grant(device, NOW, rng).unwrap().apply());
    guest.hear(&granted, NOW).unwrap();
    refuses(host, Error::NotAllowed, |host| host.hand_over(&account, NOW, rng).map(drop));
    refuses(host, Error::NotAllowed, |host| host.accept_hand_over(device, NOW, rng).map(drop));
    guest.end(NOW, rng).unwrap().apply();
    refuses(guest, Error::Ended, |guest| guest.hand_over(&account, NOW, rng).map(drop));
}

#[test]
fn a_host_that_has_not_let_the_guest_in_takes_no_hand_over() {
    let mut talk = Talk::waiting(407);
    let account = client(7, &mut talk.door.rng);
    // The guest takes itself for let in.
    let mut twin = Talk::at(Door::new(407));
    let granted = twin.grant();
    twin.guest.hear(&granted, NOW).unwrap();
    let object = object_of(&mut twin, &account);
    let content = [&[HAND_OVER], &object[..]].concat();
    let message = bare_session(&talk.guest).encrypt(&content, &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotGranted, |host| host.listen(&message, NOW).map(drop));
}

#[test]
fn a_host_goes_on_only_with_the_list_that_was_named() {
    let (mut talk, account) = opened(408);
    let said = handed_over(&mut talk, &account);
    talk.host.hear(&said, NOW).unwrap();
    let refuse = |talk: &mut Talk, error| {
        let Talk { door, host, .. } = talk;
        refuses(host, error, |host| {
            host.accept_hand_over(&door.host, NOW, &mut door.rng).map(drop)
        });
    };
    refuse(&mut talk, Error::UnknownAccount);
    // Somebody else's account under the same id: another key, or another history.
    let false_account = client(7, &mut TestRng::new(999));
    talk.door.host.learn(false_account.list(), NOW).unwrap().apply();
    refuse(&mut talk, Error::WrongPeer);
    let hand_over: HandOver = talk.host.handed_over().unwrap().clone();
    assert_eq!(hand_over.check(false_account.list()), Err(Error::WrongPeer));
    assert!(!hand_over.is_known_to(&talk.door.host));
}

#[test]
fn an_acceptance_that_the_guest_has_not_asked_for_is_not_allowed() {
    let (mut talk, account) = opened(409);
    let id = account.address().account.0;
    let mut session = bare_session(&talk.host);
    let mut refuse = |talk: &mut Talk, id: [u8; 32]| {
        let content = [&[ACCEPTED], &id[..]].concat();
        let message = session.encrypt(&content, &mut talk.door.rng).unwrap();
        refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.listen(&message, NOW).map(drop));
    };
    refuse(&mut talk, id);
    handed_over(&mut talk, &account);
    refuse(&mut talk, [9; 32]);
}

#[test]
fn a_chat_that_idled_hands_nothing_over() {
    let (mut talk, account) = opened(410);
    let late = NOW + IDLE;
    for now in days(NOW, late - 1) {
        talk.guest.expire(now).apply();
    }
    let Talk { door, guest, .. } = &mut talk;
    refuses(guest, Error::Expired, |guest| {
        guest.hand_over(&account, late, &mut door.rng).map(drop)
    });
}

#[test]
fn a_server_checks_a_hand_over_by_the_claim_that_it_has() {
    let (mut talk, account) = opened(411);
    let object = object_of(&mut talk, &account);
    let credentials = talk.guest.claim_credentials().unwrap();
    let copy = talk.door.server_copy.clone();
    let hand_over = copy.check_hand_over(&talk.claim, &credentials, &object).unwrap();
    assert_eq!(hand_over.account(), account.address().account);
    assert_eq!(hand_over.check(account.list()), Ok(()));
    // Another holder of the link, another claim, another chat's hand-over, one signature.
    let mut other = Talk::new(412);
    let foreign = object_of(&mut other, &account);
    let refused = |claim: &[u8], credentials: &[u8], object: &[u8]| {
        copy.check_hand_over(claim, credentials, object).err()
    };
    let theirs = other.guest.claim_credentials().unwrap();
    assert_eq!(refused(&talk.claim, &theirs, &object), Some(Error::WrongPeer));
    assert_eq!(refused(&other.claim, &theirs, &foreign), Some(Error::WrongPeer));
    assert_eq!(refused(&talk.claim, &credentials, &foreign), Some(Error::WrongPeer));
    let mut unsigned = object.clone();
    unsigned[411..475].fill(0);
    assert_eq!(refused(&talk.claim, &credentials, &unsigned), Some(Error::BadSignature));
    let mut stranger = credentials.clone();
    stranger[281] ^= 1;
    assert_eq!(refused(&talk.claim, &stranger, &object), Some(Error::BadSignature));
    assert_eq!(talk.host.claim_credentials().err(), Some(Error::NotAllowed));
}

//! Links with a PIN: proved both ways, one guess, nothing said before.

use latchstring::Error;
use latchstring::guest::{
    Approval, Chat, ChatEvent, ChatStatus, EndReason, InviteLink, Pin, Policy, Preview,
};
use latchstring::session::AccountKind;
use latchstring::storage::State;
use support::guest::{Door, EXPIRES, ORIGIN, Talk, bare_session, contains, raw_text};
use support::{NOW, OneToOne, TestRng, only, refuses, restored};

/// Content kinds of the page on guest links.
const PIN_ANSWER: u8 = 5;
const PIN_PROOF: u8 = 6;

fn door(seed: u64) -> Door {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    Door::with_policy(seed, policy)
}

fn pin_of(door: &Door) -> Pin {
    Pin::parse(&door.invite.pin().unwrap().digits()).unwrap()
}

/// Returns another PIN than the door's.
fn wrong_pin(door: &Door) -> Pin {
    let digits = door.invite.pin().unwrap().digits();
    let number: u32 = digits.parse().unwrap();
    Pin::parse(&format!("{:06}", (number + 1) % 1_000_000)).unwrap()
}

fn previewed(door: &Door) -> Preview {
    door.link().open(door.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap()
}

fn claimed(door: &mut Door, preview: &Preview, texts: &[&str]) -> Result<(Chat, Vec<u8>), Error> {
    let bundles = core::slice::from_ref(&door.bundle);
    preview.claim(door.host.list(), bundles, "Grace", texts, NOW, &mut door.rng)
}

/// Makes a guest who typed `pin`, and the host it came to.
fn talk(mut door: Door, pin: Pin) -> Talk {
    let preview = previewed(&door).enter(pin).unwrap();
    let (guest, claim) = claimed(&mut door, &preview, &[]).unwrap();
    let host = door.admit(&claim);
    Talk { door, host, guest, claim }
}

fn answered(talk: &mut Talk) -> Vec<u8> {
    only(talk.host.answer_pin(&talk.door.host, NOW, &mut talk.door.rng).unwrap().apply())
}

fn proved(talk: &mut Talk) -> Vec<u8> {
    only(talk.guest.prove_pin(NOW, &mut talk.door.rng).unwrap().apply())
}

#[test]
fn a_guest_who_knows_the_pin_is_let_in_after_both_have_proved_it() {
    let door = door(1);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let answer = answered(&mut talk);
    assert!(talk.guest.hear(&answer, NOW).unwrap().event == ChatEvent::PinAnswered);
    let proof = proved(&mut talk);
    assert!(talk.host.hear(&proof, NOW).unwrap().event == ChatEvent::PinProved);
    let granted = talk.grant();
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == ChatEvent::Granted);
    let text = talk.host_says("welcome", NOW);
    talk.guest.hear(&text, NOW).unwrap();
    assert_eq!((talk.host.status(), talk.guest.status()), (ChatStatus::Active, ChatStatus::Active));
}

#[test]
fn each_step_survives_a_restart() {
    let door = door(2);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let restart = |talk: &mut Talk| {
        (talk.host, talk.guest) = (restored(&talk.host), restored(&talk.guest));
    };
    restart(&mut talk);
    let answer = answered(&mut talk);
    restart(&mut talk);
    talk.guest.hear(&answer, NOW).unwrap();
    restart(&mut talk);
    let proof = proved(&mut talk);
    restart(&mut talk);
    talk.host.hear(&proof, NOW).unwrap();
    restart(&mut talk);
    let granted = talk.grant();
    assert!(talk.guest.hear(&granted, NOW).unwrap().event == ChatEvent::Granted);
}

#[test]
fn a_guest_with_another_pin_learns_it_and_the_chat_is_over_for_it() {
    let door = door(3);
    let pin = wrong_pin(&door);
    let mut talk = talk(door, pin);
    let answer = answered(&mut talk);
    assert!(talk.guest.hear(&answer, NOW).unwrap().event == ChatEvent::PinWrong);
    assert_eq!(talk.guest.status(), ChatStatus::Ended(EndReason::WrongPin));
    let rng = &mut talk.door.rng;
    refuses(&mut talk.guest, Error::Ended, |guest| guest.prove_pin(NOW, rng).map(drop));
    let device = &talk.door.host;
    refuses(&mut talk.host, Error::NotAllowed, |host| host.grant(device, NOW, rng).map(drop));
}

#[test]
fn a_guest_who_does_not_look_at_the_hosts_proof_has_one_guess() {
    let door = door(4);
    let pin = wrong_pin(&door);
    let mut talk = talk(door, pin);
    answered(&mut talk);
    let mut session = bare_session(&talk.guest);
    let guess =
        session.encrypt(&[&[PIN_PROOF][..], &[7; 32]].concat(), &mut talk.door.rng).unwrap();
    let again =
        session.encrypt(&[&[PIN_PROOF][..], &[8; 32]].concat(), &mut talk.door.rng).unwrap();
    assert!(talk.host.hear(&guess, NOW).unwrap().event == ChatEvent::PinWrong);
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::WrongPin));
    refuses(&mut talk.host, Error::Ended, |host| host.listen(&again, NOW).map(drop));
}

#[test]
fn a_proof_before_the_answer_is_not_taken() {
    let door = door(5);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let mut session = bare_session(&talk.guest);
    let guess =
        session.encrypt(&[&[PIN_PROOF][..], &[7; 32]].concat(), &mut talk.door.rng).unwrap();
    refuses(&mut talk.host, Error::NotAllowed, |host| host.listen(&guess, NOW).map(drop));
    let rng = &mut talk.door.rng;
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.prove_pin(NOW, rng).map(drop));
}

#[test]
fn the_host_answers_once_and_only_the_host() {
    let door = door(6);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    answered(&mut talk);
    let (client, rng) = (&talk.door.host, &mut talk.door.rng);
    refuses(&mut talk.host, Error::NotAllowed, |host| host.answer_pin(client, NOW, rng).map(drop));
    refuses(&mut talk.guest, Error::NotAllowed, |guest| {
        guest.answer_pin(client, NOW, rng).map(drop)
    });
}

#[test]
fn nothing_is_said_or_granted_before_the_pin_is_proved() {
    let door = door(7);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let stages: [fn(&mut Talk); 3] = [
        |_| {},
        |talk| {
            let answer = answered(talk);
            talk.guest.hear(&answer, NOW).unwrap();
        },
        // Proved, and not yet arrived.
        |talk| drop(proved(talk)),
    ];
    for stage in stages {
        stage(&mut talk);
        let (device, rng) = (&talk.door.host, &mut talk.door.rng);
        refuses(&mut talk.host, Error::NotAllowed, |host| host.grant(device, NOW, rng).map(drop));
        refuses(&mut talk.host, Error::NotGranted, |host| host.say("early", NOW, rng));
        refuses(&mut talk.guest, Error::NotGranted, |guest| guest.say("early", NOW, rng));
    }
}

#[test]
fn a_waiting_guest_takes_nothing_of_a_host_that_has_not_proved_the_pin() {
    let door = door(8);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    // A host whose client does not ask for the PIN.
    let mut session = bare_session(&talk.host);
    let text = session.encrypt(&raw_text(b"hello"), &mut talk.door.rng).unwrap();
    refuses(&mut talk.guest, Error::NotGranted, |guest| guest.listen(&text, NOW).map(drop));
    let mut careless = restored(&talk.host).to_bytes().to_vec();
    let stage = support::guest::stage_of(&careless);
    careless.splice(stage + 2..stage + 3 + 6 + 32, [0]);
    let mut careless = Chat::from_bytes(&careless).unwrap();
    let granted = only(careless.grant(&talk.door.host, NOW, &mut talk.door.rng).unwrap().apply());
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.listen(&granted, NOW).map(drop));
}

#[test]
fn a_share_that_is_none_is_refused() {
    let door = door(9);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let mut session = bare_session(&talk.host);
    // The neutral element, and bytes that encode no element.
    for share in [[0; 32], [0xff; 32]] {
        let answer = [&[PIN_ANSWER][..], &share, &[7; 32]].concat();
        let message = session.encrypt(&answer, &mut talk.door.rng).unwrap();
        refuses(&mut talk.guest, Error::WeakKey, |guest| guest.listen(&message, NOW).map(drop));
    }
}

#[test]
fn every_bit_of_the_hosts_answer_counts() {
    let door = door(10);
    let pin = pin_of(&door);
    let talk = talk(door, pin);
    let mut rng = TestRng::new(10);
    for place in 32..64 {
        let (mut host, mut guest) = (restored(&talk.host), restored(&talk.guest));
        // The answer as the host would give it, with one bit of the proof flipped.
        let answer = only(host.answer_pin(&talk.door.host, NOW, &mut rng).unwrap().apply());
        let mut eavesdropper = bare_session(&restored(&talk.guest));
        let mut content = eavesdropper.decrypt(&answer);
        content[1 + place] ^= 1;
        let message = bare_session(&talk.host).encrypt(&content, &mut rng).unwrap();
        assert!(guest.hear(&message, NOW).unwrap().event == ChatEvent::PinWrong, "{place}");
    }
}

#[test]
fn a_link_with_a_pin_is_not_claimed_without_one_and_the_reverse() {
    let mut with = door(11);
    let preview = previewed(&with);
    let claim = claimed(&mut with, &preview, &[]);
    assert_eq!(claim.err(), Some(Error::PinRequired));
    let preview = previewed(&with).enter(pin_of(&with)).unwrap();
    let claim = claimed(&mut with, &preview, &["too early"]);
    assert_eq!(claim.err(), Some(Error::NotAllowed));
    let without = Door::new(11);
    assert!(without.invite.pin().is_none());
    let entered = previewed(&without).enter(Pin::parse("123456").unwrap());
    assert_eq!(entered.err(), Some(Error::PinNotRequested));
}

#[test]
fn a_pin_is_six_digits_and_shows_itself_only_when_asked() {
    for text in ["", "12345", "1234567", "12345a", "12345 ", "１２３４５６"] {
        assert_eq!(Pin::parse(text).err(), Some(Error::InvalidDigits), "{text}");
    }
    let digits = door(12).invite.pin().unwrap().digits();
    assert_eq!(digits.len(), 6);
    assert_ne!(*digits, *door(13).invite.pin().unwrap().digits());
    let shown = format!("{:?}", Pin::parse(&digits).unwrap());
    assert!(!shown.contains(&digits[..3]));
}

#[test]
fn the_pin_is_erased_with_the_link_and_with_the_answer() {
    let door = door(14);
    let (pin, digits) = (pin_of(&door), door.invite.pin().unwrap().digits());
    let digits = digits.as_bytes();
    assert!(contains(&door.invite.to_bytes(), digits));
    let mut talk = talk(door, pin);
    assert!(talk.door.invite.pin().is_none());
    assert!(!contains(&talk.door.invite.to_bytes(), digits));
    assert!(contains(&talk.host.to_bytes(), digits));
    assert!(!contains(&talk.guest.to_bytes(), digits));
    answered(&mut talk);
    assert!(!contains(&talk.host.to_bytes(), digits));
    assert_eq!(talk.host.peer().kind(), AccountKind::Guest);
}

#[test]
fn two_claims_under_one_pin_have_nothing_in_common() {
    let mut door = door(15);
    let link = InviteLink::parse(&door.url()).unwrap();
    let mut shares = Vec::new();
    for _ in 0..2 {
        let preview = link.open(door.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
        let preview = preview.enter(pin_of(&door)).unwrap();
        let (guest, _) = claimed(&mut door, &preview, &[]).unwrap();
        let bytes = guest.to_bytes();
        let stage = support::guest::stage_of(&bytes);
        // Behind the stage, the count of texts and the stage of the PIN: the secret, the share.
        shares.push(bytes[stage + 3 + 32..stage + 3 + 64].to_vec());
    }
    assert!(support::guest::shared(&shares[0], &shares[1]).is_empty());
}

/// Finds the flag of the PIN in the state of an open invite: behind version, kind, anchor, clock, status, and
/// the signed invitation.
fn flag_of(state: &[u8]) -> usize {
    let length = u32::from_be_bytes(state[60..64].try_into().unwrap());
    64 + length as usize
}

#[test]
fn an_introduction_without_a_share_is_refused_where_a_pin_is_asked_for() {
    // The guest's side of the link asks for no PIN, the host's does, as if the guest's client had
    // left the rule out.
    let mut door = Door::new(16);
    let (_, claim) = door.guest();
    let mut state = door.invite.to_bytes().to_vec();
    // The policy's approval is behind the flags of the PIN and of the maker, whose id follows, and the origin.
    let flag = flag_of(&state);
    let approval = flag + 1 + 1 + 8 + 4 + ORIGIN.len();
    state[approval] = 3;
    state.splice(flag..=flag, [&[1][..], b"123456"].concat());
    let mut invite = latchstring::guest::Invite::from_bytes(&state).unwrap();
    let host = &mut door.host;
    refuses(&mut invite, Error::NotAllowed, |invite| invite.claim(host, &claim, NOW).map(drop));
}

#[test]
fn an_invite_without_the_pin_that_its_policy_asks_for_is_no_state() {
    let door = door(17);
    let mut state = door.invite.to_bytes().to_vec();
    let flag = flag_of(&state);
    state.splice(flag..flag + 7, [0]);
    assert_eq!(latchstring::guest::Invite::from_bytes(&state).err(), Some(Error::Corrupt));
}

#[test]
fn an_echoed_share_or_proof_proves_nothing() {
    let door = door(18);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let answer = answered(&mut talk);
    let content = bare_session(&talk.guest).decrypt(&answer);
    // The host's own proof, given back to it.
    let echo = [&[PIN_PROOF][..], &content[33..]].concat();
    let message = bare_session(&talk.guest).encrypt(&echo, &mut talk.door.rng).unwrap();
    assert!(restored(&talk.host).hear(&message, NOW).unwrap().event == ChatEvent::PinWrong);
    // The guest's own share, given back to it.
    let bytes = talk.guest.to_bytes();
    let stage = support::guest::stage_of(&bytes);
    let share = &bytes[stage + 3 + 32..stage + 3 + 64];
    let echo = [&[PIN_ANSWER][..], share, &content[33..]].concat();
    let message = bare_session(&talk.host).encrypt(&echo, &mut talk.door.rng).unwrap();
    assert!(restored(&talk.guest).hear(&message, NOW).unwrap().event == ChatEvent::PinWrong);
}

#[test]
fn a_second_answer_is_not_taken() {
    let door = door(19);
    let pin = pin_of(&door);
    let mut talk = talk(door, pin);
    let mut another = restored(&talk.host);
    let answer = answered(&mut talk);
    talk.guest.hear(&answer, NOW).unwrap();
    another.answer_pin(&talk.door.host, NOW, &mut talk.door.rng).unwrap().apply();
    let mut session = bare_session(&talk.host);
    let second = [&[PIN_ANSWER][..], &[7; 64]].concat();
    let message = session.encrypt(&second, &mut talk.door.rng).unwrap();
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.listen(&message, NOW).map(drop));
}

#[test]
fn an_answer_for_another_claim_under_the_same_pin_is_wrong() {
    // The link was altered on its way: the guest is led to a host that relays to the real one.
    let real = door(20);
    let pin = pin_of(&real);
    let mut real = talk(real, pin);
    let answer = answered(&mut real);
    let content = bare_session(&real.guest).decrypt(&answer);
    let door = door(21);
    let led = wrong_pin(&door);
    let mut led = talk(door, led);
    let message = bare_session(&led.host).encrypt(&content, &mut led.door.rng).unwrap();
    assert!(led.guest.hear(&message, NOW).unwrap().event == ChatEvent::PinWrong);
}

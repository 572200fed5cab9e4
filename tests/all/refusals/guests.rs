//! Refusals of a link, a preview and a chat.

use latchstring::Error;
use latchstring::guest::{Approval, Chat, Invite, InviteLink, Pin, Policy, TextStatus};
use latchstring::storage::State;
use support::doors::Doors;
use support::guest::remembering;
use support::{Door, NOW, ORIGIN, OneToOne, Talk, TestRng, client, days, refusal};

use super::DAY;

pub(super) fn a_claim_altered_in_transit_has_a_bad_signature() -> Option<Error> {
    let mut door = Door::new(3);
    let (_, mut claim) = door.guest();
    let last = claim.last_mut().unwrap();
    *last ^= 1;
    let before = door.host.to_bytes();
    let error =
        refusal(&mut door.invite, |invite| invite.claim(&mut door.host, &claim, NOW).map(drop));
    assert!(before == door.host.to_bytes());
    error
}

pub(super) fn a_link_that_lost_a_character_is_mangled() -> Option<Error> {
    let mut door = Door::new(16);
    let mut url = door.invite.link().unwrap().to_url(ORIGIN).unwrap();
    url.pop();
    refusal(&mut door.invite, |_| InviteLink::parse(&url))
}

pub(super) fn another_links_invitation_is_the_wrong_one() -> Option<Error> {
    let mut door = Door::new(17);
    let other = Door::new(18).server_copy;
    let open =
        |invite: &mut Invite| invite.link().unwrap().open(other.sealed_invitation(), ORIGIN, NOW);
    refusal(&mut door.invite, open)
}

pub(super) fn a_link_that_asks_for_no_pin_is_not_the_one_that_was_told() -> Option<Error> {
    let door = Door::new(18);
    let link = door.invite.link().unwrap();
    let preview = link.open(door.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    preview.enter(Pin::parse("123456").unwrap()).err()
}

pub(super) fn a_link_of_another_service_has_the_wrong_origin() -> Option<Error> {
    let Door { mut invite, server_copy, .. } = Door::new(19);
    refusal(&mut invite, |invite| {
        invite.link().unwrap().open(server_copy.sealed_invitation(), "example.com", NOW)
    })
}

pub(super) fn a_second_claim_finds_the_link_claimed() -> Option<Error> {
    let mut door = Door::new(20);
    let (_, late) = door.claim("Eve", &["hi"], NOW).unwrap();
    let mut talk = Talk::at(door);
    refusal(&mut talk.door.invite, |invite| invite.claim(&mut talk.door.host, &late, NOW).map(drop))
}

pub(super) fn a_chat_that_nobody_wrote_in_expires() -> Option<Error> {
    let Talk { door: Door { mut rng, .. }, host: mut chat, mut guest, .. } = Talk::new(21);
    let late = guest.say("late", NOW, &mut rng).unwrap();
    for now in days(NOW, NOW + 10 * DAY - 1) {
        chat.expire(now).apply();
    }
    refusal(&mut chat, |chat: &mut Chat| chat.hear(&late, NOW + 10 * DAY))
}

pub(super) fn a_chat_that_was_left_has_ended() -> Option<Error> {
    let Talk { door: Door { mut rng, .. }, mut guest, .. } = Talk::new(22);
    guest.end(NOW, &mut rng).unwrap().apply();
    refusal(&mut guest, |guest| guest.say("again", NOW, &mut rng))
}

pub(super) fn a_host_writes_nothing_before_the_grant() -> Option<Error> {
    let Talk { door: Door { mut rng, .. }, host: mut chat, .. } = Talk::waiting(23);
    refusal(&mut chat, |chat| chat.say("come in", NOW, &mut rng))
}

pub(super) fn an_empty_text_is_not_allowed() -> Option<Error> {
    let Talk { door: Door { mut rng, .. }, host: mut chat, .. } = Talk::new(24);
    refusal(&mut chat, |chat| chat.say("", NOW, &mut rng))
}

pub(super) fn five_digits_are_no_pin() -> Option<Error> {
    let mut door = Door::new(46);
    refusal(&mut door.invite, |_| Pin::parse("12345"))
}

pub(super) fn a_claim_without_the_pin_that_the_link_asks_for_is_not_made() -> Option<Error> {
    let mut policy = Policy::new("Ada", NOW + DAY);
    policy.approval = Approval::Pin;
    let Door { mut rng, mut host, invite, server_copy, bundle } = Door::with_policy(47, policy);
    let link = invite.link().unwrap();
    let preview = link.open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    refusal(&mut host, |host| preview.claim(host.list(), &[bundle], "Grace", &[], NOW, &mut rng))
}

pub(super) fn a_host_whose_name_is_two_lines_makes_no_link() -> Option<Error> {
    let mut rng = TestRng::new(48);
    let mut host = client(1, &mut rng);
    let policy = Policy::new("Ada\nGrace", NOW + DAY);
    refusal(&mut host, |host| Invite::create(host, ORIGIN, policy, NOW, &mut rng))
}

pub(super) fn a_policy_beyond_its_limits_makes_no_link() -> Option<Error> {
    let mut rng = TestRng::new(31);
    let mut host = client(1, &mut rng);
    let policy = Policy::new("Ada", NOW + 31 * DAY);
    refusal(&mut host, |host| Invite::create(host, ORIGIN, policy, NOW, &mut rng))
}

pub(super) fn the_1025th_device_that_comes_later_is_one_too_many() -> Option<Error> {
    let mut doors = Doors::new(49, 1);
    let (mut guest, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let new = doors.home.link(NOW, &mut doors.rng);
    let shared = host.export(&doors.home.clients[0], NOW).unwrap();
    let (_, envelope) = Chat::import(&new, &shared, NOW, &mut doors.rng).unwrap();
    guest.learn(&doors.home.list, NOW).unwrap().apply();
    // Of 1,024 devices, each once.
    let seen: Vec<_> = (0..1024_u64).map(|id| (id, id.to_be_bytes())).collect();
    let mut guest = remembering(&guest, &seen);
    refusal(&mut guest, |guest| guest.open(new.address(), &envelope.message, NOW).map(drop))
}

pub(super) fn a_second_receipt_within_30_seconds_is_sent_too_often() -> Option<Error> {
    let mut talk = Talk::new(50);
    let sent = talk.guest.send("hello", NOW, &mut talk.door.rng).unwrap();
    let only = &sent.envelopes[0];
    let Talk { door: Door { rng, .. }, host, guest, .. } = &mut talk;
    host.open(guest.address(), &only.message, NOW).unwrap().apply();
    host.receipt(TextStatus::Received, &[sent.text.id], NOW, rng).unwrap().apply();
    refusal(host, |host| host.receipt(TextStatus::Read, &[sent.text.id], NOW + 29, rng).map(drop))
}

pub(super) fn a_guest_that_has_become_an_account_becomes_no_other_account() -> Option<Error> {
    let mut talk = Talk::new(51);
    let Talk { door: Door { rng, .. }, guest, .. } = &mut talk;
    let [account, other] = [7, 8].map(|id| client(id, rng));
    guest.hand_over(&account, NOW, rng).unwrap().apply();
    refusal(guest, |guest| guest.hand_over(&other, NOW, rng).map(drop))
}

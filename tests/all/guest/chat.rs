//! From the link to the chat.

use super::*;

#[test]
fn a_guest_who_holds_nothing_but_the_link_chats_with_the_host() {
    let mut rng = TestRng::new(1);
    let mut host = client(1, &mut rng);
    let policy = Policy::new("Ada", NOW + 86_400);
    let (mut invite, server_copy) =
        Invite::create(&host, "example.org", policy, NOW, &mut rng).unwrap();
    let url = invite.link().unwrap().to_url("example.org").unwrap();
    let server_copy = ServerCopy::decode(&server_copy.encode()).unwrap();
    let bundle = bundle_of(&mut host, &mut rng);

    let link = InviteLink::parse(&url).unwrap();
    assert_eq!(link.locator(), server_copy.locator());
    let preview = link.open(server_copy.sealed_invitation(), "example.org", NOW).unwrap();
    assert_eq!(preview.policy().host_name, "Ada");
    let (mut guest, claim): (Chat, _) =
        preview.claim(host.list(), &[bundle], "Grace", &["hi"], NOW, &mut rng).unwrap();
    server_copy.check_claim(&claim).unwrap();

    let opened_claim = invite.claim(&mut host, &claim, NOW).unwrap();
    let (mut chat, introduction) = opened_claim.apply();
    assert_eq!(introduction.name, "Grace");
    assert_eq!(introduction.texts.len(), 1);
    assert_eq!(chat.fingerprint(), guest.fingerprint());

    let key = StateKey::new(1, &[7; 32]).unwrap();
    let stored = chat.anchor();
    let granted = chat.grant(&host, NOW, &mut rng).unwrap();
    let granted = granted.record(&key, b"host", &stored, &mut rng).unwrap();
    let granted = only(granted.apply());
    assert!(guest.hear(&granted, NOW).unwrap().event == ChatEvent::Granted);
    assert_eq!(guest.status(), ChatStatus::Active);
    let text = chat.say("welcome", NOW, &mut rng).unwrap();
    let ChatEvent::Text(text) = guest.hear(&text, NOW).unwrap().event else { panic!() };
    assert_eq!(*text.text, "welcome");
}

#[test]
fn a_guest_is_labelled_and_a_member_is_not_mistaken_for_one() {
    let mut talk = Talk::new(2);
    assert_eq!(talk.host.peer().kind(), AccountKind::Guest);
    assert_eq!((talk.host.sender(), talk.guest.sender()), (Sender::Guest, Sender::Member));
    assert_eq!((talk.host.peer_name(), talk.guest.peer_name()), ("Grace", "Ada"));
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    assert_eq!(talk.host.hear(&there, NOW).unwrap().sender, Sender::Guest);
    assert_eq!(talk.guest.hear(&back, NOW).unwrap().sender, Sender::Member);
}

#[test]
fn both_sides_hold_the_same_policy() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Automatic;
    policy.idle = 3600;
    policy.max_text = 100;
    policy.max_pending = 7;
    let mut door = Door::with_policy(3, policy.clone());
    assert_eq!(*door.preview().policy(), policy);
    let (guest, claim) = door.guest();
    let host = door.admit(&claim);
    assert_eq!((guest.policy(), host.policy()), (&policy, &policy));
}

#[test]
fn a_hundred_looks_at_a_link_spend_nothing() {
    let mut door = Door::new(4);
    let (invite, host, server_copy) =
        (door.invite.to_bytes(), door.host.to_bytes(), door.server_copy.clone());
    for _ in 0..100 {
        assert_eq!(door.preview().host(), door.host.certificate());
    }
    assert!(*invite == *door.invite.to_bytes() && *host == *door.host.to_bytes());
    assert_eq!(server_copy, door.server_copy);
    let (_, claim) = door.guest();
    assert_eq!(door.admit(&claim).status(), ChatStatus::Waiting);
}

#[test]
fn the_guest_sees_the_host_that_signed_the_invitation() {
    let door = Door::new(5);
    assert_eq!(door.preview().host(), door.host.certificate());
}

#[test]
fn fingerprints_of_two_chats_of_one_host_differ() {
    let (one, other) = (Talk::new(6), Talk::new(7));
    assert_eq!(one.host.fingerprint(), one.guest.fingerprint());
    assert_ne!(one.host.fingerprint(), other.host.fingerprint());
}

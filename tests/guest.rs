//! A guest link from making it to its end.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use core::ops::Range;
use core::slice;

use base64ct::{Base64UrlUnpadded, Encoding};
use latchstring::{
    AccountKind, Answer, Approval, Chat, ChatStatus, Client, EndReason, Error, Event, Invite, Link,
    Origin, Policy, Posting, State, StateKey,
};
use support::guest::{
    DAY, Door, EXPIRES, IDLE, ORIGIN, Talk, contains, link_key, link_to, reclaimed, resigned,
    sealed_under, secret_of, shared, signed_invitation, text_of, transcript_of,
};
use support::home::Home;
use support::{
    NOW, OneToOne, TestRng, bundle_of, certificate, client, device, device_of, fails, flipped,
    only, recertified, refuses, restarted, sign, signing_seed,
};

// Where the parts of a claim for one device are (`spec/guest-links.md`).
const LOCATOR: Range<usize> = 2..26;
const TRANSCRIPT: Range<usize> = 26..58;
const SALT: Range<usize> = 58..90;
const RECORD: Range<usize> = 94..1795;
const CLAIM_TAG: Range<usize> = 1795..1827;
const COUNT: Range<usize> = 1827..1831;
const HOST_DEVICE: Range<usize> = 1831..1839;
const ENVELOPE_LENGTH: Range<usize> = 1839..1843;
const ENVELOPE: usize = 1843;
const MODE: usize = ENVELOPE + 2;
const PREKEYS: Range<usize> = ENVELOPE + 3..ENVELOPE + 19;
const AGREED: Range<usize> = ENVELOPE + 19..ENVELOPE + 1139;

// ---- from the link to the chat ----

#[test]
fn a_guest_who_holds_nothing_but_the_link_chats_with_the_host() {
    let mut rng = TestRng::new(1);
    let mut host = client(1, &mut rng);
    let policy = Policy::new("Ada", NOW + 86_400);
    let (mut invite, posting) =
        Invite::create(&host, "example.org", policy, NOW, &mut rng).unwrap();
    let url = invite.link().unwrap().to_url("example.org");
    let posting = Posting::decode(&posting.encode()).unwrap();
    let bundle = bundle_of(&mut host, &mut rng);

    let link = Link::parse(&url).unwrap();
    assert_eq!(link.locator(), posting.locator());
    let preview = link.open(posting.sealed_invitation(), "example.org", NOW).unwrap();
    assert_eq!(preview.policy().host_name, "Ada");
    let (mut guest, claim): (Chat, _) =
        preview.claim(host.list(), &[bundle], "Grace", &["hi"], NOW, &mut rng).unwrap();
    posting.admit(&claim).unwrap();

    let arrival = invite.claim(&host, &claim, NOW).unwrap();
    let (mut chat, hello) = arrival.apply(&mut invite, &mut host).unwrap();
    assert_eq!(hello.name, "Grace");
    assert_eq!(hello.texts.len(), 1);
    assert_eq!(chat.security_code(), guest.security_code());

    let key = StateKey::new(1, &[7; 32]).unwrap();
    let stored = chat.anchor();
    let granted = chat.grant(&host, NOW, &mut rng).unwrap();
    let granted = granted.record(&key, b"host", &stored, &mut rng).unwrap();
    let granted = only(granted.apply().unwrap());
    assert!(guest.hear(&granted, NOW).unwrap().event == Event::Granted);
    assert_eq!(guest.status(), ChatStatus::Active);
    let text = chat.say("welcome", NOW, &mut rng).unwrap();
    let Event::Text(text) = guest.hear(&text, NOW).unwrap().event else { panic!() };
    assert_eq!(*text, "welcome");
}

#[test]
fn a_guest_is_labelled_and_a_member_is_not_mistaken_for_one() {
    let mut talk = Talk::new(2);
    assert_eq!(talk.host.peer().kind(), AccountKind::Guest);
    assert_eq!((talk.host.origin(), talk.guest.origin()), (Origin::Guest, Origin::Member));
    assert_eq!((talk.host.peer_name(), talk.guest.peer_name()), ("Grace", "Ada"));
    let (there, back) = (talk.guest_says("there", NOW), talk.host_says("back", NOW));
    assert_eq!(talk.host.hear(&there, NOW).unwrap().origin, Origin::Guest);
    assert_eq!(talk.guest.hear(&back, NOW).unwrap().origin, Origin::Member);
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
    let (invite, host, posting) =
        (door.invite.to_bytes(), door.host.to_bytes(), door.posting.clone());
    for _ in 0..100 {
        assert_eq!(door.preview().host(), door.host.certificate());
    }
    assert!(*invite == *door.invite.to_bytes() && *host == *door.host.to_bytes());
    assert_eq!(posting, door.posting);
    let (_, claim) = door.guest();
    assert_eq!(door.admit(&claim).status(), ChatStatus::Waiting);
}

#[test]
fn the_guest_sees_the_host_that_signed_the_invitation() {
    let door = Door::new(5);
    assert_eq!(door.preview().host(), door.host.certificate());
}

#[test]
fn security_codes_of_two_chats_of_one_host_differ() {
    let (one, other) = (Talk::new(6), Talk::new(7));
    assert_eq!(one.host.security_code(), one.guest.security_code());
    assert_ne!(one.host.security_code(), other.host.security_code());
}

// ---- the text of a link ----

#[test]
fn the_secret_of_a_link_stands_behind_the_fragment_mark_only() {
    let door = Door::new(10);
    let url = door.url();
    let (front, fragment) = url.split_once('#').unwrap();
    assert_eq!(front, "https://example.org/g");
    assert_eq!(fragment.len(), 50);
    assert_eq!(Link::parse(fragment).unwrap().locator(), door.posting.locator());
    for elsewhere in ["?k=", "/", "?", "&", ""] {
        let url = format!("{front}{elsewhere}{fragment}");
        assert_eq!(Link::parse(&url).err(), Some(Error::LinkMangled), "{elsewhere}");
    }
}

#[test]
fn no_character_of_a_link_can_be_changed() {
    let url = Door::new(11).url();
    let start = url.find('#').unwrap() + 1;
    for place in start..url.len() {
        for character in (0x21..0x7f_u8).filter(|byte| *byte != url.as_bytes()[place]) {
            let mut altered = url.clone().into_bytes();
            altered[place] = character;
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(Link::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
        }
    }
}

#[test]
fn a_link_without_its_last_characters_is_mangled() {
    let url = Door::new(12).url();
    for length in 0..url.len() {
        assert_eq!(Link::parse(&url[..length]).err(), Some(Error::LinkMangled), "{length}");
    }
}

#[test]
fn a_link_without_its_first_characters_is_mangled_once_the_fragment_is_touched() {
    let url = Door::new(13).url();
    let fragment = url.find('#').unwrap() + 1;
    for start in fragment + 1..url.len() {
        assert_eq!(Link::parse(&url[start..]).err(), Some(Error::LinkMangled), "{start}");
    }
}

#[test]
fn a_link_with_something_around_it_is_mangled() {
    let url = Door::new(14).url();
    let fragment = url[url.find('#').unwrap() + 1..].to_string();
    for after in [")", ".", ").", "\"", ">", ",", "=", "==", " ", "\n", "\0", "A", "#", "&utm=1"] {
        let longer = format!("{url}{after}");
        assert_eq!(Link::parse(&longer).err(), Some(Error::LinkMangled), "{after:?}");
    }
    for before in [" ", "(", "1", "#", "\u{feff}"] {
        let longer = format!("https://example.org/g#{before}{fragment}");
        assert_eq!(Link::parse(&longer).err(), Some(Error::LinkMangled), "{before:?}");
    }
}

#[test]
fn a_link_in_other_letters_is_mangled() {
    let url = Door::new(15).url();
    let (front, fragment) = url.split_once('#').unwrap();
    let (_, body) = fragment.split_once('.').unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(body).unwrap();
    let standard = base64ct::Base64Unpadded::encode_string(&bytes);
    let others = [
        fragment.to_lowercase(),
        fragment.to_uppercase(),
        fragment.replace('.', "%2E"),
        fragment.replace('.', "\u{ff0e}"),
        fragment.replacen('1', "\u{ff11}", 1),
        fragment.replacen("1.", "2.", 1),
        fragment.replacen("1.", "01.", 1),
        format!("1.{standard}="),
        String::new(),
        "1.".to_string(),
    ];
    for other in others {
        let altered = format!("{front}#{other}");
        assert_eq!(Link::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
    }
}

#[test]
fn two_characters_exchanged_make_a_mangled_link() {
    let url = Door::new(16).url();
    let start = url.find('#').unwrap() + 1;
    for place in start..url.len() - 1 {
        let mut altered = url.clone().into_bytes();
        altered.swap(place, place + 1);
        if altered != url.as_bytes() {
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(Link::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
        }
    }
}

#[test]
fn a_locator_shows_nothing_of_the_link() {
    let door = Door::new(17);
    let secret = secret_of(&door.url());
    assert!(secret.windows(3).all(|part| !contains(&door.link().locator().0, part)));
}

#[test]
fn a_link_and_a_preview_do_not_show_themselves_in_debug_output() {
    let door = Door::new(18);
    let (url, preview) = (door.url(), door.preview());
    let shown = format!("{:?} {:#?} {preview:?} {preview:#?}", door.link(), door.link());
    assert!(shown.contains("Link(…)") && shown.contains("Preview"));
    let body = url.split_once("#1.").unwrap().1;
    for at in 0..body.len() - 3 {
        assert!(!shown.contains(&body[at..at + 4]), "{shown}");
    }
    let secret = secret_of(&url);
    for part in secret.windows(2) {
        let hexadecimal = format!("{:02x}{:02x}", part[0], part[1]);
        let decimal = format!("{}, {}", part[0], part[1]);
        assert!(!shown.contains(&hexadecimal) && !shown.contains(&decimal), "{shown}");
    }
}

// ---- the invitation ----

#[test]
fn no_byte_of_a_stored_invitation_can_be_changed() {
    let door = Door::new(20);
    let (link, sealed) = (door.link(), door.posting.sealed_invitation());
    for place in 0..sealed.len() {
        let opened = link.open(&flipped(sealed, place), ORIGIN, NOW);
        assert_eq!(opened.err(), Some(Error::WrongInvitation), "byte {place}");
    }
}

#[test]
fn a_stored_invitation_cannot_be_cut_or_lengthened() {
    let door = Door::new(21);
    let (link, sealed) = (door.link(), door.posting.sealed_invitation());
    for length in 0..sealed.len() {
        let opened = link.open(&sealed[..length], ORIGIN, NOW);
        assert_eq!(opened.err(), Some(Error::WrongInvitation), "{length} bytes");
    }
    let longer = [sealed, &[0]].concat();
    assert_eq!(link.open(&longer, ORIGIN, NOW).err(), Some(Error::WrongInvitation));
}

#[test]
fn a_server_cannot_put_another_host_behind_a_link() {
    let door = Door::new(22);
    let other = Door::new(23);
    let opened = door.link().open(other.posting.sealed_invitation(), ORIGIN, NOW);
    assert_eq!(opened.err(), Some(Error::WrongInvitation));
}

#[test]
fn a_server_that_knows_the_link_cannot_put_another_host_behind_it() {
    let door = Door::new(24);
    let mut rng = TestRng::new(25);
    let eve = client(9, &mut rng);
    let policy = Policy::new("Ada", EXPIRES);
    let (eves, posting) = Invite::create(&eve, ORIGIN, policy, NOW, &mut rng).unwrap();
    let url = eves.link().unwrap().to_url(ORIGIN);
    let signed = signed_invitation(&url, posting.sealed_invitation());
    // Sealed as the link's own invitation would be, under the link's own key and locator.
    let sealed = sealed_under(&secret_of(&door.url()), &signed, &[0x80]);
    let opened = door.link().open(&sealed, ORIGIN, NOW);
    assert_eq!(opened.err(), Some(Error::WrongInvitation));
}

#[test]
fn a_link_is_refused_by_another_service() {
    let door = Door::new(26);
    for origin in ["", "example.com", "example.org.", "EXAMPLE.ORG", "www.example.org"] {
        let opened = door.link().open(door.posting.sealed_invitation(), origin, NOW);
        assert_eq!(opened.err(), Some(Error::WrongOrigin), "{origin}");
    }
}

#[test]
fn what_a_dishonest_host_signs_outside_the_rules_is_refused() {
    let door = Door::new(27);
    let signed = signed_invitation(&door.url(), door.posting.sealed_invitation());
    let seed = signing_seed(&device_of(&door.host));
    let body = signed.len() - 64;
    // version, kind, suite, nonce, origin, certificate, owner, policy: from the end, the name
    // of three bytes, its length, texts before the grant, bytes of a text, idle time.
    let (name, pending, text, idle) = (body - 3, body - 8, body - 10, body - 14);
    let altered: [(usize, &[u8], Error); 12] = [
        (0, &[2], Error::UnknownVersion(2)),
        (1, &[0x21], Error::WrongKind),
        (2, &[2], Error::Malformed),
        (name, &[0xff], Error::Malformed),
        (pending, &[0], Error::Malformed),
        (pending, &[17], Error::Malformed),
        (text, &[0, 0], Error::Malformed),
        (text, &16_385_u16.to_be_bytes(), Error::Malformed),
        (idle, &[0; 4], Error::Malformed),
        (idle, &864_001_u32.to_be_bytes(), Error::Malformed),
        (idle - 9, &[0], Error::Malformed),
        (idle - 9, &[4], Error::Malformed),
    ];
    for (place, bytes, error) in altered {
        let mut body = signed[..body].to_vec();
        body[place..place + bytes.len()].copy_from_slice(bytes);
        let signature = sign(&seed, "guest/invitation", &[&body]);
        let (link, sealed) = link_to(&[body.as_slice(), &signature].concat(), &[0x80, 0, 0]);
        assert_eq!(link.open(&sealed, ORIGIN, NOW).err(), Some(error), "byte {place}");
    }
    let again = sign(&seed, "guest/invitation", &[&signed[..body]]);
    let (link, sealed) = link_to(&[&signed[..body], &again].concat(), &[0x80, 0, 0]);
    assert!(link.open(&sealed, ORIGIN, NOW).is_ok());
}

#[test]
fn an_invitation_signed_by_another_device_or_for_another_purpose_is_refused() {
    let door = Door::new(28);
    let signed = signed_invitation(&door.url(), door.posting.sealed_invitation());
    let body = &signed[..signed.len() - 64];
    let mut rng = TestRng::new(29);
    let (host, eve) = (signing_seed(&device_of(&door.host)), signing_seed(&device(9, &mut rng)));
    for (seed, label) in [(eve, "guest/invitation"), (host, "guest/notice"), (host, "guest/grant")]
    {
        let (link, sealed) = link_to(&[body, &sign(&seed, label, &[body])].concat(), &[0x80]);
        assert_eq!(link.open(&sealed, ORIGIN, NOW).err(), Some(Error::BadSignature), "{label}");
    }
}

#[test]
fn an_invitation_of_a_guest_is_refused() {
    let mut talk = Talk::new(30);
    let signed = {
        let other = Door::new(31);
        signed_invitation(&other.url(), other.posting.sealed_invitation())
    };
    // A guest's certificate in the host's place, after version, kind, suite, nonce and origin.
    let place = 2 + 1 + 32 + 4 + ORIGIN.len();
    let mut body = signed[..signed.len() - 64].to_vec();
    body[place..place + 265].copy_from_slice(&talk.host.peer().encode());
    let signature = sign(&[1; 32], "guest/invitation", &[&body]);
    let (link, sealed) = link_to(&[body.as_slice(), &signature].concat(), &[0x80]);
    assert_eq!(link.open(&sealed, ORIGIN, NOW).err(), Some(Error::Malformed));
    assert!(talk.guest.say("still here", NOW, &mut talk.door.rng).is_ok());
}

#[test]
fn an_invitation_with_other_padding_is_refused() {
    let door = Door::new(32);
    let signed = signed_invitation(&door.url(), door.posting.sealed_invitation());
    for padding in [&[0x81][..], &[0x80, 1], &[0x80, 0x80], &[0, 0], &[]] {
        let (link, sealed) = link_to(&signed, padding);
        let opened = link.open(&sealed, ORIGIN, NOW);
        assert_eq!(opened.err(), Some(Error::WrongInvitation), "{padding:?}");
    }
}

#[test]
fn a_host_cannot_offer_more_than_the_limits() {
    let mut rng = TestRng::new(33);
    let host = client(1, &mut rng);
    let usual = || Policy::new("Ada", EXPIRES);
    let mut create = |origin: &str, change: fn(&mut Policy)| {
        let mut policy = usual();
        change(&mut policy);
        Invite::create(&host, origin, policy, NOW, &mut rng).err()
    };
    let refused: [fn(&mut Policy); 11] = [
        |policy| policy.host_name = "x".repeat(65),
        |policy| policy.expires = NOW,
        |policy| policy.expires = 0,
        |policy| policy.expires = NOW + 30 * DAY + 1,
        |policy| policy.expires = u64::MAX,
        |policy| policy.idle = 0,
        |policy| policy.idle = 864_001,
        |policy| policy.max_text = 0,
        |policy| policy.max_text = 16_385,
        |policy| policy.max_pending = 0,
        |policy| policy.max_pending = 17,
    ];
    for change in refused {
        assert_eq!(create(ORIGIN, change), Some(Error::BadArgument));
    }
    let taken: [fn(&mut Policy); 3] = [
        |policy| policy.host_name = "x".repeat(64),
        |policy| policy.expires = NOW + 1,
        |policy| {
            policy.expires = NOW + 30 * DAY;
            policy.idle = 864_000;
            policy.max_text = 16_384;
            policy.max_pending = 16;
        },
    ];
    for change in taken {
        assert_eq!(create(ORIGIN, change), None);
    }
    assert_eq!(create(&"o".repeat(256), |_| {}), Some(Error::BadArgument));
    assert_eq!(create(&"o".repeat(255), |_| {}), None);
}

#[test]
fn a_posting_has_one_encoding() {
    let posting = Door::new(34).posting.encode();
    assert_eq!(Posting::decode(&posting).unwrap().encode(), posting);
    for length in 0..posting.len() {
        assert_eq!(Posting::decode(&posting[..length]).err(), Some(Error::Malformed), "{length}");
    }
    let longer = [posting.as_slice(), &[0]].concat();
    assert_eq!(Posting::decode(&longer).err(), Some(Error::Malformed));
}

#[test]
fn postings_of_one_host_have_nothing_in_common() {
    let mut rng = TestRng::new(35);
    let host = client(1, &mut rng);
    let mut posting = |expires| {
        let policy = Policy::new("Ada", expires);
        Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap().1.encode()
    };
    let (one, other) = (posting(NOW + DAY), posting(NOW + 2 * DAY));
    assert_eq!(one.len(), other.len());
    // Apart from the upper half of a time, and a length, which are shorter.
    assert_eq!(shared(&one, &other), Vec::<usize>::new());
}

// ---- time ----

#[test]
fn a_link_opens_until_its_last_second() {
    let door = Door::new(40);
    let open = |now| door.link().open(door.posting.sealed_invitation(), ORIGIN, now).err();
    for now in [0, NOW - 365 * DAY, NOW, EXPIRES - 1, EXPIRES] {
        assert_eq!(open(now), None, "{now}");
    }
    for now in [EXPIRES + 1, EXPIRES + 365 * DAY, u64::MAX] {
        assert_eq!(open(now), Some(Error::Expired), "{now}");
    }
}

#[test]
fn a_guest_claims_until_the_links_last_second() {
    let mut door = Door::new(41);
    for now in [NOW, EXPIRES - 1, EXPIRES] {
        let claimed = door.claim("Grace", &[], now);
        assert_eq!(claimed.err(), None, "{now}");
    }
    for now in [EXPIRES + 1, u64::MAX] {
        let claimed = door.claim("Grace", &[], now);
        assert_eq!(claimed.err(), Some(Error::Expired), "{now}");
    }
    // Before the list was issued the guest's clock is wrong in another way.
    for now in [0, NOW - 365 * DAY] {
        let claimed = door.claim("Grace", &[], now);
        assert_eq!(claimed.err(), Some(Error::ListExpired), "{now}");
    }
}

#[test]
fn a_host_takes_a_claim_until_the_links_last_second() {
    let mut door = Door::new(42);
    let (_, claim) = door.guest();
    for now in [EXPIRES + 1, EXPIRES + 365 * DAY, u64::MAX] {
        door.refuses(&claim, now, Error::Expired);
    }
    for now in [0, NOW - 365 * DAY, NOW, EXPIRES - 1, EXPIRES] {
        assert_eq!(door.invite.claim(&door.host, &claim, now).err(), None, "{now}");
    }
}

#[test]
fn an_expired_link_is_erased_by_its_tick_and_not_revived_by_an_earlier_clock() {
    let mut door = Door::new(43);
    let (_, claim) = door.guest();
    for now in [0, NOW, NOW + 3599] {
        assert!(door.invite.tick(now).unwrap().is_none(), "{now}");
    }
    let change = door.invite.tick(EXPIRES).unwrap().unwrap();
    door.invite.apply(change).unwrap();
    assert!(door.invite.link().is_some());
    let change = door.invite.tick(EXPIRES + 1).unwrap().unwrap();
    door.invite.apply(change).unwrap();
    assert!(door.invite.link().is_none());
    for now in [0, NOW, EXPIRES, EXPIRES + 1, u64::MAX] {
        door.refuses(&claim, now, Error::Ended);
        assert!(door.invite.tick(now).unwrap().is_none());
    }
    assert_eq!(Error::Ended.answer(), Answer::LinkOver);
}

#[test]
fn a_chat_ends_after_its_idle_time_to_the_second_on_both_sides() {
    let mut talk = Talk::new(44);
    let deadline = NOW + IDLE;
    for chat in [&mut talk.host, &mut talk.guest] {
        assert_eq!(chat.deadline(), deadline);
        for now in [0, NOW, NOW + 3599] {
            assert!(chat.tick(now).unwrap().is_none(), "{now}");
        }
        let change = chat.tick(deadline - 1).unwrap().unwrap();
        chat.apply(change).unwrap();
        assert_eq!((chat.status(), chat.deadline()), (ChatStatus::Active, deadline));
        for now in [deadline, deadline + 1, u64::MAX] {
            assert!(chat.tick(now).unwrap().is_some(), "{now}");
            let rng = &mut talk.door.rng;
            refuses(chat, Error::Expired, |chat| chat.say("late", now, rng));
            refuses(chat, Error::Expired, |chat| chat.end(now, rng).map(drop));
        }
        let change = chat.tick(deadline).unwrap().unwrap();
        chat.apply(change).unwrap();
        assert_eq!(chat.status(), ChatStatus::Ended(EndReason::Idle));
    }
}

#[test]
fn time_that_a_tick_has_seen_does_not_run_backwards() {
    let mut door = Door::new(47);
    let (_, claim) = door.guest();
    let change = door.invite.tick(NOW + 3600).unwrap().unwrap();
    door.invite.apply(change).unwrap();
    assert!(door.invite.tick(NOW + 3600).unwrap().is_none());
    let mut host = door.admit(&claim);
    // The claim came at the time that the tick had seen, not at the one that was given.
    assert_eq!(host.deadline(), NOW + 3600 + IDLE);
    let change = host.tick(NOW + IDLE).unwrap().unwrap();
    host.apply(change).unwrap();
    host.grant(&door.host, NOW, &mut door.rng).unwrap().apply().unwrap();
    assert_eq!(host.deadline(), NOW + IDLE + IDLE);
}

#[test]
fn a_message_in_the_last_second_keeps_a_chat_and_a_later_one_is_refused() {
    let mut talk = Talk::new(45);
    let deadline = NOW + IDLE;
    let message = talk.guest_says("in time", deadline - 1);
    refuses(&mut talk.host, Error::Expired, |host| host.listen(&message, deadline));
    let received = talk.host.hear(&message, deadline - 1).unwrap();
    assert_eq!(text_of(&received.event), "in time");
    assert_eq!(talk.host.deadline(), deadline - 1 + IDLE);
    assert_eq!(talk.guest.deadline(), deadline - 1 + IDLE);
}

#[test]
fn a_clock_set_back_does_not_revive_a_chat_that_ended() {
    let mut talk = Talk::new(46);
    let message = talk.guest_says("withheld", NOW);
    let change = talk.host.tick(NOW + IDLE).unwrap().unwrap();
    talk.host.apply(change).unwrap();
    let mut host = restarted(&talk.host);
    for now in [0, NOW, NOW + IDLE - 1] {
        refuses(&mut host, Error::Ended, |host| host.listen(&message, now));
        refuses(&mut host, Error::Ended, |host| host.say("x", now, &mut talk.door.rng));
        assert!(host.tick(now).unwrap().is_none());
    }
}

#[test]
fn a_clock_set_back_neither_shortens_nor_lengthens_a_chat() {
    let mut talk = Talk::new(47);
    let message = talk.guest_says("later", NOW + DAY);
    talk.host.hear(&message, NOW + DAY).unwrap();
    let message = talk.guest_says("with a clock from the past", 0);
    talk.host.hear(&message, 0).unwrap();
    assert_eq!(talk.host.deadline(), NOW + DAY + IDLE);
    assert_eq!(talk.guest.deadline(), NOW + DAY + IDLE);
}

#[test]
fn what_is_refused_is_no_activity() {
    let mut talk = Talk::new(48);
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::Forged, |host| {
        host.listen(&[[1; 2], [9; 2]].concat().repeat(50), NOW + DAY)
    });
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.say("", NOW + DAY, rng));
    assert_eq!((talk.host.deadline(), talk.guest.deadline()), (NOW + IDLE, NOW + IDLE));
}

#[test]
fn a_waiting_chat_ends_after_its_idle_time_too() {
    let mut talk = Talk::waiting(49);
    let host = &talk.door.host;
    let deadline = NOW + IDLE;
    let rng = &mut talk.door.rng;
    refuses(&mut talk.host, Error::Expired, |chat| chat.grant(host, deadline, rng).map(drop));
    let change = talk.host.tick(deadline).unwrap().unwrap();
    talk.host.apply(change).unwrap();
    assert_eq!(talk.host.status(), ChatStatus::Ended(EndReason::Idle));
}

// ---- who comes first ----

#[test]
fn of_two_guests_the_first_to_arrive_is_let_in_whoever_it_is() {
    for first in 0..2 {
        let mut door = Door::new(50);
        let guests = [door.guest(), door.guest()];
        let (winner, loser) = (&guests[first], &guests[1 - first]);
        let chat = door.admit(&winner.1);
        assert_eq!(chat.security_code(), winner.0.security_code());
        assert_ne!(chat.security_code(), loser.0.security_code());
        door.refuses(&loser.1, NOW, Error::AlreadyClaimed);
        door.refuses(&winner.1, NOW, Error::Duplicate);
        door.invite = restarted(&door.invite);
        door.host = restarted(&door.host);
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
    let first = door.invite.claim(&door.host, &one, NOW).unwrap();
    let second = door.invite.claim(&door.host, &other, NOW).unwrap();
    first.apply(&mut door.invite, &mut door.host).unwrap();
    let before = door.host.to_bytes();
    let host = &mut door.host;
    refuses(&mut door.invite, Error::StaleChange, |invite| second.apply(invite, host));
    assert!(*before == *door.host.to_bytes());
}

#[test]
fn a_process_that_ends_before_the_arrival_is_saved_takes_the_claim_again() {
    let mut door = Door::new(52);
    let (guest, claim) = door.guest();
    drop(door.invite.claim(&door.host, &claim, NOW).unwrap());
    door.invite = restarted(&door.invite);
    door.host = restarted(&door.host);
    assert_eq!(door.admit(&claim).security_code(), guest.security_code());
}

#[test]
fn the_late_comer_is_told_and_the_winner_is_not_disturbed() {
    let mut door = Door::new(53);
    let ((mut winner, claim), (mut loser, _)) = (door.guest(), door.guest());
    let preview = door.preview();
    assert!(door.invite.notice().is_none());
    door.admit(&claim);
    let notice = door.invite.notice().unwrap();
    door.posting.close(&notice).unwrap();
    assert_eq!(preview.explain(&notice), Error::AlreadyClaimed);
    assert!(winner.notice(&notice, NOW).unwrap().is_none());
    assert!(winner.say("hello", NOW, &mut door.rng).is_ok());
    let change = loser.notice(&notice, NOW).unwrap().unwrap();
    loser.apply(change).unwrap();
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
        let error = fails(&mut waiting, |guest| guest.notice(&forged, NOW));
        assert_eq!(door.posting.close(&forged), Err(error));
        assert_eq!(preview.explain(&forged), error);
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
        assert!(waiting.notice(&notice[..length], NOW).is_err());
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
        assert_eq!(door.posting.close(&forged), Err(Error::BadSignature));
        refuses(&mut guest, Error::BadSignature, |guest| guest.notice(&forged, NOW));
    }
}

#[test]
fn a_notice_of_another_link_says_nothing_about_this_one() {
    let mut door = Door::new(57);
    let (mut guest, _) = door.guest();
    let mut other = Door::new(58);
    let change = other.invite.revoke(NOW).unwrap();
    other.invite.apply(change).unwrap();
    let notice = other.invite.notice().unwrap();
    refuses(&mut guest, Error::WrongPeer, |guest| guest.notice(&notice, NOW));
    assert_eq!(door.posting.close(&notice), Err(Error::WrongPeer));
}

#[test]
fn a_notice_is_for_waiting_guests_only() {
    let mut talk = Talk::new(59);
    let notice = talk.door.invite.notice().unwrap();
    refuses(&mut talk.guest, Error::NotAllowed, |guest| guest.notice(&notice, NOW));
    refuses(&mut talk.host, Error::NotAllowed, |host| host.notice(&notice, NOW));
}

// ---- revoking ----

#[test]
fn a_revoked_link_takes_no_claim() {
    let mut door = Door::new(60);
    let (mut guest, claim) = door.guest();
    let preview = door.preview();
    let change = door.invite.revoke(NOW).unwrap();
    door.invite.apply(change).unwrap();
    door.refuses(&claim, NOW, Error::Ended);
    door.invite = restarted(&door.invite);
    door.refuses(&claim, NOW, Error::Ended);
    assert!(door.invite.link().is_none());
    let notice = door.invite.notice().unwrap();
    door.posting.close(&notice).unwrap();
    assert_eq!(preview.explain(&notice), Error::Ended);
    let change = guest.notice(&notice, NOW).unwrap().unwrap();
    guest.apply(change).unwrap();
    assert_eq!(guest.status(), ChatStatus::Ended(EndReason::Revoked));
}

#[test]
fn a_link_is_revoked_once_and_not_after_its_claim() {
    let mut door = Door::new(61);
    let (_, claim) = door.guest();
    let mut claimed = restarted(&door.invite);
    let arrival = claimed.claim(&door.host, &claim, NOW).unwrap();
    arrival.apply(&mut claimed, &mut door.host).unwrap();
    refuses(&mut claimed, Error::AlreadyClaimed, |invite| invite.revoke(NOW));
    let change = door.invite.revoke(NOW).unwrap();
    door.invite.apply(change).unwrap();
    refuses(&mut door.invite, Error::Ended, |invite| invite.revoke(NOW));
}

#[test]
fn a_claim_and_a_revocation_from_one_state_exclude_each_other() {
    let mut door = Door::new(62);
    let (_, claim) = door.guest();
    let arrival = door.invite.claim(&door.host, &claim, NOW).unwrap();
    let change = door.invite.revoke(NOW).unwrap();
    door.invite.apply(change).unwrap();
    let before = door.host.to_bytes();
    let host = &mut door.host;
    refuses(&mut door.invite, Error::StaleChange, |invite| arrival.apply(invite, host));
    assert!(*before == *door.host.to_bytes());
}

// ---- the claim ----

#[test]
fn the_server_admits_a_claim_as_it_is_and_by_one_name() {
    let mut door = Door::new(70);
    let (_, claim) = door.guest();
    let name = door.posting.admit(&claim).unwrap();
    assert_eq!(door.posting.admit(&claim), Ok(name));
    let (_, other) = door.guest();
    assert_ne!(door.posting.admit(&other), Ok(name));
}

#[test]
fn no_byte_of_a_claim_can_be_changed() {
    let mut door = Door::new(71);
    let (_, claim) = door.guest();
    for place in 0..claim.len() {
        let altered = flipped(&claim, place);
        let Err(error) = door.posting.admit(&altered) else { panic!("byte {place}") };
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            place if LOCATOR.contains(&place) => error == Error::WrongPeer,
            90..94 | 1827..1831 | 1839..1843 => error == Error::Malformed,
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
        door.refuses(&altered, NOW, error);
    }
    door.admit(&claim);
}

#[test]
fn a_claim_cannot_be_cut_or_lengthened() {
    let mut door = Door::new(72);
    let (_, claim) = door.guest();
    for length in 0..claim.len() {
        door.refuses(&claim[..length], NOW, Error::Malformed);
    }
    door.refuses(&[claim.as_slice(), &[0]].concat(), NOW, Error::Malformed);
}

#[test]
fn each_byte_of_a_claim_decides_even_if_a_holder_of_the_link_signs_it_again() {
    let mut door = Door::new(73);
    let (_, claim) = door.guest();
    let url = door.url();
    assert_eq!(resigned(&url, &claim), claim);
    for place in TRANSCRIPT.start..claim.len() - 64 {
        let altered = resigned(&url, &flipped(&claim, place));
        let before = door.host.to_bytes();
        let error = fails(&mut door.invite, |invite| invite.claim(&door.host, &altered, NOW));
        assert!(*before == *door.host.to_bytes());
        let expected = match place {
            90..94 | 1827..1831 | 1839..1843 => error == Error::Malformed,
            place if HOST_DEVICE.contains(&place) => error == Error::WrongPeer,
            ENVELOPE => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1844 => error == Error::WrongKind,
            MODE => matches!(error, Error::Malformed | Error::WrongKind),
            place if PREKEYS.contains(&place) => error == Error::UnknownPrekey,
            place if AGREED.contains(&place) => error == Error::WrongPeer,
            _ => error == Error::Forged,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    door.admit(&claim);
}

#[test]
fn parts_of_two_claims_do_not_mix() {
    let mut door = Door::new(74);
    let url = door.url();
    let (one, other) = (door.guest().1, door.guest().1);
    let envelope = ENVELOPE..one.len() - 64;
    let (introduction, message) = (ENVELOPE + 1139..ENVELOPE + 1468, ENVELOPE + 1468..envelope.end);
    let parts = [
        (&[TRANSCRIPT][..], Error::Forged),
        (&[SALT][..], Error::Forged),
        (&[RECORD][..], Error::Forged),
        (&[SALT, RECORD][..], Error::Forged),
        (&[CLAIM_TAG][..], Error::Forged),
        (&[TRANSCRIPT, CLAIM_TAG][..], Error::Forged),
        // A guest that shows another one's record cannot write in its name, nor the reverse.
        (&[TRANSCRIPT, SALT, RECORD, CLAIM_TAG][..], Error::WrongPeer),
        (&[envelope][..], Error::WrongPeer),
        (&[introduction][..], Error::Forged),
        (&[message][..], Error::Forged),
    ];
    for (parts, error) in parts {
        let mut mixed = one.clone();
        for part in parts {
            mixed[part.clone()].copy_from_slice(&other[part.clone()]);
        }
        door.refuses(&resigned(&url, &mixed), NOW, error);
    }
    door.admit(&one);
}

#[test]
fn a_claim_of_another_link_of_the_same_host_is_refused() {
    let mut door = Door::new(75);
    let policy = Policy::new("Ada", EXPIRES);
    let (other, posting) = Invite::create(&door.host, ORIGIN, policy, NOW, &mut door.rng).unwrap();
    let url = other.link().unwrap().to_url(ORIGIN).to_string();
    let preview = other.link().unwrap().open(posting.sealed_invitation(), ORIGIN, NOW).unwrap();
    let bundles = [door.bundle];
    let claimed = preview.claim(door.host.list(), &bundles, "Grace", &[], NOW, &mut door.rng);
    let (_, claim) = claimed.unwrap();
    door.bundle = bundles.into_iter().next().unwrap();
    assert_eq!(door.posting.admit(&claim), Err(Error::WrongPeer));
    door.refuses(&claim, NOW, Error::WrongPeer);
    // Moved to this link by somebody who holds both.
    let mut moved = claim;
    moved[LOCATOR].copy_from_slice(&door.link().locator().0);
    door.refuses(&resigned(&url, &moved), NOW, Error::BadSignature);
    let ours = door.url();
    door.refuses(&resigned(&ours, &moved), NOW, Error::Forged);
}

#[test]
fn a_claim_of_somebody_who_knows_the_locator_only_is_refused() {
    let mut door = Door::new(76);
    let (_, claim) = door.guest();
    let body = &claim[..claim.len() - 64];
    let forged = [body, &sign(&[7; 32], "guest/claim-admit", &[body])].concat();
    assert_eq!(door.posting.admit(&forged), Err(Error::BadSignature));
    door.refuses(&forged, NOW, Error::BadSignature);
}

#[test]
fn a_claim_for_another_device_is_refused() {
    let mut door = Door::new(77);
    let (_, claim) = door.guest();
    let mut stranger = client(9, &mut door.rng);
    refuses(&mut stranger, Error::WrongPeer, |client| door.invite.claim(client, &claim, NOW));
    door.admit(&claim);
}

#[test]
fn a_sibling_of_the_inviting_device_takes_a_claim_made_for_it() {
    let mut rng = TestRng::new(78);
    let Home { mut clients, list, .. } = Home::new(1, 2, &mut rng);
    let policy = Policy::new("Ada", EXPIRES);
    let (invite, posting) = Invite::create(&clients[0], ORIGIN, policy, NOW, &mut rng).unwrap();
    let bundle = bundle_of(&mut clients[1], &mut rng);
    let link = invite.link().unwrap();
    let preview = link.open(posting.sealed_invitation(), ORIGIN, NOW).unwrap();
    let (guest, claim) = preview.claim(&list, &[bundle], "Grace", &[], NOW, &mut rng).unwrap();
    assert!(guest.devices().eq([clients[1].address()]));
    assert_eq!(guest.peer(), clients[0].certificate());
    assert_eq!(invite.claim(&clients[0], &claim, NOW).err(), Some(Error::WrongPeer));
    let arrival = restarted(&invite).claim(&clients[1], &claim, NOW).unwrap();
    assert_eq!(arrival.chat().security_code(), guest.security_code());
}

#[test]
fn a_guest_claims_from_the_invitations_account_only() {
    let mut door = Door::new(79);
    let mut stranger = client(9, &mut door.rng);
    // The same account id, and another account's key: what a dishonest server makes up.
    let mut impostor = client(1, &mut door.rng);
    let ours = door.host.list().clone();
    for other in [&mut stranger, &mut impostor] {
        let bundles = [bundle_of(other, &mut door.rng)];
        for list in [other.list(), &ours] {
            let preview = door.preview();
            let claimed = preview.claim(list, &bundles, "Grace", &[], NOW, &mut door.rng);
            assert_eq!(claimed.err(), Some(Error::WrongPeer));
        }
    }
}

#[test]
fn a_guest_claims_with_a_bundle_in_its_time_only() {
    let policy = Policy::new("Ada", NOW + 30 * DAY);
    let mut door = Door::with_policy(80, policy);
    let mut claim = |now| {
        let preview = door.link().open(door.posting.sealed_invitation(), ORIGIN, now).unwrap();
        let bundles = slice::from_ref(&door.bundle);
        preview.claim(door.host.list(), bundles, "Grace", &[], now, &mut door.rng).err()
    };
    assert_eq!(claim(NOW + 14 * DAY - 1), None);
    assert_eq!(claim(NOW + 14 * DAY), Some(Error::StalePrekey));
}

#[test]
fn a_guest_says_only_what_the_policy_allows_before_it_is_let_in() {
    let mut policy = Policy::new("Ada", EXPIRES);
    (policy.max_text, policy.max_pending) = (10, 2);
    let mut door = Door::with_policy(81, policy);
    let name = "x".repeat(64);
    let longer = "x".repeat(65);
    let cases: [(&str, &[&str], Option<Error>); 10] = [
        ("", &[], None),
        (&name, &["0123456789", "1"], None),
        (&longer, &[], Some(Error::NotAllowed)),
        ("Grace", &["1", "2", "3"], Some(Error::NotAllowed)),
        ("Grace", &[""], Some(Error::NotAllowed)),
        ("Grace", &["1", ""], Some(Error::NotAllowed)),
        ("Grace", &["0123456789a"], Some(Error::NotAllowed)),
        // Ten bytes are not ten letters.
        ("Grace", &["\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"], Some(Error::NotAllowed)),
        ("Grace\u{202e}", &[], Some(Error::NotAllowed)),
        ("Grace\u{2028}the host", &[], Some(Error::NotAllowed)),
    ];
    for (name, texts, error) in cases {
        let claimed = door.claim(name, texts, NOW);
        assert_eq!(claimed.err(), error, "{name} {texts:?}");
    }
}

#[test]
fn what_a_guest_wrote_before_it_is_let_in_arrives_with_it() {
    let mut door = Door::new(82);
    let texts = ["one", "two", "three"];
    let (_, claim) = door.claim("Grace", &texts, NOW).unwrap();
    let arrival = door.invite.claim(&door.host, &claim, NOW).unwrap();
    let (_, hello) = arrival.apply(&mut door.invite, &mut door.host).unwrap();
    assert_eq!(hello.name, "Grace");
    assert!(hello.texts.iter().map(|text| text.as_str()).eq(texts));
}

#[test]
fn claims_of_one_link_share_nothing_but_what_addresses_them() {
    let mut door = Door::new(83);
    let one = door.guest().1;
    door.bundle = bundle_of(&mut door.host, &mut door.rng);
    let other = door.guest().1;
    assert_eq!(one.len(), other.len());
    // The locator behind version and kind; and from the count of devices to the id of the
    // lasting prekey: device id, length, version, kind, mode.
    let same = (0..LOCATOR.end - 7).chain(COUNT.start..PREKEYS.start + 8 - 7);
    assert_eq!(shared(&one, &other), same.collect::<Vec<_>>());
    assert_eq!(ENVELOPE_LENGTH.end, ENVELOPE);
}

#[test]
fn guests_of_one_link_are_unrelated() {
    let mut door = Door::new(84);
    let (one, other) = (door.guest().1, door.guest().1);
    let guest = |claim: &[u8]| {
        let invite = restarted(&door.invite);
        invite.claim(&door.host, claim, NOW).unwrap().chat().peer().encode()
    };
    assert_eq!(shared(&guest(&one), &guest(&other)), Vec::<usize>::new());
}

#[test]
fn a_guest_of_two_links_is_two_guests() {
    let guest = |seed| {
        let mut door = Door::new(seed);
        let (_, claim) = door.guest();
        door.admit(&claim).peer().encode()
    };
    assert_eq!(shared(&guest(85), &guest(86)), Vec::<usize>::new());
}

#[test]
fn a_holder_of_the_link_finds_no_guests_key_in_it() {
    let mut door = Door::new(87);
    let secret = secret_of(&door.url());
    let (_, claim) = door.guest();
    let chat = door.admit(&claim);
    let labels = ["signing", "agreement", "seed", "account", "claim-seed", "claim-key", "psk"];
    for label in labels {
        let key: [u8; 32] = link_key(&secret, label);
        let signing = ed25519_dalek::SigningKey::from_bytes(&key).verifying_key().to_bytes();
        let agreement = x25519_dalek::x25519(key, x25519_dalek::X25519_BASEPOINT_BYTES);
        let guest = chat.peer().encode();
        assert_ne!(signing, guest[certificate::SIGNING], "{label}");
        assert_ne!(agreement, guest[certificate::AGREEMENT], "{label}");
    }
}

/// A claim that shows `certificate`, with a proof by `seed` where the record has it.
fn shown(url: &str, claim: &[u8], certificate: &[u8], seed: &[u8; 32]) -> Vec<u8> {
    let show = |record: &mut [u8]| record[16..281].copy_from_slice(certificate);
    let unproved = reclaimed(url, claim, show);
    let proof = sign(seed, "guest/claim-proof", &[transcript_of(&unproved)]);
    reclaimed(url, claim, |record| {
        show(record);
        record[281..345].copy_from_slice(&proof);
    })
}

#[test]
fn a_record_made_to_fit_without_a_change_is_the_claim_itself() {
    let mut door = Door::new(92);
    let (_, claim) = door.guest();
    assert!(reclaimed(&door.url(), &claim, |_| {}) == claim);
}

#[test]
fn a_member_or_a_guest_of_another_link_cannot_claim() {
    let mut door = Door::new(93);
    let (_, claim) = door.guest();
    let url = door.url();
    let member = device(9, &mut door.rng);
    // A guest by its kind, but not the one that its identifier and this link make.
    let seed = signing_seed(&member);
    let stray = recertified(&member.certificate().encode(), &seed, &seed, |bytes| {
        bytes[0] = 2;
        let key = bytes[certificate::SIGNING].to_vec();
        bytes[certificate::ACCOUNT_KEY].copy_from_slice(&key);
    });
    for certificate in [member.certificate().encode(), stray] {
        let claim = shown(&url, &claim, &certificate, &seed);
        door.refuses(&claim, NOW, Error::WrongPeer);
    }
    door.admit(&claim);
}

#[test]
fn a_guest_must_prove_that_it_holds_the_key_it_shows() {
    let mut door = Door::new(94);
    let (_, claim) = door.guest();
    let url = door.url();
    for place in [281, 313, 344] {
        let unproved = reclaimed(&url, &claim, |record| record[place] ^= 1);
        door.refuses(&unproved, NOW, Error::BadSignature);
    }
    // The bundle that a record names is in the transcript, which the proof signs.
    let other = reclaimed(&url, &claim, |record| record[349] ^= 1);
    door.refuses(&other, NOW, Error::BadSignature);
    door.admit(&claim);
}

#[test]
fn a_guest_with_another_identifier_is_another_account() {
    let mut door = Door::new(95);
    let (_, claim) = door.guest();
    let renamed = reclaimed(&door.url(), &claim, |record| record[0] ^= 1);
    door.refuses(&renamed, NOW, Error::WrongPeer);
}

#[test]
fn a_claims_first_message_is_no_first_message_of_an_account() {
    let mut door = Door::new(88);
    let (_, claim) = door.guest();
    let first = &claim[ENVELOPE..claim.len() - 64];
    refuses(&mut door.host, Error::WrongKind, |host| device_of(host).accept(first, NOW));
    door.admit(&claim);
}

#[test]
fn an_accounts_first_message_is_no_claim() {
    let mut door = Door::new(89);
    let (_, claim) = door.guest();
    let member = device(9, &mut door.rng);
    let mut session = member.initiate(&door.bundle, NOW, &mut door.rng).unwrap();
    let first = session.encrypt(&[7; 60], &mut door.rng).unwrap();
    let mut altered = claim[..ENVELOPE].to_vec();
    altered[ENVELOPE_LENGTH].copy_from_slice(&u32::try_from(first.len()).unwrap().to_be_bytes());
    altered.extend_from_slice(&first);
    altered.extend_from_slice(&[0; 64]);
    let url = door.url();
    door.refuses(&resigned(&url, &altered), NOW, Error::WrongPeer);
}

#[test]
fn a_link_that_leaks_after_the_claim_opens_nothing_that_was_recorded() {
    let mut door = Door::new(90);
    let (_, claim) = door.guest();
    // A backup of the invite still holds the link; the device has moved on.
    let backup = restarted(&door.invite);
    door.admit(&claim);
    assert_eq!(backup.claim(&door.host, &claim, NOW).err(), Some(Error::Replay));
    let mut late = restarted(&door.host);
    let (_, change) = late.rotate(NOW + 30 * DAY, &mut door.rng).unwrap();
    late.apply(change).unwrap();
    assert_eq!(backup.claim(&late, &claim, NOW).err(), Some(Error::UnknownPrekey));
}

#[test]
fn a_claim_is_no_use_after_its_one_time_prekey_was_used_by_another() {
    let mut door = Door::new(91);
    let (_, claim) = door.guest();
    let member = device(9, &mut door.rng);
    let mut session = member.initiate(&door.bundle, NOW, &mut door.rng).unwrap();
    let first = session.encrypt(b"hello", &mut door.rng).unwrap();
    // As if the host had read it: its state, with the device in it moved on.
    let mut device = device_of(&door.host);
    let accepted = device.accept(&first, NOW).unwrap();
    accepted.apply(&mut device).unwrap();
    let (state, own) = (door.host.to_bytes(), device_of(&door.host).to_bytes().len() - 2);
    let front = 2 + 32 + 8 + 5 * 4 + 1;
    let moved = [&state[..front], &device.to_bytes()[2..], &state[front + own..]].concat();
    door.host = Client::from_bytes(&moved).unwrap();
    door.refuses(&claim, NOW, Error::UnknownPrekey);
    // The link is not spent by it.
    door.bundle = door.host.bundle().unwrap();
    let (_, claim) = door.guest();
    door.admit(&claim);
}

// ---- what is left of it ----

#[test]
fn an_invite_forgets_its_link_when_it_is_claimed_revoked_or_over() {
    for ending in 0..3 {
        let mut door = Door::new(100);
        let secret = secret_of(&door.url());
        let signed = signed_invitation(&door.url(), door.posting.sealed_invitation());
        assert!(contains(&door.invite.to_bytes(), &signed));
        let (_, claim) = door.guest();
        match ending {
            0 => drop(door.admit(&claim)),
            1 => {
                let change = door.invite.revoke(NOW).unwrap();
                door.invite.apply(change).unwrap();
            }
            _ => {
                let change = door.invite.tick(EXPIRES + 1).unwrap().unwrap();
                door.invite.apply(change).unwrap();
            }
        }
        assert!(door.invite.link().is_none());
        let after = door.invite.to_bytes();
        let keys: [[u8; 32]; 5] =
            ["invitation-key", "claim-seed", "claim-key", "record-key", "psk"]
                .map(|label| link_key(&secret, label));
        let nonce: &[u8; 32] = signed[3..35].try_into().unwrap();
        for key in keys.iter().chain([&secret, nonce]) {
            assert!(key.windows(8).all(|part| !contains(&after, part)));
        }
    }
}

#[test]
fn neither_sides_chat_holds_the_link_or_a_key_of_it() {
    let mut door = Door::new(101);
    let secret = secret_of(&door.url());
    let (guest, claim) = door.guest();
    let host = door.admit(&claim);
    let keys: [[u8; 32]; 5] = ["invitation-key", "claim-seed", "claim-key", "record-key", "psk"]
        .map(|label| link_key(&secret, label));
    for chat in [guest, host] {
        let bytes = chat.to_bytes();
        for key in keys.iter().chain([&secret]) {
            assert!(key.windows(8).all(|part| !contains(&bytes, part)));
        }
    }
}

#[test]
fn the_device_erases_the_one_time_prekey_that_a_claim_used() {
    let mut door = Door::new(102);
    let (_, claim) = door.guest();
    let id = &claim[PREKEYS.start + 8..PREKEYS.end];
    let before = door.host.to_bytes();
    let place = before.windows(8).position(|window| window == id).unwrap();
    let secrets = before[place..place + 8 + 32 + 64].to_vec();
    door.admit(&claim);
    let after = door.host.to_bytes();
    assert!(secrets.windows(8).all(|part| !contains(&after, part)));
}

//! The invitation.

use super::*;

#[test]
fn no_byte_of_a_stored_invitation_can_be_changed() {
    let door = Door::new(20);
    let (link, sealed) = (door.link(), door.server_copy.sealed_invitation());
    for place in 0..sealed.len() {
        let opened = link.open(&flipped(sealed, place), ORIGIN, NOW);
        assert_eq!(opened.err(), Some(Error::WrongInvitation), "byte {place}");
    }
}

#[test]
fn a_stored_invitation_cannot_be_cut_or_lengthened() {
    let door = Door::new(21);
    let (link, sealed) = (door.link(), door.server_copy.sealed_invitation());
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
    let opened = door.link().open(other.server_copy.sealed_invitation(), ORIGIN, NOW);
    assert_eq!(opened.err(), Some(Error::WrongInvitation));
}

#[test]
fn a_server_that_knows_the_link_cannot_put_another_host_behind_it() {
    let door = Door::new(24);
    let mut rng = TestRng::new(25);
    let eve = client(9, &mut rng);
    let policy = Policy::new("Ada", EXPIRES);
    let (eves, server_copy) = Invite::create(&eve, ORIGIN, policy, NOW, &mut rng).unwrap();
    let url = eves.link().unwrap().to_url(ORIGIN).unwrap();
    let signed = signed_invitation(&url, server_copy.sealed_invitation());
    // Sealed as the link's own invitation would be, under the link's own key and locator.
    let sealed = sealed_under(&secret_of(&door.url()), &signed, &[0x80]);
    let opened = door.link().open(&sealed, ORIGIN, NOW);
    assert_eq!(opened.err(), Some(Error::WrongInvitation));
}

#[test]
fn a_link_is_refused_by_another_service() {
    let door = Door::new(26);
    for origin in ["", "example.com", "example.org.", "EXAMPLE.ORG", "www.example.org"] {
        let opened = door.link().open(door.server_copy.sealed_invitation(), origin, NOW);
        assert_eq!(opened.err(), Some(Error::WrongOrigin), "{origin}");
    }
}

#[test]
fn what_a_dishonest_host_signs_outside_the_rules_is_refused() {
    let door = Door::new(27);
    let signed = signed_invitation(&door.url(), door.server_copy.sealed_invitation());
    let seed = signing_seed(&device_of(&door.host));
    let body = signed.len() - 64;
    // version, kind, suite, nonce, origin, certificate, owner, policy: from the end, the name
    // of three bytes, its length, texts before the grant, bytes of a text, idle time.
    let (name, pending, text, idle) = (body - 3, body - 8, body - 10, body - 14);
    let origin = 2 + 1 + 32 + 4;
    let altered: [(usize, &[u8], Error); 15] = [
        (origin, b" ", Error::Malformed),
        (origin, b"E", Error::Malformed),
        (origin + 3, b"/", Error::Malformed),
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
    let signed = signed_invitation(&door.url(), door.server_copy.sealed_invitation());
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
        signed_invitation(&other.url(), other.server_copy.sealed_invitation())
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
    let signed = signed_invitation(&door.url(), door.server_copy.sealed_invitation());
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
    let long_name = create(ORIGIN, |policy| policy.host_name = "x".repeat(65));
    assert_eq!(long_name, Some(Error::InvalidName));
    let refused: [fn(&mut Policy); 10] = [
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
        assert_eq!(create(ORIGIN, change), Some(Error::InvalidPolicy));
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
    for origin in ["", " ", "exam ple.org", "example.org/", "Example.org", &"o".repeat(256)] {
        assert_eq!(create(origin, |_| {}), Some(Error::InvalidPolicy), "{origin:?}");
    }
    assert_eq!(create(&"o".repeat(255), |_| {}), None);
}

#[test]
fn a_server_copy_has_one_encoding() {
    let server_copy = Door::new(34).server_copy.encode();
    assert_eq!(ServerCopy::decode(&server_copy).unwrap().encode(), server_copy);
    for length in 0..server_copy.len() {
        assert_eq!(
            ServerCopy::decode(&server_copy[..length]).err(),
            Some(Error::Malformed),
            "{length}"
        );
    }
    let longer = [server_copy.as_slice(), &[0]].concat();
    assert_eq!(ServerCopy::decode(&longer).err(), Some(Error::Malformed));
}

#[test]
fn server_copies_of_one_host_have_nothing_in_common() {
    let mut rng = TestRng::new(35);
    let host = client(1, &mut rng);
    let mut server_copy = |expires| {
        let policy = Policy::new("Ada", expires);
        Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap().1.encode()
    };
    let (one, other) = (server_copy(NOW + DAY), server_copy(NOW + 2 * DAY));
    assert_eq!(one.len(), other.len());
    // Apart from the upper half of a time, and a length, which are shorter.
    assert_eq!(shared(&one, &other), Vec::<usize>::new());
}

//! The claim.

use super::*;

#[test]
fn the_server_admits_a_claim_as_it_is_and_by_one_digest() {
    let mut door = Door::new(70);
    let (_, claim) = door.guest();
    let name = door.server_copy.check_claim(&claim).unwrap();
    assert_eq!(door.server_copy.check_claim(&claim), Ok(name));
    let (_, other) = door.guest();
    assert_ne!(door.server_copy.check_claim(&other), Ok(name));
}

#[test]
fn no_byte_of_a_claim_can_be_changed() {
    let mut door = Door::new(71);
    let (_, claim) = door.guest();
    for place in 0..claim.len() {
        let altered = flipped(&claim, place);
        let Err(error) = door.server_copy.check_claim(&altered) else { panic!("byte {place}") };
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
fn each_byte_of_a_claim_decides_even_if_it_is_signed_again() {
    let mut door = Door::new(73);
    let (_, claim) = door.guest();
    let url = door.url();
    assert_eq!(resigned(&url, &claim), claim);
    for place in TRANSCRIPT.start..claim.len() - 64 {
        let altered = resigned(&url, &flipped(&claim, place));
        let before = door.host.to_bytes();
        let error = refusal(&mut door.invite, |invite| {
            invite.claim(&mut door.host, &altered, NOW).map(drop)
        })
        .unwrap();
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
        // A guest that shows another one's credentials cannot write in its name, nor the reverse.
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
    let (other, server_copy) =
        Invite::create(&door.host, ORIGIN, policy, NOW, &mut door.rng).unwrap();
    let url = other.link().unwrap().to_url(ORIGIN).unwrap().to_string();
    let preview = other.link().unwrap().open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    let bundles = [door.bundle];
    let claimed = preview.claim(door.host.list(), &bundles, "Grace", &[], NOW, &mut door.rng);
    let (_, claim) = claimed.unwrap();
    door.bundle = bundles.into_iter().next().unwrap();
    assert_eq!(door.server_copy.check_claim(&claim), Err(Error::WrongPeer));
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
    assert_eq!(door.server_copy.check_claim(&forged), Err(Error::BadSignature));
    door.refuses(&forged, NOW, Error::BadSignature);
}

#[test]
fn a_claim_for_another_device_is_refused() {
    let mut door = Door::new(77);
    let (_, claim) = door.guest();
    let mut stranger = client(9, &mut door.rng);
    refuses(&mut stranger, Error::WrongPeer, |client| {
        door.invite.claim(client, &claim, NOW).map(drop)
    });
    door.admit(&claim);
}

#[test]
fn a_sibling_of_the_inviting_device_takes_a_claim_made_for_it() {
    let mut rng = TestRng::new(78);
    let Home { mut clients, list, .. } = Home::new(1, 2, &mut rng);
    let policy = Policy::new("Ada", EXPIRES);
    let (mut invite, server_copy) =
        Invite::create(&clients[0], ORIGIN, policy, NOW, &mut rng).unwrap();
    let bundle = bundle_of(&mut clients[1], &mut rng);
    let link = invite.link().unwrap();
    let preview = link.open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    let (guest, claim) = preview.claim(&list, &[bundle], "Grace", &[], NOW, &mut rng).unwrap();
    assert!(guest.devices().eq([clients[1].address()]));
    assert_eq!(guest.peer(), clients[0].certificate());
    assert_eq!(invite.claim(&mut clients[0], &claim, NOW).err(), Some(Error::WrongPeer));
    let mut sibling = restored(&invite);
    let (chat, _) = sibling.claim(&mut clients[1], &claim, NOW).unwrap().apply();
    assert_eq!(chat.fingerprint(), guest.fingerprint());
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
        let preview = door.link().open(door.server_copy.sealed_invitation(), ORIGIN, now).unwrap();
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
    let cases: [(&str, &[&str], Option<Error>); 13] = [
        ("", &[], None),
        (&name, &["0123456789", "1"], None),
        (&longer, &[], Some(Error::InvalidName)),
        ("Grace", &["1", "2", "3"], Some(Error::NotAllowed)),
        ("Grace", &[""], Some(Error::NotAllowed)),
        ("Grace", &["1", ""], Some(Error::NotAllowed)),
        ("Grace", &["0123456789a"], Some(Error::NotAllowed)),
        // Ten bytes are not ten letters.
        ("Grace", &["\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"], Some(Error::NotAllowed)),
        ("Grace\u{202e}", &[], Some(Error::InvalidName)),
        ("Grace\u{2028}the host", &[], Some(Error::InvalidName)),
        ("\u{3164}", &[], Some(Error::InvalidName)),
        (" ", &[], Some(Error::InvalidName)),
        ("Grace\u{e0041}", &[], Some(Error::InvalidName)),
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
    let opened_claim = door.invite.claim(&mut door.host, &claim, NOW).unwrap();
    let (_, introduction) = opened_claim.apply();
    assert_eq!(introduction.name, "Grace");
    assert!(introduction.texts.iter().map(|text| text.text.as_str()).eq(texts));
}

#[test]
fn claims_of_one_link_share_nothing_but_what_addresses_them() {
    let mut door = Door::new(83);
    let one = door.guest().1;
    door.bundle = bundle_of(&mut door.host, &mut door.rng);
    let other = door.guest().1;
    assert_eq!(one.len(), other.len());
    // The locator behind version and kind; and from the count of devices to the id of the
    // signed prekey: device id, length, version, kind, mode.
    let same = (0..LOCATOR.end - 7).chain(COUNT.start..PREKEYS.start + 8 - 7);
    assert_eq!(shared(&one, &other), same.collect::<Vec<_>>());
    assert_eq!(ENVELOPE_LENGTH.end, ENVELOPE);
}

#[test]
fn guests_of_one_link_are_unrelated() {
    let mut door = Door::new(84);
    let (one, other) = (door.guest().1, door.guest().1);
    let mut guest = |claim: &[u8]| {
        let mut invite = restored(&door.invite);
        invite.claim(&mut door.host, claim, NOW).unwrap().peer().encode()
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

#[test]
fn credentials_made_to_fit_without_a_change_are_the_claim_itself() {
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
        let unproved = reclaimed(&url, &claim, |credentials| credentials[place] ^= 1);
        door.refuses(&unproved, NOW, Error::BadSignature);
    }
    // The bundle that credentials name is in the transcript, which the proof signs.
    let other = reclaimed(&url, &claim, |credentials| credentials[349] ^= 1);
    door.refuses(&other, NOW, Error::BadSignature);
    door.admit(&claim);
}

#[test]
fn a_guest_with_another_identifier_is_another_account() {
    let mut door = Door::new(95);
    let (_, claim) = door.guest();
    let renamed = reclaimed(&door.url(), &claim, |credentials| credentials[0] ^= 1);
    door.refuses(&renamed, NOW, Error::WrongPeer);
}

#[test]
fn a_claims_first_message_is_no_first_message_of_an_account() {
    let mut door = Door::new(88);
    let (_, claim) = door.guest();
    let first = &claim[ENVELOPE..claim.len() - 64];
    refuses(&mut door.host, Error::WrongKind, |host| device_of(host).accept(first, NOW).map(drop));
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
    let mut backup = restored(&door.invite);
    door.admit(&claim);
    assert_eq!(backup.claim(&mut door.host, &claim, NOW).err(), Some(Error::UnknownPrekey));
    let mut late = restored(&door.host);
    late.rotate(NOW + 30 * DAY, &mut door.rng).apply();
    assert_eq!(backup.claim(&mut late, &claim, NOW).err(), Some(Error::UnknownPrekey));
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
    device.accept(&first, NOW).unwrap().apply();
    let (state, own) = (door.host.to_bytes(), device_of(&door.host).to_bytes().len() - 2);
    let front = 2 + 32 + 25 + 8 + 7 * 4 + 1;
    let moved = [&state[..front], &device.to_bytes()[2..], &state[front + own..]].concat();
    door.host = Client::from_bytes(&moved).unwrap();
    door.refuses(&claim, NOW, Error::UnknownPrekey);
    // The link is not spent by it.
    door.bundle = door.host.bundle();
    let (_, claim) = door.guest();
    door.admit(&claim);
}

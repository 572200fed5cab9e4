//! Codes, offers and acceptances that were altered on the way.

use super::*;

#[test]
fn no_character_of_a_code_can_be_changed() {
    let linking = Linking::new(16, 1);
    let code = linking.new_device.code();
    for place in 0..code.len() {
        let mut altered: Vec<_> = code.bytes().collect();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(LinkingRequest::read(&altered, NOW).err(), Some(Error::LinkMangled), "{place}");
    }
    for altered in [&code[1..], &code[..code.len() - 1], "", "D1"] {
        assert_eq!(LinkingRequest::read(altered, NOW).err(), Some(Error::LinkMangled));
    }
}

#[test]
fn whoever_rewrites_a_code_gets_an_offer_that_the_new_device_refuses() {
    // Who sees the code knows its secret, and can show the primary another one with the same.
    let linking = Linking::new(17, 1);
    let (body, secret) = taken_apart(&linking.new_device.code());
    assert_eq!(put_together(&body, &secret), *linking.new_device.code());
    let (mine, _) = taken_apart(&Linking::new(18, 1).new_device.code());
    // form, purpose, time, signing key, agreement key, ephemeral, length, description
    let fields = [2..10, 10..42, 42..74, 74..106, 107..body.len()];
    for (number, field) in fields.into_iter().enumerate() {
        let mut linking = Linking::new(17, 1);
        let mut altered = body.clone();
        match number {
            0 => altered[9] ^= 1,
            4 => altered[107..].copy_from_slice(b"the bathroom scales"),
            _ => altered[field.clone()].copy_from_slice(&mine[field.clone()]),
        }
        let request = LinkingRequest::read(&put_together(&altered, &secret), NOW).unwrap();
        let offer = linking.offer(&request);
        let error =
            refusal(&mut linking.new_device, |new_device| new_device.open(&offer, NOW)).unwrap();
        assert_eq!(error, Error::Forged, "{field:?}");
    }
    // And one with another secret.
    let mut linking = Linking::new(17, 1);
    let request = LinkingRequest::read(&put_together(&body, &flipped(&secret, 0)), NOW).unwrap();
    let offer = linking.offer(&request);
    refuses(&mut linking.new_device, Error::Forged, |new_device| new_device.open(&offer, NOW));
}

#[test]
fn a_code_that_becomes_a_primarys_on_its_way_leads_to_no_offer_that_opens() {
    let mut linking = Linking::new(18, 1);
    let (mut body, secret) = taken_apart(&linking.new_device.code());
    body[1] = 2;
    let request = LinkingRequest::read(&put_together(&body, &secret), NOW).unwrap();
    let Linking { person: Person { account, devices }, rng, .. } = &mut linking;
    let offer = devices[0].approve_transfer(account, &request, NOW, rng).unwrap().apply();
    refuses(&mut linking.new_device, Error::Forged, |new_device| new_device.open(&offer, NOW));
}

#[test]
fn another_purpose_or_form_or_a_hidden_line_is_no_code() {
    let linking = Linking::new(19, 1);
    let (body, secret) = taken_apart(&linking.new_device.code());
    for (place, byte) in [(0, 2), (1, 0), (1, 3), (106, 0), (106, 18), (106, 20), (107, b'\n')] {
        let mut altered = body.clone();
        altered[place] = byte;
        let error = LinkingRequest::read(&put_together(&altered, &secret), NOW).err();
        assert_eq!(error, Some(Error::LinkMangled), "{place} {byte}");
    }
    let mut rng = TestRng::new(1);
    for description in ["", "two\nlines", &"x".repeat(65)] {
        let error = NewDevice::generate(description, NOW, &mut rng).err();
        assert_eq!(error, Some(Error::InvalidName));
    }
    assert!(NewDevice::generate(&"x".repeat(64), NOW, &mut rng).is_ok());
}

#[test]
fn a_code_with_a_weak_key_is_refused() {
    let linking = Linking::new(20, 1);
    let (body, secret) = taken_apart(&linking.new_device.code());
    let zeroed = |place: usize, byte| {
        let mut altered = body.clone();
        altered[place..place + 32].fill(byte);
        LinkingRequest::read(&put_together(&altered, &secret), NOW)
    };
    // A signing key of small order, agreement keys out of range.
    for (place, byte) in [(10, 0), (42, 0xff), (74, 0xff)] {
        assert_eq!(zeroed(place, byte).err(), Some(Error::WeakKey));
    }
    // Agreement keys of small order agree on nothing.
    let (mut linking, mut rng) = (linking, TestRng::new(1));
    let Person { account, devices } = &mut linking.person;
    for place in [42, 74] {
        let request = zeroed(place, 0).unwrap();
        refuses(&mut devices[0], Error::WeakKey, |primary| {
            primary.approve(account, &request, 4, NOW, &mut rng).map(drop)
        });
    }
}

#[test]
fn no_byte_of_an_offer_can_be_changed() {
    let mut linking = Linking::new(21, 1);
    let offer = linking.offer(&linking.request());
    let new_device = &mut linking.new_device;
    for place in 0..offer.len() {
        let altered = flipped(&offer, place);
        let error = refusal(new_device, |new_device| new_device.open(&altered, NOW)).unwrap();
        let expected: &[Error] = match place {
            0 => &[Error::Malformed],
            1 => &[Error::WrongKind],
            2..34 => &[Error::Forged, Error::WeakKey],
            _ => &[Error::Forged],
        };
        assert!(expected.contains(&error), "{place}: {error:?}");
    }
    for length in 0..offer.len() {
        refusal(new_device, |new_device| new_device.open(&offer[..length], NOW)).unwrap();
    }
    let longer = [&offer[..], &[0]].concat();
    refuses(new_device, Error::Forged, |new_device| new_device.open(&longer, NOW));
}

#[test]
fn no_byte_of_an_acceptance_can_be_changed() {
    let (mut person, _, acceptance) = Linking::new(22, 1).accepted();
    let Person { account, devices } = &mut person;
    for place in 0..acceptance.len() {
        let altered = flipped(&acceptance, place);
        let error = refusal(&mut devices[0], |primary| {
            primary.admit(account, &altered, b"", NOW).map(drop)
        })
        .unwrap();
        let expected = match place {
            0 => Error::Malformed,
            1 => Error::WrongKind,
            _ => Error::Forged,
        };
        assert_eq!(error, expected, "{place}");
    }
    for length in 2..acceptance.len() {
        let cut = &acceptance[..length];
        refuses(&mut devices[0], Error::Malformed, |primary| {
            primary.admit(account, cut, b"", NOW).map(drop)
        });
    }
    assert!(devices[0].admit(account, &acceptance, b"", NOW).is_ok());
}

#[test]
fn somebody_who_saw_the_code_cannot_make_an_offer_that_the_user_confirms() {
    // The quishing thief's offer opens, and shows an account of its own.
    let mut thief = Linking::new(23, 1);
    let mut victim = Linking::new(24, 1);
    let offer = thief.offer(&victim.request());
    let linking_offer = victim.new_device.open(&offer, NOW).unwrap();
    assert_eq!(linking_offer.primary(), thief.person.devices[0].certificate());
    assert_ne!(linking_offer.list().account_key(), victim.person.devices[0].list().account_key());
    // The user types what the own primary shows.
    victim.offer(&victim.request());
    let (shown, new_device) = (typed(&victim.person.devices[0]), restored(&victim.new_device));
    let error = linking_offer.accept(victim.new_device, &shown, NOW).err();
    assert_eq!(error, Some(Error::DigitsDiffer));
    // A user who types the thief's digits gives an acceptance that is no use at the own account.
    let linking_offer = new_device.open(&offer, NOW).unwrap();
    let (_, acceptance) = accepted(linking_offer, new_device, &thief.person.devices[0], NOW);
    let Person { account, devices } = &mut victim.person;
    refuses(&mut devices[0], Error::Forged, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
}

#[test]
fn ids_of_linked_devices_are_drawn_and_not_counted() {
    let town = Town::new(25, &[5]);
    let ids: Vec<_> = (0..5).map(|device| town.address(0, device)).collect();
    let numbers: Vec<u64> =
        ids.iter().map(|Address { device, .. }| u64::from_be_bytes(device.0)).collect();
    for (one, other) in numbers.iter().zip(&numbers[1..]) {
        assert!(one.abs_diff(*other) > 1 << 32);
    }
}

//! Every part of an offer or an acceptance altered, late, or from somebody else.

use super::*;

#[test]
fn an_offer_is_made_and_opened_for_five_minutes() {
    let mut room = Room::new();
    let scanned = room.scanned();
    for (now, error) in [(NOW + 300, None), (NOW + 301, Some(Error::Expired))] {
        let Room { account, primary, list, rng, .. } = &mut room;
        assert_eq!(offer(&scanned, primary, account, list, now, rng).err(), error);
    }
    let (_, offer) = room.offer();
    for (now, error) in [
        (NOW - CODE_SKEW - 1, Some(Error::Expired)),
        (NOW - CODE_SKEW, None),
        (NOW + 300, None),
        (NOW + 301, Some(Error::Expired)),
    ] {
        assert_eq!(room.request.open(&offer, now).err(), error, "{now}");
    }
}

#[test]
fn an_acceptance_is_taken_for_five_minutes() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    let (_, acceptance) = accept(room.open(&offer).unwrap(), &room.request).unwrap();
    for (now, error) in [(0, None), (NOW + 300, None), (NOW + 301, Some(Error::Expired))] {
        assert_eq!(pending.complete(&acceptance, now).err(), error, "{now}");
    }
}

#[test]
fn no_byte_of_an_offer_can_be_changed() {
    let mut room = Room::new();
    let (_, offer) = room.offer();
    for place in 0..offer.len() {
        for bit in [0x01, 0x80] {
            let mut altered = offer.clone();
            altered[place] ^= bit;
            let expected = match (place, bit) {
                (0, 1) => Error::Malformed,
                (0, _) => Error::UnknownVersion(0x81),
                (1, _) => Error::WrongKind,
                (33, 0x80) => Error::WeakKey,
                _ => Error::Forged,
            };
            assert_eq!(room.open(&altered).err(), Some(expected), "{place}");
        }
    }
    for length in 0..offer.len() {
        let error = room.open(&offer[..length]).err();
        let expected = if length < 34 + 16 { Error::Malformed } else { Error::Forged };
        assert_eq!(error, Some(expected), "{length}");
    }
    assert_eq!(room.open(&[&offer[..], &[0]].concat()).err(), Some(Error::Forged));
    let mut small = offer.clone();
    small[2..34].fill(0);
    assert_eq!(room.open(&small).err(), Some(Error::WeakKey), "small order");
}

#[test]
fn no_byte_of_an_acceptance_can_be_changed() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    let (_, acceptance) = accept(room.open(&offer).unwrap(), &room.request).unwrap();
    for place in 0..acceptance.len() {
        let mut altered = acceptance.clone();
        altered[place] ^= 1;
        let expected = match place {
            0 => Error::Malformed,
            1 => Error::WrongKind,
            _ => Error::Forged,
        };
        assert_eq!(pending.complete(&altered, NOW), Err(expected), "{place}");
    }
    for length in 0..acceptance.len() {
        assert_eq!(pending.complete(&acceptance[..length], NOW), Err(Error::Malformed));
    }
    let longer = [&acceptance[..], &[0]].concat();
    assert_eq!(pending.complete(&longer, NOW), Err(Error::Malformed));
    assert!(pending.complete(&acceptance, NOW).is_ok());
}

#[test]
fn an_offer_for_another_code_is_forged() {
    let mut room = Room::new();
    let mut rng = TestRng::new(77);
    let other = Request::generate((COMPANION, "Laptop, Linux"), NOW, &mut rng).unwrap();
    let (pending, offer) = room.offer();
    assert_eq!(other.open(&offer, NOW).err(), Some(Error::Forged));
    // Nor does what the other device accepts complete this one.
    let scanned = LinkingRequest::read(&other.code(), NOW).unwrap();
    let (_, theirs) = room.offer_to(&scanned).unwrap();
    let (_, acceptance) = accept(other.open(&theirs, NOW).unwrap(), &other).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Err(Error::Forged));
    // Nor does one device accept what was offered to another.
    let offered = room.open(&offer).unwrap();
    assert_eq!(accept(offered, &other).err(), Some(Error::BadSignature));
}

#[test]
fn an_acceptance_of_an_earlier_offer_is_forged() {
    let mut room = Room::new();
    let ((_, one), (pending, _)) = (room.offer(), room.offer());
    let (_, acceptance) = accept(room.open(&one).unwrap(), &room.request).unwrap();
    assert_eq!(pending.complete(&acceptance, NOW), Err(Error::Forged));
}

#[test]
fn an_offer_is_no_acceptance_and_no_list() {
    let mut room = Room::new();
    let (pending, offer) = room.offer();
    assert_eq!(pending.complete(&offer, NOW), Err(Error::WrongKind));
    assert_eq!(DeviceList::decode(&offer), Err(Error::WrongKind));
    assert_eq!(room.open(&room.list.encode()).err(), Some(Error::WrongKind));
}

#[test]
fn each_part_of_an_offer_is_checked_although_its_maker_holds_the_code() {
    let room = Room::new();
    assert_eq!(room.crafted(|_, _| ()), None);
    let cases: [(&str, Option<Error>); 9] = [
        (
            "a signature over the new device that does not hold",
            room.crafted(|_, parts| parts.flip = 1),
        ),
        (
            "the new device signed by another key than the account's",
            room.crafted(|_, parts| parts.by = signing(0xfe)),
        ),
        (
            "the transcript signed by the account key",
            room.crafted(|_, parts| parts.signer = signing(0xff)),
        ),
        (
            "the transcript signed by another device of the account",
            room.crafted(|_, parts| parts.signer = signing(2)),
        ),
        (
            "the transcript signed under another label",
            room.crafted(|_, parts| parts.label = labels::IDENTITY_DEVICE),
        ),
        (
            "a primary whose signature of the account does not hold",
            room.crafted(|_, parts| {
                let mut bytes = parts.primary.encode();
                bytes[140] ^= 1;
                parts.primary = Reader::all(&bytes, Certificate::recall).unwrap();
            }),
        ),
        (
            "a list whose signature does not hold",
            room.crafted(|_, parts| {
                let mut bytes = parts.list.encode();
                *bytes.last_mut().unwrap() ^= 1;
                parts.bytes = Some(bytes);
            }),
        ),
        (
            "another list than the transcript names",
            room.crafted(|room, parts| {
                let devices = room.list.devices().to_vec();
                let next = room.list.next(&room.account, devices, NOW).unwrap();
                parts.bytes = Some(next.encode());
            }),
        ),
        (
            "a first list of another account, with a device that says it is the primary",
            room.crafted(|_, parts| {
                let mut bytes = parts.list.encode();
                bytes[2] ^= 1;
                parts.bytes = Some(bytes);
            }),
        ),
    ];
    for (what, error) in cases {
        assert_eq!(error, Some(Error::BadSignature), "{what}");
    }
}

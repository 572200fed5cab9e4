//! The accounts that may link a device.

use super::*;

#[test]
fn the_primary_is_on_the_list_and_the_new_device_is_not() {
    let room = Room::new();
    let other = signing(0xfe);
    let cases: [(&str, Option<Error>); 5] = [
        (
            "a primary that is not on the list",
            room.crafted(|room, parts| {
                parts.primary = device(&room.account, 4).certificate;
                parts.signer = signing(4);
            }),
        ),
        (
            "the list of another account key",
            room.crafted(|_, parts| {
                let device = device(&other, 1).certificate;
                parts.list = DeviceList::first(&other, device, NOW);
            }),
        ),
        ("an id that another device has", room.crafted(|_, parts| parts.device = DeviceId([2; 8]))),
        (
            "the new device on the list already, under another id",
            room.crafted(|room, parts| {
                let known = Certificate::sign(
                    AccountKind::Member,
                    AccountId([7; 32]),
                    &room.account,
                    DeviceId([8; 8]),
                    &room.request.signing,
                    &agreement(8),
                );
                let devices = vec![parts.primary.clone(), known];
                parts.list = room.list.next(&room.account, devices, NOW).unwrap();
            }),
        ),
        (
            "another primary under the same id",
            room.crafted(|room, parts| {
                parts.primary = Certificate::sign(
                    AccountKind::Member,
                    AccountId([7; 32]),
                    &room.account,
                    DeviceId([1; 8]),
                    &signing(4),
                    &agreement(4),
                );
                parts.signer = signing(4);
            }),
        ),
    ];
    for (what, error) in cases {
        assert_eq!(error, Some(Error::WrongPeer), "{what}");
    }
}

#[test]
fn an_offer_ends_where_its_list_does() {
    let room = Room::new();
    assert_eq!(room.crafted(|_, parts| parts.rest = vec![0]), Some(Error::Malformed));
    let long = |_: &Room, parts: &mut Parts| parts.bytes = Some(vec![0; MAX_LIST + 1]);
    assert_eq!(room.crafted(long), Some(Error::Malformed));
}

#[test]
fn the_device_signs_its_own_place_or_is_not_linked() {
    let mut room = Room::new();
    let (pending, _) = room.offer();
    let core = pending.unchecked.core();
    for (signer, label) in [
        (signing(2), labels::IDENTITY_DEVICE),
        (signing(0xff), labels::IDENTITY_DEVICE),
        (
            sign::SecretKey::from_seed(room.request.signing.seed().duplicate()),
            labels::IDENTITY_ACCOUNT,
        ),
    ] {
        let signature = signer.sign(label, &[&core]);
        let (key, ad) = (pending.keys.acceptance(), acceptance_ad(pending.transcript()));
        let sealed = seal_once(key, &ad, &signature).unwrap();
        let acceptance = [&[wire::VERSION, wire::LINKING_ACCEPTANCE][..], &sealed].concat();
        assert_eq!(pending.complete(&acceptance, NOW), Err(Error::BadSignature));
    }
}

#[test]
fn an_account_links_no_device_that_it_has_and_none_with_its_own_key() {
    let mut room = Room::new();
    let mut scanned = room.scanned();
    let known = *room.list.devices()[1].identity();
    scanned.body.identity.signing = known.signing;
    assert_eq!(room.offer_to(&scanned).err(), Some(Error::WrongPeer));
    let mut scanned = room.scanned();
    scanned.body.identity.agreement = known.agreement;
    assert_eq!(room.offer_to(&scanned).err(), Some(Error::WrongPeer));
    let mut scanned = room.scanned();
    scanned.body.identity.signing = room.account.public();
    assert_eq!(room.offer_to(&scanned).err(), Some(Error::WrongPeer));
}

#[test]
fn only_a_listed_device_with_the_account_key_makes_offers() {
    let mut room = Room::new();
    let scanned = room.scanned();
    let Room { account, primary, list, rng, .. } = &mut room;
    let unlisted = device(account, 4);
    let error = offer(&scanned, &unlisted, account, list, NOW, rng).err();
    assert_eq!(error, Some(Error::WrongPeer));
    let error = offer(&scanned, primary, &signing(0xfe), list, NOW, rng).err();
    assert_eq!(error, Some(Error::WrongPeer));
}

#[test]
fn an_account_of_32_devices_links_no_other() {
    let mut room = Room::new();
    let devices = |count: u8| (1..=count).map(|byte| device(&signing(0xff), byte).certificate);
    room.list = room.list.next(&room.account, devices(31).collect(), NOW).unwrap();
    let (_, offer) = room.offer();
    assert!(room.open(&offer).is_ok());
    room.list = room.list.next(&room.account, devices(32).collect(), NOW).unwrap();
    let scanned = room.scanned();
    assert_eq!(room.offer_to(&scanned).err(), Some(Error::TooManyDevices));
}

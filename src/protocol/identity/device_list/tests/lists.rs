//! Lists that an account makes, and lists that nobody should make.

use super::*;

#[test]
fn the_example_of_the_page_is_what_the_account_issues() {
    let account = signing(0x11);
    let member = |id: u8, signs: u8, agrees: u8| {
        Certificate::sign(
            AccountKind::Member,
            AccountId([0x10; 32]),
            &account,
            DeviceId([id; 8]),
            &signing(signs),
            &dh::SecretKey::from_seed(Secret::copy(&[agrees; 32])),
        )
    };
    let (one, two) = (member(0x14, 0x12, 0x13), member(0x17, 0x15, 0x16));
    let first = DeviceList::first(&account, one.clone(), NOW);
    let second = first.next(&account, vec![two, one], NOW + DAY).unwrap();
    let page = include_str!("../../../../../spec/devices.md");
    let [one, two] = [&first, &second].map(|list| kdf::hash(&[&list.encode()]));
    for hash in [&one, &two, &first.hash().0, &second.hash().0] {
        let hex = hash.iter().fold(String::new(), |hex, byte| hex + &std::format!("{byte:02x}"));
        assert!(page.contains(&hex), "{hex}");
    }
}

#[test]
fn what_is_issued_is_read_again() {
    for list in [first(), two(), chain(70).pop().unwrap()] {
        let bytes = list.encode();
        assert_eq!(DeviceList::decode(&bytes).unwrap(), list);
        let mut writer = Writer::new();
        list.write(&mut writer);
        assert_eq!(Reader::all(writer.written(), DeviceList::recall).unwrap(), list);
    }
    assert_eq!(first().encode().len(), 394);
}

#[test]
fn the_longest_list_has_32_devices_and_a_full_trail() {
    let devices: Vec<u8> = (1..=32).collect();
    let list = next(chain(64).last().unwrap(), &devices);
    assert_eq!(list.devices().len(), MAX_DEVICES);
    let bytes = list.encode();
    assert_eq!(bytes.len(), 8642);
    assert_eq!(DeviceList::decode(&bytes).unwrap(), list);
}

#[test]
fn a_list_says_who_is_on_it() {
    let list = two();
    assert_eq!((list.account(), list.epoch()), (AccountId([7; 32]), 3));
    assert_eq!(&list.account_key().0, key().public().bytes());
    assert_eq!((list.issued(), list.expires()), (NOW, NOW + VALID_FOR));
    assert_eq!(list.devices(), [device(1), device(2)]);
    assert_eq!(list.device(DeviceId([2; 8])), Some(&device(2)));
    assert_eq!(list.device(DeviceId([3; 8])), None);
    let printed = std::format!("{list:?}");
    assert!(printed.contains("epoch: 3, devices: 2, .."), "{printed}");
}

#[test]
fn no_byte_of_a_list_can_be_changed() {
    let bytes = two().encode();
    for place in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            let mut altered = bytes.clone();
            altered[place] ^= bit;
            let error = DeviceList::decode(&altered).expect_err("altered");
            let expected: &[Error] = match place {
                0 => &[Error::UnknownVersion(0), Error::UnknownVersion(0x81), Error::Malformed],
                1 => &[Error::WrongKind],
                _ => &[Error::BadSignature, Error::WeakKey, Error::Malformed],
            };
            assert!(expected.contains(&error), "{place}: {error:?}");
        }
    }
}

#[test]
fn what_the_account_signed_alone_decides() {
    let bytes = two().encode();
    let end = bytes.len();
    // Issue, expiry, a device's id and signatures, the trail, the list's own signature.
    let trail = MEMBERS + 2 * MEMBER + 4 + 32;
    for place in [2, ISSUED + 7, ISSUED + 15, MEMBERS + 7, MEMBERS + 72, trail, end - 1] {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert_eq!(DeviceList::decode(&altered), Err(Error::BadSignature), "{place}");
    }
}

#[test]
fn a_list_that_ends_early_or_late_is_malformed() {
    let bytes = two().encode();
    for length in 0..bytes.len() {
        assert_eq!(DeviceList::decode(&bytes[..length]), Err(Error::Malformed), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(DeviceList::decode(&longer), Err(Error::Malformed));
}

#[test]
fn only_a_list_is_read_as_a_list() {
    let mut bytes = two().encode();
    for kind in (0..=255).filter(|kind| *kind != 0x12) {
        bytes[1] = kind;
        assert_eq!(DeviceList::decode(&bytes), Err(Error::WrongKind), "{kind}");
    }
    bytes[0] = 2;
    assert_eq!(DeviceList::decode(&bytes), Err(Error::UnknownVersion(2)));
    bytes[0] = 0;
    assert_eq!(DeviceList::decode(&bytes), Err(Error::Malformed));
}

#[test]
fn a_set_of_devices_has_one_encoding() {
    assert_eq!(refused(|_| ()), None);
    assert_eq!(refused(|list| list.devices.reverse()), Some(Error::Malformed));
    assert_eq!(refused(|list| list.devices[1] = device(1)), Some(Error::Malformed));
    assert_eq!(refused(|list| list.devices.clear()), Some(Error::Malformed));
}

#[test]
fn no_key_is_two_devices() {
    let twins = [
        device_of(&key(), [2; 8], 1, 2), // signs with the first one's key
        device_of(&key(), [2; 8], 2, 1), // agrees with the first one's key
    ];
    for twin in twins {
        let error = refused(|list| list.devices[1] = twin.clone());
        assert_eq!(error, Some(Error::Malformed));
        let error = first().next(&key(), vec![device(1), twin], NOW).err();
        assert_eq!(error, Some(Error::DeviceConflict));
    }
}

#[test]
fn the_account_key_is_no_devices_key() {
    let one_key = || device_of(&key(), [2; 8], 0xff, 2);
    assert_eq!(refused(|list| list.devices[1] = one_key()), Some(Error::Malformed));
    let error = first().next(&key(), vec![device(1), one_key()], NOW).err();
    assert_eq!(error, Some(Error::DeviceConflict));
}

#[test]
fn a_thirty_third_device_is_refused_on_both_sides() {
    let devices: Vec<_> = (1..=33).map(device).collect();
    let error = first().next(&key(), devices.clone(), NOW).err();
    assert_eq!(error, Some(Error::TooManyDevices));
    assert_eq!(refused(|list| list.devices = devices), Some(Error::Malformed));
}

#[test]
fn a_count_is_bounded_before_its_members_are_read() {
    let mut bytes = two().encode();
    bytes[COUNT..MEMBERS].fill(0xff);
    assert_eq!(DeviceList::decode(&bytes), Err(Error::Malformed));
}

#[test]
fn both_signatures_of_every_device_must_hold() {
    let (account, other) = (key(), signing(0xfe));
    // Not signed by this account; signed by it, but as another account's or as a guest.
    let strangers = [
        device_of(&other, [2; 8], 2, 2),
        Certificate::sign(
            AccountKind::Member,
            AccountId([8; 32]),
            &account,
            DeviceId([2; 8]),
            &signing(2),
            &dh::SecretKey::from_seed(Secret::copy(&[2; 32])),
        ),
        Certificate::sign(
            AccountKind::Guest,
            AccountId([7; 32]),
            &account,
            DeviceId([2; 8]),
            &signing(2),
            &dh::SecretKey::from_seed(Secret::copy(&[2; 32])),
        ),
    ];
    for stranger in strangers {
        let error = refused(|list| list.devices[1] = stranger.clone());
        assert_eq!(error, Some(Error::BadSignature));
        let error = first().next(&account, vec![device(1), stranger], NOW).err();
        assert_eq!(error, Some(Error::WrongPeer));
    }
}

#[test]
fn a_device_that_did_not_countersign_is_no_member() {
    let mut bytes = Vec::new();
    let mut list = two();
    // The two signatures of the second device, each in the other's place.
    let mut writer = Writer::new();
    list.devices[1].write_member(&mut writer);
    let written = writer.public();
    bytes.extend_from_slice(&written[..72]);
    bytes.extend_from_slice(&written[136..]);
    bytes.extend_from_slice(&written[72..136]);
    let read = |reader: &mut Reader<'_>| {
        Certificate::recall_member(reader, AccountId([7; 32]), key().public())
    };
    list.devices[1] = Reader::all(&bytes, read).unwrap();
    assert_eq!(DeviceList::decode(&signed(list)), Err(Error::BadSignature));
}

#[test]
fn a_signature_under_another_label_is_none_over_a_list() {
    for label in labels::ALL.iter().filter(|label| **label != labels::DEVICES_LIST) {
        let mut list = two();
        list.signature = key().sign(label, &[&list.hash]);
        assert_eq!(DeviceList::decode(&list.encode()), Err(Error::BadSignature));
    }
}

#[test]
fn a_life_is_at_least_a_second_and_at_most_35_days() {
    for (life, error) in [
        (0, Some(Error::Malformed)),
        (1, None),
        (MAX_LIFE, None),
        (MAX_LIFE + 1, Some(Error::Malformed)),
    ] {
        assert_eq!(refused(|list| list.expires = list.issued + life), error, "{life}");
    }
    assert_eq!(refused(|list| list.expires = list.issued - 1), Some(Error::Malformed));
}

#[test]
fn a_trail_has_every_list_before_or_sixty_four() {
    assert_eq!(refused(|list| list.base = [1; 32]), Some(Error::Malformed));
    assert_eq!(refused(|list| list.trail.push([1; 32])), Some(Error::Malformed));
    let short = |list: &mut DeviceList| {
        // The same history, told from a later list on: the signature still holds.
        list.base = list.hash_at(1).unwrap();
        list.trail.remove(0);
    };
    let mut told = two();
    short(&mut told);
    assert_eq!(told.hash, step(told.epoch, &told.predecessor(), &told.inner()));
    assert_eq!(refused(short), Some(Error::Malformed));
    for (length, trail) in [(1, 0), (2, 1), (64, 63), (65, 64), (66, 64)] {
        let list = chain(length).pop().unwrap();
        assert_eq!(list.trail.len(), trail);
        assert_eq!(list.base == [0; 32], length <= MAX_TRAIL + 1);
        let mut bytes = list.encode();
        bytes[EPOCH + 7] = bytes[EPOCH + 7].wrapping_add(1);
        let error = if length > MAX_TRAIL { Error::BadSignature } else { Error::Malformed };
        assert_eq!(DeviceList::decode(&bytes), Err(error), "{length}");
        bytes[EPOCH..ISSUED].fill(0);
        assert_eq!(DeviceList::decode(&bytes), Err(Error::Malformed), "epoch 0");
    }
}

#[test]
fn a_list_names_the_hashes_of_its_ancestors() {
    let lists = chain(70);
    let last = lists.last().unwrap();
    for (list, epoch) in lists.iter().zip(1..) {
        let expected = (epoch >= 70 - 65).then_some(list.hash);
        assert_eq!(last.hash_at(epoch), expected, "{epoch}");
    }
    assert_eq!(last.hash_at(71), None);
    assert_eq!(lists[0].hash_at(0), Some([0; 32]));
}

#[test]
fn a_list_is_valid_from_a_day_before_its_issue_to_its_last_second() {
    let list = two();
    for (now, expected) in [
        (NOW - SKEW - 1, Err(Error::ListExpired)),
        (NOW - SKEW, Ok(())),
        (NOW, Ok(())),
        (NOW + VALID_FOR, Ok(())),
        (NOW + VALID_FOR + 1, Err(Error::ListExpired)),
        (u64::MAX, Err(Error::ListExpired)),
        (0, Err(Error::ListExpired)),
    ] {
        assert_eq!(list.check(now), expected, "{now}");
    }
}

#[test]
fn a_list_is_issued_by_the_clock_also_after_one_that_was_ahead() {
    let ahead = first().next(&key(), vec![device(1)], NOW + 400 * DAY).unwrap();
    assert_eq!(ahead.check(NOW), Err(Error::ListExpired));
    let mended = ahead.next(&key(), vec![device(1)], NOW + DAY).unwrap();
    assert_eq!((mended.issued(), mended.expires()), (NOW + DAY, NOW + DAY + VALID_FOR));
    assert_eq!(mended.check(NOW + DAY), Ok(()));
    assert_eq!(mended.follows(&ahead), Ok(true));
}

#[test]
fn numbers_at_their_ends_are_held_or_refused() {
    let end = u64::MAX;
    let next = first().next(&key(), vec![device(1)], end).unwrap();
    for list in [DeviceList::first(&key(), device(1), end), next] {
        assert_eq!((list.issued(), list.expires()), (end - VALID_FOR, end));
        assert_eq!(DeviceList::decode(&list.encode()), Ok(list));
    }
    let mut last = chain(66).pop().unwrap();
    last.epoch = end;
    let last = DeviceList::decode(&signed(last)).unwrap();
    assert_eq!(last.next(&key(), vec![device(1)], NOW).err(), Some(Error::ListExhausted));
}

#[test]
fn only_the_account_issues_and_only_its_own_devices() {
    let other = signing(0xfe);
    let ours = vec![device(1)];
    assert_eq!(first().next(&other, ours, NOW).err(), Some(Error::WrongPeer));
    assert_eq!(first().next(&key(), vec![], NOW).err(), Some(Error::DeviceConflict));
    let twice = vec![device(1), device(1)];
    assert_eq!(first().next(&key(), twice, NOW).err(), Some(Error::DeviceConflict));
    let guest = Certificate::sign(
        AccountKind::Guest,
        AccountId([7; 32]),
        &key(),
        DeviceId([1; 8]),
        &key(),
        &dh::SecretKey::from_seed(Secret::copy(&[1; 32])),
    );
    assert_eq!(first().next(&key(), vec![guest], NOW).err(), Some(Error::WrongPeer));
}

#[test]
fn a_device_that_is_not_on_the_next_list_is_gone() {
    let list = next(&two(), &[1]);
    assert_eq!(list.follows(&two()), Ok(true));
    assert_eq!(list.devices(), [device(1)]);
}

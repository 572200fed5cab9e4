//! Lists of accounts that move.

use super::*;

fn id(byte: u8) -> AccountId {
    AccountId([byte; 32])
}

/// Makes the list after this one, under the id of a byte.
fn to(list: &DeviceList, byte: u8, now: u64) -> DeviceList {
    list.next_at(id(byte), &key(), list.devices().to_vec(), now).unwrap()
}

fn former(list: &DeviceList) -> Vec<u8> {
    list.former_ids().map(|(id, _)| id.0[0]).collect()
}

#[test]
fn the_example_of_the_page_is_how_the_account_moves() {
    let account = signing(0x11);
    let device = Certificate::sign(
        AccountKind::Member,
        id(0x10),
        &account,
        DeviceId([0x14; 8]),
        &signing(0x12),
        &dh::SecretKey::from_seed(Secret::copy(&[0x13; 32])),
    );
    let first = DeviceList::first(&account, device.clone(), NOW);
    let moved = first.next_at(id(0x18), &account, vec![device], NOW + DAY).unwrap();
    let page = include_str!("../../../../../spec/devices.md");
    let whole = kdf::hash(&[&moved.encode()]);
    for hash in [&whole, &moved.hash().0] {
        let hex = hash.iter().fold(String::new(), |hex, byte| hex + &std::format!("{byte:02x}"));
        assert!(page.contains(&hex), "{hex}");
    }
    let part = &moved.encode()[90..170];
    let hex = part.iter().fold(String::new(), |hex, byte| hex + &std::format!("{byte:02x}"));
    assert!(page.replace('\n', " ").split_whitespace().any(|word| word == &hex[8..72]), "{hex}");
}

#[test]
fn a_moved_list_follows_and_nothing_under_an_older_id_does() {
    let lists = [first(), to(&first(), 8, NOW + 1)];
    let lists = [&lists[..], &[to(&lists[1], 9, NOW + 2), to(&lists[1], 7, NOW + 2)]].concat();
    assert_eq!(lists[1].follows(&lists[0]), Ok(true));
    assert_eq!(lists[2].follows(&lists[0]), Ok(true));
    assert_eq!(lists[0].follows(&lists[2]), Err(Error::ListRollback));
    assert_eq!(lists[1].follows(&lists[2]), Err(Error::ListRollback));
    assert_eq!(lists[3].follows(&lists[2]), Err(Error::ListFork));
    for list in &lists {
        assert_eq!(DeviceList::decode(&list.encode()).as_ref(), Ok(list));
        assert_eq!(list.first_id(), id(7));
        assert!(list.is_of_account(&lists[0]));
    }
    // The same ids with another key are another account's.
    let other = signing(0xee);
    let device = vec![device_of(&other, [1; 8], 1, 1)];
    let theirs = DeviceList::first(&other, device[0].clone(), NOW);
    let theirs = theirs.next_at(id(8), &other, device, NOW + 1).unwrap();
    assert_eq!(theirs.follows(&lists[0]), Err(Error::WrongPeer));
}

#[test]
fn former_ids_are_named_newest_first_at_most_eight_for_90_days() {
    let mut list = first();
    for byte in 8..20 {
        list = to(&list, byte, NOW + u64::from(byte));
    }
    assert_eq!(former(&list), [18, 17, 16, 15, 14, 13, 12, 11]);
    assert_eq!(DeviceList::decode(&list.encode()).as_ref(), Ok(&list));
    // The id that it goes back to is no former one.
    let back = to(&list, 15, NOW + 20);
    assert_eq!(former(&back), [19, 18, 17, 16, 14, 13, 12, 11]);
    let at = |now| former(&to(&list, 19, now));
    assert_eq!(at(NOW + 12 + FORMER_FOR).len(), 8);
    assert_eq!(at(NOW + 13 + FORMER_FOR).len(), 7);
    assert_eq!(at(NOW + 20 + FORMER_FOR), []);
    // Once it has its first id again and nothing is to be said, it is as if it had never moved.
    let home = to(&to(&list, 7, NOW + 20), 7, NOW + 21 + FORMER_FOR);
    assert!(home.moved.is_none());
}

#[test]
fn the_longest_moved_list_is_the_longest_of_all() {
    let devices: Vec<u8> = (1..=32).collect();
    let mut list = next(chain(64).last().unwrap(), &devices);
    for byte in 8..20 {
        list = to(&list, byte, NOW + 70);
    }
    assert_eq!(list.encode().len(), MAX_LIST);
    assert_eq!(DeviceList::decode(&list.encode()).as_ref(), Ok(&list));
}

#[test]
fn a_second_number_of_no_devices_is_malformed() {
    let mut bytes = to(&first(), 8, NOW + 1).encode();
    let count = COUNT + 4 + 32 + 4 + 40;
    assert_eq!(bytes[count..count + 4], [0, 0, 0, 1]);
    bytes[count + 3] = 0;
    assert_eq!(DeviceList::decode(&bytes), Err(Error::Malformed));
}

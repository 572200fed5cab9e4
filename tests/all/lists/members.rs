//! The devices on a list.

use super::*;

#[test]
fn a_device_that_the_account_did_not_sign_is_on_no_list() {
    let town = Town::new(1, &[1, 2]);
    let list = town.server.list(town.id(1));
    let seed = account_seed(&town.people[1].account);
    let ghost = |account_seed| member(town.id(1), account_seed, [9; 8], &[8; 32], &[7; 32]);
    let with = |member| {
        let mut next = Listing::of(&list).next();
        next.members.push(member);
        next.members.sort_unstable();
        next
    };
    // A server that signs for the account, one that only adds, and one that has the account's
    // signature over a list with a device that it never signed.
    let forged = [
        with(ghost(&seed)).signed(&[6; 32]),
        with(ghost(&seed)),
        with(ghost(&[6; 32])).signed(&seed),
    ];
    for listing in forged {
        assert_eq!(DeviceList::decode(&listing.encode()).err(), Some(Error::BadSignature));
    }
    // The account's own addition is a list.
    assert_eq!(with(ghost(&seed)).signed(&seed).list().devices().len(), 3);
}

#[test]
fn each_of_the_signatures_of_a_listed_device_is_needed() {
    let town = Town::new(2, &[1, 2]);
    let seed = account_seed(&town.people[1].account);
    let list = Listing::of(&town.server.list(town.id(1)));
    for (place, width) in [(72, 64), (136, 64)] {
        for bit in [0, 7] {
            let mut listing = list.next();
            listing.members[1][place + width - 2] ^= 1 << bit;
            let bytes = listing.signed(&seed).encode();
            assert_eq!(DeviceList::decode(&bytes).err(), Some(Error::BadSignature));
        }
    }
    // In the wrong order, and of another device of the same account.
    for (from, to) in [(72..136, 136..200), (136..200, 72..136)] {
        let mut listing = list.next();
        let signature = listing.members[1][from].to_vec();
        listing.members[1][to].copy_from_slice(&signature);
        let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
        assert_eq!(error, Some(Error::BadSignature));
    }
    let mut listing = list.next();
    let signature = listing.members[0][136..200].to_vec();
    listing.members[1][136..200].copy_from_slice(&signature);
    let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
    assert_eq!(error, Some(Error::BadSignature));
}

#[test]
fn a_signature_made_for_another_purpose_signs_no_list_and_no_device() {
    let town = Town::new(3, &[1, 1]);
    let seed = account_seed(&town.people[1].account);
    let list = Listing::of(&town.server.list(town.id(1)));
    let labels = [
        "identity/account",
        "identity/device",
        "identity/fingerprint",
        "devices/content",
        "devices/hash",
        "linking/offer",
        "linking/transcript",
        "prekeys/lasting",
        "prekeys/one-time",
        "guest/invitation",
        "guest/grant",
        "guest/notice",
        "guest/claim-admit",
        "guest/claim-proof",
    ];
    for label in labels {
        let mut listing = list.next();
        listing.signature = sign(&seed, label, &[&listing.hash()]);
        let error = DeviceList::decode(&listing.encode()).err();
        assert_eq!(error, Some(Error::BadSignature), "{label} signs a list");
        // The member is genuine but for the account's signature, which is over the same bytes.
        let mut member = member(town.id(1), &seed, [9; 8], &[8; 32], &[7; 32]);
        let core = [&[1], &town.id(1).0[..], &listing.key, &member[..72]].concat();
        let mut listing = list.next();
        if label == "identity/account" {
            member[136..200].copy_from_slice(&sign(&[8; 32], label, &[&core]));
        } else {
            member[72..136].copy_from_slice(&sign(&seed, label, &[&core]));
        }
        listing.members.push(member);
        listing.members.sort_unstable();
        let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
        assert_eq!(error, Some(Error::BadSignature), "{label} signs a device");
    }
}

#[test]
fn a_device_that_comes_is_told_before_the_first_letter_to_it() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    town.link(1);
    let added = town.address(1, 1);
    assert!(!plan(&town).unwrap().contains(&added), "nobody said that it is there");
    let learned = town.learn(0, 0, town.id(1)).unwrap();
    assert_eq!(learned, ListUpdate::Newer { added: vec![added.device], removed: vec![] });
    assert!(plan(&town).unwrap().contains(&added));
    assert_eq!(town.learn(0, 0, town.id(1)), Ok(ListUpdate::Nothing));
}

#[test]
fn of_an_update_only_the_devices_of_the_new_list_survive() {
    let mut town = Town::new(5, &[1, 4]);
    town.chat(0, 1);
    let gone = [town.address(1, 2).device, town.address(1, 3).device];
    town.remove(1, 3);
    town.remove(1, 2);
    town.link(1);
    let (kept, added) = (town.address(1, 1), town.address(1, 2));
    let ListUpdate::Newer { added: came, mut removed } = town.learn(0, 0, town.id(1)).unwrap()
    else {
        panic!("nothing new");
    };
    removed.sort_unstable();
    let mut gone = gone.to_vec();
    gone.sort_unstable();
    assert_eq!((came, removed), (vec![added.device], gone));
    let mut expected = vec![town.address(1, 0), kept, added];
    expected.sort_unstable();
    assert_eq!(plan(&town).unwrap(), expected);
}

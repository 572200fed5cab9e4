//! The procedure that links a device, and the devices that it does not link.

use super::*;

#[test]
fn both_sides_see_what_they_link_before_they_agree() {
    let mut linking = Linking::new(1, 1);
    let request = linking.request();
    assert_eq!(request.description(), "laptop in the study");
    let before = linking.new_device.to_bytes();
    let offer = linking.offer(&request);
    linking.new_device = restored(&linking.new_device);
    let linking_offer = linking.new_device.open(&offer, NOW).unwrap();
    assert!(*before == *linking.new_device.to_bytes());
    let primary = &linking.person.devices[0];
    assert_eq!(linking_offer.account(), linking.person.id());
    assert_eq!(linking_offer.primary(), primary.certificate());
    assert_eq!(linking_offer.list(), primary.list());
    let (entrant, acceptance) =
        accepted(linking_offer, linking.new_device, &linking.person.devices[0], NOW);
    let entrant = restored(&entrant);
    assert_eq!(entrant.certificate().identity(), request.identity());
    assert_eq!(entrant.rendezvous(), request.rendezvous());

    let Person { account, devices } = &mut linking.person;
    devices[0] = started(&devices[0]);
    let briefing = devices[0].admit(account, &acceptance, b"notes", NOW).unwrap().apply();
    let opened = entrant.open(&briefing, NOW).unwrap();
    assert_eq!((opened.list(), opened.notes()), (devices[0].list(), &b"notes"[..]));
    let certificate = entrant.certificate().clone();
    let (companion, _) = opened.begin(entrant, NOW, &mut linking.rng).unwrap();
    assert_eq!(companion.certificate(), &certificate);
    assert_eq!(companion.list(), devices[0].list());
    assert_eq!(companion.list().device(certificate.device()), Some(&certificate));
    assert!(companion.is_listed());
}

#[test]
fn a_new_companion_has_no_history_and_reads_what_comes() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let old = town.say(1, 0, 0, b"a secret of before");
    let before = town.server.mail[&town.address(0, 0)].front().unwrap().clone();
    town.link(0);
    town.learn_all();
    // Nothing waits for it, and what waits for its primary is not for it.
    assert!(
        town.server.mail.get(&town.address(0, 1)).is_none_or(std::collections::VecDeque::is_empty)
    );
    let client = town.client(0, 1);
    refuses(client, Error::Forged, |client| {
        client.open(before.from, &before.message, NOW).map(drop)
    });
    let bytes = client.to_bytes();
    assert!(support::places(&bytes, &old.0).is_empty());
    town.receive_all();
    town.say(1, 0, 0, b"hello, both");
    assert_eq!(town.read(0, 0), [b"hello, both"]);
    assert_eq!(town.read(0, 1), [b"hello, both"]);
}

#[test]
fn a_fifth_companion_comes_only_if_the_account_wants_so_many() {
    let mut linking = Linking::new(4, 5);
    let request = linking.request();
    let Person { account, devices } = &mut linking.person;
    let rng = &mut linking.rng;
    for companions in [0, 3, Client::COMPANIONS] {
        refuses(&mut devices[0], Error::TooManyDevices, |primary| {
            primary.approve(account, &request, companions, NOW, rng).map(drop)
        });
    }
    assert!(devices[0].approve(account, &request, 5, NOW, rng).is_ok());
    // The fourth one is within the bound.
    let mut linking = Linking::new(5, 4);
    let request = linking.request();
    let Person { account, devices } = &mut linking.person;
    let approved = devices[0].approve(account, &request, Client::COMPANIONS, NOW, &mut linking.rng);
    assert!(approved.is_ok());
}

#[test]
fn no_account_has_more_than_32_devices() {
    let mut linking = Linking::new(6, 32);
    let request = linking.request();
    let Person { account, devices } = &mut linking.person;
    for companions in [31, usize::MAX] {
        refuses(&mut devices[0], Error::TooManyDevices, |primary| {
            primary.approve(account, &request, companions, NOW, &mut linking.rng).map(drop)
        });
    }
}

#[test]
fn a_code_an_offer_and_an_acceptance_have_their_last_second() {
    let mut linking = Linking::new(7, 1);
    let code = linking.new_device.code();
    for now in [NOW - FRESH, NOW, NOW + FRESH] {
        assert!(LinkingRequest::read(&code, now).is_ok());
    }
    for now in [NOW - FRESH - 1, NOW + FRESH + 1] {
        assert_eq!(LinkingRequest::read(&code, now).err(), Some(Error::Expired));
    }
    // Read in time, approved late.
    let request = linking.request();
    let Person { account, devices } = &mut linking.person;
    let rng = &mut linking.rng;
    assert!(devices[0].approve(account, &request, 4, NOW + LATE, rng).is_ok());
    refuses(&mut devices[0], Error::Expired, |primary| {
        primary.approve(account, &request, 4, NOW + LATE + 1, rng).map(drop)
    });
    let offer = linking.offer(&request);
    let new_device = &mut linking.new_device;
    assert!(new_device.open(&offer, NOW + LATE).is_ok());
    refuses(new_device, Error::Expired, |new_device| new_device.open(&offer, NOW + LATE + 1));
    refuses(new_device, Error::Expired, |new_device| new_device.open(&offer, NOW - FRESH - 1));
    let linking_offer = new_device.open(&offer, NOW).unwrap();
    let (_, acceptance) =
        accepted(linking_offer, linking.new_device, &linking.person.devices[0], NOW);
    let Person { account, devices } = &mut linking.person;
    let primary = &mut devices[0];
    assert!(primary.admit(account, &acceptance, b"", NOW + LATE).is_ok());
    let late = NOW + LATE + 1;
    refuses(primary, Error::Expired, |primary| {
        primary.admit(account, &acceptance, b"", late).map(drop)
    });
    // Time erases what was waited for, and a clock set back does not bring it back.
    assert!(!primary.tasks(&Served::NOTHING, NOW + LATE).expire);
    assert!(primary.tasks(&Served::NOTHING, late).expire);
    changed(primary.expire(late));
    refuses(primary, Error::Expired, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
}

#[test]
fn a_code_serves_once() {
    let mut linking = Linking::new(8, 1);
    let request = linking.request();
    let offer = linking.offer(&request);
    let Person { account, devices } = &mut linking.person;
    let rng = &mut linking.rng;
    refuses(&mut devices[0], Error::Replay, |primary| {
        primary.approve(account, &request, 4, NOW, rng).map(drop)
    });
    let linking_offer = linking.new_device.open(&offer, NOW).unwrap();
    let (_, acceptance) = accepted(linking_offer, linking.new_device, &devices[0], NOW);
    devices[0].admit(account, &acceptance, b"", NOW).unwrap().apply();
    // The device is there; its code and its acceptance are used up.
    refuses(&mut devices[0], Error::WrongPeer, |primary| {
        primary.approve(account, &request, 4, NOW, rng).map(drop)
    });
    refuses(&mut devices[0], Error::Expired, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
}

#[test]
fn another_offer_takes_the_place_of_the_one_before() {
    let mut linking = Linking::new(9, 1);
    let first = linking.linking_offer();
    let digits = typed(&linking.person.devices[0]);
    let other = NewDevice::generate("tablet", NOW, &mut linking.rng).unwrap();
    let offer = linking.offer(&LinkingRequest::read(&other.code(), NOW).unwrap());
    let (_, acceptance) = first.accept(linking.new_device, &digits, NOW).unwrap();
    let Person { account, devices } = &mut linking.person;
    refuses(&mut devices[0], Error::Forged, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
    let linking_offer = other.open(&offer, NOW).unwrap();
    let (entrant, acceptance) = accepted(linking_offer, other, &devices[0], NOW);
    devices[0].admit(account, &acceptance, b"", NOW).unwrap().apply();
    let list = devices[0].list();
    assert!(list.device(entrant.certificate().device()).is_some());
}

#[test]
fn of_two_new_devices_neither_comes_in_by_the_others_offer() {
    let mut linking = Linking::new(10, 1);
    let mut other = NewDevice::generate("laptop in the study", NOW, &mut linking.rng).unwrap();
    let offer = linking.offer(&linking.request());
    refuses(&mut other, Error::Forged, |other| other.open(&offer, NOW));
    let linking_offer = linking.new_device.open(&offer, NOW).unwrap();
    let digits = typed(&linking.person.devices[0]);
    let error = linking_offer.accept(other, &digits, NOW).err();
    assert_eq!(error, Some(Error::BadSignature));
}

#[test]
fn an_acceptance_for_one_account_is_none_for_another() {
    let (_, _, acceptance) = Linking::new(11, 1).accepted();
    let mut linking = Linking::new(12, 1);
    linking.offer(&linking.request());
    let Person { account, devices } = &mut linking.person;
    refuses(&mut devices[0], Error::Forged, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
    // No offer at all.
    let mut person = Linking::new(13, 1).person;
    let Person { account, devices } = &mut person;
    refuses(&mut devices[0], Error::Expired, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
}

#[test]
fn only_the_account_itself_links() {
    let mut linking = Linking::new(14, 2);
    let request = linking.request();
    // Another account key under the same id.
    let other = Account::generate(linking.person.id(), &mut linking.rng);
    let primary = &mut linking.person.devices[0];
    let rng = &mut linking.rng;
    refuses(primary, Error::WrongAccount, |primary| {
        primary.approve(&other, &request, 4, NOW, rng).map(drop)
    });
    let offer = linking.offer(&request);
    let linking_offer = linking.new_device.open(&offer, NOW).unwrap();
    let (_, acceptance) =
        accepted(linking_offer, linking.new_device, &linking.person.devices[0], NOW);
    let primary = &mut linking.person.devices[0];
    refuses(primary, Error::WrongAccount, |primary| {
        primary.admit(&other, &acceptance, b"", NOW).map(drop)
    });
}

#[test]
fn a_primary_without_a_place_or_a_valid_list_links_nobody() {
    let mut linking = Linking::new(15, 2);
    let end = linking.person.devices[0].list().expires();
    let Person { account, devices } = &mut linking.person;
    let rng = &mut linking.rng;
    let new_device = NewDevice::generate("later", end + 1, rng).unwrap();
    let request = LinkingRequest::read(&new_device.code(), end + 1).unwrap();
    refuses(&mut devices[0], Error::ListExpired, |primary| {
        primary.approve(account, &request, 4, end + 1, rng).map(drop)
    });
    // A companion that holds the account, and was removed.
    let mut gone = devices.remove(1);
    devices[0].remove(account, gone.address().device, NOW).unwrap().apply();
    changed(gone.learn(devices[0].list(), NOW).unwrap());
    let request = LinkingRequest::read(&linking.new_device.code(), NOW).unwrap();
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| {
        gone.approve(account, &request, 4, NOW, rng).map(drop)
    });
}

//! The list and the bundles of a claim.

use super::*;

#[test]
fn a_device_without_a_bundle_is_left_out() {
    let mut doors = Doors::new(20, 3);
    let (list, bundles) = (doors.home.list.clone(), doors.bundles.clone());
    let (mut guest, claim) = doors.claim(&list, &[bundles[2].clone(), bundles[0].clone()]).unwrap();
    let mut expected = [doors.address(0), doors.address(2)];
    expected.sort();
    assert!(guest.devices().eq(expected));
    for device in [0, 2] {
        doors.take(device, &claim);
    }
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    refuses(invite, Error::WrongPeer, |invite| invite.claim(client, &claim, NOW).map(drop));
    let (left_out, message) = (doors.address(1), [1, 1].repeat(80));
    refuses(&mut guest, Error::Forged, |guest| guest.open(left_out, &message, NOW).map(drop));
}

#[test]
fn a_claim_needs_bundles_of_listed_devices_each_once() {
    let mut doors = Doors::new(21, 2);
    let list = doors.home.list.clone();
    let [one, two] = [doors.bundles[0].clone(), doors.bundles[1].clone()];
    let stranger = bundle_of(&mut client(9, &mut doors.rng), &mut doors.rng);
    // Of the account, and not in its list.
    let mut unlisted = Client::create(&doors.home.account, NOW, &mut doors.rng);
    let unlisted = bundle_of(&mut unlisted, &mut doors.rng);
    for (bundles, error) in [
        (vec![], Error::BundleMissing),
        (vec![one.clone(), one.clone()], Error::DeviceConflict),
        (vec![two.clone(), one.clone(), two.clone()], Error::DeviceConflict),
        (vec![stranger.clone()], Error::WrongPeer),
        (vec![one.clone(), stranger], Error::WrongPeer),
        (vec![one.clone(), unlisted], Error::WrongPeer),
    ] {
        assert_eq!(doors.claim(&list, &bundles).err(), Some(error));
    }
    assert!(doors.claim(&list, &[two, one]).is_ok());
}

#[test]
fn a_claim_needs_a_list_that_descends_from_the_invitations() {
    let mut rng = TestRng::new(22);
    let mut home = Home::new(1, 2, &mut rng);
    let older = home.clients[0].list().clone();
    home.relist(|_| true, NOW);
    let policy = Policy::new("Ada", EXPIRES);
    let (invite, server_copy) =
        Invite::create(&home.clients[0], ORIGIN, policy, NOW, &mut rng).unwrap();
    let named = home.list.clone();
    let bundles = [bundle_of(&mut home.clients[0], &mut rng)];
    let devices: Vec<_> = named.devices().to_vec();
    let next = |known: &DeviceList, at| next_list(&home.account, known, &devices, at);
    let fork = next(&older, NOW + 1);
    let later = next(&named, NOW);
    let mut far = named.clone();
    for _ in 0..65 {
        far = next(&far, NOW);
    }
    let gap = next(&far, NOW);
    let other = client(9, &mut rng);
    for (list, now, error) in [
        (&older, NOW, Some(Error::ListRollback)),
        (&fork, NOW, Some(Error::ListFork)),
        (&next(&fork, NOW), NOW, Some(Error::ListFork)),
        (other.list(), NOW, Some(Error::WrongPeer)),
        (&next(&named, NOW - 30 * DAY - 1), NOW, Some(Error::ListExpired)),
        (&next(&named, NOW + DAY + 1), NOW, Some(Error::ListExpired)),
        (&named, NOW, None),
        (&later, NOW, None),
        (&far, NOW, None),
        (&gap, NOW, Some(Error::ListGap)),
    ] {
        let preview =
            invite.link().unwrap().open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
        let claimed = preview.claim(list, &bundles, "Grace", &[], now, &mut rng);
        assert_eq!(claimed.err(), error, "epoch {}", list.epoch());
    }
}

#[test]
fn a_device_that_is_no_more_listed_makes_no_link_and_takes_no_claim() {
    let mut doors = Doors::new(23, 2);
    let (_, claim) = doors.guest();
    doors.home.relist(|device| device == 0, NOW);
    let removed = &mut doors.home.clients[1];
    let rng = &mut doors.rng;
    refuses(removed, Error::OwnDeviceUnlisted, |host| {
        Invite::create(host, ORIGIN, Policy::new("Ada", EXPIRES), NOW, rng).map(drop)
    });
    let removed = &mut doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::OwnDeviceUnlisted, |invite| {
        invite.claim(removed, &claim, NOW).map(drop)
    });
    doors.take(0, &claim);
}

#[test]
fn a_link_is_made_under_a_list_in_its_time() {
    let mut doors = Doors::new(24, 2);
    let (host, rng) = (&mut doors.home.clients[0], &mut doors.rng);
    let later = NOW + 31 * DAY;
    refuses(host, Error::ListExpired, |host| {
        Invite::create(host, ORIGIN, Policy::new("Ada", later + DAY), later, rng).map(drop)
    });
}

#[test]
fn a_claim_without_a_one_time_prekey_is_told_to_the_host() {
    let mut doors = Doors::new(29, 2);
    let list = doors.home.list.clone();
    let bundles = [doors.home.clients[0].bundle(), doors.bundles[1].clone()];
    let (_, claim) = doors.claim(&list, &bundles).unwrap();
    for (device, alerts) in [(0, vec![Alert::NoOneTimePrekey]), (1, vec![])] {
        let (invite, client) = (&mut doors.invites[device], &mut doors.home.clients[device]);
        let (_, introduction) = invite.claim(client, &claim, NOW).unwrap().apply();
        assert_eq!(introduction.alerts, alerts);
    }
}

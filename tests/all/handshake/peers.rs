//! The devices that may begin a session with each other, and the times when they may.

use super::*;

#[test]
fn a_device_begins_no_session_with_itself() {
    let mut scene = Scene::new(80);
    let bundle = scene.bundle.clone();
    refuses(&mut scene.responder, Error::OwnDevice, |device| {
        device.initiate(&bundle, NOW, &mut scene.rng)
    });
}

#[test]
fn two_devices_of_one_account_may_have_a_session() {
    let mut scene = Scene::new(81);
    let sibling = Device::generate(&scene.account, NOW, &mut scene.rng);
    let mut session = sibling.initiate(&scene.bundle, NOW, &mut scene.rng).unwrap();
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert_eq!(scene.accept(&first).peer(), sibling.certificate());
}

#[test]
fn a_copy_of_a_device_is_still_the_same_device() {
    let mut scene = Scene::new(82);
    let mut copy = restored(&scene.responder);
    let bundle = scene.bundle.clone();
    refuses(&mut copy, Error::OwnDevice, |copy| copy.initiate(&bundle, NOW, &mut scene.rng));
}

#[test]
fn a_bundle_is_valid_for_fourteen_days_and_a_day_before_it_was_made() {
    let mut rng = TestRng::new(83);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    // Made early: a device's own clock does not run backwards.
    let mut initiator = Device::generate(&account, 0, &mut rng);
    let bundle = device(2, &mut rng).bundle();
    let good = [NOW - DAY, NOW, NOW + 14 * DAY - 1];
    for now in good {
        assert!(initiator.initiate(&bundle, now, &mut rng).is_ok(), "{now}");
    }
    let stale = [0, NOW - DAY - 1, NOW + 14 * DAY, NOW + 365 * DAY, u64::MAX];
    for now in stale {
        refuses(&mut initiator, Error::StalePrekey, |device| {
            device.initiate(&bundle, now, &mut rng)
        });
    }
}

#[test]
fn beginning_a_session_changes_no_device() {
    let mut scene = Scene::new(85);
    let before = scene.initiator.to_bytes();
    let mut session = scene.initiate();
    session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert_eq!(before, scene.initiator.to_bytes());
}

//! The tasks that time brings.

use super::*;

#[test]
fn a_new_device_needs_one_time_prekeys_and_nothing_else() {
    let device = device(1, &mut TestRng::new(1));
    let tasks = PrekeyTasks {
        rotate: false,
        publish: true,
        withdraw: Withdraw::Nothing,
        replenish: true,
        expire: false,
    };
    assert_eq!(device.tasks(&Served::NOTHING, NOW), tasks);
}

#[test]
fn signed_prekeys_are_to_be_rotated_after_two_days_to_the_second() {
    let mut rng = TestRng::new(2);
    let mut device = device(1, &mut rng);
    assert!(!device.tasks(&Served::NOTHING, NOW + 2 * DAY - 1).rotate);
    assert!(device.tasks(&Served::NOTHING, NOW + 2 * DAY).rotate);
    assert!(device.tasks(&Served::NOTHING, u64::MAX).rotate);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    assert!(!device.tasks(&Served::NOTHING, NOW + 4 * DAY - 1).rotate);
    assert!(device.tasks(&Served::NOTHING, NOW + 4 * DAY).rotate);
}

#[test]
fn fewer_published_one_time_prekeys_than_a_batch_are_a_task() {
    let mut rng = TestRng::new(3);
    let mut device = device(1, &mut rng);
    replenished(&mut device, NOW, &mut rng);
    for (count, due) in [(0, true), (BATCH - 1, true), (BATCH, false)] {
        assert_eq!(device.tasks(&served(&device, count), NOW).replenish, due, "{count}");
    }
}

#[test]
fn a_retired_key_of_thirty_days_is_to_be_erased() {
    let mut rng = TestRng::new(5);
    let mut device = device(1, &mut rng);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    assert!(!device.tasks(&Served::NOTHING, NOW + 30 * DAY - 1).expire);
    assert!(device.tasks(&Served::NOTHING, NOW + 30 * DAY).expire);
    expired(&mut device, NOW + 30 * DAY);
    assert!(!device.tasks(&Served::NOTHING, NOW + 30 * DAY).expire);
}

#[test]
fn a_one_time_prekey_of_ninety_days_is_to_be_erased() {
    let mut rng = TestRng::new(6);
    let mut device = device(1, &mut rng);
    replenished(&mut device, NOW, &mut rng);
    rotated(&mut device, NOW + 70 * DAY, &mut rng);
    expired(&mut device, NOW + 70 * DAY);
    assert!(!device.tasks(&Served::NOTHING, NOW + 90 * DAY - 1).expire);
    assert!(device.tasks(&Served::NOTHING, NOW + 90 * DAY).expire);
    expired(&mut device, NOW + 90 * DAY);
    assert!(!device.tasks(&Served::NOTHING, NOW + 90 * DAY).expire);
}

#[test]
fn looking_at_the_tasks_changes_nothing() {
    let device = device(1, &mut TestRng::new(7));
    let before = device.to_bytes();
    for now in [0, NOW, NOW + 365 * DAY, u64::MAX] {
        assert_eq!(device.tasks(&Served::NOTHING, now), device.tasks(&Served::NOTHING, now));
    }
    assert_eq!(before, device.to_bytes());
}

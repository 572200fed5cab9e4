//! Time that nobody was heard in.

use super::*;

use latchstring::client::Tasks;

/// Returns the tasks of one of the first person's devices, which sees the time until then.
fn tasks_at(town: &mut Town, device: usize, now: u64) -> Tasks {
    let mut client = restored(town.client(0, device));
    days(NOW, now).for_each(|now| drop(client.expire(now).apply()));
    client.tasks(&Served::NOTHING, now)
}

#[test]
fn a_companion_that_is_silent_for_thirty_days_is_idle_to_the_second() {
    let mut town = Town::new(16, &[2, 1]);
    let companion = town.address(0, 1).device;
    let idle = |town: &mut Town, now| tasks_at(town, 0, now).idle;
    // Never heard of: from its place in the list on.
    assert_eq!(idle(&mut town, NOW + 30 * DAY - 1), []);
    assert_eq!(idle(&mut town, NOW + 30 * DAY), [companion]);
    // Renewals do not make it younger, a letter does.
    town.now = NOW + 20 * DAY;
    town.renew(0);
    town.inform(0, town.id(0));
    town.inform(1, town.id(0));
    assert_eq!(idle(&mut town, NOW + 30 * DAY), [companion]);
    town.rotate(0, 0);
    let out = town.seal(0, 1, To::Own, b"here").unwrap();
    town.server.post(town.address(0, 1), out);
    town.now += 1;
    assert!(town.alerts(0, 0).contains(&Alert::NewSession));
    // It counts from when the letter was sent.
    assert_eq!(idle(&mut town, NOW + 50 * DAY - 1), []);
    assert_eq!(idle(&mut town, NOW + 50 * DAY), [companion]);
    // A device does not look at itself.
    assert_eq!(tasks_at(&mut town, 1, NOW + 100 * DAY).idle, [town.address(0, 0).device]);
}

#[test]
fn a_list_needs_renewal_after_a_week_and_its_primary_is_silent_after_two() {
    let mut town = Town::new(17, &[2]);
    let due = |town: &mut Town, now| {
        let due = tasks_at(town, 1, now);
        (due.renew_list, due.primary_silent)
    };
    assert_eq!(due(&mut town, NOW + 7 * DAY - 1), (false, false));
    assert_eq!(due(&mut town, NOW + 7 * DAY), (true, false));
    assert_eq!(due(&mut town, NOW + 14 * DAY - 1), (true, false));
    assert_eq!(due(&mut town, NOW + 14 * DAY), (true, true));
    town.now = NOW + 14 * DAY;
    town.renew(0);
    town.inform(0, town.id(0));
    assert_eq!(due(&mut town, NOW + 14 * DAY), (false, false));
}

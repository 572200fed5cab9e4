//! Operations that a group refuses.

use latchstring::Error;
use support::circle::Circle;
use support::{refusal, restored};

const FOUNDER: (usize, usize) = (0, 0);

pub(super) fn a_fork_behind_256_operations_shows_two_histories() -> Option<Error> {
    let mut circle = Circle::new(940, &[1, 1, 1], 0);
    let third = circle.member(2);
    let kept = restored(&circle.groups[&FOUNDER]);
    let made =
        circle.make(FOUNDER, |group, client| group.remove(client, &[third]).unwrap().apply());
    let late = made.content.as_group().unwrap().next().unwrap().to_vec();
    circle.groups.insert(FOUNDER, kept);
    let client = &circle.town.people[0].devices[0];
    let group = circle.groups.get_mut(&FOUNDER).unwrap();
    for _ in 0..129 {
        group.appoint(client, third).unwrap().apply();
        group.dismiss(client, third).unwrap().apply();
    }
    refusal(group, |group| group.take(client, &late).map(drop))
}

pub(super) fn a_member_that_is_no_administrator_may_not_remove() -> Option<Error> {
    let mut circle = Circle::new(941, &[1, 1, 1], 0);
    let second = circle.member(1);
    let client = &circle.town.people[2].devices[0];
    refusal(circle.groups.get_mut(&(2, 0)).unwrap(), |group| {
        group.remove(client, &[second]).map(drop)
    })
}

pub(super) fn an_operation_that_overtook_another_one_misses_it() -> Option<Error> {
    let mut circle = Circle::new(942, &[1, 1, 1], 0);
    let third = circle.member(2);
    circle.make(FOUNDER, |group, client| group.appoint(client, third).unwrap().apply());
    let made = circle.make(FOUNDER, |group, client| group.dismiss(client, third).unwrap().apply());
    let second = made.content.as_group().unwrap().next().unwrap();
    let client = &circle.town.people[1].devices[0];
    refusal(circle.groups.get_mut(&(1, 0)).unwrap(), |group| group.take(client, second).map(drop))
}

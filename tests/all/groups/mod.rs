//! Groups that know their members, end to end.

mod changes;
mod keeping;
mod letters;

use latchstring::Error;
use latchstring::group::{Group, GroupEvent, Object, Standing, StateRelation};
use support::circle::Circle;

const FOUNDER: (usize, usize) = (0, 0);
const SECOND: (usize, usize) = (1, 0);
const THIRD: (usize, usize) = (2, 0);

/// Checks that all of these are in one state.
#[track_caller]
fn agree(circle: &Circle, who: &[(usize, usize)]) {
    let states: Vec<_> = who.iter().map(|at| circle.groups[at].state()).collect();
    assert!(states.windows(2).all(|two| two[0] == two[1]), "{states:?}");
}

/// Returns the one object of a content that was made.
fn object(made: &latchstring::group::Made) -> Vec<u8> {
    made.content.as_group().unwrap().next().unwrap().to_vec()
}

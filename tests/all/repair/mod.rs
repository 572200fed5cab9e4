//! Repair: devices whose sessions have come apart read each other again, whatever their apps do.

mod abuse;
mod bounds;
mod losses;
mod rollback;
mod styles;

use latchstring::client::{Alert, Mail, Need, Repair, Taken, To};
use latchstring::{Error, client};

use support::town::{Town, said, text};
use support::transport::{Style, Transport, Two};
use support::{NOW, changed, refuses, restored};

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

const FAST: Transport = Transport { delay: 1, loses: 0, ids: true };
const SLOW: Transport = Transport { delay: 3 * DAY, loses: 0, ids: true };
const LOSSY: Transport = Transport { delay: 60, loses: 1, ids: true };
const NO_IDS: Transport = Transport { delay: 1, loses: 0, ids: false };

const BOTH_FOLLOW: [Style; 2] = [Style::Follows, Style::Follows];

/// Checks that both are on one session: what either writes opens, with no word about sessions.
fn on_one_session(two: &mut Two) {
    let delay = two.transport.delay;
    // What is on its way comes to its end.
    two.run(3 * delay);
    for _ in 0..2 {
        for from in [0, 1] {
            two.say(from, "settled");
            two.run(delay);
        }
    }
    let (read, begun) = (two.read.clone(), two.begun.clone());
    two.alerts = Default::default();
    for from in [0, 1, 1, 0] {
        two.say(from, "fine");
        two.run(delay);
    }
    let fine = |who: usize| two.read[who].len() - read[who].len();
    assert_eq!([fine(0), fine(1)], [2, 2], "what was written is read");
    assert_eq!(two.begun, begun, "a session was begun");
    assert_eq!(two.alerts, [[], []], "{begun:?} {}", two.town.now);
}

/// Tells whether somebody has read something.
fn has_read(two: &Two, who: usize, content: &str) -> bool {
    two.read[who].iter().any(|read| read == content.as_bytes())
}

//! Diagnoses, which a user may put into a bug report.

use support::{Pair, seal_many};

#[test]
fn a_diagnosis_tells_on_both_sides_where_a_session_stands() {
    let mut pair = Pair::new(1);
    let (begun, accepted) = (pair.initiator.diagnosis(), pair.responder.diagnosis());
    let (begun, accepted) = (begun.to_string(), accepted.to_string());
    let name = begun.split(':').next().unwrap();
    assert_eq!(name.len(), "session ".len() + 8);
    assert!(accepted.starts_with(name), "{accepted}");
    assert!(begun.contains("initiator, proven, with a one-time prekey"), "{begun}");
    assert!(begun.contains("opens 1.1"), "{begun}");
    assert!(accepted.contains("responder, confirmed, not proven"), "{accepted}");

    let sealed = seal_many(&mut pair.initiator, 3, &mut pair.rng);
    pair.responder.decrypt(&sealed[2]).unwrap();
    let [begun, accepted] = [pair.initiator.diagnosis(), pair.responder.diagnosis()];
    assert!(begun.to_string().contains("sends 2.3"), "{begun}");
    let accepted = accepted.to_string();
    assert!(accepted.contains("responder, proven"), "{accepted}");
    assert!(accepted.contains("opens 2.3, 2 skipped"), "{accepted}");
}

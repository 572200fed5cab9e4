//! Linking: of code, offer and acceptance only the genuine ones pass.
#![no_main]

use latchstring::{Candidate, Client, Proposal, State};
use latchstring_fuzz::town::{Person, Town};
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    town: Town,
    candidate: Vec<u8>,
    primary: Vec<u8>,
    /// Code, offer, acceptance.
    valid: [Vec<u8>; 3],
}

thread_local!(static FIXTURE: Fixture = {
    let mut town = Town::new(1, &[1]);
    let Town { people, now, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let primary = &mut devices[0];
    let candidate = Candidate::generate("a laptop", *now, rng).unwrap();
    let code = candidate.code().as_bytes().to_vec();
    let proposal = Proposal::read(&candidate.code(), *now).unwrap();
    let (offer, change) = primary.approve(account, &proposal, 4, *now, rng).unwrap();
    primary.apply(change).unwrap();
    let welcome = candidate.open(&offer, *now).unwrap();
    let bytes = saved(&candidate);
    let (_, acceptance) = welcome.accept(candidate, *now, rng).unwrap();
    let primary = saved(primary);
    Fixture { town, candidate: bytes, primary, valid: [code, offer, acceptance] }
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with(|fixture| {
    let Fixture { town, valid, .. } = fixture;
    let [code, offer, acceptance] = valid;
    let (person, now) = (&town.people[0], town.now);
    let bytes = edited(&valid[usize::from(input.0 % 3)], input.1);
    let proposal = Proposal::read(&String::from_utf8_lossy(&bytes), now);
    assert_eq!(proposal.is_ok(), bytes == *code);
    let candidate = Candidate::from_bytes(&fixture.candidate).unwrap();
    assert_eq!(candidate.open(&bytes, now).is_ok(), bytes == *offer);
    let admitted = person.devices[0].admit(&person.account, &bytes, now);
    assert_eq!(admitted.is_ok(), bytes == *acceptance);
    assert_eq!(saved(&person.devices[0]), fixture.primary);
    if let Ok(change) = admitted {
        let mut primary = Client::from_bytes(&fixture.primary).unwrap();
        primary.apply(change).unwrap();
        assert_eq!(
            primary.list().devices().len(),
            town.people[0].devices[0].list().devices().len() + 1
        );
        let after = saved(&primary);
        assert_eq!(saved(&Client::from_bytes(&after).unwrap()), after);
    }
}));

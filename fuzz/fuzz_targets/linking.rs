//! Linking: of code, offer, acceptance and briefing only the genuine ones pass.
#![no_main]

use std::cell::RefCell;

use latchstring::client::{Client, Entrant, LinkingRequest, NewDevice};
use latchstring::storage::State;
use latchstring_fuzz::linking::show_own_list;
use latchstring_fuzz::town::{Person, Town};
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    town: Town,
    new_device: Vec<u8>,
    entrant: Vec<u8>,
    primary: Vec<u8>,
    /// Code, offer, acceptance, briefing.
    valid: [Vec<u8>; 4],
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[1, 1]);
    let Town { people, now, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let primary = &mut devices[0];
    let device = NewDevice::generate("a laptop", *now, rng).unwrap();
    let code = device.code().as_bytes().to_vec();
    let request = LinkingRequest::read(&device.code(), *now).unwrap();
    let offer = primary.approve(account, &request, 4, *now, rng).unwrap().apply();
    let opened = device.open(&offer, *now).unwrap();
    let new_device = saved(&device);
    let digits = primary.linking_digits().unwrap();
    let (entrant, acceptance) = opened.accept(device, digits, *now).unwrap();
    let (entrant, before) = (saved(&entrant), saved(primary));
    let briefing = primary.admit(account, &acceptance, b"notes", *now).unwrap().apply();
    *primary = started(&before);
    let valid = [code, offer, acceptance, briefing];
    RefCell::new(Fixture { town, new_device, entrant, primary: before, valid })
});

/// Loads the primary, which is shown its account's list.
fn started(bytes: &[u8]) -> Client {
    let mut primary = Client::from_bytes(bytes).unwrap();
    show_own_list(&mut primary);
    primary
}

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let Fixture { town, valid, .. } = fixture;
    let [code, offer, acceptance, briefing] = &*valid;
    let (Person { account, devices }, now) = (&mut town.people[0], town.now);
    let primary = &mut devices[0];
    let bytes = edited(&valid[usize::from(input.0 % 4)], input.1);
    // In whatever letters and whatever stands around it, what is read is the one code.
    let read = |text: &[u8]| {
        let request = LinkingRequest::read(&String::from_utf8_lossy(text), now);
        request.map(|request| request.rendezvous())
    };
    let request = read(&bytes);
    assert!(request.is_ok() || bytes != *code);
    assert!(request.is_err() || request == read(code));
    let device = NewDevice::from_bytes(&fixture.new_device).unwrap();
    assert_eq!(device.open(&bytes, now).is_ok(), bytes == *offer);
    let entrant = Entrant::from_bytes(&fixture.entrant).unwrap();
    assert_eq!(entrant.open(&bytes, now).is_ok(), bytes == *briefing);
    let before = primary.list().devices().len();
    assert_eq!(primary.admit(account, &bytes, b"", now).is_ok(), bytes == *acceptance);
    assert_eq!(saved(primary), fixture.primary);
    if let Ok(admitted) = primary.admit(account, &bytes, b"", now) {
        admitted.apply();
        assert_eq!(primary.list().devices().len(), before + 1);
        let after = saved(primary);
        assert_eq!(saved(&Client::from_bytes(&after).unwrap()), after);
        *primary = started(&fixture.primary);
    }
}));

//! Linking: of code, offer and acceptance only the genuine ones pass.
#![no_main]

use std::cell::RefCell;

use latchstring::client::{Client, LinkingRequest, NewDevice};
use latchstring::storage::State;
use latchstring_fuzz::town::{Person, Town};
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    town: Town,
    new_device: Vec<u8>,
    primary: Vec<u8>,
    /// Code, offer, acceptance.
    valid: [Vec<u8>; 3],
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[1]);
    let Town { people, now, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let primary = &mut devices[0];
    let device = NewDevice::generate("a laptop", *now, rng).unwrap();
    let code = device.code().as_bytes().to_vec();
    let request = LinkingRequest::read(&device.code(), *now).unwrap();
    let offer = primary.approve(account, &request, 4, *now, rng).unwrap().apply();
    let opened = device.open(&offer, *now).unwrap();
    let new_device = saved(&device);
    let (_, acceptance) = opened.accept(device, *now, rng).unwrap();
    let primary = saved(primary);
    RefCell::new(Fixture { town, new_device, primary, valid: [code, offer, acceptance] })
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let Fixture { town, valid, .. } = fixture;
    let [code, offer, acceptance] = &*valid;
    let (Person { account, devices }, now) = (&mut town.people[0], town.now);
    let primary = &mut devices[0];
    let bytes = edited(&valid[usize::from(input.0 % 3)], input.1);
    let request = LinkingRequest::read(&String::from_utf8_lossy(&bytes), now);
    assert_eq!(request.is_ok(), bytes == *code);
    let device = NewDevice::from_bytes(&fixture.new_device).unwrap();
    assert_eq!(device.open(&bytes, now).is_ok(), bytes == *offer);
    let before = primary.list().devices().len();
    assert_eq!(primary.admit(account, &bytes, now).is_ok(), bytes == *acceptance);
    assert_eq!(saved(primary), fixture.primary);
    if let Ok(admitted) = primary.admit(account, &bytes, now) {
        admitted.apply();
        assert_eq!(primary.list().devices().len(), before + 1);
        let after = saved(primary);
        assert_eq!(saved(&Client::from_bytes(&after).unwrap()), after);
        *primary = Client::from_bytes(&fixture.primary).unwrap();
    }
}));

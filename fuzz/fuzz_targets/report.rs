//! Reports: what decodes has one encoding, and only what was stamped is what a report says.
#![no_main]

use latchstring::client::To;
use latchstring::franking::{Report, ServiceKey};
use latchstring_fuzz::edited;
use latchstring_fuzz::town::{Town, said};
use libfuzzer_sys::fuzz_target;

/// Makes a report of a letter, in the conversation of two or with its content in a blob.
fn report(content: &[u8]) -> Vec<u8> {
    let mut town = Town::new(1, &[1, 1]);
    let (from, to, now) = (town.address(0, 0), town.address(1, 0), town.now);
    let mut plan = town.client(0, 0).plan(To::Account(to.account), now).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    plan.frank();
    let out = town.seal_plan(0, 0, &mut plan, &said(content)).unwrap();
    let sent = &out.envelopes[0];
    let reader = town.client(1, 0);
    let opened = reader.open_franked(from, &sent.message, sent.frank.as_ref(), now).unwrap();
    let evidence = opened.apply().evidence.unwrap();
    let stamp = service().stamp(&sent.frank.unwrap(), from, to, now);
    Report::new(evidence, from, to, stamp).encode().to_vec()
}

fn service() -> ServiceKey {
    ServiceKey::new(&[7; 32]).unwrap()
}

thread_local!(static REPORTS: [Vec<u8>; 2] = [report(b"pay, or else"), report(&[5; 5000])]);

fuzz_target!(|input: (u8, &[u8])| REPORTS.with(|reports| {
    let bytes = edited(&reports[usize::from(input.0 % 2)], input.1);
    let is_known = reports.contains(&bytes);
    match Report::decode(&bytes) {
        Ok(report) => {
            assert_eq!(*report.encode(), bytes);
            assert_eq!(report.verify(&service()).is_ok(), is_known);
        }
        Err(_) => assert!(!is_known),
    }
}));

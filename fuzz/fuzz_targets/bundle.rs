//! Published objects: what decodes has one encoding, and every byte of what is signed counts.
#![no_main]

use latchstring::guest::ServerCopy;
use latchstring::session::{Bundle, Certificate, OneTimePrekey};
use latchstring_fuzz::support::{NOW, TestRng, bundle_with_one_time, device};
use latchstring_fuzz::{Guest, edited};
use libfuzzer_sys::fuzz_target;

thread_local!(static VALID: [Vec<u8>; 4] = {
    let mut rng = TestRng::new(1);
    let mut device = device(1, &mut rng);
    let mut keys = device.replenish(NOW, &mut rng).apply();
    let bundle = bundle_with_one_time(&mut device, &mut rng);
    [
        bundle.encode(),
        keys.pop().unwrap().encode(),
        device.certificate().encode(),
        Guest::new(2).server_copy.encode(),
    ]
});

fuzz_target!(|input: (u8, &[u8])| VALID.with(|valid| {
    let bytes = edited(&valid[usize::from(input.0 % 4)], input.1);
    if let Ok(bundle) = Bundle::decode(&bytes) {
        assert_eq!(bundle.encode(), bytes);
        assert_eq!(bytes, valid[0], "a signature covers every byte");
    }
    if let Ok(key) = OneTimePrekey::decode(&bytes) {
        assert_eq!(key.encode(), bytes);
    }
    if let Ok(certificate) = Certificate::decode(&bytes) {
        assert_eq!(certificate.encode(), bytes);
    }
    if let Ok(copy) = ServerCopy::decode(&bytes) {
        assert_eq!(copy.encode(), bytes);
    }
}));

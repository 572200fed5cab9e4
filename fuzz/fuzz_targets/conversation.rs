//! Two sides and a hostile wire between them: each byte of the input is one event.
#![no_main]

use latchstring::session::Session;
use latchstring::storage::State;
use latchstring_fuzz::support::{NOW, TestRng, bundle_with_one_time, device};
use latchstring_fuzz::{Side, saved};
use libfuzzer_sys::fuzz_target;

// Begun, but not yet answered: the initiator's messages still carry the handshake.
thread_local!(static SIDES: [Vec<u8>; 2] = {
    let mut rng = TestRng::new(1);
    let (alice, mut bob) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = bundle_with_one_time(&mut bob, &mut rng);
    let mut initiator = alice.initiate(&bundle, NOW, &mut rng).unwrap();
    let first = initiator.encrypt(b"hello", &mut rng).unwrap();
    [saved(&initiator), saved(&bob.accept(&first, NOW).unwrap().apply().session)]
});

fuzz_target!(|events: &[u8]| SIDES.with(|saved| {
    let mut rng = TestRng::new(2);
    let load = |bytes: &Vec<u8>| Side::new(Session::from_bytes(bytes).unwrap());
    let mut sides = [load(&saved[0]), load(&saved[1])];
    for event in events.iter().take(512) {
        let [here, there] = &mut sides;
        let (here, there) = if event & 1 == 0 { (here, there) } else { (there, here) };
        let back = usize::from(event >> 3);
        match event >> 1 & 3 {
            0 => here.send(back, &mut rng),
            1 => here.receive(there, back),
            2 => here.forged(there, back),
            _ => here.restore(),
        }
    }
}));

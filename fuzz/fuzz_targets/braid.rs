//! Both sides of the post-quantum exchange, fed with each other's pieces, altered ones and invented
//! ones: no panic, no state without an encoding, no two secrets for one epoch.
#![no_main]

use latchstring::Braids;
use latchstring_fuzz::support::TestRng;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rng = TestRng::new(1);
    let mut braids = Braids::new();
    let mut rest = input;
    while let [event, after @ ..] = rest {
        rest = after;
        let (second, detail) = (event & 1 != 0, event >> 4);
        match event >> 1 & 7 {
            // Turns, so that there is an epoch to disturb.
            0 | 1 => {
                for _ in 0..=detail {
                    for second in [false, true] {
                        braids.send(second, event >> 1 & 1, 0, &mut rng);
                        braids.receive(!second, &[]);
                    }
                }
            }
            2 => braids.send(second, detail, u32::from(detail) << 3, &mut rng),
            3 | 4 => {
                let (edits, after) = rest.split_at(rest.len().min(2 * usize::from(detail & 3)));
                rest = after;
                braids.receive(second, edits);
            }
            5 => {
                let (bytes, after) = rest.split_at(rest.len().min(40 + 32 * usize::from(detail)));
                rest = after;
                braids.forged(second, bytes);
            }
            _ => braids.reload(second),
        }
    }
    braids.check();
});

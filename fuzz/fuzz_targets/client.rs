//! Two accounts and a hostile server: each byte of the input is one operation.
#![no_main]

use latchstring_fuzz::world::Seed;
use libfuzzer_sys::fuzz_target;

thread_local!(static SEED: Seed = Seed::new(1));

fuzz_target!(|events: &[u8]| SEED.with(|seed| {
    let mut world = seed.grow();
    events.iter().take(128).for_each(|event| world.step(*event));
}));

//! The table: each action of ours next to the same one of vodozemac, in turns in one process, ratios first.
//!
//! `cargo bench --manifest-path benches/peer/Cargo.toml --bench table`, with words behind `--` for the rows whose names
//! hold one of them. A figure is the fastest of several rounds, by one action; compare figures of one run only. The
//! peer's first message checks two signatures, as an app has it check a bundle; ours is with ML-KEM, always. Randomness
//! of ours comes from a generator in the process, as an app's should (README.md, "Speed").
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "table/counting.rs"]
mod counting;
#[path = "table/ours.rs"]
mod ours;
#[path = "../../tests/support/pair.rs"]
mod support;
#[path = "table/theirs.rs"]
mod theirs;

use std::time::{Duration, Instant};

use counting::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Rounds of each row. Where nothing is measured, one shows that it runs.
const ROUNDS: usize = if cfg!(debug_assertions) { 1 } else { 15 };

/// Adds up the time of what is measured, and leaves out what has to come before.
#[derive(Default)]
pub(crate) struct Watch {
    time: Duration,
    actions: u32,
    allocations: u64,
}

impl Watch {
    /// Measures one action.
    pub(crate) fn time<T>(&mut self, action: impl FnOnce() -> T) -> T {
        let (allocations, start) = (counting::allocations(), Instant::now());
        let value = action();
        self.time += start.elapsed();
        self.allocations += counting::allocations() - allocations;
        self.actions += 1;
        value
    }
}

/// One side of a row: some actions, measured.
type Side = Box<dyn FnMut(&mut Watch)>;

/// The needs of a side for one action: microseconds in its fastest round, and allocations in its last.
struct Cost {
    micros: f64,
    allocations: f64,
}

impl Cost {
    fn worst() -> Self {
        Self { micros: f64::INFINITY, allocations: 0.0 }
    }

    fn measure(&mut self, side: &mut Side) {
        let mut watch = Watch::default();
        side(&mut watch);
        let actions = f64::from(watch.actions);
        self.micros = self.micros.min(watch.time.as_secs_f64() * 1e6 / actions);
        self.allocations = watch.allocations as f64 / actions;
    }
}

/// Prints a row.
fn row(name: &str, mut ours: Side, mut theirs: Side) {
    let (mut here, mut there) = (Cost::worst(), Cost::worst());
    for _ in 0..ROUNDS {
        here.measure(&mut ours);
        there.measure(&mut theirs);
    }
    println!(
        "{name:44} {:7.2} {:11.2} {:11.2} {:9.1} {:9.1}",
        there.micros / here.micros,
        here.micros,
        there.micros,
        here.allocations,
        there.allocations
    );
}

/// Makes a side that is only built if its row is asked for.
macro_rules! rows {
    ($words:expr; $($name:expr => $ours:expr, $theirs:expr;)*) => {
        $(if asked($words, &$name) {
            row(&$name, Box::new($ours), Box::new($theirs));
        })*
    };
}

fn asked(words: &[String], name: &str) -> bool {
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

fn main() {
    // Cargo tells a bench that it is one.
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words = words.as_slice();
    println!(
        "{:44} {:>7} {:>11} {:>11} {:>9} {:>9}",
        "", "ratio", "ours", "theirs", "ours", "theirs"
    );
    println!("{:44} {:>7} {:>11} {:>11} {:>9} {:>9}", "", "x", "µs", "µs", "allocs", "allocs");
    for length in [32, 1024, 16_384] {
        rows! { words;
            format!("encrypt {length} B") => ours::encrypt(length), theirs::encrypt(length);
            format!("decrypt {length} B") => ours::decrypt(length), theirs::decrypt(length);
        }
    }
    for length in [32, 1024] {
        rows! { words;
            format!("ping-pong {length} B, both legs") => ours::ping_pong(length), theirs::ping_pong(length);
        }
    }
    rows! { words;
        "first message out" => ours::first_out(), theirs::first_out();
        "first message in" => ours::first_in(), theirs::first_in();
        "gap of 100, then the message" => ours::gap(100), theirs::gap(100);
        "gap of 2,000, then the message" => ours::gap(2000), theirs::gap(2000);
        "late message" => ours::late(39), theirs::late(39);
        "load a session" => ours::load(), theirs::load();
        "load, encrypt 32 B, save" => ours::load_encrypt_save(), theirs::load_encrypt_save();
        "load, decrypt 32 B, save" => ours::load_decrypt_save(), theirs::load_decrypt_save();
        "client receives, few read before" => ours::receive(0), theirs::decrypt(32);
        "client receives, 1,024 read before" => ours::receive(1024), theirs::decrypt(32);
    }
    let devices: &[usize] = if cfg!(debug_assertions) { &[1, 10] } else { &[1, 10, 100, 1000] };
    for devices in devices {
        for length in [1024, 65_536] {
            rows! { words;
                format!("fan-out {} KiB to {devices}", length / 1024) =>
                    ours::fan_out(*devices, length), theirs::fan_out(*devices, length);
            }
        }
    }
}

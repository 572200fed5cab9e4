//! Apps with disks of their own, and power that goes before any deed that lasts.
//!
//! A deed is what a power cut cannot take back: a commit, an outer anchor that moves, a message
//! that leaves, a text that somebody sees, a publication, an acknowledgement. A [`Script`] is lived
//! once for each deed in it, with the power going before that deed; then the app starts again from
//! its disk, and repeats the step as an app would.

mod app;
mod beside;
mod clients;
mod disk;
mod guest_words;
pub mod guests;
mod kept;
mod script;
mod world;

pub use app::{App, Memory, only};
pub use beside::{ENTRY, install_settings};
pub use clients::{LETTER, install};
pub use disk::{Disk, Flaw, Power, Stop, Transaction};
pub use kept::{Keeping, Kept, Written};
pub use script::Script;
pub use world::{Letter, Mail, World};

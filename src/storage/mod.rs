//! Saving: state keys, anchors, changes, journals.
//!
//! ```text
//!  operation ──▶ Pending ──record or journal──▶ Recorded ──apply──▶ what it gives out
//!                   │                              │ write the record and what was given out,
//!                   │                              │ commit; then send or show
//!                   └──apply──▶ what it gives out: save the whole state; then send or show
//! ```
//!
//! Every operation that changes a state answers with a [`Pending`]: nothing has happened, and nothing
//! can be sent or shown, before it is applied. There are three ways to keep a state, from the simplest
//! to the fastest:
//!
//! * **Whole.** Apply, seal the state with a [`StateKey`], write it over the old one, then send or show.
//! * **With changes.** Seal a snapshot now and then, and the change of each operation behind it
//!   ([`Pending::record`]). To load, open the snapshot and apply each [`Change`].
//! * **With a [`Journal`].** The same, with keys that die with each snapshot, and snapshots in pages.
//!
//! Keep each state's [`Anchor`] where no backup reaches: with it, [`StateKey::open`] and [`Journal::open`] refuse old
//! copies; a client begins anew from one ([`Behind`]). What to write, when, and in which order is in
//! [storing.md](crate::spec::storing).
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::session::{Account, AccountId, Device};
//! use latchstring::storage::{Change, State, StateKey};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let account = Account::generate(AccountId([1; 32]), &mut rng);
//!     let mut device = Device::generate(&account, now, &mut rng);
//!
//!     // A snapshot, under a key and an owner of the program's choice.
//!     let key = StateKey::new(1, &[9; 32])?;
//!     let snapshot = key.seal(&device, b"ada's phone", &mut rng)?;
//!     let stored = device.anchor();
//!
//!     // A change behind it: write the record, then publish the bundle.
//!     let recorded = device.rotate(now, &mut rng).record(&key, b"ada's phone", &stored, &mut rng)?;
//!     let record = recorded.record().map(<[u8]>::to_vec);
//!     let _bundle = recorded.apply();
//!
//!     // The program starts again.
//!     let mut loaded: Device = key.open(b"ada's phone", None, &snapshot)?;
//!     for record in record {
//!         let change: Change<Device> = key.open(b"ada's phone", Some(&device.anchor()), &record)?;
//!         change.apply(&mut loaded)?;
//!     }
//!     assert!(*loaded.to_bytes() == *device.to_bytes());
//!     Ok(())
//! }
//! ```

mod anchor;
mod behind;
mod change;
mod journal;
mod pages;
mod pending;
mod snapshot;
mod state;
mod state_key;

pub use anchor::Anchor;
pub use behind::Behind;
pub use change::Change;
pub use journal::Journal;
pub use pages::PageId;
pub use pending::{Pending, Recorded};
pub use snapshot::Page;
pub use state::State;
pub(crate) use state::{Delta, DeltaKind, Never, STATE_VERSION, Stateful, decode};
pub use state_key::StateKey;

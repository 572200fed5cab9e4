//! A map that the devices of one account agree upon: blocks, verified contacts, opt-ins, links, and settings of the
//! app's.
//!
//! ```text
//!  this device                         server                     another own device
//!  Settings::create, rotate ── keys, by letter ────────────────▶ Settings::create, take_keys
//!  Settings::set ──── entry ────────▶ a log of the account's
//!                                     the log ──────────────────▶ Settings::take ─▶ SettingChange …
//!  Settings::tell_heads ── heads, by letter ───────────────────▶ Settings::note_heads ─▶ Settings::withheld
//!  Settings::snapshot ── snapshot ──▶ in place of what it covers ▶ Settings::take_snapshot
//! ```
//!
//! All devices come to the same map, whatever order entries arrive in and whatever their clocks say: an entry names
//! those that its device had seen, and what follows stands over what it follows. Of two that did not know of each
//! other one stands, the same on all devices, and the user can be told ([`SettingChange::is_conflict`]). The server
//! sees who writes when, and about how much; what it drops, reorders, repeats or exchanges is noticed.
//!
//! A program gives each entry of the log to [`Settings::take`], in any order, and does what [`Settings::tasks`] says
//! once a day and after each change of the account's list. The crate does nothing by itself about what is set: the
//! app does what a [`SettingChange`] is about, as [`Client::set_verified`](crate::client::Client::set_verified).
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::client::Client;
//! use latchstring::session::{Account, AccountId};
//! use latchstring::settings::{Setting, Settings};
//!
//! fn main() -> Result<(), latchstring::Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let now = 1_800_000_000;
//!     let account = Account::generate(AccountId([1; 32]), &mut rng);
//!     let phone = Client::create(&account, now, &mut rng);
//!
//!     // Save the settings. Send the keys to the other own devices (`Client::plan_object`).
//!     let mut settings = Settings::create(&phone, now, &mut rng)?;
//!     let _keys = settings.rotate(&phone, now, &mut rng)?.apply();
//!
//!     // Save, then upload the entry to the account's log.
//!     let theme = Setting::App("theme".into());
//!     let entry = settings.set(&phone, &[(theme.clone(), Some(b"dark"))], now)?.apply();
//!     assert_eq!(settings.get(&theme), Some(&b"dark"[..]));
//!
//!     // What the log brings is given to each device; this one knows its own entry.
//!     let taken = settings.take(&phone, &[entry], now)?.apply();
//!     assert_eq!(taken.refused[0].error, latchstring::Error::Duplicate);
//!     Ok(())
//! }
//! ```

#[expect(clippy::module_inception, reason = "the folder of settings has its type")]
mod settings;

mod change;
mod delta;
mod draft;
mod heads;
mod keys;
mod snapshot;
mod state_bytes;
mod take;
mod tasks;
mod write;

pub use change::SettingChange;
pub use heads::Withheld;
pub use settings::Settings;
pub use snapshot::TakenSnapshot;
pub use take::{MissingEntry, RefusedEntry, TakenEntries};
pub use tasks::SettingsTasks;

pub use crate::protocol::settings::head::{SettingsHash, SettingsHead};
pub use crate::protocol::settings::key::SettingsKeyId;
pub use crate::protocol::settings::name::Setting;

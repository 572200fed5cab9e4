//! Two devices that keep what they are in `SQLite`, one of which loses its power in the middle, and
//! is given an old copy of its database in the end.
#![allow(clippy::print_stdout, reason = "an example talks")]
#![allow(dead_code, reason = "the other examples use the rest of the store")]

mod store;

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use getrandom::{SysRng, rand_core::UnwrapErr};
use latchstring::session::{Accepted, Account, AccountId, Device, Session};
use latchstring::storage::StateKey;
use store::{Failure, Kept, Store};

const NOW: u64 = 1_800_000_000;

fn open(path: &Path) -> Result<Store, Failure> {
    let key = StateKey::new(1, &[9; 32])?;
    Store::open(&path.to_string_lossy(), key)
}

/// A device of somebody and its session with the other.
struct Home {
    path: PathBuf,
    store: Store,
    session: Kept<Session>,
}

impl Home {
    /// Seals a message and has it in the outbox; then brings it over.
    fn send(&mut self, text: &str, other: &mut Self) -> Result<(), Failure> {
        let Self { store, session, .. } = self;
        store.step(&mut UnwrapErr(SysRng), |step| {
            step.send(session, |session, rng| session.stage_send().seal(text.as_bytes(), rng))
        })?;
        for waiting in store.outbox()? {
            other.receive(&waiting.message)?;
            store.sent(waiting.number)?;
        }
        Ok(())
    }

    /// Opens a message and has it in the inbox, from where it is shown.
    fn receive(&mut self, message: &[u8]) -> Result<(), Failure> {
        let Self { store, session, .. } = self;
        store.step(&mut UnwrapErr(SysRng), |step| {
            let opened = step.change(session, |session, _| session.open(message))?;
            step.read("the session", &opened.content)
        })
    }

    /// Does what a start does: loads everything from the disk, and nothing older than the anchor outside of it.
    fn restart(&mut self) -> Result<(), Failure> {
        let outer = self.session.anchor();
        self.store = open(&self.path)?;
        let session = self.store.load("the session", Some(&outer))?;
        self.session = session.ok_or(latchstring::Error::StateRollback)?;
        Ok(())
    }
}

/// Begins a session from Ada's device, which Grace's accepts.
fn meet(folder: &Path) -> Result<[Home; 2], Failure> {
    let mut rng = UnwrapErr(SysRng);
    let [adas_path, graces_path] = ["ada.sqlite", "grace.sqlite"].map(|name| folder.join(name));
    let (mut adas_store, mut graces_store) = (open(&adas_path)?, open(&graces_path)?);
    let device =
        |id, rng: &mut _| Device::generate(&Account::generate(AccountId(id), rng), NOW, rng);
    let (ada, grace) = (device([1; 32], &mut rng), device([2; 32], &mut rng));
    let mut grace = graces_store.keep("the device", grace, &mut rng)?;

    // The session and its first message: the one is of no use without the other.
    let bundle = grace.get(&graces_store)?.bundle();
    let mut begun = ada.initiate(&bundle, NOW, &mut rng)?;
    let first = begun.encrypt(b"hello", &mut rng)?;
    let adas = adas_store.step(&mut rng, |step| {
        step.keep("the device", ada)?;
        step.post("the session", None, &first)?;
        step.keep("the session", begun)
    })?;

    // The session and what the device must remember: else the same message would come in twice.
    let graces = graces_store.step(&mut rng, |step| {
        let Accepted { session, opened, .. } =
            step.change(&mut grace, |device, _| device.accept(&first, NOW))?;
        step.read("the session", &opened.content)?;
        step.keep("the session", session)
    })?;
    for waiting in adas_store.outbox()? {
        adas_store.sent(waiting.number)?;
    }
    Ok([
        Home { path: adas_path, store: adas_store, session: adas },
        Home { path: graces_path, store: graces_store, session: graces },
    ])
}

fn run(folder: &Path) -> Result<(), Box<dyn StdError>> {
    let [mut ada, mut grace] = meet(folder)?;
    let backup = folder.join("backup.sqlite");
    for number in 0..100_u32 {
        ada.send(&format!("message {number}"), &mut grace)?;
        if number == 41 {
            grace.restart()?;
            println!("power is back: {} messages are there", grace.store.inbox()?.len());
            std::fs::copy(&grace.path, &backup)?;
        }
        if number % 10 == 9 {
            grace.send("I am reading", &mut ada)?;
        }
    }
    println!("grace has read {} messages, each once", grace.store.inbox()?.len());
    println!(
        "ada has read {} answers, and {} messages wait to be sent",
        ada.store.inbox()?.len(),
        ada.store.outbox()?.len()
    );
    println!("grace's session takes {} bytes on disk", grace.store.size("the session")?);

    grace.path = backup;
    if let Err(error) = grace.restart() {
        println!("a backup of grace's database is refused: {error}");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    let folder = std::env::temp_dir().join(format!("latchstring-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

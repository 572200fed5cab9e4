//! Two devices that keep their sessions in `SQLite`, one of which loses its power in the middle.
#![allow(clippy::print_stdout, reason = "an example talks")]

mod store;

use std::error::Error as StdError;
use std::path::Path;

use getrandom::{SysRng, rand_core::UnwrapErr};
use latchstring::{Account, AccountId, Device, Session, StateKey};
use store::{Failure, Kept, Store};

const NOW: u64 = 1_800_000_000;

fn open(path: &Path) -> Result<Store, Failure> {
    let key = StateKey::new(1, &[9; 32])?;
    Store::open(&path.to_string_lossy(), key)
}

fn load(store: &Store) -> Result<Kept<Session>, Failure> {
    store.load("the session")?.ok_or_else(|| latchstring::Error::Corrupt.into())
}

fn run(folder: &Path) -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let ada = Device::generate(&Account::generate(AccountId([1; 32]), &mut rng), NOW, &mut rng);
    let mut grace =
        Device::generate(&Account::generate(AccountId([2; 32]), &mut rng), NOW, &mut rng);

    // Ada begins; both keep their session from its first message on.
    let mut begun = ada.initiate(&grace.bundle()?, NOW, &mut rng)?;
    let first = begun.encrypt(b"hello", &mut rng)?;
    let mut adas_store = open(&folder.join("ada.sqlite"))?;
    let mut adas = adas_store.keep("the session", begun, &mut rng)?;
    let accepted = grace.accept(&first, NOW)?;
    let (session, _) = accepted.apply(&mut grace)?;
    let mut graces_store = open(&folder.join("grace.sqlite"))?;
    let mut graces = graces_store.keep("the session", session, &mut rng)?;

    for number in 0..100_u32 {
        let text = format!("message {number}");
        let message = adas_store.send(&mut adas, text.as_bytes(), &mut rng)?;
        if number == 41 {
            // Grace's power goes before she has read it. What was committed is there again.
            graces_store = open(&folder.join("grace.sqlite"))?;
            graces = load(&graces_store)?;
            println!("power is back: {} messages are there", graces_store.inbox()?.len());
        }
        graces_store.receive(&mut graces, &message, &mut rng)?;
        if number % 10 == 9 {
            let answer = graces_store.send(&mut graces, b"I am reading", &mut rng)?;
            adas_store.receive(&mut adas, &answer, &mut rng)?;
        }
    }
    for (number, _) in adas_store.outbox()? {
        adas_store.sent(number)?;
    }
    println!("grace has read {} messages, each once", graces_store.inbox()?.len());
    println!(
        "ada has read {} answers, and {} messages wait to be sent",
        adas_store.inbox()?.len(),
        adas_store.outbox()?.len()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    let folder = std::env::temp_dir().join(format!("latchstring-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    Ok(result?)
}

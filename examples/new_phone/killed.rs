//! The story, of which every telling is killed at some instant: it goes on where it was, to its end.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use latchstring::rand_core::Rng as _;

use crate::device::rng;
use crate::store::Failure;
use crate::{film, note, own_folder, scene};

/// The size of the film: its sealer is saved twice on the way.
const FILM: usize = 40_000_000;

/// Kills so many tellings, each a random time after it began, and tells the rest in peace. Without a file it makes one.
pub(crate) fn survive(times: u32, file: Option<&Path>) -> Result<(), Failure> {
    let folder = own_folder("-killed");
    fs::create_dir_all(&folder)?;
    let made = folder.join("film");
    let file = file.unwrap_or(&made);
    if file == made {
        fs::write(&made, film(FILM))?;
    }
    let story = folder.join("story");
    let tell = || {
        let mut telling = Command::new(std::env::current_exe()?);
        telling.arg(file).arg(&story).stdout(Stdio::null());
        Ok::<_, Failure>(telling.spawn()?)
    };
    scene("One that nobody kills, to know how long it takes");
    let begun = Instant::now();
    if !tell()?.wait()?.success() {
        return Err("it does not come to its end".into());
    }
    // Most are killed in the middle of what is left.
    let whole = u32::try_from(begun.elapsed().as_micros())?.max(1);
    let share = whole.checked_div(6).unwrap_or(1).max(1);
    fs::remove_dir_all(&story)?;
    scene("Tellings that are killed");
    let (mut killed, mut told) = (0_u32, 0_u32);
    while killed < times {
        let mut telling = tell()?;
        let after = rng().next_u32().checked_rem(share).unwrap_or(0);
        std::thread::sleep(Duration::from_micros(after.into()));
        match telling.try_wait()? {
            None => {
                telling.kill()?;
                telling.wait()?;
                killed = killed.saturating_add(1);
            }
            Some(end) if end.success() => {
                told = told.saturating_add(1);
                fs::remove_dir_all(&story)?;
            }
            Some(end) => return Err(format!("after {killed} kills: {end}").into()),
        }
    }
    if !tell()?.wait()?.success() {
        return Err("it does not come to its end".into());
    }
    note(&format!("{killed} were killed; it came to its end {} times", told.saturating_add(1)));
    Ok(fs::remove_dir_all(folder)?)
}

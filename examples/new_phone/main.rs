//! A film, and a new phone that finds it: `cargo run --release --example new_phone -- FILE`.
//!
//! Ada sends Grace a file of any size, straight from the disk. Grace looks at its first bytes before the rest has come.
//! Then Ada links a new phone, which asks the old one for history, finds the conversation, and fetches the file.
//! From then on both phones have what is said: a reaction to an old message, a correction, messages that disappear, a
//! picture that can be seen once (`talk.rs`), a setting (`settings.rs`), and a group that knows its members (`group.rs`).
//!
//! Everything is in a folder, the server too (`server.rs`), so the process can be killed at any instant: run it again
//! with the same FILE, and it goes on where it was. Nothing that has arrived is sent twice (`files.rs`), no message is
//! lost, and none comes twice (`history.rs`). `-- --killed 50` or `-- --killed 50 FILE` shows that (`killed.rs`).
//! Without FILE it makes one.
//!
//! Linking is shown by `many_devices`; here it is one scene, which goes on where it was saved, or is begun anew
//! (`link.rs`).

#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::large_stack_arrays,
    clippy::print_stdout,
    clippy::similar_names,
    reason = "a story is told, and a buffer of a piece has one length"
)]

mod device;
mod files;
mod group;
mod history;
mod killed;
mod link;
mod server;
mod settings;
#[path = "../store/mod.rs"]
#[allow(dead_code, reason = "the other examples use the rest")]
mod store;
mod talk;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use device::Device;
use latchstring::attachment::Media;
use latchstring::client::{Conversation, To};
use latchstring::content::Content;
use latchstring::session::AccountId;
use server::Server;
use store::Failure;

const ADA: AccountId = AccountId(*b"ada, as chat.example knows her  ");
const GRACE: AccountId = AccountId(*b"grace, as chat.example knows her");

/// The size of the film that is sent if there is no file.
const FILM: usize = 3_000_000;

pub(crate) fn note(what: &str) {
    println!("   {what}");
}

fn scene(title: &str) {
    println!("── {title}");
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--killed", times] => killed::survive(times.parse()?, None),
        ["--killed", times, file] => killed::survive(times.parse()?, Some(Path::new(file))),
        [file] => {
            let folder = std::env::temp_dir().join("latchstring-new-phone");
            run(Path::new(file), &folder)?;
            Ok(fs::remove_dir_all(folder)?)
        }
        // A folder to go on in: for `killed.rs`.
        [file, folder] => run(Path::new(file), Path::new(folder)),
        _ => {
            let folder = own_folder("");
            fs::create_dir_all(&folder)?;
            let file = folder.join("film");
            fs::write(&file, film(FILM))?;
            let told = run(&file, &folder);
            fs::remove_dir_all(folder)?;
            told
        }
    }
}

/// Returns a folder that no other process has.
fn own_folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("latchstring-new-phone-{}{name}", std::process::id()))
}

/// Makes a film of so many bytes, of which no two pieces are alike.
fn film(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(byte).collect()
}

/// Tells the story, or the rest of it.
fn run(file: &Path, folder: &Path) -> Result<(), Failure> {
    let before = peak_memory();
    fs::create_dir_all(folder)?;
    let server = Server::open(folder)?;
    let phone = Device::new("Ada's phone", folder, &server)?;
    let grace = Device::new("Grace's phone", folder, &server)?;

    scene("Ada and Grace have a phone each");
    let account = phone.set_up(ADA)?;
    grace.set_up(GRACE)?;
    phone.learn(GRACE)?;
    grace.learn(ADA)?;

    scene("They talk");
    for number in 1..=6 {
        phone.say(GRACE, &format!("Ada's line {number}"))?;
        grace.read()?;
        grace.say(ADA, &format!("Grace's line {number}"))?;
        phone.read()?;
    }

    scene("Ada sends a film");
    let film = phone.upload("film", Media::File, &mut File::open(file)?)?;
    let content = Content::attached(&film, b"")?.with_name("film.mp4")?;
    phone.send("film", To::Account(GRACE), &content)?;

    scene("Grace looks at its first bytes, before the rest has come");
    grace.read()?;
    grace.look_at_attachment(Conversation::With(ADA))?;
    grace.say(ADA, "a film! I will watch it tonight")?;
    phone.read()?;

    scene("Ada has a new phone");
    let new = Device::new("Ada's new phone", folder, &server)?;
    link::link(&phone, &account, &new)?;
    grace.learn(ADA)?;
    note(&format!("it knows {} old messages", new.count_messages()?));

    scene("It asks the old one for history");
    new.ask_for_history(phone.client()?.address().device)?;
    phone.read()?;
    phone.answer()?;
    new.read()?;
    new.import()?;
    note(&format!("it knows {} old messages", new.count_messages()?));
    scene("It finds the film there, and fetches it");
    let copy = new.fetch_attachment(Conversation::With(GRACE), &folder.join("copy"))?;
    files::compare(file, &copy)?;
    note("it is the film that Ada has sent, byte for byte");

    talk::tell(&phone, &new, &grace)?;
    settings::tell(&phone, &new)?;
    group::tell(&phone, &new, &grace)?;
    if let (Some(before), Some(peak)) = (before, peak_memory()) {
        note(&format!("memory at most {} KiB above the start", peak.saturating_sub(before)));
    }
    Ok(())
}

/// Returns the most memory that this process has had, in KiB, where the system tells that.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

//! A process with its states in `SQLite` is killed, again and again, at any instant: nothing that it read
//! or sent is lost, shown twice, or sent under a key that was used.
//!
//! `LATCHSTRING_KILLS=500` sets how often. The process is this program with a role as its argument; it
//! has no test harness, so that its output is its own.

mod child;
mod guests;
mod letters;
mod process;
mod quiet;
mod session;
#[path = "../../examples/sqlite_store/store/mod.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod store;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, path, seed] = &arguments[..] {
        let seed = seed.parse().unwrap();
        match role.as_str() {
            "phone" => letters::child(path, seed),
            "host" | "guest" => guests::child(role, path, seed),
            "session" => session::child(path, seed),
            _ => panic!("{role}"),
        }
        return;
    }
    let kills = std::env::var("LATCHSTRING_KILLS").map_or(60, |number| number.parse().unwrap());
    let folder = std::env::temp_dir().join(format!("latchstring-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();

    println!("killed {kills} times:");
    println!("{}", session::survive(&path("session.sqlite"), kills / 4));
    println!("{}", letters::survive(&path("phone.sqlite"), kills / 4));
    let rest = kills - 2 * (kills / 4);
    println!("{}", guests::survive(&[path("host.sqlite"), path("guest.sqlite")], rest));
    println!("everything was read and sent once, and nothing was lost");

    let forgotten = quiet::forget(&folder);
    quiet::give_up(&folder);
    quiet::say_again(&folder);
    quiet::refuse_the_second(&folder);
    quiet::refuse_the_old(&folder);
    println!("{forgotten} snapshots were replaced, and none of them is left in the files");
    std::fs::remove_dir_all(&folder).unwrap();
}

//! A guest opens a link and chats.
//!
//! Ada, who has an account, makes a link for Grace, who has none. Grace opens it in a browser,
//! checks who is behind it, claims the chat and talks with Ada. Between them stands a server that
//! loses, delays, repeats and forges messages, and whose view is printed on the right.
//!
//! Everything here is the crate's real work: the server sees real ciphertext, and each refusal is
//! one that the crate made. Both sides keep what they are in a database, each step in one transaction.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "an example may stop at a surprise, and a story has one thread"
)]

mod server;
#[path = "../sqlite_store/store/mod.rs"]
#[allow(dead_code, reason = "the other examples use the rest")]
mod store;

use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::{
    Account, AccountId, Address, Chat, ChatStatus, Client, Error, Event, Invite, Link, Policy,
    Preview, StateKey,
};
use server::{Answer, Server, Side};
use store::{Failure, Kept, Store};

const ORIGIN: &str = "chat.example";
const DAY: u64 = 86_400;

/// Columns of the people's side of the page.
pub(crate) const WIDTH: usize = 90;

fn says(who: &str, what: &str) {
    println!("{:WIDTH$}│", format!("{who:>6}: {what}"));
}

fn note(what: &str) {
    println!("{:WIDTH$}│", format!("        {what}"));
}

fn scene(title: &str) {
    println!("{:─<WIDTH$}┼{:─<52}", format!("── {title} "), "");
}

/// The one device of the other side.
fn other(chat: &Chat) -> Address {
    Address { account: chat.peer().account(), device: chat.peer().device() }
}

/// Opens a database, or makes one, under a key that the system's key store would have.
fn open(path: &Path) -> Result<Store, Failure> {
    Store::open(path.to_str().expect("UTF-8"), StateKey::new(1, &[9; 32])?)
}

/// Seals a text and saves it; what it says leaves from the outbox.
fn write(store: &mut Store, chat: &mut Kept<Chat>, text: &str, now: u64) -> Result<(), Failure> {
    store
        .step(&mut UnwrapErr(SysRng), |step| step.send(chat, |chat, rng| chat.text(text, now, rng)))
}

/// The one message that waits, which the server takes.
fn sent(store: &Store) -> Result<Vec<u8>, Failure> {
    let mut waiting = store.outbox()?;
    let only = waiting.pop().expect("something was saved");
    assert!(waiting.is_empty());
    store.sent(only.number)?;
    Ok(only.message)
}

/// Opens what has arrived, saves it with the change, then shows it.
fn receive(
    who: &str,
    store: &mut Store,
    chat: &mut Kept<Chat>,
    message: &[u8],
    now: u64,
) -> Result<(), Failure> {
    let here = chat.get(store)?;
    let (received, change) = here.open(other(here), message, now)?;
    store.step(&mut UnwrapErr(SysRng), |step| {
        if let Event::Text(text) = &received.event {
            step.read(chat.owner(), text.as_bytes())?;
        }
        step.change(chat, change)
    })?;
    if received.missing > 0 {
        note(&format!("[{who} sees that {} earlier message(s) are missing]", received.missing));
    }
    match received.event {
        Event::Text(text) => note(&format!("→ {who} reads \"{}\" [{:?}]", *text, received.origin)),
        Event::Granted => note(&format!("→ {who} is let in")),
        Event::Ended => note(&format!("→ {who} is told that the chat is over")),
        _ => {}
    }
    Ok(())
}

/// Runs what must be refused and says how it was.
fn refused<T>(who: &str, what: &str, result: Result<T, impl Into<Failure>>) -> Error {
    let Failure::Protocol(error) = result.err().expect("this must be refused").into() else {
        panic!("the database refused it");
    };
    note(&format!("✗ {who} refuses {what}: {error}"));
    error
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("latchstring-chat-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    Ok(result?)
}

fn run(folder: &Path) -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut now = start.map_or(1_800_000_000, |since| since.as_secs());

    println!("{:WIDTH$}│ what the server sees", "the people");
    scene("Ada's device publishes keys");
    let account = Account::generate(AccountId(*b"ada, as chat.example knows her  "), &mut rng);
    let mut host_store = open(&folder.join("ada.sqlite"))?;
    let client = Client::create(&account, now, &mut rng)?;
    let mut ada = host_store.step(&mut rng, |step| {
        step.keep("the account", account)?;
        step.keep("ada", client)
    })?;
    let (one_time, change) = ada.get(&host_store)?.replenish(now, &mut rng)?;
    host_store.step(&mut rng, |step| step.change(&mut ada, change))?;
    let client = ada.get(&host_store)?;
    let mut server = Server::new(client.list().clone(), client.bundle()?, one_time);

    scene("Ada makes a link");
    let policy = Policy::new("Ada", now + 3 * DAY);
    let (invite, posting) = Invite::create(ada.get(&host_store)?, ORIGIN, policy, now, &mut rng)?;
    let url = invite.link().expect("the link is open").to_url(ORIGIN);
    let locator = invite.locator();
    let mut invite = host_store.step(&mut rng, |step| {
        step.post("the link", None, &posting.encode())?;
        step.keep("the link", invite)
    })?;
    server.post(&sent(&host_store)?)?;
    says("Ada", "Grace, here is a link:");
    note(&url);

    scene("On its way the link is looked at");
    for bot in ["a preview bot", "a mail scanner"] {
        let link = Link::parse(&url)?;
        let preview = link.open(&server.look(link.locator()).expect("posted"), ORIGIN, now)?;
        note(&format!(
            "{bot} sees that {} invites, and claims nothing",
            preview.policy().host_name
        ));
    }
    let cut = url[..url.len() - 1].to_string();
    refused("a page", "a link that lost its last letter", Link::parse(&cut));

    scene("Grace opens the link");
    now += 3600;
    let link = Link::parse(&url)?;
    let sealed = server.look(link.locator()).expect("posted");
    let mut swapped = sealed.clone();
    swapped[100] ^= 1;
    refused("Grace's page", "an altered invitation", link.open(&swapped, ORIGIN, now));
    refused("Grace's page", "a page of another service", link.open(&sealed, "evil.example", now));
    let preview = link.open(&sealed, ORIGIN, now)?;
    let policy = preview.policy();
    note(&format!(
        "\"{}\" invites you: text only, {:?} lets you in,",
        policy.host_name, policy.approval
    ));
    note(&format!("ends after {} idle days", u64::from(policy.idle) / DAY));
    // Somebody else read over her shoulder.
    let eve: Preview = Link::parse(&url)?.open(&sealed, ORIGIN, now)?;

    scene("Grace claims the chat");
    let (list, bundles) = server.devices()?;
    let texts = ["hello, it's me"];
    let (chat, claim) = preview.claim(&list, &bundles, "Grace", &texts, now, &mut rng)?;
    let guest_path = folder.join("grace.sqlite");
    let mut guest_store = open(&guest_path)?;
    let mut guest = guest_store.step(&mut rng, |step| {
        step.post("the chat", None, &claim)?;
        step.keep("the chat", chat)
    })?;
    let claim = sent(&guest_store)?;
    let mut forged = claim.clone();
    forged[200] ^= 1;
    if let Answer::Refused(error) = server.claim(locator, &forged) {
        note(&format!("✗ the server refuses a claim that was altered on its way: {error}"));
    }
    let Answer::Taken = server.claim(locator, &claim) else { panic!("the first claim wins") };
    let Answer::Taken = server.claim(locator, &claim) else { panic!("a retry is the same claim") };
    says("Grace", "hello, it's me");

    scene("Ada's device hears of it");
    let arrived = server.fetch(locator, Side::Host).expect("claimed");
    let mut forged = arrived.clone();
    forged[200] ^= 1;
    let link = invite.get(&host_store)?;
    let client = ada.get(&host_store)?;
    refused("Ada's device", "an altered claim", link.claim(client, &forged, now));
    let arrival = link.claim(client, &arrived, now)?;
    let (mut host, hello) = host_store.step(&mut rng, |step| {
        let (chat, hello) = step.arrive((&mut invite, &mut ada), arrival, "the chat")?;
        for text in &hello.texts {
            step.read("the chat", text.as_bytes())?;
        }
        Ok((chat, hello))
    })?;
    note(&format!("→ a guest who calls herself {} wrote \"{}\"", hello.name, *hello.texts[0]));
    let link = invite.get(&host_store)?;
    refused("Ada's device", "the same claim again", {
        let again = server.fetch(locator, Side::Host).expect("the retry");
        link.claim(ada.get(&host_store)?, &again, now)
    });
    server.close(locator, link.notice().expect("claimed"))?;

    scene("They compare the code over the phone");
    println!("{:WIDTH$}│", format!("  Ada reads   {}", first_half(host.get(&host_store)?)));
    println!("{:WIDTH$}│", format!("  Grace reads {}", first_half(guest.get(&guest_store)?)));
    let host_code = host.get(&host_store)?.security_code();
    assert_eq!(host_code, guest.get(&guest_store)?.security_code());
    let client = ada.get(&host_store)?;
    host_store
        .step(&mut rng, |step| step.send(&mut host, |chat, rng| chat.grant(client, now, rng)))?;
    server.send(locator, Side::Guest, sent(&host_store)?);
    let message = server.fetch(locator, Side::Guest).expect("the grant");
    receive("Grace", &mut guest_store, &mut guest, &message, now)?;

    scene("The other holder of the link comes too late");
    let (list, bundles) = server.devices()?;
    let (_, late) = eve.claim(&list, &bundles, "Grace", &[], now, &mut rng)?;
    if let Answer::TooLate { notice: Some(notice) } = server.claim(locator, &late) {
        let eve = Link::parse(&url)?.open(&sealed, ORIGIN, now)?;
        note(&format!("✗ the page says: {}", eve.explain(&notice)));
    }
    refused("Ada's device", "it too, had the server let it through", {
        invite.get(&host_store)?.claim(ada.get(&host_store)?, &late, now)
    });

    scene("They talk, and the server is not kind");
    let mut held = Vec::new();
    for text in ["one", "two", "three", "four"] {
        now += 60;
        says("Ada", text);
        write(&mut host_store, &mut host, text, now)?;
        server.send(locator, Side::Guest, sent(&host_store)?);
        held.push(server.fetch(locator, Side::Guest).expect("just sent"));
    }
    note("\"one\" arrives, \"two\" is held back, \"three\" is lost for good");
    receive("Grace", &mut guest_store, &mut guest, &held[0], now)?;
    receive("Grace", &mut guest_store, &mut guest, &held[3], now)?;
    let (page, from) = (guest.get(&guest_store)?, ada.get(&host_store)?.address());
    refused("Grace's page", "\"one\" again", page.open(from, &held[0], now));
    let mut forged = held[1].clone();
    *forged.last_mut().expect("not empty") ^= 1;
    refused("Grace's page", "an altered \"two\"", page.open(from, &forged, now));
    refused("Grace's page", "the body of \"two\" under another header", {
        let spliced = [&held[2][..70], &held[1][70..]].concat();
        page.open(from, &spliced, now)
    });
    refused("Grace's page", "noise", page.open(from, &[1, 1, 9, 9, 9].repeat(40), now));
    receive("Grace", &mut guest_store, &mut guest, &held[1], now)?;

    scene("Grace's browser restarts, and a second tab opens");
    // The anchor is not in the database: the browser keeps it elsewhere, and so notices an old copy.
    let outer = guest.anchor();
    let load = |store: &Store| -> Result<Kept<Chat>, Failure> {
        Ok(store.load("the chat", Some(&outer))?.expect("saved"))
    };
    drop((guest, guest_store));
    let (mut guest_store, mut second_store) = (open(&guest_path)?, open(&guest_path)?);
    let (mut guest, mut second_tab) = (load(&guest_store)?, load(&second_store)?);
    note(&format!("[{} B on disk, all sealed]", guest_store.size("the chat")?));
    write(&mut guest_store, &mut guest, "back again", now)?;
    says("Grace", "back again");
    let tab = write(&mut second_store, &mut second_tab, "me too", now);
    refused("the store", "the second tab", tab);
    server.send(locator, Side::Host, sent(&guest_store)?);
    guest_store.step(&mut rng, |step| step.compact(&mut guest))?;
    note(&format!("[{} B after compaction]", guest_store.size("the chat")?));
    let message = server.fetch(locator, Side::Host).expect("sent");
    receive("Ada", &mut host_store, &mut host, &message, now)?;

    scene("What is not text cannot be said");
    refused("Grace's page", "an empty text", write(&mut guest_store, &mut guest, "", now));
    let long = "x".repeat(5000);
    refused("Grace's page", "5,000 letters", write(&mut guest_store, &mut guest, &long, now));

    scene("Nine days pass, then ten more");
    now += 9 * DAY;
    says("Grace", "still here");
    write(&mut guest_store, &mut guest, "still here", now)?;
    server.send(locator, Side::Host, sent(&guest_store)?);
    let message = server.fetch(locator, Side::Host).expect("sent");
    receive("Ada", &mut host_store, &mut host, &message, now)?;
    now += 10 * DAY;
    refused("Ada's device", "to write", write(&mut host_store, &mut host, "are you there?", now));
    for (who, store, chat) in
        [("Ada", &mut host_store, &mut host), ("Grace", &mut guest_store, &mut guest)]
    {
        let change = chat.get(store)?.tick(now)?.expect("ten days are over");
        store.step(&mut rng, |step| step.change(chat, change))?;
        let (status, size) = (chat.get(store)?.status(), store.size("the chat")?);
        note(&format!("{who}'s keys are erased: {status:?}, {size} B left"));
        assert!(matches!(status, ChatStatus::Ended(_)));
    }
    let old = refused("Ada's device", "an old message, even with the clock set back", {
        let host = host.get(&host_store)?;
        host.open(other(host), &message, now - 15 * DAY)
    });
    assert_eq!(old, Error::Ended);
    guest_store.step(&mut rng, |step| step.remove(guest))?;
    note("Grace's browser deletes what is left of the chat");
    assert!(guest_store.load::<Chat>("the chat", None)?.is_none());
    assert_eq!(guest_store.size("the chat")?, 0);
    Ok(())
}

/// Six of the twelve groups, for the width of the page.
fn first_half(chat: &Chat) -> String {
    let groups = chat.security_code().groups();
    let half: Vec<_> = groups.iter().take(6).map(|group| format!("{group:05} ")).collect();
    half.concat() + "…"
}

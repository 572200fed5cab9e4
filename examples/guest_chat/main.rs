//! A guest opens a link and chats.
//!
//! Ada, who has an account, makes a link for Grace, who has none. Grace opens it in a browser,
//! checks who is behind it, claims the chat and talks with Ada. Between them stands a server that
//! loses, delays, repeats and forges messages, and whose view is printed on the right.
//!
//! Everything here is the crate's real work: the server sees real ciphertext, and each refusal is
//! one that the crate made.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "an example may stop at a surprise, and a story has one thread"
)]

mod disk;
mod server;

use disk::Disk;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::{
    Account, AccountId, Address, Chat, ChatStatus, Client, Envelope, Error, Event, Invite, Link,
    Policy, Preview,
};
use server::{Answer, Server, Side};

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

/// The message for the one device of the other side.
fn only(mut envelopes: Vec<Envelope>) -> Vec<u8> {
    assert_eq!(envelopes.len(), 1);
    envelopes.remove(0).message
}

/// The one device of the other side.
fn other(chat: &Chat) -> Address {
    Address { account: chat.peer().account(), device: chat.peer().device() }
}

/// Opens what has arrived, saves the change, then shows it.
fn receive(
    who: &str,
    chat: &mut Chat,
    disk: &mut Disk,
    message: &[u8],
    now: u64,
) -> Result<(), Error> {
    let (received, change) = chat.open(other(chat), message, now)?;
    disk.keep(chat, change, &mut UnwrapErr(SysRng))?;
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
fn refused<T>(who: &str, what: &str, result: Result<T, Error>) -> Error {
    let error = result.err().expect("this must be refused");
    note(&format!("✗ {who} refuses {what}: {error}"));
    error
}

fn main() -> Result<(), Error> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut now = start.map_or(1_800_000_000, |since| since.as_secs());

    println!("{:WIDTH$}│ what the server sees", "the people");
    scene("Ada's device publishes keys");
    let account = Account::generate(AccountId(*b"ada, as chat.example knows her  "), &mut rng);
    let mut ada = Client::create(&account, now, &mut rng)?;
    let (one_time, change) = ada.replenish(now, &mut rng)?;
    ada.apply(change)?;
    let mut server = Server::new(ada.list().clone(), ada.bundle()?, one_time);

    scene("Ada makes a link");
    let policy = Policy::new("Ada", now + 3 * DAY);
    let (mut invite, posting) = Invite::create(&ada, ORIGIN, policy, now, &mut rng)?;
    server.post(&posting.encode())?;
    let url = invite.link().expect("the link is open").to_url(ORIGIN);
    let locator = invite.locator();
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
    let (mut guest, claim) = preview.claim(&list, &bundles, "Grace", &texts, now, &mut rng)?;
    let mut guest_disk = Disk::create(b"grace's browser", &guest, &mut rng)?;
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
    refused("Ada's device", "an altered claim", invite.claim(&ada, &forged, now));
    let arrival = invite.claim(&ada, &arrived, now)?;
    // The chat and both changes belong into one write; only then is there something to show.
    let mut host_disk = Disk::create(b"ada's phone", arrival.chat(), &mut rng)?;
    let (mut host, hello) = arrival.apply(&mut invite, &mut ada)?;
    note(&format!("→ a guest who calls herself {} wrote \"{}\"", hello.name, *hello.texts[0]));
    refused("Ada's device", "the same claim again", {
        let again = server.fetch(locator, Side::Host).expect("the retry");
        invite.claim(&ada, &again, now)
    });
    server.close(locator, invite.notice().expect("claimed"))?;

    scene("They compare the code over the phone");
    println!("{:WIDTH$}│", format!("  Ada reads   {}", first_half(&host)));
    println!("{:WIDTH$}│", format!("  Grace reads {}", first_half(&guest)));
    assert_eq!(host.security_code(), guest.security_code());
    let granted = host_disk.grant(&mut host, &ada, now, &mut rng)?;
    server.send(locator, Side::Guest, only(granted));
    let message = server.fetch(locator, Side::Guest).expect("the grant");
    receive("Grace", &mut guest, &mut guest_disk, &message, now)?;

    scene("The other holder of the link comes too late");
    let (list, bundles) = server.devices()?;
    let (_, late) = eve.claim(&list, &bundles, "Grace", &[], now, &mut rng)?;
    if let Answer::TooLate { notice: Some(notice) } = server.claim(locator, &late) {
        let eve = Link::parse(&url)?.open(&sealed, ORIGIN, now)?;
        note(&format!("✗ the page says: {}", eve.explain(&notice)));
    }
    refused("Ada's device", "it too, had the server let it through", {
        invite.claim(&ada, &late, now)
    });

    scene("They talk, and the server is not kind");
    let mut held = Vec::new();
    for text in ["one", "two", "three", "four"] {
        now += 60;
        says("Ada", text);
        let message = host_disk.send(&mut host, text, now, &mut rng)?;
        server.send(locator, Side::Guest, only(message));
        held.push(server.fetch(locator, Side::Guest).expect("just sent"));
    }
    note("\"one\" arrives, \"two\" is held back, \"three\" is lost for good");
    receive("Grace", &mut guest, &mut guest_disk, &held[0], now)?;
    receive("Grace", &mut guest, &mut guest_disk, &held[3], now)?;
    refused("Grace's page", "\"one\" again", guest.open(ada.address(), &held[0], now));
    let mut forged = held[1].clone();
    *forged.last_mut().expect("not empty") ^= 1;
    refused("Grace's page", "an altered \"two\"", guest.open(ada.address(), &forged, now));
    refused("Grace's page", "the body of \"two\" under another header", {
        let spliced = [&held[2][..70], &held[1][70..]].concat();
        guest.open(ada.address(), &spliced, now)
    });
    refused("Grace's page", "noise", guest.open(ada.address(), &[1, 1, 9, 9, 9].repeat(40), now));
    receive("Grace", &mut guest, &mut guest_disk, &held[1], now)?;

    scene("Grace's browser restarts, and a second tab opens");
    drop(guest);
    let mut guest = guest_disk.load()?;
    let mut second_tab = guest_disk.load()?;
    note(&format!("[{} B on disk, all sealed]", guest_disk.size()));
    let message = guest_disk.send(&mut guest, "back again", now, &mut rng)?;
    says("Grace", "back again");
    server.send(locator, Side::Host, only(message));
    let tab = guest_disk.send(&mut second_tab, "me too", now, &mut rng);
    refused("the store", "the second tab", tab);
    guest_disk.compact(&guest, &mut rng)?;
    note(&format!("[{} B after compaction]", guest_disk.size()));
    let message = server.fetch(locator, Side::Host).expect("sent");
    receive("Ada", &mut host, &mut host_disk, &message, now)?;

    scene("What is not text cannot be said");
    refused("Grace's page", "an empty text", guest.text("", now, &mut rng).map(|_| ()));
    let long = "x".repeat(5000);
    refused("Grace's page", "5,000 letters", guest.text(&long, now, &mut rng).map(|_| ()));

    scene("Nine days pass, then ten more");
    now += 9 * DAY;
    says("Grace", "still here");
    let message = guest_disk.send(&mut guest, "still here", now, &mut rng)?;
    server.send(locator, Side::Host, only(message));
    let message = server.fetch(locator, Side::Host).expect("sent");
    receive("Ada", &mut host, &mut host_disk, &message, now)?;
    now += 10 * DAY;
    refused("Ada's device", "to write", host.text("are you there?", now, &mut rng).map(|_| ()));
    for (who, chat, disk) in
        [("Ada", &mut host, &mut host_disk), ("Grace", &mut guest, &mut guest_disk)]
    {
        let change = chat.tick(now)?.expect("ten days are over");
        disk.keep(chat, change, &mut rng)?;
        disk.compact(chat, &mut rng)?;
        note(&format!("{who}'s keys are erased: {:?}, {} B left", chat.status(), disk.size()));
        assert!(matches!(chat.status(), ChatStatus::Ended(_)));
    }
    let old = refused("Ada's device", "an old message, even with the clock set back", {
        host.open(other(&host), &message, now - 15 * DAY)
    });
    assert_eq!(old, Error::Ended);
    Ok(())
}

/// Six of the twelve groups, for the width of the page.
fn first_half(chat: &Chat) -> String {
    let groups = chat.security_code().groups();
    let half: Vec<_> = groups.iter().take(6).map(|group| format!("{group:05} ")).collect();
    half.concat() + "…"
}

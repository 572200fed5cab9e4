//! A guest opens a link and chats.
//!
//! Ada, who has an account, makes a link for Grace, who has none. Grace opens it in a browser,
//! checks who is behind it, claims the chat and talks with Ada. Between them stands a server that
//! loses, delays, repeats and forges messages, and whose view is printed on the right.
//!
//! Everything here is the crate's real work: the server sees real ciphertext, and each refusal is
//! one that the crate made. Both sides keep what they are in a store, which writes each step at once.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "an example may stop at a surprise, and a story has one thread"
)]

mod server;
#[path = "../store/mod.rs"]
#[allow(dead_code, reason = "the other example uses the rest")]
mod store;

use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::client::{Address, Client, Envelope, To};
use latchstring::guest::{
    Chat, ChatEvent, ChatStatus, EndReason, Invite, InviteLink, Policy, Preview, TakenMessage,
    TextId, TextStatus,
};
use latchstring::session::{Account, AccountId, Fingerprint, OneTimePrekey};
use latchstring::storage::{Pending, State, StateKey};
use server::{Answer, Server, Side};
use store::{Failure, Store};

const ORIGIN: &str = "chat.example";
const DAY: u64 = 86_400;

/// The owners of the states: what each is stored for.
const ACCOUNT: &str = "the account";
const ADA: &str = "ada";
const LINK: &str = "the link";
const CHAT: &str = "the chat";

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

/// Opens a store, under a key that the system's key store would have.
fn open(path: &Path) -> Result<Store, Failure> {
    Ok(Store { path: path.to_owned(), key: StateKey::new(1, &[9; 32])? })
}

/// Loads a state as it is stored.
fn load<S: State>(store: &Store, owner: &str) -> Result<S, Failure> {
    store.load(owner, None)
}

/// Seals something in the chat and saves it; what it says leaves from the outbox.
fn say(
    store: &Store,
    chat: Chat,
    seal: impl for<'s> FnOnce(
        &'s mut Chat,
        &mut UnwrapErr<SysRng>,
    ) -> Result<Pending<'s, Chat, Vec<Envelope>>, Error>,
) -> Result<(), Failure> {
    store.step(|step| {
        let letters = step.change(CHAT, chat, |chat| seal(chat, &mut UnwrapErr(SysRng)))?;
        letters.iter().try_for_each(|letter| step.post(Some(letter.to), &letter.message))
    })
}

/// Writes a text in the chat.
fn write(store: &Store, text: &str, now: u64) -> Result<(), Failure> {
    write_in(store, load(store, CHAT)?, text, now)
}

/// Writes a text in the chat as a tab has it.
fn write_in(store: &Store, chat: Chat, text: &str, now: u64) -> Result<(), Failure> {
    store.step(|step| {
        let mut rng = UnwrapErr(SysRng);
        let letters = step.change(CHAT, chat, |chat| chat.text(text, now, &mut rng))?.envelopes;
        letters.iter().try_for_each(|letter| step.post(Some(letter.to), &letter.message))
    })
}

/// Gives the one message that waits to the server.
fn sent(store: &Store) -> Result<Vec<u8>, Failure> {
    let mut waiting = store.outbox()?;
    let only = waiting.pop().expect("something was saved");
    assert!(waiting.is_empty());
    store.sent(&only)?;
    Ok(only.message)
}

/// Looks after the chat, as an app does every hour, and returns what is to be given to the server.
fn look(store: &Store, client: Option<&Client>, now: u64) -> Result<Vec<Vec<u8>>, Failure> {
    let chat: Chat = load(store, CHAT)?;
    store.step(|step| {
        let mut rng = UnwrapErr(SysRng);
        let sealed = step.change(CHAT, chat, |chat| chat.repair(client, now, &mut rng))?.envelopes;
        sealed.iter().try_for_each(|letter| step.post(Some(letter.to), &letter.message))
    })?;
    let waiting = store.outbox()?.into_iter();
    waiting.map(|one| store.sent(&one).map(|()| one.message)).collect()
}

/// Takes in what has arrived, saves the chat, then shows it.
fn receive(who: &str, store: &Store, message: &[u8], now: u64) -> Result<Option<TextId>, Failure> {
    let chat: Chat = load(store, CHAT)?;
    let (from, was) = (Address::of(chat.peer()), chat.status());
    let taken =
        store.step(|step| step.change(CHAT, chat, |chat| Ok(chat.take(from, message, now))))?;
    let received = match taken {
        TakenMessage::Event(received) => received,
        TakenMessage::Refused(error) => return Err(error.into()),
        _ => {
            note(&format!("→ {who} is shown that there was something unreadable"));
            return Ok(None);
        }
    };
    if received.renewed {
        note(&format!("→ {who} is told that the chat was renewed, and lines may be unread"));
    }
    if received.skipped > 0 {
        note(&format!("[{who} sees that {} earlier message(s) are missing]", received.skipped));
    }
    match &received.event {
        ChatEvent::Text(text) => {
            note(&format!("→ {who} reads \"{}\" [{:?}]", *text.text, received.sender));
            return Ok(Some(text.id));
        }
        ChatEvent::Granted if was == ChatStatus::Waiting => note(&format!("→ {who} is let in")),
        ChatEvent::Receipt { .. } => note(&format!("✓ {who} sees that it was read")),
        ChatEvent::HandedOver(_) => note(&format!("→ {who} is told that Grace has an account now")),
        ChatEvent::BecameAccount => note(&format!("→ {who} goes on as the account")),
        _ => {}
    }
    Ok(None)
}

/// Runs what must be refused and says how it was.
fn refused<T>(who: &str, what: &str, result: Result<T, impl Into<Failure>>) -> Error {
    let failure: Failure = result.err().expect("this must be refused").into();
    let error = *failure.downcast().expect("the crate refuses it, not the disk");
    note(&format!("✗ {who} refuses {what}: {error}"));
    error
}

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("latchstring-chat-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &Path) -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut now = start.map_or(1_800_000_000, |since| since.as_secs());

    println!("{:WIDTH$}│ what the server sees", "the people");
    scene("Ada's device publishes keys");
    let account = Account::generate(AccountId(*b"ada, as chat.example knows her  "), &mut rng);
    let host = &open(&folder.join("ada"))?;
    let client = Client::create(&account, now, &mut rng);
    let one_time = host.step(|step| {
        step.save(ACCOUNT, None, &account)?;
        step.save(ADA, None, &client)?;
        step.change(ADA, client, |client| Ok(client.replenish(now, &mut rng)))
    })?;
    let client: Client = load(host, ADA)?;
    let ids: Vec<_> =
        one_time.iter().map(OneTimePrekey::id).chain([client.bundle().id()]).collect();
    let mut server = Server::new(client.list().clone(), client.bundle(), one_time);
    // The server has taken them. Until that is noted they are given again.
    host.step(|step| step.change(ADA, client, |client| Ok(client.note_published(ids, now))))?;
    let client: Client = load(host, ADA)?;

    scene("Ada makes a link");
    let policy = Policy::new("Ada", now + 3 * DAY);
    let (invite, server_copy) = Invite::create(&client, ORIGIN, policy, now, &mut rng)?;
    let url = invite.link().expect("the link is open").to_url(ORIGIN)?;
    let locator = invite.locator();
    host.step(|step| {
        step.post(None, &server_copy.encode())?;
        step.save(LINK, None, &invite)
    })?;
    server.post(&sent(host)?)?;
    says("Ada", "Grace, here is a link:");
    note(&url);

    scene("On its way the link is looked at");
    for bot in ["a preview bot", "a mail scanner"] {
        let link = InviteLink::parse(&url)?;
        let preview = link.open(&server.look(link.locator()).expect("posted"), ORIGIN, now)?;
        let name = &preview.policy().host_name;
        note(&format!("{bot} sees that {name} invites, and claims nothing"));
    }
    let cut = url[..url.len() - 1].to_string();
    refused("a page", "a link that lost its last letter", InviteLink::parse(&cut));

    scene("Grace opens the link");
    now += 3600;
    let link = InviteLink::parse(&url)?;
    let sealed = server.look(link.locator()).expect("posted");
    let mut swapped = sealed.clone();
    swapped[100] ^= 1;
    refused("Grace's page", "an altered invitation", link.open(&swapped, ORIGIN, now));
    refused("Grace's page", "a page of another service", link.open(&sealed, "evil.example", now));
    let preview = link.open(&sealed, ORIGIN, now)?;
    let policy = preview.policy();
    note(&format!("\"{}\" invites you: {:?} lets you in,", policy.host_name, policy.approval));
    note(&format!("ends after {} idle days", u64::from(policy.idle) / DAY));
    // Somebody else read over her shoulder.
    let eve: Preview = InviteLink::parse(&url)?.open(&sealed, ORIGIN, now)?;

    scene("Grace claims the chat");
    let (list, bundles) = server.devices()?;
    let texts = ["hello, it's me"];
    let (chat, claim) = preview.claim(&list, &bundles, "Grace", &texts, now, &mut rng)?;
    let guest_path = folder.join("grace");
    let guest = &open(&guest_path)?;
    guest.step(|step| {
        step.post(None, &claim)?;
        step.save(CHAT, None, &chat)
    })?;
    drop(chat);
    let claim = sent(guest)?;
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
    let (mut invite, mut client): (Invite, Client) = (load(host, LINK)?, load(host, ADA)?);
    refused("Ada's device", "an altered claim", invite.claim(&mut client, &forged, now));
    let (link_from, client_from) = (invite.anchor(), client.anchor());
    let (chat, introduction) = invite.claim(&mut client, &arrived, now)?.apply();
    host.step(|step| {
        step.save(LINK, Some(link_from), &invite)?;
        step.save(ADA, Some(client_from), &client)?;
        step.save(CHAT, None, &chat)
    })?;
    drop(chat);
    let (name, first) = (introduction.name, &introduction.texts[0]);
    note(&format!("→ a guest who calls herself {name} wrote \"{}\"", *first.text));
    refused("Ada's device", "the same claim again", {
        let again = server.fetch(locator, Side::Host).expect("the retry");
        invite.claim(&mut client, &again, now)
    });
    server.close(locator, invite.notice().expect("claimed"))?;

    scene("They compare the code over the phone");
    let adas = load::<Chat>(host, CHAT)?.fingerprint();
    let graces = load::<Chat>(guest, CHAT)?.fingerprint();
    println!("{:WIDTH$}│", format!("  Ada reads   {}", first_half(&adas)));
    println!("{:WIDTH$}│", format!("  Grace reads {}", first_half(&graces)));
    assert_eq!(adas, graces);
    say(host, load(host, CHAT)?, |chat, rng| chat.grant(&client, now, rng))?;
    server.send(locator, Side::Guest, sent(host)?);
    let message = server.fetch(locator, Side::Guest).expect("the grant");
    receive("Grace", guest, &message, now)?;

    scene("The other holder of the link comes too late");
    let (list, bundles) = server.devices()?;
    let (_, late) = eve.claim(&list, &bundles, "Grace", &[], now, &mut rng)?;
    if let Answer::TooLate { notice: Some(notice) } = server.claim(locator, &late) {
        let eve = InviteLink::parse(&url)?.open(&sealed, ORIGIN, now)?;
        note(&format!("✗ the page says: {}", eve.status(&notice)?));
    }
    refused("Ada's device", "it too, had the server let it through", {
        invite.claim(&mut client, &late, now)
    });

    scene("They talk, and the server is not kind");
    let mut held = Vec::new();
    for text in ["one", "two", "three", "four"] {
        now += 60;
        says("Ada", text);
        write(host, text, now)?;
        server.send(locator, Side::Guest, sent(host)?);
        held.push(server.fetch(locator, Side::Guest).expect("just sent"));
    }
    note("\"one\" arrives, \"two\" is held back, \"three\" is lost for good");
    receive("Grace", guest, &held[0], now)?;
    receive("Grace", guest, &held[3], now)?;
    let (mut page, from): (Chat, _) = (load(guest, CHAT)?, client.address());
    refused("Grace's page", "\"one\" again", page.open(from, &held[0], now));
    let mut forged = held[1].clone();
    *forged.last_mut().expect("not empty") ^= 1;
    refused("Grace's page", "an altered \"two\"", page.open(from, &forged, now));
    refused("Grace's page", "the body of \"two\" under another header", {
        let spliced = [&held[2][..70], &held[1][70..]].concat();
        page.open(from, &spliced, now)
    });
    refused("Grace's page", "noise", page.open(from, &[1, 1, 9, 9, 9].repeat(40), now));
    receive("Grace", guest, &held[1], now)?;

    scene("Grace's browser restarts, and a second tab opens");
    // The anchor is kept elsewhere, too: so the browser notices an old copy of the file.
    let outer = load::<Chat>(guest, CHAT)?.anchor();
    let (guest, second) = (&open(&guest_path)?, &open(&guest_path)?);
    let (tab, second_tab) = (guest.load(CHAT, Some(&outer))?, second.load(CHAT, Some(&outer))?);
    note(&format!("[{} B on disk, all sealed]", guest.size(CHAT)?));
    write_in(guest, tab, "back again", now)?;
    says("Grace", "back again");
    let too = write_in(second, second_tab, "me too", now);
    refused("the store", "the second tab", too);
    server.send(locator, Side::Host, sent(guest)?);
    let message = server.fetch(locator, Side::Host).expect("sent");
    let id = receive("Ada", host, &message, now)?.expect("a text");
    say(host, load(host, CHAT)?, |chat, rng| chat.receipt(TextStatus::Read, &[id], now, rng))?;
    server.send(locator, Side::Guest, sent(host)?);
    receive("Grace", guest, &server.fetch(locator, Side::Guest).expect("sent"), now)?;

    scene("Grace's browser is restored from a backup");
    let backup = guest_path.with_extension("backup");
    std::fs::copy(&guest_path, &backup)?;
    for (restored, text) in [(false, "not in the backup"), (true, "is anybody there?")] {
        if restored {
            std::fs::copy(&backup, &guest_path)?;
        }
        now += DAY;
        says("Grace", text);
        write(guest, text, now)?;
        server.send(locator, Side::Host, sent(guest)?);
        receive("Ada", host, &server.fetch(locator, Side::Host).expect("sent"), now)?;
    }
    note("both apps look after their chats: Ada's begins anew, and Grace's answers");
    for message in look(host, Some(&client), now)? {
        server.send(locator, Side::Guest, message);
        receive("Grace", guest, &server.fetch(locator, Side::Guest).expect("sent"), now)?;
    }
    let mut answers = look(guest, None, now)?;
    says("Grace", "once more: is anybody there?");
    write(guest, "once more: is anybody there?", now)?;
    answers.push(sent(guest)?);
    for message in answers {
        server.send(locator, Side::Host, message);
        receive("Ada", host, &server.fetch(locator, Side::Host).expect("sent"), now)?;
    }

    scene("What is not text cannot be said");
    refused("Grace's page", "an empty text", write(guest, "", now));
    let long = "x".repeat(5000);
    refused("Grace's page", "5,000 letters", write(guest, &long, now));

    scene("Nine days later Grace opens an account, and stays who she is");
    now += 9 * DAY;
    let account = Account::generate(AccountId(*b"grace, as chat.example knows her"), &mut rng);
    let grace = Client::create(&account, now, &mut rng);
    say(guest, load(guest, CHAT)?, |chat, rng| chat.hand_over(&grace, now, rng))?;
    server.send(locator, Side::Host, sent(guest)?);
    receive("Ada", host, &server.fetch(locator, Side::Host).expect("sent"), now)?;
    let chat: Chat = load(host, CHAT)?;
    let hand_over = chat.handed_over().expect("Grace has said it").clone();
    refused("Ada's device", "another list", hand_over.check(client.list()));
    hand_over.check(grace.list())?;
    host.step(|step| step.change(ADA, client, |client| client.learn(grace.list(), now)))?;
    let client: Client = load(host, ADA)?;
    say(host, chat, |chat, rng| chat.accept_hand_over(&client, now, rng))?;
    server.send(locator, Side::Guest, sent(host)?);
    receive("Grace", guest, &server.fetch(locator, Side::Guest).expect("sent"), now)?;
    assert_eq!(load::<Chat>(guest, CHAT)?.status(), ChatStatus::Ended(EndReason::BecameAccount));
    client.plan(To::Account(hand_over.account()), now)?;
    note("the keys of the chat are erased; from now on Ada writes to Grace's account");
    Ok(())
}

/// Shows six of the twelve groups, for the width of the page.
fn first_half(code: &Fingerprint) -> String {
    let half: Vec<_> = code.groups().iter().take(6).map(|group| format!("{group:05} ")).collect();
    half.concat() + "…"
}

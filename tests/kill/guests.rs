//! Guest chats: a host that makes links, takes claims, lets guests in and writes; and a guest that
//! claims and writes. Each has a process of its own, and they are killed in turns.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::{Address, Client, DeviceList};
use latchstring::guest::{Chat, ChatEvent, ChatStatus, Invite, InviteLink, Policy, ServerCopy};
use latchstring::session::{Bundle, OneTimePrekey};

use crate::child::{Courier, again, hex, listen, open, say, say_where, unhex};
use crate::process::{Lives, Mailbag, Surroundings};
use crate::store::{Failure, Kept, Store};
use support::{NOW, ORIGIN, TestRng, client, one_time_ids_of};

const CLIENT: &str = "client";
/// Texts that each side writes in a chat.
const TEXTS: usize = 3;

// ---- the processes that are killed ----

/// A host or a guest.
struct Party {
    role: String,
    store: Store,
    rng: TestRng,
    client: Option<Kept<Client>>,
    invites: BTreeMap<String, Kept<Invite>>,
    chats: BTreeMap<String, Kept<Chat>>,
}

impl Party {
    fn new(role: &str, path: &str, seed: u64) -> Self {
        let (store, rng) = (open(path), TestRng::new(seed));
        let client = store.load(CLIENT, None).unwrap();
        client.iter().for_each(say_where);
        let (invites, chats) = (BTreeMap::new(), BTreeMap::new());
        Self { role: role.to_owned(), store, rng, client, invites, chats }
    }

    /// Tells whether there is a chat of this owner; it is in memory then.
    fn has_chat(&mut self, name: &str) -> Result<bool, Failure> {
        if !self.chats.contains_key(name) {
            let Some(chat) = self.store.load(name, None)? else { return Ok(false) };
            say_where(&chat);
            self.chats.insert(name.to_owned(), chat);
        }
        Ok(true)
    }

    fn chat(&mut self, name: &str) -> Result<(&mut Kept<Chat>, &mut Store, &mut TestRng), Failure> {
        assert!(self.has_chat(name)?, "{name} is gone");
        Ok((self.chats.get_mut(name).unwrap(), &mut self.store, &mut self.rng))
    }

    /// Makes a link once, and gives its text while nobody has claimed it.
    fn invite(&mut self, name: &str) -> Result<String, Failure> {
        let Self { store, rng, client, invites, .. } = self;
        let invite = if let Some(invite) = store.load::<Invite>(name, None)? {
            invite
        } else {
            let (policy, host) = (Policy::new("Ada", NOW + 86_400), client.as_mut().unwrap());
            let (invite, copy) = Invite::create(host.get(store)?, ORIGIN, policy, NOW, rng)?;
            store.step(rng, |step| {
                step.post(name, None, &copy.encode())?;
                step.keep(name, invite)
            })?
        };
        say_where(&invite);
        invites.insert(name.to_owned(), invite);
        let link = invites.get_mut(name).unwrap().get(store)?.link();
        Ok(link.map_or_else(|| "-".to_owned(), |link| link.to_url(ORIGIN).unwrap().to_string()))
    }

    /// Takes a claim in once.
    fn admit(&mut self, (link, chat): (&str, &str), claim: &[u8]) -> Result<(), Failure> {
        if self.has_chat(chat)? {
            return Ok(());
        }
        let Self { store, rng, client, invites, chats, .. } = self;
        if !invites.contains_key(link) {
            let invite = store.load(link, None)?.expect("the link was made");
            invites.insert(link.to_owned(), invite);
        }
        let (invite, host) = (invites.get_mut(link).unwrap(), client.as_mut().unwrap());
        let taken = store.step(rng, |step| {
            let states = (&mut *invite, &mut *host);
            let (kept, introduction) = step.claim(states, claim, NOW, chat)?;
            for text in &introduction.texts {
                step.read(chat, text.text.as_bytes())?;
            }
            Ok(kept)
        });
        let kept = match taken {
            // Another process has just taken it in.
            Err(Failure::Protocol(Error::Duplicate)) => {
                assert!(
                    store.load::<Chat>(chat, None)?.is_some(),
                    "the link is spent, the guest lost"
                );
                return Ok(());
            }
            taken => taken?,
        };
        say_where(invite);
        say_where(host);
        chats.insert(chat.to_owned(), kept);
        Ok(())
    }

    fn grant(&mut self, name: &str) -> Result<(), Failure> {
        assert!(self.has_chat(name)?);
        let Self { store, rng, client, chats, .. } = self;
        let (chat, host) = (chats.get_mut(name).unwrap(), client.as_mut().unwrap());
        if chat.get(store)?.status() != ChatStatus::Waiting {
            return Ok(());
        }
        let host = host.get(store)?;
        store.step(rng, |step| step.send(chat, |chat, rng| chat.grant(host, NOW, rng)))
    }

    /// Claims a chat once.
    fn claim(&mut self, name: &str, words: &[&str]) -> Result<(), Failure> {
        if self.has_chat(name)? {
            return Ok(());
        }
        let [url, copy, list, bundle] = words[..] else { panic!("{words:?}") };
        let copy = ServerCopy::decode(&unhex(copy))?;
        let preview = InviteLink::parse(url)?.open(copy.sealed_invitation(), ORIGIN, NOW)?;
        let list = DeviceList::decode(&unhex(list))?;
        let bundles = [Bundle::decode(&unhex(bundle))?];
        let Self { store, rng, chats, .. } = self;
        let (chat, claim) = preview.claim(&list, &bundles, "Grace", &["hello"], NOW, rng)?;
        let kept = store.step(rng, |step| {
            step.post(name, None, &claim)?;
            step.keep(name, chat)
        })?;
        chats.insert(name.to_owned(), kept);
        Ok(())
    }

    fn read(&mut self, name: &str, message: &[u8]) -> Result<String, Failure> {
        let (chat, store, rng) = self.chat(name)?;
        let from = Address::of(chat.get(store)?.peer());
        store.step(rng, |step| {
            let received = step.change(chat, |chat, _| chat.open(from, message, NOW))?;
            let read = match received.event {
                ChatEvent::Text(text) => text.text.to_string(),
                ChatEvent::Granted => "granted".to_owned(),
                ChatEvent::Ended => "ended".to_owned(),
                _ => panic!("what is this?"),
            };
            step.read(name, read.as_bytes())?;
            Ok(read)
        })
    }

    /// Writes a text once.
    fn write(&mut self, name: &str, number: &str) -> Result<(), Failure> {
        let (text, done) = (format!("{} {number}", self.role), format!("{name} {number}"));
        let (chat, store, rng) = self.chat(name)?;
        // Before the look into the store: what another process writes afterwards makes this one stale.
        chat.get(store)?;
        if store.inbox()?.contains(&("written".to_owned(), done.clone().into_bytes())) {
            return Ok(());
        }
        store.step(rng, |step| {
            step.read("written", done.as_bytes())?;
            step.send(chat, |chat, rng| chat.text(&text, NOW, rng))
        })
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        let (chat, store, rng) = self.chat(name)?;
        if matches!(chat.get(store)?.status(), ChatStatus::Ended(_)) {
            return Ok(());
        }
        store.step(rng, |step| step.send(chat, |chat, rng| chat.end(NOW, rng)))
    }
}

pub fn child(role: &str, path: &str, seed: u64) {
    let (mut party, mut courier) = (Party::new(role, path, seed), Courier::default());
    courier.say(&party.store);
    listen(|words| {
        let name = |kind: &str, number: &str| format!("{kind}-{number}");
        match words {
            ["arrived", number] => return party.store.sent(number.parse().unwrap()).unwrap(),
            ["invite", number] => {
                let url = again(|| party.invite(&name("link", number))).unwrap();
                say(&format!("invited {number} {url}"));
            }
            ["admit", number, claim] => {
                let (claim, names) = (unhex(claim), [name("link", number), name("chat", number)]);
                again(|| party.admit((&names[0], &names[1]), &claim)).unwrap();
                say(&format!("admitted {number}"));
            }
            ["grant", number] => {
                again(|| party.grant(&name("chat", number))).unwrap();
                say(&format!("granted {number}"));
            }
            ["claim", number, words @ ..] => {
                again(|| party.claim(&name("chat", number), words)).unwrap();
                say(&format!("claimed {number}"));
            }
            ["bring", number, at, message] => {
                let message = unhex(message);
                match again(|| party.read(&name("chat", number), &message)) {
                    Ok(read) => say(&format!("read {number} {at} {}", hex(read.as_bytes()))),
                    Err(error) => say(&format!("refused {number} {at} {error:?}")),
                }
            }
            ["write", number, text] => {
                again(|| party.write(&name("chat", number), text)).unwrap();
                say(&format!("wrote {number} {text}"));
            }
            ["end", number] => {
                again(|| party.end(&name("chat", number))).unwrap();
                say(&format!("ended {number}"));
            }
            _ => panic!("{words:?}"),
        }
        if let Some(chat) = party.chats.get(&name("chat", words[1])) {
            say_where(chat);
        }
        courier.say(&party.store);
    });
}

// ---- the one that kills them ----

const HOST: usize = 0;
const GUEST: usize = 1;
const ROLES: [&str; 2] = ["host", "guest"];

/// A link and what became of it, as the two processes have said.
struct Visit {
    bundle: Vec<u8>,
    url: Option<String>,
    server_copy: Option<Vec<u8>>,
    claim: Option<Vec<u8>>,
    /// The deeds that each side has said are done.
    done: [BTreeSet<String>; 2],
    /// Messages to each side, and whether it has read them.
    mail: [Vec<(Vec<u8>, bool)>; 2],
}

impl Visit {
    fn new(bundle: Vec<u8>) -> Self {
        let (done, mail) = (Default::default(), Default::default());
        Self { bundle, url: None, server_copy: None, claim: None, done, mail }
    }

    fn has(&self, who: usize, what: &str) -> bool {
        self.done[who].contains(what)
    }

    fn unread(&self, who: usize) -> impl Iterator<Item = (usize, &Vec<u8>)> {
        let unread = self.mail[who].iter().enumerate().filter(|(_, (_, is_read))| !is_read);
        unread.map(|(at, (message, _))| (at, message))
    }

    /// Tells whether both sides have written and read all texts.
    fn is_told(&self) -> bool {
        let wrote = |who| (0..TEXTS).all(|text| self.has(who, &format!("wrote {text}")));
        // To the guest the grant, too.
        let read =
            |who: usize, count| self.mail[who].len() == count && self.unread(who).next().is_none();
        wrote(HOST) && wrote(GUEST) && read(HOST, TEXTS) && read(GUEST, 1 + TEXTS)
    }

    fn wants(&self, who: usize, number: usize, list: &str) -> Vec<String> {
        let mut wants: Vec<String> = self
            .unread(who)
            .map(|(at, message)| format!("bring {number} {at} {}", hex(message)))
            .collect();
        if who == HOST {
            if !self.has(HOST, "invited") {
                wants.push(format!("invite {number}"));
            }
            if let Some(claim) = self.claim.as_ref().filter(|_| !self.has(HOST, "admitted")) {
                wants.push(format!("admit {number} {}", hex(claim)));
            } else if self.has(HOST, "admitted") && !self.has(HOST, "granted") {
                wants.push(format!("grant {number}"));
            }
            if self.is_told() && !self.has(HOST, "ended") {
                wants.push(format!("end {number}"));
            }
        } else if let (Some(url), Some(copy), false) =
            (&self.url, &self.server_copy, self.has(GUEST, "claimed"))
        {
            let bundle = hex(&self.bundle);
            wants.push(format!("claim {number} {url} {} {list} {bundle}", hex(copy)));
        }
        if self.has(who, ["granted", "let in"][who]) && !self.has(who, "ended") {
            let texts = (0..TEXTS).filter(|text| !self.has(who, &format!("wrote {text}")));
            wants.extend(texts.map(|text| format!("write {number} {text}")));
        }
        wants
    }
}

/// The server, and the way that the link takes.
struct Doorstep {
    /// The side whose process lives.
    who: usize,
    visits: Vec<Visit>,
    bags: [Mailbag; 2],
    list: String,
    bundle: Bundle,
    one_time: Vec<OneTimePrekey>,
}

impl Doorstep {
    fn new(host_path: &str) -> Self {
        let mut rng = TestRng::new(21);
        let mut host = client(1, &mut rng);
        let mut one_time = Vec::new();
        for _ in 0..4 {
            let keys = host.replenish(NOW, &mut rng).apply();
            host.note_published(keys.iter().map(OneTimePrekey::id), NOW).apply();
            one_time.extend(keys);
        }
        let (list, bundle) = (hex(&host.list().encode()), host.bundle());
        open(host_path).keep(CLIENT, host, &mut rng).unwrap();
        Self { who: HOST, visits: Vec::new(), bags: Default::default(), list, bundle, one_time }
    }

    /// Expects another guest.
    fn expect_another(&mut self) {
        let one_time = self.one_time.pop();
        let bundle = one_time.map_or(Ok(self.bundle.clone()), |key| self.bundle.attach(key));
        self.visits.push(Visit::new(bundle.unwrap().encode()));
    }

    fn sent(&mut self, owner: &str, to: &str, message: Vec<u8>) {
        let (kind, number) = owner.split_once('-').unwrap();
        let visit = &mut self.visits[number.parse::<usize>().unwrap()];
        let place = match (kind, self.who, to) {
            ("link", HOST, "-") => &mut visit.server_copy,
            ("chat", GUEST, "-") => &mut visit.claim,
            _ => return visit.mail[1 - self.who].push((message, false)),
        };
        assert!(place.replace(message).is_none(), "two of {owner}");
    }

    fn check(&self, paths: &[String; 2]) {
        for who in [HOST, GUEST] {
            let store = open(&paths[who]);
            assert!(store.outbox().unwrap().is_empty());
            let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (owner, content) in store.inbox().unwrap() {
                read.entry(owner).or_default().push(String::from_utf8(content).unwrap());
            }
            for (number, visit) in self.visits.iter().enumerate() {
                let name = format!("chat-{number}");
                let texts = (0..TEXTS).map(|text| format!("{} {text}", ROLES[1 - who]));
                let around = [["hello"].as_slice(), &["granted", "ended"]][who];
                let around = around.iter().map(|&text| text.to_owned());
                let mut expected: Vec<String> = texts.chain(around).collect();
                let read = read.get_mut(&name).unwrap();
                read.sort();
                expected.sort();
                assert_eq!(*read, expected, "{name} of the {}", ROLES[who]);
                assert_eq!(visit.mail[who].len(), [TEXTS, TEXTS + 2][who]);
                let mut chat: Kept<Chat> = store.load(&name, None).unwrap().unwrap();
                let status = chat.get(&store).unwrap().status();
                assert!(matches!(status, ChatStatus::Ended(_)));
                // Its keys are erased, and no record of them is left.
                assert!(store.size(&name).unwrap() < 1500);
            }
        }
        // Each one-time prekey is on the server, or went with a chat.
        let store = open(&paths[HOST]);
        let mut host: Kept<Client> = store.load(CLIENT, None).unwrap().unwrap();
        let left: BTreeSet<_> = one_time_ids_of(host.get(&store).unwrap()).into_iter().collect();
        let published = self.one_time.iter().map(|key| key.encode()[2..10].try_into().unwrap());
        assert!(left == published.collect());
    }
}

impl Surroundings for Doorstep {
    fn born(&mut self) {
        self.bags[self.who].born();
    }

    fn wants(&mut self) -> Vec<String> {
        let visits = self.visits.iter().enumerate();
        let wants = visits.flat_map(|(number, visit)| visit.wants(self.who, number, &self.list));
        self.bags[self.who].wants().chain(wants).collect()
    }

    fn hear(&mut self, words: &[&str]) {
        let who = self.who;
        if let ["sent", number, owner, to, message] = words {
            if let Some(message) = self.bags[who].take(number, message) {
                self.sent(owner, to, message);
            }
            return;
        }
        let visit = &mut self.visits[words[1].parse::<usize>().unwrap()];
        match words {
            ["invited", _, url] => {
                // Once it is claimed nobody is told the link any more.
                if *url != "-" {
                    let before = visit.url.replace((*url).to_owned());
                    assert!(before.is_none_or(|before| before == *url), "two links");
                }
                visit.done[who].insert("invited".to_owned());
            }
            ["wrote", _, text] => drop(visit.done[who].insert(format!("wrote {text}"))),
            ["read", _, at, text] => {
                let mail = &mut visit.mail[who][at.parse::<usize>().unwrap()];
                mail.1 = true;
                if unhex(text) == b"granted" {
                    visit.done[who].insert("let in".to_owned());
                }
            }
            // It was saved, and the process died before it could say so: the inbox will tell.
            ["refused", _, at, "Duplicate" | "MessageKeyGone" | "Ended"] => {
                visit.mail[who][at.parse::<usize>().unwrap()].1 = true;
                // The grant comes first.
                if *at == "0" {
                    visit.done[who].insert("let in".to_owned());
                }
            }
            [done, _] => drop(visit.done[who].insert((*done).to_owned())),
            _ => panic!("{words:?}"),
        }
    }
}

/// Lets the host and the guest live in turns.
pub fn survive(paths: &[String; 2], kills: u64) -> String {
    let mut doorstep = Doorstep::new(&paths[HOST]);
    let mut lives = [HOST, GUEST].map(|who| Lives::new(ROLES[who], &paths[who]));
    for kill in 0..kills {
        doorstep.who = usize::from(kill % 2 == 1);
        if kill % 4 == 0 {
            doorstep.expect_another();
        }
        lives[doorstep.who].cut_short(&mut doorstep);
    }
    // In peace: the link, the claim, the grant, the texts, the end.
    for turn in 0..8 {
        doorstep.who = turn % 2;
        lives[doorstep.who].in_peace(&mut doorstep);
    }
    doorstep.check(paths);
    let (chats, unsaid) = (doorstep.visits.len(), lives[HOST].unsaid + lives[GUEST].unsaid);
    format!("hosts and guests: {chats} chats, {unsaid} of their messages saved and not said")
}

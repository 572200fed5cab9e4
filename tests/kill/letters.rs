//! A client: a phone that reads letters, writes some, and makes new prekeys.
//!
//! It has a laptop beside it, and friends with two devices each, all of them in the memory of the one
//! that kills. New friends come all the time: their first letters use the phone's one-time prekeys, and
//! the phone's first letters to them begin sessions.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::client::{Address, Client, DeviceList, MessageId, To};
use latchstring::session::{AccountId, Bundle, OneTimePrekey};

use crate::child::{Courier, again, hex, listen, open, say, say_where, unhex};
use crate::process::{Lives, Mailbag, Surroundings};
use crate::store::{Failure, Kept, Store};
use support::town::{Mail, Town, said, text};
use support::{NOW, TestRng, one_time_ids_of};

const OWNER: &str = "phone";
const PHONE: usize = 0;
/// The person whose phone it is.
const OWN: usize = 0;

// ---- the process that is killed ----

struct Phone {
    path: String,
    store: Store,
    client: Kept<Client>,
    rng: TestRng,
}

impl Phone {
    fn read(&mut self, from: Address, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let Self { store, client, rng, .. } = self;
        store.step(rng, |step| {
            let arrived = step.change(client, |client, _| client.open(from, message, NOW))?;
            let read = text(&arrived.event);
            step.read(OWNER, &read)?;
            Ok(read)
        })
    }

    fn learn(&mut self, list: &DeviceList) -> Result<(), Failure> {
        let Self { store, client, rng, .. } = self;
        store.step(rng, |step| step.change(client, |client, _| client.learn(list, NOW)))?;
        Ok(())
    }

    /// Writes a letter once, in however many lives; or says for which device a bundle is missing.
    fn write(&mut self, letter: &str, to: &str, bundles: &[&str]) -> Result<String, Failure> {
        if self.has_written(letter) {
            return Ok(format!("wrote {letter}"));
        }
        let Self { store, client, rng, .. } = self;
        let account: AccountId = to.parse()?;
        let mut plan = client.get(store)?.plan(To::Account(account), NOW)?;
        let missing: BTreeSet<Address> = plan.missing().collect();
        for bundle in bundles {
            let bundle = Bundle::decode(&unhex(bundle))?;
            if missing.contains(&Address::of(bundle.certificate())) {
                plan.supply(client.get(store)?, &bundle, NOW, rng)?;
            }
        }
        let missing: Vec<String> = plan.missing().map(|address| address.to_string()).collect();
        if !missing.is_empty() {
            return Ok(format!("needs {letter} {}", missing.join(" ")));
        }
        store.step(rng, |step| {
            step.read("written", letter.as_bytes())?;
            let content = format!("from the phone {letter}");
            step.send(client, |client, rng| {
                client.seal(&mut plan, &said(content.as_bytes()), NOW, rng)
            })
        })?;
        Ok(format!("wrote {letter}"))
    }

    fn has_written(&self, letter: &str) -> bool {
        let database = rusqlite::Connection::open(&self.path).unwrap();
        let find = "SELECT count(*) FROM inbox WHERE owner = 'written' AND content = ?1";
        let count: i64 = database.query_row(find, [letter.as_bytes()], |row| row.get(0)).unwrap();
        count > 0
    }

    /// Makes new one-time prekeys, or gives those again of which it is not noted that they are out: saved, then
    /// published. What is in the outbox is noted as published, because it is sent until the server has it.
    fn replenish(&mut self) -> Result<(), Failure> {
        let Self { store, client, rng, .. } = self;
        let mut ids = Vec::new();
        store.step(rng, |step| {
            let keys = step.change(client, |client, rng| Ok(client.replenish(NOW, rng)))?;
            ids.extend(keys.iter().map(OneTimePrekey::id));
            keys.iter().try_for_each(|key| step.post("keys", None, &key.encode()))
        })?;
        store.step(rng, |step| step.change(client, |client, _| Ok(client.note_published(ids, NOW))))
    }

    fn rotate(&mut self) -> Result<(), Failure> {
        let Self { store, client, rng, .. } = self;
        let newest = [client.get(store)?.bundle().id()];
        store.step(rng, |step| {
            step.change(client, |client, _| Ok(client.note_published(newest, NOW)))
        })?;
        store.step(rng, |step| {
            let bundle = step.change(client, |client, rng| Ok(client.rotate(NOW, rng)))?;
            step.post("bundle", None, &bundle.encode())
        })
    }
}

pub fn child(path: &str, seed: u64) {
    let (rng, mut courier) = (TestRng::new(seed), Courier::default());
    let store = open(path);
    let client = store.load(OWNER, None).unwrap().unwrap();
    let mut phone = Phone { path: path.to_owned(), store, client, rng };
    say_where(&phone.client);
    courier.say(&phone.store);
    listen(|words| {
        match words {
            ["arrived", number] => return phone.store.sent(number.parse().unwrap()).unwrap(),
            ["learn", account, list] => {
                let list = DeviceList::decode(&unhex(list)).unwrap();
                again(|| phone.learn(&list)).unwrap();
                say(&format!("learned {account}"));
            }
            ["bring", at, from, message] => {
                let (from, message) = (from.parse().unwrap(), unhex(message));
                match again(|| phone.read(from, &message)) {
                    Ok(content) => say(&format!("read {at} {}", hex(&content))),
                    Err(error) => say(&format!("refused {at} {error:?}")),
                }
            }
            ["write", letter, to, bundles @ ..] => {
                say(&again(|| phone.write(letter, to, bundles)).unwrap());
            }
            ["replenish", ..] => again(|| phone.replenish()).unwrap(),
            ["rotate", ..] => again(|| phone.rotate()).unwrap(),
            _ => panic!("{words:?}"),
        }
        say_where(&phone.client);
        courier.say(&phone.store);
    });
}

// ---- the one that kills it ----

/// A letter to the phone.
struct Letter {
    mail: Mail,
    text: Vec<u8>,
    is_read: bool,
}

/// A letter that the phone is to write.
struct Task {
    to: AccountId,
    bundles: BTreeMap<Address, Vec<u8>>,
    is_done: bool,
}

struct Neighbours {
    town: Town,
    phone: Address,
    bag: Mailbag,
    letters: Vec<Letter>,
    tasks: Vec<Task>,
    /// Accounts that the phone knows.
    learned: BTreeSet<AccountId>,
    /// The readers of each text, and how often each has read it.
    read: BTreeMap<(Address, Vec<u8>), u32>,
    /// The one-time prekeys that the server has taken.
    taken: BTreeSet<Vec<u8>>,
    lives: u64,
}

impl Neighbours {
    fn new(path: &str) -> Self {
        let mut town = Town::new(11, &[2]);
        let phone = town.people[OWN].devices.remove(PHONE);
        let address = phone.address();
        open(path).keep(OWNER, phone, &mut town.rng).unwrap();
        let (bag, learned, read) = (Mailbag::default(), BTreeSet::new(), BTreeMap::new());
        let (letters, tasks, taken) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { town, phone: address, bag, letters, tasks, learned, read, taken, lives: 0 }
    }

    /// Lets an account with two devices move in.
    fn befriend(&mut self) {
        let friend = self.town.people.len();
        self.town.add_account(AccountId([u8::try_from(friend + 10).unwrap(); 32]));
        self.town.link(friend);
        self.town.inform(friend, self.town.id(OWN));
        self.town.inform(OWN, self.town.id(friend));
    }

    /// Writes from a device to the phone's account, or from the laptop to a friend, of which the phone gets a copy.
    fn say(&mut self, person: usize, device: usize, to: usize) {
        let text = format!("letter {}", self.letters.len()).into_bytes();
        self.town.say(person, device, to, &text);
        while let Some(mail) = self.town.server.take(self.phone) {
            self.letters.push(Letter { mail, text: text.clone(), is_read: false });
        }
        self.deliver();
    }

    /// Lets all others read what waits for them.
    fn deliver(&mut self) {
        for person in 0..self.town.people.len() {
            for device in 0..self.town.people[person].devices.len() {
                let address = self.town.address(person, device);
                for text in self.town.read(person, device) {
                    *self.read.entry((address, text)).or_default() += 1;
                }
            }
        }
    }

    /// Does what happens before a life.
    fn live(&mut self) {
        if self.lives.is_multiple_of(8) {
            self.befriend();
        }
        self.lives += 1;
        let people = u64::try_from(self.town.people.len() - 1).unwrap();
        for turn in [0, 1] {
            // The newest friend, and another.
            let friend = if turn == 0 { people } else { 1 + self.lives % people };
            let friend = usize::try_from(friend).unwrap();
            self.say(friend, usize::from(self.lives % 4 == turn), OWN);
            let to = self.town.id(friend);
            self.tasks.push(Task { to, bundles: BTreeMap::new(), is_done: false });
        }
        self.say(OWN, 0, usize::try_from(people).unwrap());
    }

    fn sent(&mut self, owner: &str, to: &str, message: Vec<u8>) {
        let server = &mut self.town.server;
        match owner {
            OWNER => {
                let (from, to) = (self.phone, to.parse().unwrap());
                let mail = Mail { from, to, id: MessageId([0; 16]), message };
                server.mail.entry(to).or_default().push_back(mail);
                self.deliver();
            }
            // A server takes none of them twice.
            "keys" if self.taken.insert(message.clone()) => {
                server.one_time.entry(self.phone).or_default().push(message);
            }
            "keys" => {}
            "bundle" => drop(server.bundles.insert(self.phone, message)),
            _ => panic!("{owner}"),
        }
    }

    /// Checks that in the end everybody has read everything once.
    fn check(&self, path: &str) {
        let store = open(path);
        assert!(store.outbox().unwrap().is_empty());
        let mut inbox: Vec<Vec<u8>> = store
            .inbox()
            .unwrap()
            .into_iter()
            .filter(|(owner, _)| owner == OWNER)
            .map(|(_, content)| content)
            .collect();
        let mut expected: Vec<Vec<u8>> =
            self.letters.iter().map(|letter| letter.text.clone()).collect();
        inbox.sort();
        expected.sort();
        assert!(inbox == expected, "the inbox is not what was sent");
        for (number, task) in self.tasks.iter().enumerate() {
            let text = format!("from the phone {number}").into_bytes();
            for person in &self.town.people {
                let is_for = person.id() == task.to || person.id() == self.phone.account;
                for device in &person.devices {
                    let times = self.read.get(&(device.address(), text.clone()));
                    let expected = is_for.then_some(&1);
                    assert_eq!(times, expected, "letter {number} was read {times:?} times");
                }
            }
        }
        // Each one-time prekey is on the server, or went with a session.
        let mut client: Kept<Client> = store.load(OWNER, None).unwrap().unwrap();
        let mut left = one_time_ids_of(client.get(&store).unwrap());
        let published = self.town.server.one_time[&self.phone].iter();
        // Behind version and kind.
        let mut published: Vec<[u8; 8]> =
            published.map(|key| key[2..10].try_into().unwrap()).collect();
        left.sort_unstable();
        published.sort_unstable();
        assert!(left == published, "{} one-time prekeys, {}", left.len(), published.len());
        for person in &self.town.people[1..] {
            for device in &person.devices {
                assert!(client.get(&store).unwrap().has_session(device.address(), NOW));
            }
        }
    }
}

impl Surroundings for Neighbours {
    fn born(&mut self) {
        self.bag.born();
        for task in &mut self.tasks {
            task.bundles.clear();
        }
    }

    fn wants(&mut self) -> Vec<String> {
        let mut wants: Vec<String> = self.bag.wants().collect();
        for person in &self.town.people[1..] {
            if !self.learned.contains(&person.id()) {
                let list = self.town.server.list(person.id()).encode();
                wants.push(format!("learn {} {}", person.id(), hex(&list)));
            }
        }
        for (at, letter) in self.letters.iter().enumerate().filter(|(_, letter)| !letter.is_read) {
            let Mail { from, message, .. } = &letter.mail;
            wants.push(format!("bring {at} {from} {}", hex(message)));
        }
        for (number, task) in self.tasks.iter().enumerate().filter(|(_, task)| !task.is_done) {
            let bundles: Vec<String> = task.bundles.values().map(|bundle| hex(bundle)).collect();
            wants.push(format!("write {number} {} {}", task.to, bundles.join(" ")));
        }
        let stock = self.town.server.one_time.get(&self.phone).map_or(0, Vec::len);
        if stock < 20 {
            wants.push(format!("replenish {}", self.lives));
        }
        if self.lives % 10 == 9 {
            wants.push(format!("rotate {}", self.lives));
        }
        wants.iter().map(|want| want.trim_end().to_owned()).collect()
    }

    fn hear(&mut self, words: &[&str]) {
        match words {
            ["learned", account] => {
                self.learned.insert(account.parse().unwrap());
            }
            ["read", at, content] => {
                let letter = &mut self.letters[at.parse::<usize>().unwrap()];
                assert_eq!(unhex(content), letter.text);
                letter.is_read = true;
            }
            // It was saved, and the process died before it could say so: the inbox will tell.
            ["refused", at, "Duplicate" | "MessageKeyGone"] => {
                self.letters[at.parse::<usize>().unwrap()].is_read = true;
            }
            ["needs", letter, missing @ ..] => {
                let task = &mut self.tasks[letter.parse::<usize>().unwrap()];
                for address in missing.iter().map(|address| address.parse().unwrap()) {
                    let server = &mut self.town.server;
                    let bundle = || server.bundle(address).encode();
                    task.bundles.entry(address).or_insert_with(bundle);
                }
            }
            ["wrote", letter] => self.tasks[letter.parse::<usize>().unwrap()].is_done = true,
            ["sent", number, owner, to, message] => {
                if let Some(message) = self.bag.take(number, message) {
                    self.sent(owner, to, message);
                }
            }
            _ => panic!("{words:?}"),
        }
    }
}

pub fn survive(path: &str, kills: u64) -> String {
    let mut neighbours = Neighbours::new(path);
    let mut lives = Lives::new("phone", path);
    for _ in 0..kills {
        neighbours.live();
        lives.cut_short(&mut neighbours);
    }
    lives.in_peace(&mut neighbours);
    neighbours.check(path);
    let (read, wrote) = (neighbours.letters.len(), neighbours.tasks.len());
    let unsaid = lives.unsaid;
    format!("a client: {read} letters, {unsaid} of them saved and not said; {wrote} written")
}

//! Accounts with several devices, and the server between them.

use std::collections::{BTreeMap, VecDeque};

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, DeviceList, Enclosed, GroupId, LetterEvent, MessageId, Outgoing,
    OwnContent, Plan, ReceivedLetter, Stop, To,
};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, Bundle, OneTimePrekey};

use super::linking;
use super::pair::{NOW, TestRng};

/// An envelope on its way.
#[derive(Clone)]
pub struct Mail {
    pub from: Address,
    pub to: Address,
    pub id: MessageId,
    pub message: Vec<u8>,
}

/// A server that does what it should. What it holds is public, for tests in which it does not.
#[derive(Default)]
pub struct Server {
    /// All lists of each account, the newest last.
    pub lists: BTreeMap<AccountId, Vec<Vec<u8>>>,
    pub bundles: BTreeMap<Address, Vec<u8>>,
    pub one_time: BTreeMap<Address, Vec<Vec<u8>>>,
    pub mail: BTreeMap<Address, VecDeque<Mail>>,
    pub blobs: Vec<Vec<u8>>,
}

impl Server {
    pub fn publish(&mut self, list: &DeviceList) {
        self.lists.entry(list.account()).or_default().push(list.encode());
    }

    pub fn list(&self, account: AccountId) -> DeviceList {
        DeviceList::decode(self.lists[&account].last().unwrap()).unwrap()
    }

    pub fn bundle(&mut self, of: Address) -> Bundle {
        let bundle = Bundle::decode(&self.bundles[&of]).unwrap();
        match self.one_time.get_mut(&of).and_then(Vec::pop) {
            Some(key) => bundle.attach(OneTimePrekey::decode(&key).unwrap()).unwrap(),
            None => bundle,
        }
    }

    pub fn post(&mut self, from: Address, out: Outgoing) {
        let id = out.id;
        self.blobs.extend(out.blob);
        for envelope in out.envelopes {
            let (to, message) = (envelope.to, envelope.message);
            self.mail.entry(to).or_default().push_back(Mail { from, to, id, message });
        }
    }

    pub fn take(&mut self, to: Address) -> Option<Mail> {
        self.mail.get_mut(&to).and_then(VecDeque::pop_front)
    }
}

/// Some accounts and their server.
pub struct Town {
    pub server: Server,
    pub people: Vec<Person>,
    pub now: u64,
    pub rng: TestRng,
}

/// An account and its devices, the primary first.
pub struct Person {
    pub account: Account,
    pub devices: Vec<Client>,
}

impl Person {
    pub fn id(&self) -> AccountId {
        self.account.id()
    }
}

impl Town {
    /// Accounts with so many devices each, that know each other's lists.
    pub fn new(seed: u64, devices: &[usize]) -> Self {
        let mut town = Self {
            server: Server::default(),
            people: Vec::new(),
            now: NOW,
            rng: TestRng::new(seed),
        };
        for (number, count) in devices.iter().enumerate() {
            let id = AccountId([u8::try_from(number + 1).unwrap(); 32]);
            town.add_account(id);
            for _ in 1..*count {
                town.link(number);
            }
        }
        town.learn_all();
        town
    }

    /// Adds a new account with one device.
    pub fn add_account(&mut self, id: AccountId) {
        let account = Account::generate(id, &mut self.rng);
        let client = Client::create(&account, self.now, &mut self.rng);
        self.server.publish(client.list());
        self.people.push(Person { account, devices: vec![client] });
        self.publish_keys(self.people.len() - 1, 0);
    }

    /// Links a new companion for a person.
    pub fn link(&mut self, person: usize) {
        let (now, rng) = (self.now, &mut self.rng);
        let Person { account, devices } = &mut self.people[person];
        let companion = linking::companion(&mut devices[0], account, now, rng);
        let list = companion.list().clone();
        devices.push(companion);
        self.server.publish(&list);
        let device = self.people[person].devices.len() - 1;
        self.publish_keys(person, device);
    }

    pub fn publish_keys(&mut self, person: usize, device: usize) {
        let client = &mut self.people[person].devices[device];
        let keys = client.replenish(self.now, &mut self.rng).apply();
        let ids = keys.iter().map(OneTimePrekey::id).chain([client.bundle().id()]);
        client.note_published(ids, self.now).apply();
        let address = client.address();
        self.server.bundles.insert(address, client.bundle().encode());
        let keys = keys.iter().map(OneTimePrekey::encode);
        self.server.one_time.entry(address).or_default().extend(keys);
    }

    /// Makes new signed prekeys of a device.
    pub fn rotate(&mut self, person: usize, device: usize) {
        let client = &mut self.people[person].devices[device];
        let bundle = client.rotate(self.now, &mut self.rng).apply();
        client.note_published([bundle.id()], self.now).apply();
        self.server.bundles.insert(client.address(), bundle.encode());
    }

    /// Lets a person's primary sign its list anew.
    pub fn renew(&mut self, person: usize) -> DeviceList {
        let Person { account, devices } = &mut self.people[person];
        linking::show_own_list(&mut devices[0]);
        devices[0].renew(account, self.now).unwrap().apply();
        let list = devices[0].list().clone();
        self.server.publish(&list);
        list
    }

    /// Lets a person's primary remove a companion, which is given out.
    pub fn remove(&mut self, person: usize, device: usize) -> (DeviceList, Client) {
        let gone = self.people[person].devices.remove(device);
        let Person { account, devices } = &mut self.people[person];
        linking::show_own_list(&mut devices[0]);
        devices[0].remove(account, gone.address().device, self.now).unwrap().apply();
        let list = devices[0].list().clone();
        self.server.publish(&list);
        (list, gone)
    }

    /// Gives every device of a person the newest list of an account.
    pub fn inform(&mut self, person: usize, of: AccountId) {
        for device in 0..self.people[person].devices.len() {
            self.learn(person, device, of).unwrap();
        }
    }

    /// Lets every device of one account talk with all of another, until all their sessions are proven.
    pub fn chat(&mut self, one: usize, other: usize) {
        for _ in 0..2 {
            for (from, to) in [(one, other), (other, one)] {
                for device in 0..self.people[from].devices.len() {
                    self.say(from, device, to, b"chat");
                    self.receive_all();
                }
            }
        }
    }

    /// Receives everything that waits for anybody; it must open.
    pub fn receive_all(&mut self) {
        for person in 0..self.people.len() {
            for device in 0..self.people[person].devices.len() {
                for arrived in self.receive(person, device) {
                    arrived.unwrap();
                }
            }
        }
    }

    /// Takes the one envelope that waits for a device.
    pub fn mail(&mut self, person: usize, device: usize) -> Mail {
        let address = self.address(person, device);
        let mail = self.server.take(address).unwrap();
        assert!(self.server.take(address).is_none(), "more than one envelope");
        mail
    }

    /// Returns the alerts of the one envelope that waits for a device.
    pub fn alerts(&mut self, person: usize, device: usize) -> Vec<Alert> {
        let mut arrived = self.receive(person, device);
        assert_eq!(arrived.len(), 1);
        arrived.pop().unwrap().unwrap().alerts
    }

    pub fn client(&mut self, person: usize, device: usize) -> &mut Client {
        &mut self.people[person].devices[device]
    }

    pub fn id(&self, person: usize) -> AccountId {
        self.people[person].id()
    }

    pub fn address(&self, person: usize, device: usize) -> Address {
        self.people[person].devices[device].address()
    }

    /// Gives every device every newest list.
    pub fn learn_all(&mut self) {
        for person in 0..self.people.len() {
            for device in 0..self.people[person].devices.len() {
                for of in 0..self.people.len() {
                    let _ = self.learn(person, device, self.id(of));
                }
            }
        }
    }

    /// Gives a device the newest list of an account.
    pub fn learn(
        &mut self,
        person: usize,
        device: usize,
        of: AccountId,
    ) -> Result<latchstring::client::ListUpdate, Error> {
        let list = self.server.list(of);
        let now = self.now;
        let client = self.client(person, device);
        Ok(client.learn(&list, now)?.apply())
    }

    /// Fetches the bundles that a plan misses.
    pub fn supply(&mut self, person: usize, device: usize, plan: &mut Plan) -> Result<(), Error> {
        let missing: Vec<_> = plan.missing().collect();
        for address in missing {
            let bundle = self.server.bundle(address);
            let client = &self.people[person].devices[device];
            plan.supply(client, &bundle, self.now, &mut self.rng)?;
        }
        Ok(())
    }

    /// Plans a letter of a device to another account.
    pub fn plan(&self, person: usize, device: usize, to: usize) -> Plan {
        let to = To::Account(self.id(to));
        self.people[person].devices[device].plan(to, self.now).unwrap()
    }

    /// Plans, fetches, seals; nothing is posted.
    pub fn seal(
        &mut self,
        person: usize,
        device: usize,
        to: To<'_>,
        content: &[u8],
    ) -> Result<Outgoing, Error> {
        let mut plan = self.people[person].devices[device].plan(to, self.now)?;
        self.supply(person, device, &mut plan)?;
        self.seal_plan(person, device, &mut plan, &said(content))
    }

    pub fn seal_plan<'a>(
        &mut self,
        person: usize,
        device: usize,
        plan: &mut Plan,
        enclosed: impl Into<Enclosed<'a>>,
    ) -> Result<Outgoing, Error> {
        let client = &mut self.people[person].devices[device];
        Ok(client.seal(plan, enclosed, self.now, &mut self.rng)?.apply())
    }

    /// Sends a message from a device to another account.
    pub fn say(&mut self, person: usize, device: usize, to: usize, content: &[u8]) -> MessageId {
        let out = self.seal(person, device, To::Account(self.id(to)), content).unwrap();
        let id = out.id;
        self.server.post(self.address(person, device), out);
        id
    }

    /// Receives everything that waits for a device.
    pub fn receive(&mut self, person: usize, device: usize) -> Vec<Result<ReceivedLetter, Error>> {
        let (address, now) = (self.address(person, device), self.now);
        let mut arrived = Vec::new();
        while let Some(mail) = self.server.take(address) {
            let client = self.client(person, device);
            arrived.push(client.receive(mail.from, &mail.message, now));
        }
        arrived
    }

    /// Returns the texts that wait for a device; anything else stops the test.
    pub fn read(&mut self, person: usize, device: usize) -> Vec<Vec<u8>> {
        let arrived = self.receive(person, device).into_iter();
        arrived.map(|arrived| text(&arrived.unwrap().event)).collect()
    }
}

/// Returns the reason for which an account gets nothing of a client, as it says and as it plans.
#[track_caller]
pub fn stop(client: &Client, account: AccountId, now: u64) -> Option<Stop> {
    let stop = client.stopped(&[account], now).next().map(|(_, stop)| stop);
    let to = To::Group { id: GroupId([0xee; 32]), members: &[account] };
    if let Ok(plan) = client.plan(to, now) {
        assert_eq!(plan.stopped().find(|(of, _)| *of == account).map(|(_, stop)| stop), stop);
        assert_eq!(plan.devices().any(|device| device.account == account), stop.is_none());
    }
    stop
}

/// Makes a content of these bytes, which mean something to the tests alone.
pub fn said(bytes: &[u8]) -> Content {
    Content::app(7, bytes)
}

/// Returns what a plan is given: such a content, or nothing if it has no bytes.
pub fn enclosed(said: &Content) -> Enclosed<'_> {
    match said.as_app() {
        Some((_, [])) => Enclosed::Nothing,
        _ => Enclosed::from(said),
    }
}

/// Returns the bytes of a message that was made so.
pub fn text(event: &LetterEvent) -> Vec<u8> {
    match event {
        LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => {
            bytes(content)
        }
        _ => panic!("this is no text"),
    }
}

/// Returns the bytes of such a content.
pub fn bytes(content: &Content) -> Vec<u8> {
    let (tag, bytes) = content.as_app().unwrap();
    assert_eq!(tag, 7);
    bytes.to_vec()
}

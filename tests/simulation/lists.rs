//! Accounts, devices that come and go, lists, prekeys.

use latchstring::Error;
use latchstring::client::{Address, Client, DeviceList, LinkingRequest, ListUpdate, NewDevice};
use latchstring::session::{Account, AccountId, AccountKey, Bundle, Certificate, OneTimePrekey};
use latchstring::storage::State;

use crate::letters::copy;
use crate::server::Published;
use crate::world::{Person, Place, World, commit};

impl World {
    /// Adds a new account with one device.
    pub fn add_account(&mut self, id: AccountId) {
        let account = Account::generate(id, &mut self.rng);
        let person = self.people.len();
        self.people.push(Person { account, nodes: Vec::new() });
        self.begin(person);
    }

    /// Adds the first device of a person's account.
    fn begin(&mut self, person: usize) {
        let account = &self.people[person].account;
        let client = Client::create(account, self.now, &mut self.rng);
        self.server.publish(client.list());
        let node = self.add_node(client, person, Place::Listed);
        self.people[person].nodes.push(node);
        self.publish_keys(node);
    }

    /// Makes a device that is to be linked, with its acceptance, and what the primary has signed.
    fn new_device(&mut self, account: &Account, primary: &mut Client, now: u64) -> Option<Client> {
        let new_device = NewDevice::generate("a laptop", now, &mut self.rng).unwrap();
        let new_device = NewDevice::from_bytes(&new_device.to_bytes()).unwrap();
        let request = LinkingRequest::read(&new_device.code(), now).unwrap();
        let offer = primary.approve(account, &request, Client::COMPANIONS, now, &mut self.rng);
        let offer = match offer {
            Ok(offer) => offer.apply(),
            Err(error) => {
                self.count_error("approve", error);
                return None;
            }
        };
        let linking_offer = new_device.open(&offer, now).unwrap();
        let (mut companion, acceptance) =
            linking_offer.accept(new_device, now, &mut self.rng).unwrap();
        primary.admit(account, &acceptance, now).unwrap().apply();
        companion.learn(primary.list(), now).unwrap().apply();
        Some(companion)
    }

    pub fn link(&mut self, person: usize) {
        let primary = self.people[person].nodes[0];
        let now = self.time(primary);
        let account = Account::from_bytes(&self.people[person].account.to_bytes()).unwrap();
        let mut client = copy(&self.nodes[primary].client);
        let companion = self.new_device(&account, &mut client, now);
        self.nodes[primary].client = client;
        let Some(companion) = companion else { return };
        self.server.publish(companion.list());
        let node = self.add_node(companion, person, Place::Listed);
        self.people[person].nodes.push(node);
        self.publish_keys(node);
        self.count("link");
    }

    /// Removes a companion.
    pub fn remove(&mut self, person: usize) {
        let nodes = &self.people[person].nodes;
        if nodes.len() < 2 {
            return;
        }
        let place = 1 + self.below(self.people[person].nodes.len() - 1);
        let (primary, node) = (self.people[person].nodes[0], self.people[person].nodes[place]);
        let (now, gone) = (self.time(primary), self.address(node));
        let account = &self.people[person].account;
        let removed = commit(&mut self.nodes[primary].client, &mut self.rng, |client, _| {
            client.remove(account, gone.device, now)
        });
        match removed {
            Ok(()) => {
                self.server.publish(self.nodes[primary].client.list());
                self.drop_sessions(primary, |address| address == gone);
                assert!(!self.nodes[primary].client.has_session(gone, now));
                self.people[person].nodes.remove(place);
                self.nodes[node].place = Place::Removed;
                self.count("remove");
            }
            Err(error) => self.count_error("remove", error),
        }
    }

    /// Sets the account up anew: another key, none of the devices.
    pub fn reset(&mut self, person: usize) {
        let id = self.account(person);
        for node in std::mem::take(&mut self.people[person].nodes) {
            self.nodes[node].place = Place::Removed;
        }
        self.people[person].account = Account::generate(id, &mut self.rng);
        self.server.lists.remove(&id);
        self.server.forks.remove(&id);
        self.begin(person);
        self.count("account set up anew");
    }

    /// Copies a primary with the account key and signs a list that its owner does not know.
    pub fn steal(&mut self, person: usize) {
        let primary = self.people[person].nodes[0];
        let now = self.time(primary);
        let account = Account::from_bytes(&self.people[person].account.to_bytes()).unwrap();
        let mut thief = copy(&self.nodes[primary].client);
        let Some(ghost) = self.new_device(&account, &mut thief, now) else { return };
        let id = account.id();
        let base = self.nodes[primary].client.list().epoch();
        self.server.fork_bases.insert(ghost.list().hash(), base);
        self.server.forks.entry(id).or_default().push(ghost.list().encode());
        let node = self.add_node(ghost, person, Place::Ghost);
        self.publish_keys(node);
        self.count("account key stolen");
    }

    pub fn publish_keys(&mut self, node: usize) {
        let now = self.time(node);
        let keys = self.commit(node, |client, rng| Ok(client.replenish(now, rng))).unwrap();
        let (address, at) = (self.address(node), self.time(node));
        let keys = keys.iter().map(|key| (at, OneTimePrekey::encode(key)));
        self.server.one_time.entry(address).or_default().extend(keys);
        if !self.server.bundles.contains_key(&address) {
            let bytes = self.nodes[node].client.bundle().encode();
            self.server.bundles.insert(address, vec![Published { at, bytes }]);
        }
    }

    /// Does the tasks of a device.
    pub fn maintain(&mut self, node: usize) {
        let (now, address) = (self.time(node), self.address(node));
        let published = self.server.one_time[&address].len();
        let due = self.nodes[node].client.tasks(now, published);
        if due.prekeys.rotate {
            let bundle = self.commit(node, |client, rng| Ok(client.rotate(now, rng))).unwrap();
            let bytes = Bundle::encode(&bundle);
            self.server.bundles.get_mut(&address).unwrap().push(Published { at: now, bytes });
            self.count("rotate");
        }
        if published < 20 {
            self.publish_keys(node);
            self.count("replenish");
        }
        let primary = self.people[self.nodes[node].person].nodes[0];
        if due.renew_list && node == primary {
            let account = &self.people[self.nodes[node].person].account;
            let (client, rng) = (&mut self.nodes[node].client, &mut self.rng);
            match commit(client, rng, |client, _| client.renew(account, now)) {
                Ok(()) => {
                    self.server.publish(self.nodes[node].client.list());
                    self.count("renew list");
                }
                Err(error) => self.count_error("renew", error),
            }
        }
        if self.nodes[node].client.expire(now).is_change() {
            self.commit(node, |client, _| Ok(client.expire(now))).unwrap();
            assert!(!self.nodes[node].client.tasks(now, 50).expire, "expiry leaves nothing");
        }
    }

    /// Gives a device a list of an account as the server shows it.
    pub fn fetch(&mut self, node: usize, of: AccountId) -> Result<(), Error> {
        let newest = self.server.lists[&of].last().unwrap().clone();
        let own = self.address(node).account;
        let bytes = if self.is_quiet {
            newest.clone()
        } else {
            let bytes = self.server.list(of, &mut self.rng);
            let is_fork = self.server.forks.get(&of).is_some_and(|forks| forks.contains(&bytes));
            // The thief shows its list to others, not to the account's own devices.
            let hides = own == of && is_fork && self.nodes[node].place != Place::Ghost;
            if hides { newest.clone() } else { bytes }
        };
        let decoded = self.decoded.entry(bytes.clone());
        let decoded = decoded.or_insert_with(|| DeviceList::decode(&bytes));
        let list = match decoded.clone() {
            Ok(list) => list,
            Err(error) => {
                self.count_error("list", error);
                return Err(error);
            }
        };
        let is_fork = !self.server.signed.contains(&list.hash());
        let known_fork = self.server.forks.get(&of).is_some_and(|forks| forks.contains(&bytes));
        assert!(!is_fork || known_fork, "a list that nobody signed was read");
        let (now, before) = (self.time(node), self.sample(node));
        let known = self.nodes[node].client.list_of(of).cloned();
        match self.commit(node, |client, _| client.learn(&list, now)) {
            Ok(learned) => {
                let is_judged_alone = matches!(learned, ListUpdate::First | ListUpdate::Changed);
                let is_over = is_judged_alone && now > list.expires();
                assert!(!is_over, "a list past its time was taken");
                if let Some(known) = &known
                    && learned != ListUpdate::Changed
                {
                    assert_eq!(list.account_key(), known.account_key(), "another account key");
                    assert!(list.epoch() >= known.epoch(), "an older list was taken");
                }
                if let Some(known) = &known
                    && learned != ListUpdate::Changed
                {
                    self.check_follows(known, &list);
                }
                if let Some(known) = &known
                    && list.epoch() == known.epoch()
                    && learned != ListUpdate::Changed
                {
                    assert_eq!(list.hash(), known.hash(), "another list of the same epoch");
                }
                self.learned(node, of, &list, &learned);
                Ok(())
            }
            Err(error) => {
                self.check_sample(node, before.as_ref(), "a list");
                self.count_error("learn", error);
                let waiting = self.nodes[node].client.changed_list_of(of);
                let mut held = known.iter().chain(waiting);
                let on_fork = held.any(|list| !self.server.signed.contains(&list.hash()));
                // The user has looked into it.
                if matches!(error, Error::ListFork | Error::ListRollback)
                    && on_fork
                    && bytes == newest
                    && own != of
                    && (self.is_quiet || self.once_in(2))
                {
                    self.forget(node, of);
                    return self.fetch(node, of);
                }
                Err(error)
            }
        }
    }

    /// Checks that of two histories each list follows only its own.
    fn check_follows(&self, known: &DeviceList, list: &DeviceList) {
        let base = |list: &DeviceList| self.server.fork_bases.get(&list.hash()).copied();
        match (base(known), base(list)) {
            (None, Some(base)) => assert!(known.epoch() <= base, "a fork was taken"),
            (Some(_), None) => panic!("a list was taken that does not follow a fork"),
            (Some(_), Some(_)) => assert_eq!(known.hash(), list.hash(), "another fork was taken"),
            (None, None) => {}
        }
    }

    fn learned(&mut self, node: usize, of: AccountId, list: &DeviceList, learned: &ListUpdate) {
        match learned {
            ListUpdate::Removed => {
                assert_ne!(self.nodes[node].place, Place::Listed, "a listed device was removed");
                self.nodes[node].knows = true;
                self.count("learned its removal");
            }
            ListUpdate::Changed => {
                let key = list.account_key();
                if self.is_quiet || self.once_in(2) {
                    self.acknowledge(node, of, &key);
                }
            }
            _ => {
                assert_eq!(self.nodes[node].client.list_of(of).unwrap().hash(), list.hash());
                let unlisted = |address: Address| {
                    address.account == of && list.device(address.device).is_none()
                };
                let now = self.time(node);
                let client = &self.nodes[node].client;
                let mut with = self.nodes[node].active.keys().filter(|with| unlisted(**with));
                assert!(with.all(|with| !client.has_session(*with, now)), "a session is left");
                self.drop_sessions(node, unlisted);
            }
        }
    }

    pub fn acknowledge(&mut self, node: usize, of: AccountId, key: &AccountKey) {
        let now = self.time(node);
        let wrong = self.nodes[node].client.acknowledge(of, &AccountKey([9; 32]), now).err();
        assert_eq!(wrong, Some(Error::AccountChanged));
        self.commit(node, |client, _| client.acknowledge(of, key, now)).unwrap();
        self.drop_sessions(node, |address| address.account == of);
        self.losses += 1;
        self.count("acknowledge");
    }

    pub fn forget(&mut self, node: usize, of: AccountId) {
        let now = self.time(node);
        if self.commit(node, |client, _| client.forget(of, now)).is_ok() {
            self.drop_sessions(node, |address| address.account == of);
            self.losses += 1;
            self.count("forget");
        }
    }

    fn drop_sessions(&mut self, node: usize, gone: impl Fn(Address) -> bool) {
        self.nodes[node].active.retain(|address, _| !gone(*address));
    }

    /// Returns the addresses of the devices of a list.
    pub fn addresses(list: &DeviceList) -> Vec<Address> {
        let of =
            |device: &Certificate| Address { account: device.account(), device: device.device() };
        list.devices().iter().map(of).collect()
    }
}

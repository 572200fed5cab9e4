//! Accounts, devices that come and go, lists, prekeys.

use latchstring::Error;
use latchstring::client::{
    Address, Client, DeviceList, Entrant, LinkingRequest, ListUpdate, NewDevice,
};
use latchstring::session::{Account, AccountId, Certificate, Served};
use latchstring::storage::{Pending, State};
use support::linking::{accepted, briefed, show_own_list};

use crate::letters::copy;
use crate::server::attack;
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
        show_own_list(primary);
        let offer = primary.approve(account, &request, Client::COMPANIONS, now, &mut self.rng);
        let offer = match offer {
            Ok(offer) => offer.apply(),
            Err(error) => {
                self.count_error("approve", error);
                return None;
            }
        };
        let linking_offer = new_device.open(&offer, now).unwrap();
        let (entrant, acceptance) = accepted(linking_offer, new_device, primary, now);
        let entrant = Entrant::from_bytes(&entrant.to_bytes()).unwrap();
        let briefing = primary.admit(account, &acceptance, b"", now).unwrap().apply();
        Some(briefed(entrant, &briefing, now, &mut self.rng))
    }

    pub fn link(&mut self, person: usize) {
        let primary = self.people[person].nodes[0];
        // Two clocks that differ by more than a minute link nobody.
        if self.is_misled(primary) {
            return;
        }
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
        self.remove_at(person, place);
    }

    /// Removes the companion at this place.
    pub fn remove_at(&mut self, person: usize, place: usize) {
        let (primary, node) = (self.people[person].nodes[0], self.people[person].nodes[place]);
        let (now, gone) = (self.time(primary), self.address(node));
        let account = &self.people[person].account;
        let removed = commit(&mut self.nodes[primary].client, &mut self.rng, |client, _| {
            show_own_list(client);
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
        if self.server.attacks & attack::OLD_KEY != 0 {
            self.keep_key(person);
        }
        for node in std::mem::take(&mut self.people[person].nodes) {
            self.nodes[node].place = Place::Removed;
        }
        self.people[person].account = Account::generate(id, &mut self.rng);
        self.server.lists.remove(&id);
        self.server.forks.remove(&id);
        self.begin(person);
        self.count("account set up anew");
    }

    /// Keeps the key that an account gives up, and what its holder can sign with it: lists that follow, some that
    /// leave a gap, and others under a key of its own.
    fn keep_key(&mut self, person: usize) {
        let (id, primary) = (self.account(person), self.people[person].nodes[0]);
        let now = self.time(primary);
        let account = Account::from_bytes(&self.people[person].account.to_bytes()).unwrap();
        let mut thief = copy(&self.nodes[primary].client);
        let mut lists = vec![thief.list().encode()];
        for number in 1..=70 {
            show_own_list(&mut thief);
            thief.renew(&account, now).unwrap().apply();
            if [1, 2, 67, 70].contains(&number) {
                lists.push(thief.list().encode());
            }
        }
        let invented = Account::generate(id, &mut self.rng);
        lists.push(Client::create(&invented, now, &mut self.rng).list().encode());
        self.server.other_keys.entry(id).or_default().extend(lists);
    }

    /// Copies a primary with the account key and signs a list that its owner does not know.
    pub fn steal(&mut self, person: usize) {
        let primary = self.people[person].nodes[0];
        if self.is_misled(primary) {
            return;
        }
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

    /// Does the tasks of a device.
    pub fn maintain(&mut self, node: usize) {
        self.check_unread(node);
        let now = self.time(node);
        let due = self.maintain_prekeys(node);
        let primary = self.people[self.nodes[node].person].nodes[0];
        if due.renew_list && node == primary {
            let account = &self.people[self.nodes[node].person].account;
            let (client, rng) = (&mut self.nodes[node].client, &mut self.rng);
            match commit(client, rng, |client, _| signed_anew(client, account, now)) {
                Ok(()) => {
                    self.server.publish(self.nodes[node].client.list());
                    self.count("renew list");
                }
                Err(error) => self.count_error("renew", error),
            }
        }
        if self.nodes[node].client.expire(now).is_change() {
            let expired = self.commit(node, |client, _| Ok(client.expire(now))).unwrap();
            self.note_lost(node, &expired.lost);
            assert!(
                !self.nodes[node].client.tasks(&Served::NOTHING, now).expire,
                "expiry leaves nothing"
            );
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
            // Whoever knows no list takes the first that it is shown; people compare fingerprints then.
            let others = self.server.other_keys.get(&of);
            let is_other = others.is_some_and(|lists| lists.contains(&bytes));
            if hides || (is_other && self.nodes[node].client.list_of(of).is_none()) {
                newest.clone()
            } else {
                bytes
            }
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
        let others = self.server.other_keys.get(&of);
        let is_of_other = others.is_some_and(|lists| lists.contains(&bytes));
        let is_signed = !is_fork || known_fork || is_of_other;
        assert!(is_signed, "a list that nobody signed was read");
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
                let key = list.account_key();
                let client = &self.nodes[node].client;
                let is_held = client.changed_lists_of(of).any(|held| held.account_key() == key);
                if is_held && known.is_some_and(|known| known.account_key() != key) {
                    self.nodes[node].shown.insert((of, key));
                }
                self.learned(node, of, &list, &learned);
                Ok(())
            }
            Err(error) => {
                self.check_sample(node, before.as_ref(), "a list");
                self.count_error("learn", error);
                // The user has looked into it.
                if error == Error::ListFork
                    && bytes == newest
                    && own != of
                    && (self.is_quiet || self.once_in(2))
                {
                    self.acknowledge(node, &list);
                    // One of a clock that is ahead waits until its owner has signed anew.
                    let client = &self.nodes[node].client;
                    let is_taken = client.list_of(of).is_some_and(|it| it.hash() == list.hash());
                    return if is_taken { self.fetch(node, of) } else { Err(error) };
                }
                // The owner hears that somebody goes on from its list, and goes on, too.
                if error == Error::ListRollback && bytes == newest && self.is_quiet && own != of {
                    self.renew(of);
                    return self.fetch(node, of);
                }
                Err(error)
            }
        }
    }

    fn renew(&mut self, of: AccountId) {
        let person = self.people.iter().position(|person| person.account.id() == of).unwrap();
        let primary = self.people[person].nodes[0];
        let (now, account) = (self.time(primary), &self.people[person].account);
        let (client, rng) = (&mut self.nodes[primary].client, &mut self.rng);
        commit(client, rng, |client, _| signed_anew(client, account, now)).unwrap();
        self.server.publish(self.nodes[primary].client.list());
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
                if self.is_quiet || self.once_in(2) {
                    self.decide_all(node, of);
                    // There may not have been room for it.
                    let known = self.nodes[node].client.list_of(of);
                    let is_right = list.account_key() == self.right_key(of);
                    if is_right && known.is_none_or(|known| known.hash() != list.hash()) {
                        self.acknowledge(node, list);
                    }
                }
            }
            _ => {
                // A list that has waited may follow from it.
                let known = self.nodes[node].client.list_of(of).unwrap().clone();
                assert!(known.hash() == list.hash() || known.epoch() > list.epoch());
                let list = known;
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

    pub fn drop_sessions(&mut self, node: usize, gone: impl Fn(Address) -> bool) {
        self.nodes[node].active.retain(|address, _| !gone(*address));
        self.nodes[node].care.forget(&gone);
        self.impostors.met.retain(|(by, address)| *by != node || !gone(*address));
    }

    /// Returns the addresses of the devices of a list.
    pub fn addresses(list: &DeviceList) -> Vec<Address> {
        let of =
            |device: &Certificate| Address { account: device.account(), device: device.device() };
        list.devices().iter().map(of).collect()
    }
}

/// Renews an account's list, once the client was shown the one that it knows.
fn signed_anew<'a>(
    client: &'a mut Client,
    account: &Account,
    now: u64,
) -> Result<Pending<'a, Client, ()>, Error> {
    show_own_list(client);
    client.renew(account, now)
}

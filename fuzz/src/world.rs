//! Two accounts of two devices each, and a server that loses, repeats, forges and withholds.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, DeviceList, GroupId, LetterEvent, ListMismatch, MessageId, OwnContent,
    Plan, Repair, To,
};
use latchstring::session::{Account, AccountId, Bundle, OneTimePrekey, Served};
use latchstring::storage::State;

use crate::linking;
use crate::saved;
use crate::support::TestRng;
use crate::town::{Town, bytes, enclosed, said};

/// An envelope that was posted once; the server can deliver it as often as it likes.
struct Mail {
    from: Address,
    to: Address,
    message: Vec<u8>,
}

struct Member {
    client: Client,
    /// The letters that it has shown.
    shown: BTreeSet<(Address, MessageId)>,
    bundle: Bundle,
    one_time: Vec<OneTimePrekey>,
}

/// All that an operation can reach.
pub struct World {
    accounts: [Account; 2],
    /// The first account's two devices, primary first, then the second's.
    members: [Member; 4],
    lists: BTreeMap<AccountId, Vec<DeviceList>>,
    mail: Vec<Mail>,
    /// The contents that were really said: by whom, under which id.
    said: BTreeMap<(Address, MessageId), Vec<u8>>,
    now: u64,
    rng: TestRng,
}

/// A world to begin from, as bytes.
pub struct Seed {
    accounts: [Vec<u8>; 2],
    members: [(Vec<u8>, Bundle, Vec<OneTimePrekey>); 4],
    lists: BTreeMap<AccountId, Vec<DeviceList>>,
    now: u64,
}

impl Seed {
    pub fn new(seed: u64) -> Self {
        let town = Town::new(seed, &[2, 2]);
        let accounts = [0, 1].map(|person| saved(&town.people[person].account));
        // So few one-time prekeys that they run out.
        let members = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(person, device)| {
            let client = &town.people[person].devices[device];
            let keys = &town.server.one_time[&client.address()][..2];
            let keys = keys.iter().map(|key| OneTimePrekey::decode(key).unwrap());
            (saved(client), client.bundle(), keys.collect())
        });
        let lists = town.server.lists.iter().map(|(account, lists)| {
            (*account, lists.iter().map(|list| DeviceList::decode(list).unwrap()).collect())
        });
        Self { accounts, members, lists: lists.collect(), now: town.now }
    }

    pub fn grow(&self) -> World {
        let members = self.members.each_ref().map(|(bytes, bundle, one_time)| Member {
            client: Client::from_bytes(bytes).unwrap(),
            shown: BTreeSet::new(),
            bundle: bundle.clone(),
            one_time: one_time.clone(),
        });
        World {
            accounts: self.accounts.each_ref().map(|bytes| Account::from_bytes(bytes).unwrap()),
            members,
            lists: self.lists.clone(),
            mail: Vec::new(),
            said: BTreeMap::new(),
            now: self.now,
            rng: TestRng::new(2),
        }
    }
}

impl World {
    /// Does one operation: who does it (2 bits), what (3 bits), and how (3 bits).
    pub fn step(&mut self, event: u8) {
        let (who, how) = (usize::from(event & 3), usize::from(event >> 5));
        match event >> 2 & 7 {
            0 => self.say(who, how),
            1 | 2 => self.deliver(who, how),
            3 => self.forge(who, how),
            4 => self.restore(who),
            5 => self.sign(who, how),
            6 => self.learn(who, how),
            _ => self.pass(who, how),
        }
    }

    fn say(&mut self, who: usize, how: usize) {
        let client = &self.members[who].client;
        let own = self.accounts[who / 2].id();
        let other = self.accounts[1 - who / 2].id();
        let content = vec![how as u8; if how == 7 { 5000 } else { 1 + 20 * how }];
        let to = match how {
            0 => To::Own,
            1 => To::Group { id: GroupId([1; 32]), members: &[other] },
            _ => To::Account(other),
        };
        let Ok(plan) = client.plan(to, self.now) else { return };
        for address in plan.devices() {
            assert!(client.list_of(address.account).unwrap().device(address.device).is_some());
            assert!(address != client.address() && (how > 0 || address.account == own));
        }
        self.send(who, plan, &content);
    }

    /// Supplies a plan, or leaves devices out whose bundle does not fit; seals, posts.
    fn send(&mut self, who: usize, mut plan: Plan, content: &[u8]) {
        for address in plan.missing().collect::<Vec<_>>() {
            let of = self.members.iter_mut().find(|member| member.client.address() == address);
            let of = of.expect("only these four are ever listed");
            let bundle = match of.one_time.pop() {
                Some(key) => of.bundle.attach(key).unwrap_or_else(|_| of.bundle.clone()),
                None => of.bundle.clone(),
            };
            let client = &self.members[who].client;
            if plan.supply(client, &bundle, self.now, &mut self.rng).is_err() {
                plan.leave_out(address).unwrap();
            }
        }
        let client = &mut self.members[who].client;
        let before = saved(client);
        let said = said(content);
        let out = match client.seal(&mut plan, enclosed(&said), self.now, &mut self.rng) {
            Ok(sealed) => sealed.apply(),
            Err(_) => {
                assert_eq!(saved(client), before);
                return;
            }
        };
        let from = client.address();
        if !content.is_empty() {
            let said = self.said.entry((from, out.id)).or_insert_with(|| content.to_vec());
            assert_eq!(said, content, "other content under one id");
        }
        let mail = out.envelopes.into_iter();
        self.mail.extend(mail.map(|envelope| Mail {
            from,
            to: envelope.to,
            message: envelope.message,
        }));
    }

    /// Finds a posted envelope for a device, counted from the newest.
    fn find(&self, who: usize, how: usize) -> Option<usize> {
        let to = self.members[who].client.address();
        let mut mail = self.mail.iter().enumerate().rev().filter(|(_, mail)| mail.to == to);
        mail.nth(how).map(|(place, _)| place)
    }

    fn deliver(&mut self, who: usize, how: usize) {
        let Some(place) = self.find(who, how) else { return };
        let Mail { from, ref message, .. } = self.mail[place];
        let Member { client, shown, .. } = &mut self.members[who];
        let arrived = match client.open(from, message, self.now) {
            Ok(opened) => opened.apply(),
            Err(error) => {
                assert!(!matches!(error, Error::StateCloned | Error::Inconsistent), "{error:?}");
                return;
            }
        };
        // Nobody lies, loses a state or goes back to an old one.
        for alert in &arrived.alerts {
            let is_false = match alert {
                Alert::SessionReset | Alert::SessionForked | Alert::Equivocation { .. } => true,
                Alert::Lists { mismatch, .. } => *mismatch == ListMismatch::Forked,
                _ => false,
            };
            assert!(!is_false, "{alert:?}");
        }
        assert_eq!(arrived.from, from);
        assert!(client.list_of(from.account).unwrap().device(from.device).is_some());
        let text = match arrived.event {
            LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => {
                bytes(&content)
            }
            LetterEvent::Blob(blob) => {
                assert_eq!(blob.length(), 5010);
                assert!(shown.insert((from, arrived.id)), "shown twice");
                return;
            }
            LetterEvent::ResendRequested => {
                let (own, now) = (client.address(), self.now);
                let Some(repair) = client.repairs(now).next() else { return };
                let Ok(plan) = client.plan_repair(&repair, now) else { return };
                let said = match repair {
                    Repair::Resend { id, .. } => self.said.get(&(own, id)).cloned(),
                    _ => Some(Vec::new()),
                };
                if let Some(content) = said {
                    self.send(who, plan, &content);
                }
                return;
            }
            _ => return,
        };
        assert_eq!(text, self.said[&(from, arrived.id)], "nobody said so");
        assert!(shown.insert((from, arrived.id)), "shown twice");
    }

    /// Brings an altered envelope, one under another sender's address, or one for another device.
    fn forge(&mut self, who: usize, how: usize) {
        let Some(place) = self.find(who, how / 2) else { return };
        let (from, mut message) = (self.mail[place].from, self.mail[place].message.clone());
        let own = self.members[who].client.address();
        let other = self.members.iter().map(|member| member.client.address());
        let mut others = other.filter(|address| *address != from && *address != own);
        let alleged = if how % 2 == 0 {
            let bit = (self.mail.len() * 31 + how) % (8 * message.len());
            message[bit / 8] ^= 1 << (bit % 8);
            from
        } else {
            others.next().unwrap()
        };
        let client = &mut self.members[who].client;
        let before = saved(client);
        assert!(client.open(alleged, &message, self.now).is_err());
        assert_eq!(saved(client), before);
        for member in &mut self.members {
            if member.client.address() == self.mail[place].to {
                continue;
            }
            assert!(member.client.open(from, &self.mail[place].message, self.now).is_err());
        }
    }

    /// Ends the process and begins it again.
    fn restore(&mut self, who: usize) {
        let client = &mut self.members[who].client;
        let bytes = saved(client);
        *client = Client::from_bytes(&bytes).unwrap();
        assert_eq!(saved(client), bytes);
        self.describe(who);
    }

    /// Describes a member, and how it stands with each of the others.
    fn describe(&self, who: usize) {
        let client = &self.members[who].client;
        let all = self.members.iter().map(|member| Some(member.client.address()));
        for with in all.chain([None]) {
            assert!(client.diagnosis(with, self.now).to_string().lines().count() >= 7);
        }
    }

    /// Signs an account's list anew, or without its companion.
    fn sign(&mut self, who: usize, how: usize) {
        let account = &self.accounts[who / 2];
        let companion = self.members[who / 2 * 2 + 1].client.address().device;
        let primary = &mut self.members[who / 2 * 2].client;
        linking::show_own_list(primary);
        let signed = if how == 7 {
            primary.remove(account, companion, self.now)
        } else {
            primary.renew(account, self.now)
        };
        if let Ok(signed) = signed {
            signed.apply();
            let list = primary.list().clone();
            self.lists.get_mut(&account.id()).unwrap().push(list);
        }
    }

    /// Shows a device a list: the newest, or one before.
    fn learn(&mut self, who: usize, how: usize) {
        let account = self.accounts[how % 2].id();
        let list = self.lists[&account].iter().rev().nth(how / 2);
        let Some(list) = list else { return };
        let client = &mut self.members[who].client;
        let (before, epoch) = (saved(client), client.list_of(account).unwrap().epoch());
        let has_changed = client.learn(list, self.now).is_ok_and(|learned| {
            let is_change = learned.is_change();
            learned.apply();
            is_change
        });
        assert!(has_changed || saved(client) == before);
        assert!(client.list_of(account).unwrap().epoch() >= epoch);
    }

    /// Lets time pass, and does what it asks for; requests what did not open.
    fn pass(&mut self, who: usize, how: usize) {
        self.now += [0, 60, 3600, 86_400, 8 * 86_400, 0, 0, 0][how];
        let Member { client, bundle, .. } = &mut self.members[who];
        match how {
            5 => {
                // Sometimes it is not known that the bundle is out: then the next one is the same.
                if self.now.is_multiple_of(2) {
                    client.note_published([bundle.id()], self.now).apply();
                }
                let next = client.rotate(self.now, &mut self.rng).apply();
                *bundle = next;
            }
            6 => {
                let Some(place) = self.find(who, 0) else { return };
                let from = self.mail[place].from;
                let id = self.said.keys().rev().find(|(by, _)| *by == from).map(|(_, id)| *id);
                let client = &self.members[who].client;
                let plan = id.map(|id| client.request_resend(from, id, self.now));
                if let Some(Ok(plan)) = plan {
                    self.send(who, plan, b"");
                }
            }
            7 => {
                if let Ok(plan) = client.plan_repair(&Repair::SeenReport, self.now) {
                    self.send(who, plan, b"");
                }
            }
            _ => {
                let _ = client.tasks(&Served::NOTHING, self.now);
                client.expire(self.now).apply();
            }
        }
    }
}

//! The server: it keeps what it is given, and may do anything with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use latchstring::client::{Address, DeviceList, ListHash, MessageId};
use latchstring::rand_core::Rng;
use latchstring::session::AccountId;

use crate::withheld::Withheld;
use support::TestRng;

/// A set of attacks.
pub type Attacks = u32;

/// The attacks that the server can be told to make.
pub mod attack {
    use super::Attacks;

    pub const DROP: Attacks = 1;
    pub const DELAY: Attacks = 1 << 1;
    pub const DUPLICATE: Attacks = 1 << 2;
    pub const REORDER: Attacks = 1 << 3;
    pub const ALTER: Attacks = 1 << 4;
    pub const MISROUTE: Attacks = 1 << 5;
    pub const HIDE_LIST: Attacks = 1 << 6;
    pub const OLD_LIST: Attacks = 1 << 7;
    pub const FORK_LIST: Attacks = 1 << 8;
    pub const GHOST_LIST: Attacks = 1 << 9;
    pub const OTHER_BUNDLE: Attacks = 1 << 10;
    pub const STALE_BUNDLE: Attacks = 1 << 11;
    pub const NO_ONE_TIME: Attacks = 1 << 12;
    pub const TWICE_ONE_TIME: Attacks = 1 << 13;
    pub const REPLAY: Attacks = 1 << 14;
    pub const EXPIRED_LIST: Attacks = 1 << 15;
    pub const GHOST_SENDS: Attacks = 1 << 16;
    pub const OLD_KEY: Attacks = 1 << 17;
    pub const FAIL_UPLOAD: Attacks = 1 << 18;
    /// Whoever has the identity key of a companion begins sessions as that device.
    pub const THIEF: Attacks = 1 << 20;
    /// Whoever has a copy of a companion's state goes on with it.
    pub const COPY: Attacks = 1 << 21;
    /// The server keeps things of its victims back for days.
    pub const WITHHOLD: Attacks = 1 << 22;
    /// Devices are restored from backups.
    pub const ROLLBACK: Attacks = 1 << 23;
    /// Somebody brings mail that nobody has sealed.
    pub const JUNK: Attacks = 1 << 24;
    /// Clocks are wrong for a time.
    pub const CLOCK: Attacks = 1 << 25;
    /// Devices, or all of somebody's, are off for five weeks.
    pub const AWAY: Attacks = 1 << 26;
    /// Somebody's devices are off for good.
    pub const DEAD: Attacks = 1 << 27;
}

/// All attacks of a server, and of who holds an account key. Those on a device, and on chosen victims, have
/// histories of their own, in which all the others are left in peace and are to notice nothing.
pub const ALL: Attacks =
    ((1 << 19) - 1) | attack::ROLLBACK | attack::JUNK | attack::CLOCK | attack::AWAY | attack::DEAD;

pub const DAY: u64 = 86_400;

/// First messages that are kept to be replayed.
const ARCHIVE: usize = 400;

/// An envelope on its way.
#[derive(Clone)]
pub struct Mail {
    /// The device that the server names as the sender.
    pub from: Address,
    pub to: Address,
    /// The name that travels with it.
    pub id: MessageId,
    pub message: Vec<u8>,
    /// The envelope that it is a copy of; none if it was altered.
    pub envelope: Option<usize>,
    /// The number of times that the device put it back.
    pub tries: u8,
}

/// A bundle as a server stores it.
pub struct Published {
    pub at: u64,
    pub bytes: Vec<u8>,
}

#[derive(Default)]
pub struct Server {
    pub attacks: Attacks,
    /// All lists of an account's present key, the newest last.
    pub lists: BTreeMap<AccountId, Vec<Vec<u8>>>,
    /// Lists that a thief of the account key has signed.
    pub forks: BTreeMap<AccountId, Vec<Vec<u8>>>,
    /// Lists under keys that an account has given up, and under invented ones.
    pub other_keys: BTreeMap<AccountId, Vec<Vec<u8>>>,
    /// The epochs from which on the forks are others than the account's own, by their hashes.
    pub fork_bases: BTreeMap<ListHash, u64>,
    /// The hashes of all lists that an account's key has signed.
    pub signed: BTreeSet<ListHash>,
    /// All bundles of a device, the newest last.
    pub bundles: BTreeMap<Address, Vec<Published>>,
    /// One-time prekeys, and when they came, the newest last.
    pub one_time: BTreeMap<Address, Vec<(u64, Vec<u8>)>>,
    /// One-time prekeys that were handed out.
    pub spent: BTreeMap<Address, Vec<Vec<u8>>>,
    pub mail: BTreeMap<Address, VecDeque<Mail>>,
    /// The mail that is withheld, and until when.
    pub held: Vec<(u64, Mail)>,
    pub archive: VecDeque<Mail>,
    /// All that is kept back at present.
    pub withheld: Vec<Withheld>,
}

/// Draws a number below `end`.
pub fn below(rng: &mut TestRng, end: usize) -> usize {
    (rng.next_u64() % end as u64) as usize
}

impl Server {
    /// Tells whether the attack is switched on and happens now, once in so many times.
    pub fn is(&self, attack: Attacks, once_in: usize, rng: &mut TestRng) -> bool {
        self.attacks & attack != 0 && below(rng, once_in) == 0
    }

    pub fn publish(&mut self, list: &DeviceList) {
        self.signed.insert(list.hash());
        self.lists.entry(list.account()).or_default().push(list.encode());
    }

    /// Takes an envelope. Returns false if it will never be brought.
    pub fn post(&mut self, mail: Mail, now: u64, rng: &mut TestRng) -> bool {
        if mail.message[1] == INITIAL && self.attacks & attack::REPLAY != 0 {
            if self.archive.len() >= ARCHIVE {
                self.archive.pop_front();
            }
            self.archive.push_back(mail.clone());
        }
        if let Some(until) = self.keeps_mail_until(&mail) {
            self.held.push((until, mail));
            return true;
        }
        if self.is(attack::DROP, 12, rng) {
            return false;
        }
        if self.is(attack::ALTER, 15, rng) {
            self.alter(mail, rng);
            return false;
        }
        if self.is(attack::MISROUTE, 12, rng) {
            self.misroute(&mail, rng);
        }
        if self.is(attack::DUPLICATE, 8, rng) {
            self.bring(mail.clone(), rng);
        }
        if self.is(attack::DELAY, 12, rng) {
            let days = [1, 3, 20][below(rng, 3)];
            let until = now + below(rng, (days * DAY) as usize) as u64;
            self.held.push((until, mail));
        } else {
            self.bring(mail, rng);
        }
        true
    }

    fn alter(&mut self, mut mail: Mail, rng: &mut TestRng) {
        mail.envelope = None;
        match below(rng, 8) {
            0 => {
                let length = below(rng, mail.message.len());
                mail.message.truncate(length);
            }
            1 => mail.message.push(0),
            _ => {
                let place = below(rng, mail.message.len());
                mail.message[place] ^= 1 << below(rng, 8);
            }
        }
        self.bring(mail, rng);
    }

    /// Brings a copy that goes elsewhere, or claims to come from elsewhere.
    fn misroute(&mut self, mail: &Mail, rng: &mut TestRng) {
        let mut mail = mail.clone();
        let devices: Vec<_> = self.bundles.keys().copied().collect();
        let other = devices[below(rng, devices.len())];
        if below(rng, 2) == 0 {
            mail.to = other;
        } else {
            mail.from = other;
        }
        self.bring(mail, rng);
    }

    pub fn bring(&mut self, mail: Mail, rng: &mut TestRng) {
        let reorder = self.is(attack::REORDER, 3, rng);
        let queue = self.mail.entry(mail.to).or_default();
        let place = if reorder { below(rng, queue.len() + 1) } else { queue.len() };
        queue.insert(place, mail);
    }

    /// Brings what was withheld long enough.
    pub fn release(&mut self, now: u64, rng: &mut TestRng) {
        let held = std::mem::take(&mut self.held);
        let (due, held): (Vec<_>, Vec<_>) = held.into_iter().partition(|(until, _)| *until <= now);
        self.held = held;
        for (_, mail) in due {
            self.bring(mail, rng);
        }
    }

    /// Brings an old first message once more.
    pub fn replay(&mut self, rng: &mut TestRng) {
        if !self.archive.is_empty() && self.is(attack::REPLAY, 2, rng) {
            let mail = self.archive[below(rng, self.archive.len())].clone();
            self.bring(mail, rng);
        }
    }

    /// Returns an account's list, or something else.
    pub fn list(&self, of: AccountId, rng: &mut TestRng) -> Vec<u8> {
        let lists = &self.lists[&of];
        if let Some(shown) = self.shows_lists(of) {
            return lists[shown.min(lists.len()) - 1].clone();
        }
        let newest = lists.last().unwrap();
        let some = &lists[below(rng, lists.len())];
        if self.is(attack::HIDE_LIST, 3, rng) {
            return lists[lists.len().saturating_sub(2)].clone();
        }
        if self.is(attack::OLD_LIST, 4, rng) {
            return some.clone();
        }
        if let Some(forks) = self.forks.get(&of)
            && self.is(attack::FORK_LIST, 4, rng)
        {
            return forks[below(rng, forks.len())].clone();
        }
        if let Some(others) = self.other_keys.get(&of)
            && self.is(attack::OLD_KEY, 2, rng)
        {
            return others[below(rng, others.len())].clone();
        }
        if self.is(attack::GHOST_LIST, 4, rng) {
            return self.with_ghost(of, newest, rng);
        }
        if self.is(attack::EXPIRED_LIST, 2, rng) {
            // The oldest there is; half the time with another end of its life.
            let mut list = lists[0].clone();
            if below(rng, 2) == 0 {
                list.clone_from(newest);
                list[EXPIRES - 1] ^= 1 << below(rng, 8);
            }
            return list;
        }
        newest.clone()
    }

    /// Returns the newest list with a device in it that is not there: of an older list, or of another account.
    fn with_ghost(&self, of: AccountId, newest: &[u8], rng: &mut TestRng) -> Vec<u8> {
        let here = members(newest);
        let all = self.lists.iter();
        let own: Vec<_> = self.lists[&of].iter().flat_map(|list| members(list)).collect();
        let other: Vec<_> = all.flat_map(|(_, lists)| members(lists.last().unwrap())).collect();
        let from = if below(rng, 2) == 0 { own } else { other };
        let from: Vec<_> = from.into_iter().filter(|member| !here.contains(member)).collect();
        if from.is_empty() {
            return newest.to_vec();
        }
        let mut all = here.clone();
        all.push(from[below(rng, from.len())].clone());
        all.sort();
        let rest = COUNT + 4 + here.len() * MEMBER;
        let count = u32::try_from(all.len()).unwrap().to_be_bytes();
        [&newest[..COUNT], &count, &all.concat(), &newest[rest..]].concat()
    }

    /// Drops one-time prekeys that their device will erase unused, before it does.
    pub fn expire(&mut self, now: u64) {
        for keys in self.one_time.values_mut() {
            keys.retain(|(at, _)| now < at + 60 * DAY);
        }
    }

    /// Hands out a bundle and a one-time prekey, or something else. The address is the one asked for.
    pub fn bundle(&mut self, of: Address, rng: &mut TestRng) -> (Vec<u8>, Option<Vec<u8>>) {
        if self.keeps_prekeys(of) {
            return (Vec::new(), None);
        }
        let mut asked = of;
        if self.is(attack::OTHER_BUNDLE, 4, rng) {
            let devices: Vec<_> = self.bundles.keys().copied().collect();
            asked = devices[below(rng, devices.len())];
        }
        let bundles = &self.bundles[&asked];
        let mut bundle = bundles.last().unwrap().bytes.clone();
        if self.is(attack::STALE_BUNDLE, 3, rng) {
            if below(rng, 2) == 0 {
                bundle.clone_from(&bundles[0].bytes);
            } else {
                let place = below(rng, bundle.len());
                bundle[place] ^= 1 << below(rng, 8);
            }
        }
        let spent = self.spent.entry(asked).or_default();
        if self.attacks & attack::TWICE_ONE_TIME != 0 && !spent.is_empty() && below(rng, 2) == 0 {
            let last = spent.len() - 1;
            return (bundle, Some(spent[last].clone()));
        }
        if self.attacks & attack::NO_ONE_TIME != 0 && below(rng, 4) != 0 {
            return (bundle, None);
        }
        let key = self.one_time.get_mut(&asked).and_then(Vec::pop).map(|(_, key)| key);
        self.spent.entry(asked).or_default().extend(key.clone());
        (bundle, key)
    }
}

/// The kind byte of a message with a handshake (`spec/wire.md`).
pub const INITIAL: u8 = 0x02;

/// The places of the fields of a list (`spec/devices.md`).
const EXPIRES: usize = 2 + 32 + 32 + 8 + 8 + 8;
const COUNT: usize = EXPIRES;
const MEMBER: usize = 8 + 32 + 32 + 64 + 64;

/// Returns the members in the bytes of a list.
fn members(list: &[u8]) -> Vec<Vec<u8>> {
    let count = u32::from_be_bytes(list[COUNT..COUNT + 4].try_into().unwrap()) as usize;
    let all = &list[COUNT + 4..][..count * MEMBER];
    all.chunks(MEMBER).map(<[u8]>::to_vec).collect()
}

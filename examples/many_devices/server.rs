//! The relay: it keeps device lists, prekeys and mailboxes, and prints what it sees.

use std::collections::{BTreeMap, VecDeque};

use latchstring::Error;
use latchstring::client::{Address, DeviceList, MessageId};
use latchstring::session::{AccountId, Bundle, OneTimePrekey, PrekeyId};

/// An envelope as the server has it.
#[derive(Clone)]
pub(crate) struct Mail {
    /// The device that brought it, as the server says.
    pub(crate) from: Address,
    pub(crate) id: Option<MessageId>,
    pub(crate) envelope: Vec<u8>,
}

#[derive(Default)]
pub(crate) struct Server {
    /// For the reader of this page: a server knows the ids.
    names: BTreeMap<Address, &'static str>,
    /// All lists of each account, the newest last.
    lists: BTreeMap<AccountId, Vec<Vec<u8>>>,
    /// Of the one-time prekeys the oldest is handed out first, because its device erases it first.
    bundles: BTreeMap<Address, (Bundle, VecDeque<OneTimePrekey>)>,
    mail: BTreeMap<Address, VecDeque<Mail>>,
    /// The number of bundles that were fetched, each of which begins a session.
    pub(crate) fetched: usize,
    /// The account whose newest list is hidden from everybody else: what a dishonest server does.
    pub(crate) hides: Option<AccountId>,
}

/// Prints a line of the server's view, beside the people's.
fn sees(what: &str) {
    println!("{:WIDTH$}│ {what}", "", WIDTH = crate::WIDTH);
}

impl Server {
    pub(crate) fn name(&self, address: Address) -> &'static str {
        self.names.get(&address).copied().unwrap_or("a new device")
    }

    /// Tells the reader of this page what a device is called.
    pub(crate) fn meet(&mut self, name: &'static str, address: Address) {
        self.names.insert(address, name);
    }

    /// Tells which prekeys of a device it has: the bundle, and what it has not handed out.
    pub(crate) fn stock(&self, of: Address) -> (Option<PrekeyId>, Vec<PrekeyId>) {
        let Some((bundle, one_time)) = self.bundles.get(&of) else { return Default::default() };
        (Some(bundle.id()), one_time.iter().map(OneTimePrekey::id).collect())
    }

    /// Takes a device's bundle, for those who will write to it.
    pub(crate) fn take_bundle(&mut self, bundle: Bundle) {
        let address = Address::of(bundle.certificate());
        sees(&format!("{}: bundle of {} B", self.name(address), bundle.encode().len()));
        let one_time = self.bundles.remove(&address).map(|(_, one_time)| one_time);
        self.bundles.insert(address, (bundle, one_time.unwrap_or_default()));
    }

    pub(crate) fn take_prekeys(&mut self, of: Address, keys: Vec<OneTimePrekey>) {
        sees(&format!("{}: {} one-time prekeys", self.name(of), keys.len()));
        if let Some((_, one_time)) = self.bundles.get_mut(&of) {
            one_time.extend(keys);
        }
    }

    /// Drops one-time prekeys that their device cannot use any more.
    pub(crate) fn withdraw(&mut self, of: Address, dead: impl Fn(&PrekeyId) -> bool) {
        sees(&format!("{} withdraws one-time prekeys", self.name(of)));
        if let Some((_, one_time)) = self.bundles.get_mut(&of) {
            one_time.retain(|key| !dead(&key.id()));
        }
    }

    pub(crate) fn publish(&mut self, list: &DeviceList) {
        let (bytes, count) = (list.encode(), list.devices().len());
        sees(&format!("device list {}: {count} device(s), {} B", list.epoch(), bytes.len()));
        self.lists.entry(list.account()).or_default().push(bytes);
    }

    /// Gives out the newest list of an account, or not the newest.
    pub(crate) fn list(&self, of: AccountId, by: Address) -> Result<DeviceList, Error> {
        let back = usize::from(self.hides == Some(of) && by.account != of);
        let list = self.lists.get(&of).and_then(|lists| lists.iter().nth_back(back));
        let list = DeviceList::decode(list.ok_or(Error::Unlisted)?)?;
        let hidden = if back > 0 { " and hides the next one" } else { "" };
        sees(&format!("gives {} device list {}{hidden}", self.name(by), list.epoch()));
        Ok(list)
    }

    /// Gives out a device's bundle, with a one-time prekey while there is one.
    pub(crate) fn bundle(&mut self, of: Address) -> Result<Bundle, Error> {
        sees(&format!("somebody fetches the bundle of {}", self.name(of)));
        self.fetched = self.fetched.saturating_add(1);
        let (bundle, one_time) = self.bundles.get_mut(&of).ok_or(Error::Unlisted)?;
        match one_time.pop_front() {
            Some(one_time) => bundle.attach(one_time),
            None => Ok(bundle.clone()),
        }
    }

    pub(crate) fn send(&mut self, to: Address, mail: Mail) {
        let (from, size) = (self.name(mail.from), mail.envelope.len());
        sees(&format!("{from:>14} → {:<14} {size:>5} B", self.name(to)));
        self.mail.entry(to).or_default().push_back(mail);
    }

    /// Takes out the next envelope for a device.
    pub(crate) fn fetch(&mut self, to: Address) -> Option<Mail> {
        self.mail.get_mut(&to)?.pop_front()
    }

    /// Copies the next envelope for a device: what a dishonest server can give to somebody else, or twice.
    pub(crate) fn copy(&self, to: Address) -> Option<Mail> {
        self.mail.get(&to)?.front().cloned()
    }
}

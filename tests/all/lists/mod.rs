//! Device lists at a client: who is on them, what follows what, when they end, who must agree.

mod account_keys;
mod ahead;
mod ancestry;
mod decisions;
mod expiry;
mod marks;
mod members;
mod newest;
mod queued;
mod reading;
mod silence;

use latchstring::Error;
use latchstring::client::{Address, Alert, Client, DeviceList, ListUpdate, Stop, To};
use latchstring::session::{Account, AccountId, Served};
use latchstring::storage::Pending;

use support::forged::{Listing, member};
use support::town::{Town, said, stop};
use support::{NOW, TestRng, account_seed, days, refuses, restored, sign, started};

const DAY: u64 = 86_400;

/// Makes the account of a person who set it up anew: the same id, another key.
fn anew(town: &Town, person: usize, seed: u64) -> (Account, Client) {
    let mut rng = TestRng::new(seed);
    let account = Account::generate(town.id(person), &mut rng);
    let client = Client::create(&account, town.now, &mut rng);
    (account, client)
}

fn learn(client: &mut Client, list: &DeviceList, now: u64) -> Result<ListUpdate, Error> {
    Ok(client.learn(list, now)?.apply())
}

/// Returns the lists of the second person that wait for the first one.
fn waiting(town: &Town) -> Vec<DeviceList> {
    town.people[0].devices[0].changed_lists_of(town.id(1)).cloned().collect()
}

/// Returns the devices that the first person plans to write to of the second.
fn plan(town: &Town) -> Result<Vec<Address>, Error> {
    let plan = town.people[0].devices[0].plan(To::Account(town.id(1)), town.now)?;
    Ok(plan.devices().collect())
}

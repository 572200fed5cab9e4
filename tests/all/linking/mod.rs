//! Linking a companion through the client: code, offer, acceptance, list; and all that is refused.

mod alteration;
mod briefing;
mod digits;
mod procedure;

use base32ct::{Base32UpperUnpadded, Encoding};
use latchstring::Error;
use latchstring::client::{
    Address, Briefing, Client, DeviceList, Entrant, LinkingDigits, LinkingOffer, LinkingRequest,
    ListUpdate, LogStatus, NewDevice, Stop, To,
};
use latchstring::session::{Account, Served};
use latchstring::storage::State;

use support::forged::labelled;
use support::linking::{accepted, typed};
use support::town::{Person, Town, stop};
use support::{NOW, TestRng, changed, flipped, refusal, refuses, restored, started};

/// For so long a code is read, and for so long its offer and acceptance are taken.
const FRESH: u64 = 60;
const LATE: u64 = 300;

/// A person with so many devices, and a new device.
struct Linking {
    person: Person,
    rng: TestRng,
    new_device: NewDevice,
}

impl Linking {
    fn new(seed: u64, devices: usize) -> Self {
        let mut town = Town::new(seed, &[devices]);
        let mut rng = TestRng::new(seed + 1000);
        let new_device = NewDevice::generate("laptop in the study", NOW, &mut rng).unwrap();
        Self { person: town.people.remove(0), rng, new_device }
    }

    fn request(&self) -> LinkingRequest {
        LinkingRequest::read(&self.new_device.code(), NOW).unwrap()
    }

    /// Lets the primary approve what this code says.
    fn offer(&mut self, request: &LinkingRequest) -> Vec<u8> {
        let Person { account, devices } = &mut self.person;
        devices[0].approve(account, request, 31, NOW, &mut self.rng).unwrap().apply()
    }

    fn linking_offer(&mut self) -> LinkingOffer {
        let offer = self.offer(&self.request());
        self.new_device.open(&offer, NOW).unwrap()
    }

    /// Lets the new device accept: returns the entrant, and its acceptance.
    fn accepted(mut self) -> (Person, Entrant, Vec<u8>) {
        let linking_offer = self.linking_offer();
        let (entrant, acceptance) =
            accepted(linking_offer, self.new_device, &self.person.devices[0], NOW);
        (self.person, entrant, acceptance)
    }
}

/// Takes a code to pieces: what it says, and its secret.
fn taken_apart(code: &str) -> (Vec<u8>, Vec<u8>) {
    let bytes = Base32UpperUnpadded::decode_vec(code.strip_prefix("D1").unwrap()).unwrap();
    let (rest, _) = bytes.split_at(bytes.len() - 4);
    let (body, secret) = rest.split_at(rest.len() - 32);
    (body.to_vec(), secret.to_vec())
}

/// Makes a code of these pieces, with a right check.
fn put_together(body: &[u8], secret: &[u8]) -> String {
    let check = labelled("linking/check", &[body, secret]);
    let bytes = [body, secret, &check[..4]].concat();
    format!("D1{}", Base32UpperUnpadded::encode_string(&bytes))
}

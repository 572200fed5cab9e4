//! One letter for many devices, the receiver's side of it, device lists, and linking.
#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use latchstring::client::{Client, DeviceList, GroupId, LinkingRequest, NewDevice, To};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId};
use latchstring::storage::{State, StateKey};
use support::{NOW, TestRng};

const GROUP: GroupId = GroupId([1; 32]);

/// An account with its primary first.
struct Person {
    account: Account,
    devices: Vec<Client>,
}

fn id(number: usize) -> AccountId {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    AccountId(id)
}

fn copy(client: &Client) -> Client {
    Client::from_bytes(&client.to_bytes()).unwrap()
}

impl Person {
    fn new(number: usize, devices: usize, rng: &mut TestRng) -> Self {
        let account = Account::generate(id(number), rng);
        let primary = Client::create(&account, NOW, rng);
        let mut person = Self { account, devices: vec![primary] };
        for _ in 1..devices {
            let companion = person.link(rng);
            person.devices.push(companion);
        }
        let list = person.list();
        for device in &mut person.devices {
            learn(device, &list);
        }
        person
    }

    fn list(&self) -> DeviceList {
        self.devices[0].list().clone()
    }

    /// Does everything that both devices compute to link one, from code to the list that names it.
    fn link(&mut self, rng: &mut TestRng) -> Client {
        let primary = &mut self.devices[0];
        let device = NewDevice::generate("a laptop", NOW, rng).unwrap();
        let request = LinkingRequest::read(&device.code(), NOW).unwrap();
        let offer = primary.approve(&self.account, &request, 31, NOW, rng).unwrap().apply();
        let offer = device.open(&offer, NOW).unwrap();
        let digits = primary.linking_digits().unwrap();
        let (entrant, acceptance) = offer.accept(device, digits, NOW).unwrap();
        let briefing = primary.admit(&self.account, &acceptance, b"", NOW).unwrap().apply();
        entrant.open(&briefing, NOW).unwrap().begin(entrant, NOW, rng).unwrap().0
    }
}

fn learn(client: &mut Client, list: &DeviceList) {
    client.learn(list, NOW).unwrap().apply();
}

/// Makes a client that has sessions with all devices of these people, which they have answered.
fn acquainted(people: &mut [Person], rng: &mut TestRng) -> Client {
    let account = Account::generate(id(0), rng);
    let mut client = Client::create(&account, NOW, rng);
    for person in people.iter() {
        learn(&mut client, &person.list());
    }
    let members: Vec<_> = people.iter().map(|person| person.account.id()).collect();
    let mut plan = client.plan(To::Group { id: GROUP, members: &members }, NOW).unwrap();
    for device in people.iter().flat_map(|person| &person.devices) {
        plan.supply(&client, &device.bundle(), NOW, rng).unwrap();
    }
    let out = client.seal(&mut plan, &Content::app(7, b"hello"), NOW, rng).unwrap().apply();
    let devices = people.iter_mut().flat_map(|person| &mut person.devices);
    for device in devices {
        learn(device, client.list());
        let to = device.address();
        let envelope = out.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
        device.receive(client.address(), &envelope.message, NOW).unwrap();
        // Only its envelope for `client` is of use here: its own devices it need not write to.
        let mut plan = device.plan(To::Account(id(0)), NOW).unwrap();
        for other in plan.devices().collect::<Vec<_>>() {
            if other != client.address() {
                plan.leave_out(other).unwrap();
            }
        }
        let answer = device.seal(&mut plan, &Content::app(7, b"yes"), NOW, rng).unwrap().apply();
        client.receive(to, &answer.envelopes[0].message, NOW).unwrap();
    }
    client
}

/// Measures letters to a group of 200 accounts with five devices each, and parts of it.
fn send(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let mut people: Vec<_> = (1..=200).map(|number| Person::new(number, 5, &mut rng)).collect();
    let mut client = acquainted(&mut people, &mut rng);
    let members: Vec<_> = people.iter().map(|person| person.account.id()).collect();
    for (name, length) in [("32 B", 32), ("64 KiB", 65_536)] {
        let content = Content::app(7, &vec![7; length - 10]);
        let mut group = c.benchmark_group(format!("fan-out, {name}: plan, seal and apply"));
        for count in [2, 20, 200] {
            let members = &members[..count];
            group.throughput(Throughput::Elements((5 * count).try_into().unwrap()));
            group.bench_function(format!("{} devices", 5 * count), |b| {
                let to = To::Group { id: GROUP, members };
                b.iter(|| client.send(to, black_box(&content), NOW, &mut rng).unwrap());
            });
        }
    }
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut bytes = [0; 3];
    let mut group = c.benchmark_group("fan-out, 32 B: the change to a sealed record");
    for (count, bytes) in [2, 20, 200].into_iter().zip(&mut bytes) {
        let members = &members[..count];
        group.throughput(Throughput::Elements((5 * count).try_into().unwrap()));
        group.bench_function(format!("{} devices", 5 * count), |b| {
            // A sealed letter borrows its client: only this part of each round is on the clock.
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let stored = client.anchor();
                    let to = To::Group { id: GROUP, members };
                    let mut plan = client.plan(to, NOW).unwrap();
                    let sealed =
                        client.seal(&mut plan, &Content::app(7, &[7; 32]), NOW, &mut rng).unwrap();
                    let start = Instant::now();
                    let recorded = sealed.record(&key, b"owner", &stored, &mut rng).unwrap();
                    spent += start.elapsed();
                    *bytes = recorded.record().unwrap().len();
                }
                spent
            });
        });
    }
    for (count, bytes) in [2, 20, 200].into_iter().zip(bytes) {
        println!("record of a letter for {} devices: {bytes} bytes", 5 * count);
    }
}

/// Measures a letter of an acquainted device at a client that knows so many accounts.
fn open(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let mut people = vec![Person::new(1, 1, &mut rng)];
    let mut client = acquainted(&mut people, &mut rng);
    let sender = &mut people[0].devices[0];
    let from = sender.address();
    let out = sender.send(To::Account(id(0)), &Content::app(7, &[7; 32]), NOW, &mut rng).unwrap();
    let message = &out.envelopes[0].message;
    let mut known = 1;
    let mut group = c.benchmark_group("open 32 B");
    for contacts in [1, 1000] {
        while known < contacts {
            known += 1;
            learn(&mut client, &Person::new(known, 1, &mut rng).list());
        }
        group.bench_function(format!("{contacts} contacts"), |b| {
            b.iter(|| drop(client.open(from, black_box(message), NOW).unwrap()));
        });
    }
    drop(group);
    let bytes = client.to_bytes();
    println!("client with 1,000 contacts and one session: {} bytes", bytes.len());
    c.bench_function("client with 1,000 contacts: save", |b| b.iter(|| client.to_bytes()));
    c.bench_function("client with 1,000 contacts: load", |b| {
        b.iter(|| Client::from_bytes(black_box(&bytes)).unwrap());
    });
}

fn lists(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let mut group = c.benchmark_group("a device list: decode, verify and learn");
    for devices in [5, 32] {
        let person = Person::new(1, devices, &mut rng);
        let encoded = person.list().encode();
        let account = Account::generate(id(0), &mut rng);
        let mut client = Client::create(&account, NOW, &mut rng);
        group.throughput(Throughput::Elements(devices.try_into().unwrap()));
        group.bench_function(format!("{devices} devices"), |b| {
            b.iter(|| {
                let list = DeviceList::decode(black_box(&encoded)).unwrap();
                drop(client.learn(&list, NOW).unwrap());
            });
        });
    }
}

fn linking(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let person = Person::new(1, 1, &mut rng);
    let copies = || {
        let mut primary = copy(&person.devices[0]);
        // A client that was loaded signs no list before it was shown the newest.
        learn(&mut primary, &person.list());
        let account = Account::from_bytes(&person.account.to_bytes()).unwrap();
        Person { account, devices: vec![primary] }
    };
    c.bench_function("link a device: both sides, all steps", |b| {
        b.iter_batched_ref(copies, |person| person.link(&mut rng), BatchSize::SmallInput);
    });
}

/// Measures the briefing of a device whose account knows so many others, each with one device.
fn briefing(c: &mut Criterion) {
    const CONTACTS: usize = 1000;
    let mut rng = TestRng::new(1);
    let Person { account, mut devices } = Person::new(1, 1, &mut rng);
    let primary = &mut devices[0];
    for known in 2..CONTACTS + 2 {
        learn(primary, &Person::new(known, 1, &mut rng).list());
    }
    let device = NewDevice::generate("a laptop", NOW, &mut rng).unwrap();
    let request = LinkingRequest::read(&device.code(), NOW).unwrap();
    let offer = primary.approve(&account, &request, 31, NOW, &mut rng).unwrap().apply();
    let offer = device.open(&offer, NOW).unwrap();
    let digits = primary.linking_digits().unwrap();
    let (entrant, acceptance) = offer.accept(device, digits, NOW).unwrap();
    c.bench_function("admit a device to 1,000 contacts", |b| {
        b.iter(|| drop(primary.admit(&account, &acceptance, b"", NOW).unwrap()));
    });
    let briefing = primary.admit(&account, &acceptance, b"", NOW).unwrap().apply();
    println!("briefing of 1,000 contacts: {} bytes", briefing.len());
    c.bench_function("open a briefing of 1,000 contacts", |b| {
        b.iter(|| entrant.open(black_box(&briefing), NOW).unwrap());
    });
}

criterion_group!(benches, send, open, lists, linking, briefing);
criterion_main!(benches);

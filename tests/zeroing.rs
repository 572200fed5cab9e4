//! The heap after use: no secret in freed memory, and little memory for hostile bytes.
#![allow(unsafe_code, reason = "an allocator that looks at what is freed is unsafe to write")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hkdf::Hkdf;
use latchstring::Error;
use latchstring::Zeroizing;
use latchstring::attachment::{Media, Opener, PIECE, Padding, Reference, Sealer};
use latchstring::client::{
    Address, Client, Conversation, DeviceList, Entrant, LetterEvent, LinkingRequest, MessageId,
    NewDevice, Outgoing, Plan, Repair, To,
};
use latchstring::content::{Content, Kinds, Sender};
use latchstring::franking::{Report, ServiceKey};
use latchstring::guest::{Chat, ChatEvent, Invite, InviteLink, Policy, ServerCopy};
use latchstring::history::{
    HistoryExport, HistoryImport, HistoryItem, HistoryRange, HistoryRequests,
};
use latchstring::rand_core::Rng;
use latchstring::session::{Account, AccountId, Bundle, Device, OneTimePrekey, Session};
use latchstring::settings::{Setting, Settings};
use latchstring::storage::{Behind, Change, Journal, Pending, State, StateKey};
use sha2::Sha256;
use support::home::Home;
use support::linking::{accepted, briefed, show_own_list};
use support::shelf::Shelf;
use support::town::{Person, Town, enclosed, said};
use support::{
    Door, NOW, ORIGIN, OneToOne, Pair, RecordingRng, Talk, TestRng, bundle_of,
    bundle_with_one_time, device_of, device_secrets, only, places, restored, seal_many,
    secrets_with, session_secrets, started,
};

/// Room for all that a test frees.
const GRAVEYARD: usize = 64 << 20;

/// Keeps a copy of every block that a watched thread frees, as it is when it is freed.
struct Watching {
    graveyard: UnsafeCell<[u8; GRAVEYARD]>,
    used: AtomicUsize,
}

// SAFETY: each byte of the graveyard is written by the one thread that reserved it in `used`. It is
// read by the one that holds `DIGGING`, which all watching threads hold.
unsafe impl Sync for Watching {}

#[global_allocator]
static HEAP: Watching =
    Watching { graveyard: UnsafeCell::new([0; GRAVEYARD]), used: AtomicUsize::new(0) };

thread_local! {
    /// True if this thread's freed blocks are kept.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Bytes that this thread has taken and not freed, and the most of them so far.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: all memory comes from and goes to `System`.
unsafe impl GlobalAlloc for Watching {
    // Zeroed, so that what is found in a freed block was written while it was this block.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size().cast_signed());
        PEAK.set(PEAK.get().max(LIVE.get()));
        // SAFETY: the caller's promises are the ones `System` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size().cast_signed());
        if WATCHED.get() {
            let at = self.used.fetch_add(layout.size(), Ordering::SeqCst);
            assert!(at + layout.size() <= GRAVEYARD, "the graveyard is full");
            // SAFETY: the block is valid for its layout's size until it is freed below, and this
            // part of the graveyard is this call's alone.
            unsafe {
                let grave = self.graveyard.get().cast::<u8>().add(at);
                core::ptr::copy_nonoverlapping(block, grave, layout.size());
            }
        }
        // SAFETY: the caller's promises are the ones `System` asks for.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Only one test fills the graveyard at a time.
static DIGGING: Mutex<()> = Mutex::new(());

/// A secret, and what it is.
type Secret = (&'static str, Vec<u8>);

/// Runs `f` with every block that it frees kept.
fn watched<T>(f: impl FnOnce() -> T) -> T {
    WATCHED.set(true);
    let value = f();
    WATCHED.set(false);
    value
}

/// Returns the names of the secrets of which freed memory shows eight aligned bytes.
fn found(secrets: &[Secret]) -> Vec<&'static str> {
    let mut pieces: HashMap<[u8; 8], &'static str> = HashMap::new();
    for (name, secret) in secrets {
        for piece in secret.chunks_exact(8) {
            pieces.insert(piece.try_into().unwrap(), *name);
        }
    }
    let used = HEAP.used.load(Ordering::SeqCst);
    // SAFETY: the caller holds `DIGGING` and watches nothing now, so nobody writes.
    let freed = unsafe { &(&*HEAP.graveyard.get())[..used] };
    assert!(used > 10_000, "nothing was freed");
    let mut found: Vec<&str> = freed
        .windows(8)
        .filter_map(|window| pieces.get(<&[u8; 8]>::try_from(window).unwrap()).copied())
        .collect();
    found.sort_unstable();
    found
}

/// Checks that no secret that `f` puts down is in what it frees while it is watched.
#[track_caller]
fn leaves_nothing(f: impl FnOnce(&mut Vec<Secret>)) {
    let _alone = DIGGING.lock().unwrap();
    HEAP.used.store(0, Ordering::SeqCst);
    // So much room that the list never moves.
    let mut secrets = Vec::with_capacity(1 << 18);
    f(&mut secrets);
    assert!(!secrets.is_empty());
    let found = found(&secrets);
    assert!(found.is_empty(), "{found:?}");
}

/// Notes a session's present keys.
fn note(session: &Session, secrets: &mut Vec<Secret>) {
    let keys = session_secrets(&session.to_bytes());
    secrets.extend(keys.into_iter().map(|key| ("a key of a session", key.to_vec())));
}

/// Notes a device's present seeds.
fn note_device(device: &Device, secrets: &mut Vec<Secret>) {
    secrets.extend(device_secrets(device).into_iter().map(|seed| ("a seed of a device", seed)));
}

/// Notes what a guest keeps for late devices; `shared` is its chat as the host shares it, which shows where.
fn note_guest(guest: &Chat, shared: &[u8], secrets: &mut Vec<Secret>) {
    let prekeys = &shared[shared.len() - 80 - 32 - 1304..][..1304];
    let bytes = guest.to_bytes();
    let at = places(&bytes, prekeys)[0];
    let parts = [&bytes[at - 128..at - 96], &bytes[at - 96..at - 64], &bytes[at - 64..at]];
    secrets.extend(parts.map(|seed| ("a seed of a guest", seed.to_vec())));
    let join = &shared[shared.len() - 80 - 32..][..32];
    assert!(!places(&bytes, join).is_empty());
    secrets.push(("a join key", join.to_vec()));
}

const STATE_KEY: [u8; 32] = *b"thirty-two bytes of a state key!";

/// Returns a plaintext of its own for each message.
fn plaintext(i: u32) -> Vec<u8> {
    let mut text = vec![0; 40];
    TestRng::new(1 << 40 | u64::from(i)).fill_bytes(&mut text);
    text
}

/// Has a conversation with late and lost messages, sealed and recorded.
fn conversation(rng: &mut RecordingRng, secrets: &mut Vec<Secret>) {
    let (account, peer) = watched(|| {
        let account = Account::generate(AccountId([1; 32]), rng);
        (Device::generate(&account, NOW, rng), Device::generate(&account, NOW, rng))
    });
    let mut account = account;
    let bundle = watched(|| {
        let keys = account.replenish(NOW, rng).apply();
        account.note_published(keys.iter().map(OneTimePrekey::id), NOW).apply();
        account.bundle().attach(keys[0].clone()).unwrap()
    });
    let mut initiator = watched(|| peer.initiate(&bundle, NOW, rng).unwrap());
    note(&initiator, secrets);
    note_device(&account, secrets);
    note_device(&peer, secrets);
    let first = watched(|| initiator.encrypt(b"hello", rng).unwrap());
    note(&initiator, secrets);
    let mut responder = watched(|| {
        let session = account.accept(&first, NOW).unwrap().apply().session;
        account.rotate(NOW, rng).apply();
        session
    });
    note_device(&account, secrets);
    let key = StateKey::new(1, &STATE_KEY).unwrap();
    secrets.push(("the state key", STATE_KEY.to_vec()));
    let mut late: Vec<Vec<u8>> = Vec::new();
    // What records are salted with is public.
    let mut salts = TestRng::new(2);
    for i in 0..60_u32 {
        let content = plaintext(i);
        let message = watched(|| initiator.encrypt(&content, rng).unwrap());
        secrets.push(("a content", content));
        note(&initiator, secrets);
        if i % 3 != 0 {
            late.push(message);
        } else {
            watched(|| {
                let stored = responder.anchor();
                let opened = responder.open(&message).unwrap();
                let recorded = opened.record(&key, b"owner", &stored, &mut salts).unwrap();
                let record = recorded.record().unwrap().to_vec();
                drop(recorded);
                let change: Change<Session> = key.open(b"owner", Some(&stored), &record).unwrap();
                change.apply(&mut responder).unwrap();
            });
            note(&responder, secrets);
        }
        if i % 7 == 6 {
            let answer = watched(|| responder.encrypt(b"answer", rng).unwrap());
            note(&responder, secrets);
            watched(|| initiator.decrypt(&answer).map(drop).unwrap());
            note(&initiator, secrets);
        }
        if i % 10 == 9 {
            let message = late.remove(late.len() - 3);
            watched(|| {
                drop(responder.decrypt(&message));
                drop(key.seal(&responder, b"owner", &mut salts).unwrap());
            });
            note(&responder, secrets);
        }
    }
    watched(|| {
        drop(key);
        drop((initiator, responder));
        account.expire(NOW + 100 * 86_400).apply();
        account = Device::from_bytes(&account.to_bytes()).unwrap();
        drop((account, peer));
    });
}

/// Has a guest chat from an open link to its end. The invite is made outside.
fn visit(
    host: &mut Client,
    mut invite: Invite,
    server_copy: &ServerCopy,
    rng: &mut RecordingRng,
) -> Vec<Secret> {
    let url = invite.link().unwrap().to_url(ORIGIN).unwrap();
    let mut secrets = vec![("a link", support::guest::secret_of(&url).to_vec())];
    let bundle = host.bundle();
    let text: String = plaintext(1000).iter().map(|byte| char::from(byte % 26 + b'a')).collect();
    let (mut guest, claim) = watched(|| {
        let url = invite.link().unwrap().to_url(ORIGIN).unwrap();
        let link = InviteLink::parse(&url).unwrap();
        let preview = link.open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
        preview.claim(host.list(), &[bundle], "Grace", &[&text], NOW, rng).unwrap()
    });
    watched(|| {
        let opened_claim = invite.claim(host, &claim, NOW).unwrap();
        let (mut chat, introduction) = opened_claim.apply();
        drop(introduction);
        let grant = only(chat.grant(host, NOW, rng).unwrap().apply());
        guest.hear(&grant, NOW).unwrap();
        WATCHED.set(false);
        note_guest(&guest, chat.export(host, NOW).unwrap().as_bytes(), &mut secrets);
        WATCHED.set(true);
        for _ in 0..3 {
            let message = chat.say(&text, NOW, rng).unwrap();
            let ChatEvent::Text(_) = guest.hear(&message, NOW).unwrap().event else { panic!() };
            let message = guest.say(&text, NOW, rng).unwrap();
            let ChatEvent::Text(_) = chat.hear(&message, NOW).unwrap().event else { panic!() };
        }
        let end = only(chat.end(NOW, rng).unwrap().apply());
        guest.hear(&end, NOW).unwrap();
        drop((chat, guest, invite));
    });
    secrets.push(("a text", text.into_bytes()));
    secrets
}

/// The notes that a primary's app gives a device that it admits.
const NOTES: &[u8] = b"whom Ada has blocked, and her settings";

/// Two accounts with two devices each.
struct Crowd<'a> {
    accounts: Vec<Account>,
    clients: Vec<Client>,
    now: u64,
    key: StateKey,
    /// The source of the salts of records, which are public.
    salts: TestRng,
    rng: &'a mut RecordingRng,
    secrets: &'a mut Vec<Secret>,
}

impl<'a> Crowd<'a> {
    fn new(rng: &'a mut RecordingRng, secrets: &'a mut Vec<Secret>) -> Self {
        let key = StateKey::new(1, &STATE_KEY).unwrap();
        secrets.push(("the state key", STATE_KEY.to_vec()));
        let (accounts, clients) = watched(|| {
            let accounts = [1, 2].map(|name| Account::generate(AccountId([name; 32]), rng));
            let mut clients = Vec::with_capacity(8);
            for account in &accounts {
                clients.push(Client::create(account, NOW, rng));
            }
            (Vec::from(accounts), clients)
        });
        let salts = TestRng::new(3);
        let mut crowd = Self { accounts, clients, now: NOW, key, salts, rng, secrets };
        for primary in [0, 1] {
            crowd.link(primary);
        }
        crowd.learn();
        crowd
    }

    fn link(&mut self, primary: usize) {
        let Self { accounts, clients, now, key, salts, rng, .. } = self;
        let (account, now) = (&accounts[primary], *now);
        let mut key_3 = Vec::new();
        let companion = watched(|| {
            let new_device = NewDevice::generate("laptop", now, *rng).unwrap();
            let new_device = NewDevice::from_bytes(&new_device.to_bytes()).unwrap();
            let request = LinkingRequest::read(&new_device.code(), now).unwrap();
            let client = &mut clients[primary];
            let (stored, mut copy) = (client.anchor(), restored(client));
            let offered = client.approve(account, &request, 4, now, *rng).unwrap();
            let recorded = offered.record(key, b"owner", &stored, salts).unwrap();
            let change: Change<Client> =
                key.open(b"owner", Some(&stored), recorded.record().unwrap()).unwrap();
            restored(&change).apply(&mut copy).unwrap();
            let offer = recorded.apply();
            *client = started(&copy);
            let linking_offer = new_device.open(&offer, now).unwrap();
            let (entrant, acceptance) = accepted(linking_offer, new_device, client, now);
            let entrant = restored(&entrant);
            // Behind version and kind, the two seeds and the certificate.
            key_3 = entrant.to_bytes()[2 + 64 + 265..][..32].to_vec();
            let briefing = client.admit(account, &acceptance, NOTES, now).unwrap().apply();
            assert_eq!(entrant.open(&briefing, now).unwrap().notes(), NOTES);
            briefed(entrant, &briefing, now, *rng)
        });
        self.secrets.extend([("notes", NOTES.to_vec()), ("a key of a briefing", key_3)]);
        self.clients.push(companion);
    }

    /// Has a client begin anew from a copy of it, which is dropped.
    fn restart(&mut self, place: usize) {
        let Self { clients, now, key, salts, rng, .. } = self;
        watched(|| {
            let record = key.seal(&clients[place], b"owner", salts).unwrap();
            let behind: Behind<Client> = key.open_behind(b"owner", &record).unwrap();
            drop(Client::restart(behind, *now, *rng).unwrap());
        });
    }

    /// Moves an account to a new device, which is dropped, from a copy of its primary.
    fn transfer(&mut self, primary: usize) {
        let Self { accounts, clients, now, rng, secrets, .. } = self;
        let (account, now) = (&accounts[primary], *now);
        secrets.push(("an account seed", account.to_bytes()[34..].to_vec()));
        watched(|| {
            let phone = NewDevice::generate_primary("telephone", now, *rng).unwrap();
            let request = LinkingRequest::read(&phone.code(), now).unwrap();
            let mut copy = started(&clients[primary]);
            let offer = copy.approve_transfer(account, &request, now, *rng).unwrap().apply();
            let offer = phone.open(&offer, now).unwrap();
            let (entrant, acceptance) = accepted(offer, phone, &copy, now);
            let briefing = copy.transfer(account, &acceptance, NOTES, now).unwrap().apply();
            let briefing = entrant.open(&briefing, now).unwrap();
            let (client, account) = briefing.begin(entrant, now, *rng).unwrap();
            drop((client, restored(&account.unwrap())));
        });
    }

    /// Lets everybody learn everybody's list.
    fn learn(&mut self) {
        let lists: Vec<_> = [0, 1].map(|primary| self.clients[primary].list().clone()).to_vec();
        for client in &mut self.clients {
            for list in &lists {
                watched(|| client.learn(list, self.now).unwrap().apply());
            }
        }
    }

    /// Sends a letter from one device to all, delivered but where it is lost.
    fn say(&mut self, from: usize, content: &[u8], lost: Option<usize>) -> (Outgoing, usize) {
        self.secrets.push(("a content", content.to_vec()));
        let to =
            AccountId([if self.clients[from].address().account.0[0] == 1 { 2 } else { 1 }; 32]);
        let plan = watched(|| self.clients[from].plan(To::Account(to), self.now).unwrap());
        let out = self.seal(from, plan, content);
        self.deliver(from, &out, lost);
        (out, from)
    }

    fn seal(&mut self, from: usize, plan: Plan, content: &[u8]) -> Outgoing {
        let mut plan = plan;
        for address in plan.missing().collect::<Vec<_>>() {
            let peer = self.clients.iter_mut().find(|client| client.address() == address).unwrap();
            let bundle = watched(|| {
                let keys = peer.replenish(self.now, self.rng).apply();
                peer.note_published(keys.iter().map(OneTimePrekey::id), self.now).apply();
                peer.bundle().attach(keys[0].clone()).unwrap()
            });
            let (client, now) = (&self.clients[from], self.now);
            watched(|| plan.supply(client, &bundle, now, self.rng).unwrap());
        }
        let Self { clients, now, key, salts, rng, .. } = self;
        let client = &mut clients[from];
        let out = watched(|| {
            let said = said(content);
            let stored = client.anchor();
            // One that is dropped, and one that is sent.
            let has_all = plan.devices().all(|address| client.has_session(address, *now));
            if has_all {
                drop(client.seal(&mut plan, enclosed(&said), *now, *rng).unwrap());
            }
            let sealed = client.seal(&mut plan, enclosed(&said), *now, *rng).unwrap();
            let recorded = sealed.record(key, b"owner", &stored, salts).unwrap();
            let record = recorded.record().unwrap().to_vec();
            drop(key.open::<Change<Client>>(b"owner", Some(&stored), &record).unwrap());
            drop(plan);
            recorded.apply()
        });
        self.note();
        out
    }

    fn deliver(&mut self, from: usize, out: &Outgoing, lost: Option<usize>) {
        let sender = self.clients[from].address();
        for envelope in &out.envelopes {
            let place = self.clients.iter().position(|client| client.address() == envelope.to);
            let Some(place) = place.filter(|place| Some(*place) != lost) else { continue };
            let (client, key, salts) = (&mut self.clients[place], &self.key, &mut self.salts);
            watched(|| {
                let (stored, mut copy) = (client.anchor(), restored(client));
                let opened = client.open(sender, &envelope.message, self.now).unwrap();
                let recorded = opened.record(key, b"owner", &stored, salts).unwrap();
                let record = recorded.record().unwrap().to_vec();
                let arrived = recorded.apply();
                if let (LetterEvent::Blob(reference), Some(blob)) = (&arrived.event, &out.blob) {
                    drop(reference.open(blob).unwrap());
                }
                let change: Change<Client> = key.open(b"owner", Some(&stored), &record).unwrap();
                change.apply(&mut copy).unwrap();
                *client = copy;
                drop(arrived);
            });
        }
        self.note();
    }

    /// Notes the present keys of all sessions of everybody.
    fn note(&mut self) {
        let certificates: Vec<_> =
            self.clients.iter().map(|client| client.certificate().clone()).collect();
        for client in &self.clients {
            note_device(&device_of(client), self.secrets);
            let bytes = client.to_bytes();
            // Its own certificate stands in no session.
            for certificate in certificates.iter().filter(|other| *other != client.certificate()) {
                let keys = secrets_with(&bytes, certificate);
                let keys = keys.into_iter().map(|key| ("a key of a session", key.to_vec()));
                self.secrets.extend(keys);
            }
        }
    }
}

/// Has a conversation of many devices: letters late, lost and asked for, sessions lost and replaced, devices
/// that go, and everything saved by records.
fn gathering(rng: &mut RecordingRng, secrets: &mut Vec<Secret>) {
    let mut crowd = Crowd::new(rng, secrets);
    let mut number = 0;
    let mut content = || {
        number += 1;
        plaintext(2000 + number)
    };
    for round in 0..3 {
        for from in 0..4 {
            crowd.say(from, &content(), (round == 1).then_some((from + 1) % 4));
        }
    }
    let large: Vec<u8> = (0..200).flat_map(|_| content()).collect();
    crowd.say(0, &large, None);
    // Lost, asked for, and sealed again.
    let text = content();
    let (out, _) = crowd.say(0, &text, Some(1));
    let (asker, author) = (crowd.clients[1].address(), crowd.clients[0].address());
    let plan = crowd.clients[1].request_resend(author, out.id, crowd.now).unwrap();
    let ask = crowd.seal(1, plan, b"");
    crowd.deliver(1, &ask, None);
    let plan =
        crowd.clients[0].plan_repair(&Repair::Resend { to: asker, id: out.id }, crowd.now).unwrap();
    let again = crowd.seal(0, plan, &text);
    crowd.deliver(0, &again, None);
    let plan = crowd.clients[2].plan_repair(&Repair::SeenReport, crowd.now).unwrap();
    let report = crowd.seal(2, plan, b"");
    crowd.deliver(2, &report, None);
    // A device that forgets its sessions, and sessions that are replaced and end.
    watched(|| {
        let client = &mut crowd.clients[1];
        client.forget(AccountId([1; 32]), crowd.now).unwrap().apply();
    });
    crowd.now += 100;
    crowd.learn();
    for from in [1, 0, 1, 2, 3] {
        crowd.say(from, &content(), None);
    }
    crowd.now += 5 * 86_400;
    for place in 0..4 {
        let Crowd { clients, now, rng, .. } = &mut crowd;
        let client = &mut clients[place];
        watched(|| {
            client.expire(*now).apply();
            client.rotate(*now, *rng).apply();
            *client = Client::from_bytes(&client.to_bytes()).unwrap();
        });
    }
    // From the store and back, by pages.
    for place in 0..4 {
        let Crowd { clients, now, rng, key, salts, .. } = &mut crowd;
        let client = &mut clients[place];
        watched(|| {
            let (begun, mut journal) = Journal::begin(client, key, b"owner", salts).unwrap();
            client.note_published([client.bundle().id()], *now).apply();
            client.rotate(*now, *rng).apply();
            let snapshot = journal.renew(client, key, salts).unwrap();
            let mut shelf = Shelf::of(begun);
            shelf.put(snapshot);
            drop(journal);
            let opened = Journal::open(key, b"owner", None, shelf.records(), [[]; 0]);
            *client = opened.unwrap().0;
        });
    }
    crowd.restart(0);
    crowd.transfer(1);
    // A device goes; everybody erases it, and it erases everybody.
    watched(|| {
        let gone = crowd.clients[3].address().device;
        let client = &mut crowd.clients[1];
        show_own_list(client);
        client.remove(&crowd.accounts[1], gone, crowd.now).unwrap().apply();
    });
    crowd.learn();
    let Crowd { accounts, clients, key, .. } = crowd;
    watched(|| drop((accounts, clients, key)));
}

#[test]
fn a_conversation_of_many_devices_leaves_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut rng = RecordingRng::new(7);
        gathering(&mut rng, secrets);
        secrets.extend(rng.taken.into_iter().map(|seed| ("randomness of a key", seed)));
        assert!(secrets.len() > 1000);
    });
}

#[test]
fn a_conversation_leaves_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut rng = RecordingRng::new(1);
        conversation(&mut rng, secrets);
        secrets.extend(rng.taken.into_iter().map(|seed| ("randomness of a key", seed)));
        assert!(secrets.len() > 1000);
    });
}

#[test]
fn epochs_of_the_post_quantum_exchange_leave_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let Pair { initiator, responder, .. } = Pair::new(5);
        let mut rng = RecordingRng::new(6);
        let mut salts = TestRng::new(7);
        let key = StateKey::new(1, &STATE_KEY).unwrap();
        let mut sides = [initiator, responder];
        for message in 0..200 {
            let [one, other] = &mut sides;
            let (from, to) = if message % 2 == 0 { (one, other) } else { (other, one) };
            let sealed = watched(|| {
                let sealed = from.stage_send().seal(&[7; 200], &mut rng).unwrap();
                sealed.apply()
            });
            note(from, secrets);
            watched(|| {
                let stored = to.anchor();
                let opened = to.open(&sealed).unwrap();
                let recorded = opened.record(&key, b"owner", &stored, &mut salts).unwrap();
                if message % 3 == 0 {
                    let record = recorded.record().unwrap().to_vec();
                    drop(recorded);
                    let change: Change<Session> =
                        key.open(b"owner", Some(&stored), &record).unwrap();
                    change.apply(to).unwrap();
                } else {
                    drop(recorded.apply());
                }
                // The whole state goes to the disk and comes back.
                if message % 5 == 0 {
                    *to = Session::from_bytes(&to.to_bytes()).unwrap();
                }
            });
            note(to, secrets);
        }
        assert!(sides[0].post_quantum_epoch() >= 2);
        watched(|| drop(sides));
        secrets.extend(rng.taken.into_iter().map(|seed| ("randomness of a key", seed)));
    });
}

#[test]
fn reserved_numbers_leave_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(8);
        let first = initiator.encrypt(b"the chain begins", &mut rng).unwrap();
        responder.decrypt(&first).unwrap();
        // Keys of the chain, from copies that use it as usual: the message keys are those that their
        // receiver misses.
        let (mut twin, mut reader) = (restored(&initiator), restored(&responder));
        let mut last = Vec::new();
        for _ in 0..40 {
            last = twin.encrypt(b"a", &mut rng).unwrap();
            note(&twin, secrets);
        }
        reader.decrypt(&last).unwrap();
        note(&reader, secrets);
        assert!(secrets.len() > 80);
        watched(|| {
            let ahead = |side: &mut Session, rng: &mut TestRng| {
                drop(side.stage_send().seal_reserved(b"b", rng).unwrap());
            };
            let reserve = |side: &mut Session, rng: &mut TestRng| {
                drop(side.stage_send().reserve(9).seal(b"a", rng).unwrap());
                drop(side.stage_send().reserve(9).seal(b"a", rng).unwrap().apply());
            };
            // Used up; freed by a usual message; by another reservation; by a turn; by its end.
            reserve(&mut initiator, &mut rng);
            (0..9).for_each(|_| ahead(&mut initiator, &mut rng));
            reserve(&mut initiator, &mut rng);
            (0..4).for_each(|_| ahead(&mut initiator, &mut rng));
            reserve(&mut initiator, &mut rng);
            drop(initiator.encrypt(b"c", &mut rng).unwrap());
            reserve(&mut initiator, &mut rng);
            ahead(&mut initiator, &mut rng);
            let mut ended = restored(&initiator);
            drop(ended.stage_send().reserve(3).seal(b"a", &mut rng).unwrap().apply());
            drop(ended);
            initiator.decrypt(&responder.encrypt(b"answer", &mut rng).unwrap()).unwrap();
            drop((initiator, responder));
        });
    });
}

#[test]
fn content_that_is_refused_is_not_left_in_freed_memory() {
    leaves_nothing(|secrets| {
        let Pair { mut initiator, mut rng, .. } = Pair::new(9);
        // Without a reservation; and where the peer's ratchet key, altered in the state, agrees on nothing.
        let content = plaintext(7);
        let mut weak = initiator.to_bytes();
        let peer = 2 + 32 + 265 + 16 + 48 + 1 + 1 + 1 + 32 + 32 + 144 + 1;
        assert_eq!(weak[peer - 1], 0, "the initiator is due");
        weak[peer..peer + 32].fill(0);
        let mut weak = Session::from_bytes(&weak).unwrap();
        watched(|| {
            for _ in 0..100 {
                let refused = initiator.stage_send().seal_reserved(&content, &mut rng);
                assert_eq!(refused, Err(Error::NotReserved));
                assert_eq!(weak.encrypt(&content, &mut rng), Err(Error::WeakKey));
            }
            drop((initiator, weak, vec![1_u8; 10_000]));
        });
        secrets.push(("a content", content));
    });
}

/// Seals an attachment of more pieces than one, saves the sealer in the middle, and opens it again.
fn attachment(rng: &mut RecordingRng, secrets: &mut Vec<Secret>) {
    let content = plaintext(11).repeat(4_000);
    let length = content.len() as u64;
    let account = Account::generate(AccountId([1; 32]), rng);
    let client = Client::create(&account, NOW, rng);
    let mut sealer = client.attach(Media::File, length, Padding::Buckets, NOW, rng).unwrap();
    let (mut stored, mut buffer) = (Vec::with_capacity(1 << 20), Box::new([0; PIECE]));
    loop {
        let from = sealer.progress().position as usize;
        let wanted = sealer.wants();
        buffer[..wanted].copy_from_slice(&content[from..][..wanted]);
        let Some(piece) = sealer.seal(&mut buffer).unwrap() else { break };
        stored.extend_from_slice(piece);
        sealer = Sealer::from_bytes(&sealer.to_bytes()).unwrap();
    }
    let reference = sealer.reference().unwrap();
    let key: [u8; 32] = reference.encode()[12..44].try_into().unwrap();
    let keys = attachment_keys(&reference.encode()[..12], &key);
    secrets.push(("an attachment's key", key.to_vec()));
    secrets.extend(keys.map(|key| ("a key of pieces", key.to_vec())));
    let mut opener = Opener::new(&Reference::decode(&*reference.encode()).unwrap());
    while let Some(range) = opener.wants() {
        let piece = &mut buffer[..(range.end - range.start) as usize];
        piece.copy_from_slice(&stored[range.start as usize..range.end as usize]);
        piece[0] ^= 1;
        assert_eq!(opener.open(piece), Err(Error::Forged));
        piece.copy_from_slice(&stored[range.start as usize..range.end as usize]);
        opener.open(piece).unwrap();
        opener = Opener::from_bytes(&opener.to_bytes()).unwrap();
    }
    // What the caller's buffer and source hold is the caller's.
    buffer.fill(0);
    drop((sealer, opener, reference));
    std::mem::forget((content, account, client));
}

fn attachment_keys(terms: &[u8], key: &[u8; 32]) -> [[u8; 32]; 2] {
    let prk = Hkdf::<Sha256>::new(Some(b"latchstring/v1/attachment/key."), key);
    ["tag", "stream"].map(|name| {
        let mut out = [0; 32];
        let label = format!("latchstring/v1/attachment/{name}.");
        prk.expand_multi_info(&[label.as_bytes(), terms], &mut out).unwrap();
        out
    })
}

#[test]
fn an_attachment_leaves_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut rng = RecordingRng::new(12);
        watched(|| attachment(&mut rng, secrets));
        assert!(secrets.len() == 3);
    });
}

/// Asks for a history, answers, and reads it, with everything saved and loaded in between.
fn history(home: &Home, rng: &mut RecordingRng, secrets: &mut Vec<Secret>) {
    let [source, asker] = [0, 1].map(|device| &home.clients[device]);
    let once = plaintext(12);
    let said = once.repeat(40);
    let of = source.address().device;
    let mut import = HistoryImport::ask(asker, of, &HistoryRange::ALL, NOW, rng).unwrap();
    let mut requests = HistoryRequests::default();
    let mut export = requests.answer(source, asker.address(), &import.request(), NOW).unwrap();
    let item = HistoryItem::new(
        Conversation::Own,
        source.address(),
        MessageId([1; 16]),
        NOW,
        &Content::app(7, &said),
    );
    let (mut writer, mut buffer) = (export.writer(), Box::new([0; PIECE]));
    let written = writer.write(&item).unwrap();
    buffer[..written.len()].copy_from_slice(&written);
    let mut sealer = source.attach(Media::File, writer.length(), Padding::Exact, NOW, rng).unwrap();
    let mut stored = sealer.seal(&mut buffer).unwrap().unwrap().to_vec();
    export.add(&writer, &sealer.reference().unwrap(), b"").unwrap();
    secrets.push(("a chunk's key", sealer.reference().unwrap().encode()[12..44].to_vec()));
    secrets.push(("a message of a history", said.clone()));
    let export = HistoryExport::from_bytes(&export.to_bytes()).unwrap();
    let answer = export.finish(source, false, NOW).unwrap();
    import.take(asker, source.address(), &answer).unwrap();
    import = HistoryImport::from_bytes(&import.to_bytes()).unwrap();
    let mut opener = import.opener().unwrap();
    let content = opener.open(&mut stored).unwrap();
    let told = content.chunks(100).find_map(|mut part| import.read(&mut part).unwrap()).unwrap();
    assert!(told.item.content().unwrap().as_app() == Some((7, &said[..])));
    // What the caller's buffers and source hold is the caller's.
    buffer.fill(0);
    std::mem::forget((once, said, stored));
}

#[test]
fn a_history_leaves_no_secret_in_freed_memory() {
    let home = Home::new(1, 2, &mut TestRng::new(14));
    leaves_nothing(|secrets| {
        let mut rng = RecordingRng::new(14);
        watched(|| history(&home, &mut rng, secrets));
        assert!(secrets.len() == 2);
    });
}

#[test]
fn sealing_and_opening_pieces_takes_no_memory() {
    let length = 300_000_u64;
    let mut rng = TestRng::new(13);
    let client = support::client(1, &mut rng);
    let mut sealer = client.attach(Media::File, length, Padding::Exact, NOW, &mut rng).unwrap();
    let (mut stored, mut buffer) = (Vec::with_capacity(1 << 20), Box::new([9; PIECE]));
    let sealing = peak_of(|| {
        while let Some(piece) = sealer.seal(&mut buffer).unwrap() {
            stored.extend_from_slice(piece);
        }
    });
    let mut opener = Opener::new(&sealer.reference().unwrap());
    let opening = peak_of(|| {
        while let Some(range) = opener.wants() {
            opener.open(&mut stored[range.start as usize..range.end as usize]).unwrap();
        }
    });
    assert_eq!((sealing, opening), (0, 0), "bytes were taken");
    // And what a hostile reference takes follows from no length that it names.
    let longest = [&[1, 0x32, 1, 1][..], &(1_u64 << 48).to_be_bytes(), &[9; 64]].concat();
    let peak = peak_of(|| {
        let mut opener = Opener::new(&Reference::decode(&longest).unwrap());
        assert_eq!(opener.open(&mut []), Err(Error::Forged));
    });
    assert!(peak < 200_000, "{peak}");
}

#[test]
fn contents_of_every_kind_leave_nothing_in_freed_memory() {
    leaves_nothing(|secrets| {
        let bytes = plaintext(8);
        let text: String = bytes.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        watched(|| {
            for _ in 0..10 {
                let attached = |media| {
                    let terms = [1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19];
                    let (key, digest) = (&bytes[..32], [0xc2; 32]);
                    let reference = Zeroizing::new([&terms[..], key, &digest].concat());
                    Content::attached(&Reference::decode(&reference).unwrap(), &bytes).unwrap()
                };
                let file = attached(1).with_name(&text).unwrap();
                for content in [
                    Content::text(&text).unwrap(),
                    attached(2).with_caption(&text).unwrap(),
                    file.with_caption(&text).unwrap().with_caption(&text).unwrap(),
                    Content::app(7, &bytes),
                ] {
                    let known = content.encode();
                    let unknown = known.len();
                    assert!(Content::decode(&known, Kinds::of(Sender::Own)).is_ok());
                    // With a part that nobody knows, which is kept, or may not be said.
                    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
                    let parts = [&known[..], &[0xc0], &length, &bytes].concat();
                    let mut encoded = Zeroizing::new(parts);
                    for (number, sender) in [(0xc0, Sender::Own), (0x80, Sender::Member)] {
                        encoded[unknown] = number;
                        assert!(Content::decode(&encoded, Kinds::of(sender)).is_ok());
                    }
                    for (number, sender) in [(0xc0, Sender::Member), (0x3f, Sender::Own)] {
                        encoded[unknown] = number;
                        assert!(Content::decode(&encoded, Kinds::of(sender)).is_err());
                    }
                }
            }
            drop(vec![1_u8; 20_000]);
        });
        secrets.push(("a content", bytes));
        secrets.push(("a text", text.into_bytes()));
    });
}

#[test]
fn a_guest_chat_leaves_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut rng = RecordingRng::new(2);
        let account = Account::generate(AccountId([3; 32]), &mut rng);
        let mut host = Client::create(&account, NOW, &mut rng);
        secrets.extend(rng.taken.drain(..).map(|seed| ("randomness of a key", seed)));
        let policy = Policy::new("Ada", NOW + 86_400);
        let (invite, server_copy) =
            watched(|| Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap());
        // Whoever finds the nonce of the invitation has found the invitation, hence the link.
        // version, kind, anchor, clock, status, length; then the invitation: version, kind, suite, nonce
        secrets.push(("a nonce", invite.to_bytes()[2 + 32 + 25 + 1 + 4 + 3..][..32].to_vec()));
        secrets.extend(visit(&mut host, invite, &server_copy, &mut rng));
    });
}

#[test]
fn a_guest_chat_on_three_devices_leaves_no_secret_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut outside = TestRng::new(6);
        let mut home = Home::new(3, 2, &mut outside);
        let bundles: Vec<_> =
            home.clients.iter_mut().map(|client| bundle_of(client, &mut outside)).collect();
        let new = home.link(NOW, &mut outside);
        let list = home.list.clone();
        let mut rng = RecordingRng::new(7);
        let [one, two] = &mut home.clients[..] else { panic!() };
        let policy = Policy::new("Ada", NOW + 86_400);
        let (mut invite, server_copy) =
            watched(|| Invite::create(one, ORIGIN, policy, NOW, &mut rng).unwrap());
        let url = invite.link().unwrap().to_url(ORIGIN).unwrap();
        secrets.push(("a link", support::guest::secret_of(&url).to_vec()));
        // The claim is public, and holds a salt of the generator's.
        let claim = watched(|| {
            let mut other = Invite::import(two, &invite.export().unwrap(), NOW).unwrap();
            other = Invite::from_bytes(&other.to_bytes()).unwrap();
            let preview = InviteLink::parse(&url)
                .unwrap()
                .open(server_copy.sealed_invitation(), ORIGIN, NOW)
                .unwrap();
            let (mut guest, claim) =
                preview.claim(&list, &bundles, "Grace", &[], NOW, &mut rng).unwrap();
            let opened_claim = invite.claim(one, &claim, NOW).unwrap();
            let (mut first, _) = opened_claim.apply();
            let granted = first.grant(one, NOW, &mut rng).unwrap().apply();
            guest.receive(one.address(), &only(granted), NOW).unwrap();
            other.sync_grant(two, &first.export_grant(one).unwrap(), NOW).unwrap().apply();
            other = Invite::from_bytes(&other.to_bytes()).unwrap();
            let opened_claim = other.claim(two, &claim, NOW).unwrap();
            let (mut second, _) = opened_claim.apply();
            let shared = second.export(two, NOW).unwrap();
            let (mut third, envelope) = Chat::import(&new, &shared, NOW, &mut rng).unwrap();
            guest.receive(new.address(), &envelope.message, NOW).unwrap();
            guest = Chat::from_bytes(&guest.to_bytes()).unwrap();
            for _ in 0..3 {
                let said = guest.send("hello", NOW, &mut rng).unwrap().envelopes;
                for (chat, envelope) in [&mut first, &mut second, &mut third].into_iter().zip(&{
                    let order = [one.address(), two.address(), new.address()];
                    order.map(|to| said.iter().find(|envelope| envelope.to == to).unwrap().clone())
                }) {
                    chat.hear(&envelope.message, NOW).unwrap();
                    let answer = chat.say("welcome", NOW, &mut rng).unwrap();
                    let from = Address::clone(&envelope.to);
                    guest.receive(from, &answer, NOW).unwrap();
                }
            }
            drop((guest, first, second, third, invite, other));
            claim
        });
        drop(claim);
        secrets.extend(rng.taken.into_iter().map(|seed| ("randomness of a key", seed)));
        assert!(secrets.len() > 20);
    });
}

#[test]
fn the_search_finds_what_is_freed_unwiped() {
    let _alone = DIGGING.lock().unwrap();
    HEAP.used.store(0, Ordering::SeqCst);
    let secret = plaintext(5);
    watched(|| {
        drop(vec![0_u8; 20_000]);
        drop([b"front", &secret[..]].concat());
    });
    assert_eq!(found(&[("it", secret.clone()), ("another", plaintext(6))]), vec!["it"; 5]);
}

/// Measures the most memory that `f` holds at a time.
fn peak_of<T>(f: impl FnOnce() -> T) -> usize {
    let before = LIVE.get();
    PEAK.set(before);
    f();
    usize::try_from(PEAK.get() - before).unwrap()
}

/// Returns the object as far as `at`, then a length of 2^31, then three bytes.
fn hostile(bytes: &[u8], at: usize) -> Vec<u8> {
    [&bytes[..at], &[0x80, 0, 0, 0], b"abc"].concat()
}

/// Returns the change that comes back from its record. The state itself stays as it was.
fn recorded<S: State, T>(
    state: &mut S,
    operation: impl for<'a> FnOnce(&'a mut S) -> Result<Pending<'a, S, T>, Error>,
) -> Change<S> {
    let (key, stored) = (StateKey::new(1, &STATE_KEY).unwrap(), state.anchor());
    let pending = operation(state).unwrap();
    let recorded = pending.record(&key, b"owner", &stored, &mut TestRng::new(4)).unwrap();
    key.open(b"owner", Some(&stored), recorded.record().unwrap()).unwrap()
}

/// Decodes the object with a hostile length at every place in it.
fn decodes_in_little_memory<T>(bytes: &[u8], mut decode: impl FnMut(&[u8]) -> Result<T, Error>) {
    for at in 0..bytes.len() {
        let hostile = hostile(bytes, at);
        let peak = peak_of(|| drop(decode(&hostile)));
        assert!(peak < 4096 + hostile.len(), "{peak} bytes for a length at {at}");
    }
}

#[test]
fn hostile_lengths_in_messages_take_little_memory() {
    let mut pair = Pair::new(3);
    let message = pair.initiator.encrypt(b"message", &mut pair.rng).unwrap();
    decodes_in_little_memory(&message, |bytes| pair.responder.open(bytes).map(drop));
    let bundle = bundle_with_one_time(&mut pair.bob, &mut pair.rng);
    let first = pair.alice.initiate(&bundle, NOW, &mut pair.rng).unwrap();
    let first = { first }.encrypt(b"first", &mut pair.rng).unwrap();
    decodes_in_little_memory(&first, |bytes| pair.bob.accept(bytes, NOW).map(drop));
}

#[test]
fn hostile_lengths_in_published_objects_take_little_memory() {
    let mut pair = Pair::new(4);
    let bundle = bundle_with_one_time(&mut pair.bob, &mut pair.rng);
    decodes_in_little_memory(&bundle.encode(), Bundle::decode);
    let talk = Talk::new(4);
    decodes_in_little_memory(&talk.door.server_copy.encode(), ServerCopy::decode);
    decodes_in_little_memory(&talk.claim, |bytes| talk.door.server_copy.check_claim(bytes));
    let notice = talk.door.invite.notice().unwrap();
    decodes_in_little_memory(&notice, |bytes| talk.door.server_copy.check_notice(bytes));
}

#[test]
fn hostile_lengths_in_states_take_little_memory() {
    let mut pair = Pair::new(5);
    let messages = seal_many(&mut pair.initiator, 30, &mut pair.rng);
    let change = recorded(&mut pair.responder, |to| to.open(&messages[20]));
    decodes_in_little_memory(&change.to_bytes(), Change::<Session>::from_bytes);
    pair.responder.decrypt(&messages[25]).unwrap();
    decodes_in_little_memory(&pair.responder.to_bytes(), Session::from_bytes);
    decodes_in_little_memory(&pair.bob.to_bytes()[..3000], Device::from_bytes);
    let talk = Talk::new(5);
    decodes_in_little_memory(&talk.door.invite.to_bytes(), Invite::from_bytes);
    decodes_in_little_memory(&Door::new(5).invite.to_bytes(), Invite::from_bytes);
    decodes_in_little_memory(&talk.host.to_bytes(), Chat::from_bytes);
}

#[test]
fn hostile_lengths_in_what_clients_read_take_little_memory() {
    let mut town = Town::new(6, &[2, 2]);
    town.chat(0, 1);
    let out = town.seal(0, 0, To::Account(town.id(1)), &[1; 5000]).unwrap();
    decodes_in_little_memory(&out.encode(), Outgoing::decode);
    town.server.post(town.address(0, 0), out);
    decodes_in_little_memory(&town.server.list(town.id(0)).encode(), DeviceList::decode);
    let mail = town.server.take(town.address(1, 0)).unwrap();
    let client = town.client(1, 0);
    decodes_in_little_memory(&mail.message, |bytes| client.open(mail.from, bytes, NOW).map(drop));
    let change = recorded(client, |client| client.open(mail.from, &mail.message, NOW));
    decodes_in_little_memory(&change.to_bytes(), Change::<Client>::from_bytes);

    let new_device = NewDevice::generate("laptop", NOW, &mut TestRng::new(7)).unwrap();
    decodes_in_little_memory(&new_device.to_bytes(), NewDevice::from_bytes);
    let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
    let Town { people, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let offer = devices[0].approve(account, &request, 4, NOW, rng).unwrap().apply();
    decodes_in_little_memory(&offer, |bytes| new_device.open(bytes, NOW).map(drop));
    let linking_offer = new_device.open(&offer, NOW).unwrap();
    let (entrant, acceptance) = accepted(linking_offer, new_device, &devices[0], NOW);
    decodes_in_little_memory(&acceptance, |bytes| {
        devices[0].admit(account, bytes, b"", NOW).map(drop)
    });
    let briefing = devices[0].admit(account, &acceptance, b"", NOW).unwrap().apply();
    decodes_in_little_memory(&entrant.to_bytes(), Entrant::from_bytes);
    decodes_in_little_memory(&briefing, |bytes| entrant.open(bytes, NOW).map(drop));
}

#[test]
fn hostile_lengths_in_the_state_of_a_client_take_little_memory() {
    let mut town = Town::new(7, &[2, 1]);
    town.chat(0, 1);
    let bytes = town.client(0, 0).to_bytes();
    // Lengths are in what follows the keys of prekeys: the lists, the peers, the logs.
    let own = places(&bytes, &town.address(0, 0).account.0);
    let from = own[1];
    for at in from..bytes.len() {
        let hostile = hostile(&bytes, at);
        let whole = peak_of(|| drop(Client::from_bytes(&bytes)));
        let peak = peak_of(|| drop(Client::from_bytes(&hostile)));
        assert!(peak < whole + 4096 + hostile.len(), "{peak} bytes for a length at {at}");
    }
}

#[test]
fn keys_and_values_of_settings_are_wiped() {
    leaves_nothing(|secrets| {
        let mut rng = TestRng::new(71);
        let home = Home::new(1, 2, &mut rng);
        let [mut one, mut other] =
            [0, 1].map(|device| Settings::create(&home.clients[device], NOW, &mut rng).unwrap());
        let value = [&rng.next_u64().to_be_bytes()[..], &rng.next_u64().to_be_bytes()].concat();
        secrets.push(("a value of a setting", value.clone()));
        watched(|| {
            for time in 0..40 {
                let keys = one.rotate(&home.clients[0], NOW + time, &mut rng).unwrap().apply();
                let newest = keys.as_bytes()[38..].chunks(48);
                secrets.extend(newest.map(|key| ("a key of settings", key[16..].to_vec())));
                other.take_keys(&home.clients[1], &keys, NOW + time).unwrap().apply();
            }
            let name = Setting::App("secret".into());
            let set = [(name.clone(), Some(&value[..]))];
            let mut entries = vec![one.set(&home.clients[0], &set, NOW + 40).unwrap().apply()];
            let snapshot = one.snapshot(&home.clients[0], NOW + 40).unwrap().apply();
            drop(other.take_snapshot(&home.clients[1], &snapshot, NOW + 40).unwrap().apply());
            entries.push(one.set(&home.clients[0], &[(name, None)], NOW + 40).unwrap().apply());
            drop(other.take(&home.clients[1], &entries, NOW + 40).unwrap().apply());
            drop(restored(&other));
            drop((one, other));
        });
    });
}

#[test]
fn exported_secrets_and_evidence_leave_nothing_in_freed_memory() {
    leaves_nothing(|secrets| {
        let mut pair = Pair::new(81);
        let mut town = Town::new(82, &[1, 1]);
        let text: Vec<u8> = (0..8).flat_map(|_| pair.rng.next_u64().to_be_bytes()).collect();
        let content = said(&text);
        secrets.push(("a reported text", text));
        let mut plan = town.plan(0, 0, 1);
        town.supply(0, 0, &mut plan).unwrap();
        plan.frank();
        let out = town.seal_plan(0, 0, &mut plan, &content).unwrap();
        let (from, to) = (town.address(0, 0), town.address(1, 0));
        watched(|| {
            let Pair { initiator, responder, rng, .. } = &mut pair;
            let sealed = initiator.stage_send().seal_exporting(b"a call", rng).unwrap();
            let (message, exporter) = sealed.apply();
            let opened = responder.decrypt(&message).unwrap();
            for exporter in [exporter, opened.exporter()] {
                let secret = exporter.secret(b"a label", b"a context").unwrap();
                secrets.push(("an exported secret", secret.to_vec()));
            }
            let service = ServiceKey::new(&[7; 32]).unwrap();
            let envelope = &out.envelopes[0];
            let frank = envelope.frank.unwrap();
            let client = town.client(1, 0);
            let letter = client.open_franked(from, &envelope.message, Some(&frank), NOW);
            let letter = letter.unwrap().apply();
            let stamp = service.stamp(&frank, from, to, NOW);
            let report = Report::new(letter.evidence.unwrap(), from, to, stamp).encode();
            let reported = Report::decode(&report).unwrap().verify(&service).unwrap();
            assert_eq!(reported.sent, NOW);
        });
        // What the caller holds is the caller's.
        std::mem::forget(content);
    });
}

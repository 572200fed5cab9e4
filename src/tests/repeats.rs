//! Generators that repeat themselves: whatever is done with one, no key seals two texts under one nonce, and
//! nothing that is drawn comes twice.
#![allow(
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::broken_rng::Broken;
use crate::attachment::{Media, PIECE, Padding};
use crate::client::{Client, GroupId, LinkingRequest, NewDevice, To};
use crate::content::Content;
use crate::error::Error;
use crate::group::{Adding, Group, Member};
use crate::guest::{Approval, Chat, Invite, Pin, Policy, ServerCopy};
use crate::history::{HistoryImport, HistoryRange};
use crate::primitives::tests::repeats::{Observed, watch};
use crate::protocol::labels;
use crate::session::{Account, AccountId, Bundle, Certificate, Device, OneTimePrekey, Session};
use crate::settings::Settings;
use crate::storage::{Behind, Journal, State, StateKey};

const NOW: u64 = 1_800_000_000;

/// Everything that is drawn, by its label.
const DRAWN: [&[u8]; 27] = [
    labels::IDENTITY_ACCOUNT_SEED,
    labels::IDENTITY_DEVICE_SEEDS,
    labels::LINKING_CODE_SECRETS,
    labels::LINKING_DEVICE_ID,
    labels::LINKING_EPHEMERAL,
    labels::PREKEYS_SET_SECRETS,
    labels::PREKEYS_ONE_TIME_SECRETS,
    labels::HANDSHAKE_EPHEMERAL,
    labels::HANDSHAKE_COINS,
    labels::RATCHET_KEY,
    labels::BRAID_KEY,
    labels::BRAID_COINS,
    labels::STATE_SALT,
    labels::STATE_JOURNAL,
    labels::STATE_RESTART,
    labels::GUEST_OWNER,
    labels::GUEST_NONCE,
    labels::GUEST_PIN_DIGITS,
    labels::GUEST_PIN_SHARE,
    labels::GUEST_SECRETS,
    labels::GUEST_SALT,
    labels::GUEST_TEXT_ID,
    labels::ATTACHMENT_DRAW,
    labels::HISTORY_REQUEST,
    labels::SETTINGS_STATE,
    labels::SETTINGS_KEY,
    labels::GROUP_SALT,
];

fn name(label: &[u8]) -> String {
    String::from_utf8_lossy(label).into_owned()
}

fn state_key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

/// Does everything that draws, each thing at least twice in one second and about different things.
fn everything(rng: &mut Broken) -> Result<(), Error> {
    let accounts = [1, 2].map(|id| Account::generate(AccountId([id; 32]), rng.op()));
    between_devices(&accounts, rng)?;
    between_clients(&accounts, rng)?;
    with_guests(&accounts, rng)?;
    beside_a_client(&accounts, rng)
}

fn between_devices(accounts: &[Account; 2], rng: &mut Broken) -> Result<(), Error> {
    let one = Device::generate(&accounts[0], NOW, rng.op());
    let mut two = Device::generate(&accounts[1], NOW, rng.op());
    let third = Device::generate(&accounts[0], NOW + 1, rng.op());
    let mut bundles = vec![two.bundle()];
    for _ in 0..2 {
        let keys = two.replenish(NOW, rng.op()).apply();
        let ids = keys.iter().map(OneTimePrekey::id).chain([two.bundle().id()]);
        two.note_published(ids, NOW).apply();
        bundles.extend(keys.into_iter().take(2).map(|key| two.bundle().attach(key).unwrap()));
        bundles.push(two.rotate(NOW, rng.op()).apply());
    }
    let mut sessions = Vec::new();
    for (i, bundle) in bundles.iter().enumerate() {
        // A one-time prekey serves one of the two.
        for device in [&one, &third].into_iter().skip(usize::from(bundle.has_one_time_prekey())) {
            let mut session = device.initiate(bundle, NOW, rng.op())?;
            let text = vec![u8::try_from(i).unwrap(); 20];
            let first = session.encrypt(&text, rng.op())?;
            let accepted = two.accept(&first, NOW)?.apply().session;
            sessions.push((session, accepted));
        }
    }
    let (mut to_two, mut to_one) = sessions.swap_remove(0);
    converse(&mut to_two, &mut to_one, rng)?;
    at_rest(&accounts[0], two, to_two, rng)
}

/// Talks long enough for two epochs of the braid, under reserved numbers too.
fn converse(one: &mut Session, other: &mut Session, rng: &mut Broken) -> Result<(), Error> {
    for i in 0..12 {
        say(one, other, i, rng)?;
        say(other, one, i, rng)?;
    }
    assert!(one.post_quantum_epoch() >= 2, "the braid went on");
    Ok(())
}

/// Sends a message with chunks of the braid, and one under a reserved number.
fn say(from: &mut Session, to: &mut Session, i: u8, rng: &mut Broken) -> Result<(), Error> {
    let said = from.stage_send().chunks(36).reserve(2).seal(&[i; 9], rng.op())?;
    to.decrypt(&said.apply())?;
    let reserved = from.stage_send().seal_reserved(&[i; 8], rng.op())?;
    to.decrypt(&reserved)?;
    Ok(())
}

/// Seals states, changes and journals under one state key and one owner.
fn at_rest(
    account: &Account,
    mut device: Device,
    mut session: Session,
    rng: &mut Broken,
) -> Result<(), Error> {
    let (key, owner) = (state_key(), b"owner");
    key.seal(account, owner, rng.op())?;
    key.seal(&device, owner, rng.op())?;
    key.seal(&session, owner, rng.op())?;
    device.note_published([device.bundle().id()], NOW).apply();
    let stored = device.anchor();
    // Two changes from one state, as after a write that failed.
    drop(device.expire(NOW).record(&key, owner, &stored, rng.op())?);
    drop(device.expire(NOW + 1).record(&key, owner, &stored, rng.op())?);
    drop(device.rotate(NOW + 1, rng.op()).record(&key, owner, &stored, rng.op())?);
    let (_, mut of_device) = Journal::begin(&device, &key, owner, rng.op())?;
    let (_, mut journal) = Journal::begin(&session, &key, owner, rng.op())?;
    device.rotate(NOW, rng.op()).journal(&mut of_device, rng.op())?.apply();
    device.expire(NOW + 2).journal(&mut of_device, rng.op())?.apply();
    for i in 0..3 {
        let sealed = session.stage_send().seal(&[i; 7], rng.op())?;
        sealed.journal(&mut journal, rng.op())?.apply();
        drop(journal.renew(&session, &key, rng.op())?);
    }
    Ok(())
}

/// Has a companion, of that description, linked to the primary's account.
fn link(
    primary: &mut Client,
    account: &Account,
    name: &str,
    now: u64,
    rng: &mut Broken,
) -> Result<Client, Error> {
    let new = NewDevice::generate(name, now, rng.op())?;
    // What is to be another thing is one, whatever it says.
    NewDevice::generate_primary(name, now, rng.op())?;
    let request = LinkingRequest::read(&new.code(), now)?;
    let offer = primary.approve(account, &request, 4, now, rng.op())?.apply();
    let offer = new.open(&offer, now)?;
    let digits = primary.linking_digits().ok_or(Error::Expired)?;
    let (entrant, acceptance) = offer.accept(new, digits, now)?;
    // An acceptance is admitted twice from one state, and says another thing the second time.
    let mut copy = Client::from_bytes(&primary.to_bytes())?;
    copy.learn(primary.list(), now)?.apply();
    copy.admit(account, &acceptance, b"lost", now)?.apply();
    let briefing = primary.admit(account, &acceptance, name.as_bytes(), now)?.apply();
    Ok(entrant.open(&briefing, now)?.begin(entrant, now, rng.op())?.0)
}

fn between_clients(accounts: &[Account; 2], rng: &mut Broken) -> Result<(), Error> {
    let [mut ada, mut grace] =
        [&accounts[0], &accounts[1]].map(|account| Client::create(account, NOW + 2, rng.op()));
    for name in ["laptop", "tablet"] {
        link(&mut ada, &accounts[0], name, NOW + 2, rng)?;
    }
    ada.learn(grace.list(), NOW + 2)?.apply();
    grace.learn(ada.list(), NOW + 2)?.apply();
    let group = [accounts[1].id()];
    let to_group = To::Group { id: GroupId([3; 32]), members: &group };
    let (to_grace, long) = (To::Account(accounts[1].id()), vec![7; 5000]);
    let said: [(To<'_>, &[u8]); 5] = [
        (to_grace, b"one"),
        (to_grace, b"two"),
        (to_group, b"two"),
        (To::Own, b"two"),
        (to_group, &long),
    ];
    let (key, owner) = (state_key(), b"owner");
    let (_, mut journal) = Journal::begin(&ada, &key, owner, rng.op())?;
    for (to, content) in said {
        let mut plan = ada.plan(to, NOW + 2)?;
        for address in plan.missing().collect::<Vec<_>>() {
            if address == grace.address() {
                let keys = grace.replenish(NOW + 2, rng.op()).apply();
                grace.note_published(keys.iter().map(OneTimePrekey::id), NOW + 2).apply();
                let bundle = grace.bundle().attach(keys[0].clone())?;
                plan.supply(&ada, &bundle, NOW + 2, rng.op())?;
            } else {
                plan.leave_out(address)?;
            }
        }
        let sealed = ada.seal(&mut plan, &Content::app(7, content), NOW + 2, rng.op())?;
        sealed.journal(&mut journal, rng.op())?.apply();
        drop(journal.renew(&ada, &key, rng.op())?);
    }
    for length in [70_000, 70_001] {
        let mut sealer = ada.attach(Media::File, length, Padding::Buckets, NOW + 2, rng.op())?;
        let mut buffer = [3; PIECE];
        while sealer.seal(&mut buffer)?.is_some() {}
    }
    let devices = ada.list().devices().iter().map(Certificate::device);
    let other = devices.into_iter().find(|device| *device != ada.address().device).unwrap();
    for items in [50, 51] {
        let range = HistoryRange::ALL.at_most(items, 1 << 20);
        HistoryImport::ask(&ada, other, &range, NOW + 2, rng.op())?;
    }
    ada.note_published([ada.bundle().id()], NOW + 2).apply();
    ada.rotate(NOW + 2, rng.op()).apply();
    // The same copy begins anew twice, and another one at the same time.
    let copies = [key.seal(&ada, owner, rng.op())?, key.seal(&grace, owner, rng.op())?];
    for (copy, now) in [(0, NOW + 2), (0, NOW + 3), (1, NOW + 2)] {
        let behind: Behind<Client> = key.open_behind(owner, &copies[copy])?;
        let client = Client::restart(behind, now, rng.op())?;
        key.seal(&client, owner, rng.op())?;
    }
    let lost = [grace.address().device];
    Client::recover(&accounts[1], grace.list(), &lost, NOW + 3, rng.op()).map(drop)
}

/// A host with links, and a guest's way in by one of them.
struct House<'a> {
    client: &'a mut Client,
    bundle: Bundle,
}

impl House<'_> {
    fn link(&self, policy: Policy, rng: &mut Broken) -> Result<(Invite, ServerCopy), Error> {
        Invite::create(self.client, "example.org", policy, NOW + 4, rng.op())
    }

    fn claim(
        &self,
        (invite, copy): &(Invite, ServerCopy),
        (name, texts): (&str, &[&str]),
        rng: &mut Broken,
    ) -> Result<(Chat, Vec<u8>), Error> {
        let link = invite.link().unwrap();
        let preview = link.open(copy.sealed_invitation(), "example.org", NOW + 4)?;
        let pin = invite.pin().map(|pin| Pin::parse(&pin.digits()).unwrap());
        let preview = match pin {
            Some(pin) => preview.enter(pin)?,
            None => preview,
        };
        let bundles = core::slice::from_ref(&self.bundle);
        preview.claim(self.client.list(), bundles, name, texts, NOW + 4, rng.op())
    }

    /// Takes a claim, recorded.
    fn take(&mut self, invite: &mut Invite, claim: &[u8], rng: &mut Broken) -> Result<Chat, Error> {
        let (of_invite, of_client) = (invite.anchor(), self.client.anchor());
        let opened = invite.claim(self.client, claim, NOW + 4)?;
        let (invite, client) = ((&b"invite"[..], &of_invite), (&b"client"[..], &of_client));
        Ok(opened.record(&state_key(), invite, client, rng.op())?.apply().0)
    }
}

fn with_guests(accounts: &[Account; 2], rng: &mut Broken) -> Result<(), Error> {
    let mut client = Client::create(&accounts[0], NOW + 4, rng.op());
    let host = client.address();
    let bundle = client.bundle();
    let mut house = House { client: &mut client, bundle };
    let policy = |name| Policy::new(name, NOW + 86_400);
    let asking = |name| {
        let mut policy = policy(name);
        policy.approval = Approval::Pin;
        policy
    };
    let mut open = [house.link(policy("Ada"), rng)?, house.link(policy("Ada L."), rng)?];
    let mut closed = [house.link(asking("Ada"), rng)?, house.link(asking("Ada L."), rng)?];
    // Several guests with one link, who differ in what they say first.
    house.claim(&open[0], ("Grace", &["hi"]), rng)?;
    house.claim(&open[0], ("Grace", &["ho"]), rng)?;
    let mut chats = Vec::new();
    for link in &mut open {
        let (mut guest, claim) = house.claim(link, ("Grace", &[]), rng)?;
        let mut chat = house.take(&mut link.0, &claim, rng)?;
        let grant = chat.grant(house.client, NOW + 4, rng.op())?.apply();
        guest.receive(host, &grant[0].message, NOW + 4)?;
        let guests = guest.send("from the guest", NOW + 4, rng.op())?;
        chat.receive(guest.address(), &guests.envelopes[0].message, NOW + 4)?;
        let hosts = chat.send("from the host", NOW + 4, rng.op())?;
        guest.receive(host, &hosts.envelopes[0].message, NOW + 4)?;
        chats.push((chat, guest));
    }
    for link in &mut closed {
        let (mut guest, claim) = house.claim(link, ("Grace", &[]), rng)?;
        let mut chat = house.take(&mut link.0, &claim, rng)?;
        let answer = chat.answer_pin(house.client, NOW + 4, rng.op())?.apply();
        guest.receive(host, &answer[0].message, NOW + 4)?;
        let proof = guest.prove_pin(NOW + 4, rng.op())?.apply();
        chat.receive(guest.address(), &proof[0].message, NOW + 4)?;
        chat.grant(house.client, NOW + 4, rng.op())?.apply();
    }
    let mut late = link(house.client, &accounts[0], "late", NOW + 5, rng)?;
    late.learn(house.client.list(), NOW + 5)?.apply();
    for (mut chat, _) in chats {
        let shared = chat.export(house.client, NOW + 5)?;
        Chat::import(&late, &shared, NOW + 5, rng.op())?;
        chat.end(NOW + 5, rng.op())?.apply();
    }
    Ok(())
}

/// Does everything with a generator, and returns what was seen.
/// Makes settings and groups, which lie beside a client.
fn beside_a_client(accounts: &[Account; 2], rng: &mut Broken) -> Result<(), Error> {
    let [client, other] =
        accounts.each_ref().map(|account| Client::create(account, NOW + 5, rng.op()));
    let mut settings = Settings::create(&client, NOW + 5, rng.op())?;
    Settings::create(&client, NOW + 6, rng.op())?;
    for _ in 0..2 {
        drop(settings.rotate(&client, NOW + 6, rng.op())?.apply());
    }
    let member = Member::of(other.list());
    for administrators in [&[][..], &[member]] {
        Group::found(&client, Adding::Members, &[member], administrators, rng.op())?;
    }
    Ok(())
}

fn seen(mut rng: Broken) -> Observed {
    watch(None, || everything(&mut rng).unwrap())
}

#[test]
fn a_generator_that_repeats_seals_no_two_texts_under_one_key() {
    for rng in Broken::ALL {
        let seen = seen(rng);
        assert!(seen.texts.is_empty(), "{:?}", seen.texts);
    }
}

#[test]
fn a_generator_that_repeats_gives_nothing_twice() {
    for rng in Broken::ALL {
        let seen = seen(rng);
        assert!(seen.repeated.is_empty(), "{:?}", seen.repeated);
        // Whoever draws something new adds it here, and to what is done above.
        for label in DRAWN.iter().chain(&[labels::LETTER_ID]) {
            assert!(seen.labels.contains(*label), "{}", name(label));
        }
        assert_eq!(seen.labels.len(), DRAWN.len() + 1, "{:?}", seen.labels);
    }
}

#[test]
fn whichever_hedge_is_taken_out_a_generator_that_repeats_is_caught() {
    for label in DRAWN.into_iter().chain([labels::LETTER_ID]) {
        // It may come to a refusal: of two devices with one id, say.
        let seen = watch(Some(label), || everything(&mut Broken::Stuck(0x55)).unwrap_or(()));
        let name = name(label);
        assert!(seen.repeated.contains(&name), "{name}");
        // Without the text in it, the salt of a record is that of another record.
        assert!(
            label != labels::STATE_SALT || !seen.texts.is_empty(),
            "two records have two texts"
        );
    }
}

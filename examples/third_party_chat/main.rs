//! Two people on different messengers: `cargo run --release --features signal --example third_party_chat`.
//!
//! A law says that messengers have to let each other's people in. Ada uses one.example; Grace uses two.example, and
//! writes to her. Ada's app has that switched off, until she has read what is different; a stranger's first message
//! is a question; Grace's device shows Ada's service who it is, directly; a proxy then lies about everything, and
//! gets nowhere; a partner swaps a picture; a group loses a member; a provider is stopped, and poses as its own user.
//!
//! In the end, if they are here, the real programs of others are on the other side.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "an example may stop at a surprise, and a story has one thread"
)]

mod connecting;
mod group;
mod lies;
mod others;
mod page;
mod person;
mod picture;
mod proxy;
mod service;
#[path = "../store/mod.rs"]
#[allow(dead_code, reason = "the other examples use the rest")]
mod store;

use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::content::{Content, Kinds, Sender};
use latchstring::session::{Account, AccountId};
use latchstring::signal::{
    AccountStatement, Address, Authority, Bundle, ContentProfile, Delivery, EnlistmentToken,
    Feature, ForeignDevice, Learned, Programs, ProviderDescriptor, ProviderId, ProviderStatement,
    ProviderStatus, Saying, TrustedKeys, Version,
};
use page::{note, says, scene, sees};
use person::{Person, refused};
use picture::Files;
use service::Service;
use store::Failure;

pub(crate) const DAY: u64 = 86_400;

/// Ada's service, as its own people know it.
pub(crate) const ORIGIN: &str = "one.example";

/// A provider as the maker of the apps describes it.
struct Provider {
    id: ProviderId,
    attesting: Authority,
    profile: ContentProfile,
    now: u64,
}

impl Provider {
    fn new(id: &str, profile: ContentProfile, now: u64) -> Result<Self, Error> {
        let attesting = Authority::generate(&mut UnwrapErr(SysRng));
        Ok(Self { id: ProviderId::new(id)?, attesting, profile, now })
    }

    fn described(
        &self,
        counter: u64,
        status: ProviderStatus,
        root: &Authority,
    ) -> Result<ProviderDescriptor, Error> {
        let statement = ProviderStatement {
            id: self.id.clone(),
            counter,
            from: self.now,
            until: self.now + 60 * DAY,
            status,
            programs: Programs::Attested,
            floor: Version::V4,
            devices: 4,
            profile: self.profile,
            attestation_keys: TrustedKeys::new([self.attesting.public_key()])?,
        };
        statement.sign(root)
    }
}

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("latchstring-third-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &Path) -> Result<(), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let now = start.as_secs();
    let root = Authority::generate(&mut rng);
    let full = ContentProfile::new(Kinds::of(Sender::Foreign), 2000);
    let one = Provider::new(ORIGIN, full.with(Feature::Timers), now)?;
    let two = Provider::new("two.example", full, now)?;
    let ada = Person::new("Ada", (&one.id, &root), one.profile, folder, now)?;
    let grace = Person::new("Grace", (&two.id, &root), two.profile, folder, now)?;

    sees(&format!("what the server of {ORIGIN} sees"));
    scene("Two messengers, and a law that they let each other's people in");
    let mut service = Service::new(ORIGIN);
    service.describe(two.described(1, ProviderStatus::Active, &root)?);
    service.member(ada.attested(&one.attesting)?);
    let batch = ada.change(|client, now, rng| Ok(client.replenish(now, rng)))?;
    service.keep(ada.device.clone(), ada.client()?.bundle(), batch);
    note("Ada is at one.example. Grace is at two.example, and wants to write to Ada");
    let of_one = one.described(1, ProviderStatus::Active, &root)?.encode();
    grace.change(|client, now, _| client.learn_provider(&of_one, now))?;
    grace.opt_in(&one.id)?;
    let attestation = grace.attested(&two.attesting)?;

    scene("Grace's device connects to the server of Ada's service, directly");
    let times = (now - 300, now + 6 * 3600);
    let token = EnlistmentToken::issue(&attestation, ORIGIN, times, &two.attesting)?;
    note("two.example gives it a token: one.example may let this account in, for six hours");
    let connection = connecting::directly(&grace, &mut service, &token)?;
    connecting::publish(&grace, &mut service, &connection)?;

    scene("Grace writes, and Ada's app does not even look");
    let of_ada = service.attestation(ada.device.account()).ok_or("she is a member")?;
    grace.change(|client, now, _| client.learn_account(&of_ada, now))?;
    let bundle = Bundle::decode(&service.bundle(&ada.device).ok_or("she has keys")?)?;
    grace.change(|client, now, rng| client.begin(&ada.device, &bundle, now, rng))?;
    let hello = grace.write(&ada.device, "hello, it is Grace")?.encode();
    service.take(&connection, &hello, grace.now.get())?;
    let henry = ForeignDevice::new(&two.id, &Address::new("henry", 1)?);
    let posing = Delivery { from: henry, ..Delivery::decode(&hello)? }.encode();
    let refusal = service.take(&connection, &posing, grace.now.get());
    refused("the server", "to take it from Grace's connection as Henry's", refusal)?;
    let hello = service.fetch(&ada.device).ok_or("it waits")?;
    ada.refuses("a message from a messenger that is switched off", &hello)?;

    scene("Ada reads what is different, and switches it on");
    let descriptor = two.described(1, ProviderStatus::Active, &root)?.encode();
    ada.change(|client, now, _| client.learn_provider(&descriptor, now))?;
    ada.refuses("it still, as she has not said yes", &hello)?;
    ada.opt_in(&two.id)?;
    let of_grace = service.attestation(grace.device.account()).ok_or("she was admitted")?;
    ada.change(|client, now, _| client.learn_account(&of_grace, now))?;

    scene("A stranger's first message is a question");
    ada.read(&hello)?;
    let second = grace.write(&ada.device, "I have the book you asked for")?.encode();
    ada.refuses("to show a second one before she has answered", &second)?;
    ada.change(|client, now, _| client.accept(grace.device.account(), now))?;
    note("Ada accepts Grace. The second message was not used up");
    ada.read(&second)?;

    scene("They chat");
    for (from, to, text) in [
        (&ada, &grace, "how kind! when are you there?"),
        (&grace, &ada, "until six"),
        (&ada, &grace, "then I come at five"),
    ] {
        let message = from.write(&to.device, text)?;
        service.post(&message);
        to.read(&service.fetch(&to.device).ok_or("it waits")?)?;
    }
    note("each message has keys of its own, which a quantum computer does not find either");

    scene("Now by a proxy of two.example, which writes messages in a form of its own");
    connecting::by_proxy(&grace, &mut service, &token)?;
    lies::carried_well(&ada, &grace)?;
    let henry = Person::new("Henry", (&two.id, &root), two.profile, folder, now)?;
    let of_henry = henry.attested(&two.attesting)?;
    henry.change(|client, now, _| client.learn_provider(&of_one, now))?;
    henry.switch_on(&one.id)?;
    henry.change(|client, now, _| client.learn_account(&of_ada, now))?;
    lies::told(&ada, &grace, &henry)?;
    picture_scene(&ada, &grace)?;
    group::of_three(&ada, &grace, &henry, &of_henry)?;

    scene("What the other program does not keep to is not sent");
    let content = Content::text("burn after reading")?;
    let fleeting = ada.change(|client, now, rng| {
        let saying = Saying::new(&content, client.message_id(rng)).disappearing(3600);
        client.seal(&grace.device, &saying, now, rng)
    });
    refused("Ada's app", "to send a message that is to disappear after an hour", fleeting)?;
    note("Grace's programs do not promise to do that. Ada can say it without, or not at all");

    stopped(&ada, &grace, (&two, &root), (&mut service, &token))?;
    posed(&ada, &grace, &two)?;

    scene("Ada has had enough, and switches two.example off");
    let late = grace.write(&ada.device, "one more thing")?.encode();
    ada.change(|client, now, _| Ok(client.opt_out(&two.id, now)))?;
    ada.refuses("what comes now", &late)?;
    let count = ada.shown.borrow().len();
    note(&format!("the {count} messages that she was shown stay; the keys to them are erased"));
    assert!(!ada.client()?.has_session(&grace.device));

    scene("And with the real programs of others, as they are");
    others::meet(&ada, &root)
}

/// A picture of Grace's, stored by her provider and fetched by Ada's service.
fn picture_scene(ada: &Person, grace: &Person) -> Result<(), Failure> {
    scene("Grace sends a picture, which her own provider stores");
    let (book, cat) = (vec![0xb0; 100_000], vec![0xca; 100_000]);
    let place = "files.two.example/7f3a";
    let (reference, stored) = picture::sealed(&grace.account, &book, grace.now.get())?;
    let (_, another) = picture::sealed(&grace.account, &cat, grace.now.get())?;
    let mut hosts = Files::from([(place.to_owned(), another)]);
    says(grace.name, "(a picture)");
    let message = grace.send(&ada.device, &picture::content(&reference, place)?)?;
    let opened = ada.open(&message.encode())?;
    let said = opened.content.said().ok_or("she said something")?;
    let (reference, place) = picture::named(&said.content).ok_or("it is a picture")?;
    note(&format!("Ada's service fetches {place} for her: two.example does not see who reads"));
    let swapped = picture::fetched(&hosts, &place, &reference)?;
    refused("Ada's app", "another picture in its place", picture::opened(&reference, &swapped))?;
    hosts.insert(place.clone(), stored[..50_000].to_vec());
    let cut = picture::fetched(&hosts, &place, &reference)?;
    refused("Ada's app", "half of it", picture::opened(&reference, &cut))?;
    hosts.insert(place.clone(), stored);
    let fetched = picture::fetched(&hosts, &place, &reference)?;
    assert_eq!(picture::opened(&reference, &fetched)?, book);
    note("→ Ada sees the picture that Grace sent");
    Ok(())
}

/// Grace's provider is suspended, and comes back.
fn stopped(
    ada: &Person,
    grace: &Person,
    (two, root): (&Provider, &Authority),
    (service, token): (&mut Service, &EnlistmentToken),
) -> Result<(), Failure> {
    scene("Something is wrong at two.example, and the maker of Ada's app suspends it");
    let active = two.described(1, ProviderStatus::Active, root)?.encode();
    let stop = two.described(2, ProviderStatus::Suspended, root)?;
    let bytes = stop.encode();
    service.describe(stop);
    ada.change(|client, now, _| client.learn_provider(&bytes, now))?;
    let held = grace.write(&ada.device, "are you still there?")?.encode();
    ada.refuses("to open it: everything stands still", &held)?;
    let refusal = connecting::once_more(grace, service, token);
    refused("the server", "Grace's device, too", refusal)?;
    refused("Ada's app", "to write to Grace", ada.send(&grace.device, &Content::text("hm")?))?;
    let undone = ada.change(|client, now, _| client.learn_provider(&active, now));
    refused("Ada's app", "the descriptor of before, shown again", undone)?;
    let go = two.described(3, ProviderStatus::Active, root)?;
    let bytes = go.encode();
    service.describe(go);
    ada.change(|client, now, _| client.learn_provider(&bytes, now))?;
    note("the suspension is over, and nothing was lost");
    ada.read(&held)?;
    Ok(())
}

/// Grace's provider lets somebody else pose as her.
fn posed(ada: &Person, grace: &Person, two: &Provider) -> Result<(), Failure> {
    scene("two.example lets somebody else pose as Grace");
    let mut rng = UnwrapErr(SysRng);
    let poser = Account::generate(AccountId([9; 32]), &mut rng);
    let statement = AccountStatement {
        account: grace.device.account().clone(),
        key: poser.public_key(),
        sequence: 2,
        from: ada.now.get(),
        until: ada.now.get() + DAY,
        profile: two.profile,
        devices: vec![grace.client()?.attested_device()],
    };
    let attestation = statement.sign(&poser)?.attest(&two.attesting).encode();
    let learned = ada.change(|client, now, _| client.learn_account(&attestation, now))?;
    assert_eq!(learned, Learned::KeyChanged);
    note("Ada's app warns her: Grace's account has another key. Nothing passes until she decides");
    let message = grace.write(&ada.device, "it is only me")?.encode();
    ada.refuses("whatever comes meanwhile, the true Grace's words too", &message)?;
    let key = poser.public_key();
    ada.change(|client, now, _| client.dismiss_key(grace.device.account(), key, now))?;
    note("Ada calls Grace, whose key is the old one: she dismisses the other");
    ada.read(&message)?;
    Ok(())
}

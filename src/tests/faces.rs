//! The faces of every public type: bounds that an app builds on, and a `Debug` text without
//! secrets.
#![allow(
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test, and takes its time"
)]

extern crate std;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::Hash;

use crate::attachment::{AttachmentId, Media, Opener, PIECE, Progress, Reference, Sealer};
use crate::client::{
    Address, Alert, BlobHash, BlobReference, Briefing, Client, ClockReset, ClockState,
    Conversation, CopiedLetter, Deadline, DeviceList, Diagnosis, Enclosed, Entrant, Envelope,
    Expired, Exported, GroupId, LetterEvent, Lifetime, LinkingDigits, LinkingOffer, LinkingPurpose,
    LinkingRequest, ListHash, ListMismatch, ListUpdate, LogStatus, Mail, MessageFacts, MessageId,
    Need, NewDevice, Outgoing, OwnContent, OwnObject, Plan, ReceivedLetter, RendezvousId, Repair,
    Stop, Supplied, Taken, Tasks, To, Unread, Viewing,
};
use crate::content::{
    Attachment, Content, ConversationTimer, Correction, Deletion, Kind, Kinds, Reaction, Receipt,
    ReceiptKind, Sender, Target, TimerSetting,
};
use crate::error::{Answer, Error};
use crate::franking::{Evidence, Frank, Report, Reported, ReportedContent, ServiceKey, Stamp};
use crate::group::{
    Action, Adding, Admission, Founding, Group, GroupEvent, Judgement, Made, Member, Object,
    Operation, OperationHash, Recipients, Standing, StateRelation,
};
use crate::guest::{
    Approval, Chat, ChatEvent, ChatStatus, ChatText, ClaimDigest, EndReason, ExportedText,
    HandOver, Introduction, Invite, InviteLink, LinkStatus, Locator, OpenedClaim, Pin, Policy,
    Preview, ReceivedEvent, RecordedClaim, Repaired, SentText, ServerCopy, SyncOutcome, SyncedCopy,
    TakenMessage, TextId, TextStatus,
};
use crate::history::{
    HistoryExport, HistoryImport, HistoryItem, HistoryPart, HistoryPosition, HistoryRange,
    HistoryRequests, HistoryWriter, ToldItem,
};
use crate::primitives::tests::repeats::watch;
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{
    Accepted, Account, AccountId, AccountKey, AccountKind, Bundle, Certificate, Decrypted, Device,
    DeviceId, Exporter, Fingerprint, HandshakeId, IdentityKey, MessageKind, OneTimePrekey, Padding,
    Position, PrekeyId, PrekeyTasks, Role, Sending, Served, Session, SessionDiagnosis, SessionId,
    Stock, Withdraw,
};
use crate::settings::{
    MissingEntry, RefusedEntry, Setting, SettingChange, Settings, SettingsHash, SettingsHead,
    SettingsKeyId, SettingsTasks, TakenEntries, TakenSnapshot, Withheld,
};
use crate::storage::{
    Anchor, Behind, Change, Journal, Page, PageId, Pending, Recorded, State, StateKey,
};

const NOW: u64 = 1_800_000_000;

fn is_usual<T: Debug + Send + Sync + Unpin>() {}

/// Holds each of these types to the bounds, and gives their names.
macro_rules! usual {
    ($($name:ident $(<$($argument:ty),+>)?),+ $(,)?) => {{
        $(is_usual::<$name $(<$($argument),+>)?>();)+
        [$(stringify!($name)),+]
    }};
}

#[test]
fn every_public_type_is_debug_send_sync_and_unpin() {
    // An output without `Debug` shows that an answer requires none of it.
    struct Opaque;
    let names = usual![
        Progress,
        Media,
        Action, Adding, Admission, Founding, Group, GroupEvent, Judgement, Made, Member, Object,
        Operation, OperationHash, Recipients, Standing, StateRelation,
        ChatText, ExportedText, HandOver, SentText, SyncedCopy, TextId, TextStatus, Accepted, Account, AccountId, AccountKey, AccountKind, Address, Alert, Anchor, Answer, Approval, Attachment,
        ConversationTimer, Correction, Deadline, Deletion, Lifetime, Reaction, Receipt, ReceiptKind, MessageFacts, Target, TimerSetting, Viewing,
        AttachmentId,
        Behind<Client>, BlobHash, BlobReference, Briefing, Bundle, Certificate, Change<Chat>, Chat, ChatEvent, ChatStatus, ClaimDigest, Client, ClockReset, ClockState,
        Content, Conversation, CopiedLetter, Decrypted, Device, DeviceId, DeviceList, Diagnosis, Enclosed, EndReason, Envelope, Error,
        Evidence, Exported, Exporter, Frank, Report, Reported, ReportedContent, ServiceKey, Stamp,
        Fingerprint, GroupId, HandshakeId, HistoryExport, HistoryImport, HistoryItem, HistoryPart, HistoryPosition, HistoryRange,
        HistoryRequests, HistoryWriter, ToldItem, IdentityKey, Introduction, Invite, InviteLink, Journal, Kind, Kinds, LinkStatus, LinkingOffer,
        LinkingDigits, LinkingPurpose, LinkingRequest, ListHash, LetterEvent, ListMismatch, ListUpdate, Locator, LogStatus, MessageId, MessageKind, NewDevice, Entrant,
        OneTimePrekey, OpenedClaim, Opener, Outgoing, OwnContent, OwnObject, Padding, Page, PageId, Pending<Client, Opaque>, Pin, Plan,
        Policy, Position, PrekeyId, PrekeyTasks, Preview, ReceivedEvent, ReceivedLetter, Recorded<Client, Opaque>,
        RecordedClaim, Reference, RendezvousId, Repair, Repaired, Role, Sealer, Sender, Sending, Served, ServerCopy, Session,
        SessionDiagnosis, SessionId, StateKey, Stock, Stop, Supplied, SyncOutcome, Taken, TakenMessage, Tasks, Expired, Mail, Need, Unread, To,
        Withdraw,
        MissingEntry, RefusedEntry, Setting, SettingChange, Settings, SettingsHash, SettingsHead, SettingsKeyId, SettingsTasks,
        TakenEntries, TakenSnapshot, Withheld,
    ];
    // `State` is the one public trait.
    let listed: BTreeSet<_> = names.into_iter().chain(["State"]).collect();
    assert_eq!(listed, exported());
}

#[test]
fn what_names_something_can_be_a_key_of_any_map() {
    fn is_key<T: Copy + Ord + Hash>() {}
    is_key::<AccountId>();
    is_key::<Address>();
    is_key::<AttachmentId>();
    is_key::<Conversation>();
    is_key::<DeviceId>();
    is_key::<Fingerprint>();
    is_key::<Frank>();
    is_key::<IdentityKey>();
    is_key::<Locator>();
    is_key::<MessageId>();
    is_key::<AccountKey>();
    is_key::<BlobHash>();
    is_key::<ClaimDigest>();
    is_key::<GroupId>();
    is_key::<Member>();
    is_key::<OperationHash>();
    is_key::<HandshakeId>();
    is_key::<ListHash>();
    is_key::<PageId>();
    is_key::<RendezvousId>();
    is_key::<SessionId>();
    is_key::<TextId>();
    is_key::<SettingsHash>();
    is_key::<SettingsHead>();
    is_key::<SettingsKeyId>();
    is_key::<Position>();
    is_key::<Target>();
}

#[test]
fn an_id_is_read_as_it_is_shown_and_nothing_else_is() {
    let id = DeviceId([0x01, 0xab, 0, 0, 0, 0, 0, 0xff]);
    assert_eq!(format!("{id} {id:?}"), "01ab0000000000ff DeviceId(01ab0000000000ff)");
    assert_eq!("01AB0000000000ff".parse(), Ok(id));
    for wrong in [
        "",
        "01ab0000000000f",
        "01ab0000000000ff0",
        "01ab0000000000fg",
        "+1ab0000000000ff",
        "ä1ab000000000ff",
    ] {
        assert_eq!(wrong.parse::<DeviceId>(), Err(Error::Malformed), "{wrong}");
    }
    let address = Address { account: AccountId([7; 32]), device: id };
    assert_eq!(format!("{address}").parse(), Ok(address));
    assert_eq!(Address::from_bytes(&address.to_bytes()), address);
    assert_eq!("01/02".parse::<Address>(), Err(Error::Malformed));
}

#[test]
fn an_identity_key_survives_its_bytes() {
    let mut rng = TestRng::new(1);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let device = Device::generate(&account, NOW, &mut rng);
    let identity = device.certificate().identity();
    assert_eq!(IdentityKey::from_bytes(&identity.to_bytes()).as_ref(), Ok(identity));
    assert_eq!(IdentityKey::from_bytes(&[0xff; 64]), Err(Error::WeakKey));
    let mut bytes = identity.to_bytes();
    bytes[32..].fill(0xff);
    assert_eq!(IdentityKey::from_bytes(&bytes), Err(Error::WeakKey));
}

/// Lists the types and traits that the public modules and the root name.
fn exported() -> BTreeSet<&'static str> {
    let modules = [
        include_str!("../attachment/mod.rs"),
        include_str!("../client/mod.rs"),
        include_str!("../content/mod.rs"),
        include_str!("../franking/mod.rs"),
        include_str!("../group/mod.rs"),
        include_str!("../guest/mod.rs"),
        include_str!("../history/mod.rs"),
        include_str!("../session/mod.rs"),
        include_str!("../settings/mod.rs"),
        include_str!("../storage/mod.rs"),
        "pub use error::{Answer, Error};",
    ];
    let uses = modules.iter().flat_map(|module| module.split(';'));
    let uses = uses.filter_map(|item| item.rsplit_once("pub use ").map(|(_, path)| path));
    let names = uses.flat_map(|path| path.split(|char: char| !char.is_alphanumeric()));
    // A constant is no type: it has capitals only.
    let names = names.filter(|name| name.contains(char::is_lowercase));
    names.filter(|name| name.starts_with(|first: char| first.is_uppercase())).collect()
}

/// Lists the texts in which eight bytes would show: as such, in hexadecimal, as a list of numbers.
fn spellings(bytes: &[u8]) -> [String; 4] {
    let list = format!("{bytes:?}");
    [
        String::from_utf8_lossy(bytes).into_owned(),
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        list.trim_matches(['[', ']']).into(),
    ]
}

fn shows(printed: &str, secret: &[u8]) -> bool {
    secret
        .chunks_exact(8)
        .any(|part| spellings(part).iter().any(|text| printed.contains(text.as_str())))
}

#[test]
fn what_would_show_a_secret_is_noticed() {
    assert!(shows("Secret([1, 2, 3, 4, 5, 6, 7, 8])", &[1, 2, 3, 4, 5, 6, 7, 8]));
    assert!(shows("0x0a0b0c0d0e0f1011", &[10, 11, 12, 13, 14, 15, 16, 17]));
    assert!(shows("Text(\"meet me at noon\")", CONTENT));
    assert!(!shows("Text(..)", CONTENT));
}

const CONTENT: &[u8] = b"meet me at noon, below the clock";
const DIGITS: &str = "31415926";
const KEY: [u8; 32] = *b"a state key that nobody else has";

/// Prints everything that an app holds while two members and a guest talk, in normal and long `Debug`
/// form.
fn printed(rng: &mut TestRng) -> Vec<String> {
    let mut texts = Vec::new();
    let mut print = |value: &dyn Debug| texts.extend([format!("{value:?}"), format!("{value:#?}")]);
    let key = StateKey::new(1, &KEY).unwrap();
    let account = Account::generate(AccountId([1; 32]), rng);
    let other = Account::generate(AccountId([2; 32]), rng);
    print(&(&key, &account));
    between_devices(&account, &other, rng, &mut print);
    let mut host = Client::create(&account, NOW, rng);
    between_clients(&mut host, &other, &key, rng, &mut print);
    linking(&mut host, &account, rng, &mut print);
    attachment(&host, rng, &mut print);
    with_a_guest(&mut host, &key, rng, &mut print);
    texts
}

type Print<'a> = &'a mut dyn FnMut(&dyn Debug);

fn between_devices(account: &Account, other: &Account, rng: &mut TestRng, print: Print<'_>) {
    let one = Device::generate(account, NOW, rng);
    let mut two = Device::generate(other, NOW, rng);
    let mut session = one.initiate(&two.bundle(), NOW, rng).unwrap();
    print(&(&one, &session));
    print(&session.stage_send());
    let sealed = session.stage_send().seal(CONTENT, rng).unwrap();
    print(&sealed);
    let first = sealed.apply();
    let accepted = two.accept(&first, NOW).unwrap();
    print(&accepted);
    let accepted = accepted.apply();
    print(&(&accepted, accepted.opened.exporter()));
}

fn between_clients(
    one: &mut Client,
    other: &Account,
    key: &StateKey,
    rng: &mut TestRng,
    print: Print<'_>,
) {
    let mut two = Client::create(other, NOW, rng);
    one.learn(two.list(), NOW).unwrap().apply();
    two.learn(one.list(), NOW).unwrap().apply();
    let long = CONTENT.repeat(200);
    for content in [CONTENT, &long] {
        let mut plan = one.plan(To::Account(other.id()), NOW).unwrap();
        print(&plan);
        if plan.missing().next().is_some() {
            plan.supply(one, &two.bundle(), NOW, rng).unwrap();
            print(&plan);
        }
        plan.frank();
        let anchor = one.anchor();
        let pending = one.seal(&mut plan, &Content::app(7, content), NOW, rng).unwrap();
        print(&pending);
        let recorded = pending.record(key, b"one", &anchor, rng).unwrap();
        print(&recorded);
        let record = recorded.record().unwrap();
        print(&key.open::<Change<Client>>(b"one", None, record).unwrap());
        let out = recorded.apply();
        let Envelope { to, message, frank } = &out.envelopes[0];
        let opened = two.open_franked(one.address(), message, frank.as_ref(), NOW).unwrap();
        print(&opened);
        let mut letter = opened.apply();
        print(&letter);
        let service = ServiceKey::new(&KEY).unwrap();
        let stamp = service.stamp(&frank.unwrap(), one.address(), *to, NOW);
        let report = Report::new(letter.evidence.take().unwrap(), one.address(), *to, stamp);
        print(&(&report, report.verify(&service).unwrap(), service));
    }
    print(&LetterEvent::Own(OwnContent::Said(Content::app(7, CONTENT))));
    let text = core::str::from_utf8(CONTENT).unwrap();
    let tail: Vec<u8> = CONTENT.iter().copied().cycle().take(64).collect();
    let reference = [&[1, 0x32, 1, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &tail].concat();
    let file = Content::attached(&Reference::decode(&reference).unwrap(), CONTENT).unwrap();
    let file = file.with_name(text).unwrap().with_caption(text).unwrap();
    print(&(&file, file.attachment(), Content::text(text).unwrap(), Enclosed::from(&file)));
    print(&OwnObject::recall(CONTENT.to_vec().into()));
    print(&(&one, &two));
    print(&Journal::begin(one, key, b"one", rng).unwrap().1);
}

fn linking(primary: &mut Client, account: &Account, rng: &mut TestRng, print: Print<'_>) {
    let new = NewDevice::generate("laptop", NOW, rng).unwrap();
    let request = LinkingRequest::read(&new.code(), NOW).unwrap();
    let offer = primary.approve(account, &request, 4, NOW, rng).unwrap();
    print(&(&new, &request, &offer));
    let offer = offer.apply();
    let offer = new.open(&offer, NOW).unwrap();
    print(&(&offer, primary.linking_digits().unwrap()));
    let (entrant, acceptance) = offer.accept(new, primary.linking_digits().unwrap(), NOW).unwrap();
    print(&entrant);
    let briefing = primary.admit(account, &acceptance, CONTENT, NOW).unwrap();
    print(&briefing);
    let briefing = entrant.open(&briefing.apply(), NOW).unwrap();
    print(&briefing);
    print(&briefing.begin(entrant, NOW, rng).unwrap());
    let phone = NewDevice::generate_primary("telephone", NOW, rng).unwrap();
    let request = LinkingRequest::read(&phone.code(), NOW).unwrap();
    let offer = primary.approve_transfer(account, &request, NOW, rng).unwrap().apply();
    let offer = phone.open(&offer, NOW).unwrap();
    let digits = primary.linking_digits().unwrap();
    let (entrant, acceptance) = offer.accept(phone, digits, NOW).unwrap();
    let mut copy = Client::from_bytes(&primary.to_bytes()).unwrap();
    copy.learn(primary.list(), NOW).unwrap().apply();
    let briefing = copy.transfer(account, &acceptance, CONTENT, NOW).unwrap().apply();
    print(&entrant.open(&briefing, NOW).unwrap());
}

fn attachment(client: &Client, rng: &mut TestRng, print: Print<'_>) {
    let mut sealer = client.attach(Media::Voice, 40_000, Padding::Exact, NOW, rng).unwrap();
    let mut buffer = [0; PIECE];
    buffer[..CONTENT.len()].copy_from_slice(CONTENT);
    print(&sealer);
    let length = sealer.seal(&mut buffer).unwrap().unwrap().len();
    let reference = sealer.reference().unwrap();
    let mut opener = Opener::new(&reference);
    print(&(&sealer, &reference, &opener));
    opener.open(&mut buffer[..length]).unwrap();
    print(&(&opener, opener.progress()));
}

fn with_a_guest(host: &mut Client, key: &StateKey, rng: &mut TestRng, print: Print<'_>) {
    let policy = Policy::new("Host", NOW + 3600);
    let (mut invite, copy) = Invite::create(host, "example.org", policy, NOW, rng).unwrap();
    let link = InviteLink::parse(&invite.link().unwrap().to_url("example.org").unwrap()).unwrap();
    let preview = link.open(copy.sealed_invitation(), "example.org", NOW).unwrap();
    print(&(&invite, &link, &preview, Pin::parse(&DIGITS[..6]).unwrap()));
    let text = core::str::from_utf8(CONTENT).unwrap();
    let (list, bundles) = (host.list().clone(), [host.bundle()]);
    let (mut guest, claim) =
        preview.claim(&list, &bundles, "guest of that name", &[text], NOW, rng).unwrap();
    let (of_invite, of_host) = (invite.anchor(), host.anchor());
    let opened = invite.claim(host, &claim, NOW).unwrap();
    print(&opened);
    let recorded = opened.record(key, (b"invite", &of_invite), (b"host", &of_host), rng).unwrap();
    print(&recorded);
    let (mut chat, introduction) = recorded.apply();
    print(&(&chat, &introduction, &guest));
    let grant = chat.grant(host, NOW, rng).unwrap().apply();
    guest.receive(host.address(), &grant[0].message, NOW).unwrap();
    let sent = chat.send(text, NOW, rng).unwrap();
    let opened = guest.open(host.address(), &sent.envelopes[0].message, NOW).unwrap();
    print(&opened);
    print(&opened.apply());
    print(&(&chat, &guest, &invite));
}

#[test]
fn no_debug_text_shows_a_key_or_content() {
    let mut texts = Vec::new();
    let seen = watch(None, || texts = printed(&mut TestRng::new(1)));
    let drawn = seen.values.iter().filter(|bytes| bytes.len() >= 32).map(Vec::as_slice);
    let secrets: Vec<&[u8]> = drawn.chain([CONTENT, &KEY, b"guest of that name"]).collect();
    assert!(texts.len() > 50 && secrets.len() > 50);
    for text in &texts {
        for secret in &secrets {
            assert!(!shows(text, secret), "{text} shows {secret:?}");
        }
        assert!(!text.contains(&DIGITS[..6]), "{text} shows a PIN");
    }
}

//! Arbitrary and altered bytes of other messengers: messages, envelopes, group messages, descriptors, media files, and
//! what own devices tell each other of them. No panic, and no change on error.
#![no_main]

use std::cell::RefCell;
use std::ops::Range;

use latchstring::Error;
use latchstring::attachment::PIECE;
use latchstring::content::{Content, Kind, Kinds};
use latchstring::signal::{
    Address, Authority, Client, ContentProfile, DecryptionErrorMessage, ForeignContent,
    ForeignCopy, ForeignDevice, MediaKind, MediaReference, MediaVerifier, MessageKind,
    PolicyHandover, Programs, ProviderDescriptor, ProviderId, ProviderStatement, ProviderStatus,
    ReceivedSenderKeys, SealedMessage, SenderKey, SentEnvelope, Trust, TrustedKeys, Uuid, Version,
};
use latchstring::storage::State;
use latchstring_fuzz::frames::Frames;
use latchstring_fuzz::support::{NOW, TestRng};
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    client: Client,
    from: ForeignDevice,
    roots: TrustedKeys,
    descriptor: Vec<u8>,
    messages: Vec<SealedMessage>,
    frames: Frames,
    /// A page of a hand-over, in its content.
    handed: Vec<u8>,
    state: Vec<u8>,
    media: (MediaReference, Vec<u8>),
    group: Group,
}

/// A sender key as the fixture's client has it, and what can come of it.
struct Group {
    keys: ReceivedSenderKeys,
    distribution: Vec<u8>,
    message: Vec<u8>,
    state: Vec<u8>,
    /// Ada and Grace, in whose session a key is told.
    people: [Vec<u8>; 2],
}

impl Group {
    /// Ada tells a key, and Grace learns it.
    fn new(ada: &mut Client, grace: &mut Client) -> Self {
        let mut rng = TestRng::new(3);
        let (from, to) = (ada.device().clone(), grace.device().clone());
        let mut key = SenderKey::generate_plain(Some(Uuid([7; 16])), &mut rng);
        let distribution = key.tell(ada, &to, NOW).unwrap().apply().bytes().to_vec();
        let told = ada.seal_plain(&to, &distribution, NOW, &mut rng).unwrap().apply();
        let opened = grace.open(&from, told.kind, &told.bytes, NOW).unwrap().apply();
        let ForeignContent::Plain(content) = opened.content else { panic!("bytes") };
        let told = content.sender_key(0..distribution.len()).unwrap();
        let mut keys = ReceivedSenderKeys::new(&told);
        keys.learn(grace, told, NOW).unwrap().apply();
        let message = key.seal_plain(ada, b"to all", NOW, &mut rng).unwrap().apply();
        let state = saved(&keys);
        let people = [saved(ada), saved(grace)];
        Self { keys, distribution, message, state, people }
    }

    /// Has Ada tell an altered key, and Grace look at it.
    fn tell(&mut self, bytes: &[u8]) {
        let [mut ada, mut grace] = self.people.each_ref().map(|it| Client::from_bytes(it).unwrap());
        let told = edited(&self.distribution, bytes);
        let (from, to) = (ada.device().clone(), grace.device().clone());
        let sealed = ada.seal_plain(&to, &told, NOW, &mut TestRng::new(4));
        let Ok(sealed) = sealed.map(|it| it.apply()) else { return };
        let opened = grace.open(&from, sealed.kind, &sealed.bytes, NOW).unwrap().apply();
        let ForeignContent::Plain(content) = opened.content else { panic!("bytes") };
        if let Ok(told) = content.sender_key(0..told.len()) {
            let _ = self.keys.learn(&grace, told, NOW).is_ok();
        }
    }

    /// Gives the client an altered message, and altered states.
    fn alter(&mut self, client: &Client, from: &ForeignDevice, bytes: &[u8]) {
        let message = edited(&self.message, bytes);
        if let Ok(read) = client.read_group_message(from, &message, NOW) {
            let is_opened = self.keys.open(client, &read, NOW).is_ok();
            assert!(!is_opened || message == self.message);
        }
        if let Ok(keys) = ReceivedSenderKeys::from_bytes(&edited(&self.state, bytes)) {
            let _ = keys.is_void(client);
        }
        self.tell(bytes);
        assert_eq!(*self.keys.to_bytes(), self.state);
    }
}

fn statement(id: &ProviderId) -> ProviderStatement {
    ProviderStatement {
        id: id.clone(),
        counter: 1,
        from: NOW,
        until: NOW + 30 * 86_400,
        status: ProviderStatus::Active,
        programs: Programs::Plain,
        floor: Version::V3,
        devices: 16,
        profile: ContentProfile::new(Kinds::NONE, 0),
        attestation_keys: TrustedKeys::NONE,
    }
}

impl Fixture {
    fn new() -> Self {
        let mut rng = TestRng::new(1);
        let root = Authority::from_seed(&[1; 32]);
        let roots = TrustedKeys::new([root.public_key()]).unwrap();
        let provider = ProviderId::new("peers.example").unwrap();
        let descriptor = statement(&provider).sign(&root).unwrap().encode();
        let mut person = |name| {
            let device = ForeignDevice::new(&provider, &Address::new(name, 1).unwrap());
            let mut client = Client::generate(device, Version::V3, roots.clone(), NOW, &mut rng);
            client.learn_provider(&descriptor, NOW).unwrap().apply();
            let notices = client.notices(&provider).unwrap();
            client.opt_in(&provider, notices, NOW).unwrap().apply();
            client
        };
        let [mut ada, mut grace] = ["ada", "grace"].map(&mut person);
        let (from, to) = (ada.device().clone(), grace.device().clone());
        grace.accept(from.account(), NOW).unwrap().apply();
        ada.begin(&to, &grace.bundle(), NOW, &mut rng).unwrap().apply();
        let mut say =
            |ada: &mut Client| ada.seal_plain(&to, b"text", NOW, &mut rng).unwrap().apply();
        let first = say(&mut ada);
        let open = |client: &mut Client, from: &ForeignDevice, message: &SealedMessage| {
            client.open(from, message.kind, &message.bytes, NOW).unwrap().apply();
        };
        open(&mut grace, &from, &first);
        let late = say(&mut ada);
        let current = say(&mut ada);
        open(&mut grace, &from, &current);
        let mut answers = TestRng::new(2);
        let answer = grace.seal_plain(&from, b"answer", NOW, &mut answers).unwrap().apply();
        ada.accept(to.account(), NOW).unwrap().apply();
        open(&mut ada, &to, &answer);
        let group = Group::new(&mut ada, &mut grace);
        let mut say =
            |ada: &mut Client| ada.seal_plain(&to, b"text", NOW, &mut rng).unwrap().apply();
        let turn = say(&mut ada);
        let bundle = grace.bundle();
        ada.begin(&to, &bundle, NOW, &mut answers).unwrap().apply();
        let again = say(&mut ada);
        let state = saved(&grace);
        let handed = grace.hand_over()[0].to_content().encode().to_vec();
        let media = media(&grace);
        let messages = vec![late, turn, again];
        Self {
            client: grace,
            from,
            roots,
            descriptor,
            messages,
            frames: Frames::new(),
            handed,
            state,
            media,
            group,
        }
    }
}

/// Seals a media file of two pieces.
fn media(client: &Client) -> (MediaReference, Vec<u8>) {
    let (mut sealed, mut buffer) = (Vec::new(), Box::new([7; PIECE]));
    let rng = &mut TestRng::new(3);
    let mut sealer = client.seal_media(MediaKind::Image, 65_600, NOW, rng).unwrap();
    while let Some(piece) = sealer.seal(&mut buffer) {
        sealed.extend_from_slice(piece);
    }
    (sealer.reference().unwrap(), sealed)
}

/// Reads a media file, and returns how much of it was given out.
fn read(reference: &MediaReference, stored: &[u8], again: &[u8]) -> Result<u64, Error> {
    let fetch = |stored: &[u8], range: Range<u64>| {
        let [start, end] = [range.start, range.end].map(|at| (at as usize).min(stored.len()));
        stored[start..end].to_vec()
    };
    let mut verifier = MediaVerifier::new(reference);
    while let Some(range) = verifier.wants() {
        verifier.verify(&fetch(stored, range))?;
    }
    let mut opener = verifier.finish()?;
    while let Some(range) = opener.wants() {
        opener.open(&mut fetch(again, range))?;
    }
    Ok(opener.progress().position)
}

thread_local!(static FIXTURE: RefCell<Fixture> = RefCell::new(Fixture::new()));

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let (which, bytes) = input;
    match which % 9 {
        0..=3 => {
            let valid = &fixture.messages[usize::from(which / 9) % fixture.messages.len()];
            let message = edited(&valid.bytes, bytes);
            let kind = if which % 9 == 3 { MessageKind::Ordinary } else { valid.kind };
            let is_opened = fixture.client.open(&fixture.from, kind, &message, NOW).is_ok();
            // An initial message says things that nothing binds: a registration id, the newest version.
            let is_initial = valid.kind == MessageKind::Initial;
            assert!(!is_opened || is_initial || message == valid.bytes);
        }
        4 => {
            let descriptor = edited(&fixture.descriptor, bytes);
            let is_read = ProviderDescriptor::decode(&descriptor, &fixture.roots).is_ok();
            assert_eq!(is_read, descriptor == fixture.descriptor);
            let _ = fixture.client.learn_provider(&descriptor, NOW).is_ok();
            let _ = fixture.client.learn_account(bytes, NOW).is_ok();
        }
        5 => {
            let _ = fixture
                .client
                .unseal(fixture.from.provider(), bytes, &Trust::new(&[]), NOW)
                .is_ok();
            let _ = SentEnvelope::decode(bytes).is_ok();
        }
        6 => {
            fixture.group.alter(&fixture.client, &fixture.from, bytes);
            let _ = DecryptionErrorMessage::decode(bytes).is_ok();
            let _ = DecryptionErrorMessage::decode_plaintext(bytes).is_ok();
        }
        7 if which >= 192 => fixture.frames.check(which, bytes),
        7 if which >= 128 => {
            // What own devices tell each other, by a device that is in somebody else's hands.
            let of = |kind: Kind| {
                let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
                let content = [&[1, kind.number()][..], &length, bytes].concat();
                Content::decode(&content, Kinds::ALL)
            };
            if let Ok(content) = of(Kind::ForeignCopy)
                && let Ok(copy) = ForeignCopy::of_content(&fixture.client, &content)
            {
                assert_eq!(*copy.to_content().encode(), *content.encode());
            }
            if let Ok(content) = of(Kind::ForeignHandover)
                && let Ok(page) = PolicyHandover::of_content(&content)
            {
                assert_eq!(*page.to_content().encode(), *content.encode());
                let _ = fixture.client.take_over(&page, NOW).is_ok();
            }
            let handed = edited(&fixture.handed, bytes);
            if let Ok(content) = Content::decode(&handed, Kinds::ALL)
                && let Ok(page) = PolicyHandover::of_content(&content)
            {
                let _ = fixture.client.take_over(&page, NOW).is_ok();
            }
        }
        7 => {
            let (reference, stored) = &fixture.media;
            let other = edited(stored, bytes);
            let is_same = other.starts_with(stored);
            assert_eq!(read(reference, &other, stored).is_ok(), is_same);
            // The MAC is not asked for again.
            let is_same = other.get(..65_616) == stored.get(..65_616);
            assert_eq!(read(reference, stored, &other).is_ok(), is_same);
            let (key, hash) = bytes.split_at(bytes.len() / 2);
            let _ =
                MediaReference::new(MediaKind::Audio, key, u64::from(which), hash, hash).is_ok();
        }
        _ => {
            if let Ok(client) = Client::from_bytes(&edited(&fixture.state, bytes)) {
                let _ = client.has_session(&fixture.from);
            }
        }
    }
    assert_eq!(*fixture.client.to_bytes(), fixture.state);
}));

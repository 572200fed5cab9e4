//! What tests share.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

pub mod crash;
pub mod forged;
pub mod guest;
pub mod home;
mod pair;
pub mod shelf;
pub mod town;

pub use pair::*;

use core::convert::Infallible;

use ed25519_dalek::{Signer, SigningKey};
use latchstring::rand_core::{CryptoRng, TryCryptoRng, TryRng};
use latchstring::{
    Account, Address, Bundle, Certificate, Change, Chat, Client, Device, Envelope, Error, Invite,
    Policy, Posting, Received, State,
};

/// A second copy of a state, through its bytes. What an app must never do with a live one.
pub fn copy<S: State>(state: &S) -> S {
    S::from_bytes(&state.to_bytes()).unwrap()
}

/// The error that `op` ends with; the state must be byte for byte as before.
pub fn refusal<S: State, T>(
    state: &mut S,
    op: impl FnOnce(&mut S) -> Result<T, Error>,
) -> Option<Error> {
    let before = state.to_bytes();
    let error = op(state).err();
    assert!(before == state.to_bytes(), "{error:?} changed the state");
    error
}

/// The origin of all links in tests.
pub const ORIGIN: &str = "example.org";

/// A host with an open link.
pub struct Door {
    pub host: Client,
    pub invite: Invite,
    pub posting: Posting,
    pub bundle: Bundle,
    pub rng: TestRng,
}

impl Door {
    pub fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let mut host = client(1, &mut rng);
        let policy = Policy::new("Ada", NOW + 86_400);
        let (invite, posting) = Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap();
        let bundle = bundle_of(&mut host, &mut rng);
        Self { host, invite, posting, bundle, rng }
    }

    /// A claim of the link, which is not yet given to the host.
    pub fn claim(&mut self, name: &str) -> (Chat, Vec<u8>) {
        let link = self.invite.link().unwrap();
        let preview = link.open(self.posting.sealed_invitation(), ORIGIN, NOW).unwrap();
        let bundles = core::slice::from_ref(&self.bundle);
        preview.claim(self.host.list(), bundles, name, &["hi"], NOW, &mut self.rng).unwrap()
    }

    /// A guest comes, and waits.
    pub fn admit(mut self) -> Visit {
        let (guest, claim) = self.claim("Grace");
        let arrival = self.invite.claim(&self.host, &claim, NOW).unwrap();
        let (chat, _) = arrival.apply(&mut self.invite, &mut self.host).unwrap();
        let Self { host, invite, posting, rng, .. } = self;
        Visit { host, invite, posting, chat, guest, claim, rng }
    }
}

/// A host and a guest who has claimed its link.
pub struct Visit {
    pub host: Client,
    pub invite: Invite,
    pub posting: Posting,
    /// The host's side.
    pub chat: Chat,
    /// The guest's side.
    pub guest: Chat,
    pub claim: Vec<u8>,
    pub rng: TestRng,
}

impl Visit {
    /// A guest who has been let in.
    pub fn new(seed: u64) -> Self {
        let mut visit = Door::new(seed).admit();
        let grant = visit.chat.grant(&visit.host, NOW, &mut visit.rng).unwrap().apply().unwrap();
        visit.guest.hear(&only(grant), NOW).unwrap();
        visit
    }
}

/// The message of what is for one device only.
#[track_caller]
pub fn only(mut envelopes: Vec<Envelope>) -> Vec<u8> {
    assert_eq!(envelopes.len(), 1);
    envelopes.remove(0).message
}

/// A chat in which each side has one device.
pub trait OneToOne {
    /// The other side's device.
    fn other(&self) -> Address;
    /// Opens a message of the other side's device.
    fn listen(&self, message: &[u8], now: u64) -> Result<(Received, Change), Error>;
    /// Opens it and moves the chat on.
    fn hear(&mut self, message: &[u8], now: u64) -> Result<Received, Error>;
    /// Seals a text and moves the chat on.
    fn say(&mut self, text: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error>;
}

impl OneToOne for Chat {
    fn other(&self) -> Address {
        Address { account: self.peer().account(), device: self.peer().device() }
    }

    fn listen(&self, message: &[u8], now: u64) -> Result<(Received, Change), Error> {
        self.open(self.other(), message, now)
    }

    fn hear(&mut self, message: &[u8], now: u64) -> Result<Received, Error> {
        self.receive(self.other(), message, now)
    }

    fn say(&mut self, text: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        self.send(text, now, rng).map(only)
    }
}

/// A [`TestRng`] that remembers all it gave out in one piece of 32 bytes or more: every seed of
/// every key is among that.
pub struct RecordingRng {
    rng: TestRng,
    pub taken: Vec<Vec<u8>>,
}

impl RecordingRng {
    pub fn new(seed: u64) -> Self {
        Self { rng: TestRng::new(seed), taken: Vec::with_capacity(4096) }
    }
}

impl TryRng for RecordingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rng.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rng.try_next_u64()
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.rng.try_fill_bytes(dst)?;
        if dst.len() >= 32 {
            self.taken.push(dst.to_vec());
        }
        Ok(())
    }
}

impl TryCryptoRng for RecordingRng {}

/// The length of a descent (`spec/handshake.md`).
const DESCENT: usize = 32 + 4 + 4 + 8;

/// The secrets in a session's encoding: every key of its ratchet (`spec/state.md`).
pub fn session_secrets(bytes: &[u8]) -> Vec<[u8; 32]> {
    let (secrets, end) = secrets_of_session_in(bytes);
    assert_eq!(end, bytes.len(), "the layout of a session has changed");
    secrets
}

/// The secrets of a session whose encoding `bytes` begin with, and where that ends.
fn secrets_of_session_in(bytes: &[u8]) -> (Vec<[u8; 32]>, usize) {
    const PREFIX: usize = 2 + 1 + 8 + 8 + 32 + 1088 + 265 + DESCENT + 16;
    let mut secrets = Vec::new();
    // version, kind, anchor, certificate, name, descent, one-time flag
    let mut at = 2 + 32 + 265 + 16 + DESCENT + 1;
    at += if bytes[at] == 1 { 1 + PREFIX } else { 1 };
    // role, session id
    at += 1 + 32;
    let take = |secrets: &mut Vec<[u8; 32]>, at: &mut usize| {
        secrets.push(bytes[*at..*at + 32].try_into().unwrap());
        *at += 32;
    };
    let missing = |secrets: &mut Vec<[u8; 32]>, at: &mut usize| {
        let count = u32::from_be_bytes(bytes[*at..*at + 4].try_into().unwrap());
        *at += 4;
        for _ in 0..count {
            *at += 4;
            take(secrets, at);
        }
    };
    // root
    take(&mut secrets, &mut at);
    at += 1;
    if bytes[at - 1] == 0 {
        at += 32 + 4 + 4;
    } else {
        at += 4;
        take(&mut secrets, &mut at);
        at += 32;
        take(&mut secrets, &mut at);
        take(&mut secrets, &mut at);
        at += 4 + 4 + 4;
    }
    take(&mut secrets, &mut at);
    at += 1;
    if bytes[at - 1] == 1 {
        at += 4 + 32 + 4 + 4;
        take(&mut secrets, &mut at);
        take(&mut secrets, &mut at);
        at += 4;
        missing(&mut secrets, &mut at);
    }
    take(&mut secrets, &mut at);
    let closed = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    at += 4;
    for _ in 0..closed {
        at += 4 + 32 + 4 + 4;
        take(&mut secrets, &mut at);
        missing(&mut secrets, &mut at);
    }
    let end = secrets_of_braid_in(bytes, at + 1 + 32 * 16, &mut secrets);
    (secrets, end)
}

/// Adds the secrets of the braid whose encoding begins at `at`, and tells where that ends.
fn secrets_of_braid_in(bytes: &[u8], at: usize, secrets: &mut Vec<[u8; 32]>) -> usize {
    let mut take = |at: usize| {
        secrets.push(bytes[at..at + 32].try_into().unwrap());
        at + 32
    };
    let chunks = |at: usize| at + 1 + usize::from(bytes[at]) * (2 + 32);
    // epoch; the authenticator; what waits to be mixed
    let key = take(at + 4);
    let mut at = take(key) + 1;
    if bytes[at - 1] == 1 {
        at = take(at);
    }
    let state = at + 1;
    match bytes[at] {
        0 => state,
        // seed, count, ct1, ct2
        1 => {
            let second = take(state);
            chunks(chunks(take(second) + 2))
        }
        2 => chunks(state),
        // header, coins, count, vector, acknowledged
        3 => chunks(take(state + 64) + 2) + 1,
        _ => state + 160 + 2,
    }
}

/// The secrets of all sessions with a device in a client's encoding: what it holds of a session
/// begins with an anchor and the device's certificate.
pub fn secrets_with(client: &[u8], device: &Certificate) -> Vec<[u8; 32]> {
    let (certificate, mut secrets) = (device.encode(), Vec::new());
    for at in places(client, &certificate) {
        let (found, _) = secrets_of_session_in(&client[at - 32 - 2..]);
        secrets.extend(found);
    }
    secrets
}

/// Where `piece` stands in `bytes`.
pub fn places(bytes: &[u8], piece: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(piece.len()).enumerate();
    windows.filter(|(_, window)| *window == piece).map(|(at, _)| at).collect()
}

/// Where an active sending chain's previous length is in the encoding of a confirmed session.
pub fn previous_length(session: &[u8]) -> core::ops::Range<usize> {
    // version, kind, anchor, certificate, name, descent, one-time and prefix flags, role, id, root
    let sending = 2 + 32 + 265 + 16 + DESCENT + 1 + 1 + 1 + 32 + 32;
    assert_eq!(session[sending], 1, "the session sends in a chain of its own");
    // step, own key, public key, header key, chain key, number
    let previous = sending + 1 + 4 + 4 * 32 + 4;
    previous..previous + 4
}

/// Where the parts of a certificate are (`spec/identity.md`).
pub mod certificate {
    use core::ops::Range;

    pub const ACCOUNT: Range<usize> = 1..33;
    pub const ACCOUNT_KEY: Range<usize> = 33..65;
    pub const DEVICE: Range<usize> = 65..73;
    pub const SIGNING: Range<usize> = 73..105;
    pub const AGREEMENT: Range<usize> = 105..137;
    pub const CORE: Range<usize> = 0..137;
    pub const ACCOUNT_SIGNATURE: Range<usize> = 137..201;
    pub const DEVICE_SIGNATURE: Range<usize> = 201..265;
}

/// An operation that fails with `error` and leaves its state as it was, byte for byte.
#[track_caller]
pub fn refuses<S: State, T>(
    state: &mut S,
    error: Error,
    operation: impl FnOnce(&mut S) -> Result<T, Error>,
) {
    let before = state.to_bytes();
    assert_eq!(operation(state).err(), Some(error));
    assert!(*before == *state.to_bytes(), "a failed operation changed its state");
}

/// An operation that fails, with whatever error, and leaves its state as it was.
#[track_caller]
pub fn fails<S: State, T>(
    state: &mut S,
    operation: impl FnOnce(&mut S) -> Result<T, Error>,
) -> Error {
    let before = state.to_bytes();
    let Err(error) = operation(state) else { panic!("the operation succeeded") };
    assert!(*before == *state.to_bytes(), "a failed operation changed its state");
    error
}

/// The state as a process finds it that starts again.
pub fn restarted<S: State>(state: &S) -> S {
    S::from_bytes(&state.to_bytes()).unwrap()
}

/// `bytes` with one bit of the byte at `place` flipped.
pub fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1 << (place % 8);
    bytes
}

/// An Ed25519 signature over a label of the specification and what follows it.
pub fn sign(seed: &[u8; 32], label: &str, parts: &[&[u8]]) -> [u8; 64] {
    let mut message = format!("latchstring/v1/{label}.").into_bytes();
    for part in parts {
        message.extend_from_slice(part);
    }
    SigningKey::from_bytes(seed).sign(&message).to_bytes()
}

/// The account's signing seed, from its state: for tests that need a dishonest account.
pub fn account_seed(account: &Account) -> [u8; 32] {
    account.to_bytes()[34..66].try_into().unwrap()
}

/// The device's signing seed, from its state: for tests that need a dishonest device.
pub fn signing_seed(device: &Device) -> [u8; 32] {
    device.to_bytes()[34..66].try_into().unwrap()
}

/// The certificate with whatever `change` makes of it, signed anew by both keys.
pub fn recertified(
    bytes: &[u8],
    account: &[u8; 32],
    device: &[u8; 32],
    change: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    change(&mut bytes);
    let core = bytes[certificate::CORE].to_vec();
    bytes[certificate::ACCOUNT_SIGNATURE].copy_from_slice(&sign(
        account,
        "identity/account",
        &[&core],
    ));
    bytes[certificate::DEVICE_SIGNATURE].copy_from_slice(&sign(
        device,
        "identity/device",
        &[&core],
    ));
    bytes
}

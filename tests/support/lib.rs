//! The parts that tests share.

pub mod circle;
pub mod crash;
pub mod described;
pub mod doors;
mod fixtures;
pub mod forged;
pub mod guest;
pub mod home;
pub mod linking;
mod pair;
pub mod shelf;
pub mod town;
pub mod transport;

pub use fixtures::*;
pub use guest::{Door, ORIGIN, Talk};
pub use pair::*;

use core::convert::Infallible;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer, SigningKey};
use latchstring::Error;
use latchstring::client::{Address, Client, Envelope, OwnObject};
use latchstring::guest::{Chat, ReceivedEvent};
use latchstring::rand_core::{CryptoRng, TryCryptoRng, TryRng};
use latchstring::session::{Account, Certificate, Device};
use latchstring::storage::{Pending, State};

/// Returns a place in the tree, by its path from the top.
pub fn tree(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// Restores the state from its bytes: as a process finds it that starts again, or a second copy, which an app
/// must never have. It encodes to the same bytes.
pub fn restored<S: State>(state: &S) -> S {
    let bytes = state.to_bytes();
    let state = S::from_bytes(&bytes).unwrap();
    assert!(*state.to_bytes() == *bytes, "a restored state encodes to other bytes");
    state
}

/// Restores a primary, as a process finds it that starts again and has fetched its account's list: it may sign.
pub fn started(client: &Client) -> Client {
    let mut client = restored(client);
    linking::show_own_list(&mut client);
    client
}

/// Returns the error that an operation ends with, if it does; the state must be byte for byte as before.
#[track_caller]
pub fn refusal<S: State, T>(
    state: &mut S,
    operation: impl FnOnce(&mut S) -> Result<T, Error>,
) -> Option<Error> {
    let before = state.to_bytes();
    let error = operation(state).err();
    assert!(*before == *state.to_bytes(), "{error:?} changed the state");
    error
}

/// Checks that an operation fails with `error` and leaves its state as it was, byte for byte.
#[track_caller]
pub fn refuses<S: State, T>(
    state: &mut S,
    error: Error,
    operation: impl FnOnce(&mut S) -> Result<T, Error>,
) {
    assert_eq!(refusal(state, operation), Some(error));
}

/// Applies what must change its state.
#[track_caller]
pub fn changed<S: State, T>(pending: Pending<'_, S, T>) -> T {
    assert!(pending.is_change(), "nothing changes");
    pending.apply()
}

/// Returns readings from one time to another, that one included, none of which a clock has to look at twice.
pub fn days(from: u64, to: u64) -> impl Iterator<Item = u64> {
    (from..to).step_by(2 * 86_400).skip(1).chain([to])
}

/// Returns the message of what is for one device only.
#[track_caller]
pub fn only(mut envelopes: Vec<Envelope>) -> Vec<u8> {
    assert_eq!(envelopes.len(), 1);
    envelopes.remove(0).message
}

/// A chat in which each side has one device.
pub trait OneToOne {
    /// Returns the other side's device.
    fn other(&self) -> Address;
    /// Opens a message of the other side's device.
    fn listen(
        &mut self,
        message: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Chat, ReceivedEvent>, Error>;
    /// Opens it and moves the chat on.
    fn hear(&mut self, message: &[u8], now: u64) -> Result<ReceivedEvent, Error>;
    /// Seals a text and moves the chat on.
    fn say(&mut self, text: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error>;
}

impl OneToOne for Chat {
    fn other(&self) -> Address {
        Address { account: self.peer().account(), device: self.peer().device() }
    }

    fn listen(
        &mut self,
        message: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Chat, ReceivedEvent>, Error> {
        self.open(self.other(), message, now)
    }

    fn hear(&mut self, message: &[u8], now: u64) -> Result<ReceivedEvent, Error> {
        self.receive(self.other(), message, now)
    }

    fn say(&mut self, text: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        Ok(only(self.send(text, now, rng)?.envelopes))
    }
}

/// A [`TestRng`] that remembers all it gave out in one piece of 32 bytes or more: of everything that is drawn,
/// the half that a generator that does not repeat itself keeps secret.
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

/// The length of a continuation (`spec/handshake.md`).
const CONTINUATION: usize = 32 + 4 + 4 + 8;

/// Returns the secrets in a session's encoding: every key of its ratchet (`spec/state.md`).
pub fn session_secrets(bytes: &[u8]) -> Vec<[u8; 32]> {
    let (secrets, end) = secrets_of_session_in(bytes);
    assert_eq!(end, bytes.len(), "the layout of a session has changed");
    secrets
}

/// Returns the secrets of a session whose encoding `bytes` begin with, and where that ends.
pub fn secrets_of_session_in(bytes: &[u8]) -> (Vec<[u8; 32]>, usize) {
    const PREFIX: usize = 2 + 1 + 8 + 8 + 32 + 1088 + 265 + CONTINUATION + 16;
    let mut walk = Walk { bytes, at: 0, secrets: Vec::new() };
    // version, kind, anchor, certificate, name, continuation, one-time flag
    walk.skip(2 + 32 + 265 + 16 + CONTINUATION + 1);
    if walk.flag() {
        walk.skip(PREFIX);
    }
    // role, session id
    walk.skip(1 + 32);
    walk.ratchet();
    walk.braid();
    (walk.secrets, walk.at)
}

/// A way through an encoding that takes the secrets along.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    secrets: Vec<[u8; 32]>,
}

impl Walk<'_> {
    fn skip(&mut self, length: usize) {
        self.at += length;
    }

    fn byte(&mut self) -> u8 {
        self.at += 1;
        self.bytes[self.at - 1]
    }

    fn flag(&mut self) -> bool {
        self.byte() == 1
    }

    fn count(&mut self) -> u32 {
        self.at += 4;
        u32::from_be_bytes(self.bytes[self.at - 4..self.at].try_into().unwrap())
    }

    fn secret(&mut self) {
        self.at += 32;
        self.secrets.push(self.bytes[self.at - 32..self.at].try_into().unwrap());
    }

    /// Takes the keys of messages that have not come, each behind its number.
    fn missing(&mut self) {
        for _ in 0..self.count() {
            self.skip(4);
            self.secret();
        }
    }

    /// Skips the chunks of a vector, each behind its index.
    fn chunks(&mut self) {
        let count = self.byte();
        self.skip(usize::from(count) * (2 + 32));
    }

    fn ratchet(&mut self) {
        // root, and the imprint key in pieces
        self.secret();
        (0..4).for_each(|_| self.secret());
        self.skip(16);
        if self.byte() == 0 {
            self.skip(32 + 4 + 4);
        } else {
            // step, own key, public key, header key, chain key, three numbers
            self.skip(4);
            self.secret();
            self.skip(32);
            self.secret();
            self.secret();
            self.skip(4 + 4 + 4);
        }
        // the header key of the next sending chain
        self.secret();
        if self.flag() {
            // step, public key, two numbers, header key, chain key, number, missing
            self.skip(4 + 32 + 4 + 4);
            self.secret();
            self.secret();
            self.skip(4);
            self.missing();
        }
        // the header key of the next receiving chain
        self.secret();
        for _ in 0..self.count() {
            // step, public key, two numbers, header key, missing
            self.skip(4 + 32 + 4 + 4);
            self.secret();
            self.missing();
        }
        // what came lately
        self.skip(1 + 32 * (4 + 4 + 16));
    }

    fn braid(&mut self) {
        // epoch; the authenticator; what waits for the root
        self.skip(4);
        self.secret();
        self.secret();
        if self.flag() {
            self.secret();
        }
        match self.byte() {
            0 => {}
            // seed, count, ct1, ct2
            1 => {
                self.secret();
                self.secret();
                self.skip(2);
                self.chunks();
                self.chunks();
            }
            2 => self.chunks(),
            // header, coins, count, vector, acknowledged
            3 => {
                self.skip(64);
                self.secret();
                self.skip(2);
                self.chunks();
                self.skip(1);
            }
            _ => self.skip(160 + 2),
        }
    }
}

/// Returns the secrets of all sessions with a device in a client's encoding: what it holds of a session
/// begins with an anchor and the device's certificate.
pub fn secrets_with(client: &[u8], device: &Certificate) -> Vec<[u8; 32]> {
    let (certificate, mut secrets) = (device.encode(), Vec::new());
    for at in places(client, &certificate) {
        let (found, _) = secrets_of_session_in(&client[at - 32 - 2..]);
        secrets.extend(found);
    }
    secrets
}

/// Finds the places where `piece` stands in `bytes`.
pub fn places(bytes: &[u8], piece: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(piece.len()).enumerate();
    windows.filter(|(_, window)| *window == piece).map(|(at, _)| at).collect()
}

/// Finds an active sending chain's previous length in the encoding of a confirmed session.
pub fn previous_length(session: &[u8]) -> core::ops::Range<usize> {
    // version, kind, anchor, certificate, name, continuation, one-time and prefix flags, role, id, root,
    // imprint key
    let sending = 2 + 32 + 265 + 16 + CONTINUATION + 1 + 1 + 1 + 32 + 32 + 144;
    assert_eq!(session[sending], 1, "the session sends in a chain of its own");
    // step, own key, public key, header key, chain key, number
    let previous = sending + 1 + 4 + 4 * 32 + 4;
    previous..previous + 4
}

/// The places of the parts of a certificate (`spec/identity.md`).
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

/// Returns `bytes` with one bit of the byte at `place` flipped.
pub fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1 << (place % 8);
    bytes
}

/// Takes the bytes of an object for own devices, altered or not, as if they were from the own store.
pub fn object(bytes: &[u8]) -> OwnObject {
    OwnObject::recall(bytes.to_vec().into())
}

/// Takes an object for own devices with one bit of a byte flipped.
pub fn altered(shared: &OwnObject, place: usize) -> OwnObject {
    object(&flipped(shared.as_bytes(), place))
}

/// Signs a label of the specification and what follows it with Ed25519.
pub fn sign(seed: &[u8; 32], label: &str, parts: &[&[u8]]) -> [u8; 64] {
    let mut message = format!("latchstring/v1/{label}.").into_bytes();
    for part in parts {
        message.extend_from_slice(part);
    }
    SigningKey::from_bytes(seed).sign(&message).to_bytes()
}

/// Returns the account's signing seed, from its state: for tests that need a dishonest account.
pub fn account_seed(account: &Account) -> [u8; 32] {
    account.to_bytes()[34..66].try_into().unwrap()
}

/// Returns the device's signing seed, from its state: for tests that need a dishonest device.
pub fn signing_seed(device: &Device) -> [u8; 32] {
    device.to_bytes()[34..66].try_into().unwrap()
}

/// Returns the certificate with whatever `change` makes of it, signed anew by both keys.
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

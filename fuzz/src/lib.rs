//! The part that the targets share: objects to edit, and the edits.

pub mod frames;
#[path = "../../tests/support/linking.rs"]
pub mod linking;
#[path = "../../tests/support/pair.rs"]
pub mod support;
#[path = "../../tests/support/town.rs"]
pub mod town;
pub mod world;

// By this name `town` knows it.
use support as pair;

use latchstring::guest::{Chat, Invite, Policy, ServerCopy};
use latchstring::session::Session;
use latchstring::storage::State;
use support::{NOW, Pair, TestRng, bundle_of, client};

/// Gives the input itself, or, behind a zero byte, a valid object with the input's edits: without them
/// no input would get past a signature or a tag.
///
/// An edit is a place (two bytes, counted round) and what is added to it by exclusive or; the
/// place behind the end adds a byte there. One byte left over takes that many bytes off the end.
pub fn edited(valid: &[u8], input: &[u8]) -> Vec<u8> {
    let [0, edits @ ..] = input else { return input.to_vec() };
    let mut bytes = valid.to_vec();
    for edit in edits.chunks(3) {
        match *edit {
            [high, low, change] => {
                let place = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
                match bytes.get_mut(place) {
                    Some(byte) => *byte ^= change,
                    None => bytes.push(change),
                }
            }
            [cut] => bytes.truncate(bytes.len().saturating_sub(usize::from(cut))),
            _ => {}
        }
    }
    bytes
}

/// Encodes a state.
pub fn saved(state: &impl State) -> Vec<u8> {
    state.to_bytes().to_vec()
}

/// A guest link from both sides, just claimed.
pub struct Guest {
    pub host: latchstring::client::Client,
    pub invite: Invite,
    pub server_copy: ServerCopy,
    pub claim: Vec<u8>,
    pub chat: Chat,
    pub notice: Vec<u8>,
}

impl Guest {
    pub fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let mut host = client(1, &mut rng);
        let bundles = [bundle_of(&mut host, &mut rng)];
        let policy = Policy::new("Ada", NOW + 86_400);
        let (invite, server_copy) =
            Invite::create(&host, "example.org", policy, NOW, &mut rng).unwrap();
        let link = invite.link().unwrap();
        let preview = link.open(server_copy.sealed_invitation(), "example.org", NOW).unwrap();
        let claimed = preview.claim(host.list(), &bundles, "Grace", &["hi"], NOW, &mut rng);
        let (chat, claim) = claimed.unwrap();
        let mut ended = Invite::from_bytes(&invite.to_bytes()).unwrap();
        ended.revoke(NOW).unwrap().apply();
        let notice = ended.notice().unwrap();
        Self { host, invite, server_copy, claim, chat, notice }
    }
}

/// Makes a pair whose responder misses messages of a closed and of the current chain, and three
/// messages for it: one late, one in order, one that begins a chain.
pub fn gaps(seed: u64) -> (Pair, [Vec<u8>; 3]) {
    let mut pair = Pair::new(seed);
    let send = |pair: &mut Pair| pair.initiator.encrypt(b"text", &mut pair.rng).unwrap();
    let [late, closing] = [send(&mut pair), send(&mut pair)];
    pair.responder.decrypt(&closing).unwrap();
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&answer).unwrap();
    let [_, second, next] = [send(&mut pair), send(&mut pair), send(&mut pair)];
    pair.responder.decrypt(&second).unwrap();
    let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&answer).unwrap();
    let turn = send(&mut pair);
    (pair, [late, next, turn])
}

/// One side of a conversation, with all that it ever sent.
pub struct Side {
    session: Session,
    sent: Vec<Sent>,
}

struct Sent {
    content: Vec<u8>,
    message: Vec<u8>,
    read: bool,
}

impl Side {
    pub fn new(session: Session) -> Self {
        Self { session, sent: Vec::new() }
    }

    /// Sends under a reserved number, if there is one and `how` is odd; else reserves up to 3. So few, that
    /// a side that is restored again and again does not run away from the other.
    pub fn send(&mut self, how: usize, rng: &mut TestRng) {
        let content = self.sent.len().to_be_bytes().repeat(1 + self.sent.len() % 40);
        let is_reserved = how & 1 == 1 && self.session.reserved() > 0;
        let sending = self.session.stage_send();
        let message = if is_reserved {
            sending.seal_reserved(&content, rng).unwrap()
        } else {
            let count = u16::try_from(how >> 1 & 3).unwrap();
            sending.reserve(count).seal(&content, rng).unwrap().apply()
        };
        self.sent.push(Sent { content, message, read: false });
    }

    /// Opens the message that `from` sent `back` messages ago: the first time with what was
    /// written, if it is the newest always, and never twice.
    pub fn receive(&mut self, from: &mut Side, back: usize) {
        let Some(sent) = from.sent.iter_mut().nth_back(back) else { return };
        let before = self.session.to_bytes();
        match self.session.decrypt(&sent.message) {
            Ok(opened) => {
                assert!(!sent.read, "read twice");
                assert_eq!(*opened.content, sent.content);
                sent.read = true;
            }
            Err(_) => {
                assert!(sent.read || back > 0, "the newest message was refused");
                assert_eq!(before, self.session.to_bytes());
            }
        }
    }

    /// Changes one bit of a message, which opens for nobody then.
    pub fn forged(&mut self, from: &Side, back: usize) {
        let Some(sent) = from.sent.iter().nth_back(back) else { return };
        let mut message = sent.message.clone();
        let place = (sent.content.len() * 31 + self.sent.len() * 7) % message.len();
        message[place] ^= 1 << (back % 8);
        let before = self.session.to_bytes();
        assert!(self.session.decrypt(&message).is_err());
        assert_eq!(before, self.session.to_bytes());
    }

    /// Ends the process and begins it again.
    pub fn restore(&mut self) {
        self.session = Session::from_bytes(&self.session.to_bytes()).unwrap();
    }
}

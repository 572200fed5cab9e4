//! A session: messages are read and some are answered.

use std::collections::BTreeSet;

use latchstring::session::Session;
use latchstring::storage::State;

use crate::child::{Courier, again, hex, listen, open, say, say_where, unhex};
use crate::process::{Lives, Mailbag, Surroundings};
use crate::store::{Failure, Kept, Store};
use support::{Pair, TestRng};

const OWNER: &str = "session";

pub fn receive(
    store: &mut Store,
    kept: &mut Kept<Session>,
    message: &[u8],
    rng: &mut TestRng,
) -> Result<Vec<u8>, Failure> {
    store.step(rng, |step| {
        let opened = step.change(kept, |session, _| session.open(message))?;
        step.read(OWNER, &opened.content)?;
        Ok(opened.content.to_vec())
    })
}

pub fn send(
    store: &mut Store,
    kept: &mut Kept<Session>,
    content: &[u8],
    rng: &mut TestRng,
) -> Result<(), Failure> {
    store.step(rng, |step| step.send(kept, |session, rng| session.stage_send().seal(content, rng)))
}

/// Numbers that an answer reserves.
const RESERVED: u16 = 5;

/// Answers in every third generation, which survives a restart.
fn answer(store: &mut Store, kept: &mut Kept<Session>, rng: &mut TestRng) -> Result<(), Failure> {
    let generation = kept.get(store)?.anchor().generation();
    if generation % 3 == 1 {
        let content = format!("answer {generation}");
        store.step(rng, |step| {
            step.send(kept, |session, rng| {
                session.stage_send().reserve(RESERVED).seal(content.as_bytes(), rng)
            })
        })?;
    }
    Ok(())
}

/// Says something under each reserved number but the last. Nobody says it again if the process dies.
fn chatter(kept: &mut Kept<Session>, rng: &mut TestRng) {
    while kept.reserved() > 1 {
        let content = format!("ahead {} {}", kept.anchor().generation(), kept.reserved());
        say(&format!("ahead {}", hex(&kept.seal_reserved(content.as_bytes(), rng).unwrap())));
    }
}

/// Is the process: reads messages, answers, and says what it has done once it is saved.
pub fn child(path: &str, seed: u64) {
    let (mut rng, mut courier) = (TestRng::new(seed), Courier::default());
    let mut store = open(path);
    let mut kept: Kept<Session> = store.load(OWNER, None).unwrap().unwrap();
    say_where(&kept);
    courier.say(&store);
    listen(|words| match words {
        ["arrived", number] => store.sent(number.parse().unwrap()).unwrap(),
        ["bring", at, message] => {
            let message = unhex(message);
            match again(|| receive(&mut store, &mut kept, &message, &mut rng)) {
                Ok(content) => say(&format!("read {at} {}", hex(&content))),
                Err(error) => say(&format!("refused {at} {error:?}")),
            }
            again(|| answer(&mut store, &mut kept, &mut rng)).unwrap();
            chatter(&mut kept, &mut rng);
            say_where(&kept);
            courier.say(&store);
        }
        _ => panic!("{words:?}"),
    });
}

/// The other side, in memory, and what it knows of the process.
struct Peer {
    session: Session,
    rng: TestRng,
    /// All messages so far, and which of them the process said that it has read.
    messages: Vec<Vec<u8>>,
    read: Vec<bool>,
    bag: Mailbag,
    answers: BTreeSet<Vec<u8>>,
    /// Messages under reserved numbers.
    ahead: usize,
}

impl Peer {
    fn content(number: usize) -> Vec<u8> {
        format!("message {number}").into_bytes()
    }

    fn write(&mut self) {
        let content = Self::content(self.messages.len());
        self.messages.push(self.session.encrypt(&content, &mut self.rng).unwrap());
        self.read.push(false);
    }
}

impl Surroundings for Peer {
    fn born(&mut self) {
        self.bag.born();
    }

    fn wants(&mut self) -> Vec<String> {
        let unread = (0..self.messages.len()).filter(|at| !self.read[*at]);
        let bring = unread.map(|at| format!("bring {at} {}", hex(&self.messages[at])));
        self.bag.wants().chain(bring).collect()
    }

    fn hear(&mut self, words: &[&str]) {
        match words {
            ["read", at, content] => {
                let at: usize = at.parse().unwrap();
                assert_eq!(unhex(content), Self::content(at));
                self.read[at] = true;
            }
            // It was saved, and the process died before it could say so: the inbox will tell.
            ["refused", at, "Duplicate" | "MessageKeyGone"] => {
                self.read[at.parse::<usize>().unwrap()] = true;
            }
            ["sent", number, OWNER, "-", message] => {
                if let Some(message) = self.bag.take(number, message) {
                    let opened = self.session.decrypt(&message).unwrap();
                    let is_new = self.answers.insert(opened.content.to_vec());
                    assert!(is_new, "one answer in two messages");
                }
            }
            // Opened without an error: its number is no other message's.
            ["ahead", message] => {
                let opened = self.session.decrypt(&unhex(message)).unwrap();
                assert!(self.answers.insert(opened.content.to_vec()), "one text in two messages");
                self.ahead += 1;
            }
            _ => panic!("{words:?}"),
        }
    }
}

pub fn survive(path: &str, kills: u64) -> String {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(1);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    open(path).keep(OWNER, responder, &mut rng).unwrap();
    let (messages, read, bag) = (Vec::new(), Vec::new(), Mailbag::default());
    let answers = BTreeSet::new();
    let mut peer = Peer { session: initiator, rng, messages, read, bag, answers, ahead: 0 };
    let mut lives = Lives::new("session", path);
    for _ in 0..kills {
        for _ in 0..8 {
            peer.write();
        }
        lives.cut_short(&mut peer);
    }
    lives.in_peace(&mut peer);

    let mut store = open(path);
    let mut inbox: Vec<Vec<u8>> =
        store.inbox().unwrap().into_iter().map(|(_, content)| content).collect();
    inbox.sort();
    let mut expected: Vec<Vec<u8>> = (0..peer.messages.len()).map(Peer::content).collect();
    expected.sort();
    assert_eq!(inbox.len(), expected.len());
    assert!(inbox == expected, "the inbox is not what was sent");
    assert!(store.outbox().unwrap().is_empty());
    assert!(peer.answers.len() >= inbox.len() / 8, "{} answers", peer.answers.len());
    // Every answer has come, and what is missing was reserved by a process that died.
    let skipped = usize::try_from(kills).unwrap() * usize::from(RESERVED);
    assert!(peer.session.skipped() <= skipped, "an answer was lost");
    assert!(peer.ahead >= peer.answers.len() / 2, "{} messages ahead", peer.ahead);
    // And the two still talk.
    let mut kept: Kept<Session> = store.load(OWNER, None).unwrap().unwrap();
    let last = peer.session.encrypt(b"still here", &mut peer.rng).unwrap();
    let opened = receive(&mut store, &mut kept, &last, &mut peer.rng).unwrap();
    assert_eq!(opened, b"still here");
    let (read, unsaid) = (inbox.len(), lives.unsaid);
    let ahead = peer.ahead;
    format!(
        "a session: {read} messages, {unsaid} of them saved and not said when it died; {ahead} sent \
         under reserved numbers"
    )
}

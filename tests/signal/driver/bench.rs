//! The cost of messages, in process: `../bench.mjs` puts it beside what the packages take for them.

use std::time::Instant;

use latchstring::Error;
use latchstring::signal::{Client, ForeignMessage, SealedMessage};
use latchstring::storage::{Journal, Pending, StateKey};
use serde_json::{Value, json};

use crate::conversations::client_of;
use crate::request::Request;
use crate::{NOW, rng};

/// One end of a conversation, with the journal in which it keeps what it did.
struct End {
    client: Client,
    key: StateKey,
    journal: Journal,
}

impl End {
    fn new(client: Client) -> Result<Self, Error> {
        let key = StateKey::new(1, &[7; 32])?;
        let (_, journal) = Journal::begin(&client, &key, b"owner", &mut rng())?;
        Ok(Self { client, key, journal })
    }

    /// Does something as an app does: what it changes is sealed for the store before the output is used.
    fn act<T>(
        &mut self,
        act: impl for<'s> FnOnce(&'s mut Client) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Error> {
        if self.journal.is_full() {
            drop(self.journal.renew(&self.client, &self.key, &mut rng())?);
        }
        Ok(act(&mut self.client)?.journal(&mut self.journal, &mut rng())?.apply())
    }

    fn seal(&mut self, to: &Self, content: &[u8]) -> Result<SealedMessage, Error> {
        let to = to.client.device().clone();
        self.act(|client| client.seal_plain(&to, content, NOW, &mut rng()))
    }

    fn open(&mut self, from: &Self, message: &SealedMessage) -> Result<ForeignMessage, Error> {
        let from = from.client.device().clone();
        self.act(|client| client.open(&from, message.kind, &message.bytes, NOW))
    }
}

/// Tells how many nanoseconds a message takes, sealed and opened, in a conversation that has begun: the median.
pub fn run(request: &Request) -> Result<Value, Error> {
    let mut ends = conversation(request)?;
    let (content, count) = (request.bytes("text"), request.number::<u32>("count"));
    let mut taken = Vec::new();
    for i in 0..count {
        let [one, other] = &mut ends;
        let start = Instant::now();
        let message = one.seal(other, &content)?;
        let opened = other.open(one, &message)?;
        taken.push(start.elapsed().as_nanos());
        assert_eq!(opened.content.plain(), Some(&content[..]), "message {i}");
        if request.flag("turns") {
            ends.swap(0, 1);
        }
    }
    taken.sort_unstable();
    let median = taken[taken.len() / 2];
    Ok(json!({ "nanoseconds": u64::try_from(median).expect("less than an age") }))
}

/// Makes two ends that have answered each other.
fn conversation(request: &Request) -> Result<[End; 2], Error> {
    let ends = [client_of(request.address("to")?)?, client_of(request.address("from")?)?];
    let [one, mut other] = ends;
    let mut bundle = other.bundle();
    if request.number::<u8>("version") == 3 {
        bundle.kem = None;
    }
    let (here, there) = (one.device().clone(), other.device().clone());
    let mut one = End::new(one)?;
    one.act(|client| client.begin(&there, &bundle, NOW, &mut rng()))?;
    other.accept(here.account(), NOW)?.apply();
    let mut other = End::new(other)?;
    for _ in 0..2 {
        let message = one.seal(&other, b"hello")?;
        other.open(&one, &message)?;
        (one, other) = (other, one);
    }
    Ok([one, other])
}

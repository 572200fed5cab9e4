//! Things that are said about messages: whose it is, who is told, how often, and for how long something stays.

mod amendments;
mod passing;
mod times;
mod views;

use latchstring::Error;
use latchstring::client::{
    Conversation, GroupId, LetterEvent, MessageFacts, Outgoing, OwnContent, ReceivedLetter, To,
};
use latchstring::content::{Content, Target};
use support::forged::{self, Words};
use support::town::Town;
use support::{NOW, refuses};

const DAY: u64 = 86_400;

/// Seals something for somebody, and posts it.
fn send(
    town: &mut Town,
    (person, device): (usize, usize),
    to: To<'_>,
    content: &Content,
) -> Result<Outgoing, Error> {
    let mut plan = town.people[person].devices[device].plan(to, town.now)?;
    town.supply(person, device, &mut plan)?;
    let out = town.seal_plan(person, device, &mut plan, content)?;
    town.server.post(town.address(person, device), out.clone());
    Ok(out)
}

/// Says something to a person, and returns which message it is.
fn tell(town: &mut Town, from: (usize, usize), to: usize, content: &Content) -> Target {
    let to = To::Account(town.id(to));
    send(town, from, to, content).unwrap().target.unwrap()
}

/// Receives the one letter that waits.
#[track_caller]
fn receive(town: &mut Town, (person, device): (usize, usize)) -> ReceivedLetter {
    let mut arrived = town.receive(person, device);
    assert_eq!(arrived.len(), 1);
    arrived.pop().unwrap().unwrap()
}

/// Returns the content of a letter.
fn content(letter: ReceivedLetter) -> Content {
    match letter.event {
        LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => content,
        other => panic!("{other:?}"),
    }
}

/// Encodes a content of these parts.
fn encoded(parts: &[(u8, &[u8])]) -> Vec<u8> {
    let parts = parts.iter().flat_map(|(kind, body)| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[*kind][..], &length, body].concat()
    });
    [1].into_iter().chain(parts).collect()
}

/// Returns the error with which what a dishonest device says is refused, and checks that it changes nothing.
fn refused_words(
    town: &mut Town,
    from: (usize, usize),
    to: (usize, usize),
    words: impl FnOnce(Words) -> Words,
) -> Option<Error> {
    let mail = town.whisper(from, to, words);
    let now = town.now;
    support::refusal(town.client(to.0, to.1), |client| {
        client.open(mail.from, &mail.message, now).map(drop)
    })
}

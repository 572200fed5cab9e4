//! Facts: what is said later about a message finds it where it came with a history.

use latchstring::client::{Deadline, Lifetime, MessageFacts, To};
use latchstring::content::Target;
use support::town::Town;

use super::*;

/// Has an item told, and returns it as it comes.
fn told(seed: u64, item: HistoryItem) -> HistoryItem {
    let mut scene = Scene::new(seed, 2);
    let mut import = scene.told(&HistoryRange::ALL, &[item], 1);
    let (mut told, result) = scene.read(&mut import);
    assert_eq!((told.len(), result), (1, Ok(())));
    told.remove(0).item
}

/// Says something to the other person, and returns the facts that are kept there.
fn tell(town: &mut Town, content: &Content) -> MessageFacts {
    let to = To::Account(town.id(1));
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, content).unwrap();
    town.server.post(town.address(0, 0), out);
    town.receive(1, 0).pop().unwrap().unwrap().facts().unwrap()
}

fn item(facts: &MessageFacts, content: &Content) -> HistoryItem {
    let target = facts.target;
    let from = Address { account: target.account(), device: target.device() };
    HistoryItem::new(facts.conversation, from, target.id(), NOW, content)
}

#[test]
fn a_told_message_is_corrected_and_deleted_like_the_one_that_was_received() {
    let mut town = Town::new(80, &[1, 1]);
    town.chat(0, 1);
    let content = Content::text("noon").unwrap();
    let facts = tell(&mut town, &content);
    let told = told(81, item(&facts, &content).with_facts(&facts).unwrap()).facts().unwrap();
    assert_eq!(told, facts);
    let own = MessageFacts { conversation: Conversation::With(town.id(1)), ..facts };
    let correction = town.client(0, 0).correction(&own, 1, "at one", NOW).unwrap();
    let deletion = town.client(0, 0).deletion(&own, NOW).unwrap();
    let by = tell(&mut town, &correction);
    let correction = correction.as_correction().unwrap();
    assert!(told.is_corrected_by(correction, &by));
    assert!(told.is_deleted_by(&deletion.as_deletion().unwrap(), &by));
    // As long as there, and no longer.
    let late = MessageFacts { at: NOW + 15 * 86_400 + 1, ..by };
    assert!(!told.is_corrected_by(correction, &late));
}

#[test]
fn facts_of_another_message_are_refused_and_none_stay_none() {
    let target = |device, id| {
        let bytes = [&FRIEND.0[..], &[device; 8], &[id; 16], &[9; 32]].concat();
        Target::decode(&bytes).unwrap()
    };
    let conversation = Conversation::With(FRIEND);
    let right = MessageFacts { target: target(1, 5), conversation, at: NOW };
    let wrong = [
        MessageFacts { target: target(2, 5), ..right },
        MessageFacts { target: target(1, 6), ..right },
        MessageFacts { conversation: Conversation::Own, ..right },
    ];
    for facts in wrong {
        let refused = said(NOW, 5, "noon").with_facts(&facts);
        assert_eq!(refused.err(), Some(Error::ContentMismatch));
    }
    assert_eq!(told(82, said(NOW, 5, "noon").with_facts(&right).unwrap()).facts(), Some(right));
    assert_eq!(told(83, said(NOW, 5, "noon")).facts(), None);
}

#[test]
fn a_told_message_disappears_when_it_does_at_the_source() {
    let scene = Scene::new(84, 2);
    let content = Content::text("burns").unwrap().with_timer(60).unwrap();
    let new = |content: &Content| {
        HistoryItem::new(Conversation::With(FRIEND), friend(1), MessageId([5; 16]), NOW, content)
    };
    let deadline = scene.source().start_timer(60, NOW);
    let item = told(85, new(&content).with_deadline(&deadline).unwrap());
    let mut here = item.deadline().unwrap();
    assert_eq!(here, deadline);
    assert_eq!(scene.asker().timed(&mut here, NOW + 59), Lifetime::Shown(1));
    assert_ne!(scene.asker().timed(&mut here, NOW + 60), Lifetime::Shown(0));
    assert_eq!(told(86, new(&content)).deadline(), None);
    for (content, seconds) in [(&content, 61), (&Content::text("stays").unwrap(), 60)] {
        let deadline = Deadline { seconds, ..deadline };
        assert_eq!(new(content).with_deadline(&deadline).err(), Some(Error::ContentMismatch));
    }
}

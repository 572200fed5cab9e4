//! Corrections and deletions: of whose messages, where, and until when.

use super::*;

const LATE: u64 = 14 * DAY;

fn text(said: &str) -> Content {
    Content::text(said).unwrap()
}

#[test]
fn a_target_is_the_same_on_every_device_that_has_the_message() {
    let mut town = Town::new(1, &[2, 2]);
    town.chat(0, 1);
    let id = town.id(1);
    let members = [id];
    let group = To::Group { id: GroupId([5; 32]), members: &members };
    let long = text(&"a".repeat(5000));
    for (to, content) in
        [(To::Account(id), &text("hello")), (group, &text("hello")), (To::Account(id), &long)]
    {
        let target = send(&mut town, (0, 0), to, content).unwrap().target.unwrap();
        assert_eq!(target.account(), town.id(0));
        for at in [(0, 1), (1, 0), (1, 1)] {
            let letter = receive(&mut town, at);
            assert_eq!(letter.target(), Some(target));
            let facts = letter.facts().unwrap();
            assert_eq!((facts.conversation, facts.at), (letter.conversation, NOW));
        }
    }
    // What is sealed again is the same message.
    let out = send(&mut town, (0, 0), To::Account(id), &text("lost")).unwrap();
    let to = town.address(1, 0);
    let repair = latchstring::client::Repair::Resend { to, id: out.id };
    let mut plan = town.client(0, 0).plan_repair(&repair, NOW).unwrap();
    assert_eq!(town.seal_plan(0, 0, &mut plan, &text("lost")).unwrap().target, out.target);
    // What is kept beside the change in clear says nothing of what was said.
    let (bytes, target) = (out.encode(), out.target.unwrap().encode());
    let digest = &target[56..];
    assert!(bytes.windows(16).all(|piece| piece != &digest[..16]));
    assert_eq!(Outgoing::decode(&bytes), Ok(Outgoing { target: None, ..out }));
    let shown = format!("{:?}", Target::decode(&target).unwrap());
    assert!(!shown.contains("digest"));
}

#[test]
fn nobody_but_the_author_corrects_or_deletes_a_message() {
    let mut town = Town::new(2, &[2, 1, 1]);
    for other in [1, 2] {
        town.chat(0, other);
    }
    town.chat(1, 2);
    let group = GroupId([5; 32]);
    let members = [town.id(1), town.id(2)];
    let to = To::Group { id: group, members: &members };
    let target = send(&mut town, (0, 0), to, &text("noon")).unwrap().target.unwrap();
    let said = receive(&mut town, (1, 0)).facts().unwrap();
    assert_eq!(said.target, target);
    let named = &target.encode()[32..];
    let all: Vec<_> = (0..3).map(|person| town.id(person)).collect();
    let correction = encoded(&[(1, b"midnight"), (7, &[named, &[1]].concat())]);
    let deletion = encoded(&[(8, named)]);
    // The same bytes from another member and from an own device of the author: `whisper` is any program at all.
    for (from, may) in [((2, 0), false), ((0, 1), true)] {
        for bytes in [&correction, &deletion] {
            let mail = town.whisper(from, (1, 0), |words| Words {
                conversation: forged::group(group.0, &all),
                id: [bytes[1]; 16],
                ..words.raw(forged::MESSAGE, bytes)
            });
            let letter = town.client(1, 0).receive(mail.from, &mail.message, NOW).unwrap();
            let by = letter.facts().unwrap();
            let content = content(letter);
            let holds = match (content.as_correction(), content.as_deletion()) {
                (Some(correction), None) => said.is_corrected_by(correction, &by),
                (None, Some(deletion)) => said.is_deleted_by(&deletion, &by),
                _ => panic!(),
            };
            assert_eq!(holds, may, "{from:?}");
        }
    }
}

#[test]
fn a_correction_holds_in_its_conversation_of_its_message_and_in_time() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let target = tell(&mut town, (0, 0), 1, &text("noon"));
    let said = receive(&mut town, (1, 0)).facts().unwrap();
    let own = MessageFacts { target, conversation: Conversation::With(town.id(1)), at: NOW };
    let correction = town.client(0, 0).correction(&own, 1, "at one", NOW).unwrap();
    let deletion = town.client(0, 0).deletion(&own, NOW).unwrap();
    tell(&mut town, (0, 0), 1, &correction);
    let by = receive(&mut town, (1, 0)).facts().unwrap();
    let (correction, deletion) =
        (correction.as_correction().unwrap(), deletion.as_deletion().unwrap());
    let mut other = target.encode();
    other[87] ^= 1;
    let other = Target::decode(&other).unwrap();
    let group = Conversation::Group(GroupId([5; 32]));
    for (facts, letter, may) in [
        (said, by, true),
        (MessageFacts { target: other, ..said }, by, false),
        (MessageFacts { conversation: group, ..said }, by, false),
        (said, MessageFacts { conversation: group, ..by }, false),
    ] {
        assert_eq!(facts.is_corrected_by(correction, &letter), may);
        assert_eq!(facts.is_deleted_by(&deletion, &letter), may);
    }
    for (after, corrects, deletes) in [
        (DAY + LATE, true, true),
        (DAY + LATE + 1, false, true),
        (7 * DAY + LATE, false, true),
        (7 * DAY + LATE + 1, false, false),
    ] {
        let letter = MessageFacts { at: NOW + after, ..by };
        assert_eq!(said.is_corrected_by(correction, &letter), corrects, "{after}");
        assert_eq!(said.is_deleted_by(&deletion, &letter), deletes, "{after}");
    }
}

#[test]
fn a_client_makes_corrections_of_own_messages_in_time_only() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    let target = tell(&mut town, (0, 0), 1, &text("noon"));
    let facts = receive(&mut town, (1, 0)).facts().unwrap();
    assert_eq!(town.client(1, 0).correction(&facts, 1, "one", NOW).err(), Some(Error::NotAllowed));
    assert_eq!(town.client(1, 0).deletion(&facts, NOW).err(), Some(Error::NotAllowed));
    let own = MessageFacts { target, conversation: Conversation::With(town.id(1)), at: NOW };
    let client = town.client(0, 0);
    for (after, corrects, deletes) in
        [(0, true, true), (DAY, true, true), (DAY + 1, false, true), (7 * DAY + 1, false, false)]
    {
        let correction = client.correction(&own, 1, "one", NOW + after);
        assert_eq!(correction.err(), (!corrects).then_some(Error::NotAllowed), "{after}");
        let deletion = client.deletion(&own, NOW + after);
        assert_eq!(deletion.err(), (!deletes).then_some(Error::NotAllowed), "{after}");
    }
    let long = "a".repeat(16_385);
    assert_eq!(client.correction(&own, 1, &long, NOW).err(), Some(Error::ContentTooLong));
}

#[test]
fn a_long_correction_travels_in_a_blob_and_a_deletion_does_not() {
    let mut town = Town::new(5, &[1, 1]);
    town.chat(0, 1);
    let target = tell(&mut town, (0, 0), 1, &text("noon"));
    let said = receive(&mut town, (1, 0)).facts().unwrap();
    let own = MessageFacts { target, conversation: Conversation::With(town.id(1)), at: NOW };
    let long = "a".repeat(16_384);
    let correction = town.client(0, 0).correction(&own, 1, &long, NOW).unwrap();
    tell(&mut town, (0, 0), 1, &correction);
    let letter = receive(&mut town, (1, 0));
    let by = letter.facts().unwrap();
    let LetterEvent::Blob(reference) = letter.event else { panic!() };
    let opened = reference.open(town.server.blobs.last().unwrap()).unwrap();
    assert!(said.is_corrected_by(opened.as_correction().unwrap(), &by));
    // A later release may say more beside a deletion, but not so much.
    let bytes = encoded(&[(8, &target.encode()[32..]), (0x90, &[7; 5000])]);
    let kinds = latchstring::content::Kinds::ALL;
    let content = Content::decode(&bytes, kinds).unwrap();
    let (to, now) = (To::Account(town.id(1)), town.now);
    let Town { people, rng, .. } = &mut town;
    refuses(&mut people[0].devices[0], Error::ContentTooLong, |client| {
        client.send(to, &content, now, rng)
    });
}

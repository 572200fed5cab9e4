//! The devices that get a letter.

use super::*;

#[test]
fn every_device_of_both_sides_reads_and_writes() {
    let mut town = Town::new(1, &[3, 2]);
    for (person, device, to) in [(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 0, 0), (1, 1, 0)] {
        town.say(person, device, to, b"hello");
        for at in 0..town.people[to].devices.len() {
            assert_eq!(town.read(to, at), [b"hello"]);
        }
        for at in (0..town.people[person].devices.len()).filter(|at| *at != device) {
            let arrived = town.receive(person, at).pop().unwrap().unwrap();
            assert_eq!(arrived.sender, Sender::Own);
            assert_eq!(arrived.conversation, Conversation::With(town.id(to)));
            assert_eq!(text(&arrived.event), b"hello");
        }
    }
}

#[test]
fn a_letter_has_one_envelope_for_each_device_and_all_have_one_length() {
    let mut town = Town::new(2, &[4, 3]);
    let mut expected: Vec<_> = [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
        .map(|(person, device)| town.address(person, device))
        .to_vec();
    expected.sort_unstable();
    for content in [&b""[..], b"short", &[7; 300], &[7; 5000]] {
        let out = town.seal(0, 0, To::Account(town.id(1)), content).unwrap();
        let to: Vec<_> = out.envelopes.iter().map(|envelope| envelope.to).collect();
        assert_eq!(to, expected);
        assert_eq!(lengths(&out).len(), 1, "a length tells devices apart");
        for (place, one) in out.envelopes.iter().enumerate() {
            let others = &out.envelopes[place + 1..];
            assert!(others.iter().all(|other| other.message != one.message));
        }
        assert!(out.left_out.is_empty());
        town.server.post(town.address(0, 0), out);
    }
    town.receive_all();
    town.chat(0, 1);
    let out = town.seal(0, 0, To::Account(town.id(1)), b"in sessions that stand").unwrap();
    assert_eq!((out.envelopes.len(), lengths(&out).len()), (6, 1));
}

#[test]
fn a_plan_is_for_accounts_that_are_known_and_somebody_else() {
    let mut town = Town::new(3, &[1, 1]);
    let (own, other) = (town.id(0), town.id(1));
    let unknown = AccountId([9; 32]);
    let client = town.client(0, 0);
    refuses(client, Error::OwnAccount, |client| client.plan(To::Account(own), NOW));
    refuses(client, Error::UnknownAccount, |client| client.plan(To::Account(unknown), NOW));
    for (members, error) in [
        (&[][..], Error::NoRecipient),
        (&[own], Error::OwnAccount),
        (&[other, own], Error::OwnAccount),
    ] {
        let to = To::Group { id: GroupId([1; 32]), members };
        refuses(client, error, |client| client.plan(to, NOW));
    }
    // In a group nobody is stopped by somebody else.
    let to = To::Group { id: GroupId([1; 32]), members: &[unknown, other] };
    let plan = client.plan(to, NOW).unwrap();
    assert!(plan.stopped().eq([(unknown, Stop::Unknown)]));
    assert_eq!(plan.devices().count(), 1);
    // Somebody named twice is one.
    let to = To::Group { id: GroupId([1; 32]), members: &[other, other] };
    assert_eq!(client.plan(to, NOW).unwrap().devices().count(), 1);
}

#[test]
fn a_group_is_every_device_of_every_member_and_names_its_audience() {
    let mut town = Town::new(4, &[2, 2, 1]);
    let [one, two, three] = [0, 1, 2].map(|person| town.id(person));
    let to = To::Group { id: GroupId([5; 32]), members: &[three, two] };
    let out = town.seal(0, 0, to, b"all").unwrap();
    assert_eq!((out.envelopes.len(), lengths(&out).len()), (4, 1));
    town.server.post(town.address(0, 0), out);
    for (person, device) in [(0, 1), (1, 0), (1, 1), (2, 0)] {
        let arrived = town.receive(person, device).pop().unwrap().unwrap();
        assert_eq!(text(&arrived.event), b"all");
        assert_eq!(arrived.conversation, Conversation::Group(GroupId([5; 32])));
        let sender = if person == 0 { Sender::Own } else { Sender::Member };
        assert_eq!(arrived.sender, sender);
        assert!(arrived.is_for(&[one, two, three]));
        // The reader is in it, whether it is named or not.
        let all = [one, two, three];
        let others: Vec<_> = all.into_iter().filter(|id| *id != town.id(person)).collect();
        assert!(arrived.is_for(&others));
        // A server that shows one member another group than the others.
        assert!(!arrived.is_for(&[one]));
        assert!(!arrived.is_for(&[]));
        assert!(!arrived.is_for(&[one, two, three, AccountId([9; 32])]));
        let lists = |alert: &Alert| matches!(alert, Alert::Lists { .. });
        assert!(!arrived.alerts.iter().any(lists), "each account is told of its own list");
    }
}

#[test]
fn a_group_letter_for_fewer_than_the_members_shows() {
    let mut town = Town::new(5, &[1, 1, 1]);
    let [one, two, three] = [0, 1, 2].map(|person| town.id(person));
    let to = To::Group { id: GroupId([5; 32]), members: &[two] };
    let out = town.seal(0, 0, to, b"behind her back").unwrap();
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(!arrived.is_for(&[one, two, three]));
    assert!(arrived.is_for(&[one, two]));
    // A letter that names another audience than it went to.
    town.now += 1;
    let conversation = forged::group([5; 32], &[one, two, three]);
    let mail = town.whisper((0, 0), (1, 0), |words| Words { conversation, ..words });
    let arrived = town.client(1, 0).receive(mail.from, &mail.message, NOW + 1).unwrap();
    assert!(arrived.is_for(&[one, two, three]), "this is the sender's word");
}

#[test]
fn own_copies_name_their_conversation_and_own_content_its_own() {
    let mut town = Town::new(6, &[2, 1, 1]);
    let [two, three] = [1, 2].map(|person| town.id(person));
    let cases = [
        (To::Account(two), Conversation::With(two)),
        (To::Account(three), Conversation::With(three)),
        (
            To::Group { id: GroupId([5; 32]), members: &[two, three] },
            Conversation::Group(GroupId([5; 32])),
        ),
        (To::Own, Conversation::Own),
    ];
    for (to, conversation) in cases {
        let out = town.seal(0, 0, to, b"words").unwrap();
        town.server.post(town.address(0, 0), out);
        let arrived = town.receive(0, 1).pop().unwrap().unwrap();
        assert_eq!((arrived.conversation, arrived.sender), (conversation, Sender::Own));
        let own = matches!(arrived.event, LetterEvent::Own(_));
        assert_eq!(own, conversation == Conversation::Own);
        assert_eq!(text(&arrived.event), b"words");
    }
    // To the others it is the conversation with who wrote.
    let arrived = town.receive(1, 0).remove(0).unwrap();
    assert_eq!(arrived.conversation, Conversation::With(town.id(0)));
}

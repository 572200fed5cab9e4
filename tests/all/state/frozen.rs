//! Frozen states of version 1.

use super::*;

/// The content of `tests/state/v1`: states of one deterministic run, and two messages for them.
struct Frozen {
    account: Account,
    device: Device,
    session: Session,
    invite: Invite,
    chat: Chat,
    change: Change<Session>,
    /// Opens in `session`, from before and after `change`.
    message: Vec<u8>,
    /// Opens in `chat`.
    text: Vec<u8>,
    /// Opens an account of which `device` is part.
    first: Vec<u8>,
    client: Client,
    new_device: NewDevice,
    /// A change of `client`: a letter that it read.
    letter: Change<Client>,
    /// The list under which `new_device` was offered a place, and the offer.
    offer: Vec<u8>,
    /// The entrant that `new_device` is once it has accepted, and its briefing.
    entrant: Entrant,
    briefing: Vec<u8>,
}

impl Frozen {
    /// Repeats the run that wrote the files. Changing it changes nothing in them.
    fn make() -> Self {
        let mut rng = TestRng::new(1);
        let account = Account::generate(AccountId([9; 32]), &mut rng);
        let mut device = Device::generate(&account, NOW, &mut rng);
        let bundle = support::bundle_with_one_time(&mut device, &mut rng);
        let first = support::device(8, &mut rng).initiate(&bundle, NOW, &mut rng).unwrap();
        let first = { first }.encrypt(b"first", &mut rng).unwrap();

        let mut pair = Pair::new(2);
        // A closed chain, skipped keys in both chains, and something sent.
        let skipped = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        pair.responder.decrypt(&skipped[2]).unwrap();
        let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
        pair.initiator.decrypt(&answer).unwrap();
        let messages = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        pair.responder.decrypt(&messages[1]).unwrap();
        pair.responder.encrypt(b"sent", &mut pair.rng).unwrap();
        let change = recorded(&mut pair.responder, |to| to.open(&messages[2]));

        let invite = Door::new(3).invite;
        let mut talk = Talk::new(4);
        let text = talk.guest.say("kept", NOW, &mut talk.door.rng).unwrap();

        // Sessions in all their places, letters read and sent, a companion being linked.
        let mut town = Town::new(5, &[3, 2]);
        town.chat(0, 1);
        town.say(1, 1, 0, b"two");
        town.say(0, 1, 1, b"three");
        town.read(0, 0);
        town.say(1, 0, 0, b"kept");
        let new_device = NewDevice::generate("a tablet", NOW, &mut town.rng).unwrap();
        let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
        let Person { account: owner, devices } = &mut town.people[0];
        let offer = devices[0].approve(owner, &request, 4, NOW, &mut town.rng).unwrap().apply();
        let opened = new_device.open(&offer, NOW).unwrap();
        let (entrant, acceptance) = accepted(opened, restored(&new_device), &devices[0], NOW);
        let mut primary = started(&devices[0]);
        let (friend, key) = (AccountId([2; 32]), devices[0].list_of(AccountId([2; 32])));
        let key = key.unwrap().account_key();
        primary.set_verified(friend, Some(key), NOW).unwrap().apply();
        let briefing = primary.admit(owner, &acceptance, b"notes", NOW).unwrap().apply();
        let mail = town.mail(0, 0);
        let letter =
            recorded(town.client(0, 0), |client| client.open(mail.from, &mail.message, NOW));
        let client = town.people.remove(0).devices.remove(0);
        Self {
            client,
            new_device,
            letter,
            offer,
            entrant,
            briefing,
            account,
            device,
            session: pair.responder,
            invite,
            chat: talk.host,
            change,
            message: skipped[0].clone(),
            text,
            first,
        }
    }

    fn read() -> Self {
        Self {
            account: thawed("account"),
            device: thawed("device"),
            session: thawed("session"),
            invite: thawed("invite"),
            chat: thawed("chat"),
            change: thawed("change"),
            message: read_fixture("message"),
            text: read_fixture("text"),
            first: read_fixture("first"),
            client: thawed("client"),
            new_device: thawed("candidate"),
            letter: thawed("letter"),
            offer: read_fixture("offer"),
            entrant: thawed("entrant"),
            briefing: read_fixture("briefing"),
        }
    }
}

/// Reads the frozen state, which must encode to the very bytes that it was frozen as.
fn thawed<S: State>(name: &str) -> S {
    let bytes = read_fixture(name);
    let state = S::from_bytes(&bytes).unwrap();
    assert!(*state.to_bytes() == bytes, "{name} encodes to other bytes");
    state
}

#[test]
fn the_frozen_journal_of_version_1_loads_and_goes_on() {
    let (key, owner) = (key(1, 7), b"frozen");
    if is_writing_fixtures() {
        let mut pair = Pair::new(12);
        let first = pair.initiator.encrypt(b"first", &mut pair.rng).unwrap();
        pair.responder.decrypt(&first).unwrap();
        let Pair { initiator, responder, rng, .. } = &mut pair;
        let (snapshot, mut journal) = Journal::begin(responder, &key, owner, rng).unwrap();
        write_fixture("journal-snapshot", snapshot[0].record.as_ref().unwrap());
        for number in 0..2 {
            let message = initiator.encrypt(&[number], rng).unwrap();
            let recorded = responder.open(&message).unwrap().journal(&mut journal, rng).unwrap();
            write_fixture(&format!("journal-entry-{number}"), recorded.record().unwrap());
            recorded.apply();
        }
        write_fixture("journal-message", &initiator.encrypt(b"next", rng).unwrap());
        write_fixture("journal-anchor", &responder.anchor().to_bytes());
    }
    let entries = ["journal-entry-0", "journal-entry-1"].map(read_fixture);
    let anchor = Anchor::from_bytes(&read_fixture("journal-anchor").try_into().unwrap());
    let snapshot = [read_fixture("journal-snapshot")];
    let opened = Journal::open::<Session>(&key, owner, Some(&anchor), snapshot, &entries);
    let (mut session, journal) = opened.unwrap();
    assert_eq!((session.anchor(), journal.entries()), (anchor, 2));
    assert_eq!(*session.decrypt(&read_fixture("journal-message")).unwrap().content, b"next");
}

#[test]
fn the_frozen_states_of_version_1_load_and_go_on() {
    if is_writing_fixtures() {
        let made = Frozen::make();
        write_fixture("account", &made.account.to_bytes());
        write_fixture("device", &made.device.to_bytes());
        write_fixture("session", &made.session.to_bytes());
        write_fixture("invite", &made.invite.to_bytes());
        write_fixture("chat", &made.chat.to_bytes());
        write_fixture("change", &made.change.to_bytes());
        write_fixture("message", &made.message);
        write_fixture("text", &made.text);
        write_fixture("first", &made.first);
        write_fixture("client", &made.client.to_bytes());
        write_fixture("candidate", &made.new_device.to_bytes());
        write_fixture("letter", &made.letter.to_bytes());
        write_fixture("offer", &made.offer);
        write_fixture("entrant", &made.entrant.to_bytes());
        write_fixture("briefing", &made.briefing);
    }
    let mut frozen = Frozen::read();
    assert_eq!(frozen.account.id(), AccountId([9; 32]));
    assert_eq!(frozen.device.certificate().account_key(), frozen.account.public_key());
    let accepted = frozen.device.accept(&frozen.first, NOW).unwrap().apply();
    assert_eq!(*accepted.opened.content, b"first");
    assert_eq!(frozen.session.skipped(), 3);
    frozen.change.apply(&mut frozen.session).unwrap();
    assert_eq!(*frozen.session.decrypt(&frozen.message).unwrap().content, 0_u32.to_be_bytes());
    assert!(frozen.invite.link().is_some());
    assert_eq!(frozen.chat.status(), ChatStatus::Active);
    let ChatEvent::Text(text) = frozen.chat.hear(&frozen.text, NOW).unwrap().event else {
        panic!()
    };
    assert_eq!(*text.text, "kept");
    assert_eq!(frozen.client.list().devices().len(), 3);
    assert_eq!(frozen.client.mismatches().count(), 0);
    describe(&frozen.client, []);
    frozen.letter.apply(&mut frozen.client).unwrap();
    describe(&frozen.client, []);
    assert_eq!(frozen.new_device.open(&frozen.offer, NOW).unwrap().list(), frozen.client.list());
    let briefing = frozen.entrant.open(&frozen.briefing, NOW).unwrap();
    assert_eq!(briefing.notes(), b"notes");
    let (tablet, _) = briefing.begin(frozen.entrant, NOW, &mut TestRng::new(1)).unwrap();
    assert!(tablet.is_verified(AccountId([2; 32])));
}

#[test]
fn a_guests_frozen_chat_of_version_1_loads_and_goes_on() {
    if is_writing_fixtures() {
        // Of three devices of its host one has come in by another's word, and one has gone since it had.
        let mut doors = Doors::new(13, 3);
        let (mut guest, claim) = doors.guest();
        let mut host = doors.take(0, &claim);
        let granted = doors.grant(0, &mut host);
        guest.receive(doors.address(0), &granted, NOW).unwrap();
        let Doors { home, rng, .. } = &mut doors;
        let shared = host.export(&home.clients[0], NOW).unwrap();
        let mut import = |device: usize, now| {
            let client = &home.clients[device];
            let (chat, envelope) = Chat::import(client, &shared, now, rng).unwrap();
            (chat, client.address(), envelope.message)
        };
        let (_, from, joining) = import(1, NOW);
        guest.receive(from, &joining, NOW).unwrap();
        let held_back = import(2, NOW).2;
        let (mut gone, from, joining) = import(2, NOW + 1800);
        guest.receive(from, &joining, NOW).unwrap();
        let end = only(gone.end(NOW + 1800, &mut doors.rng).unwrap().apply());
        guest.receive(from, &end, NOW).unwrap();
        let text = host.say("kept", NOW, &mut doors.rng).unwrap();
        write_fixture("guest", &guest.to_bytes());
        write_fixture("guest-text", &text);
        write_fixture("guest-held-back", &held_back);
    }
    let mut guest: Chat = thawed("guest");
    let in_it: Vec<_> = guest.devices().collect();
    let mut all = guest.list().devices().iter().map(Address::of);
    let gone = all.find(|device| !in_it.contains(device)).unwrap();
    assert_eq!((guest.status(), in_it.len()), (ChatStatus::Active, 2));
    let held_back = read_fixture("guest-held-back");
    refuses(&mut guest, Error::Replay, |guest| guest.open(gone, &held_back, NOW).map(drop));
    let maker = Address::of(guest.peer());
    let ChatEvent::Text(text) =
        guest.receive(maker, &read_fixture("guest-text"), NOW).unwrap().event
    else {
        panic!()
    };
    assert_eq!(*text.text, "kept");
    assert_eq!(guest.send("on it goes", NOW, &mut TestRng::new(1)).unwrap().envelopes.len(), 2);
}

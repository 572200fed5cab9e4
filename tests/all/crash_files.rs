//! A store without transactions: it replaces a file in one step, and appends, and the power goes
//! between two writes or within one. What `spec/state.md` promises for it holds, and what it does
//! not promise fails.

use std::collections::{BTreeMap, VecDeque};

use latchstring::Error;
use latchstring::client::Client;
use latchstring::guest::Invite;
use latchstring::session::Session;
use latchstring::storage::{Anchor, Page, Pending, State};
use support::crash::{Power, Stop, Written};
use support::guest::Door;
use support::{NOW, Pair, TestRng, bundle_with_one_time, device, restored};

const OWNER: &[u8] = b"a session";

/// An entry that is behind the snapshot in its file, and beside an appended frame: what the frame is about.
#[derive(Clone, PartialEq, Eq)]
struct Note {
    /// True if it was written here, false if it was read.
    written: bool,
    text: u8,
    /// The message that has still to leave, if it was written.
    message: Vec<u8>,
}

/// Files, and the power.
#[derive(Clone)]
struct Files {
    contents: BTreeMap<String, Vec<u8>>,
    outer: Anchor,
    power: Power,
    /// The number of quarters of an append that reach the disk although the power goes in it.
    torn: usize,
}

impl Files {
    /// Puts a whole file in place: a rename.
    fn replace(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Stop> {
        self.power.spend()?;
        self.contents.insert(name.to_owned(), bytes);
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Stop> {
        let spent = self.power.spend();
        let reached = if spent.is_ok() { bytes.len() } else { bytes.len() * self.torn / 4 };
        self.contents.entry(name.to_owned()).or_default().extend(&bytes[..reached]);
        spent
    }

    fn remove(&mut self, name: &str) -> Result<(), Stop> {
        self.power.spend()?;
        self.contents.remove(name);
        Ok(())
    }
}

/// Returns a piece with its length before it.
fn frame(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// Returns the pieces of a file up to one that was cut.
fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_at_checked(4) {
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let Some((frame, rest)) = rest.split_at_checked(length.try_into().unwrap()) else { break };
        frames.push(frame);
        bytes = rest;
    }
    frames
}

impl Note {
    fn encode(&self) -> Vec<u8> {
        [&[u8::from(self.written), self.text], self.message.as_slice()].concat()
    }

    fn decode(bytes: &[u8]) -> Self {
        Self { written: bytes[0] == 1, text: bytes[1], message: bytes[2..].to_vec() }
    }
}

/// Names the entries behind the snapshot at this anchor: those of an older one have another name.
fn entries_after(anchor: &Anchor) -> String {
    let hex: Vec<_> = anchor.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("entries {}", hex.concat())
}

/// A session, its files, and what is in them.
struct App {
    session: Session,
    written: Written,
    /// The anchor of the snapshot.
    start: Anchor,
    notes: Vec<Note>,
    files: Files,
    rng: TestRng,
}

impl App {
    fn new(session: Session, power: &Power, torn: usize) -> Self {
        let mut rng = TestRng::new(5);
        let (power, outer) = (power.clone(), session.anchor());
        let files = Files { contents: BTreeMap::new(), outer, power, torn };
        let (snapshot, written) = Written::begin(&session, OWNER, &mut rng).unwrap();
        let mut app = Self { session, written, start: outer, notes: Vec::new(), files, rng };
        app.write_snapshot(snapshot).unwrap();
        app
    }

    /// Writes one file: the anchor, the snapshot, and what the entries before it were about.
    fn write_snapshot(&mut self, snapshot: Vec<Page>) -> Result<(), Stop> {
        let notes = self.notes.iter().map(|note| frame(&note.encode()));
        let pages: Vec<u8> =
            snapshot.into_iter().flat_map(|page| frame(&page.record.unwrap())).collect();
        let front = [frame(&self.session.anchor().to_bytes()), frame(&pages)];
        self.files.replace("snapshot", front.into_iter().chain(notes).collect::<Vec<_>>().concat())
    }

    fn restart(&mut self) -> Result<(), Stop> {
        let bytes = self.files.contents["snapshot"].clone();
        let front = frames(&bytes);
        self.start = Anchor::from_bytes(front[0].try_into().unwrap());
        self.notes = front[2..].iter().map(|note| Note::decode(note)).collect();
        let name = entries_after(&self.start);
        let log = self.files.contents.remove(&name).unwrap_or_default();
        let steps = frames(&log);
        let entries: Vec<&[u8]> = steps.iter().map(|step| frames(step)[0]).collect();
        let outer = Some(&self.files.outer);
        (self.session, self.written) = Written::open(OWNER, outer, &frames(front[1]), &entries)?;
        self.notes.extend(steps.iter().map(|step| Note::decode(frames(step)[1])));
        // What was cut is dropped; nobody has acted on it.
        let whole = steps.iter().map(|step| frame(step)).collect::<Vec<_>>().concat();
        self.files.contents.retain(|name, _| name == "snapshot");
        self.files.contents.insert(name, whole);
        self.files.outer = self.session.anchor();
        Ok(())
    }

    /// Writes a new snapshot, if there is no room for an entry, and the entry with what it is about, in one
    /// append.
    fn step<T>(
        &mut self,
        operation: impl for<'a> FnOnce(
            &'a mut Session,
            &mut TestRng,
        ) -> Result<Pending<'a, Session, T>, Error>,
        note: impl FnOnce(T) -> Note,
    ) -> Result<(), Stop> {
        if self.written.is_full() {
            // All of it: what is not in the new file is gone.
            let (snapshot, written) = Written::begin(&self.session, OWNER, &mut self.rng)?;
            let old = entries_after(&self.start);
            self.write_snapshot(snapshot)?;
            (self.written, self.start) = (written, self.session.anchor());
            self.files.remove(&old)?;
        }
        let pending = operation(&mut self.session, &mut self.rng)?;
        let recorded = pending.journal(self.written.journal(), &mut self.rng)?;
        let entry = recorded.record().unwrap().to_vec();
        let note = note(recorded.apply());
        let step = frame(&[frame(&entry), frame(&note.encode())].concat());
        self.files.append(&entries_after(&self.start), &step)?;
        self.notes.push(note);
        self.files.power.spend()?;
        self.files.outer = self.session.anchor();
        Ok(())
    }

    fn read(&mut self, message: &[u8]) -> Result<(), Stop> {
        let read = self.step(
            |session, _| session.open(message),
            |opened| Note { written: false, text: opened.content[0], message: Vec::new() },
        );
        match read {
            Err(Stop::Refused(Error::Duplicate)) => Ok(()),
            read => read,
        }
    }

    /// Seals, saves, and only then lets the message out.
    fn write(&mut self, text: u8, peer: &mut Peer) -> Result<(), Stop> {
        if !self.notes.iter().any(|note| note.written && note.text == text) {
            self.step(
                |session, rng| session.stage_send().seal(&[text], rng),
                |message| Note { written: true, text, message },
            )?;
        }
        for note in &mut self.notes {
            if !note.message.is_empty() {
                self.files.power.spend()?;
                peer.hear(&note.message)?;
                note.message.clear();
            }
        }
        Ok(())
    }
}

/// The other side, which never loses power.
struct Peer {
    session: Session,
    rng: TestRng,
    read: Vec<u8>,
    mail: VecDeque<Vec<u8>>,
}

impl Peer {
    fn new(session: Session) -> Self {
        Self { session, rng: TestRng::new(6), read: Vec::new(), mail: VecDeque::new() }
    }

    fn hear(&mut self, message: &[u8]) -> Result<(), Stop> {
        match self.session.decrypt(message) {
            Ok(opened) => self.read.push(opened.content[0]),
            Err(Error::Duplicate) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn say(&mut self, text: u8) {
        self.mail.push_back(self.session.encrypt(&[text], &mut self.rng).unwrap());
    }
}

/// Turns and chains, with the power going before a deed. Tells whether it went.
fn live(pair: &Pair, deed: usize, torn: usize) -> Result<bool, Stop> {
    let power = Power::default();
    let mut app = App::new(restored(&pair.initiator), &power, torn);
    let mut peer = Peer::new(restored(&pair.responder));
    power.lasts(Some(deed));
    let mut dark = false;
    for round in 0..8_u8 {
        if round % 3 != 2 {
            peer.say(round);
        }
        while let Err(stop) = turn(&mut app, &mut peer, round) {
            if stop != Stop::Dark {
                return Err(stop);
            }
            dark = true;
            power.lasts(None);
            app.restart()?;
        }
        let before = app.session.to_bytes();
        app.restart()?;
        assert!(*before == *app.session.to_bytes(), "memory is not what is loaded");
    }
    let read: Vec<_> = app.notes.iter().filter(|note| !note.written).collect();
    assert_eq!(read.iter().map(|note| note.text).collect::<Vec<_>>(), [0, 1, 3, 4, 6, 7]);
    let written: Vec<u8> = (0..8).flat_map(|round| [100 + round, 200 + round]).collect();
    assert_eq!(peer.read, written, "{deed}, {torn}");
    Ok(dark)
}

/// Reads what is there, and writes twice.
fn turn(app: &mut App, peer: &mut Peer, round: u8) -> Result<(), Stop> {
    while let Some(message) = peer.mail.front().cloned() {
        app.read(&message)?;
        app.files.power.spend()?;
        peer.mail.pop_front();
    }
    app.write(100 + round, peer)?;
    app.write(200 + round, peer)
}

#[test]
fn a_journal_in_files_survives_power_cuts_between_and_within_writes() {
    let pair = Pair::new(1);
    for torn in 0..4 {
        let mut deeds = 0;
        while live(&pair, deeds, torn).unwrap() {
            deeds += 1;
        }
        assert!(deeds > 60, "{deeds}");
    }
}

#[test]
fn entries_of_an_older_snapshot_are_not_taken_for_a_newer_ones() {
    let Pair { initiator, responder, .. } = Pair::new(2);
    let power = Power::default();
    let mut app = App::new(initiator, &power, 0);
    let mut peer = Peer::new(responder);
    // The first turn fills the journal; the step after it cuts at the removal of the old entries.
    app.write(1, &mut peer).unwrap();
    let old = app.files.contents[&entries_after(&app.start)].clone();
    peer.say(2);
    app.read(&peer.mail.pop_front().unwrap()).unwrap();
    assert!(app.written.is_full());
    power.lasts(Some(1));
    assert_eq!(app.write(3, &mut peer), Err(Stop::Dark));
    let files = app.files.clone();
    app.restart().unwrap();
    // Under one name for all entries they would be found, and refused.
    app.files = files;
    let mixed = frames(&app.files.contents["snapshot"])[0];
    let name = entries_after(&Anchor::from_bytes(mixed.try_into().unwrap()));
    app.files.contents.insert(name, old);
    assert_eq!(app.restart(), Err(Error::WrongStateKey.into()));
}

#[test]
fn in_neither_order_do_two_writes_accept_a_first_message() {
    let mut rng = TestRng::new(3);
    let (ada, mut bob) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = bundle_with_one_time(&mut bob, &mut rng);
    let mut session = ada.initiate(&bundle, NOW, &mut rng).unwrap();
    let first = session.encrypt(b"first", &mut rng).unwrap();
    let second = session.encrypt(b"second", &mut rng).unwrap();
    // The session first: the device that is loaded takes the message again, for another session.
    let mut saved = restored(&bob);
    saved.accept(&first, NOW).unwrap().apply();
    assert!(bob.accept(&first, NOW).is_ok());
    // The device first: the session and the message are gone for good.
    for message in [first, second] {
        assert!(restored(&saved).accept(&message, NOW).is_err());
    }
}

#[test]
fn in_no_order_do_several_writes_take_a_claim() {
    let mut door = Door::new(4);
    let (_, claim) = door.guest();
    let take = |invite: &Invite, host: &Client| {
        restored(invite).claim(&mut restored(host), &claim, NOW).err()
    };
    let (invite, host) = (restored(&door.invite), restored(&door.host));
    door.admit(&claim);
    // The chat first: the guest comes in a second time, into another chat.
    assert_eq!(take(&invite, &host), None);
    // The link or the prekeys first: the guest has spent the link, or its claim, and has no chat.
    assert_eq!(take(&door.invite, &host), Some(Error::Duplicate));
    assert_eq!(take(&invite, &door.host), Some(Error::UnknownPrekey));
}

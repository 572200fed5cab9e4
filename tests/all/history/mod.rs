//! History for a new device: what was asked for comes, each item once, and nothing else does.

mod answers;
mod facts;
mod frozen;
mod items;
mod killed;
mod letters;
mod often;

use std::collections::BTreeMap;

use latchstring::Error;
use latchstring::attachment::{AttachmentId, Media, PIECE, Padding, Reference};
use latchstring::client::{Address, Client, Conversation, GroupId, MessageId, OwnObject};
use latchstring::content::Content;
use latchstring::history::{
    HistoryExport, HistoryImport, HistoryItem, HistoryRange, HistoryRequests, HistoryWriter,
    ToldItem,
};
use latchstring::session::{AccountId, DeviceId};
use support::home::Home;
use support::{NOW, TestRng, device_of, sign, signing_seed};

const FRIEND: AccountId = AccountId([0x20; 32]);

/// An account whose second device asks the first, and a server with what was stored there.
struct Scene {
    home: Home,
    rng: TestRng,
    stored: BTreeMap<AttachmentId, Vec<u8>>,
}

impl Scene {
    fn new(seed: u64, devices: usize) -> Self {
        let mut rng = TestRng::new(seed);
        let home = Home::new(0x10, devices, &mut rng);
        Self { home, rng, stored: BTreeMap::new() }
    }

    fn source(&self) -> &Client {
        &self.home.clients[0]
    }

    fn asker(&self) -> &Client {
        &self.home.clients[1]
    }

    fn ask(&mut self, range: &HistoryRange) -> HistoryImport {
        let source = self.source().address().device;
        HistoryImport::ask(&self.home.clients[1], source, range, NOW, &mut self.rng).unwrap()
    }

    fn answer(&self, import: &HistoryImport) -> HistoryExport {
        let mut requests = HistoryRequests::default();
        let from = self.asker().address();
        requests.answer(self.source(), from, &import.request(), NOW).unwrap()
    }

    /// Seals a chunk, stores it, and returns its reference.
    fn store(&mut self, chunk: &[u8]) -> Reference {
        let length = chunk.len() as u64;
        let (client, rng) = (&self.home.clients[0], &mut self.rng);
        let mut sealer = client.attach(Media::File, length, Padding::Buckets, NOW, rng).unwrap();
        let (mut rest, mut stored, mut buffer) = (chunk, Vec::new(), Box::new([0; PIECE]));
        loop {
            let (here, behind) = rest.split_at(sealer.wants());
            buffer[..here.len()].copy_from_slice(here);
            rest = behind;
            let Some(piece) = sealer.seal(&mut buffer).unwrap() else { break };
            stored.extend_from_slice(piece);
        }
        let reference = sealer.reference().unwrap();
        self.stored.insert(reference.id(), stored);
        reference
    }

    /// Writes one part of these items.
    fn part(&mut self, export: &mut HistoryExport, items: &[HistoryItem]) {
        let (writer, chunk) = written(export, items);
        let reference = self.store(&chunk);
        export.add(&writer, &reference, b"shelf 3").unwrap();
    }

    /// Asks for a range, and has it answered with these items, so many in a part.
    fn told(&mut self, range: &HistoryRange, items: &[HistoryItem], each: usize) -> HistoryImport {
        let mut import = self.ask(range);
        let mut export = self.answer(&import);
        for items in items.chunks(each) {
            self.part(&mut export, items);
        }
        let answer = export.finish(self.source(), false, NOW).unwrap();
        import.take(self.asker(), self.source().address(), &answer).unwrap();
        import
    }

    /// Reads up to the first refusal.
    fn read(&self, import: &mut HistoryImport) -> (Vec<ToldItem>, Result<(), Error>) {
        let mut told = Vec::new();
        while let Some(mut opener) = import.opener() {
            let stored = &self.stored[&import.part().unwrap().reference().id()];
            while let Some(range) = opener.wants() {
                let mut piece = stored[range.start as usize..range.end as usize].to_vec();
                let mut content = match opener.open(&mut piece) {
                    Ok(content) => content,
                    Err(error) => return (told, Err(error)),
                };
                loop {
                    match import.read(&mut content) {
                        Ok(Some(item)) => told.push(item),
                        Ok(None) => break,
                        Err(error) => return (told, Err(error)),
                    }
                }
                assert!(content.is_empty());
            }
        }
        (told, Ok(()))
    }
}

fn written(export: &HistoryExport, items: &[HistoryItem]) -> (HistoryWriter, Vec<u8>) {
    let mut writer = export.writer();
    let chunk: Vec<u8> =
        items.iter().flat_map(|item| writer.write(item).unwrap().to_vec()).collect();
    assert_eq!((writer.length(), writer.items()), (chunk.len() as u64, items.len() as u32));
    (writer, chunk)
}

fn friend(device: u8) -> Address {
    Address { account: FRIEND, device: DeviceId([device; 8]) }
}

/// Makes a message of the friend.
fn said(sent: u64, id: u8, text: &str) -> HistoryItem {
    let content = Content::text(text).unwrap();
    HistoryItem::new(Conversation::With(FRIEND), friend(1), MessageId([id; 16]), sent, &content)
}

/// Makes so many messages, newest first.
fn messages(count: u64) -> Vec<HistoryItem> {
    let made = (1..=count).rev();
    made.map(|at| said(NOW - 100 + at, at as u8, &format!("message {at}"))).collect()
}

/// Lists what is told: number, id, text.
fn shown(told: &[ToldItem]) -> Vec<(u64, u8, String)> {
    let text = |told: &ToldItem| told.item.content().unwrap().as_text().unwrap().to_owned();
    told.iter().map(|told| (told.number, told.item.id.0[0], text(told))).collect()
}

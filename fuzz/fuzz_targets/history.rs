//! Histories: an edited answer or chunk gives out nothing that is out of order or range, and edited imports and exports
//! stop nothing.
#![no_main]

use latchstring::attachment::{Media, PIECE, Padding};
use latchstring::client::{Address, Client, Conversation, MessageId, OwnObject};
use latchstring::content::Content;
use latchstring::history::{
    HistoryExport, HistoryImport, HistoryItem, HistoryPosition, HistoryRange, HistoryRequests,
};
use latchstring::session::{Account, AccountId, DeviceId};
use latchstring_fuzz::edited;
use latchstring_fuzz::linking::companion;
use latchstring_fuzz::support::{NOW, TestRng};
use libfuzzer_sys::fuzz_target;

const FRIEND: AccountId = AccountId([0x20; 32]);

/// Two own devices, a request of the second, and the answer of the first.
struct Fixture {
    source: Client,
    asker: Client,
    request: Vec<u8>,
    answer: Vec<u8>,
    chunk: Vec<u8>,
    asked: Vec<u8>,
    answered: Vec<u8>,
    export: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        let mut rng = TestRng::new(1);
        let account = Account::generate(AccountId([0x10; 32]), &mut rng);
        let mut source = Client::create(&account, NOW, &mut rng);
        let asker = companion(&mut source, &account, NOW, &mut rng);
        let (of, range) = (source.address().device, HistoryRange::ALL.since(NOW - 1_000));
        let mut import = HistoryImport::ask(&asker, of, &range, NOW, &mut rng).unwrap();
        let (request, asked) = (import.request(), import.to_bytes().to_vec());
        let mut requests = HistoryRequests::default();
        let mut export = requests.answer(&source, asker.address(), &request, NOW).unwrap();
        let (mut writer, mut chunk) = (export.writer(), Vec::new());
        for at in 0..5_u64 {
            chunk.extend_from_slice(&writer.write(&item(NOW - at, at as u8)).unwrap());
        }
        let length = chunk.len() as u64;
        let mut sealer = source.attach(Media::File, length, Padding::Exact, NOW, &mut rng).unwrap();
        let mut buffer = Box::new([0; PIECE]);
        buffer[..chunk.len()].copy_from_slice(&chunk);
        while sealer.seal(&mut buffer).unwrap().is_some() {}
        export.add(&writer, &sealer.reference().unwrap(), b"shelf 3").unwrap();
        let answer = export.finish(&source, false, NOW).unwrap();
        import.take(&asker, source.address(), &answer).unwrap();
        let answered = import.to_bytes().to_vec();
        let (request, answer) = (request.as_bytes().to_vec(), answer.as_bytes().to_vec());
        let export = export.to_bytes().to_vec();
        Self { request, answer, chunk, asked, answered, export, source, asker }
    }
}

fn item(sent: u64, id: u8) -> HistoryItem {
    let from = Address { account: FRIEND, device: DeviceId([id; 8]) };
    let content = Content::text("the latchstring is out").unwrap();
    HistoryItem::new(Conversation::With(FRIEND), from, MessageId([id; 16]), sent, &content)
}

/// Reads a chunk in pieces, and checks that items descend. Tells how many there were, and whether it ended well.
fn read(import: &mut HistoryImport, chunk: &[u8], cut: usize) -> (u64, bool) {
    let (mut last, mut count) = (None, 0);
    for mut content in chunk.chunks(cut.max(1)) {
        loop {
            let before = import.position();
            match import.read(&mut content) {
                Ok(Some(told)) => {
                    let mark = (told.item.sent, told.item.from, told.item.id);
                    assert!(last.is_none_or(|last| mark < last) && told.number == count);
                    assert!(import.range().contains(&told.item));
                    let position = HistoryPosition::from_bytes(&import.position().to_bytes());
                    assert_eq!(position.unwrap(), import.position());
                    (last, count) = (Some(mark), count + 1);
                }
                Ok(None) => break,
                Err(_) => {
                    assert_eq!(import.position(), before);
                    return (count, false);
                }
            }
        }
    }
    (count, import.is_finished())
}

thread_local!(static FIXTURE: Fixture = Fixture::new());

fuzz_target!(|input: (u8, u8, &[u8])| FIXTURE.with(|fixture| {
    let (what, cut, edits) = input;
    let Fixture { source, asker, request, answer, chunk, asked, answered, export } = fixture;
    let object = |bytes: &[u8]| OwnObject::recall(edited(bytes, edits).into());
    match what % 5 {
        0 => {
            let altered = object(request);
            let mut requests = HistoryRequests::default();
            if let Ok(export) = requests.answer(source, asker.address(), &altered, NOW) {
                let encoded = export.to_bytes();
                assert_eq!(*HistoryExport::from_bytes(&encoded).unwrap().to_bytes(), *encoded);
                export.finish(source, true, NOW).unwrap();
            }
        }
        1 => {
            let mut import = HistoryImport::from_bytes(asked).unwrap();
            let altered = object(answer);
            let taken = import.take(asker, source.address(), &altered);
            assert_eq!(taken.is_ok(), altered.as_bytes() == answer);
            let unchanged = import.to_bytes()[..] == asked[..];
            assert_eq!(taken.is_err(), unchanged);
        }
        2 => {
            let mut import = HistoryImport::from_bytes(answered).unwrap();
            let altered = edited(chunk, edits);
            let (count, whole) = read(&mut import, &altered, cut.into());
            assert!(count <= 5 && (whole || altered != *chunk));
        }
        3 => {
            if let Ok(mut import) = HistoryImport::from_bytes(&edited(answered, edits)) {
                let encoded = import.to_bytes();
                assert_eq!(*HistoryImport::from_bytes(&encoded).unwrap().to_bytes(), *encoded);
                let _ = import.read(&mut &chunk[..]);
                import.skip();
                let _ = (import.number(), import.items(), import.opener());
            }
        }
        _ => {
            if let Ok(export) = HistoryExport::from_bytes(&edited(export, edits)) {
                let encoded = export.to_bytes();
                assert_eq!(*HistoryExport::from_bytes(&encoded).unwrap().to_bytes(), *encoded);
                let mut writer = export.writer();
                let _ = writer.write(&item(NOW - 10, 9));
                let _ = export.finish(source, false, NOW);
            }
        }
    }
}));

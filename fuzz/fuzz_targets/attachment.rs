//! Attachments: edited pieces and references give out nothing but what was sealed, sealers and openers that were
//! edited stop nothing, and whatever part is read, it is that part.
#![no_main]

use latchstring::attachment::{Media, Opener, PIECE, Padding, Reference, Sealer};
use latchstring_fuzz::edited;
use latchstring_fuzz::support::{NOW, TestRng, client};
use libfuzzer_sys::fuzz_target;

/// Two segments and an index.
const LENGTH: usize = 70_000;

struct Fixture {
    content: Vec<u8>,
    stored: Vec<u8>,
    reference: Vec<u8>,
    sealer: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        let mut rng = TestRng::new(1);
        let client = client(1, &mut rng);
        let content: Vec<u8> = (0..LENGTH).map(|at| (at ^ (at >> 8)) as u8).collect();
        let mut sealer =
            client.attach(Media::Image, LENGTH as u64, Padding::Buckets, NOW, &mut rng).unwrap();
        let saved = sealer.to_bytes().to_vec();
        let stored = seal(&mut sealer, &content);
        let reference = sealer.reference().unwrap().encode().to_vec();
        Self { content, stored, reference, sealer: saved }
    }
}

fn seal(sealer: &mut Sealer, content: &[u8]) -> Vec<u8> {
    let (mut stored, mut buffer) = (Vec::new(), [0; PIECE]);
    // An edited sealer may be of a content without end.
    for _ in 0..8 {
        let from = usize::try_from(sealer.progress().position).unwrap_or(usize::MAX);
        let source = content.get(from..).unwrap_or_default();
        let here = sealer.wants().min(source.len());
        buffer[..here].copy_from_slice(&source[..here]);
        let Ok(Some(piece)) = sealer.seal(&mut buffer) else { break };
        stored.extend_from_slice(piece);
    }
    stored
}

/// Reads what the opener wants, and checks that nothing else is given out than what was sealed.
fn read(opener: &mut Opener, stored: &[u8], content: &[u8]) -> bool {
    while let Some(range) = opener.wants() {
        let at = usize::try_from(opener.progress().position).unwrap();
        let [start, end] = [range.start, range.end].map(|end| (end as usize).min(stored.len()));
        let mut piece = stored[start..end].to_vec();
        let Ok(given) = opener.open(&mut piece) else { return false };
        assert_eq!(*given, content[at..at + given.len()]);
    }
    opener.is_finished()
}

thread_local!(static FIXTURE: Fixture = Fixture::new());

fuzz_target!(|input: (u8, u32, u32, &[u8])| FIXTURE.with(|fixture| {
    let (what, from, to, edits) = input;
    let Fixture { content, stored, reference, sealer } = fixture;
    let whole = Reference::decode(reference).unwrap();
    match what % 5 {
        0 => {
            // The edits reach the first 64 KiB; the rest is turned to them.
            let turn = usize::try_from(from).unwrap() % stored.len();
            let mut turned = stored.clone();
            turned.rotate_left(turn);
            let mut altered = edited(&turned, edits);
            let length = altered.len();
            altered.rotate_right(turn.min(length));
            let genuine = altered == *stored;
            let read = read(&mut Opener::new(&whole), &altered, content);
            // What lies behind the end is not looked at.
            assert!(genuine == read || altered.starts_with(stored));
        }
        1 => {
            let altered = edited(reference, edits);
            if let Ok(decoded) = Reference::decode(&altered) {
                assert_eq!(decoded.encode()[..], altered);
                assert_eq!(
                    read(&mut Opener::new(&decoded), stored, content),
                    altered == *reference
                );
            }
        }
        2 => {
            if let Ok(mut sealer) = Sealer::from_bytes(&edited(sealer, edits)) {
                let again = Sealer::from_bytes(&sealer.to_bytes()).unwrap();
                assert_eq!(again.sealed(), sealer.sealed());
                seal(&mut sealer, content);
                let _ = sealer.resume(from.into());
                seal(&mut sealer, content);
            }
        }
        3 => {
            let mut opener = Opener::new(&whole);
            opener.read(from.into()..to.into());
            if let Ok(mut opener) = Opener::from_bytes(&edited(&opener.to_bytes(), edits)) {
                let encoded = opener.to_bytes();
                assert_eq!(*Opener::from_bytes(&encoded).unwrap().to_bytes(), *encoded);
                if let Some(range) = opener.wants() {
                    let end = (range.end as usize).min(stored.len());
                    let start = (range.start as usize).min(end);
                    let _ = opener.open(&mut stored[start..end].to_vec());
                }
            }
        }
        _ => {
            let mut opener = Opener::new(&whole);
            opener.read(from.into()..to.into());
            assert!(read(&mut opener, stored, content));
        }
    }
}));

//! A process that is killed at any instant, on either side.

use latchstring::attachment::{Opener, Sealer};
use latchstring::history::HistoryPosition;

use super::*;

/// The store of the new device: an import as it was saved, and what stands in one transaction.
struct Kept {
    import: Vec<u8>,
    position: Vec<u8>,
    items: Vec<(u64, u8, String)>,
}

/// Lives until the power goes after so many transactions. Tells whether everything was read.
fn live(scene: &Scene, kept: &mut Kept, mut transactions: usize) -> bool {
    let mut import = HistoryImport::from_bytes(&kept.import).unwrap();
    import.resume(&HistoryPosition::from_bytes(&kept.position).unwrap()).unwrap();
    while let Some(mut opener) = import.opener() {
        let stored = &scene.stored[&import.part().unwrap().reference().id()];
        while let Some(range) = opener.wants() {
            let mut piece = stored[range.start as usize..range.end as usize].to_vec();
            let mut content = opener.open(&mut piece).unwrap();
            while let Some(told) = import.read(&mut content).unwrap() {
                if transactions == 0 {
                    return false;
                }
                transactions -= 1;
                kept.items.extend(shown(&[told]));
                kept.position = import.position().to_bytes().to_vec();
            }
        }
    }
    true
}

#[test]
fn killed_after_any_item_an_import_loses_none_and_takes_none_twice() {
    let mut scene = Scene::new(60, 2);
    // Items that lie across the pieces of their chunks.
    let long = |at: u64| said(NOW - 100 + at, at as u8, &format!("{at} {}", "x".repeat(9_000)));
    let items: Vec<_> = (1..=24).rev().map(long).collect();
    let import = scene.told(&HistoryRange::ALL, &items, 10);
    let expected: Vec<_> = items
        .iter()
        .zip(0..)
        .map(|(item, number)| {
            (number, item.id.0[0], item.content().unwrap().as_text().unwrap().to_owned())
        })
        .collect();
    for lives in 0..=24 {
        let position = import.position().to_bytes().to_vec();
        let mut kept = Kept { import: import.to_bytes().to_vec(), position, items: Vec::new() };
        let mut count = 0;
        while !live(&scene, &mut kept, lives.max(1)) {
            count += 1;
            assert!(count <= 24);
        }
        assert!(kept.items == expected, "{lives} items a life");
    }
}

#[test]
fn an_import_saved_in_the_middle_of_an_item_goes_back_to_its_beginning() {
    let mut scene = Scene::new(61, 2);
    let mut import = scene.told(&HistoryRange::ALL, &messages(3), 3);
    let mut opener = import.opener().unwrap();
    let stored = scene.stored.values().next().unwrap();
    let mut piece = stored.clone();
    let range = opener.wants().unwrap();
    assert_eq!(range.end as usize, stored.len());
    let content = opener.open(&mut piece).unwrap();
    for cut in 0..content.len() {
        let mut again = HistoryImport::from_bytes(&import.to_bytes()).unwrap();
        let mut part = &content[..cut];
        let mut read = 0;
        while again.read(&mut part).unwrap().is_some() {
            read += 1;
        }
        let mut again = HistoryImport::from_bytes(&again.to_bytes()).unwrap();
        assert_eq!(again.number(), read);
        let (rest, result) = scene.read(&mut again);
        assert_eq!((rest.len() as u64 + read, result), (3, Ok(())));
    }
    assert_eq!(scene.read(&mut import).0.len(), 3);
}

#[test]
fn another_opener_goes_back_to_the_beginning_of_an_item() {
    let mut scene = Scene::new(63, 2);
    let mut import = scene.told(&HistoryRange::ALL, &messages(3), 3);
    let mut piece = scene.stored.values().next().unwrap().clone();
    let mut opener = import.opener().unwrap();
    let content = opener.open(&mut piece).unwrap();
    // A connection breaks in the middle of the second item.
    let length = 4 + 99 + messages(3)[0].encoded().len() + 50;
    let mut part = &content[..length];
    assert!(import.read(&mut part).unwrap().is_some());
    assert!(import.read(&mut part).unwrap().is_none());
    let (rest, result) = scene.read(&mut import);
    assert_eq!((rest.len(), result), (2, Ok(())));
}

#[test]
fn a_position_of_another_answer_is_corrupt() {
    let mut scene = Scene::new(62, 2);
    let mut import = scene.told(&HistoryRange::ALL, &messages(6), 3);
    let before = import.to_bytes();
    let good = {
        let mut again = HistoryImport::from_bytes(&before).unwrap();
        let mut opener: Opener = again.opener().unwrap();
        let mut piece = scene.stored[&again.part().unwrap().reference().id()].clone();
        again.read(&mut opener.open(&mut piece).unwrap()).unwrap();
        again.position().to_bytes()
    };
    let mut with = |at: usize, byte: u8| {
        let mut altered = good;
        altered[at] = byte;
        let position = HistoryPosition::from_bytes(&altered).unwrap();
        import.resume(&position)
    };
    assert_eq!(with(3, 0), Ok(()));
    // Another part than there are, more items than it has, a place behind its end.
    for (at, byte) in [(3, 2), (3, 3), (0, 1), (7, 3), (8, 1), (14, 9)] {
        assert_eq!(with(at, byte), Err(Error::Corrupt), "{at}");
    }
    assert_eq!(with(7, 0), Err(Error::Corrupt), "the beginning of a part has one form");
    assert_eq!(HistoryPosition::from_bytes(&good[1..]).err(), Some(Error::Corrupt));
}

#[test]
fn killed_at_any_piece_an_export_goes_on_and_sends_nothing_else() {
    let mut scene = Scene::new(63, 2);
    let long = |at: u64| said(NOW - 100 + at, at as u8, &"y".repeat(15_000));
    let items: Vec<_> = (1..=12).rev().map(long).collect();
    let import = scene.ask(&HistoryRange::ALL);
    let export = scene.answer(&import);
    let saved = export.to_bytes();
    let (writer, chunk) = written(&export, &items);
    let (client, rng) = (&scene.home.clients[0], &mut scene.rng);
    let sealer = client.attach(Media::File, writer.length(), Padding::Exact, NOW, rng).unwrap();
    let sealer = sealer.to_bytes();
    // Each life seals one piece more than arrived, from items that are written once more.
    let mut arrived: Vec<u8> = Vec::new();
    let reference = loop {
        let export = HistoryExport::from_bytes(&saved).unwrap();
        let (_, again) = written(&export, &items);
        assert!(again == chunk);
        let mut sealer = Sealer::from_bytes(&sealer).unwrap();
        let mut buffer = Box::new([0; PIECE]);
        while sealer.sealed() < arrived.len() as u64 {
            let from = sealer.progress().position as usize;
            buffer[..sealer.wants()].copy_from_slice(&again[from..][..sealer.wants()]);
            sealer.seal(&mut buffer).unwrap();
        }
        let from = sealer.progress().position as usize;
        buffer[..sealer.wants()].copy_from_slice(&again[from..][..sealer.wants()]);
        match sealer.seal(&mut buffer).unwrap() {
            Some(piece) => arrived.extend_from_slice(piece),
            None => break sealer.reference().unwrap(),
        }
    };
    scene.stored.insert(reference.id(), arrived);
    let mut export = HistoryExport::from_bytes(&saved).unwrap();
    let (writer, _) = written(&export, &items);
    export.add(&writer, &reference, b"").unwrap();
    let answers = [(); 2].map(|()| {
        let export = HistoryExport::from_bytes(&export.to_bytes()).unwrap();
        export.finish(scene.source(), false, NOW).unwrap()
    });
    assert!(answers[0].as_bytes() == answers[1].as_bytes());
    let mut import = import;
    import.take(scene.asker(), scene.source().address(), &answers[0]).unwrap();
    assert_eq!(scene.read(&mut import).0.len(), 12);
}

//! Imports, exports and memories frozen in version 1.

use support::{is_writing_fixtures, read_fixture, write_fixture};

use super::*;

#[test]
fn a_frozen_history_goes_on() {
    if is_writing_fixtures() {
        let mut scene = Scene::new(70, 2);
        let mut import = scene.ask(&HistoryRange::ALL);
        let mut requests = HistoryRequests::default();
        let from = scene.asker().address();
        let mut export = requests.answer(scene.source(), from, &import.request(), NOW).unwrap();
        scene.part(&mut export, &messages(4));
        let answer = export.finish(scene.source(), false, NOW).unwrap();
        import.take(scene.asker(), scene.source().address(), &answer).unwrap();
        let stored = scene.stored.values().next().unwrap();
        let mut opener = import.opener().unwrap();
        import.read(&mut opener.open(&mut stored.clone()).unwrap()).unwrap();
        write_fixture("history-import", &import.to_bytes());
        write_fixture("history-export", &export.to_bytes());
        write_fixture("history-requests", &requests.to_bytes());
        write_fixture("history-chunk", stored);
    }
    let kept = ["history-import", "history-export", "history-requests"].map(read_fixture);
    let mut import = HistoryImport::from_bytes(&kept[0]).unwrap();
    assert!(*import.to_bytes() == kept[0]);
    let export = HistoryExport::from_bytes(&kept[1]).unwrap();
    assert!(*export.to_bytes() == kept[1]);
    assert_eq!((export.parts(), export.items()), (1, 4));
    assert!(HistoryRequests::from_bytes(&kept[2]).unwrap().to_bytes() == kept[2]);
    let mut scene = Scene::new(71, 2);
    let id = import.part().unwrap().reference().id();
    scene.stored.insert(id, read_fixture("history-chunk"));
    let (told, result) = scene.read(&mut import);
    assert_eq!((result, import.is_finished()), (Ok(()), true));
    let rest = [(1, 3), (2, 2), (3, 1)].map(|(number, at)| (number, at, format!("message {at}")));
    assert_eq!(shown(&told), rest);
}

#[test]
fn a_history_of_another_form_is_corrupt() {
    type Read = fn(&[u8]) -> Option<Error>;
    let kept = ["history-import", "history-export", "history-requests"].map(read_fixture);
    let reads: [Read; 3] = [
        |bytes| HistoryImport::from_bytes(bytes).err(),
        |bytes| HistoryExport::from_bytes(bytes).err(),
        |bytes| HistoryRequests::from_bytes(bytes).err(),
    ];
    for (kept, read) in kept.iter().zip(reads) {
        assert_eq!(read(kept), None);
        assert_eq!(read(&kept[..kept.len() - 1]), Some(Error::Corrupt));
        assert_eq!(read(&[kept, &[0][..]].concat()), Some(Error::Corrupt));
        assert_eq!(read(&[&[2], &kept[1..]].concat()), Some(Error::UnknownVersion(2)));
        assert_eq!(read(&[&[1, 0x18], &kept[2..]].concat()), Some(Error::WrongKind));
    }
    // An answer to another request than the one beside it.
    let mut other = kept[0].clone();
    other[4] ^= 1;
    assert_eq!(reads[0](&other), Some(Error::Corrupt));
}

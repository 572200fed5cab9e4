//! Answers: the one that was asked for is taken, and no other.

use super::*;

/// Places in a manifest.
const ID: usize = 2;
const COUNT: usize = 35;
const PARTS: usize = 39;

/// Signs a manifest anew, by the page, as whoever has the source's key would.
fn signed(scene: &Scene, by: usize, import: &HistoryImport, body: &[u8]) -> OwnObject {
    let seed = signing_seed(&device_of(&scene.home.clients[by]));
    let request = import.request();
    let signature = sign(&seed, "history/manifest", &[request.as_bytes(), body]);
    OwnObject::recall([body, &signature].concat().into())
}

/// A scene with a request, and the body of an honest answer of two parts.
fn asked(seed: u64, devices: usize, range: &HistoryRange) -> (Scene, HistoryImport, Vec<u8>) {
    let mut scene = Scene::new(seed, devices);
    let import = scene.ask(range);
    let mut export = scene.answer(&import);
    for items in messages(6).chunks(3) {
        scene.part(&mut export, items);
    }
    let answer = export.finish(scene.source(), false, NOW).unwrap();
    let body = answer.as_bytes()[..answer.as_bytes().len() - 64].to_vec();
    (scene, import, body)
}

/// Gives an answer to the asker as one of the devices sends it, and returns the refusal; the import is as before.
fn refused(
    scene: &Scene,
    import: &mut HistoryImport,
    by: usize,
    answer: &OwnObject,
) -> Option<Error> {
    let before = import.to_bytes();
    let from = scene.home.clients[by].address();
    let error = import.take(scene.asker(), from, answer).err();
    if error.is_some() {
        assert!(*before == *import.to_bytes(), "{error:?} changed the import");
    }
    error
}

#[test]
fn an_answer_to_another_request_is_unsolicited() {
    let (mut scene, mut import, body) = asked(20, 2, &HistoryRange::ALL);
    let mut other = scene.ask(&HistoryRange::ALL);
    let honest = signed(&scene, 0, &import, &body);
    // The same request asked anew has another id.
    assert_eq!(refused(&scene, &mut other, 0, &honest), Some(Error::Unsolicited));
    let mut renamed = body.clone();
    renamed[ID..ID + 16].copy_from_slice(&other.request().as_bytes()[2..18]);
    // Signed for the one request, it is none to the other, whatever id stands in it.
    let renamed = signed(&scene, 0, &import, &renamed);
    assert_eq!(refused(&scene, &mut other, 0, &renamed), Some(Error::BadSignature));
    assert_eq!(refused(&scene, &mut import, 0, &honest), None);
}

#[test]
fn an_own_device_that_was_not_asked_answers_nothing() {
    let (scene, mut import, mut body) = asked(21, 3, &HistoryRange::ALL);
    let honest = signed(&scene, 0, &import, &body);
    assert_eq!(refused(&scene, &mut import, 2, &honest), Some(Error::WrongPeer));
    let third = scene.home.clients[2].address().device;
    body[26..34].copy_from_slice(&third.0);
    let of_third = signed(&scene, 2, &import, &body);
    assert_eq!(refused(&scene, &mut import, 2, &of_third), Some(Error::Unsolicited));
    assert_eq!(refused(&scene, &mut import, 0, &of_third), Some(Error::WrongPeer));
}

#[test]
fn an_answer_for_another_own_device_is_unsolicited() {
    let (scene, mut import, mut body) = asked(22, 3, &HistoryRange::ALL);
    body[18..26].copy_from_slice(&scene.home.clients[2].address().device.0);
    let answer = signed(&scene, 0, &import, &body);
    assert_eq!(refused(&scene, &mut import, 0, &answer), Some(Error::Unsolicited));
}

#[test]
fn an_answer_that_the_source_has_not_signed_is_refused() {
    let (scene, mut import, body) = asked(23, 3, &HistoryRange::ALL);
    let by_third = signed(&scene, 2, &import, &body);
    assert_eq!(refused(&scene, &mut import, 0, &by_third), Some(Error::BadSignature));
    let honest = signed(&scene, 0, &import, &body);
    for at in [34, PARTS + 7, PARTS + 64 + 63, PARTS + 132 + 20, honest.as_bytes().len() - 1] {
        let mut altered = honest.as_bytes().to_vec();
        altered[at] ^= 1;
        let altered = OwnObject::recall(altered.into());
        let error = refused(&scene, &mut import, 0, &altered);
        assert!(matches!(error, Some(Error::BadSignature | Error::Malformed)), "{at}: {error:?}");
    }
}

#[test]
fn another_account_answers_nothing_and_asks_for_nothing() {
    let (scene, mut import, body) = asked(24, 2, &HistoryRange::ALL);
    let honest = signed(&scene, 0, &import, &body);
    let device = scene.source().address().device;
    let stranger = Address { account: FRIEND, device };
    assert_eq!(import.take(scene.asker(), stranger, &honest), Err(Error::NotSelf));
    let mut requests = HistoryRequests::default();
    let device = scene.asker().address().device;
    let stranger = Address { account: FRIEND, device };
    let error = requests.answer(scene.source(), stranger, &import.request(), NOW).err();
    assert_eq!(error, Some(Error::NotSelf));
}

#[test]
fn an_answer_beyond_the_range_is_unsolicited() {
    for range in [
        HistoryRange::ALL.since(NOW - 98),
        HistoryRange::ALL.before(NOW - 94),
        HistoryRange::ALL.at_most(5, 1 << 20),
        HistoryRange::ALL.at_most(6, 600),
    ] {
        let (mut scene, _, body) = asked(25, 2, &HistoryRange::ALL);
        let mut import = scene.ask(&range);
        let mut answer = body.clone();
        answer[ID..ID + 16].copy_from_slice(&import.request().as_bytes()[2..18]);
        let answer = signed(&scene, 0, &import, &answer);
        assert_eq!(refused(&scene, &mut import, 0, &answer), Some(Error::Unsolicited), "{range:?}");
    }
}

#[test]
fn parts_over_the_caps_or_out_of_order_are_malformed() {
    let (scene, mut import, body) = asked(26, 2, &HistoryRange::ALL);
    let part = PARTS..PARTS + 212 + 7;
    let other = part.end..part.end + 212 + 7;
    assert_eq!(other.end, body.len());
    let swapped = [&body[..PARTS], &body[other.clone()], &body[part.clone()]].concat();
    let doubled = [&body[..PARTS], &body[part.clone()], &body[part.clone()]].concat();
    let with = |at: usize, bytes: &[u8]| {
        let mut altered = body.clone();
        altered[at..at + bytes.len()].copy_from_slice(bytes);
        altered
    };
    let place = part.start + 208;
    let many =
        [&with(COUNT, &1025_u32.to_be_bytes())[..PARTS], &body[part.clone()].repeat(1025)].concat();
    let long =
        [&with(place, &65_u32.to_be_bytes())[..place + 4], &[b'x'; 65], &body[part.end..]].concat();
    let refused_bodies = [
        swapped,
        doubled,
        many,
        long,
        with(COUNT, &1_u32.to_be_bytes()),
        with(34, &[2]),
        // No item, too many, one item with two marks; a chunk over the cap, and one that is no file.
        with(part.start + 128, &0_u32.to_be_bytes()),
        with(part.start + 128, &65_537_u32.to_be_bytes()),
        with(part.start + 128, &1_u32.to_be_bytes()),
        with(part.start + 132 + 4, &((1_u64 << 26) + 1).to_be_bytes()),
        with(part.start + 132 + 2, &[2]),
    ];
    for (number, body) in refused_bodies.iter().enumerate() {
        let answer = signed(&scene, 0, &import, body);
        let error = refused(&scene, &mut import, 0, &answer);
        assert_eq!(error, Some(Error::Malformed), "{number}");
    }
    let other_kinds = [(0, 2, Error::UnknownVersion(2)), (1, 0x33, Error::WrongKind)];
    for (at, byte, error) in other_kinds {
        let answer = signed(&scene, 0, &import, &with(at, &[byte]));
        assert_eq!(refused(&scene, &mut import, 0, &answer), Some(error));
    }
}

#[test]
fn one_answer_is_taken_and_the_same_again_changes_nothing() {
    let (scene, mut import, body) = asked(27, 2, &HistoryRange::ALL);
    let honest = signed(&scene, 0, &import, &body);
    assert_eq!(refused(&scene, &mut import, 0, &honest), None);
    let before = import.to_bytes();
    assert_eq!(refused(&scene, &mut import, 0, &honest), None);
    assert!(*before == *import.to_bytes());
    let mut other = body.clone();
    other[34] = 1;
    let other = signed(&scene, 0, &import, &other);
    assert_eq!(refused(&scene, &mut import, 0, &other), Some(Error::Unsolicited));
}

#[test]
fn a_device_that_left_the_list_neither_answers_nor_gets_an_answer() {
    let (mut scene, mut import, body) = asked(28, 3, &HistoryRange::ALL);
    let honest = signed(&scene, 0, &import, &body);
    let mut export = scene.answer(&import);
    scene.part(&mut export, &messages(1));
    // The source is gone.
    scene.home.relist(|device| device != 0, NOW);
    assert_eq!(refused(&scene, &mut import, 0, &honest), Some(Error::Unlisted));
    let source = scene.source().address().device;
    let (asker, rng) = (&scene.home.clients[1], &mut scene.rng);
    let error = HistoryImport::ask(asker, source, &HistoryRange::ALL, NOW, rng).err();
    assert_eq!(error, Some(Error::Unlisted));
    assert_eq!(export.finish(scene.source(), false, NOW).err(), Some(Error::OwnDeviceUnlisted));
    // The asker is gone.
    scene.home.relist(|device| device != 1, NOW);
    assert_eq!(refused(&scene, &mut import, 0, &honest), Some(Error::OwnDeviceUnlisted));
    assert_eq!(export.finish(scene.source(), false, NOW).err(), Some(Error::Unlisted));
    let from = scene.asker().address();
    let mut requests = HistoryRequests::default();
    let error = requests.answer(scene.source(), from, &import.request(), NOW).err();
    assert_eq!(error, Some(Error::Unlisted));
}

#[test]
fn a_device_whose_own_list_is_over_tells_nothing() {
    let (mut scene, import, _) = asked(32, 2, &HistoryRange::ALL);
    let mut export = scene.answer(&import);
    scene.part(&mut export, &messages(1));
    let over = scene.source().list().expires() + 1;
    let error = export.finish(scene.source(), false, over).err();
    assert_eq!(error, Some(Error::ListExpired));
    let (from, mut requests) = (scene.asker().address(), HistoryRequests::default());
    let error = requests.answer(scene.source(), from, &import.request(), over).err();
    assert_eq!(error, Some(Error::ListExpired));
    // It has not been counted.
    requests.answer(scene.source(), from, &import.request(), NOW).unwrap();
}

#[test]
fn a_request_is_answered_by_the_device_that_it_names_to_the_one_that_asks() {
    let (scene, import, _) = asked(29, 3, &HistoryRange::ALL);
    let (request, mut requests) = (import.request(), HistoryRequests::default());
    let from = scene.asker().address();
    let third = &scene.home.clients[2];
    assert_eq!(requests.answer(third, from, &request, NOW).err(), Some(Error::NotRecipient));
    let error = requests.answer(scene.source(), third.address(), &request, NOW).err();
    assert_eq!(error, Some(Error::WrongPeer));
    let export = requests.answer(scene.source(), from, &request, NOW).unwrap();
    assert_eq!(export.asker(), from);
    assert_eq!(export.finish(third, false, NOW).err(), Some(Error::WrongClient));
    let own = scene.asker().address().device;
    let rng = &mut TestRng::new(290);
    let ask = |range: &HistoryRange, device, rng: &mut TestRng| {
        HistoryImport::ask(scene.asker(), device, range, NOW, rng).err()
    };
    assert_eq!(ask(&HistoryRange::ALL, own, rng), Some(Error::OwnDevice));
    let source = scene.source().address().device;
    for empty in [
        HistoryRange::ALL.since(NOW).before(NOW),
        HistoryRange::ALL.at_most(0, 1),
        HistoryRange::ALL.at_most(1, 0),
        HistoryRange::ALL.at_most(u32::MAX, 1),
        HistoryRange::ALL.at_most(1, u64::MAX),
    ] {
        assert_eq!(ask(&empty, source, rng), Some(Error::NotAllowed));
    }
}

#[test]
fn a_part_is_added_as_it_was_written_and_behind_the_one_before() {
    let (mut scene, import, _) = asked(30, 2, &HistoryRange::ALL);
    let mut export = scene.answer(&import);
    let items = messages(4);
    let (first, chunk) = written(&export, &items[..2]);
    let reference = scene.store(&chunk);
    let shorter = scene.store(&chunk[1..]);
    let nothing = export.writer();
    assert_eq!(export.add(&first, &shorter, b""), Err(Error::ContentMismatch));
    assert_eq!(export.add(&first, &reference, &[b'x'; 65]), Err(Error::ContentTooLong));
    assert_eq!(export.add(&nothing, &reference, b""), Err(Error::NotAllowed));
    export.add(&first, &reference, b"").unwrap();
    assert_eq!(export.add(&first, &reference, b""), Err(Error::ContentMismatch));
    assert_eq!(export.writer().write(&items[1]).err(), Some(Error::Malformed));
    let (second, chunk) = written(&export, &items[2..]);
    let reference = scene.store(&chunk);
    export.add(&second, &reference, b"").unwrap();
    assert_eq!((export.parts(), export.items()), (2, 4));
}

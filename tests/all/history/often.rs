//! Devices that ask again and again.

use super::*;

const COOLDOWN: u64 = 7_200;

/// Asks at some time, and tells whether there is an answer.
fn asks(scene: &mut Scene, requests: &mut HistoryRequests, range: &HistoryRange, now: u64) -> bool {
    let import = scene.ask(range);
    let before = requests.to_bytes();
    let from = scene.asker().address();
    let error = requests.answer(scene.source(), from, &import.request(), now).err();
    assert!(matches!(error, None | Some(Error::TooSoon)), "{error:?}");
    assert_eq!(error.is_some(), before == requests.to_bytes());
    *requests = HistoryRequests::from_bytes(&requests.to_bytes()).unwrap();
    error.is_none()
}

#[test]
fn a_long_history_is_told_once_in_two_hours_to_the_second() {
    let mut scene = Scene::new(40, 3);
    let requests = &mut HistoryRequests::default();
    for range in
        [HistoryRange::ALL, HistoryRange::ALL.at_most(51, 1), HistoryRange::ALL.at_most(1, 1 << 21)]
    {
        *requests = HistoryRequests::default();
        assert!(asks(&mut scene, requests, &range, NOW));
        for (now, is_answered) in
            [(NOW, false), (NOW + COOLDOWN - 1, false), (NOW + COOLDOWN, true)]
        {
            assert_eq!(asks(&mut scene, requests, &HistoryRange::ALL, now), is_answered);
        }
    }
    // Another device has an allowance of its own.
    let third = scene.home.clients[2].address();
    let source = scene.source().address().device;
    let import = HistoryImport::ask(
        &scene.home.clients[2],
        source,
        &HistoryRange::ALL,
        NOW,
        &mut TestRng::new(1),
    );
    let request = import.unwrap().request();
    assert!(requests.answer(scene.source(), third, &request, NOW + COOLDOWN).is_ok());
}

#[test]
fn a_hundred_pages_are_told_in_two_hours() {
    let mut scene = Scene::new(41, 2);
    let requests = &mut HistoryRequests::default();
    let page = HistoryRange::ALL.at_most(50, 1 << 20);
    for number in 0..100 {
        assert!(asks(&mut scene, requests, &page, NOW + number));
    }
    assert!(!asks(&mut scene, requests, &page, NOW + COOLDOWN - 1));
    // A long history is counted apart.
    assert!(asks(&mut scene, requests, &HistoryRange::ALL, NOW + COOLDOWN - 1));
    assert!(asks(&mut scene, requests, &page, NOW + COOLDOWN));
}

#[test]
fn a_clock_that_was_ahead_stops_no_history() {
    let mut scene = Scene::new(42, 2);
    let requests = &mut HistoryRequests::default();
    assert!(asks(&mut scene, requests, &HistoryRange::ALL, NOW + 2 * 86_400));
    assert!(asks(&mut scene, requests, &HistoryRange::ALL, NOW));
    assert!(!asks(&mut scene, requests, &HistoryRange::ALL, NOW + 1));
}

#[test]
fn who_has_left_the_list_is_not_remembered() {
    let mut scene = Scene::new(43, 3);
    let requests = &mut HistoryRequests::default();
    assert!(asks(&mut scene, requests, &HistoryRange::ALL, NOW));
    let one = requests.to_bytes().len();
    scene.home.relist(|device| device != 1, NOW);
    scene.home.clients.swap(1, 2);
    assert!(asks(&mut scene, requests, &HistoryRange::ALL, NOW));
    assert_eq!(requests.to_bytes().len(), one);
}

//! Requests.

use super::*;

#[test]
fn a_request_in_an_old_session_renews_the_pair_at_once() {
    let mut town = Town::new(13, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    let (peer, client) = (town.address(1, 0), town.client(0, 0));
    assert!(client.has_session(peer, NOW + 100 * DAY));
    let arrived = client.receive(request.from, &request.message, NOW).unwrap();
    assert!(matches!(arrived.event, LetterEvent::ResendRequested));
    assert_eq!(of_sessions(&arrived.alerts), [Alert::StraySession]);
    *client = restored(client);
    assert!(!client.has_session(peer, NOW));
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    assert_eq!(say(&mut town, 1, 0), [Alert::SessionRepaired]);
    say(&mut town, 0, 1);
    on_one_session(&mut town);
    assert!(town.client(0, 0).has_session(peer, NOW + 100 * DAY), "once is enough");
}

#[test]
fn a_request_is_over_once_the_peer_has_begun_a_session_itself() {
    let mut town = Town::new(23, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    town.now += 1;
    let renewed = town.whisper((1, 0), (0, 0), |words| Words { id: [8; 16], ..words });
    let (now, peer, client) = (town.now, town.address(1, 0), town.client(0, 0));
    client.receive(renewed.from, &renewed.message, now).unwrap();
    assert!(client.has_session(peer, NOW + 100 * DAY));
}

#[test]
fn a_request_in_the_active_session_begins_nothing() {
    let mut town = Town::new(14, &[1, 1]);
    town.chat(0, 1);
    let from = town.address(0, 0);
    let mut plan = town.client(1, 0).request_resend(from, MessageId([7; 16]), NOW).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    assert_eq!(town.alerts(0, 0), []);
    let peer = town.address(1, 0);
    assert!(town.client(0, 0).has_session(peer, NOW + 100 * DAY));
}

#[test]
fn a_request_in_an_old_session_outlasts_what_the_peer_says_in_the_active_one() {
    let mut town = Town::new(15, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.now += 1;
    let (now, peer) = (town.now, town.address(1, 0));
    town.client(0, 0).receive(request.from, &request.message, now).unwrap();
    // It may have been under way since before the request.
    say(&mut town, 1, 0);
    assert!(!town.client(0, 0).has_session(peer, now));
}

//! Gaps: what nobody can name by an id is asked for by its place.

use super::*;

/// Lets the second person's device read all but some of what waits for it, by their order.
fn read_but(town: &mut Town, lost: impl Fn(usize) -> bool) -> Vec<Mail> {
    let (address, now) = (town.address(1, 0), town.now);
    let waiting: Vec<_> = std::iter::from_fn(|| town.server.take(address)).collect();
    let (gone, come): (Vec<_>, Vec<_>) =
        waiting.into_iter().enumerate().partition(|(place, _)| lost(*place));
    for (_, mail) in come {
        town.client(1, 0).receive(mail.from, &mail.message, now).unwrap();
    }
    gone.into_iter().map(|(_, mail)| mail).collect()
}

/// Returns the repairs that answer a request for these letters, if they can all be had.
fn all_of(to: Address, ids: &[MessageId]) -> Vec<Repair> {
    let resent = ids.iter().map(|id| Repair::Resend { to, id: *id });
    resent.chain([Repair::Refuse { to }]).collect()
}

#[test]
fn a_gap_is_asked_for_by_its_place() {
    let mut town = Town::new(1, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = burst(&mut town, 100);
    // A server drops most of them, and nobody at the other end knows one of their ids.
    read_but(&mut town, |place| (20..80).contains(&place));
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    town.now += 600;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    let client = town.client(0, 0);
    *client = restored(client);
    assert_eq!(repair(&mut town, (0, 0), &kept), all_of(to, &ids[20..80]));
    let (texts, refused) = read(&mut town, (1, 0));
    assert_eq!((texts.len(), refused.len()), (60, 0));
    assert!(texts.iter().zip(20..).all(|(text, number)| *text == [number, 1]));
    // The gap is closed: it is not asked for again.
    town.now += DAY;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Refuse { to }]);
}

#[test]
fn a_gap_is_not_asked_for_while_its_letters_may_be_on_their_way() {
    let mut town = Town::new(2, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = burst(&mut town, 6);
    let late = read_but(&mut town, |place| [1, 2, 3].contains(&place));
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    town.now += 599;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Refuse { to }]);
    read(&mut town, (1, 0));
    // One comes late, between two others: both are still missing.
    let now = town.now;
    town.client(1, 0).receive(from, &late[1].message, now).unwrap();
    town.now += 1;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), all_of(to, &[ids[1], ids[3]]));
    assert_eq!(read(&mut town, (1, 0)).0, [[1, 1], [3, 1]]);
}

#[test]
fn a_gap_is_asked_for_five_times_less_and_less_often() {
    let mut town = Town::new(7, &[1, 1]);
    town.chat(0, 1);
    burst(&mut town, 3);
    read_but(&mut town, |place| place == 1);
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    for wait in [600, HOUR, 6 * HOUR, DAY, 3 * DAY] {
        for (step, expected) in [(wait - 1, 1), (1, 2)] {
            town.now += step;
            // The request never arrives.
            request(&mut town, (1, 0), from);
            let mail = town.server.take(from).unwrap();
            let mut copy = restored(town.client(0, 0));
            copy.receive(to, &mail.message, town.now).unwrap();
            assert_eq!(copy.repairs(town.now).count(), expected, "{wait}");
        }
        let client = town.client(1, 0);
        *client = restored(client);
    }
    // It is given up.
    town.now += 5 * DAY;
    request(&mut town, (1, 0), from);
    let mail = town.server.take(from).unwrap();
    let now = town.now;
    town.client(0, 0).receive(to, &mail.message, now).unwrap();
    assert_eq!(town.client(0, 0).repairs(now).count(), 1);
}

#[test]
fn the_end_of_a_chain_is_a_gap_once_the_next_one_begins() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = burst(&mut town, 3);
    read_but(&mut town, |place| place > 0);
    // An answer turns the ratchet, and the letter that follows begins another chain.
    town.say(1, 0, 0, b"go on");
    town.receive_all();
    let next = town.say(0, 0, 1, b"last");
    town.receive_all();
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    town.now += 600;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), all_of(to, &ids[1..]));
    assert!(!ids.contains(&next));
    assert_eq!(read(&mut town, (1, 0)).0, [[1, 1], [2, 1]]);
}

#[test]
fn a_gap_of_what_needs_no_place_is_refused_and_ends() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    // A request is no letter that is sent again.
    let to = town.address(1, 0);
    ask(&mut town, (0, 0), to, MessageId([9; 16]));
    town.server.take(to).unwrap();
    let (kept, _) = burst(&mut town, 1);
    town.receive_all();
    let from = town.address(0, 0);
    town.now += 600;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Refuse { to }]);
    assert_eq!(read(&mut town, (1, 0)), (vec![], vec![]));
    town.now += DAY;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Refuse { to }]);
}

#[test]
fn no_more_than_sixteen_gaps_are_remembered_and_neighbours_become_one() {
    let mut town = Town::new(5, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = burst(&mut town, 41);
    // Every second one is lost: twenty gaps, of which the oldest are joined.
    read_but(&mut town, |place| place % 2 == 1);
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    town.now += 600;
    request(&mut town, (1, 0), from);
    read(&mut town, (0, 0));
    let done = repair(&mut town, (0, 0), &kept);
    let lost = ids.iter().skip(1).step_by(2);
    assert!(lost.map(|id| Repair::Resend { to, id: *id }).all(|resent| done.contains(&resent)));
    let again = done.len() - 1 - 20;
    assert_eq!(again, 4, "what is between five gaps that became one comes twice");
    for arrived in town.receive(1, 0) {
        assert!(!matches!(arrived.unwrap().event, LetterEvent::ResendRequested));
    }
}

#[test]
fn a_place_names_a_letter_to_its_own_device_only() {
    let mut town = Town::new(6, &[1, 1, 1]);
    town.chat(0, 1);
    town.chat(0, 2);
    town.say(0, 0, 2, b"for the third");
    town.receive_all();
    // Somebody else asks for whatever went at the first places of any session.
    let gap = |session: u8| [&[session; 16][..], &[0, 0, 0, 2], &[0; 4], &[0, 1, 0, 0]].concat();
    let content = [&[0, 0, 0, 0, 0, 0, 0, 2][..], &gap(1), &gap(2)].concat();
    let ask = |words: Words| words.content(forged::RESEND_REQUEST, &content);
    let mail = town.whisper((1, 0), (0, 0), ask);
    let (now, to) = (town.now, mail.from);
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, now).unwrap();
    let answers = client.repairs(now).filter(|repair| !matches!(repair, Repair::Request { .. }));
    assert!(answers.eq([Repair::Refuse { to }]));
}

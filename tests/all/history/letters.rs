//! The way through letters: as own objects, which nobody else can send.

use latchstring::client::{LetterEvent, OwnContent};
use support::town::Town;
use support::{object, refuses};

use super::*;

#[test]
fn a_request_and_its_answer_go_between_own_devices() {
    let mut town = Town::new(50, &[2, 1]);
    town.chat(0, 1);
    let [source, asker] = [0, 1].map(|device| town.address(0, device));
    let import = |town: &mut Town| {
        let (client, rng) = (&town.people[0].devices[1], &mut town.rng);
        HistoryImport::ask(client, source.device, &HistoryRange::ALL, NOW, rng).unwrap()
    };
    let mut import = import(&mut town);
    let arrived = said_by(&mut town, (1, 0), &import.request());
    let OwnContent::HistoryRequest(request) = arrived else { panic!("{arrived:?}") };
    let mut requests = HistoryRequests::default();
    let export = requests.answer(&town.people[0].devices[0], asker, &request, NOW).unwrap();
    let answer = export.finish(&town.people[0].devices[0], true, NOW).unwrap();
    let arrived = said_by(&mut town, (0, 1), &answer);
    let OwnContent::HistoryManifest(answer) = arrived else { panic!("{arrived:?}") };
    import.take(&town.people[0].devices[1], source, &answer).unwrap();
    assert!(import.is_finished() && import.has_more());
}

/// Brings an object from one device of the first account to the other.
fn said_by(town: &mut Town, (from, to): (usize, usize), said: &OwnObject) -> OwnContent {
    let (client, rng) = (&mut town.people[0].devices[from], &mut town.rng);
    let out = client.send_object(said, NOW, rng).unwrap();
    town.server.post(town.address(0, from), out);
    let arrived = town.receive(0, to).pop().unwrap().unwrap();
    let LetterEvent::Own(own) = arrived.event else { panic!("own content was sent") };
    own
}

#[test]
fn another_account_sends_neither_a_request_nor_an_answer() {
    let mut town = Town::new(51, &[1, 1]);
    town.chat(0, 1);
    for kind in [0x33, 0x34] {
        for account in [town.id(0), town.id(1)] {
            let said = object(&[1, kind, 0]);
            let mail = town
                .whisper((1, 0), (0, 0), |words| words.with(account).content(6, said.as_bytes()));
            refuses(town.client(0, 0), Error::NotSelf, |client| {
                client.open(mail.from, &mail.message, NOW).map(drop)
            });
        }
    }
}

//! Clients of attested accounts as an earlier build left them.

use super::town::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::tests::frozen::{is_writing, read, thawed, write};
use crate::signal::*;
use crate::storage::State;

#[test]
fn the_frozen_client_of_attested_accounts_loads_and_goes_on() {
    if is_writing() {
        let mut town = Town::talking();
        write("attested-message", &town.say(0, &text(4)).unwrap().bytes);
        for (name, client) in ["attested-sender", "attested-client"].iter().zip(&town.clients) {
            write(name, &client.to_bytes());
        }
    }
    let clients = ["attested-sender", "attested-client"].map(thawed::<Client>);
    let mut town = Town { clients, rng: TestRng::new(71), ..Town::founded() };
    let message = SealedMessage { kind: MessageKind::Ordinary, bytes: read("attested-message") };
    let opened = town.deliver(0, &message, NOW).unwrap();
    assert_eq!(opened.content.said().unwrap().content.as_text(), Some("xxxx"));
    town.pass(1, &text(5));
    town.pass(0, &text(6));
}

//! States of version 1 as an earlier build left them, in `tests/state/v1/`: `CONTRIBUTING.md`, "Fixtures".

extern crate std;

use alloc::string::String;
use alloc::vec::Vec;
use std::path::PathBuf;
use std::{env, fs};

use super::groups::{circle, seal};
use super::hex;
use super::world::{NOW, World, plain};
use crate::signal::*;
use crate::storage::State;

fn fixture(name: &str) -> PathBuf {
    let file = alloc::format!("{name}.hex");
    [env!("CARGO_MANIFEST_DIR"), "tests", "state", "v1", &file].iter().collect()
}

/// Tells whether fixtures are to be written before they are read.
pub(super) fn is_writing() -> bool {
    env::var_os("LATCHSTRING_WRITE_FIXTURES").is_some()
}

pub(super) fn write(name: &str, bytes: &[u8]) {
    let mut text = String::new();
    for line in bytes.chunks(48) {
        text.extend(line.iter().map(|byte| alloc::format!("{byte:02x}")));
        text.push('\n');
    }
    fs::write(fixture(name), text).expect("a file that can be written");
}

pub(super) fn read(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(fixture(name)).expect("a fixture");
    hex(&text.split_whitespace().collect::<String>())
}

/// Reads a frozen state, which must encode to the very bytes that it was frozen as.
pub(super) fn thawed<S: State>(name: &str) -> S {
    let bytes = read(name);
    let state = S::from_bytes(&bytes).unwrap();
    assert!(*state.to_bytes() == bytes, "{name} encodes to other bytes");
    state
}

#[test]
fn the_frozen_clients_and_sender_keys_of_version_1_load_and_go_on() {
    if is_writing() {
        let (mut world, mut key, keys) = circle(Version::V4);
        // One that is on its way, one that was skipped, and one in the group.
        write("foreign-skipped", &world.seal(0, b"skipped").bytes);
        world.pass(0, b"read");
        write("foreign-message", &world.seal(0, b"kept").bytes);
        write("foreign-group-message", &seal(&world, &mut key).unwrap());
        for (name, client) in ["foreign-sender", "foreign-client"].iter().zip(&world.clients) {
            write(name, &client.to_bytes());
        }
        write("sender-key", &key.to_bytes());
        write("received-sender-keys", &keys.to_bytes());
    }
    let clients = ["foreign-sender", "foreign-client"].map(thawed::<Client>);
    let mut world = World { clients, ..World::new(70) };
    for (name, content) in [("foreign-skipped", &b"skipped"[..]), ("foreign-message", b"kept")] {
        let message = SealedMessage { kind: MessageKind::Ordinary, bytes: read(name) };
        assert_eq!(plain(&world.deliver(0, &message).unwrap()), content);
    }
    world.pass(1, b"an answer");
    world.pass(0, b"and so on");
    let (mut key, mut keys) =
        (thawed("sender-key"), thawed::<ReceivedSenderKeys>("received-sender-keys"));
    for bytes in [read("foreign-group-message"), seal(&world, &mut key).unwrap()] {
        let (client, from) = (&world.clients[1], world.address(0));
        let message = client.read_group_message(&from, &bytes, NOW).unwrap();
        let opened = keys.open(client, &message, NOW).unwrap().apply();
        assert_eq!(opened.content.plain(), Some(&b"to all"[..]));
    }
}

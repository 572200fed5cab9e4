//! Two clients that write to each other.

use alloc::vec::Vec;

use super::super::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::storage::{Pending, State};

pub(super) const NOW: u64 = 1_800_000_000;

pub(super) const ADA: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";
pub(super) const GRACE: &str = "796abedb-ca4e-4f18-8803-1fde5b921f9f";

pub(super) fn address(name: &str) -> Address {
    Address::new(name, 1).unwrap()
}

pub(super) struct World {
    pub(super) rng: TestRng,
    /// Ada and Grace.
    pub(super) clients: [Client; 2],
}

/// Returns the other of two.
pub(super) fn other(side: usize) -> usize {
    1 - side
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let client = |name| Client::generate(address(name), Version::V3, NOW, &mut rng);
        Self { clients: [ADA, GRACE].map(client), rng }
    }

    /// Both, and Ada has begun a session, in which Grace has nothing yet.
    pub(super) fn begun(version: Version, one_time: bool) -> Self {
        let mut world = Self::new(7);
        world.begin(0, version, one_time);
        world
    }

    /// Both, and each has opened a message of the other.
    pub(super) fn talking(version: Version) -> Self {
        let mut world = Self::begun(version, true);
        world.pass(0, b"hello");
        world.pass(1, b"hello back");
        world.pass(0, b"nice");
        world
    }

    pub(super) fn address(&self, side: usize) -> Address {
        self.clients[side].address().clone()
    }

    /// Returns a bundle as a service would hand it out.
    pub(super) fn bundle(&mut self, of: usize, version: Version, one_time: bool) -> Bundle {
        let client = &mut self.clients[of];
        let mut bundle = client.bundle();
        if one_time {
            let mut batch = client.replenish(NOW, &mut self.rng).apply();
            let (key, kem) = batch.pop().unwrap();
            client.note_published([key.id], NOW).apply();
            (bundle.one_time, bundle.kem) = (Some(key), Some(kem));
        }
        if version == Version::V3 {
            bundle.kem = None;
        }
        bundle
    }

    pub(super) fn begin(&mut self, side: usize, version: Version, one_time: bool) {
        let bundle = self.bundle(other(side), version, one_time);
        let with = self.address(other(side));
        self.clients[side].begin(&with, &bundle, NOW, &mut self.rng).unwrap().apply();
    }

    pub(super) fn seal(&mut self, side: usize, content: &[u8]) -> SealedMessage {
        let to = self.address(other(side));
        self.clients[side].seal(&to, content, NOW, &mut self.rng).unwrap().apply()
    }

    /// Gives a message of `from` to the other side.
    pub(super) fn deliver(
        &mut self,
        from: usize,
        message: &SealedMessage,
    ) -> Result<OpenedMessage, Error> {
        let sender = self.address(from);
        let receiver = &mut self.clients[other(from)];
        receiver.open(&sender, message.kind, &message.bytes, NOW).map(Pending::apply)
    }

    pub(super) fn pass(&mut self, from: usize, content: &[u8]) -> OpenedMessage {
        let message = self.seal(from, content);
        let opened = self.deliver(from, &message).unwrap();
        assert_eq!(*opened.content, content);
        opened
    }

    /// Saves and loads a client.
    pub(super) fn reload(&mut self, side: usize) {
        let bytes = self.clients[side].to_bytes();
        self.clients[side] = Client::from_bytes(&bytes).unwrap();
        assert_eq!(*self.clients[side].to_bytes(), *bytes);
    }

    /// Refuses a message, and checks that nothing has changed by it.
    pub(super) fn refuse(&mut self, from: usize, kind: MessageKind, bytes: &[u8]) -> Error {
        let before = self.clients[other(from)].to_bytes();
        let message = SealedMessage { kind, bytes: bytes.to_vec() };
        let error = self.deliver(from, &message).expect_err("it was opened");
        assert_eq!(*self.clients[other(from)].to_bytes(), *before);
        error
    }
}

/// Returns the bytes with one bit changed, for every byte.
pub(super) fn alterations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|place| {
        let mut altered = bytes.to_vec();
        altered[place] ^= 1 << (place % 8);
        altered
    })
}

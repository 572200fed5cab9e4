//! Two clients that write to each other.

use alloc::vec::Vec;

use super::super::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::Kinds;
use crate::storage::{Pending, State};

pub(in crate::signal) const NOW: u64 = 1_800_000_000;

pub(in crate::signal) const ADA: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";
pub(in crate::signal) const GRACE: &str = "796abedb-ca4e-4f18-8803-1fde5b921f9f";

/// The provider of everybody here, whose people have plain programs.
pub(in crate::signal) fn provider() -> ProviderId {
    ProviderId::new("plain.example").unwrap()
}

pub(in crate::signal) fn address(name: &str) -> ForeignDevice {
    device(name, 1)
}

pub(in crate::signal) fn device(name: &str, number: u8) -> ForeignDevice {
    ForeignDevice::new(&provider(), &Address::new(name, number).unwrap())
}

/// Makes a client that has opted in to the provider, and whose user has accepted whoever writes here.
pub(in crate::signal) fn client(name: &str, floor: Version, rng: &mut TestRng) -> Client {
    let root = Authority::from_seed(&[1; 32]);
    let roots = TrustedKeys::new([root.public_key()]).unwrap();
    let statement = ProviderStatement {
        id: provider(),
        counter: 1,
        from: NOW,
        until: NOW + 90 * 86_400,
        status: ProviderStatus::Active,
        programs: Programs::Plain,
        floor: Version::V3,
        devices: 16,
        profile: ContentProfile::new(Kinds::NONE, 0),
        attestation_keys: TrustedKeys::NONE,
    };
    let mut client = Client::generate(address(name), floor, roots, NOW, rng);
    client.learn_provider(&statement.sign(&root).unwrap().encode(), NOW).unwrap().apply();
    let notices = client.notices(&provider()).unwrap();
    client.opt_in(&provider(), notices, NOW).unwrap().apply();
    for other in [ADA, GRACE, "bob"].into_iter().filter(|other| *other != name) {
        client.accept(address(other).account(), NOW).unwrap().apply();
    }
    client
}

/// Returns the bytes of a plain program.
pub(in crate::signal) fn plain(message: &ForeignMessage) -> &[u8] {
    message.content.plain().unwrap()
}

pub(in crate::signal) struct World {
    pub(super) rng: TestRng,
    /// Ada and Grace.
    pub(in crate::signal) clients: [Client; 2],
}

/// Returns the other of two.
pub(in crate::signal) fn other(side: usize) -> usize {
    1 - side
}

impl World {
    pub(in crate::signal) fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let clients = [ADA, GRACE].map(|name| client(name, Version::V3, &mut rng));
        Self { rng, clients }
    }

    /// Both, and Ada has begun a session, in which Grace has nothing yet.
    pub(in crate::signal) fn begun(version: Version, one_time: bool) -> Self {
        let mut world = Self::new(7);
        world.begin(0, version, one_time);
        world
    }

    /// Both, and each has opened a message of the other.
    pub(in crate::signal) fn talking(version: Version) -> Self {
        let mut world = Self::begun(version, true);
        world.pass(0, b"hello");
        world.pass(1, b"hello back");
        world.pass(0, b"nice");
        world
    }

    pub(in crate::signal) fn address(&self, side: usize) -> ForeignDevice {
        self.clients[side].device().clone()
    }

    /// Returns a bundle as a service would hand it out.
    pub(in crate::signal) fn bundle(
        &mut self,
        of: usize,
        version: Version,
        one_time: bool,
    ) -> Bundle {
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

    pub(in crate::signal) fn begin(&mut self, side: usize, version: Version, one_time: bool) {
        let bundle = self.bundle(other(side), version, one_time);
        let with = self.address(other(side));
        self.clients[side].begin(&with, &bundle, NOW, &mut self.rng).unwrap().apply();
    }

    pub(in crate::signal) fn seal(&mut self, side: usize, content: &[u8]) -> SealedMessage {
        let to = self.address(other(side));
        self.clients[side].seal_plain(&to, content, NOW, &mut self.rng).unwrap().apply()
    }

    /// Gives a message of `from` to the other side.
    pub(in crate::signal) fn deliver(
        &mut self,
        from: usize,
        message: &SealedMessage,
    ) -> Result<ForeignMessage, Error> {
        let sender = self.address(from);
        let receiver = &mut self.clients[other(from)];
        receiver.open(&sender, message.kind, &message.bytes, NOW).map(Pending::apply)
    }

    pub(in crate::signal) fn pass(&mut self, from: usize, content: &[u8]) -> ForeignMessage {
        let message = self.seal(from, content);
        let opened = self.deliver(from, &message).unwrap();
        assert_eq!(plain(&opened), content);
        opened
    }

    /// Saves and loads a client.
    pub(in crate::signal) fn reload(&mut self, side: usize) {
        let bytes = self.clients[side].to_bytes();
        self.clients[side] = Client::from_bytes(&bytes).unwrap();
        assert_eq!(*self.clients[side].to_bytes(), *bytes);
    }

    /// Refuses a message, and checks that nothing has changed by it.
    pub(in crate::signal) fn refuse(
        &mut self,
        from: usize,
        kind: MessageKind,
        bytes: &[u8],
    ) -> Error {
        let before = self.clients[other(from)].to_bytes();
        let message = SealedMessage { kind, bytes: bytes.to_vec() };
        let error = self.deliver(from, &message).expect_err("it was opened");
        assert_eq!(*self.clients[other(from)].to_bytes(), *before);
        error
    }
}

/// Returns the bytes with one bit changed, for every byte.
pub(in crate::signal) fn alterations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|place| {
        let mut altered = bytes.to_vec();
        altered[place] ^= 1 << (place % 8);
        altered
    })
}

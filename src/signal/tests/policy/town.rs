//! Two providers whose people are attested, and two people.

use alloc::vec::Vec;

use rand_core::Rng;

use crate::error::Error;
use crate::primitives::tests::op_count::{self, Work};
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::attachment::reference::Reference;
use crate::protocol::content::{Content, Kind, Kinds, Sender};
use crate::session::{Account, AccountId};
use crate::signal::*;
use crate::storage::State;

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const DAY: u64 = 86_400;

/// Ada and Grace, each with an account at a provider of their own, and one device.
pub(super) struct Town {
    pub(super) rng: TestRng,
    pub(super) accounts: [Account; 2],
    pub(super) clients: [Client; 2],
    /// The cost of the last call of a client.
    pub(super) work: Work,
}

pub(super) fn other(side: usize) -> usize {
    usize::from(side == 0)
}

/// The key that both apps trust about providers.
pub(super) fn root() -> Authority {
    Authority::from_seed(&[1; 32])
}

/// The key by which a provider attests accounts.
pub(super) fn provider_key(side: usize) -> Authority {
    Authority::from_seed(&[2 + u8::try_from(side).unwrap(); 32])
}

pub(super) fn provider(side: usize) -> ProviderId {
    ProviderId::new(["one.example", "two.example"][side]).unwrap()
}

pub(super) fn account(side: usize) -> ForeignAccount {
    ForeignAccount::new(&provider(side), ["ada", "grace"][side]).unwrap()
}

pub(super) fn device(side: usize, number: u8) -> ForeignDevice {
    let address = Address::new(["ada", "grace"][side], number).unwrap();
    ForeignDevice::new(&provider(side), &address)
}

pub(super) fn profile() -> ContentProfile {
    ContentProfile::new(Kinds::of(Sender::Foreign), 2000)
        .with(Feature::Timers)
        .with(Feature::ViewOnce)
}

pub(super) fn statement(side: usize) -> ProviderStatement {
    ProviderStatement {
        id: provider(side),
        counter: 5,
        from: NOW,
        until: NOW + 90 * DAY,
        status: ProviderStatus::Active,
        programs: Programs::Attested,
        floor: Version::V4,
        devices: 16,
        profile: profile(),
        attestation_keys: TrustedKeys::new([provider_key(side).public_key()]).unwrap(),
    }
}

pub(super) fn descriptor(statement: ProviderStatement) -> Vec<u8> {
    statement.sign(&root()).unwrap().encode()
}

/// A client that trusts the root, and nothing else yet.
pub(super) fn fresh(side: usize, rng: &mut TestRng) -> Client {
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    Client::generate(device(side, 1), Version::V4, roots, NOW, rng)
}

pub(super) fn text(length: usize) -> Content {
    Content::text(&"x".repeat(length)).unwrap()
}

impl Town {
    /// Both clients, their accounts, and what each is to say of itself. No provider is known.
    pub(super) fn founded() -> Self {
        let mut rng = TestRng::new(3);
        let accounts = [1, 2].map(|id| Account::generate(AccountId([id; 32]), &mut rng));
        let clients = [0, 1].map(|side| fresh(side, &mut rng));
        Self { rng, accounts, clients, work: Work::default() }
    }

    /// Both know of each other's provider and have opted in to it, and both are attested.
    pub(super) fn open() -> Self {
        let mut town = Self::founded();
        for side in 0..2 {
            town.opt_in(side);
            town.adopt(side, town.says(side));
        }
        town
    }

    /// Both know each other's attestation.
    pub(super) fn acquainted() -> Self {
        let mut town = Self::open();
        for side in 0..2 {
            town.learn(side, town.says(other(side))).unwrap();
        }
        town
    }

    /// Ada has written, Grace has accepted and answered.
    pub(super) fn talking() -> Self {
        let mut town = Self::acquainted();
        town.begin(0).unwrap();
        assert!(town.pass(0, &text(3)).is_request);
        town.clients[1].accept(&account(0), NOW).unwrap().apply();
        town.pass(1, &text(3));
        town.pass(0, &text(3));
        town
    }

    pub(super) fn opt_in(&mut self, side: usize) {
        let client = &mut self.clients[side];
        let id = provider(other(side));
        client.learn_provider(&descriptor(statement(other(side))), NOW).unwrap().apply();
        let notices = client.notices(&id).unwrap();
        client.opt_in(&id, notices, NOW).unwrap().apply();
    }

    /// Returns what an account says of itself, first.
    pub(super) fn says(&self, side: usize) -> AccountStatement {
        AccountStatement {
            account: account(side),
            key: self.accounts[side].public_key(),
            sequence: 5,
            from: NOW,
            until: NOW + 30 * DAY,
            profile: profile(),
            devices: Vec::from([self.clients[side].attested_device()]),
        }
    }

    /// Has a statement signed by the account and its provider.
    pub(super) fn attested(&self, side: usize, says: AccountStatement) -> Vec<u8> {
        let request = says.sign(&self.accounts[side]).unwrap();
        let request = AttestationRequest::decode(&request.encode()).unwrap();
        request.attest(&provider_key(side)).encode()
    }

    pub(super) fn adopt(&mut self, side: usize, says: AccountStatement) {
        let (bytes, key) = (self.attested(side, says), self.accounts[side].public_key());
        self.clients[side].adopt(&bytes, key, NOW).unwrap().apply();
    }

    /// Has a side learn what the other's account says.
    pub(super) fn learn(&mut self, side: usize, says: AccountStatement) -> Result<Learned, Error> {
        let bytes = self.attested(other(side), says);
        self.learn_bytes(side, &bytes, NOW)
    }

    pub(super) fn learn_bytes(
        &mut self,
        side: usize,
        bytes: &[u8],
        now: u64,
    ) -> Result<Learned, Error> {
        self.unless_refused(side, |client| Ok(client.learn_account(bytes, now)?.apply()))
    }

    /// Has both sides take over what an account says by now.
    pub(super) fn renew(&mut self, side: usize, says: AccountStatement) {
        self.adopt(side, says.clone());
        self.learn(other(side), says).unwrap();
    }

    pub(super) fn describe(&mut self, side: usize, says: ProviderStatement) -> Result<(), Error> {
        let bytes = descriptor(says);
        self.unless_refused(side, |client| {
            client.learn_provider(&bytes, NOW)?.apply();
            Ok(())
        })
    }

    pub(super) fn begin(&mut self, side: usize) -> Result<(), Error> {
        let (bundle, mut rng) = (self.clients[other(side)].bundle(), self.another_rng());
        let with = device(other(side), 1);
        self.unless_refused(side, |client| {
            client.begin(&with, &bundle, NOW, &mut rng)?.apply();
            Ok(())
        })
    }

    pub(super) fn say(&mut self, side: usize, content: &Content) -> Result<SealedMessage, Error> {
        let id = self.clients[side].message_id(&mut self.rng);
        self.seal(side, Saying::new(content, id), NOW)
    }

    pub(super) fn seal(
        &mut self,
        side: usize,
        saying: Saying<'_>,
        now: u64,
    ) -> Result<SealedMessage, Error> {
        let (to, mut rng) = (device(other(side), 1), self.another_rng());
        self.unless_refused(side, |client| Ok(client.seal(&to, &saying, now, &mut rng)?.apply()))
    }

    fn another_rng(&mut self) -> TestRng {
        let mut seed = [0; 8];
        self.rng.fill_bytes(&mut seed);
        TestRng::new(u64::from_be_bytes(seed))
    }

    pub(super) fn deliver(
        &mut self,
        from: usize,
        message: &SealedMessage,
        now: u64,
    ) -> Result<ForeignMessage, Error> {
        let sender = device(from, 1);
        self.unless_refused(other(from), |client| {
            Ok(client.open(&sender, message.kind, &message.bytes, now)?.apply())
        })
    }

    pub(super) fn pass(&mut self, from: usize, content: &Content) -> ForeignMessage {
        let message = self.say(from, content).unwrap();
        let opened = self.deliver(from, &message, NOW).unwrap();
        assert_eq!(opened.from, device(from, 1));
        assert_eq!(opened.binding, Binding::Attested);
        opened
    }

    /// Does something with a client, which is saved and loaded before; a refusal must change nothing.
    pub(super) fn unless_refused<T>(
        &mut self,
        side: usize,
        act: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.clients[side].to_bytes();
        self.clients[side] = Client::from_bytes(&before).unwrap();
        assert_eq!(*self.clients[side].to_bytes(), *before);
        let (result, work) = op_count::of(|| act(&mut self.clients[side]));
        self.work = work;
        if result.is_err() {
            assert_eq!(*self.clients[side].to_bytes(), *before);
        }
        result
    }
}

/// Returns a content of each kind that somebody foreign may say.
pub(super) fn contents() -> Vec<(Kind, Content)> {
    let attached = |media| {
        let reference = [&[1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[0xc1; 64]].concat();
        Content::attached(&Reference::decode(&reference).unwrap(), b"ab/12").unwrap()
    };
    Vec::from([
        (Kind::Text, text(5)),
        (Kind::Image, attached(2)),
        (Kind::Voice, attached(4)),
        (Kind::Video, attached(3)),
        (Kind::File, attached(1).with_name("plan.pdf").unwrap()),
    ])
}

impl Town {
    /// Returns the envelope that a side would make, for its bytes to be altered.
    pub(super) fn envelope(&self, side: usize, content: &Content) -> Vec<u8> {
        let inner = &*self.clients[side].inner;
        let (to, now) = (device(other(side), 1), inner.clock.now(NOW));
        let party = inner.policy.writing(&to, now).unwrap();
        let ends = policy::Ends { sender: &inner.device, receiver: &to };
        let saying = Saying::new(content, ForeignMessageId([7; 16]));
        party.enclose(ends, &saying, now).unwrap().to_vec()
    }

    /// Returns the form in which a side would tell a sender key, for its bytes to be altered.
    pub(super) fn told(&self, side: usize, group: ForeignGroupId, distribution: &[u8]) -> Vec<u8> {
        let inner = &*self.clients[side].inner;
        let (to, now) = (device(other(side), 1), inner.clock.now(NOW));
        let party = inner.policy.writing(&to, now).unwrap();
        let ends = policy::Ends { sender: &inner.device, receiver: &to };
        party.tell(ends, group, distribution).unwrap().to_vec()
    }

    /// Seals bytes as they are in the session of the two: what a program that breaks the rules can do.
    pub(super) fn seal_raw(&mut self, side: usize, bytes: &[u8]) -> SealedMessage {
        let client = &mut self.clients[side];
        let (to, now) = (device(other(side), 1), client.inner.clock.now(NOW));
        let party = client.inner.policy.writing(&to, now).unwrap();
        let (moved, message) = client.inner.seal(&party, &to, bytes, now, &mut self.rng).unwrap();
        client.pending(now, [moved], message).apply()
    }

    /// Has a side refuse a message, which changes nothing.
    pub(super) fn refused(&mut self, from: usize, message: &SealedMessage) -> Error {
        self.deliver(from, message, NOW).expect_err("it was opened")
    }
}

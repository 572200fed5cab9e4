//! Accounts with many devices that do whatever their keys let them, and a client that they write to.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::NOW;
use crate::client::{Address, Alert, Client, ReceivedLetter};
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::{Body, Letter, LetterConversation, Listed, MessageId, Said};
use crate::session::{Account, Device, Session};
use crate::storage::State;

/// An account whose devices are only keys.
pub(super) struct Crowd {
    pub(super) devices: Vec<Device>,
    pub(super) list: DeviceList,
}

/// A client, and what it was told of losses, by account.
pub(super) struct Victim {
    pub(super) client: Client,
    pub(super) lost: BTreeMap<AccountId, usize>,
    pub(super) rng: TestRng,
    letters: u64,
    sessions: u32,
    sessions_of: BTreeMap<AccountId, u32>,
}

impl Crowd {
    pub(super) fn new(number: u32, devices: usize, rng: &mut TestRng) -> Self {
        let account = Account::generate(id(number), rng);
        let devices: Vec<_> = (0..devices).map(|_| Device::generate(&account, NOW, rng)).collect();
        let certificates: Vec<_> =
            devices.iter().map(|device| device.certificate().clone()).collect();
        let first = DeviceList::first(account.key(), certificates[0].clone(), NOW);
        let list = first.next(account.key(), certificates, NOW).unwrap();
        Self { devices, list }
    }

    pub(super) fn id(&self) -> AccountId {
        self.list.account()
    }

    pub(super) fn address(&self, device: usize) -> Address {
        Address::of(self.devices[device].certificate())
    }
}

impl Victim {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let account = Account::generate(id(0), &mut rng);
        let client = Client::create(&account, NOW, &mut rng);
        Self {
            client,
            lost: BTreeMap::new(),
            rng,
            letters: 0,
            sessions: 0,
            sessions_of: BTreeMap::new(),
        }
    }

    /// Makes an account, and lets the client learn its list.
    pub(super) fn meet(&mut self, number: u32, devices: usize) -> Crowd {
        let crowd = Crowd::new(number, devices, &mut self.rng);
        self.client.learn(&crowd.list, NOW).unwrap().apply();
        crowd
    }

    /// Makes an account that the user is in touch with.
    pub(super) fn befriend(&mut self, number: u32, devices: usize) -> Crowd {
        let crowd = self.meet(number, devices);
        self.client.inner.acquaint(crowd.id());
        crowd
    }

    /// Begins a session of an account's device.
    pub(super) fn session(&mut self, of: &Crowd, device: usize, created: u64) -> Session {
        self.sessions += 1;
        let of_account = self.sessions_of.entry(of.id()).or_default();
        *of_account += 1;
        if self.sessions.is_multiple_of(1000) || of_account.is_multiple_of(60) {
            // The memory of one prekey set holds 1,024 handshakes, and 64 of one account.
            self.client.rotate(NOW, &mut self.rng).apply();
        }
        let (bundle, device) = (self.client.bundle(), &of.devices[device]);
        device.initiate_with(Continuation::new(created), &bundle, NOW, &mut self.rng).unwrap()
    }

    /// Seals a letter.
    pub(super) fn seal(&mut self, of: &Crowd, session: &mut Session) -> Vec<u8> {
        self.letters += 1;
        let lists =
            [&of.list, self.client.list()].map(|l| Listed { epoch: l.epoch(), hash: l.hash().0 });
        let mut name = [0; 16];
        name[..8].copy_from_slice(&self.letters.to_be_bytes());
        let letter = Letter {
            rolled_back: false,
            lists,
            sent: NOW,
            id: MessageId(name),
            conversation: LetterConversation::With(self.client.address().account),
            body: Body::Said(Said::Message(b"\x01\x01\0\0\0\x04text")),
        };
        session.encrypt(&letter.encode(), &mut self.rng).unwrap()
    }

    pub(super) fn open(
        &mut self,
        from: Address,
        message: &[u8],
        now: u64,
    ) -> Result<ReceivedLetter, Error> {
        let arrived = self.client.receive(from, message, now)?;
        *self.lost.entry(from.account).or_default() += arrived.lost;
        for alert in &arrived.alerts {
            if let Alert::Lost { of, messages } = alert {
                *self.lost.entry(*of).or_default() += messages;
            }
        }
        Ok(arrived)
    }

    /// Withholds so many letters of a new session, and delivers the one behind them. Returns the session and the
    /// first letter.
    pub(super) fn flood(
        &mut self,
        of: &Crowd,
        (device, created): (usize, u64),
        withheld: usize,
    ) -> (Session, Vec<u8>) {
        let mut session = self.session(of, device, created);
        let letters: Vec<_> = (0..=withheld).map(|_| self.seal(of, &mut session)).collect();
        let arrived = self.open(of.address(device), letters.last().unwrap(), NOW).unwrap();
        assert_eq!(arrived.skipped, withheld);
        (session, letters[0].clone())
    }

    /// Counts the skipped keys of an account.
    pub(super) fn keys(&self, of: &Crowd) -> usize {
        let peers = self.client.inner.peers.iter();
        let peers = peers.filter(|(address, _)| address.account == of.id());
        let keys = peers.map(|(_, peer)| peer.skipped()).sum();
        assert_eq!(self.client.inner.holdings.keys_of(of.id()), keys);
        keys
    }

    /// Counts the sessions with an account.
    pub(super) fn sessions(&self, of: &Crowd) -> usize {
        let peers = self.client.inner.peers.iter();
        let peers = peers.filter(|(address, _)| address.account == of.id());
        peers.map(|(_, peer)| peer.counts().0).sum()
    }

    /// Checks that a process that loads the state goes on as this one, and returns its length.
    pub(super) fn length(&self) -> usize {
        let bytes = self.client.to_bytes();
        let loaded = Client::from_bytes(&bytes).unwrap();
        assert!(*loaded.to_bytes() == *bytes);
        assert!(loaded.inner.holdings == self.client.inner.holdings, "counted in another way");
        bytes.len()
    }
}

/// Makes an account id.
pub(super) fn id(number: u32) -> AccountId {
    let mut id = [7; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    AccountId(id)
}

//! What a device keeps: a sealed snapshot, the sealed changes since, the anchor, and what the server
//! has not taken yet.
//!
//! A real store writes each step in one transaction; `examples/` stays in memory. The anchor belongs
//! where a backup of the rest does not reach.

use latchstring::rand_core::CryptoRng;
use latchstring::{Address, Anchor, Change, Client, Error, Outgoing, Plan, State, StateKey};

pub(crate) struct Disk {
    key: StateKey,
    owner: &'static [u8],
    snapshot: Vec<u8>,
    changes: Vec<Vec<u8>>,
    anchor: Anchor,
    outbox: Option<Vec<u8>>,
}

impl Disk {
    /// Saves a new client whole.
    pub(crate) fn create(
        owner: &'static str,
        client: &Client,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        let (key, owner) = (StateKey::new(1, &secret)?, owner.as_bytes());
        let snapshot = key.seal(client, owner, rng)?;
        let (changes, anchor) = (Vec::new(), client.anchor());
        Ok(Self { key, owner, snapshot, changes, anchor, outbox: None })
    }

    /// Seals a letter for the devices of a plan and saves what that changes, with the envelopes:
    /// one write. Only then is there something to send.
    pub(crate) fn seal(
        &mut self,
        client: &mut Client,
        plan: &mut Plan,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Outgoing, Error> {
        let sealed = client.seal(plan, content, now, rng)?;
        let recorded = sealed.record(&self.key, self.owner, &self.anchor, rng)?;
        self.changes.push(recorded.record().to_vec());
        let outgoing = recorded.apply()?;
        self.outbox = Some(outgoing.encode());
        self.anchor = client.anchor();
        Ok(outgoing)
    }

    /// Notes that the server has taken an envelope, and forgets a letter when it has taken all.
    pub(crate) fn delivered(&mut self, outgoing: &mut Outgoing, to: Address) {
        outgoing.delivered(to);
        self.outbox = (!outgoing.envelopes.is_empty()).then(|| outgoing.encode());
    }

    /// What was saved and not sent: send it again after a start.
    pub(crate) fn outbox(&self) -> Result<Option<Outgoing>, Error> {
        self.outbox.as_deref().map(Outgoing::decode).transpose()
    }

    /// Saves a change and applies it; only then is there something to show or publish.
    pub(crate) fn keep(
        &mut self,
        client: &mut Client,
        change: Change,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.changes.push(change.record(&self.key, self.owner, &self.anchor, rng)?);
        client.apply(change)?;
        self.anchor = client.anchor();
        Ok(())
    }

    /// Reads everything back, and writes a snapshot in place of the changes, whose keys are dead.
    pub(crate) fn load(&mut self, rng: &mut impl CryptoRng) -> Result<Client, Error> {
        let mut client: Client = self.key.open(self.owner, None, &self.snapshot)?;
        for record in self.changes.drain(..) {
            client.apply(self.key.open(self.owner, None, &record)?)?;
        }
        if client.anchor() != self.anchor {
            return Err(Error::StateRollback);
        }
        self.snapshot = self.key.seal(&client, self.owner, rng)?;
        Ok(client)
    }
}

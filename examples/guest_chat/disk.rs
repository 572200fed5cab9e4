//! What a device keeps: a sealed snapshot, the sealed changes since, and the anchor.
//!
//! A real store writes each step in one transaction; `examples/` stays in memory. The anchor
//! belongs where a backup of the rest does not reach.

use latchstring::rand_core::CryptoRng;
use latchstring::{Anchor, Change, Chat, Client, Envelope, Error, Sealed, State, StateKey};

pub(crate) struct Disk {
    key: StateKey,
    owner: &'static [u8],
    snapshot: Vec<u8>,
    changes: Vec<Vec<u8>>,
    anchor: Anchor,
}

impl Disk {
    /// Saves a new chat whole.
    pub(crate) fn create(
        owner: &'static [u8],
        chat: &Chat,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        let key = StateKey::new(1, &secret)?;
        let snapshot = key.seal(chat, owner, rng)?;
        Ok(Self { key, owner, snapshot, changes: Vec::new(), anchor: chat.anchor() })
    }

    /// Seals a text and commits it.
    pub(crate) fn send(
        &mut self,
        chat: &mut Chat,
        text: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Envelope>, Error> {
        let message = self.commit(chat.text(text, now, rng)?, rng)?;
        self.anchor = chat.anchor();
        Ok(message)
    }

    /// Seals the grant and commits it.
    pub(crate) fn grant(
        &mut self,
        chat: &mut Chat,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Envelope>, Error> {
        let message = self.commit(chat.grant(client, now, rng)?, rng)?;
        self.anchor = chat.anchor();
        Ok(message)
    }

    /// Saves what a sealed message changes; only then is there a message to send.
    fn commit(
        &mut self,
        sealed: Sealed<'_, Chat>,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Envelope>, Error> {
        let recorded = sealed.record(&self.key, self.owner, &self.anchor, rng)?;
        self.changes.push(recorded.record().to_vec());
        recorded.apply()
    }

    /// Saves a change and applies it; only then is there something to show.
    pub(crate) fn keep(
        &mut self,
        chat: &mut Chat,
        change: Change,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.changes.push(change.record(&self.key, self.owner, &self.anchor, rng)?);
        chat.apply(change)?;
        self.anchor = chat.anchor();
        Ok(())
    }

    /// Reads everything back: the snapshot, then each change in order.
    pub(crate) fn load(&self) -> Result<Chat, Error> {
        let mut chat: Chat = self.key.open(self.owner, None, &self.snapshot)?;
        for record in &self.changes {
            chat.apply(self.key.open(self.owner, None, record)?)?;
        }
        if chat.anchor() == self.anchor { Ok(chat) } else { Err(Error::StateRollback) }
    }

    /// Writes a snapshot in place of the changes, whose keys are dead.
    pub(crate) fn compact(&mut self, chat: &Chat, rng: &mut impl CryptoRng) -> Result<(), Error> {
        self.snapshot = self.key.seal(chat, self.owner, rng)?;
        self.changes.clear();
        Ok(())
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> usize {
        self.snapshot.len() + self.changes.iter().map(Vec::len).sum::<usize>()
    }
}

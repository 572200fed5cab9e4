//! One step: everything that is written together.

use latchstring::Error;
use latchstring::client::{Address, Client, Envelope, MessageId, Outgoing};
use latchstring::guest::{Chat, ChatStatus, Introduction, Invite, SentText};
use latchstring::rand_core::CryptoRng;
use latchstring::session::{Device, Session};
use latchstring::storage::{Anchor, Behind, Journal, Page, Pending, State, StateKey};
use rusqlite::{Transaction, params};

use super::{Failure, Kept, Loaded, Writing, records, stored};

/// The writes of one transaction. States that it changes are its own for `'a`, until it is committed or given up.
pub(crate) struct Step<'a, 'd, R> {
    transaction: Transaction<'d>,
    key: &'d StateKey,
    rng: &'d mut R,
    /// The functions that bring the states back to where they were taken from.
    put_back: Vec<Box<dyn FnOnce() + 'a>>,
    /// True if a snapshot is replaced.
    replaced: bool,
    /// States that were taken out, or begun to be kept, and not written.
    unwritten: usize,
}

impl<'a, 'd, R: CryptoRng> Step<'a, 'd, R> {
    pub(super) fn new(transaction: Transaction<'d>, key: &'d StateKey, rng: &'d mut R) -> Self {
        Self { transaction, key, rng, put_back: Vec::new(), replaced: false, unwritten: 0 }
    }

    /// Commits, and puts the states back. Without the commit they are dropped here. Tells whether the
    /// write-ahead log holds a snapshot now that is to be forgotten.
    pub(super) fn commit(self) -> Result<bool, Failure> {
        if self.unwritten > 0 {
            // Something failed half way, and the caller went on regardless.
            return Err(Failure::HalfDone);
        }
        self.transaction.commit()?;
        for put_back in self.put_back {
            put_back();
        }
        Ok(self.replaced)
    }

    /// Keeps a new state, for an owner that no other has.
    pub(crate) fn keep<S: State>(&mut self, owner: &str, state: S) -> Result<Kept<S>, Failure> {
        self.unwritten = self.unwritten.saturating_add(1);
        if stored(&self.transaction, owner)?.is_some() {
            // Another process came first, with a state of its own.
            return Err(Error::StaleChange.into());
        }
        let (snapshot, journal) = Journal::begin(&state, self.key, owner.as_bytes(), self.rng)?;
        self.write_pages(owner, &snapshot)?;
        self.write_entry(owner, 0, &state.anchor(), None)?;
        self.unwritten = self.unwritten.saturating_sub(1);
        Ok(Kept::new(owner, Box::new(Loaded { state, journal })))
    }

    /// Moves a state on by an operation, and writes what changes. What the operation gives is in this step's
    /// hands until that is committed: write what it says, too.
    pub(crate) fn change<S: Ends, T>(
        &mut self,
        kept: &'a mut Kept<S>,
        work: impl for<'s> FnOnce(&'s mut S, &mut R) -> Result<Pending<'s, S, T>, Error>,
    ) -> Result<T, Failure> {
        let mut loaded = self.take(kept)?;
        match loaded.advance(self.key, self.rng, work) {
            Ok((output, writing)) => {
                self.put(kept, loaded, writing)?;
                Ok(output)
            }
            Err(error) => {
                // It is as it is stored.
                kept.loaded = Some(loaded);
                Err(error.into())
            }
        }
    }

    /// Moves a state on by sealing a message, and puts that into the outbox. It leaves from there.
    pub(crate) fn send<S: Ends, T: Leaves>(
        &mut self,
        kept: &'a mut Kept<S>,
        seal: impl for<'s> FnOnce(&'s mut S, &mut R) -> Result<Pending<'s, S, T>, Error>,
    ) -> Result<T::Id, Failure> {
        let owner = kept.owner.clone();
        let (mail, id) = self.change(kept, seal)?.leave();
        for Piece { to, id, message } in mail {
            self.put_out(&owner, (to, id), &message)?;
        }
        Ok(id)
    }

    /// Keeps what a letter says, which [`Step::send`] gave the id of: somebody may ask for it once more.
    pub(crate) fn say(&mut self, id: MessageId, content: &[u8], now: u64) -> Result<(), Failure> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let add = "REPLACE INTO said (id, content, at) VALUES (?1, ?2, ?3)";
        self.transaction.prepare_cached(add)?.execute(params![id.0, content, now])?;
        Ok(())
    }

    /// Takes in a claim: the link is spent, the client forgets a prekey, and there is a new chat.
    pub(crate) fn claim(
        &mut self,
        (invite, client): (&'a mut Kept<Invite>, &'a mut Kept<Client>),
        claim: &[u8],
        now: u64,
        owner: &str,
    ) -> Result<(Kept<Chat>, Introduction), Failure> {
        let (mut link, mut host) = (self.take(invite)?, self.take(client)?);
        let opened = link.state.claim(&mut host.state, claim, now)?;
        if link.journal.is_full() {
            self.renew(&invite.owner, opened.invite(), &mut link.journal)?;
        }
        if host.journal.is_full() {
            self.renew(&client.owner, opened.client(), &mut host.journal)?;
        }
        let recorded = opened.journal(&mut link.journal, &mut host.journal, self.rng)?;
        let (of_link, of_host) = recorded.records();
        let writing =
            [of_link, of_host].map(|entry| Writing { renewed: None, entry: Some(entry.to_vec()) });
        let (chat, introduction) = recorded.apply();
        let [of_link, of_host] = writing;
        self.put(invite, link, of_link)?;
        self.put(client, host, of_host)?;
        Ok((self.keep(owner, chat)?, introduction))
    }

    /// Writes a state anew, so that nothing opens its journal any more, before the journal is full.
    pub(crate) fn compact<S: State>(&mut self, kept: &'a mut Kept<S>) -> Result<(), Failure> {
        let mut loaded = self.take(kept)?;
        let Loaded { state, journal } = &mut *loaded;
        self.renew(&kept.owner, state, journal)?;
        self.unwritten = self.unwritten.saturating_sub(1);
        self.put_back.push(Box::new(move || kept.loaded = Some(loaded)));
        Ok(())
    }

    /// Begins a state anew from what is left of it, in its place: it is behind its outer anchor, or damaged.
    pub(crate) fn begin_anew<S: State>(
        &mut self,
        owner: &str,
        make: impl FnOnce(Behind<S>, &mut R) -> Result<S, Error>,
    ) -> Result<Kept<S>, Failure> {
        let (snapshot, entries) = records(&self.transaction, owner)?;
        let behind = Journal::open_behind(self.key, owner.as_bytes(), &snapshot, &entries)?;
        let state = make(behind, self.rng)?;
        self.delete(owner)?;
        self.keep(owner, state)
    }

    /// Deletes a state that is of no use any more.
    pub(crate) fn remove<S: State>(&mut self, mut kept: Kept<S>) -> Result<(), Failure> {
        self.take(&mut kept)?;
        self.delete(kept.owner())?;
        self.unwritten = self.unwritten.saturating_sub(1);
        Ok(())
    }

    /// Puts something into the outbox that changes no state: a claim, a server copy, prekeys to publish.
    pub(crate) fn post(
        &mut self,
        owner: &str,
        to: Option<Address>,
        message: &[u8],
    ) -> Result<(), Failure> {
        self.put_out(owner, (to, None), message)
    }

    fn delete(&mut self, owner: &str) -> Result<(), Failure> {
        for table in ["page", "entry"] {
            let delete = format!("DELETE FROM {table} WHERE owner = ?1");
            self.transaction.execute(&delete, [owner])?;
        }
        self.replaced = true;
        Ok(())
    }

    fn put_out(
        &mut self,
        owner: &str,
        (to, id): (Option<Address>, Option<MessageId>),
        message: &[u8],
    ) -> Result<(), Failure> {
        let add = "INSERT INTO outbox (owner, device, id, message) VALUES (?1, ?2, ?3, ?4)";
        let mut add = self.transaction.prepare_cached(add)?;
        let (to, id) = (to.map(|to| to.to_bytes()), id.map(|id| id.0));
        add.execute(params![owner, to, id, message])?;
        Ok(())
    }

    /// Puts into the inbox what a state has read. An app may have better tables.
    pub(crate) fn read(&mut self, owner: &str, content: &[u8]) -> Result<(), Failure> {
        let add = "INSERT INTO inbox (owner, content) VALUES (?1, ?2)";
        self.transaction.prepare_cached(add)?.execute(params![owner, content])?;
        Ok(())
    }

    /// Takes a state out of its place, if it is the one in the store.
    fn take<S: State>(&mut self, kept: &mut Kept<S>) -> Result<Box<Loaded<S>>, Failure> {
        self.unwritten = self.unwritten.saturating_add(1);
        let loaded = match kept.loaded.take() {
            Some(loaded) => loaded,
            None => kept.load_again(&self.transaction, self.key)?,
        };
        if stored(&self.transaction, kept.owner())? != Some(loaded.state.anchor()) {
            return Err(Error::StaleChange.into());
        }
        Ok(loaded)
    }

    /// Writes how a state has changed, if it has, and has it put back after the commit.
    fn put<S: Ends>(
        &mut self,
        kept: &'a mut Kept<S>,
        mut loaded: Box<Loaded<S>>,
        Writing { renewed, entry }: Writing,
    ) -> Result<(), Failure> {
        let (owner, anchor) = (kept.owner(), loaded.state.anchor());
        let Loaded { state, journal } = &mut *loaded;
        if let Some((snapshot, anchor)) = renewed {
            self.replace(owner, &snapshot, &anchor)?;
        }
        match entry {
            None => {}
            // What it erased must not stand in entries and a snapshot before it.
            Some(_) if state.has_ended() => self.renew(owner, state, journal)?,
            entry => self.write_entry(owner, journal.entries(), &anchor, entry.as_deref())?,
        }
        self.unwritten = self.unwritten.saturating_sub(1);
        self.put_back.push(Box::new(move || {
            kept.anchor = anchor;
            kept.loaded = Some(loaded);
        }));
        Ok(())
    }

    /// Writes a state anew, and begins the journal behind it.
    fn renew<S: State>(
        &mut self,
        owner: &str,
        state: &S,
        journal: &mut Journal,
    ) -> Result<(), Failure> {
        let snapshot = journal.renew(state, self.key, self.rng)?;
        self.replace(owner, &snapshot, &state.anchor())
    }

    /// Writes what the snapshot before does not have, and deletes all entries.
    fn replace(&mut self, owner: &str, snapshot: &[Page], anchor: &Anchor) -> Result<(), Failure> {
        self.transaction.execute("DELETE FROM entry WHERE owner = ?1", [owner])?;
        self.write_pages(owner, snapshot)?;
        self.write_entry(owner, 0, anchor, None)?;
        self.replaced = true;
        Ok(())
    }

    /// Writes what is behind the snapshot, and where the state stands with it.
    fn write_entry(
        &mut self,
        owner: &str,
        place: u32,
        anchor: &Anchor,
        record: Option<&[u8]>,
    ) -> Result<(), Failure> {
        let add = "INSERT INTO entry VALUES (?1, ?2, ?3, ?4)";
        let mut add = self.transaction.prepare_cached(add)?;
        add.execute(params![owner, place, anchor.to_bytes(), record])?;
        Ok(())
    }

    fn write_pages(&mut self, owner: &str, snapshot: &[Page]) -> Result<(), Failure> {
        let replace = "REPLACE INTO page VALUES (?1, ?2, ?3)";
        let mut replace = self.transaction.prepare_cached(replace)?;
        let delete = "DELETE FROM page WHERE owner = ?1 AND id = ?2";
        let mut delete = self.transaction.prepare_cached(delete)?;
        for Page { id, record } in snapshot {
            match record {
                Some(record) => replace.execute(params![owner, id.0, record])?,
                None => delete.execute(params![owner, id.0])?,
            };
        }
        Ok(())
    }
}

/// A state that may come to an end, which erases its keys: nothing before it is to be kept then.
pub(crate) trait Ends: State {
    /// Tells whether it has.
    fn has_ended(&self) -> bool {
        false
    }
}

impl Ends for Client {}
impl Ends for Device {}
impl Ends for Session {}

impl Ends for Chat {
    fn has_ended(&self) -> bool {
        matches!(self.status(), ChatStatus::Ended(_))
    }
}

impl Ends for Invite {
    fn has_ended(&self) -> bool {
        // Claimed, revoked or expired: the link is erased.
        self.link().is_none()
    }
}

/// A message on its way out.
pub(crate) struct Piece {
    /// The device that it is for, if there is more than one.
    to: Option<Address>,
    id: Option<MessageId>,
    message: Vec<u8>,
}

type Mail = Vec<Piece>;

/// Sealed output of a state, as it goes into the outbox.
pub(crate) trait Leaves {
    /// The part that the app needs to know: the id to ask for it by, if it is lost.
    type Id;

    /// Divides it into the messages and what is left.
    fn leave(self) -> (Mail, Self::Id);
}

impl Leaves for Vec<u8> {
    type Id = ();

    fn leave(self) -> (Mail, ()) {
        (vec![Piece { to: None, id: None, message: self }], ())
    }
}

impl Leaves for Vec<Envelope> {
    type Id = ();

    fn leave(self) -> (Mail, ()) {
        let piece = |Envelope { to, message, .. }| Piece { to: Some(to), id: None, message };
        (self.into_iter().map(piece).collect(), ())
    }
}

impl Leaves for SentText {
    type Id = ();

    fn leave(self) -> (Mail, ()) {
        self.envelopes.leave()
    }
}

impl Leaves for Outgoing {
    type Id = MessageId;

    fn leave(self) -> (Mail, MessageId) {
        let id = Some(self.id);
        let envelopes = self.envelopes.into_iter();
        let letters =
            envelopes.map(|Envelope { to, message, .. }| Piece { to: Some(to), id, message });
        // Before the letters that refer to it: whoever reads one wants to fetch it.
        let blob = self.blob.map(|message| Piece { to: None, id: None, message });
        (blob.into_iter().chain(letters).collect(), self.id)
    }
}

//! The step between two generations of a state, and the message that waits for it to be saved.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::chat::ChatDelta;
use crate::client::ClientDelta;
use crate::error::Error;
use crate::journal::Journal;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::course::InviteDelta;
use crate::protocol::device_delta::DeviceDelta;
use crate::protocol::ratchet;
use crate::protocol::record::{Anchor, StateKey};
use crate::state::State;
use crate::state::private::Stateful;

/// The step from one generation of one state to its next.
///
/// Only an operation that succeeded makes one. It can be applied once, to the very state and
/// generation it was made from; everything else refuses it. What it holds is secret, and about as
/// small as what it changes.
///
/// A record of a change holds the keys of what comes after it. Delete it, and every older snapshot,
/// as soon as a newer snapshot is saved: what stays on disk can be opened by whoever gets the state
/// key (`spec/state.md`).
#[must_use = "a change that is not applied did not happen"]
pub struct Change {
    base: Anchor,
    next: Anchor,
    delta: Delta,
}

pub(crate) enum Delta {
    Session(ratchet::Delta),
    Device(DeviceDelta),
    Invite(InviteDelta),
    Chat(ChatDelta),
    Client(ClientDelta),
}

impl Change {
    pub(crate) fn new(base: Anchor, delta: Delta) -> Result<Self, Error> {
        let next = match &delta {
            Delta::Session(delta) => base.next(&delta.name()),
            Delta::Device(delta) => base.next(&delta.name()),
            Delta::Invite(delta) => base.next(&delta.name()),
            Delta::Chat(delta) => base.next(&delta.name()),
            Delta::Client(delta) => base.next(&delta.name()),
        };
        Ok(Self { base, next: next?, delta })
    }

    /// The anchor of the state that this change applies to.
    #[must_use]
    pub fn base(&self) -> Anchor {
        self.base
    }

    /// Whether it takes a session or a chat to other ratchet keys. A client is not asked: it has many
    /// sessions, and one of them turns with almost every message.
    pub(crate) fn turns(&self) -> bool {
        match &self.delta {
            Delta::Session(delta) => delta.is_turn(),
            Delta::Chat(delta) => delta.moved.iter().any(|moved| moved.delta.is_turn()),
            Delta::Device(_) | Delta::Invite(_) | Delta::Client(_) => false,
        }
    }

    /// Seals the change for storage, if the state it continues is the one in the store.
    ///
    /// `stored` is the anchor that the store holds *now*, read in the transaction that will write
    /// this record. A second process or tab that went on from the same state finds it moved.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if `stored` is not the anchor that the change was made from: load
    /// the state again and repeat the operation.
    pub fn record(
        &self,
        key: &StateKey,
        owner: &[u8],
        stored: &Anchor,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        if *stored != self.base {
            return Err(Error::StaleChange);
        }
        key.seal(self, owner, rng)
    }

    /// Reads a change of a device, which is part of one of a client. No other kind may stand there, or
    /// changes could be nested without end.
    pub(crate) fn read_of_device(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let base = Anchor::read(reader)?;
        if reader.u8()? != 2 {
            return Err(Error::Malformed);
        }
        Self::recall(base, Delta::Device(DeviceDelta::read(reader)?))
    }

    /// A stored change. Where it leads follows from where it begins and what it does.
    fn recall(base: Anchor, delta: Delta) -> Result<Self, Error> {
        Self::new(base, delta).map_err(|_| Error::Malformed)
    }

    /// The delta, for the state that stands where the change was made from.
    pub(crate) fn take(self, at: &Anchor) -> Result<(Anchor, Delta), Error> {
        if self.base == *at { Ok((self.next, self.delta)) } else { Err(Error::StaleChange) }
    }
}

impl Stateful for Change {
    const KIND: u8 = 0x10;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.base.write(writer);
        match &self.delta {
            Delta::Session(delta) => {
                writer.u8(1);
                delta.write(writer);
            }
            Delta::Device(delta) => {
                writer.u8(2);
                delta.write(writer);
            }
            Delta::Invite(delta) => {
                writer.u8(3);
                delta.write(writer);
            }
            Delta::Chat(delta) => {
                writer.u8(4);
                delta.write(writer);
            }
            Delta::Client(delta) => {
                writer.u8(5);
                delta.write(writer);
            }
        }
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let base = Anchor::read(reader)?;
        let delta = match reader.u8()? {
            1 => Delta::Session(ratchet::Delta::read(reader)?),
            2 => Delta::Device(DeviceDelta::read(reader)?),
            3 => Delta::Invite(InviteDelta::read(reader)?),
            4 => Delta::Chat(ChatDelta::read(reader)?),
            5 => Delta::Client(ClientDelta::read(reader)?),
            _ => return Err(Error::Malformed),
        };
        Self::recall(base, delta)
    }

    fn stands(&self) -> Anchor {
        self.next
    }
}

/// A state that seals messages: [`Session`](crate::Session), [`Chat`](crate::Chat),
/// [`Client`](crate::Client). For a store that is written once for all of them.
///
/// Not to be implemented outside this crate.
pub trait Changing: State {
    /// What leaves once the change is applied: a message, or the messages of a fan-out.
    type Output;
}

/// A sealed message, unreadable until its change is applied.
///
/// It borrows what it was sealed from, so that nothing else can be sealed meanwhile. Dropping it
/// leaves that state as it was, and the message unseen: there is no way to hold two messages
/// under one key. Only what a session has reserved ends with its record, because who has that may
/// have written it.
///
/// ```compile_fail,E0499
/// # use latchstring::{Chat, Error, rand_core::CryptoRng};
/// # fn two(chat: &mut Chat, rng: &mut impl CryptoRng) -> Result<(), Error> {
/// let one = chat.text("one", 0, rng)?;
/// let other = chat.text("other", 0, rng)?; // the chat is still borrowed by `one`
/// one.apply()?;
/// # other.apply()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a message that is not applied was never sent"]
pub struct Sealed<'a, S: Changing> {
    state: &'a mut S,
    message: S::Output,
    change: Change,
}

impl<'a, S: Changing> Sealed<'a, S> {
    pub(crate) fn new(state: &'a mut S, message: S::Output, change: Change) -> Self {
        Self { state, message, change }
    }

    /// Seals the change for storage and hands out the record to be written.
    ///
    /// `stored` is the anchor that the store holds now ([`Change::record`]).
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the store has moved on; nothing was sent and nothing changed.
    pub fn record(
        self,
        key: &StateKey,
        owner: &[u8],
        stored: &Anchor,
        rng: &mut impl CryptoRng,
    ) -> Result<Recorded<'a, S>, Error> {
        let record = self.change.record(key, owner, stored, rng)?;
        self.state.forget_reserved();
        Ok(Recorded { sealed: self, record })
    }

    /// Seals the change as the journal's next entry.
    ///
    /// # Errors
    ///
    /// As [`Journal::seal`]; nothing was sent and nothing changed.
    pub fn journal(
        self,
        journal: &mut Journal,
        rng: &mut impl CryptoRng,
    ) -> Result<Recorded<'a, S>, Error> {
        let record = journal.seal(&self.change, rng)?;
        self.state.forget_reserved();
        Ok(Recorded { sealed: self, record })
    }

    /// Moves the state on and gives the message out, without a record of the change: for a
    /// caller that saves the whole state before it sends.
    ///
    /// # Errors
    ///
    /// None: the state has been borrowed since the message was sealed from it.
    pub fn apply(self) -> Result<S::Output, Error> {
        // Made from this state, which has been borrowed since: the change cannot be stale. Were
        // it, the message must not leave.
        self.state.adopt(self.change)?;
        Ok(self.message)
    }
}

/// A sealed message whose change is ready to be written.
#[must_use = "a message that is not applied was never sent"]
pub struct Recorded<'a, S: Changing> {
    sealed: Sealed<'a, S>,
    record: Vec<u8>,
}

impl<S: Changing> Recorded<'_, S> {
    /// The sealed change. Write it before the message leaves.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Moves the state on and gives the message out, to be written beside the record in one
    /// transaction, and sent then. If the write fails, drop the state, which is ahead of the store now,
    /// and load it again: the message was seen by nobody.
    ///
    /// # Errors
    ///
    /// None: the state has been borrowed since the message was sealed from it.
    pub fn apply(self) -> Result<S::Output, Error> {
        self.sealed.apply()
    }
}

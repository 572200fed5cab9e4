//! Taking mail in: one call for whatever a transport brings, which never fails for what others can cause
//! (`spec/fan-out.md`, "Receiving").

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::delta::{ClientItem, Raised};
use super::doubt::Level;
use super::event::ReceivedLetter;
use super::receive::Unopened;
use super::unread::Unread;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::franking::FrankCheck;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::MessageId;
use crate::storage::Pending;

/// An envelope as a transport brings it.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The device that the transport names as its sender.
    pub from: Address,
    /// The message id that the transport carries beside it, if it does: a hint, which nobody vouches for.
    pub id: Option<MessageId>,
    /// The envelope.
    pub envelope: &'a [u8],
}

/// The outcome of taking mail. On all but [`Taken::Waits`] tell the server that it may forget the mail, once the
/// change is saved.
#[derive(Debug)]
#[non_exhaustive]
pub enum Taken {
    /// A letter: show it.
    Letter(Box<ReceivedLetter>),
    /// It was read before. There is nothing to show.
    Known,
    /// It may open later: keep it, do what is needed, and take it again.
    Waits(Need),
    /// It did not open, for this reason. The client remembers that, and asks for it by itself
    /// ([`Client::repairs`]); if the transport named no id, it asks the sender only which session it is on. Of
    /// [`Error::StateCloned`] tell the user: somebody has a copy of the sender's state, or it was restored from a
    /// backup.
    Unread(Error),
    /// It did not open, for this reason, and is not remembered, because 32 letters of its sender are unread already:
    /// nobody asks for it. Tell the user that letters of the sender may be lost. What [`Taken::Unread`] says of
    /// [`Error::StateCloned`] holds here, too.
    Unremembered(Error),
    /// It is nothing that could be read, for this reason. There is nothing to be done.
    Refused(Error),
}

/// A thing that mail waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// The account's device list, or a newer one: fetch and [`Client::learn`] it. If the newest one does not name the
    /// sender either, drop the mail.
    List(AccountId),
    /// This account's own device list. This device was removed, as far as it knows.
    OwnList,
    /// The user's word about a changed account ([`Client::changed_lists_of`]).
    User(AccountId),
    /// A later release of the app: the content is of a kind that this one does not know.
    Release,
}

/// The class of mail that did not open.
enum Class {
    Known,
    Waits(Need),
    Refused,
    /// It can be read only if it comes again; and a doubt about the device, if it gives cause for one.
    Unread(Cause),
}

/// The cause for a doubt.
enum Cause {
    None,
    Suspicion,
    Shown,
}

impl Client {
    /// Takes mail in, whatever it is. Save the change, apply it, then do as [`Taken`] says.
    ///
    /// Other than [`Client::open`] it fails for nothing that others can cause, and remembers what did not open: a
    /// letter that should have opened is asked for again, and a session that has come apart is begun anew by
    /// what [`Client::repairs`] lists, or by the next letter to the device. Of mail of devices that are in no known
    /// list nothing is remembered.
    pub fn take(&mut self, mail: &Mail<'_>, now: u64) -> Pending<'_, Self, Taken> {
        self.taken(mail, FrankCheck::Skip, now)
    }

    pub(super) fn taken(
        &mut self,
        mail: &Mail<'_>,
        frank: FrankCheck<'_>,
        now: u64,
    ) -> Pending<'_, Self, Taken> {
        let now = self.inner.clock.now(now);
        match self.inner.opened(mail.from, mail.envelope, frank, now) {
            Ok((items, letter)) => {
                let now = now.supported(letter.support());
                self.pending(now, items, Taken::Letter(Box::new(letter)))
            }
            Err(unopened) => {
                let (items, taken) = self.inner.unopened(mail, unopened, now);
                if items.is_empty() {
                    Pending::maybe(self, None, taken)
                } else {
                    self.pending(now, items, taken)
                }
            }
        }
    }

    /// Tells whether this device has read a letter of another one under this id, as far as it remembers: the newest
    /// 1,024.
    #[must_use]
    pub fn was_read(&self, from: Address, id: &MessageId) -> bool {
        self.inner.has_read(from, id)
    }

    /// Lists the letters that came and did not open, oldest first. They are asked for by what [`Client::repairs`]
    /// lists; what does not come is told by [`Client::expire`].
    pub fn unread(&self) -> impl Iterator<Item = Unread> {
        self.inner.unread.0.iter().copied()
    }
}

impl Inner {
    /// Returns what becomes of mail that did not open, and what is remembered of it.
    fn unopened(&self, mail: &Mail<'_>, unopened: Unopened, now: Now) -> (Vec<ClientItem>, Taken) {
        let (from, error) = (self.present(mail.from, now), unopened.error());
        if mail.id.as_ref().is_some_and(|id| self.has_read(from, id)) {
            return (Vec::new(), Taken::Known);
        }
        if from != mail.from && error == Error::WrongPeer {
            // Whoever claims to have had an id must not have the mail of its owner thrown away.
            return (Vec::new(), Taken::Waits(Need::List(mail.from.account)));
        }
        let cause = match class(from, unopened) {
            Class::Known => return (Vec::new(), Taken::Known),
            Class::Waits(need) => return (Vec::new(), Taken::Waits(need)),
            // Its sender is another device, in a known list: nothing else comes so far.
            Class::Unread(cause) => cause,
            Class::Refused => return (Vec::new(), Taken::Refused(error)),
        };
        let is_known = mail.id.is_some_and(|id| self.unread.has(from, &id));
        let noted = mail.id.filter(|id| self.unread.takes(from, id));
        let is_remembered = mail.id.is_none() || is_known || noted.is_some();
        let taken = if is_remembered { Taken::Unread(error) } else { Taken::Unremembered(error) };
        let noted =
            noted.map(|id| ClientItem::Unread(Box::new(Unread::new(from, id, now.reading()))));
        let raised = self.raised(from, mail.id.is_some(), &cause);
        let raised = raised.map(|level| ClientItem::Raised(Box::new(Raised { of: from, level })));
        (noted.into_iter().chain(raised).collect(), taken)
    }

    fn has_read(&self, from: Address, id: &MessageId) -> bool {
        let from = self.known_at(from);
        self.seen.all(from.account, from.device, id).any(|seen| seen.here)
    }

    /// Returns the doubt that there is then about a device, if it rises.
    fn raised(&self, of: Address, has_id: bool, cause: &Cause) -> Option<Level> {
        let peer = self.peers.get(&of);
        // With whom there is no session one begins anyway; what is remembered of newcomers for it would have no bound.
        if peer.is_none() && self.is_newcomer(of.account) {
            return None;
        }
        let doubt = peer.map(|peer| peer.doubt).unwrap_or_default();
        let level = match cause {
            Cause::None => Level::None,
            Cause::Suspicion => doubt.suspicion(has_id),
            Cause::Shown => Level::Shown,
        };
        doubt.is_raised_by(level).then_some(level)
    }
}

/// Tells what class a refusal makes of mail: `spec/fan-out.md`, "Receiving".
fn class(from: Address, unopened: Unopened) -> Class {
    match unopened.error() {
        Error::Duplicate => Class::Known,
        Error::UnknownAccount | Error::Unlisted | Error::ListExpired => {
            Class::Waits(Need::List(from.account))
        }
        Error::OwnDeviceUnlisted => Class::Waits(Need::OwnList),
        Error::AccountChanged => Class::Waits(Need::User(from.account)),
        Error::UnsupportedContent => Class::Waits(Need::Release),
        // Its session has vouched for it; the frank may be somebody else's making.
        Error::FrankMismatch => Class::Unread(Cause::None),
        error => match unopened {
            Unopened::Stranger(_) => class_of_stranger(error),
            Unopened::Header { is_present, .. } => class_of_header(error, is_present),
        },
    }
}

/// Tells the class of mail that anybody can have made.
fn class_of_stranger(error: Error) -> Class {
    match error {
        Error::Forged
        | Error::UnknownPrekey
        | Error::Replay
        | Error::RotationRequired
        | Error::ReplayShareFull
        // Of a first message: who made it is not known yet.
        | Error::TooFarAhead
        | Error::Inconsistent => Class::Unread(Cause::Suspicion),
        _ => Class::Refused,
    }
}

/// Tells the class of mail whose header was sealed in a session: in one that the device may still be on
/// (`is_present`), or in one that it has left.
fn class_of_header(error: Error, is_present: bool) -> Class {
    match error {
        // A rolled back device uses numbers again whose keys are gone; so does whoever repeats an old message.
        Error::MessageKeyGone => Class::Unread(Cause::Suspicion),
        // It was altered on its way.
        Error::Forged => Class::Unread(Cause::None),
        // In one that the device has left before the last it may be one that somebody has recorded.
        Error::StateCloned if !is_present => Class::Unread(Cause::Suspicion),
        Error::StateCloned => Class::Unread(Cause::Shown),
        Error::TooFarAhead | Error::Inconsistent | Error::ChainExhausted | Error::WeakKey => {
            Class::Unread(if is_present { Cause::Shown } else { Cause::None })
        }
        _ => Class::Refused,
    }
}

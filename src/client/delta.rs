//! Changes of a client by one operation: `spec/state.md`, "Client delta".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountId, AccountKey};
use crate::protocol::identity::device_list::{DeviceList, ListHash};
use crate::protocol::identity::linking::PendingLinking;
use crate::protocol::labels;
use crate::protocol::letter::Listed;
use crate::protocol::letter::copy::{LetterOf, MAX_COPIES};
use crate::protocol::letter::missing::Missing;
use crate::protocol::ratchet;
use crate::session::{Device, Session};

use super::address::Address;
use super::doubt::Level;
use super::limits::MAX_ITEMS;
use super::log_status::LogStatus;
use super::paged_log::Entry;
pub(super) use super::parts::{
    Accept, Asked, Begin, Dismissed, ListReport, Logged, MovedSession, Queued, Raised, Resent,
    Settled, VerifiedKey,
};
use super::passing::Passing;
use super::seen_log::Seen;
use super::sent_log::{Attempt, Sent};
use super::session_choice::Contradiction;
use super::slot::Slot;
use super::unread::Unread;
use super::waiting::Dismissal;
use super::wanted::{AskedOwn, Wanted};
use crate::protocol::letter::MessageId;
use crate::protocol::letter::missing::MAX_MISSING;
use crate::storage::{Change, Delta, DeltaKind, Stateful};

/// The changes that one operation makes in a client, and its time.
pub(crate) struct ClientDelta {
    pub(super) now: Now,
    pub(super) items: Vec<ClientItem>,
}

/// A single change of a client. See note `[boxes]`.
pub(super) enum ClientItem {
    /// This device's prekeys.
    Prekeys(Box<Change<Device>>),
    /// A session of this device's own becomes the active one.
    Begin(Box<Begin>),
    /// A session of the peer's is taken in.
    Accept(Box<Accept>),
    /// A message was sealed in the active session.
    Sealed(Box<MovedSession>),
    /// A message was opened.
    Opened(Box<MovedSession>),
    /// The doubt about a device rises.
    Raised(Box<Raised>),
    /// A message was opened, here or by another own device.
    Seen(Box<Seen>),
    /// The other own devices were told what was opened here.
    SeenReported,
    /// Some of the other own devices were told, and at least one was left out.
    ReportTried,
    /// A message was sent.
    Sent(Box<Sent>),
    /// A message was sealed once more.
    Resent(Box<Resent>),
    /// A queued message was sealed for an account that was stopped.
    Queued(Box<Queued>),
    /// The letters that a device wants, all of them.
    Wanted(Box<(Address, Wanted)>),
    /// A letter was to be sealed for who lacks it, and no bundle was to be had, or its content is gone.
    Attempt(Box<Attempt>),
    /// A device does not send again what it was asked for.
    Refused(Box<(Address, Missing)>),
    /// The other own devices were asked for letters of others.
    AskedOwn(Box<AskedOwn>),
    /// Another own device has written to an account, or the user is about to.
    Acquaint(Box<AccountId>),
    /// A device reported a list that differs from the known one, or no longer does.
    Report(Box<ListReport>),
    /// An account's list, new or following the known one.
    Learn(Box<DeviceList>),
    /// An account's list that does not follow.
    Changed(Box<DeviceList>),
    /// The user has acknowledged a list that does not follow.
    Acknowledge(Box<DeviceList>),
    /// The user has dismissed a list that does not follow.
    Dismiss(Box<Dismissed>),
    /// The user has compared an account's key, or takes that back.
    Verified(Box<VerifiedKey>),
    /// A log has said something of an account's list.
    Logged(Box<Logged>),
    /// An account is no contact any more.
    Forget(Box<AccountId>),
    /// A companion is being linked, or no longer is.
    Linking(Option<Box<PendingLinking>>),
    /// Only time has passed.
    Expire,
    /// The clock was wrong.
    ResetClock,
    /// Mail came that did not open.
    Unread(Box<Unread>),
    /// A resend request goes to a device.
    Asked(Box<Asked>),
    /// Something was said in passing.
    Passed(Box<Passing>),
    /// A message that is shown once was, by its name.
    Spent(Box<[u8; 16]>),
    /// A letter that did not open was read, or will not come.
    Settled(Box<Settled>),
}

impl Delta for ClientDelta {
    const KIND: DeltaKind = DeltaKind::Client;

    /// Hashes the time and everything that is not secret.
    fn id(&self) -> impl AsRef<[u8]> {
        let mut writer = Writer::new();
        self.now.write(&mut writer);
        for item in &self.items {
            writer.u8(item.tag());
            item.write_public(&mut writer);
            match item {
                ClientItem::Prekeys(change) => change.stands().write(&mut writer),
                ClientItem::Begin(begin) => writer.raw(&begin.session.id().0),
                ClientItem::Accept(accept) => writer.raw(&accept.session.id().0),
                ClientItem::Sealed(moved) | ClientItem::Opened(moved) => {
                    writer.raw(&moved.delta.change_id());
                }
                ClientItem::Linking(pending) => {
                    let pending = pending.as_deref();
                    writer.option(pending, |pending, writer| writer.raw(pending.transcript()));
                }
                _ => {}
            }
        }
        hash(&[labels::STATE_CLIENT, writer.written()])
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        writer.count(self.items.len());
        for item in &self.items {
            writer.u8(item.tag());
            item.write_public(writer);
            match item {
                ClientItem::Prekeys(change) => change.write(writer),
                ClientItem::Begin(begin) => begin.session.write(writer),
                ClientItem::Accept(accept) => accept.session.write(writer),
                ClientItem::Sealed(moved) | ClientItem::Opened(moved) => moved.delta.write(writer),
                ClientItem::Linking(pending) => {
                    writer.option(pending.as_deref(), PendingLinking::write);
                }
                _ => {}
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = Now::read(reader)?;
        Ok(Self { now, items: reader.list(MAX_ITEMS, ClientItem::read)? })
    }
}

impl ClientItem {
    /// Says when the message that it takes in was sent. What a server has withheld is no fresh sign of its sender.
    pub(super) fn note_heard(&mut self, at: u64) {
        match self {
            Self::Accept(accept) => accept.heard = at,
            Self::Opened(moved) => moved.heard = at,
            _ => {}
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Prekeys(_) => 1,
            Self::Begin(_) => 2,
            Self::Accept(_) => 3,
            Self::Sealed(_) => 4,
            Self::Opened(_) => 5,
            Self::Raised(_) => 6,
            Self::Seen(_) => 7,
            Self::Sent(_) => 8,
            Self::Resent(_) => 9,
            Self::Report(_) => 10,
            Self::Learn(_) => 11,
            Self::Changed(_) => 12,
            Self::Acknowledge(_) => 13,
            Self::Forget(_) => 14,
            Self::Linking(_) => 15,
            Self::Expire => 16,
            Self::Dismiss(_) => 17,
            Self::ResetClock => 18,
            Self::SeenReported => 19,
            Self::Verified(_) => 20,
            Self::Logged(_) => 21,
            Self::Acquaint(_) => 22,
            Self::Unread(_) => 23,
            Self::Asked(_) => 24,
            Self::Settled(_) => 27,
            Self::Queued(_) => 28,
            Self::Wanted(_) => 26,
            Self::Attempt(_) => 30,
            Self::Refused(_) => 31,
            Self::AskedOwn(_) => 32,
            Self::ReportTried => 33,
            Self::Passed(_) => 50,
            Self::Spent(_) => 51,
        }
    }

    /// Writes the part that is not secret. The secret part follows it.
    fn write_public(&self, writer: &mut Writer) {
        match self {
            Self::Prekeys(_)
            | Self::Linking(_)
            | Self::Expire
            | Self::ResetClock
            | Self::SeenReported
            | Self::ReportTried => {}
            Self::Begin(begin) => begin.with.write(writer),
            Self::Accept(accept) => {
                accept.from.write(writer);
                writer.flag(accept.activate);
                writer.u8(Contradiction::byte(accept.found));
                writer.u64(accept.heard);
            }
            Self::Sealed(moved) => moved.with.write(writer),
            Self::Opened(moved) => {
                moved.with.write(writer);
                writer.u8(moved.slot.byte());
                writer.u64(moved.heard);
            }
            Self::Raised(raised) => {
                raised.of.write(writer);
                writer.u8(raised.level.byte());
            }
            Self::Unread(unread) => unread.write(writer),
            Self::Passed(passing) => passing.write(writer),
            Self::Spent(name) => writer.raw(&name[..]),
            Self::Asked(asked) => {
                asked.to.write(writer);
                writer.list(&asked.ids, |id, writer| writer.raw(&id.0));
            }
            Self::Settled(settled) => {
                settled.from.write(writer);
                writer.raw(&settled.id.0);
            }
            Self::Seen(seen) => seen.write(writer),
            Self::Sent(sent) => sent.write(writer),
            Self::Resent(resent) => {
                writer.raw(&resent.id.0);
                resent.to.write(writer);
            }
            Self::Queued(queued) => {
                writer.raw(&queued.id.0);
                writer.raw(&queued.account.0);
            }
            Self::Wanted(wanted) => {
                wanted.0.write(writer);
                wanted.1.write(writer);
            }
            Self::Attempt(attempt) => {
                writer.raw(&attempt.id.0);
                writer.flag(attempt.is_last);
            }
            Self::Refused(refused) => {
                refused.0.write(writer);
                refused.1.write(writer);
            }
            Self::AskedOwn(asked) => writer.list(&asked.letters, LetterOf::write),
            Self::Report(report) => {
                report.by.write(writer);
                writer.raw(&report.subject.0);
                writer.option(report.listed.as_deref(), Listed::write);
            }
            Self::Learn(list) | Self::Changed(list) | Self::Acknowledge(list) => list.write(writer),
            Self::Dismiss(dismissed) => {
                writer.raw(&dismissed.account.0);
                writer.raw(&dismissed.dismissal.0);
            }
            Self::Forget(account) | Self::Acquaint(account) => writer.raw(&account.0),
            Self::Verified(verified) => {
                writer.raw(&verified.account.0);
                writer.option(verified.key, |key, writer| writer.raw(&key.0));
            }
            Self::Logged(logged) => {
                writer.raw(&logged.account.0);
                writer.raw(&logged.list.0);
                writer.u8(LogStatus::byte(logged.status));
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => {
                let change = Change::read(reader).map_err(|_| Error::Malformed)?;
                Self::Prekeys(Box::new(change))
            }
            2 => {
                let with = Address::read(reader)?;
                Self::Begin(Box::new(Begin { with, session: Session::read(reader)? }))
            }
            3 => {
                let from = Address::read(reader)?;
                let (activate, found) = (reader.flag()?, Contradiction::of(reader.u8()?)?);
                let (heard, session) = (reader.u64()?, Session::read(reader)?);
                Self::Accept(Box::new(Accept { from, session, activate, found, heard }))
            }
            4 => Self::Sealed(moved(Address::read(reader)?, Slot::Active, 0, reader)?),
            5 => {
                let (from, slot) = (Address::read(reader)?, Slot::of(reader.u8()?));
                let heard = reader.u64()?;
                Self::Opened(moved(from, slot, heard, reader)?)
            }
            6 => {
                let (of, level) = (Address::read(reader)?, Level::of(reader.u8()?)?);
                Self::Raised(Box::new(Raised { of, level }))
            }
            7 => Self::Seen(Box::new(Seen::read(reader)?)),
            8 => Self::Sent(Box::new(Sent::read(reader)?)),
            9 => {
                let (id, to) = (MessageId(*reader.array()?), Address::read(reader)?);
                Self::Resent(Box::new(Resent { id, to }))
            }
            10 => {
                let (by, subject) = (Address::read(reader)?, AccountId(*reader.array()?));
                let listed = reader.option(|reader| Listed::read(reader).map(Box::new))?;
                Self::Report(Box::new(ListReport { by, subject, listed }))
            }
            11 => Self::Learn(Box::new(DeviceList::recall(reader)?)),
            12 => Self::Changed(Box::new(DeviceList::recall(reader)?)),
            13 => Self::Acknowledge(Box::new(DeviceList::recall(reader)?)),
            14 => Self::Forget(Box::new(AccountId(*reader.array()?))),
            15 => Self::Linking(reader.option(|it| PendingLinking::read(it).map(Box::new))?),
            16 => Self::Expire,
            18 => Self::ResetClock,
            19 => Self::SeenReported,
            33 => Self::ReportTried,
            17 => {
                let account = AccountId(*reader.array()?);
                let dismissal = Dismissal(*reader.array()?);
                Self::Dismiss(Box::new(Dismissed { account, dismissal }))
            }
            20 => {
                let account = AccountId(*reader.array()?);
                let key = reader.option(|reader| Ok(AccountKey(*reader.array()?)))?;
                Self::Verified(Box::new(VerifiedKey { account, key }))
            }
            21 => {
                let (account, list) = (AccountId(*reader.array()?), ListHash(*reader.array()?));
                let status = LogStatus::of(reader.u8()?)?;
                Self::Logged(Box::new(Logged { account, list, status }))
            }
            22 => Self::Acquaint(Box::new(AccountId(*reader.array()?))),
            23 => Self::Unread(Box::new(Unread::read(reader)?)),
            24 => {
                let to = Address::read(reader)?;
                let ids = reader.list(MAX_MISSING, |it| Ok(MessageId(*it.array()?)))?;
                Self::Asked(Box::new(Asked { to, ids }))
            }
            27 => {
                let (from, id) = (Address::read(reader)?, MessageId(*reader.array()?));
                Self::Settled(Box::new(Settled { from, id }))
            }
            28 => {
                let id = MessageId(*reader.array()?);
                Self::Queued(Box::new(Queued { id, account: AccountId(*reader.array()?) }))
            }
            26 => Self::Wanted(Box::new((Address::read(reader)?, Wanted::read(reader)?))),
            30 => {
                let (id, is_last) = (MessageId(*reader.array()?), reader.flag()?);
                Self::Attempt(Box::new(Attempt { id, is_last }))
            }
            31 => Self::Refused(Box::new((Address::read(reader)?, Missing::read_refused(reader)?))),
            32 => Self::AskedOwn(Box::new(AskedOwn {
                letters: reader.list(MAX_COPIES, LetterOf::read)?,
            })),
            50 => Self::Passed(Box::new(Passing::read(reader)?)),
            51 => Self::Spent(Box::new(*reader.array()?)),
            _ => return Err(Error::Malformed),
        })
    }
}

fn moved(
    with: Address,
    slot: Slot,
    heard: u64,
    reader: &mut Reader<'_>,
) -> Result<Box<MovedSession>, Error> {
    let delta = ratchet::RatchetDelta::read(reader)?;
    Ok(Box::new(MovedSession { with, slot, heard, delta }))
}

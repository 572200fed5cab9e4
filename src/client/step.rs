//! What one operation changes in a client: `spec/state.md`, "Changes of a client".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::change::Change;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::devices::DeviceList;
use crate::protocol::identity::AccountId;
use crate::protocol::labels;
use crate::protocol::letter::Listed;
use crate::protocol::linking::Pending;
use crate::protocol::ratchet;
use crate::session::Session;
use crate::state::private::Stateful;

use super::logs::{Seen, Sent};
use super::peer::Slot;
use super::runs::Entry;
use super::{Address, MAX_STEPS, MessageId};

/// All that one operation changes, at a time.
pub(crate) struct ClientDelta {
    pub(super) now: u64,
    pub(super) steps: Vec<Step>,
}

/// One thing that changes. Each variant is one box, or nothing: what a larger variant leaves unused of
/// an enum is filled with whatever was on the stack, and is not wiped.
pub(super) enum Step {
    /// This device's prekeys.
    Prekeys(Box<Change>),
    /// A session of this device's own becomes the active one.
    Begin(Box<Begin>),
    /// A session of the peer's is taken in.
    Accept(Box<Accept>),
    /// A message was sealed in the active session.
    Sealed(Box<Moved>),
    /// A message was opened.
    Opened(Box<Moved>),
    /// A device has asked in a kept session for what it could not open.
    Asked(Box<Address>),
    /// A message was read, here or by another own device.
    Seen(Box<Seen>),
    /// A message was sent.
    Sent(Box<Sent>),
    /// A message was sealed once more.
    Again(Box<Again>),
    /// A device reported a list that differs from what is known here, or none any more.
    Report(Box<Report>),
    /// An account's list, new or following the known one.
    Learn(Box<DeviceList>),
    /// An account's list that does not follow.
    Changed(Box<DeviceList>),
    /// The user has acknowledged the list that does not follow.
    Acknowledge(Box<AccountId>),
    /// The user has refused the list that does not follow.
    Dismiss(Box<AccountId>),
    /// An account is no contact any more.
    Forget(Box<AccountId>),
    /// A companion is being linked, or not any more.
    Linking(Option<Box<Pending>>),
    /// Only time has passed.
    Expire,
    /// The clock was wrong.
    Mend,
}

pub(super) struct Begin {
    pub(super) with: Address,
    pub(super) session: Session,
}

pub(super) struct Accept {
    pub(super) from: Address,
    pub(super) session: Session,
    /// To be the active session, or only to be read.
    pub(super) activate: bool,
}

/// A message in a session, which it moves on.
pub(super) struct Moved {
    pub(super) with: Address,
    pub(super) slot: Slot,
    pub(super) delta: ratchet::Delta,
}

pub(super) struct Again {
    pub(super) id: MessageId,
    pub(super) to: Address,
}

pub(super) struct Report {
    pub(super) by: Address,
    pub(super) subject: AccountId,
    pub(super) listed: Option<Box<Listed>>,
}

impl ClientDelta {
    /// What names the change: the time, and everything in it that is not secret.
    pub(crate) fn name(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.u64(self.now);
        for step in &self.steps {
            writer.u8(step.tag());
            step.write_public(&mut writer);
            match step {
                Step::Prekeys(change) => change.stands().write(&mut writer),
                Step::Begin(begin) => writer.raw(&begin.session.id()),
                Step::Accept(accept) => writer.raw(&accept.session.id()),
                Step::Sealed(moved) | Step::Opened(moved) => writer.raw(&moved.delta.name()),
                Step::Linking(pending) => {
                    writer.flag(pending.is_some());
                    if let Some(pending) = pending {
                        writer.raw(pending.transcript());
                    }
                }
                _ => {}
            }
        }
        hash(&[labels::STATE_CLIENT, writer.written()])
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        writer.count(self.steps.len());
        for step in &self.steps {
            writer.u8(step.tag());
            step.write_public(writer);
            match step {
                Step::Prekeys(change) => change.write(writer),
                Step::Begin(begin) => begin.session.write(writer),
                Step::Accept(accept) => accept.session.write(writer),
                Step::Sealed(moved) | Step::Opened(moved) => moved.delta.write(writer),
                Step::Linking(pending) => {
                    writer.flag(pending.is_some());
                    if let Some(pending) = pending {
                        pending.write(writer);
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let steps = (0..reader.count(MAX_STEPS)?).map(|_| Step::read(reader));
        Ok(Self { now, steps: steps.collect::<Result<_, _>>()? })
    }
}

impl Step {
    fn tag(&self) -> u8 {
        match self {
            Self::Prekeys(_) => 1,
            Self::Begin(_) => 2,
            Self::Accept(_) => 3,
            Self::Sealed(_) => 4,
            Self::Opened(_) => 5,
            Self::Asked(_) => 6,
            Self::Seen(_) => 7,
            Self::Sent(_) => 8,
            Self::Again(_) => 9,
            Self::Report(_) => 10,
            Self::Learn(_) => 11,
            Self::Changed(_) => 12,
            Self::Acknowledge(_) => 13,
            Self::Forget(_) => 14,
            Self::Linking(_) => 15,
            Self::Expire => 16,
            Self::Dismiss(_) => 17,
            Self::Mend => 18,
        }
    }

    /// The part that is not secret. What is, follows it.
    fn write_public(&self, writer: &mut Writer) {
        match self {
            Self::Prekeys(_) | Self::Linking(_) | Self::Expire | Self::Mend => {}
            Self::Begin(begin) => begin.with.write(writer),
            Self::Accept(accept) => {
                accept.from.write(writer);
                writer.flag(accept.activate);
            }
            Self::Sealed(moved) => moved.with.write(writer),
            Self::Opened(moved) => {
                moved.with.write(writer);
                writer.u8(moved.slot);
            }
            Self::Asked(address) => address.write(writer),
            Self::Seen(seen) => seen.write(writer),
            Self::Sent(sent) => sent.write(writer),
            Self::Again(again) => {
                writer.raw(&again.id);
                again.to.write(writer);
            }
            Self::Report(report) => {
                report.by.write(writer);
                writer.raw(&report.subject.0);
                writer.flag(report.listed.is_some());
                if let Some(listed) = &report.listed {
                    listed.write(writer);
                }
            }
            Self::Learn(list) | Self::Changed(list) => list.write(writer),
            Self::Acknowledge(account) | Self::Dismiss(account) | Self::Forget(account) => {
                writer.raw(&account.0);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => Self::Prekeys(Box::new(Change::read_of_device(reader)?)),
            2 => {
                let with = Address::read(reader)?;
                Self::Begin(Box::new(Begin { with, session: Session::read(reader)? }))
            }
            3 => {
                let (from, activate) = (Address::read(reader)?, reader.flag()?);
                let session = Session::read(reader)?;
                Self::Accept(Box::new(Accept { from, session, activate }))
            }
            4 => Self::Sealed(moved(Address::read(reader)?, 0, reader)?),
            5 => {
                let (from, slot) = (Address::read(reader)?, reader.u8()?);
                Self::Opened(moved(from, slot, reader)?)
            }
            6 => Self::Asked(Box::new(Address::read(reader)?)),
            7 => Self::Seen(Box::new(Seen::read(reader)?)),
            8 => Self::Sent(Box::new(Sent::read(reader)?)),
            9 => {
                let (id, to) = (*reader.array()?, Address::read(reader)?);
                Self::Again(Box::new(Again { id, to }))
            }
            10 => {
                let (by, subject) = (Address::read(reader)?, AccountId(*reader.array()?));
                let listed =
                    if reader.flag()? { Some(Box::new(Listed::read(reader)?)) } else { None };
                Self::Report(Box::new(Report { by, subject, listed }))
            }
            11 => Self::Learn(Box::new(DeviceList::recall(reader)?)),
            12 => Self::Changed(Box::new(DeviceList::recall(reader)?)),
            13 => Self::Acknowledge(Box::new(AccountId(*reader.array()?))),
            14 => Self::Forget(Box::new(AccountId(*reader.array()?))),
            15 if reader.flag()? => Self::Linking(Some(Box::new(Pending::read(reader)?))),
            15 => Self::Linking(None),
            16 => Self::Expire,
            18 => Self::Mend,
            17 => Self::Dismiss(Box::new(AccountId(*reader.array()?))),
            _ => return Err(Error::Malformed),
        })
    }
}

fn moved(with: Address, slot: Slot, reader: &mut Reader<'_>) -> Result<Box<Moved>, Error> {
    Ok(Box::new(Moved { with, slot, delta: ratchet::Delta::read(reader)? }))
}

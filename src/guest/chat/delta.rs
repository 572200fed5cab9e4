//! Changes of a chat: `spec/state.md`, "Device, invite and chat delta".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::grant::Grant;
use crate::protocol::guest::pin::PinStage;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::letter::Listed;
use crate::protocol::ratchet;
use crate::session::{Session, SessionId};
use crate::storage::{Delta, DeltaKind, Stateful};

/// The changes that one message or one moment makes in a chat.
pub(crate) struct ChatDelta {
    pub(crate) now: Now,
    /// In ascending order of the devices.
    pub(crate) moved: Vec<MovedChatSession>,
    /// The list that the sender of an opened message knows, zeros if it is the one that is known here.
    pub(crate) report: Option<(DeviceId, Listed)>,
    pub(crate) step: ChatStep,
}

/// The session with one device on the other side, moved on by one message.
pub(crate) struct MovedChatSession {
    pub(crate) with: DeviceId,
    /// See note `[boxes]`.
    pub(crate) delta: Box<ratchet::RatchetDelta>,
}

/// The move of a chat between waiting, active and ended.
pub(crate) enum ChatStep {
    /// None.
    Stay,
    /// One more text before the grant.
    Pend,
    /// The next stage of the PIN.
    Pin(PinStage),
    /// The guest is let in by this grant.
    Grant(Box<Grant>),
    /// It is over.
    End(EndReason),
    /// The host's devices are those of this list.
    Learn(Box<DeviceList>),
    /// A late device of the host has joined.
    Join(Session),
    /// A device of the host has ended its part.
    Close(DeviceId),
}

impl ChatStep {
    /// Writes the part that is not secret, with which the encoding begins.
    fn write_public(&self, writer: &mut Writer) {
        match self {
            Self::Stay => writer.u8(0),
            Self::Pend => writer.u8(1),
            Self::Grant(grant) => {
                writer.u8(2);
                grant.write(writer);
            }
            Self::End(reason) => {
                writer.u8(3);
                writer.u8(reason.byte());
            }
            Self::Pin(_) => writer.u8(4),
            Self::Learn(list) => {
                writer.u8(5);
                list.write(writer);
            }
            Self::Join(session) => {
                writer.u8(6);
                writer.raw(&session.id().0);
            }
            Self::Close(device) => {
                writer.u8(7);
                writer.raw(&device.0);
            }
        }
    }

    fn write(&self, writer: &mut Writer) {
        self.write_public(writer);
        match self {
            Self::Pin(stage) => stage.write(writer),
            Self::Join(session) => session.write(writer),
            _ => {}
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            0 => Self::Stay,
            1 => Self::Pend,
            2 => Self::Grant(Box::new(Grant::read(reader)?)),
            3 => Self::End(EndReason::decode(reader.u8()?)?),
            4 => Self::Pin(PinStage::read(reader)?),
            5 => Self::Learn(Box::new(DeviceList::recall(reader)?)),
            6 => {
                let (id, session) = (SessionId(*reader.array()?), Session::read(reader)?);
                if session.id() != id {
                    return Err(Error::Malformed);
                }
                Self::Join(session)
            }
            7 => Self::Close(DeviceId(*reader.array()?)),
            _ => return Err(Error::Malformed),
        })
    }
}

impl ChatDelta {
    /// Makes a delta without a message.
    pub(crate) fn step(now: Now, step: ChatStep) -> Self {
        Self { now, moved: Vec::new(), report: None, step }
    }

    fn write_report(&self, writer: &mut Writer) {
        writer.option(self.report.as_ref(), |(by, listed), writer| {
            writer.raw(&by.0);
            listed.write(writer);
        });
    }
}

impl Delta for ChatDelta {
    const KIND: DeltaKind = DeltaKind::Chat;

    /// Returns the time, the move, and the change ids of its messages.
    fn id(&self) -> impl AsRef<[u8]> {
        let mut writer = Writer::new();
        self.now.write(&mut writer);
        self.step.write_public(&mut writer);
        self.write_report(&mut writer);
        writer.list(&self.moved, |MovedChatSession { with, delta }, writer| {
            writer.raw(&with.0);
            writer.raw(&delta.change_id());
        });
        writer.public()
    }

    fn is_turn(&self) -> bool {
        self.moved.iter().any(|moved| moved.delta.is_turn())
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        self.step.write(writer);
        self.write_report(writer);
        writer.list(&self.moved, |MovedChatSession { with, delta }, writer| {
            writer.raw(&with.0);
            delta.write(writer);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (now, step) = (Now::read(reader)?, ChatStep::read(reader)?);
        let report =
            reader.option(|reader| Ok((DeviceId(*reader.array()?), Listed::read(reader)?)))?;
        let mut moved: Vec<MovedChatSession> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let with = DeviceId(*reader.array()?);
            if moved.last().is_some_and(|last| last.with >= with) {
                return Err(Error::Malformed);
            }
            moved.push(MovedChatSession {
                with,
                delta: Box::new(ratchet::RatchetDelta::read(reader)?),
            });
        }
        Ok(Self { now, moved, report, step })
    }
}

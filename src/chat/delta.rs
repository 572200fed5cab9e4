//! What can happen to a chat: `spec/state.md`, "Change, kind 0x10".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::EndReason;
use crate::protocol::devices::{DeviceList, MAX_DEVICES};
use crate::protocol::grant::Word;
use crate::protocol::identity::DeviceId;
use crate::protocol::letter::Listed;
use crate::protocol::pin::PinStage;
use crate::protocol::ratchet;
use crate::session::Session;
use crate::state::private::Stateful;

/// One message or one moment in a chat.
pub(crate) struct ChatDelta {
    pub(crate) now: u64,
    /// In ascending order of the devices.
    pub(crate) moved: Vec<Moved>,
    /// Which list the sender of an opened message knows, zeros if the one that is known here.
    pub(crate) report: Option<(DeviceId, Listed)>,
    pub(crate) step: Step,
}

/// The session with one device on the other side, moved on by one message.
pub(crate) struct Moved {
    pub(crate) with: DeviceId,
    /// Boxed, so that the vector moves no secret.
    pub(crate) delta: Box<ratchet::Delta>,
}

/// How a change moves a chat between waiting, active and ended.
pub(crate) enum Step {
    /// Not at all.
    Stay,
    /// One more text before the grant.
    Pend,
    /// One step of the PIN.
    Pin(PinStage),
    /// The guest is let in, by this word.
    Grant(Box<Word>),
    /// It is over.
    End(EndReason),
    /// The host's devices are those of this list.
    Learn(Box<DeviceList>),
    /// Another device of the host has come.
    Join(Session),
}

impl Step {
    /// What of a step is not secret: the bytes that its encoding begins with.
    fn write_public(&self, writer: &mut Writer) {
        match self {
            Self::Stay => writer.u8(0),
            Self::Pend => writer.u8(1),
            Self::Grant(word) => {
                writer.u8(2);
                word.write(writer);
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
                writer.raw(&session.id());
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
            2 => Self::Grant(Box::new(Word::read(reader)?)),
            3 => Self::End(EndReason::decode(reader.u8()?)?),
            4 => Self::Pin(PinStage::read(reader)?),
            5 => Self::Learn(Box::new(DeviceList::recall(reader)?)),
            6 => {
                let (id, session) = (*reader.array::<32>()?, Session::read(reader)?);
                if session.id() != id {
                    return Err(Error::Malformed);
                }
                Self::Join(session)
            }
            _ => return Err(Error::Malformed),
        })
    }
}

impl ChatDelta {
    /// What names the change: the time, how it moves the chat, and its messages.
    pub(crate) fn name(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(self.now);
        self.step.write_public(&mut writer);
        self.write_report(&mut writer);
        writer.count(self.moved.len());
        for Moved { with, delta } in &self.moved {
            writer.raw(&with.0);
            writer.raw(&delta.name());
        }
        writer.public()
    }

    fn write_report(&self, writer: &mut Writer) {
        writer.flag(self.report.is_some());
        if let Some((by, listed)) = &self.report {
            writer.raw(&by.0);
            listed.write(writer);
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        self.step.write(writer);
        self.write_report(writer);
        writer.count(self.moved.len());
        for Moved { with, delta } in &self.moved {
            writer.raw(&with.0);
            delta.write(writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (now, step) = (reader.u64()?, Step::read(reader)?);
        let report = if reader.flag()? {
            Some((DeviceId(*reader.array()?), Listed::read(reader)?))
        } else {
            None
        };
        let mut moved: Vec<Moved> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let with = DeviceId(*reader.array()?);
            if moved.last().is_some_and(|last| last.with >= with) {
                return Err(Error::Malformed);
            }
            moved.push(Moved { with, delta: Box::new(ratchet::Delta::read(reader)?) });
        }
        Ok(Self { now, moved, report, step })
    }
}

//! Changes of a chat: `spec/state.md`, "Device, invite and chat delta".

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::doubt::Note;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::grant::Grant;
use crate::protocol::guest::hand_over::HandOver;
use crate::protocol::guest::pin::PinStage;
use crate::protocol::guest::text::KnownText;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::letter::Listed;
use crate::protocol::ratchet;
use crate::session::{Session, SessionId};
use crate::storage::{Delta, DeltaKind, Stateful};

/// The changes that one message or one moment makes in a chat.
pub(crate) struct ChatDelta {
    pub(crate) now: Now,
    /// The time that it makes the last activity of the chat, 0 if it is none.
    pub(crate) activity: u64,
    /// In ascending order of the devices.
    pub(crate) moved: Vec<MovedChatSession>,
    /// The session of a device that has come in, or with which this one begins anew.
    pub(crate) begun: Option<Session>,
    /// The list that the sender of an opened message knows, zeros if it is the one that is known here.
    pub(crate) report: Option<(DeviceId, Listed)>,
    /// In ascending order of the devices.
    pub(crate) notes: Vec<(DeviceId, Note)>,
    /// A text that is known from now on.
    pub(crate) known: Option<KnownText>,
    pub(crate) step: ChatStep,
}

/// The session with one device on the other side, moved on by one message.
pub(crate) struct MovedChatSession {
    pub(crate) with: DeviceId,
    /// Its place among the replaced sessions; `None` for the one that is sent in.
    pub(crate) replaced: Option<u8>,
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
    /// A device of the host has ended its part.
    Close(DeviceId),
    /// A receipt was sealed.
    Receipted,
    /// The guest says that it is an account.
    HandOver(Box<HandOver>),
    /// The host goes on with this account: the chat is over.
    Become(Box<HandOver>),
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
            Self::Close(device) => {
                writer.u8(6);
                writer.raw(&device.0);
            }
            Self::Receipted => writer.u8(7),
            Self::HandOver(hand_over) => {
                writer.u8(8);
                hand_over.write(writer);
            }
            Self::Become(hand_over) => {
                writer.u8(9);
                hand_over.write(writer);
            }
        }
    }

    fn write(&self, writer: &mut Writer) {
        self.write_public(writer);
        if let Self::Pin(stage) = self {
            stage.write(writer);
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
            6 => Self::Close(DeviceId(*reader.array()?)),
            7 => Self::Receipted,
            8 => Self::HandOver(Box::new(HandOver::recall(reader)?)),
            9 => Self::Become(Box::new(HandOver::recall(reader)?)),
            _ => return Err(Error::Malformed),
        })
    }
}

impl ChatDelta {
    /// Makes a delta without a message.
    pub(crate) fn step(now: Now, step: ChatStep) -> Self {
        let (moved, notes) = (Vec::new(), Vec::new());
        Self { now, activity: 0, moved, begun: None, report: None, notes, known: None, step }
    }

    /// Writes what is not secret of the part between moves and messages.
    fn write_between(&self, writer: &mut Writer) {
        writer.option(self.begun.as_ref(), |begun, writer| writer.raw(&begun.id().0));
        writer.option(self.report.as_ref(), |(by, listed), writer| {
            writer.raw(&by.0);
            listed.write(writer);
        });
        writer.list(&self.notes, |(about, note), writer| {
            writer.raw(&about.0);
            writer.u8(note.byte());
        });
        writer.option(self.known.as_ref(), KnownText::write);
    }
}

impl Delta for ChatDelta {
    const KIND: DeltaKind = DeltaKind::Chat;

    /// Returns the time, the move, and the change ids of its messages.
    fn id(&self) -> impl AsRef<[u8]> {
        let mut writer = Writer::new();
        self.now.write(&mut writer);
        writer.u64(self.activity);
        self.step.write_public(&mut writer);
        self.write_between(&mut writer);
        writer.list(&self.moved, |MovedChatSession { with, replaced, delta }, writer| {
            writer.raw(&with.0);
            writer.option(*replaced, |place, writer| writer.u8(place));
            writer.raw(&delta.change_id());
        });
        writer.public()
    }

    fn is_turn(&self) -> bool {
        self.moved.iter().any(|moved| moved.delta.is_turn())
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        writer.u64(self.activity);
        self.step.write(writer);
        self.write_between(writer);
        writer.list(&self.moved, |MovedChatSession { with, replaced, delta }, writer| {
            writer.raw(&with.0);
            writer.option(*replaced, |place, writer| writer.u8(place));
            delta.write(writer);
        });
        if let Some(begun) = &self.begun {
            begun.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (now, activity, step) = (Now::read(reader)?, reader.u64()?, ChatStep::read(reader)?);
        let begun = reader.option(|reader| Ok(SessionId(*reader.array()?)))?;
        let report =
            reader.option(|reader| Ok((DeviceId(*reader.array()?), Listed::read(reader)?)))?;
        let notes: Vec<_> = reader.list(MAX_DEVICES, |reader| {
            Ok((DeviceId(*reader.array()?), Note::decode(reader.u8()?)?))
        })?;
        let known = reader.option(KnownText::read)?;
        if activity > now.reading() || !notes.is_sorted_by(|one, two| one.0 < two.0) {
            return Err(Error::Malformed);
        }
        let mut moved: Vec<MovedChatSession> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let with = DeviceId(*reader.array()?);
            if moved.last().is_some_and(|last| last.with >= with) {
                return Err(Error::Malformed);
            }
            let replaced = reader.option(Reader::u8)?;
            let delta = Box::new(ratchet::RatchetDelta::read(reader)?);
            moved.push(MovedChatSession { with, replaced, delta });
        }
        let begun = begun.map(|id| read_session(reader, id)).transpose()?;
        Ok(Self { now, activity, moved, begun, report, notes, known, step })
    }
}

/// Reads the session with this id.
fn read_session(reader: &mut Reader<'_>, id: SessionId) -> Result<Session, Error> {
    let session = Session::read(reader)?;
    if session.id() == id { Ok(session) } else { Err(Error::Malformed) }
}

//! Changes of settings: `spec/state.md`, "Settings delta".

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::labels;
use crate::protocol::settings::history::Named;
use crate::protocol::settings::key::{SettingsKey, SettingsKeyId};
use crate::protocol::settings::members::{read_devices, write_devices};
use crate::protocol::settings::replica::{Accepted, Replica, SettingTurn};
use crate::protocol::settings::snapshot::SnapshotText;
use crate::storage::{Delta, DeltaKind};

/// The most steps of one change: more than an operation makes.
const MAX_STEPS: usize = 16_384;

/// The change that one operation makes in settings.
pub(crate) struct SettingsDelta {
    pub(super) now: Now,
    pub(super) account: AccountKey,
    pub(super) steps: Vec<Step>,
}

/// One step of a change.
pub(super) enum Step {
    /// The account has a newer list.
    Members(u64, BTreeSet<DeviceId>),
    /// A device that begins was told since which epoch no device has left.
    Since(u64),
    /// An entry was taken, or written.
    Entry(Box<Accepted>),
    /// An entry is known of that is not here.
    Named(Named),
    /// A key was made, or told.
    Key(SettingsKey),
    /// A key was erased.
    KeyErased(SettingsKeyId),
    /// A snapshot was taken.
    Adopted(Box<SnapshotText>),
    /// A snapshot was made.
    Snapshot,
}

impl Step {
    /// Makes the step where it is not about keys, and tells what turns by it.
    pub(super) fn apply(&self, replica: &mut Replica) -> Vec<SettingTurn> {
        match self {
            Self::Members(epoch, devices) => replica.members.take(*epoch, devices),
            Self::Since(since) => replica.members.told(*since),
            Self::Entry(accepted) => return replica.accept(accepted),
            Self::Named(named) => replica.history.name(*named),
            Self::Adopted(text) => return replica.adopt(text),
            Self::Snapshot => replica.entries = 0,
            Self::Key(_) | Self::KeyErased(_) => {}
        }
        Vec::new()
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Members(epoch, devices) => {
                writer.u8(1);
                writer.u64(*epoch);
                write_devices(devices, writer);
            }
            Self::Since(since) => {
                writer.u8(2);
                writer.u64(*since);
            }
            Self::Entry(accepted) => {
                writer.u8(3);
                accepted.write(writer);
            }
            Self::Named(named) => {
                writer.u8(4);
                named.write(writer);
            }
            Self::Key(key) => {
                writer.u8(5);
                key.write(writer);
            }
            Self::KeyErased(id) => {
                writer.u8(6);
                writer.raw(&id.0);
            }
            Self::Adopted(text) => {
                writer.u8(7);
                text.write(writer);
            }
            Self::Snapshot => writer.u8(8),
        }
    }

    fn read(account: AccountKey, reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => Self::Members(reader.u64()?, read_devices(reader)?),
            2 => Self::Since(reader.u64()?),
            3 => Self::Entry(Box::new(Accepted::read(reader)?)),
            4 => Self::Named(Named::read(reader)?),
            5 => Self::Key(SettingsKey::read(account, reader)?),
            6 => Self::KeyErased(SettingsKeyId(*reader.array()?)),
            7 => Self::Adopted(Box::new(SnapshotText::read(reader)?)),
            8 => Self::Snapshot,
            _ => return Err(Error::Malformed),
        })
    }
}

impl Delta for SettingsDelta {
    const KIND: DeltaKind = DeltaKind::Settings;

    /// Returns a hash of the whole change.
    fn id(&self) -> impl AsRef<[u8]> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        hash(&[labels::SETTINGS_CHANGE, writer.written()])
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        writer.raw(&self.account.0);
        writer.list(&self.steps, Step::write);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (now, account) = (Now::read(reader)?, AccountKey(*reader.array()?));
        let steps = reader.list(MAX_STEPS, |reader| Step::read(account, reader))?;
        Ok(Self { now, account, steps })
    }
}

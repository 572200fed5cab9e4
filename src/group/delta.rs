//! Changes of a group: `spec/groups.md`, "State".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::storage::{Delta, DeltaKind};

/// The state that a member has named last, and since when it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateReport {
    pub(crate) state: OperationHash,
    pub(crate) since: u64,
}

impl StateReport {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.state.0);
        writer.u64(self.since);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { state: OperationHash(*reader.array()?), since: reader.u64()? })
    }
}

/// The change of a group.
pub(crate) enum GroupDelta {
    /// An operation is taken.
    Take(Box<Operation>),
    /// A member has named a state.
    Report(Box<(Member, StateReport)>),
}

impl Delta for GroupDelta {
    const KIND: DeltaKind = DeltaKind::Group;

    /// Returns the change, and the operation's hash, or member and report.
    fn id(&self) -> impl AsRef<[u8]> {
        Writer::encoded(|writer| match self {
            Self::Take(operation) => {
                writer.u8(1);
                writer.raw(&operation.hash().0);
            }
            Self::Report(report) => {
                writer.u8(2);
                report.0.write(writer);
                report.1.write(writer);
            }
        })
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Take(operation) => {
                writer.u8(1);
                operation.write(writer);
            }
            Self::Report(report) => {
                writer.u8(2);
                report.0.write(writer);
                report.1.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Take(Box::new(Operation::recall(reader)?))),
            2 => {
                let report = (Member::read(reader)?, StateReport::read(reader)?);
                Ok(Self::Report(Box::new(report)))
            }
            _ => Err(Error::Malformed),
        }
    }
}

//! Actions, what an operation does: `spec/groups.md`, "Actions".
//!
//! ```text
//! action = byte 1 ‖ salt (32) ‖ adding ‖ members ‖ administrators    found
//!        | byte 2 ‖ members                                         add
//!        | byte 3 ‖ members                                         remove
//!        | byte 4                                                   leave
//!        | byte 5 ‖ member                                          appoint
//!        | byte 6 ‖ member                                          dismiss
//! adding = byte 1 (administrators) | byte 2 (all members)
//! administrators = u32(count) ‖ member …     by seniority, behind the founder
//! ```

use alloc::vec::Vec;

use super::member::{Member, read_order, read_set, write_list};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The most members that one operation names.
pub(crate) const MAX_NAMED: usize = 32;

/// The accounts that may add somebody to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Adding {
    /// Its administrators.
    Administrators,
    /// All its members.
    Members,
}

impl Adding {
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Administrators => 1,
            Self::Members => 2,
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Administrators),
            2 => Ok(Self::Members),
            _ => Err(Error::Malformed),
        }
    }
}

/// The beginning of a group. Its author is a member and the most senior administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    pub(crate) salt: [u8; 32],
    /// The accounts that may add somebody.
    pub adding: Adding,
    /// The first members, without the founder, in ascending order.
    pub members: Vec<Member>,
    /// Those of them who are administrators, the most senior first.
    pub administrators: Vec<Member>,
}

/// The thing that an operation does to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The group begins.
    Found(Founding),
    /// These accounts become members.
    Add(Vec<Member>),
    /// These accounts are members no longer.
    Remove(Vec<Member>),
    /// The author is a member no longer.
    Leave,
    /// This member becomes an administrator, the most junior one.
    Appoint(Member),
    /// This member is an administrator no longer.
    Dismiss(Member),
}

impl Action {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Found(founding) => {
                writer.u8(1);
                writer.raw(&founding.salt);
                founding.adding.write(writer);
                write_list(&founding.members, writer);
                write_list(&founding.administrators, writer);
            }
            Self::Add(members) => {
                writer.u8(2);
                write_list(members, writer);
            }
            Self::Remove(members) => {
                writer.u8(3);
                write_list(members, writer);
            }
            Self::Leave => writer.u8(4),
            Self::Appoint(member) => {
                writer.u8(5);
                member.write(writer);
            }
            Self::Dismiss(member) => {
                writer.u8(6);
                member.write(writer);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => {
                let (salt, adding) = (*reader.array()?, Adding::read(reader)?);
                let members = read_set(reader, (0, MAX_NAMED))?;
                let administrators = read_order(reader, MAX_NAMED)?;
                Ok(Self::Found(Founding { salt, adding, members, administrators }))
            }
            2 => Ok(Self::Add(read_set(reader, (1, MAX_NAMED))?)),
            3 => Ok(Self::Remove(read_set(reader, (1, MAX_NAMED))?)),
            4 => Ok(Self::Leave),
            5 => Ok(Self::Appoint(Member::read(reader)?)),
            6 => Ok(Self::Dismiss(Member::read(reader)?)),
            _ => Err(Error::Malformed),
        }
    }
}

//! Members of a group, and sets of them: `spec/groups.md`, "Members".
//!
//! ```text
//! member  = first id ‖ account key
//! members = u32(count) ‖ member …      strictly ascending
//! ```

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, AccountKey, Certificate};
use crate::protocol::identity::device_list::DeviceList;

/// An account as a group knows it: by the two things of it that stay, whatever id it moves to.
///
/// An account under another account key is another member, because another key may be another person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The id that the account had when it was made ([`DeviceList::first_id`]).
    pub id: AccountId,
    /// The account's key.
    pub key: AccountKey,
}

impl Member {
    /// Returns the account of a device list as a group knows it.
    #[must_use]
    pub fn of(list: &DeviceList) -> Self {
        Self { id: list.first_id(), key: list.account_key() }
    }

    pub(crate) fn of_device(certificate: &Certificate) -> Self {
        Self { id: certificate.account(), key: certificate.account_key() }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.raw(&self.key.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { id: AccountId(*reader.array()?), key: AccountKey(*reader.array()?) })
    }
}

/// Sorts members, each once.
pub(crate) fn sorted(members: &[Member]) -> Vec<Member> {
    members.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

pub(crate) fn write_list(members: &[Member], writer: &mut Writer) {
    writer.list(members, Member::write);
}

/// Reads members in ascending order, at least `min` of them.
pub(crate) fn read_set(
    reader: &mut Reader<'_>,
    (min, max): (usize, usize),
) -> Result<Vec<Member>, Error> {
    let members: Vec<_> = reader.list(max, Member::read)?;
    let is_set = members.is_sorted_by(|one, other| one < other);
    if is_set && members.len() >= min { Ok(members) } else { Err(Error::Malformed) }
}

/// Reads members in an order of their own, each once.
pub(crate) fn read_order(reader: &mut Reader<'_>, max: usize) -> Result<Vec<Member>, Error> {
    let members: Vec<_> = reader.list(max, Member::read)?;
    if sorted(&members).len() == members.len() { Ok(members) } else { Err(Error::Malformed) }
}

//! The ids that an account had before it moved to another one: `spec/devices.md`, "Moving to another id".
//!
//! ```text
//! moved  = u32(0) ‖ first id ‖ u32(count) ‖ former …
//! former = account id ‖ u64(left)
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::AccountId;

/// The most former ids that a list names.
const MAX_FORMER: usize = 8;

/// The time in seconds for which a former id leads to the account: 90 days, as long as a letter waits for somebody.
pub(crate) const FORMER_FOR: u64 = 90 * 86_400;

/// The ids of an account that has another one than at first, or had one lately.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Moved {
    /// The id that all certificates of the account name.
    pub(super) first: AccountId,
    /// Newest first.
    former: Vec<Former>,
}

/// An id that the account had, and when the first list under the one after it was issued.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Former {
    id: AccountId,
    left: u64,
}

impl Moved {
    /// Makes what a list says of these ids, each with when it was left, if there is something to say.
    pub(super) fn new(
        account: AccountId,
        first: AccountId,
        former: impl Iterator<Item = (AccountId, u64)>,
        now: u64,
    ) -> Option<Box<Self>> {
        let is_kept = |(id, left): &(AccountId, u64)| {
            *id != account && now <= left.saturating_add(FORMER_FOR)
        };
        let former = former.filter(is_kept).take(MAX_FORMER);
        let former = former.map(|(id, left)| Former { id, left }).collect();
        let moved = Self { first, former };
        moved.is_of(account).then(|| Box::new(moved))
    }

    /// Reads what stands where a list of an account that has not moved has the number of its devices.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        let first = AccountId(*reader.array()?);
        let former = reader.list(MAX_FORMER, |reader| {
            Ok(Former { id: AccountId(*reader.array()?), left: reader.u64()? })
        })?;
        Ok(Box::new(Self { first, former }))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.count(0);
        writer.raw(&self.first.0);
        writer.list(&self.former, |former, writer| {
            writer.raw(&former.id.0);
            writer.u64(former.left);
        });
    }

    /// Lists the former ids, each with when it was left.
    pub(super) fn former(&self) -> impl Iterator<Item = (AccountId, u64)> {
        self.former.iter().map(|former| (former.id, former.left))
    }

    /// Tells whether it says something of an account of this id, and each of its former ids once.
    pub(super) fn is_of(&self, account: AccountId) -> bool {
        let ids = || self.former.iter().map(|former| former.id);
        let is_once = |(place, id)| id != account && !ids().take(place).any(|other| other == id);
        (self.first != account || !self.former.is_empty()) && ids().enumerate().all(is_once)
    }
}

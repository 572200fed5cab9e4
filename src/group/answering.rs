//! Operations that somebody lacks: asking for them, and answering.

use alloc::vec::Vec;

use super::group::Group;
use crate::client::{Address, Client};
use crate::content::Content;
use crate::error::Error;
use crate::protocol::content::MAX_GROUP_OBJECTS;
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::protocol::group::request::OperationRequest;
use crate::protocol::group::tree::Place;

impl Group {
    /// Asks for an operation that is not here, and for what leads to it. Seal it for the account that has named it
    /// ([`Group::missing`]), or for another member.
    #[must_use]
    pub fn request(&self, wanted: OperationHash) -> Content {
        let request = OperationRequest { group: self.id(), head: self.state(), wanted };
        Content::group([request.encode()])
    }

    /// Answers a request of a device, `from`, with up to 64 operations that it lacks, or a checkpoint if it is too
    /// far behind; with nothing if it lacks nothing that is here. Seal it for that account, and how often is yours to
    /// bound.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if its account or this one is no member; [`Error::WrongPeer`] for a request about
    /// another group; [`Error::UnknownAccount`] if no list of the account is known; as [`Group::checkpoint`]; and
    /// [`Error::WrongKind`], [`Error::UnknownVersion`], [`Error::Malformed`] for what is none.
    pub fn answer(
        &self,
        client: &Client,
        from: Address,
        request: &[u8],
    ) -> Result<Option<Content>, Error> {
        self.check_client(client)?;
        let request = OperationRequest::decode(request)?;
        if request.group != self.id() {
            return Err(Error::WrongPeer);
        }
        let asker = Member::of(client.list_of(from.account).ok_or(Error::UnknownAccount)?);
        let tree = &self.inner.tree;
        if !tree.head().is_member(asker) || !self.is_member() {
            return Err(Error::NotEntitled);
        }
        let Some(known) = tree.way_to(request.head) else {
            // It is in no state that is kept here: before them, or on another history.
            return self.checkpoint(client).map(Some);
        };
        let wanted = match tree.place(request.wanted) {
            Place::Aside => request.wanted,
            _ => self.state(),
        };
        let way = tree.way_to(wanted).unwrap_or_default();
        let common = way.iter().zip(&known).take_while(|(one, other)| one == other).count();
        let lacking = way.into_iter().skip(common).take(MAX_GROUP_OBJECTS).map(Operation::encode);
        let lacking: Vec<_> = lacking.collect();
        Ok((!lacking.is_empty()).then(|| Content::group(lacking)))
    }
}

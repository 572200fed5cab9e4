//! Operations, the signed steps of a group's history: `spec/groups.md`, "Operations".
//!
//! ```text
//! statement = group id ‖ hash of the operation before ‖ u64(number) ‖ author's certificate ‖ action
//! hash      = SHA-256(LABEL(group/hash) ‖ statement)
//! signature = Ed25519(author's signing key, LABEL(group/operation) ‖ statement)
//! operation = version ‖ kind ‖ statement ‖ signature
//! group id  = SHA-256(LABEL(group/id) ‖ statement[32..])        of the first operation
//! ```

use core::fmt;

use alloc::vec::Vec;

use super::action::Action;
use super::member::Member;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::kdf::hash;
use crate::primitives::sign::SIGNATURE;
use crate::protocol::identity::certificate::{Certificate, DeviceId, Identity};
use crate::protocol::letter::GroupId;
use crate::protocol::{labels, wire};

/// The most bytes of an operation: a founding that names all that it may.
pub(crate) const MAX_OPERATION: usize = 4_541;

ids! {
    /// The hash of an operation, and the name of the state that a group is in after it. It covers all before it.
    OperationHash: 32;
}

impl OperationHash {
    /// The hash in the place of one before the first operation.
    pub(crate) const NONE: Self = Self([0; 32]);
}

/// A step of a group's history, signed by a device of the account that made it.
///
/// It exists only if the signatures of certificate and operation hold. Whether its author may do what it does says
/// the group that takes it.
#[derive(Clone)]
pub struct Operation {
    pub(crate) group: GroupId,
    pub(crate) predecessor: OperationHash,
    pub(crate) number: u64,
    pub(crate) author: Certificate,
    pub(crate) action: Action,
    signature: [u8; SIGNATURE],
    hash: OperationHash,
}

impl Operation {
    /// Signs the step after the state `predecessor`; the first one if the group has no id yet.
    pub(crate) fn sign(
        group: Option<GroupId>,
        (predecessor, number): (OperationHash, u64),
        action: Action,
        by: &Identity,
    ) -> Self {
        let mut operation = Self {
            group: group.unwrap_or(GroupId([0; 32])),
            predecessor,
            number,
            author: by.certificate.clone(),
            action,
            signature: [0; SIGNATURE],
            hash: OperationHash::NONE,
        };
        if group.is_none() {
            operation.group = operation.founded();
        }
        let statement = operation.statement();
        operation.hash = hash_of(&statement);
        operation.signature = by.signing.sign(labels::GROUP_OPERATION, &[&statement]);
        operation
    }

    /// Reads an operation, and verifies both signatures; whoever has made it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let operation = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::GROUP_OPERATION)?;
            Self::recall(reader)
        })?;
        operation.author.verify()?;
        let statement = operation.statement();
        let key = &operation.author.identity().signing;
        key.verify(labels::GROUP_OPERATION, &[&statement], &operation.signature)?;
        Ok(operation)
    }

    /// Reads an operation of this device's own state, which holds only verified ones.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut operation = Self {
            group: GroupId(*reader.array()?),
            predecessor: OperationHash(*reader.array()?),
            number: reader.u64()?,
            author: Certificate::recall(reader)?,
            action: Action::read(reader)?,
            signature: *reader.array()?,
            hash: OperationHash::NONE,
        };
        operation.hash = hash_of(&operation.statement());
        if operation.is_placed() { Ok(operation) } else { Err(Error::Malformed) }
    }

    /// Tells whether it says of itself what its place asks for: the first one founds the group that it names.
    fn is_placed(&self) -> bool {
        let is_first = self.number == 1 && self.predecessor == OperationHash::NONE;
        match self.action {
            Action::Found(_) => is_first && self.group == self.founded(),
            _ => self.number > 1 && self.predecessor != OperationHash::NONE,
        }
    }

    /// Returns the account that made it.
    #[must_use]
    pub fn author(&self) -> Member {
        Member::of_device(&self.author)
    }

    /// Returns the device of the author's that signed it.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.author.device()
    }

    /// Returns the thing that it does.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Returns its number in the history: 1 for the first one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns its hash.
    #[must_use]
    pub fn hash(&self) -> OperationHash {
        self.hash
    }

    /// Returns the group that it founds.
    fn founded(&self) -> GroupId {
        let statement = self.statement();
        let (_, rest) = statement.split_at_checked(32).unwrap_or_default();
        GroupId(hash(&[labels::GROUP_ID, rest]))
    }

    fn statement(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write_statement(writer))
    }

    fn write_statement(&self, writer: &mut Writer) {
        writer.raw(&self.group.0);
        writer.raw(&self.predecessor.0);
        writer.u64(self.number);
        self.author.write(writer);
        self.action.write(writer);
    }

    /// Writes what [`Operation::recall`] reads.
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.write_statement(writer);
        writer.raw(&self.signature);
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::GROUP_OPERATION);
        self.write(&mut writer);
        writer.public()
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Operation");
        shown.field("number", &self.number).field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Two operations of one hash say the same.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Operation {}

fn hash_of(statement: &[u8]) -> OperationHash {
    OperationHash(hash(&[labels::GROUP_HASH, statement]))
}

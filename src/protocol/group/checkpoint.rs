//! Checkpoints, by which somebody comes into a group or begins in it anew: `spec/groups.md`, "Checkpoints".
//!
//! ```text
//! checkpoint = version ‖ kind ‖ checkpoint statement ‖ signature
//! checkpoint statement = group id ‖ giver's certificate ‖ roster ‖ u32(count) ‖ (u32(length) ‖ operation) …
//! signature  = Ed25519(giver's signing key, LABEL(group/checkpoint) ‖ checkpoint statement)
//! ```

use alloc::vec::Vec;

use super::member::Member;
use super::operation::{MAX_OPERATION, Operation, OperationHash};
use super::roster::Roster;
use super::tree::{MAX_PATH, Tree};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::primitives::sign::SIGNATURE;
use crate::protocol::identity::certificate::{Certificate, Identity};
use crate::protocol::letter::GroupId;
use crate::protocol::{labels, wire};

/// The word of a member's device on how a group stands.
pub(crate) struct Checkpoint {
    pub(crate) group: GroupId,
    pub(crate) giver: Certificate,
    pub(crate) tree: Tree,
    /// The hash of the statement.
    pub(crate) hash: [u8; 32],
}

impl Checkpoint {
    /// Signs the path that is in force, for somebody who does not know it.
    pub(crate) fn sign(group: GroupId, tree: &Tree, by: &Identity) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&group.0);
        by.certificate.write(&mut writer);
        tree.base().write(&mut writer);
        let path: Vec<_> = tree.path().map(Operation::encode).collect();
        writer.list(&path, |operation, writer| writer.bytes(operation));
        let signature = by.signing.sign(labels::GROUP_CHECKPOINT, &[writer.written()]);
        let mut object = Writer::begin(wire::VERSION, wire::GROUP_CHECKPOINT);
        object.raw(writer.written());
        object.raw(&signature);
        object.public()
    }

    /// Reads a checkpoint whose signatures hold, in which each operation follows from what is before it, and whose
    /// giver is a member in the end.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (checkpoint, signature) = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::GROUP_CHECKPOINT)?;
            let statement = hash(&[statement(bytes)]);
            let (group, giver) = (GroupId(*reader.array()?), Certificate::read(reader)?);
            let mut tree = Tree::new(Roster::read(reader)?);
            for _ in 0..reader.count(MAX_PATH)? {
                let operation = Operation::decode(reader.bytes(MAX_OPERATION)?)?;
                if operation.group != group || operation.predecessor != tree.head().hash {
                    return Err(Error::Malformed);
                }
                tree.check(&operation)?;
                tree.insert(operation);
            }
            let signature = *reader.array()?;
            Ok((Self { group, giver, tree, hash: statement }, signature))
        })?;
        let key = &checkpoint.giver.identity().signing;
        key.verify(labels::GROUP_CHECKPOINT, &[statement(bytes)], &signature)?;
        let head = checkpoint.tree.head();
        if head.hash == OperationHash::NONE {
            return Err(Error::Malformed);
        }
        if !head.is_member(Member::of_device(&checkpoint.giver)) {
            return Err(Error::NotEntitled);
        }
        Ok(checkpoint)
    }
}

/// Returns the bytes of a checkpoint that its signature covers.
fn statement(checkpoint: &[u8]) -> &[u8] {
    let end = checkpoint.len().saturating_sub(SIGNATURE);
    checkpoint.get(2..end).unwrap_or_default()
}

//! Things that a group tells: what changed, who writes, and what is to be sent.

use crate::client::Recipients;
use crate::content::Content;
use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::protocol::group::roster::Admission;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::letter::GroupId;
use crate::protocol::wire;

/// A kind of object that a content brings to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// An operation, for [`Group::take`](super::Group::take).
    Operation,
    /// A checkpoint, for [`Group::join`](super::Group::join).
    Checkpoint,
    /// A request for operations, for [`Group::answer`](super::Group::answer).
    Request,
}

impl Object {
    /// Tells what an object is and which group it names. Nothing more of it is checked.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`], [`Error::UnknownVersion`], [`Error::Malformed`] for what is none.
    pub fn of(bytes: &[u8]) -> Result<(Self, GroupId), Error> {
        let object = match bytes.get(1) {
            Some(&wire::GROUP_CHECKPOINT) => Self::Checkpoint,
            Some(&wire::GROUP_REQUEST) => Self::Request,
            _ => Self::Operation,
        };
        let mut reader = Reader::new(bytes);
        reader.begin(wire::VERSION, object.kind())?;
        Ok((object, GroupId(*reader.array()?)))
    }

    fn kind(self) -> u8 {
        match self {
            Self::Operation => wire::GROUP_OPERATION,
            Self::Checkpoint => wire::GROUP_CHECKPOINT,
            Self::Request => wire::GROUP_REQUEST,
        }
    }
}

/// An operation of this account's, to be sent.
#[derive(Debug)]
pub struct Made {
    /// The content that brings it.
    pub content: Content,
    /// The members before it, who are to be told, those whom it removes included: give it to
    /// [`Client::plan`](crate::client::Client::plan). Whom it adds gets a
    /// [`checkpoint`](super::Group::checkpoint) beside it.
    pub to: Recipients,
}

/// A thing that an operation has brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// It is in force now.
    Applied(Operation),
    /// It is not in force: one that was made at the same time goes before it. If it was in force, it is no more.
    /// Its author may make it again ([`Group::voided`](super::Group::voided)).
    Voided(Operation),
    /// A device has signed two operations over one state: it was restored from a backup or copied, or its key was
    /// stolen. Tell the user.
    Forked {
        /// The account.
        by: Member,
        /// The device.
        device: DeviceId,
    },
}

/// A verdict on a letter of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judgement {
    /// The state that the letter names, beside that in which the group is.
    pub state: StateRelation,
    /// The right of its sender to write.
    pub writer: Standing,
}

/// The relation of a state that somebody has named to that in which the group is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateRelation {
    /// It is the same.
    Same,
    /// It was that of the group here before: its sender lacks operations.
    Behind,
    /// It is one of a branch that is not in force: its sender lacks those that void it.
    Aside,
    /// It is not known here: operations are missing, or somebody shows the sender another history. Ask for it
    /// ([`Group::request`](super::Group::request)).
    Unknown(OperationHash),
}

/// The right of an account to write in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It is a member, by this word.
    Member(Admission),
    /// It was a member in the state that the letter names and is none now: by its own word it wrote before it was
    /// told. Show the letter as such.
    Former,
    /// It is no member here, and the state that it names is not known: somebody may have added it. Keep the letter
    /// until the state is known, and judge it again.
    Unconfirmed,
    /// It is no member, or was none in the state that it names. Drop the letter, and tell the user.
    Stranger,
}

//! Ids of messages and groups.

use crate::primitives::id::ids;

ids! {
    /// The id of a message, the same on all devices that got it: 16 random bytes, chosen by its sender.
    /// Two senders may choose the same one.
    MessageId: 16;

    /// The id by which an app knows a group.
    GroupId: 32;
}

//! A guest at the door.

use alloc::string::String;
use alloc::vec::Vec;

use crate::change::Change;
use crate::chat::Chat;
use crate::client::{Alert, Client};
use crate::error::Error;
use crate::protocol::content::Text;
use crate::state::State;

use super::Invite;

/// A guest at the door: save the chat and both changes in one write, then apply.
///
/// The client changes with the invite because the claim uses up one of its prekeys.
#[must_use = "a claim that is not applied was not taken"]
pub struct Arrival {
    pub(super) chat: Chat,
    pub(super) hello: Hello,
    pub(super) invite: Change,
    pub(super) client: Change,
}

/// What a guest says of itself at the door.
pub struct Hello {
    /// The name that the guest gave itself. Nobody has checked it.
    pub name: String,
    /// What the guest wrote before being let in.
    pub texts: Vec<Text>,
    /// What the user, or a log, should know beside it: that the guest knows other devices of the host
    /// than this device does ([`Chat::mismatches`]).
    pub alerts: Vec<Alert>,
}

impl Arrival {
    /// The chat, to be sealed for storage.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The change of the [`Invite`], to be recorded.
    pub fn invite_change(&self) -> &Change {
        &self.invite
    }

    /// The change of the [`Client`], to be recorded.
    pub fn client_change(&self) -> &Change {
        &self.client
    }

    /// Moves the invite and the client on, or neither, and gives out the chat, which waits for
    /// [`Chat::grant`] or [`Chat::end`], or is active if another own device has let the guest in.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if one of them has moved on meanwhile: open the claim again.
    pub fn apply(self, invite: &mut Invite, client: &mut Client) -> Result<(Chat, Hello), Error> {
        if invite.anchor() != self.invite.base() {
            return Err(Error::StaleChange);
        }
        client.apply(self.client)?;
        invite.apply(self.invite)?;
        Ok((self.chat, self.hello))
    }
}

//! The one error type.

use core::fmt;

/// Everything that can go wrong, sorted by who is at fault and what to do next.
///
/// Every failure leaves the state it was asked of byte for byte as it was. No variant carries
/// anything that came from a message or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    // ---- the bytes: drop them ----
    /// The bytes are not one canonical value of the expected kind: a wrong length, a count over
    /// its maximum, an unused bit that is set, bytes left over. Drop them.
    Malformed,
    /// The bytes begin with a version that this release does not know. Drop them, or update.
    UnknownVersion(u8),

    // ---- the peer, or somebody in between: drop, do not answer ----
    /// A signature does not hold. Drop the object; ask the server for another copy at most once.
    BadSignature,
    /// A public key is not canonical, has small order, or gives an all-zero shared secret. Drop it.
    WeakKey,
    /// No key of this session opens the message, or its content was altered. Drop it.
    Forged,
    /// The message was opened before. Drop it silently.
    Duplicate,
    /// This first message was accepted before. It belongs to the session it made, or to nobody.
    Replay,
    /// Two different messages of one peer bear the same number, or two ratchet keys the same turn:
    /// its state was cloned or rolled back. Drop the message and tell the user.
    Cloned,
    /// The message contradicts what was received in this session, or its part of the post-quantum
    /// exchange does not hold. Drop it. If it comes again and again, one of the two states was restored from a
    /// backup: begin another session with a new bundle.
    Inconsistent,
    /// The object names another account, device, link or session than the one it was given to.
    WrongPeer,
    /// The object is of a kind that this place does not take (a first message of a guest given
    /// to an account, say). Drop it.
    WrongKind,
    /// The device list is older than the one that is known. Keep the known one.
    ListRollback,
    /// The account has signed two histories of its devices: its key was stolen, or its primary was
    /// restored from a backup. The known list stays in force; tell the user.
    ListFork,
    /// Content that only this account's own devices may send came from another account. Drop it.
    NotSelf,

    // ---- the two sides disagree: fetch again, wait, or start anew ----
    /// The first message uses a prekey that this device no longer has, or never had. The
    /// initiator must fetch a new bundle.
    UnknownPrekey,
    /// The bundle or prekey is outside its validity time. Fetch a newer one.
    StalePrekey,
    /// The replay memory of the prekeys that the first message names is full: without a one-time
    /// prekey none can be told from a replay any more. If they are the newest, rotate them
    /// ([`Device::rotate`]); the initiator must fetch a new bundle.
    ///
    /// [`Device::rotate`]: crate::Device::rotate
    RotationRequired,
    /// The device list is so much newer than the known one that it does not show whether it
    /// descends from it. Ask for one that was issued in between; if there is none, have the user
    /// compare security codes.
    ListGap,
    /// The device list is past its time, or from the future. Fetch a newer one; send nothing by
    /// this one.
    ListExpired,
    /// No signed list names the device, or none is known: fetch its account's device list, learn it
    /// ([`Client::learn`](crate::Client::learn)), and try again. If it is this device's own account
    /// that does not name it, it was removed.
    Unlisted,
    /// The account came with another account key, and the user has not said yet that this is right
    /// ([`Client::acknowledge`](crate::Client::acknowledge)). Nothing is sent until then.
    AccountChanged,
    /// A device list or a session has changed since the plan was made, or a bundle is missing in it:
    /// make another plan.
    StalePlan,
    /// The message is further ahead than a receiver follows. Start a new session.
    TooFarAhead,
    /// The message's key was used, or dropped for room or age; which cannot be told any more. If
    /// it was not shown, it is lost.
    KeyGone,

    // ---- a guest link or chat ----
    /// The text is not a whole link or linking code: characters are missing, changed or added. Ask
    /// for it again.
    LinkMangled,
    /// The stored invitation is not the one that the link commits to. Do not go on.
    WrongInvitation,
    /// The invitation asks for no PIN, though the host told one: this is not the host's link. Do not
    /// go on, and tell nobody the PIN.
    PinNotAsked,
    /// The invitation was made for another service than the one that opened it. Do not go on.
    WrongOrigin,
    /// The link was claimed by somebody else. Ask the host for a new one.
    AlreadyClaimed,
    /// The link, chat or linking code has reached its end of time. It cannot be revived.
    Expired,
    /// The link or chat is over and its keys are erased. It cannot be revived.
    Ended,
    /// The host has not granted the chat yet, and what may be sent before that is used up.
    NotGranted,
    /// The content is not what the policy of the link allows: not text, too long, or not from
    /// this side.
    NotAllowed,

    // ---- this device's own state ----
    /// The record was sealed under another state key, or for another owner or kind.
    WrongStateKey,
    /// The record is damaged. An intact record of this very generation may be opened instead; an
    /// older one never.
    Corrupt,
    /// The record is behind its anchor, of another history at the anchor's generation, or another
    /// state's: a restored backup or a second copy. Do not use it.
    StateRollback,
    /// The journal holds as many changes as it may, or one that ends it: save a snapshot of the state and
    /// go on with the journal after it ([`Journal::renew`](crate::Journal::renew)).
    JournalFull,
    /// No reserved number is left: seal the message with a change of its own, which may reserve more.
    NotReserved,
    /// The change was made for another state than the one it is applied to or saved over:
    /// another call, process or tab came first. Load again and repeat the operation.
    StaleChange,

    // ---- limits of this device ----
    /// A counter is at its end: start a new session. Or a state is larger than one sealing takes.
    Exhausted,
    /// The account has as many devices as a list holds. Remove one first.
    TooManyDevices,
    /// A message is to be sealed again with other content than it had.
    OtherContent,
    /// An argument is outside what its documentation allows.
    BadArgument,
}

impl Error {
    /// What may be told to somebody else about this failure.
    ///
    /// An answer that distinguishes *why* a message was refused is an oracle for whoever sent
    /// it. There are three classes and no finer ones (`spec/security.md`).
    #[must_use]
    pub fn answer(self) -> Answer {
        match self {
            Self::UnknownPrekey | Self::StalePrekey | Self::RotationRequired => Answer::NewBundle,
            Self::AlreadyClaimed | Self::Expired | Self::Ended => Answer::LinkOver,
            _ => Answer::Nothing,
        }
    }
}

/// The three things that may be said to a peer or server about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// Say nothing.
    Nothing,
    /// "Fetch a new bundle": the prekeys that were used are gone or too old.
    NewBundle,
    /// "This link is over": it was claimed, revoked or has expired.
    LinkOver,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the bytes are malformed",
            Self::UnknownVersion(version) => return write!(f, "unknown version {version}"),
            Self::BadSignature => "a signature does not hold",
            Self::WeakKey => "a public key is weak or not canonical",
            Self::Forged => "the message does not open",
            Self::Duplicate => "the message was opened before",
            Self::Replay => "the first message was accepted before",
            Self::Cloned => "the peer's state was cloned or rolled back",
            Self::Inconsistent => "the message contradicts earlier ones",
            Self::WrongPeer => "the object belongs to somebody else",
            Self::WrongKind => "the message is of a kind not taken here",
            Self::ListRollback => "the device list is older than the known one",
            Self::ListFork => "the account has two device lists of one time",
            Self::NotSelf => "only this account's own devices may send this",
            Self::UnknownPrekey => "the prekey is not known",
            Self::StalePrekey => "the prekey is outside its validity time",
            Self::RotationRequired => "the replay memory is full, rotate the prekeys",
            Self::ListGap => "the device list does not reach back to the known one",
            Self::ListExpired => "the device list is outside its validity time",
            Self::Unlisted => "no known device list names the device",
            Self::AccountChanged => "the account has changed and was not acknowledged",
            Self::StalePlan => "the plan is stale or incomplete",
            Self::TooFarAhead => "the message is too far ahead",
            Self::KeyGone => "the message's key is gone",
            Self::LinkMangled => "the link is incomplete or altered",
            Self::WrongInvitation => "the invitation is not the link's",
            Self::PinNotAsked => "the invitation asks for no PIN",
            Self::WrongOrigin => "the invitation is for another service",
            Self::AlreadyClaimed => "the link was claimed by somebody else",
            Self::Expired => "the link or chat has expired",
            Self::Ended => "the link or chat has ended",
            Self::NotGranted => "the host has not granted the chat yet",
            Self::NotAllowed => "the content is not allowed here",
            Self::WrongStateKey => "the record has another key, owner or kind",
            Self::Corrupt => "the record is damaged",
            Self::StateRollback => "the record is older than its anchor",
            Self::JournalFull => "the journal needs a new snapshot first",
            Self::NotReserved => "no reserved number is left",
            Self::StaleChange => "the change was made for another state",
            Self::Exhausted => "a counter is at its end",
            Self::TooManyDevices => "the account has too many devices",
            Self::OtherContent => "the message had other content",
            Self::BadArgument => "an argument is out of range",
        })
    }
}

impl core::error::Error for Error {}

//! The one error type.

mod number;
mod text;

/// Any failure of the crate, sorted by who is at fault and what to do next.
///
/// A failure leaves every state byte for byte as it was. No variant carries content or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    // ---- the bytes: drop them ----
    /// The bytes are not one canonical value of the expected kind: a wrong length, a count over
    /// its maximum, an unused bit that is set, bytes left over. Drop them.
    Malformed,
    /// The bytes begin with a version that this release does not know. Drop them, or update.
    UnknownVersion(u8),
    /// The content has a part that must not be left out and that this release does not know, or is of a later
    /// version: it needs a newer release. Keep the envelope, update, and open it again; until then it counts as a
    /// message that has not come. Do not request it again: it would be refused again.
    UnsupportedContent,

    // ---- the peer, or somebody in between: drop, do not answer ----
    /// A signature does not hold. Drop the object; ask the server for another copy at most once.
    BadSignature,
    /// A public key is not canonical, has small order, or gives an all-zero shared secret. Drop it.
    WeakKey,
    /// No key of this session opens the message, or its content was altered. Drop it.
    Forged,
    /// The message was opened before. Drop it silently.
    Duplicate,
    /// This first message was accepted before, or in a guest chat, is no later one than that of the session there is.
    /// It belongs to the session it made, or to nobody.
    Replay,
    /// Two different messages of one peer bear the same number, or two ratchet keys the same turn:
    /// its state was cloned, stolen or rolled back. Drop the message and tell the user.
    StateCloned,
    /// The message contradicts what was received in this session, or its part of the post-quantum
    /// exchange does not hold. Drop it. If it comes again and again, one of the two states was restored from a
    /// backup: begin another session with a new bundle.
    Inconsistent,
    /// The object names another account, device, link or session than the one it was given to.
    /// Drop it.
    WrongPeer,
    /// The object is of a kind that this place does not take (a first message of a guest given
    /// to an account, say). Drop it.
    WrongKind,
    /// The device list, descriptor, attestation or snapshot is older than what is known. Keep what is known.
    ListRollback,
    /// The account has signed two histories of its devices: its key was stolen, or its primary was
    /// restored from a backup. So has who signed two descriptors or attestations of one number. What is known stays
    /// in force; tell the user.
    ListFork,
    /// Content that only this account's own devices may send came from another account. Drop it.
    NotSelf,
    /// The bundle or message is of an older version of the protocol than this conversation has used, or may use.
    /// Drop it: somebody in between wants weaker keys, or the other device was set up anew with older software.
    Downgrade,
    /// A device has signed two histories of the account's settings, or an operation leaves a group's history before
    /// what is kept of it: a device was restored from a backup or copied, or its key was stolen. What is known stays in
    /// force; tell the user.
    Forked,
    /// Whoever has signed this may not do it: it is no member of the group, or not senior to whom it names; or what it
    /// does cannot be done there, since it is done already. Drop it.
    NotEntitled,
    /// The history was not asked for: of another request or device, beyond the range or the size that was asked for,
    /// or a second one. Drop it, and tell the user which device sent it.
    Unsolicited,
    /// The frank that came with the message is of something else, or one is missing: what the message says could not
    /// be reported ([`franking`](crate::franking)). Show nothing of it; ask for it again.
    FrankMismatch,

    // ---- the two sides disagree: fetch again, wait, or start anew ----
    /// The first message uses a prekey that this device no longer has, or never had. The
    /// initiator must fetch a new bundle.
    UnknownPrekey,
    /// The bundle or prekey is outside its validity time. Fetch a newer one.
    StalePrekey,
    /// The replay memory of the prekeys that the first message names is full: without a one-time
    /// prekey none can be told from a replay any more. If they are the newest, rotate them
    /// ([`Device::rotate`](crate::session::Device::rotate)); the initiator must fetch a new bundle.
    /// Or this device's sender key in a group was retired: rotate it, and tell the members.
    RotationRequired,
    /// The account has used up its share of the replay memory: until the prekeys rotate it must write with a
    /// one-time prekey. Nothing is to be done; the initiator must fetch a new bundle.
    ReplayShareFull,
    /// The device list is so much newer than the known one that nothing shows whether it follows from that
    /// one. Ask for a list that was issued in between; if there is none, have the user compare fingerprints.
    ListGap,
    /// The device list, descriptor or attestation is past its time, or from the future; or the challenge or token of
    /// somebody who connects. Fetch a newer one; send nothing by this one.
    ListExpired,
    /// No device list is known of an account that was named: fetch it, learn it
    /// ([`Client::learn`](crate::client::Client::learn)), and try again.
    /// [`Client::stopped`](crate::client::Client::stopped) tells which of several it is. Of an account on another
    /// messenger, no attestation is known.
    UnknownAccount,
    /// The known list or attestation of the account does not name the device, or with another key: fetch a newer one,
    /// learn it, and try again. If that does not name the device either, the account has removed it.
    Unlisted,
    /// This very device is not in its own account's list or attestation: it was removed, or not attested yet. It can
    /// neither send nor read; tell the user.
    OwnDeviceUnlisted,
    /// This device has not been shown the newest list of its account since it was loaded, or another own device has
    /// just told of a newer one, so it signs none: fetch the list, learn it
    /// ([`Client::learn`](crate::client::Client::learn)), and try again. If the server shows no newer one than other
    /// devices know, tell the user.
    ListUnconfirmed,
    /// The entry builds on one that is not here. Keep it, fetch what is missing, and give it again.
    EntryMissing,
    /// Lists of the account under another account key than the user knows, or with a gap, wait for the user's
    /// decision ([`Client::acknowledge`](crate::client::Client::acknowledge),
    /// [`Client::dismiss`](crate::client::Client::dismiss)). Show the user the ones that wait
    /// ([`Client::changed_lists_of`](crate::client::Client::changed_lists_of)); nothing is sent until then.
    AccountChanged,
    /// A device or account on another messenger shows another key than the one that the user knows it by. Tell the
    /// user, who may accept it; until then nothing is sent to it under the new key, and nothing of it opened.
    IdentityChanged,
    /// A device list has changed or ended since the plan was made: make another plan.
    StalePlan,
    /// A bundle is needed before anything can be sealed: fetch one of each device that
    /// [`Plan::missing`](crate::client::Plan::missing) names, or leave the device out; for a claim, fetch one of at
    /// least one device of the host.
    BundleMissing,
    /// There is nobody to send to: a group has no other members, or none of the host's devices that a
    /// guest talked to is left. The guest waits until another one comes into the chat.
    NoRecipient,
    /// The message is further ahead than a receiver follows. Start a new session.
    TooFarAhead,
    /// The key of an arriving message was used, or dropped for room or age; nobody can tell which, or who changed
    /// a message whose number was opened. If the message was not shown, it is lost:
    /// [`Client::take`](crate::client::Client::take) has it asked for again.
    MessageKeyGone,
    /// The message that is to be sealed again is not remembered any more, or was sent too long ago. Send
    /// its content as a new message if it still matters.
    MessageForgotten,
    /// The message that is to be sealed again did not go to the device: its account was no recipient, or
    /// the device came later ([`Repair::Backfill`](crate::client::Repair::Backfill)).
    NotRecipient,
    /// The digits that were typed are not those of the offer: they were mistyped, or somebody else has made the
    /// offer. Have the new device show another code; if it happens again, tell the user that somebody is in
    /// between.
    DigitsDiffer,
    /// No key of the account's settings may seal: it is 30 days old, or a device has left that had it. Make another
    /// one ([`Settings::rotate`](crate::settings::Settings::rotate)). An entry that is sealed under such a one: drop
    /// it.
    StaleKey,
    /// More of an attachment is missing than its sealer remembers the tags of: go on from an older state of
    /// the sealer, which seals the same bytes again, or seal the attachment anew.
    PieceForgotten,
    /// The device has asked for history a short time ago. Drop the request; it may ask again later.
    TooSoon,

    // ---- a guest link or chat ----
    /// The text is not a whole link or linking code: characters are missing, changed or added. Ask
    /// for it again.
    LinkMangled,
    /// The stored invitation is not the one that the link commits to. Do not go on.
    WrongInvitation,
    /// The text is not six digits. Ask for the PIN, or the digits of a linking, again; no guess was spent.
    InvalidDigits,
    /// The invitation asks for a PIN, and none was entered
    /// ([`Preview::enter`](crate::guest::Preview::enter)). Ask the user for it.
    PinRequired,
    /// The invitation asks for no PIN, though the host told one: this is not the host's link. Do not
    /// go on, and tell nobody the PIN.
    PinNotRequested,
    /// The invitation, challenge or token was made for another service than the one that it was given to. Do not go
    /// on.
    WrongOrigin,
    /// The link was claimed by somebody else. Ask the host for a new one.
    AlreadyClaimed,
    /// The link, chat or linking code has reached its end of time. It cannot be revived.
    Expired,
    /// The link or chat is over and its keys are erased. It cannot be revived.
    Ended,
    /// The host has not granted the chat yet, and what may be sent before that is used up.
    NotGranted,
    /// The content or the operation is not allowed here: of a kind that its sender may not say
    /// ([`Kinds::of`](crate::content::Kinds::of)), an empty text, or not what the policy of the link allows (too
    /// long, not from this side, not before the PIN is proved); or a linking code is for another purpose
    /// ([`LinkingPurpose`](crate::client::LinkingPurpose)). Drop it.
    NotAllowed,
    /// The guest takes no first message of this device of the host any more. Drop the message; the host goes on
    /// with the devices that are in the chat, or makes a new link.
    TooManyJoins,
    /// The message is shown once, and was: on this device or another own one. Or it waited for too long. Erase its
    /// content.
    AlreadyViewed,
    /// The same was said, or viewed, too often in too short a time. Wait, and say only what is newest then.
    TooOften,
    /// The guest has handed its chat over to another account before. Drop it, and tell the user: the guest has changed
    /// its mind, or somebody has a copy of what it holds. Ask the person by another way.
    OtherAccount,

    // ---- this device's own state ----
    /// The record was sealed under another state key, or for another owner or kind.
    WrongStateKey,
    /// The record is damaged. An intact record of this very generation may be opened instead; an
    /// older one never. A client can begin anew from what is left ([`Behind`](crate::storage::Behind)).
    Corrupt,
    /// The record is behind its anchor, of another history at the anchor's generation, or another
    /// state's: a restored backup or a second copy. Do not use it; a client can begin anew from it
    /// ([`Client::restart`](crate::client::Client::restart)).
    StateRollback,
    /// The journal holds as many changes as it may, or one that ends it: save a snapshot of the state and
    /// go on with the journal after it ([`Journal::renew`](crate::storage::Journal::renew)).
    JournalFull,
    /// No reserved number is left: seal the message with a change of its own, which may reserve more.
    NotReserved,
    /// The change was made for another state than the one it is applied to or saved over:
    /// another call, process or tab came first. Load again and repeat the operation.
    StaleChange,

    // ---- limits: remove something, or begin anew ----
    /// A session has no number left for another message, chain or post-quantum epoch: begin a new session.
    ChainExhausted,
    /// The account's list has the last number there is: set up the account anew.
    ListExhausted,
    /// A state is larger than one sealing takes, 64 GiB: forget accounts that are not needed.
    StateTooLarge,
    /// The message was sealed again for that device as often as it may be: send nothing. A message that could
    /// not be read so many times will not be read the next time.
    ResendLimit,
    /// The account has as many devices as it may have, or had as may write settings. Remove one first.
    TooManyDevices,
    /// More accounts than a client knows, or than one message addresses: forget some, or split the group.
    TooManyAccounts,
    /// More numbers are to be reserved at once than
    /// [`Sending::MAX_RESERVED`](crate::session::Sending::MAX_RESERVED): reserve fewer.
    TooManyReserved,
    /// The content, or the context of an exported secret, has more than 2^20 bytes: split it, or send it as an
    /// attachment; or an attachment is to have more than 2^48, a media file more than 2^32; or settings are too long,
    /// or too many: remove some.
    ContentTooLong,

    // ---- the call: what it was given does not fit together, or not to this state ----
    /// A message is to be sealed again with other content than it had, a plan that carries no content (a resend
    /// request, a seen report) was given some, or one that carries content was given none: give the same content,
    /// or none. Or a piece of an attachment is to be sealed again with other content: its source was changed; seal
    /// it anew, as another one. Or a media file is not what its sender says of it: throw away what was given out
    /// of it.
    ContentMismatch,
    /// A displayed name, description or file name is empty, too long, or no line ("Lines" in [the
    /// specification](crate::spec)), or a file's name is a path: ask the user for another one. Or the label of an
    /// exported secret has not 1 to 64 bytes.
    InvalidName,
    /// A field of the policy is outside the limit that it names, or the origin is too long.
    InvalidPolicy,
    /// This very account was named where another one is wanted: it is among the recipients anyway
    /// ([`To::Own`](crate::client::To::Own) if there is nobody else).
    OwnAccount,
    /// This very device was named where another one is wanted.
    OwnDevice,
    /// The account's key is not that of the client's account: pass the account that the client is of.
    WrongAccount,
    /// The client is not the one that the plan or the chat was made by: pass that one.
    WrongClient,
    /// The plan has no such device: it is not one of the recipients' devices, or was left out.
    NotInPlan,
    /// The device has answered in its present session, so a plan may not replace it (yet): seal the plan as
    /// it is.
    SessionInUse,
    /// The list is the known one, or follows from it, or its account is not known: there is nothing to
    /// acknowledge or dismiss.
    NotChanged,
    /// One device comes twice: two bundles of it were given for a claim; or a list would name one id or key
    /// twice, give a known id other keys, or name no device at all. Take one bundle of each device; link the
    /// device anew, with new keys.
    DeviceConflict,

    // ---- people on other messengers ----
    /// The user has not opted in to the provider, or it is not known: off is what it is until then. Drop the message;
    /// nothing of it was looked at.
    NotOptedIn,
    /// The provider is suspended or retired, or its descriptor has run out: nothing is sent to its people, nothing of
    /// them opened, and everything stays as it is. Fetch its newest descriptor; tell the user.
    Frozen,
    /// There are notices about the provider that the user has not acknowledged in their present version: show them
    /// (`Client::notices`) before anything is sent.
    NoticesNotAcknowledged,
    /// Somebody asks to be accepted, and the user has not decided: keep the message and open it again if they accept
    /// (`Client::accept`). Nothing was used up.
    NotAccepted,
    /// The user has blocked the account. Drop the message; nothing of it was looked at.
    Blocked,
    /// The two sides do not have the same of each other's attestations. Fetch and learn the newest one of the
    /// account, and the own one, and open the message again; nothing was used up.
    ProfilesDiffer,
}

impl Error {
    /// Returns what may be told to somebody else about this failure.
    ///
    /// An answer that distinguishes *why* a message was refused is an oracle for whoever sent it. There are
    /// three classes and no finer ones ("What a refusal may tell" in [security.md](crate::spec::security)).
    ///
    /// ```
    /// use latchstring::{Answer, Error};
    ///
    /// assert_eq!(Error::Forged.answer(), Answer::Nothing);
    /// assert_eq!(Error::UnknownPrekey.answer(), Answer::NewBundle);
    /// ```
    #[must_use]
    pub fn answer(self) -> Answer {
        match self {
            Self::UnknownPrekey
            | Self::StalePrekey
            | Self::RotationRequired
            | Self::ReplayShareFull => Answer::NewBundle,
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
    /// "Fetch a new bundle": the prekeys that were used are erased or too old, or take no more first messages.
    NewBundle,
    /// "This link is over": it was claimed, revoked or has expired.
    LinkOver,
}

//! States: what all of them have in common, which is bytes, an anchor, and changes.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::anchor::Anchor;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The version of every state encoding.
pub(crate) const STATE_VERSION: u8 = 1;

/// A state behind the public trait. Only this crate can name this one, so only this crate can implement
/// [`State`].
pub(crate) trait Stateful: Sized {
    /// The kind byte of its encoding.
    const KIND: u8;

    /// The change that one operation makes in it; [`Never`] for a state that no operation changes.
    type Delta: Delta;

    fn write(&self, writer: &mut Writer);

    /// Writes what [`Stateful::write`] writes in front of the pages, and of the pages those that may have changed
    /// since the state was at an anchor; one that is gone as a page of no bytes. Tells whether it could: if not,
    /// nothing is written.
    fn write_since(&self, _anchor: &Anchor, _writer: &mut Writer) -> bool {
        false
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// Returns the anchor of the state.
    fn stands(&self) -> Anchor;

    /// Tells whether a delta that was made at this anchor fits what is inside. Only a damaged or forged
    /// record holds one that does not.
    fn fits(&self, _delta: &Self::Delta) -> bool {
        true
    }

    /// Moves on to the anchor `next` by a delta that was made from this very state.
    fn advance(&mut self, next: Anchor, delta: Self::Delta);

    /// Drops the message numbers that this delta makes free again. Called when it is recorded: the record may
    /// be in the store, where another process takes them, also if it is not applied here.
    fn forget_reserved(&mut self, _delta: &Self::Delta) {}
}

/// The kind of state that a delta is of: the first byte of a delta in the encoding of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeltaKind {
    /// Of no state: no change has it.
    Never,
    Session,
    Device,
    Invite,
    Chat,
    Client,
    Group,
    Settings,
    #[cfg(feature = "signal")]
    Signal,
    #[cfg(feature = "signal")]
    SenderKey,
    #[cfg(feature = "signal")]
    ReceivedSenderKeys,
}

impl DeltaKind {
    /// The kinds of all changes. One that is left out here cannot be read, and its tests say so.
    const ALL: &[Self] = &[
        Self::Session,
        Self::Device,
        Self::Invite,
        Self::Chat,
        Self::Client,
        Self::Group,
        Self::Settings,
        #[cfg(feature = "signal")]
        Self::Signal,
        #[cfg(feature = "signal")]
        Self::SenderKey,
        #[cfg(feature = "signal")]
        Self::ReceivedSenderKeys,
    ];

    pub(super) const fn encode(self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Session => 1,
            Self::Device => 2,
            Self::Invite => 3,
            Self::Chat => 4,
            Self::Client => 5,
            Self::Group => 0x0f,
            Self::Settings => 0x0e,
            #[cfg(feature = "signal")]
            Self::Signal => 6,
            #[cfg(feature = "signal")]
            Self::SenderKey => 0x22,
            #[cfg(feature = "signal")]
            Self::ReceivedSenderKeys => 0x23,
        }
    }

    pub(super) fn decode(byte: u8) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|kind| kind.encode() == byte).ok_or(Error::Malformed)
    }
}

/// The change that one operation makes in a state.
pub(crate) trait Delta: Sized {
    const KIND: DeltaKind;

    /// Returns the bytes that identify the change in its state's lineage.
    fn id(&self) -> impl AsRef<[u8]>;

    /// Tells whether the delta takes a session or a chat to other ratchet keys. A client's never says
    /// so: it has many sessions, and almost every message turns one of them.
    fn is_turn(&self) -> bool {
        false
    }

    fn write(&self, writer: &mut Writer);

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

/// The delta of a state that no operation changes.
pub(crate) enum Never {}

impl Delta for Never {
    const KIND: DeltaKind = DeltaKind::Never;

    fn id(&self) -> impl AsRef<[u8]> {
        [0; 0]
    }

    fn write(&self, _writer: &mut Writer) {
        match *self {}
    }

    fn read(_reader: &mut Reader<'_>) -> Result<Self, Error> {
        Err(Error::Malformed)
    }
}

/// A secret that outlives the process: an [`Account`](crate::session::Account), a
/// [`Device`](crate::session::Device), a [`Session`](crate::session::Session), a
/// [`Client`](crate::client::Client), a [`NewDevice`](crate::client::NewDevice), a
/// [`Entrant`](crate::client::Entrant), an
/// [`Invite`](crate::guest::Invite), a [`Chat`](crate::guest::Chat), a [`Group`](crate::group::Group), an account's
/// [`Settings`](crate::settings::Settings), and each [`Change`](super::Change) between two generations of one of them.
///
/// It is sealed: only this crate implements it.
#[expect(private_bounds, reason = "this is what closes the trait to other crates")]
pub trait State: Stateful {
    /// Returns the place of this state in its history.
    fn anchor(&self) -> Anchor {
        self.stands()
    }

    /// Encodes the whole state in clear, for a store that seals by itself. Prefer
    /// [`StateKey::seal`](super::StateKey::seal).
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encode(self).secret()
    }

    /// Decodes what [`State::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the state of a newer release, [`Error::WrongKind`] for a state of
    /// another kind, [`Error::Corrupt`] for anything else that does not decode. What decodes is
    /// trusted: only a seal tells that it was not altered.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, Self::KIND, Self::read)
    }
}

impl<S: Stateful> State for S {}

/// Writes of a state what may have changed since an anchor, with the marks of its pages, if that is known.
pub(super) fn encode_since<S: Stateful>(state: &S, anchor: &Anchor) -> Option<Writer> {
    let mut writer = Writer::begin(STATE_VERSION, S::KIND);
    state.write_since(anchor, &mut writer).then_some(writer)
}

/// Writes a state's encoding, with the marks of its pages.
pub(crate) fn encode<S: Stateful>(state: &S) -> Writer {
    let mut writer = Writer::begin(STATE_VERSION, S::KIND);
    state.write(&mut writer);
    writer
}

/// Reads what begins with the version of states and this kind: here what is damaged is
/// [`Error::Corrupt`].
pub(crate) fn decode<T>(
    bytes: &[u8],
    kind: u8,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    Reader::all(bytes, |reader| of_kind(reader, kind, read)).map_err(damage)
}

/// Reads a state that was just opened, as [`decode`] does, and believes its keys (`spec/state.md`,
/// "Encodings").
pub(super) fn recall<S: Stateful>(bytes: &[u8]) -> Result<S, Error> {
    Reader::all_believed(bytes, |reader| of_kind(reader, S::KIND, S::read)).map_err(damage)
}

fn of_kind<T>(
    reader: &mut Reader<'_>,
    kind: u8,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    reader.begin(STATE_VERSION, kind)?;
    read(reader)
}

fn damage(error: Error) -> Error {
    match error {
        Error::UnknownVersion(_) | Error::WrongKind => error,
        _ => Error::Corrupt,
    }
}

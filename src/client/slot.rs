//! Slots: where a session is among those with its peer, and what it is there.

/// The standing of a session among those of its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionStanding {
    Active,
    /// It was active, and another one took its place.
    Replaced,
    /// It never was active here.
    Stray,
}

/// The place of one of a peer's sessions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The one to send in.
    Active,
    /// A replaced one, counted from the newest.
    Replaced(u8),
}

impl Slot {
    /// Returns its byte at rest: 0 is the active one, the replaced ones follow.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Active => 0,
            // There are at most `MAX_REPLACED`.
            Self::Replaced(place) => place.saturating_add(1),
        }
    }

    pub(super) fn of(byte: u8) -> Self {
        byte.checked_sub(1).map_or(Self::Active, Self::Replaced)
    }
}

//! The names and numbers of errors, for logs and for languages without Rust's enums.

use super::Error;

impl Error {
    /// Returns the variant's name, for logs and for other languages.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name_and_number().0
    }

    /// Returns the variant's number, for languages that cannot match on an enum. It never changes, and is
    /// never given to another variant. The hundreds are the groups by which the variants are sorted.
    ///
    /// | number | name |
    /// |---|---|
    /// | 100 | [`Malformed`](Self::Malformed) |
    /// | 101 | [`UnknownVersion`](Self::UnknownVersion) |
    /// | 102 | [`UnsupportedContent`](Self::UnsupportedContent) |
    /// | 200 | [`BadSignature`](Self::BadSignature) |
    /// | 201 | [`WeakKey`](Self::WeakKey) |
    /// | 202 | [`Forged`](Self::Forged) |
    /// | 203 | [`Duplicate`](Self::Duplicate) |
    /// | 204 | [`Replay`](Self::Replay) |
    /// | 205 | [`StateCloned`](Self::StateCloned) |
    /// | 206 | [`Inconsistent`](Self::Inconsistent) |
    /// | 207 | [`WrongPeer`](Self::WrongPeer) |
    /// | 208 | [`WrongKind`](Self::WrongKind) |
    /// | 209 | [`ListRollback`](Self::ListRollback) |
    /// | 210 | [`ListFork`](Self::ListFork) |
    /// | 211 | [`NotSelf`](Self::NotSelf) |
    /// | 212 | [`Downgrade`](Self::Downgrade) |
    /// | 213 | [`Forked`](Self::Forked) |
    /// | 214 | [`NotEntitled`](Self::NotEntitled) |
    /// | 215 | [`Unsolicited`](Self::Unsolicited) |
    /// | 217 | [`FrankMismatch`](Self::FrankMismatch) |
    /// | 300 | [`UnknownPrekey`](Self::UnknownPrekey) |
    /// | 301 | [`StalePrekey`](Self::StalePrekey) |
    /// | 302 | [`RotationRequired`](Self::RotationRequired) |
    /// | 303 | [`ListGap`](Self::ListGap) |
    /// | 304 | [`ListExpired`](Self::ListExpired) |
    /// | 305 | [`UnknownAccount`](Self::UnknownAccount) |
    /// | 306 | [`Unlisted`](Self::Unlisted) |
    /// | 307 | [`OwnDeviceUnlisted`](Self::OwnDeviceUnlisted) |
    /// | 308 | [`AccountChanged`](Self::AccountChanged) |
    /// | 309 | [`StalePlan`](Self::StalePlan) |
    /// | 310 | [`BundleMissing`](Self::BundleMissing) |
    /// | 311 | [`NoRecipient`](Self::NoRecipient) |
    /// | 312 | [`TooFarAhead`](Self::TooFarAhead) |
    /// | 313 | [`MessageKeyGone`](Self::MessageKeyGone) |
    /// | 314 | [`MessageForgotten`](Self::MessageForgotten) |
    /// | 315 | [`NotRecipient`](Self::NotRecipient) |
    /// | 316 | [`DigitsDiffer`](Self::DigitsDiffer) |
    /// | 317 | [`ReplayShareFull`](Self::ReplayShareFull) |
    /// | 318 | [`IdentityChanged`](Self::IdentityChanged) |
    /// | 319 | [`PieceForgotten`](Self::PieceForgotten) |
    /// | 320 | [`ListUnconfirmed`](Self::ListUnconfirmed) |
    /// | 321 | [`EntryMissing`](Self::EntryMissing) |
    /// | 322 | [`StaleKey`](Self::StaleKey) |
    /// | 323 | [`TooSoon`](Self::TooSoon) |
    /// | 400 | [`LinkMangled`](Self::LinkMangled) |
    /// | 401 | [`WrongInvitation`](Self::WrongInvitation) |
    /// | 402 | [`InvalidDigits`](Self::InvalidDigits) |
    /// | 403 | [`PinRequired`](Self::PinRequired) |
    /// | 404 | [`PinNotRequested`](Self::PinNotRequested) |
    /// | 405 | [`WrongOrigin`](Self::WrongOrigin) |
    /// | 406 | [`AlreadyClaimed`](Self::AlreadyClaimed) |
    /// | 407 | [`Expired`](Self::Expired) |
    /// | 408 | [`Ended`](Self::Ended) |
    /// | 409 | [`NotGranted`](Self::NotGranted) |
    /// | 410 | [`NotAllowed`](Self::NotAllowed) |
    /// | 411 | [`TooManyJoins`](Self::TooManyJoins) |
    /// | 412 | [`AlreadyViewed`](Self::AlreadyViewed) |
    /// | 413 | [`TooOften`](Self::TooOften) |
    /// | 414 | [`OtherAccount`](Self::OtherAccount) |
    /// | 500 | [`WrongStateKey`](Self::WrongStateKey) |
    /// | 501 | [`Corrupt`](Self::Corrupt) |
    /// | 502 | [`StateRollback`](Self::StateRollback) |
    /// | 503 | [`JournalFull`](Self::JournalFull) |
    /// | 504 | [`NotReserved`](Self::NotReserved) |
    /// | 505 | [`StaleChange`](Self::StaleChange) |
    /// | 600 | [`ChainExhausted`](Self::ChainExhausted) |
    /// | 601 | [`ListExhausted`](Self::ListExhausted) |
    /// | 602 | [`StateTooLarge`](Self::StateTooLarge) |
    /// | 603 | [`ResendLimit`](Self::ResendLimit) |
    /// | 604 | [`TooManyDevices`](Self::TooManyDevices) |
    /// | 605 | [`TooManyAccounts`](Self::TooManyAccounts) |
    /// | 606 | [`TooManyReserved`](Self::TooManyReserved) |
    /// | 607 | [`ContentTooLong`](Self::ContentTooLong) |
    /// | 700 | [`ContentMismatch`](Self::ContentMismatch) |
    /// | 701 | [`InvalidName`](Self::InvalidName) |
    /// | 702 | [`InvalidPolicy`](Self::InvalidPolicy) |
    /// | 703 | [`OwnAccount`](Self::OwnAccount) |
    /// | 704 | [`OwnDevice`](Self::OwnDevice) |
    /// | 705 | [`WrongAccount`](Self::WrongAccount) |
    /// | 706 | [`WrongClient`](Self::WrongClient) |
    /// | 707 | [`NotInPlan`](Self::NotInPlan) |
    /// | 708 | [`SessionInUse`](Self::SessionInUse) |
    /// | 709 | [`NotChanged`](Self::NotChanged) |
    /// | 710 | [`DeviceConflict`](Self::DeviceConflict) |
    /// | 800 | [`NotOptedIn`](Self::NotOptedIn) |
    /// | 801 | [`Frozen`](Self::Frozen) |
    /// | 802 | [`NoticesNotAcknowledged`](Self::NoticesNotAcknowledged) |
    /// | 803 | [`NotAccepted`](Self::NotAccepted) |
    /// | 804 | [`Blocked`](Self::Blocked) |
    /// | 805 | [`ProfilesDiffer`](Self::ProfilesDiffer) |
    #[must_use]
    pub fn number(self) -> u16 {
        self.name_and_number().1
    }

    fn name_and_number(self) -> (&'static str, u16) {
        match self {
            Self::Malformed => ("Malformed", 100),
            Self::UnknownVersion(_) => ("UnknownVersion", 101),
            Self::UnsupportedContent => ("UnsupportedContent", 102),
            Self::BadSignature => ("BadSignature", 200),
            Self::WeakKey => ("WeakKey", 201),
            Self::Forged => ("Forged", 202),
            Self::Duplicate => ("Duplicate", 203),
            Self::Replay => ("Replay", 204),
            Self::StateCloned => ("StateCloned", 205),
            Self::Inconsistent => ("Inconsistent", 206),
            Self::WrongPeer => ("WrongPeer", 207),
            Self::WrongKind => ("WrongKind", 208),
            Self::ListRollback => ("ListRollback", 209),
            Self::ListFork => ("ListFork", 210),
            Self::NotSelf => ("NotSelf", 211),
            Self::Downgrade => ("Downgrade", 212),
            Self::Forked => ("Forked", 213),
            Self::NotEntitled => ("NotEntitled", 214),
            Self::Unsolicited => ("Unsolicited", 215),
            Self::FrankMismatch => ("FrankMismatch", 217),
            Self::UnknownPrekey => ("UnknownPrekey", 300),
            Self::StalePrekey => ("StalePrekey", 301),
            Self::RotationRequired => ("RotationRequired", 302),
            Self::ListGap => ("ListGap", 303),
            Self::ListExpired => ("ListExpired", 304),
            Self::UnknownAccount => ("UnknownAccount", 305),
            Self::Unlisted => ("Unlisted", 306),
            Self::OwnDeviceUnlisted => ("OwnDeviceUnlisted", 307),
            Self::AccountChanged => ("AccountChanged", 308),
            Self::StalePlan => ("StalePlan", 309),
            Self::BundleMissing => ("BundleMissing", 310),
            Self::NoRecipient => ("NoRecipient", 311),
            Self::TooFarAhead => ("TooFarAhead", 312),
            Self::MessageKeyGone => ("MessageKeyGone", 313),
            Self::MessageForgotten => ("MessageForgotten", 314),
            Self::NotRecipient => ("NotRecipient", 315),
            Self::DigitsDiffer => ("DigitsDiffer", 316),
            Self::ReplayShareFull => ("ReplayShareFull", 317),
            Self::IdentityChanged => ("IdentityChanged", 318),
            Self::PieceForgotten => ("PieceForgotten", 319),
            Self::ListUnconfirmed => ("ListUnconfirmed", 320),
            Self::EntryMissing => ("EntryMissing", 321),
            Self::StaleKey => ("StaleKey", 322),
            Self::TooSoon => ("TooSoon", 323),
            Self::LinkMangled => ("LinkMangled", 400),
            Self::WrongInvitation => ("WrongInvitation", 401),
            Self::InvalidDigits => ("InvalidDigits", 402),
            Self::PinRequired => ("PinRequired", 403),
            Self::PinNotRequested => ("PinNotRequested", 404),
            Self::WrongOrigin => ("WrongOrigin", 405),
            Self::AlreadyClaimed => ("AlreadyClaimed", 406),
            Self::Expired => ("Expired", 407),
            Self::Ended => ("Ended", 408),
            Self::NotGranted => ("NotGranted", 409),
            Self::NotAllowed => ("NotAllowed", 410),
            Self::TooManyJoins => ("TooManyJoins", 411),
            Self::AlreadyViewed => ("AlreadyViewed", 412),
            Self::TooOften => ("TooOften", 413),
            Self::OtherAccount => ("OtherAccount", 414),
            Self::WrongStateKey => ("WrongStateKey", 500),
            Self::Corrupt => ("Corrupt", 501),
            Self::StateRollback => ("StateRollback", 502),
            Self::JournalFull => ("JournalFull", 503),
            Self::NotReserved => ("NotReserved", 504),
            Self::StaleChange => ("StaleChange", 505),
            Self::ChainExhausted => ("ChainExhausted", 600),
            Self::ListExhausted => ("ListExhausted", 601),
            Self::StateTooLarge => ("StateTooLarge", 602),
            Self::ResendLimit => ("ResendLimit", 603),
            Self::TooManyDevices => ("TooManyDevices", 604),
            Self::TooManyAccounts => ("TooManyAccounts", 605),
            Self::TooManyReserved => ("TooManyReserved", 606),
            Self::ContentTooLong => ("ContentTooLong", 607),
            Self::ContentMismatch => ("ContentMismatch", 700),
            Self::InvalidName => ("InvalidName", 701),
            Self::InvalidPolicy => ("InvalidPolicy", 702),
            Self::OwnAccount => ("OwnAccount", 703),
            Self::OwnDevice => ("OwnDevice", 704),
            Self::WrongAccount => ("WrongAccount", 705),
            Self::WrongClient => ("WrongClient", 706),
            Self::NotInPlan => ("NotInPlan", 707),
            Self::SessionInUse => ("SessionInUse", 708),
            Self::NotChanged => ("NotChanged", 709),
            Self::DeviceConflict => ("DeviceConflict", 710),
            Self::NotOptedIn => ("NotOptedIn", 800),
            Self::Frozen => ("Frozen", 801),
            Self::NoticesNotAcknowledged => ("NoticesNotAcknowledged", 802),
            Self::NotAccepted => ("NotAccepted", 803),
            Self::Blocked => ("Blocked", 804),
            Self::ProfilesDiffer => ("ProfilesDiffer", 805),
        }
    }
}

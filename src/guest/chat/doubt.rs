//! The doubt about a chat session, and what was tried against it: `spec/guest-links.md`, "Repair".

use crate::client::limits::HOUR;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// Tries after which the wait between two grows no more: it is 16 hours then.
const MAX_TRIES: u8 = 5;
/// The time in seconds after which tries of before count no more.
const QUIET: u64 = 48 * HOUR;

/// The doubt whether the other side can read what is sealed here, and the reverse.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ChatDoubt {
    #[default]
    None,
    /// Something did not open. A server can bring that about by anything at all.
    Suspected,
    /// The same, and what was tried since was in vain.
    Unanswered,
    /// The other side said something that does not fit to what it said before. Nobody else can.
    Shown,
}

/// A finding about one session, or a try to repair it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    Suspected,
    Shown,
    /// The guest asks for a word.
    AskedWord,
    /// Something was sealed to repair it.
    Tried,
    /// The guest asks for a new session.
    AskedSession,
}

/// A refusal, and the doubt that it raises about the session with its sender.
pub(super) struct UnopenedMessage {
    pub(super) error: Error,
    pub(super) doubt: ChatDoubt,
}

/// The memory of one session's repair.
#[derive(Clone, Copy, Default)]
pub(super) struct RepairState {
    pub(super) doubt: ChatDoubt,
    /// The time when the doubt rose.
    since: u64,
    /// The time of the last try.
    last: u64,
    tries: u8,
    /// The wish of the guest that was not answered yet.
    pub(super) asked: Wish,
}

/// A wish of the guest. It ends no chat, whatever it is: a server can bring a guest to have it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    #[default]
    Nothing,
    Word,
    Session,
}

impl From<Error> for UnopenedMessage {
    fn from(error: Error) -> Self {
        Self { error, doubt: ChatDoubt::None }
    }
}

impl UnopenedMessage {
    pub(super) fn suspected(error: Error) -> Self {
        Self { error, doubt: ChatDoubt::Suspected }
    }

    pub(super) fn shown(error: Error) -> Self {
        Self { error, doubt: ChatDoubt::Shown }
    }

    /// Judges the refusal of a message whose header was authentic.
    pub(super) fn behind_header(error: Error) -> Self {
        match error {
            Error::StateCloned
            | Error::Inconsistent
            | Error::TooFarAhead
            | Error::ChainExhausted
            | Error::WeakKey => Self::shown(error),
            // Altered on its way, or of a chain whose ratchet key is none of what this side holds; a number that was
            // used, by a copy, or in a message that comes late a second time.
            Error::Forged | Error::MessageKeyGone => Self::suspected(error),
            _ => Self::from(error),
        }
    }
}

impl ChatDoubt {
    /// Returns what is to be noted of it.
    pub(super) fn note(self) -> Option<Note> {
        match self {
            Self::None => None,
            Self::Suspected | Self::Unanswered => Some(Note::Suspected),
            Self::Shown => Some(Note::Shown),
        }
    }
}

impl Note {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Suspected => 1,
            Self::Shown => 2,
            Self::AskedWord => 3,
            Self::Tried => 4,
            Self::AskedSession => 5,
        }
    }

    pub(super) fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Suspected),
            2 => Ok(Self::Shown),
            3 => Ok(Self::AskedWord),
            4 => Ok(Self::Tried),
            5 => Ok(Self::AskedSession),
            _ => Err(Error::Malformed),
        }
    }
}

impl RepairState {
    /// Begins with a session whose first message is on its way.
    pub(super) fn begun(now: u64) -> Self {
        Self { last: now, tries: 1, ..Self::default() }
    }

    /// Tells whether a try is allowed: after one an hour must pass, after the next two, and so on up to 16.
    pub(super) fn allows(&self, now: u64) -> bool {
        let doublings = u32::from(self.tries.saturating_sub(1));
        let wait = HOUR.saturating_mul(2_u64.saturating_pow(doublings));
        // A try of the future was made by a clock that was wrong.
        self.tries == 0 || now < self.last || now >= self.last.saturating_add(wait)
    }

    /// Tells whether the last try is less than an hour ago.
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.tries > 0 && (self.last..self.last.saturating_add(HOUR)).contains(&now)
    }

    /// Tells whether the doubt was shown an hour ago or earlier, at a time that is sure.
    pub(super) fn is_lasting(&self, now: u64) -> bool {
        self.doubt == ChatDoubt::Shown && now >= self.since.saturating_add(HOUR)
    }

    pub(super) fn note(&mut self, note: Note, now: u64) {
        match note {
            Note::Suspected => self.raise(ChatDoubt::Suspected, now),
            Note::Shown => self.raise(ChatDoubt::Shown, now),
            Note::AskedWord => self.asked = self.asked.max(Wish::Word),
            Note::AskedSession => self.asked = Wish::Session,
            Note::Tried => {
                let is_new = now >= self.last.saturating_add(QUIET);
                self.tries = if is_new { 1 } else { self.tries.saturating_add(1).min(MAX_TRIES) };
                self.last = now;
                self.asked = Wish::Nothing;
                if self.doubt == ChatDoubt::Suspected {
                    self.doubt = ChatDoubt::Unanswered;
                }
            }
        }
    }

    /// Ends the wish for a word.
    pub(super) fn answered(&mut self) {
        if self.asked == Wish::Word {
            self.asked = Wish::Nothing;
        }
    }

    fn raise(&mut self, doubt: ChatDoubt, now: u64) {
        if doubt > self.doubt {
            (self.doubt, self.since) = (doubt, now);
        }
    }

    /// Leaves no doubt that rose at a time ahead of now, which goes back where a clock was wrong: it would last for an
    /// hour only once that time has come.
    pub(super) fn bound_since(&mut self, now: u64) {
        self.since = self.since.min(now);
    }

    /// Ends the doubt.
    pub(super) fn settle(&mut self) {
        (self.doubt, self.since) = (ChatDoubt::None, 0);
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(match self.doubt {
            ChatDoubt::None => 0,
            ChatDoubt::Suspected => 1,
            ChatDoubt::Unanswered => 2,
            ChatDoubt::Shown => 3,
        });
        writer.u64(self.since);
        writer.u64(self.last);
        writer.u8(self.tries);
        writer.u8(match self.asked {
            Wish::Nothing => 0,
            Wish::Word => 1,
            Wish::Session => 2,
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let doubt = match reader.u8()? {
            0 => ChatDoubt::None,
            1 => ChatDoubt::Suspected,
            2 => ChatDoubt::Unanswered,
            3 => ChatDoubt::Shown,
            _ => return Err(Error::Malformed),
        };
        let (since, last, tries) = (reader.u64()?, reader.u64()?, reader.u8()?);
        let asked = match reader.u8()? {
            0 => Wish::Nothing,
            1 => Wish::Word,
            2 => Wish::Session,
            _ => return Err(Error::Malformed),
        };
        let is_empty = (doubt == ChatDoubt::None && since != 0) || (tries == 0 && last != 0);
        if is_empty || tries > MAX_TRIES {
            return Err(Error::Malformed);
        }
        Ok(Self { doubt, since, last, tries, asked })
    }
}

//! Places: which letter went where in the sessions with a device, so that a gap finds its letters. `spec/fan-out.md`,
//! "Gaps".

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::sent_log::MAX_SENT;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::protocol::letter::MessageId;
use crate::protocol::letter::missing::Gap;
use crate::protocol::position::{Position, SessionId};

/// The most letters to one device whose places are remembered: as many as can be sealed again.
pub(super) const MAX_PLACES: usize = MAX_SENT;

/// Half of a message id: enough to tell the letters apart that are remembered.
pub(super) type HalfId = [u8; 8];

/// The places of the letters that went to a device last, by their sessions, the oldest first.
#[derive(Default)]
pub(super) struct Places(Vec<SessionPlaces>);

/// The places in one session. Never empty.
struct SessionPlaces {
    /// The first half of its id.
    session: [u8; 16],
    /// In ascending order.
    places: VecDeque<Place>,
}

struct Place {
    at: Position,
    letter: HalfId,
}

impl Places {
    /// Notes that a letter went at the place before this one. If there is no room, the oldest is forgotten.
    pub(super) fn note(&mut self, session: SessionId, sent: Position, letter: MessageId) {
        if self.len() >= MAX_PLACES {
            self.pop();
        }
        let session = first(&session.0);
        let at = Position { number: sent.number.saturating_sub(1), ..sent };
        let place = Place { at, letter: half(letter) };
        // All but the first letter of a session find it at the end.
        match self.0.iter_mut().rev().find(|of| of.session == session) {
            Some(of) => of.places.push_back(place),
            None => self.0.push(SessionPlaces { session, places: VecDeque::from([place]) }),
        }
    }

    /// Returns the letters that went at the places of a gap, as far as it is known.
    pub(super) fn letters(&self, gap: Gap) -> impl Iterator<Item = HalfId> {
        let of_session = self.0.iter().filter(move |of| of.session == gap.session);
        let places = of_session.flat_map(|of| &of.places);
        places.filter(move |place| gap.contains(place.at)).map(|place| place.letter)
    }

    /// Forgets the places of letters that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&HalfId) -> bool) {
        for of in &mut self.0 {
            of.places.retain(|place| keep(&place.letter));
        }
        self.0.retain(|of| !of.places.is_empty());
    }

    /// Tells whether all are places of letters that are to be kept.
    pub(super) fn all(&self, keep: impl Fn(&HalfId) -> bool) -> bool {
        self.0.iter().flat_map(|of| &of.places).all(|place| keep(&place.letter))
    }

    fn len(&self) -> usize {
        self.0.iter().fold(0, |sum, of| sum.saturating_add(of.places.len()))
    }

    fn pop(&mut self) {
        if let Some(of) = self.0.first_mut() {
            of.places.pop_front();
            if of.places.is_empty() {
                self.0.remove(0);
            }
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |of, writer| {
            writer.raw(&of.session);
            writer.list(&of.places, |place, writer| {
                place.at.write(writer);
                writer.raw(&place.letter);
            });
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let all: Vec<_> = reader.list(MAX_PLACES, SessionPlaces::read)?;
        let mut sessions: Vec<_> = all.iter().map(|of| of.session).collect();
        sessions.sort_unstable();
        let places = Self(all);
        let is_canonical = sessions.is_sorted_by(|one, other| one < other);
        if is_canonical && places.len() <= MAX_PLACES { Ok(places) } else { Err(Error::Malformed) }
    }
}

impl SessionPlaces {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let session = *reader.array()?;
        let places: VecDeque<_> = reader.list(MAX_PLACES, |reader| {
            Ok(Place { at: Position::read(reader)?, letter: *reader.array()? })
        })?;
        let ascend = places.iter().is_sorted_by(|one, other| one.at < other.at);
        if ascend && !places.is_empty() {
            Ok(Self { session, places })
        } else {
            Err(Error::Malformed)
        }
    }
}

/// Returns the half of a message id by which a letter is found.
pub(super) fn half(id: MessageId) -> HalfId {
    first(&id.0)
}

//! The devices on the other side of a chat, each with its session.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::client::{Address, Envelope};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::devices::{DeviceList, MAX_DEVICES};
use crate::protocol::identity::DeviceId;
use crate::protocol::letter::Listed;
use crate::protocol::padding::Padding;
use crate::protocol::record::Anchor;
use crate::session::Session;
use crate::state::private::Stateful;

use super::delta::Moved;
use super::lists::NONE;

/// In ascending order of the devices. A session is a box: the vector moves no secret.
pub(super) struct Seats(Vec<Seat>);

/// One device on the other side.
pub(super) struct Seat {
    pub(super) session: Session,
    /// Which list of the host's devices it reported last, zeros if the one that is known here.
    pub(super) reported: Listed,
}

impl Seat {
    /// The device.
    pub(super) fn with(&self) -> DeviceId {
        self.session.peer().device()
    }
}

impl Seats {
    /// # Errors
    ///
    /// [`Error::Malformed`] if two are with one device, or there are more than a list has devices.
    pub(super) fn new(sessions: Vec<Session>, reported: Listed) -> Result<Self, Error> {
        let seat = |session| Seat { session, reported };
        let mut seats: Vec<Seat> = sessions.into_iter().map(seat).collect();
        seats.sort_unstable_by_key(Seat::with);
        let is_set = seats.is_sorted_by(|one, two| one.with() < two.with());
        if seats.len() > MAX_DEVICES || !is_set { Err(Error::Malformed) } else { Ok(Self(seats)) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.0.iter()
    }

    pub(super) fn find(&self, device: DeviceId) -> Option<&Seat> {
        self.iter().find(|seat| seat.with() == device)
    }

    /// One more device, or one whose session takes the place of that which it never answered.
    pub(super) fn add(&mut self, session: Session) {
        self.0.retain(|seat| seat.with() != session.peer().device());
        self.0.push(Seat { session, reported: NONE });
        self.0.sort_unstable_by_key(Seat::with);
    }

    /// Keeps the seats of those devices that the list names.
    pub(super) fn keep(&mut self, list: &DeviceList) {
        self.0.retain(|seat| list.device(seat.with()) == Some(seat.session.peer()));
    }

    /// Seals content for those devices that `wanted` names: for all of them, or for none.
    pub(super) fn seal(
        &self,
        wanted: impl Fn(DeviceId) -> bool,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, Vec<Moved>), Error> {
        let padded = Padding::Buckets.length(content.len());
        let mut envelopes = Vec::with_capacity(self.0.len());
        let mut moved = Vec::with_capacity(self.0.len());
        for seat in self.iter().filter(|seat| wanted(seat.with())) {
            let (message, delta) = seat.session.seal(content, padded, rng)?;
            envelopes.push(Envelope { to: Address::of(seat.session.peer()), message });
            moved.push(Moved { with: seat.with(), delta: Box::new(delta) });
        }
        // Every device that there was is gone.
        if envelopes.is_empty() { Err(Error::Unlisted) } else { Ok((envelopes, moved)) }
    }

    /// Moves sessions on by deltas that were made from this very state.
    pub(super) fn apply(&mut self, next: Anchor, moved: Vec<Moved>) {
        for mut one in moved {
            if let Some(seat) = self.find_mut(one.with) {
                seat.session.apply_delta(next, &mut one.delta);
            }
        }
    }

    /// Notes what a device reported.
    pub(super) fn report(&mut self, by: DeviceId, listed: Listed) {
        if let Some(seat) = self.find_mut(by) {
            seat.reported = listed;
        }
    }

    fn find_mut(&mut self, device: DeviceId) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.with() == device)
    }

    /// Erases all sessions.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.count(self.0.len());
        for seat in self.iter() {
            seat.reported.write(writer);
            seat.session.write(writer);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut seats: Vec<Seat> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let reported = Listed::read(reader)?;
            let seat = Seat { session: Session::read(reader)?, reported };
            if seats.last().is_some_and(|last| last.with() >= seat.with()) {
                return Err(Error::Malformed);
            }
            seats.push(seat);
        }
        Ok(Self(seats))
    }
}

//! Gaps: the messages of a device that later ones passed over. `spec/fan-out.md`, "Gaps".

use alloc::vec::Vec;

use super::limits::HOUR;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::protocol::letter::missing::{Gap, MAX_GAP, MAX_GAPS};
use crate::protocol::position::{Position, SessionId};
use crate::protocol::ratchet::RatchetDelta;

/// The time in seconds after which what was passed over is asked for: mail that only overtakes has come by then.
pub(crate) const GAP_AFTER: u64 = 600;

const DAY: u64 = 24 * HOUR;

/// The times in seconds between one request for a gap and the next. After the last one it is given up.
const AGAIN: [u64; 4] = [HOUR, 6 * HOUR, DAY, 3 * DAY];

/// The most times that a gap is asked for.
const MAX_ASKED: u8 = 5;

/// The time in seconds after which a gap is forgotten that nobody asked for: as long as letters are sealed again.
const KEEP_FOR: u64 = 14 * DAY;

/// The gaps in what one device has sent, the oldest first.
#[derive(Default)]
pub(super) struct Gaps(Vec<OpenGap>);

/// A gap that is not closed.
struct OpenGap {
    gap: Gap,
    /// The time from which on it is to be asked for.
    at: u64,
    /// The number of times that it was.
    asked: u8,
}

impl Gaps {
    /// Notes what a received message passes over, or makes up for; `current` is the chain before it.
    pub(super) fn note(
        &mut self,
        session: SessionId,
        current: u32,
        delta: &RatchetDelta,
        now: u64,
    ) {
        if let Some(late) = delta.late() {
            self.fill(session, late);
        }
        for (from, count) in delta.passed_over(current) {
            self.open(session, from, count, now);
        }
    }

    /// Opens a gap of so many messages.
    pub(super) fn open(&mut self, session: SessionId, from: Position, count: usize, now: u64) {
        let count = u32::try_from(count).unwrap_or(MAX_GAP).min(MAX_GAP);
        if count == 0 {
            return;
        }
        let Position { chain, number: from } = from;
        let gap = Gap { session: first(&session.0), chain, from, count };
        self.make_room();
        self.0.push(OpenGap { gap, at: now.saturating_add(GAP_AFTER), asked: 0 });
    }

    /// Makes a gap smaller by a message that came late.
    fn fill(&mut self, session: SessionId, late: Position) {
        let session = first(&session.0);
        let found = |open: &OpenGap| open.gap.session == session && open.gap.contains(late);
        let Some(place) = self.0.iter().position(found) else { return };
        let has_room = self.0.len() < MAX_GAPS;
        let Some(open) = self.0.get_mut(place) else { return };
        let before = late.number.saturating_sub(open.gap.from);
        let behind = open.gap.count.saturating_sub(before).saturating_sub(1);
        let rest = Gap { from: late.number.saturating_add(1), count: behind, ..open.gap };
        match (before, behind) {
            (0, 0) => {
                self.0.remove(place);
            }
            (0, _) => open.gap = rest,
            (_, 0) => open.gap.count = before,
            // Without room for two it stays whole: one letter more is asked for.
            _ if has_room => {
                open.gap.count = before;
                let (at, asked) = (open.at, open.asked);
                self.0.insert(place.saturating_add(1), OpenGap { gap: rest, at, asked });
            }
            _ => {}
        }
    }

    /// Makes room for one more: the oldest two neighbours of a chain become one, else the oldest is forgotten.
    fn make_room(&mut self) {
        if self.0.len() < MAX_GAPS {
            return;
        }
        let joined = self.0.windows(2).enumerate().find_map(|(place, pair)| {
            let [one, other] = pair else { return None };
            Some((place, one.gap.joined(&other.gap)?))
        });
        match joined {
            Some((place, gap)) => {
                self.0.remove(place);
                self.0.iter_mut().skip(place).take(1).for_each(|open| open.gap = gap);
            }
            None => {
                self.0.remove(0);
            }
        }
    }

    /// Lists the gaps that are to be asked for, in ascending order.
    pub(super) fn urgent(&self, now: u64) -> Vec<Gap> {
        let urgent = self.0.iter().filter(|open| open.at <= now);
        let mut gaps: Vec<_> = urgent.map(|open| open.gap).collect();
        gaps.sort_unstable();
        gaps
    }

    /// Returns when the next gap is to be asked for.
    pub(super) fn next(&self) -> Option<u64> {
        self.0.iter().map(|open| open.at).min()
    }

    /// Notes that the urgent gaps were asked for. What was asked for often enough is given up.
    pub(super) fn note_asked(&mut self, now: u64) {
        for open in self.0.iter_mut().filter(|open| open.at <= now) {
            open.asked = open.asked.saturating_add(1);
            open.at = now.saturating_add(open.wait());
        }
        self.0.retain(|open| open.asked < MAX_ASKED);
    }

    /// Closes the gaps that the device has answered.
    pub(super) fn close(&mut self, answered: &[Gap]) {
        self.0.retain(|open| !answered.iter().any(|gap| gap.covers(&open.gap)));
    }

    /// Tells whether a gap is past its time.
    pub(super) fn expiry_due(&self, now: u64) -> bool {
        self.0.iter().any(|open| open.is_over(now))
    }

    /// Forgets what nobody asks for.
    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|open| !open.is_over(now));
    }

    /// Leaves no gap to be asked for later than one that was opened, or asked for, now.
    pub(super) fn has_time_ahead(&self, now: u64) -> bool {
        self.0.iter().any(|open| open.at > now.saturating_add(open.wait()))
    }

    pub(super) fn bound_times(&mut self, now: u64) {
        for open in &mut self.0 {
            open.at = open.at.min(now.saturating_add(open.wait()));
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |open, writer| {
            open.gap.write(writer);
            writer.u64(open.at);
            writer.u8(open.asked);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let gaps: Vec<_> = reader.list(MAX_GAPS, |reader| {
            let open = OpenGap { gap: Gap::read(reader)?, at: reader.u64()?, asked: reader.u8()? };
            if open.asked < MAX_ASKED { Ok(open) } else { Err(Error::Malformed) }
        })?;
        Ok(Self(gaps))
    }
}

impl OpenGap {
    /// Returns how long it waits since it was asked for last, or was opened.
    fn wait(&self) -> u64 {
        let asked = usize::from(self.asked).checked_sub(1);
        asked.map_or(GAP_AFTER, |asked| AGAIN.get(asked).copied().unwrap_or(0))
    }

    fn is_over(&self, now: u64) -> bool {
        now >= self.at.saturating_add(KEEP_FOR)
    }
}

//! Where a session stands among those of its two devices: `spec/handshake.md`, "Descent".
//!
//! ```text
//! descent = predecessor (32) ‖ u32 chain ‖ u32 number ‖ u64 created
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::ratchet::Position;

/// Length of a descent in bytes.
pub(crate) const DESCENT: usize = 32 + 4 + 4 + 8;

/// What the initiator says about a session's place among those of the two devices.
///
/// Flat, as on the wire, and not an `Option`: where a state on the heap holds no predecessor, the
/// room for one must hold zeros, and not what was on the stack before, which may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descent {
    session: [u8; 32],
    closed: Position,
    /// The initiator's clock, which never goes back in one state.
    pub(crate) created: u64,
}

/// A session that another one continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predecessor {
    pub(crate) session: [u8; 32],
    /// The place of the first message that the initiator did not send in it any more: one at or
    /// behind it is a clone's.
    pub(crate) closed: Position,
}

impl Descent {
    /// The descent of a session that continues none.
    pub(crate) fn new(created: u64) -> Self {
        Self::after(None, created)
    }

    /// The descent of a session that continues another one, if there is one.
    pub(crate) fn after(predecessor: Option<Predecessor>, created: u64) -> Self {
        let none = Predecessor { session: [0; 32], closed: Position::default() };
        let Predecessor { session, closed } = predecessor.unwrap_or(none);
        Self { session, closed, created }
    }

    /// The session that this one continues; none if the initiator had none, or lost it.
    pub(crate) fn predecessor(&self) -> Option<Predecessor> {
        let Self { session, closed, .. } = *self;
        // No session has this id.
        (session != [0; 32]).then_some(Predecessor { session, closed })
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.session);
        writer.u32(self.closed.chain);
        writer.u32(self.closed.number);
        writer.u64(self.created);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let session = *reader.array()?;
        let closed = Position { chain: reader.u32()?, number: reader.u32()? };
        let descent = Self { session, closed, created: reader.u64()? };
        // A place in no session would be a second encoding of "none".
        if descent.predecessor().is_none() && closed != Position::default() {
            return Err(Error::Malformed);
        }
        Ok(descent)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn encoded(descent: &Descent) -> Vec<u8> {
        let mut writer = Writer::new();
        descent.write(&mut writer);
        writer.public()
    }

    fn decoded(bytes: &[u8]) -> Result<Descent, Error> {
        Reader::all(bytes, Descent::read)
    }

    fn continuing() -> Descent {
        let closed = Position { chain: 0x0102_0304, number: 0x0506_0708 };
        let predecessor = Predecessor { session: [9; 32], closed };
        Descent::after(Some(predecessor), 0x1112_1314_1516_1718)
    }

    #[test]
    fn a_descent_has_the_bytes_of_its_page() {
        let tail = [1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
        assert_eq!(encoded(&continuing()), [&[9; 32][..], &tail].concat());
        assert_eq!(encoded(&Descent::new(1)), [&[0; 47][..], &[1]].concat());
        assert_eq!(encoded(&continuing()).len(), DESCENT);
    }

    #[test]
    fn a_descent_is_read_as_it_was_written() {
        let unsent = Predecessor { session: [9; 32], closed: Position::default() };
        let unbegun = Descent::after(Some(unsent), 1);
        assert_eq!(unbegun.predecessor(), Some(unsent));
        assert_eq!(Descent::new(1).predecessor(), None);
        for descent in [continuing(), unbegun, Descent::new(0), Descent::new(u64::MAX)] {
            assert_eq!(decoded(&encoded(&descent)), Ok(descent));
        }
    }

    #[test]
    fn a_place_in_no_predecessor_is_malformed() {
        let none = encoded(&Descent::new(1));
        for place in 32..40 {
            for bit in 0..8 {
                let mut bytes = none.clone();
                bytes[place] |= 1 << bit;
                assert_eq!(decoded(&bytes), Err(Error::Malformed), "byte {place}");
                bytes[31] = 1;
                assert!(decoded(&bytes).is_ok(), "byte {place}");
            }
        }
    }

    #[test]
    fn a_descent_cut_short_or_with_a_byte_behind_it_is_malformed() {
        let bytes = encoded(&continuing());
        for length in 0..bytes.len() {
            assert_eq!(decoded(&bytes[..length]), Err(Error::Malformed), "{length} bytes");
        }
        assert_eq!(decoded(&[&bytes[..], &[0]].concat()), Err(Error::Malformed));
    }
}

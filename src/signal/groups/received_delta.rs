//! Changes of received sender keys: `spec/third-party.md`, "Groups".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::storage::{Delta, DeltaKind};

use super::received_chain::{Late, Moved, ReceivedChain, Used};

/// The change that one distribution or message makes.
pub(crate) enum ReceivedDelta {
    /// A chain was told.
    Learned(Box<ReceivedChain>),
    /// A message was opened.
    Used(Used),
}

impl Delta for ReceivedDelta {
    const KIND: DeltaKind = DeltaKind::ReceivedSenderKeys;

    /// Returns what was done, in which chain, and what of its bytes names it.
    fn id(&self) -> impl AsRef<[u8]> {
        let (what, chain, trace) = match self {
            Self::Learned(chain) => (0, chain.id(), first(chain.signing().bytes())),
            Self::Used(used) => (1, used.chain(), *used.trace()),
        };
        concat::<21>(&[&[what], &chain.to_be_bytes(), &trace])
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Learned(chain) => {
                writer.u8(0);
                chain.write(writer);
            }
            Self::Used(Used::Moved(moved)) => {
                writer.u8(1);
                moved.write(writer);
            }
            Self::Used(Used::Late(late)) => {
                writer.u8(2);
                late.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => ReceivedChain::read(reader).map(Box::new).map(Self::Learned),
            1 => Moved::read(reader).map(Box::new).map(Used::Moved).map(Self::Used),
            2 => Late::read(reader).map(Used::Late).map(Self::Used),
            _ => Err(Error::Malformed),
        }
    }
}

//! Changes of received sender keys: `spec/third-party.md`, "Groups".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::primitives::kdf::hash;
use crate::storage::{Delta, DeltaKind};

use super::distribution::Teller;
use super::received_chain::{Late, MovedChain, ReceivedChain, Used};

/// The change that one distribution or message makes.
pub(crate) enum ReceivedDelta {
    /// A chain was told.
    Learned(Box<LearnedChain>),
    /// A message was opened.
    Used(Used),
}

/// A chain, and the device that told it as it was then.
pub(crate) struct LearnedChain {
    pub(super) teller: Teller,
    pub(super) chain: Box<ReceivedChain>,
}

impl Delta for ReceivedDelta {
    const KIND: DeltaKind = DeltaKind::ReceivedSenderKeys;

    /// Returns what was done, in which chain, and what of its bytes names it.
    fn id(&self) -> impl AsRef<[u8]> {
        let (what, chain, trace) = match self {
            Self::Learned(it) => {
                let mut name = Writer::new();
                it.teller.write(&mut name);
                it.chain.name(&mut name);
                (0, it.chain.id(), first(&hash(&[name.written()])))
            }
            Self::Used(used) => (1, used.chain(), *used.trace()),
        };
        concat::<21>(&[&[what], &chain.to_be_bytes(), &trace])
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Learned(learned) => {
                writer.u8(0);
                learned.teller.write(writer);
                learned.chain.write(writer);
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
            0 => {
                let teller = Teller::read(reader)?;
                let chain = Box::new(ReceivedChain::read(reader)?);
                Ok(Self::Learned(Box::new(LearnedChain { teller, chain })))
            }
            1 => MovedChain::read(reader).map(Box::new).map(Used::Moved).map(Self::Used),
            2 => Late::read(reader).map(Used::Late).map(Self::Used),
            _ => Err(Error::Malformed),
        }
    }
}

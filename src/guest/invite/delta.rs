//! Changes of an invite: `spec/state.md`, "Device, invite and chat delta".

use alloc::boxed::Box;

use crate::error::Error;

use crate::primitives::codec::{Reader, Writer, concat};
use crate::protocol::clock::Now;
use crate::protocol::guest::grant::GrantedElsewhere;
use crate::storage::{Delta, DeltaKind};

/// The change that one moment makes in an invite.
pub(crate) struct InviteDelta {
    pub(crate) now: Now,
    pub(crate) change: InviteChange,
}

/// The change of an invite.
pub(crate) enum InviteChange {
    /// Only time has passed.
    Open,
    /// A claim with this transcript was taken.
    Claimed([u8; 32]),
    /// It was revoked, or its time is over.
    Ended,
    /// The maker has granted a claim.
    GrantedElsewhere(Box<GrantedElsewhere>),
    /// The maker took another claim.
    Contested,
}

impl Delta for InviteDelta {
    const KIND: DeltaKind = DeltaKind::Invite;

    /// Returns the change, the time with the clock after it, and the claim or zeros.
    fn id(&self) -> impl AsRef<[u8]> {
        let (change, claim) = match &self.change {
            InviteChange::Open => (0, [0; 32]),
            InviteChange::Claimed(transcript) => (1, *transcript),
            InviteChange::Ended => (2, [0; 32]),
            InviteChange::GrantedElsewhere(granted) => (3, granted.transcript),
            InviteChange::Contested => (4, [0; 32]),
        };
        let mut now = Writer::new();
        self.now.write(&mut now);
        concat::<66>(&[&[change], now.written(), &claim])
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        match &self.change {
            InviteChange::Open => writer.u8(0),
            InviteChange::Claimed(transcript) => {
                writer.u8(1);
                writer.raw(transcript);
            }
            InviteChange::Ended => writer.u8(2),
            InviteChange::GrantedElsewhere(granted) => {
                writer.u8(3);
                granted.write(writer);
            }
            InviteChange::Contested => writer.u8(4),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = Now::read(reader)?;
        let change = match reader.u8()? {
            0 => InviteChange::Open,
            1 => InviteChange::Claimed(*reader.array()?),
            2 => InviteChange::Ended,
            3 => InviteChange::GrantedElsewhere(GrantedElsewhere::read(reader)?),
            4 => InviteChange::Contested,
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, change })
    }
}

//! Diagnoses of sessions, which a user may put into a bug report.

use core::fmt;

use super::session::Session;
use crate::protocol::position::{Position, Role};

/// A description of a session for a bug report: states and counts. It holds no key, no content and no id of an account
/// or device; of the session's id it has the first four bytes, by which the reports of two sides are brought together.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::session::{Account, AccountId, Device};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let [ada, grace] = [1, 2].map(|id| {
///         Device::generate(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
///     });
///     let mut to_grace = ada.initiate(&grace.bundle(), now, &mut rng)?;
///     to_grace.encrypt(b"hello", &mut rng)?;
///     let report = to_grace.diagnosis().to_string();
///     assert!(report.ends_with(
///         "initiator, not answered yet, without a one-time prekey, post-quantum epoch 0, \
///          sends 1.1, opens 0.0, 0 skipped, 0 reserved"
///     ));
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionDiagnosis {
    name: [u8; 4],
    role: Role,
    is_confirmed: bool,
    is_proven: bool,
    used_one_time_prekey: bool,
    post_quantum_epoch: u32,
    sends: Position,
    opens: Position,
    skipped: usize,
    reserved: u32,
}

impl Session {
    /// Describes the session for a bug report.
    #[must_use]
    pub fn diagnosis(&self) -> SessionDiagnosis {
        let [a, b, c, d, ..] = self.id().0;
        SessionDiagnosis {
            name: [a, b, c, d],
            role: self.role(),
            is_confirmed: self.is_confirmed(),
            is_proven: self.is_proven(),
            used_one_time_prekey: self.used_one_time_prekey(),
            post_quantum_epoch: self.post_quantum_epoch(),
            sends: self.sent(),
            opens: self.heard(),
            skipped: self.skipped(),
            reserved: self.reserved(),
        }
    }
}

impl fmt::Display for SessionDiagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Initiator => "initiator",
            Role::Responder => "responder",
        };
        let standing = match (self.is_confirmed, self.is_proven) {
            (false, _) => "not answered yet",
            (true, false) => "confirmed, not proven",
            (true, true) => "proven",
        };
        let one_time = if self.used_one_time_prekey { "with" } else { "without" };
        let Self { name, sends, opens, post_quantum_epoch, skipped, reserved, .. } = self;
        write!(f, "session {:08x}: {role}, {standing}, ", u32::from_be_bytes(*name))?;
        write!(f, "{one_time} a one-time prekey, post-quantum epoch {post_quantum_epoch}, ")?;
        write!(f, "sends {}.{}, ", sends.chain, sends.number)?;
        write!(f, "opens {}.{}, ", opens.chain, opens.number)?;
        write!(f, "{skipped} skipped, {reserved} reserved")
    }
}

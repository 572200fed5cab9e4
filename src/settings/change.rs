//! Changes of settings, for the app to act upon.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::settings::map::Map;
use crate::protocol::settings::name::Setting;
use crate::protocol::settings::replica::SettingTurn;

/// A setting that has changed, or about which two devices did not agree.
pub struct SettingChange {
    /// The setting.
    pub setting: Setting,
    /// The value that stands now; `None` if the setting was removed.
    pub value: Option<Zeroizing<Vec<u8>>>,
    /// The device that has set or removed it; `None` if all devices have known for long that it was removed.
    pub by: Option<DeviceId>,
    /// The value that does not stand: the one that was here, or, in a conflict that it has lost, the one that came.
    pub replaced: Option<Zeroizing<Vec<u8>>>,
    /// The device that had set or removed what does not stand, if anybody had.
    pub replaced_by: Option<DeviceId>,
    /// True if neither of the two devices knew of the other's word when it set its own. The value that stands is the
    /// same on all devices; ask the user, where it matters.
    pub is_conflict: bool,
}

redacted!(
    SettingChange,
    |change| by = change.by,
    replaced_by = change.replaced_by,
    is_conflict = change.is_conflict
);

impl SettingChange {
    /// Says what has turned in a map.
    pub(super) fn new(turn: SettingTurn, map: &Map) -> Self {
        let SettingTurn { name, lost, is_conflict } = turn;
        let standing = map.get(&name);
        let replaced_by = lost.as_ref().map(|lost| lost.stamp.device);
        Self {
            setting: Setting::decode(&name),
            value: standing.and_then(|slot| slot.value.clone()),
            by: standing.map(|slot| slot.stamp.device),
            replaced: lost.and_then(|lost| lost.value),
            replaced_by,
            is_conflict,
        }
    }
}

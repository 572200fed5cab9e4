//! Versions and kinds, the first two bytes of every object: `spec/wire.md`.

/// The wire version.
pub(crate) const VERSION: u8 = 1;

/// The suite: X25519, Ed25519, ML-KEM-768, HKDF/HMAC-SHA-256, AES-256-GCM.
pub(crate) const SUITE: u8 = 1;

/// An ordinary message of a session.
pub(crate) const MESSAGE: u8 = 0x01;
/// A message that carries the handshake in front.
pub(crate) const INITIAL: u8 = 0x02;

/// A bundle.
pub(crate) const BUNDLE: u8 = 0x10;
/// A one-time prekey on its own.
pub(crate) const ONE_TIME_PREKEY: u8 = 0x11;
/// A device list.
pub(crate) const DEVICE_LIST: u8 = 0x12;
/// A primary's offer to a device that it links.
pub(crate) const LINKING_OFFER: u8 = 0x13;
/// The linked device's answer.
pub(crate) const LINKING_ACCEPTANCE: u8 = 0x14;
/// A primary's briefing of the device that it has admitted.
pub(crate) const LINKING_BRIEFING: u8 = 0x15;

/// A host's signed invitation, before it is sealed.
pub(crate) const INVITATION: u8 = 0x20;
/// A server copy.
pub(crate) const SERVER_COPY: u8 = 0x21;
/// A guest's claim.
pub(crate) const CLAIM: u8 = 0x22;
/// The owner's notice that a link is over.
pub(crate) const NOTICE: u8 = 0x23;

/// A shared link, from one own device to another.
pub(crate) const SHARED_LINK: u8 = 0x24;
/// A shared grant, from one own device to another.
pub(crate) const SHARED_GRANT: u8 = 0x25;
/// A shared chat, from one own device to a late one.
pub(crate) const SHARED_CHAT: u8 = 0x26;
/// A hand-over of a guest's chat to the account that the guest has opened.
pub(crate) const GUEST_HAND_OVER: u8 = 0x27;
/// A copy of a text in a guest chat, from one own device to another.
pub(crate) const GUEST_COPY: u8 = 0x28;

/// A blob.
pub(crate) const BLOB: u8 = 0x31;
/// A reference to an attachment.
pub(crate) const ATTACHMENT: u8 = 0x32;
/// A history request, from one own device to another.
pub(crate) const HISTORY_REQUEST: u8 = 0x33;
/// The answer to it.
pub(crate) const HISTORY_MANIFEST: u8 = 0x34;
/// A report of a message to the service that brought it.
pub(crate) const REPORT: u8 = 0x3c;

/// An operation of a group.
pub(crate) const GROUP_OPERATION: u8 = 0x39;
/// A checkpoint of a group.
pub(crate) const GROUP_CHECKPOINT: u8 = 0x3a;
/// A request for operations of a group.
pub(crate) const GROUP_REQUEST: u8 = 0x3d;
/// An entry of an account's settings.
pub(crate) const SETTINGS_ENTRY: u8 = 0x35;
/// A snapshot of an account's settings.
pub(crate) const SETTINGS_SNAPSHOT: u8 = 0x36;
/// The keys of an account's settings, from one own device to another.
pub(crate) const SETTINGS_KEYS: u8 = 0x37;
/// The heads of an account's settings, from one own device to another.
pub(crate) const SETTINGS_HEADS: u8 = 0x38;
/// A notice that something was shown once, from one own device to another.
pub(crate) const VIEW_NOTICE: u8 = 0x3b;

/// A provider's descriptor.
#[cfg(feature = "signal")]
pub(crate) const PROVIDER: u8 = 0x40;
/// An attestation of an account on another messenger.
#[cfg(feature = "signal")]
pub(crate) const ATTESTATION: u8 = 0x41;
/// An envelope around a content for somebody on another messenger.
#[cfg(feature = "signal")]
pub(crate) const FOREIGN_ENVELOPE: u8 = 0x42;
/// A sender key, told in a session with somebody on another messenger.
#[cfg(feature = "signal")]
pub(crate) const TOLD_SENDER_KEY: u8 = 0x44;
/// An envelope around a content for a group on other messengers.
#[cfg(feature = "signal")]
pub(crate) const GROUP_ENVELOPE: u8 = 0x45;
/// A copy of what was said or heard in a third-party chat, from one own device to another.
#[cfg(feature = "signal")]
pub(crate) const FOREIGN_COPY: u8 = 0x46;
/// A hand-over of what is known of people on other messengers, from one own device to another.
#[cfg(feature = "signal")]
pub(crate) const FOREIGN_HANDOVER: u8 = 0x47;

/// A challenge of a service's server to a device of another provider.
#[cfg(feature = "signal")]
pub(crate) const CHALLENGE: u8 = 0x50;
/// A provider's token for an account that is to be reachable at another service.
#[cfg(feature = "signal")]
pub(crate) const ENLISTMENT_TOKEN: u8 = 0x51;
/// A device's answer to a challenge.
#[cfg(feature = "signal")]
pub(crate) const ENLISTMENT: u8 = 0x52;
/// A bundle for another service.
#[cfg(feature = "signal")]
pub(crate) const FOREIGN_BUNDLE: u8 = 0x53;
/// One-time prekeys for another service.
#[cfg(feature = "signal")]
pub(crate) const FOREIGN_BATCH: u8 = 0x54;
/// A message to or from another service, with the devices that it is from and for.
#[cfg(feature = "signal")]
pub(crate) const DELIVERY: u8 = 0x55;

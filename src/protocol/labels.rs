//! Every domain-separation label, once (`spec/README.md`, "Labels").
//!
//! A label begins everything that is signed or given to HKDF as `info`, and every input that is hashed
//! to a key, an id or a transcript; a plain SHA-256 of one value occurs only inside such an input. All
//! end in a full stop and none contains another one, so none is a prefix of another.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: &[u8] = concat!("latchstring/v1/", $text, ".").as_bytes();
        )*

        #[cfg(test)]
        pub(crate) const ALL: &[&[u8]] = &[$($name),*];
    };
}

labels! {
    /// An account's signature over one of its devices.
    IDENTITY_ACCOUNT = "identity/account";
    /// A device's signature over its own core.
    IDENTITY_DEVICE = "identity/device";
    /// An account's seed from randomness and the account's id.
    IDENTITY_ACCOUNT_SEED = "identity/account-seed";
    /// A device's id and seeds from randomness and its account's seed.
    IDENTITY_DEVICE_SEEDS = "identity/device-seeds";
    /// The fingerprint of two parties.
    IDENTITY_FINGERPRINT = "identity/fingerprint";

    /// A device list's content, as one hash.
    DEVICES_CONTENT = "devices/content";
    /// A device list and all before it, as one hash.
    DEVICES_HASH = "devices/hash";
    /// An account's signature over its device list.
    DEVICES_LIST = "devices/list";

    /// The check bytes of a linking code.
    LINKING_CHECK = "linking/check";
    /// The rendezvous id of a linking code.
    LINKING_RENDEZVOUS = "linking/rendezvous";
    /// The keys and the secret of a linking code from randomness and what the code says.
    LINKING_CODE_SECRETS = "linking/code-secrets";
    /// A new device's id from randomness, the primary's identity secret and what the offer is about.
    LINKING_DEVICE_ID = "linking/device-id";
    /// The keys of a linking.
    LINKING_KEYS = "linking/keys";
    /// The transcript of a linking.
    LINKING_TRANSCRIPT = "linking/transcript";
    /// A primary's signature over a linking.
    LINKING_OFFER = "linking/offer";
    /// An ephemeral key from randomness, the primary's identity secret and what the offer is about.
    LINKING_EPHEMERAL = "linking/ephemeral";
    /// The digits of a linking.
    LINKING_DIGITS = "linking/digits";
    /// The salt of a briefing from its text.
    LINKING_BRIEFING_SALT = "linking/briefing-salt";
    /// The key that seals a briefing.
    LINKING_BRIEFING = "linking/briefing";

    /// A device's signature over its prekeys.
    PREKEYS_LASTING = "prekeys/lasting";
    /// A device's signature over a one-time prekey.
    PREKEYS_ONE_TIME = "prekeys/one-time";

    /// The id and secrets of a prekey set from randomness, the identity secret and the device's anchor.
    PREKEYS_SET_SECRETS = "prekeys/set-secrets";
    /// The id and secrets of a one-time prekey from the same and its place in the batch.
    PREKEYS_ONE_TIME_SECRETS = "prekeys/one-time-secrets";
    /// The share of a replay memory that a first message takes.
    PREKEYS_SHARE = "prekeys/share";

    /// The first transcript hash, of all that is public before the initiator is known.
    HANDSHAKE_TERMS = "handshake/terms";
    /// The second transcript hash, with the initiator.
    HANDSHAKE_PARTIES = "handshake/parties";
    /// The key that seals the handshake payload.
    HANDSHAKE_IDENTITY = "handshake/identity";
    /// The keys that a session begins with.
    HANDSHAKE_KEYS = "handshake/keys";
    /// The handshake id.
    HANDSHAKE_NAME = "handshake/name";
    /// An ephemeral key from randomness, the identity secret, the bundle and the continuation.
    HANDSHAKE_EPHEMERAL = "handshake/ephemeral";
    /// The coins of an encapsulation from randomness, the identity secret and the ephemeral key.
    HANDSHAKE_COINS = "handshake/coins";

    /// The root step.
    RATCHET_ROOT = "ratchet/root";
    /// A ratchet key from randomness and the root key.
    RATCHET_KEY = "ratchet/key";
    /// A side's imprint key from its own secrets.
    RATCHET_IMPRINT = "ratchet/imprint";
    /// The nonce of a body, from randomness and all that is sealed under it.
    RATCHET_NONCE = "ratchet/nonce";
    /// The associated data of a body.
    RATCHET_BODY = "ratchet/body";
    /// The associated data of a header.
    RATCHET_HEADER = "ratchet/header";
    /// The exporter of a message.
    RATCHET_EXPORT = "ratchet/export";
    /// A secret from an exporter.
    RATCHET_EXPORTED = "ratchet/exported";

    /// The keys of the tags in a braid.
    BRAID_AUTHENTICATOR = "braid/authenticator";
    /// The tag of a header.
    BRAID_HEADER = "braid/header";
    /// The tag of a ciphertext.
    BRAID_CIPHERTEXT = "braid/ciphertext";
    /// The secret of an epoch.
    BRAID_SECRET = "braid/secret";
    /// The seed of a key pair from randomness and the authenticator.
    BRAID_KEY = "braid/key";
    /// The coins of an encapsulation from randomness, the authenticator and the header.
    BRAID_COINS = "braid/coins";

    /// The key of a frank.
    FRANK_KEY = "frank/key";
    /// A commitment to what an envelope says.
    FRANK_WORDS = "frank/words";
    /// A service's tag over a frank.
    FRANK_TAG = "frank/tag";

    /// The lineage tag of a state's next generation.
    STATE_LINEAGE = "state/lineage";
    /// The keys of one sealed record.
    STATE_RECORD = "state/record";
    /// The prekeys that a change of a device notes as published.
    STATE_PUBLISHED = "state/published";
    /// The salt of a record from randomness, the key that seals it and all that it says.
    STATE_SALT = "state/salt";
    /// A journal key from randomness, the state key and the snapshot.
    STATE_JOURNAL = "state/journal";
    /// The change id of a client's change.
    STATE_CLIENT = "state/client";
    /// The key of the ids and marks of a snapshot's pages.
    STATE_PAGES = "state/pages";
    /// A snapshot's pages and their contents, as one hash.
    /// The name of a client that begins anew, from randomness, its agreement secret and the copy that it begins from.
    STATE_RESTART = "state/restart";

    /// An owner key's seed from randomness, the identity secret and the link's terms.
    GUEST_OWNER = "guest/owner";
    /// An invitation's nonce from randomness, the identity secret and the rest of the invitation.
    GUEST_NONCE = "guest/nonce";
    /// A PIN from randomness, the identity secret and the signed invitation.
    GUEST_PIN_DIGITS = "guest/pin-digits";
    /// A PIN share's exponent from randomness, the identity secret and the claim.
    GUEST_PIN_SHARE = "guest/pin-share";
    /// A guest's identifier, seed and join key from randomness and what the claim says.
    GUEST_SECRETS = "guest/secrets";
    /// The salt of a claim's credentials from randomness, the guest's identity secret and the claim.
    GUEST_SALT = "guest/salt";
    /// A host's signature over an invitation.
    GUEST_INVITATION = "guest/invitation";
    /// The secret of a link, from its invitation.
    GUEST_SECRET = "guest/secret";
    /// The check characters of a link's text.
    GUEST_CHECK = "guest/check";
    /// The salt under which a link's secret is extracted.
    GUEST_LINK = "guest/link";
    /// The locator of a link.
    GUEST_LOCATOR = "guest/locator";
    /// The public id of the invitation in transcripts.
    GUEST_INVITATION_ID = "guest/invitation-id";
    /// The key that seals the stored invitation.
    GUEST_INVITATION_KEY = "guest/invitation-key";
    /// The seed of the claim signing key.
    GUEST_CLAIM_SEED = "guest/claim-seed";
    /// The claim MAC key.
    GUEST_CLAIM_KEY = "guest/claim-key";
    /// The key under which guest credentials are sealed from the server.
    GUEST_RECORD_KEY = "guest/record-key";
    /// The handshake's pre-shared key.
    GUEST_PSK = "guest/psk";
    /// The salt under which a guest's seed is extracted.
    GUEST_SEED = "guest/seed";
    /// The seed of a guest's signing key.
    GUEST_SIGNING = "guest/signing";
    /// The seed of a guest's agreement key.
    GUEST_AGREEMENT = "guest/agreement";
    /// A guest's account id.
    GUEST_ACCOUNT = "guest/account";
    /// The key of one claim's sealed credentials.
    GUEST_RECORD = "guest/record";
    /// The transcript of a claim.
    GUEST_CLAIM = "guest/claim";
    /// A link holder's signature over a claim, for the server.
    GUEST_CLAIM_ADMIT = "guest/claim-admit";
    /// A guest's proof that it holds its signing key.
    GUEST_CLAIM_PROOF = "guest/claim-proof";
    /// The tag by which the host knows that the claimant holds the link.
    GUEST_CLAIM_TAG = "guest/claim-tag";
    /// The salt under which a PIN is extracted.
    GUEST_PIN = "guest/pin";
    /// The generator of a PIN's exchange.
    GUEST_PIN_GENERATOR = "guest/pin-generator";
    /// The salt under which a PIN's agreement is extracted.
    GUEST_PIN_KEY = "guest/pin-key";
    /// The host's proof of a PIN.
    GUEST_PIN_HOST = "guest/pin-host";
    /// The guest's proof of a PIN.
    GUEST_PIN_GUEST = "guest/pin-guest";
    /// The context of a late device's handshake, from the terms of the chat.
    GUEST_JOIN = "guest/join";
    /// A host device's signature over a grant.
    GUEST_GRANT = "guest/grant";
    /// The link owner's signature over the link's end.
    GUEST_NOTICE = "guest/notice";
    /// The digest by which a server tells one claim from another.
    GUEST_CLAIM_DIGEST = "guest/claim-digest";
    /// The hash that stands for a claim in a notice.
    GUEST_CLAIM_NAME = "guest/claim-name";
    /// The id of a text in a guest chat from randomness, the join key, the chat's anchor or claim, time and text.
    GUEST_TEXT_ID = "guest/text-id";
    /// A text of a guest chat, as the devices of a host compare it.
    GUEST_TEXT = "guest/text";
    /// The signatures of a guest and of a new account over the hand-over of a chat.
    GUEST_HAND_OVER = "guest/hand-over";

    /// A message id from randomness, the identity secret, the client's anchor and what is said.
    LETTER_ID = "letter/id";
    /// The accounts of a group, as a sender sees them.
    LETTER_AUDIENCE = "letter/audience";
    /// The digest by which own devices compare a letter.
    LETTER_DIGEST = "letter/digest";

    /// The salt of a new group from randomness, a secret of its founder and its members.
    GROUP_SALT = "group/salt";
    /// The id of a group from its first operation.
    GROUP_ID = "group/id";
    /// An operation of a group and all before it, as one hash.
    GROUP_HASH = "group/hash";
    /// A device's signature over an operation of a group.
    GROUP_OPERATION = "group/operation";
    /// A device's signature over how a group stands.
    GROUP_CHECKPOINT = "group/checkpoint";

    /// The hash of a blob's content, against a generator that repeats itself.
    BLOB_CONTENT = "blob/content";
    /// The key of a blob from a secret of its sender, its content and its message.
    BLOB_MESSAGE = "blob/message";
    /// The salt under which the key of a blob is extracted.
    BLOB_KEY = "blob/key";
    /// The key that seals the content.
    BLOB_SEAL = "blob/seal";
    /// The commitment of a blob to its key.
    BLOB_COMMITMENT = "blob/commitment";

    /// The hash of an entry of an account's settings.
    SETTINGS_HASH = "settings/hash";
    /// A device's signature over an entry of its account's settings.
    SETTINGS_ENTRY = "settings/entry";
    /// A device's signature over a snapshot of its account's settings.
    SETTINGS_SNAPSHOT = "settings/snapshot";
    /// A device's signature over the heads that it has of its account's settings.
    SETTINGS_HEADS = "settings/heads";
    /// A key of settings from randomness, the identity secret and what it is for.
    SETTINGS_KEY = "settings/key";
    /// The id of a key of settings.
    SETTINGS_KEY_ID = "settings/key-id";
    /// The salt of an entry or a snapshot from its text.
    SETTINGS_SALT = "settings/salt";
    /// The key that seals the text of an entry or a snapshot.
    SETTINGS_SEAL = "settings/seal";
    /// The id of a change of settings.
    SETTINGS_CHANGE = "settings/change";
    /// The name of a state of settings from randomness and the identity secret.
    SETTINGS_STATE = "settings/state";

    /// A foreign identity's key and first id from randomness and its address.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_IDENTITY = "signal/identity";
    /// The secrets of prekeys of a foreign identity from randomness, the identity and the state's place.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_PREKEYS = "signal/prekeys";
    /// A base key, and coins of a KEM, from randomness, the identity and what the bundle is.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_HANDSHAKE = "signal/handshake";
    /// The base key of a session, as it is remembered.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_SESSION = "signal/session";
    /// The imprint key of a foreign session from the identity secret and the base key.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_IMPRINT = "signal/imprint";
    /// The share of a replay memory that a foreign address takes.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_SHARE = "signal/share";
    /// The id of a change of a foreign client.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_CLIENT = "signal/client";
    /// A sender key's id, chain key and signing key from randomness and the state that they are made for.
    #[cfg_attr(not(feature = "signal"), allow(dead_code, reason = "of a feature"))]
    SIGNAL_SENDER_KEY = "signal/sender-key";
    /// The ephemeral key of a sealed envelope from randomness, the identity secret and what is sealed.
    #[cfg_attr(not(feature = "signal"), allow(dead_code, reason = "of a feature"))]
    SIGNAL_SEALED_EPHEMERAL = "signal/sealed-ephemeral";
    /// The secret of an envelope for many from randomness, the identity secret and what is sealed.
    #[cfg_attr(not(feature = "signal"), allow(dead_code, reason = "of a feature"))]
    SIGNAL_SEALED_SECRET = "signal/sealed-secret";
    /// An attachment's key from randomness, the identity secret, the client's anchor and the terms.
    ATTACHMENT_DRAW = "attachment/draw";
    /// The salt under which the key of an attachment is extracted.
    ATTACHMENT_KEY = "attachment/key";
    /// The key of an attachment's tags.
    ATTACHMENT_TAG = "attachment/tag";
    /// The key from which the keys of an attachment's segments follow.
    ATTACHMENT_STREAM = "attachment/stream";
    /// The id of an attachment.
    ATTACHMENT_ID = "attachment/id";

    /// The id of a history request from randomness, the identity secret, the client's anchor and what is asked for.
    HISTORY_REQUEST = "history/request";
    /// A source's signature over its answer to a history request.
    HISTORY_MANIFEST = "history/manifest";

    /// The seed of an authority from randomness.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_AUTHORITY = "signal/authority";
    /// A root's signature over a provider's descriptor.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_PROVIDER = "signal/provider";
    /// An account's signature over what it says of itself to people of other providers.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_ACCOUNT = "signal/account";
    /// A provider's signature over an account's statement.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_ATTESTATION = "signal/attestation";
    /// The statements that two accounts have signed of themselves, as one hash.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_AGREED = "signal/agreed";
    /// The id of the chat of two accounts.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_CHAT = "signal/chat";
    /// The id of a message from randomness, the identity secret and the state.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_MESSAGE_ID = "signal/message-id";
    /// The key of a media file from randomness, the identity secret, its kind and length, the state and the time.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_MEDIA_KEY = "signal/media-key";
    /// The message that a copy for own devices is of, as one hash.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_COPY_MESSAGE = "signal/copy-message";
    /// The words of a message in copies for own devices, as one hash.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_COPY_DIGEST = "signal/copy-digest";
    /// A challenge to somebody who connects, from randomness.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_CHALLENGE = "signal/challenge";
    /// A provider's signature over a token by which an account is enlisted at another service.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_TOKEN = "signal/token";
    /// A device's signature over its answer to a challenge.
    #[cfg_attr(not(feature = "signal"), allow(dead_code))]
    SIGNAL_ENLISTMENT = "signal/enlistment";
}

#[cfg(test)]
#[path = "tests/labels.rs"]
mod tests;

#![doc = include_str!("links.md")]
#![doc = include_str!("../../spec/README.md")]

/// Defines a page, whose links lead to the other pages here as they do between the files.
macro_rules! pages {
    ($($name:ident: $file:literal;)*) => {$(
        #[doc = include_str!("links.md")]
        #[doc = include_str!($file)]
        pub mod $name {}
    )*};
}

pages! {
    attachments: "../../spec/attachments.md";
    braid: "../../spec/braid.md";
    content: "../../spec/content.md";
    conversations: "../../spec/conversations.md";
    decisions: "../../spec/decisions.md";
    devices: "../../spec/devices.md";
    errors: "../../spec/errors.md";
    fan_out: "../../spec/fan-out.md";
    franking: "../../spec/franking.md";
    glossary: "../../spec/glossary.md";
    groups: "../../spec/groups.md";
    guest_links: "../../spec/guest-links.md";
    handshake: "../../spec/handshake.md";
    history: "../../spec/history.md";
    identity: "../../spec/identity.md";
    linking: "../../spec/linking.md";
    post_quantum: "../../spec/post-quantum.md";
    prekeys: "../../spec/prekeys.md";
    ratchet: "../../spec/ratchet.md";
    security: "../../spec/security.md";
    sessions: "../../spec/sessions.md";
    settings: "../../spec/settings.md";
    state: "../../spec/state.md";
    storing: "../../spec/storing.md";
    third_party: "../../spec/third-party.md";
    wire: "../../spec/wire.md";
    vectors: "../../spec/vectors/README.md";
    reporting: "../../SECURITY.md";
}

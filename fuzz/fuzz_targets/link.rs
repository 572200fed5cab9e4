//! Links and what is stored behind them: only the host's invitation and the holder's claim pass.
#![no_main]

use latchstring::{Link, State};
use latchstring_fuzz::support::NOW;
use latchstring_fuzz::{Guest, edited, saved};
use libfuzzer_sys::fuzz_target;

thread_local!(static FIXTURE: (Guest, Vec<u8>) = {
    let guest = Guest::new(1);
    let invite = saved(&guest.invite);
    (guest, invite)
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with(|(guest, before)| {
    let link = guest.invite.link().unwrap();
    let url = link.to_url("example.org");
    let sealed = guest.posting.sealed_invitation();
    let valid = [url.as_bytes(), sealed, &guest.claim, &guest.notice];
    let bytes = edited(valid[usize::from(input.0 % 4)], input.1);
    if let Ok(link) = Link::parse(&String::from_utf8_lossy(&bytes)) {
        let again = Link::parse(&link.to_url("example.org")).unwrap();
        assert_eq!(again.locator(), link.locator());
    }
    assert_eq!(link.open(&bytes, "example.org", NOW).is_ok(), bytes == sealed);
    assert_eq!(guest.posting.admit(&bytes).is_ok(), bytes == guest.claim);
    assert_eq!(guest.posting.close(&bytes).is_ok(), bytes == guest.notice);
    assert_eq!(guest.invite.claim(&guest.host, &bytes, NOW).is_ok(), bytes == guest.claim);
    assert!(guest.chat.open(guest.host.address(), &bytes, NOW).is_err());
    assert_eq!(*guest.invite.to_bytes(), *before);
}));

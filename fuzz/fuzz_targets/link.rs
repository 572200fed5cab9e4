//! Links and what is stored behind them: only the host's invitation and the holder's claim pass.
#![no_main]

use std::cell::RefCell;

use latchstring::guest::InviteLink;
use latchstring::storage::State;
use latchstring_fuzz::support::NOW;
use latchstring_fuzz::{Guest, edited, saved};
use libfuzzer_sys::fuzz_target;

thread_local!(static FIXTURE: RefCell<(Guest, Vec<u8>)> = {
    let guest = Guest::new(1);
    let invite = saved(&guest.invite);
    RefCell::new((guest, invite))
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|(guest, before)| {
    let link = guest.invite.link().unwrap();
    let url = link.to_url("example.org").unwrap();
    let sealed = guest.server_copy.sealed_invitation();
    let valid = [url.as_bytes(), sealed, &guest.claim, &guest.notice];
    let bytes = edited(valid[usize::from(input.0 % 4)], input.1);
    if let Ok(link) = InviteLink::parse(&String::from_utf8_lossy(&bytes)) {
        let again = InviteLink::parse(&link.to_url("example.org").unwrap()).unwrap();
        assert_eq!(again.locator(), link.locator());
        assert_eq!(link.locator(), guest.server_copy.locator());
    }
    assert_eq!(link.open(&bytes, "example.org", NOW).is_ok(), bytes == sealed);
    assert_eq!(guest.server_copy.check_claim(&bytes).is_ok(), bytes == guest.claim);
    assert_eq!(guest.server_copy.check_notice(&bytes).is_ok(), bytes == guest.notice);
    let opened = guest.invite.claim(&mut guest.host, &bytes, NOW);
    assert_eq!(opened.is_ok(), bytes == guest.claim);
    drop(opened);
    assert!(guest.chat.open(guest.host.address(), &bytes, NOW).is_err());
    assert_eq!(*guest.invite.to_bytes(), *before);
}));

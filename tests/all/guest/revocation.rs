//! Revoking.

use super::*;

#[test]
fn a_revoked_link_takes_no_claim() {
    let mut door = Door::new(60);
    let (mut guest, claim) = door.guest();
    let preview = door.preview();
    door.invite.revoke(NOW).unwrap().apply();
    door.refuses(&claim, NOW, Error::Ended);
    door.invite = restored(&door.invite);
    door.refuses(&claim, NOW, Error::Ended);
    assert!(door.invite.link().is_none());
    let notice = door.invite.notice().unwrap();
    door.server_copy.check_notice(&notice).unwrap();
    let status = preview.status(&notice).unwrap();
    assert_eq!(
        (status, &*status.to_string()),
        (LinkStatus::Revoked, "the host has ended the link")
    );
    changed(guest.read_notice(&notice, NOW).unwrap());
    assert_eq!(guest.status(), ChatStatus::Ended(EndReason::Revoked));
}

#[test]
fn a_link_is_revoked_once_and_not_after_its_claim() {
    let mut door = Door::new(61);
    let (_, claim) = door.guest();
    let mut claimed = restored(&door.invite);
    let opened_claim = claimed.claim(&mut door.host, &claim, NOW).unwrap();
    let _ = opened_claim.apply();
    refuses(&mut claimed, Error::AlreadyClaimed, |invite| invite.revoke(NOW).map(drop));
    door.invite.revoke(NOW).unwrap().apply();
    refuses(&mut door.invite, Error::Ended, |invite| invite.revoke(NOW).map(drop));
}

#[test]
fn a_claim_and_a_revocation_from_one_state_exclude_each_other() {
    let mut door = Door::new(62);
    let (_, claim) = door.guest();
    let copies = (restored(&door.invite), restored(&door.host));
    let (invite, _) = recorded(&mut door, &claim);
    door.invite.revoke(NOW).unwrap().apply();
    refuses(&mut door.invite, Error::StaleChange, |link| invite.apply(link));
    is_stale(&mut door, copies, &claim);
}

use super::*;
use crate::primitives::secret::Secret;
use alloc::string::ToString;

/// Tells whether the policy with this approval takes an introduction with so many texts, and a share or
/// none.
fn takes(approval: Approval, texts: u8, share: Option<Public>) -> bool {
    let ids: Vec<_> = (0..texts).collect();
    takes_ids(approval, &ids, share)
}

/// Tells whether it takes an introduction with texts of these ids.
fn takes_ids(approval: Approval, ids: &[u8], share: Option<Public>) -> bool {
    let mut policy = Policy::new("Ada", 0);
    policy.approval = approval;
    let text = |id: &u8| (MessageId([*id; 16]), Zeroizing::new("hi".to_string()));
    let texts = ids.iter().map(text).collect();
    let join = Box::new(Psk::new(Secret::copy(&[7; 32])).unwrap());
    let introduction = ChatContent::Introduction { name: "Grace".to_string(), texts, share, join };
    let listed = Listed { epoch: 1, hash: [1; 32] };
    ChatContent::decode(&introduction.encode(&listed, 5), &policy).is_ok()
}

#[test]
fn an_introduction_with_a_pin_has_a_share_and_no_texts() {
    assert!(takes(Approval::Pin, 0, Some([7; 32])));
    assert!(!takes(Approval::Pin, 1, Some([7; 32])));
    assert!(!takes(Approval::Pin, 0, None));
}

#[test]
fn without_a_pin_an_introduction_has_no_share_and_the_texts_that_are_allowed() {
    for approval in [Approval::Host, Approval::Automatic] {
        assert!(takes(approval, 0, None));
        assert!(takes(approval, 3, None));
        assert!(!takes(approval, 4, None));
        assert!(!takes(approval, 0, Some([7; 32])));
    }
}

#[test]
fn a_modified_guest_gives_no_two_first_texts_one_id() {
    assert!(takes_ids(Approval::Host, &[7, 5, 6], None));
    assert!(!takes_ids(Approval::Host, &[5, 6, 5], None));
    assert!(!takes_ids(Approval::Host, &[5, 5], None));
}

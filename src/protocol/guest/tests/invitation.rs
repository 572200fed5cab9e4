use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::identity::certificate::AccountId;
use crate::session::Account;

/// Decodes an invitation whose host says that it knows the list of this epoch.
fn with_epoch(epoch: u64) -> Result<Invitation, Error> {
    let mut rng = TestRng::new(1);
    let identity = Account::generate(AccountId([1; 32]), &mut rng).certify(0, &mut rng);
    let invitation = Invitation {
        origin: Origin::new("example.org").unwrap(),
        host: identity.certificate.clone(),
        listed: Listed { epoch, hash: [2; 32] },
        owner: identity.signing.public(),
        policy: Policy::new("Ada", 0),
    };
    Invitation::decode(&invitation.sign(&identity, &mut rng))
}

#[test]
fn an_invitation_that_names_a_list_of_epoch_0_is_malformed() {
    assert_eq!(with_epoch(1).map(|invitation| invitation.listed.epoch), Ok(1));
    assert_eq!(with_epoch(0).err(), Some(Error::Malformed));
}

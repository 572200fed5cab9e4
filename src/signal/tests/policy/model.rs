//! Calls of the code that the vectors' formulas are compared with.

use alloc::vec::Vec;

use super::town::{NOW, account, device, profile, provider, statement};
use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::primitives::dh;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::clock::Clock;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::session::{Account, AccountKey};
use crate::signal::groups::{Provenance, Teller};
use crate::signal::policy::{Ends, agreed, group_envelope};
use crate::signal::*;
use crate::storage::State;

pub(super) fn keys(keys: impl IntoIterator<Item = [u8; 32]>) -> TrustedKeys {
    TrustedKeys::new(keys.into_iter().map(|key| AuthorityKey::decode(key).unwrap())).unwrap()
}

pub(crate) fn descriptor(root: &[u8; 32], attestation: [u8; 32]) -> Vec<u8> {
    let statement = ProviderStatement { attestation_keys: keys([attestation]), ..statement(0) };
    statement.sign(&Authority::from_seed(root)).unwrap().encode()
}

pub(crate) fn decode_descriptor(bytes: &[u8], root: &[u8; 32]) -> Result<(), Error> {
    let roots = keys([Authority::from_seed(root).public_key().encode()]);
    let read = ProviderDescriptor::decode(bytes, &roots)?;
    assert_eq!(read.statement().id, provider(0));
    Ok(())
}

/// Says what an account says that has a key, and devices.
fn says(side: usize, key: [u8; 32], devices: Vec<AttestedDevice>) -> AccountStatement {
    AccountStatement {
        account: account(side),
        key: AccountKey(key),
        sequence: 5,
        from: NOW,
        until: NOW + 30 * 86_400,
        profile: profile(),
        devices,
    }
}

/// Attests an account, by the seeds of its key and of the attestation key.
pub(crate) fn attestation(seeds: &[[u8; 32]; 3], identity: [u8; 32]) -> Vec<u8> {
    let state = [&[1, 1][..], &[0; 32], &seeds[0]].concat();
    let owner = Account::from_bytes(&state).unwrap();
    let identity = IdentityKey(dh::PublicKey::decode(identity).unwrap());
    let devices = [AttestedDevice { number: 1, identity }].into();
    let request = says(0, owner.public_key().0, devices).sign(&owner).unwrap();
    request.attest(&Authority::from_seed(&seeds[1])).encode()
}

pub(crate) fn verify_attestation(bytes: &[u8]) -> Result<(), Error> {
    Reader::all(bytes, Attestation::recall)?.verify()
}

pub(crate) fn enclose(keys: [[u8; 32]; 2], id: [u8; 16]) -> Vec<u8> {
    let [sender, receiver] = [0, 1].map(|side| device(side, 1));
    let content = Content::text("hi").unwrap();
    let saying = Saying::new(&content, ForeignMessageId(id));
    let agreed = agreed(&says(0, keys[0], [].into()), &says(1, keys[1], [].into()));
    Ends { sender: &sender, receiver: &receiver }.enclose(&saying, &agreed, NOW).to_vec()
}

pub(crate) fn disclose(keys: [[u8; 32]; 2], envelope: &[u8]) -> Result<(), Error> {
    let [sender, receiver] = [0, 1].map(|side| device(side, 1));
    let agreed = agreed(&says(1, keys[1], [].into()), &says(0, keys[0], [].into()));
    let ends = Ends { sender: &sender, receiver: &receiver };
    let kinds = Kinds::of(Sender::Foreign);
    let said = ends.disclose(envelope, |named| *named == agreed, kinds)?;
    assert_eq!(said.content.as_text(), Some("hi"));
    Ok(())
}

pub(crate) fn tell(keys: [[u8; 32]; 2], group: [u8; 32], distribution: &[u8]) -> Vec<u8> {
    let [sender, receiver] = [0, 1].map(|side| device(side, 1));
    let agreed = agreed(&says(0, keys[0], [].into()), &says(1, keys[1], [].into()));
    let ends = Ends { sender: &sender, receiver: &receiver };
    ends.tell(&agreed, ForeignGroupId(group), distribution).to_vec()
}

/// Takes a sender key as one that was told by the first account, and finds it to be this.
pub(crate) fn take(keys: [[u8; 32]; 2], bytes: &[u8], group: [u8; 32], distribution: [u8; 16]) {
    let [sender, receiver] = [0, 1].map(|side| device(side, 1));
    let agreed = agreed(&says(1, keys[1], [].into()), &says(0, keys[0], [].into()));
    let ends = Ends { sender: &sender, receiver: &receiver };
    let told = ends.told(bytes, |named| *named == agreed).unwrap();
    let identity = IdentityKey(dh::PublicKey::decode([9; 32]).unwrap());
    let teller = Teller { identity, opt_outs: 0 };
    let provenance = Provenance { from: sender, teller, version: Version::V4 };
    let told = SenderKeyDistribution::attested(provenance, &told).unwrap();
    assert_eq!(told.group(), Some(ForeignGroupId(group)));
    assert_eq!(told.distribution(), Some(Uuid(distribution)));
}

pub(crate) fn enclose_in_group(group: [u8; 32], id: [u8; 16]) -> Vec<u8> {
    let content = Content::text("hi").unwrap();
    let saying = Saying::new(&content, ForeignMessageId(id)).in_group(ForeignGroupId(group));
    let now = Clock::new(NOW).now(NOW);
    policy::enclose_in_group(&device(0, 1), profile(), &saying, now).unwrap().to_vec()
}

/// Takes a text out of the envelope of a group, as one of the first account.
pub(crate) fn disclose_in_group(group: [u8; 32], envelope: &[u8]) -> Result<(), Error> {
    let (kinds, group) = (Kinds::of(Sender::Foreign), ForeignGroupId(group));
    let said = group_envelope::disclose(&device(0, 1), group, envelope, kinds)?;
    assert_eq!(said.content.as_text(), Some("hi"));
    Ok(())
}

/// Copies what Grace's device has heard of Ada's.
pub(crate) fn copy(id: [u8; 16]) -> Vec<u8> {
    let copy = ForeignCopy {
        own: device(1, 1),
        direction: Direction::Heard(device(0, 1)),
        is_request: false,
        chat: ForeignChat::Pair,
        id: ForeignMessageId(id),
        sent: NOW,
        disappears_after: None,
        view_once: false,
        content: CopiedContent::Attested(Content::text("hi").unwrap()),
    };
    copy.to_content().encode().to_vec()
}

/// Reads a copy, and hashes which message it is and what that says.
pub(crate) fn read_copy(content: &[u8]) -> Result<[[u8; 32]; 2], Error> {
    let content = Content::decode(content, Kinds::of(Sender::Own))?;
    let copy = ForeignCopy::of_content(&grace(2, &[1; 32]), &content)?;
    Ok([copy.message_hash(), copy.digest()])
}

/// Makes a device of Grace's, which knows nobody.
fn grace(number: u8, root: &[u8; 32]) -> Client {
    let roots = keys([Authority::from_seed(root).public_key().encode()]);
    Client::generate(device(1, number), Version::V4, roots, NOW, &mut TestRng::new(number.into()))
}

/// Hands over what Grace's device knows, once she has accepted Ada and a session of version 4 was there.
pub(crate) fn hand_over(root: &[u8; 32], descriptor: &[u8], attestation: &[u8]) -> Vec<u8> {
    let mut client = grace(1, root);
    client.learn_provider(descriptor, NOW).unwrap().apply();
    let notices = client.notices(&provider(0)).unwrap();
    client.opt_in(&provider(0), notices, NOW).unwrap().apply();
    client.learn_account(attestation, NOW).unwrap().apply();
    client.accept(&account(0), NOW).unwrap().apply();
    client.inner.policy.pin(&account(0), Version::V4);
    let [page] = &client.hand_over()[..] else { panic!("more than one page") };
    page.to_content().encode().to_vec()
}

/// Has another device of Grace's take over what was handed over.
pub(crate) fn take_over(content: &[u8], root: &[u8; 32]) -> Result<(), Error> {
    let page = Content::decode(content, Kinds::of(Sender::Own))?;
    let page = PolicyHandover::of_content(&page)?;
    let mut client = grace(2, root);
    assert_eq!(client.take_over(&page, NOW)?.apply(), []);
    assert_eq!(client.consent_of(&account(0)), Consent::Accepted);
    assert!(client.is_opted_in(&provider(0)));
    Ok(())
}

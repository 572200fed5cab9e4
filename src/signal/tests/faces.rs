//! The faces of public types: what an app builds on, and a `Debug` text without secrets.

use alloc::format;
use core::fmt::Debug;

use crate::primitives::tests::test_rng::TestRng;
use crate::signal::ForeignContent;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::tests::world::{NOW, World};
use crate::signal::{
    CopiedContent, DecryptionErrorMessage, Direction, Fingerprint, ForeignCopy, ForeignGroupId,
    GroupMessage, KnownDevice, MediaKind, MediaOpener, MediaReference, MediaSealer, MediaVerifier,
    OwnDistribution, PlainContent, PolicyHandover, ReceivedSenderKeys, SenderKey,
    SenderKeyDistribution, SenderKeyMessage, SentEnvelope, Trust, Unmerged, UnsealedEnvelope, Uuid,
    Version,
};

#[test]
fn everything_goes_from_thread_to_thread() {
    fn is<T: Send + Sync + Debug>() {}
    is::<SenderKey>();
    is::<ReceivedSenderKeys>();
    is::<SenderKeyDistribution>();
    is::<SenderKeyMessage<'_>>();
    is::<OwnDistribution>();
    is::<GroupMessage>();
    is::<PlainContent>();
    is::<IdentitySecret>();
    is::<UnsealedEnvelope>();
    is::<SentEnvelope<'_>>();
    is::<Trust>();
    is::<Fingerprint>();
    is::<DecryptionErrorMessage>();
    is::<MediaKind>();
    is::<MediaReference>();
    is::<MediaSealer>();
    is::<MediaVerifier>();
    is::<MediaOpener>();
    is::<KnownDevice>();
    is::<ForeignCopy>();
    is::<Direction>();
    is::<CopiedContent>();
    is::<PolicyHandover>();
    is::<Unmerged>();
}

#[test]
fn what_is_secret_is_not_in_a_log() {
    let mut rng = TestRng::new(1);
    let key = SenderKey::generate(ForeignGroupId([1; 32]), Uuid([2; 16]), &mut rng);
    let shown = format!("{key:?}");
    assert!(
        shown.starts_with("SenderKey { group: Some(") && shown.ends_with("is_retired: false, .. }")
    );
    let mut world = World::talking(Version::V4);
    let (from, to) = (world.address(0), world.address(1));
    let mut key = SenderKey::generate_plain(None, &mut rng);
    let told = key.tell(&world.clients[0], &to, NOW).unwrap().apply();
    let bytes = told.bytes().to_vec();
    let message = world.seal(0, &bytes);
    let ForeignContent::Plain(content) = world.deliver(0, &message).unwrap().content else {
        panic!("bytes of a plain program")
    };
    let learned = content.sender_key(0..bytes.len()).unwrap();
    let mut keys = ReceivedSenderKeys::new(&learned);
    let by = format!("{from:?}");
    assert_eq!(format!("{told:?}"), format!("OwnDistribution {{ to: {to:?}, group: None, .. }}"));
    assert_eq!(format!("{content:?}"), format!("PlainContent {{ from: {by}, .. }}"));
    assert!(!format!("{learned:?}").contains("key:"));
    keys.learn(&world.clients[1], learned, NOW).unwrap().apply();
    let shown = format!(
        "ReceivedSenderKeys {{ sender: {by}, group: None, distribution: None, chains: 1, skipped: 0, .. }}"
    );
    assert_eq!(format!("{keys:?}"), shown);
    let shown = format!("{:?}", crate::signal::sealed_sender::tests::identity(0x5a));
    assert!(shown.starts_with("IdentitySecret { public: ") && !shown.contains("90, 90"));
}

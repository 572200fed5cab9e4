//! The faces of public types: what an app builds on, and a `Debug` text without secrets.

use alloc::format;
use core::fmt::Debug;

use crate::primitives::tests::test_rng::TestRng;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::tests::world::device;
use crate::signal::{
    DecryptionErrorMessage, Fingerprint, MediaKind, MediaOpener, MediaReference, MediaSealer,
    MediaVerifier, ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SentEnvelope, Trust,
    UnsealedEnvelope,
};

#[test]
fn everything_goes_from_thread_to_thread() {
    fn is<T: Send + Sync + Debug>() {}
    is::<SenderKey>();
    is::<ReceivedSenderKeys>();
    is::<SenderKeyDistribution>();
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
}

#[test]
fn what_is_secret_is_not_in_a_log() {
    let mut rng = TestRng::new(1);
    let key = SenderKey::generate(None, &mut rng);
    assert_eq!(format!("{key:?}"), "SenderKey { distribution: None, is_retired: false, .. }");
    let told = SenderKeyDistribution::decode(&key.distribution().unwrap()).unwrap();
    assert!(!format!("{told:?}").contains("key"));
    let ada = device("ada", 1);
    let mut keys = ReceivedSenderKeys::new(ada.clone(), None);
    keys.learn(&ada, told).unwrap().apply();
    let shown = "ReceivedSenderKeys { sender: ForeignDevice(ada.1 [plain.example]), distribution: None, chains: 1, skipped: 0, .. }";
    assert_eq!(format!("{keys:?}"), shown);
    let shown = format!("{:?}", crate::signal::sealed_sender::tests::identity(0x5a));
    assert!(shown.starts_with("IdentitySecret { public: ") && !shown.contains("90, 90"));
}

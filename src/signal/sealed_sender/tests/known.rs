//! Envelopes that another client of the Signal protocol made, of both versions.

use super::NOW;
use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::tests::hex;
use crate::signal::{
    CertificateKey, ContentHint, SealedPayload, SentEnvelope, ServiceId, Trust, UnsealedEnvelope,
};

const ROOT: &str = "057f86539aeb4ab7c3c9081f1fbd3e5f9f625bfdbd5c2738badee75780e9ce2d31";
const SENDER: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f.1";
const IDENTITY: &str = "05a116ba6b188bcbd26830ef534490118b6a713a4d2f64fac9a0d75d7c2b6cb438";

/// The secret identity keys of two recipients, and their service ids.
const RECIPIENTS: [[&str; 2]; 2] = [
    [
        "c0ec75807dcf5e0192c4eab4dd16a7f9cf208c0943f53a362ecf0dc6fd018648",
        "e80f7bbe-5b94-471e-bd8c-2173654ea3d1",
    ],
    [
        "90a2bebb1a054962d472f60df096a5b40b480b7dca50e8c9844ac19daf3e477c",
        "a0f7bbe5-5b94-471e-bd8c-2173654ea3d1",
    ],
];
const LEFT_OUT: &str = "11111111-5b94-471e-bd8c-2173654ea3d1";

/// A message of a group, in each envelope.
const PAYLOAD: &str = concat!(
    "330a10d1d1d1d1700011ebb32a33b8a8a487a610c9faffe101180022103950ee508bbcdf3d16452091410a4fa7",
    "df0cee68337f274828a7a40e0665eada8c56e25887194a3e54a0a3ed4daa71baee731b43789ee5003846972fbc",
    "0f1e8d6542c7fd3d20a33c2cc2ca55c203d783",
);

/// For the first recipient.
const ONE: &str = concat!(
    "110a21053af6661cff121866d13c9ad75ccc874a5855ffe26a9b3837d090e2de163f8a1f122b2430be628d4850",
    "19562bfd5b1b250355975c9fd255e9559c6b291ecf16430722776a97ab3967ce9094fec61a9603c1e26d8f0f6a",
    "c643c97aee91868a12dc6c1b25e45caa7b7de15ffe821717e4a6bd88dacbb0a0e35d949747be86ad37b534ed3d",
    "d3196b6db114fe1f256a424af4f52628baafa510a97b87ebfce98081c841d1da6a2cd23d0f7d3d213dc8503d73",
    "855ee8363d28b7784963afc5c1b9abd201a368f2a8902956cde05c451477f3374d550dbbdbb58c8e22ae51c29e",
    "8b821ff987c705f4f979d5a10b33232d20bb3da0538f8f476cdaad87470557f905344718d9bf528f813fedca01",
    "74957ab2fc017cee3df5ea5b06a03b83bef46881788d10c3050267f56cc015da5358cac861809c42206d69321b",
    "e5a5180b3b9117b701e7ced91309375db05b050d87411eeddbe505e88c63c67a0389105d138f0883d9743944f1",
    "b700afd06ad3f0d0dbb80dc9dbe06e04d52a450f55a070483a7111518eb79d8cd0befde2dac57d637c38578f20",
    "53654dc92e0e66705773ad9ff8fb6d68381caef5cf9390d10708ee072d4bee0b93cf559824885930c254c494c5",
    "9a62a62bce182b43ab847b1d444ed14ca1a71414389f28381acd7648aa9e5763f4b007bda10952f7",
);

/// For both, and not for the third.
const SENT: &str = concat!(
    "230300e80f7bbe5b94471ebd8c2173654ea3d10300de483d8198a215601e4188b741303a0513712205034626e2",
    "922fbe64898dc0240899b7472e36d69661522dc3218a2106c800a0f7bbe55b94471ebd8c2173654ea3d102014d",
    "e8c6f3ba72ab0a586c3e220d9a0d2aa0b8a8a82e46a71c41ec0374d41e4f312069b9d5b0ff8698e1c3af719ab2",
    "6e853100111111115b94471ebd8c2173654ea3d100567e09d2484944e464f15392491279bc3ab4c54a3ca2fa0d",
    "0c08254213f88369921a92b70c6cd432f29c19d5b5c7f57fe9d40017cbeaa0045f9b3d80b40d0add12cf1c1ef8",
    "d31a53c5661788e68389a207eff67b0a37712dc6c34faa939ba2316997023111ec95bc42bca7cf74a530fd254b",
    "8bfdc4f4ce8a828693110a6d10b70c0951256fc6b31d1404392989b34756f8b74ffcc4bc29d165adae86edf6a2",
    "a68586b3a8c3a36d3f8830e50c9a92380a4ff5488d87e75fc04cba22c71272db57c848167ad3e31ed2ccb99992",
    "1bbdbeeaab48b8eaaa00c6018d7fac04d8bda03e151ed2f6381bb7c17587f4500540119f43fd7f486082fcf7e9",
    "96c1fb74fa50e11827d8add56eb21737a061dc2dd40eac0e6cc6a63f314dc9cf449f7afc2cf591b6e6eb3f1077",
    "281fdaa1a2e07502e450b76cca8f5c3036599352347d8a3b2091c13fde1e19fc95fa4d594567e38293c22c3d5e",
    "d47e72acef96e2a234db1a1144feacb96142607e7242fb5a04b257b1fc9361385b1e85ecb6bbe60555d346abd2",
    "6bd3c1ed902737e8cc31029a242accf8e310412193e00ffbdedfe2f5e90a34cae19f63886c3344f16045406dd0",
    "d0e1ae8370c43bec2618524375e543",
);

fn open(secret: &str, envelope: &[u8], now: u64) -> Result<UnsealedEnvelope, Error> {
    let identity = IdentitySecret::new(dh::SecretKey::from_seed(Secret::copy(
        &hex(secret).try_into().unwrap(),
    )));
    let trust = Trust::new(&[CertificateKey::decode(&hex(ROOT)).unwrap()]);
    UnsealedEnvelope::open(&identity, envelope, &trust, now)
}

fn is_whole(opened: &UnsealedEnvelope) {
    use alloc::string::ToString;

    assert_eq!(opened.sender().to_string(), SENDER);
    assert_eq!(opened.identity().encode()[..], hex(IDENTITY));
    assert_eq!(opened.payload(), SealedPayload::Group(&hex(PAYLOAD)));
    assert_eq!((opened.hint(), opened.group()), (ContentHint::Resendable, Some(&[1, 2][..])));
}

#[test]
fn an_envelope_of_another_client_opens() {
    let [[first, _], [second, _]] = RECIPIENTS;
    is_whole(&open(first, &hex(ONE), NOW).unwrap());
    assert_eq!(open(second, &hex(ONE), NOW).err(), Some(Error::Forged));
    assert_eq!(open(first, &hex(ONE), NOW + 1).err(), Some(Error::BadSignature));
}

#[test]
fn an_envelope_of_another_client_for_many_opens_for_each() {
    let sent = hex(SENT);
    let sent = SentEnvelope::decode(&sent).unwrap();
    let [first, second, out] = sent.recipients() else { panic!("three recipients") };
    assert_eq!(out.service_id(), LEFT_OUT.parse::<ServiceId>().unwrap());
    assert_eq!(sent.received_by(out), None);
    for ((recipient, [secret, id]), device) in
        [first, second].into_iter().zip(RECIPIENTS).zip([(3, 222), (2, 333)])
    {
        assert_eq!(recipient.service_id(), id.parse().unwrap());
        let devices = recipient.devices().iter();
        let devices: alloc::vec::Vec<_> =
            devices.map(|device| (device.device(), device.registration())).collect();
        assert_eq!(devices, [device]);
        is_whole(&open(secret, &sent.received_by(recipient).unwrap(), NOW).unwrap());
    }
}

use alloc::vec;

use super::*;
use crate::primitives::protobuf::{put_bytes, put_fixed, put_number};
use crate::signal::sealed_sender::tests::{
    ADA, EXPIRES, NOW, Service, identity, secret, signed, written,
};

fn verify(bytes: &[u8], trust: &Trust) -> Result<CertifiedSender, Error> {
    SenderCertificate::decode(bytes)?.verify(trust, NOW)
}

#[test]
fn a_certificate_says_who_somebody_is() {
    let key = identity(5).public();
    let certificate = Service::issue(&key);
    let sender = certificate.verify(&Service::trust(), NOW).unwrap();
    assert_eq!(sender.address(), &SenderAddress::new(ADA, 2).unwrap());
    assert_eq!(sender.service_id(), ADA.parse().unwrap());
    assert_eq!((sender.identity(), sender.expires()), (key, EXPIRES));
    assert_eq!(sender.phone_number(), Some("+14155550101"));
    assert_eq!(certificate.identity(), key);
    let again = SenderCertificate::decode(certificate.bytes()).unwrap();
    assert_eq!(again, certificate);
}

#[test]
fn a_certificate_past_its_end_is_none() {
    let certificate = Service::issue(&identity(5).public());
    assert!(certificate.verify(&Service::trust(), 0).is_ok());
    for now in [NOW + 1, u64::MAX] {
        let error = certificate.verify(&Service::trust(), now).err();
        assert_eq!(error, Some(Error::BadSignature));
    }
}

#[test]
fn only_a_server_of_a_root_issues_certificates() {
    let says = Service::says(&identity(5).public(), EXPIRES);
    let trust = Service::trust();
    assert!(verify(&signed(&says, &secret(2)), &trust).is_ok());
    // Another server's key, the root's own, and the sender's.
    for other in [3, 1, 5] {
        let error = verify(&signed(&says, &secret(other)), &trust).err();
        assert_eq!(error, Some(Error::BadSignature));
    }
    // A server of another root, or of none.
    let other = Trust::new(&[CertificateKey(secret(9).public())]);
    for trust in [other, Trust::default()] {
        let error = verify(&signed(&says, &secret(2)), &trust).err();
        assert_eq!(error, Some(Error::BadSignature));
    }
    // One of several roots is enough.
    let several = Trust::new(&[9, 1].map(|root| CertificateKey(secret(root).public())));
    assert!(verify(&signed(&says, &secret(2)), &several).is_ok());
}

/// Returns a certificate of other fields than usual.
fn with(
    device: u32,
    server: Option<&[u8]>,
    known: Option<u32>,
    uuids: [Option<&[u8]>; 2],
) -> Vec<u8> {
    let says = written(|writer| {
        put_number(writer, 2, device);
        put_fixed(writer, 3, EXPIRES);
        put_bytes(writer, 4, &identity(5).public().encode());
        for (field, bytes) in [(5, server), (6, uuids[0]), (7, uuids[1])] {
            if let Some(bytes) = bytes {
                put_bytes(writer, field, bytes);
            }
        }
        if let Some(id) = known {
            put_number(writer, 8, id);
        }
    });
    signed(&says, &secret(2))
}

#[test]
fn a_well_known_server_is_named_by_its_id() {
    let mut trust = Service::trust();
    let uuid: ServiceId = ADA.parse().unwrap();
    let bytes = with(1, None, Some(3), [None, Some(&uuid.uuid().0)]);
    assert_eq!(verify(&bytes, &trust).err(), Some(Error::BadSignature));
    let unsigned = Service::server(9, 2);
    assert_eq!(trust.add_server(3, &unsigned), Err(Error::BadSignature));
    assert_eq!(verify(&bytes, &trust).err(), Some(Error::BadSignature));
    trust.add_server(3, &Service::server(1, 2)).unwrap();
    let sender = verify(&bytes, &trust).unwrap();
    assert_eq!((sender.service_id(), sender.phone_number()), (uuid, None));
    trust.add_server(3, &Service::server(1, 4)).unwrap();
    assert_eq!(verify(&bytes, &trust).err(), Some(Error::BadSignature));
}

#[test]
fn a_certificate_names_one_server_one_person_and_one_device() {
    let server = Service::server(1, 2);
    let (text, bytes) = (Some(ADA.as_bytes()), Some(&[7; 16][..]));
    assert!(verify(&with(127, Some(&server), None, [text, None]), &Service::trust()).is_ok());
    for other in [
        with(0, Some(&server), None, [text, None]),
        with(128, Some(&server), None, [text, None]),
        with(257, Some(&server), None, [text, None]),
        with(1, Some(&server), Some(3), [text, None]),
        with(1, None, None, [text, None]),
        with(1, Some(&server), None, [text, bytes]),
        with(1, Some(&server), None, [None, None]),
        with(1, Some(&server), None, [None, Some(&[7; 15])]),
        with(1, Some(&server), None, [Some(b"ada"), None]),
        with(1, Some(&server), None, [Some(b"PNI:9d0652a3-dcc3-4d11-975f-74d61598733f"), None]),
        with(1, Some(&server), None, [Some(&[0xff; 36]), None]),
    ] {
        assert_eq!(SenderCertificate::decode(&other), Err(Error::Malformed));
    }
    let long = [with(1, Some(&server), None, [text, None]), vec![0x7a, 0x80, 0x20], vec![0; 4096]];
    assert_eq!(SenderCertificate::decode(&long.concat()), Err(Error::Malformed));
}

#[test]
fn every_altered_byte_of_a_certificate_counts() {
    let genuine = Service::issue(&identity(5).public());
    let sender = genuine.verify(&Service::trust(), NOW).unwrap();
    for at in 0..genuine.bytes().len() {
        let mut altered = genuine.bytes().to_vec();
        altered[at] ^= 1;
        let verified = verify(&altered, &Service::trust());
        // The number of a server is covered by the root, and the server by the sender's certificate.
        assert!(verified.is_err(), "{at}: {verified:?} is not {sender:?}");
    }
}

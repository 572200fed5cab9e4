//! A service that issues certificates, for the tests beside this file.

mod known;

use alloc::vec::Vec;

use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::protobuf::{put_bytes, put_fixed, put_number};
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::xeddsa;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::keys::{IdentityKey, typed};

use super::{CertificateKey, SenderCertificate, Trust};

pub(crate) const NOW: u64 = 1_800_000_000;

/// The end of certificates: the last millisecond of the second `NOW`.
pub(crate) const EXPIRES: u64 = NOW * 1000;

pub(crate) const ADA: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";

pub(crate) fn secret(seed: u8) -> dh::SecretKey {
    dh::SecretKey::from_seed(Secret::copy(&[seed; 32]))
}

pub(crate) fn identity(seed: u8) -> IdentitySecret {
    IdentitySecret::new(secret(seed))
}

/// Writes a message of fields.
pub(crate) fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.public()
}

/// Signs content, and puts the signature beside it.
pub(crate) fn signed(content: &[u8], key: &dh::SecretKey) -> Vec<u8> {
    let signature = xeddsa::sign(key, &[content], &mut TestRng::new(1));
    written(|writer| {
        put_bytes(writer, 1, content);
        put_bytes(writer, 2, &signature);
    })
}

/// A service: its trust root is 0x01, its server's key 0x02.
pub(crate) struct Service;

impl Service {
    pub(crate) fn server(root: u8, server: u8) -> Vec<u8> {
        let content = written(|writer| {
            put_number(writer, 1, 3_u32);
            put_bytes(writer, 2, &typed(&secret(server).public()));
        });
        signed(&content, &secret(root))
    }

    /// Returns what a certificate says before it is signed.
    pub(crate) fn says(identity: &IdentityKey, expires: u64) -> Vec<u8> {
        written(|writer| {
            put_bytes(writer, 1, b"+14155550101");
            put_number(writer, 2, 2_u32);
            put_fixed(writer, 3, expires);
            put_bytes(writer, 4, &identity.encode());
            put_bytes(writer, 5, &Self::server(1, 2));
            put_bytes(writer, 6, ADA.as_bytes());
        })
    }

    pub(crate) fn issue(identity: &IdentityKey) -> SenderCertificate {
        let bytes = signed(&Self::says(identity, EXPIRES), &secret(2));
        SenderCertificate::decode(&bytes).unwrap()
    }

    pub(crate) fn trust() -> Trust {
        Trust::new(&[CertificateKey::decode(&typed(&secret(1).public())).unwrap()])
    }
}

//! Fingerprints, shown and compared.

use latchstring::Error;
use latchstring::signal::{
    Comparison, Fingerprint, FingerprintVersion, IdentityKey, Iterations, Party,
};
use serde_json::{Value, json};

use crate::request::{Request, hex};

/// Shows the fingerprint of a device and another one.
pub fn show(own: IdentityKey, request: &Request) -> Result<Value, Error> {
    let fingerprint = fingerprint(own, request)?;
    let scannable = hex(&fingerprint.to_scannable());
    Ok(json!({ "digits": fingerprint.to_string(), "scannable": scannable }))
}

/// Compares with what the other side shows.
pub fn compare(own: IdentityKey, request: &Request) -> Result<Value, Error> {
    let comparison = fingerprint(own, request)?.compare(&request.bytes("scanned"))?;
    Ok(json!({ "match": comparison == Comparison::Match }))
}

fn fingerprint(own: IdentityKey, request: &Request) -> Result<Fingerprint, Error> {
    let version = match request.number::<u8>("version") {
        1 => FingerprintVersion::V1,
        2 => FingerprintVersion::V2,
        version => panic!("no version {version}"),
    };
    let iterations = Iterations::new(request.number("iterations")).expect("iterations");
    let (own_id, other_id) = (request.bytes("own_id"), request.bytes("other_id"));
    let identity = IdentityKey::decode(&request.bytes("identity"))?;
    let local = Party { stable_id: &own_id, identity: own };
    let remote = Party { stable_id: &other_id, identity };
    Ok(Fingerprint::of(version, iterations, local, remote))
}

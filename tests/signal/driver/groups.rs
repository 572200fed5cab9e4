//! Sender keys: the device's own, and what it was told of others'.

use std::collections::HashMap;

use latchstring::Error;
use latchstring::signal::{
    ForeignDevice, ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SenderKeyMessage, Uuid,
};
use latchstring::storage::State;
use serde_json::{Value, json};

use crate::request::{Request, hex};
use crate::rng;

/// The groups of a device, by the id and form that the harness gives them.
#[derive(Default)]
pub struct Groups {
    own: HashMap<String, SenderKey>,
    received: HashMap<(ForeignDevice, String), ReceivedSenderKeys>,
}

impl Groups {
    /// Begins to send in a group, or makes another key for it: what the others are told.
    pub fn distribute(&mut self, request: &Request) -> Result<Value, Error> {
        let (name, id) = group(request)?;
        let told = match self.own.get_mut(&name) {
            Some(key) => {
                key.retire().apply();
                assert_eq!(key.seal(b"", &mut rng()).err(), Some(Error::RotationRequired));
                key.rotate(&mut rng()).apply()
            }
            None => self
                .own
                .entry(name)
                .or_insert(SenderKey::generate(id, &mut rng()))
                .distribution()?,
        };
        Ok(json!({ "bytes": hex(&told) }))
    }

    pub fn learn(&mut self, request: &Request) -> Result<Value, Error> {
        let ((name, id), from) = (group(request)?, sender(request)?);
        let told = SenderKeyDistribution::decode(&request.bytes("bytes"))?;
        let keys = self.received.entry((from.clone(), name));
        let keys = keys.or_insert_with(|| ReceivedSenderKeys::new(from.clone(), id));
        keys.learn(&from, told)?.apply();
        Ok(json!({}))
    }

    /// Seals a message for a group.
    pub fn message(&mut self, request: &Request) -> Result<Vec<u8>, Error> {
        let key = self.own.get_mut(&group(request)?.0).expect("a group that was told of");
        Ok(key.seal(&request.bytes("text"), &mut rng())?.apply())
    }

    pub fn seal(&mut self, request: &Request) -> Result<Value, Error> {
        Ok(json!({ "bytes": hex(&self.message(request)?) }))
    }

    pub fn open(&mut self, request: &Request) -> Result<Value, Error> {
        let ((name, _), from) = (group(request)?, sender(request)?);
        let keys = self.received.get_mut(&(from.clone(), name)).ok_or(Error::MessageKeyGone)?;
        let bytes = request.bytes("bytes");
        let content = keys.open(&from, &SenderKeyMessage::decode(&bytes)?)?.apply();
        Ok(json!({ "text": hex(&content) }))
    }

    /// Goes to bytes and back.
    pub fn reload(&mut self) -> Result<(), Error> {
        for key in self.own.values_mut() {
            *key = SenderKey::from_bytes(&key.to_bytes())?;
        }
        for keys in self.received.values_mut() {
            *keys = ReceivedSenderKeys::from_bytes(&keys.to_bytes())?;
        }
        Ok(())
    }
}

/// Returns how the harness calls a group, and the id of its distributions; the old form has none.
fn group(request: &Request) -> Result<(String, Option<Uuid>), Error> {
    let form = request.text("form");
    let id = (form == "ids").then(|| request.array("group").map(Uuid)).transpose()?;
    Ok((format!("{form} {}", request.text("group")), id))
}

fn sender(request: &Request) -> Result<ForeignDevice, Error> {
    request.address("from")
}

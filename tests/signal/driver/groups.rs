//! Sender keys: the device's own, and what it was told of others'.

use std::collections::HashMap;

use latchstring::Error;
use latchstring::signal::{
    Client, ForeignContent, ForeignDevice, ForeignMessage, ReceivedSenderKeys, SenderKey, Uuid,
};
use latchstring::storage::State;
use serde_json::{Value, json};

use crate::request::{Request, hex};
use crate::{NOW, rng};

/// The groups of a device, by the id and form that the harness gives them.
#[derive(Default)]
pub struct Groups {
    own: HashMap<String, SenderKey>,
    received: HashMap<(ForeignDevice, String), ReceivedSenderKeys>,
}

impl Groups {
    /// Begins to send in a group, or makes another key for it, which nobody was told.
    pub fn rotate(&mut self, client: &Client, request: &Request) -> Result<Value, Error> {
        let (name, id) = group(request)?;
        match self.own.get_mut(&name) {
            Some(key) => {
                key.retire().apply();
                let refused = key.seal_plain(client, b"", NOW, &mut rng()).err();
                assert_eq!(refused, Some(Error::RotationRequired));
                key.rotate(&mut rng()).apply();
            }
            None => drop(self.own.insert(name, SenderKey::generate_plain(id, &mut rng()))),
        }
        Ok(json!({}))
    }

    /// Tells a device the key for a group as it is: what is to be sealed in the session with it.
    pub fn tell(&mut self, client: &Client, request: &Request) -> Result<Vec<u8>, Error> {
        let told = self.own(request)?.tell(client, &request.address("to")?, NOW)?.apply();
        Ok(told.bytes().to_vec())
    }

    /// Learns the key that an opened message is.
    pub fn learn(
        &mut self,
        client: &Client,
        opened: &ForeignMessage,
        request: &Request,
    ) -> Result<Value, Error> {
        let ForeignContent::Plain(content) = &opened.content else {
            panic!("bytes of a plain program");
        };
        let told = content.sender_key(0..content.bytes().len())?;
        let keys = self.received.entry((told.sender().clone(), group(request)?.0));
        let keys = keys.or_insert_with(|| ReceivedSenderKeys::new(&told));
        keys.learn(client, told, NOW)?.apply();
        Ok(json!({}))
    }

    /// Seals a message for a group.
    pub fn message(&mut self, client: &Client, request: &Request) -> Result<Vec<u8>, Error> {
        let text = request.bytes("text");
        Ok(self.own(request)?.seal_plain(client, &text, NOW, &mut rng())?.apply())
    }

    pub fn open(&mut self, client: &Client, request: &Request) -> Result<Value, Error> {
        let ((name, _), from) = (group(request)?, request.address("from")?);
        let bytes = request.bytes("bytes");
        let message = client.read_group_message(&from, &bytes, NOW)?;
        let keys = self.received.get_mut(&(from.clone(), name)).ok_or(Error::MessageKeyGone)?;
        let opened = keys.open(client, &message, NOW)?.apply();
        Ok(json!({ "text": hex(opened.content.plain().expect("bytes of a plain program")) }))
    }

    fn own(&mut self, request: &Request) -> Result<&mut SenderKey, Error> {
        Ok(self.own.get_mut(&group(request)?.0).expect("a group that was begun"))
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

//! A device and its conversations.

use latchstring::Error;
use latchstring::content::Kinds;
use latchstring::signal::{
    Authority, Bundle, Client, ContentProfile, ForeignDevice, ForeignMessage, IdentityKey,
    KemPrekey, MessageKind, OneTimePrekey, Programs, ProviderStatement, ProviderStatus,
    SealedMessage, SignedPrekey, TrustedKeys, Version,
};
use latchstring::storage::State;
use serde_json::{Value, json};

use crate::groups::Groups;
use crate::request::{Request, hex, provider};
use crate::{NOW, rng, sealed};

/// A device, and what the service of its network has of it.
pub struct Device {
    client: Client,
    stock: Vec<(OneTimePrekey, KemPrekey)>,
    groups: Groups,
}

impl Device {
    pub fn generate(request: &Request) -> Result<Self, Error> {
        let client = client_of(request.itself()?)?;
        Ok(Self { client, stock: Vec::new(), groups: Groups::default() })
    }

    pub fn identity(&self) -> IdentityKey {
        self.client.identity()
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn describe(&self) -> Value {
        json!({ "identity": hex(&self.identity().encode()) })
    }

    /// Hands out a copy of the bundle, as the service does.
    pub fn bundle(&mut self, request: &Request) -> Value {
        let mut bundle = self.client.bundle();
        if request.flag("one_time") {
            if self.stock.is_empty() {
                self.stock = self.client.replenish(NOW, &mut rng()).apply();
                let ids = self.stock.iter().map(|(prekey, _)| prekey.id).collect::<Vec<_>>();
                self.client.note_published(ids, NOW).apply();
            }
            let (one_time, kem) = self.stock.pop().expect("a batch is not empty");
            (bundle.one_time, bundle.kem) = (Some(one_time), Some(kem));
        }
        if request.number::<u8>("version") == 3 {
            bundle.kem = None;
        }
        written(&bundle, self.client.device().number())
    }

    pub fn begin(&mut self, request: &Request) -> Result<Value, Error> {
        let bundle = read(&request.object("bundle"), request.number::<u8>("version") == 4)?;
        self.client.begin(&request.address("to")?, &bundle, NOW, &mut rng())?.apply();
        Ok(json!({}))
    }

    fn seal_to(&mut self, request: &Request, content: &[u8]) -> Result<SealedMessage, Error> {
        Ok(self.client.seal_plain(&request.address("to")?, content, NOW, &mut rng())?.apply())
    }

    pub fn seal(&mut self, request: &Request) -> Result<Value, Error> {
        let SealedMessage { kind, bytes } = self.seal_to(request, &request.bytes("text"))?;
        Ok(json!({ "kind": written_kind(kind), "bytes": hex(&bytes) }))
    }

    /// Makes what the envelope is to carry, and seals it.
    pub fn sealed_seal(&mut self, request: &Request) -> Result<Value, Error> {
        let (kind, message) = match request.text("kind") {
            "plaintext" => ("plaintext", request.bytes("bytes")),
            "sender_key" => ("sender_key", self.groups.message(&self.client, request)?),
            _ => {
                let sealed = self.seal_to(request, &request.bytes("text"))?;
                (written_kind(sealed.kind), sealed.bytes)
            }
        };
        sealed::seal(&self.client, request, (kind, &message))
    }

    /// Seals messages that nobody gets.
    pub fn skip(&mut self, request: &Request) -> Result<Value, Error> {
        for _ in 0..request.number::<u32>("count") {
            self.seal_to(request, &[0])?;
        }
        Ok(json!({}))
    }

    fn opened(&mut self, request: &Request) -> Result<ForeignMessage, Error> {
        let kind = kind(request);
        let (from, bytes) = (request.address("from")?, request.bytes("bytes"));
        // The user accepts everybody here: what waits for consent is tried elsewhere.
        self.client.accept(from.account(), NOW)?.apply();
        Ok(self.client.open(&from, kind, &bytes, NOW)?.apply())
    }

    pub fn open(&mut self, request: &Request) -> Result<Value, Error> {
        let opened = self.opened(request)?;
        Ok(json!({ "text": hex(opened.content.plain().expect("bytes of a plain program")) }))
    }

    pub fn group_rotate(&mut self, request: &Request) -> Result<Value, Error> {
        self.groups.rotate(&self.client, request)
    }

    /// Tells a device the key of a group in the session with it.
    pub fn group_tell(&mut self, request: &Request) -> Result<Value, Error> {
        let told = self.groups.tell(&self.client, request)?;
        let SealedMessage { kind, bytes } = self.seal_to(request, &told)?;
        Ok(json!({ "kind": written_kind(kind), "bytes": hex(&bytes) }))
    }

    pub fn group_learn(&mut self, request: &Request) -> Result<Value, Error> {
        let opened = self.opened(request)?;
        self.groups.learn(&self.client, &opened, request)
    }

    pub fn group_seal(&mut self, request: &Request) -> Result<Value, Error> {
        Ok(json!({ "bytes": hex(&self.groups.message(&self.client, request)?) }))
    }

    pub fn group_open(&mut self, request: &Request) -> Result<Value, Error> {
        self.groups.open(&self.client, request)
    }

    /// Takes a changed identity, on the user's word.
    pub fn trust(&mut self, request: &Request) -> Result<Value, Error> {
        let identity = IdentityKey::decode(&request.bytes("identity"))?;
        self.client.acknowledge(&request.address("of")?, identity, NOW)?.apply();
        Ok(json!({}))
    }

    pub fn archive(&mut self, request: &Request) -> Result<Value, Error> {
        self.client.close(&request.address("of")?, NOW).apply();
        Ok(json!({}))
    }

    /// Goes to bytes and back. The value that was there is gone.
    pub fn reload(&mut self) -> Result<Value, Error> {
        let bytes = self.client.to_bytes();
        self.client = Client::from_bytes(&bytes)?;
        assert_eq!(self.client.to_bytes(), bytes, "a state that reads back as another");
        self.groups.reload()?;
        Ok(json!({}))
    }
}

/// Makes the client of a device, whose user has opted in to the provider of the peers.
pub fn client_of(device: ForeignDevice) -> Result<Client, Error> {
    let root = Authority::generate(&mut rng());
    let roots = TrustedKeys::new([root.public_key()])?;
    let mut client = Client::generate(device, Version::V3, roots, NOW, &mut rng());
    client.learn_provider(&peers().sign(&root)?.encode(), NOW)?.apply();
    let notices = client.notices(&provider()).expect("a provider that was learned");
    client.opt_in(&provider(), notices, NOW)?.apply();
    Ok(client)
}

/// Describes the provider of the peers, as the maker of an app does.
fn peers() -> ProviderStatement {
    ProviderStatement {
        id: provider(),
        counter: 1,
        from: NOW,
        until: NOW + 30 * 86_400,
        status: ProviderStatus::Active,
        programs: Programs::Plain,
        floor: Version::V3,
        devices: 16,
        profile: ContentProfile::new(Kinds::NONE, 0),
        attestation_keys: TrustedKeys::NONE,
    }
}

/// Reads the kind of a message.
pub fn kind(request: &Request) -> MessageKind {
    match request.text("kind") {
        "prekey" => MessageKind::Initial,
        "message" => MessageKind::Ordinary,
        kind => panic!("no kind {kind}"),
    }
}

fn written_kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Initial => "prekey",
        MessageKind::Ordinary => "message",
        _ => panic!("a kind that the harness does not know"),
    }
}

fn written(bundle: &Bundle, device: u8) -> Value {
    let mut written = json!({
        "registration": bundle.registration,
        "device": device,
        "identity": hex(&bundle.identity.encode()),
        "signed_id": bundle.signed.id,
        "signed_key": hex(&bundle.signed.key),
        "signed_signature": hex(&bundle.signed.signature),
    });
    if let Some(kem) = &bundle.kem {
        written["kem_id"] = kem.id.into();
        written["kem_key"] = hex(kem.key.as_slice()).into();
        written["kem_signature"] = hex(&kem.signature).into();
    }
    if let Some(one_time) = &bundle.one_time {
        written["one_time_id"] = one_time.id.into();
        written["one_time_key"] = hex(&one_time.key).into();
    }
    written
}

fn read(bundle: &Request, with_kem: bool) -> Result<Bundle, Error> {
    let signed = SignedPrekey {
        id: bundle.number("signed_id"),
        key: bundle.array("signed_key")?,
        signature: bundle.array("signed_signature")?,
    };
    let kem = || {
        Ok(KemPrekey {
            id: bundle.number("kem_id"),
            key: Box::new(bundle.array("kem_key")?),
            signature: bundle.array("kem_signature")?,
        })
    };
    let one_time = || {
        let (id, key) = (bundle.number("one_time_id"), bundle.array("one_time_key")?);
        Ok(OneTimePrekey { id, key })
    };
    Ok(Bundle {
        registration: bundle.number("registration"),
        identity: IdentityKey::decode(&bundle.bytes("identity"))?,
        signed,
        kem: with_kem.then(kem).transpose()?,
        one_time: bundle.has("one_time_key").then(one_time).transpose()?,
    })
}

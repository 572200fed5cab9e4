//! Sealed envelopes, and errors of decryption.

use latchstring::Error;
use latchstring::signal::{
    CertificateKey, Client, ContentHint, DecryptionErrorMessage, RecipientDevice, SealedContent,
    SealedPayload, SealedRecipient, SenderCertificate, SentEnvelope, Trust,
};
use serde_json::{Value, json};

use crate::conversations::kind;
use crate::request::{Request, hex, provider};
use crate::rng;

/// Seals a message that was made for it, for one or for many.
pub fn seal(
    client: &Client,
    request: &Request,
    (kind, message): (&str, &[u8]),
) -> Result<Value, Error> {
    let payload = match kind {
        "prekey" => SealedPayload::First(message),
        "message" => SealedPayload::Message(message),
        "sender_key" => SealedPayload::Group(message),
        "plaintext" => {
            SealedPayload::DecryptionError(DecryptionErrorMessage::decode_plaintext(message)?)
        }
        kind => panic!("no kind {kind}"),
    };
    let hint = match request.number::<u8>("hint") {
        0 => ContentHint::Default,
        1 => ContentHint::Resendable,
        2 => ContentHint::Implicit,
        hint => panic!("no hint {hint}"),
    };
    let group = request.has("group").then(|| request.bytes("group"));
    let content = SealedContent { payload, hint, group: group.as_deref() };
    let certificate = SenderCertificate::decode(&request.bytes("certificate"))?;
    let bytes = if request.number::<u8>("envelope") == 1 {
        let to = client.identity_of(&request.address("to")?).expect("a session");
        client.seal_envelope(&content, &certificate, &to, &mut rng())?
    } else {
        let recipients = request.objects("recipients");
        let recipients = recipients.iter().map(|it| recipient(client, it));
        let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
        client.seal_envelope_to_many(&content, &certificate, &recipients, &[], &mut rng())?
    };
    Ok(json!({ "bytes": hex(&bytes) }))
}

fn recipient(client: &Client, request: &Request) -> Result<SealedRecipient, Error> {
    let device = request.itself()?;
    let address = device.address();
    let recipient = RecipientDevice::new(address.device(), request.number("registration"))?;
    Ok(SealedRecipient {
        service_id: address.service_id().expect("a service id"),
        identity: client.identity_of(&device).expect("a session"),
        devices: vec![recipient],
    })
}

/// Splits an envelope for many into the part for each, as a server does.
pub fn split(request: &Request) -> Result<Value, Error> {
    let bytes = request.bytes("bytes");
    let sent = SentEnvelope::decode(&bytes)?;
    let mut parts = json!({});
    for recipient in sent.recipients() {
        let received = sent.received_by(recipient).expect("nobody is left out");
        parts[recipient.service_id().to_string()] = hex(&received).into();
    }
    Ok(json!({ "parts": parts }))
}

/// Opens an envelope. The time comes in milliseconds.
pub fn open(client: &Client, request: &Request) -> Result<Value, Error> {
    let trust = Trust::new(&[CertificateKey::decode(&request.bytes("root"))?]);
    let now = request.number::<u64>("now") / 1000;
    let envelope = client.unseal(&provider(), &request.bytes("bytes"), &trust, now)?;
    let (kind, bytes) = match envelope.payload() {
        SealedPayload::First(bytes) => ("prekey", bytes.to_vec()),
        SealedPayload::Message(bytes) => ("message", bytes.to_vec()),
        SealedPayload::Group(bytes) => ("sender_key", bytes.to_vec()),
        SealedPayload::DecryptionError(error) => ("plaintext", error.encode_plaintext()),
        _ => panic!("a payload that the harness does not know"),
    };
    let hint = match envelope.hint() {
        ContentHint::Default => 0,
        ContentHint::Resendable => 1,
        ContentHint::Implicit => 2,
        _ => panic!("a hint that the harness does not know"),
    };
    let sender = envelope.sender();
    let mut answer = json!({
        "from": { "name": sender.service_id().expect("a service id").to_string(), "device": sender.device() },
        "kind": kind,
        "bytes": hex(&bytes),
        "hint": hint,
    });
    if let Some(group) = envelope.group() {
        answer["group"] = hex(group).into();
    }
    Ok(answer)
}

/// Says that a message could not be opened, by what is in clear of it.
pub fn make_error(request: &Request) -> Result<Value, Error> {
    let (message, timestamp) = (request.bytes("bytes"), request.number("timestamp"));
    let (kind, device) = (kind(request), request.number("device"));
    let error = DecryptionErrorMessage::of(kind, &message, timestamp, device)?;
    Ok(json!({ "bytes": hex(&error.encode_plaintext()) }))
}

/// Reads what somebody could not open.
pub fn read_error(client: &Client, request: &Request) -> Result<Value, Error> {
    let error = DecryptionErrorMessage::decode_plaintext(&request.bytes("bytes"))?;
    Ok(json!({
        "timestamp": error.timestamp(),
        "device": error.device(),
        "ratchet": error.ratchet_key().map(|key| hex(&key)),
        "current": client.is_current_error(&request.address("from")?, &error),
    }))
}

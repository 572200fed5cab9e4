//! A group over two messengers: each message is sealed once, for all of its members.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::content::Content;
use latchstring::signal::{
    Attestation, ForeignContent, ForeignDevice, ForeignGroupId, ReceivedSenderKeys, Saying,
    SenderKey, Uuid,
};

use crate::page::{note, says, scene};
use crate::person::{Person, refused};
use crate::store::Failure;

const GROUP: ForeignGroupId = ForeignGroupId([7; 32]);

/// The owners of the states: what a device seals with in the group, and what it has of Ada's.
const OWN: &str = "own key of the group";
const OF_ADA: &str = "Ada's key of the group";

/// Has Ada write to Grace and Henry at once, and Henry leave.
pub(crate) fn of_three(
    ada: &Person,
    grace: &Person,
    henry: &Person,
    of_henry: &Attestation,
) -> Result<(), Failure> {
    scene("A group of Ada's, with Grace and Henry");
    let (of_henry, bundle) = (of_henry.encode(), henry.client()?.bundle());
    ada.change(|client, now, _| client.learn_account(&of_henry, now))?;
    ada.change(|client, now, rng| client.begin(&henry.device, &bundle, now, rng))?;
    henry.change(|client, now, _| client.accept(ada.device.account(), now))?;
    ada.keep(OWN, &SenderKey::generate(GROUP, Uuid([8; 16]), &mut UnwrapErr(SysRng)))?;
    for member in [grace, henry] {
        tell(ada, member)?;
    }
    note("Ada's app has told each member the key that she seals with, in the chat of the two");
    let message = say(ada, "on Friday, at my place")?;
    note(&format!("these {} bytes are for all", message.len()));
    for member in [grace, henry] {
        read(member, &ada.device, &message)?;
    }
    let mut altered = message.clone();
    *altered.last_mut().ok_or("a message has bytes")? ^= 1;
    refused("Grace's app", "it with one bit changed", read(grace, &ada.device, &altered))?;
    refused("Grace's app", "it a second time", read(grace, &ada.device, &message))?;

    ada.with(OWN, |key: &mut SenderKey, _, _| Ok(key.retire()))?;
    note("Henry leaves. He has Ada's key, so that it is erased at once");
    refused("Ada's app", "to write before there is another one", say(ada, "Saturday, rather"))?;
    ada.with(OWN, |key: &mut SenderKey, _, _| Ok(key.rotate(&mut UnwrapErr(SysRng))))?;
    tell(ada, grace)?;
    let message = say(ada, "Saturday, rather")?;
    read(grace, &ada.device, &message)?;
    refused("Henry's app", "what is not for him any more", read(henry, &ada.device, &message))?;
    Ok(())
}

/// Tells a member the key, in the session with it.
fn tell(from: &Person, to: &Person) -> Result<(), Failure> {
    let told =
        from.with(OWN, |key: &mut SenderKey, client, now| key.tell(client, &to.device, now))?;
    let sealed = from.change(|client, now, rng| client.seal_distribution(&told, now, rng))?;
    let opened =
        to.change(|client, now, _| client.open(&from.device, sealed.kind, &sealed.bytes, now))?;
    let ForeignContent::SenderKey(told) = opened.content else { return Err("a key".into()) };
    if !to.has(OF_ADA) {
        to.keep(OF_ADA, &ReceivedSenderKeys::new(&told))?;
    }
    to.with(OF_ADA, |keys: &mut ReceivedSenderKeys, client, now| keys.learn(client, told, now))
}

/// Seals a text for all who were told the key.
fn say(from: &Person, text: &str) -> Result<Vec<u8>, Failure> {
    let content = Content::text(text)?;
    let sealed = from.with(OWN, |key: &mut SenderKey, client, now| {
        let mut rng = UnwrapErr(SysRng);
        let saying = Saying::new(&content, client.message_id(&mut rng)).in_group(GROUP);
        key.seal(client, &saying, now, &mut rng)
    })?;
    says(from.name, text);
    Ok(sealed)
}

/// Opens what came in somebody's name, and shows it.
fn read(by: &Person, from: &ForeignDevice, bytes: &[u8]) -> Result<(), Failure> {
    let opened = by.with(OF_ADA, |keys: &mut ReceivedSenderKeys, client, now| {
        let message = client.read_group_message(from, bytes, now)?;
        keys.open(client, &message, now)
    })?;
    let text = opened.content.said().and_then(|said| said.content.as_text());
    let (text, who) = (text.ok_or("a text")?, opened.from.account());
    note(&format!("→ {} reads \"{text}\" from {who}, in the group", by.name));
    by.shown.borrow_mut().push(format!("{who}: {text}"));
    Ok(())
}

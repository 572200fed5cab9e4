//! Linking: a new device joins the account. Each side saves what the other one waits for before it is sent.

use latchstring::client::{Briefing, Client, Entrant, LinkingRequest, NewDevice};
use latchstring::session::Account;
use latchstring::storage::State;

use crate::device::{CLIENT, Device, now, rng};
use crate::note;
use crate::store::{Failure, Step};

const ENTRANT: &str = "the entrant";

/// Links a new device, or does what is left of it.
pub(crate) fn link(phone: &Device<'_>, account: &Account, new: &Device<'_>) -> Result<(), Failure> {
    if new.is_set_up()? {
        return Ok(());
    }
    if new.store.kept(ENTRANT)?.is_none() {
        let device = NewDevice::generate(new.name, now(), &mut rng())?;
        note(&format!("{} shows a code, {} reads it and shows digits", new.name, phone.name));
        let request = LinkingRequest::read(&device.code(), now())?;
        let offer = sign(phone, |client, _| {
            let companions = Client::COMPANIONS;
            Ok(client.approve(account, &request, companions, now(), &mut rng())?.apply())
        })?;
        let client = phone.client()?;
        let digits = client.linking_digits().ok_or("an offer is open")?;
        let offer = device.open(&offer, now())?;
        let (entrant, acceptance) = offer.accept(device, digits, now())?;
        new.store.step(|step| {
            step.keep("acceptance".to_owned(), &acceptance);
            step.save(ENTRANT, None, &entrant)
        })?;
    }
    let acceptance = new.store.kept("acceptance")?.ok_or("saved with the entrant")?;
    if phone.store.kept("briefing")?.is_none() {
        sign(phone, |client, step| {
            let briefing = client.admit(account, &acceptance, b"", now())?.apply();
            step.keep("briefing".to_owned(), &briefing);
            Ok(())
        })?;
    }
    let briefing = phone.store.kept("briefing")?.ok_or("just saved")?;
    phone.publish()?;
    let entrant: Entrant = new.store.load(ENTRANT, None)?;
    let briefing: Briefing = entrant.open(&briefing, now())?;
    let (client, _) = briefing.begin(entrant, now(), &mut rng())?;
    new.store.step(|step| {
        step.remove(ENTRANT);
        step.save(CLIENT, None, &client)
    })?;
    new.publish()
}

/// Signs something as a primary, which must have seen the newest list since it was loaded.
fn sign<T>(
    phone: &Device<'_>,
    work: impl FnOnce(&mut Client, &mut Step<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut client = phone.client()?;
    let from = client.anchor();
    let list = phone.server.list(client.address().account)?;
    client.learn(&list, now())?.apply();
    phone.store.step(|step| {
        let output = work(&mut client, step)?;
        step.save(CLIENT, Some(from), &client)?;
        Ok(output)
    })
}

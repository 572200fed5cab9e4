//! The way by which Grace's device connects to the server of Ada's service, and nobody else.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::signal::{
    Authority, Challenge, EnlistedDevice, Enlistment, EnlistmentToken, PrekeyBatch, Question, Route,
};

use crate::ORIGIN;
use crate::page::note;
use crate::person::{Person, refused};
use crate::service::Service;
use crate::store::Failure;

/// The bytes that both ends of a connection have from the keys of their TLS, and nobody in between.
const CHANNEL: Route = Route::Direct([7; 32]);

/// Has a device answer a challenge of a service, which came in bytes.
fn answer(
    of: &Person,
    challenge: &[u8],
    token: &EnlistmentToken,
    route: Route,
) -> Result<Enlistment, Failure> {
    let challenge = Question::decode(challenge)?;
    let (client, now, mut rng) = (of.client()?, of.now.get(), UnwrapErr(SysRng));
    Ok(client.enlist(ORIGIN, &challenge, token, route, now, &mut rng)?)
}

/// Opens another connection, on which the device answers for one route and the server sees another one.
fn another(
    of: &Person,
    service: &mut Service,
    token: &EnlistmentToken,
    (says, by): (Route, Route),
) -> Result<EnlistedDevice, Failure> {
    let challenge = service.connected(of.now.get())?;
    let signed = answer(of, &challenge.encode(), token, says)?.encode();
    Ok(service.admit(challenge, &signed, by, of.now.get())?)
}

/// Has Grace's device show the server who it is. Whoever tries the same with what it has read is refused.
pub(crate) fn directly(
    grace: &Person,
    service: &mut Service,
    token: &EnlistmentToken,
) -> Result<EnlistedDevice, Failure> {
    let now = grace.now.get();
    let challenge = service.connected(now)?;
    let signed = answer(grace, &challenge.encode(), token, CHANNEL)?.encode();
    let admitted = service.admit(challenge, &signed, CHANNEL, now)?;
    note("the device signs the server's challenge, and is let in until the token is over");

    let replayed = service.connected(now)?;
    let replayed = service.admit(replayed, &signed, CHANNEL, now);
    refused("the server", "the same answer on a second connection", replayed)?;
    let between = Route::Direct([8; 32]);
    let passed_on = another(grace, service, token, (CHANNEL, between));
    refused("the server", "an answer that somebody in between passes on", passed_on)?;
    let theirs = Challenge::generate("six.example", now, &mut UnwrapErr(SysRng))?.encode();
    let theirs = answer(grace, &theirs, token, CHANNEL);
    refused("Grace's app", "to answer for one.example at six.example", theirs)?;
    let nobody = Authority::generate(&mut UnwrapErr(SysRng));
    let times = (now, now + 60);
    let forged = EnlistmentToken::issue(admitted.attestation(), ORIGIN, times, &nobody)?;
    let forged = another(grace, service, &forged, (CHANNEL, CHANNEL));
    refused("the server", "a token that two.example has not signed", forged)?;
    Ok(admitted)
}

/// Gives the server the keys by which people of Ada's service begin a chat.
pub(crate) fn publish(
    grace: &Person,
    service: &mut Service,
    connection: &EnlistedDevice,
) -> Result<(), Failure> {
    let batch = grace.change(|client, now, rng| Ok(client.replenish(now, rng)))?;
    let ids: Vec<_> = batch.iter().map(|(prekey, _)| prekey.id).collect();
    let (bundle, batch) = (grace.client()?.bundle(), PrekeyBatch::new(batch)?.encode());
    let (mut forged, now) = (bundle.clone(), grace.now.get());
    forged.signed.signature[0] ^= 1;
    let refusal: Result<_, Error> = service.publish(connection, (&forged.encode(), &batch), now);
    refused("the server", "keys that the device has not signed", refusal)?;
    service.publish(connection, (&bundle.encode(), &batch), now)?;
    // The server has taken them. Until that is noted they are given again.
    grace.change(|client, now, _| Ok(client.note_published(ids, now)))
}

/// Connects by the proxy of Grace's provider, which says so, as the device does.
pub(crate) fn by_proxy(
    grace: &Person,
    service: &mut Service,
    token: &EnlistmentToken,
) -> Result<(), Failure> {
    let unasked = another(grace, service, token, (CHANNEL, Route::Proxy));
    refused("the server", "a proxy that the device has not spoken of", unasked)?;
    another(grace, service, token, (Route::Proxy, Route::Proxy))?;
    note("the device signs that it comes by its provider's proxy, which passes that on");
    Ok(())
}

/// Connects directly once more.
pub(crate) fn once_more(
    grace: &Person,
    service: &mut Service,
    token: &EnlistmentToken,
) -> Result<EnlistedDevice, Failure> {
    another(grace, service, token, (CHANNEL, CHANNEL))
}

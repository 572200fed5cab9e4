//! Companions, linked as their users do it.

use latchstring::client::{
    Client, Entrant, LinkingDigits, LinkingOffer, LinkingRequest, NewDevice,
};
use latchstring::rand_core::CryptoRng;
use latchstring::session::Account;
use latchstring::storage::Pending;

use super::TestRng;

/// Shows a client the list of its account that it knows, as a server does that has no newer one: a primary that was
/// loaded may sign then. Nothing changes.
pub fn show_own_list(client: &mut Client) {
    let list = client.list().clone();
    // One from the future is refused, and was shown.
    let _ = client.learn(&list, list.issued()).map(Pending::apply);
}

/// Reads the digits off the primary's screen, as its user types them at the new device.
pub fn typed(primary: &Client) -> LinkingDigits {
    LinkingDigits::parse(&primary.linking_digits().unwrap().text()).unwrap()
}

/// Accepts an offer with the digits that the primary shows: gives the entrant, and its acceptance.
pub fn accepted(
    offer: LinkingOffer,
    new_device: NewDevice,
    primary: &Client,
    now: u64,
) -> (Entrant, Vec<u8>) {
    offer.accept(new_device, &typed(primary), now).unwrap()
}

/// Begins the client of an entrant that was briefed.
pub fn briefed(entrant: Entrant, briefing: &[u8], now: u64, rng: &mut impl CryptoRng) -> Client {
    entrant.open(briefing, now).unwrap().begin(entrant, now, rng).unwrap().0
}

/// Links a new device, from its code to its client.
pub fn companion(primary: &mut Client, account: &Account, now: u64, rng: &mut TestRng) -> Client {
    show_own_list(primary);
    let new_device = NewDevice::generate("a laptop", now, rng).unwrap();
    let request = LinkingRequest::read(&new_device.code(), now).unwrap();
    let offer = primary.approve(account, &request, 31, now, rng).unwrap().apply();
    let offer = new_device.open(&offer, now).unwrap();
    let (entrant, acceptance) = accepted(offer, new_device, primary, now);
    let briefing = primary.admit(account, &acceptance, b"", now).unwrap().apply();
    briefed(entrant, &briefing, now, rng)
}

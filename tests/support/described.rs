//! Diagnoses as a test takes them: of every client that there is, and held to what they may show.
#![allow(clippy::missing_panics_doc, reason = "a test may stop at a surprise")]

use latchstring::client::{Address, Client, DeviceList};
use latchstring::session::DeviceId;

use super::NOW;

/// The times at which a client is described: its own, and those of any wrong clock.
const TIMES: [u64; 6] = [0, NOW, NOW + 3 * 86_400, NOW + 100 * 86_400, u64::MAX - 1, u64::MAX];

/// Describes a client in every way. Nothing that names somebody shows in any of the texts.
pub fn describe<'a>(client: &'a Client, lists: impl IntoIterator<Item = &'a DeviceList>) {
    for text in descriptions(client, lists) {
        assert_is_anonymous(&text);
    }
}

/// Returns the descriptions of a client alone, with each device of these lists and of its own, and with one that nobody
/// knows, at any time there is.
pub fn descriptions<'a>(
    client: &'a Client,
    lists: impl IntoIterator<Item = &'a DeviceList>,
) -> Vec<String> {
    let known: Vec<_> = lists.into_iter().chain([client.list()]).collect();
    let devices = known.iter().flat_map(|list| list.devices()).map(Address::of);
    let own = client.address();
    let nobody = Address { device: DeviceId([0xee; 8]), ..own };
    let devices = devices.chain([nobody]).map(Some).chain([None]);
    let texts = devices.flat_map(|with| TIMES.map(|now| client.diagnosis(with, now).to_string()));
    texts.collect()
}

/// Checks that a text has no place for a name, a key or a time: no word of it has a digit and more than the eight
/// letters or digits by which a session is told from another one.
pub fn assert_is_anonymous(text: &str) {
    let words = text.split(|char: char| !char.is_alphanumeric());
    for word in words.filter(|word| word.contains(|char: char| char.is_ascii_digit())) {
        assert!(word.len() <= 8, "{word} in {text}");
    }
}

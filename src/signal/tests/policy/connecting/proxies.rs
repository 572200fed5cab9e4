//! Deliveries, and what proxies and servers on the way make of them.

use super::*;
use crate::signal::tests::world::World;

/// Frames a message from Ada to Grace.
fn framed(message: &SealedMessage) -> Delivery {
    Delivery { from: device(0, 1), to: device(1, 1), message: message.clone() }
}

/// Has Grace take what came, as an app does.
fn takes(town: &mut Town, bytes: &[u8]) -> Result<ForeignMessage, Error> {
    let Delivery { from, message, .. } = Delivery::decode(bytes)?;
    town.unless_refused(1, |grace| {
        Ok(grace.open(&from, message.kind, &message.bytes, NOW)?.apply())
    })
}

#[test]
fn t9_a_delivery_has_one_encoding_and_what_is_framed_anew_opens() {
    let mut town = Town::acquainted();
    town.begin(0).unwrap();
    for kind in [MessageKind::Initial, MessageKind::Ordinary] {
        let sealed = town.say(0, &text(5)).unwrap();
        assert_eq!(sealed.kind, kind);
        let bytes = framed(&sealed).encode();
        assert_eq!(Delivery::decode(&bytes).unwrap(), framed(&sealed));
        for length in 0..bytes.len() {
            assert_eq!(Delivery::decode(&bytes[..length]).map(drop), Err(Error::Malformed));
        }
        let long = [&bytes[..], &[0]].concat();
        assert_eq!(Delivery::decode(&long).map(drop), Err(Error::Malformed));
        // A proxy's own form, of the same parts in another order, and back.
        let Delivery { from, to, message } = Delivery::decode(&bytes).unwrap();
        let stanza = (message.bytes, to, from, message.kind);
        let (bytes, to, from, kind) = stanza;
        let again = Delivery { from, to, message: SealedMessage { kind, bytes } };
        takes(&mut town, &again.encode()).unwrap();
        town.clients[1].accept(&account(0), NOW).unwrap().apply();
        let answer = town.say(1, &text(3)).unwrap();
        town.deliver(1, &answer, NOW).unwrap();
    }
}

#[test]
fn t9_a_delivery_is_no_longer_than_a_message_can_be() {
    let framed_of = |length| {
        let bytes = alloc::vec![0; length];
        framed(&SealedMessage { kind: MessageKind::Ordinary, bytes }).encode()
    };
    let longest = (1 << 18) + 4096;
    assert!(Delivery::decode(&framed_of(longest)).is_ok());
    assert_eq!(Delivery::decode(&framed_of(longest + 1)).map(drop), Err(Error::Malformed));
    // The longest text that can be said to a plain program, in the longest message that there is.
    let mut street = World::talking(Version::V4);
    let message = street.seal(0, &alloc::vec![7; 1 << 18]);
    assert!(message.bytes.len() <= longest);
}

#[test]
fn t9_a_proxy_that_names_another_sender_is_found_out() {
    let mut town = Town::talking();
    let sealed = town.say(0, &text(5)).unwrap();
    let eve = ForeignDevice::new(&provider(0), &Address::new("eve", 1).unwrap());
    let elsewhere = ProviderId::new("six.example").unwrap();
    let elsewhere = ForeignDevice::new(&elsewhere, &Address::new("ada", 1).unwrap());
    let cases = [
        (eve, Error::UnknownAccount),
        (elsewhere, Error::NotOptedIn),
        (device(0, 2), Error::Unlisted),
        // Grace herself: her own provider is none that she has opted in to.
        (device(1, 1), Error::NotOptedIn),
    ];
    for (from, error) in cases {
        let bytes = Delivery { from, ..framed(&sealed) }.encode();
        assert_eq!(takes(&mut town, &bytes).map(drop), Err(error));
    }
    takes(&mut town, &framed(&sealed).encode()).unwrap();
}

#[test]
fn t9_a_proxy_that_names_another_device_of_the_sender_is_found_out() {
    // Ada has two devices, and Grace has sessions with both.
    let mut town = Town::acquainted();
    let mut second = Client::generate(
        device(0, 2),
        Version::V4,
        TrustedKeys::new([root().public_key()]).unwrap(),
        NOW,
        &mut town.rng,
    );
    let mut says = AccountStatement { sequence: 6, ..town.says(0) };
    says.devices.push(second.attested_device());
    let own = town.attested(0, says.clone());
    second.adopt(&own, town.accounts[0].public_key(), NOW).unwrap().apply();
    town.renew(0, says);
    for (to, bundle) in [(device(0, 1), town.clients[0].bundle()), (device(0, 2), second.bundle())]
    {
        town.clients[1].begin(&to, &bundle, NOW, &mut town.rng).unwrap().apply();
    }
    let opening = town.say(1, &text(3)).unwrap();
    town.deliver(1, &opening, NOW).unwrap();
    town.clients[0].accept(&account(1), NOW).unwrap().apply();
    let sealed = town.say(0, &text(5)).unwrap();
    let bytes = Delivery { from: device(0, 2), ..framed(&sealed) }.encode();
    assert_eq!(takes(&mut town, &bytes).map(drop), Err(Error::Forged));
    takes(&mut town, &framed(&sealed).encode()).unwrap();
}

#[test]
fn t9_a_proxy_that_hands_a_message_to_another_device_is_found_out() {
    let (mut town, mut other) = (Town::acquainted(), Town::acquainted());
    // Another device under Grace's very name, with keys of its own, that knows Ada.
    let mut rng = TestRng::new(40);
    let mut peter = fresh(1, &mut rng);
    let (says, key) = (other.says(1), other.accounts[1].public_key());
    let says = AccountStatement { devices: [peter.attested_device()].into(), ..says };
    peter.learn_provider(&descriptor(statement(0)), NOW).unwrap().apply();
    let notices = peter.notices(&provider(0)).unwrap();
    peter.opt_in(&provider(0), notices, NOW).unwrap().apply();
    peter.adopt(&other.attested(1, says), key, NOW).unwrap().apply();
    peter.learn_account(&town.attested(0, town.says(0)), NOW).unwrap().apply();
    other.clients[1] = peter;

    town.begin(0).unwrap();
    let first = framed(&town.say(0, &text(5)).unwrap()).encode();
    assert_eq!(takes(&mut other, &first).map(drop), Err(Error::UnknownPrekey));
    takes(&mut town, &first).unwrap();
    town.clients[1].accept(&account(0), NOW).unwrap().apply();
    let answer = town.say(1, &text(3)).unwrap();
    town.deliver(1, &answer, NOW).unwrap();
    let later = framed(&town.say(0, &text(5)).unwrap()).encode();
    assert_eq!(takes(&mut other, &later).map(drop), Err(Error::Forged));
    takes(&mut town, &later).unwrap();
}

#[test]
fn t9_a_proxy_that_alters_kind_or_bytes_is_found_out() {
    let mut town = Town::talking();
    let sealed = town.say(0, &text(5)).unwrap();
    let initial = SealedMessage { kind: MessageKind::Initial, ..sealed.clone() };
    let refused = takes(&mut town, &framed(&initial).encode());
    assert_eq!(refused.map(drop), Err(Error::Malformed));
    let bytes = framed(&sealed).encode();
    let start = bytes.len() - sealed.bytes.len();
    for place in (0..start).chain((start..bytes.len()).step_by(3)) {
        let mut altered = bytes.clone();
        altered[place] ^= 1 << (place % 8);
        // The receiver is for the server alone: it is inside the message, too.
        let is_receiver = Delivery::decode(&altered)
            .is_ok_and(|it| (&it.from, &it.message) == (&device(0, 1), &sealed));
        assert!(is_receiver || takes(&mut town, &altered).is_err(), "byte {place}");
    }
    takes(&mut town, &bytes).unwrap();
}

#[test]
fn t9_a_proxy_that_repeats_or_withholds_is_found_out() {
    let mut town = Town::talking();
    let [held, next] = [5, 6].map(|length| framed(&town.say(0, &text(length)).unwrap()).encode());
    assert_eq!(takes(&mut town, &next).unwrap().skipped, 1);
    assert_eq!(takes(&mut town, &next).map(drop), Err(Error::Duplicate));
    assert_eq!(takes(&mut town, &held).unwrap().skipped, 0);
    assert_eq!(takes(&mut town, &held).map(drop), Err(Error::Duplicate));
}

#[test]
fn a_device_sends_in_its_own_name_alone() {
    let mut town = Town::talking();
    let grace = admitted(&town);
    let message = town.say(1, &text(5)).unwrap();
    let sent = Delivery { from: device(1, 1), to: device(0, 1), message };
    assert_eq!(grace.check_delivery(&sent), Ok(()));
    let posing = Delivery { from: device(1, 2), ..sent };
    assert_eq!(grace.check_delivery(&posing), Err(Error::WrongPeer));
}

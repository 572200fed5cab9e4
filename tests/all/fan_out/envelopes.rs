//! Outgoing letters.

use super::*;

#[test]
fn what_the_server_took_is_ticked_off_and_the_rest_survives_a_restart() {
    let mut town = Town::new(22, &[2, 2]);
    let mut out = town.seal(0, 0, To::Account(town.id(1)), &[5; 5000]).unwrap();
    out.left_out.push(Address { account: AccountId([9; 32]), device: DeviceId([9; 8]) });
    let whole = Outgoing { target: None, ..out.clone() };
    for left in (0..3).rev() {
        let done = out.envelopes[0].to;
        out.delivered(done);
        assert_eq!(out.envelopes.len(), left);
        assert!(out.envelopes.iter().all(|envelope| envelope.to != done));
        out = Outgoing::decode(&out.encode()).unwrap();
    }
    out.delivered(town.address(0, 1));
    assert_eq!(Outgoing::decode(&whole.encode()), Ok(whole.clone()));
    // Sending one twice does no harm.
    let from = town.address(0, 0);
    for (person, device) in [(0, 1), (1, 0), (1, 1)] {
        let to = town.address(person, device);
        let envelope = whole.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
        let client = town.client(person, device);
        client.receive(from, &envelope.message, NOW).unwrap();
        refuses(client, Error::Duplicate, |client| {
            client.open(from, &envelope.message, NOW).map(drop)
        });
    }
}

#[test]
fn outgoing_letters_have_one_encoding() {
    let mut town = Town::new(23, &[1, 2]);
    let out = town.seal(0, 0, To::Account(town.id(1)), &[5; 5000]).unwrap();
    let bytes = out.encode();
    for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 8..bytes.len()) {
        assert_eq!(Outgoing::decode(&bytes[..length]), Err(Error::Malformed), "{length}");
    }
    assert_eq!(Outgoing::decode(&[&bytes[..], &[0]].concat()), Err(Error::Malformed));
    assert_eq!(Outgoing::decode(&[&[0; 16][..], &[0xff; 4]].concat()), Err(Error::Malformed));
}

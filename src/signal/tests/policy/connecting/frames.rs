//! Bundles and one-time prekeys on their way to a service's server.

use super::*;

fn pairs(town: &mut Town) -> Vec<(OneTimePrekey, KemPrekey)> {
    town.clients[1].replenish(NOW, &mut town.rng).apply()
}

/// Writes a number in the place of four bytes.
fn with(bytes: &[u8], place: usize, number: u32) -> Vec<u8> {
    [&bytes[..place], &number.to_be_bytes(), &bytes[place + 4..]].concat()
}

#[test]
fn a_bundle_has_one_encoding_and_a_session_begins_with_it() {
    let mut town = Town::acquainted();
    let (one_time, kem) = pairs(&mut town).pop().unwrap();
    let bundle = town.clients[1].bundle();
    let mut shapes = [(); 4].map(|()| bundle.clone());
    shapes[1].kem = None;
    shapes[2].one_time = Some(one_time.clone());
    (shapes[3].one_time, shapes[3].kem) = (Some(one_time), Some(kem));
    let lengths = [1779, 142, 1816, 1816];
    for (shape, length) in shapes.iter().zip(lengths) {
        let bytes = shape.encode();
        assert_eq!((bytes.len(), &Bundle::decode(&bytes).unwrap()), (length, shape));
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1 << (place % 8);
            if let Ok(read) = Bundle::decode(&altered) {
                assert_eq!(read.encode(), altered, "two encodings of one bundle");
            }
            assert_eq!(Bundle::decode(&bytes[..place]).map(drop), Err(Error::Malformed));
        }
        let long = [&bytes[..], &[0]].concat();
        assert_eq!(Bundle::decode(&long).map(drop), Err(Error::Malformed));
    }
    let arrived = Bundle::decode(&shapes[3].encode()).unwrap();
    town.clients[0].begin(&device(1, 1), &arrived, NOW, &mut town.rng).unwrap().apply();
    assert!(town.pass(0, &text(3)).is_request);
}

#[test]
fn numbers_and_keys_of_a_bundle_are_such_as_a_device_has() {
    let town = Town::open();
    let bytes = town.clients[1].bundle().encode();
    let (registration, id, kem_id) = (2, 39, 39 + 4 + 33 + 64 + 1);
    let (last, last_registration) = (0x00ff_ffff, 0x3fff);
    for (place, last) in [(registration, last_registration), (id, last), (kem_id, last)] {
        assert!(Bundle::decode(&with(&bytes, place, last)).is_ok());
        for number in [0, last + 1, u32::MAX] {
            let refused = Bundle::decode(&with(&bytes, place, number)).map(drop);
            assert_eq!(refused, Err(Error::Malformed), "{place}: {number}");
        }
    }
    // Identity key, signed prekey and KEM prekey of another type; and two encodings of one point.
    for place in [6, id + 4, kem_id + 4] {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert_eq!(Bundle::decode(&altered).map(drop), Err(Error::Malformed));
        altered[place] ^= 1;
        altered[place + 1..=place + 32].fill(0xff);
        assert_eq!(Bundle::decode(&altered).map(drop), Err(Error::WeakKey));
    }
    assert_eq!(PrekeyBatch::decode(&bytes).map(drop), Err(Error::WrongKind));
}

#[test]
fn a_batch_is_in_order_and_no_longer_than_it_may_be() {
    let mut town = Town::open();
    let pairs = pairs(&mut town);
    let mut reversed = pairs.clone();
    reversed.reverse();
    let batch = PrekeyBatch::new(reversed).unwrap();
    let bytes = batch.encode();
    assert_eq!(bytes.len(), 6 + 50 * 1674);
    assert_eq!(PrekeyBatch::decode(&bytes).unwrap(), batch);
    assert_eq!(batch.into_prekeys(), pairs);

    let numbered = |id: u32| {
        let (mut one_time, mut kem) = pairs[0].clone();
        (one_time.id, kem.id) = (id, id);
        (one_time, kem)
    };
    assert!(PrekeyBatch::new((1..=100).map(numbered).collect()).is_ok());
    let mut mixed = numbered(3);
    mixed.1.id = 4;
    let refused = [
        Vec::new(),
        (1..=101).map(numbered).collect(),
        [numbered(1), numbered(1)].into(),
        [mixed].into(),
    ];
    for prekeys in refused {
        assert_eq!(PrekeyBatch::new(prekeys).map(drop), Err(Error::Malformed));
    }
    // What no honest device writes.
    let two = PrekeyBatch::new([numbered(1), numbered(2)].into()).unwrap().encode();
    let swapped = [&two[..6], &two[6 + 1674..], &two[6..6 + 1674]].concat();
    assert_eq!(PrekeyBatch::decode(&swapped).map(drop), Err(Error::Malformed));
    let none = with(&two, 2, 0);
    assert_eq!(PrekeyBatch::decode(&none[..6]).map(drop), Err(Error::Malformed));
    assert_eq!(PrekeyBatch::decode(&with(&two, 2, u32::MAX)).map(drop), Err(Error::Malformed));
}

#[test]
fn a_device_publishes_keys_of_its_own_alone() {
    let mut town = Town::open();
    let grace = admitted(&town);
    let bundle = town.clients[1].bundle();
    assert_eq!(grace.check_bundle(&bundle), Ok(()));
    assert_eq!(grace.check_bundle(&town.clients[0].bundle()), Err(Error::Unlisted));
    let mut forged = bundle.clone();
    forged.signed.signature[5] ^= 1;
    assert_eq!(grace.check_bundle(&forged), Err(Error::BadSignature));
    let mut forged = bundle;
    forged.kem.as_mut().unwrap().signature[5] ^= 1;
    assert_eq!(grace.check_bundle(&forged), Err(Error::BadSignature));

    let own = PrekeyBatch::new(pairs(&mut town)).unwrap();
    assert_eq!(grace.check_batch(&own), Ok(()));
    let adas = town.clients[0].replenish(NOW, &mut town.rng).apply();
    let adas = PrekeyBatch::new(adas).unwrap();
    assert_eq!(grace.check_batch(&adas), Err(Error::BadSignature));
}

use super::*;

fn digest(key: u8, about: &[u8], text: &[u8]) -> [u8; DIGEST] {
    Digest::new(&Secret::copy(&core::array::from_fn(|at| {
        key.wrapping_mul(u8::try_from(at).unwrap().wrapping_add(3))
    })))
    .of(about, text)
}

/// Multiplies in the field of POLYVAL: `a · b · x^-128`, bit by bit.
fn dot(a: u128, b: u128) -> u128 {
    let (mut product, mut high) = (0_u128, 0_u128);
    for bit in 0..128 {
        if b >> bit & 1 == 1 {
            product ^= a << bit;
            high ^= if bit == 0 { 0 } else { a.wrapping_shr(128_u32.wrapping_sub(bit)) };
        }
    }
    // Divides by x^128, modulo x^128 + x^127 + x^126 + x^121 + 1: what is odd takes the modulus in first.
    for _ in 0..128 {
        if product & 1 == 1 {
            product ^= 1;
            product ^= 1 << 121 | 1 << 126 | 1 << 127;
            high ^= 1;
        }
        product = product >> 1 | high << 127;
        high >>= 1;
    }
    product
}

/// Makes a block of a unit, by schoolbook arithmetic on halves of words.
fn nh(key: &[u8], unit: &[u8]) -> [u8; 16] {
    let words = |bytes: &[u8]| -> alloc::vec::Vec<u64> {
        bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
    };
    let sums = words(key).into_iter().zip(words(unit)).map(|(k, m)| k.wrapping_add(m));
    let sums: alloc::vec::Vec<_> = sums.map(u128::from).collect();
    let product = |a: u128, b: u128| {
        let low = (a & 0xffff_ffff).wrapping_mul(b);
        low.wrapping_add((a >> 32).wrapping_mul(b) << 32)
    };
    let products = sums.chunks(2).map(|pair| product(pair[0], pair[1]));
    products.fold(0, u128::wrapping_add).to_le_bytes()
}

#[test]
fn digests_are_those_of_the_formula() {
    let whole: alloc::vec::Vec<u8> =
        (0..2000_u32).map(|at| at.wrapping_mul(37).to_le_bytes()[0]).collect();
    let key: [u8; DIGEST_KEY] = core::array::from_fn(|at| whole[at].wrapping_add(91));
    let lengths =
        [(0, 1), (1, 0), (16, 16), (34, 127), (34, 128), (5, 129), (0, 1000), (162, 1151)];
    for (about, length) in lengths {
        let (about, text) = (&whole[..about], &whole[3..][..length]);
        let (units, rest) = text.split_at(length / 128 * 128);
        let mut blocks: alloc::vec::Vec<[u8; 16]> = alloc::vec![];
        let padded = |part: &[u8]| -> alloc::vec::Vec<[u8; 16]> {
            let blocks = part.chunks(16).map(|chunk| {
                let mut block = [0; 16];
                block[..chunk.len()].copy_from_slice(chunk);
                block
            });
            blocks.collect()
        };
        blocks.extend(padded(about));
        blocks.extend(units.chunks(128).map(|unit| nh(&key[16..], unit)));
        blocks.extend(padded(rest));
        let lengths = [about, text].map(|part| u64::try_from(part.len()).unwrap().to_be_bytes());
        blocks.push(lengths.concat().try_into().unwrap());
        let h = u128::from_le_bytes(*key.first_chunk().unwrap());
        let sum = blocks.iter().fold(0, |sum, block| dot(sum ^ u128::from_le_bytes(*block), h));
        let digest = Digest::new(&Secret::copy(&key)).of(about, text);
        assert_eq!(digest, sum.to_le_bytes(), "{} {length}", about.len());
    }
}

#[test]
fn each_byte_of_a_long_text_makes_another_digest() {
    let mut text = alloc::vec![0; 700];
    let mut digests = alloc::collections::BTreeSet::from([digest(1, b"about", &text)]);
    for at in 0..text.len() {
        text[at] = 1;
        assert!(digests.insert(digest(1, b"about", &text)), "{at}");
        text[at] = 0;
    }
}

#[test]
fn nothing_has_a_digest_of_zeros_under_every_key() {
    assert_eq!([digest(1, &[], &[]), digest(2, &[], &[])], [[0; DIGEST]; 2]);
}

#[test]
fn what_stands_where_makes_another_digest() {
    let parts: [(&[u8], &[u8]); 7] = [
        (b"\0", b""),
        (b"", b"\0"),
        (b"\0\0", b""),
        (b"ab", b"c"),
        (b"a", b"bc"),
        (b"", b"abc"),
        (b"sixteen bytes of", b"it"),
    ];
    for (i, one) in parts.iter().enumerate() {
        for (j, other) in parts.iter().enumerate() {
            assert_eq!(digest(1, one.0, one.1) == digest(1, other.0, other.1), i == j);
        }
        assert_ne!(digest(1, one.0, one.1), digest(2, one.0, one.1));
    }
}

//! Fingerprints.

use super::*;

fn fingerprint(one: &[u8], other: &[u8]) -> Fingerprint {
    Fingerprint::of(&Certificate::decode(one).unwrap(), &Certificate::decode(other).unwrap())
}

#[test]
fn a_fingerprint_is_the_same_on_both_screens() {
    let (one, other) = (Member::new(30).bytes, Member::new(31).bytes);
    assert_eq!(fingerprint(&one, &other), fingerprint(&other, &one));
}

#[test]
fn a_fingerprint_changes_with_each_byte_of_an_account() {
    let (one, other) = (Member::new(32), Member::new(33));
    let mut codes = vec![fingerprint(&one.bytes, &other.bytes)];
    for place in ACCOUNT {
        let altered = one.altered(|bytes| bytes[place] ^= 1);
        codes.push(fingerprint(&altered, &other.bytes));
    }
    for key in 0..32 {
        let account = [key; 32];
        let altered = recertified(&one.bytes, &account, &one.device, |bytes| {
            bytes[ACCOUNT_KEY].copy_from_slice(&public_key(&account));
        });
        codes.push(fingerprint(&altered, &other.bytes));
    }
    let texts: std::collections::HashSet<_> = codes.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 1 + 32 + 32);
}

#[test]
fn a_fingerprint_tells_a_guest_from_a_member_of_the_same_keys() {
    let (member, other) = (Member::new(34), Member::new(35));
    // A member signed into its account by the key of another device, and that device as a guest.
    let guest = recertified(&member.bytes, &member.account, &member.account, |bytes| {
        bytes[0] = 2;
        bytes[SIGNING].copy_from_slice(&public_key(&member.account));
    });
    assert_ne!(fingerprint(&member.bytes, &other.bytes), fingerprint(&guest, &other.bytes));
}

#[test]
fn a_fingerprint_is_of_accounts_whichever_of_their_devices_is_shown() {
    let mut rng = TestRng::new(36);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut device = || Device::generate(&account, NOW, &mut rng).certificate().encode();
    let other = Member::new(37).bytes;
    assert_eq!(fingerprint(&device(), &other), fingerprint(&device(), &other));
}

#[test]
fn a_fingerprint_keeps_both_parties_apart() {
    // The same two accounts with their ids exchanged.
    let (one, other) = (Member::new(38), Member::new(39));
    let named = |member: &Member, name: u8| member.altered(|bytes| bytes[ACCOUNT].fill(name));
    let straight = fingerprint(&named(&one, 1), &named(&other, 2));
    assert_ne!(straight, fingerprint(&named(&one, 2), &named(&other, 1)));
}

#[test]
fn a_chats_code_is_not_the_accounts_fingerprint() {
    let talk = Talk::new(40);
    let accounts = Fingerprint::of(talk.host.peer(), talk.guest.peer());
    assert_ne!(talk.host.fingerprint(), accounts);
    assert_eq!(talk.host.fingerprint(), talk.guest.fingerprint());
}

#[test]
fn a_fingerprint_reads_as_twelve_groups_of_five_digits() {
    let other = Member::new(41).bytes;
    for seed in 50..70 {
        let code = fingerprint(&Member::new(seed).bytes, &other);
        let text = code.to_string();
        let groups: Vec<_> = text.split(' ').collect();
        assert_eq!(groups.len(), 12, "{text}");
        for (group, number) in groups.iter().zip(code.groups()) {
            assert!(group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
            assert_eq!(group.parse(), Ok(number));
        }
        assert_eq!(format!("{code:?}"), format!("Fingerprint({text})"));
    }
}

#[test]
fn the_digits_of_a_fingerprint_are_its_first_two_hundred_bits() {
    let code = fingerprint(&Member::new(42).bytes, &Member::new(43).bytes);
    // The same conversion the other way: digit by digit from the bytes.
    let mut digits = [0_u32; 61];
    for byte in &code.to_qr()[1..26] {
        let mut carry = u32::from(*byte);
        for digit in digits.iter_mut().rev() {
            let value = *digit * 256 + carry;
            (*digit, carry) = (value % 10, value / 10);
        }
        assert_eq!(carry, 0);
    }
    let expected: String = digits[1..].iter().map(ToString::to_string).collect();
    assert_eq!(code.to_string().replace(' ', ""), expected);
}

#[test]
fn a_scanned_code_matches_only_if_every_byte_does() {
    let code = fingerprint(&Member::new(44).bytes, &Member::new(45).bytes);
    let scanned = code.to_qr();
    assert!(code.matches(&scanned));
    let places: Range<usize> = 0..scanned.len();
    for place in places {
        assert!(!code.matches(&flipped(&scanned, place)), "byte {place}");
        assert!(!code.matches(&scanned[..place]), "{place} bytes");
    }
    assert!(!code.matches(&[scanned.as_slice(), &[0]].concat()));
    assert!(!code.matches(&fingerprint(&Member::new(44).bytes, &Member::new(46).bytes).to_qr()));
}

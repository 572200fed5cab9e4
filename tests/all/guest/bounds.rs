//! Bounds of a link's claim.

use super::*;

/// The bytes that the texts of an introduction have together at most (`spec/guest-links.md`, "Content").
const FIRST_TEXTS: usize = 16_384;

fn widest() -> Policy {
    let mut policy = Policy::new("Ada", EXPIRES);
    (policy.max_text, policy.max_pending) = (16_384, 16);
    policy
}

#[test]
fn the_texts_of_an_introduction_have_16_kilobytes_together() {
    let mut door = Door::with_policy(70, widest());
    let text = "x".repeat(FIRST_TEXTS / 16);
    let texts = [text.as_str(); 16];
    // One byte more in one of them.
    let longer = format!("{text}x");
    let mut over = texts;
    over[3] = &longer;
    let name = "x".repeat(64);
    assert_eq!(door.claim(&name, &over, NOW).err(), Some(Error::NotAllowed));
    let (_, claim) = door.claim(&name, &texts, NOW).unwrap();
    let (_, introduction) = door.invite.claim(&mut door.host, &claim, NOW).unwrap().apply();
    assert_eq!(introduction.texts.len(), 16);
}

#[test]
fn the_longest_claim_of_32_devices_has_659_kilobytes() {
    let mut door = Door::with_policy(71, widest());
    let text = "x".repeat(FIRST_TEXTS / 16);
    let (_, claim) = door.claim(&"x".repeat(64), &[text.as_str(); 16], NOW).unwrap();
    // The envelope is what stands in front of the signature, behind its length.
    let message = 20_028_usize;
    let start = claim.len() - 64 - message;
    let length = u32::from_be_bytes(claim[start - 4..start].try_into().unwrap());
    assert_eq!(usize::try_from(length), Ok(message));
    let rest = start - 12;
    // Each further device adds its hash to what is sealed.
    let longest = rest + 31 * 32 + 32 * (12 + 20_480) + 64;
    assert!((655_000..659_000).contains(&longest), "{longest}");
    // What says that it is longer is not read.
    let mut over = claim.clone();
    over[start - 4..start].copy_from_slice(&20_481_u32.to_be_bytes());
    over.splice(start..start, [0; 20_481 - 20_028]);
    assert_eq!(door.server_copy.check_claim(&over).err(), Some(Error::Malformed));
    over[start - 4..start].copy_from_slice(&20_480_u32.to_be_bytes());
    over.remove(start);
    assert_eq!(door.server_copy.check_claim(&over).err(), Some(Error::BadSignature));
}

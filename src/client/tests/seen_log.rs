#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use super::*;

fn seen(account: u8, number: usize, digest: u8) -> Seen {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let (account, device) = (AccountId([account; 32]), DeviceId([1; 8]));
    let what = SeenMessage { account, device, id: MessageId(id), digest: [digest; 32] };
    Seen { what, here: true, told: false }
}

/// Tells how many are found as a letter that comes is looked for, once the counts were made anew.
fn found(memory: &mut SeenLog, account: u8, number: usize) -> usize {
    let before = memory.ids.clone();
    memory.count_ids();
    assert_eq!(memory.ids, before, "the counts are those of the entries");
    let what = seen(account, number, 0).what;
    memory.all(what.account, what.device, &what.id).count()
}

#[test]
fn a_message_is_found_until_it_is_forgotten_and_not_after() {
    let mut memory = SeenLog::default();
    for number in 0..MAX_SEEN {
        memory.add(seen(1, number, 7));
    }
    // The same once more, another one under the same id, and one of somebody else under it.
    memory.add(seen(1, 5, 7));
    assert_eq!((found(&mut memory, 1, 5), found(&mut memory, 1, 0)), (1, 1));
    memory.add(seen(1, 5, 8));
    memory.add(seen(2, 5, 7));
    assert_eq!((found(&mut memory, 1, 5), found(&mut memory, 2, 5)), (2, 1));
    assert_eq!(
        (found(&mut memory, 1, 0), found(&mut memory, 1, 1)),
        (0, 0),
        "the oldest have gone"
    );
    assert!(memory.has(&seen(1, 5, 8).what) && !memory.has(&seen(1, 5, 9).what));
    memory.follow(AccountId([2; 32]), AccountId([3; 32]));
    assert_eq!((found(&mut memory, 2, 5), found(&mut memory, 3, 5)), (0, 1));
    memory.forget(AccountId([1; 32]));
    assert_eq!((found(&mut memory, 1, 5), found(&mut memory, 3, 5)), (0, 1));
    memory.clear();
    assert_eq!(found(&mut memory, 3, 5), 0);
}

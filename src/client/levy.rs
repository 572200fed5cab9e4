//! The levy: who gives how many of the keys that are too many. `spec/sessions.md`, "Quotas".

use alloc::vec::Vec;

/// Tells who gives how many keys, so that `over` are given: one after the other whoever holds most, and of equal
/// ones the one with the highest id.
///
/// Nobody gives more than down to what the others are left with: whoever gave alone could be emptied by many that
/// hold a little less.
pub(crate) fn levy<Id: Copy + Ord>(
    held: impl IntoIterator<Item = (usize, Id)>,
    over: usize,
) -> Vec<(Id, usize)> {
    if over == 0 {
        return Vec::new();
    }
    let mut givers: Vec<_> = held.into_iter().filter(|(keys, _)| *keys > 0).collect();
    givers.sort_unstable_by(|one, other| other.cmp(one));
    let (count, left) = leveled(&givers, over);
    givers.truncate(count);
    givers.sort_unstable_by_key(|(_, id)| *id);
    let (level, rest) = (left.checked_div(count), left.checked_rem(count).unwrap_or(0));
    let ranked = givers.into_iter().enumerate();
    let shares = ranked.map(|(rank, (keys, id))| {
        let kept = level.unwrap_or(0).saturating_add(usize::from(rank < rest));
        (id, keys.saturating_sub(kept))
    });
    shares.filter(|(_, share)| *share > 0).collect()
}

/// Returns how many of those that hold most come to one level, the fewest that can give `over` without coming below
/// the next one, and what they are left with together.
fn leveled<Id>(held: &[(usize, Id)], over: usize) -> (usize, usize) {
    let mut sum = 0_usize;
    let nexts = held.iter().skip(1).map(|(next, _)| *next).chain([0]);
    for (count, ((keys, _), next)) in (1_usize..).zip(held.iter().zip(nexts)) {
        sum = sum.saturating_add(*keys);
        if sum.saturating_sub(count.saturating_mul(next)) >= over {
            return (count, sum.saturating_sub(over));
        }
    }
    (held.len(), 0)
}

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use alloc::vec;
use alloc::vec::Vec;

use super::*;

fn taken(map: &mut TrackedMap<u8, u8>) -> Vec<u8> {
    map.take_touched().collect()
}

#[test]
fn a_value_is_touched_once_it_is_handed_out_to_be_changed() {
    let mut value = Tracked::new(vec![1]);
    assert_eq!(value.len(), 1);
    assert!(!value.is_touched());
    value.push(2);
    assert!(value.is_touched() && value.take_touch() && !value.take_touch());
}

#[test]
fn a_map_notes_every_key_whose_value_can_have_changed() {
    let mut map = TrackedMap::from(BTreeMap::from([(1, 10), (2, 20), (3, 30)]));
    assert_eq!(map.get(&2), Some(&20));
    assert_eq!(map.get_mut(&9), None);
    assert_eq!(map.remove(&9), None);
    assert_eq!(taken(&mut map), []);
    *map.get_mut(&2).unwrap() += 1;
    *map.get_or_insert_with(2, || 0) += 1;
    *map.get_or_insert_with(4, || 40) += 1;
    assert_eq!(taken(&mut map), [2, 4]);
    map.insert(5, 50);
    map.remove(&1);
    assert_eq!(taken(&mut map), [5, 1]);
    map.change(|value| *value > 22, |value| *value = 0);
    assert_eq!(taken(&mut map), [3, 4, 5]);
    map.rename(|key| if key == 3 { 7 } else { key });
    assert_eq!(taken(&mut map), [3, 7]);
    assert_eq!(*map, BTreeMap::from([(2, 22), (4, 0), (5, 0), (7, 0)]));
    map.clear();
    assert_eq!(taken(&mut map), [2, 4, 5, 7]);
}

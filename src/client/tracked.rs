//! Holders of values that lie in pages of a snapshot. They know which of them an operation has touched, because there is
//! no way to change one unnoticed (`spec/state.md`, "Pages").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

/// A value that is a page.
pub(super) struct Tracked<T> {
    value: T,
    touched: bool,
}

impl<T> Tracked<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value, touched: false }
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Tells whether it was touched, and forgets it.
    pub(super) fn take_touch(&mut self) -> bool {
        core::mem::take(&mut self.touched)
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.touched = true;
        &mut self.value
    }
}

/// Values that are a page each.
pub(super) struct TrackedMap<K, V> {
    map: BTreeMap<K, V>,
    touched: Vec<K>,
}

impl<K, V> Default for TrackedMap<K, V> {
    fn default() -> Self {
        Self::from(BTreeMap::new())
    }
}

impl<K, V> From<BTreeMap<K, V>> for TrackedMap<K, V> {
    fn from(map: BTreeMap<K, V>) -> Self {
        Self { map, touched: Vec::new() }
    }
}

impl<K, V> Deref for TrackedMap<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<K: Copy + Ord, V> TrackedMap<K, V> {
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        touch(&mut self.touched, *key);
        Some(value)
    }

    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        touch(&mut self.touched, key);
        self.map.entry(key).or_insert_with(make)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        touch(&mut self.touched, key);
        self.map.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.map.remove(key)?;
        touch(&mut self.touched, *key);
        Some(value)
    }

    pub(super) fn clear(&mut self) {
        self.touched.extend(self.map.keys());
        self.map.clear();
    }

    /// Changes those that are to be changed.
    pub(super) fn change(&mut self, is_due: impl Fn(&V) -> bool, mut change: impl FnMut(&mut V)) {
        for (key, value) in &mut self.map {
            if is_due(value) {
                touch(&mut self.touched, *key);
                change(value);
            }
        }
    }

    /// Puts the values under other keys.
    pub(super) fn rename(&mut self, new: impl Fn(K) -> K) {
        let all: Vec<_> = self.map.keys().copied().collect();
        for key in all.into_iter().filter(|key| new(*key) != *key) {
            if let Some(value) = self.remove(&key) {
                self.insert(new(key), value);
            }
        }
    }

    /// Lists the keys whose values were touched.
    pub(super) fn touched(&self) -> &[K] {
        &self.touched
    }

    /// Lists the keys whose values were touched, and forgets them.
    pub(super) fn take_touched(&mut self) -> impl Iterator<Item = K> {
        self.touched.drain(..)
    }
}

/// Notes a key. One operation mostly touches the same value several times in a row.
pub(super) fn touch<K: PartialEq>(touched: &mut Vec<K>, key: K) {
    if touched.last() != Some(&key) {
        touched.push(key);
    }
}

#[cfg(test)]
#[path = "tests/tracked.rs"]
mod tests;

//! A map that never outgrows its bound: when it is full, the half that was used longest ago goes.

use std::collections::HashMap;

/// A map from keyed hashes, in two generations. A key that is used moves to the young one; when that is
/// half the capacity, the old one is dropped and the young one grows old. No scan, no list, no timer.
pub(super) struct Bounded<V> {
    half: usize,
    young: HashMap<u64, V>,
    old: HashMap<u64, V>,
}

impl<V> Bounded<V> {
    /// An empty map for at most `capacity` values; it takes no memory before the first.
    pub(super) fn new(capacity: usize) -> Bounded<V> {
        Bounded { half: (capacity / 2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// The value of a key, which keeps its age.
    pub(super) fn get(&self, key: u64) -> Option<&V> {
        self.young.get(&key).or_else(|| self.old.get(&key))
    }

    /// The value of a key to change, which keeps its age.
    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        match self.young.get_mut(&key) {
            Some(value) => Some(value),
            None => self.old.get_mut(&key),
        }
    }

    /// The value of a key, made if absent, as the youngest.
    pub(super) fn entry(&mut self, key: u64, make: impl FnOnce() -> V) -> &mut V {
        let kept = self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert_with(|| kept.unwrap_or_else(make))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

//! Hash tables for more entries than a cache holds.

use std::hash::{BuildHasher, BuildHasherDefault, Hash};

use hashbrown::HashTable;

use crate::chunks::Chunks;
use crate::digest::AlreadyHashed;

/// How many entries are new at the same time: as many as stay in the nearest caches.
const NEW: usize = 512;

/// A table of entries that are found by their hashes.
///
/// Whoever adds an entry to a large table waits for memory, and for more of it when the next lock is taken. The
/// new entries are therefore in a table of their own, and are moved all at once: the processor then waits for
/// many of them at the same time.
#[derive(Debug)]
pub(crate) struct Table<T> {
    new: HashTable<T>,
    settled: HashTable<T>,
}

// Not derived, since that would require `T: Default`.
impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { new: HashTable::new(), settled: HashTable::new() }
    }
}

impl<T> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.new.len() + self.settled.len()
    }

    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(&T) -> bool) -> Option<&T> {
        self.new.find(hash, &mut is_it).or_else(|| self.settled.find(hash, is_it))
    }

    pub(crate) fn find_mut(&mut self, hash: u64, mut is_it: impl FnMut(&T) -> bool) -> Option<&mut T> {
        match self.new.find_mut(hash, &mut is_it) {
            None => self.settled.find_mut(hash, is_it),
            found => found,
        }
    }

    /// Announces that `hash` will be looked up. The processor waits only once for what is announced together, to
    /// several tables, and then looked up.
    pub(crate) fn fetch(&self, hash: u64) {
        std::hint::black_box(self.settled.find(hash, |_| true).is_some());
    }

    /// Adds an entry, and has an opportunity to drop those that are not needed any more: nobody has to remove
    /// them, which would be to wait for memory once more.
    pub(crate) fn add(&mut self, entry: T, hash: impl Fn(&T) -> u64, is_needed: impl FnMut(&T) -> bool) {
        if self.new.len() == NEW {
            self.settle(&hash, is_needed);
        }
        self.new.insert_unique(hash(&entry), entry, hash);
    }

    pub(crate) fn remove(&mut self, hash: u64, mut is_it: impl FnMut(&T) -> bool) -> Option<T> {
        let entry = match self.new.find_entry(hash, &mut is_it) {
            Err(_) => self.settled.find_entry(hash, is_it).ok()?,
            Ok(entry) => entry,
        };
        Some(entry.remove().0)
    }

    /// Moves the new entries to the others.
    fn settle(&mut self, hash: impl Fn(&T) -> u64, mut is_needed: impl FnMut(&T) -> bool) {
        let Self { new, settled } = self;
        if settled.capacity() - settled.len() < new.len() {
            settled.retain(|entry| is_needed(entry));
            // Half as many again, lest this happens often.
            settled.reserve(new.len().max(settled.len() / 2), &hash);
        }
        for entry in new.drain() {
            settled.insert_unique(hash(&entry), entry, &hash);
        }
    }
}

/// A map from ids that were drawn at random, which are as good as hashes. It never moves the values, and has room for
/// few more than it has had at once.
#[derive(Debug)]
pub struct IdMap<I, V> {
    numbers: Table<(I, u32)>,
    values: Chunks<Option<V>>,
    /// The numbers of values that were removed.
    vacant: Vec<u32>,
}

impl<I, V> Default for IdMap<I, V> {
    fn default() -> Self {
        Self { numbers: Table::default(), values: Chunks::default(), vacant: Vec::new() }
    }
}

impl<I: Copy + Eq + Hash, V> IdMap<I, V> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `id` is there.
    pub fn contains_key(&self, id: &I) -> bool {
        self.number(id).is_some()
    }

    /// What `id` stands for.
    pub fn get(&self, id: &I) -> Option<&V> {
        self.values.get(self.number(id)?)?.as_ref()
    }

    /// What `id` stands for, to be changed.
    pub fn get_mut(&mut self, id: &I) -> Option<&mut V> {
        let number = self.number(id)?;
        self.values.get_mut(number)?.as_mut()
    }

    /// Lets `id` stand for `value`, whatever it stood for.
    pub fn insert(&mut self, id: I, value: V) {
        if let Some(known) = self.get_mut(&id) {
            *known = value;
            return;
        }
        let number = match self.vacant.pop() {
            Some(vacant) => {
                if let Some(place) = self.values.get_mut(vacant as usize) {
                    *place = Some(value);
                }
                vacant
            }
            None => {
                self.values.push_back(Some(value));
                u32::try_from(self.values.len() - 1).expect("there are fewer than 2^32")
            }
        };
        self.numbers.add((id, number), |(id, _)| hash(id), |_| true);
    }

    /// Removes `id`; returns what it stood for.
    pub fn remove(&mut self, id: &I) -> Option<V> {
        let (_, number) = self.numbers.remove(hash(id), |(known, _)| known == id)?;
        self.vacant.push(number);
        self.values.get_mut(number as usize)?.take()
    }

    fn number(&self, id: &I) -> Option<usize> {
        self.numbers.find(hash(id), |(known, _)| known == id).map(|(_, number)| *number as usize)
    }
}

fn hash(id: &impl Hash) -> u64 {
    BuildHasherDefault::<AlreadyHashed>::default().hash_one(id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0u8..5, 0u64..3000, 0usize..400), 0..40)) {
            let (mut map, mut expected, mut most) = (IdMap::default(), HashMap::new(), 0);
            for (step, first, times) in steps {
                for id in first..first + times as u64 {
                    if step == 0 {
                        prop_assert_eq!(map.remove(&id), expected.remove(&id));
                    } else {
                        map.insert(id, (first, step));
                        expected.insert(id, (first, step));
                        most = most.max(expected.len());
                    }
                }
                prop_assert_eq!((map.len(), map.is_empty()), (expected.len(), expected.is_empty()));
            }
            prop_assert_eq!(map.values.len(), most, "there is room for no more");
            for id in 0..3400 {
                prop_assert_eq!(map.get(&id), expected.get(&id));
                prop_assert_eq!(map.get_mut(&id), expected.get_mut(&id));
            }
        }
    }

    #[test]
    fn what_is_not_needed_leaves_room() {
        let mut table = Table::default();
        let needed = 10_000;
        for number in 0..30 * needed {
            table.add(number, |number| *number, |known| known + needed > number);
        }
        for number in 29 * needed..30 * needed {
            assert_eq!(table.find(number, |known| *known == number), Some(&number));
        }
        assert!(table.settled.capacity() < 4 * needed as usize);
    }
}

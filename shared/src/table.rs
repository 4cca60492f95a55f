//! Hash tables for more entries than a cache holds.

mod id_map;
mod index;

use hashbrown::HashTable;

pub use id_map::IdMap;
pub(crate) use index::Index;

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

#[cfg(test)]
mod tests {
    use super::*;

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

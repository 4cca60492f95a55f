use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::digest::make_room;

/// The low 64 bits of a key's digest. Lookups are bound by memory, so entries are small. Among a
/// million keys two collide with a chance of 1 in 40 million.
type ShortDigest = u64;

/// The number of draws for each key. Bounded: the key that was first seen longest ago is evicted first,
/// and begins again at attempt 1.
#[derive(Debug)]
pub(super) struct Attempts {
    counts: Mutex<Counts>,
    capacity: u32,
}

#[derive(Debug, Default)]
struct Counts {
    /// Those of evicted keys too, until there is no room left.
    by_key: HashTable<Count>,
    /// How many keys were seen first so far.
    seen: u32,
}

#[derive(Debug)]
struct Count {
    key: ShortDigest,
    /// How many keys had been seen first when this one was.
    seen: u32,
    attempts: u32,
}

impl Attempts {
    pub(super) fn bounded_to(capacity: u32) -> Self {
        Self { counts: Mutex::default(), capacity }
    }

    /// The number, from 1, of the attempt that begins now under a key's digest.
    pub(super) fn begin(&self, digest: u128) -> u32 {
        let key = digest as ShortDigest;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { by_key, seen } = &mut *counts;
        let is_kept = |count: &Count, seen: u32| seen.wrapping_sub(count.seen) < self.capacity;
        make_room(by_key, |count| count.key, |count| is_kept(count, *seen));
        match by_key.entry(key, |count| count.key == key, |count| count.key) {
            Entry::Occupied(mut known) if is_kept(known.get(), *seen) => {
                let attempts = &mut known.get_mut().attempts;
                *attempts = attempts.saturating_add(1);
                *attempts
            }
            entry => {
                *seen = seen.wrapping_add(1);
                entry.insert(Count { key, seen: *seen, attempts: 1 });
                1
            }
        }
    }

    pub(super) fn clear(&self) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_count_from_one_and_the_oldest_key_is_forgotten() {
        let attempts = Attempts::bounded_to(2);
        assert_eq!([1, 2, 1, 3, 2, 1].map(|digest| attempts.begin(digest)), [1, 1, 2, 1, 2, 1]);
    }

    #[test]
    fn forgotten_keys_leave_room() {
        let attempts = Attempts::bounded_to(2);
        (0..1000).for_each(|digest| assert_eq!(attempts.begin(digest), 1));
        assert!(attempts.counts.lock().unwrap().by_key.capacity() < 10);
        assert_eq!([998, 999, 0].map(|digest| attempts.begin(digest)), [2, 2, 1]);
    }
}

use crate::table::Table;

/// The low 64 bits of a key's digest. Lookups are bound by memory, so entries are small. Among a
/// million keys two collide with a chance of 1 in 40 million.
type ShortDigest = u64;

/// The number of draws for each key. Bounded: the key that was first seen longest ago is evicted first,
/// and begins again at attempt 1.
#[derive(Debug)]
pub(super) struct Attempts {
    /// Those of evicted keys too, until the table has no room left.
    by_key: Table<Count>,
    /// How many keys were seen first so far.
    seen: u32,
    capacity: u32,
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
        Self { by_key: Table::default(), seen: 0, capacity }
    }

    /// The number, from 1, of the attempt that begins now under a key's digest.
    pub(super) fn begin(&mut self, digest: u128) -> u32 {
        let key = digest as ShortDigest;
        let Self { by_key, seen, capacity } = self;
        let is_kept = |count: &Count, seen: u32| seen.wrapping_sub(count.seen) < *capacity;
        let first = Count { key, seen: seen.wrapping_add(1), attempts: 1 };
        match by_key.find_mut(key, |count| count.key == key) {
            Some(count) if is_kept(count, *seen) => {
                count.attempts = count.attempts.saturating_add(1);
                return count.attempts;
            }
            Some(evicted) => *evicted = first,
            None => by_key.add(first, |count| count.key, |count| is_kept(count, *seen)),
        }
        *seen = seen.wrapping_add(1);
        1
    }

    /// Announces that [`begin`](Self::begin) follows.
    pub(super) fn fetch(&self, digest: u128) {
        self.by_key.fetch(digest as ShortDigest);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::bounded_to(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_count_from_one_and_the_oldest_key_is_forgotten() {
        let mut attempts = Attempts::bounded_to(2);
        assert_eq!([1, 2, 1, 3, 2, 1].map(|digest| attempts.begin(digest)), [1, 1, 2, 1, 2, 1]);
    }

    #[test]
    fn the_newest_keys_are_known_however_many_there_were() {
        let mut attempts = Attempts::bounded_to(1000);
        let mut begin = |key: u128| attempts.begin(key << 50 | key);
        (0..5000).for_each(|key| assert_eq!(begin(key), 1));
        (4000..5000).for_each(|key| assert_eq!(begin(key), 2));
        (0..10).for_each(|key| assert_eq!(begin(key), 1));
        assert_eq!([begin(4009), begin(4011), begin(0)], [1, 3, 2]);
    }
}

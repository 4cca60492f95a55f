use std::sync::{Mutex, PoisonError};

use crate::chunks::Chunks;
use crate::digest::IdMap;

/// The low 64 bits of a key's digest. Lookups are bound by memory, so entries are small. Among a
/// million keys two collide with a chance of 1 in 40 million.
type ShortDigest = u64;

/// The number of draws for each key. Bounded: the key that was first seen longest ago is evicted first,
/// and begins again at attempt 1.
#[derive(Debug)]
pub(super) struct Attempts {
    counts: Mutex<Counts>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Counts {
    by_key: IdMap<ShortDigest, u32>,
    arrived: Chunks<ShortDigest>,
}

impl Attempts {
    pub(super) fn bounded_to(capacity: usize) -> Self {
        Self { counts: Mutex::default(), capacity }
    }

    /// The number, from 1, of the attempt that begins now under a key's digest.
    pub(super) fn begin(&self, digest: u128) -> u32 {
        let half = digest as ShortDigest;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = &mut *counts;
        let count = counts.by_key.entry(half).or_insert(0);
        *count = count.saturating_add(1);
        let attempt = *count;
        if attempt == 1 {
            counts.arrived.push_back(half);
            if counts.arrived.len() > self.capacity
                && let Some(oldest) = counts.arrived.pop_front()
            {
                counts.by_key.remove(&oldest);
            }
        }
        attempt
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
}

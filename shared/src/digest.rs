//! 128-bit digests in place of keys and bodies: portable, and small enough to keep millions.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};

/// A map from digests. They are hashes already, so it does not hash them again. Never iterated.
pub type DigestMap<V> = HashMap<u128, V, BuildHasherDefault<AlreadyHashed>>;

/// The digest of `value`: equal values have equal digests.
pub fn digest_of(value: &(impl Hash + ?Sized)) -> u128 {
    let mut hasher = SipHasher13::new();
    value.hash(&mut hasher);
    hasher.finish128().as_u128()
}

/// The hasher of a [`DigestMap`] and an [`IdMap`](crate::table::IdMap).
#[derive(Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }
}

/// A part of a hash, for a table that keeps the hashes of what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortHash(u32);

impl ShortHash {
    pub(crate) fn of(hash: u128) -> Self {
        Self(hash as u32)
    }

    /// As a whole one: a table takes the place from its low bits and a tag from its high ones.
    pub(crate) fn spread(self) -> u64 {
        (u64::from(self.0) << 32) | u64::from(self.0)
    }
}

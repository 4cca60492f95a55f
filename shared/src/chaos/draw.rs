use std::hash::Hasher;

use rand_core::Rng as _;
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;
use siphasher::sip128::{Hasher128, SipHasher13};

/// The key under which a request's outcome is drawn: the first of these that the request has. (Rule:
/// CHAOS, "Draws are reproducible under concurrency".)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawKey<'a> {
    /// The order id of the body, or of the resource that the body names.
    Order(&'a str),
    /// The client's `Idempotency-Key`.
    Idempotency(&'a str),
    /// An `x-correlation-id` that the client sent; never one that was made here.
    Correlation(&'a str),
    /// The resource that the request names.
    Resource(&'a str),
    /// The operation's arrival counter: reproducible only for one request at a time.
    Arrival(u64),
}

/// Digests of one operation's keys under one seed: for each kind of key, the digest's prefix.
#[derive(Clone, Debug)]
pub(super) struct Digests([SipHasher13; 5]);

impl Digests {
    pub(super) fn of(seed: u64, operation: &str) -> Self {
        let begin = |kind| {
            let mut hasher = SipHasher13::new_with_keys(seed, 0);
            hasher.write(operation.as_bytes());
            hasher.write(&[0xff, kind]);
            hasher
        };
        Self([1, 2, 3, 4, 5].map(begin))
    }

    /// 128 bits that stand for `key`.
    pub(super) fn digest(&self, key: DrawKey<'_>) -> u128 {
        let count;
        let (begun, rest): (_, &[u8]) = match key {
            DrawKey::Order(id) => (&self.0[0], id.as_bytes()),
            DrawKey::Idempotency(key) => (&self.0[1], key.as_bytes()),
            DrawKey::Correlation(id) => (&self.0[2], id.as_bytes()),
            DrawKey::Resource(id) => (&self.0[3], id.as_bytes()),
            DrawKey::Arrival(number) => {
                count = number.to_le_bytes();
                (&self.0[4], &count)
            }
        };
        let mut hasher = *begun;
        hasher.write(rest);
        hasher.finish128().as_u128()
    }
}

/// Everything random about one request: its outcome and the ids it makes. Portable: the same
/// numbers on every machine and in every version.
#[derive(Clone, Debug)]
pub struct Draw(Pcg64Mcg);

impl Draw {
    /// The draw of the `attempt`-th request (from 1) under a key's digest.
    pub(super) fn of_attempt(digest: u128, attempt: u32) -> Self {
        let mut hasher = SipHasher13::new_with_keys(digest as u64, (digest >> 64) as u64);
        hasher.write(&attempt.to_le_bytes());
        Self::seeded(hasher.finish128().as_u128())
    }

    /// A draw that depends on `seed` alone, for tests of domain code.
    pub fn seeded(seed: u128) -> Self {
        Self(Pcg64Mcg::from_seed(seed.to_le_bytes()))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is not zero; uniform to within `bound / 2^64`.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_on_every_machine() {
        let digest = Digests::of(42, "payment.capture").digest(DrawKey::Order("ORD-7"));
        let mut draw = Draw::of_attempt(digest, 1);
        insta::assert_snapshot!(format!("{digest:032x} {:016x} {}", draw.bits(), draw.below(1000)), @"22f116e3b1ce8f0870ff15fc2ea023e9 f9691319122fac3e 387");
    }

    #[test]
    fn seed_operation_kind_of_key_key_and_attempt_all_matter() {
        let digests = [
            Digests::of(1, "p.a").digest(DrawKey::Order("a")),
            Digests::of(2, "p.a").digest(DrawKey::Order("a")),
            Digests::of(1, "p.b").digest(DrawKey::Order("a")),
            Digests::of(1, "p.a").digest(DrawKey::Order("b")),
            Digests::of(1, "p.a").digest(DrawKey::Idempotency("a")),
            Digests::of(1, "p.a").digest(DrawKey::Correlation("a")),
            Digests::of(1, "p.a").digest(DrawKey::Resource("a")),
            Digests::of(1, "p.a").digest(DrawKey::Arrival(1)),
            Digests::of(1, "p.a").digest(DrawKey::Arrival(2)),
        ];
        let mut firsts: Vec<u64> = digests.iter().map(|d| Draw::of_attempt(*d, 1).bits()).collect();
        firsts.push(Draw::of_attempt(digests[0], 2).bits());
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), digests.len() + 1);
    }
}

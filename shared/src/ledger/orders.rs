use std::hash::BuildHasher;
use std::num::NonZeroU64;
use std::ops;

use foldhash::fast::RandomState;

use super::text::Text;
use crate::digest::ShortHash;
use crate::slab::{Slab, SlabKey};
use crate::table::Index;

/// The orders of a ledger, by their ids and by the numbers that they have here.
#[derive(Debug, Default)]
pub(super) struct Orders {
    known: Slab<Order>,
    /// Those of removed orders too, until it has no room left.
    by_id: Index<OrderNumber>,
    hasher: RandomState,
}

/// An order's number. Another order may get it once the order is removed.
pub(super) type OrderNumber = SlabKey;

#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: Text,
    hash: ShortHash,
    /// Its first line, which leads to the next.
    pub(super) first: Option<NonZeroU64>,
    pub(super) last: Option<NonZeroU64>,
    pub(super) live: u32,
    pub(super) executing: u32,
    is_leaving: bool,
}

impl Order {
    pub(super) fn is_settled(&self) -> bool {
        self.live == 0 && self.executing == 0
    }

    /// Whether it must now be queued for eviction: it is settled and not yet queued.
    pub(super) fn may_now_leave(&mut self) -> bool {
        self.is_settled() && !std::mem::replace(&mut self.is_leaving, true)
    }

    /// It is no longer queued. Whether it may be evicted: it is still settled.
    pub(super) fn may_leave(&mut self) -> bool {
        self.is_leaving = false;
        self.is_settled()
    }
}

impl Orders {
    pub(super) fn find(&self, id: &str) -> Option<OrderNumber> {
        self.find_hashed(self.hash(id), &Text::from(id))
    }

    pub(super) fn find_or_add(&mut self, id: &str) -> OrderNumber {
        let (hash, id) = (self.hash(id), Text::from(id));
        self.find_hashed(hash, &id).unwrap_or_else(|| self.add(hash, id))
    }

    /// Announces that `id` will be looked for.
    pub(super) fn fetch(&self, id: &str) {
        self.by_id.fetch(self.hash(id));
    }

    fn find_hashed(&self, hash: ShortHash, id: &Text) -> Option<OrderNumber> {
        self.by_id.find(hash, |number| self.known.get(number).is_some_and(|order| order.id == *id))
    }

    fn add(&mut self, hash: ShortHash, id: Text) -> OrderNumber {
        let order = Order { id, hash, first: None, last: None, live: 0, executing: 0, is_leaving: false };
        let number = self.known.insert(order);
        let known = &self.known;
        let is_there = |hash, number| known.get(number).is_some_and(|order| order.hash == hash);
        // An order that was removed may come back under its old number.
        if self.by_id.find(hash, |old| old == number).is_none() {
            self.by_id.add(hash, number, is_there);
        }
        number
    }

    pub(super) fn remove(&mut self, number: OrderNumber) -> Option<Order> {
        self.known.remove(number)
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.known.iter()
    }

    fn hash(&self, id: &str) -> ShortHash {
        ShortHash::of(u128::from(self.hasher.hash_one(id)))
    }
}

impl ops::Index<OrderNumber> for Orders {
    type Output = Order;

    fn index(&self, number: OrderNumber) -> &Order {
        self.known.get(number).expect(REMOVED)
    }
}

impl ops::IndexMut<OrderNumber> for Orders {
    fn index_mut(&mut self, number: OrderNumber) -> &mut Order {
        self.known.get_mut(number).expect(REMOVED)
    }
}

const REMOVED: &str = "nothing refers to an order that was removed";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_order_keeps_its_number_until_it_is_removed(
            steps in prop::collection::vec((any::<bool>(), 0u32..2000, 0u32..900), 0..20),
        ) {
            let (mut orders, mut expected) = (Orders::default(), HashMap::new());
            for (comes, first, times) in steps {
                for id in first..first + times {
                    if comes {
                        let number = orders.find_or_add(&id.to_string());
                        prop_assert_eq!(*expected.entry(id).or_insert(number), number);
                    } else if let Some(number) = expected.remove(&id) {
                        let removed = orders.remove(number).map(|order| order.id.to_string());
                        prop_assert_eq!(removed, Some(id.to_string()));
                    }
                }
            }
            for id in 0..2900 {
                prop_assert_eq!(orders.find(&id.to_string()), expected.get(&id).copied());
            }
        }
    }
}

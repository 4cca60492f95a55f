use std::hash::BuildHasher;
use std::num::{NonZeroU32, NonZeroU64};
use std::ops::{Index, IndexMut};

use foldhash::fast::RandomState;

use super::text::Text;
use crate::chunks::Chunks;
use crate::digest::ShortHash;
use crate::table::Table;

/// The orders of a ledger, by their ids and by the numbers that they have here.
#[derive(Debug, Default)]
pub(super) struct Orders {
    known: Chunks<Option<Order>>,
    /// Numbers whose orders were removed.
    vacant: Vec<OrderNumber>,
    /// Those of removed orders too, until the table has no room left. With their hashes, so that it can grow without a
    /// look at every order.
    by_id: Table<(ShortHash, OrderNumber)>,
    hasher: RandomState,
}

/// An order's number. Another order may get it once the order is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OrderNumber(NonZeroU32);

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
        self.by_id.fetch(self.hash(id).spread());
    }

    fn find_hashed(&self, hash: ShortHash, id: &Text) -> Option<OrderNumber> {
        let is_it = |number| self.get(number).is_some_and(|order| order.id == *id);
        let found = self.by_id.find(hash.spread(), |(known, number)| *known == hash && is_it(*number));
        found.map(|(_, number)| *number)
    }

    fn add(&mut self, hash: ShortHash, id: Text) -> OrderNumber {
        let order = Order { id, hash, first: None, last: None, live: 0, executing: 0, is_leaving: false };
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.known.push_back(None);
            let number = u32::try_from(self.known.len()).ok().and_then(NonZeroU32::new);
            OrderNumber(number.expect("there are fewer orders than 2^32"))
        });
        if let Some(vacant) = self.known.get_mut(number.index()) {
            *vacant = Some(order);
        }
        let Self { known, by_id, .. } = self;
        let is_there = |number: OrderNumber, hash| {
            known.get(number.index()).and_then(Option::as_ref).is_some_and(|order| order.hash == hash)
        };
        // An order that was removed may come back under its old number.
        if by_id.find(hash.spread(), |old| *old == (hash, number)).is_none() {
            by_id.add((hash, number), |(hash, _)| hash.spread(), |(hash, number)| is_there(*number, *hash));
        }
        number
    }

    pub(super) fn remove(&mut self, number: OrderNumber) -> Option<Order> {
        let order = self.known.get_mut(number.index())?.take()?;
        self.vacant.push(number);
        Some(order)
    }

    fn get(&self, number: OrderNumber) -> Option<&Order> {
        self.known.get(number.index())?.as_ref()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.known.from(0).flatten()
    }

    fn hash(&self, id: &str) -> ShortHash {
        ShortHash::of(u128::from(self.hasher.hash_one(id)))
    }
}

impl Index<OrderNumber> for Orders {
    type Output = Order;

    fn index(&self, number: OrderNumber) -> &Order {
        self.get(number).expect(REMOVED)
    }
}

impl IndexMut<OrderNumber> for Orders {
    fn index_mut(&mut self, number: OrderNumber) -> &mut Order {
        self.known.get_mut(number.index()).and_then(Option::as_mut).expect(REMOVED)
    }
}

const REMOVED: &str = "nothing refers to an order that was removed";

impl OrderNumber {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

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

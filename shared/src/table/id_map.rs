use std::hash::{BuildHasher, BuildHasherDefault, Hash};

use super::Table;
use crate::digest::AlreadyHashed;
use crate::slab::{Slab, SlabKey};

/// A map from ids that were drawn at random, which are as good as hashes. It never moves the values, and has room for
/// few more than it has had at once.
#[derive(Debug)]
pub struct IdMap<I, V> {
    keys: Table<(I, SlabKey)>,
    values: Slab<V>,
}

impl<I, V> Default for IdMap<I, V> {
    fn default() -> Self {
        Self { keys: Table::default(), values: Slab::default() }
    }
}

impl<I: Copy + Eq + Hash, V> IdMap<I, V> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `id` is there.
    pub fn contains_key(&self, id: &I) -> bool {
        self.key(id).is_some()
    }

    /// What `id` stands for.
    pub fn get(&self, id: &I) -> Option<&V> {
        self.values.get(self.key(id)?)
    }

    /// What `id` stands for, to be changed.
    pub fn get_mut(&mut self, id: &I) -> Option<&mut V> {
        let key = self.key(id)?;
        self.values.get_mut(key)
    }

    /// Lets `id` stand for `value`, whatever it stood for.
    pub fn insert(&mut self, id: I, value: V) {
        if let Some(known) = self.get_mut(&id) {
            *known = value;
            return;
        }
        let key = self.values.insert(value);
        self.keys.add((id, key), |(id, _)| hash(id), |_| true);
    }

    /// Removes `id`; returns what it stood for.
    pub fn remove(&mut self, id: &I) -> Option<V> {
        let (_, key) = self.keys.remove(hash(id), |(known, _)| known == id)?;
        self.values.remove(key)
    }

    fn key(&self, id: &I) -> Option<SlabKey> {
        self.keys.find(hash(id), |(known, _)| known == id).map(|(_, key)| *key)
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
            prop_assert_eq!(map.values.room(), most, "there is room for no more");
            for id in 0..3400 {
                prop_assert_eq!(map.get(&id), expected.get(&id));
                prop_assert_eq!(map.get_mut(&id), expected.get_mut(&id));
            }
        }
    }
}

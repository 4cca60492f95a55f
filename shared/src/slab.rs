use std::num::NonZeroU32;

use crate::chunks::Chunks;

/// Values under keys that it chooses. It never moves them, and has room for few more than it has had at once.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    values: Chunks<Option<T>>,
    /// The keys of values that were removed.
    vacant: Vec<SlabKey>,
}

/// The key of a value. Another one may get it once this one is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlabKey(NonZeroU32);

// Not derived, since that would require `T: Default`.
impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Chunks::default(), vacant: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn get(&self, key: SlabKey) -> Option<&T> {
        self.values.get(key.index())?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: SlabKey) -> Option<&mut T> {
        self.values.get_mut(key.index())?.as_mut()
    }

    pub(crate) fn insert(&mut self, value: T) -> SlabKey {
        if let Some(key) = self.vacant.pop()
            && let Some(place) = self.values.get_mut(key.index())
        {
            *place = Some(value);
            return key;
        }
        self.values.push_back(Some(value));
        let key = u32::try_from(self.values.len()).ok().and_then(NonZeroU32::new);
        SlabKey(key.expect("there are fewer values than 2^32"))
    }

    pub(crate) fn remove(&mut self, key: SlabKey) -> Option<T> {
        let value = self.values.get_mut(key.index())?.take()?;
        self.vacant.push(key);
        Some(value)
    }

    /// How many there is room for.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.values.len()
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.from(0).flatten()
    }
}

impl SlabKey {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

use std::collections::VecDeque;

/// How many elements a chunk has room for.
const CHUNK: usize = 64;

/// How many elements leave a queue of `capacity` at the same time, if they can: to wait for the memory of many takes
/// little longer than for that of one. None beyond the capacity, if that is small.
pub(crate) fn leaving_together(capacity: usize) -> usize {
    (capacity / 1000).min(CHUNK)
}

/// A queue in chunks. It never moves what it holds, and has room for no more than a chunk or two beyond it; a
/// `VecDeque` copies everything into twice the room in order to grow.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: VecDeque<VecDeque<T>>,
    /// How many have left the first chunk.
    left: usize,
    len: usize,
    /// The chunk that became empty last: what leaves at one end makes room for what comes at the other.
    spare: Option<VecDeque<T>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), left: 0, len: 0, spare: None }
    }
}

impl<T> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (chunk, index) = self.place(index);
        self.chunks.get(chunk)?.get(index)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let (chunk, index) = self.place(index);
        self.chunks.get_mut(chunk)?.get_mut(index)
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.get(0)
    }

    pub(crate) fn back(&self) -> Option<&T> {
        self.get(self.len.checked_sub(1)?)
    }

    pub(crate) fn push_back(&mut self, value: T) {
        if (self.left + self.len).is_multiple_of(CHUNK) {
            let chunk = self.spare.take().unwrap_or_else(|| VecDeque::with_capacity(CHUNK));
            self.chunks.push_back(chunk);
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push_back(value);
            self.len += 1;
        }
    }

    /// Drops the first one, where it is: to move it would cost more.
    pub(crate) fn drop_front(&mut self) {
        if let Some(chunk) = self.chunks.front_mut().filter(|chunk| !chunk.is_empty()) {
            chunk.drain(..1);
            self.has_left();
        }
    }

    fn has_left(&mut self) {
        self.len -= 1;
        self.left += 1;
        if self.left == CHUNK {
            self.spare = self.chunks.pop_front();
            self.left = 0;
        }
    }

    /// What is at `index` and after it.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = &T> {
        (index..self.len).filter_map(|index| self.get(index))
    }

    /// The chunk that has the `index`-th element, and its place there.
    fn place(&self, index: usize) -> (usize, usize) {
        let from_start = index.saturating_add(self.left);
        match from_start / CHUNK {
            0 => (0, index),
            chunk => (chunk, from_start % CHUNK),
        }
    }
}

impl<T> IntoIterator for Chunks<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::collections::vec_deque::IntoIter<VecDeque<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

impl<T> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut chunks = Self::default();
        values.into_iter().for_each(|value| chunks.push_back(value));
        chunks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_are_a_queue(steps in prop::collection::vec((any::<bool>(), 1usize..150), 0..20)) {
            let (mut chunks, mut expected) = (Chunks::default(), VecDeque::new());
            for (comes, times) in steps {
                for number in 0..times {
                    if comes {
                        chunks.push_back(number);
                        expected.push_back(number);
                    } else {
                        chunks.drop_front();
                        expected.pop_front();
                    }
                }
                prop_assert_eq!(chunks.len(), expected.len());
                prop_assert_eq!((chunks.front(), chunks.back()), (expected.front(), expected.back()));
                let last = expected.len().saturating_sub(times);
                prop_assert!(chunks.from(last).eq(expected.range(last..)));
                prop_assert_eq!(chunks.get_mut(last), expected.get_mut(last));
            }
            prop_assert!(chunks.into_iter().eq(expected));
        }
    }
}

use std::collections::VecDeque;

use serde::Serialize;

use crate::http::{Problem, write_json};

/// How many bytes are new at the same time: as many as stay in the nearest cache.
const NEW: usize = 16 * 1024;

/// The bodies of answers, one after the other: they leave in the order in which they came.
///
/// Whoever writes to memory that no cache holds waits for it when the next lock is taken. The new bodies are
/// therefore in a buffer that is always the same, and are moved all at once.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// Each with the place where it begins.
    settled: VecDeque<(u64, Box<[u8]>)>,
    new: Vec<u8>,
    /// Where the new ones begin.
    settled_until: u64,
}

/// Where a body is, counted from the first that there was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    start: u64,
    length: u32,
}

impl Bodies {
    /// Writes `value` as a body, the last one.
    pub(super) fn write(&mut self, value: &impl Serialize) -> Result<Place, Problem> {
        if self.new.len() >= NEW {
            self.settle();
        }
        let start = self.new.len();
        if let Err(problem) = write_json(&mut self.new, value) {
            self.new.truncate(start);
            return Err(problem);
        }
        let length =
            u32::try_from(self.new.len() - start).map_err(|_| Problem::bug("an answer has 4 GiB"))?;
        Ok(Place { start: self.settled_until + start as u64, length })
    }

    fn settle(&mut self) {
        let until = self.settled_until + self.new.len() as u64;
        self.settled.push_back((self.settled_until, self.new.as_slice().into()));
        self.settled_until = until;
        self.new.clear();
    }

    /// The body at `place`, unless it has been forgotten.
    pub(super) fn get(&self, place: Place) -> Option<&[u8]> {
        let (start, bytes) = if place.start >= self.settled_until {
            (self.settled_until, &self.new[..])
        } else {
            let after = self.settled.partition_point(|(start, _)| *start <= place.start);
            self.settled.get(after.checked_sub(1)?).map(|(start, bytes)| (*start, &bytes[..]))?
        };
        let start = usize::try_from(place.start - start).ok()?;
        bytes.get(start..start + place.length as usize)
    }

    /// Forgets the body at `place` and all before it.
    pub(super) fn forget(&mut self, place: Place) {
        let end = place.start + u64::from(place.length);
        while self.settled.front().is_some_and(|(start, bytes)| start + bytes.len() as u64 <= end) {
            self.settled.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_stays_until_it_is_forgotten() {
        let mut bodies = Bodies::default();
        let text = |number: usize| "x".repeat(number % 100 * 10);
        let places: Vec<_> = (0..1000).map(|number| bodies.write(&text(number)).unwrap()).collect();
        for (number, place) in places.iter().enumerate() {
            assert_eq!(bodies.get(*place), Some(format!("\"{}\"", text(number)).as_bytes()));
        }
        bodies.forget(places[499]);
        assert!(bodies.get(places[500]).is_some() && bodies.get(places[0]).is_none());
        let kept: usize = bodies.settled.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(kept < 300_000, "{kept} bytes are kept for 500 bodies of 497 on average");
    }

    #[test]
    fn what_is_not_json_leaves_nothing() {
        let mut bodies = Bodies::default();
        let is_not_json = std::collections::BTreeMap::from([((), 1)]);
        assert!(bodies.write(&is_not_json).is_err());
        let place = bodies.write(&7).unwrap();
        assert_eq!(bodies.get(place), Some(&b"7"[..]));
    }
}

use std::num::NonZeroU64;

use super::line::Line;
use crate::chunks::Chunks;

/// Lines by their numbers, which increase from one to the next. Removing a line leaves a gap, which is
/// closed later, with many others.
#[derive(Debug, Default)]
pub(super) struct Lines {
    numbered: Chunks<(u64, Option<Line>)>,
    gaps: usize,
}

impl Lines {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.numbered.len() - self.gaps
    }

    /// Adds a line whose number is higher than any before.
    pub(super) fn push(&mut self, seq: u64, line: Line) {
        self.numbered.push_back((seq, Some(line)));
    }

    pub(super) fn get(&self, seq: u64) -> Option<&Line> {
        self.numbered.get(self.place(seq)?)?.1.as_ref()
    }

    pub(super) fn get_mut(&mut self, seq: u64) -> Option<&mut Line> {
        let place = self.place(seq)?;
        self.numbered.get_mut(place)?.1.as_mut()
    }

    /// The oldest line.
    pub(super) fn first(&self) -> Option<(u64, &Line)> {
        let (seq, line) = self.numbered.front()?;
        Some((*seq, line.as_ref()?))
    }

    /// Removes a line; returns the number of the next one of its order.
    pub(super) fn remove(&mut self, seq: u64) -> Option<NonZeroU64> {
        let place = self.place(seq)?;
        let line = &mut self.numbered.get_mut(place)?.1;
        let next = line.as_ref()?.next;
        *line = None;
        self.gaps += 1;
        self.close_gaps();
        next
    }

    /// The lines with numbers above `seq`, in order.
    pub(super) fn after(&self, seq: Option<u64>) -> impl Iterator<Item = (u64, &Line)> {
        let first = seq.map_or(0, |seq| self.first_from(seq.saturating_add(1), 0, self.numbered.len()));
        self.numbered.from(first).filter_map(|(seq, line)| Some((*seq, line.as_ref()?)))
    }

    /// Numbers increase by at least one, so that a line is no more places from either end than its
    /// number is: for the newest ones, which are read most, nothing is left to search.
    fn place(&self, seq: u64) -> Option<usize> {
        let (first, last) = (self.numbered.front()?.0, self.numbered.back()?.0);
        let places = |distance: Option<u64>| usize::try_from(distance?).ok();
        let (from_first, from_last) = (places(seq.checked_sub(first))?, places(last.checked_sub(seq))?);
        let end = self.numbered.len() - 1;
        let place = self.first_from(seq, end.saturating_sub(from_last), end.min(from_first));
        self.numbered.get(place).is_some_and(|(number, _)| *number == seq).then_some(place)
    }

    /// The first place from `low` on whose number is at least `seq`; `high` if there is none before.
    fn first_from(&self, seq: u64, mut low: usize, mut high: usize) -> usize {
        while low < high {
            let middle = low.midpoint(high);
            let is_below = self.numbered.get(middle).is_some_and(|(number, _)| *number < seq);
            if is_below { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Leaves no gap at the front, so that the first entry is the oldest line, and fewer gaps than lines
    /// elsewhere.
    fn close_gaps(&mut self) {
        while let Some((_, None)) = self.numbered.front() {
            self.numbered.drop_front();
            self.gaps -= 1;
        }
        if self.gaps > self.numbered.len() / 2 {
            let all = std::mem::take(&mut self.numbered);
            self.numbered = all.into_iter().filter(|(_, line)| line.is_some()).collect();
            self.gaps = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::line::{Content, EffectLine};
    use super::*;

    fn line() -> Line {
        let content = Content::Effect(EffectLine {
            at: Timestamp::UNIX_EPOCH.into(),
            effect: "held",
            resource: "auth_1".into(),
            amount: None,
            detail: None,
            request: None,
        });
        Line { order: None, next: None, content }
    }

    proptest! {
        #[test]
        fn lines_are_a_map_in_the_order_of_their_numbers(
            steps in prop::collection::vec((0u8..4, 1u64..4, any::<prop::sample::Index>()), 0..200),
        ) {
            let (mut lines, mut expected, mut last) = (Lines::default(), BTreeMap::new(), 0);
            for (step, distance, index) in steps {
                let some = 1 + index.index(last as usize + 1) as u64;
                match step {
                    0 | 1 => {
                        last += distance;
                        lines.push(last, line());
                        expected.insert(last, ());
                    }
                    2 => {
                        lines.remove(some);
                        expected.remove(&some);
                    }
                    _ => {
                        let oldest = lines.first().map(|(seq, _)| seq);
                        prop_assert_eq!(oldest, expected.pop_first().map(|(seq, ())| seq));
                        oldest.and_then(|oldest| lines.remove(oldest));
                    }
                }
                prop_assert_eq!(lines.len(), expected.len());
                prop_assert_eq!(lines.get(some).is_some(), expected.contains_key(&some));
                prop_assert_eq!(lines.get_mut(some).is_some(), expected.contains_key(&some));
                let after: Vec<_> = lines.after(Some(some)).map(|(seq, _)| seq).collect();
                let above: Vec<_> = expected.range(some + 1..).map(|(seq, ())| *seq).collect();
                prop_assert_eq!(after, above);
                let all: Vec<_> = lines.after(None).map(|(seq, _)| seq).collect();
                prop_assert_eq!(all, expected.keys().copied().collect::<Vec<_>>());
            }
        }
    }
}

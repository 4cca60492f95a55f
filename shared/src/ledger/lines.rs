use std::collections::VecDeque;

use super::line::Line;

/// Lines by their numbers, which rise from one to the next. A line that is taken out leaves a gap,
/// which is closed later, with many others.
#[derive(Debug, Default)]
pub(super) struct Lines {
    numbered: VecDeque<(u64, Option<Line>)>,
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

    /// Takes a line out.
    pub(super) fn remove(&mut self, seq: u64) {
        let Some(place) = self.place(seq) else { return };
        if self.numbered[place].1.take().is_some() {
            self.gaps += 1;
            self.close_gaps();
        }
    }

    /// Takes the oldest line out.
    pub(super) fn pop_first(&mut self) -> Option<Line> {
        let oldest = self.numbered.pop_front()?.1;
        self.close_gaps();
        oldest
    }

    /// The lines with numbers above `seq`, in order.
    pub(super) fn after(&self, seq: Option<u64>) -> impl Iterator<Item = (u64, &Line)> {
        let first = seq.map_or(0, |seq| self.numbered.partition_point(|(number, _)| *number <= seq));
        self.numbered.range(first..).filter_map(|(seq, line)| Some((*seq, line.as_ref()?)))
    }

    fn place(&self, seq: u64) -> Option<usize> {
        self.numbered.binary_search_by_key(&seq, |(number, _)| *number).ok()
    }

    /// Leaves no gap at the front, so that the oldest line is there, and fewer gaps than lines
    /// elsewhere.
    fn close_gaps(&mut self) {
        while let Some((_, None)) = self.numbered.front() {
            self.numbered.pop_front();
            self.gaps -= 1;
        }
        if self.gaps > self.numbered.len() / 2 {
            self.numbered.retain(|(_, line)| line.is_some());
            self.gaps = 0;
        }
    }
}

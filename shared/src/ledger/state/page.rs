use std::num::NonZeroU64;

use jiff::Timestamp;

use super::LedgerState;
use crate::ledger::Record;
use crate::ledger::line::Line;

/// Which records to read: all, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Only this order's.
    pub order: Option<&'a str>,
    /// Only what happened or arrived since then.
    pub since: Option<Timestamp>,
    /// Only those after this one.
    pub after: Option<u64>,
    /// At most this many; `None` means all.
    pub limit: Option<usize>,
}

impl LedgerState {
    pub(in crate::ledger) fn page(&self, selection: &Selection<'_>) -> (Vec<Record>, Option<u64>) {
        let Selection { order, since, after, limit } = *selection;
        let limit = limit.unwrap_or(usize::MAX);
        let is_recent = |line: &Line| since.is_none_or(|since| line.at().timestamp() >= since);
        let all: Box<dyn Iterator<Item = (u64, &Line)>> = match order {
            None => Box::new(self.lines.after(after)),
            Some(order) => Box::new(self.lines_of(order, after)),
        };
        let record = |(seq, line): (u64, &Line)| {
            line.record(seq, line.order.map(|order| self.orders[order].id.to_text()))
        };
        let mut fitting = all.filter(|(_, line)| is_recent(line)).peekable();
        // A whole ledger has its room at once.
        let is_whole = order.is_none() && since.is_none() && after.is_none();
        let mut records = Vec::with_capacity(if is_whole { self.lines.len().min(limit) } else { 0 });
        records.extend(fitting.by_ref().take(limit).map(record));
        let next = fitting.peek().and(records.last()).map(Record::seq);
        (records, next)
    }

    /// The lines of an order with numbers above `after`.
    fn lines_of(&self, order: &str, after: Option<u64>) -> impl Iterator<Item = (u64, &Line)> {
        let order = self.orders.find(order);
        // A page usually continues after a line of the same order; then the lines before are not visited.
        let before = after.and_then(|seq| self.lines.get(seq)).filter(|line| line.order == order);
        let first = match (order, before) {
            (None, _) => None,
            (Some(_), Some(before)) => before.next,
            (Some(order), None) => self.orders[order].first,
        };
        let line = |seq: NonZeroU64| Some((seq.get(), self.lines.get(seq.get())?));
        std::iter::successors(first.and_then(line), move |(_, before)| line(before.next?))
            .skip_while(move |(seq, _)| after.is_some_and(|after| *seq <= after))
    }
}

#[cfg(test)]
mod attribution;

use std::collections::{HashMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::line::{EffectLine, Line, RequestLine, Sent};
use super::lines::Lines;
use super::{Fact, Lifecycle, Record, Sequence};
use crate::chaos::{Operation, Outcome};
use crate::http::Context;

/// The records of one domain.
#[derive(Debug)]
pub(crate) struct LedgerState {
    capacity: usize,
    sequence: Sequence,
    lines: Lines,
    orders: HashMap<Arc<str>, Order, RandomState>,
    /// For resources that were made without an order id: the correlation id under which all their later events
    /// are recorded, whatever request or clock causes them.
    attributed: HashMap<Arc<str>, Arc<str>, RandomState>,
    /// The orders that may be evicted, first in, first out. An order that has become live again when its turn comes is kept.
    leaving: VecDeque<Leaving>,
    /// How many orders were evicted.
    evicted_orders: u64,
}

#[derive(Debug)]
enum Leaving {
    Order(Arc<str>),
    /// A record that belongs to no order.
    Line(u64),
}

/// A request, on its arrival.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) context: &'a Context,
    pub(crate) key: Option<&'a Arc<str>>,
    pub(crate) order: Option<&'a Arc<str>>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) fingerprint: Option<u128>,
    /// The chaos attempt and its outcome.
    pub(crate) drawn: Option<(u32, &'static Outcome)>,
    pub(crate) now: Timestamp,
}

#[derive(Debug, Default)]
struct Order {
    lines: Vec<u64>,
    live: u32,
    executing: u32,
    is_leaving: bool,
    /// The resources that are recorded under this id because they have no order; it is a correlation id then.
    resources: Vec<Arc<str>>,
}

impl Order {
    fn is_settled(&self) -> bool {
        self.live == 0 && self.executing == 0
    }

    /// Whether it must now be queued for eviction: it is settled and not yet queued.
    fn may_now_leave(&mut self) -> bool {
        self.is_settled() && !std::mem::replace(&mut self.is_leaving, true)
    }
}

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
    pub(super) fn new(sequence: Sequence, capacity: usize) -> Self {
        Self {
            capacity,
            sequence,
            lines: Lines::default(),
            orders: HashMap::default(),
            attributed: HashMap::default(),
            leaving: VecDeque::new(),
            evicted_orders: 0,
        }
    }

    pub(super) fn evicted_orders(&self) -> u64 {
        self.evicted_orders
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.sequence.clone(), self.capacity);
    }

    /// Writes a request; returns its number and its order.
    pub(super) fn begin(
        &mut self,
        operation: &'static Operation,
        arrival: Arrival<'_>,
    ) -> (u64, Option<Arc<str>>) {
        let correlation = &arrival.context.correlation_id;
        let attributed = || arrival.resource.and_then(|resource| self.attributed.get(resource));
        let sent = || arrival.context.sent_by_client.then_some(correlation);
        let order = arrival.order.or_else(attributed).or_else(sent).cloned();
        let line = RequestLine {
            operation,
            order: order.clone(),
            resource: arrival.resource.map(Arc::from),
            key: arrival.key.cloned(),
            correlation: Arc::clone(correlation),
            fingerprint: arrival.fingerprint,
            drawn: arrival.drawn,
            started_at: arrival.now,
            end: None,
        };
        let seq = self.sequence.next();
        if let Some(order) = &order {
            let order = self.orders.entry(Arc::clone(order)).or_default();
            order.executing += 1;
            order.lines.push(seq);
        }
        self.insert(seq, Line::Request(Box::new(line)));
        (seq, order)
    }

    pub(super) fn finish(&mut self, seq: u64, sent: &Sent, now: Timestamp) {
        let Some(Line::Request(line)) = self.lines.get_mut(seq) else { return };
        line.end = Some((now, *sent));
        let Some(order) = line.order.clone() else {
            self.leaving.push_back(Leaving::Line(seq));
            return;
        };
        let Some(known) = self.orders.get_mut(&order) else { return };
        known.executing = known.executing.saturating_sub(1);
        if known.may_now_leave() {
            self.leaving.push_back(Leaving::Order(order));
        }
    }

    pub(super) fn effect(
        &mut self,
        at: Timestamp,
        order: Option<&Arc<str>>,
        request: Option<u64>,
        fact: &Fact<'_>,
    ) {
        let resource = text_of(fact.resource);
        if let Some(Line::Request(line)) = request.and_then(|seq| self.lines.get_mut(seq)) {
            line.resource.get_or_insert_with(|| Arc::clone(&resource));
            let is_nameless = line.order.as_ref().is_some_and(|order| Arc::ptr_eq(order, &line.correlation));
            if let (true, Lifecycle::Opens, Some(order)) = (is_nameless, fact.lifecycle, order) {
                self.attributed.insert(Arc::clone(&resource), Arc::clone(order));
                let resources = &mut self.orders.entry(Arc::clone(order)).or_default().resources;
                resources.push(Arc::clone(&resource));
            }
        }
        let line = EffectLine {
            at,
            order: order.cloned(),
            effect: fact.effect,
            resource,
            amount: fact.amount,
            detail: fact.detail.map(|detail| detail.to_string().into_boxed_str()),
            request,
        };
        let seq = self.sequence.next();
        match order {
            None => self.leaving.push_back(Leaving::Line(seq)),
            Some(order) => {
                let known = self.orders.entry(Arc::clone(order)).or_default();
                known.lines.push(seq);
                match fact.lifecycle {
                    Lifecycle::Opens => known.live += 1,
                    Lifecycle::Closes => known.live = known.live.saturating_sub(1),
                    Lifecycle::Unchanged => {}
                }
                if known.may_now_leave() {
                    self.leaving.push_back(Leaving::Order(Arc::clone(order)));
                }
            }
        }
        self.insert(seq, Line::Effect(Box::new(line)));
    }

    /// Records an expiry. If the domain knows no order, the resource may belong to a correlation id.
    pub(super) fn clock(&mut self, at: Timestamp, order: Option<&str>, fact: &Fact<'_>) {
        let order = match order {
            Some(order) => Some(
                self.orders
                    .get_key_value(order)
                    .map_or_else(|| Arc::from(order), |(known, _)| Arc::clone(known)),
            ),
            None if self.attributed.is_empty() => None,
            None => self.attributed.get(fact.resource.to_string().as_str()).cloned(),
        };
        self.effect(at, order.as_ref(), None, fact);
    }

    fn insert(&mut self, seq: u64, line: Line) {
        self.lines.push(seq, line);
        if self.lines.len() > self.capacity {
            self.make_room();
        }
    }

    /// Evicts the order that was settled longest ago. While none is settled, the ledger may grow a tenth
    /// beyond its capacity; then the oldest record is evicted, live or not.
    fn make_room(&mut self) {
        while let Some(candidate) = self.leaving.pop_front() {
            match candidate {
                Leaving::Line(seq) => {
                    self.lines.remove(seq);
                    return;
                }
                Leaving::Order(order) => {
                    let Some(candidate) = self.orders.get_mut(&order) else { continue };
                    candidate.is_leaving = false;
                    if candidate.is_settled() {
                        self.forget(&order);
                        return;
                    }
                }
            }
        }
        if self.lines.len() > self.capacity + self.capacity / 10
            && let Some(oldest) = self.lines.pop_first()
            && let Some(order) = oldest.order()
        {
            self.forget(&Arc::clone(order));
        }
    }

    fn forget(&mut self, order: &Arc<str>) {
        self.evicted_orders += 1;
        let Some(order) = self.orders.remove(order) else { return };
        order.lines.iter().for_each(|seq| self.lines.remove(*seq));
        for resource in &order.resources {
            self.attributed.remove(resource);
        }
    }

    pub(super) fn page(&self, selection: &Selection<'_>) -> (Vec<Record>, Option<u64>) {
        let Selection { order, since, after, limit } = *selection;
        let limit = limit.unwrap_or(usize::MAX);
        let is_recent = |line: &Line| since.is_none_or(|since| line.at() >= since);
        let all: Box<dyn Iterator<Item = (u64, &Line)>> = match order {
            None => Box::new(self.lines.after(after)),
            Some(order) => {
                let lines = self.orders.get(order).map_or(&[][..], |order| &order.lines);
                let first = after.map_or(0, |after| lines.partition_point(|seq| *seq <= after));
                Box::new(lines[first..].iter().filter_map(|seq| Some((*seq, self.lines.get(*seq)?))))
            }
        };
        let mut fitting = all.filter(|(_, line)| is_recent(line)).peekable();
        let records: Vec<_> = fitting.by_ref().take(limit).map(|(seq, line)| line.record(seq)).collect();
        let next = fitting.peek().and(records.last()).map(Record::seq);
        (records, next)
    }
}

/// Most are ids, which fit without growing.
fn text_of(value: &dyn fmt::Display) -> Arc<str> {
    let mut text = String::with_capacity(32);
    write!(text, "{value}").expect("a string takes everything");
    text.into()
}

#[cfg(test)]
mod attribution;
mod page;

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU64;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use smol_str::{SmolStr, ToSmolStr};

use super::line::{Content, EffectLine, Line, RequestLine, Sent};
use super::lines::Lines;
use super::orders::{OrderNumber, Orders};
use super::text::Text;
use super::{Fact, Lifecycle, Sequence};
use crate::chaos::{Operation, Outcome};
use crate::chunks::leaving_together;
use crate::http::Context;

pub use page::Selection;

/// The records of one domain.
#[derive(Debug)]
pub(crate) struct LedgerState {
    capacity: usize,
    sequence: Sequence,
    lines: Lines,
    orders: Orders,
    /// For resources that were made without an order id: the correlation id under which all their later events
    /// are recorded, whatever request or clock causes them.
    attributed: HashMap<SmolStr, OrderNumber, RandomState>,
    /// The same the other way round.
    resources: HashMap<OrderNumber, Vec<SmolStr>, RandomState>,
    /// The orders that may be evicted, first in, first out. An order that has become live again when its turn comes is kept.
    leaving: VecDeque<Leaving>,
    /// How many orders were evicted.
    evicted_orders: u64,
}

#[derive(Debug)]
enum Leaving {
    /// It is evicted only when its turn has come, or when nothing is leaving: its number stays its own.
    Order(OrderNumber),
    /// A record that belongs to no order.
    Line(u64),
}

/// A request, on its arrival.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) context: &'a Context,
    pub(crate) key: Option<&'a SmolStr>,
    pub(crate) order: Option<&'a SmolStr>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) fingerprint: Option<u128>,
    /// The chaos attempt and its outcome.
    pub(crate) drawn: Option<(u32, &'static Outcome)>,
    pub(crate) now: Timestamp,
}

impl LedgerState {
    pub(super) fn new(sequence: Sequence, capacity: usize) -> Self {
        Self {
            capacity,
            sequence,
            lines: Lines::default(),
            orders: Orders::default(),
            attributed: HashMap::default(),
            resources: HashMap::default(),
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
    pub(crate) fn begin(
        &mut self,
        operation: &'static Operation,
        arrival: Arrival<'_>,
    ) -> (u64, Option<SmolStr>) {
        let correlation = &arrival.context.correlation_id;
        let attributed = || arrival.resource.and_then(|resource| self.attributed.get(resource));
        let attributed = || attributed().map(|order| self.orders[*order].id.to_smolstr());
        let known = arrival.order.cloned().or_else(attributed);
        let is_nameless = known.is_none() && correlation.sent().is_some();
        let order = known.or_else(|| correlation.sent().cloned());
        let line = RequestLine {
            operation,
            is_nameless,
            resource: arrival.resource.map(Text::from),
            key: arrival.key.cloned().map(Text::from),
            correlation: correlation.into(),
            fingerprint: arrival.fingerprint.map(u128::to_ne_bytes),
            attempt: arrival.drawn.map_or(0, |(attempt, _)| attempt),
            outcome: arrival.drawn.map(|(_, outcome)| outcome),
            started_at: arrival.now.into(),
            end: None,
        };
        let number = order.as_deref().map(|order| self.orders.find_or_add(order));
        if let Some(number) = number {
            self.orders[number].executing += 1;
        }
        let seq = self.sequence.next();
        self.append(seq, number, Content::Request(line));
        (seq, order)
    }

    /// Announces that a request for `order` begins.
    pub(crate) fn fetch(&self, order: &str) {
        self.orders.fetch(order);
    }

    pub(super) fn finish(&mut self, seq: u64, sent: &Sent, now: Timestamp) {
        let Some(line) = self.lines.get_mut(seq) else { return };
        if let Content::Request(request) = &mut line.content {
            request.end = Some((now.into(), *sent));
        }
        let Some(number) = line.order else {
            self.leaving.push_back(Leaving::Line(seq));
            return;
        };
        let order = &mut self.orders[number];
        order.executing = order.executing.saturating_sub(1);
        if order.may_now_leave() {
            self.leaving.push_back(Leaving::Order(number));
        }
    }

    pub(super) fn effect(
        &mut self,
        at: Timestamp,
        order: Option<&str>,
        request: Option<u64>,
        fact: &Fact<'_>,
    ) {
        let order = order.map(|order| self.orders.find_or_add(order));
        let resource = Text::of(fact.resource);
        let line = request.and_then(|seq| self.lines.get_mut(seq)).map(|line| &mut line.content);
        if let Some(Content::Request(line)) = line {
            line.resource.get_or_insert_with(|| resource.clone());
            if let (true, Lifecycle::Opens, Some(order)) = (line.is_nameless, fact.lifecycle, order) {
                let resource = resource.to_smolstr();
                self.attributed.insert(resource.clone(), order);
                self.resources.entry(order).or_default().push(resource);
            }
        }
        self.append_effect(at, order, request, resource, fact);
    }

    /// Records an expiry. If the domain knows no order, the resource may belong to a correlation id.
    pub(super) fn clock(&mut self, at: Timestamp, order: Option<&str>, fact: &Fact<'_>) {
        let order = match order {
            Some(order) => Some(self.orders.find_or_add(order)),
            None => self.attributed.get(&*fact.resource.to_string()).copied(),
        };
        self.append_effect(at, order, None, Text::of(fact.resource), fact);
    }

    fn append_effect(
        &mut self,
        at: Timestamp,
        order: Option<OrderNumber>,
        request: Option<u64>,
        resource: Text,
        fact: &Fact<'_>,
    ) {
        let line = EffectLine {
            at: at.into(),
            effect: fact.effect,
            resource,
            amount: fact.amount,
            detail: fact.detail.map(|detail| detail.to_string().into_boxed_str()),
            request: request.and_then(NonZeroU64::new),
        };
        let seq = self.sequence.next();
        match order {
            None => self.leaving.push_back(Leaving::Line(seq)),
            Some(number) => {
                let known = &mut self.orders[number];
                match fact.lifecycle {
                    Lifecycle::Opens => known.live += 1,
                    Lifecycle::Closes => known.live = known.live.saturating_sub(1),
                    Lifecycle::Unchanged => {}
                }
                if known.may_now_leave() {
                    self.leaving.push_back(Leaving::Order(number));
                }
            }
        }
        self.append(seq, order, Content::Effect(line));
    }

    /// Adds the next line, the last of its order.
    fn append(&mut self, seq: u64, order: Option<OrderNumber>, content: Content) {
        if let Some(order) = order.map(|order| &mut self.orders[order]) {
            let last = std::mem::replace(&mut order.last, NonZeroU64::new(seq));
            match last.and_then(|last| self.lines.get_mut(last.get())) {
                Some(last) => last.next = order.last,
                None => order.first = order.last,
            }
        }
        self.lines.push(seq, Line { order, next: None, content });
        self.make_room();
    }

    /// Evicts the orders that were settled longest ago. While none is settled, the ledger may grow a tenth beyond its
    /// capacity; then the oldest records are evicted, live or not.
    fn make_room(&mut self) {
        let together = leaving_together(self.capacity);
        if self.lines.len().saturating_sub(self.capacity) <= together {
            return;
        }
        self.fetch_settled(together);
        while self.lines.len() > self.capacity && self.evict_settled() {}
        let most = self.capacity + self.capacity / 10;
        if self.lines.len().saturating_sub(most) > together {
            self.fetch_oldest(together);
            while self.lines.len() > most {
                self.evict_oldest();
            }
        }
    }

    /// Announces which settled orders are about to leave: the processor waits for the memory of all of them at once.
    fn fetch_settled(&self, together: usize) {
        let first_line = |leaving: &Leaving| match leaving {
            Leaving::Order(order) => self.orders[*order].first.map(NonZeroU64::get),
            Leaving::Line(seq) => Some(*seq),
        };
        let leaving = self.leaving.iter().take(together).filter_map(first_line);
        std::hint::black_box(leaving.filter_map(|seq| self.lines.get(seq)?.next).count());
    }

    /// Announces which of the oldest lines are about to leave, with their orders.
    fn fetch_oldest(&self, together: usize) {
        let oldest = self.lines.after(None).take(together);
        std::hint::black_box(oldest.filter_map(|(_, line)| self.orders[line.order?].first).count());
    }

    /// Evicts what was settled longest ago. Whether anything was.
    fn evict_settled(&mut self) -> bool {
        while let Some(candidate) = self.leaving.pop_front() {
            match candidate {
                Leaving::Line(seq) => {
                    self.lines.remove(seq);
                    return true;
                }
                Leaving::Order(order) => {
                    if self.orders[order].may_leave() {
                        self.forget(order);
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Evicts the oldest line, with all of its order.
    fn evict_oldest(&mut self) {
        let Some((seq, oldest)) = self.lines.first() else { return };
        match oldest.order {
            Some(order) => self.forget(order),
            None => {
                self.lines.remove(seq);
            }
        }
    }

    fn forget(&mut self, number: OrderNumber) {
        self.evicted_orders += 1;
        let Some(order) = self.orders.remove(number) else { return };
        let mut next = order.first;
        while let Some(seq) = next {
            next = self.lines.remove(seq.get());
        }
        for resource in self.resources.remove(&number).into_iter().flatten() {
            self.attributed.remove(&resource);
        }
    }
}

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Effect, Fact, Life, Record, Request, Sequence};
use crate::chaos::Operation;
use crate::http::Context;
use crate::number::Number;

/// How many records are looked at, for every one that is written, in search of a settled order.
const GLANCES: usize = 64;

/// The records of one domain, compact: they are put into words when somebody reads them.
#[derive(Debug)]
pub(crate) struct Book {
    capacity: usize,
    sequence: Sequence,
    lines: BTreeMap<u64, Line>,
    orders: HashMap<Arc<str>, Order>,
    /// Orders of resources that are live and belong to a client's correlation id: what the clock
    /// does to them is theirs, and the domain does not know it.
    lent: HashMap<Box<str>, Arc<str>>,
    /// Where the search for a settled order goes on.
    hand: u64,
}

#[derive(Debug)]
enum Line {
    Effect(EffectLine),
    Request(RequestLine),
}

#[derive(Debug)]
struct EffectLine {
    at: Timestamp,
    order: Option<Arc<str>>,
    effect: &'static str,
    resource: Box<str>,
    amount: Option<Number>,
    detail: Option<Box<str>>,
    request: Option<u64>,
}

#[derive(Debug)]
struct RequestLine {
    operation: &'static Operation,
    order: Option<Arc<str>>,
    resource: Option<Box<str>>,
    key: Option<Arc<str>>,
    correlation: Arc<str>,
    fingerprint: Option<u128>,
    drawn: Option<(u32, &'static str)>,
    started_at: Timestamp,
    end: Option<(Timestamp, Sent)>,
}

/// A request, on its arrival.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) context: &'a Context,
    pub(crate) key: Option<&'a Arc<str>>,
    pub(crate) order: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) fingerprint: Option<u128>,
    pub(crate) now: Timestamp,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<&'static str>,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) is_garbled: bool,
    pub(crate) is_replay: bool,
    pub(crate) is_abandoned: bool,
}

#[derive(Debug, Default)]
struct Order {
    lines: Vec<u64>,
    live: u32,
    executing: u32,
}

impl Order {
    fn is_settled(&self) -> bool {
        self.live == 0 && self.executing == 0
    }
}

/// Which records to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Only this order's.
    pub order: Option<&'a str>,
    /// Only what happened or arrived from then on.
    pub since: Option<Timestamp>,
    /// Only those after this one.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl Book {
    pub(super) fn new(sequence: Sequence, capacity: usize) -> Self {
        Self {
            capacity,
            sequence,
            lines: BTreeMap::new(),
            orders: HashMap::new(),
            lent: HashMap::new(),
            hand: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.sequence.clone(), self.capacity);
    }

    /// Writes a request; tells its number and whose it is.
    pub(super) fn begin(
        &mut self,
        operation: &'static Operation,
        arrival: Arrival<'_>,
        order: Option<Arc<str>>,
    ) -> (u64, Option<Arc<str>>) {
        let correlation = &arrival.context.correlation_id;
        let order = order.or_else(|| arrival.context.sent_by_client.then(|| Arc::clone(correlation)));
        let line = RequestLine {
            operation,
            order: order.clone(),
            resource: arrival.resource.map(Box::from),
            key: arrival.key.cloned(),
            correlation: Arc::clone(correlation),
            fingerprint: arrival.fingerprint,
            drawn: None,
            started_at: arrival.now,
            end: None,
        };
        if let Some(order) = &order {
            self.orders.entry(Arc::clone(order)).or_default().executing += 1;
        }
        (self.write(order.as_ref(), Line::Request(line)), order)
    }

    pub(super) fn drew(&mut self, seq: u64, attempt: u32, outcome: &'static str) {
        if let Some(Line::Request(line)) = self.lines.get_mut(&seq) {
            line.drawn = Some((attempt, outcome));
        }
    }

    pub(super) fn finish(&mut self, seq: u64, sent: &Sent, now: Timestamp) {
        let Some(Line::Request(line)) = self.lines.get_mut(&seq) else { return };
        line.end = Some((now, *sent));
        if let Some(order) = line.order.as_ref().and_then(|order| self.orders.get_mut(order)) {
            order.executing = order.executing.saturating_sub(1);
        }
    }

    pub(super) fn effect(
        &mut self,
        at: Timestamp,
        order: Option<&Arc<str>>,
        request: Option<u64>,
        fact: &Fact<'_>,
    ) {
        let resource = fact.resource.to_string().into_boxed_str();
        if let Some(Line::Request(line)) = request.and_then(|seq| self.lines.get_mut(&seq)) {
            line.resource.get_or_insert_with(|| resource.clone());
            let is_lent = line.order.as_ref().is_some_and(|order| Arc::ptr_eq(order, &line.correlation));
            if let (true, Life::Opens, Some(order)) = (is_lent, fact.life, order) {
                self.lent.insert(resource.clone(), Arc::clone(order));
            }
        }
        if fact.life == Life::Closes {
            self.lent.remove(&resource);
        }
        if let Some(order) = order {
            let order = self.orders.entry(Arc::clone(order)).or_default();
            match fact.life {
                Life::Opens => order.live += 1,
                Life::Closes => order.live = order.live.saturating_sub(1),
                Life::Unchanged => {}
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
        self.write(order, Line::Effect(line));
    }

    /// What the clock did. Where the domain knows no order, the resource was perhaps lent to one.
    pub(super) fn clock(&mut self, at: Timestamp, order: Option<&str>, fact: &Fact<'_>) {
        let order = match order {
            Some(order) => Some(
                self.orders
                    .get_key_value(order)
                    .map_or_else(|| Arc::from(order), |(known, _)| Arc::clone(known)),
            ),
            None if self.lent.is_empty() => None,
            None => self.lent.get(fact.resource.to_string().as_str()).cloned(),
        };
        self.effect(at, order.as_ref(), None, fact);
    }

    fn write(&mut self, order: Option<&Arc<str>>, line: Line) -> u64 {
        let seq = self.sequence.next();
        if let Some(order) = order {
            self.orders.entry(Arc::clone(order)).or_default().lines.push(seq);
        }
        self.lines.insert(seq, line);
        if self.lines.len() > self.capacity {
            self.make_room();
        }
        seq
    }

    /// Lets a settled order leave, the oldest first. The search is spread over many records, so the
    /// ledger may grow a tenth beyond its capacity; then the oldest record leaves, live or not.
    fn make_room(&mut self) {
        for _ in 0..GLANCES {
            let next = self.lines.range((Bound::Excluded(self.hand), Bound::Unbounded)).next();
            let Some((&seq, line)) = next else {
                self.hand = 0;
                break;
            };
            self.hand = seq;
            let order = line.order().cloned();
            let is_settled = match order.as_ref().and_then(|order| self.orders.get(order)) {
                Some(order) => order.is_settled(),
                None => !line.is_executing(),
            };
            if is_settled {
                self.forget(seq, order.as_ref());
                return;
            }
        }
        if self.lines.len() > self.capacity + self.capacity / 10
            && let Some((&seq, line)) = self.lines.first_key_value()
        {
            let order = line.order().cloned();
            self.forget(seq, order.as_ref());
        }
    }

    fn forget(&mut self, seq: u64, order: Option<&Arc<str>>) {
        match order.and_then(|order| self.orders.remove(order)) {
            Some(order) => order.lines.iter().for_each(|seq| drop(self.lines.remove(seq))),
            None => drop(self.lines.remove(&seq)),
        }
    }

    pub(super) fn page(&self, selection: &Selection<'_>) -> (Vec<Record>, Option<u64>) {
        let Selection { order, since, after, limit } = *selection;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let is_recent = |line: &Line| since.is_none_or(|since| line.at() >= since);
        let all: Box<dyn Iterator<Item = (u64, &Line)>> = match order {
            None => Box::new(self.lines.range((after, Bound::Unbounded)).map(|(seq, line)| (*seq, line))),
            Some(order) => {
                let lines = self.orders.get(order).map_or(&[][..], |order| &order.lines);
                let first = match after {
                    Bound::Excluded(after) => lines.partition_point(|seq| *seq <= after),
                    Bound::Included(_) | Bound::Unbounded => 0,
                };
                Box::new(lines[first..].iter().filter_map(|seq| Some((*seq, self.lines.get(seq)?))))
            }
        };
        let mut fitting = all.filter(|(_, line)| is_recent(line)).peekable();
        let records: Vec<_> = fitting.by_ref().take(limit).map(|(seq, line)| line.record(seq)).collect();
        let next = fitting.peek().and(records.last()).map(Record::seq);
        (records, next)
    }
}

impl Line {
    fn order(&self) -> Option<&Arc<str>> {
        match self {
            Self::Effect(line) => line.order.as_ref(),
            Self::Request(line) => line.order.as_ref(),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Effect(line) => line.at,
            Self::Request(line) => line.started_at,
        }
    }

    fn is_executing(&self) -> bool {
        matches!(self, Self::Request(RequestLine { end: None, .. }))
    }

    fn record(&self, seq: u64) -> Record {
        match self {
            Self::Effect(line) => Record::Effect(line.record(seq)),
            Self::Request(line) => Record::Request(line.record(seq)),
        }
    }
}

impl EffectLine {
    fn record(&self, seq: u64) -> Effect {
        Effect {
            seq,
            at: self.at,
            order: self.order.as_deref().map(str::to_owned),
            effect: self.effect.to_owned(),
            resource: self.resource.to_string(),
            amount: self.amount,
            detail: self.detail.as_deref().map(str::to_owned),
            request: self.request,
        }
    }
}

impl RequestLine {
    fn record(&self, seq: u64) -> Request {
        let sent = self.end.map(|(_, sent)| sent).unwrap_or_default();
        Request {
            seq,
            operation: self.operation.name.to_owned(),
            order: self.order.as_deref().map(str::to_owned),
            resource: self.resource.as_deref().map(str::to_owned),
            idempotency_key: self.key.as_deref().map(str::to_owned),
            fingerprint: self.fingerprint.map(|digest| format!("{digest:032x}")),
            attempt: self.drawn.map(|(attempt, _)| attempt),
            replay: sent.is_replay,
            outcome: self.drawn.map(|(_, outcome)| outcome.to_owned()),
            status: sent.status,
            error: sent.error.map(str::to_owned),
            garbled: sent.is_garbled,
            retry_after_ms: sent.retry_after_ms,
            started_at: self.started_at,
            ended_at: self.end.map(|(at, _)| at),
            abandoned: sent.is_abandoned,
            correlation_id: self.correlation.to_string(),
        }
    }
}

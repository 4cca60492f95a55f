use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use shared::ledger::{Record, Request, Selection};
use shared::pipeline::Pipeline;
use shared::time::Clock;

use super::log::Log;

/// Writes into the log what is asked of the backends and what happens there.
#[derive(Clone)]
pub(super) struct Tap(Option<Arc<Source>>);

struct Source {
    log: Arc<Log>,
    pipelines: Vec<Pipeline>,
    clock: Clock,
    /// The last record of theirs that is in the log.
    noted: Mutex<u64>,
}

/// A request that is in the log, until its end is too.
pub(super) struct Tapped(Option<Open>);

struct Open {
    source: Arc<Source>,
    operation: String,
    order: String,
}

impl Tap {
    pub(super) fn new(log: &Arc<Log>, pipelines: impl Iterator<Item = Pipeline>, clock: Clock) -> Self {
        let source = || Source {
            log: Arc::clone(log),
            pipelines: pipelines.collect(),
            clock,
            noted: Mutex::default(),
        };
        Self(log.is_kept().then(|| Arc::new(source())))
    }

    /// A request is on its way.
    pub(super) fn request(&self, operation: &str, headers: &HeaderMap) -> Tapped {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Tapped(self.0.as_ref().map(|source| {
            let order = text("x-correlation-id").to_owned();
            let key = text("idempotency-key").rsplit('/').next().unwrap_or_default();
            source.note(&order, || format!("-> {operation} {key}").trim_end().to_owned());
            Open { source: Arc::clone(source), operation: operation.to_owned(), order }
        }))
    }

    /// What the clock did since something was last written.
    pub(super) fn settle(&self) {
        if let Some(source) = &self.0 {
            source.note_effects();
        }
    }
}

impl Tapped {
    /// The answer begins; its end is still to come.
    pub(super) fn begins(&self) {
        if let Some(open) = &self.0 {
            open.source.note_effects();
        }
    }

    /// The answer is there, or will never be.
    pub(super) fn ends(&mut self) {
        if let Some(Open { source, operation, order }) = self.0.take() {
            source.note_effects();
            let request = source.last_request(&operation, &order);
            source.note(&order, || {
                request.map_or_else(|| format!("<- {operation}"), |request| end_of(&request))
            });
        }
    }
}

impl Drop for Tapped {
    fn drop(&mut self) {
        self.ends();
    }
}

/// How a request ended.
fn end_of(request: &Request) -> String {
    let mut text = format!("<- {}", request.operation);
    if let (Some(attempt), Some(outcome)) = (request.attempt, &request.outcome) {
        text.push_str(&format!("#{attempt}={outcome}"));
    }
    text.push_str(&match request.status {
        _ if request.abandoned => " the client left".to_owned(),
        Some(status) => format!(" {status}"),
        None => " no answer".to_owned(),
    });
    let words = [
        request.error.as_deref(),
        request.replay.then_some("(replayed)"),
        request.garbled.then_some("(broken)"),
    ];
    for word in words.into_iter().flatten() {
        text.push(' ');
        text.push_str(word);
    }
    text
}

impl Source {
    fn note(&self, order: &str, text: impl FnOnce() -> String) {
        self.log.note(self.clock.now(), order, text);
    }

    fn last_request(&self, operation: &str, order: &str) -> Option<Request> {
        let selection = Selection { order: Some(order), ..Selection::default() };
        let records = self.pipelines.iter().flat_map(|pipeline| pipeline.ledger().page(&selection).0);
        let requests = records.filter_map(|record| match record {
            Record::Request(request) if request.operation == operation => Some(request),
            Record::Request(_) | Record::Effect(_) => None,
        });
        requests.max_by_key(|request| request.seq)
    }

    fn note_effects(&self) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let selection = Selection { after: Some(*noted), ..Selection::default() };
        let mut records: Vec<_> =
            self.pipelines.iter().flat_map(|pipeline| pipeline.ledger().page(&selection).0).collect();
        records.sort_by_key(Record::seq);
        for record in records {
            *noted = record.seq();
            if let Record::Effect(effect) = record {
                let amount = effect.amount.map(|amount| format!(" {amount}")).unwrap_or_default();
                let order = effect.order.unwrap_or_default();
                self.log
                    .note(effect.at, &order, || format!("*  {} {}{amount}", effect.effect, effect.resource));
            }
        }
    }
}

use std::sync::Arc;

use jiff::Timestamp;

use super::{Effect, Record, Request};
use crate::chaos::{Operation, Outcome, ProblemKind};
use crate::number::Number;

/// A record in compact form; it is expanded when it is read.
#[derive(Debug)]
pub(super) enum Line {
    Effect(Box<EffectLine>),
    Request(Box<RequestLine>),
}

#[derive(Debug)]
pub(super) struct EffectLine {
    pub(super) at: Timestamp,
    pub(super) order: Option<Arc<str>>,
    pub(super) effect: &'static str,
    pub(super) resource: Arc<str>,
    pub(super) amount: Option<Number>,
    pub(super) detail: Option<Box<str>>,
    pub(super) request: Option<u64>,
}

#[derive(Debug)]
pub(super) struct RequestLine {
    pub(super) operation: &'static Operation,
    pub(super) order: Option<Arc<str>>,
    pub(super) resource: Option<Arc<str>>,
    pub(super) key: Option<Arc<str>>,
    pub(super) correlation: Arc<str>,
    pub(super) fingerprint: Option<u128>,
    pub(super) drawn: Option<(u32, &'static Outcome)>,
    pub(super) started_at: Timestamp,
    pub(super) end: Option<(Timestamp, Sent)>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<&'static ProblemKind>,
    pub(crate) retry_after_ms: Option<u32>,
    pub(crate) is_garbled: bool,
    pub(crate) is_replay: bool,
    pub(crate) is_abandoned: bool,
}

impl Line {
    pub(super) fn order(&self) -> Option<&Arc<str>> {
        match self {
            Self::Effect(line) => line.order.as_ref(),
            Self::Request(line) => line.order.as_ref(),
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Effect(line) => line.at,
            Self::Request(line) => line.started_at,
        }
    }

    /// The record of the line, with its number.
    pub(super) fn record(&self, seq: u64) -> Record {
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
            outcome: self.drawn.map(|(_, outcome)| outcome.name.to_owned()),
            status: sent.status,
            error: sent.error.map(|kind| kind.code.to_owned()),
            garbled: sent.is_garbled,
            retry_after_ms: sent.retry_after_ms.map(u64::from),
            started_at: self.started_at,
            ended_at: self.end.map(|(at, _)| at),
            abandoned: sent.is_abandoned,
            correlation_id: self.correlation.to_string(),
        }
    }
}

use std::num::NonZeroU64;

use smol_str::SmolStr;
use uuid::Uuid;

use super::orders::OrderNumber;
use super::text::Text;
use super::{Effect, Record, Request};
use crate::chaos::{Operation, Outcome, ProblemKind};
use crate::number::Number;
use crate::time::Millis;

/// A record in compact form; it is expanded when it is read. The ledger is as fast as its lines are small: what a
/// request costs there is getting memory for them and reaching the old ones, which no cache holds.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) order: Option<OrderNumber>,
    /// The next line of its order.
    pub(super) next: Option<NonZeroU64>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Effect(EffectLine),
    Request(RequestLine),
}

#[derive(Debug)]
pub(super) struct EffectLine {
    pub(super) at: Millis,
    pub(super) effect: &'static str,
    pub(super) resource: Text,
    pub(super) amount: Option<Number>,
    pub(super) detail: Option<Box<str>>,
    pub(super) request: Option<NonZeroU64>,
}

#[derive(Debug)]
pub(super) struct RequestLine {
    pub(super) operation: &'static Operation,
    /// Whether its order is the correlation id that its client sent, for want of another.
    pub(super) is_nameless: bool,
    pub(super) resource: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) correlation: Text,
    /// The bytes of the number: they need not be aligned.
    pub(super) fingerprint: Option<[u8; 16]>,
    /// The chaos attempt, if anything was drawn.
    pub(super) attempt: u32,
    pub(super) outcome: Option<&'static Outcome>,
    pub(super) started_at: Millis,
    pub(super) end: Option<(Millis, Sent)>,
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
    pub(super) fn at(&self) -> Millis {
        match &self.content {
            Content::Effect(line) => line.at,
            Content::Request(line) => line.started_at,
        }
    }

    /// The record of the line, with its number and its order.
    pub(super) fn record(&self, seq: u64, order: Option<SmolStr>) -> Record {
        match &self.content {
            Content::Effect(line) => Record::Effect(line.record(seq, order)),
            Content::Request(line) => Record::Request(line.record(seq, order)),
        }
    }
}

impl EffectLine {
    fn record(&self, seq: u64, order: Option<SmolStr>) -> Effect {
        Effect {
            seq,
            at: self.at.timestamp(),
            order,
            effect: SmolStr::new_static(self.effect),
            resource: self.resource.to_text(),
            amount: self.amount,
            detail: self.detail.as_deref().map(SmolStr::new),
            request: self.request.map(NonZeroU64::get),
        }
    }
}

impl RequestLine {
    fn record(&self, seq: u64, order: Option<SmolStr>) -> Request {
        let sent = self.end.map(|(_, sent)| sent).unwrap_or_default();
        Request {
            seq,
            operation: SmolStr::new_static(self.operation.name),
            order,
            resource: self.resource.as_ref().map(Text::to_text),
            idempotency_key: self.key.as_ref().map(Text::to_text),
            fingerprint: self.fingerprint.map(|digest| hexadecimal(u128::from_ne_bytes(digest))),
            attempt: self.outcome.map(|_| self.attempt),
            replay: sent.is_replay,
            outcome: self.outcome.map(|outcome| SmolStr::new_static(outcome.name)),
            status: sent.status,
            error: sent.error.map(|kind| SmolStr::new_static(kind.code)),
            garbled: sent.is_garbled,
            retry_after_ms: sent.retry_after_ms.map(u64::from),
            started_at: self.started_at.timestamp(),
            ended_at: self.end.map(|(at, _)| at.timestamp()),
            abandoned: sent.is_abandoned,
            correlation_id: self.correlation.to_text(),
        }
    }
}

/// In 32 lower-case digits.
fn hexadecimal(digest: u128) -> SmolStr {
    SmolStr::new(Uuid::from_u128(digest).simple().encode_lower(&mut Uuid::encode_buffer()))
}

use jiff::Timestamp;
use serde::Serialize;
use shared::number::Number;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::audit::order::{Call, Ending, Fact, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

/// An order that breaks a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The order.
    #[schema(example = "ORD-123")]
    pub order: String,
    /// The rule.
    #[schema(example = "hold_left_open")]
    pub rule: &'static str,
    /// The rule's kind.
    pub kind: Kind,
    /// Its severity.
    pub severity: Severity,
    /// What is wrong with this order.
    pub finding: String,
    /// What usually causes it.
    pub cause: &'static str,
    /// The time of the order's first record; the times below count from it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub began_at: Option<Timestamp>,
    /// What happened that shows it, in time order.
    pub facts: Vec<FactLine>,
    /// The requests that led there, in time order.
    pub requests: Vec<CallLine>,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It fails the audit.
    Violation,
    /// It does not fail the audit.
    Warning,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FactLine {
    /// When, in milliseconds after the order's first record.
    pub after_ms: i64,
    /// The domain.
    pub domain: Domain,
    /// What happened.
    #[schema(value_type = String, example = "held")]
    pub effect: SmolStr,
    /// The resource.
    #[schema(value_type = String, example = "auth_5f3a")]
    pub resource: SmolStr,
    /// How much money moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Number>,
    /// For a message: its type, recipient, and subject or a digest of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub detail: Option<SmolStr>,
    /// Whether it was an expiry, not the effect of a request.
    pub by_clock: bool,
    /// Its place among all that happened in the same millisecond.
    #[serde(skip)]
    pub(in crate::audit) place: Place,
}

/// A request.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLine {
    /// When it began, in milliseconds after the order's first record.
    pub after_ms: i64,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<i64>,
    /// The requested operation.
    #[schema(value_type = String, example = "payment.authorize")]
    pub operation: SmolStr,
    /// The resource that it named or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub resource: Option<SmolStr>,
    /// The attempt that chaos counted; absent if nothing was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Whether it was answered from its key's stored answer.
    pub replay: bool,
    /// The outcome that was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "lost_response")]
    pub outcome: Option<SmolStr>,
    /// The status that was sent, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The kind of error that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub error: Option<SmolStr>,
    /// Whether the client disconnected before it got its answer.
    pub abandoned: bool,
    /// What its end told the client.
    pub ending: Ending,
    /// Its idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub idempotency_key: Option<SmolStr>,
    /// Its correlation id, to find it in logs.
    #[schema(value_type = String)]
    pub correlation_id: SmolStr,
    /// Its place among all that happened in the same millisecond.
    #[serde(skip)]
    pub(in crate::audit) place: Place,
}

/// A record's domain, and its number in the ledger of that domain.
pub(in crate::audit) type Place = (Domain, u64);

impl Finding {
    pub(in crate::audit) fn new(
        order: &Order<'_>,
        rule: &'static Rule,
        severity: Severity,
        evidence: Evidence<'_>,
    ) -> Self {
        let Evidence { sentence, mut facts, mut calls } = evidence;
        facts.sort_by_key(|fact| (fact.at(), fact.effect.seq, fact.domain));
        facts.dedup_by_key(|fact| (fact.domain, fact.effect.seq));
        calls.sort_by_key(|call| (call.request.started_at, call.request.seq, call.domain));
        calls.dedup_by_key(|call| (call.domain, call.request.seq));
        let began_at = order.began();
        let after = |at: Timestamp| began_at.map_or(0, |began_at| millis(began_at, at));
        Self {
            order: order.id.to_owned(),
            rule: rule.name,
            kind: rule.kind,
            severity,
            finding: sentence,
            cause: rule.cause,
            began_at,
            facts: facts.iter().map(|fact| FactLine::new(fact, after(fact.at()))).collect(),
            requests: calls.iter().map(|call| CallLine::new(call, after(call.request.started_at))).collect(),
        }
    }
}

impl FactLine {
    fn new(fact: &Fact<'_>, after_ms: i64) -> Self {
        let effect = fact.effect;
        Self {
            after_ms,
            domain: fact.domain,
            effect: effect.effect.clone(),
            resource: effect.resource.clone(),
            amount: effect.amount,
            detail: effect.detail.clone(),
            by_clock: effect.request.is_none(),
            place: (fact.domain, effect.seq),
        }
    }
}

impl CallLine {
    fn new(call: &Call<'_>, after_ms: i64) -> Self {
        let request = call.request;
        Self {
            after_ms,
            took_ms: request.ended_at.map(|ended_at| millis(request.started_at, ended_at)),
            operation: request.operation.clone(),
            resource: request.resource.clone(),
            attempt: request.attempt,
            replay: request.replay,
            outcome: request.outcome.clone(),
            status: request.status,
            error: request.error.clone(),
            abandoned: request.abandoned,
            ending: call.ending,
            idempotency_key: request.idempotency_key.clone(),
            correlation_id: request.correlation_id.clone(),
            place: (call.domain, request.seq),
        }
    }
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).unwrap_or(i64::MAX)
}

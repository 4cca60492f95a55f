//! Ledgers in a few readable lines, for tests.
//!
//! ```text
//! 0s payment.authorize -> 201; held auth_1 100
//! 1s payment.capture auth_1 took=4s -> 408 timeout
//! 7d expired auth_1
//! 2s restart
//! decided cancel shipped
//! ```
//! A line is a request with its effects, an expiry, a restart of the client, or what the orchestrator
//! says. A request's key and body are derived from its operation and resource unless it has `key=` or
//! `body=`, so equal lines are repeats under one key. `@5s` moves an effect to a time.

use jiff::{SignedDuration, Timestamp};
use shared::environment::parse_duration;
use shared::ledger::{Effect, Record, Request};
use shared::number::Number;

use super::order::{Order, orders_of};
use super::{Audit, Decision, Domain, Ledgers, Rule, Verb};
use crate::domain::OrderStatus;

/// The content of a story.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) ledgers: Ledgers,
    pub(super) restarts: Vec<Timestamp>,
    pub(super) decisions: Vec<Decision>,
    seq: u64,
}

/// How a rule judges the one order of a story: the finding's sentence, if any.
pub(super) fn judged(rule: &Rule, text: &str) -> Option<String> {
    judged_as(rule, text, |_| {})
}

/// The same, for an order that is modified first.
pub(super) fn judged_as(rule: &Rule, text: &str, change: impl FnOnce(&mut Order<'_>)) -> Option<String> {
    let story = Story::told(text);
    let (orders, _) = orders_of(&story.ledgers, std::iter::once(ORDER));
    let mut order = orders.into_iter().find(|order| order.id == ORDER).unwrap();
    order.restarts = &story.restarts;
    order.decision = story.decisions.first();
    change(&mut order);
    (rule.judge)(&order).map(|evidence| evidence.sentence)
}

/// The request of one line.
pub(super) fn request(line: &str) -> Request {
    let story = Story::told(line);
    let request = story.ledgers.into_values().flatten().find_map(|record| match record {
        Record::Request(request) => Some(request),
        Record::Effect(_) => None,
    });
    request.unwrap()
}

pub(super) const ORDER: &str = "ORD-1";

impl Story {
    pub(super) fn told(text: &str) -> Self {
        let mut story =
            Self { ledgers: Domain::ALL.map(|domain| (domain, Vec::new())).into(), ..Self::default() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            story.line(line);
        }
        story
    }

    /// The audit that knows the story's restarts and decisions.
    pub(super) fn audit(&self) -> Audit {
        let mut audit = Audit { restarts: self.restarts.clone(), ..Audit::default() };
        if !self.decisions.is_empty() {
            audit.decisions =
                Some(self.decisions.iter().map(|it| (it.order_id.clone(), it.clone())).collect());
        }
        audit
    }

    fn line(&mut self, line: &str) {
        let (time, rest) = line.split_once(' ').unwrap();
        if time == "decided" {
            return self.decided(rest);
        }
        let at = after(time);
        if rest == "restart" {
            self.restarts.push(at);
            return;
        }
        let mut parts = rest.split(';').map(str::trim);
        let first = parts.next().unwrap();
        if !first.split(' ').next().unwrap().contains('.') {
            self.effect(first, at, ORDER, None);
            return;
        }
        let mut request = self.request(first, at);
        let effects: Vec<&str> = parts.collect();
        if request.resource.is_none() {
            request.resource = effects.first().and_then(|effect| effect.split(' ').nth(1)).map(Into::into);
        }
        let (order, seq) = (request.order.clone().unwrap_or_default(), request.seq);
        self.push(Record::Request(request));
        for effect in effects {
            self.effect(effect, at, &order, Some(seq));
        }
    }

    fn decided(&mut self, words: &str) {
        let mut decision = Decision { order_id: ORDER.into(), accepted: Vec::new(), status: None };
        for word in words.split(' ') {
            match word {
                "approve" => decision.accepted.push(Verb::Approve),
                "reject" => decision.accepted.push(Verb::Reject),
                "cancel" => decision.accepted.push(Verb::Cancel),
                status => {
                    let status: OrderStatus = serde_json::from_value(status.into()).unwrap();
                    decision.status = Some(status);
                }
            }
        }
        self.decisions.push(decision);
    }

    fn request(&mut self, text: &str, at: Timestamp) -> Request {
        let (asked, answered) = text.split_once("->").unwrap();
        let mut words = asked.split_whitespace();
        let operation = words.next().unwrap().to_owned();
        let mut request = Request {
            seq: self.next(),
            operation: operation.into(),
            order: Some(ORDER.into()),
            resource: None,
            idempotency_key: None,
            fingerprint: None,
            attempt: Some(1),
            replay: false,
            outcome: None,
            status: None,
            error: None,
            garbled: false,
            retry_after_ms: None,
            started_at: at,
            ended_at: Some(at),
            abandoned: false,
            correlation_id: "c-1".into(),
        };
        let (mut key, mut body) = (None, None);
        for word in words {
            match word.split_once('=') {
                None if word.starts_with('#') => request.attempt = word[1..].parse().ok(),
                None if word == "replay" => request.replay = true,
                None => request.resource = Some(word.into()),
                Some(("key", value)) => key = Some(value),
                Some(("body", value)) => body = Some(value),
                Some(("outcome", value)) => request.outcome = Some(value.into()),
                Some(("retry", value)) => {
                    request.retry_after_ms = Some(parse_duration(value).unwrap().as_millis() as u64);
                }
                Some(("took", value)) => request.ended_at = Some(at + parse_duration(value).unwrap()),
                Some(("order", value)) => request.order = (value != "none").then(|| value.into()),
                Some(("correlation", value)) => request.correlation_id = value.into(),
                Some(other) => panic!("{other:?} in {text}"),
            }
        }
        if !request.operation.ends_with(".status") {
            let usual = format!("{}/{}", request.operation, request.resource.as_deref().unwrap_or_default());
            request.idempotency_key = Some(key.unwrap_or(&usual).into()).filter(|key| key != "none");
            request.fingerprint = Some(body.unwrap_or(&usual).into()).filter(|body| body != "none");
        }
        answer(&mut request, answered);
        request
    }

    fn effect(&mut self, text: &str, at: Timestamp, order: &str, request: Option<u64>) {
        let mut words = text.split_whitespace();
        let mut effect = Effect {
            seq: self.next(),
            at,
            order: Some(order.into()),
            effect: words.next().unwrap().into(),
            resource: words.next().unwrap().into(),
            amount: None,
            detail: None,
            request,
        };
        for word in words {
            match (word.strip_prefix('@'), word.strip_prefix("order="), Number::parse(word)) {
                (Some(time), ..) => effect.at = after(time),
                (_, Some(order), _) => effect.order = Some(order.into()),
                (_, _, Ok(amount)) => effect.amount = Some(amount),
                (_, _, Err(_)) => effect.detail = Some(word.into()),
            }
        }
        self.push(Record::Effect(effect));
    }

    fn push(&mut self, record: Record) {
        let domain = Domain::of(&record).unwrap();
        self.ledgers.entry(domain).or_default().push(record);
    }

    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }
}

fn answer(request: &mut Request, text: &str) {
    for word in text.split_whitespace() {
        match word {
            "lost" => {}
            "abandoned" => request.abandoned = true,
            "executing" => request.ended_at = None,
            "garbled" => request.garbled = true,
            word => match word.parse() {
                Ok(status) => request.status = Some(status),
                Err(_) => request.error = Some(word.into()),
            },
        }
    }
}

fn after(time: &str) -> Timestamp {
    let duration = SignedDuration::try_from(parse_duration(time).unwrap()).unwrap();
    Timestamp::UNIX_EPOCH + duration
}

use jiff::Timestamp;
use maud::{Markup, html};
use shared::ledger::{Effect, Record, Request};

use super::chart::at;
use crate::audit::{CallLine, Domain, Finding, Ledgers};
use crate::words::millis;

/// All that was asked for one order and all that happened, in time order.
pub(super) struct Timeline<'a> {
    began: Timestamp,
    length_ms: u64,
    entries: Vec<Entry<'a>>,
}

enum Entry<'a> {
    /// A request, and the rules that name it.
    Request(&'a Request, Vec<&'static str>),
    Effect(Domain, &'a Effect),
}

impl<'a> Timeline<'a> {
    pub(super) fn of(order: &str, ledgers: &'a Ledgers, findings: &[&Finding]) -> Self {
        let records =
            ledgers.iter().flat_map(|(domain, records)| records.iter().map(move |record| (*domain, record)));
        let mut records: Vec<_> = records.filter(|(_, record)| record.order() == Some(order)).collect();
        records.sort_by_key(|(domain, record)| (began(record), *domain, record.seq()));
        let start = records.first().map_or(Timestamp::UNIX_EPOCH, |(_, record)| began(record));
        let end = records.iter().map(|(_, record)| ended(record)).max().unwrap_or(start);
        let entries = records.into_iter().map(|(domain, record)| match record {
            Record::Request(request) => Entry::Request(request, named_by(request, findings)),
            Record::Effect(effect) => Entry::Effect(domain, effect),
        });
        Self { began: start, length_ms: since(start, end).max(1), entries: entries.collect() }
    }

    pub(super) fn draw(&self) -> Markup {
        if self.entries.is_empty() {
            return html! { p class="note" { "The backends know nothing of this order." } };
        }
        html! {
            div class="scroll" tabindex="0" role="region" aria-label="Timeline" {
                table class="timeline" {
                    caption { "Everything the backends were asked and did, over " (millis(self.length_ms)) }
                    thead { tr {
                        th scope="col" { "After" } th scope="col" class="plot" { "" } th scope="col" { "Request or effect" }
                        th scope="col" { "Outcome" } th scope="col" { "Answer" } th scope="col" { "Key and correlation" }
                    } }
                    tbody { @for entry in &self.entries { (self.row(entry)) } }
                }
            }
        }
    }

    fn row(&self, entry: &Entry<'_>) -> Markup {
        match entry {
            Entry::Request(request, rules) => self.request(request, rules),
            Entry::Effect(domain, effect) => self.effect(*domain, effect),
        }
    }

    fn request(&self, request: &Request, rules: &[&'static str]) -> Markup {
        let class = if rules.is_empty() { "request" } else { "request guilty" };
        html! {
            tr class=(class) {
                td class="after" { (after(since(self.began, request.started_at))) }
                td class="plot" { (self.span(request)) }
                td {
                    code { (request.operation) }
                    @if let Some(attempt) = request.attempt { span class="muted" { " attempt " (attempt) } }
                    @if request.replay { span class="muted" { " replay" } }
                    @if !rules.is_empty() { span class="named" { "▲ named by " (rules.join(", ")) } }
                }
                td { (outcome(request)) }
                td { (answer(request)) }
                td class="ids" {
                    span { "key " @match &request.idempotency_key { Some(key) => code { (key) }, None => "none" } }
                    span { "correlation " code { (request.correlation_id) } }
                }
            }
        }
    }

    fn effect(&self, domain: Domain, effect: &Effect) -> Markup {
        let x = at(self.place(effect.at));
        html! {
            tr class="effect" {
                td class="after" { (after(since(self.began, effect.at))) }
                td class="plot" { svg class="lane" aria-hidden="true" focusable="false" { circle class="happened" cx=(x) cy="50%" r="3.5" {} } }
                td colspan="4" {
                    strong { (effect.effect) } " " code { (effect.resource) }
                    @if let Some(amount) = effect.amount { " " (amount) }
                    @if let Some(detail) = &effect.detail { " " (detail) }
                    span class="muted" { " in " (domain) @if effect.request.is_none() { ", by the clock" } }
                }
            }
        }
    }

    fn span(&self, request: &Request) -> Markup {
        let (start, end) =
            (self.place(request.started_at), self.place(request.ended_at.unwrap_or(request.started_at)));
        html! {
            svg class="lane" aria-hidden="true" focusable="false" {
                line class=(if request.status.is_some_and(|status| status < 300) { "fine" } else { "not-fine" })
                    x1=(at(start)) x2=(at(end)) y1="50%" y2="50%" {}
            }
        }
    }

    /// Where a time is along the line, from 0 to 1.
    fn place(&self, when: Timestamp) -> f64 {
        since(self.began, when) as f64 / self.length_ms as f64
    }
}

fn outcome(request: &Request) -> Markup {
    html! {
        @match request.outcome.as_deref() {
            None => span class="muted" { "–" },
            Some("success") => span class="muted" { "success" },
            Some(outcome) => (outcome),
        }
    }
}

/// What the client got to see.
fn answer(request: &Request) -> Markup {
    html! {
        @match (request.ended_at, request.status) {
            (None, _) => span class="warn" { "still executing" },
            _ if request.abandoned => span class="bad" { "client left" },
            (_, None) => span class="bad" { "no answer" },
            (_, Some(status)) => span class=(if status < 300 { "good" } else { "bad" }) { (status) },
        }
        @if let Some(error) = &request.error { " " (error) }
        @if request.garbled { " broken JSON" }
    }
}

/// The rules that show this request as their evidence.
fn named_by(request: &Request, findings: &[&Finding]) -> Vec<&'static str> {
    let named = findings.iter().filter(|finding| {
        let began = finding.began_at.unwrap_or(request.started_at);
        finding.requests.iter().any(|call| is_same(call, began, request))
    });
    named.map(|finding| finding.rule).collect()
}

/// A finding tells no number of a request, but enough to know it by.
fn is_same(call: &CallLine, began: Timestamp, request: &Request) -> bool {
    call.operation == request.operation
        && u64::try_from(call.after_ms).is_ok_and(|after| after == since(began, request.started_at))
        && call.attempt == request.attempt
        && call.idempotency_key == request.idempotency_key
        && call.correlation_id == request.correlation_id
}

fn began(record: &Record) -> Timestamp {
    match record {
        Record::Request(request) => request.started_at,
        Record::Effect(effect) => effect.at,
    }
}

fn ended(record: &Record) -> Timestamp {
    match record {
        Record::Request(request) => request.ended_at.unwrap_or(request.started_at),
        Record::Effect(effect) => effect.at,
    }
}

/// A time since the order was first heard of.
fn after(elapsed: u64) -> String {
    if elapsed == 0 { "0".to_owned() } else { format!("+{}", millis(elapsed)) }
}

fn since(began: Timestamp, when: Timestamp) -> u64 {
    u64::try_from(when.duration_since(began).as_millis()).unwrap_or(0)
}

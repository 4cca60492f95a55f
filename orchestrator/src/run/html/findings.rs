use std::collections::BTreeMap;

use maud::{Markup, html};

use super::timeline::Timeline;
use crate::audit::{Finding, Kind, RULES, Report, Severity};
use crate::run::Run;
use crate::words::{count, counted};

/// How many orders are told in full: a page stays a page.
const MAX_SHOWN: usize = 25;
/// How many of them are unfolded.
const UNFOLDED: usize = 3;

pub(super) fn findings(run: &Run) -> Markup {
    let report = &run.results.audit;
    html! {
        @if report.findings.is_empty() {
            p { (judged(report)) ", and none was broken by any of " (counted(report.orders as u64, "order")) "." }
        } @else {
            p { (judged(report)) " for each of " (counted(report.orders as u64, "order")) "." }
            (by_rule(report))
            (orders(run))
        }
        (not_judged(report))
    }
}

fn judged(report: &Report) -> String {
    let judged = RULES.len().saturating_sub(report.not_judged.len());
    let strict = if report.strict { ", warnings counted as violations (--strict)" } else { "" };
    format!("{} were judged{strict}", counted(judged as u64, "rule"))
}

fn by_rule(report: &Report) -> Markup {
    let rows = RULES.iter().filter_map(|rule| {
        let findings: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule.name).collect();
        Some((*rule, findings.first()?.severity, findings.len()))
    });
    html! {
        table class="rules" {
            caption class="hidden" { "Broken rules" }
            thead { tr { th scope="col" { "Rule" } th scope="col" { "Orders" } th scope="col" { "What must hold" } } }
            tbody { @for (rule, severity, orders) in rows { tr {
                th scope="row" { (badge(severity)) " " code { (rule.name) } }
                td class="number" { (count(orders as u64)) }
                td { (prose(rule.holds)) }
            } } }
        }
    }
}

/// Orders with findings, first those that are wrong and then those that are only at risk, as they were placed; those that are too many by name.
fn orders(run: &Run) -> Markup {
    let mut orders: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &run.results.audit.findings {
        orders.entry(&finding.order).or_default().push(finding);
    }
    let placed: BTreeMap<&str, usize> =
        run.results.orders.iter().enumerate().map(|(at, order)| (order.order_id.as_str(), at)).collect();
    let mut orders: Vec<_> = orders.into_iter().collect();
    orders.sort_by_key(|(order, findings)| (!is_wrong(findings), placed.get(order)));
    let (told_in_full, named) = orders.split_at(orders.len().min(MAX_SHOWN));
    html! {
        @for (nth, (order, findings)) in told_in_full.iter().enumerate() {
            details class="order" id={ "order-" (nth + 1) } open[nth < UNFOLDED] {
                summary { h3 { (order) } " " @for rule in rules(findings) { code { (rule) } " " } }
                @for finding in findings { (told(finding)) }
                (Timeline::of(order, &run.ledgers, findings).draw())
            }
        }
        @if !named.is_empty() {
            details class="order" {
                summary { h3 { (counted(named.len() as u64, "more order")) } " with findings" }
                p class="names" { @for (order, _) in named { code { (order) } " " } }
            }
        }
    }
}

fn is_wrong(findings: &[&Finding]) -> bool {
    findings.iter().any(|finding| finding.kind != Kind::Behaviour)
}

fn rules(findings: &[&Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

fn told(finding: &Finding) -> Markup {
    html! {
        div class={ "finding " @if finding.severity == Severity::Warning { "mild" } } {
            p { (badge(finding.severity)) " " code { (finding.rule) } }
            p class="sentence" { (finding.finding) }
            p class="muted" { (prose(finding.cause)) }
        }
    }
}

/// A text of a rule, with code for what stands between backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (nth, part) in text.split('`').enumerate() {
            @if nth % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn badge(severity: Severity) -> Markup {
    html! {
        @match severity {
            Severity::Violation => span class="badge bad" { "violation" },
            Severity::Warning => span class="badge warn" { "warning" },
        }
    }
}

fn not_judged(report: &Report) -> Markup {
    html! {
        @if !report.not_judged.is_empty() {
            p class="note" {
                "Not judged: "
                @for (nth, item) in report.not_judged.iter().enumerate() {
                    @if nth > 0 { "; " }
                    code { (item.rule) } " (" (item.because) ")"
                }
                "."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_quotes_is_code() {
        let rule = RULES.iter().find(|rule| rule.name == "status_disagrees").unwrap();
        let shown = prose(rule.holds).into_string();
        assert!(shown.contains("it is <code>shipped</code> if"), "{shown}");
    }
}

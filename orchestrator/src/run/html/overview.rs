use maud::{Markup, html};

use crate::audit::Severity;
use crate::run::results::{End, Results};
use crate::words::{count, counted, millis, percent};

/// The verdict in a few words.
pub(super) fn verdict(results: &Results) -> String {
    let violations = results.audit.violations() as u64;
    let broken = results.conditions.iter().filter(|verdict| verdict.is_broken).count() as u64;
    match (violations, broken) {
        (0, _) if results.interrupted => "Interrupted".to_owned(),
        (0, 0) => "No violations".to_owned(),
        (0, 1) => "A condition of --fail-on failed the run".to_owned(),
        (0, broken) => format!("{} of --fail-on failed the run", counted(broken, "condition")),
        (violations, _) => counted(violations, "violation"),
    }
}

pub(super) fn masthead(results: &Results) -> Markup {
    let setting = &results.setting;
    let class = if results.is_clean() { "verdict good" } else { "verdict bad" };
    html! {
        p class="kicker" { "Fault-injection run" }
        h1 class=(class) { (verdict(results)) }
        p class="lede" { (lede(results)) }
        dl class="figures" {
            (figure("Orders", &count(results.placed()), &format!("{} at once", count(setting.concurrency as u64))))
            (figure("Shipped", &percent(results.share(results.ended(End::Shipped))), &count(results.ended(End::Shipped))))
            @if let Some(times) = &results.order_latency {
                (figure("Order, median", &millis(times.p50), &format!("p99 {}", millis(times.p99))))
            }
            (figure("Faults injected", &count(results.sum(|row| row.faults)), &format!("in {}", counted(results.sum(|row| row.requests), "request"))))
            (figure("Retries", &count(results.sum(|row| row.retries)), &format!("{} idempotent replays", count(results.sum(|row| row.replays)))))
            (figure("Compensations", &count(results.undone()), "effects undone"))
        }
        @for note in &results.notes { p class="note" { (note) } }
        @if !results.conditions.is_empty() { (conditions(results)) }
    }
}

fn figure(name: &str, value: &str, more: &str) -> Markup {
    html! { div { dt { (name) } dd { span class="value" { (value) } span class="more" { (more) } } } }
}

/// What was done and how it turned out, in two sentences.
fn lede(results: &Results) -> String {
    let (setting, audit) = (&results.setting, &results.audit);
    let (done, took) = (counted(results.placed(), "order"), millis(setting.took_ms));
    let did = format!("{done} of seed {} went through {} in {took}.", setting.seed, setting.orchestrator);
    let open = results.ended(End::NotEnded);
    let ended = match (open, results.interrupted) {
        (0, false) => "Every order ended".to_owned(),
        (0, true) => "The run was interrupted".to_owned(),
        _ => format!("{} did not end", counted(open, "order")),
    };
    let warnings =
        audit.findings.iter().filter(|finding| finding.severity == Severity::Warning).count() as u64;
    let warned = if warnings == 0 { String::new() } else { format!("; warnings: {}", count(warnings)) };
    let judged = if audit.is_clean() {
        "the audit found no violation".to_owned()
    } else {
        format!("there are violations in {}", counted(violating(results), "order"))
    };
    let joint = if open == 0 && !audit.is_clean() { ", but" } else { ", and" };
    format!("{did} {ended}{joint} {judged}{warned}.")
}

/// How many orders have a violation.
fn violating(results: &Results) -> u64 {
    let violations = results.audit.findings.iter().filter(|finding| finding.severity == Severity::Violation);
    let orders: std::collections::BTreeSet<_> = violations.map(|finding| finding.order.as_str()).collect();
    orders.len() as u64
}

fn conditions(results: &Results) -> Markup {
    html! {
        table class="conditions" {
            caption { "Conditions (" code { "--fail-on" } ")" }
            thead { tr { th scope="col" { "Fails if" } th scope="col" class="number" { "Measured" } th scope="col" { "Verdict" } } }
            tbody {
                @for verdict in &results.conditions {
                    tr {
                        td { code { (verdict.condition) } }
                        td class="number" { (verdict.measured) }
                        @if verdict.is_broken { td class="bad" { "✗ failed" } } @else { td class="good" { "✓ passed" } }
                    }
                }
            }
        }
    }
}

/// What it takes to repeat the run.
pub(super) fn setting(results: &Results) -> Markup {
    let setting = &results.setting;
    html! {
        p { "Outcomes are drawn from the seed, the operation, the order and the attempt alone: the same command meets every order with the same faults." }
        pre class="command" tabindex="0" { code { (setting.command) } }
        dl class="facts" {
            dt { "Seed" } dd { (setting.seed) }
            dt { "Time scale" } dd { (setting.time_scale) }
            dt { "Orchestrator" } dd { (setting.orchestrator) }
            dt { "Backends" } dd { (setting.backends) }
            dt { "Began" } dd { time datetime=(setting.started_at) { (setting.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")) } }
            dt { "Took" } dd { (millis(setting.took_ms)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    #[test]
    fn orders_with_warnings_alone_are_not_counted_as_violating() {
        let mut results = sample::broken();
        let mut warning = results.audit.findings[0].clone();
        (warning.order, warning.severity) = ("ORD-7-1".to_owned(), Severity::Warning);
        results.audit.findings.push(warning);
        insta::assert_snapshot!(lede(&results), @"3 orders of seed 7 went through the bundled orchestrator in 21.4 s. Every order ended, but there are violations in 1 order; warnings: 1.");
    }
}

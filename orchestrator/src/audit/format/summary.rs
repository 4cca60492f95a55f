use std::collections::BTreeMap;

use crate::audit::{Kind, RULES, Report, Severity};
use crate::words::{count, counted};

/// A report in a few lines: what was judged, what was not, and how it turned out.
pub fn summary(report: &Report) -> Vec<String> {
    let mut lines = vec![judged(report)];
    if report.unattributed > 0 {
        let (of, what) = (count(report.unattributed as u64), counted(report.records as u64, "record"));
        lines.push(format!(
            "Unattributed: {of} of {what}, without an order or a correlation id; they are not judged."
        ));
    }
    if !report.evicted.is_empty() {
        let left = report.evicted.iter().map(|(domain, orders)| format!("{} {domain}", count(*orders)));
        lines.push(format!(
            "Incomplete: orders had left the ledgers to make room ({}; LEDGER_CAPACITY); their verdicts are missing or unreliable.",
            left.collect::<Vec<_>>().join(", ")
        ));
    }
    if let Some(without @ 1..) = report.without_decision {
        let rules = RULES.iter().filter(|rule| rule.kind == Kind::Decision).map(|rule| rule.name);
        let of = count(without as u64);
        let (orders, rules) = (counted(report.orders as u64, "order"), rules.collect::<Vec<_>>().join(", "));
        lines.push(format!("No decision given: {of} of {orders}; not judged there: {rules}."));
    }
    let mut unseen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in &report.not_judged {
        unseen.entry(&item.because).or_default().push(item.rule);
    }
    lines.extend(
        unseen.into_iter().map(|(why, rules)| format!("Not judged, because {why}: {}.", rules.join(", "))),
    );
    lines.push(outcome(report));
    lines
}

fn judged(report: &Report) -> String {
    let mut line = format!("{} judged", counted(report.orders as u64, "order"));
    for (orders, why) in [(report.executing, "a request is executing"), (report.young, "still young")] {
        if orders > 0 {
            line.push_str(&format!(", {} left out ({why})", count(orders as u64)));
        }
    }
    line + "."
}

fn outcome(report: &Report) -> String {
    if let Some(why) = report.why_nothing() {
        return format!("There is nothing to judge: {why}.");
    }
    if report.findings.is_empty() {
        return "Clean: no findings.".to_owned();
    }
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &report.findings {
        *by_rule.entry(finding.rule).or_default() += 1;
    }
    let found = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let found = [(Severity::Violation, "violation"), (Severity::Warning, "warning")]
        .map(|(severity, name)| (found(severity) as u64, name))
        .into_iter()
        .filter(|(findings, _)| *findings > 0)
        .map(|(findings, name)| counted(findings, name));
    let found: Vec<_> = found.collect();
    let rules: Vec<_> = by_rule.into_iter().map(|(rule, found)| format!("{rule} {}", count(found))).collect();
    format!("{}: {}.", found.join(", "), rules.join(", "))
}

#[cfg(test)]
mod tests {
    use super::summary;
    use crate::audit::story::Story;
    use crate::audit::{Domain, Evicted};

    #[test]
    fn what_had_left_the_ledgers_is_told() {
        let story = Story::told("0s payment.authorize -> 402 declined");
        let evicted = Evicted::from([(Domain::Payment, 1_200), (Domain::Shipping, 3)]);
        let report = story.audit().report(&story.ledgers).lacking(evicted);
        insta::assert_snapshot!(summary(&report)[1], @"Incomplete: orders had left the ledgers to make room (1,200 payment, 3 shipping; LEDGER_CAPACITY); their verdicts are missing or unreliable.");
    }
}

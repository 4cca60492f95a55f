use std::collections::BTreeMap;

use crate::audit::{Kind, RULES, Report, Severity};

/// A report in a few lines: what was judged, what was not, and how it turned out.
pub fn summary(report: &Report) -> Vec<String> {
    let mut lines = vec![judged(report)];
    if report.unattributed > 0 {
        let (of, what) = (report.unattributed, plural(report.records, "record"));
        lines.push(format!(
            "Unattributed: {of} of {what}, without an order or a correlation id; they are not judged."
        ));
    }
    if let Some(of @ 1..) = report.without_decision {
        let rules = RULES.iter().filter(|rule| rule.kind == Kind::Decision).map(|rule| rule.name);
        let (orders, rules) = (plural(report.orders, "order"), rules.collect::<Vec<_>>().join(", "));
        lines.push(format!("No decision given: {of} of {orders}; not judged there: {rules}."));
    }
    let mut unseen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in &report.not_judged {
        unseen.entry(&item.because).or_default().push(item.rule);
    }
    lines.extend(
        unseen.into_iter().map(|(why, rules)| format!("Not judged, as {why}: {}.", rules.join(", "))),
    );
    lines.push(outcome(report));
    lines
}

fn judged(report: &Report) -> String {
    let mut line = format!("{} judged", plural(report.orders, "order"));
    for (count, why) in [(report.executing, "a request is executing"), (report.young, "still young")] {
        if count > 0 {
            line.push_str(&format!(", {count} left out ({why})"));
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
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        *by_rule.entry(finding.rule).or_default() += 1;
    }
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = [(Severity::Violation, "violation"), (Severity::Warning, "warning")];
    let counted = counted.map(|(severity, name)| (count(severity), name));
    let counted: Vec<_> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| plural(count, name))
        .collect();
    let rules: Vec<_> = by_rule.into_iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    format!("{}: {}.", counted.join(", "), rules.join(", "))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use smol_str::SmolStr;

use super::{MAX_SHOWN, shown, summary};
use crate::audit::{CallLine, FactLine, Finding, Report, Severity};

const VIOLATION: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for one in shown(report) {
        finding(one, out)?;
    }
    if let Some(more @ 1..) = report.findings.len().checked_sub(MAX_SHOWN) {
        writeln!(out, "... and {more} more findings; --format json has them all.\n")?;
    }
    let mut lines = summary(report);
    let outcome = lines.pop().unwrap_or_default();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    let style = match (report.is_clean(), report.findings.is_empty()) {
        (false, _) => VIOLATION,
        (true, true) if report.orders > 0 => GOOD,
        (true, _) => WARNING,
    };
    writeln!(out, "{style}{outcome}{style:#}")
}

pub(super) fn finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let (style, severity) = match finding.severity {
        Severity::Violation => (VIOLATION, "VIOLATION"),
        Severity::Warning => (WARNING, "WARNING"),
    };
    let Finding { rule, cause, .. } = finding;
    let [order, what] = [&finding.order, &finding.finding].map(|text| on_a_line(text));
    writeln!(out, "{style}{severity}{style:#} {BOLD}{order}{BOLD:#} {rule}")?;
    writeln!(out, "  {what}")?;
    writeln!(out, "  {DIM}{cause}{DIM:#}")?;
    for line in aligned(rows(finding)) {
        writeln!(out, "  {}", line.trim_end())?;
    }
    writeln!(out)
}

/// Ids are a client's words: none of them moves a cursor or begins a line of ours.
fn on_a_line(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

type Row = [String; 5];

/// The requests and, below the one that came before it, what happened. Within a millisecond the numbers of
/// a domain's records tell what came first.
fn rows(finding: &Finding) -> Vec<Row> {
    let mut rows: Vec<_> =
        finding.requests.iter().map(|call| ((call.after_ms, call.place), of_call(call))).collect();
    rows.extend(finding.facts.iter().map(|fact| ((fact.after_ms, fact.place), of_fact(fact))));
    rows.sort_by_key(|(when, _)| *when);
    rows.into_iter().map(|(_, row)| row.map(|cell| on_a_line(&cell))).collect()
}

fn of_call(call: &CallLine) -> Row {
    let attempt = call.attempt.map_or_else(String::new, |attempt| format!("#{attempt}"));
    let resource = call.resource.as_deref().unwrap_or("-");
    [
        after(call.after_ms),
        format!("{}{attempt}", call.operation),
        resource.to_owned(),
        answer(call),
        format!(
            "key {}, correlation {}",
            call.idempotency_key.as_deref().unwrap_or("none"),
            call.correlation_id
        ),
    ]
}

/// What the client got to see, and why if chaos made it so.
fn answer(call: &CallLine) -> String {
    let mut text = match (call.status, call.took_ms) {
        (_, None) => "executing".to_owned(),
        _ if call.abandoned => "client left".to_owned(),
        (None, _) => "no answer".to_owned(),
        (Some(status), _) => status.to_string(),
    };
    if let Some(error) = &call.error {
        text = format!("{text} {error}");
    }
    if call.replay {
        text.push_str(" (replay)");
    }
    match &call.outcome {
        Some(outcome) if call.error.as_ref() != Some(outcome) && outcome != "success" => {
            format!("{text} ({outcome})")
        }
        _ => text,
    }
}

fn of_fact(fact: &FactLine) -> Row {
    let amount = fact.amount.map(|amount| amount.to_string());
    let what = amount.or_else(|| fact.detail.as_ref().map(SmolStr::to_string)).unwrap_or_default();
    let by = if fact.by_clock { "by the clock" } else { "" };
    [after(fact.after_ms), format!("  {}", fact.effect), fact.resource.to_string(), what, by.to_owned()]
}

/// A time after the order was first heard of, such as `+2m05.250s`.
fn after(millis: i64) -> String {
    let (minutes, seconds, rest) = (millis / 60_000, millis / 1000 % 60, millis % 1000);
    if minutes == 0 {
        format!("+{seconds}.{rest:03}s")
    } else {
        format!("+{minutes}m{seconds:02}.{rest:03}s")
    }
}

fn aligned(rows: Vec<Row>) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |[after, what, resource, answer, rest]: Row| {
        let [a, w, r, s] = widths;
        format!("{after:>a$}  {what:<w$}  {resource:<r$}  {answer:<s$}  {rest}")
    };
    rows.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::audit::Format;
    use crate::audit::format::tests::{sample, written};
    use crate::audit::story::Story;

    #[test]
    fn what_happened_within_a_millisecond_is_below_the_request_that_did_it() {
        let story = Story::told(
            "0s payment.authorize -> 201; held auth_1 100
            0s payment.capture auth_1 -> 200; captured auth_1 100",
        );
        let report = written(Format::Text, &story.audit().report(&story.ledgers));
        let words =
            report.lines().filter_map(|line| line.trim().strip_prefix("+0.000s")?.split_whitespace().next());
        let words: Vec<_> = words.collect();
        assert_eq!(words, ["payment.authorize#1", "held", "payment.capture#1", "captured"]);
    }

    #[test]
    fn a_report_for_people() {
        insta::assert_snapshot!(sample(Format::Text), @r#"
        VIOLATION ORD-1 hold_left_open
          109.97 is still on hold (auth_1), and the order has no live label.
          Usually the flow ended (a rejection, an approval that never came, a failed step) without releasing the hold, or an authorize whose answer was lost was taken for one that did not happen.
          +0.000s  payment.authorize#1  auth_1  no answer (lost_response)  key payment.authorize/, correlation c-1
          +0.000s    held               auth_1  109.97
          +1.500s  payment.authorize#2  -       503 unavailable            key payment.authorize/, correlation c-1

        WARNING ORD-1 compensated_blind
          payment.authorize got no answer, and its outcome was still unknown when the order ended.
          Usually a timeout, a server error or a broken connection is taken for "it did not happen". It may have happened: then money, stock or a parcel is left behind that nobody knows of.
          +0.000s  payment.authorize#1  auth_1  no answer (lost_response)  key payment.authorize/, correlation c-1
          +0.000s    held               auth_1  109.97
          +1.500s  payment.authorize#2  -       503 unavailable            key payment.authorize/, correlation c-1

        WARNING ORD-2 no_idempotency_key
          payment.authorize was asked without an Idempotency-Key.
          Usually the HTTP client was never given one. Without it a request whose answer is lost cannot safely be retried, and abandoning it may leave the effect behind.
          +0.000s  payment.authorize#1  auth_2  201  key none, correlation c-1
          +0.000s    held               auth_2  20

        2 orders judged, 1 left out (a request is executing).
        Unattributed: 1 of 9 records, without an order or a correlation id; they are not judged.
        Not judged, because no decisions were given (--decisions FILE): decision_ignored, status_disagrees, order_not_ended.
        1 violation, 2 warnings: compensated_blind 1, hold_left_open 1, no_idempotency_key 1.
        "#);
    }
}

use std::io::{self, Write};

use super::{shown, summary};
use crate::audit::{CallLine, Finding, Report, Severity};

pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // GitHub shows few annotations a step; the log has all of these.
    for one in shown(report) {
        finding(one, out)?;
    }
    for line in summary(report) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A workflow command, which GitHub Actions shows as an annotation.
pub(super) fn finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.severity {
        Severity::Violation => "error",
        Severity::Warning => "warning",
    };
    let title = property(&format!("{} {}", finding.rule, finding.order));
    let requests: Vec<_> = finding.requests.iter().map(request).collect();
    let led =
        if requests.is_empty() { String::new() } else { format!("\nRequests: {}", requests.join("; ")) };
    let message = data(&format!("{}\n{}{led}", finding.finding, finding.cause));
    writeln!(out, "::{command} title={title}::{message}")
}

fn request(call: &CallLine) -> String {
    let attempt = call.attempt.map_or_else(String::new, |attempt| format!("#{attempt}"));
    let outcome = call.outcome.as_deref().map_or_else(String::new, |outcome| format!("={outcome}"));
    format!("{}{attempt}{outcome} ({})", call.operation, call.correlation_id)
}

/// The report as the Markdown of a job summary (`GITHUB_STEP_SUMMARY`).
pub fn step_summary(report: &Report) -> String {
    step_summary_as(report, report.is_clean())
}

/// The same for the last of several looks, which together were `clean` or not.
pub fn step_summary_as(report: &Report, clean: bool) -> String {
    let verdict = match (clean, report.orders) {
        (false, _) => "❌ violations",
        (true, 0) => "⚠️ nothing to judge",
        (true, _) => "✅ clean",
    };
    let mut text = format!("## Audit: {verdict}\n\n");
    for line in summary(report) {
        text.push_str(&format!("- {}\n", cell(&line)));
    }
    if !report.findings.is_empty() {
        text.push_str("\n| | order | rule | finding | requests |\n|---|---|---|---|---|\n");
    }
    for finding in shown(report) {
        let sign = if finding.severity == Severity::Violation { "❌" } else { "⚠️" };
        let requests: Vec<_> = finding.requests.iter().map(request).collect();
        let cells = [&finding.order, finding.rule, &finding.finding, &requests.join("; ")].map(cell);
        text.push_str(&format!("| {sign} | {} |\n", cells.join(" | ")));
    }
    text
}

/// Text that neither ends a table's cell nor is markup.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\r' | '\n' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '|' | '*' | '`' | '[' | '\\' => safe.extend(['\\', character]),
            character => safe.push(character),
        }
    }
    safe
}

/// Text as the data of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::audit::Format;
    use crate::audit::format::tests::sample;

    #[test]
    fn a_report_for_github() {
        insta::assert_snapshot!(sample(Format::Github), @r#"
        ::error title=hold_left_open ORD-1::109.97 is still on hold (auth_1), and the order has no live label.%0AUsually the flow ended (a rejection, an approval that never came, a failed step) without releasing the hold, or an authorize whose answer was lost was taken for one that did not happen.%0ARequests: payment.authorize#1=lost_response (c-1); payment.authorize#2 (c-1)
        ::warning title=compensated_blind ORD-1::payment.authorize got no answer, and its outcome was still unknown when the order ended.%0AUsually a timeout, a server error or a broken connection is taken for "it did not happen". It may have happened: then money, stock or a parcel is left behind that nobody knows of.%0ARequests: payment.authorize#1=lost_response (c-1); payment.authorize#2 (c-1)
        ::warning title=no_idempotency_key ORD-2::payment.authorize was asked without an Idempotency-Key.%0AUsually the HTTP client was never given one. Without it a request whose answer is lost cannot safely be retried, and abandoning it may leave the effect behind.%0ARequests: payment.authorize#1 (c-1)
        2 orders judged, 1 left out (a request is executing).
        Unattributed: 1 of 9 records, without an order or a correlation id; they are not judged.
        Not judged, because no decisions were given (--decisions FILE): decision_ignored, status_disagrees, order_not_ended.
        1 violation, 2 warnings: compensated_blind 1, hold_left_open 1, no_idempotency_key 1.
        "#);
    }

    #[test]
    fn a_job_summary() {
        let report = crate::audit::format::tests::sample_report();
        insta::assert_snapshot!(super::step_summary(&report), @"
        ## Audit: ❌ violations

        - 2 orders judged, 1 left out (a request is executing).
        - Unattributed: 1 of 9 records, without an order or a correlation id; they are not judged.
        - Not judged, because no decisions were given (--decisions FILE): decision_ignored, status_disagrees, order_not_ended.
        - 1 violation, 2 warnings: compensated_blind 1, hold_left_open 1, no_idempotency_key 1.

        | | order | rule | finding | requests |
        |---|---|---|---|---|
        | ❌ | ORD-1 | hold_left_open | 109.97 is still on hold (auth_1), and the order has no live label. | payment.authorize#1=lost_response (c-1); payment.authorize#2 (c-1) |
        | ⚠️ | ORD-1 | compensated_blind | payment.authorize got no answer, and its outcome was still unknown when the order ended. | payment.authorize#1=lost_response (c-1); payment.authorize#2 (c-1) |
        | ⚠️ | ORD-2 | no_idempotency_key | payment.authorize was asked without an Idempotency-Key. | payment.authorize#1 (c-1) |
        ");
    }

    #[test]
    fn the_headline_is_that_of_the_whole_watch() {
        let report = crate::audit::format::tests::sample_report();
        let quiet = crate::audit::Report { findings: Vec::new(), ..report };
        assert!(super::step_summary(&quiet).starts_with("## Audit: ✅ clean\n"));
        assert!(super::step_summary_as(&quiet, false).starts_with("## Audit: ❌ violations\n"));
    }

    #[test]
    fn no_id_ends_a_command() {
        assert_eq!(super::property("a:b,c%\r\nd"), "a%3Ab%2Cc%25%0D%0Ad");
    }
}

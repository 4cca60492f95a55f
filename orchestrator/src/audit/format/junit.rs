use std::io::{self, Write};

use super::{summary, text};
use crate::audit::{Finding, RULES, Report, Severity};

/// How every document begins.
pub(crate) const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// A document with the one suite of the report.
pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{HEAD}\n<testsuites>")?;
    suite(report, out)?;
    writeln!(out, "</testsuites>")
}

/// One test case a finding, and one for each rule without any, which is skipped if it could not be
/// judged. A warning is a case that passes and has something to say.
pub(crate) fn suite(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let nothing = report.why_nothing().map(|why| format!("there is nothing to judge: {why}"));
    let unseen = |rule: &str| {
        let not_judged = report.not_judged.iter().find(|item| item.rule == rule);
        not_judged.map(|item| &item.because).or(nothing.as_ref())
    };
    let (mut cases, mut tests, mut skipped) = (Vec::new(), 0, 0);
    for rule in RULES {
        let mut findings = report.findings.iter().filter(|finding| finding.rule == rule.name).peekable();
        if findings.peek().is_none() {
            tests += 1;
            let name = escaped(rule.name);
            match unseen(rule.name) {
                None => writeln!(cases, r#"    <testcase classname="audit.{name}" name="{name}"/>"#)?,
                Some(why) => {
                    skipped += 1;
                    let why = escaped(why);
                    writeln!(
                        cases,
                        r#"    <testcase classname="audit.{name}" name="{name}"><skipped message="{why}"/></testcase>"#
                    )?;
                }
            }
        }
        for finding in findings {
            tests += 1;
            case(finding, &mut cases)?;
        }
    }
    let counts = format!(
        r#"name="audit" tests="{tests}" failures="{}" errors="0" skipped="{skipped}""#,
        report.violations(),
    );
    writeln!(out, "  <testsuite {counts}>")?;
    out.write_all(&cases)?;
    writeln!(out, "    <system-out>{}</system-out>", escaped(&summary(report).join("\n")))?;
    writeln!(out, "  </testsuite>")
}

fn case(finding: &Finding, out: &mut Vec<u8>) -> io::Result<()> {
    let (rule, order, what) = (escaped(finding.rule), escaped(&finding.order), escaped(&finding.finding));
    let mut details = Vec::new();
    text::finding(finding, &mut details)?;
    let details = escaped(&anstream::adapter::strip_str(&String::from_utf8_lossy(&details)).to_string());
    writeln!(out, r#"    <testcase classname="audit.{rule}" name="{order}">"#)?;
    match finding.severity {
        Severity::Violation => {
            writeln!(
                out,
                r#"      <failure type="{rule}" message="{what}">{}</failure>"#,
                details.trim_end()
            )?;
        }
        Severity::Warning => writeln!(out, "      <system-out>{}</system-out>", details.trim_end())?,
    }
    writeln!(out, "    </testcase>")
}

/// Text as XML has it; what XML 1.0 cannot hold is replaced by U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(character),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;
    use crate::audit::Format;
    use crate::audit::format::tests::sample;

    #[test]
    fn a_report_for_ci_servers() {
        insta::assert_snapshot!(sample(Format::Junit), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="audit" tests="21" failures="1" errors="0" skipped="3">
            <testcase classname="audit.captured_without_delivery" name="captured_without_delivery"/>
            <testcase classname="audit.refund_exceeds_capture" name="refund_exceeds_capture"/>
            <testcase classname="audit.hold_left_open" name="ORD-1">
              <failure type="hold_left_open" message="109.97 is still on hold (auth_1), and the order has no live label.">VIOLATION ORD-1 hold_left_open
          109.97 is still on hold (auth_1), and the order has no live label.
          Usually the flow ended (a rejection, an approval that never came, a failed step) without releasing the hold, or an authorize whose answer was lost was taken for one that did not happen.
          +0.000s  payment.authorize#1  auth_1  no answer (lost_response)  key payment.authorize/, correlation c-1
          +0.000s    held               auth_1  109.97
          +1.500s  payment.authorize#2  -       503 unavailable            key payment.authorize/, correlation c-1</failure>
            </testcase>
            <testcase classname="audit.stock_left_reserved" name="stock_left_reserved"/>
            <testcase classname="audit.double_capture" name="double_capture"/>
            <testcase classname="audit.double_reservation" name="double_reservation"/>
            <testcase classname="audit.double_label" name="double_label"/>
            <testcase classname="audit.shipped_unpaid" name="shipped_unpaid"/>
            <testcase classname="audit.double_notification" name="double_notification"/>
            <testcase classname="audit.decision_ignored" name="decision_ignored"><skipped message="no decisions were given (--decisions FILE)"/></testcase>
            <testcase classname="audit.status_disagrees" name="status_disagrees"><skipped message="no decisions were given (--decisions FILE)"/></testcase>
            <testcase classname="audit.order_not_ended" name="order_not_ended"><skipped message="no decisions were given (--decisions FILE)"/></testcase>
            <testcase classname="audit.retried_refusal" name="retried_refusal"/>
            <testcase classname="audit.ignored_retry_after" name="ignored_retry_after"/>
            <testcase classname="audit.changed_idempotency_key" name="changed_idempotency_key"/>
            <testcase classname="audit.no_idempotency_key" name="ORD-2">
              <system-out>WARNING ORD-2 no_idempotency_key
          payment.authorize was asked without an Idempotency-Key.
          Usually the HTTP client was never given one. Without it a request whose answer is lost cannot safely be retried, and abandoning it may leave the effect behind.
          +0.000s  payment.authorize#1  auth_2  201  key none, correlation c-1
          +0.000s    held               auth_2  20</system-out>
            </testcase>
            <testcase classname="audit.reused_idempotency_key" name="reused_idempotency_key"/>
            <testcase classname="audit.compensated_twice" name="compensated_twice"/>
            <testcase classname="audit.compensated_blind" name="ORD-1">
              <system-out>WARNING ORD-1 compensated_blind
          payment.authorize got no answer, and its outcome was still unknown when the order ended.
          Usually a timeout, a server error or a broken connection is taken for &quot;it did not happen&quot;. It may have happened: then money, stock or a parcel is left behind that nobody knows of.
          +0.000s  payment.authorize#1  auth_1  no answer (lost_response)  key payment.authorize/, correlation c-1
          +0.000s    held               auth_1  109.97
          +1.500s  payment.authorize#2  -       503 unavailable            key payment.authorize/, correlation c-1</system-out>
            </testcase>
            <testcase classname="audit.refunded_before_label_cancelled" name="refunded_before_label_cancelled"/>
            <testcase classname="audit.reservation_expired_before_label" name="reservation_expired_before_label"/>
            <system-out>2 orders judged, 1 left out (a request is executing).
        Unattributed: 1 of 9 records, without an order or a correlation id; they are not judged.
        Not judged, because no decisions were given (--decisions FILE): decision_ignored, status_disagrees, order_not_ended.
        1 violation, 2 warnings: compensated_blind 1, hold_left_open 1, no_idempotency_key 1.</system-out>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn no_id_breaks_the_xml() {
        assert_eq!(escaped("<&\">\u{1b}\u{0}\u{ffff}"), "&lt;&amp;&quot;&gt;\u{fffd}\u{fffd}\u{fffd}");
    }
}

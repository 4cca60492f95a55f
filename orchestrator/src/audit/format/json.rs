use std::io::{self, Write};

use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{Finding, Report};

/// A report with its verdict, which a reader should not have to work out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Audit)]
#[serde(rename_all = "camelCase")]
pub(in crate::audit) struct Verdict<'a> {
    /// Whether there was an order to judge, and nothing is a violation.
    clean: bool,
    /// Why there was no order to judge; absent when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing_to_judge: Option<String>,
    /// How many findings are violations.
    violations: usize,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let nothing_to_judge = report.why_nothing();
    let clean = report.is_clean() && nothing_to_judge.is_none();
    let verdict = Verdict { clean, nothing_to_judge, violations: report.violations(), report };
    serde_json::to_writer_pretty(&mut *out, &verdict)?;
    writeln!(out)
}

/// One line.
pub(super) fn finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, finding)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use crate::audit::Format;
    use crate::audit::format::tests::sample;

    #[test]
    fn a_report_for_programs() {
        insta::assert_snapshot!(sample(Format::Json), @r#"
        {
          "clean": false,
          "violations": 1,
          "strict": false,
          "orders": 2,
          "executing": 1,
          "young": 0,
          "records": 9,
          "unattributed": 1,
          "notJudged": [
            {
              "rule": "decision_ignored",
              "because": "no decisions were given (--decisions FILE)"
            },
            {
              "rule": "status_disagrees",
              "because": "no decisions were given (--decisions FILE)"
            },
            {
              "rule": "order_not_ended",
              "because": "no decisions were given (--decisions FILE)"
            }
          ],
          "findings": [
            {
              "order": "ORD-1",
              "rule": "hold_left_open",
              "kind": "invariant",
              "severity": "violation",
              "finding": "109.97 is still on hold (auth_1), and the order has no live label.",
              "cause": "Usually the flow ended (a rejection, an approval that never came, a failed step) without releasing the hold, or an authorize whose answer was lost was taken for one that did not happen.",
              "beganAt": "1970-01-01T00:00:00Z",
              "facts": [
                {
                  "afterMs": 0,
                  "domain": "payment",
                  "effect": "held",
                  "resource": "auth_1",
                  "amount": 109.97,
                  "byClock": false
                }
              ],
              "requests": [
                {
                  "afterMs": 0,
                  "tookMs": 250,
                  "operation": "payment.authorize",
                  "resource": "auth_1",
                  "attempt": 1,
                  "replay": false,
                  "outcome": "lost_response",
                  "abandoned": false,
                  "ending": "unknown",
                  "idempotencyKey": "payment.authorize/",
                  "correlationId": "c-1"
                },
                {
                  "afterMs": 1500,
                  "tookMs": 0,
                  "operation": "payment.authorize",
                  "attempt": 2,
                  "replay": false,
                  "status": 503,
                  "error": "unavailable",
                  "abandoned": false,
                  "ending": "unavailable",
                  "idempotencyKey": "payment.authorize/",
                  "correlationId": "c-1"
                }
              ]
            },
            {
              "order": "ORD-1",
              "rule": "compensated_blind",
              "kind": "behaviour",
              "severity": "warning",
              "finding": "payment.authorize got no answer, and its outcome was still unknown when the order ended.",
              "cause": "Usually a timeout, a server error or a broken connection is taken for \"it did not happen\". It may have happened: then money, stock or a parcel is left behind that nobody knows of.",
              "beganAt": "1970-01-01T00:00:00Z",
              "facts": [
                {
                  "afterMs": 0,
                  "domain": "payment",
                  "effect": "held",
                  "resource": "auth_1",
                  "amount": 109.97,
                  "byClock": false
                }
              ],
              "requests": [
                {
                  "afterMs": 0,
                  "tookMs": 250,
                  "operation": "payment.authorize",
                  "resource": "auth_1",
                  "attempt": 1,
                  "replay": false,
                  "outcome": "lost_response",
                  "abandoned": false,
                  "ending": "unknown",
                  "idempotencyKey": "payment.authorize/",
                  "correlationId": "c-1"
                },
                {
                  "afterMs": 1500,
                  "tookMs": 0,
                  "operation": "payment.authorize",
                  "attempt": 2,
                  "replay": false,
                  "status": 503,
                  "error": "unavailable",
                  "abandoned": false,
                  "ending": "unavailable",
                  "idempotencyKey": "payment.authorize/",
                  "correlationId": "c-1"
                }
              ]
            },
            {
              "order": "ORD-2",
              "rule": "no_idempotency_key",
              "kind": "behaviour",
              "severity": "warning",
              "finding": "payment.authorize was asked without an Idempotency-Key.",
              "cause": "Usually the HTTP client was never given one. Without it a request whose answer is lost cannot safely be retried, and abandoning it may leave the effect behind.",
              "beganAt": "1970-01-01T00:02:05Z",
              "facts": [
                {
                  "afterMs": 0,
                  "domain": "payment",
                  "effect": "held",
                  "resource": "auth_2",
                  "amount": 20,
                  "byClock": false
                }
              ],
              "requests": [
                {
                  "afterMs": 0,
                  "tookMs": 0,
                  "operation": "payment.authorize",
                  "resource": "auth_2",
                  "attempt": 1,
                  "replay": false,
                  "status": 201,
                  "abandoned": false,
                  "ending": "done",
                  "correlationId": "c-1"
                }
              ]
            }
          ]
        }
        "#);
    }
}

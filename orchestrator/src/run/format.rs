use std::io::{self, Write};

use serde::Serialize;

use super::{Results, text};
use crate::audit;

/// The format in which a run is written to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Annotations of GitHub Actions
    Github,
}

/// The results with their verdict, which a reader should not have to work out.
#[derive(Serialize)]
struct Told<'a> {
    clean: bool,
    violations: usize,
    #[serde(flatten)]
    results: &'a Results,
}

impl Format {
    /// Writes all results.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Text => text::text(results, out),
            Self::Json => {
                let told =
                    Told { clean: results.is_clean(), violations: results.audit.violations(), results };
                serde_json::to_writer_pretty(&mut *out, &told)?;
                writeln!(out)
            }
            Self::Github => {
                if results.placed() > 0 {
                    audit::Format::Github.write(&results.audit, out)?;
                }
                if results.interrupted {
                    writeln!(out, "::error title=fault-injection run::{}", results.notes.join(" "))?;
                }
                for verdict in results.conditions.iter().filter(|verdict| verdict.is_broken) {
                    // GitHub decodes `%25`; a condition and a figure contain nothing else that it would decode.
                    let (condition, measured) = (&verdict.condition, &verdict.measured);
                    let message = format!("{condition}: measured {measured}").replace('%', "%25");
                    writeln!(out, "::error title=fault-injection run::{message}")?;
                }
                writeln!(out, "Repeat it: {}", results.setting.command)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    fn written(format: Format) -> String {
        let mut bytes = Vec::new();
        format.write(&sample::broken(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_broken_condition_is_annotated_and_the_run_can_be_repeated() {
        let text = written(Format::Github);
        let lines: Vec<_> = text.lines().collect();
        insta::assert_snapshot!(lines[lines.len() - 2..].join("\n"), @"
        ::error title=fault-injection run::p99>1s: measured 1.25 s
        Repeat it: fake-stripe-chaos run --orders 3 --seed 7
        ");
    }

    #[test]
    fn programs_read_the_verdict_first() {
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!((&json["clean"], &json["violations"]), (&false.into(), &1.into()));
        insta::assert_snapshot!(json["orders"][1], @r#"{"accepted":false,"decision":"cancel","end":"failed","needsAttention":false,"orderId":"ORD-7-1","reason":"insufficient_funds","tookMs":4}"#);
        insta::assert_snapshot!(json["operations"][1], @r#"{"faults":0,"latency":{"count":1,"max":1,"p50":1,"p90":1,"p95":1,"p99":1},"operation":"payment.capture","outcomes":[{"configured":1.0,"drawn":1,"high":1.0,"low":0.20654931437723745,"observed":1.0,"outcome":"success"}],"replays":0,"requests":1,"retries":0}"#);
        insta::assert_snapshot!(json["conditions"][1], @r#"{"broken":true,"condition":"p99>1s","measured":"1.25 s"}"#);
        assert_eq!(json["audit"]["findings"].as_array().unwrap().len(), 1);
    }
}

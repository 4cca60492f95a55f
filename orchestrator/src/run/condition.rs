//! What a run must meet beside the audit, in a grammar small enough for a command line:
//! `error-rate>5%,p99>2s` fails a run whose error rate is above 5 % or whose 99th percentile is above 2 s.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use shared::environment::parse_duration;

use super::results::{End, Results};
use super::statistics::Quantiles;
use crate::audit::Severity;
use crate::words::{exact_percent, millis};

/// Something that fails a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    measure: &'static Measure,
    side: Side,
    limit: f64,
    text: String,
}

/// Whether a condition failed a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What fails a run, as it was given.
    pub condition: String,
    /// What was measured.
    pub measured: String,
    /// Whether it fails this one.
    #[serde(rename = "broken")]
    pub is_broken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Above,
    Below,
}

/// Something that is measured.
#[derive(Debug)]
struct Measure {
    name: &'static str,
    unit: Unit,
    of: fn(&Results) -> Option<f64>,
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    /// A whole number. Alone, without a limit, it must be zero.
    Count,
    /// From 0 to 1.
    Share,
    /// In milliseconds.
    Time,
}

static MEASURES: [Measure; 12] = [
    Measure { name: "violations", unit: Unit::Count, of: |run| Some(run.audit.violations() as f64) },
    Measure { name: "warnings", unit: Unit::Count, of: |run| Some(warnings(run) as f64) },
    Measure { name: "error-rate", unit: Unit::Share, of: |run| Some(run.share(run.troubled)) },
    Measure { name: "shipped", unit: Unit::Share, of: |run| ended(run, End::Shipped) },
    Measure { name: "rejected", unit: Unit::Share, of: |run| ended(run, End::Rejected) },
    Measure { name: "cancelled", unit: Unit::Share, of: |run| ended(run, End::Cancelled) },
    Measure { name: "failed", unit: Unit::Share, of: |run| ended(run, End::Failed) },
    Measure { name: "p50", unit: Unit::Time, of: |run| latency(run, |times| times.p50) },
    Measure { name: "p90", unit: Unit::Time, of: |run| latency(run, |times| times.p90) },
    Measure { name: "p95", unit: Unit::Time, of: |run| latency(run, |times| times.p95) },
    Measure { name: "p99", unit: Unit::Time, of: |run| latency(run, |times| times.p99) },
    Measure { name: "max", unit: Unit::Time, of: |run| latency(run, |times| times.max) },
];

fn warnings(run: &Results) -> usize {
    run.audit.findings.iter().filter(|finding| finding.severity == Severity::Warning).count()
}

fn ended(run: &Results, end: End) -> Option<f64> {
    Some(run.share(run.ended(end)))
}

fn latency(run: &Results, quantile: fn(&Quantiles) -> u64) -> Option<f64> {
    run.order_latency.as_ref().map(|times| quantile(times) as f64)
}

/// A share such as `5%` or `0.05`, from 0 to 1.
///
/// # Errors
/// A sentence that says what is valid.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    // By its exponent, so that it is as near to the share as a count divided by another is.
    let share = match text.strip_suffix('%') {
        Some(number) => format!("{}e-2", number.trim_end()).parse::<f64>(),
        None => text.parse(),
    };
    let share = share.ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is not a share such as 5% or 0.05"))
}

impl Condition {
    /// Whether it fails `run`: also if there was nothing to measure, lest nobody notice that.
    pub fn judge(&self, run: &Results) -> Verdict {
        let measured = (self.measure.of)(run);
        let broken = |value: f64| match self.side {
            Side::Above => value > self.limit,
            Side::Below => value < self.limit,
        };
        Verdict {
            condition: self.text.clone(),
            measured: measured.map_or_else(|| "nothing".to_owned(), |value| self.measure.unit.show(value)),
            is_broken: measured.is_none_or(broken),
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, side, limit) = match text.split_once(['>', '<']) {
            None => (text, Side::Above, None),
            Some((name, limit)) if text.contains('>') => (name, Side::Above, Some(limit.trim())),
            Some((name, limit)) => (name, Side::Below, Some(limit.trim())),
        };
        let name = name.trim();
        let measure = MEASURES.iter().find(|measure| measure.name == name).ok_or_else(|| {
            let names: Vec<_> = MEASURES.iter().map(|measure| measure.name).collect();
            format!("unknown measure `{name}`; choose one of {}", names.join(", "))
        })?;
        let sign = if side == Side::Above { '>' } else { '<' };
        match (limit, measure.unit) {
            (Some(text), unit) => {
                Ok(Self { measure, side, limit: unit.parse(text)?, text: format!("{name}{sign}{text}") })
            }
            (None, Unit::Count) => Ok(Self { measure, side, limit: 0.0, text: name.to_owned() }),
            (None, unit) => Err(format!("needs a limit, such as {name}>{}", unit.example())),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Unit {
    fn parse(self, text: &str) -> Result<f64, String> {
        match self {
            Self::Count => {
                let count = text.parse::<u32>();
                count.map(f64::from).map_err(|_| format!("`{text}` is not a whole number such as 10"))
            }
            Self::Share => parse_share(text),
            Self::Time => parse_duration(text).map(|limit: Duration| limit.as_millis() as f64),
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Count => "10",
            Self::Share => "5%",
            Self::Time => "2s",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Share => exact_percent(value),
            Self::Time => millis(value as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample::{broken, clean};

    fn error(text: &str) -> String {
        text.parse::<Condition>().unwrap_err()
    }

    #[test]
    fn a_run_is_judged_by_what_was_measured() {
        let verdict = |text: &str, run: &Results| {
            let verdict = text.parse::<Condition>().unwrap().judge(run);
            format!("{} {} {}", verdict.condition, verdict.measured, verdict.is_broken)
        };
        insta::assert_snapshot!(verdict("violations", &clean()), @"violations 0 false");
        insta::assert_snapshot!(verdict("violations", &broken()), @"violations 1 true");
        insta::assert_snapshot!(verdict(" error-rate > 5% ", &clean()), @"error-rate>5% 0 % false");
        insta::assert_snapshot!(verdict("shipped<0.5", &clean()), @"shipped<0.5 50 % false");
        insta::assert_snapshot!(verdict("p99>50ms", &clean()), @"p99>50ms 140 ms true");
        insta::assert_snapshot!(verdict("max>1m", &clean()), @"max>1m 140 ms false");
        let unmeasured = Results { order_latency: None, ..clean() };
        insta::assert_snapshot!(verdict("p95>2s", &unmeasured), @"p95>2s nothing true");
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_valid() {
        insta::assert_snapshot!(error("p98>2s"), @"unknown measure `p98`; choose one of violations, warnings, error-rate, shipped, rejected, cancelled, failed, p50, p90, p95, p99, max");
        insta::assert_snapshot!(error("error-rate"), @"needs a limit, such as error-rate>5%");
        insta::assert_snapshot!(error("error-rate>500%"), @"`500%` is not a share such as 5% or 0.05");
        insta::assert_snapshot!(error("p99>5"), @"`5` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)");
        insta::assert_snapshot!(error("violations>-1"), @"`-1` is not a whole number such as 10");
        insta::assert_snapshot!(error(""), @"unknown measure ``; choose one of violations, warnings, error-rate, shipped, rejected, cancelled, failed, p50, p90, p95, p99, max");
    }
}

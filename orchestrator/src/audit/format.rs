//! A report for people, for programs and for CI.

mod github;
mod json;
pub(crate) mod junit;
mod summary;
mod text;

use std::io::{self, Write};

use serde::Deserialize;

use super::{Finding, Kind, Report};

pub use github::{step_summary, step_summary_as};
pub(super) use json::Verdict;
pub use summary::summary;

/// How many findings are shown where people read them.
const MAX_SHOWN: usize = 50;

/// The findings that people read: wrong money, stock and labels before behaviour that may do harm one day,
/// also where that is a violation.
fn shown(report: &Report) -> impl Iterator<Item = &Finding> {
    let are = |harmless| report.findings.iter().filter(move |it| (it.kind == Kind::Behaviour) == harmless);
    are(false).chain(are(true)).take(MAX_SHOWN)
}

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For CI servers, as XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

impl Format {
    /// Writes the whole report. Text has colours, which the stream drops if its output has none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Text => text::report(report, out),
            Self::Json => json::report(report, out),
            Self::Junit => junit::report(report, out),
            Self::Github => github::report(report, out),
        }
    }

    /// Writes a single finding. `junit` has no form for that, so text is written instead.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_finding(self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Text | Self::Junit => text::finding(finding, out),
            Self::Json => json::finding(finding, out),
            Self::Github => github::finding(finding, out),
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text | Self::Github => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Junit => "application/xml",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::story::Story;
    use crate::audit::{Audit, Ledgers};

    /// A report with every feature, in this format.
    pub(super) fn sample(format: Format) -> String {
        written(format, &sample_report())
    }

    pub(super) fn written(format: Format, report: &Report) -> String {
        let mut bytes = Vec::new();
        format.write(report, &mut bytes).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
    }

    pub(super) fn sample_report() -> Report {
        let story = Story::told(SAMPLE);
        story.audit().report(&story.ledgers)
    }

    const SAMPLE: &str = "0s payment.authorize outcome=lost_response took=250ms -> lost; held auth_1 109.97
        1500ms payment.authorize #2 -> 503 unavailable
        125s payment.authorize order=ORD-2 key=none -> 201; held auth_2 20
        126s payment.release auth_2 order=ORD-2 replay -> 200; released auth_2 20
        127s payment.authorize order=ORD<3> -> executing
        128s payment.authorize order=none -> 402 insufficient_funds";

    #[test]
    fn a_clean_report_is_short() {
        let clean = |format: Format| {
            let story = Story::told("decided failed\n0s payment.authorize -> 402 insufficient_funds");
            written(format, &story.audit().report(&story.ledgers))
        };
        insta::assert_snapshot!(clean(Format::Text), @"
        1 order judged.
        Clean: no findings.
        ");
        insta::assert_snapshot!(clean(Format::Github), @"
        1 order judged.
        Clean: no findings.
        ");
    }

    #[test]
    fn people_read_what_is_wrong_before_what_is_only_risky() {
        let warned =
            |order: usize| format!("0s payment.authorize order=A{order:02} key=none -> 402 declined\n");
        let warnings: String = (0..60).map(warned).collect();
        let story = Story::told(&format!("{warnings}0s payment.authorize -> 201; held auth_1 100"));
        let strict = Audit { strict: true, ..story.audit() }.report(&story.ledgers);
        let text = written(Format::Text, &strict);
        assert!(text.starts_with("VIOLATION ORD-1 hold_left_open"), "{text}");
        assert_eq!(text.matches("VIOLATION A").count(), MAX_SHOWN - 1);
        let report = story.audit().report(&story.ledgers);
        for (format, violation, warning) in
            [(Format::Text, "VIOLATION ORD-1 ", "WARNING A"), (Format::Github, "::error ", "::warning ")]
        {
            let text = written(format, &report);
            assert!(text.starts_with(violation), "{text}");
            assert_eq!(text.matches(warning).count(), MAX_SHOWN - 1);
        }
        let summary = step_summary(&report);
        let rows: Vec<_> =
            summary.lines().filter(|line| line.contains("ORD-1") || line.contains("| A")).collect();
        assert!(rows[0].starts_with("| ❌ | ORD-1 |"), "{summary}");
        assert_eq!(rows.len(), MAX_SHOWN);
    }

    #[test]
    fn a_report_over_nothing_says_so_in_every_form() {
        let written = |format: Format| written(format, &Audit::default().report(&Ledgers::new()));
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!((&json["clean"], &json["orders"]), (&false.into(), &0.into()));
        insta::assert_snapshot!(json["nothingToJudge"], @r#""the backends have received no requests yet""#);
        for format in [Format::Text, Format::Github] {
            let text = written(format);
            insta::allow_duplicates! { insta::assert_snapshot!(text.lines().last().unwrap(), @"There is nothing to judge: the backends have received no requests yet."); }
        }
        let passed = written(Format::Junit).lines().filter(|line| line.ends_with("\"/>")).count();
        assert_eq!(passed, 0, "every rule is skipped");
    }
}

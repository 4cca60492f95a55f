//! `audit`: judge a flow by the ledgers of the backends it used.

mod settle;
mod watch;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use jiff::{SignedDuration, Timestamp};
use shared::environment::{Environment, parse_duration};
use shared::time::Clock;

use super::arguments::{base_url, duration_from};
use super::process::Ending;
use super::unless_nobody_reads;
use crate::audit::{
    Allowance, Audit, Error, Format, Reading, Report, Source, read_decisions, read_restarts, step_summary,
};
use settle::settled;

const EXIT_STATUS: &str = "Exit status: 0 clean; 1 violations; 2 wrong usage, no ledger could be read, or there was no \
order to judge. docs/AUDIT.md lists every rule.";

/// Judge a flow, in any language, by the ledgers of the backends it used
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Args {
    /// URL of the backends
    #[arg(long, env = "BACKENDS_URL", default_value = "http://127.0.0.1:3001", value_parser = base_url)]
    url: String,
    /// Judge saved ledgers instead: answers of GET /{domain}/ledger, or records, one per line
    #[arg(long, env = "AUDIT_LEDGER", value_delimiter = ',', num_args = 1.., value_name = "FILE", conflicts_with_all = ["settle", "watch"])]
    ledger: Vec<PathBuf>,
    /// What the orchestrator decided: lines of {"orderId": .., "accepted": ["cancel"], "status": "cancelled"}
    #[arg(long, env = "AUDIT_DECISIONS", value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// When the client was restarted: times such as 2026-01-28T10:00:00.250Z, one per line
    #[arg(long, env = "AUDIT_RESTARTS", value_name = "FILE")]
    restarts: Option<PathBuf>,
    /// Count warnings as violations
    #[arg(long, env = "AUDIT_STRICT", value_parser = BoolishValueParser::new())]
    strict: bool,
    /// Allow what would otherwise be a violation
    #[arg(long, env = "AUDIT_ALLOW", value_delimiter = ',', value_enum)]
    allow: Vec<Allowance>,
    /// First wait, for at most an hour or as long as TIME if that is longer, until no request is executing and nothing has happened for this long
    #[arg(long, env = "AUDIT_SETTLE", value_name = "TIME", value_parser = parse_duration, conflicts_with = "watch")]
    settle: Option<Duration>,
    /// Judge repeatedly until interrupted, printing each finding once
    #[arg(long, env = "AUDIT_WATCH", value_parser = BoolishValueParser::new())]
    watch: bool,
    /// While watching, leave out orders with activity within this time [default: 150s x timeScale, at least 10s]
    #[arg(long, env = "AUDIT_QUIET", value_name = "TIME", value_parser = parse_duration, requires = "watch")]
    quiet: Option<Duration>,
    /// While watching, how often to judge
    #[arg(long, env = "AUDIT_EVERY", value_name = "TIME", value_parser = duration_from(MIN_INTERVAL), default_value = "5s", requires = "watch")]
    every: Duration,
    /// Report format
    #[arg(long, env = "AUDIT_FORMAT", value_enum, default_value_t)]
    format: Format,
}

/// The shortest interval between two reads of the ledgers.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}{}", .0, advice(.0))]
    Source(#[from] Error),
    #[error("the backends were still active after an hour")]
    Unsettled,
    #[error(
        "--format junit is a single document, and --watch keeps printing: use --format text, json or github with --watch"
    )]
    WatchedDocument,
    #[error("GITHUB_STEP_SUMMARY: {path} cannot be written: {reason}")]
    Summary { path: String, reason: io::Error },
    #[error("there is nothing to judge: {0}")]
    Nothing(String),
    #[error("the report cannot be written: {0}")]
    Output(#[from] io::Error),
}

fn advice(error: &Error) -> &'static str {
    match error {
        Error::Unreachable { .. } => {
            ": is `fake-stripe-chaos serve` or `backends` running, and --url (BACKENDS_URL) right?"
        }
        Error::NotALedger { .. } => ": is --url (BACKENDS_URL) right?",
        Error::BadUrl { .. } | Error::File { .. } => "",
    }
}

/// Prints the report to standard output, and errors to standard error.
pub(super) async fn run(args: &Args, environment: &Environment) -> Ending {
    let clock = Clock::system();
    let mut stdout = anstream::stdout();
    let verdict = if args.watch {
        watch::run(args, environment, clock, &mut stdout).await
    } else {
        once(args, environment, clock, &mut stdout).await
    };
    match verdict {
        Ok(true) => Ending::Good,
        Ok(false) => Ending::Bad,
        Err(failure) => {
            super::tell(format_args!("error: {failure}"));
            Ending::Unusable
        }
    }
}

/// Judges once; returns whether the report is clean.
async fn once(
    args: &Args,
    environment: &Environment,
    clock: Clock,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let (source, audit) = (args.source()?, args.audit()?);
    let asked_at = clock.now();
    let Reading { ledgers, evicted, .. } = match args.settle {
        None => source.read().await?,
        Some(quiet) => settled(&source, quiet, clock, tell).await?,
    };
    // Ledgers are read one after another: what happens meanwhile is in some of them only.
    let moving = args.settle.is_none() && matches!(source, Source::Live(_));
    let quiet_since = if moving { asked_at } else { Timestamp::MAX };
    let report = audit.report_until(&ledgers, quiet_since).lacking(evicted);
    require_orders(&report, "--settle 30s waits until none is")?;
    unless_nobody_reads(args.format.write(&report, out).and_then(|()| out.flush()))?;
    append_summary(args.format, environment, &step_summary(&report))?;
    Ok(report.is_clean())
}

/// Shows people that the command is waiting, and for what.
fn tell(text: &str) {
    if io::stderr().is_terminal() {
        super::tell(format_args!("{text}"));
    }
}

/// The error if there was no order to judge, because an empty audit must not pass.
/// `if_young` says what to do if each was heard of too recently.
fn require_orders(report: &Report, if_young: &str) -> Result<(), Failure> {
    let Some(why) = report.why_nothing() else { return Ok(()) };
    Err(Failure::Nothing(match (report.executing, report.young) {
        (_, 1..) => format!("{why}; {if_young}"),
        (1.., 0) => format!("{why}; --settle 30s waits until none has"),
        (0, 0) => why,
    }))
}

/// The time that was `quiet` before `at`.
fn before(at: Timestamp, quiet: Duration) -> Timestamp {
    let quiet = SignedDuration::try_from(quiet).unwrap_or(SignedDuration::MAX);
    at.saturating_sub(quiet).unwrap_or(Timestamp::MIN)
}

/// GitHub Actions sets the path of the job's summary.
fn append_summary(format: Format, environment: &Environment, summary: &str) -> Result<(), Failure> {
    let Some(path) = environment.get("GITHUB_STEP_SUMMARY").filter(|_| format == Format::Github) else {
        return Ok(());
    };
    let file = std::fs::File::options().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(summary.as_bytes()));
    written.map_err(|reason| Failure::Summary { path: path.to_owned(), reason })
}

impl Args {
    fn source(&self) -> Result<Source, Error> {
        if self.ledger.is_empty() { Source::at(&self.url) } else { Ok(Source::Files(self.ledger.clone())) }
    }

    fn audit(&self) -> Result<Audit, Error> {
        Ok(Audit {
            strict: self.strict,
            allowed: self.allow.clone(),
            restarts: self.restarts.as_deref().map(read_restarts).transpose()?.unwrap_or_default(),
            decisions: self.decisions.as_deref().map(read_decisions).transpose()?,
            one_sequence: false,
            ..Audit::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::tests::Line;
    use clap::Parser;
    use std::path::Path;

    fn parsed(line: &str) -> Result<Args, String> {
        let words = std::iter::once("audit").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line: Line<Args>| line.args).map_err(|error| error.to_string())
    }

    /// The same, over a saved ledger in which a hold is left open, with its last activity at 10 s.
    pub(super) fn over_a_hold(folder: &Path, line: &str) -> (Args, Source) {
        let path = folder.join("payment.jsonl");
        let record = concat!(
            r#"{"kind":"request","seq":1,"operation":"payment.authorize","order":"ORD-1","resource":"auth_1","status":201,"#,
            r#""startedAt":"1970-01-01T00:00:08Z","endedAt":"1970-01-01T00:00:10Z","correlationId":"c-1"}"#
        );
        std::fs::write(&path, record).unwrap();
        (parsed(line).unwrap(), Source::Files(vec![path]))
    }

    #[test]
    fn the_usual_ways_to_ask_are_understood() {
        let args = parsed("--url http://ci:3001 --settle 30s --strict --format junit").unwrap();
        assert_eq!(
            (args.url.as_str(), args.settle, args.strict),
            ("http://ci:3001", Some(Duration::from_secs(30)), true)
        );
        assert_eq!(args.format, Format::Junit);
        let args = parsed("--ledger payment.json shipping.json --allow split-shipments").unwrap();
        assert_eq!((args.ledger.len(), args.allow), (2, vec![Allowance::SplitShipments]));
        let args = parsed("--watch --quiet 20s --every 1s").unwrap();
        assert_eq!(
            (args.watch, args.quiet, args.every),
            (true, Some(Duration::from_secs(20)), Duration::from_secs(1))
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in [
            "--ledger a.json --watch",
            "--ledger a.json --settle 5s",
            "--settle 5s --watch",
            "--quiet 5s",
            "--every 5s",
            "--allow everything",
            "--format yaml",
            "--watch --every 1ms",
            "--settle soon",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}

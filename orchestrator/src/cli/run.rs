//! `run`: test an orchestrator, and report.

mod files;
mod progress;
mod repeat;
mod stage;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use shared::environment::{ConfigError, Environment, parse_duration};
use shared::time::{Clock, TimeScale};

use super::arguments::{base_url, port, whole_number};
use super::process::{self, Ending};
use super::unless_nobody_reads;
use crate::audit::{Allowance, Audit, read_restarts};
use crate::run::{self, Condition, Format, Plan};
use crate::workload::Mix;
use files::Files;
use progress::Progress;
use stage::Stage;

const EXIT_STATUS: &str = "Exit status: 0 clean; 1 violations, or a condition of --fail-on; 2 wrong usage, or a service \
does not answer; 130 interrupted, with no violation so far. docs/CI.md has recipes.

The services that the run starts read the variables of `backends` and `orchestrator`: CHAOS_PRESET=storm fake-stripe-chaos run";

/// Test an orchestrator: place orders, decide on them, audit, measure, report
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Args {
    /// How many orders to place, at most 100000
    #[arg(long, env = "RUN_ORDERS", default_value_t = 1000, value_parser = whole_number(1..=MAX_ORDERS))]
    orders: u64,
    /// Orders, decisions and outcomes are drawn from it [default: that of --backends, or random]
    #[arg(long, env = "CHAOS_SEED", value_parser = whole_number(0..=u64::MAX))]
    seed: Option<u64>,
    /// How many orders are open at once
    #[arg(long, env = "RUN_CONCURRENCY", default_value_t = 64, value_parser = whole_number(1..=MAX_OPEN))]
    concurrency: usize,
    /// Multiplies simulated durations [default: that of --backends, or 0.001, or 1 with --target]
    #[arg(long, env = "TIME_SCALE", value_parser = TimeScale::parse)]
    time_scale: Option<TimeScale>,
    #[command(flatten)]
    decisions: Decisions,
    /// The share of approved orders to cancel later: within a minute x time scale, or right after their end
    #[arg(long, value_name = "SHARE", env = "RUN_LATE_CANCELS", default_value_t = 0.0, value_parser = share)]
    late_cancels: f64,
    /// The share of orders to place twice at once, as by a double click
    #[arg(long, value_name = "SHARE", env = "RUN_DOUBLE_CLICKS", default_value_t = 0.0, value_parser = share)]
    double_clicks: f64,
    /// Someone else's orchestrator, with the same order API [default: the bundled one, started here]
    #[arg(long, value_name = "URL", env = "RUN_TARGET", value_parser = base_url)]
    target: Option<String>,
    /// Running backends [default: started here]
    #[arg(long, value_name = "URL", env = "RUN_BACKENDS", value_parser = base_url)]
    backends: Option<String>,
    /// Where to serve the backends if they are started here [default: 3001 with --target, else any free port]
    #[arg(long, env = "RUN_PORT", value_parser = port, conflicts_with = "backends")]
    port: Option<u16>,
    /// The address to serve them on; 0.0.0.0 is every address of this machine
    #[arg(long, env = "RUN_HOST", default_value = DEFAULT_HOST)]
    host: String,
    /// Empty the backends first, and accept a seed or time scale that differs
    #[arg(long, env = "RUN_RESET", value_parser = BoolishValueParser::new())]
    reset: bool,
    /// How long an order may take [default: 30m x time scale, at least 5m]
    #[arg(long, value_name = "TIME", env = "RUN_ORDER_TIMEOUT", value_parser = parse_duration)]
    order_timeout: Option<Duration>,
    /// What else fails the run: error-rate>5%, p99>2s, warnings, shipped<10%
    #[arg(long, value_name = "CONDITION", env = "RUN_FAIL_ON", value_delimiter = ',')]
    fail_on: Vec<Condition>,
    /// Count warnings of the audit as violations
    #[arg(long, env = "RUN_STRICT", value_parser = BoolishValueParser::new())]
    strict: bool,
    /// Allow what would otherwise be a violation
    #[arg(long, value_enum, env = "RUN_ALLOW", value_delimiter = ',')]
    allow: Vec<Allowance>,
    /// When the target was restarted: times such as 2026-01-28T10:00:00.250Z, one per line, read at the end
    #[arg(long, value_name = "FILE", env = "RUN_RESTARTS")]
    restarts: Option<PathBuf>,
    /// Write a report as one HTML file
    #[arg(long, value_name = "FILE", env = "RUN_REPORT")]
    report: Option<PathBuf>,
    #[arg(long, help = "Write a JUnit XML report", value_name = "FILE", env = "RUN_JUNIT")]
    junit: Option<PathBuf>,
    /// Save the ledgers and decisions in this directory, in the form that `audit` reads
    #[arg(long, value_name = "DIRECTORY", env = "RUN_LEDGER_DIR")]
    ledger_dir: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, env = "RUN_FORMAT", default_value_t)]
    format: Format,
}

/// The shares of orders to approve, reject and cancel. The rest gets no decision.
#[derive(Debug, clap::Args)]
pub(super) struct Decisions {
    /// The share of orders to approve [default: 0.9; 0 if another share is given]
    #[arg(long, value_name = "SHARE", env = "RUN_APPROVE", value_parser = share)]
    approve: Option<f64>,
    /// The share of orders to reject [default: 0.05; 0 if another share is given]
    #[arg(long, value_name = "SHARE", env = "RUN_REJECT", value_parser = share)]
    reject: Option<f64>,
    /// The share of orders to cancel [default: 0.05; 0 if another share is given]
    #[arg(long, value_name = "SHARE", env = "RUN_CANCEL", value_parser = share)]
    cancel: Option<f64>,
}

/// The backends' ledgers hold a million records each: enough for that many orders.
const MAX_ORDERS: u64 = 100_000;

/// How many orders may be open at once, here and in a simulated world.
pub(super) const MAX_OPEN: usize = 100_000;

/// How long an order may take before `TIME_SCALE`, and the minimum.
const DEFAULT_ORDER_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const MIN_ORDER_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Other machines need not reach the backends.
const DEFAULT_HOST: &str = "127.0.0.1";

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Run(#[from] run::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Audit(#[from] crate::audit::Error),
    #[error("--approve (RUN_APPROVE), --reject (RUN_REJECT), --cancel (RUN_CANCEL): {0}")]
    Decisions(#[from] crate::workload::BadMix),
    #[error(
        "--restarts (RUN_RESTARTS) needs a --target (RUN_TARGET): the bundled orchestrator is never restarted"
    )]
    Restarts,
    #[error("{0:#}")]
    Start(anyhow::Error),
    #[error("--report (RUN_REPORT) and --junit (RUN_JUNIT) are one file, {0}: name two")]
    SameFile(String),
    #[error("{path} cannot be written: {reason}")]
    Unwritable { path: String, reason: io::Error },
    #[error("the results cannot be printed: {0}")]
    Output(#[from] io::Error),
}

fn share(text: &str) -> Result<f64, String> {
    run::parse_share(text)
}

/// Prints results to standard output, progress and errors to standard error.
pub(super) async fn run(args: &Args, environment: &Environment) -> Ending {
    match execute(args, environment).await {
        Ok(ending) => ending,
        Err(failure) => {
            super::tell(format_args!("error: {failure}"));
            let interrupted = matches!(failure, Failure::Run(run::Error::Interrupted));
            if interrupted { Ending::Interrupted } else { Ending::Unusable }
        }
    }
}

async fn execute(args: &Args, environment: &Environment) -> Result<Ending, Failure> {
    let mix = args.decisions.mix()?;
    let audit = args.audit()?;
    let files = Files::asked_for(args, environment)?;
    let stage = Stage::set(args, environment).await?;
    let plan = args.plan(&stage, mix, audit, environment)?;
    let progress = Progress::new(plan.orders);
    let (stop, on_news) = (process::stop_signal(), |news| progress.tell(news));
    let made = run::run(&plan, &stage.site, Clock::system(), &on_news, &stop).await?;
    progress.finish();
    files.write(&made)?;
    let mut stdout = anstream::stdout();
    let written = args.format.write(&made.results, &mut stdout).and_then(|()| stdout.flush());
    unless_nobody_reads(written)?;
    let results = &made.results;
    Ok(match (results.is_clean(), results.interrupted && results.audit.is_clean()) {
        (true, _) => Ending::Good,
        (false, true) => Ending::Interrupted,
        (false, false) => Ending::Bad,
    })
}

impl Args {
    fn plan(
        &self,
        stage: &Stage,
        mix: Mix,
        audit: Audit,
        environment: &Environment,
    ) -> Result<Plan, ConfigError> {
        let usual = stage.time_scale.apply_at_least(DEFAULT_ORDER_TIMEOUT, MIN_ORDER_TIMEOUT);
        Ok(Plan {
            orders: self.orders,
            concurrency: self.concurrency,
            seed: stage.seed,
            time_scale: stage.time_scale,
            mix,
            late_cancels: self.late_cancels,
            double_clicks: self.double_clicks,
            order_timeout: self.order_timeout.unwrap_or(usual),
            reset: self.reset,
            conditions: self.fail_on.clone(),
            audit,
            restarts: self.restarts.clone(),
            command: self.command(stage.seed, stage.time_scale, environment)?,
        })
    }

    fn audit(&self) -> Result<Audit, Failure> {
        if self.restarts.is_some() && self.target.is_none() {
            return Err(Failure::Restarts);
        }
        // Nobody waits for a run in vain.
        self.restarts.as_deref().map(read_restarts).transpose()?;
        Ok(Audit {
            strict: self.strict,
            allowed: self.allow.clone(),
            one_sequence: self.backends.is_none(),
            ..Audit::default()
        })
    }
}

impl Decisions {
    pub(super) fn mix(&self) -> Result<Mix, crate::workload::BadMix> {
        match (self.approve, self.reject, self.cancel) {
            (None, None, None) => Ok(Mix::default()),
            (approve, reject, cancel) => {
                Mix::new(approve.unwrap_or(0.0), reject.unwrap_or(0.0), cancel.unwrap_or(0.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::tests::Line;
    use clap::Parser;

    pub(super) fn parsed(line: &str) -> Result<Args, String> {
        let words = std::iter::once("run").chain(line.split_whitespace());
        Line::try_parse_from(words)
            .map(|line: Line<Args>| line.args)
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_usual_ways_to_run_are_understood() {
        let args = parsed("--orders 50 --seed 7 --time-scale 0.001 --fail-on error-rate>5%,p99>2s --strict")
            .unwrap();
        assert_eq!((args.orders, args.seed, args.fail_on.len(), args.strict), (50, Some(7), 2, true));
        assert_eq!(args.decisions.mix(), Ok(Mix::default()));
        let args = parsed("--approve 1 --target http://shop:8080").unwrap();
        assert_eq!(args.decisions.mix(), Mix::new(1.0, 0.0, 0.0));
    }

    #[test]
    fn wrong_usage_is_named_with_what_is_valid() {
        insta::assert_snapshot!(parsed("--orders 0").unwrap_err(), @"error: invalid value '0' for '--orders <ORDERS>': `0` is not a whole number from 1 to 100000");
        insta::assert_snapshot!(parsed("--concurrency 0").unwrap_err(), @"error: invalid value '0' for '--concurrency <CONCURRENCY>': `0` is not a whole number from 1 to 100000");
        insta::assert_snapshot!(parsed("--time-scale fast").unwrap_err(), @"error: invalid value 'fast' for '--time-scale <TIME_SCALE>': `fast` is not a number from 0.000001 to 1000, such as 0.01");
        insta::assert_snapshot!(parsed("--approve 110%").unwrap_err(), @"error: invalid value '110%' for '--approve <SHARE>': `110%` is not a share such as 5% or 0.05");
        insta::assert_snapshot!(parsed("--fail-on p98>2s").unwrap_err(), @"error: invalid value 'p98>2s' for '--fail-on <CONDITION>': unknown measure `p98`; choose one of violations, warnings, error-rate, shipped, rejected, cancelled, failed, p50, p90, p95, p99, max");
        insta::assert_snapshot!(parsed("--backends http://a --port 1").unwrap_err(), @"error: the argument '--backends <URL>' cannot be used with '--port <PORT>'");
        assert!(parsed("--approve 0.9 --reject 0.2").unwrap().decisions.mix().is_err());
    }
}

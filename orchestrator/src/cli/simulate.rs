//! `simulate`: test the saga in virtual time.

mod progress;
mod replay;
mod report;
mod search;

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use clap::builder::BoolishValueParser;
use shared::environment::{ConfigError, Environment};

use super::arguments::whole_number;
use super::process::Ending;
use super::run::{Decisions, MAX_OPEN};
use crate::activities::ActivitySettings;
use crate::bundled::Settings;
use crate::simulate::{Crash, Decision, Flow, Schedule, Stuck, Subject};
use crate::workload::{BadMix, OrderName};
use replay::Replay;
use report::Format;

const EXIT_STATUS: &str = "\
Three ways:
  --seeds 1..500             random orders, one world per seed, under the chaos of CHAOS_... (the default)
  --exhaustive               everything that can happen with up to --faults faults, under every decision
  --script, --replay         one order with given faults, with a timeline: the lines that the other two print

Exit status: 0 clean; 1 findings; 2 wrong usage; 130 interrupted, with no finding so far.";

/// A world of so many fits into a processor's cache. Larger ones take a tenth longer, and half as long again when others
/// use the memory too.
const ORDERS_PER_WORLD: u64 = 50;

/// The options of random orders, which have no meaning otherwise.
const WORLDS: [&str; 8] =
    ["seeds", "orders_per_world", "concurrency", "approve", "reject", "cancel", "late_cancels", "log"];

/// Test the saga in virtual time: thousands of orders a second, every step of which is judged
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS)]
#[command(mut_arg("approve", |share| share.env("SIMULATE_APPROVE")))]
#[command(mut_arg("reject", |share| share.env("SIMULATE_REJECT")))]
#[command(mut_arg("cancel", |share| share.env("SIMULATE_CANCEL")))]
pub(super) struct Args {
    /// The seeds of the worlds to simulate, both ends included
    #[arg(long, env = "SIMULATE_SEEDS", value_name = "FIRST..LAST", value_parser = parse_seeds, default_value = "1..500")]
    seeds: RangeInclusive<u64>,
    /// How many orders are placed in each world
    #[arg(long, env = "SIMULATE_ORDERS_PER_WORLD", value_name = "COUNT", default_value_t = ORDERS_PER_WORLD, value_parser = whole_number::<u64>(1..=100_000))]
    orders_per_world: u64,
    /// How many orders of a world are open at once
    #[arg(long, env = "SIMULATE_CONCURRENCY", value_name = "COUNT", default_value_t = 64, value_parser = whole_number(1..=MAX_OPEN))]
    concurrency: usize,
    #[command(flatten)]
    decisions: Decisions,
    /// The share of approved orders that are cancelled at some time within a minute
    #[arg(long, env = "SIMULATE_LATE_CANCELS", value_name = "SHARE", default_value_t = 0.0, value_parser = crate::run::parse_share)]
    late_cancels: f64,
    /// Crash the orchestrator's process: at random, or at every append to the journal
    #[arg(long, env = "SIMULATE_CRASHES", value_parser = BoolishValueParser::new())]
    crashes: bool,

    /// Search all schedules of up to `--faults` faults
    #[arg(long, env = "SIMULATE_EXHAUSTIVE", value_parser = BoolishValueParser::new(), conflicts_with_all = WORLDS, group = "given")]
    exhaustive: bool,
    /// The maximum number of faults per order
    #[arg(long, env = "SIMULATE_FAULTS", value_name = "COUNT", default_value_t = 1, value_parser = whole_number(0..=usize::MAX), requires = "exhaustive")]
    faults: usize,
    /// The decisions: none, approve, reject, cancel, cancel@payment.capture, ... [default: approve, or everything]
    #[arg(long, env = "SIMULATE_DECISION", value_delimiter = ',', requires = "given")]
    decision: Vec<Decision>,

    /// Run one order with these faults, in the form of `CHAOS_SCRIPT`: `payment.capture#1=lost_response; shipping.create_label#1=reset`
    #[arg(long, env = "SIMULATE_SCRIPT", conflicts_with_all = WORLDS, conflicts_with_all = ["crashes", "faults", "threads"], group = "given")]
    script: Option<String>,
    /// Where the orchestrator's process crashes: `before:payment_capture:1.completed`, or `after:`
    #[arg(long, env = "SIMULATE_CRASH", value_delimiter = ',', requires = "script")]
    crash: Vec<Crash>,
    /// Order what this order of a random world orders, such as ORD-7-42
    #[arg(long, env = "SIMULATE_ORDER", value_name = "ORDER", requires = "script")]
    order: Option<OrderName>,
    /// Run one order for each line of a file, in the form that this command prints; - is standard input
    #[arg(long, env = "SIMULATE_REPLAY", value_name = "FILE", conflicts_with_all = WORLDS, conflicts_with_all = ["crashes", "faults", "threads", "exhaustive", "script"])]
    replay: Option<PathBuf>,

    /// How many worlds run at once [default: one per core]
    #[arg(long, env = "SIMULATE_THREADS", value_name = "COUNT", value_parser = whole_number::<usize>(1..=1024))]
    threads: Option<usize>,
    /// Write everything that happens in the worlds of --seeds, in the order of the seeds
    #[arg(long, env = "SIMULATE_LOG", value_name = "FILE")]
    log: Option<PathBuf>,
    /// Report format
    #[arg(long, env = "SIMULATE_FORMAT", value_enum, default_value_t)]
    format: Format,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("--approve (SIMULATE_APPROVE), --reject (SIMULATE_REJECT), --cancel (SIMULATE_CANCEL): {0}")]
    Mix(#[from] BadMix),
    #[error("{0}")]
    Line(String),
    #[error("--decision (SIMULATE_DECISION): only one order is simulated, so there is only one decision")]
    Decisions,
    #[error(transparent)]
    Stuck(#[from] Stuck),
    #[error("{path}: {error}")]
    File { path: String, error: io::Error },
    #[error("the report cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Prints the report to standard output, and progress and errors to standard error.
pub(super) fn run(args: &Args, flow: Flow, environment: &Environment) -> Ending {
    // Its worlds have their own runtimes.
    let judged = || judged(args, flow, environment, &mut anstream::stdout());
    match tokio::task::block_in_place(judged) {
        Ok(ending) => ending,
        Err(failure) => {
            super::tell(format_args!("error: {failure}"));
            if matches!(failure, Failure::Stuck(_)) { Ending::Bad } else { Ending::Unusable }
        }
    }
}

fn judged(
    args: &Args,
    flow: Flow,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    if let Some(file) = &args.replay {
        return report::replays(&replay::read(file, &flow, environment)?, args.format, out);
    }
    let subject = subject(flow, environment)?;
    if let Some(script) = &args.script {
        let replay = Replay { subject, schedule: args.schedule(script)? };
        return report::replays(&[replay], args.format, out);
    }
    let subject = Arc::new(subject);
    if args.exhaustive {
        search::exhaustive(args, &subject, out)
    } else {
        search::random(args, &subject, out)
    }
}

/// `flow`, under the settings of `environment`.
fn subject(flow: Flow, environment: &Environment) -> Result<Subject, ConfigError> {
    Ok(Subject {
        flow,
        limits: ActivitySettings::from_environment(environment)?,
        backends: Settings::from_environment(environment, 1)?,
    })
}

impl Args {
    /// The schedule of the order, with `script`.
    fn schedule(&self, script: &str) -> Result<Schedule, Failure> {
        let faults = Schedule::parse_faults(script)
            .map_err(|e| Failure::Line(format!("--script (SIMULATE_SCRIPT): {e}")))?;
        let decision = match self.decision[..] {
            [] => Decision::default(),
            [decision] => decision,
            _ => return Err(Failure::Decisions),
        };
        Ok(Schedule { faults, decision, crashes: self.crash.iter().cloned().collect(), order: self.order })
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }
}

fn parse_seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("`{text}` is not a range of seeds such as 1..1000");
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let last = last.strip_prefix('=').unwrap_or(last);
    let seeds = first.parse().map_err(|_| wrong())?..=last.parse().map_err(|_| wrong())?;
    if seeds.is_empty() { Err(wrong()) } else { Ok(seeds) }
}

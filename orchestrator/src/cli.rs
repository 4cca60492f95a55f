//! The command line, one file per subcommand. `--help` is the reference.

mod arguments;
mod audit;
#[cfg(feature = "bundled")]
mod backends;
mod banner;
#[cfg(feature = "bundled")]
mod config;
mod engine;
mod health;
mod openapi;
mod orchestrator;
mod order;
mod process;
#[cfg(feature = "bundled")]
mod run;
#[cfg(feature = "bundled")]
mod serve;
#[cfg(feature = "bundled")]
mod simulate;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::environment::{ConfigError, Environment};

use process::Ending;

#[cfg(feature = "bundled")]
use crate::simulate::Flow;

/// Fake payment, inventory, shipping and notification services that misbehave as real ones do, and a saga
/// that survives them
#[derive(Debug, Parser)]
#[command(name = "fake-stripe-chaos", version, after_long_help = ENVIRONMENT)]
struct Cli {
    /// `serve` when there is none
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "bundled")]
    Serve(serve::Args),
    #[cfg(feature = "bundled")]
    Backends(backends::Args),
    Orchestrator(orchestrator::Args),
    #[cfg(feature = "bundled")]
    Config(config::Args),
    Openapi(openapi::Args),
    Order(order::Args),
    Audit(audit::Args),
    #[cfg(feature = "bundled")]
    Run(run::Args),
    #[cfg(feature = "bundled")]
    Simulate(Box<simulate::Args>),
    Health(health::Args),
}

impl Command {
    /// Whether its logs are useful to the user. Those of simulated processes are not.
    fn logs(&self) -> bool {
        #[cfg(feature = "bundled")]
        if let Self::Simulate(_) = self {
            return false;
        }
        true
    }
}

const ENVIRONMENT: &str = "Environment, besides the variables of the options (an empty one counts as unset):

Chaos of the backends (`config` shows the effective tables; most specific wins)
  CHAOS_SEED=42                      every outcome is drawn from it; random by default, and printed at start
  CHAOS_PRESET=default               default, calm, storm or blackout
  CHAOS_FAILURE_RATE=0.2             scales all failures; 0 is the happy path
  CHAOS_PAYMENT_FAILURE_RATE=10%     the same for one domain
  CHAOS_PAYMENT_AUTHORIZE_FAILURE_RATE=0.5
                                     the same for one operation
  CHAOS_PAYMENT_AUTHORIZE=\"success=40%, timeout=60%@5s\"
                                     a whole table
  CHAOS_SCRIPT=\"ORD-7:payment.capture#1=lost_response\"
                                     the outcome of one attempt, for one order or for every order
  TIME_SCALE=0.01                    multiplies simulated durations; minimums: 2s for an attempt,
  5s for the wait for approval, 5m for a workflow and a compensation

The backends' own rules
  PAYMENT_AUTHORIZATION_TTL=7d, INVENTORY_RESERVATION_TTL=30m,
  INVENTORY_STOCK=\"ITEM-001=100,ITEM-002=50\", INVENTORY_DEFAULT_STOCK=1000000,
  PAYMENT_CAPACITY=1000000, INVENTORY_CAPACITY=1000000, SHIPPING_CAPACITY=1000000,
  NOTIFICATION_CAPACITY=1000000; LEDGER_CAPACITY=1000000 for each ledger

The orchestrator's timeouts and retries
  PAYMENT_ACTIVITY_TIMEOUT=10s,      PAYMENT_ACTIVITY_RETRIES=3
  INVENTORY_ACTIVITY_TIMEOUT=10s,    INVENTORY_ACTIVITY_RETRIES=2
  SHIPPING_ACTIVITY_TIMEOUT=1m,      SHIPPING_ACTIVITY_RETRIES=5, SHIPPING_HEARTBEAT_TIMEOUT=12s
  NOTIFICATION_ACTIVITY_TIMEOUT=10s, NOTIFICATION_ACTIVITY_RETRIES=2
  COMPENSATION_ACTIVITY_TIMEOUT=15s, COMPENSATION_ACTIVITY_RETRIES=unlimited, or a number
  APPROVAL_TIMEOUT=2m, WORKFLOW_TIMEOUT=30m, RETENTION=7d

The cluster of --engine temporal (in a build with the feature `temporal`)
  TEMPORAL_ADDRESS=localhost:7233, TEMPORAL_NAMESPACE=default, TEMPORAL_TASK_QUEUE=fake-stripe-chaos
  TEMPORAL_API_KEY, TEMPORAL_TLS=true, TEMPORAL_TLS_{CLIENT_CERT,CLIENT_KEY,SERVER_CA_CERT}_PATH or _DATA,
  TEMPORAL_TLS_SERVER_NAME, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: as in every Temporal SDK

Logs, on standard error
  RUST_LOG=info, LOG_FORMAT=pretty or json, NO_COLOR=1";

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let environment = Environment::of_process();
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = match parsed(&words, &environment) {
        Some(command) => command,
        None => match parsed(&["fake-stripe-chaos", "serve"].map(OsString::from), &environment) {
            Some(command) => command,
            None => return Ending::Unusable.into(),
        },
    };
    on_a_runtime(run(command, &environment))
}

/// The command, if there is one. Errors and the answer to `--help` are printed, and end the process.
fn parsed(words: &[OsString], environment: &Environment) -> Option<Command> {
    arguments::parse::<Cli>(words, environment).unwrap_or_else(|error| error.exit()).command
}

fn on_a_runtime(command: impl Future<Output = anyhow::Result<Ending>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report(&anyhow::Error::new(error).context("the runtime could not be started")).into();
        }
    };
    let ended = runtime.block_on(command);
    // Whatever still runs was given its time to finish.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| report(&error)).into()
}

async fn run(command: Command, environment: &Environment) -> anyhow::Result<Ending> {
    if command.logs() || environment.get("RUST_LOG").is_some() {
        shared::telemetry::start(environment)?;
    }
    match command {
        #[cfg(feature = "bundled")]
        Command::Serve(args) => serve::run(&args, environment).await?,
        #[cfg(feature = "bundled")]
        Command::Backends(args) => backends::run(&args, environment).await?,
        Command::Orchestrator(args) => orchestrator::run(&args, environment).await?,
        #[cfg(feature = "bundled")]
        Command::Config(args) => config::run(&args, environment)?,
        Command::Openapi(args) => openapi::run(&args)?,
        Command::Order(args) => return Ok(order::run(args).await),
        Command::Audit(args) => return Ok(audit::run(&args, environment).await),
        #[cfg(feature = "bundled")]
        Command::Run(args) => return Ok(run::run(&args, environment).await),
        #[cfg(feature = "bundled")]
        Command::Simulate(args) => return Ok(simulate::run(&args, Flow::shipped(), environment)),
        Command::Health(args) => return health::run(&args).await,
    }
    Ok(Ending::Good)
}

/// The command `simulate` for a custom flow. `words` are the arguments after the command's name.
#[cfg(feature = "bundled")]
pub fn simulate(flow: Flow, words: &[String]) -> ExitCode {
    let environment = Environment::of_process();
    let words = ["fake-stripe-chaos", "simulate"].into_iter().chain(words.iter().map(String::as_str));
    match parsed(&words.map(OsString::from).collect::<Vec<_>>(), &environment) {
        Some(Command::Simulate(args)) => on_a_runtime(async { Ok(simulate::run(&args, flow, &environment)) }),
        _ => Ending::Unusable.into(),
    }
}

/// A reader may close our output early; that is not an error.
fn unless_nobody_reads(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Tells the user, on standard error. Unlike with `eprintln`, a command goes on if that cannot be written.
fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn report(error: &anyhow::Error) -> Ending {
    tell(format_args!("error: {error:#}"));
    if error.is::<ConfigError>() { Ending::Unusable } else { Ending::Bad }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_is_also_a_variable() {
        let mut commands = vec![Cli::command()];
        let mut options = 0;
        while let Some(command) = commands.pop() {
            for option in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
                assert!(option.get_env().is_some(), "{} {option}", command.get_name());
                options += 1;
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(options > 50, "{options}");
    }
}

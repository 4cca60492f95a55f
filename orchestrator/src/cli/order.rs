//! `order`: place orders, decide on them and watch them, over the orchestrator's HTTP API.
//!
//! A client like any other: it knows the API's answers and nothing about the process behind them.

mod client;
mod commands;
mod decide;
mod history;
mod list;
mod output;
mod place;
mod status;
mod style;
mod watch;

use std::io;

use clap::Subcommand;
use clap::builder::BoolishValueParser;

use super::arguments::base_url;
use super::process::Ending;
pub(super) use client::url_option;
use client::{Client, Error};
use output::Output;
pub(super) use place::fresh_sample;

const EXIT_STATUS: &str = "Exit status: 0 done, and for `watch` shipped; 1 refused, and for `watch` rejected, \
failed or cancelled; 2 wrong usage, or no answer from the orchestrator.";

/// Place orders, decide on them and watch them
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Args {
    /// URL of the orchestrator
    #[arg(long, env = "ORCHESTRATOR_URL", default_value = client::DEFAULT_URL, value_parser = base_url, global = true)]
    url: String,
    /// Print answers as JSON, unchanged
    #[arg(long, env = "ORDER_JSON", value_parser = BoolishValueParser::new(), global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Place(place::Args),
    Approve(decide::Approve),
    Reject(decide::Reject),
    Cancel(decide::Cancel),
    Retry(decide::Retry),
    Status(status::Args),
    Watch(watch::Args),
    List(list::Args),
    History(history::Args),
}

/// Runs the command; prints to standard output, and errors to standard error.
pub(super) async fn run(args: Args) -> Ending {
    let mut output = Output::new(args.json, Box::new(anstream::stdout()));
    match execute(&args, &mut output).await {
        Ok(ending) => ending,
        // The reader closed our output early; that is not an error.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ending::Good,
        Err(error) => {
            output.report(&error, &mut anstream::stderr());
            error.ending()
        }
    }
}

async fn execute(args: &Args, output: &mut Output) -> Result<Ending, Error> {
    let client = Client::new(&args.url)?;
    match &args.command {
        Command::Place(args) => place::run(args, &client, output).await?,
        Command::Approve(args) => decide::approve(args, &client, output).await?,
        Command::Reject(args) => decide::reject(args, &client, output).await?,
        Command::Cancel(args) => decide::cancel(args, &client, output).await?,
        Command::Retry(args) => decide::retry(args, &client, output).await?,
        Command::Status(args) => status::run(args, &client, output).await?,
        Command::Watch(args) => return watch::run(args, &client, output).await,
        Command::List(args) => list::run(args, &client, output).await?,
        Command::History(args) => history::run(args, &client, output).await?,
    }
    Ok(Ending::Good)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        order: Args,
    }

    fn parse(line: &str) -> Result<Args, String> {
        let parsed = Cli::try_parse_from(line.split(' ')).map(|cli| cli.order);
        parsed.map_err(|error| {
            error.to_string().lines().take(2).collect::<Vec<_>>().join("\n").trim_end().to_owned()
        })
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_may_stand_before_or_after_the_command() {
        for line in ["order --json --url http://a status X", "order status X --json --url http://a"] {
            let args = parse(line).unwrap();
            assert_eq!((args.json, args.url.as_str()), (true, "http://a"), "{line}");
            assert!(matches!(args.command, Command::Status(_)));
        }
    }

    #[test]
    fn wrong_usage_is_named() {
        assert!(parse("order").is_err());
        insta::assert_snapshot!(parse("order approve").unwrap_err(), @r"
        error: the following required arguments were not provided:
          <ID>
        ");
        insta::assert_snapshot!(parse("order watch X --interval 1ms").unwrap_err(), @"error: invalid value '1ms' for '--interval <INTERVAL>': must be at least 10ms");
        insta::assert_snapshot!(parse("order list --status").unwrap_err(), @"error: a value is required for '--status <STATUS>' but none was supplied");
    }

    /// The output on a terminal without colours.
    pub(super) fn rendered(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        render(&mut bytes).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
    }
}

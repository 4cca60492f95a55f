use std::time::Duration;

use anyhow::Result;

use super::arguments::base_url;
use super::process::Ending;
use crate::gateways::client_builder;

/// Check that a service answers, for container health checks
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// URL of the service
    #[arg(long, default_value = "http://127.0.0.1:3002", value_parser = base_url)]
    url: String,
}

/// Longer than an orchestrator waits for its backends' health.
const TIMEOUT: Duration = Duration::from_millis(2500);

/// Succeeds if the service answers at all: a degraded one needs no restart.
pub(super) async fn run(args: &Args) -> Result<Ending> {
    let client = client_builder().timeout(TIMEOUT).build()?;
    let answer = client.get(format!("{}/health", args.url.trim_end_matches('/'))).send().await?;
    Ok(if answer.status().is_success() { Ending::Good } else { Ending::Bad })
}

use std::time::Duration;

use anyhow::Result;
use shared::environment::parse_duration;
use tokio::time::{Instant, sleep};

use super::arguments::base_url;
use super::process::Ending;
use crate::gateways::client_builder;

/// Check that a service answers, for container health checks and scripts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// URL of the service
    #[arg(long, env = "HEALTH_URL", default_value = "http://127.0.0.1:3002", value_parser = base_url)]
    url: String,
    /// Keep asking for this long, until the service is healthy
    #[arg(long, value_name = "TIME", env = "HEALTH_WAIT", default_value = "0s", value_parser = parse_duration)]
    wait: Duration,
}

/// Longer than an orchestrator waits for its backends' health.
const TIMEOUT: Duration = Duration::from_millis(2500);
const INTERVAL: Duration = Duration::from_millis(200);

/// Succeeds if the service answers at all: a degraded one needs no restart.
pub(super) async fn run(args: &Args) -> Result<Ending> {
    let client = client_builder().timeout(TIMEOUT).build()?;
    let url = format!("{}/health", args.url.trim_end_matches('/'));
    let began = Instant::now();
    loop {
        let answer = client.get(&url).send().await;
        if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            return Ok(Ending::Good);
        }
        if began.elapsed() >= args.wait {
            return Ok(answer.map(|_| Ending::Bad)?);
        }
        sleep(INTERVAL).await;
    }
}

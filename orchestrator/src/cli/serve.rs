use std::sync::Arc;

use anyhow::Result;
use shared::environment::Environment;

use super::backends::{Bind, serve_backends};
use super::banner::Banner;
use super::orchestrator::{Own, Running, Settings};
use super::process::{self, random};
use crate::bundled::{self, Domain};
use crate::gateways::Network;

/// Start everything: the four backends and the orchestrator
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    bind: Bind,
    #[command(flatten)]
    own: Own,
}

pub(super) async fn run(args: &Args, environment: &Environment) -> Result<()> {
    process::allow_many_connections();
    let chaos = bundled::Settings::from_environment(environment, random())?;
    let settings = Settings::from_environment(environment)?;
    let backends = args.bind.listen().await?;
    let orchestrator = args.own.listen(&args.bind.host).await?;
    // Over HTTP even here: the demo on a laptop is what runs in two containers.
    let transport = Network::new(&process::url_of(backends.local_addr()?))?;
    let running = Running::start(&args.own, &settings, Arc::new(transport)).await?;
    Banner::new()
        .backends(&backends, &chaos)?
        .orchestrator(&orchestrator)?
        .data(&running)
        .backends_are_in_memory()
        .order(&orchestrator)?
        .print()?;
    let stop = process::stop_signal();
    let ((), served) = tokio::join!(
        serve_backends(backends, &chaos, &Domain::ALL, stop.clone()),
        running.serve(orchestrator, stop),
    );
    served
}

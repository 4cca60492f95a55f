use std::sync::Arc;

use shared::chaos::Plan;
use shared::environment::Environment;
use shared::time::TimeScale;
use tokio_util::sync::CancellationToken;

use super::{Args, Failure};
use crate::bundled::{self, Domain};
use crate::cli::backends::serve_backends;
use crate::cli::orchestrator::{Own, Running, Settings};
use crate::cli::process::{self, random};
use crate::gateways::Network;
use crate::run::{Backends, Error, Site};

/// What a run needs: started here, unless an option names it.
pub(super) struct Stage {
    pub(super) site: Site,
    pub(super) seed: u64,
    pub(super) time_scale: TimeScale,
}

/// The default port of the backends.
const DEFAULT_PORT: u16 = 3001;

impl Stage {
    /// Starts what no option names; it ends with the process.
    pub(super) async fn set(args: &Args, environment: &Environment) -> Result<Self, Failure> {
        process::allow_many_connections();
        // Running backends may share this environment; a mistyped variable is an error here too.
        Plan::from_environment(environment, &bundled::operations(), 0)?;
        let (backends, backends_name) = match &args.backends {
            Some(url) => (Backends::at(url)?, url.clone()),
            None => start_backends(args, environment).await?,
        };
        let health = backends.health().await?;
        let time_scale = args.time_scale.unwrap_or(health.time_scale);
        let seed = args.seed.unwrap_or(health.seed);
        let (orchestrator, orchestrator_name) = match &args.target {
            Some(url) => (Network::new(url).map_err(Error::from)?, url.clone()),
            None => {
                let url = start_orchestrator(args, environment, time_scale, &backends).await?;
                (Network::new(&url).map_err(Error::from)?, "the bundled orchestrator".to_owned())
            }
        };
        let site = Site {
            orchestrator: Arc::new(orchestrator),
            backends: Arc::new(backends),
            orchestrator_name,
            backends_name,
        };
        Ok(Self { site, seed, time_scale })
    }
}

async fn start_backends(args: &Args, environment: &Environment) -> Result<(Backends, String), Failure> {
    let mut settings = bundled::Settings::from_environment(environment, args.seed.unwrap_or_else(random))?;
    settings.plan.seed = args.seed.unwrap_or(settings.plan.seed);
    // Someone else's orchestrator does not know a time scale unless it was configured.
    let usual = if args.target.is_none() { TimeScale::THOUSANDTH } else { TimeScale::REAL };
    settings.plan.time_scale = args.time_scale.unwrap_or(usual);
    let port = args.port.unwrap_or(if args.target.is_some() { DEFAULT_PORT } else { 0 });
    let listener = process::listen(&args.host, port, "--host (RUN_HOST)", "--port (RUN_PORT)")
        .await
        .map_err(Failure::Start)?;
    let url = process::url_of(listener.local_addr()?);
    tokio::spawn(async move {
        serve_backends(listener, &settings, &Domain::ALL, CancellationToken::new()).await;
    });
    Ok((Backends::at(&url)?, format!("started for the run at {url}")))
}

async fn start_orchestrator(
    args: &Args,
    environment: &Environment,
    time_scale: TimeScale,
    backends: &Backends,
) -> Result<String, Failure> {
    let settings = Settings { time_scale, ..Settings::from_environment(environment)? };
    let own = Own::in_memory();
    let listener = own.listen(&args.host).await.map_err(Failure::Start)?;
    let url = process::url_of(listener.local_addr()?);
    let running = Running::start(&own, &settings, backends.transport()).await.map_err(Failure::Start)?;
    tokio::spawn(running.serve(listener, CancellationToken::new()));
    Ok(url)
}

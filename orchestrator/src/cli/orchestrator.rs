use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use shared::environment::{ConfigError, Environment};
use shared::http::{Correlation, Limits, serve, with_common};
use shared::time::{Clock, TimeScale};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::arguments::{base_url, port};
use super::banner::Banner;
use super::engine::{Engine, Kind, Storage};
use super::process::{self, random};
use crate::activities::{ActivitySettings, Services};
use crate::api;
#[cfg(feature = "temporal")]
use crate::engine::temporal;
use crate::gateways::{Network, Transport};
use crate::workflows::order_fulfillment::Timings;

/// Start the orchestrator
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address to listen on; 0.0.0.0 is every address of this machine
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    host: String,
    #[command(flatten)]
    own: Own,
    /// URL of the backends
    #[arg(long, env = "BACKENDS_URL", default_value = "http://127.0.0.1:3001", value_parser = base_url)]
    backends_url: String,
}

/// The orchestrator's options, wherever its backends are.
#[derive(Debug, clap::Args)]
pub(super) struct Own {
    /// The port of the orchestrator
    #[arg(long, env = "ORCHESTRATOR_PORT", default_value_t = 3002, value_parser = port)]
    pub(super) orchestrator_port: u16,
    /// The engine that runs the orders
    #[arg(long, env = "ENGINE", value_enum, default_value_t)]
    pub(super) engine: Kind,
    #[command(flatten)]
    pub(super) storage: Storage,
}

pub(super) async fn run(args: &Args, environment: &Environment) -> Result<()> {
    process::allow_many_connections();
    let settings = Settings::from_environment(environment)?;
    let backends = Network::new(&args.backends_url)?;
    let listener = args.own.listen(&args.host).await?;
    let running = Running::start(&args.own, &settings, Arc::new(backends)).await?;
    Banner::new()
        .orchestrator(&listener)?
        .backends_at(&args.backends_url)
        .data(&running)
        .order(&listener)?
        .print()?;
    running.serve(listener, process::stop_signal()).await
}

impl Own {
    /// Any free port, and a journal in memory.
    #[cfg(feature = "bundled")]
    pub(super) fn in_memory() -> Self {
        let storage = Storage { data_dir: std::path::PathBuf::new(), ephemeral: true };
        Self { orchestrator_port: 0, engine: Kind::Embedded, storage }
    }

    pub(super) async fn listen(&self, host: &str) -> Result<TcpListener> {
        process::listen(
            host,
            self.orchestrator_port,
            process::HOST,
            "--orchestrator-port (ORCHESTRATOR_PORT)",
        )
        .await
    }
}

/// The orchestrator's settings from the environment.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) activities: ActivitySettings,
    pub(super) time_scale: TimeScale,
    pub(super) retention: Duration,
    /// Errors in these matter only to that engine.
    #[cfg(feature = "temporal")]
    pub(super) temporal: Result<temporal::Settings, ConfigError>,
}

impl Settings {
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        // They are the backends', which may share this environment; a mistyped one is an error here too.
        #[cfg(feature = "bundled")]
        shared::chaos::refuse_unknown_variables(environment, &crate::bundled::operations())?;
        Ok(Self {
            activities: ActivitySettings::from_environment(environment)?,
            time_scale: environment.parse_or("TIME_SCALE", TimeScale::REAL, TimeScale::parse)?,
            retention: environment.duration_or("RETENTION", Duration::from_secs(7 * 24 * 3600))?,
            #[cfg(feature = "temporal")]
            temporal: temporal::Settings::from_environment(environment),
        })
    }
}

/// An engine that runs orders, and what its API needs.
#[derive(Debug)]
pub(super) struct Running {
    engine: Engine,
    api: api::Deps,
}

impl Running {
    /// Starts the engine, which resumes the existing orders.
    pub(super) async fn start(own: &Own, settings: &Settings, backends: Arc<dyn Transport>) -> Result<Self> {
        let services = Services::over(Arc::clone(&backends));
        let engine = match own.engine {
            Kind::Embedded => Engine::embedded(&own.storage, settings, services)?,
            Kind::Temporal => Engine::temporal(settings, services).await?,
        };
        let api = api::Deps {
            client: engine.client(),
            engine: own.engine.name(),
            timings: Timings::new(&settings.activities, settings.time_scale),
            time_scale: settings.time_scale,
            backends,
            clock: Clock::system(),
            stop: CancellationToken::new(),
        };
        Ok(Self { engine, api })
    }

    /// Where the engine stores the orders.
    pub(super) fn place(&self) -> &str {
        self.engine.place()
    }

    /// Serves the API until `stop`, then stops the engine. If the engine ends before, that is an error,
    /// and cancels `stop`.
    pub(super) async fn serve(self, listener: TcpListener, stop: CancellationToken) -> Result<()> {
        let api = api::Deps { stop: stop.clone(), ..self.api };
        let router = with_common(api::router(api), Correlation::seeded(random()));
        let watch = async {
            let failure = stop.run_until_cancelled(self.engine.failed()).await;
            stop.cancel();
            failure
        };
        let (failure, ()) = tokio::join!(watch, serve(listener, router, Limits::default(), stop.cancelled()));
        self.engine.shutdown().await;
        failure.map_or(Ok(()), Err)
    }
}

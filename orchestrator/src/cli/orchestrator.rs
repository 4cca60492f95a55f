use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use shared::environment::{ConfigError, Environment};
use shared::http::{Correlation, Limits, serve, with_common};
use shared::time::{Clock, TimeScale};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::banner::Banner;
use super::process::{self, random};
use crate::activities::{self, ActivitySettings, Services};
use crate::api;
use crate::engine::embedded::{Engine, EngineOptions, Journal, MemoryJournal, Registry, SqliteJournal};
use crate::gateways::{Network, Transport};
use crate::workflows::order_fulfillment::{OrderFulfillment, Timings};

/// Start the orchestrator
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address to listen at; 0.0.0.0 is every address of this machine
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    host: String,
    #[command(flatten)]
    own: Own,
    /// Where the backends are
    #[arg(long, env = "BACKENDS_URL", default_value = "http://127.0.0.1:3001")]
    backends_url: String,
}

/// What the orchestrator may be told, wherever its backends are.
#[derive(Debug, clap::Args)]
pub(super) struct Own {
    /// The port of the orchestrator
    #[arg(long, env = "ORCHESTRATOR_PORT", default_value_t = 3002)]
    pub(super) orchestrator_port: u16,
    /// The directory of the journal; it is made if it is not there
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    pub(super) data_dir: PathBuf,
    /// Keep the journal in memory: running orders end with the process
    #[arg(long, env = "EPHEMERAL", value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) ephemeral: bool,
}

pub(super) async fn run(args: &Args, environment: &Environment) -> Result<()> {
    process::allow_many_connections();
    let settings = Settings::from_environment(environment)?;
    let backends = Network::new(&args.backends_url)
        .map_err(|error| ConfigError::new("BACKENDS_URL", error.to_string()))?;
    let listener = args.own.listen(&args.host).await?;
    let running = Running::start(&args.own, &settings, Arc::new(backends))?;
    Banner::new()
        .orchestrator(&listener)?
        .backends_at(&args.backends_url)
        .data(&args.own)
        .order(&listener)?
        .print()?;
    running.serve(listener, process::stop_signal()).await;
    Ok(())
}

impl Own {
    /// Any free port, and a journal in memory.
    #[cfg(feature = "bundled")]
    pub(super) fn in_memory() -> Self {
        Self { orchestrator_port: 0, data_dir: PathBuf::new(), ephemeral: true }
    }

    pub(super) async fn listen(&self, host: &str) -> Result<TcpListener> {
        process::listen(host, self.orchestrator_port, "--orchestrator-port", "ORCHESTRATOR_PORT").await
    }
}

/// What the environment tells the orchestrator.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) activities: ActivitySettings,
    pub(super) time_scale: TimeScale,
    pub(super) retention: Duration,
}

impl Settings {
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            activities: ActivitySettings::from_environment(environment)?,
            time_scale: environment.parse_or("TIME_SCALE", TimeScale::REAL, TimeScale::parse)?,
            retention: environment.duration_or("RETENTION", Duration::from_secs(7 * 24 * 3600))?,
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
    /// Takes the journal over and goes on where it ends.
    pub(super) fn start(own: &Own, settings: &Settings, backends: Arc<dyn Transport>) -> Result<Self> {
        let journal: Arc<dyn Journal> = if own.ephemeral {
            Arc::new(MemoryJournal::new())
        } else {
            Arc::new(SqliteJournal::open(&own.data_dir)?)
        };
        let clock = Clock::system();
        let options =
            EngineOptions { retention: Some(settings.retention), ..EngineOptions::new(clock, random()) };
        let mut registry = Registry::new(Arc::new(Services::over(Arc::clone(&backends))));
        registry.register::<OrderFulfillment>();
        activities::register(&mut registry, &settings.activities, settings.time_scale);
        let attempts = tokio::runtime::Handle::current();
        let engine = Engine::start_on_thread(journal, registry, options, attempts).context("the engine")?;
        let api = api::Deps {
            client: Arc::new(engine.clone()),
            engine: "embedded",
            timings: Timings::new(&settings.activities, settings.time_scale),
            time_scale: settings.time_scale,
            backends,
            clock,
        };
        Ok(Self { engine, api })
    }

    /// Serves the API until `stop`, then stops the engine.
    pub(super) async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let router = with_common(api::router(self.api), Correlation::seeded(random()));
        serve(listener, router, Limits::default(), stop.cancelled_owned()).await;
        self.engine.shutdown().await;
    }
}

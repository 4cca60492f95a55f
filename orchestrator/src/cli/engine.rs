//! Starts and stops the engine that runs the orders.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
#[cfg(not(feature = "temporal"))]
use shared::environment::ConfigError;
use shared::time::Clock;

use super::orchestrator::Settings;
use super::process::{self, random};
use crate::activities::{self, Services};
use crate::engine::embedded::{self, EngineOptions, Journal, MemoryJournal, SqliteJournal};
#[cfg(feature = "temporal")]
use crate::engine::temporal;
use crate::workflow::WorkflowClient;
use crate::workflows::order_fulfillment::OrderFulfillment;

/// The engines of the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// In this process, durable in one file: nothing to install
    #[default]
    Embedded,
    /// On a Temporal cluster, configured by the variables below
    Temporal,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Temporal => "temporal",
        }
    }
}

/// Where the embedded engine stores its journal.
#[derive(Debug, clap::Args)]
pub(super) struct Storage {
    /// The directory of the embedded engine's journal; created if missing
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    pub(super) data_dir: PathBuf,
    /// Keep the journal in memory: running orders end with the process
    #[arg(long, env = "EPHEMERAL", value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) ephemeral: bool,
}

impl Storage {
    fn place(&self) -> String {
        if self.ephemeral {
            "in memory: running orders end with this process".to_owned()
        } else {
            self.data_dir.display().to_string()
        }
    }
}

/// An engine that runs orders.
#[derive(Debug)]
pub(super) struct Engine {
    running: Running,
    place: String,
}

#[derive(Debug)]
enum Running {
    Embedded(embedded::Engine),
    #[cfg(feature = "temporal")]
    Temporal(temporal::TemporalClient, temporal::Worker),
}

impl Engine {
    /// Takes the journal over and resumes where it ends.
    pub(super) fn embedded(storage: &Storage, settings: &Settings, services: Services) -> Result<Self> {
        let journal: Arc<dyn Journal> = if storage.ephemeral {
            Arc::new(MemoryJournal::new())
        } else {
            process::survive_file_size_limit();
            Arc::new(SqliteJournal::open(&storage.data_dir)?)
        };
        let options = EngineOptions {
            retention: Some(settings.retention),
            ..EngineOptions::new(Clock::system(), random())
        };
        let mut registry = embedded::Registry::new(Arc::new(services));
        registry.register::<OrderFulfillment>();
        activities::register(&mut registry, &settings.activities, settings.time_scale);
        let attempts = tokio::runtime::Handle::current();
        let engine = embedded::Engine::start_on_thread(journal, registry, options, attempts);
        let running = Running::Embedded(engine.context("the engine")?);
        Ok(Self { running, place: storage.place() })
    }

    /// Connects to the cluster and serves its task queue.
    #[cfg(feature = "temporal")]
    pub(super) async fn temporal(settings: &Settings, services: Services) -> Result<Self> {
        let mut registry = temporal::Registry::new(Arc::new(services), Clock::system());
        registry.register::<OrderFulfillment>();
        activities::register(&mut registry, &settings.activities, settings.time_scale);
        let cluster = settings.temporal.clone()?;
        let place = format!("Temporal at {}, task queue {}", cluster.address, cluster.task_queue);
        let cluster = temporal::Temporal::connect(cluster).await?;
        let client = cluster.client(&registry);
        let running = Running::Temporal(client, cluster.start_worker(registry).await?);
        Ok(Self { running, place })
    }

    /// This program was built without that engine.
    #[cfg(not(feature = "temporal"))]
    pub(super) async fn temporal(_: &Settings, _: Services) -> Result<Self> {
        let how = "this program was built without `temporal`; build it with `cargo build --release --features temporal`";
        Err(ConfigError::new("ENGINE", how).into())
    }

    /// Where it stores the orders.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn client(&self) -> Arc<dyn WorkflowClient> {
        match &self.running {
            Running::Embedded(engine) => Arc::new(engine.clone()),
            #[cfg(feature = "temporal")]
            Running::Temporal(client, _) => Arc::new(client.clone()),
        }
    }

    /// Waits for the engine to end by itself, and says that it has.
    pub(super) async fn failed(&self) -> anyhow::Error {
        match &self.running {
            Running::Embedded(engine) => {
                engine.stopped().await;
                anyhow::anyhow!("the engine has stopped by itself; the log says why")
            }
            #[cfg(feature = "temporal")]
            Running::Temporal(_, worker) => {
                worker.ended().await;
                anyhow::anyhow!("the Temporal worker has ended by itself; the log says why")
            }
        }
    }

    /// Stops. Running orders resume at the next start, or on another worker.
    pub(super) async fn shutdown(self) {
        match self.running {
            Running::Embedded(engine) => engine.shutdown().await,
            #[cfg(feature = "temporal")]
            Running::Temporal(_, worker) => worker.shutdown().await,
        }
    }
}

//! The engine on a Temporal cluster, through the official SDK.
//!
//! One host (`host`) runs every workflow definition, and one performer (`attempt`) every activity.
//! Workers scale out: any number of processes may serve a task queue. A client's signal is sent as an
//! *update* with the same name, so that it gets an answer; signals from elsewhere are accepted too.
//!
//! The server counts attempts and times their backoff. What it does not keep, namely what earlier
//! attempts may have done, is carried in the heartbeat details (`record`).

mod answer;
mod attempt;
mod attempt_host;
mod attributes;
mod client;
mod connect;
mod context;
mod describe;
mod failure;
mod health;
mod history;
mod host;
mod names;
mod payload;
mod reception;
mod record;
mod registry;
mod replay;
mod scheduling;
mod settings;
mod visibility;
mod worker;

use temporalio_client::Client;

pub use client::TemporalClient;
pub use connect::ConnectError;
pub use registry::Registry;
pub use settings::Settings;
pub use worker::Worker;

/// A connection to a cluster, from which clients and workers are made.
pub struct Temporal {
    settings: Settings,
    client: Client,
}

impl Temporal {
    /// Connects, and checks that the namespace exists. Waits about half a minute for a server that is not
    /// up yet.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        let client = connect::connect(&settings).await?;
        Ok(Self { settings, client })
    }

    /// A client of the runs of workers with this registry.
    pub fn client<S: Send + Sync + 'static>(&self, registry: &Registry<S>) -> TemporalClient {
        TemporalClient::new(self.client.clone(), self.settings.task_queue.clone(), registry)
    }

    /// Starts a worker, on its own thread and connection. The search attributes of its workflows are
    /// registered first, if they are missing.
    ///
    /// # Errors
    /// When the attributes or the worker are refused.
    pub async fn start_worker<S: Send + Sync + 'static>(
        &self,
        registry: Registry<S>,
    ) -> Result<Worker, ConnectError> {
        let wanted = registry.catalogue().attributes;
        attributes::register(self.client.connection(), &self.settings.namespace, &wanted).await?;
        Worker::start(self.settings.clone(), registry.into_workload()).await
    }
}

impl std::fmt::Debug for Temporal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Temporal").field("settings", &self.settings).finish_non_exhaustive()
    }
}

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use shared::time::TimeScale;

use super::Error;
use crate::audit::{Ledgers, Reading, Source};
use crate::gateways::{Network, Transport};

const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Running backends: their configuration, what they drew and what happened there.
#[derive(Debug)]
pub struct Backends {
    network: Arc<Network>,
    ledgers: Source,
    url: String,
}

/// The configuration of backends.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The seed of all outcomes.
    pub seed: u64,
    /// The factor for simulated durations.
    #[serde(deserialize_with = "time_scale")]
    pub time_scale: TimeScale,
    domains: Vec<String>,
    /// When they were started; backends of an earlier version do not say.
    #[serde(default)]
    pub(super) started_at: Option<String>,
}

/// Any service may answer, so its time scale may be anything.
fn time_scale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeScale, D::Error> {
    let factor = f64::deserialize(deserializer)?.to_string();
    TimeScale::parse(&factor).map_err(|reason| D::Error::custom(format!("timeScale: {reason}")))
}

/// The draws of an operation so far.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OperationStats {
    pub(super) operation: String,
    pub(super) outcomes: Vec<OutcomeStats>,
}

/// How often an outcome was drawn so far.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OutcomeStats {
    pub(super) outcome: String,
    /// From 0 to 1.
    pub(super) configured: f64,
    pub(super) drawn: u64,
}

#[derive(Deserialize)]
struct Stats {
    operations: Vec<OperationStats>,
}

impl Backends {
    /// The backends at `url`.
    ///
    /// # Errors
    /// When it is not an http URL.
    pub fn at(url: &str) -> Result<Self, Error> {
        let network = Network::new(url)?;
        Ok(Self { network: Arc::new(network), ledgers: Source::at(url)?, url: url.to_owned() })
    }

    /// The transport of an orchestrator that uses them.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.network) as _
    }

    /// Their configuration.
    ///
    /// # Errors
    /// When they do not answer, or some other service does.
    pub async fn health(&self) -> Result<Health, Error> {
        self.ask(Method::GET, "/health").await
    }

    /// Everything that happened there.
    pub(super) async fn ledgers(&self) -> Result<Ledgers, Error> {
        let Reading { ledgers, evicted, .. } = self.ledgers.read().await?;
        match evicted.into_iter().next() {
            Some((domain, orders)) => Err(Error::Evicted { orders, domain }),
            None => Ok(ledgers),
        }
    }

    /// What was drawn so far for each operation.
    pub(super) async fn stats(&self, health: &Health) -> Result<Vec<OperationStats>, Error> {
        let mut all = Vec::new();
        for domain in &health.domains {
            all.extend(self.ask::<Stats>(Method::GET, &format!("/{domain}/stats")).await?.operations);
        }
        Ok(all)
    }

    /// Empties their stores, ledgers, keys, attempts and stats.
    pub(super) async fn reset(&self) -> Result<(), Error> {
        let _: serde::de::IgnoredAny = self.ask(Method::POST, "/reset").await?;
        Ok(())
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, Error> {
        let not_backends = |reason: String| Error::NotBackends { url: format!("{}{path}", self.url), reason };
        let request = Request::builder().method(method).uri(path).body(Bytes::new());
        let request = request.map_err(|error| not_backends(error.to_string()))?;
        let unreachable = |reason: String| Error::Unreachable {
            who: "no backends answer",
            option: "--backends (RUN_BACKENDS)",
            url: self.url.clone(),
            reason,
        };
        let answer = self.network.send(request).await.map_err(|error| unreachable(error.to_string()))?;
        if !answer.status().is_success() {
            return Err(not_backends(answer.status().to_string()));
        }
        let body = axum::body::to_bytes(answer.into_body(), MAX_ANSWER).await;
        let body = body.map_err(|error| unreachable(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|error| not_backends(error.to_string()))
    }
}

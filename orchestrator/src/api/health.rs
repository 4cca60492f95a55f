use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::time::{Clock, TimeScale};
use utoipa::ToSchema;

mod probe;

use super::orders::Orders;
use crate::gateways::Transport;
use probe::Probe;

/// That the orchestrator is up, and whether it can work.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether orders can be worked on.
    pub status: HealthStatus,
    /// Why it is degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "the backends do not answer: could not connect: connection refused")]
    pub reason: Option<String>,
    /// The version of the program.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// Which engine runs the orders.
    #[schema(example = "embedded")]
    pub engine: String,
    /// The factor for simulated durations.
    #[schema(example = 1.0)]
    pub time_scale: f64,
    /// How long the orchestrator has been running, in seconds.
    #[schema(example = 42)]
    pub uptime_seconds: u64,
}

/// Whether the orchestrator can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// All is well.
    Ok,
    /// It is up and answers, but orders may have to wait; `reason` says why.
    Degraded,
}

/// What health is derived from.
#[derive(Debug)]
pub(super) struct Vitals {
    engine: &'static str,
    time_scale: TimeScale,
    clock: Clock,
    started_at: Timestamp,
    probe: Probe,
}

impl Vitals {
    pub(super) fn new(
        engine: &'static str,
        time_scale: TimeScale,
        clock: Clock,
        backends: Arc<dyn Transport>,
    ) -> Self {
        Self { engine, time_scale, clock, started_at: clock.now(), probe: Probe::new(backends, time_scale) }
    }

    fn uptime(&self) -> Duration {
        self.clock.now().duration_since(self.started_at).try_into().unwrap_or_default()
    }
}

/// Liveness, and why the orchestrator cannot work, if so
///
/// Always answers 200, so that nobody restarts an orchestrator because its backends are down.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "service", 
    responses((status = 200, body = Health, description = "The service answers; `status` says how well it works.")) )]
pub(super) async fn health(State(orders): State<Orders>, State(vitals): State<Arc<Vitals>>) -> Json<Health> {
    let reason = match orders.client().health().await {
        Err(reason) => Some(format!("the engine cannot accept work: {reason}")),
        Ok(()) => vitals.probe.complaint().await,
    };
    Json(Health {
        status: if reason.is_none() { HealthStatus::Ok } else { HealthStatus::Degraded },
        reason,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: vitals.engine.to_owned(),
        time_scale: vitals.time_scale.factor(),
        uptime_seconds: vitals.uptime().as_secs(),
    })
}

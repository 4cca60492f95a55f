use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use shared::time::TimeScale;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::gateways::Transport;

/// Shorter than clients wait for the orchestrator's own health.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long a result is reused.
const CACHE_TTL: Duration = Duration::from_secs(1);
const MAX_BODY: usize = 64 * 1024;
/// The domains that an order needs.
const NEEDED: [&str; 4] = ["payment", "inventory", "shipping", "notification"];

/// Checks the backends' health. Concurrent callers send one request: the others wait for its result.
pub(super) struct Probe {
    backends: Arc<dyn Transport>,
    time_scale: TimeScale,
    last: Mutex<Option<(Instant, Option<String>)>>,
}

/// What the backends say about themselves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BackendHealth {
    time_scale: f64,
    /// The served domains; unknown if the backends do not say.
    domains: Option<Vec<String>>,
}

impl Probe {
    pub(super) fn new(backends: Arc<dyn Transport>, time_scale: TimeScale) -> Self {
        Self { backends, time_scale, last: Mutex::new(None) }
    }

    /// Why orders cannot be processed with these backends, if so.
    pub(super) async fn complaint(&self) -> Option<String> {
        let mut last = self.last.lock().await;
        if let Some((at, complaint)) = &*last
            && at.elapsed() < CACHE_TTL
        {
            return complaint.clone();
        }
        let complaint = match tokio::time::timeout(TIMEOUT, self.ask()).await {
            Err(_) => Some("the backends did not answer within a second".to_owned()),
            Ok(Err(complaint)) => Some(complaint),
            Ok(Ok(health)) => self.disagreement(&health),
        };
        *last = Some((Instant::now(), complaint.clone()));
        complaint
    }

    async fn ask(&self) -> Result<BackendHealth, String> {
        let request = Request::get("/health").body(Bytes::new()).expect("the path is a constant");
        let response = self.backends.send(request).await;
        let response = response.map_err(|error| format!("the backends do not answer: {error}"))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the backends' /health answered {}", response.status()));
        }
        let unreadable = |error: &dyn fmt::Display| format!("the backends' /health cannot be read: {error}");
        let body = axum::body::to_bytes(response.into_body(), MAX_BODY).await.map_err(|e| unreadable(&e))?;
        serde_json::from_slice(&body).map_err(|error| unreadable(&error))
    }

    /// If timeouts are scaled differently on the two sides, waits expire that should not.
    fn disagreement(&self, backends: &BackendHealth) -> Option<String> {
        let (theirs, ours) = (backends.time_scale, self.time_scale.factor());
        if theirs != ours {
            return Some(format!(
                "the backends' TIME_SCALE is {theirs}, the orchestrator's is {ours}: set both to the same value"
            ));
        }
        let served = backends.domains.as_ref()?;
        let missing = NEEDED.into_iter().find(|domain| !served.iter().any(|served| served == domain))?;
        Some(format!("the backends do not serve {missing}"))
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("time_scale", &self.time_scale).finish_non_exhaustive()
    }
}

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use temporalio_sdk::activities::ActivityContext;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::record::{AttemptRecord, Details};
use crate::workflow::{ActivityHost, ActivityInfo, ActivityOptions, AttemptFailure, BoxFuture, Json, kind};

/// How soon a running attempt learns of its cancellation, which the server reports on heartbeats.
pub(super) const CANCEL_LATENCY: Duration = Duration::from_secs(1);

/// State shared by an attempt and the engine.
pub(super) struct Host {
    pub(super) sdk: ActivityContext,
    pub(super) record: AttemptRecord,
    info: ActivityInfo,
    earlier_heartbeat: Option<Json>,
    started: Instant,
    beat: Mutex<Beat>,
    beaten: Notify,
}

struct Beat {
    details: Option<Json>,
    at: Instant,
}

impl Host {
    pub(super) fn new(sdk: ActivityContext) -> Self {
        let info = sdk.info();
        let info = ActivityInfo {
            workflow_id: info.workflow_id.clone().unwrap_or_default().into(),
            run_id: info.workflow_run_id.clone().unwrap_or_default().into(),
            activity_id: info.activity_id.clone().into(),
            attempt: info.attempt,
        };
        let earlier = Details::read(sdk.heartbeat_details().raw());
        let started = Instant::now();
        Self {
            record: earlier.at_start_of(info.attempt),
            earlier_heartbeat: earlier.heartbeat,
            sdk,
            info,
            started,
            beat: Mutex::new(Beat { details: None, at: started }),
            beaten: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn own_heartbeat(&self) -> Option<Json> {
        self.lock().details.clone()
    }

    /// The last heartbeat of any attempt so far.
    pub(super) fn latest_heartbeat(&self) -> Option<Json> {
        self.own_heartbeat().or_else(|| self.earlier_heartbeat.clone())
    }

    /// Waits until the attempt has taken too long, or has been silent for too long.
    pub(super) async fn overrun(&self, options: &ActivityOptions) -> AttemptFailure {
        let limit = self.started + options.start_to_close;
        loop {
            let silence = options.heartbeat.map(|longest| (longest, self.lock().at + longest));
            sleep_until(silence.map_or(limit, |(_, at)| at.min(limit))).await;
            if Instant::now() >= limit {
                let message = format!("the attempt took longer than {:?}", options.start_to_close);
                return AttemptFailure::unknown(kind::ATTEMPT_TIMEOUT, message);
            }
            if let Some((longest, at)) = silence
                && self.lock().at + longest <= at
            {
                let message = format!("the attempt sent no heartbeat for {longest:?}");
                return AttemptFailure::unknown(kind::HEARTBEAT_TIMEOUT, message);
            }
        }
    }

    /// Sends every heartbeat to the server, and between them a sign that this worker is alive: the server
    /// watches the worker, while [`overrun`](Self::overrun) watches the attempt's own silence.
    pub(super) async fn keep_beating(&self, longest_silence: Option<Duration>) -> Infallible {
        let pace = longest_silence.map(|longest| (longest / 4).min(CANCEL_LATENCY));
        loop {
            match pace {
                Some(pace) => drop(timeout(pace, self.beaten.notified()).await),
                None => self.beaten.notified().await,
            }
            self.beat().await;
        }
    }

    /// Sends the latest heartbeat to the server. The SDK throttles them.
    pub(super) async fn beat(&self) {
        self.leave(self.record.running(self.own_heartbeat().is_some())).await;
    }

    /// Leaves `record` for the next attempt, with the latest heartbeat.
    pub(super) async fn leave(&self, record: AttemptRecord) {
        let details = Details { heartbeat: self.latest_heartbeat(), record };
        if let Err(error) = self.sdk.record_heartbeat(details.write()).await {
            tracing::warn!(activity = &*self.info.activity_id, "a heartbeat cannot be sent: {error}");
        }
    }
}

impl ActivityHost for Host {
    fn info(&self) -> &ActivityInfo {
        &self.info
    }

    fn heartbeat(&self, details: Json) {
        *self.lock() = Beat { details: Some(details), at: Instant::now() };
        self.beaten.notify_one();
    }

    fn last_heartbeat(&self) -> Option<Json> {
        self.earlier_heartbeat.clone()
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.sdk.cancelled())
    }
}

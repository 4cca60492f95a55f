//! One attempt of an activity: its task, and the state that the engine and the activity share.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::journal::RunKey;
use super::registry::ActivityType;
use crate::workflow::guard::panic_message;
use crate::workflow::{ActivityCtx, ActivityHost, ActivityInfo, AttemptFailure, BoxFuture, Json, kind};

/// The engine's handle on an attempt. Dropping it drops the attempt.
pub(super) struct Attempt {
    pub(super) serial: u64,
    host: Arc<Host>,
    task: AbortHandle,
}

/// The result of an attempt.
pub(super) struct Ended {
    pub(super) result: Result<Json, AttemptFailure>,
    /// Whether the activity itself returned it, rather than the engine.
    pub(super) told: bool,
    pub(super) heartbeat: Option<Json>,
}

/// The runs with heartbeats that no batch has stored yet.
pub(super) type FreshHeartbeats = Arc<Mutex<Vec<RunKey>>>;

/// An attempt to be started.
pub(super) struct Launch {
    pub(super) run: RunKey,
    pub(super) serial: u64,
    pub(super) info: ActivityInfo,
    pub(super) input: Json,
    pub(super) earlier_heartbeat: Option<Json>,
    pub(super) fresh_heartbeats: FreshHeartbeats,
}

impl Attempt {
    /// Starts a task that waits for a free slot, runs the attempt within its limits and hands its
    /// end to `report`.
    pub(super) fn launch(
        runtime: &Handle,
        kind: Arc<ActivityType>,
        launch: Launch,
        report: impl FnOnce(Ended) + Send + 'static,
    ) -> Self {
        let host = Arc::new(Host {
            info: launch.info,
            run: launch.run,
            earlier_heartbeat: launch.earlier_heartbeat,
            fresh_heartbeats: launch.fresh_heartbeats,
            stage: AtomicU8::new(Stage::QUEUED),
            cancelled: AtomicBool::new(false),
            cancel: Notify::new(),
            beat: Mutex::new(Beat { details: None, at: Instant::now(), fresh: false }),
        });
        let (input, shared) = (launch.input, Arc::clone(&host));
        let task = runtime.spawn(async move {
            if let Some(ended) = run(&kind, &shared, input).await {
                report(ended);
            }
        });
        Self { serial: launch.serial, host, task: task.abort_handle() }
    }

    /// Keeps the attempt from starting; `false` when it has started.
    pub(super) fn withdraw(&self) -> bool {
        self.host.leave_queue_for(Stage::WITHDRAWN) != Stage::STARTED
    }

    pub(super) fn has_started(&self) -> bool {
        self.host.stage.load(Ordering::Acquire) == Stage::STARTED
    }

    /// Whether it was kept from starting.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.host.stage.load(Ordering::Acquire) == Stage::WITHDRAWN
    }

    pub(super) fn number(&self) -> u32 {
        self.host.info.attempt
    }

    pub(super) fn heartbeat(&self) -> Option<Json> {
        self.host.beat().details.clone()
    }

    /// The last heartbeat, which the next batch will store.
    pub(super) fn take_fresh_heartbeat(&self) -> Option<Json> {
        let mut beat = self.host.beat();
        std::mem::take(&mut beat.fresh).then(|| beat.details.clone()).flatten()
    }

    /// Asks the attempt to stop.
    pub(super) fn tell_cancelled(&self) {
        self.host.cancelled.store(true, Ordering::Release);
        self.host.cancel.notify_waiters();
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The stages of an attempt. The transition out of the queue decides whether it ever ran.
struct Stage;

impl Stage {
    const QUEUED: u8 = 0;
    const STARTED: u8 = 1;
    const WITHDRAWN: u8 = 2;
}

struct Host {
    info: ActivityInfo,
    run: RunKey,
    earlier_heartbeat: Option<Json>,
    fresh_heartbeats: FreshHeartbeats,
    stage: AtomicU8,
    cancelled: AtomicBool,
    cancel: Notify,
    beat: Mutex<Beat>,
}

struct Beat {
    details: Option<Json>,
    at: Instant,
    fresh: bool,
}

impl Host {
    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The previous stage: any but `QUEUED` is final here.
    fn leave_queue_for(&self, stage: u8) -> u8 {
        let before = self.stage.compare_exchange(Stage::QUEUED, stage, Ordering::AcqRel, Ordering::Acquire);
        before.unwrap_or_else(|other| other)
    }
}

impl ActivityHost for Host {
    fn info(&self) -> &ActivityInfo {
        &self.info
    }

    fn heartbeat(&self, details: Json) {
        let was_fresh = {
            let mut beat = self.beat();
            beat.details = Some(details);
            beat.at = Instant::now();
            std::mem::replace(&mut beat.fresh, true)
        };
        if !was_fresh {
            let mut fresh = self.fresh_heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
            fresh.push(self.run);
        }
    }

    fn last_heartbeat(&self) -> Option<Json> {
        self.earlier_heartbeat.clone()
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut told = pin!(self.cancel.notified());
            told.as_mut().enable();
            if !self.cancelled.load(Ordering::Acquire) {
                told.await;
            }
        })
    }
}

/// The attempt, from the queue to its end. It is dropped before its end is reported, and so
/// before another can start.
async fn run(kind: &ActivityType, host: &Arc<Host>, input: Json) -> Option<Ended> {
    let _slot = kind.slots.acquire().await.ok()?;
    if host.leave_queue_for(Stage::STARTED) != Stage::QUEUED {
        return None;
    }
    let started = Instant::now();
    host.beat().at = started;
    let ctx = ActivityCtx::new(Arc::clone(host) as Arc<dyn ActivityHost>);
    let mut activity = pin!(AssertUnwindSafe((kind.attempt)(ctx, input)).catch_unwind());
    let limit = after(started, kind.options.start_to_close);
    let (result, told) = loop {
        let silence = kind.options.heartbeat.map(|longest| after(host.beat().at, longest));
        match timeout_at(silence.map_or(limit, |silence| silence.min(limit)), &mut activity).await {
            Ok(Ok(result)) => break (result, true),
            Ok(Err(panic)) => {
                break (Err(AttemptFailure::unknown(kind::PANIC, panic_message(panic.as_ref()))), false);
            }
            Err(_) => {
                if let Some(failure) = overrun(kind, host, limit) {
                    break (Err(failure), false);
                }
            }
        }
    };
    Some(Ended { result, told, heartbeat: host.beat().details.clone() })
}

/// An instant too far ahead to be represented counts as never.
fn after(instant: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    instant.checked_add(wait).unwrap_or(instant + NEVER)
}

/// The limit that was exceeded, if any: a heartbeat may have come since the wait for it began.
fn overrun(kind: &ActivityType, host: &Host, limit: Instant) -> Option<AttemptFailure> {
    let now = Instant::now();
    let options = &kind.options;
    if now >= limit {
        let message = format!("the attempt took longer than {:?}", options.start_to_close);
        return Some(AttemptFailure::unknown(kind::ATTEMPT_TIMEOUT, message));
    }
    let longest = options.heartbeat.filter(|longest| now >= after(host.beat().at, *longest))?;
    let message = format!("the attempt sent no heartbeat for {longest:?}");
    Some(AttemptFailure::unknown(kind::HEARTBEAT_TIMEOUT, message))
}

//! What happens when the journal cannot be written.

use std::time::Duration;

use super::Driver;
use crate::engine::embedded::event::timestamp;
use crate::engine::embedded::journal::{JournalError, RunKey};
use crate::workflow::ClientError;

const FIRST_RETRY_MS: i64 = 100;
const MAX_RETRY_MS: i64 = 5_000;

/// The journal could not be written. Nothing is tried until `retry_at_ms`, then everything; the first
/// successful write ends the outage.
pub(super) struct Outage {
    pub(super) reason: String,
    pub(super) retry_at_ms: i64,
    wait_ms: i64,
}

impl Outage {
    /// The time until the next try.
    pub(super) fn left(&self, now_ms: i64) -> Option<Duration> {
        let left = u64::try_from(self.retry_at_ms.saturating_sub(now_ms)).ok()?;
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// The answer to clients.
    pub(super) fn error(&self) -> ClientError {
        let retry_after = Duration::from_millis(u64::try_from(self.wait_ms).unwrap_or_default());
        ClientError::Unavailable { reason: self.reason.clone(), retry_after }
    }
}

impl Driver {
    /// Whether nothing may be written yet.
    pub(super) fn is_paused(&self) -> bool {
        self.outage.as_ref().is_some_and(|outage| outage.left(self.now_ms()).is_some())
    }

    pub(super) fn begin_outage(&mut self, error: &JournalError) {
        if self.is_paused() {
            return;
        }
        let wait_ms =
            self.outage.as_ref().map_or(FIRST_RETRY_MS, |before| (before.wait_ms * 2).min(MAX_RETRY_MS));
        let reason = format!("the journal cannot be written: {error}");
        tracing::error!(wait_ms, "{reason}");
        let retry_at_ms = self.now_ms() + wait_ms;
        self.shared.set_outage(Some((reason.clone(), self.clock.instant_at(timestamp(retry_at_ms)))));
        self.outage = Some(Outage { reason, retry_at_ms, wait_ms });
        self.refuse_waiting_clients();
    }

    pub(super) fn end_outage(&mut self) {
        if self.outage.take().is_some() {
            tracing::info!("the journal can be written again");
            self.shared.set_outage(None);
        }
    }

    /// The clients whose messages wait for a run are answered at once.
    pub(super) fn refuse_clients_of(&mut self, key: RunKey) {
        if let (Some(outage), Some(run)) = (&self.outage, self.residents.peek_mut(key)) {
            let inputs = std::mem::take(&mut run.inputs).into_iter();
            run.inputs = inputs.filter_map(|input| input.refuse(outage.error())).collect();
        }
    }

    /// Clients whose messages are queued are answered at once; results stay queued.
    fn refuse_waiting_clients(&mut self) {
        for key in self.residents.leave_line() {
            self.refuse_clients_of(key);
            let Some(run) = self.residents.peek(key) else { continue };
            if run.is_started() {
                self.residents.enqueue(key);
            } else if run.in_flight.is_none() {
                self.remove(key);
            }
        }
    }
}

//! Deletes closed runs that need no attention, after the retention time.

use std::sync::Arc;

use super::{Driver, Message};
use crate::engine::embedded::journal::JournalError;

/// How many runs are deleted at once, so that nothing else waits long.
const CHUNK: usize = 500;

/// The interval between two checks.
const INTERVAL_MS: i64 = 60_000;

impl Driver {
    pub(super) fn prune_if_due(&mut self, now_ms: i64) {
        if self.next_prune_ms.is_some_and(|due| due <= now_ms) {
            // Set again when the answer is there.
            self.next_prune_ms = None;
            self.prune(now_ms);
        }
    }

    fn prune(&mut self, now_ms: i64) {
        let Some(retention) = self.shared.options.retention else { return };
        self.factory.pruned_before = self.factory.next_key;
        let kept_ms = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let shared = Arc::clone(&self.shared);
        let reply = move |pruned| shared.send(Message::Pruned(pruned));
        self.journal.prune(now_ms.saturating_sub(kept_ms), CHUNK, Box::new(reply));
    }

    pub(super) fn pruned(&mut self, result: Result<usize, JournalError>) {
        let now_ms = self.now_ms();
        match result {
            Ok(CHUNK) => self.prune(now_ms),
            Ok(_) => self.next_prune_ms = Some(now_ms + INTERVAL_MS),
            Err(error) => {
                tracing::warn!("old runs cannot be pruned: {error}");
                self.next_prune_ms = Some(now_ms + INTERVAL_MS);
            }
        }
    }
}

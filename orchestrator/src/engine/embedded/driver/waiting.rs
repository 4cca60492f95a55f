use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::embedded::journal::Outcome;

/// Below this many, waiting clients are not swept.
const FEW: usize = 1_024;

/// The clients that wait for the ends of runs. Many of them leave before, or wait for a run that has
/// ended: they are swept whenever their number has doubled, so that each costs a constant.
#[derive(Default)]
pub(super) struct WaitingForEnd {
    /// Ordered: when the engine is killed, waiting clients learn of it in this order.
    by_id: BTreeMap<Arc<str>, Vec<oneshot::Sender<Outcome>>>,
    count: usize,
    left_by_sweep: usize,
}

impl WaitingForEnd {
    pub(super) fn add(&mut self, workflow_id: Arc<str>, reply: oneshot::Sender<Outcome>) {
        self.by_id.entry(workflow_id).or_default().push(reply);
        self.count += 1;
        if self.count > FEW.max(2 * self.left_by_sweep) {
            self.sweep();
        }
    }

    pub(super) fn tell(&mut self, workflow_id: &str, outcome: &Outcome) {
        let waiting = self.by_id.remove(workflow_id).unwrap_or_default();
        self.count -= waiting.len();
        for reply in waiting {
            // A client that no longer waits needs no answer.
            drop(reply.send(outcome.clone()));
        }
    }

    fn sweep(&mut self) {
        self.by_id.retain(|_, waiting| {
            waiting.retain(|reply| !reply.is_closed());
            !waiting.is_empty()
        });
        self.count = self.by_id.values().map(Vec::len).sum();
        self.left_by_sweep = self.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_left_are_forgotten() {
        let mut waiting = WaitingForEnd::default();
        let (reply, mut end) = oneshot::channel();
        waiting.add("kept".into(), reply);
        for left in 0..100_000 {
            waiting.add(format!("left {left}").into(), oneshot::channel().0);
            assert!(waiting.by_id.len() <= FEW + 1);
        }
        waiting.tell("kept", &Ok(crate::workflow::Json::null()));
        assert!(end.try_recv().is_ok());
    }
}

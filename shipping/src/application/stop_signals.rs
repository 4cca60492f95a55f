use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::LabelId;

/// How a cancellation reaches the request that generates the label. Holds as many signals as labels
/// are generating.
#[derive(Debug, Default)]
pub(super) struct StopSignals(Mutex<BTreeMap<LabelId, oneshot::Sender<()>>>);

impl StopSignals {
    /// The signal to stop generating `id`.
    pub(super) fn listen(&self, id: LabelId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(id, sender);
        receiver
    }

    /// Signals the request that generates `id`, if there is one.
    pub(super) fn stop(&self, id: LabelId) {
        if let Some(sender) = self.lock().remove(&id) {
            // The request may have just ended: then there is no one to signal.
            let _ = sender.send(());
        }
    }

    /// `id` is no longer being generated.
    pub(super) fn forget(&self, id: LabelId) {
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LabelId, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

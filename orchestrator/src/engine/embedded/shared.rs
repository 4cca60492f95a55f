use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::driver::Message;
use super::journal::Journal;
use super::options::EngineOptions;
use super::registry::Catalogue;

/// State shared by an engine's task, its handles and its attempts.
pub(super) struct Shared {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) options: EngineOptions,
    pub(super) killed: AtomicBool,
    /// One permit for each request that may wait for the engine.
    pub(super) requests: Semaphore,
    inbox: mpsc::UnboundedSender<Message>,
    /// Why nothing can be written, and when the next try is due.
    outage: Mutex<Option<(String, Instant)>>,
}

impl Shared {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        catalogue: Arc<Catalogue>,
        options: EngineOptions,
        inbox: mpsc::UnboundedSender<Message>,
    ) -> Self {
        let requests = Semaphore::new(options.request_queue.min(Semaphore::MAX_PERMITS));
        let (killed, outage) = (AtomicBool::new(false), Mutex::new(None));
        Self { journal, catalogue, options, killed, requests, inbox, outage }
    }

    /// Sends a message to the engine's task. If that is gone, the message is dropped, and its sender sees
    /// that no answer will come.
    pub(super) fn send(&self, message: Message) {
        drop(self.inbox.send(message));
    }

    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.send(Message::Wake);
    }

    /// Resolves when the engine's task is gone.
    pub(super) async fn stopped(&self) {
        self.inbox.closed().await;
    }

    fn has_stopped(&self) -> bool {
        self.inbox.is_closed()
    }

    /// Whether work is accepted. During an outage it is accepted again when the next write is due, since
    /// otherwise clients that ask first would never send the work that ends the outage.
    pub(super) fn health(&self) -> Result<(), String> {
        if self.has_stopped() {
            return Err("the engine has stopped".to_owned());
        }
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let outage = outage.as_ref().filter(|(_, until)| Instant::now() < *until);
        outage.map_or(Ok(()), |(reason, _)| Err(reason.clone()))
    }

    pub(super) fn set_outage(&self, outage: Option<(String, Instant)>) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = outage;
    }
}

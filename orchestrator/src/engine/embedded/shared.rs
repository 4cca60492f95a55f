use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};

use super::driver::Message;
use super::journal::Journal;
use super::options::EngineOptions;
use super::registry::Catalogue;

/// What an engine's task, its handles and its attempts share.
pub(super) struct Shared {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) options: EngineOptions,
    pub(super) killed: AtomicBool,
    /// One permit for each request that may wait for the engine.
    pub(super) requests: Semaphore,
    inbox: mpsc::UnboundedSender<Message>,
    health: Mutex<Result<(), String>>,
}

impl Shared {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        catalogue: Arc<Catalogue>,
        options: EngineOptions,
        inbox: mpsc::UnboundedSender<Message>,
    ) -> Self {
        let requests = Semaphore::new(options.request_queue.min(Semaphore::MAX_PERMITS));
        let (killed, health) = (AtomicBool::new(false), Mutex::new(Ok(())));
        Self { journal, catalogue, options, killed, requests, inbox, health }
    }

    /// Sends a message to the engine's task. One that is gone needs none: whoever waits for an
    /// answer sees that it will not come.
    pub(super) fn send(&self, message: Message) {
        drop(self.inbox.send(message));
    }

    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.send(Message::Wake);
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.inbox.is_closed()
    }

    pub(super) fn health(&self) -> Result<(), String> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_health(&self, health: Result<(), String>) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }
}

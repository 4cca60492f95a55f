use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shared::ledger::DomainStore;
use shared::table::IdMap;

use crate::application::ports::Outbox;
use crate::domain::{Envelope, Notification, NotificationId};

/// An outbox in memory. It is lost with the process.
#[derive(Debug)]
pub(crate) struct MemoryOutbox {
    sent: Mutex<Sent>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Sent {
    by_id: IdMap<NotificationId, Notification>,
    /// The ids, in the order in which they were appended.
    order: VecDeque<NotificationId>,
}

impl MemoryOutbox {
    /// An empty outbox for at most `capacity` messages.
    pub(crate) fn bounded_to(capacity: usize) -> Self {
        Self { sent: Mutex::default(), capacity }
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DomainStore for MemoryOutbox {
    /// A message never changes.
    fn expire(&self, _now: Timestamp) {}

    fn clear(&self) {
        *self.sent() = Sent::default();
    }
}

impl Outbox for MemoryOutbox {
    fn append(
        &self,
        envelope: Envelope,
        sent_at: Timestamp,
        ids: &mut dyn FnMut() -> NotificationId,
    ) -> Notification {
        let mut sent = self.sent();
        let mut id = ids();
        while sent.by_id.contains_key(&id) {
            id = ids();
        }
        if sent.order.len() >= self.capacity
            && let Some(first) = sent.order.pop_front()
        {
            sent.by_id.remove(&first);
        }
        let notification = Notification { id, envelope, sent_at };
        sent.order.push_back(id);
        sent.by_id.insert(id, notification.clone());
        notification
    }

    fn find(&self, id: NotificationId) -> Option<Notification> {
        self.sent().by_id.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::ports::contract;

    #[test]
    fn keeps_the_contract_of_an_outbox() {
        contract::holds_for(MemoryOutbox::bounded_to);
    }
}

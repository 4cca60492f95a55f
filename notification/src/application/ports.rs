//! What notification needs from outside.

#[cfg(test)]
pub(crate) mod contract;

use std::fmt::Debug;

use jiff::Timestamp;

use crate::domain::{Envelope, Notification, NotificationId};

/// Stores sent messages. A stored message never changes.
///
/// Every call is one atomic step. It MUST NOT block for long, and MUST NOT scan all that it holds.
///
/// The outbox is bounded, and never full: at its capacity it evicts the message that was appended
/// first.
pub(crate) trait Outbox: Debug + Send + Sync {
    /// Appends a message and returns it. Its id MUST be the first from `ids` that no other message in
    /// the outbox has.
    fn append(
        &self,
        envelope: Envelope,
        sent_at: Timestamp,
        ids: &mut dyn FnMut() -> NotificationId,
    ) -> Notification;

    /// The message with that id, if the outbox holds it.
    fn find(&self, id: NotificationId) -> Option<Notification>;
}

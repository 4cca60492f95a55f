//! What notification needs from outside.

#[cfg(test)]
pub(crate) mod contract;

use std::fmt::Debug;

use jiff::Timestamp;

use crate::domain::{Envelope, Notification, NotificationId};

/// Remembers what was sent. A message in it never changes.
///
/// Every call is one atomic step. It MUST NOT block for long, and MUST NOT scan all that it holds.
///
/// The outbox is bounded, and never full: when it holds as many messages as it may, the one that was
/// appended first leaves it.
pub(crate) trait Outbox: Debug + Send + Sync {
    /// Appends a message and returns it. Its id MUST be the first that `ids` makes and no other
    /// message in the outbox has.
    fn append(
        &self,
        envelope: Envelope,
        sent_at: Timestamp,
        ids: &mut dyn FnMut() -> NotificationId,
    ) -> Notification;

    /// The message `id`, if the outbox holds it.
    fn find(&self, id: NotificationId) -> Option<Notification>;
}

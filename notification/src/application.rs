//! What can be asked of notification: to send a message, and what became of it.

pub(crate) mod ports;

use shared::way::Turn;

use crate::domain::{Error, Message, Notification, NotificationId};
use ports::Outbox;

/// Sends a message.
///
/// # Errors
/// [`Error::InvalidRecipient`] when chaos wants it.
pub(crate) fn send(
    outbox: &dyn Outbox,
    Message { envelope, .. }: Message,
    turn: &mut Turn<'_>,
) -> Result<Notification, Error> {
    if turn.overruled().is_some() {
        return Err(Error::InvalidRecipient { address: envelope.address });
    }
    let sent_at = turn.now();
    Ok(outbox.append(envelope, sent_at, &mut || turn.id()))
}

/// Finds a message that was sent, by the id that a client names.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) fn find(outbox: &dyn Outbox, id: &str) -> Result<Notification, Error> {
    let found = NotificationId::parse(id).and_then(|id| outbox.find(id));
    found.ok_or_else(|| Error::NotFound { id: id.to_owned() })
}

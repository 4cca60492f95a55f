//! The use cases of notification: sending a message and reading its status.

pub(crate) mod ports;

use shared::digest::digest_of;
use shared::ledger::{Fact, Lifecycle};
use shared::pipeline::OperationContext;

use crate::domain::{Envelope, Error, Message, Notification, NotificationId};
use ports::Outbox;

/// Sends a message.
///
/// # Errors
/// [`Error::InvalidRecipient`] when chaos injects it.
pub(crate) fn send(
    outbox: &dyn Outbox,
    Message { envelope, text }: Message,
    ctx: &mut OperationContext<'_>,
) -> Result<Notification, Error> {
    if ctx.injected_refusal().is_some() {
        return Err(Error::InvalidRecipient { address: envelope.address });
    }
    let sent_at = ctx.now();
    let notification = outbox.append(envelope, sent_at, &mut || ctx.id());
    // A message never changes, so nothing can have happened to it meanwhile.
    let detail = detail(&notification.envelope, &text);
    ctx.record(&Fact::new("sent", &notification.id, Lifecycle::Unchanged).detail(&detail));
    Ok(notification)
}

/// What tells a message from others: its recipient, its subject and a digest of its text, so that the text
/// itself is not written down.
fn detail(Envelope { address, subject, .. }: &Envelope, text: &str) -> String {
    let to = format_args!("{} to {}", address.channel().name(), address.recipient());
    let text = digest_of(text) as u32;
    match subject {
        // Quoted, lest a part of a recipient be taken for one of a subject.
        Some(subject) => format!("{to}: {subject:?}, text {text:08x}"),
        None => format!("{to}: text {text:08x}"),
    }
}

/// Finds a message that was sent, by the id that a client names.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) fn find(outbox: &dyn Outbox, id: &str) -> Result<Notification, Error> {
    let found = NotificationId::parse(id).and_then(|id| outbox.find(id));
    found.ok_or_else(|| Error::NotFound { id: id.to_owned() })
}

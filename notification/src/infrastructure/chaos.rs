use shared::chaos::{Access, Operation, Outcome};

use crate::presentation::problem::{DELIVERY_FAILED, INVALID_RECIPIENT};

pub(crate) static SEND: Operation = Operation {
    name: "notification.send",
    access: Access::Write,
    table: "success=80%, delivery_failed=15%, invalid_recipient=5%",
    outcomes: &[
        Outcome::failure(&DELIVERY_FAILED, "The message could not be delivered; a retry may succeed."),
        Outcome::refusal(&INVALID_RECIPIENT, "The recipient does not accept messages; nothing was sent."),
    ],
};

pub(crate) static STATUS: Operation =
    Operation { name: "notification.status", access: Access::Read, table: "success=100%", outcomes: &[] };

/// The operations of notification, with their default outcomes.
pub static OPERATIONS: &[&Operation] = &[&SEND, &STATUS];

use shared::chaos::{Access, Operation, Outcome};

use crate::presentation::problem::{DELIVERY_FAILED, INVALID_RECIPIENT};

pub(crate) static SEND: Operation = Operation {
    name: "notification.send",
    access: Access::Write,
    table: "success=80%, delivery_failed=15%, invalid_recipient=5%",
    outcomes: &[
        Outcome::failure(&DELIVERY_FAILED, "The message could not be delivered; trying again may help."),
        Outcome::refusal(&INVALID_RECIPIENT, "The recipient takes no messages; nothing was sent."),
    ],
};

pub(crate) static STATUS: Operation =
    Operation { name: "notification.status", access: Access::Read, table: "success=100%", outcomes: &[] };

/// What notification can be asked to do, with how it turns out by default.
pub static OPERATIONS: &[&Operation] = &[&SEND, &STATUS];

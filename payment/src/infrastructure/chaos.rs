//! Payment's operations and their default outcomes.

use shared::chaos::{Access, Operation, Outcome};

use crate::presentation::problem::{
    ALREADY_CAPTURED, ALREADY_RELEASED, AUTHORIZATION_EXPIRED, INSUFFICIENT_FUNDS,
};

pub(crate) static AUTHORIZE: Operation = Operation {
    name: "payment.authorize",
    access: Access::Write,
    table: "success=40%, insufficient_funds=30%, timeout=20%@5s, internal_error=10%",
    outcomes: &[Outcome::refusal(
        &INSUFFICIENT_FUNDS,
        "The account does not hold the amount; nothing was authorized.",
    )],
};

pub(crate) static CAPTURE: Operation = Operation {
    name: "payment.capture",
    access: Access::Write,
    table: "success=70%, already_captured=20%, authorization_expired=10%",
    outcomes: &[
        Outcome::misreport(
            &ALREADY_CAPTURED,
            "The money is captured, but the answer says that it had already been.",
        ),
        Outcome::refusal(&AUTHORIZATION_EXPIRED, "The hold expired just now; nothing was captured."),
    ],
};

pub(crate) static RELEASE: Operation = Operation {
    name: "payment.release",
    access: Access::Write,
    table: "success=85%, already_released=10%, internal_error=5%",
    outcomes: &[Outcome::misreport(
        &ALREADY_RELEASED,
        "The hold is released, but the answer says that it had already been.",
    )],
};

pub(crate) static REFUND: Operation = Operation {
    name: "payment.refund",
    access: Access::Write,
    table: "success=75%, timeout=15%@4s, internal_error=10%",
    outcomes: &[],
};

pub(crate) static STATUS: Operation =
    Operation { name: "payment.status", access: Access::Read, table: "success=100%", outcomes: &[] };

/// The operations of payment, with their default outcomes.
pub static OPERATIONS: &[&Operation] = &[&AUTHORIZE, &CAPTURE, &RELEASE, &REFUND, &STATUS];

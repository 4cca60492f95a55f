use shared::chaos::{Access, Operation, Outcome, ProblemKind};

/// The answer to an address that does not exist.
pub(crate) static ADDRESS_VALIDATION_FAILED: ProblemKind =
    ProblemKind::new(400, "address_validation_failed", "Address validation failed");
static CARRIER_ERROR: ProblemKind = ProblemKind::new(503, "carrier_error", "Carrier error").retry_after(2);

pub(crate) static CREATE_LABEL: Operation = Operation {
    name: "shipping.create_label",
    access: Access::Write,
    table: "success=60%, address_validation_failed=20%, timeout=10%@20s, carrier_error=10%",
    outcomes: &[
        Outcome::refusal(
            &ADDRESS_VALIDATION_FAILED,
            "The carrier does not know the address; there is no label.",
        ),
        Outcome::failure(&CARRIER_ERROR, "The carrier cannot be reached; there is no label."),
    ],
};

pub(crate) static CANCEL: Operation = Operation {
    name: "shipping.cancel",
    access: Access::Write,
    table: "success=95%, internal_error=5%",
    outcomes: &[],
};

pub(crate) static STATUS: Operation =
    Operation { name: "shipping.status", access: Access::Read, table: "success=100%", outcomes: &[] };

/// The operations of shipping.
pub static OPERATIONS: &[&Operation] = &[&CREATE_LABEL, &CANCEL, &STATUS];

//! The errors that only this API has, and how an engine's refusals are shown to its clients.

use shared::chaos::ProblemKind;
use shared::http::{FieldError, Problem, problems};

use crate::workflow::ClientError;

/// The order exists with another body.
pub(super) static ORDER_CONFLICT: ProblemKind = ProblemKind::new(409, "order_conflict", "Order conflict");
/// The order did not end within the time that the client gave.
pub(super) static RESULT_TIMEOUT: ProblemKind = ProblemKind::new(408, "result_timeout", "Not ended yet");
/// The run accepts no more decisions, valid or not.
pub(super) static TOO_MANY_SIGNALS: ProblemKind =
    ProblemKind::new(429, "too_many_signals", "Too many decisions");
/// The run's journal does not fit this program.
pub(super) static QUARANTINED: ProblemKind = ProblemKind::new(409, "quarantined", "Workflow quarantined");
/// The engine cannot take work now.
pub(super) static ENGINE_UNAVAILABLE: ProblemKind =
    ProblemKind::new(503, "engine_unavailable", "Engine unavailable").retry_after(1);

/// Why a decision comes too late, by the workflow's reason, with the sentence for it.
pub(super) static TOO_LATE: [(ProblemKind, &str); 6] = [
    (
        ProblemKind::new(409, "already_approved", "Already approved"),
        "The order was already approved; cancel it instead.",
    ),
    (ProblemKind::new(409, "already_rejected", "Already rejected"), "The order was already rejected."),
    (
        ProblemKind::new(409, "already_compensating", "Already being undone"),
        "The order is already being undone.",
    ),
    (
        ProblemKind::new(409, "already_shipped", "Already shipped"),
        "The order is on its way to the customer and can no longer be stopped.",
    ),
    (ProblemKind::new(409, "already_ended", "Already ended"), "The order has ended; see its status."),
    (
        ProblemKind::new(409, "nothing_to_retry", "Nothing to retry"),
        "The order has no failed compensation to retry.",
    ),
];

/// A reason that this API does not know.
static REFUSED: ProblemKind = ProblemKind::new(409, "refused", "Refused");

/// The answer to a decision that comes too late.
pub(super) fn too_late(reason: &str) -> Problem {
    let known = TOO_LATE.iter().find(|(kind, _)| kind.code == reason);
    known.map_or_else(
        || Problem::new(&REFUSED, format!("The workflow refuses: {reason}.")),
        |(kind, sentence)| Problem::new(kind, *sentence),
    )
}

/// An engine's refusal of a request about run `id`, as the client sees it.
pub(super) fn refused(id: &str, error: ClientError) -> Problem {
    match error {
        ClientError::NotFound => Problem::new(
            &problems::NOT_FOUND,
            format!("The workflow `{id}` does not exist; see GET /workflows."),
        ),
        ClientError::Invalid(reason) => invalid("body", &reason),
        ClientError::TooManySignals { limit } => Problem::new(
            &TOO_MANY_SIGNALS,
            format!("The workflow has already accepted {limit} decisions, the maximum."),
        ),
        ClientError::Quarantined(reason) => Problem::new(
            &QUARANTINED,
            format!("The workflow's journal does not fit this version of the program: {reason}."),
        ),
        ClientError::Unavailable { reason, retry_after } => {
            Problem::new(&ENGINE_UNAVAILABLE, format!("The engine cannot do this now: {reason}."))
                .retry_after(Some(retry_after))
        }
        ClientError::AlreadyStarted { run_id } => {
            Problem::bug(format!("run {run_id} of `{id}` was reported as started twice"))
        }
    }
}

/// The parameter `field` breaks a rule.
pub(super) fn invalid(field: &str, message: &str) -> Problem {
    Problem::validation(vec![FieldError { field: field.to_owned(), message: message.to_owned() }])
}

use shared::chaos::ProblemKind;
use shared::http::{Problem, problems};

use crate::domain::Error;
use crate::infrastructure::chaos::ADDRESS_VALIDATION_FAILED;

static ALREADY_CANCELLED: ProblemKind = ProblemKind::new(409, "already_cancelled", "Label already cancelled");
static LABEL_CANCELLED: ProblemKind = ProblemKind::new(409, "label_cancelled", "Label cancelled");

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (kind, detail) = match error {
            Error::UnknownLabel { id } => (&problems::NOT_FOUND, format!("There is no label {id}.")),
            Error::AlreadyCancelled { id, state } => {
                (&ALREADY_CANCELLED, format!("The label {id} is {state}; there is nothing left to cancel."))
            }
            Error::LabelCancelled { id } => {
                (&LABEL_CANCELLED, format!("The label {id} was cancelled while it was being generated."))
            }
            Error::AddressValidationFailed => {
                let detail = "The carrier does not know the shipping address; no label was created.";
                (&ADDRESS_VALIDATION_FAILED, detail.to_owned())
            }
            Error::StoreFull { capacity } => {
                let detail = format!("All {capacity} labels that may be kept are live (SHIPPING_CAPACITY).");
                (&problems::STORE_FULL, detail)
            }
        };
        Self::new(kind, detail)
    }
}

use shared::chaos::ProblemKind;
use shared::http::Problem;

use crate::domain::Error;
use crate::infrastructure::chaos::ADDRESS_VALIDATION_FAILED;

static ALREADY_CANCELLED: ProblemKind = ProblemKind::new(409, "already_cancelled", "Label already cancelled");
static LABEL_CANCELLED: ProblemKind = ProblemKind::new(409, "label_cancelled", "Label cancelled");

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (kind, detail) = match error {
            Error::UnknownLabel { id } => return Self::not_found("label", &id),
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
                return Self::store_full(capacity, "labels", "SHIPPING_CAPACITY");
            }
        };
        Self::new(kind, detail)
    }
}

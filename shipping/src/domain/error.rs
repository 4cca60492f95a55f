use super::LabelId;

/// Why shipping refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no label {id}")]
    UnknownLabel { id: String },
    #[error("label {id} was already {state}")]
    AlreadyCancelled { id: LabelId, state: &'static str },
    #[error("label {id} was cancelled while it was generated")]
    LabelCancelled { id: LabelId },
    #[error("the shipping address could not be validated")]
    AddressValidationFailed,
    #[error("the store is full with {capacity} labels")]
    StoreFull { capacity: usize },
}
